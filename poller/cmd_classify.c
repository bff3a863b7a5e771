/*
 * classify: one JSON line per event, from files. Nothing is stored, and no process is started: who runs it reads
 * mails of their own. Memory is bounded by one message of CLASSIFY_MESSAGE_MAX bytes, whatever the mbox holds.
 */
#include "poller/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "classify/classify.h"
#include "classify/json.h"
#include "classify/rules.h"
#include "poller/log.h"
#include "poller/mbox.h"
#include "poller/rulesfile.h"

enum {
	CLASSIFY_MESSAGE_MAX = 16 << 20,
	OUTPUT_BUFFER = 1 << 20,
};

struct classifier {
	const struct rules *rules;
	struct classify_options options;
	struct workspace *workspace;
	struct mbox_reader reader;
	const char *path;
	bool plain, explain;
	char line[JSON_EVENT_SIZE];
};

static int print_event(void *context, const struct event *e)
{
	struct classifier *c = context;
	size_t n = json_event(c->line, c->path, e, c->plain);
	if (fwrite(c->line, 1, n, stdout) != n)
		return -1;
	if (c->explain)
		fprintf(stderr, "%s: event %u: %s%s%s, decided by %s; recipient from %s; origin %s\n", c->path, e->seq, kind_name(e->kind),
			e->category ? " " : "", category_name(e->category), e->rule[0] ? e->rule : "nothing",
			e->recipient_source ? recipient_source_name(e->recipient_source) : "nowhere", origin_name(e->origin));
	return 0;
}

static int classify_descriptor(struct classifier *c, int fd)
{
	struct mbox_message found;
	int got;
	bool any = false;
	mbox_reader_start(&c->reader, fd, UINT64_MAX, CLASSIFY_MESSAGE_MAX);
	while ((got = mbox_reader_next(&c->reader, &found)) > 0) {
		struct message m = { .bytes = found.bytes, .arrived = found.arrived, .truncated = found.truncated };
		struct outcome outcome;
		any = true;
		if (classify(c->rules, &c->options, c->workspace, &m, print_event, c, &outcome))
			return -1;
	}
	if (got == 0 && !any) { /* an empty file is an empty mail */
		struct message m = { .bytes = { "", 0 } };
		struct outcome outcome;
		return classify(c->rules, &c->options, c->workspace, &m, print_event, c, &outcome);
	}
	return got;
}

static int classify_path(struct classifier *c, const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int result = -1;
	char name[PATH_MAX];
	c->path = path;
	if (fd >= 0)
		result = classify_descriptor(c, fd);
	if (result)
		log_error("classify: %s: %s", log_clean(name, sizeof name, path), strerror(errno));
	if (fd >= 0 && !standard)
		close(fd);
	return result;
}

/* Returns the index of the first path, or -1; getopt has said what is wrong then. */
static int read_options(struct classifier *c, int argc, char **argv)
{
	static const struct option options[] = { { "plain", no_argument, NULL, 'p' }, { "explain", no_argument, NULL, 'e' }, { 0 } };
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
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
	int first = read_options(c, argc, argv);
	if (first < 0 || first >= argc) {
		result = first < 0 ? usage_error("classify", "see `retour classify --help`") : usage_error("classify", "a file is missing, or - for stdin");
		goto out;
	}
	c->options = (struct classify_options){ .domains = config->domains.at, .campaign_headers = config->campaign_headers.at,
						.verp = config->verp, .redact = !c->plain };
	rules = rulesfile_load(config->rules_file, config->providers_file, error, sizeof error);
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
		if (classify_path(c, argv[i]))
			result = EXIT_LOST;
	if (fflush(stdout)) {
		log_error("classify: standard output: %s", strerror(errno));
		result = EXIT_LOST;
	}
out:
	mbox_reader_free(&c->reader);
	workspace_free(c->workspace);
	rules_free(rules);
	explicit_bzero(c->line, sizeof c->line);
	free(c);
	return result;
}
