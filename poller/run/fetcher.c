/*
 * The fetcher process: it holds one mailbox's password and connection, and neither
 * keys nor store. It does what the run tells it, in the order in which it is told.
 */
#include "poller/run/fetcher.h"

#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "poller/run/child.h"
#include "poller/run/confine.h"
#include "classify/base/clock.h"
#include "classify/base/exitcode.h"
#include "classify/base/wipe.h"
#include "poller/mailbox/login.h"
#include "poller/mailbox/mailbox.h"
#include "poller/mailbox/secret.h"
#include "poller/mailbox/source.h"
#include "poller/run/wire.h"

enum {
	IMPORT_PATHS_MAX = 65536,
	IMPORT_MESSAGE_MAX = 16 * 1024 * 1024,
	/*
	 * Messages handed out before the next command is obeyed; one to settle what was stored
	 * stands behind two of these. IMAP adapts its batches itself, to the folder that the server
	 * looks through at each deletion; POP3 keeps its deadline itself.
	 */
	STEP_MAX = 512,
};
static const double step_seconds = 1;

/* A command that came while an answer was awaited; obeyed in its turn. */
struct later {
	struct later *next;
	struct wire_head head;
	unsigned char payload[];
};

struct fetcher {
	const struct mailbox *mailbox; /* those of the configuration */
	unsigned mailboxes;
	const struct mailbox *read; /* one of them; NULL: import */
	struct source *source;
	const struct source_ops *ops;
	unsigned char *buffer; /* of the last frame */
	size_t capacity;
	struct later *first, **last;
	struct wire_gather mail; /* messages on their way; all else is told behind them */
	char *secret;            /* what it logged in with: nothing that is told has it */
	char scratch[4096];
	double began;
	size_t step; /* of a mailbox of this machine: what it reads in a second */
	bool handed_out, unfinished;
};

#define SOURCE_OF(symbol, name, source, server) [symbol] = &source,
static const struct source_ops *const sources[] = { PROTOCOLS(SOURCE_OF) };
#undef SOURCE_OF

static int tell_run(struct fetcher *f, uint32_t type, const void *a, size_t a_size, const void *b,
	size_t b_size)
{
	return wire_gather_flush(&f->mail, CHILD_FD) ||
			wire_send(CHILD_FD, type, a, a_size, b, b_size)
		? -1
		: 0;
}

static int tell_text(struct fetcher *f, uint32_t type, const char *text)
{
	char said[WIRE_TEXT_MAX + 1];
	span_copy_text(said, sizeof said, span_of(text));
	secret_withhold(f->secret, said);
	return tell_run(f, type, said, strlen(said), NULL, 0);
}

static int send_message(void *context, const struct source_message *m)
{
	struct fetcher *f = context;
	struct wire_message head = {
		.id = m->id, .arrived = m->arrived, .size = m->size, .truncated = m->truncated
	};
	memcpy(head.remote_id, m->remote_id, sizeof head.remote_id);
	span_copy_text(head.name, sizeof head.name, span_of(m->name ? m->name : ""));
	if (m->bytes.n > WIRE_MAIL_MAX) /* a source that reads more than it was allowed */
		return -1;
	return wire_gather_send(
		&f->mail, CHILD_FD, WIRE_MESSAGE, &head, sizeof head, m->bytes.p, m->bytes.n);
}

static int send_stuck(void *context, const struct source_message *m, const char *why)
{
	struct wire_message head = { .id = m->id, .size = m->size };
	struct fetcher *f = context;
	char said[WIRE_TEXT_MAX + 1];
	span_copy_text(said, sizeof said, span_of(why));
	secret_withhold(f->secret, said);
	memcpy(head.remote_id, m->remote_id, sizeof head.remote_id);
	span_copy_text(head.name, sizeof head.name, span_of(m->name ? m->name : ""));
	return tell_run(f, WIRE_STUCK, &head, sizeof head, said, strlen(said));
}

static int put_off(struct fetcher *f, const struct wire_head *head)
{
	struct later *later = malloc(sizeof *later + head->length);
	if (!later)
		return -1;
	later->next = NULL;
	later->head = *head;
	memcpy(later->payload, f->buffer, head->length);
	*f->last = later;
	f->last = &later->next;
	return 0;
}

/*
 * The answer to a LISTED. The run may have sent other commands before it read the question: those
 * are put off.
 */
