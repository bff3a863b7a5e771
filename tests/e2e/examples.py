#!/usr/bin/python3
"""Every example of README and the manuals runs as it is printed: README from the first `useradd` to the last command, in its order, as the user that it names, against a
Dovecot and a mail server at the host names that it gives, and what it shows as output has that form. And every `retour …` that is only mentioned has options that there are."""
import glob
import os
import pwd
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import cleanup
from lib.bounce import bounce
from lib.harness import *
from lib.relay import pass_on

READ = {name: open(os.path.join(ROOT, name)).read() for name in
        ["README.md", *("etc/" + os.path.basename(path) for path in sorted(glob.glob(ROOT + "/etc/*.md") + glob.glob(ROOT + "/etc/*.[157]")))]}
README = READ["README.md"]


# --- what is only mentioned: command, subcommand and options are there ----------------------------------------------------

def rendered(source):
    """A manual as its reader sees it, without overstriking."""
    text = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=400"], input=source, capture_output=True, text=True, check=True).stdout
    return re.sub(".\b", "", text)


def mentioned(name, text):
    """`retour …` in code spans and lines of their own; without what a shell would make of it."""
    if name.endswith(".md"):
        found = re.findall(r"`((?:retour|sudo -u retour retour) [^`]+)`", text) + re.findall(r"^ {4,}(?:\$ )?(retour .*)$", text, re.M)
    else:
        found = re.findall(r"^ {7,}(?:\$ )?(retour [a-z].*)$", rendered(text), re.M) + re.findall(r"^\.D1? ?l? (retour .*)$", text, re.M)
    return [re.split(r" [<>|#&]", line)[0] for line in found]


helps = {}


def help_of(command):
    if command not in helps:
        done = subprocess.run([BINARY, command, "--help"], capture_output=True, text=True)
        helps[command] = done.stdout if done.returncode == 0 else None
    return helps[command]


COMMON = {"--help", "--now", "--yes", "--version", "--config", "--quiet", "--verbose"}
for name, text in READ.items():
    lines = sorted(set(mentioned(name, text)))
    if not lines:
        continue
    with case("%s: %d commands that it mentions are there, with their options" % (name, len(lines))):
        for line in lines:
            words = [word for word in re.sub(r"^sudo -u retour ", "", line).split()[1:]]
            while words and words[0].startswith("-"):
                words = words[2 if words[0] in ("-c", "--now") else 1:]
            command = words[0].rstrip(".,;") if words else "--help"
            if not re.fullmatch(r"[a-z-]+", command):
                continue
            text = help_of(command)
            true(text, "%s: no such command: %s" % (name, line))
            usage = text.splitlines()[0]
            if len(words) > 1 and re.fullmatch(r"[a-z][a-z-]+", words[1]) and re.search(r" \| [a-z]", usage):
                true(re.search(r"\b%s\b" % words[1], text), "%s: no such subcommand: %s" % (name, line))
            for option in re.findall(r"(?<!\S)(--[a-z-]+)", line):
                true(option in COMMON or option in text, "%s: %s has no %s: %s" % (name, command, option, line))

with case("CONTRIBUTING: a mail and its line of shell are a new sample"):
    place = cleanup.temporary("retour-sample-")
    os.makedirs(place + "/tests/golden")
    for name in "tests/golden.sh", "tests/golden/golden.ini":
        shutil.copy(os.path.join(ROOT, name), os.path.join(place, name))
    os.symlink(os.path.dirname(os.path.abspath(BINARY)), place + "/build")
    with open(place + "/tests/golden/NAME.eml", "w", encoding="ascii") as f:
        f.write(bounce("anna", "5.1.1", "550 5.1.1 User unknown"))
    line, = re.findall(r"`(cd tests/golden && [^`]+)`", READ["etc/CONTRIBUTING.md"])
    for command in line, "tests/golden.sh build/retour":
        contains(READ["etc/CONTRIBUTING.md"], "`%s`" % command)
        done = subprocess.run(["sh", "-c", command], cwd=place, capture_output=True, text=True)
        equal((done.returncode, done.stderr), (0, ""), done.stdout)
    contains(done.stdout, "ok 1 - NAME")

if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "--net", "sh", "-c", "mount -t tmpfs none /mnt && ip link set lo up"], capture_output=True).returncode:
    ok("the examples run as printed # SKIP they want root and namespaces")
    finish()

# --- a machine of its own: file systems above the real ones, a network of its own -------------------------------------------

if "EXAMPLES_INSIDE" not in os.environ:
    done = subprocess.run(["unshare", "--mount", "--net", sys.executable, os.path.abspath(__file__)], env=dict(os.environ, EXAMPLES_INSIDE="1"))
    sys.exit(done.returncode)


def shell(command, **keys):
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, **keys)


