# Completion of retour(1) for bash; made by `retour completion bash`.
_retour()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= words= options= i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c | --config | --now) ((i++)) ;;
		-*) ;;
		*) command=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $command in
	'')
		options="-c -v -q -V --config --verbose --quiet --now --yes --version --help" words=" run poll import classify check contact suppress suppressions changes merge sites events serve volume advice report words demo-report comment alerts purge clock audit backup disclose forget requests verp key setup doctor status config completion"
		[[ $before != -c && $before != --config ]] || options= words=
		[[ $before != --now ]] || return 0 ;;
	run)
		words="" options=" --json --help"
		case "$command $before" in
	esac ;;
	poll)
		words="" options=" --dry-run --json --help"
		case "$command $before" in
	esac ;;
	import)
		words="" options=" --arrived --json --help"
		case "$command $before" in
	*" --arrived") COMPREPLY=($(compgen -W " header now" -- "$word")); return 0 ;;
	esac ;;
	classify)
		words="" options=" --plain --explain --json --help"
		case "$command $before" in
	esac ;;
	check)
		words="" options=" --json --bare --only --stream --column --header --help"
		case "$command $before" in
	*" --only") COMPREPLY=($(compgen -W " send hold suppress invalid hint" -- "$word")); return 0 ;;
	*" --stream") return 0 ;;
	*" --column") return 0 ;;
	esac ;;
	contact)
		words=" show revalidate resolve reactivate confirm undo rejudge states" options=" --json --last --reason --stream --list --provider --category --rule --reporting-mta --from --to --campaign --dry-run --help"
		case "$command $before" in
	*" --last") return 0 ;;
	*" --reason") return 0 ;;
	*" --stream") return 0 ;;
	*" --provider") return 0 ;;
	*" --category") return 0 ;;
	*" --rule") return 0 ;;
	*" --reporting-mta") return 0 ;;
	*" --from") return 0 ;;
	*" --to") return 0 ;;
	*" --campaign") return 0 ;;
	esac ;;
	suppress)
		words=" import add" options=" --json --from --as --stream --reason --dry-run --rule --only --help"
		case "$command $before" in
	*" --from") COMPREPLY=($(compgen -W " ses sendgrid mailgun postmark mailchimp brevo sparkpost listmonk mautic mailman csv" -- "$word")); return 0 ;;
	*" --as") return 0 ;;
	*" --stream") return 0 ;;
	*" --reason") return 0 ;;
	esac ;;
	suppressions)
		words="" options=" --since --stream --json --help"
		case "$command $before" in
	*" --since") return 0 ;;
	*" --stream") return 0 ;;
	esac ;;
	changes)
		words="" options=" --since --follow --all --help"
		case "$command $before" in
	*" --since") return 0 ;;
	esac ;;
	merge)
		words="" options=" --json --help"
		case "$command $before" in
	esac ;;
	sites)
		words="" options=" --json --help"
		case "$command $before" in
	esac ;;
	events)
		words="" options=" --since --json --help"
		case "$command $before" in
	*" --since") return 0 ;;
	esac ;;
	serve)
		words="" options=" --postfix --http --token-file --stream --tls --to --certificate --key --ca-file --client --help"
		case "$command $before" in
	*" --postfix") return 0 ;;
	*" --http") return 0 ;;
	*" --stream") return 0 ;;
	*" --tls") return 0 ;;
	*" --to") return 0 ;;
	*" --client") return 0 ;;
	esac ;;
	volume)
		words=" import log" options=" --source --beside-log --json --help"
		case "$command $before" in
	*" --source") return 0 ;;
	esac ;;
	advice)
		words="" options=" --json --help"
		case "$command $before" in
	esac ;;
	report)
		words="" options=" --month --format --output --send --to --help"
		case "$command $before" in
	*" --month") return 0 ;;
	*" --format") COMPREPLY=($(compgen -W " xml html text" -- "$word")); return 0 ;;
	*" --to") return 0 ;;
	esac ;;
	words)
		words="" options=" --days --margin --json --rules --explain --help"
		case "$command $before" in
	*" --days") return 0 ;;
	*" --margin") return 0 ;;
	esac ;;
	demo-report)
		words="" options=" --format --output --help"
		case "$command $before" in
	*" --format") COMPREPLY=($(compgen -W " xml html text" -- "$word")); return 0 ;;
	esac ;;
	comment)
		words="" options=" --month --json --help"
		case "$command $before" in
	*" --month") return 0 ;;
	esac ;;
	alerts)
		words="" options=" --all --json --help"
		case "$command $before" in
	esac ;;
	purge)
		words="" options=" --dry-run --json --help"
		case "$command $before" in
	esac ;;
	clock)
		words=" show confirm" options=" --reason --json --help"
		case "$command $before" in
	*" --reason") return 0 ;;
	esac ;;
	audit)
		words=" export verify key" options=" --format --json --output --key --head --checkpoint --log --timestamps --tsa-ca --help"
		case "$command $before" in
	*" --format") COMPREPLY=($(compgen -W " text xml html" -- "$word")); return 0 ;;
	*" --head") return 0 ;;
	*" --timestamps") return 0 ;;
	esac ;;
	backup)
		words="" options=" --json --help"
		case "$command $before" in
	esac ;;
	disclose)
		words="" options=" --json --variants --reference --help"
		case "$command $before" in
	*" --reference") return 0 ;;
	esac ;;
	forget)
		words="" options=" --keep-suppression --variants --json --reference --help"
		case "$command $before" in
	*" --reference") return 0 ;;
	esac ;;
	requests)
		words=" list correct" options=" --json --reference --help"
		case "$command $before" in
	*" --reference") return 0 ;;
	esac ;;
	verp)
		words="" options=" --campaign --unsubscribe --json --help"
		case "$command $before" in
	*" --campaign") return 0 ;;
	esac ;;
	key)
		words=" list rotate adopt use retire" options=" --give-up --reason --json --help"
		case "$command $before" in
	*" --reason") return 0 ;;
	esac ;;
	setup)
		words="" options=" --domains --host --user --password-file --oauth --to --smtp --ca-file --start --no-start --mailbox --new-store --tenant --token-url --client-id --client-secret-file --certificate-file --key-file --refresh-token-file --scope --help"
		case "$command $before" in
	*" --domains") return 0 ;;
	*" --host") return 0 ;;
	*" --user") return 0 ;;
	*" --oauth") return 0 ;;
	*" --to") return 0 ;;
	*" --smtp") return 0 ;;
	*" --mailbox") return 0 ;;
	*" --tenant") return 0 ;;
	*" --token-url") return 0 ;;
	*" --client-id") return 0 ;;
	*" --scope") return 0 ;;
	esac ;;
	doctor)
		words="" options=" --json --help"
		case "$command $before" in
	esac ;;
	status)
		words="" options=" --json --help"
		case "$command $before" in
	esac ;;
	config)
		words=" check show" options=" --manual --json --help"
		case "$command $before" in
	esac ;;
	completion)
		words=" bash zsh fish" options=" --help"
		case "$command $before" in
	esac ;;
	esac
	if [[ $word == -* ]]; then
		COMPREPLY=($(compgen -W "$options" -- "$word"))
	elif [[ ! $command || $before == "$command" ]]; then
		COMPREPLY=($(compgen -W "$words" -- "$word"))
	fi
	[[ ${#COMPREPLY[@]} -gt 0 || $word == -* ]] || compopt -o default 2>/dev/null
	return 0
}
complete -F _retour retour