static int receive_wanted(struct fetcher *f, size_t count, unsigned char *wanted)
{
	struct wire_head head;
	for (;;) {
		if (wire_receive(CHILD_FD, &head, &f->buffer, &f->capacity) != 1)
			return -1;
		if (head.type == WIRE_WANTED)
			break;
		if (put_off(f, &head))
			return -1;
	}
	if (head.length != count)
		return -1;
	memcpy(wanted, f->buffer, count);
	return 0;
}

static int ask_wanted(void *context, const unsigned char (*ids)[SOURCE_ID_SIZE], size_t count,
	unsigned char *wanted)
{
	struct fetcher *f = context;
	for (size_t done = 0, n; done < count; done += n) {
		n = count - done < WIRE_LIST_MAX ? count - done : WIRE_LIST_MAX;
		if (tell_run(f, WIRE_LISTED, ids + done, n * SOURCE_ID_SIZE, NULL, 0) ||
			receive_wanted(f, n, wanted + done))
			return -1;
	}
	return 0;
}

/* The next command into f->buffer. 1, 0 or -1 as wire_receive(). */
static int receive_command(struct fetcher *f, struct wire_head *head)
{
	struct later *later = f->first;
	if (!later)
		return wire_receive(CHILD_FD, head, &f->buffer, &f->capacity);
	*head = later->head;
	if (head->length > f->capacity) {
		unsigned char *grown = realloc(f->buffer, head->length);
		if (!grown)
			return -1;
		f->buffer = grown;
		f->capacity = head->length;
	}
	memcpy(f->buffer, later->payload, head->length);
	f->first = later->next;
	if (!f->first)
		f->last = &f->first;
	free(later);
	return 1;
}

/* Whatever the deadline, one message is read. */
static bool fetcher_time_is_up(const struct fetcher *f)
{
	const struct mailbox *m = f->read;
	return m && !mailbox_has_server(m) && m->deadline && f->handed_out &&
		clock_monotonic() - f->began > (double)m->deadline * READING_PERCENT / 100;
}

/* How many of COUNT messages are handed out at once. */
static size_t next_step(const struct fetcher *f, size_t count)
{
	size_t most = count;
	if (f->read && f->read->protocol != PROTOCOL_IMAP)
		most = mailbox_has_server(f->read) ? STEP_MAX : f->step;
	return count < most ? count : most;
}

static int next_batch(struct fetcher *f, uint32_t count)
{
	const struct source_sink sink = {
		.message = send_message, .stuck = send_stuck, .wanted = ask_wanted, .context = f
	};
	double begin = clock_monotonic();
	uint32_t had = 0;
	if (fetcher_time_is_up(f)) {
		f->unfinished = true;
		return tell_run(f, WIRE_BATCH, &had, sizeof had, NULL, 0);
	}
	int n = f->ops->next(f->source, next_step(f, count), &sink);
	if (n < 0)
		return -1;
	if (clock_monotonic() - begin > step_seconds)
		f->step = f->step > 1 ? f->step / 2 : 1;
	else if (f->step < STEP_MAX)
		f->step *= 2;
	f->handed_out |= n > 0;
	had = (uint32_t)n;
	return tell_run(f, WIRE_BATCH, &had, sizeof had, NULL, 0);
}

static int settle(struct fetcher *f, const unsigned char *payload, size_t n)
{
	size_t count = n / sizeof(struct wire_settle);
	struct settle_item *items = calloc(count ? count : 1, sizeof *items);
	struct settled done = { 0 };
	if (!items)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct wire_settle item;
		memcpy(&item, payload + i * sizeof item, sizeof item);
		items[i] = (struct settle_item){ item.id, item.what };
	}
	int result = f->ops->settle(f->source, items, count, &done);
	free(items);
	/* what was done before it failed, too */
	return tell_run(f, WIRE_SETTLED, &done, sizeof done, NULL, 0) || result ? -1 : 0;
}

static int expire(struct fetcher *f, const unsigned char *payload)
{
	struct wire_expire what;
	struct wire_expired done = { 0 };
	memcpy(&what, payload, sizeof what);
	what.folder[sizeof what.folder - 1] = '\0';
	memcpy(done.folder, what.folder, sizeof done.folder);
	if (f->ops->expire &&
		f->ops->expire(
			f->source, what.folder, what.cutoff, &what.due, &done.removed, &done.end))
		return -1;
	return tell_run(f, WIRE_EXPIRED, &done, sizeof done, NULL, 0);
}

