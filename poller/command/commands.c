/* The table of commands: dispatch, usage and --help are all made of it. */
#include "poller/command/commands.h"

#include <string.h>

/* Laid out by hand: one long line of help makes the formatter indent the whole table anew. */
/* clang-format off */
const struct command commands[] = {
	{ "run", cmd_run, "[--json]",
		"the scheduled job: poll, states, retention, alerts, last month's report",
		"Empties all mailboxes, applies what is due in the contacts' states and in retention, tells what is wrong, and from\n"
		"[report] day on sends last month's report, once. A systemd timer or cron starts it. A second run beside it ends with 4.\n"
		"  --json   one JSON object a line: what was read of each mailbox\n",
		CONFIG_NEEDED, false },
	{ "poll", cmd_poll, "[--dry-run] [--json] [MAILBOX…]",
		"only fetch, classify, store, settle",
		"  --dry-run   read and classify, but touch neither the store nor the mailbox\n"
		"MAILBOX is the name of a [mailbox NAME] section; without one, all are read.\n"
		"  --json      one JSON object a line: what was read of each mailbox\n",
		CONFIG_NEEDED, false },
	{ "import", cmd_import, "[--arrived header|now] [--json] PATH…", "the same for files",
		"PATH is a mail, an mbox, a Maildir, a directory of these, or - for stdin. Nothing is changed there.\n"
		"  --arrived header   it arrived when the Maildir name, the From_ line, else Received or Date says (default)\n"
		"  --arrived now      it arrives now\n"
		"  --json             one JSON object: what was read\n",
		CONFIG_NEEDED, false },
	{ "classify", cmd_classify, "[--plain] [--explain] [--json] PATH…",
		"print events as JSON lines; stores nothing",
		"  --plain     with addresses, message ids and the full diagnostic text\n"
		"  --explain   say on stderr what was seen of each event, how much it weighs, and which rule won (*)\n"
		"PATH is a mail, an mbox, a Maildir, a directory of these, or - for stdin. One JSON object a line; a message that\n"
		"yields no event prints one of kind \"none\" and says why in \"rule\".\n"
		"  --json      as it is: one JSON object a line\n",
		CONFIG_OPTIONAL, false },
	{ "check", cmd_check,
		"[--json | --bare] [--only send|hold|suppress|invalid|hint] [--stream S] [--column NAME|N [--header]] [FILE|-]",
		"addresses in, verdicts out: send, hold until T, suppress",
		"Reads one address a line from FILE or stdin and prints address, verdict, until, state, reason, since, hint in\n"
		"the same order: as CSV with a header, or\n"
		"  --json           one JSON object a line\n"
		"  --bare           only the lines as they came, which goes with --only\n"
		"  --only VERDICT   only those that are answered with send, hold, suppress or invalid\n"
		"  --only hint      only those with a hint, which decides nothing: typo:gmail.com (one letter beside a large provider's domain), no-domain, syntax:comma,\n"
		"                   blank, dots, invisible, no-at, no-dot, two-at; --only typo, no-domain, syntax\n"
		"  --stream S       for mail of the [stream S]: complaints and opt-outs about other streams do not count. Without it any counts.\n"
		"                   Where there are streams, answers say behind hint which one they rest on; nothing there: on all mail\n"
		"  --column NAME    the addresses stand in this column of a CSV file, as its first line says; columns separated by comma,\n"
		"                   semicolon or tab are kept, ours are added behind them\n"
		"  --column N       in its N-th column; with --header the first line is one\n"
		"\"Anna\" <anna@example.net> is anna@example.net. A line that is no address is answered with invalid and reason bad-address (nobody is to be\n"
		"suppressed, the list is to be mended), counted on stderr, and makes the exit code 1.\n",
		CONFIG_NEEDED, false },
	{ "contact", cmd_contact,
		"show | revalidate | resolve | reactivate | confirm | undo | rejudge | states",
		"what is known of a recipient; an operator's moves",
		"Reads one address a line from FILE or stdin, or asks for it at a terminal; addresses are never arguments.\n"
		"  show [--json] [--last N] [FILE|-]       state, answer, reason, rule, and the last N events, default 20\n"
		"  revalidate --reason TEXT [FILE|-]       who is paused is tried again now\n"
		"  reactivate --reason TEXT [FILE|-]       who is inactive is active again; what happened before is settled\n"
		"  reactivate --stream S --reason TEXT [FILE|-]\n"
		"                                          only a complaint or an opt-out about mail of the [stream S] is settled\n"
		"  resolve --list [--json]                 the investigations that are open, with what to look at\n"
		"  resolve --provider P --category C --reason TEXT\n"
		"                                          it is mended: who waits for this investigation is let through\n"
		"  resolve --reason TEXT [FILE|-]          only these who wait for one are let through\n"
		"  confirm --list                          hard bounces that were too many at once to be believed, and are held\n"
		"  confirm [--rule R] [--provider P] [--reporting-mta M] --from DAY --to DAY --reason TEXT\n"
		"                                          they were true: who rests on them is suppressed now, not when [brake] hold is over\n"
		"  confirm --reason TEXT [FILE|-]          only these\n"
		"  undo [--rule R] [--provider P] [--reporting-mta M] [--campaign C] --from DAY --to DAY --reason TEXT [--dry-run]\n"
		"                                          such failures were wrong: who rests on them goes where the rest of the history leads\n"
		"  rejudge [--reason TEXT] [--dry-run]     rules were mended: what is kept is decided again, and contacts go where that leads\n"
		"  states                                  the table of all states and moves\n"
		"The ledger notes each change with its reason and counts. Where the table has no such move it is refused: exit code 1.\n"
		"  --json behind any of these: one JSON object a line, with what was moved\n",
		CONFIG_OPTIONAL, false },
	{ "suppress", cmd_suppress, "import FILE | add [FILE|-] [--json]",
		"take over whom another system knows not to write to",
		"import FILE      a list as services and newsletter programs give it, as CSV; - for stdin\n"
		"  --from ses|sendgrid|mailgun|postmark|mailchimp|brevo|sparkpost|listmonk|mautic|mailman|csv\n"
		"                 where it comes from; csv (default) has columns email, reason, date\n"
		"add [FILE|-]     addresses, one a line, as opt-outs\n"
		"  --as KIND      what entries are whose list does not say why: hard, complaint, opt-out or soft\n"
		"  --stream S     its complaints and opt-outs are about mail of the [stream S] only; hard and soft are for all\n"
		"  --reason TEXT  noted in the ledger with the counts; add wants it\n"
		"  --dry-run      only say what would be taken over\n"
		"What is known stays; whom an operator let through after an entry's date stays so. Bad lines are named by number and left out: exit code 1.\n"
		"contact undo --rule suppress.ses --reason TEXT takes a list back. Lists cannot be exported: the store has no addresses; use check --only suppress.\n"
		"  --json         one JSON object: what was taken over\n",
		CONFIG_NEEDED, false },
	{ "suppressions", cmd_suppressions, "[--since TIME] [--stream S] [--json]",
		"the same answers by pseudonym, for a system that holds the key",
		"Prints pseudonym, fingerprint of the key, verdict, until, state, reason, since of all contacts, as CSV with a header, or\n"
		"  --json         one JSON object a line\n"
		"  --since TIME   only those of whom something was heard, or whose state changed, on that day (UTC) or later;\n"
		"                 a date or a time such as 2026-11-02T06:00:00Z\n"
		"  --stream S     the answers for mail of the [stream S], as check gives them\n"
		"How a pseudonym is made of an address: retour-contacts(7).\n",
		CONFIG_NEEDED, false },
	{ "changes", cmd_changes, "[--since CURSOR] [--follow] [--all]",
		"what this site knows, as lines for the other sites",
		"Prints one JSON object for each contact that changed, sealed and signed, and last one of kind \"until\" with the cursor that goes on from there.\n"
		"  --since CURSOR   what changed since then; without it everything. A line may come again\n"
		"  --follow         goes on: looks every second, and says \"until\" once a minute\n"
		"  --all            also what other sites have said, for a site that begins anew\n"
		"How several machines have one memory: retour-sites(7). [store] site is this one's name.\n",
		CONFIG_NEEDED, false },
	{ "merge", cmd_merge, "[--json] [FILE|-]", "takes the lines of other sites in",
		"Reads what `retour changes` printed on other sites, in any order, as often as they come. Only sites with a section [site NAME] are taken.\n"
		"A line that is refused is named by its number, with the reason, and changes nothing; the others are taken, and the exit code is 1.\n"
		"  --json   one JSON object: how many lines were new, known, refused\n",
		CONFIG_NEEDED, false },
	{ "sites", cmd_sites, "[--json]", "the sites that are known, and until when",
		"Prints site, life (of its store), whose, until when its lines are complete, and how many contacts it knows, as CSV with a header, or\n"
		"  --json      one JSON object a line\n",
		CONFIG_NEEDED, false },
	{ "events", cmd_events, "[--since CURSOR] [--json]",
		"what was stored, as lines for a warehouse elsewhere",
		"Prints one JSON object for each event, by pseudonym, without the receiver's words, and last one with the cursor that goes on from there.\n"
		"  --since CURSOR   only days that have another number of events than then, each as a whole; without it everything\n"
		"A line may come again: time, pseudonym and number tell it. What left the store is no longer deleted with it, and the ledger says so: retour-events(7).\n"
		"  --json           as it is: one JSON object a line\n",
		CONFIG_NEEDED, false },
	{ "serve", cmd_serve,
		"--postfix SOCKET | --http SOCKET [--token-file FILE] [--stream S] | --tls ADDRESS:PORT …",
		"the same for a mail server, or for programs over HTTP",
		"Answers Postfix's questions about recipients (socketmap_table and tcp_table) until SIGTERM:\n"
		"suppress becomes 550 5.1.1, hold 450 4.2.1, send says nothing.\n"
		"  --postfix SOCKET   /path of a UNIX socket, a loopback ADDRESS:PORT, or systemd: the one that it passes\n"
		"For submission and local senders only, see retour(1): check_recipient_access socketmap:unix:retour/ask:retour\n"
		"  --http SOCKET      HTTP/1.1 for programs: POST /check with {\"address\": …} or {\"addresses\": […]}, GET /healthz, GET /metrics\n"
		"  --token-file FILE  who asks must show what stands in it (Authorization: Bearer …); wanted for an ADDRESS:PORT, where anybody may connect\n"
		"  --stream S         answers are for mail of the [stream S]; over HTTP \"stream\" in the question names another\n"
		"  --tls ADDRESS:PORT  for other hosts: TLS with certificates of both sides before the UNIX socket of a `retour serve`,\n"
		"                      in a process without store and keys; with it go:\n"
		"  --to SOCKET, --certificate FILE, --key FILE, --ca-file FILE (who signs those of the clients), and\n"
		"  --client NAME       whose certificate has this DNS name may ask; one for each client\n"
		"SIGHUP opens the store anew.\n",
		CONFIG_NEEDED, false },
	{ "volume", cmd_volume, "import [--source NAME] [--beside-log] FILE | log FILE… [--json]",
		"how much was sent: what makes rates of counts",
		"import FILE       CSV with day,campaign,provider-or-domain,sent, or a header that names these columns; - for stdin.\n"
		"  --source NAME   where the counts come from; a later file of the same source replaces the days that it has (default: import)\n"
		"  --beside-log    this mail is in no log that is counted; else a day's file takes the place of what its logs say was sent\n"
		"A file with an error is not stored at all; each error names line and column, and the exit code is 1.\n"
		"log FILE…|-       counts deliveries, deferrals and rejections in logs of Postfix, Exim, sendmail, OpenSMTPD, qmail and PowerMTA (accounting files),\n"
		"plain, .gz or .zst, as syslogd, the journal (also -o json) or a container's runtime writes them. A file that was counted before, whatever its name is now,\n"
		"is read on from where it ended; give the rotated ones with the present one. Exit code 1 where lines tell of deliveries and none of\n"
		"them could be read.\n"
		"  --json          one JSON object: what was counted\n",
		CONFIG_NEEDED, false },
	{ "advice", cmd_advice, "[--json]", "how fast to send to each provider",
		"From the last day's deferrals, refusals and notices, and what the provider's profile says: connections at once, mails an hour, the ladder,\n"
		"whether to send there at all for now, and why. Providers of which too little is known are left out. Best with `retour volume log`.\n"
		"  --json      one JSON object a line\n",
		CONFIG_NEEDED, false },
	{ "report", cmd_report,
		"[--month YYYY-MM] [--format xml|html|text] [--output FILE] [--send [--to ADDRESS]…]",
		"the monthly report",
		"  --month YYYY-MM   default: last month\n"
		"  --format F        xml, html or text (default)\n"
		"  --output FILE     default: stdout\n"
		"  --send            mail it to the readers in [report] to, now\n"
		"  --to ADDRESS      only to this reader instead, as a test; may stand several times. `run` still sends the month's report when it is due\n",
		CONFIG_NEEDED, false },
	{ "words", cmd_words, "[--days N] [--margin N] [--json | --rules]",
		"answers that no rule knew, redacted and counted",
		"Lists what receivers said, where no rule decided or hardly one, by shape: numbers are #, what may name a person is a placeholder.\n"
		"  --days N      of the last N days, default 30; the words themselves go with [retention] diagnostics\n"
		"  --margin N    decided by less than N, default 100: retour classify --explain shows margins\n"
		"  --json        one JSON object a line\n"
		"  --rules       as sections for rules.ini; the category is yours to fill in\n"
		"Words of fewer than [privacy] k recipients are not shown.\n",
		CONFIG_NEEDED, false },
	{ "demo-report", cmd_demo, "[--format xml|html|text] [--output FILE]",
		"the report on invented figures",
		"Last month of a sender who is none, in the configuration's language and looks, if there is one. It needs neither mailboxes nor a store.\n"
		"  --format F        xml, html or text (default)\n"
		"  --output FILE     default: stdout\n",
		CONFIG_OPTIONAL, false },
	{ "comment", cmd_comment, "--month YYYY-MM [--json] TEXT|-",
		"a remark that the month's report prints",
		"  --month YYYY-MM   the month that it is about\n"
		"TEXT, or stdin with -, is printed in the report as it stands; it must not name an address.\n"
		"  --json            one JSON object: that it was noted\n",
		CONFIG_NEEDED, false },
	{ "alerts", cmd_alerts, "[--all] [--json]", "what is wrong now",
		"Prints the alerts that are open: what, where, since when, the figures, and what to look at first.\n"
		"  --all     also those that are over, as long as [retention] alerts keeps them\n"
		"  --json    one JSON object a line\n"
		"The conditions and their thresholds stand in retour.ini(5); `run` looks at them and tells [alert] to and command.\n",
		CONFIG_NEEDED, false },
	{ "purge", cmd_purge, "[--dry-run] [--json]", "apply retention now",
		"  --dry-run   only say what would be deleted\n"
		"Exit code 3 when something overdue remains, or its bytes are still in the file.\n"
		"  --json      one JSON object a line for each class of data\n",
		CONFIG_NEEDED, false },
	{ "clock", cmd_clock, "[show | confirm --reason TEXT] [--json]",
		"whether the clock is believed, and that it is right",
		"A run that does not believe its clock (it went back, it is far ahead of the last run) purges nothing, moves no state and sends no report.\n"
		"  show             what the clock says, when the last run was, whether it is believed, and why not (exit code 3)\n"
		"  confirm          the clock is right: the next run goes on. --reason TEXT is required and ledgered\n"
		"  --json           one JSON object\n",
		CONFIG_NEEDED, false },
	{ "audit", cmd_audit,
		"[--format text|xml|html | --json] [--output FILE] | export DIR | verify DIR|FILE | key",
		"retention and integrity evidence",
		"  --format F        text (default), xml or html\n"
		"  --output FILE     default: stdout\n"
		"export DIR          audit, ledger and checkpoint, signed, as files to take away; DIR is made\n"
		"verify DIR|FILE     checks them: signatures, sums, the chain of the ledger. Needs neither configuration, keys nor store\n"
		"  --key FILE|RW…    the public key that you trust; default: the one that lies with the evidence\n"
		"  --head N:HASH     the ledger's head as a monthly mail printed it; more than one may be given\n"
		"  --checkpoint FILE a checkpoint of an earlier export, its signature beside it\n"
		"  --log FILE        what a log, or a command, outside has heard ([witness]): in each line the first N:HASH counts\n"
		"  --timestamps DIR  heads with their time-stamps (RFC 3161), which openssl verifies, with --tsa-ca FILE, the certificates of the authority\n"
		"key                 prints the public key, for minisign -P\n"
		"Exit code 3 when a retention or integrity promise is broken.\n"
		"  --json            one JSON object a line: each promise, each class of data\n",
		CONFIG_OPTIONAL, false },
	{ "backup", cmd_backup, "[--json] FILE", "a copy of the store while others use it",
		"Writes a copy to FILE, which must not exist. The keys are not in it. To restore, put it in the place of the store: the next run\n"
		"first erases again what was erased since. A copy older than [retention] backups is refused.\n"
		"  --json   one JSON object: the file, and until when it can be restored\n",
		CONFIG_NEEDED, false },
	{ "disclose", cmd_disclose, "[--json] [--variants] [--reference TEXT] [FILE|-]",
		"what is held about a data subject",
		"Reads one address a line from FILE or stdin, or asks for it at a terminal; addresses are never arguments. Prints for each the contact's state and\n"
		"history, all events that are kept, and how long and why each is kept.\n"
		"  --json             one JSON object a line\n"
		"  --variants         other spellings that reach the same mailbox, too: without the tag behind a '+', and at Gmail without dots and in both domains\n"
		"  --reference TEXT   the request's number or name, for the ledger, which notes counts and this\n",
		CONFIG_NEEDED, false },
	{ "forget", cmd_forget,
		"[--keep-suppression] [--variants] [--json] [--reference TEXT] [FILE|-]",
		"erase a data subject",
		"Reads one address a line as disclose does, and deletes contact and events under every key that is there; then their bytes are removed\n"
		"from the files.\n"
		"  --keep-suppression   who is never to be written to again stays so: of the contact are left state, day, reason and pseudonym\n"
		"  --variants           other spellings that reach the same mailbox, too: without the tag behind a '+', and at Gmail without dots and in both domains\n"
		"  --reference TEXT     the request's number or name, for the ledger, which notes counts and this\n"
		"Exit code 3: it is deleted, but a reader is in the way of the bytes; the next run or purge removes them.\n"
		"  --json               one JSON object: what was erased, and what is kept\n",
		CONFIG_NEEDED, false },
	{ "requests", cmd_requests, "[list] [--json] | correct NUMBER --reference TEXT",
		"the register of what data subjects asked for",
		"Lists by number what was asked for: access (disclose), erasure (forget), objection (suppress add); when, the counts, and what the request is called.\n"
		"The numbers are those of the ledger's entries. No address is in it; `audit` prints it, too.\n"
		"  --json                            one JSON object a line\n"
		"  correct NUMBER --reference TEXT   another name for a request, by a new entry; the first one stays in the ledger\n"
		"TEXT holds no address, and no name in brackets.\n",
		CONFIG_NEEDED, false },
	{ "verp", cmd_verp, "--campaign C [--unsubscribe] [--json] [FILE|-]",
		"signed return paths for the sending system",
		"Reads one address a line from FILE or stdin and prints address,return_path as CSV with a header, in the same order.\n"
		"  --campaign C   the name of the mailing: letters, digits and . _ : + -\n"
		"  --unsubscribe  instead address,list_unsubscribe: the signed address of each for the field List-Unsubscribe; [origin] unsubscribe says its form\n"
		"Each mail gets its recipient's return path as envelope sender; [origin] verp says its form. A bounce that comes back to it is verified:\n"
		"recipient and campaign are read from it, and a forged one is told apart. The first call makes the key.\n"
		"  --json         one JSON object a line\n",
		CONFIG_NEEDED, false },
	{ "key", cmd_key,
		"list | rotate [state|verp|sites] | adopt [FILE|-] | use [NAME] | "
		"retire NAME [--give-up --reason TEXT] [FILE|-] [--json]",
		"the keys of pseudonyms, return paths and sites",
		"  list          name, purpose, month, when it was made, fingerprint\n"
		"  rotate        a new key for the pseudonyms of contacts (rotate state): all are sealed under it at once, so that the old key finds nobody alone any more;\n"
		"                each contact moves to it when something is heard of it, the old key goes with the last\n"
		"                At a site of several it names all contacts, known and new, and the key before it stays\n"
		"  rotate sites  a new key for what sites tell each other, which only opens lines until it is used\n"
		"  adopt [FILE|-]  takes the state key, or that of the sites, which another site made: FILE, stdin,\n"
		"                or state-N.key or sites-N.key that was laid into the key directory.\n"
		"                Lines of a site whose key is not here yet are refused, and taken when they come again\n"
		"  use [NAME]    once all sites have it: the new key of the sites seals what this one says;\n"
		"                the former one still opens lines\n"
		"  rotate verp   a new key signs return paths; older ones still check what they signed\n"
		"  retire NAME   destroys an old key of return paths; do it when no bounce of its mails is to be expected any more\n"
		"  retire SITES-KEY  destroys a former key of the sites; refused while another site\n"
		"                was not heard to seal with the present one\n"
		"  retire STATE-KEY [FILE|-]  ends a state key that was replaced, at once: who is in FILE, one address per line, moves to the present key.\n"
		"                Where contacts are left it says how many, and how many of them are objections, and the key stays\n"
		"  --give-up --reason TEXT    forgets those who are left, objections too: they may be written to again; of a month's lost key:\n"
		"                lets its events go, which count until their period ends, and nobody is found in them;\n"
		"                of one of the sites: whoever seals with it\n"
		"  --json        one JSON object a line\n",
		CONFIG_NEEDED, false },
	{ "setup", cmd_setup,
		"[--domains LIST] [--host HOST[:PORT]] [--user NAME] [--password-file FILE | --oauth SERVICE …] "
		"[--to LIST] [--smtp HOST[:PORT]] [--ca-file FILE] [--start | --no-start] | --mailbox NAME … | --new-store",
		"a first configuration by seven questions; another mailbox; begin anew where the store is lost for good",
		"Asks for sending domains, the bounce mailbox's server, login name and password, the report's readers and mail server, and whether to start;\n"
		"tries the mailbox and the mail server, finds out their protocol and TLS, and writes the INI file, with comments, and the password's.\n"
		"What an option says is not asked; without a terminal the other answers are read from stdin, one a line. Where something does not work,\n"
		"nothing is written: exit code 1. Root tries it as the user retour.\n"
		"  --domains LIST         your sending domains\n"
		"  --host HOST[:PORT]     the mail server of the bounce mailbox\n"
		"  --user NAME            its login name\n"
		"  --password-file FILE   the password lies there already\n"
		"  --to LIST              who reads the report\n"
		"  --smtp HOST[:PORT]     the mail server that takes it\n"
		"  --ca-file FILE         CA certificates (PEM) to trust instead of the system's\n"
		"Where no password is taken (retour-oauth(7); asked for by itself at Microsoft 365 and Gmail):\n"
		"  --oauth SERVICE        microsoft, google, other, or the NAME of an [oauth NAME] that is there\n"
		"  --tenant ID            Microsoft's directory; or --token-url URL, where tokens are had\n"
		"  --client-id ID         the application, or Google's service account\n"
		"  --client-secret-file FILE, --certificate-file FILE --key-file FILE, --key-file FILE, --refresh-token-file FILE\n"
		"                         by what right; without any the secret is asked for\n"
		"  --scope WORDS          what the token is for\n"
		"Another mailbox, beside what is there, in a file of its own (/etc/retour/retour.d/NAME.ini):\n"
		"  --mailbox NAME         asks for server, login name and password, and tries them\n"
		"Else:\n"
		"  --start                enables and starts the timer; --no-start does not\n"
		"Where a store was made once and is not there, a run makes no new one: its disk may not be mounted, and a new store knows nobody who is\n"
		"not to be written to. When it is lost and there is no backup:\n"
		"  --new-store            makes a new one. The keys of the lost one are moved beside their directory, not destroyed\n",
		CONFIG_MADE, false },
	{ "doctor", cmd_doctor, "[--json]",
		"preflight: configuration, keys, store, mailboxes, TLS, SMTP, rules, clock",
		"Tries everything that a run needs and changes nothing. Exit code 1 when something does not work.\n"
		"  --json   one JSON object a line: result (ok, look, fail), what, reason\n",
		CONFIG_NEEDED, false },
	{ "status", cmd_status, "[--json]",
		"one screen: when each mailbox was read, what is open, what is next",
		"Last run, mailboxes, messages that are stuck, alerts and investigations that are open, hard bounces that are not believed, contacts by state, last month's report.\n"
		"Colours stand on a terminal only, and not where NO_COLOR is set.\n"
		"  --json   one JSON object a line, by kind: run, mailbox, stuck, alert, investigation, wave, hook, contacts, report\n",
		CONFIG_NEEDED, false },
	{ "config", cmd_config, "[--manual] | check | show [--json]",
		"print a commented sample of the INI file; what is wrong with it, what holds",
		"  --manual    the list of keys, as the manual has it\n"
		"check       reads the configuration with its drop-ins and says what is wrong: exit code 2; it touches nothing else\n"
		"show        every key with its value, and the file that it stands in\n"
		"  --json    of check one JSON object, of show one a line: section, key, value, file\n",
		CONFIG_NONE, false },
	{ "completion", NULL, "bash | zsh | fish",
		"print the script by which a shell completes retour's words",
		"bash and zsh: source <(retour completion bash); fish: retour completion fish | source. `make install` and packages put them in place.\n",
		CONFIG_NONE, false },
	{ "fetcher", cmd_fetcher, "", "", "", CONFIG_OPTIONAL, true },
	{ "parser", cmd_parser, "", "", "", CONFIG_OPTIONAL, true },
	{ "carrier", cmd_carrier, "", "", "", CONFIG_OPTIONAL, true },
	{ "logreader", cmd_logreader, "", "", "", CONFIG_OPTIONAL, true },
	{ NULL, NULL, NULL, NULL, NULL, CONFIG_NONE, true },
};
/* clang-format on */

const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}
