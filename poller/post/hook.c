/*
 * The command gets a batch as JSON lines on its standard input. Nothing is marked as told before it
 * has ended well, so a kill between the two tells the batch again. After a failure later runs wait
 * longer and longer before they try again; the order stays, for nothing overtakes.
 *
 * Lines may have addresses, so they lie in locked memory, zeroed when it is given back: what a
 * stream in memory grows out of would stay in the heap.
 */
#include "poller/post/hook.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sodium.h>
#include "classify/base/clock.h"
#include "classify/base/exitcode.h"
#include "classify/base/log.h"
#include "poller/post/feed.h"
#include "poller/post/post.h"
#include "reports/jsonline.h"
#include "store/news.h"

enum {
	HOOK_RUN_SECONDS = 300, /* all batches of one run; what is left comes with the next */
	HOOK_ROOM = 1 << 16,
};

struct hook_lines {
	char *p; /* of sodium_malloc() */
	size_t n, room;
};
struct hook_batch {
	FILE *out; /* into LINES */
	struct hook_lines lines;
	int64_t now;
	struct news_told told;
};

/* --- lines ------------------------------------------------------------------ */

static ssize_t hook_keep(void *context, const char *text, size_t n)
{
	struct hook_lines *l = context;

	if (n > l->room - l->n) {
		size_t room = 2 * (l->n + n) + HOOK_ROOM;
		char *more = sodium_malloc(room);
		if (!more)
			return 0;
		if (l->n)
			memcpy(more, l->p, l->n);
		sodium_free(l->p);
		l->p = more;
		l->room = room;
	}
	memcpy(l->p + l->n, text, n);
	l->n += n;
	return (ssize_t)n;
}

/* A stream into *L without a buffer of its own; NULL without memory. */
static FILE *hook_lines_open(struct hook_lines *l)
{
	FILE *out = fopencookie(l, "w", (cookie_io_functions_t){ .write = hook_keep });

	*l = (struct hook_lines){ .n = 0 };
	if (out)
		setvbuf(out, NULL, _IONBF, 0);
	return out;
}

static int hook_line(void *context, const struct news_line *news)
{
	struct hook_batch *b = context;
	struct jsonline l = jsonline_begin(b->out);

	jsonline_time(&l, "at", b->now);
	jsonline_text(&l, "pseudonym", news->pseudonym);
	jsonline_text(&l, "key", news->key);
	jsonline_text(&l, "address", news->address);
	jsonline_text(&l, "verdict", verdict_name(news->answer.verdict));
	jsonline_time(&l, "until", news->answer.until);
	jsonline_text(&l, "state", contact_state_name(news->answer.state));
	jsonline_text(&l, "reason", news->answer.reason);
	jsonline_time(&l, "since", news->answer.since);
	struct jsonline list = jsonline_list(&l, "streams");
	for (unsigned i = 0; i < news->streams; i++) {
		struct jsonline stream = jsonline_item(&list);
		jsonline_text(&stream, "stream", news->stream[i].name);
		jsonline_text(&stream, "reason", news->stream[i].reason);
		jsonline_time(&stream, "since", news->stream[i].since);
		jsonline_end(&stream);
	}
	jsonline_end(&list);
	jsonline_end(&l);
	return ferror(b->out) ? STORE_FAILED : STORE_OK;
}

/* --- the command ------------------------------------------------------------- */

static int hook_command(const struct session *s, const struct hook_lines *lines)
{
	char *const argv[] = { (char *)s->post->hook_command, NULL };
	char error[512];
	bool fed;
	int status = 0;

	if (feed_command(argv, (struct span){ lines->p, lines->n }, (int)s->post->hook_timeout,
		    &status, &fed, error, sizeof error))
		log_error("[hook] command: %s; a later run tries again", error);
	else if (status)
		log_error("[hook] command: %s ended with %s %d; a later run tries again", argv[0],
			WIFEXITED(status) ? "exit code" : "signal",
			WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	else if (!fed)
		log_error(
			"[hook] command: %s ended before it had read everything; a later run tries again",
			argv[0]);
	else
		return 0;
	return -1;
}

/* One batch. *MORE: there may be another. */
static int hook_tell(struct session *s, int64_t now, struct hook_batch *b, bool *more)
{
	int listed, result = EXIT_WELL;

	b->now = now;
	b->out = hook_lines_open(&b->lines);
	if (!b->out) {
		log_error("[hook]: no memory");
		return EXIT_LOST;
	}
	listed = store_news(s->store, now, &b->told, hook_line, b);
	if (fclose(b->out) || listed)
		result = session_store_failed(s, "hook", STORE_FAILED);
	else if (b->told.n && hook_command(s, &b->lines)) {
		result = EXIT_LOST;
		if (store_news_failed(s->store, now))
			result = session_store_failed(s, "hook", STORE_FAILED);
	} else if (b->told.n && store_news_tell(s->store, &b->told)) {
		result = session_store_failed(s, "hook", STORE_FAILED);
	}
	sodium_free(b->lines.p);
	*more = result == EXIT_WELL && b->told.more;
	if (result == EXIT_WELL && b->told.n)
		log_info("[hook] command: %u changes were told", b->told.n);
	return result;
}

int hook_run(struct session *s, int64_t now)
{
	static struct hook_batch batch; /* too large for a stack */
	double until = clock_monotonic() + HOOK_RUN_SECONDS;
	struct news_trouble trouble;
	int result = EXIT_WELL;
	bool more = true;

	if (!s->post->hook_command)
		return store_news_drop(s->store) ? session_store_failed(s, "hook", STORE_FAILED)
						 : EXIT_WELL;
	if (store_news_trouble(s->store, now, &trouble))
		return session_store_failed(s, "hook", STORE_FAILED);
	if (trouble.next > now)
		return EXIT_WELL;
	while (more && result == EXIT_WELL && clock_monotonic() < until)
		result = hook_tell(s, now, &batch, &more);
	return result;
}