/* 0: go on, 1: finished, -1: failed. */
static int obey(struct fetcher *f, const struct wire_head *head)
{
	uint32_t count;
	switch (head->type) {
	case WIRE_NEXT:
		memcpy(&count, f->buffer, sizeof count);
		return next_batch(f, count);
	case WIRE_SETTLE:
		return settle(f, f->buffer, head->length);
	case WIRE_EXPIRE:
		return expire(f, f->buffer);
	case WIRE_FINISH:
		return 1;
	}
	return -1;
}

static struct login login_of(const struct mailbox *box)
{
	return (struct login){ box->user, &box->secret, box->oauth, box->timeout };
}

/* The directory of PATH, into DIRECTORY of SIZE bytes; returns it. */
static const char *directory_name(const char *path, char *directory, size_t size)
{
	const char *slash = strrchr(path, '/');
	snprintf(directory, size, "%.*s", slash > path ? (int)(slash - path) : 1,
		slash ? path : ".");
	return directory;
}

/*
 * Before the first byte of a server, or of a file that came by mail. An mbox is shortened with a
 * journal in the store's directory, so that one is left, too; it talks to nobody.
 */
static int confine_fetcher(const struct mailbox *box, const char *const *paths, const char *scratch,
	char *error, size_t size)
{
	bool mbox = box && box->protocol == PROTOCOL_MBOX;
	char beside[4096];
	const char *const own[] = { box ? box->ca_file : NULL, NULL };
	const char *path = box ? box->path : NULL;
	if (mbox && path)
		path = directory_name(path, beside, sizeof beside);
	const char *const files[] = { path, mbox ? scratch : NULL, NULL };
	bool local = box && !mailbox_has_server(box);
	const struct confine c = { .network = box && !local,
		.port = box && !local ? (uint16_t)box->port : 0,
		.read = box ? own : paths,
		.write = local ? files : NULL };
	return confine_enter(&c, error, size);
}

static int open_source(struct fetcher *f, const struct wire_start *start, const char *const *paths)
{
	struct source_options options = { .paths = paths,
		.max_message = IMPORT_MESSAGE_MAX,
		.stays = start->stays,
		.some_stuck = start->some_stuck };
	char error[SOURCE_ERROR_SIZE], text[SOURCE_ERROR_SIZE + LOGIN_NOTE_SIZE];
	struct login_given given = { 0 };
	struct login login = { 0 };
	f->ops = &source_file;
	if (*start->mailbox) {
		options.mailbox = mailbox_find(f->mailbox, f->mailboxes, start->mailbox);
		if (!options.mailbox) {
			tell_text(f, WIRE_FAILED, "this mailbox is gone from the configuration");
			return -1;
		}
		f->read = options.mailbox;
		f->ops = sources[options.mailbox->protocol];
		options.scratch = start->settles ? f->scratch : NULL;
		options.max_message = (uint64_t)options.mailbox->max_message;
		login = login_of(options.mailbox);
		if (confine_for_token(login.oauth, options.mailbox->ca_file, error, sizeof error) ||
			login_secret(&login, &given, error, sizeof error)) {
			if (given.later)
				tell_run(f, WIRE_LATER, &given.later, sizeof given.later, NULL, 0);
			tell_text(f, given.refused ? WIRE_REFUSED : WIRE_FAILED, error);
			return -1;
		}
		options.password = f->secret = given.secret;
	}
	child_no_new_rights(); /* a password command was run before this */
	if (confine_fetcher(options.mailbox, paths, f->scratch, error, sizeof error)) {
		tell_text(f, WIRE_FAILED, error);
		return -1;
	}
	int result = f->ops->open(&f->source, &options);
	if (result && f->source && f->source->refused)
		login_explain(&login, f->source->error, sizeof f->source->error);
	if (result) {
		/* how far it came: where there is a token, it is not the token server */
		snprintf(text, sizeof text, "%s%s", given.note,
			f->source ? f->source->error : "out of memory");
		if (f->source && f->source->facts.deleting)
			tell_run(
				f, WIRE_FACTS, &f->source->facts, sizeof f->source->facts, NULL, 0);
		tell_text(f, f->source && f->source->refused ? WIRE_REFUSED : WIRE_FAILED, text);
		return -1;
	}
	strcpy(text, given.note);
	if (f->ops->describe)
		f->ops->describe(f->source, text + strlen(given.note), SOURCE_ERROR_SIZE);
	struct wire_opened opened = { .facts = f->source->facts,
		.token_lifetime = given.lifetime,
		.server_time = given.server_time };
	return tell_run(f, WIRE_OPENED, &opened, sizeof opened, text, strlen(text));
}

