/*
 * The sample of the INI file and the manual's list of keys, printed from the table of keys; a test
 * holds the files under etc/ equal to them.
 */
#include "poller/config/configkeys.h"

#include <string.h>

/* The sample value stands uncommented, a key that has none as a comment with its default. */
static void print_sample_key(FILE *out, const struct key *k)
{
	char line[256];
	const char *usual = k->standard ? k->standard : "";
	const char *value = k->sample ? k->sample : usual;
	snprintf(line, sizeof line, "%s%s = %s", k->sample ? "" : ";", k->name, value);
	if (*k->help)
		fprintf(out, "%-52s ; %s\n", line, k->help);
	else
		fprintf(out, "%s\n", line);
}

static void print_threshold(char *buffer, size_t size, unsigned condition, int64_t value)
{
	int64_t scale = 1;
	if (alert_unit(condition) == UNIT_SHARE)
		scale = 10000;
	else if (alert_unit(condition) == UNIT_FACTOR)
		scale = 1000;
	size_t n;
	if (alert_unit(condition) == UNIT_PERIOD || alert_unit(condition) == UNIT_REMAINING) {
		config_print_period(buffer, size, value);
		return;
	}
	n = (size_t)snprintf(buffer, size, "%lld", (long long)(value / scale));
	if (value % scale) {
		n += (size_t)snprintf(buffer + n, size - n, ".%0*lld", scale == 10000 ? 4 : 3,
			(long long)(value % scale));
		while (buffer[n - 1] == '0')
			buffer[--n] = '\0';
	}
	snprintf(buffer + n, size - n, "%s", alert_unit(condition) == UNIT_SHARE ? "%" : "");
}

/* The conditions with their standard rules, each line behind MARK. */
static void print_conditions(FILE *out, const char *mark)
{
	struct alert_options standard;
	alert_standard(&standard);
	fprintf(out, "%s %-22s threshold  clear  window  minimum  cooldown\n", mark, "condition");
	for (unsigned i = 0; i < ALERT_CONDITION_COUNT; i++) {
		const struct alert_rule *rule = &standard.rule[i];
		char at[32], clear[32], window[32] = "", minimum[32] = "", cooldown[32];
		print_threshold(at, sizeof at, i, rule->threshold);
		print_threshold(clear, sizeof clear, i, rule->clear);
		config_print_period(cooldown, sizeof cooldown, rule->cooldown);
		if (rule->window)
			config_print_period(window, sizeof window, rule->window);
		if (rule->minimum)
			snprintf(minimum, sizeof minimum, "%lld", (long long)rule->minimum);
		fprintf(out, "%s %-22s %9s  %5s  %6s  %7s  %8s\n", mark, alert_condition_name(i),
			at, clear, window, minimum, cooldown);
	}
}

static const char *section_help(const char *pattern)
{
	for (const struct section_help *h = config_section_helps; h->section; h++)
		if (!strcmp(h->section, pattern))
			return h->help;
	return "";
}

static void print_section(FILE *out, const char *pattern)
{
	const char *help = section_help(pattern);
	if (*help)
		fprintf(out, "; %s\n", help);
	if (!strcmp(pattern, "ladder *")) {
		/* the built-in ladders, as they would stand in the file */
		for (size_t i = 0; i < STANDARD_LADDERS; i++) {
			const struct ladder *l = &config_standard_ladders[i];
			char text[32];
			fprintf(out, ";[ladder %s]\n;steps =", l->name);
			for (unsigned n = 0; n < l->steps; n++) {
				config_print_period(text, sizeof text, l->step[n]);
				fprintf(out, " %s", text);
			}
			config_print_period(text, sizeof text, l->end);
			fprintf(out, "\n;end = %s\n;attempts = %lld\n", text,
				(long long)l->attempts);
		}
		return;
	}
	if (!strcmp(pattern, "alert *")) {
		print_conditions(out, ";");
		return;
	}
	static const struct {
		const char *pattern, *example;
	} examples[] = { { "mailbox *", "[mailbox bounces]" }, { "site *", ";[site hamburg]" },
		{ "oauth *", ";[oauth microsoft]" }, { "stream *", ";[stream transactional]" } };
	const char *example = NULL;
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
		if (!strcmp(pattern, examples[i].pattern))
			example = examples[i].example;
	if (example)
		fprintf(out, "%s\n", example);
	else
		fprintf(out, "[%s]\n", pattern);
	for (const struct key *k = config_keys; k->section; k++)
		if (!strcmp(k->section, pattern))
			print_sample_key(out, k);
}

void config_print_sample(FILE *out)
{
	fprintf(out,
		"; retour.ini: where the bounce and feedback-loop mailboxes are, and what is kept of them.\n"
		"; Keys behind a ';' show their default. retour.ini(5) explains each; `retour doctor` checks the whole.\n");
	const char *last = "";
	for (const struct key *k = config_keys; k->section; k++)
		if (strcmp(k->section, last)) {
			last = k->section;
			fputc('\n', out);
			print_section(out, last);
		}
}

static void print_escaped(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++)
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
}

static void print_sentence(FILE *out, const char *text)
{
	if (*text) {
		print_escaped(out, text);
		fputs(".\n", out);
	}
}

void config_print_manual(FILE *out)
{
	const char *last = "";
	for (const struct key *k = config_keys; k->section; k++) {
		char right[256];
		if (strcmp(k->section, last)) {
			if (*last)
				fprintf(out, ".El\n");
			fprintf(out, ".Ss [%s]\n", k->section);
			print_sentence(out, section_help(k->section));
			if (!strcmp(k->section, "alert *")) {
				fputs(".Bd -literal\n", out);
				print_conditions(out, "");
				fputs(".Ed\n.Bl -tag -width Ds\n", out);
				for (unsigned condition = 0; condition < ALERT_CONDITION_COUNT;
					condition++) {
					fprintf(out, ".It Ic %s\n",
						alert_condition_name(condition));
					print_sentence(out, config_condition_helps[condition]);
				}
				fputs(".El\n.Pp\nKeys:\n", out);
			}
			fprintf(out, ".Bl -tag -width Ds\n");
			last = k->section;
		}
		config_bounds_text(k, right, sizeof right);
		fprintf(out, ".It Ic %s\n", k->name);
		print_sentence(out, k->help);
		print_escaped(out, right);
		if (k->standard) {
			fputs("; default ", out);
			print_escaped(out, k->standard);
		}
		fputs(".\n", out);
	}
	fprintf(out, ".El\n");
}
