/*
 * A list is read a chunk at a time, record by record. The first record names the columns; SES's
 * answer as text has none, and then they stand in its order: address, reason, date. Bad lines are
 * told and left out: a list of a hundred thousand is not refused for one of them.
 *
 * What a service calls a bounce is looked at once more where it gives the receiver's answer.
 */
#include "poller/volume/suppressfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sodium.h>
#include "classify/base/files.h"
#include "classify/base/exitcode.h"
#include "classify/base/lines.h"
#include "classify/base/log.h"
#include "classify/base/units.h"
#include "poller/volume/csv.h"
#include "poller/volume/fileform.h"
#include "poller/volume/suppressvalue.h"
#include "poller/volume/suppresswords.h"

enum {
	CHUNK = 256 * 1024, /* also the longest record */
	FIELD_SIZE = 1024,  /* of a field that is looked at; an address has 320 at most */
	LIST_COLUMNS_MAX = 200,
	LIST_ERRORS_SHOWN = 20,
	NOWHERE = LIST_COLUMNS_MAX,
};

enum place { PLACE_ADDRESS, PLACE_REASON, PLACE_DATE, PLACE_CODE, PLACE_ANSWER, PLACES };

struct suppress_reading {
	struct suppressfile *file;
	struct store *store;
	const struct suppress_source *source;
	const char *path;
	uint64_t line;
	char separator;
	bool begun, skipping; /* SKIPPING: the rest of a line that is too long */
	size_t place[PLACES];
	int kind; /* category of all entries of the file, as a mark says; SUPPRESS_UNKNOWN: each
		     says it */
	size_t have;
	char buffer[CHUNK];
	char field[PLACES][FIELD_SIZE];
	size_t length[PLACES];
};

__attribute__((format(printf, 2, 3))) static void complain_of_list(
	struct suppress_reading *r, const char *format, ...)
{
	char text[256];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (++r->file->bad <= LIST_ERRORS_SHOWN)
		log_error("%s: line %llu: %s", r->path, (unsigned long long)r->line, text);
	if (r->file->bad == LIST_ERRORS_SHOWN)
		log_error("%s: further bad lines are only counted", r->path);
}

const char *suppressfile_sources(void)
{
	static char names[256];
	for (const struct suppress_source *s = suppress_sources; !*names && s->name; s++)
		for (const struct suppress_source *t = s; strcmp(t->name, SUPPRESS_BY_HAND); t++)
			snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s",
				*names ? ", " : "", t->name);
	return names;
}

bool suppressfile_knows(const char *source)
{
	return suppress_source(source) && strcmp(source, SUPPRESS_BY_HAND);
}

int suppressfile_assumed(const char *word)
{
	static const struct {
		const char *word;
		enum category category;
	} all[] = { { "hard", CATEGORY_USER_UNKNOWN }, { "complaint", CATEGORY_ABUSE },
		{ "opt-out", CATEGORY_OPT_OUT }, { "soft", CATEGORY_EXPIRED } };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (!strcmp(all[i].word, word))
			return all[i].category;
	return SUPPRESS_UNKNOWN;
}

/* --- values --------------------------------------------------------------- */

static struct span suppress_field_of(const struct suppress_reading *r, enum place p)
{
	return (struct span){ r->field[p], r->length[p] };
}

/* The category of an entry; SUPPRESS_SKIP, or SUPPRESS_UNKNOWN, which was said. */
static int category_of(struct suppress_reading *r)
{
	char folded[FIELD_SIZE];
	int category = r->kind;
	if (category == SUPPRESS_UNKNOWN && r->place[PLACE_REASON] != NOWHERE) {
		size_t n = suppress_fold(suppress_field_of(r, PLACE_REASON), folded, sizeof folded);
		category = n ? suppress_word(r->source->name, (struct span){ folded, n })
			     : r->file->assumed;
		sodium_memzero(folded, n);
	} else if (category == SUPPRESS_UNKNOWN) {
		category = r->file->assumed;
	}
	if (category == SUPPRESS_UNKNOWN)
		complain_of_list(r,
			"its reason is none that is known of %s; right would be hard, soft, complaint or opt-out",
			r->source->name);
	bool bounce = category >= 0 && category_class((unsigned)category) == CLASS_HARD;
	return bounce
		? suppress_look_again(r->file->rules, category, suppress_field_of(r, PLACE_CODE),
			  suppress_field_of(r, PLACE_ANSWER), suppress_field_of(r, PLACE_ADDRESS))
		: category;
}

