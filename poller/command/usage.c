/* What commands refuse of their arguments. */
#include "poller/command/usage.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "classify/base/files.h"
#include "classify/base/clock.h"
#include "classify/base/exitcode.h"
#include "classify/base/lines.h"
#include "classify/base/log.h"
#include "classify/redact.h"
#include "poller/config/near.h"

bool reason_is_fit(const char *text)
{
	size_t n = text ? strlen(text) : 0;
	if (!n || n > REASON_MAX || text[strspn(text, " ")] == '\0')
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f || text[i] == '"' ||
			text[i] == '@')
			return false;
	return !names_address(span_of(text));
}

/* "kim at example.net": what stands behind " at " has a dot within. */
static bool spells_address(const char *text)
{
	static const char word[] = " at ";
	for (const char *at = text; (at = strcasestr(at, word)); at++) {
		const char *host = at + sizeof word - 1, *dot = strpbrk(host, ". ");
		if (dot && *dot == '.' && dot > host && isalpha((unsigned char)dot[1]))
			return true;
	}
	return false;
}

bool reference_is_fit(const char *text)
{
	static const char open[] = "([{", closed[] = ")]}";
	if (!reason_is_fit(text) || strpbrk(text, "<>") || spells_address(text))
		return false;
	for (const char *at = text; (at = strpbrk(at, open)); at++) {
		size_t n = strcspn(at + 1, closed);
		if (strcspn(at + 1, "0123456789") >= n)
			return false;
	}
	return true;
}

int reference_error(const char *command)
{
	return usage_error(command,
		"--reference wants up to %d bytes, without quotes, without an address, and without a name in brackets",
		REASON_MAX);
}

bool new_file_is_fit(const char *command, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	if (!*path) {
		usage_error(command, "the file to be made has no name: \"\"");
		return false;
	}
	if (!names_address(span_of(name)))
		return true;
	usage_error(command,
		"the name of the file to be made looks like an address; addresses are never arguments");
	return false;
}

int usage_error(const char *command, const char *format, ...)
{
	char text[1024], clean[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	fprintf(stderr, "retour%s%s: %s\n", *command ? " " : "", command,
		log_clean(clean, sizeof clean, text));
	return EXIT_USAGE;
}

int usage_example(const char *command, const char *text)
{
	fprintf(stderr, "retour %s: %s\n", command, text);
	return EXIT_USAGE;
}

bool operand_is_fit(const char *command, const char *operand)
{
	if (!operand || !strchr(operand, '@'))
		return true;
	usage_error(command, "addresses come from a file or from stdin, never as arguments");
	return false;
}

enum { BAD_LINES_TOLD = 20 };

void tell_bad_line(uint64_t number, uint64_t bad, const char *why)
{
	if (bad <= BAD_LINES_TOLD)
		log_warning("line %llu%s%s", (unsigned long long)number, why ? ": " : "",
			why ? why : " is no address");
	if (bad == BAD_LINES_TOLD)
		log_warning("further lines of that kind are only counted");
}

int open_addresses(struct lines *l, const char *command, const char *operand)
{
	if (!operand_is_fit(command, operand))
		return EXIT_USAGE;
	if (!lines_open(l, operand))
		return EXIT_WELL;
	log_error("%s: %s%s", operand, strerror(errno), file_unread_advice(errno));
	return EXIT_LOST;
}

/* The word that getopt stopped at: the whole "--only=send", or "-x" out of "-xyz". */
static void stopped_at(char *word, size_t size, int argc, char **argv)
{
	const char *last = optind > 0 && optind <= argc ? argv[optind - 1] : "";
	if (strncmp(last, "--", 2))
		snprintf(word, size, "-%c", optopt);
	else
		snprintf(word, size, "%.*s", (int)strcspn(last, "="), last);
}

static const struct option *option_by_value(const struct option *options, int value)
{
	while (options->name && options->val != value)
		options++;
	return options->name ? options : NULL;
}

/* Options that hold for every command. */
static bool stands_before(const char *word)
{
	static const char *const words[] = { "-c", "-v", "-q", "-V", "--config", "--verbose",
		"--quiet", "--version" };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(word, words[i]))
			return true;
	return false;
}

static void say_unknown_option(const char *command, const char *word, const struct option *options)
{
	const char *meant = NULL;
	int distance = NEAR_NONE;
	for (const struct option *o = options; o->name; o++)
		near_try(word + strspn(word, "-"), o->name, &meant, &distance);
	if (*command && stands_before(word))
		usage_error(command, "%s stands before the command: retour %s%s %s", word, word,
			strstr(word, "-c") ? " FILE" : "", command);
	else if (meant)
		usage_error(command, "%s: no such option; did you mean --%s?", word, meant);
	else
		usage_error(command, "%s: no such option", word);
}

static bool json_allowed, json_given;

void json_allow(void)
{
	json_allowed = true;
}

bool json_asked(void)
{
	return json_given;
}

