# Completion of retour(1) for bash, and for zsh by bashcompinit. Commands and options come from the program's own
# --help, so that it knows what the installed one knows.
_retour()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} program=${COMP_WORDS[0]} command= i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c | --now) ((i++)) ;;
		-*) ;;
		*) command=${COMP_WORDS[i]}; break ;;
		esac
	done
	if [[ $command && $word == -* ]]; then
		COMPREPLY=($(compgen -W "$("$program" "$command" --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*' | grep -vx -- --now) --help" -- "$word"))
	elif [[ $command && $before == "$command" ]]; then
		# the command's own words: "usage: retour [...] key list | rotate verp|state | retire NAME"
		COMPREPLY=($(compgen -W "$("$program" "$command" --help 2>/dev/null |
			sed -nE "1{s/.*\] $command ?//;s/\[[^]]*\]//g;s/--[a-z]+ [A-Z]+//g;s/ [a-z]+\|[a-z]+//g;y/|/\n/;p;}" | grep -oE '^ *[a-z]+' | tr -d ' ')" -- "$word"))
	elif [[ ! $command && $word == -* ]]; then
		COMPREPLY=($(compgen -W "-c -v -q --now --version --help" -- "$word"))
	elif [[ ! $command && $before != -c && $before != --now ]]; then
		COMPREPLY=($(compgen -W "$("$program" --help 2>/dev/null | sed -nE 's/^  ([a-z]+) .*/\1/p')" -- "$word"))
	fi
	[[ ${#COMPREPLY[@]} -gt 0 || $word == -* ]] || compopt -o default 2>/dev/null
	return 0
}
complete -F _retour retour