static int store_entry(struct suppress_reading *r, int category, int64_t at)
{
	struct suppressfile *f = r->file;
	struct suppression entry = {
		.category = (enum category)category, .at = at, .stream = f->stream
	};
	struct span address = address_asked(span_trim(suppress_field_of(r, PLACE_ADDRESS)));
	enum suppressed what;
	snprintf(entry.rule, sizeof entry.rule, "%s", f->rule);
	int result = store_suppress(r->store, address.p, address.n, &entry, f->now, &what);
	if (result == STORE_MISUSE) {
		complain_of_list(r, "no address");
		return STORE_OK;
	}
	if (result)
		return result;
	f->met[what]++;
	if (what == SUPPRESSED_NOW) {
		f->taken[category_class(entry.category)]++;
		f->opt_outs += entry.category == CATEGORY_OPT_OUT;
	}
	return STORE_OK;
}

static int take_entry(struct suppress_reading *r)
{
	int64_t at = r->file->now;
	int category = category_of(r);
	if (category == SUPPRESS_UNKNOWN)
		return STORE_OK;
	if (category == SUPPRESS_SKIP) {
		r->file->left_out++;
		return STORE_OK;
	}
	if (!suppress_no_time(suppress_field_of(r, PLACE_DATE))) {
		at = suppress_time(suppress_field_of(r, PLACE_DATE));
		if (at <= 0) {
			complain_of_list(
				r, "no date; right would be 2026-11-02 or 2026-11-02T06:00:00Z");
			return STORE_OK;
		}
		if (at > r->file->now + DAY) {
			complain_of_list(r, "its date lies in the future");
			return STORE_OK;
		}
	}
	return store_entry(r, category, at < r->file->now ? at : r->file->now);
}

/* --- records -------------------------------------------------------------- */

static void fields_of(struct suppress_reading *r, struct span record)
{
	struct span whole, field;
	size_t used;
	for (enum place p = 0; p < PLACES; p++) {
		r->length[p] = 0;
		if (r->place[p] != NOWHERE &&
			csv_next(record, true, r->separator, r->place[p], &whole, &field, &used) ==
				CSV_RECORD &&
			field.p)
			r->length[p] = csv_unquote(field, r->field[p], sizeof r->field[p]);
	}
}

static void name_column(
	struct suppress_reading *r, size_t number, struct span name, int best[PLACES])
{
	const struct suppress_source *s = r->source;
	const char *const lists[PLACES] = { s->address, s->reason, s->date, s->answer[0],
		s->answer[1] };
	for (enum place p = 0; p < PLACES; p++) {
		int at = suppress_listed(lists[p], name);
		if (at >= 0 && (best[p] < 0 || at < best[p])) {
			best[p] = at;
			r->place[p] = number;
		}
	}
}

/* A mark's word, "hard" or "bounce", which is hard until its code is looked at. */
static int kind_of_mark(const char *word, size_t n)
{
	char copy[16];
	snprintf(copy, sizeof copy, "%.*s", (int)n, word);
	return strcmp(copy, "bounce") ? suppressfile_assumed(copy) : CATEGORY_USER_UNKNOWN;
}

/* Whether a column NAME stands in any list, whatever it is about. */
static bool is_usual_column(const struct suppress_source *s, struct span name)
{
	static const char usual[] = "count|id|group|groupid|groupname";
	return suppress_listed(s->address, name) >= 0 || suppress_listed(s->date, name) >= 0 ||
		suppress_listed(usual, name) >= 0;
}

/* Reads the names of the columns. False: there is none for addresses. */
static bool read_list_header(struct suppress_reading *r, struct span record)
{
	int best[PLACES] = { -1, -1, -1, -1, -1 };
	size_t used, n, mark_at = SIZE_MAX;
	bool others = false;
	struct span whole, field;
	char text[FIELD_SIZE], name[FIELD_SIZE];
	for (size_t i = 0; i < LIST_COLUMNS_MAX; i++) {
		if (csv_next(record, true, r->separator, i, &whole, &field, &used) != CSV_RECORD ||
			!field.p)
			break;
		struct span folded = { name,
			suppress_fold((struct span){ text, csv_unquote(field, text, sizeof text) },
				name, sizeof name) };
		name_column(r, i, folded, best);
		others |= !is_usual_column(r->source, folded);
		const char *mark = suppress_mark(r->source, folded, &n);
		/* of several marks the one that the table has first */
		if (mark && (size_t)(mark - r->source->mark) < mark_at) {
			mark_at = (size_t)(mark - r->source->mark);
			r->kind = kind_of_mark(mark, n);
		}
	}
	/* with other columns it may be a list of all customers */
	if (mark_at == SIZE_MAX && r->source->otherwise && !others)
		r->kind = suppressfile_assumed(r->source->otherwise);
	return best[PLACE_ADDRESS] >= 0;
}

