#compdef retour
# Completion of retour(1) for zsh; made by `retour completion zsh`.
_retour()
{
	local context state line
	local -a commands
	commands=(
		'run:the scheduled job\: poll, states, retention, alerts, last month'\''s report'
		'poll:only fetch, classify, store, settle'
		'import:the same for files'
		'classify:print events as JSON lines; stores nothing'
		'check:addresses in, verdicts out\: send, hold until T, suppress'
		'contact:what is known of a recipient; an operator'\''s moves'
		'suppress:take over whom another system knows not to write to'
		'suppressions:the same answers by pseudonym, for a system that holds the key'
		'changes:what this site knows, as lines for the other sites'
		'merge:takes the lines of other sites in'
		'sites:the sites that are known, and until when'
		'events:what was stored, as lines for a warehouse elsewhere'
		'serve:the same for a mail server, or for programs over HTTP'
		'volume:how much was sent\: what makes rates of counts'
		'advice:how fast to send to each provider'
		'report:the monthly report'
		'words:answers that no rule knew, redacted and counted'
		'demo-report:the report on invented figures'
		'comment:a remark that the month'\''s report prints'
		'alerts:what is wrong now'
		'purge:apply retention now'
		'clock:whether the clock is believed, and that it is right'
		'audit:retention and integrity evidence'
		'backup:a copy of the store while others use it'
		'disclose:what is held about a data subject'
		'forget:erase a data subject'
		'requests:the register of what data subjects asked for'
		'verp:signed return paths for the sending system'
		'key:the keys of pseudonyms, return paths and sites'
		'setup:a first configuration by seven questions; another mailbox; begin anew where the store is lost for good'
		'doctor:preflight\: configuration, keys, store, mailboxes, TLS, SMTP, rules, clock'
		'status:one screen\: when each mailbox was read, what is open, what is next'
		'config:print a commented sample of the INI file; what is wrong with it, what holds'
		'completion:print the script by which a shell completes retour'\''s words'
	)
	_arguments -C '-c[the configuration]:file:_files' '*-v[say more]' '-q[say only errors]' '-V[print version and end]' \
			'*--config[the configuration]:FILE:_files' \
			'*--verbose[say more]' \
			'*--quiet[say only errors]' \
			'*--now[take this for the present time]:RFC:' \
			'*--yes[also on the store in use]' \
			'*--version[print version and end]' \
			'*--help[what retour takes]' \
			'1:command:->command' '*::argument:->argument'
	case $state in
	command) _describe command commands ;;
	argument)
		case $line[1] in
		run)
		_arguments '--help[what it takes]' \
			'*--json[one JSON object a line\: what was read of each mailbox]' '*:file:_files' ;;
		poll)
		_arguments '--help[what it takes]' \
			'*--dry-run[read and classify, but touch neither the store nor the mailbox]' \
			'*--json[one JSON object a line\: what was read of each mailbox]' '*:file:_files' ;;
		import)
		_arguments '--help[what it takes]' \
			'*--arrived[now      it arrives now]:value:( header now)' \
			'*--json[one JSON object\: what was read]' '*:file:_files' ;;
		classify)
		_arguments '--help[what it takes]' \
			'*--plain[with addresses, message ids and the full diagnostic text]' \
			'*--explain[say on stderr what was seen of each event, how much it weighs, and which rule won (*)]' \
			'*--json[as it is\: one JSON object a line]' '*:file:_files' ;;
		check)
		_arguments '--help[what it takes]' \
			'*--json[one JSON object a line]' \
			'*--bare[only the lines as they came, which goes with --only]' \
			'*--only[hint      only those with a hint, which decides nothing\: typo\:gmail.com (one letter beside a large provider'\''s domain), no-domain, syntax\:comma,]:value:( send hold suppress invalid hint)' \
			'*--stream[for mail of the \[stream S\]\: complaints and opt-outs about other streams do not count. Without it any counts.]:S:' \
			'*--column[in its N-th column; with --header the first line is one]:NAME:' \
			'*--header[]' '*:file:_files' ;;
		contact)
		_arguments '--help[what it takes]' \
			'*--json[behind any of these\: one JSON object a line, with what was moved]' \
			'*--last[]:N:' \
			'*--reason[]:TEXT:' \
			'*--stream[]:S:' \
			'*--list[]' \
			'*--provider[]:P:' \
			'*--category[]:C:' \
			'*--rule[]:R:' \
			'*--reporting-mta[]:M:' \
			'*--from[]:DAY:' \
			'*--to[]:DAY:' \
			'*--campaign[]:C:' \
			'*--dry-run[]' \
			'1:what:( show revalidate resolve reactivate confirm undo rejudge states)' '*:file:_files' ;;
		suppress)
		_arguments '--help[what it takes]' \
			'*--json[one JSON object\: what was taken over]' \
			'*--from[]:value:( ses sendgrid mailgun postmark mailchimp brevo sparkpost listmonk mautic mailman csv)' \
			'*--as[what entries are whose list does not say why\: hard, complaint, opt-out or soft]:KIND:' \
			'*--stream[its complaints and opt-outs are about mail of the \[stream S\] only; hard and soft are for all]:S:' \
			'*--reason[noted in the ledger with the counts; add wants it]:TEXT:' \
			'*--dry-run[only say what would be taken over]' \
			'*--rule[]' \
			'*--only[]' \
			'1:what:( import add)' '*:file:_files' ;;
		suppressions)
		_arguments '--help[what it takes]' \
			'*--since[only those of whom something was heard, or whose state changed, on that day (UTC) or later;]:TIME:' \
			'*--stream[the answers for mail of the \[stream S\], as check gives them]:S:' \
			'*--json[one JSON object a line]' '*:file:_files' ;;
		changes)
		_arguments '--help[what it takes]' \
			'*--since[what changed since then; without it everything. A line may come again]:CURSOR:' \
			'*--follow[goes on\: looks every second, and says "until" once a minute]' \
			'*--all[also what other sites have said, for a site that begins anew]' '*:file:_files' ;;
		merge)
		_arguments '--help[what it takes]' \
			'*--json[one JSON object\: how many lines were new, known, refused]' '*:file:_files' ;;
		sites)
		_arguments '--help[what it takes]' \
			'*--json[one JSON object a line]' '*:file:_files' ;;
		events)
		_arguments '--help[what it takes]' \
			'*--since[only days that have another number of events than then, each as a whole; without it everything]:CURSOR:' \
			'*--json[as it is\: one JSON object a line]' '*:file:_files' ;;
		serve)
		_arguments '--help[what it takes]' \
			'*--postfix[/path of a UNIX socket, a loopback ADDRESS\:PORT, or systemd\: the one that it passes]:SOCKET:' \
			'*--http[HTTP/1.1 for programs\: POST /check with {"address"\: …} or {"addresses"\: \[…\]}, GET /healthz, GET /metrics]:SOCKET:' \
			'*--token-file[who asks must show what stands in it (Authorization\: Bearer …); wanted for an ADDRESS\:PORT, where anybody may connect]:FILE:_files' \
			'*--stream[answers are for mail of the \[stream S\]; over HTTP "stream" in the question names another]:S:' \
			'*--tls[for other hosts\: TLS with certificates of both sides before the UNIX socket of a `retour serve`,]:ADDRESS:' \
			'*--to[--certificate FILE, --key FILE, --ca-file FILE (who signs those of the clients), and]:SOCKET:' \
			'*--certificate[]:FILE:_files' \
			'*--key[]:FILE:_files' \
			'*--ca-file[]:FILE:_files' \
			'*--client[whose certificate has this DNS name may ask; one for each client]:NAME:' '*:file:_files' ;;
		volume)
		_arguments '--help[what it takes]' \
			'*--source[where the counts come from; a later file of the same source replaces the days that it has (default\: import)]:NAME:' \
			'*--beside-log[this mail is in no log that is counted; else a day'\''s file takes the place of what its logs say was sent]' \
			'*--json[one JSON object\: what was counted]' \
			'1:what:( import log)' '*:file:_files' ;;
		advice)
		_arguments '--help[what it takes]' \
			'*--json[one JSON object a line]' '*:file:_files' ;;
		report)
		_arguments '--help[what it takes]' \
			'*--month[default\: last month]:YYYY-MM:' \
			'*--format[xml, html or text (default)]:value:( xml html text)' \
			'*--output[default\: stdout]:FILE:_files' \
			'*--send[mail it to the readers in \[report\] to, now]' \
			'*--to[only to this reader instead, as a test; may stand several times. `run` still sends the month'\''s report when it is due]:ADDRESS:' '*:file:_files' ;;
		words)
		_arguments '--help[what it takes]' \
			'*--days[of the last N days, default 30; the words themselves go with \[retention\] diagnostics]:N:' \
			'*--margin[decided by less than N, default 100\: retour classify --explain shows margins]:N:' \
			'*--json[one JSON object a line]' \
			'*--rules[as sections for rules.ini; the category is yours to fill in]' \
			'*--explain[]' '*:file:_files' ;;
		demo-report)
		_arguments '--help[what it takes]' \
			'*--format[xml, html or text (default)]:value:( xml html text)' \
			'*--output[default\: stdout]:FILE:_files' '*:file:_files' ;;
		comment)
		_arguments '--help[what it takes]' \
			'*--month[the month that it is about]:YYYY-MM:' \
			'*--json[one JSON object\: that it was noted]' '*:file:_files' ;;
		alerts)
		_arguments '--help[what it takes]' \
			'*--all[also those that are over, as long as \[retention\] alerts keeps them]' \
			'*--json[one JSON object a line]' '*:file:_files' ;;
		purge)
		_arguments '--help[what it takes]' \
			'*--dry-run[only say what would be deleted]' \
			'*--json[one JSON object a line for each class of data]' '*:file:_files' ;;
		clock)
		_arguments '--help[what it takes]' \
			'*--reason[]:TEXT:' \
			'*--json[one JSON object]' \
			'1:what:( show confirm)' '*:file:_files' ;;
		audit)
		_arguments '--help[what it takes]' \
			'*--format[text (default), xml or html]:value:( text xml html)' \
			'*--json[one JSON object a line\: each promise, each class of data]' \
			'*--output[default\: stdout]:FILE:_files' \
			'*--key[the public key that you trust; default\: the one that lies with the evidence]:FILE:_files' \
			'*--head[the ledger'\''s head as a monthly mail printed it; more than one may be given]:N:' \
			'*--checkpoint[a checkpoint of an earlier export, its signature beside it]:FILE:_files' \
			'*--log[what a log, or a command, outside has heard (\[witness\])\: in each line the first N\:HASH counts]:FILE:_files' \
			'*--timestamps[heads with their time-stamps (RFC 3161), which openssl verifies, with --tsa-ca FILE, the certificates of the authority]:DIR:' \
			'*--tsa-ca[]:FILE:_files' \
			'1:what:( export verify key)' '*:file:_files' ;;
		backup)
		_arguments '--help[what it takes]' \
			'*--json[one JSON object\: the file, and until when it can be restored]' '*:file:_files' ;;
		disclose)
		_arguments '--help[what it takes]' \
			'*--json[one JSON object a line]' \
			'*--variants[other spellings that reach the same mailbox, too\: without the tag behind a '\''+'\'', and at Gmail without dots and in both domains]' \
			'*--reference[the request'\''s number or name, for the ledger, which notes counts and this]:TEXT:' '*:file:_files' ;;
		forget)
		_arguments '--help[what it takes]' \
			'*--keep-suppression[who is never to be written to again stays so\: of the contact are left state, day, reason and pseudonym]' \
			'*--variants[other spellings that reach the same mailbox, too\: without the tag behind a '\''+'\'', and at Gmail without dots and in both domains]' \
			'*--json[one JSON object\: what was erased, and what is kept]' \
			'*--reference[the request'\''s number or name, for the ledger, which notes counts and this]:TEXT:' '*:file:_files' ;;
		requests)
		_arguments '--help[what it takes]' \
			'*--json[one JSON object a line]' \
			'*--reference[]:TEXT:' \
			'1:what:( list correct)' '*:file:_files' ;;
		verp)
		_arguments '--help[what it takes]' \
			'*--campaign[the name of the mailing\: letters, digits and . _ \: + -]:C:' \
			'*--unsubscribe[instead address,list_unsubscribe\: the signed address of each for the field List-Unsubscribe; \[origin\] unsubscribe says its form]' \
			'*--json[one JSON object a line]' '*:file:_files' ;;
		key)
		_arguments '--help[what it takes]' \
			'*--give-up[--reason TEXT    forgets those who are left, objections too\: they may be written to again; of a month'\''s lost key\:]' \
			'*--reason[]:TEXT:' \
			'*--json[one JSON object a line]' \
			'1:what:( list rotate adopt use retire)' '*:file:_files' ;;
		setup)
		_arguments '--help[what it takes]' \
			'*--domains[your sending domains]:LIST:' \
			'*--host[\]     the mail server of the bounce mailbox]:HOST:' \
			'*--user[its login name]:NAME:' \
			'*--password-file[the password lies there already]:FILE:_files' \
			'*--oauth[microsoft, google, other, or the NAME of an \[oauth NAME\] that is there]:SERVICE:' \
			'*--to[who reads the report]:LIST:' \
			'*--smtp[\]     the mail server that takes it]:HOST:' \
			'*--ca-file[CA certificates (PEM) to trust instead of the system'\''s]:FILE:_files' \
			'*--start[enables and starts the timer; --no-start does not]' \
			'*--no-start[]' \
			'*--mailbox[asks for server, login name and password, and tries them]:NAME:' \
			'*--new-store[makes a new one. The keys of the lost one are moved beside their directory, not destroyed]' \
			'*--tenant[Microsoft'\''s directory; or --token-url URL, where tokens are had]:ID:' \
			'*--token-url[]:URL:' \
			'*--client-id[the application, or Google'\''s service account]:ID:' \
			'*--client-secret-file[--certificate-file FILE --key-file FILE, --key-file FILE, --refresh-token-file FILE]:FILE:_files' \
			'*--certificate-file[]:FILE:_files' \
			'*--key-file[]:FILE:_files' \
			'*--refresh-token-file[]:FILE:_files' \
			'*--scope[what the token is for]:WORDS:' '*:file:_files' ;;
		doctor)
		_arguments '--help[what it takes]' \
			'*--json[one JSON object a line\: result (ok, look, fail), what, reason]' '*:file:_files' ;;
		status)
		_arguments '--help[what it takes]' \
			'*--json[one JSON object a line, by kind\: run, mailbox, stuck, alert, investigation, wave, hook, contacts, report]' '*:file:_files' ;;
		config)
		_arguments '--help[what it takes]' \
			'*--manual[the list of keys, as the manual has it]' \
			'*--json[of check one JSON object, of show one a line\: section, key, value, file]' \
			'1:what:( check show)' '*:file:_files' ;;
		completion)
		_arguments '--help[what it takes]' \
			'1:what:( bash zsh fish)' '*:file:_files' ;;
		esac ;;
	esac
}
[[ $funcstack[1] != _retour ]] || _retour "$@"
