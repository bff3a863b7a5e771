/*
 * classify: one JSON line per event, from what `import` takes too. Nothing is stored, and no
 * process is started: who runs it reads mails of their own. Memory is bounded by one message of
 * CLASSIFY_MESSAGE_MAX bytes, whatever the mbox holds.
 */
#include "poller/command/commands.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "classify/classify.h"
#include "classify/json.h"
#include "classify/rules.h"
#include "classify/base/log.h"
#include "poller/config/rulesfile.h"
#include "poller/volume/fileform.h"
#include "poller/mailbox/source.h"

enum {
	CLASSIFY_MESSAGE_MAX = 16 << 20,
	OUTPUT_BUFFER = 1 << 20,
	BATCH = 64,      /* messages; asked for at a time */
	TOLD_MAX = 48,   /* bids for one event that are explained */
	WORDS_SIZE = 96, /* bytes of the words of one that are shown */
};

struct told {
	const char *source, *aside; /* aside: why it does not count, or NULL */
	int weight;
	enum category category;
	char rule[EVENT_RULE_SIZE], words[WORDS_SIZE];
};

struct classifier {
	const struct rules *rules;
	struct classify_options options;
	struct workspace *workspace;
	const char *name;  /* of the file that is read */
	unsigned messages; /* read of the path so far */
	bool plain, explain, lost;
	bool silent; /* the message at hand said nothing so far */
	char line[JSON_EVENT_SIZE];
	struct told told[TOLD_MAX]; /* the evidence for the event that comes next */
	size_t tolds;
};

/*
 * Where the bid of RULE is kept: a rule that matches several times is told once, by its strongest.
 * NULL: there is no room.
 */
static struct told *told_of(struct classifier *c, const char *rule)
{
	for (size_t i = 0; i < c->tolds; i++)
		if (!strcmp(c->told[i].rule, rule))
			return &c->told[i];
	if (c->tolds == TOLD_MAX)
		return NULL;
	c->told[c->tolds] = (struct told){ .weight = 0 };
	return &c->told[c->tolds++];
}

/* The classifier's bid_sink: keeps it until the event is there. */
static void keep_bid(void *context, const struct bid_told *b)
{
	struct classifier *c = context;
	struct told *t = told_of(c, b->rule);
	if (t)
		t->aside = b->weight ? NULL : b->source;
	if (!t || (t->rule[0] && t->weight >= b->weight))
		return;
	char words[WORDS_SIZE];
	snprintf(words, sizeof words, "%.*s",
		(int)(b->words.n < sizeof words ? b->words.n : sizeof words - 1), b->words.p);
	log_clean(t->words, sizeof t->words, words);
	snprintf(t->rule, sizeof t->rule, "%s", b->rule);
	t->source = b->source;
	t->weight = b->weight;
	t->category = b->category;
}

static int by_weight(const void *a, const void *b)
{
	const struct told *x = a, *y = b;
	return (x->weight < y->weight) - (x->weight > y->weight);
}

/*
 * For a person who asks "why": the event, and under it what was seen, the strongest first; the rule
 * that won has a star.
 */
static void explain_event(struct classifier *c, const struct event *e)
{
	char path[PATH_MAX], status[EVENT_STATUS_SIZE] = "none", reply[8] = "none";
	if (e->status.digit)
		status_text(e->status, status);
	if (e->reply)
		snprintf(reply, sizeof reply, "%u", e->reply);
	fprintf(stderr, "%s: event %u: %s%s%s, decided by %s\n",
		log_clean(path, sizeof path, c->name), e->seq, kind_name(e->kind),
		e->category ? " " : "", category_name(e->category),
		e->rule[0] ? e->rule : "nothing");
	if (e->kind != KIND_NONE)
		fprintf(stderr,
			"    class %s, margin %d; enhanced code %s, reply %s; provider %s; recipient from %s; origin %s\n",
			e->klass ? class_name(e->klass) : "none", e->margin, status, reply,
			e->provider[0] ? e->provider : "unknown",
			e->recipient_source ? recipient_source_name(e->recipient_source)
					    : "nowhere",
			origin_name(e->origin));
	bool won = false;
	qsort(c->told, c->tolds, sizeof *c->told, by_weight);
	for (size_t i = 0; i < c->tolds; i++) {
		const struct told *t = &c->told[i];
		bool wins = !won && strcmp(t->rule, e->rule) == 0;
		won |= wins;
		fprintf(stderr, "  %s %5d  %-28s %-22s %s%s%s%s%s%s\n", wins ? "*" : " ", t->weight,
			t->rule, category_name(t->category), t->source, *t->words ? ": \"" : "",
			t->words, *t->words ? "\"" : "", t->weight && t->aside ? "; " : "",
			t->weight && t->aside ? t->aside : "");
	}
	explicit_bzero(c->told, sizeof c->told);
	c->tolds = 0;
}