/* What the first record says; *HEADER: it is no entry itself. An exit code. */
static int begin(struct suppress_reading *r, struct span record, bool *header)
{
	*header = false;
	if (memchr(record.p, '\r', record.n)) {
		log_error("%s: its lines end with CR alone; save it with LF or CRLF", r->path);
		return EXIT_USAGE;
	}
	r->begun = true;
	r->separator = csv_separator(record);
	if (r->source->plain) {
		r->place[PLACE_ADDRESS] = 0;
	} else if (read_list_header(r, record)) {
		*header = true;
	} else if (memchr(record.p, '@', record.n)) {
		r->place[PLACE_ADDRESS] = 0;
		r->place[PLACE_REASON] = memchr(record.p, r->separator, record.n) ? 1 : NOWHERE;
		r->place[PLACE_DATE] = r->place[PLACE_REASON] == NOWHERE ? NOWHERE : 2;
	} else {
		log_error(
			"%s: the first line names no column that %s has for addresses; right would be one of %s",
			r->path, r->source->name, r->source->address);
		return EXIT_USAGE;
	}
	if (r->kind == SUPPRESS_UNKNOWN && r->place[PLACE_REASON] == NOWHERE &&
		r->file->assumed == SUPPRESS_UNKNOWN) {
		log_error(
			"%s: the list does not say why; right would be --as hard, complaint, opt-out or soft",
			r->path);
		return EXIT_USAGE;
	}
	return EXIT_WELL;
}

static int take_list_record(struct suppress_reading *r, struct span record, int *code)
{
	bool header = false;
	bool tells_separator = record.n == 5 && span_starts_nocase(record, SPAN("sep="));
	if (!span_trim(record).n || (!r->begun && tells_separator))
		return STORE_OK;
	if (!r->begun && (*code = begin(r, record, &header)))
		return STORE_OK;
	if (header)
		return STORE_OK;
	if (r->source->plain) {
		r->length[PLACE_ADDRESS] = record.n < FIELD_SIZE ? record.n : FIELD_SIZE;
		memcpy(r->field[PLACE_ADDRESS], record.p, r->length[PLACE_ADDRESS]);
	} else {
		fields_of(r, record);
	}
	return take_entry(r);
}

static uint64_t list_lines_in(struct span text)
{
	uint64_t n = 0;
	for (const char *p = text.p; (p = memchr(p, '\n', text.n - (size_t)(p - text.p))); p++)
		n++;
	return n;
}

/* The next record off TEXT; false: none is complete yet. */
static bool next_list_record(struct suppress_reading *r, struct span *text, bool end,
	struct span *record, size_t *used, bool *broken)
{
	struct span field;
	*broken = false;
	if (!text->n)
		return false;
	if (r->source->plain || !r->begun) {
		const char *newline = memchr(text->p, '\n', text->n);
		if (!newline && !end)
			return false;
		*used = newline ? (size_t)(newline - text->p) + 1 : text->n;
		*record = span_trim((struct span){ text->p, *used });
		return true;
	}
	enum csv_result result = csv_next(*text, end, r->separator, 0, record, &field, used);
	*broken = result == CSV_BROKEN;
	return result != CSV_MORE;
}

/* Leaves the rest of a line that is too long out of TEXT. */
static void skip_list_line(struct suppress_reading *r, struct span *text)
{
	const char *newline = memchr(text->p, '\n', text->n);
	size_t n = newline ? (size_t)(newline - text->p) + 1 : text->n;
	r->skipping = !newline;
	*text = (struct span){ text->p + n, text->n - n };
}

/*
 * No record ends within the buffer: a quote is open, or a line is too long. It is left out up to
 * its end, and what comes behind it is read.
 */