/* What finish_visit() still settled is told before the goodbye. 0, or -1 with ERROR. */
static int finish_visit(struct fetcher *f, char error[SOURCE_ERROR_SIZE])
{
	struct settled late = { 0 };
	int result = f->ops->finish ? f->ops->finish(f->source, &late) : 0;
	if (result)
		memcpy(error, f->source->error, SOURCE_ERROR_SIZE);
	if (late.deleted + late.moved + late.kept)
		tell_run(f, WIRE_SETTLED, &late, sizeof late, NULL, 0);
	int closed = f->ops->close(f->source, result ? NULL : error, SOURCE_ERROR_SIZE);
	f->source = NULL;
	if (!result && !closed && f->unfinished) {
		snprintf(error, SOURCE_ERROR_SIZE,
			"its deadline is near: what was read is settled, the rest is for the next run");
		return -1;
	}
	return result ? result : closed;
}

/*
 * The run ends a fetcher that says that it failed. So the mailbox is closed before that: a removal
 * that was begun is brought to its end, and no lock stays.
 */
static void give_up_visit(struct fetcher *f)
{
	char why[SOURCE_ERROR_SIZE];
	memcpy(why, f->source->error, sizeof why);
	f->ops->close(f->source, NULL, 0);
	f->source = NULL;
	tell_text(f, WIRE_FAILED, why);
}

/* The paths behind wire_start, each ending in NUL. */
static const char **split_paths(char *p, size_t n)
{
	size_t count = 0;
	if (n && p[n - 1] != '\0')
		return NULL;
	for (size_t i = 0; i < n; i++)
		count += p[i] == '\0';
	const char **paths = count <= IMPORT_PATHS_MAX ? calloc(count + 1, sizeof *paths) : NULL;
	for (size_t i = 0; paths && i < count; p += strlen(p) + 1)
		paths[i++] = p;
	return paths;
}

int fetcher_serve(const struct mailbox *list, unsigned count, const char *store_path)
{
	const char *slash = strrchr(store_path, '/');
	struct fetcher f = {
		.mailbox = list, .mailboxes = count, .began = clock_monotonic(), .step = 1
	};
	struct wire_head head;
	struct wire_start start;
	char *names = NULL;
	const char **paths = NULL;
	char error[SOURCE_ERROR_SIZE] = "";
	int result = EXIT_LOST, state = -1;

	f.last = &f.first;
	snprintf(f.scratch, sizeof f.scratch, "%.*s", slash ? (int)(slash - store_path) : 1,
		slash ? store_path : ".");
	if (wire_receive(CHILD_FD, &head, &f.buffer, &f.capacity) != 1 || head.type != WIRE_START)
		goto out;
	memcpy(&start, f.buffer, sizeof start);
	start.mailbox[sizeof start.mailbox - 1] = '\0';
	size_t rest = head.length - sizeof start;
	names = malloc(rest + 1);
	if (!names)
		goto out;
	memcpy(names, f.buffer + sizeof start, rest);
	paths = split_paths(names, rest);
	if (!paths || open_source(&f, &start, paths))
		goto out;
	do {
		if (receive_command(&f, &head) != 1)
			goto out; /* the run is gone; what it stored it will settle next time */
		state = obey(&f, &head);
	} while (state == 0);
	if (state < 0) {
		give_up_visit(&f);
		goto out;
	}
	if (finish_visit(&f, error))
		tell_text(&f, WIRE_FAILED, error);
	else if (!tell_run(&f, WIRE_FINISHED, NULL, 0, NULL, 0))
		result = EXIT_WELL;
out:
	if (f.source)
		f.ops->close(f.source, NULL, 0);
	secret_free(f.secret);
	wipe_free(f.buffer, f.capacity);
	wire_gather_free(&f.mail);
	for (struct later *later = f.first, *next; later; later = next) {
		next = later->next;
		free(later);
	}
	free(paths);
	free(names);
	return result;
}