static int print_classified(void *context, const struct event *e)
{
	struct classifier *c = context;
	size_t n = json_event(c->line, c->name, e,
		(c->plain ? JSON_PLAIN : 0) | (c->options.streams[0].name ? JSON_STREAMS : 0));
	if (fwrite(c->line, 1, n, stdout) != n) {
		log_error("classify: standard output: %s", strerror(errno));
		return -1;
	}
	c->silent &= e->kind == KIND_NONE;
	if (c->explain)
		explain_event(c, e);
	return 0;
}

/* The source's sink: every message's events are printed. */
static int classify_message(void *context, const struct source_message *message)
{
	struct classifier *c = context;
	struct message m = { .bytes = message->bytes,
		.arrived = message->arrived,
		.truncated = message->truncated };
	struct outcome outcome;
	char path[PATH_MAX];
	c->name = message->name;
	c->messages++;
	c->silent = true;
	if (classify(c->rules, &c->options, c->workspace, &m, print_classified, c, &outcome))
		return -1;
	const char *other = c->silent ? fileform_no_mail(message->bytes) : NULL;
	if (other)
		log_notice("classify: %s %s", log_clean(path, sizeof path, c->name), other);
	if (outcome.overflow) {
		log_error(
			"classify: %s: message %u names more recipients than the %u that were read%s; a run puts such a message into quarantine",
			log_clean(path, sizeof path, c->name), c->messages, outcome.events,
			m.truncated ? ", or its report goes on beyond what is read of a message"
				    : "");
		c->lost = true;
	}
	return 0;
}

static bool is_directory(const char *path)
{
	struct stat st;
	return strcmp(path, "-") && !stat(path, &st) && S_ISDIR(st.st_mode);
}

/*
 * What PATH names, as `import` reads it: a message, an mbox, a Maildir, a directory, "-". 0 or -1.
 */
static int classify_path(struct classifier *c, const char *path)
{
	const char *const paths[] = { path, NULL };
	const struct source_options options = { .paths = paths,
		.max_message = CLASSIFY_MESSAGE_MAX };
	const struct source_sink sink = { .message = classify_message, .context = c };
	char text[SOURCE_ERROR_SIZE];
	struct source *source;
	int got = source_file.open(&source, &options) ? -1 : 1;
	c->messages = 0;
	while (got > 0)
		got = source->ops->next(source, BATCH, &sink);
	if (got < 0 && !ferror(stdout))
		log_error("classify: %s",
			log_clean(text, sizeof text, source ? source->error : "no memory"));
	else if (!c->messages && is_directory(path))
		log_notice("classify: %s: no mail in it", log_clean(text, sizeof text, path));
	else if (!c->messages) /* an empty file is an empty mail */
		classify_message(c, &(struct source_message){ .bytes = { "", 0 }, .name = path });
	if (source)
		source->ops->close(source, NULL, 0);
	return got;
}

/* Returns the index of the first path, or -1; getopt has said what is wrong then. */
static int read_classify_options(struct classifier *c, int argc, char **argv)
{
	static const struct option options[] = { { "plain", no_argument, NULL, 'p' },
		{ "explain", no_argument, NULL, 'e' }, { 0 } };
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option == '?')
			return -1;
		c->plain |= option == 'p';
		c->explain |= option == 'e';
	}
	return optind;
}

int cmd_classify(const struct config *config, int argc, char **argv)
{
	char error[512];
	int result = EXIT_LOST;
	struct rules *rules = NULL;
	struct classifier *c = calloc(1, sizeof *c);
	if (!c)
		return EXIT_LOST;
	int first = read_classify_options(c, argc, argv);
	if (first < 0 || first >= argc) {
		result = first < 0 ? usage_error("classify", "see `retour classify --help`")
				   : usage_error("classify", "a file is missing, or - for stdin");
		goto out;
	}
	c->options = (struct classify_options){ .domains = config->domains.at,
		.campaign_headers = config->campaign_headers.at,
		.streams = config->streams,
		.tell = c->explain ? keep_bid : NULL,
		.tell_context = c,
		.verp = config->verp,
		.unsubscribe = config->unsubscribe,
		.authserv_ids = config->authserv_ids.at,
		.redact = !c->plain };
	rules = rulesfile_open(
		config->rules_file, config->providers_file, RULES_ALL, error, sizeof error);
	if (!rules) {
		log_error("%s", error);
		result = EXIT_USAGE;
		goto out;
	}
	c->rules = rules;
	c->workspace = workspace_new();
	if (!c->workspace)
		goto out;
	setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);
	result = EXIT_WELL;
	for (int i = first; i < argc; i++)
		if (classify_path(c, argv[i]) || c->lost)
			result = EXIT_LOST;
	if (fflush(stdout)) {
		log_error("classify: standard output: %s", strerror(errno));
		result = EXIT_LOST;
	}
out:
	workspace_free(c->workspace);
	rules_free(rules);
	explicit_bzero(c->line, sizeof c->line);
	free(c);
	return result;
}
