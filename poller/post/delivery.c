/* Reports leave the house here. reports/ has composed them; this part knows where they go. */
#include "poller/post/delivery.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <sodium.h>
#include "classify/base/exitcode.h"
#include "poller/post/carrying.h"
#include "poller/post/evidence.h"
#include "classify/base/log.h"

enum {
	UNANSWERED_MAX = 3,           /* times that a report is handed over and nobody answers */
	UNANSWERED_AGAIN = 20 * 3600, /* seconds between: a run of the next day */
};

int report_format_by_name(const char *name)
{
	static const char *const names[] = {
		[REPORT_XML] = "xml", [REPORT_HTML] = "html", [REPORT_TEXT] = "text"
	};
	for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

static int make_model(struct session *s, struct month month, struct month_report **model)
{
	char error[512];
	if (month_report_new(model, s->store, month, &s->report, error, sizeof error)) {
		log_error("report of %04d-%02d: %s", month.year, month.month, error);
		return -1;
	}
	return 0;
}

static int format_model(const struct month_report *model, struct month month,
	enum report_format format, struct buffer *out)
{
	char error[512];
	if (month_report_format(model, format, out, error, sizeof error)) {
		log_error("report of %04d-%02d: %s", month.year, month.month, error);
		return -1;
	}
	return 0;
}

int report_make(
	struct session *s, struct month month, enum report_format format, struct buffer *out)
{
	struct month_report *model = NULL;
	*out = (struct buffer){ 0 };
	int result = make_model(s, month, &model) || format_model(model, month, format, out) ? -1
											     : 0;
	month_report_free(model);
	return result;
}

static int hand_to_carrier(const struct post_options *c, struct span mail)
{
	char error[512], clean[512];
	int result = delivery_carry(c, c->to.at, mail, error, sizeof error);
	if (result)
		log_error("report mail: %s%s", log_clean(clean, sizeof clean, error),
			result == CARRY_UNANSWERED
				? "; it was handed over whole and may have arrived"
				: "");
	return result;
}

/* How often the month's report was handed over without an answer, and when last; 0: never. */
static int last_unanswered(struct session *s, const char *pair, int64_t *at, int *tries)
{
	struct ledger_entry e;
	if (store_ledger_last(s->store, LEDGER_REPORT_UNANSWERED, pair, &e))
		return session_store_failed(s, "ledger", STORE_FAILED);
	const char *said = e.number ? strstr(e.detail, " tries=") : NULL;
	*tries = said ? atoi(said + strlen(" tries=")) : 0;
	*at = *tries ? e.at : 0;
	return EXIT_WELL;
}

/* Some readers may have it: it is not sent again by the next run, and not for ever. */
static int note_unanswered(struct session *s, struct month month, int64_t now)
{
	char pair[32], detail[128];
	int64_t at;
	int tries;
	snprintf(pair, sizeof pair, "month=%04d-%02d", month.year, month.month);
	if (last_unanswered(s, pair, &at, &tries))
		return EXIT_LOST;
	snprintf(detail, sizeof detail, "%s recipients=%u tries=%d", pair, s->post->to.count,
		tries + 1);
	if (store_ledger(s->store, now, LEDGER_REPORT_UNANSWERED, detail))
		return session_store_failed(s, "ledger", STORE_FAILED);
	log_error("the report of %04d-%02d: %s", month.year, month.month,
		tries + 1 < UNANSWERED_MAX
			? "a run tries again in a day"
			: "it is not sent again; `retour report --send` does it");
	return EXIT_LOST;
}

/*
 * The public key's line, made first where there is none; NULL when that fails, which the signature
 * will say.
 */
static const char *signing_key(struct session *s, int64_t now, char line[MINISIGN_KEY_TEXT_SIZE])
{
	struct minisign_public p;
	bool ready;
	if (store_sign_ready(s->store, now) || store_sign_public(s->store, &p, &ready) || !ready)
		return NULL;
	minisign_key_text(&p, line);
	return line;
}

/*
 * The signature of the report's XML as it is attached; the report is the same whenever it is made,
 * and so is this. A report without one goes all the same, and that is said.
 */
static int sign_attachment(struct session *s, const struct month_report *model, struct month month,
	char signature[MINISIGN_TEXT_SIZE])
{
	char comment[MINISIGN_COMMENT_SIZE];
	struct buffer xml;
	if (format_model(model, month, REPORT_XML, &xml))
		return EXIT_LOST;
	snprintf(comment, sizeof comment, "file:retour-%04d-%02d.xml\tretour report", month.year,
		month.month);
	int result = store_sign(s->store, xml.p, xml.n, comment, signature);
	buffer_free(&xml);
	return result ? session_store_failed(s, "signature of the report", result) : EXIT_WELL;
}

int report_mail(struct session *s, struct month month, int64_t now, bool test)
{
	struct month_report *model = NULL;
	struct buffer mail = { 0 };
	char signature[MINISIGN_TEXT_SIZE], key[MINISIGN_KEY_TEXT_SIZE];
	unsigned char random[12];
	char token[2 * sizeof random + 1], detail[128], error[512];
	int result = EXIT_LOST;
	s->report.signing_key = signing_key(s, now, key);
	if (make_model(s, month, &model))
		return EXIT_LOST;
	int signing = sign_attachment(s, model, month, signature);
	randombytes_buf(random, sizeof random);
	sodium_bin2hex(token, sizeof token, random, sizeof random);
	if (month_report_mail(
		    model, now, token, signing ? NULL : signature, &mail, error, sizeof error)) {
		log_error("report of %04d-%02d: %s", month.year, month.month, error);
		goto out;
	}
	int carried = hand_to_carrier(s->post, (struct span){ mail.p, mail.n });
	if (carried == CARRY_UNANSWERED && !test)
		result = note_unanswered(s, month, now);
	if (carried)
		goto out;
	snprintf(detail, sizeof detail, "month=%04d-%02d recipients=%u", month.year, month.month,
		s->post->to.count);
	/* a test is no sending: the readers still get theirs from `run` */
	if (store_ledger(s->store, now, test ? LEDGER_REPORT_TESTED : LEDGER_REPORT_SENT, detail)) {
		session_store_failed(s, "ledger", STORE_FAILED);
		goto out;
	}
	log_notice("sent the report of %04d-%02d to %u recipients%s", month.year, month.month,
		s->post->to.count, test ? ", as a test" : "");
	result = signing;
out:
	s->report.signing_key = NULL;
	buffer_free(&mail);
	month_report_free(model);
	return result;
}

/*
 * The names YYYY-MM.html of a directory, the latest first, as "2026-10 2026-09"; heap, NULL without
 * memory.
 */
static char *months_in(const char *dir)
{
	struct dirent **found = NULL;
	struct month month;
	char *list = NULL, name[16];
	size_t size = 0;
	int n = scandir(dir, &found, NULL, alphasort);
	FILE *out = open_memstream(&list, &size);
	for (int i = n - 1; i >= 0; i--) {
		snprintf(name, sizeof name, "%.7s", found[i]->d_name);
		if (out && strlen(found[i]->d_name) == 12 &&
			!strcmp(found[i]->d_name + 7, ".html") && month_parse(name, &month))
			fprintf(out, "%s%s", ftell(out) ? " " : "", name);
		free(found[i]);
	}
	free(found);
	if (out && !fclose(out))
		return list;
	free(list);
	return NULL;
}

/* index.html leads to all months; the trend is that of the month that was just written. */
static int leave_index(struct session *s, const struct month_report *model, const char *dir)
{
	struct buffer page = { 0 };
	char error[512] = "no memory", *months = months_in(dir);
	int result = -1;
	if (months && !month_report_index(model, months, &page, error, sizeof error))
		result = evidence_write(
			s, dir, "index.html", (struct span){ page.p, page.n }, "retour report");
	else
		log_error("%s/index.html: %s", dir, error);
	buffer_free(&page);
	free(months);
	return result;
}

/* All formats into the report directory, each with its signature, and the key that checks them. */
static int leave_files(struct session *s, struct month month, int64_t now)
{
	static const struct {
		enum report_format format;
		const char *ending;
	} files[] = { { REPORT_XML, "xml" }, { REPORT_HTML, "html" }, { REPORT_TEXT, "txt" } };
	const char *dir = s->post->dir;
	struct month_report *model = NULL;
	int result = -1;
	if (mkdir(dir, 0755) && errno != EEXIST) {
		log_error("[report] dir %s: %s", dir, strerror(errno));
		return -1;
	}
	if (store_sign_ready(s->store, now))
		return session_store_failed(s, "signing key", STORE_KEYS);
	if (evidence_write_key(s, dir) || make_model(s, month, &model))
		return -1;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct buffer text = { 0 };
		char name[64];
		snprintf(name, sizeof name, "%04d-%02d.%s", month.year, month.month,
			files[i].ending);
		result = format_model(model, month, files[i].format, &text) ||
				evidence_write(s, dir, name, (struct span){ text.p, text.n },
					"retour report")
			? -1
			: 0;
		buffer_free(&text);
		if (result)
			break;
	}
	if (!result)
		result = leave_index(s, model, dir);
	month_report_free(model);
	return result;
}