def write(path, text, mode=0o755):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(text.encode() if isinstance(text, str) else text)
    os.chmod(path, mode)


over = cleanup.temporary("retour-over-")
setup = ["ip link set lo up", "mount -t tmpfs none " + over]
for place in ("/etc", "/usr/local", "/var/log"):
    layer = over + place.replace("/", "_")
    setup.append("mkdir {0} {0}.work && mount -t overlay -o lowerdir={1},upperdir={0},workdir={0}.work overlay {1}".format(layer, place))
setup.append("mount -t tmpfs none /var/lib")
result = shell(" && ".join(setup))
if result.returncode:
    ok("the examples run as printed # SKIP no file systems above others: " + result.stderr.strip())
    finish()
cleanup.defer(subprocess.run, ["umount", "-l", over])

HOSTS = ["mail.example.org", "smtp.example.org"]
write("/etc/hosts", "127.0.0.1 localhost %s\n" % " ".join(HOSTS), 0o644)
shutil.copy(authority().ca_file, "/etc/ssl/certs/ca-certificates.crt")
write("/usr/local/bin/sudo", '#!/bin/sh\n[ "$1" != -u ] || { user=$2; shift 2; exec setpriv --reuid="$user" --regid="$user" --init-groups "$@"; }\nexec "$@"\n')
write("/usr/local/bin/systemctl", '#!/bin/sh\necho "$*" >> /etc/systemctl.called\n')
write("/usr/local/bin/journalctl", '#!/bin/sh\necho "journalctl $*"\n')
write("/usr/local/bin/page", "#!/bin/sh\ncat > /dev/null\n")


def forward(port, to):
    """The port that README names leads to a server's own."""
    pass_on(socket.create_server(("127.0.0.1", port)), to)


dovecot, sink = Dovecot(), Sink(tls="starttls")
forward(993, dovecot.imaps)
forward(995, dovecot.pop3s)
forward(587, sink.port)

# --- what the examples find: the files that they name, and bounces of the people whom they show --------------------------------

dovecot.deliver("bounces@example.org", [bounce(user, status, text, date=None).replace("\n", "\r\n").encode() for user, status, text in
                                        (("ben", "5.2.2", "552 5.2.2 Mailbox full"), ("carla", "5.1.1", "550 5.1.1 User unknown"))])
PEOPLE = ["anna@example.net", "ben@example.net", "carla@example.net"]
work = cleanup.temporary("retour-work-")
os.chmod(work, 0o777)
month = time.strftime("%Y-%m")
for name, text in (("project.json", '{"type": "service_account", "private_key": "key"}\n'), ("token", "token\n"), ("addresses.txt", "\n".join(PEOPLE) + "\ndora@gamil.com\n"), ("recipients.txt", PEOPLE[0] + "\n"), ("address.txt", "somebody@example.com\n"),
                   ("list.csv", "mail,email\n" + "".join("%s,%s\n" % (who, who) for who in PEOPLE)),
                   ("suppressed.tsv", "dora@example.net\tBOUNCE\t2026-10-02T06:00:00Z\nemil@example.net\tCOMPLAINT\t2026-10-03T06:00:00Z\n"),
                   ("dump.json", '{"Suppressions": [{"EmailAddress": "fritz@example.net", "SuppressionReason": "HardBounce", "Origin": "Recipient", "CreatedAt": "2026-10-02T06:00:00-05:00"}]}\n'),
                   ("sent.csv", "day,campaign,provider-or-domain,sent\n%s-01,nl10,gmail.com,1200\n" % month)):
    write(os.path.join(work, name), text, 0o644)
write(os.path.join(work, "mail.eml"), bounce("anna", "5.2.2", "552 5.2.2 The email account that you tried to reach is over quota", "gmail.com", "gmail-smtp-in.l.google.com", None), 0o644)
write("/var/log/mail.log.1", open(ROOT + "/tests/logs/postfix.log").read(), 0o640)
write("/var/log/mail.log", "", 0o640)
for log in "/var/log/mail.log.1", "/var/log/mail.log":
    shutil.chown(log, "root", "adm")


def blocks(text):
    """The indented blocks: each a list of lines, without their indentation."""
    found, block = [], []
    for line in text.splitlines() + ["end"]:
        if line.startswith("    ") or (block and not line.strip()):
            block.append(line)
        elif block:
            lines = "\n".join(block).rstrip().splitlines()
            indent = min(len(l) - len(l.lstrip()) for l in lines if l.strip())
            found.append([l[indent:] for l in lines])
            block = []
    return found


