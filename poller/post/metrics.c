/*
 * The text format of Prometheus (exposition format 0.0.4): for each family HELP, TYPE and its
 * samples, in one table.
 *
 * Units are seconds, bytes, ratios. Labels are names from the configuration, from the provider
 * profiles and from the program's own lists, so that their number is bounded. What counts
 * recipients goes up in steps of k: whoever watches a counter sees no single event.
 */
#include "poller/post/metrics.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include "classify/base/exitcode.h"
#include "poller/post/outfile.h"
#include "poller/post/post.h"
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "store/watch/alert.h"
#include "store/ledger.h"
#include "store/promises.h"
#include "store/contacts.h"
#include "store/figures.h"

enum { LABEL_SIZE = 256 };

struct metrics_writer {
	FILE *out;
	struct session *s;
	const struct metrics_run *run;
	bool of_run;      /* RUN has more than the time */
	const char *name; /* of the family that is being written */
};

/* A label's value: backslash, quote and line end are escaped. */
static const char *label(const char *text, char buffer[LABEL_SIZE])
{
	size_t n = 0;
	for (; *text && n + 3 < LABEL_SIZE; text++) {
		if (*text == '\\' || *text == '"' || *text == '\n')
			buffer[n++] = '\\';
		buffer[n++] = *text == '\n' ? 'n' : *text;
	}
	buffer[n] = '\0';
	return buffer;
}

/* With up to two labels; NULL: none. */
static void write_sample(const struct metrics_writer *w, const char *a, const char *a_value,
	const char *b, const char *b_value, double value)
{
	char first[LABEL_SIZE], second[LABEL_SIZE];
	fputs(w->name, w->out);
	if (a)
		fprintf(w->out, "{%s=\"%s\"", a, label(a_value, first));
	if (b)
		fprintf(w->out, ",%s=\"%s\"", b, label(b_value, second));
	fprintf(w->out, "%s %.15g\n", a ? "}" : "", value);
}

/* Recipients and what happened to them: in steps of k. */
static double stepped(const struct metrics_writer *w, uint64_t n)
{
	return (double)(n - n % w->s->options.k);
}

/* --- families ------------------------------------------------------------- */

static int build(struct metrics_writer *w)
{
	write_sample(w, "version", RETOUR_VERSION, NULL, NULL, 1);
	return 0;
}

static int run_time(struct metrics_writer *w)
{
	write_sample(w, NULL, NULL, NULL, NULL, (double)w->run->now);
	return 0;
}

static int run_duration(struct metrics_writer *w)
{
	write_sample(w, NULL, NULL, NULL, NULL, w->run->seconds);
	return 0;
}

static int run_result(struct metrics_writer *w)
{
	write_sample(w, NULL, NULL, NULL, NULL, w->run->result);
	return 0;
}

static int metrics_time(void *context, const struct mailbox_state *m)
{
	if (m->read_at)
		write_sample(context, "mailbox", m->name, NULL, NULL, (double)m->read_at);
	return 0;
}

static int mailbox_success(struct metrics_writer *w)
{
	return store_mailboxes(w->s->store, metrics_time, w);
}

static int failure_time(void *context, const struct mailbox_state *m)
{
	if (m->failed_at)
		write_sample(context, "mailbox", m->name, NULL, NULL, (double)m->failed_at);
	return 0;
}

static int mailbox_failure(struct metrics_writer *w)
{
	return store_mailboxes(w->s->store, failure_time, w);
}

