/*
 * completion: the scripts by which shells complete retour's words, printed from the table of
 * commands. Subcommands and options are read out of the texts that `COMMAND --help` prints, so that
 * what is told there is what is completed; etc/retour.bash, .zsh and .fish are kept equal by a
 * test.
 */
#include "poller/command/completion.h"

#include <ctype.h>
#include <getopt.h>
#include <string.h>
#include "classify/base/span.h"

enum { OFFERED_MAX = 32, WORDS_MAX = 16 };

/* An option of a command: its value's name as the help has it ("FILE", "xml|html|text"), "" where
 * it has none. */
struct offered {
	struct span name, value, help;
};

struct offer {
	struct offered option[OFFERED_MAX];
	unsigned options;
	struct span word[WORDS_MAX]; /* subcommands */
	unsigned words;
};

static const struct offered common[] = {
	{ { "config", 6 }, { "FILE", 4 }, { "the configuration", 17 } },
	{ { "verbose", 7 }, { "", 0 }, { "say more", 8 } },
	{ { "quiet", 5 }, { "", 0 }, { "say only errors", 15 } },
	{ { "now", 3 }, { "RFC3339", 7 }, { "take this for the present time", 30 } },
	{ { "yes", 3 }, { "", 0 }, { "also on the store in use", 24 } },
	{ { "version", 7 }, { "", 0 }, { "print version and end", 21 } },
	{ { "help", 4 }, { "", 0 }, { "what retour takes", 17 } },
};
enum { COMMON = sizeof common / sizeof *common };

static struct span text_of_command(const char *p, size_t n)
{
	return (struct span){ p, n };
}

static bool is_lower_word(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!islower((unsigned char)p[i]) && p[i] != '-')
			return false;
	return n > 0 && *p != '-';
}

/* What stands behind an option: a name in capitals or words with bars between them. */
static struct span value_at(const char *p)
{
	if (*p != ' ')
		return text_of_command("", 0);
	size_t n = strcspn(++p, " ]\n");
	bool capital = isupper((unsigned char)*p), bars = memchr(p, '|', n) && n > 1;
	return capital || bars ? text_of_command(p, n) : text_of_command("", 0);
}

/* The description, where the line begins with the option: "  --plain     with addresses". */
static struct span help_at(const char *line, const char *option, struct span value)
{
	if (option != line + strspn(line, " ") || *line != ' ')
		return text_of_command("", 0);
	const char *p = value.n ? value.p + value.n : option + strcspn(option, " \n");
	p += strspn(p, " ");
	return text_of_command(p, strcspn(p, "\n"));
}

static void take_completed_option(struct offer *o, const char *line, const char *p)
{
	struct offered found = { .name = text_of_command(
					 p + 2, strspn(p + 2, "abcdefghijklmnopqrstuvwxyz-")) };
	unsigned i = 0;
	found.value = value_at(found.name.p + found.name.n);
	found.help = help_at(line, p, found.value);
	while (i < o->options && !span_equal_nocase(o->option[i].name, found.name))
		i++;
	if (!found.name.n || i == OFFERED_MAX || span_equal_nocase(found.name, span_of("now")))
		return;
	if (i == o->options)
		o->option[o->options++] = found;
	if (found.value.n && (!o->option[i].value.n || memchr(found.value.p, '|', found.value.n)))
		o->option[i].value = found.value;
	if (found.help.n)
		o->option[i].help = found.help;
}

static void take_options(struct offer *o, const char *text)
{
	const char *line = text;
	for (const char *p = text; *p; p++) {
		if (*p == '\n')
			line = p + 1;
		bool begins = p == text || strchr(" [|\n", p[-1]);
		if (begins && !strncmp(p, "--", 2) && islower((unsigned char)p[2]))
			take_completed_option(o, line, p);
	}
}

/* "list | rotate [state|verp] | retire NAME": the first word of each alternative. */
static void take_completion_words(struct offer *o, const char *arguments)
{
	for (const char *p = arguments; p;) {
		const char *next = strstr(p, " | ");
		p += strspn(p, "[ ");
		size_t n = strcspn(p, " ]");
		if (is_lower_word(p, n) && o->words < WORDS_MAX)
			o->word[o->words++] = text_of_command(p, n);
		p = next ? next + 3 : NULL;
	}
}

static void offer_of(struct offer *o, const struct command *c)
{
	*o = (struct offer){ 0 };
	take_completion_words(o, c->arguments);
	take_options(o, c->arguments);
	take_options(o, c->help);
}

