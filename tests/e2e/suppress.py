#!/usr/bin/python3
"""suppress: the lists of other systems, each in its own form; what is known stays, what is bad is named, a list can be taken back."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *

WHO = ("anna", "ben", "carla", "dora", "emil", "finn")
ADDRESS = {name: name + "@example.net" for name in WHO}
HARD, COMPLAINT, OPTOUT = ("suppress", "user-unknown"), ("suppress", "abuse"), ("suppress", "opt-out")
NOTHING = ("send", "")

# source, the file ({anna} is an address), and of each what check says: verdict and reason; what is not named is not known
FORMS = (
    ("ses", "{anna}\tBOUNCE\t2026-10-02T06:00:00.214000+00:00\n{ben}\tCOMPLAINT\t2026-10-03T06:00:00Z\n", {"anna": HARD, "ben": COMPLAINT}),
    ("ses", "EmailAddress,Reason,LastUpdateTime\n{anna},BOUNCE,2026-10-02T06:00:00Z\n", {"anna": HARD}),
    ("ses", '"LastUpdateTime","Reason","EmailAddress"\r\n"1790920800.214","bounce","{anna}"\r\n"2026-10-02T06:00:00.000Z","Complaint","{ben}"\r\n', {"anna": HARD, "ben": COMPLAINT}),
    ("sendgrid", 'status,reason,email,created\n5.1.1,"550 5.1.1 no ""such"" user\nhere",{anna},1790000000\n5.7.1,listed,{ben},1790000000\n5.1.2,x,{carla},1790000000\n4.4.1,slow,{dora},1790000000\n',
     {"anna": HARD, "ben": NOTHING, "carla": ("suppress", "domain-unknown"), "dora": NOTHING}),
    ("sendgrid", "ip,email,created\n192.0.2.1,{anna},1790000000\n", {"anna": COMPLAINT}),
    ("sendgrid", "email,created\n{anna},1790000000\n", {"anna": OPTOUT}),
    ("sendgrid", "reason,email,created\nMail domain mentioned is invalid,{anna},1790000000\n", {"anna": ("suppress", "domain-unknown")}),
    ("sendgrid", 'status,reason,email,created\n,550 Message rejected as spam by Content Filtering,{anna},1790000000\n5.0.0,554 IP listed at spamhaus,{ben},1790000000\n'
     "550,552 Your mailbox is full,{carla},1790000000\n,550 gone fishing,{dora},1790000000\n", {"carla": NOTHING, "dora": HARD}),
    ("mailgun", 'address,code,error,created_at\n{anna},550,No such mailbox,"Fri, 02 Oct 2026 11:02:55 UTC"\n{ben},451,later,"Fri, 02 Oct 2026 11:02:55 UTC"\n', {"anna": HARD, "ben": NOTHING}),
    ("mailgun", 'created_at,code,error,address\n"Thu, 01 Oct 2026 08:00:00 GMT",550,,{anna}\n"Thu, 01 Oct 2026 08:00:00 UTC",605,Not delivering to previously bounced address,{ben}\n', {"anna": HARD, "ben": HARD}),
    ("mailgun", 'address,tags,created_at\n{anna},*,"Fri, 02 Oct 2026 11:02:55 UTC"\n', {"anna": OPTOUT}),
    ("mailgun", 'address,created_at\n{anna},"Fri, 02 Oct 2026 11:02:55 UTC"\n', {"anna": COMPLAINT}),
    ("postmark", "EmailAddress,SuppressionReason,Origin,CreatedAt\n{anna},HardBounce,Recipient,2026-10-02T06:00:00-05:00\n{ben},SpamComplaint,Recipient,2026-10-02T06:00:00-05:00\n"
     "{carla},ManualSuppression,Customer,2026-10-02T06:00:00-05:00\n", {"anna": HARD, "ben": COMPLAINT, "carla": OPTOUT}),
    ("mailchimp", '"Email Address","First Name",CLEAN_TIME,CLEAN_CAMPAIGN_TITLE\n{anna},Anna,"2026-10-02 06:00:00",News\n', {"anna": HARD}),
    ("mailchimp", '"Email Address","First Name",UNSUB_TIME,UNSUB_REASON\n{anna},Anna,"2026-10-02 06:00:00",NORMAL\n', {"anna": OPTOUT}),
    ("brevo", "email;senderEmail;reason;blockedAt\n{anna};news@example.org;hardBounce;2026-10-02T06:00:00.000+02:00\n{ben};;contactFlaggedAsSpam;2026-10-02\n{carla};;unsubscribedViaEmail;2026-10-02\n",
     {"anna": HARD, "ben": COMPLAINT, "carla": OPTOUT}),
    ("sparkpost", "recipient,type,source,description,created,updated\n{anna},non_transactional,Bounce Rule,550 5.1.1,2026-10-02T06:00:00Z,2026-10-02T06:00:00Z\n"
     "{ben},non_transactional,Spam Complaint,,2026-10-02T06:00:00Z,2026-10-02T06:00:00Z\n{carla},transactional,List Unsubscribe,,2026-10-02T06:00:00Z,2026-10-02T06:00:00Z\n",
     {"anna": HARD, "ben": COMPLAINT, "carla": OPTOUT}),
    ("listmonk", 'uuid,email,name,attributes,status,created_at,updated_at\nu,{anna},Anna,"{{""a"": 1}}",blocklisted,2020-01-01 00:00:00,2026-10-02 06:00:00.123 +0000 UTC\n'
     "u,{ben},Ben,{{}},enabled,2020-01-01 00:00:00,2026-10-02 06:00:00\n", {"anna": OPTOUT, "ben": NOTHING}),
    ("listmonk", "\ufeffid,email,campaign,source,type,created_at\r\n1,{anna},News,api,hard,2026-10-02T06:00:00Z\r\n2,{ben},News,api,soft,2026-10-02T06:00:00Z\r\n3,{carla},News,api,complaint,2026-10-02T06:00:00Z\r\n", {"anna": HARD, "carla": COMPLAINT}),
    ("mautic", "date_added;email;reason\n2026-10-02 06:00:00;{anna};Bounced\n2026-10-02 06:00:00;{ben};Unsubscribed\n", {"anna": HARD, "ben": OPTOUT}),
    ("postmark", "CreatedAt\tEmailAddress\tOrigin\tSuppressionReason\n2026-10-02T06:00:00Z\t{anna}\tRecipient\tHardBounce\n\t{ben}\tRecipient\tSpamComplaint\n", {"anna": HARD, "ben": COMPLAINT}),
    ("mautic", "email,channel,reason,date_added\n{anna},email,2,2026-10-02 06:00:00\n{ben},email,1,2026-10-02 06:00:00\n{carla},email,0,2026-10-02 06:00:00\n", {"anna": HARD, "ben": OPTOUT, "carla": NOTHING}),
    ("csv", "\ufeffE-Mail;Reason;Date\r\n{anna};hard;2026-10-02\r\n{ben};mailbox-disabled;\r\n{carla};Complaint;1790000000\r\n{dora};reputation;\r\n",
     {"anna": HARD, "ben": ("suppress", "mailbox-disabled"), "carla": COMPLAINT, "dora": NOTHING}),
)


def asked(retour):
    return {answer["address"].split("@")[0]: (answer["verdict"], answer["reason"] or "") for answer in
            retour.run("check", "--json", input="".join(ADDRESS[name] + "\n" for name in WHO)).lines()}


def listed(retour, text, name="list.csv"):
    path = os.path.join(retour.dir, name)
    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write(text.format(**ADDRESS))
    return path


for number, (source, text, wanted) in enumerate(FORMS):
    with case("%s: %s" % (source, text.split("\n")[0][:60])):
        retour = Retour()
        result = retour.run("suppress", "import", "--from", source, listed(retour, text))
        equal(result.code, 0, result)
        equal(asked(retour), {name: wanted.get(name, NOTHING) for name in WHO})

with case("the dates of a list are kept, and a time before is no later one"):
    retour = Retour()
    retour.run("suppress", "import", listed(retour, "email,reason,date\n{anna},hard,2026-10-02\n"))
    equal(retour.run("check", "--json", input=ADDRESS["anna"]).lines()[0]["since"], "2026-10-02T00:00:00Z")

with case("no address, a reason that is none, a date that is none or to come, an open quote: named by line, left out, 1; the rest is taken"):
    retour = Retour()
    path = listed(retour, 'email,reason,date\nnobody,hard,\n{ben},bounce,\n{carla},hard,05/14/2026\n{dora},hard,2027-01-01\n"{emil}"x,hard,\n{anna},hard,\n')
    result = retour.run("suppress", "import", path, "--reason", "moved house")
    equal(result.code, 1, result)
    for line, word in ((2, "no address"), (3, "reason"), (4, "date"), (5, "future"), (6, "quote")):
        contains(result.err, "line %d: " % line)
        contains(result.err.split("line %d: " % line)[1].split("\n")[0], word)
    contains(result.err, "1 hard, 0 complaints, 0 opt-outs, 0 soft; 0 known before")
    contains(result.err, "5 bad lines")
    true("@" not in result.err, "an address is printed: " + result.err)
    equal({name for name, answer in asked(retour).items() if answer != NOTHING}, {"anna"})
    equal(retour.sql("SELECT detail FROM ledger WHERE kind = 'suppress-import'"), [('source=csv hard=1 complaint=0 opt-out=0 soft=0 known=0 reason="moved house"',)])
    equal(retour.sql("SELECT count(*) FROM event"), [(0,)])

with case("the same list twice: known before, and nothing changes"):
    before = retour.sql("SELECT * FROM contact")
    contains(retour.run("suppress", "import", listed(retour, "email,reason\n{anna},hard\n")).err, "0 hard, 0 complaints, 0 opt-outs, 0 soft; 1 known before")
    equal(retour.sql("SELECT * FROM contact"), before)

with case("--dry-run counts and keeps nothing"):
    entries = retour.sql("SELECT count(*) FROM ledger")
    contains(retour.run("suppress", "import", "--dry-run", listed(retour, "email,reason\n{ben},hard\n")).err, "a dry run, nothing is kept: 1 hard")
    equal((asked(retour)["ben"], retour.sql("SELECT count(*) FROM ledger")), (NOTHING, entries))

with case("whom an operator let through since then stays so; what happened later counts"):
    equal(retour.run("contact", "reactivate", "--reason", "asked", input=ADDRESS["anna"]).code, 0)
    contains(retour.run("suppress", "import", listed(retour, "email,reason,date\n{anna},hard,2026-10-30\n")).err, "1 let through by an operator since")
    equal(asked(retour)["anna"], NOTHING)

with case("add: addresses on stdin, as opt-outs or --as; a reason is wanted; a list is taken back by its rule"):
    equal(retour.run("suppress", "add", input=ADDRESS["ben"]).code, 2)
    equal(retour.run("suppress", "add", "--reason", "by phone", input='"Ben" <%s>\n' % ADDRESS["ben"]).code, 0)
    equal(retour.run("suppress", "add", "--reason", "closed", "--as", "hard", input=ADDRESS["carla"]).code, 0)
    answers = asked(retour)
    equal((answers["ben"], answers["carla"]), (OPTOUT, HARD))
    equal(retour.run("contact", "undo", "--rule", "suppress.add", "--from", "2026-11-01", "--to", "2026-11-02", "--reason", "wrong list").code, 0)
    equal(set(asked(retour).values()), {NOTHING})

with case("mailman and lists that do not say why want --as; an unknown source, an address as argument, UTF-16, a wrong header: 2"):
    retour = Retour()
    plain = listed(retour, "{anna}\nBen <{ben}>\n", "members")
    equal(retour.run("suppress", "import", "--from", "mailman", plain).code, 2)
    equal(retour.run("suppress", "import", "--from", "mailman", "--as", "hard", plain).code, 0)
    equal({name for name, answer in asked(retour).items() if answer == HARD}, {"anna", "ben"})
    contains(retour.run("suppress", "import", "--from", "sengrid", plain).err, "sendgrid")
    equal(retour.run("suppress", "import", ADDRESS["anna"]).code, 2)
    for text in ("name,age\nx,3\n", "email,date\n{anna},2026-10-02\n"):
        result = retour.run("suppress", "import", listed(retour, text))
        equal(result.code, 2, result)
        contains(result.err, "right would be")
    with open(plain, "w", encoding="utf-16") as f:
        f.write("email,reason\n")
    contains(retour.run("suppress", "import", plain).err, "UTF-16")

with case("a list that was taken back can be put right: the next one has a name of its own, which its answers and the undo know"):
    retour = Retour()
    wrong = listed(retour, "email,reason,date\n{anna},hard,2026-10-02\n{ben},hard,2026-10-02\n")
    right = listed(retour, "email,reason,date\n{anna},hard,2026-10-02\n", "right.csv")
    undo = ("contact", "undo", "--from", "2026-10-01", "--to", "2026-11-02", "--reason", "wrong list")
    for rule, next_rule in (("suppress.csv", "suppress.csv-2"), ("suppress.csv-2", "suppress.csv-3")):
        retour.run("suppress", "import", wrong)
        equal({name for name, answer in asked(retour).items() if answer == HARD}, {"anna", "ben"})
        equal(retour.run(*undo, "--rule", rule).code, 0)
        equal({name for name, answer in asked(retour).items() if answer == HARD}, set())
        contains(retour.run("suppress", "import", right).err, "1 hard, 0 complaints, 0 opt-outs, 0 soft; 0 known before, 0 let through")
        equal({name for name, answer in asked(retour).items() if answer == HARD}, {"anna"})
        equal(retour.run("contact", "show", "--json", input=ADDRESS["anna"]).lines()[0]["rule"], next_rule)

with case("a file that may list all customers is not taken for one of those who unsubscribed or complained"):
    for source, text in (("sendgrid", "EMAIL,FIRST_NAME,CREATED_AT\n{anna},Anna,1790000000\n"), ("mailgun", "address,name,subscribed\n{anna},Anna,yes\n")):
        result = Retour().run("suppress", "import", "--from", source, listed(retour, text))
        equal(result.code, 2, result)
        contains(result.err, "does not say why")

with case("what breaks a line breaks no other one: a quote that stays open over megabytes, a line without end, in any place"):
    many = "".join("p%d@example.com,hard,\n" % i for i in range(20000))
    for bad in ('"p@example.com,hard,\n', "x" * 700000 + "@example.com,hard,\n", 'p@example.com,"hard\n'):
        for text, count in (("%s" + many, 20000), (many + "%s{anna},hard,\n", 20001)):
            retour = Retour()
            result = retour.run("suppress", "import", listed(retour, "email,reason,date\n" + text % bad))
            equal(result.code, 1, result)
            contains(result.err, "%d hard" % count)
            contains(result.err, "1 bad lines")
    retour = Retour()
    contains(retour.run("suppress", "import", listed(retour, "email,reason\r{anna},hard\r")).err, "CR alone")
    contains(retour.run("suppress", "import", listed(retour, "email,reason" + "x" * 700000)).err, "no list")
    contains(retour.run("suppress", "import", listed(retour, "sep=;\r\nemail;reason\r\n{anna};hard\r\n")).err, "1 hard")

DATES = {"2026-10-02": 1, "2026-10-02 06:00": 1, "2026-10-02T06:00": 1, "2026-10-02 06:00:00 +0200": 1, "2026-10-02T23:00:00-0500": 2, "2026-10-02 06:00:00.5 UTC": 1,
         "2026-10-02 06:00:00 +0000 UTC": 1, "null": 0, "\\N": 0, " ": 0, "2026-10-02 06:00 Berlin": None, "10/02/2026": None, "20261002": None,
         "1790920800.214": 1, "1790920800": 1, "1790920800.": None, "1790920800.2.1": None, "2026-02-30": None, "2026-02-30 06:00": None}
with case("dates as programs write them; what is none is named, never guessed"):
    for text, wanted in DATES.items():
        retour = Retour()
        result = retour.run("suppress", "import", listed(retour, 'email,reason,date\n{anna},hard,"%s"\n' % text))
        since = retour.run("check", "--json", input=ADDRESS["anna"]).lines()[0]["since"]
        equal((result.code, since), (1, None) if wanted is None else (0, "2026-10-%02dT00:00:00Z" % (1 + wanted) if wanted else "2026-11-02T00:00:00Z"), text)

with case("export says why it cannot exist, and what does"):
    result = retour.run("suppress", "export")
    equal(result.code, 2)
    contains(result.err, "check --column NAME --only suppress")

with case("import names a list for what it is"):
    result = retour.run("import", listed(retour, FORMS[2][1]))
    equal(result.code, 2, result)
    contains(result.err, "retour suppress import")
    mail = listed(retour, "Subject: email, reason\n\nx\n", "mail.eml")
    equal(retour.run("import", mail).code, 0)

with case("no address of a list is in any file of the store"):
    for place, _, files in os.walk(retour.data):
        for name in files:
            with open(os.path.join(place, name), "rb") as f:
                true(b"@example.net" not in f.read(), name)

with case("a hundred thousand entries in a few seconds, in little memory"):
    retour = Retour()
    retour.watched = True
    path = os.path.join(retour.dir, "large.csv")
    with open(path, "w") as f:
        f.write("email,reason,date\n")
        f.writelines("person%d@example.com,hard,2026-10-02\n" % i for i in range(100000))
    result = retour.run("suppress", "import", path)
    equal(result.code, 0, result)
    contains(result.err, "100000 hard")
    true(max(result.memory.values()) < 64 * 1024, result.memory)
    comment("%.1f s" % result.seconds)

finish()