/* One pair of functions for each fact of a mailbox's server. */
#define FACT_FAMILY(member, ...) \
	static int fact_##member(void *context, const struct mailbox_state *m) \
	{ \
		if (m->facts.member) \
			write_sample( \
				context, "mailbox", m->name, NULL, NULL, (double)m->facts.member); \
		return 0; \
	} \
	static int mailbox_##member(struct metrics_writer *w) \
	{ \
		return store_mailboxes(w->s->store, fact_##member, w); \
	}
MAILBOX_FACTS(FACT_FAMILY)
#undef FACT_FAMILY

/*
 * A report that is new is somebody's bounce as a rule; the others name nobody, and one is enough to
 * look after.
 */
static int message_count(void *context, const char *mailbox, const char *outcome, uint64_t count)
{
	if (!*mailbox)
		return 0; /* of recipients */
	write_sample(context, "mailbox", mailbox, "outcome", outcome,
		strcmp(outcome, "new") == 0 ? stepped(context, count) : (double)count);
	return 0;
}

static int messages(struct metrics_writer *w)
{
	return store_message_counts(w->s->store, 0, INT32_MAX, message_count, w);
}

static int event_count(void *context, const char *provider, const char *what, uint64_t count)
{
	write_sample(context, "provider", provider, "class", what, stepped(context, count));
	return 0;
}

static int events(struct metrics_writer *w)
{
	return store_totals(w->s->store, event_count, w);
}

static int contacts(struct metrics_writer *w)
{
	uint64_t counts[STATE_COUNT];
	if (store_contact_counts(w->s->store, counts))
		return STORE_FAILED;
	for (unsigned i = 0; i < STATE_COUNT; i++)
		write_sample(w, "state", contact_state_name(i), NULL, NULL, stepped(w, counts[i]));
	return STORE_OK;
}

static int count_open(void *context, const struct alert *a)
{
	unsigned *counts = context;
	counts[a->condition]++;
	return 0;
}

static int alerts(struct metrics_writer *w)
{
	unsigned counts[ALERT_CONDITION_COUNT] = { 0 };
	if (store_alerts(w->s->store, ALERTS_OPEN, count_open, counts))
		return STORE_FAILED;
	for (unsigned i = 0; i < ALERT_CONDITION_COUNT; i++)
		write_sample(w, "condition", alert_condition_name(i), NULL, NULL, counts[i]);
	return STORE_OK;
}

/* With what is not yet in the database file itself. */
static int store_bytes(struct metrics_writer *w)
{
	char log[4096];
	struct stat st;
	double bytes = 0;
	snprintf(log, sizeof log, "%s-wal", w->s->options.path);
	bytes += stat(w->s->options.path, &st) ? 0 : (double)st.st_size;
	bytes += stat(log, &st) ? 0 : (double)st.st_size;
	write_sample(w, NULL, NULL, NULL, NULL, bytes);
	return 0;
}

static int disk_free(struct metrics_writer *w)
{
	struct statvfs v;
	if (!statvfs(w->s->options.path, &v))
		write_sample(w, NULL, NULL, NULL, NULL, (double)v.f_bavail * (double)v.f_frsize);
	return 0;
}

static int overdue(struct metrics_writer *w)
{
	struct purge held;
	if (store_held(w->s->store, w->run->now, &held))
		return STORE_FAILED;
	for (unsigned i = 0; i < held.count; i++)
		write_sample(w, "data", held.at[i].name, NULL, NULL, (double)held.at[i].overdue);
	return STORE_OK;
}

static int write_ledger_metrics(struct metrics_writer *w)
{
	struct ledger_entry head;
	if (store_ledger_head(w->s->store, &head))
		return STORE_FAILED;
	write_sample(w, NULL, NULL, NULL, NULL, (double)head.number);
	return STORE_OK;
}

static const struct family {
	const char *name, *type, *help;
	int (*write)(struct metrics_writer *w);
} families[] = {
	{ "retour_build_info", "gauge", "The program's version.", build },
	{ "retour_run_timestamp_seconds", "gauge", "When the last run began.", run_time },
	{ "retour_run_duration_seconds", "gauge", "How long the last run took.", run_duration },
	{ "retour_run_result", "gauge",
		"Exit code of the last run: 0 all well, 1 something was lost or refused, 3 a promise is broken.",
		run_result },
	{ "retour_mailbox_last_success_timestamp_seconds", "gauge",
		"When the mailbox was last read to its end.", mailbox_success },
	{ "retour_mailbox_last_failure_timestamp_seconds", "gauge",
		"When reading the mailbox last failed.", mailbox_failure },
#define FACT_ROW(member, name, condition, help, ...) \
	{ "retour_mailbox_" name, "gauge", help, mailbox_##member },
	MAILBOX_FACTS(FACT_ROW)
#undef FACT_ROW
		{ "retour_messages_total", "counter", "Messages read, by what they were.",
			messages },
	{ "retour_events_total", "counter",
		"Bounces by class, and complaints, in steps of [privacy] k.", events },
	{ "retour_contacts", "gauge", "Recipients by state, in steps of [privacy] k.", contacts },
	{ "retour_alerts_open", "gauge", "Alerts that are open, by condition.", alerts },
	{ "retour_store_size_bytes", "gauge", "Size of the database with its log.", store_bytes },
	{ "retour_store_disk_free_bytes", "gauge", "Room that is left on the disk of the store.",
		disk_free },
	{ "retour_retention_overdue_rows", "gauge",
		"Rows that are kept for longer than promised, by class of data.", overdue },
	{ "retour_ledger_entries", "gauge", "Entries of the write_ledger_metrics.",
		write_ledger_metrics },
};

static int write_families(struct metrics_writer *w)
{
	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		if (!w->of_run && !strncmp(families[i].name, "retour_run_", strlen("retour_run_")))
			continue; /* a run alone knows it */
		w->name = families[i].name;
		fprintf(w->out, "# HELP %s %s\n# TYPE %s %s\n", w->name, families[i].help, w->name,
			families[i].type);
		if (families[i].write(w))
			return -1;
	}
	return 0;
}

int metrics_write(struct session *s, const struct metrics_run *run)
{
	struct buffer text = { NULL, 0 };
	struct metrics_writer w = { .s = s, .run = run, .of_run = true };
	struct stat st;
	int result = EXIT_LOST;
	if (!s->post->metrics_file)
		return EXIT_WELL;
	w.out = open_memstream(&text.p, &text.n);
	if (w.out && write_families(&w)) {
		fclose(w.out);
		result = session_store_failed(s, "metrics", STORE_FAILED);
	} else if (!w.out || fclose(w.out)) {
		log_error("metrics: no memory");
	} else if (!stat(s->post->metrics_file, &st) && !S_ISREG(st.st_mode)) {
		log_error("[metrics] file: %s: not a regular file", s->post->metrics_file);
	} else if (!write_whole(s->post->metrics_file, (struct span){ text.p, text.n })) {
		result = EXIT_WELL;
	}
	buffer_free(&text);
	return result;
}

int metrics_text(struct session *s, struct buffer *out)
{
	const struct metrics_run present = { .now = clock_now() };
	struct metrics_writer w = { .s = s, .run = &present };
	*out = (struct buffer){ 0 };
	w.out = open_memstream(&out->p, &out->n);
	if (w.out && !write_families(&w) && !fclose(w.out))
		return 0;
	if (w.out)
		session_store_failed(s, "metrics", STORE_FAILED);
	return -1;
}