int report_has_month(struct session *s, struct month month, bool *has)
{
	int32_t first;
	int result = store_first_day(s->store, &first);
	*has = first && first <= month.year * 10000 + month.month * 100 + 31;
	return result;
}

int report_if_due(struct session *s, int64_t now)
{
	struct month month = month_before(month_of(now), 1);
	struct ledger_entry sent, written;
	char pair[32], detail[64];
	bool has;
	time_t t = (time_t)now;
	struct tm tm;
	localtime_r(&t, &tm);
	snprintf(pair, sizeof pair, "month=%04d-%02d", month.year, month.month);
	if (tm.tm_mday < s->post->day)
		return EXIT_WELL;
	if (report_has_month(s, month, &has) ||
		store_ledger_last(s->store, LEDGER_REPORT_SENT, pair, &sent) ||
		store_ledger_last(s->store, LEDGER_REPORT_WRITTEN, pair, &written))
		return session_store_failed(s, "report", STORE_FAILED);
	if (!has || sent.number)
		return EXIT_WELL;
	int64_t handed;
	int tries;
	if (last_unanswered(s, pair, &handed, &tries))
		return EXIT_LOST;
	if (tries >= UNANSWERED_MAX || (tries && now < handed + UNANSWERED_AGAIN))
		return EXIT_WELL;
	if (!written.number) {
		if (leave_files(s, month, now))
			return EXIT_LOST;
		snprintf(detail, sizeof detail, "%s", pair);
		if (store_ledger(s->store, now, LEDGER_REPORT_WRITTEN, detail))
			return session_store_failed(s, "ledger", STORE_FAILED);
		log_notice("wrote the report of %04d-%02d to %s", month.year, month.month,
			s->post->dir);
	}
	/* nobody to send it to is a choice, not a failure */
	return s->post->to.count ? report_mail(s, month, now, false) : EXIT_WELL;
}
