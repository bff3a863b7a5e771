"""Chromium without a window: what a page looks like to it, as its DOM, after the page's scripts. The pages that are looked at have none of their own."""
import json
import os
import re
import shutil
import subprocess
import urllib.parse

from . import cleanup

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 120


def binary():
    return next((path for path in map(shutil.which, NAMES) if path), None)


def node_file(*names):
    """The first of NAMES ("axe-core/axe.min.js") that is installed with npm; None: none is."""
    npm = shutil.which("npm")
    tops = os.environ.get("NODE_PATH", "").split(":") + ["/usr/lib/node_modules", "/usr/local/lib/node_modules", "/usr/share/nodejs"]
    if npm:
        tops.append(subprocess.run([npm, "root", "-g"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout.strip())
    return next((path for top in tops if top for path in [os.path.join(top, name) for name in names] if os.path.exists(path)), None)


def answer(page, script):
    """What SCRIPT, the body of an async function, returns in PAGE (HTML text), through JSON."""
    folder = cleanup.temporary("retour-browser-")
    path = os.path.join(folder, "page.html")
    tail = "<script>(async () => { let said; try { said = await (async () => { %s })(); } catch (e) { said = {error: String(e)}; } " \
           "const out = document.createElement('pre'); out.id = 'said'; out.textContent = encodeURIComponent(JSON.stringify(said)); document.body.append(out); })()</script>" % script
    with open(path, "w", encoding="utf-8") as f:
        f.write(page.replace("</body>", tail + "</body>"))
    result = subprocess.run([binary(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--allow-file-access-from-files", "--no-first-run",
                             "--user-data-dir=" + os.path.join(folder, "profile"), "--virtual-time-budget=60000", "--dump-dom", "file://" + path],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False)
    said = re.search(r'<pre id="said">([^<]*)</pre>', result.stdout.decode(errors="replace"))
    if not said:
        raise RuntimeError("no answer from the browser: " + result.stderr.decode(errors="replace")[-2000:])
    return json.loads(urllib.parse.unquote(said.group(1)))


def found_in(pages, widths, look):
    """What LOOK (a script) puts into `found` of each of PAGES (paths) in a window of each width, with all that folds unfolded."""
    script = """
    const found = [];
    for (const path of %s) {
        const frame = document.createElement('iframe');
        frame.style = 'border:0;height:900px';
        await new Promise(done => { frame.onload = done; frame.src = 'file://' + path; document.body.append(frame); });
        for (const d of frame.contentDocument.querySelectorAll('details')) d.open = true;
        for (const width of %s) {
            frame.style.width = width + 'px';
            if (frame.contentWindow.innerWidth !== width) found.push([path, width, 'has another width']);
            %s
        }
        frame.remove();
    }
    return found;""" % (json.dumps(list(pages)), json.dumps(list(widths)), look)
    return answer("<!DOCTYPE html><html><body></body></html>", script)


def overflow(pages, widths):
    """Which of PAGES are wider than the window: [[path, width, their width], …]."""
    return found_in(pages, widths, """
        const wide = frame.contentDocument.documentElement.scrollWidth;
        if (wide > width) found.push([path, width, wide]);""")


def crowded(pages, widths):
    """Tables of PAGES that are wider than what they stand in, words in them that are broken up for want of room, key figures that leave their box: [[path, width, text], …]."""
    return found_in(pages, widths, """
        for (const table of frame.contentDocument.querySelectorAll('table')) {
            if (table.offsetWidth > table.parentElement.clientWidth + 1)
                found.push([path, width, 'wide: ' + table.querySelector('th').textContent]);
            for (const cell of table.querySelectorAll('th, td')) {
                const style = getComputedStyle(cell), room = cell.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
                const text = cell.textContent.trim();
                if (cell.closest('table, thead').offsetWidth > 1 && text.length > 5 && room < 24) found.push([path, width, text]);
            }
        }
        for (const line of frame.contentDocument.querySelectorAll('.figure .name, .figure .big, .figure .versus span'))
            if (line.offsetParent && line.getBoundingClientRect().right > line.closest('.figure').getBoundingClientRect().right - 4)
                found.push([path, width, 'out of its box: ' + line.textContent]);""")


def axe(pages, source):
    """What axe-core (its SOURCE) finds wrong in PAGES (HTML texts): "number of the page: rule: element: what", one for each."""
    folder, paths = cleanup.temporary("retour-axe-"), []
    for number, page in enumerate(pages):
        paths.append(os.path.join(folder, "%d.html" % number))
        with open(paths[-1], "w", encoding="utf-8") as f:
            f.write(page.replace("<head>", "<head><script>" + source.replace("</script", "<\\/script") + "</script>", 1))
    return found_in(paths, (1280,), """
        const inside = frame.contentWindow, result = await inside.axe.run(inside.document, {resultTypes: ['violations']});
        found.push(...result.violations.flatMap(v => v.nodes.map(n =>
            path.match(/\\d+(?=.html$)/)[0] + ': ' + v.id + ': ' + n.target.join(' ') + ': ' + (n.any[0] || n.all[0] || n.none[0] || {message: ''}).message)));""")