def run(line, user=None, input=""):
    command = ["sh", "-c", line]
    if user:
        entry = pwd.getpwnam(user)
        command = ["setpriv", "--reuid=%d" % entry.pw_uid, "--regid=%d" % entry.pw_gid, "--init-groups", *command]
    done = subprocess.run(command, input=input, capture_output=True, text=True, cwd=work, timeout=120,
                          env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "BUILD": os.path.dirname(os.path.abspath(BINARY))})
    return Result(done.returncode, done.stdout, done.stderr, 0, {})


def section_of(title):
    return README.partition("\n## %s\n" % title)[2].partition("\n## ")[0]


INI = "/etc/retour/retour.ini"
install = blocks(section_of("Install it"))
with case("README: make install"):
    contains(section_of("Install it"), "`make && sudo make install`")
    result = run("cd %s && make -s && sudo make -s install" % shlex.quote(ROOT))
    equal(result.code, 0, result)
for line in install[0]:
    with case("README: " + line):
        result = run(line, input=PASSWORD + "\n" if "/dev/stdin" in line else "")
        equal(result.code, 0, result)
with case("README: the sample of the INI file was written"):
    contains(open(INI).read(), "[store]")
run([line for line in install[0] if "/dev/stdin" in line][0].replace("bounces.pw", "fbl.pw"), input=PASSWORD + "\n")
ini = "\n".join(install[1]) + "\n"
contains(ini, "[mailbox bounces]")
write(INI, ini, 0o640)
shutil.chown(INI, "root", "retour")
for line in install[2]:
    with case("README: " + line):
        result = run(line)
        equal(result.code, 0, result)
        true("FAIL" not in result.out, result)
with case("README: the timer was started, and its unit does the job"):
    contains(open("/etc/systemctl.called").read(), "enable --now retour.timer")
    start = re.search(r"^ExecStart=(.*)$", open("/usr/local/lib/systemd/system/retour.service").read(), re.M).group(1)
    result = run(start, user="retour")
    equal(result.code, 0, result)
    equal([dovecot.count(user) for user in dovecot.users], [0, 0])
with case("README: the line for cron"):
    line = re.search(r"`\*/10 \* \* \* \* (\S+) ([^`]+)`", README)
    result = run(line.group(2), user=line.group(1))
    equal((result.code, result.err), (0, ""), result)


def prepare(text):
    """What the text around an example asks for before: commands as root, values for the INI file."""
    for line in re.findall(r"`(sudo [^`]+)`", text):
        if not line.startswith("sudo -u retour"):
            result = run(line)
            equal(result.code, 0, "%s: %s" % (line, result))
    for section, key, value in re.findall(r"`\[(\w+)\] (\w+) = ([^`]+)`", text):
        old = open(INI).read()
        write(INI, old.replace("[%s]\n" % section, "[%s]\n%s = %s\n" % (section, key, value), 1), 0o640)
        shutil.chown(INI, "root", "retour")


def same_form(shown, got):
    """The columns' names are the same; of the same address the same verdict, state and reason; the rest differs with time and keys."""
    got = got.splitlines()
    equal(got[0].split(), shown[0].split())
    for line in shown[1:]:
        fields = line.split(",")
        if shown[0].startswith("address,verdict"):
            mine = [l.split(",") for l in got if l.startswith(fields[0])]
            equal([(m[1], m[3], m[4]) for m in mine], [(fields[1], fields[3], fields[4])], line)
        elif shown[0].startswith("address,return_path"):
            form = re.sub(r"\\\+v[a-z2-7]+", r"\\+v[a-z2-7]+", re.escape(line))
            true(any(re.fullmatch(form, l) for l in got), "%s: %s" % (line, got))


ran, spans, README_COMMANDS, README_SPANS = 0, 0, 9, 8
for title in re.findall(r"^## (.*)$", README, re.M)[2:]:
    section = section_of(title)
    prepared = False
    for block in blocks(section):
        if not prepared and any(re.match(r"(\$ )?retour ", line) for line in block):
            with case("README: what %s says in its text" % title):
                prepare(section)
            prepared = True
        if block[0].startswith("["):  # for the INI file: whatever it says is taken
            with case("README: [%s] as printed" % block[0].strip("[]").partition("]")[0]):
                with open(INI, "a") as f:
                    f.write("\n" + "\n".join(block) + "\n")
                result = run("retour config check && retour -q run", user="retour")
                if "node_exporter" in "\n".join(block):
                    run("sudo install -d -o retour /var/lib/node_exporter")
                    result = run("retour config check && retour -q run", user="retour")
                    true(os.path.exists("/var/lib/node_exporter/retour.prom"), result)
                equal(result.code, 0, result)
        for number, line in enumerate(block):
            if not re.match(r"(\$ )?retour ", line):
                continue
            command, shown = line.removeprefix("$ "), []
            for following in block[number + 1:]:
                if following.startswith("$ ") or following.startswith("retour "):
                    break
                shown.append(following)
            with case("README: " + command):
                result = run(command, user="retour")
                equal(result.code, 0, result)
                if command.startswith("retour classify"):
                    said = [line.split() for line in result.err.splitlines()]
                    equal(said[:3], [line.split() for line in shown[:3]])
                    equal([len(line) >= 4 and line[0].isdigit() for line in said[3:]], [True] * len(said[3:]))
                elif shown:
                    same_form(shown, result.out)
                ran += 1
    # those in the text, too; a server is asked in tests of its own, and setup is
    for command in dict.fromkeys(re.findall(r"`(?:sudo -u retour )?(retour (?!serve|setup)[a-z][^`…]*)`", section)):
        with case("README: in the text, %s" % command):
            result = run(command, user="retour", input=PEOPLE[0] + "\n")
            equal(result.code, 0, result)
            true("--help" not in result.err, "it is not taken: %s" % result.err)
            spans += 1