/* Whether the value is one of some words; each is told to SAY. */
static bool value_words(struct span value, void (*say)(struct span word))
{
	if (!memchr(value.p, '|', value.n) || !islower((unsigned char)*value.p))
		return false;
	for (const char *p = value.p, *end = value.p + value.n; say && p < end;) {
		const char *bar = memchr(p, '|', (size_t)(end - p));
		say(text_of_command(p, (size_t)((bar ? bar : end) - p)));
		p = bar ? bar + 1 : end;
	}
	return true;
}

static void say_word(struct span word)
{
	printf(" %.*s", (int)word.n, word.p);
}

/* Inside single quotes of a shell; fish wants a backslash before the quote, the others end the
 * quotes for it. */
static void print_quoted(struct span text, const char *quote, const char *escaped)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\'')
			fputs(quote, stdout);
		else if (strchr(escaped, text.p[i]))
			printf("\\%c", text.p[i]);
		else
			putchar(text.p[i]);
}

/* --- bash ------------------------------------------------------------------------------------- */

static void bash_values(struct span name, struct span value)
{
	if (!value.n || !strncmp(value.p, "FILE", 4))
		return;
	printf("\t*\" --%.*s\")", (int)name.n, name.p);
	if (value_words(value, NULL)) {
		printf(" COMPREPLY=($(compgen -W \"");
		value_words(value, say_word);
		printf("\" -- \"$word\"));");
	}
	printf(" return 0 ;;\n");
}

static void bash_command(const struct command *c)
{
	struct offer o;
	offer_of(&o, c);
	printf("\t%s)\n\t\twords=\"", c->name);
	for (unsigned i = 0; i < o.words; i++)
		say_word(o.word[i]);
	printf("\" options=\"");
	for (unsigned i = 0; i < o.options; i++)
		printf(" --%.*s", (int)o.option[i].name.n, o.option[i].name.p);
	printf(" --help\"\n\t\tcase \"$command $before\" in\n");
	for (unsigned i = 0; i < o.options; i++)
		bash_values(o.option[i].name, o.option[i].value);
	printf("\tesac ;;\n");
}

static void print_bash(const struct command *table)
{
	printf("# Completion of retour(1) for bash; made by `retour completion bash`.\n"
	       "_retour()\n{\n"
	       "\tlocal word=${COMP_WORDS[COMP_CWORD]}"
	       " before=${COMP_WORDS[COMP_CWORD-1]} command= words= options= i\n"
	       "\tCOMPREPLY=()\n"
	       "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	       "\t\tcase ${COMP_WORDS[i]} in\n\t\t-c | --config | --now)"
	       " ((i++)) ;;\n\t\t-*) ;;\n\t\t*) command=${COMP_WORDS[i]};"
	       " break ;;\n\t\tesac\n\tdone\n"
	       "\tcase $command in\n\t'')\n\t\toptions=\"-c -v -q -V");
	for (unsigned i = 0; i < COMMON; i++)
		printf(" --%.*s", (int)common[i].name.n, common[i].name.p);
	printf("\" words=\"");
	for (const struct command *c = table; c->name; c++)
		if (!c->hidden)
			printf(" %s", c->name);
	printf("\"\n\t\t[[ $before != -c && $before != --config ]] || options= words=\n"
	       "\t\t[[ $before != --now ]] || return 0 ;;\n");
	for (const struct command *c = table; c->name; c++)
		if (!c->hidden)
			bash_command(c);
	printf("\tesac\n"
	       "\tif [[ $word == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W"
	       " \"$options\" -- \"$word\"))\n"
	       "\telif [[ ! $command || $before == \"$command\" ]];"
	       " then\n\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n\tfi\n"
	       "\t[[ ${#COMPREPLY[@]} -gt 0 || $word == -* ]] || compopt -o default 2>/dev/null\n"
	       "\treturn 0\n}\ncomplete -F _retour retour\n");
}

/* --- zsh -------------------------------------------------------------------------------------- */