static void leave_list_line(struct suppress_reading *r, struct span *text, int *code)
{
	r->line++;
	if (!r->begun) {
		log_error("%s: the first line is longer than %d bytes: this is no list", r->path,
			CHUNK);
		*code = EXIT_USAGE;
		return;
	}
	skip_list_line(r, text);
	if (r->skipping)
		complain_of_list(r, "longer than %d bytes", CHUNK);
	else
		complain_of_list(r, "a quote that is not closed");
}

static void begin_list_text(struct suppress_reading *r, struct span *text, int *code)
{
	if (text->n >= 3 && !memcmp(text->p, "\xef\xbb\xbf", 3))
		*text = (struct span){ text->p + 3, text->n - 3 };
	const char *foreign = fileform_no_list(*text);
	if (foreign) {
		log_error("%s: %s", r->path, foreign);
		*code = EXIT_USAGE;
	}
}

static int take_chunk(struct suppress_reading *r, bool end, int *code)
{
	struct span text = { r->buffer, r->have }, record;
	size_t used;
	bool broken, full = r->have == sizeof r->buffer;
	int result = STORE_OK;
	if (!r->begun && !r->line)
		begin_list_text(r, &text, code);
	if (r->skipping)
		skip_list_line(r, &text);
	while (!result && !*code && next_list_record(r, &text, end, &record, &used, &broken)) {
		r->line++;
		if (broken)
			complain_of_list(r,
				"a quote that is not closed, or something behind the closing one");
		else
			result = take_list_record(r, record, code);
		uint64_t more = list_lines_in((struct span){ text.p, used });
		r->line += more ? more - 1 : 0;
		text = (struct span){ text.p + used, text.n - used };
	}
	if (full && text.n == sizeof r->buffer && !*code)
		leave_list_line(r, &text, code);
	memmove(r->buffer, text.p, text.n);
	r->have = text.n;
	return result;
}

int suppressfile_import(struct suppressfile *f, struct store *store, const char *path)
{
	bool standard = !path || !strcmp(path, "-");
	const char *name = standard ? "stdin" : path;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC), code = EXIT_WELL,
	    result = STORE_OK;
	struct suppress_reading *r = calloc(1, sizeof *r);
	ssize_t n = 1;
	if (fd < 0 || !r) {
		log_error("%s: %s%s", name, strerror(errno), file_unread_advice(errno));
		free(r);
		return EXIT_USAGE;
	}
	*r = (struct suppress_reading){ .file = f,
		.store = store,
		.path = name,
		.source = suppress_source(f->source),
		.kind = SUPPRESS_UNKNOWN,
		.place = { NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE } };
	while (!result && !code && n > 0) {
		n = read(fd, r->buffer + r->have, sizeof r->buffer - r->have);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		r->have += n > 0 ? (size_t)n : 0;
		if (n >= 0)
			result = take_chunk(r, n == 0, &code);
	}
	if (n < 0) {
		log_error("%s: %s%s", name, strerror(errno), file_unread_advice(errno));
		code = EXIT_USAGE;
	}
	if (result) {
		log_error("store: %s", store_error(store));
		code = EXIT_USAGE;
	}
	if (!standard)
		close(fd);
	bool anything = r->begun;
	sodium_memzero(r, sizeof *r);
	free(r);
	if (code)
		return code;
	if (!anything)
		log_warning("%s: nothing stands in it", name);
	if (f->bad)
		return EXIT_LOST;
	return EXIT_WELL;
}

bool suppressfile_looks_so(struct span text)
{
	static const char address
		[] = "email|emailaddress|recipient",
	 beside[] =
		 "reason|created|createdat|status|suppressionreason|lastupdatetime|cleantime|unsubtime|tags|error|code|type";
	struct span line, record, field;
	bool names = false, more = false;
	char name[64];
	size_t used;
	span_line(&text, &line);
	if (memchr(line.p, '@', line.n) || memchr(line.p, ':', line.n))
		return false;
	for (size_t i = 0; i < LIST_COLUMNS_MAX; i++) {
		if (csv_next(line, true, csv_separator(line), i, &record, &field, &used) !=
				CSV_RECORD ||
			!field.p)
			break;
		struct span folded = { name, suppress_fold(field, name, sizeof name) };
		names |= suppress_listed(address, folded) >= 0 ||
			span_equal_nocase(folded, SPAN("address"));
		more |= suppress_listed(beside, folded) >= 0;
	}
	return names && more;
}
