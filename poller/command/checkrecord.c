/* A record of a list: the question about it, and its answer as text, CSV or JSON. */
#include "poller/command/checkrecord.h"

#include <stdio.h>
#include <string.h>
#include <sodium.h>
#include "classify/base/lines.h"
#include "classify/base/log.h"
#include "poller/command/commands.h"

/* What was asked about a record. */
enum asked_about { ABOUT_NOTHING, ABOUT_TEXT, ABOUT_WITHIN };

const char *verdict_word(unsigned v)
{
	return v == VERDICT_INVALID ? "invalid" : verdict_name(v);
}

static void print_columns(
	struct list_check *c, int word, const struct answer *a, const char *state, const char *hint)
{
	const char separator[] = { c->separator, '\0' };
	struct out *o = &c->out;
	out_text(o, separator);
	out_text(o, verdict_word((unsigned)word));
	out_text(o, separator);
	out_time(o, a->until);
	out_text(o, separator);
	out_text(o, state);
	out_text(o, separator);
	out_text(o, a->reason);
	out_text(o, separator);
	out_time(o, a->since);
	out_text(o, separator);
	out_text(o, hint);
	if (c->streams) {
		out_text(o, separator);
		out_text(o, a->stream);
	}
}

/* A line's address goes out as it came, but control characters do not reach anybody's terminal. */
static void print_address(struct list_check *c, struct span address)
{
	char clean[3 * CHECK_ADDRESS_MAX + 1];
	bool plain = true;
	for (size_t i = 0; i < address.n; i++)
		plain &= address.p[i] >= 0x20 && address.p[i] < 0x7f;
	if (!plain)
		address = (struct span){ clean, span_copy_text(clean, sizeof clean, address) };
	if (c->bare)
		out_bytes(&c->out, address.p, address.n);
	else
		out_csv(&c->out, address);
	if (!plain)
		sodium_memzero(clean, address.n);
}

static void print_answer_json(struct list_check *c, struct span address, int word,
	const struct answer *a, const char *state, const char *hint)
{
	struct out *o = &c->out;
	out_text(o, "{\"address\":");
	out_json(o, address);
	out_member(o, "verdict", verdict_word((unsigned)word));
	out_member_time(o, "until", a->until);
	out_member(o, "state", state);
	out_member(o, "reason", a->reason);
	out_member_time(o, "since", a->since);
	out_member(o, "hint", hint);
	out_member(o, "stream", a->stream);
	out_text(o, "}\n");
}

static void tell_bad(struct list_check *c)
{
	tell_bad_line(c->line, ++c->bad, NULL);
}

/* The first time through: asks the store about ADDRESS, or about the one within it. */
static int ask_record(struct list_check *c, struct span address)
{
	struct store *store = c->session->store;
	uint8_t *about = &c->about[c->records++];
	int result = address.p ? store_ask(store, address.p, address.n) : STORE_MISUSE;
	struct span within = address.p && result == STORE_MISUSE ? address_within(address)
								 : (struct span){ NULL, 0 };
	*about = ABOUT_TEXT;
	if (within.p) {
		result = store_ask(store, within.p, within.n);
		*about = ABOUT_WITHIN;
	}
	if (result == STORE_MISUSE)
		*about = ABOUT_NOTHING;
	return result && result != STORE_MISUSE ? session_store_failed(c->session, "check", result)
						: EXIT_WELL;
}

static bool is_wanted(const struct list_check *c, int word, enum hint hint)
{
	if (c->only_hint >= 0)
		return c->only_hint == HINT_COUNT ? hint != HINT_NONE : (int)hint == c->only_hint;
	return c->only < 0 || c->only == word;
}

static size_t times_in(struct span text, char what)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == what;
	return n;
}

/* What would mend a bad line, and likely others beside it; NULL: not known. */
static const char *advice_on(const struct list_check *c, struct span record)
{
	if (!span_is_utf8(record))
		return "the same saved as UTF-8, which this is not";
	if (times_in(record, '"') % 2)
		return "a \" behind each field that begins with one";
	if (c->csv)
		return times_in(record, '@') > 1 ? "one address in the column" : NULL;
	if (times_in(record, ',') + times_in(record, ';') + times_in(record, '\t'))
		return "one address a line; of lines with several columns --column says which one has them";
	return times_in(record, '@') > 1 ? "one address a line" : NULL;
}

int answer_record(
	struct list_check *c, struct span record, const char *line_end, struct span address)
{
	struct answer answer = { 0 };
	struct span asked = address;
	char hint[HINT_SIZE];
	int result, word = VERDICT_INVALID;
	if (c->asking)
		return ask_record(c, address);
	enum asked_about about = c->about[c->records++];
	if (about == ABOUT_NOTHING) {
		if (!c->advice)
			c->advice = advice_on(c, record);
		tell_bad(c);
		snprintf(answer.reason, sizeof answer.reason, "bad-address");
	} else {
		if ((result = store_asked(c->session->store, &answer)))
			return session_store_failed(c->session, "check", result);
		word = (int)answer.verdict;
	}
	if (about == ABOUT_WITHIN || (about == ABOUT_NOTHING && address.p))
		asked = address_asked(address);
	c->answered++;
	if (!is_wanted(c, word, hint_of(&c->hints, asked.p ? asked : record, about, hint)))
		return EXIT_WELL;
	const char *state = about ? contact_state_name(answer.state) : "";
	if (c->json) {
		print_answer_json(c, address.p ? address : record, word, &answer, state, hint);
		return EXIT_WELL;
	}
	if (c->csv)
		out_bytes(&c->out, record.p, record.n);
	else
		print_address(c, address);
	if (!c->bare)
		print_columns(c, word, &answer, state, hint);
	out_text(&c->out, line_end);
	return EXIT_WELL;
}
