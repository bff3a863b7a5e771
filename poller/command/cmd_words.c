/*
 * words: receivers' answers of which the rules know little, by shape, for whoever writes rules.
 * What is printed is redacted already, and no shape of fewer than [privacy] k recipients is among
 * it.
 */
#include "poller/command/commands.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "classify/base/units.h"
#include "poller/command/opening.h"
#include "poller/command/out.h"
#include "store/again/words.h"

enum { DAYS = 30, WORDS_DAYS_MAX = 3650, MARGIN = 100, MARGIN_MAX = 2000 };

enum words_form { WORDS_CSV, WORDS_JSON, WORDS_RULES };

struct listing_words {
	struct out out;
	enum words_form form;
	unsigned number;
};

static void words_day(int64_t at, char text[sizeof "2026-11-29"])
{
	struct tm tm;

	strftime(text, sizeof "2026-11-29", "%F", gmtime_r(&(time_t){ (time_t)at }, &tm));
}

static void print_shape_csv(
	struct out *o, const struct words_shape *w, const char *first, const char *last)
{
	const char *const fields[] = { first, last, w->klass, w->rule };

	out_number(o, w->answers);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		out_text(o, ",");
		out_csv(o, span_of(fields[i]));
	}
	out_text(o, ",");
	out_signed(o, w->margin);
	out_text(o, ",");
	out_csv(o, span_of(w->provider));
	out_text(o, ",");
	out_csv(o, span_of(w->text));
	out_text(o, "\n");
}

static void print_shape_json(
	struct out *o, const struct words_shape *w, const char *first, const char *last)
{
	out_text(o, "{\"count\":");
	out_number(o, w->answers);
	out_member(o, "since", first);
	out_member(o, "last", last);
	out_member(o, "class", w->klass);
	out_member(o, "rule", w->rule);
	out_member_number(o, "margin", w->margin);
	out_member(o, "provider", w->provider);
	out_member(o, "answer", w->text);
	out_text(o, "}\n");
}

/* The words between placeholders and numbers, as a rule's phrases are written. */
static void out_phrases(struct out *o, const char *text)
{
	static const char ends[] = "<>#|\"\\;=[]()";
	bool first = true;

	while (*text) {
		size_t n = strcspn(text, ends), words = 0;
		struct span phrase = span_trim((struct span){ text, n });
		for (size_t i = 0; i < phrase.n; i++)
			words += phrase.p[i] == ' ';
		if (words) { /* one word alone says too little */
			out_text(o, first ? "" : " | ");
			out_bytes(o, phrase.p, phrase.n);
			first = false;
		}
		text += n;
		if (*text == '<')
			text += strcspn(text, ">");
		text += *text != '\0';
	}
}

static void print_shape_rule(
	struct listing_words *l, const struct words_shape *w, const char *first, const char *last)
{
	struct out *o = &l->out;

	out_text(o, "; ");
	out_number(o, w->answers);
	out_text(o, " answers from ");
	out_text(o, first);
	out_text(o, " to ");
	out_text(o, last);
	out_text(o, *w->rule ? ", now by " : ", not understood");
	out_text(o, w->rule);
	out_text(o, "\n; ");
	out_text(o, w->text);
	out_text(o, "\n[own.");
	out_number(o, ++l->number);
	out_text(o, "]\ncategory =\n");
	if (*w->provider && strcmp(w->provider, "other") != 0) {
		out_text(o, "provider = ");
		out_text(o, w->provider);
		out_text(o, "\n");
	}
	out_text(o, "en = \"");
	out_phrases(o, w->text);
	out_text(o, "\"\n\n");
}

static int print_shape(void *context, const struct words_shape *w)
{
	struct listing_words *l = context;
	char first[sizeof "2026-11-29"], last[sizeof first];

	words_day(w->first, first);
	words_day(w->last, last);
	if (l->form == WORDS_CSV)
		print_shape_csv(&l->out, w, first, last);
	else if (l->form == WORDS_JSON)
		print_shape_json(&l->out, w, first, last);
	else
		print_shape_rule(l, w, first, last);
	return l->out.failed ? STORE_FAILED : STORE_OK;
}

static int print_words(struct session *s, struct listing_words *l, int64_t days, int margin)
{
	struct words_sum sum;

	if (l->form == WORDS_CSV)
		out_text(&l->out, "answers,first,last,class,rule,margin,provider,answer\n");
	int result = store_words(s->store, s->now - days * DAY, margin, &sum, print_shape, l);
	if (out_end(&l->out, "words", EXIT_WELL))
		return EXIT_LOST;
	if (result)
		return session_store_failed(s, "words", result);
	log_notice(
		"words: of %llu answers %llu hardly or not at all decided; %llu of them have words of fewer than %u recipients and are not shown",
		(unsigned long long)sum.answers, (unsigned long long)sum.unsure,
		(unsigned long long)(sum.hidden + sum.beyond), s->options.k);
	return EXIT_WELL;
}

/* A number of an option, or -1 after saying so. */
static long option_number(const char *name, const char *text, long most)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (end > text && !*end && number >= 1 && number <= most)
		return number;
	usage_error("words", "--%s %s: right would be a number from 1 to %ld", name, text, most);
	return -1;
}

int cmd_words(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "days", required_argument, NULL, 'd' },
		{ "margin", required_argument, NULL, 'm' }, { "json", no_argument, NULL, 'j' },
		{ "rules", no_argument, NULL, 'r' }, { 0 } };
	static struct listing_words l; /* too large for a stack */
	struct session s = { .lock = -1 };
	long days = DAYS, margin = MARGIN;

	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option == '?')
			return EXIT_USAGE;
		if (option == 'd' && (days = option_number("days", optarg, WORDS_DAYS_MAX)) < 0)
			return EXIT_USAGE;
		if (option == 'm' && (margin = option_number("margin", optarg, MARGIN_MAX)) < 0)
			return EXIT_USAGE;
		if (option == 'j' || option == 'r')
			l.form = option == 'j' ? WORDS_JSON : WORDS_RULES;
	}
	if (optind < argc)
		return usage_error(argv[0], "takes no argument");
	out_open(&l.out, STDOUT_FILENO);
	int result = session_open(&s, config, SESSION_READ, clock_now());
	if (result == EXIT_WELL)
		result = print_words(&s, &l, days, (int)margin);
	session_close(&s);
	return result;
}