with case("README's commands were found"):
    equal((ran, spans), (README_COMMANDS, README_SPANS))

# --- the manuals ---------------------------------------------------------------------------------------------------------

# not run here: they want other machines or a site of several, a key that is encrypted to this one, or a store that is lost
ELSEWHERE = ("ssh ", "retour changes", "retour key rotate sites", "retour key use", "retour key retire sites", "systemd-creds", "retour setup --new-store", "retour audit verify", "retour merge", "retour run")
key = run("retour audit key", user="retour").out.split()[-1]  # before a manual destroys it
CODES = {"retour key retire event": (0, 2), "retour clock confirm": (0, 1), "retour contact resolve --provider": (0, 1), "retour contact reactivate": (0, 1)}
for name in sorted(READ):
    if name.endswith(".md"):
        continue
    source = READ[name].replace("\\e\n", "\\\n")
    lines = re.findall(r"^\.Dl (.*)$", source, re.M)
    for body in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", source, re.M | re.S):
        lines += [line.strip() for line in re.sub(r"\\\n\s*", "", body).splitlines()]
    lines = [line.replace("\\(dq", '"') for line in lines]
    for line in lines:
        command = line.removeprefix("$ ").removesuffix(" &&")
        if not re.match(r"(retour|install|openssl|jq|shred) ", command) or command.startswith(ELSEWHERE):
            continue
        with case("%s: %s" % (os.path.basename(name), command)):
            result = run(command, user=None if command.startswith(("install", "openssl", "jq", "shred")) else "retour", input="somebody@example.com\n")
            codes = next((codes for begin, codes in CODES.items() if command.startswith(begin)), (0,))
            true(result.code in codes, result)
            true("--help" not in result.err, "it is not taken: %s" % result.err)

with case("retour.ini(5): the configuration that it ends with is taken"):
    body = re.findall(r"^\.Bd -literal[^\n]*\n(\[origin\].*?)^\.Ed", READ["etc/retour.ini.5"], re.M | re.S)[-1]
    write("/etc/retour/manual.ini", body, 0o644)
    result = run("retour -c /etc/retour/manual.ini config check", user="retour")
    equal(result.code, 0, result)
with case("retour(1): the figures of what was sent are taken"):
    body = re.search(r"^\.Bd -literal[^\n]*\n(day,campaign,.*?)^\.Ed", READ["etc/retour.1"], re.M | re.S).group(1)
    write(os.path.join(work, "figures.csv"), body, 0o644)
    result = run("retour volume import figures.csv", user="retour")
    equal(result.code, 0, result)
parts = [(name, body.replace("RWQ...", key)) for name in ("etc/retour-contacts.7", "etc/retour-sites.7", "etc/retour-events.7") for body in
         re.findall(r"^\.Bd -literal[^\n]*\n(\[[a-z].*?)^\.Ed", READ[name], re.M | re.S)]
with case("sections for the INI file were found in three manuals"):
    equal(len({name for name, _body in parts}), 3)
for name, body in parts:
    with case("%s: its %s beside README's configuration is taken" % (os.path.basename(name), body.partition("]")[0] + "]")):
        write("/usr/local/bin/suppressions", "#!/bin/sh\ncat > /dev/null\n")
        write("/etc/retour/manual.ini", ini + body, 0o644)
        result = run("retour -c /etc/retour/manual.ini config check", user="retour")
        equal((result.code, result.err), (0, ""), result)
for number, body in enumerate(re.findall(r"^\.Bd -literal[^\n]*\n(\[oauth .*?)^\.Ed", READ["etc/retour-oauth.7"], re.M | re.S)):
    with case("retour-oauth(7): its configuration %d is taken" % (number + 1)):
        write("/etc/retour/manual.ini", body, 0o644)
        result = run("retour -c /etc/retour/manual.ini config check", user="retour")
        equal(result.code, 0, result)
finish()