/* OPTIONS, and --json where it is allowed and not among them, into WITH. */
enum { OPTIONS_MAX = 32, OPTION_JSON = 1000 };
static const struct option *options_with_json(
	const struct option *options, struct option with[OPTIONS_MAX])
{
	size_t n = 0;
	for (; options[n].name && n < OPTIONS_MAX - 2; n++) {
		if (!strcmp(options[n].name, "json"))
			return options;
		with[n] = options[n];
	}
	with[n++] = (struct option){ "json", no_argument, NULL, OPTION_JSON };
	with[n] = (struct option){ 0 };
	return json_allowed ? with : options;
}

int option_next(const char *command, int argc, char **argv, const struct option *options)
{
	struct option with[OPTIONS_MAX];
	const struct option *all = options_with_json(options, with);
	int value;
	while ((value = option_next_of(command, argc, argv, ":", all)) == OPTION_JSON)
		json_given = true;
	return value;
}

const char *word_meant(char text[WORD_MEANT_SIZE], const char *typed, const char *words)
{
	char word[WORD_MEANT_SIZE / 2];
	int least = NEAR_NONE;
	*text = '\0';
	for (const char *p = words; *typed && *p; p += strcspn(p, " "), p += *p == ' ') {
		const char *best = NULL;
		snprintf(word, sizeof word, "%.*s", (int)strcspn(p, " "), p);
		near_try(typed, word, &best, &least);
		if (best)
			snprintf(text, WORD_MEANT_SIZE, "did you mean %s? ", word);
	}
	if (!least) /* it is one of them: something else is wrong */
		*text = '\0';
	return text;
}

const char *people_meant(const char *typed)
{
	static const char *const lists[] = { "list", "ls", "show", "dump" };
	static const char *const back[] = { "remove", "delete", "del", "rm", "drop", "unsuppress",
		"unblock", "release", "allow", "enable", "restore", "whitelist", "activate" };
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if (!strcmp(typed, lists[i]))
			return "`retour suppressions` lists them by pseudonym, `retour contact show` is about addresses; ";
	for (size_t i = 0; i < sizeof back / sizeof *back; i++)
		if (!strcmp(typed, back[i]))
			return "`retour contact reactivate --reason TEXT` lets mail go to them again; ";
	return "";
}

/* What people call a thing in other programs, and where it is here. */
static const struct {
	const char *words, *meant;
} other_names[] = {
	{ " start daemon cron ", "`retour run` is one visit; the timer or cron starts it" },
	{ " stop disable pause ", "nothing runs on; systemctl disable --now retour.timer" },
	{ " test verify validate ping ",
		"`retour doctor` tries everything, `retour config check` reads the INI file" },
	{ " init install configure configuration wizard ",
		"`retour setup` asks, tries and writes the INI file" },
	{ " list ls show info stats statistics top ",
		"`retour status` is one screen, `retour contact show` is about recipients" },
	{ " send mail ", "`retour report --send` mails the report" },
	{ " log logs journal ", "`retour volume log` counts mail logs; its own is in the journal" },
	{ " export dump ",
		"`retour events`, `retour suppressions` and `retour audit export` give out what there is" },
	{ " unsubscribe block blacklist blocklist ban optout opt-out ",
		"`retour suppress add` takes addresses from stdin" },
	{ " remove delete del rm drop unsuppress unblock whitelist allow release ",
		"`retour contact reactivate` lets mail go again, `retour forget` erases somebody" },
	{ " erase gdpr dsar ",
		"`retour forget` erases somebody, `retour disclose` says what is held" },
	{ " fetch read sync pull ", "`retour poll` reads the mailboxes" },
	{ " restore repair reset recover ", "see retour-recovery(7)" },
	{ " rollback revert ", "`retour contact undo` takes back what rests on a cause" },
	{ " upgrade update migrate ", "the next run brings the store to this version" },
};

const char *command_meant(const char *typed)
{
	char word[32];
	snprintf(word, sizeof word, " %s ", typed);
	for (size_t i = 0; i < sizeof other_names / sizeof *other_names; i++)
		if (!strchr(typed, ' ') && strstr(other_names[i].words, word))
			return other_names[i].meant;
	return NULL;
}

int month_error(const char *command, const char *typed)
{
	char example[CLOCK_TEXT_SIZE];
	clock_format(clock_now(), example);
	return usage_error(
		command, "--month %s: right would be YYYY-MM, such as %.7s", typed, example);
}

int option_next_of(const char *command, int argc, char **argv, const char *letters,
	const struct option *options)
{
	char word[64];
	opterr = 0;
	int value = getopt_long(argc, argv, letters, options, NULL);
	if (value != '?' && value != ':')
		return value;
	stopped_at(word, sizeof word, argc, argv);
	const struct option *known = option_by_value(options, optopt);
	if (value == ':')
		usage_error(command, "%s wants a value", word);
	else if (known && !strncmp(word, "--", 2))
		usage_error(command, "--%s takes no value", known->name);
	else
		say_unknown_option(command, word, options);
	return '?';
}
