/* What holds, and where it stands: every key of the file with its value and origin, as an INI file.
 */
#include "poller/config/configkeys.h"
#include "poller/config/configshow.h"
#include "reports/jsonline.h"

#include <stdlib.h>
#include <string.h>

/* A value of a file; a later one of the same key takes its place. */
struct given {
	char *section, *key, *value, *file;
};

struct shown {
	struct given *given;
	size_t count, room;
	bool json;
};

static void take_shown_key(
	void *context, const char *section, const char *key, const char *value, const char *file)
{
	struct shown *s = context;
	size_t i = 0;
	while (i < s->count &&
		(strcmp(s->given[i].section, section) || strcmp(s->given[i].key, key)))
		i++;
	if (i == s->room &&
		!(s->given = realloc(s->given, (s->room = 2 * s->room + 64) * sizeof *s->given)))
		abort();
	if (i < s->count) {
		free(s->given[i].value);
		free(s->given[i].file);
	} else {
		s->given[s->count++] = (struct given){ strdup(section), strdup(key), NULL, NULL };
	}
	s->given[i].value = strdup(value);
	s->given[i].file = strdup(file);
	if (!s->given[i].section || !s->given[i].key || !s->given[i].value || !s->given[i].file)
		abort();
}

/* ORIGIN: the file; NULL: it is the default. */
static void print_line(FILE *out, const struct shown *s, const char *section, const char *key,
	const char *value, const char *origin)
{
	char line[1200];
	if (s->json) {
		struct jsonline l = jsonline_begin(out);
		jsonline_text(&l, "section", section);
		jsonline_text(&l, "key", key);
		jsonline_text(&l, "value", value);
		jsonline_text(&l, "file", origin);
		jsonline_end(&l);
		return;
	}
	snprintf(line, sizeof line, strpbrk(value, ";#") ? "%s = \"%s\"" : "%s = %s", key, value);
	fprintf(out, "%-52s ; %s\n", line, origin ? origin : "default");
}

static const struct given *find(const struct shown *s, const char *section, const char *key)
{
	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(s->given[i].section, section) && !strcmp(s->given[i].key, key))
			return &s->given[i];
	return NULL;
}

/* PATTERN is the section's name in the table of keys. */
static void print_shown_section(
	FILE *out, const struct shown *s, const char *section, const char *pattern)
{
	if (!s->json)
		fprintf(out, "[%s]\n", section);
	for (const struct key *k = config_keys; k->section; k++) {
		const struct given *g = strcmp(k->section, pattern) ? NULL
								    : find(s, section, k->name);
		if (g)
			print_line(out, s, section, k->name, g->value, g->file);
		else if (!strcmp(k->section, pattern) && k->standard)
			print_line(out, s, section, k->name, k->standard, NULL);
	}
	if (!s->json)
		fputc('\n', out);
}

/* The sections with a name that PATTERN, "mailbox *", stands for, each once. */
static void print_named(FILE *out, const struct shown *s, const char *pattern)
{
	for (size_t i = 0; i < s->count; i++) {
		bool first = !strncmp(s->given[i].section, pattern, strlen(pattern) - 1);
		for (size_t j = 0; first && j < i; j++)
			first = strcmp(s->given[j].section, s->given[i].section) != 0;
		if (first)
			print_shown_section(out, s, s->given[i].section, pattern);
	}
}

int config_show(struct config *c, const char *file, FILE *errors, FILE *out, bool json)
{
	struct shown s = { .json = json };
	const char *last = "";
	int result = config_load_told(c, file, errors, take_shown_key, &s);
	for (const struct key *k = config_keys; out && !result && k->section; k++) {
		if (!strcmp(k->section, last))
			continue;
		last = k->section;
		if (strchr(last, '*'))
			print_named(out, &s, last);
		else
			print_shown_section(out, &s, last, last);
	}
	for (size_t i = 0; i < s.count; i++) {
		free(s.given[i].section);
		free(s.given[i].key);
		free(s.given[i].value);
		free(s.given[i].file);
	}
	free(s.given);
	return result;
}
