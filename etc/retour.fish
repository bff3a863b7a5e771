# Completion of retour(1) for fish; made by `retour completion fish`.
complete -c retour -n __fish_use_subcommand -s c -rF -d 'the configuration'
complete -c retour -n __fish_use_subcommand -s v -d 'say more'
complete -c retour -n __fish_use_subcommand -s q -d 'say only errors'
complete -c retour -n '__fish_use_subcommand' -l config -rF -d 'the configuration'
complete -c retour -n '__fish_use_subcommand' -l verbose -d 'say more'
complete -c retour -n '__fish_use_subcommand' -l quiet -d 'say only errors'
complete -c retour -n '__fish_use_subcommand' -l now -x -d 'take this for the present time'
complete -c retour -n '__fish_use_subcommand' -l yes -d 'also on the store in use'
complete -c retour -n '__fish_use_subcommand' -l version -d 'print version and end'
complete -c retour -n '__fish_use_subcommand' -l help -d 'what retour takes'
complete -c retour -n __fish_use_subcommand -f -a run -d 'the scheduled job: poll, states, retention, alerts, last month\'s report'
complete -c retour -n '__fish_seen_subcommand_from run' -l json -d 'one JSON object a line: what was read of each mailbox'
complete -c retour -n __fish_use_subcommand -f -a poll -d 'only fetch, classify, store, settle'
complete -c retour -n '__fish_seen_subcommand_from poll' -l dry-run -d 'read and classify, but touch neither the store nor the mailbox'
complete -c retour -n '__fish_seen_subcommand_from poll' -l json -d 'one JSON object a line: what was read of each mailbox'
complete -c retour -n __fish_use_subcommand -f -a import -d 'the same for files'
complete -c retour -n '__fish_seen_subcommand_from import' -l arrived -x -a ' header now' -d 'now      it arrives now'
complete -c retour -n '__fish_seen_subcommand_from import' -l json -d 'one JSON object: what was read'
complete -c retour -n __fish_use_subcommand -f -a classify -d 'print events as JSON lines; stores nothing'
complete -c retour -n '__fish_seen_subcommand_from classify' -l plain -d 'with addresses, message ids and the full diagnostic text'
complete -c retour -n '__fish_seen_subcommand_from classify' -l explain -d 'say on stderr what was seen of each event, how much it weighs, and which rule won (*)'
complete -c retour -n '__fish_seen_subcommand_from classify' -l json -d 'as it is: one JSON object a line'
complete -c retour -n __fish_use_subcommand -f -a check -d 'addresses in, verdicts out: send, hold until T, suppress'
complete -c retour -n '__fish_seen_subcommand_from check' -l json -d 'one JSON object a line'
complete -c retour -n '__fish_seen_subcommand_from check' -l bare -d 'only the lines as they came, which goes with --only'
complete -c retour -n '__fish_seen_subcommand_from check' -l only -x -a ' send hold suppress invalid hint' -d 'hint      only those with a hint, which decides nothing: typo:gmail.com (one letter beside a large provider\'s domain), no-domain, syntax:comma,'
complete -c retour -n '__fish_seen_subcommand_from check' -l stream -x -d 'for mail of the [stream S]: complaints and opt-outs about other streams do not count. Without it any counts.'
complete -c retour -n '__fish_seen_subcommand_from check' -l column -x -d 'in its N-th column; with --header the first line is one'
complete -c retour -n '__fish_seen_subcommand_from check' -l header
complete -c retour -n __fish_use_subcommand -f -a contact -d 'what is known of a recipient; an operator\'s moves'
complete -c retour -n '__fish_seen_subcommand_from contact' -f -a show
complete -c retour -n '__fish_seen_subcommand_from contact' -f -a revalidate
complete -c retour -n '__fish_seen_subcommand_from contact' -f -a resolve
complete -c retour -n '__fish_seen_subcommand_from contact' -f -a reactivate
complete -c retour -n '__fish_seen_subcommand_from contact' -f -a confirm
complete -c retour -n '__fish_seen_subcommand_from contact' -f -a undo
complete -c retour -n '__fish_seen_subcommand_from contact' -f -a rejudge
complete -c retour -n '__fish_seen_subcommand_from contact' -f -a states
complete -c retour -n '__fish_seen_subcommand_from contact' -l json -d 'behind any of these: one JSON object a line, with what was moved'
complete -c retour -n '__fish_seen_subcommand_from contact' -l last -x
complete -c retour -n '__fish_seen_subcommand_from contact' -l reason -x
complete -c retour -n '__fish_seen_subcommand_from contact' -l stream -x
complete -c retour -n '__fish_seen_subcommand_from contact' -l list
complete -c retour -n '__fish_seen_subcommand_from contact' -l provider -x
complete -c retour -n '__fish_seen_subcommand_from contact' -l category -x
complete -c retour -n '__fish_seen_subcommand_from contact' -l rule -x
complete -c retour -n '__fish_seen_subcommand_from contact' -l reporting-mta -x
complete -c retour -n '__fish_seen_subcommand_from contact' -l from -x
complete -c retour -n '__fish_seen_subcommand_from contact' -l to -x
complete -c retour -n '__fish_seen_subcommand_from contact' -l campaign -x
complete -c retour -n '__fish_seen_subcommand_from contact' -l dry-run
complete -c retour -n __fish_use_subcommand -f -a suppress -d 'take over whom another system knows not to write to'
complete -c retour -n '__fish_seen_subcommand_from suppress' -f -a import
complete -c retour -n '__fish_seen_subcommand_from suppress' -f -a add
complete -c retour -n '__fish_seen_subcommand_from suppress' -l json -d 'one JSON object: what was taken over'
complete -c retour -n '__fish_seen_subcommand_from suppress' -l from -x -a ' ses sendgrid mailgun postmark mailchimp brevo sparkpost listmonk mautic mailman csv'
complete -c retour -n '__fish_seen_subcommand_from suppress' -l as -x -d 'what entries are whose list does not say why: hard, complaint, opt-out or soft'
complete -c retour -n '__fish_seen_subcommand_from suppress' -l stream -x -d 'its complaints and opt-outs are about mail of the [stream S] only; hard and soft are for all'
complete -c retour -n '__fish_seen_subcommand_from suppress' -l reason -x -d 'noted in the ledger with the counts; add wants it'
complete -c retour -n '__fish_seen_subcommand_from suppress' -l dry-run -d 'only say what would be taken over'
complete -c retour -n '__fish_seen_subcommand_from suppress' -l rule
complete -c retour -n '__fish_seen_subcommand_from suppress' -l only
complete -c retour -n __fish_use_subcommand -f -a suppressions -d 'the same answers by pseudonym, for a system that holds the key'
complete -c retour -n '__fish_seen_subcommand_from suppressions' -l since -x -d 'only those of whom something was heard, or whose state changed, on that day (UTC) or later;'
complete -c retour -n '__fish_seen_subcommand_from suppressions' -l stream -x -d 'the answers for mail of the [stream S], as check gives them'
complete -c retour -n '__fish_seen_subcommand_from suppressions' -l json -d 'one JSON object a line'
complete -c retour -n __fish_use_subcommand -f -a changes -d 'what this site knows, as lines for the other sites'
complete -c retour -n '__fish_seen_subcommand_from changes' -l since -x -d 'what changed since then; without it everything. A line may come again'
complete -c retour -n '__fish_seen_subcommand_from changes' -l follow -d 'goes on: looks every second, and says "until" once a minute'
complete -c retour -n '__fish_seen_subcommand_from changes' -l all -d 'also what other sites have said, for a site that begins anew'
complete -c retour -n __fish_use_subcommand -f -a merge -d 'takes the lines of other sites in'
complete -c retour -n '__fish_seen_subcommand_from merge' -l json -d 'one JSON object: how many lines were new, known, refused'
complete -c retour -n __fish_use_subcommand -f -a sites -d 'the sites that are known, and until when'
complete -c retour -n '__fish_seen_subcommand_from sites' -l json -d 'one JSON object a line'
complete -c retour -n __fish_use_subcommand -f -a events -d 'what was stored, as lines for a warehouse elsewhere'
complete -c retour -n '__fish_seen_subcommand_from events' -l since -x -d 'only days that have another number of events than then, each as a whole; without it everything'
complete -c retour -n '__fish_seen_subcommand_from events' -l json -d 'as it is: one JSON object a line'
complete -c retour -n __fish_use_subcommand -f -a serve -d 'the same for a mail server, or for programs over HTTP'
complete -c retour -n '__fish_seen_subcommand_from serve' -l postfix -x -d '/path of a UNIX socket, a loopback ADDRESS:PORT, or systemd: the one that it passes'
complete -c retour -n '__fish_seen_subcommand_from serve' -l http -x -d 'HTTP/1.1 for programs: POST /check with {"address": …} or {"addresses": […]}, GET /healthz, GET /metrics'
complete -c retour -n '__fish_seen_subcommand_from serve' -l token-file -rF -d 'who asks must show what stands in it (Authorization: Bearer …); wanted for an ADDRESS:PORT, where anybody may connect'
complete -c retour -n '__fish_seen_subcommand_from serve' -l stream -x -d 'answers are for mail of the [stream S]; over HTTP "stream" in the question names another'
complete -c retour -n '__fish_seen_subcommand_from serve' -l tls -x -d 'for other hosts: TLS with certificates of both sides before the UNIX socket of a `retour serve`,'
complete -c retour -n '__fish_seen_subcommand_from serve' -l to -x -d '--certificate FILE, --key FILE, --ca-file FILE (who signs those of the clients), and'
complete -c retour -n '__fish_seen_subcommand_from serve' -l certificate -rF
complete -c retour -n '__fish_seen_subcommand_from serve' -l key -rF
complete -c retour -n '__fish_seen_subcommand_from serve' -l ca-file -rF
complete -c retour -n '__fish_seen_subcommand_from serve' -l client -x -d 'whose certificate has this DNS name may ask; one for each client'
complete -c retour -n __fish_use_subcommand -f -a volume -d 'how much was sent: what makes rates of counts'
complete -c retour -n '__fish_seen_subcommand_from volume' -f -a import
complete -c retour -n '__fish_seen_subcommand_from volume' -f -a log
complete -c retour -n '__fish_seen_subcommand_from volume' -l source -x -d 'where the counts come from; a later file of the same source replaces the days that it has (default: import)'
complete -c retour -n '__fish_seen_subcommand_from volume' -l beside-log -d 'this mail is in no log that is counted; else a day\'s file takes the place of what its logs say was sent'
complete -c retour -n '__fish_seen_subcommand_from volume' -l json -d 'one JSON object: what was counted'
complete -c retour -n __fish_use_subcommand -f -a advice -d 'how fast to send to each provider'
complete -c retour -n '__fish_seen_subcommand_from advice' -l json -d 'one JSON object a line'
complete -c retour -n __fish_use_subcommand -f -a report -d 'the monthly report'
complete -c retour -n '__fish_seen_subcommand_from report' -l month -x -d 'default: last month'
complete -c retour -n '__fish_seen_subcommand_from report' -l format -x -a ' xml html text' -d 'xml, html or text (default)'
complete -c retour -n '__fish_seen_subcommand_from report' -l output -rF -d 'default: stdout'
complete -c retour -n '__fish_seen_subcommand_from report' -l send -d 'mail it to the readers in [report] to, now'
complete -c retour -n '__fish_seen_subcommand_from report' -l to -x -d 'only to this reader instead, as a test; may stand several times. `run` still sends the month\'s report when it is due'
complete -c retour -n __fish_use_subcommand -f -a words -d 'answers that no rule knew, redacted and counted'
complete -c retour -n '__fish_seen_subcommand_from words' -l days -x -d 'of the last N days, default 30; the words themselves go with [retention] diagnostics'
complete -c retour -n '__fish_seen_subcommand_from words' -l margin -x -d 'decided by less than N, default 100: retour classify --explain shows margins'
complete -c retour -n '__fish_seen_subcommand_from words' -l json -d 'one JSON object a line'
complete -c retour -n '__fish_seen_subcommand_from words' -l rules -d 'as sections for rules.ini; the category is yours to fill in'
complete -c retour -n '__fish_seen_subcommand_from words' -l explain
complete -c retour -n __fish_use_subcommand -f -a demo-report -d 'the report on invented figures'
complete -c retour -n '__fish_seen_subcommand_from demo-report' -l format -x -a ' xml html text' -d 'xml, html or text (default)'
complete -c retour -n '__fish_seen_subcommand_from demo-report' -l output -rF -d 'default: stdout'
complete -c retour -n __fish_use_subcommand -f -a comment -d 'a remark that the month\'s report prints'
complete -c retour -n '__fish_seen_subcommand_from comment' -l month -x -d 'the month that it is about'
complete -c retour -n '__fish_seen_subcommand_from comment' -l json -d 'one JSON object: that it was noted'
complete -c retour -n __fish_use_subcommand -f -a alerts -d 'what is wrong now'
complete -c retour -n '__fish_seen_subcommand_from alerts' -l all -d 'also those that are over, as long as [retention] alerts keeps them'
complete -c retour -n '__fish_seen_subcommand_from alerts' -l json -d 'one JSON object a line'
complete -c retour -n __fish_use_subcommand -f -a purge -d 'apply retention now'
complete -c retour -n '__fish_seen_subcommand_from purge' -l dry-run -d 'only say what would be deleted'
complete -c retour -n '__fish_seen_subcommand_from purge' -l json -d 'one JSON object a line for each class of data'
complete -c retour -n __fish_use_subcommand -f -a clock -d 'whether the clock is believed, and that it is right'
complete -c retour -n '__fish_seen_subcommand_from clock' -f -a show
complete -c retour -n '__fish_seen_subcommand_from clock' -f -a confirm
complete -c retour -n '__fish_seen_subcommand_from clock' -l reason -x
complete -c retour -n '__fish_seen_subcommand_from clock' -l json -d 'one JSON object'
complete -c retour -n __fish_use_subcommand -f -a audit -d 'retention and integrity evidence'
complete -c retour -n '__fish_seen_subcommand_from audit' -f -a export
complete -c retour -n '__fish_seen_subcommand_from audit' -f -a verify
complete -c retour -n '__fish_seen_subcommand_from audit' -f -a key
complete -c retour -n '__fish_seen_subcommand_from audit' -l format -x -a ' text xml html' -d 'text (default), xml or html'
complete -c retour -n '__fish_seen_subcommand_from audit' -l json -d 'one JSON object a line: each promise, each class of data'
complete -c retour -n '__fish_seen_subcommand_from audit' -l output -rF -d 'default: stdout'
complete -c retour -n '__fish_seen_subcommand_from audit' -l key -rF -d 'the public key that you trust; default: the one that lies with the evidence'
complete -c retour -n '__fish_seen_subcommand_from audit' -l head -x -d 'the ledger\'s head as a monthly mail printed it; more than one may be given'
complete -c retour -n '__fish_seen_subcommand_from audit' -l checkpoint -rF -d 'a checkpoint of an earlier export, its signature beside it'
complete -c retour -n '__fish_seen_subcommand_from audit' -l log -rF -d 'what a log, or a command, outside has heard ([witness]): in each line the first N:HASH counts'
complete -c retour -n '__fish_seen_subcommand_from audit' -l timestamps -x -d 'heads with their time-stamps (RFC 3161), which openssl verifies, with --tsa-ca FILE, the certificates of the authority'
complete -c retour -n '__fish_seen_subcommand_from audit' -l tsa-ca -rF
complete -c retour -n __fish_use_subcommand -f -a backup -d 'a copy of the store while others use it'
complete -c retour -n '__fish_seen_subcommand_from backup' -l json -d 'one JSON object: the file, and until when it can be restored'
complete -c retour -n __fish_use_subcommand -f -a disclose -d 'what is held about a data subject'
complete -c retour -n '__fish_seen_subcommand_from disclose' -l json -d 'one JSON object a line'
complete -c retour -n '__fish_seen_subcommand_from disclose' -l variants -d 'other spellings that reach the same mailbox, too: without the tag behind a \'+\', and at Gmail without dots and in both domains'
complete -c retour -n '__fish_seen_subcommand_from disclose' -l reference -x -d 'the request\'s number or name, for the ledger, which notes counts and this'
complete -c retour -n __fish_use_subcommand -f -a forget -d 'erase a data subject'
complete -c retour -n '__fish_seen_subcommand_from forget' -l keep-suppression -d 'who is never to be written to again stays so: of the contact are left state, day, reason and pseudonym'
complete -c retour -n '__fish_seen_subcommand_from forget' -l variants -d 'other spellings that reach the same mailbox, too: without the tag behind a \'+\', and at Gmail without dots and in both domains'
complete -c retour -n '__fish_seen_subcommand_from forget' -l json -d 'one JSON object: what was erased, and what is kept'
complete -c retour -n '__fish_seen_subcommand_from forget' -l reference -x -d 'the request\'s number or name, for the ledger, which notes counts and this'
complete -c retour -n __fish_use_subcommand -f -a requests -d 'the register of what data subjects asked for'
complete -c retour -n '__fish_seen_subcommand_from requests' -f -a list
complete -c retour -n '__fish_seen_subcommand_from requests' -f -a correct
complete -c retour -n '__fish_seen_subcommand_from requests' -l json -d 'one JSON object a line'
complete -c retour -n '__fish_seen_subcommand_from requests' -l reference -x
complete -c retour -n __fish_use_subcommand -f -a verp -d 'signed return paths for the sending system'
complete -c retour -n '__fish_seen_subcommand_from verp' -l campaign -x -d 'the name of the mailing: letters, digits and . _ : + -'
complete -c retour -n '__fish_seen_subcommand_from verp' -l unsubscribe -d 'instead address,list_unsubscribe: the signed address of each for the field List-Unsubscribe; [origin] unsubscribe says its form'
complete -c retour -n '__fish_seen_subcommand_from verp' -l json -d 'one JSON object a line'
complete -c retour -n __fish_use_subcommand -f -a key -d 'the keys of pseudonyms, return paths and sites'
complete -c retour -n '__fish_seen_subcommand_from key' -f -a list
complete -c retour -n '__fish_seen_subcommand_from key' -f -a rotate
complete -c retour -n '__fish_seen_subcommand_from key' -f -a adopt
complete -c retour -n '__fish_seen_subcommand_from key' -f -a use
complete -c retour -n '__fish_seen_subcommand_from key' -f -a retire
complete -c retour -n '__fish_seen_subcommand_from key' -l give-up -d '--reason TEXT    forgets those who are left, objections too: they may be written to again; of a month\'s lost key:'
complete -c retour -n '__fish_seen_subcommand_from key' -l reason -x
complete -c retour -n '__fish_seen_subcommand_from key' -l json -d 'one JSON object a line'
complete -c retour -n __fish_use_subcommand -f -a setup -d 'a first configuration by seven questions; another mailbox; begin anew where the store is lost for good'
complete -c retour -n '__fish_seen_subcommand_from setup' -l domains -x -d 'your sending domains'
complete -c retour -n '__fish_seen_subcommand_from setup' -l host -x -d ']     the mail server of the bounce mailbox'
complete -c retour -n '__fish_seen_subcommand_from setup' -l user -x -d 'its login name'
complete -c retour -n '__fish_seen_subcommand_from setup' -l password-file -rF -d 'the password lies there already'
complete -c retour -n '__fish_seen_subcommand_from setup' -l oauth -x -d 'microsoft, google, other, or the NAME of an [oauth NAME] that is there'
complete -c retour -n '__fish_seen_subcommand_from setup' -l to -x -d 'who reads the report'
complete -c retour -n '__fish_seen_subcommand_from setup' -l smtp -x -d ']     the mail server that takes it'
complete -c retour -n '__fish_seen_subcommand_from setup' -l ca-file -rF -d 'CA certificates (PEM) to trust instead of the system\'s'
complete -c retour -n '__fish_seen_subcommand_from setup' -l start -d 'enables and starts the timer; --no-start does not'
complete -c retour -n '__fish_seen_subcommand_from setup' -l no-start
complete -c retour -n '__fish_seen_subcommand_from setup' -l mailbox -x -d 'asks for server, login name and password, and tries them'
complete -c retour -n '__fish_seen_subcommand_from setup' -l new-store -d 'makes a new one. The keys of the lost one are moved beside their directory, not destroyed'
complete -c retour -n '__fish_seen_subcommand_from setup' -l tenant -x -d 'Microsoft\'s directory; or --token-url URL, where tokens are had'
complete -c retour -n '__fish_seen_subcommand_from setup' -l token-url -x
complete -c retour -n '__fish_seen_subcommand_from setup' -l client-id -x -d 'the application, or Google\'s service account'
complete -c retour -n '__fish_seen_subcommand_from setup' -l client-secret-file -rF -d '--certificate-file FILE --key-file FILE, --key-file FILE, --refresh-token-file FILE'
complete -c retour -n '__fish_seen_subcommand_from setup' -l certificate-file -rF
complete -c retour -n '__fish_seen_subcommand_from setup' -l key-file -rF
complete -c retour -n '__fish_seen_subcommand_from setup' -l refresh-token-file -rF
complete -c retour -n '__fish_seen_subcommand_from setup' -l scope -x -d 'what the token is for'
complete -c retour -n __fish_use_subcommand -f -a doctor -d 'preflight: configuration, keys, store, mailboxes, TLS, SMTP, rules, clock'
complete -c retour -n '__fish_seen_subcommand_from doctor' -l json -d 'one JSON object a line: result (ok, look, fail), what, reason'
complete -c retour -n __fish_use_subcommand -f -a status -d 'one screen: when each mailbox was read, what is open, what is next'
complete -c retour -n '__fish_seen_subcommand_from status' -l json -d 'one JSON object a line, by kind: run, mailbox, stuck, alert, investigation, wave, hook, contacts, report'
complete -c retour -n __fish_use_subcommand -f -a config -d 'print a commented sample of the INI file; what is wrong with it, what holds'
complete -c retour -n '__fish_seen_subcommand_from config' -f -a check
complete -c retour -n '__fish_seen_subcommand_from config' -f -a show
complete -c retour -n '__fish_seen_subcommand_from config' -l manual -d 'the list of keys, as the manual has it'
complete -c retour -n '__fish_seen_subcommand_from config' -l json -d 'of check one JSON object, of show one a line: section, key, value, file'
complete -c retour -n __fish_use_subcommand -f -a completion -d 'print the script by which a shell completes retour\'s words'
complete -c retour -n '__fish_seen_subcommand_from completion' -f -a bash
complete -c retour -n '__fish_seen_subcommand_from completion' -f -a zsh
complete -c retour -n '__fish_seen_subcommand_from completion' -f -a fish