static void zsh_option(const struct offered *f)
{
	printf(" \\\n\t\t\t'*--%.*s[", (int)f->name.n, f->name.p);
	print_quoted(f->help, "'\\''", "[]:\\");
	printf("]");
	if (value_words(f->value, NULL)) {
		printf(":value:(");
		value_words(f->value, say_word);
		printf(")");
	} else if (f->value.n) {
		printf(":%.*s:%s", (int)strspn(f->value.p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-"),
			f->value.p, !strncmp(f->value.p, "FILE", 4) ? "_files" : "");
	}
	printf("'");
}

static void zsh_command(const struct command *c)
{
	struct offer o;
	offer_of(&o, c);
	printf("\t\t%s)\n\t\t_arguments '--help[what it takes]'", c->name);
	for (unsigned i = 0; i < o.options; i++)
		zsh_option(&o.option[i]);
	if (o.words) {
		printf(" \\\n\t\t\t'1:what:(");
		for (unsigned i = 0; i < o.words; i++)
			say_word(o.word[i]);
		printf(")'");
	}
	printf(" '*:file:_files' ;;\n");
}

static void print_zsh(const struct command *table)
{
	printf("#compdef retour\n# Completion of retour(1) for zsh; made by"
	       " `retour completion zsh`.\n_retour()\n{\n\tlocal context"
	       " state line\n\tlocal -a commands\n\tcommands=(\n");
	for (const struct command *c = table; c->name; c++) {
		if (c->hidden)
			continue;
		printf("\t\t'%s:", c->name);
		print_quoted(span_of(c->summary), "'\\''", ":\\");
		printf("'\n");
	}
	printf("\t)\n\t_arguments -C '-c[the configuration]:file:_files'"
	       " '*-v[say more]' '-q[say only errors]' '-V[print version and end]'");
	for (unsigned i = 0; i < COMMON; i++)
		zsh_option(&common[i]);
	printf(" \\\n\t\t\t'1:command:->command' '*::argument:->argument'\n"
	       "\tcase $state in\n\tcommand) _describe command commands"
	       " ;;\n\targument)\n\t\tcase $line[1] in\n");
	for (const struct command *c = table; c->name; c++)
		if (!c->hidden)
			zsh_command(c);
	printf("\t\tesac ;;\n\tesac\n}\n[[ $funcstack[1] != _retour ]] || _retour \"$@\"\n");
}

/* --- fish ------------------------------------------------------------------------------------- */

static void fish_option(const char *when, const struct offered *f)
{
	printf("complete -c retour -n '%s' -l %.*s", when, (int)f->name.n, f->name.p);
	if (value_words(f->value, NULL)) {
		printf(" -x -a '");
		value_words(f->value, say_word);
		printf("'");
	} else if (f->value.n) {
		printf(" %s", !strncmp(f->value.p, "FILE", 4) ? "-rF" : "-x");
	}
	if (f->help.n) {
		printf(" -d '");
		print_quoted(f->help, "\\'", "\\");
		printf("'");
	}
	printf("\n");
}

static void fish_command(const struct command *c)
{
	struct offer o;
	char when[128];
	offer_of(&o, c);
	printf("complete -c retour -n __fish_use_subcommand -f -a %s -d '", c->name);
	print_quoted(span_of(c->summary), "\\'", "\\");
	printf("'\n");
	snprintf(when, sizeof when, "__fish_seen_subcommand_from %s", c->name);
	for (unsigned i = 0; i < o.words; i++)
		printf("complete -c retour -n '%s' -f -a %.*s\n", when, (int)o.word[i].n,
			o.word[i].p);
	for (unsigned i = 0; i < o.options; i++)
		fish_option(when, &o.option[i]);
}

static void print_fish(const struct command *table)
{
	printf("# Completion of retour(1) for fish; made by `retour completion fish`.\n"
	       "complete -c retour -n __fish_use_subcommand -s c -rF -d 'the configuration'\n"
	       "complete -c retour -n __fish_use_subcommand -s v -d 'say more'\n"
	       "complete -c retour -n __fish_use_subcommand -s q -d 'say only errors'\n");
	for (unsigned i = 0; i < COMMON; i++)
		fish_option("__fish_use_subcommand", &common[i]);
	for (const struct command *c = table; c->name; c++)
		if (!c->hidden)
			fish_command(c);
}

int completion_print(const struct command *table, int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*print)(const struct command *table);
	} shells[] = { { "bash", print_bash }, { "zsh", print_zsh }, { "fish", print_fish } };
	static const struct option none[] = { { 0 } };
	char meant[WORD_MEANT_SIZE];
	if (option_next(argv[0], argc, argv, none) != -1)
		return EXIT_USAGE;
	for (size_t i = 0; argc - optind == 1 && i < sizeof shells / sizeof *shells; i++)
		if (!strcmp(shells[i].name, argv[optind])) {
			shells[i].print(table);
			return EXIT_WELL;
		}
	return usage_error(argv[0], "%swants bash, zsh or fish",
		word_meant(meant, optind < argc ? argv[optind] : "", "bash zsh fish"));
}
