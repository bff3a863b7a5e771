"""Mails with reports of receivers: DMARC aggregate (RFC 7489 appendix C) and TLS (RFC 8460)."""
import base64
import gzip
import io
import json
import time
import zipfile

__all__ = ["dmarc_mail", "dmarc_xml", "report_mail", "tls_mail"]
DAY = 86400


def dmarc_xml(rows, begin, report, receiver, domain):
    """ROWS: address, count, disposition, dkim, spf, header From."""
    word = {True: "pass", False: "fail"}
    records = "".join(
        "<record><row><source_ip>%s</source_ip><count>%d</count><policy_evaluated><disposition>%s</disposition><dkim>%s</dkim><spf>%s</spf></policy_evaluated></row>"
        "<identifiers><header_from>%s</header_from></identifiers><auth_results><spf><domain>%s</domain><result>pass</result></spf></auth_results></record>\n"
        % (address, count, disposition, word[dkim], word[spf], header_from, header_from) for address, count, disposition, dkim, spf, header_from in rows)
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<feedback><report_metadata><org_name>%s</org_name><email>noreply@%s</email><report_id>%s</report_id>'
            "<date_range><begin>%d</begin><end>%d</end></date_range></report_metadata><policy_published><domain>%s</domain><p>none</p></policy_published>\n%s</feedback>\n"
            % (receiver, receiver, report, begin, begin + DAY - 1, domain, records)).encode()


def packed(data, form, name):
    if form == "gzip":
        return gzip.compress(data, mtime=0)
    if form == "zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, data)
        return out.getvalue()
    return data


def report_mail(kind, data, name, begin, receiver, domain, message, proven, sender):
    """PROVEN: our mail server, mx.example.com, found the sender's domain authenticated."""
    mark = "Authentication-Results: mx.example.com; dkim=%s header.d=%s header.s=a\r\n" % ("pass" if proven else "none", sender)
    return mark.encode() + ("From: reports <reports@%s>\r\nTo: reports@%s\r\nSubject: Report Domain: %s Submitter: %s Report-ID: <%s>\r\nMessage-ID: <%s.%d@%s>\r\nDate: %s\r\n"
            "MIME-Version: 1.0\r\nContent-Type: %s; name=\"%s\"\r\nContent-Disposition: attachment; filename=\"%s\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            % (sender, domain, domain, receiver, message, message, begin, receiver, time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(begin + DAY + 7200)), kind, name, name)
            ).encode() + base64.encodebytes(data).replace(b"\n", b"\r\n")


def dmarc_mail(rows, begin, report=None, receiver="mailbox.test", domain="example.com", form="gzip", message="m", cut=0, proven=True, sender=None):
    """CUT: so many bytes of the archive are missing at its end."""
    kind, ending = {"gzip": ("application/gzip", ".xml.gz"), "zip": ("application/zip", ".zip"), "xml": ("text/xml", ".xml")}[form]
    name = "%s!%s!%d!%d" % (receiver, domain, begin, begin + DAY - 1)
    data = packed(dmarc_xml(rows, begin, report or "%s-%d" % (receiver, begin), receiver, domain), form, name + ".xml")
    return report_mail(kind, data[:len(data) - cut], name + ending, begin, receiver, domain, message, proven, sender or receiver)


def tls_mail(begin, well, failed, receiver="mailbox.test", domain="example.com", report=None, message="t", proven=True, sender=None):
    """FAILED: how many sessions of each result type."""
    stamp = "%Y-%m-%dT%H:%M:%SZ"
    data = json.dumps({
        "organization-name": receiver, "contact-info": "tls@" + receiver, "report-id": report or "%s-%d" % (receiver, begin),
        "date-range": {"start-datetime": time.strftime(stamp, time.gmtime(begin)), "end-datetime": time.strftime(stamp, time.gmtime(begin + DAY - 1))},
        "policies": [{"policy": {"policy-type": "sts", "policy-domain": domain, "policy-string": ["version: STSv1"]},
                      "summary": {"total-successful-session-count": well, "total-failure-session-count": sum(failed.values())},
                      "failure-details": [{"result-type": kind, "failed-session-count": count} for kind, count in failed.items()]}]}).encode()
    return report_mail("application/tlsrpt+gzip", gzip.compress(data, mtime=0), "%s!%s!%d!%d.json.gz" % (receiver, domain, begin, begin + DAY - 1), begin, receiver, domain, message, proven, sender or receiver)
