/*
 * The POP3 source: RFC 1939 with CAPA and PIPELINING (RFC 2449), STLS (RFC 2595), AUTH (RFC 5034)
 * and XOAUTH2, on our own stream.
 *
 * The server is not trusted: every line, list and message has a limit, a message number means
 * nothing but itself, and text of the server is not passed on, for it may name the user.
 *
 * Messages are marked by DELE after they were stored, but only QUIT's +OK makes the
 * deletions true (RFC 1939 section 6), and only then they count as deleted. So there is a QUIT and
 * another connection after a thousand of them; messages are known again by their UIDL.
 * There are no folders: what is not deleted stays, and is known again by its UIDL.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "classify/base/clock.h"
#include "poller/mailbox/pop3list.h"
#include "poller/mailbox/pop3message.h"
#include "poller/mailbox/pop3session.h"
#include "poller/mailbox/secret.h"

enum {
	MARKED_MAX = 1000, /* deletions that one QUIT is to make true; then there is another
			      connection */
	POP3_CONNECTIONS_MAX = 1000, /* of one visit, */
	CUTS_MAX = 5,                /* and how many of them may be lost */
	AHEAD_PERCENT = 15,          /* of it, for what was asked for when that is over */
};

static const double each_at_first = 0.25; /* seconds of a message, before one has come */

static int pop3_open(struct source **out, const struct source_options *options)
{
	struct pop3 *p = calloc(1, sizeof *p);
	if (!p)
		return *out = NULL, -1;
	*out = &p->base;
	p->base.ops = &source_pop3;
	p->mailbox = options->mailbox;
	p->max_message = options->max_message;
	p->stays = options->stays;
	p->some_stuck = options->some_stuck;
	p->began = clock_monotonic();
	p->cut_at = SIZE_MAX;
	if (sodium_init() < 0)
		return source_fail(&p->base, "libsodium does not start");
	p->password = secret_copy(options->password ? options->password : "");
	if (!p->password)
		return pop3_refused(p, "no memory");
	return pop3_connect(p, p->password, p->mailbox->deadline);
}

/*
 * Every answer belongs to its command: one too many would have each message taken for the one
 * before it, and the last deleted unread. A server that refuses a message is asked once more, for
 * what it says next shows whether it is in step.
 */
static int stay_in_step(struct pop3 *p, bool refused_one)
{
	enum reply reply = p->begin == p->end && refused_one ? pop3_command(p, "NOOP") : REPLY_OK;
	if (reply == REPLY_BROKEN) {
		p->misspoken = !*stream_error(p->stream);
		return -1;
	}
	p->misspoken = p->begin != p->end || reply == REPLY_CONTINUE;
	return p->misspoken ? pop3_broken(p, "the server answers what it was not asked") : 0;
}

static bool pop3_time_is_up(const struct pop3 *p)
{
	return p->mailbox->deadline &&
		clock_monotonic() - p->began > (double)p->mailbox->deadline * READING_PERCENT / 100;
}

/*
 * How many RETRs may be on their way: all of them are answered before anything else is, so a slow
 * server is asked for fewer, that its deadline is not over with the window.
 */
static size_t pop3_depth(const struct pop3 *p)
{
	double each = p->answered ? (clock_monotonic() - p->asked_at) / (double)p->answered
				  : each_at_first;
	double most = (double)p->mailbox->deadline * AHEAD_PERCENT / 100;
	if (!p->can.pipelining)
		return 1;
	if (!p->mailbox->deadline || each * POP3_RETR_DEPTH <= most)
		return POP3_RETR_DEPTH;
	return most > each ? (size_t)(most / each) : 1;
}

/*
 * RETR of the next messages up to UNTIL of the list, pipelined: whenever half of the window was
 * answered, it is filled again.
 */
static int retrieve(struct pop3 *p, size_t until, const struct source_sink *sink, size_t *given)
{
	size_t sent = p->at;
	unsigned refused_before = p->refused;
	int result = 0;
	if (p->asked_at <= 0)
		p->asked_at = clock_monotonic();
	while (p->at < until) {
		size_t depth = pop3_depth(p);
		if (!result && pop3_time_is_up(p)) {
			p->unfinished = true;
			until = sent; /* what is on its way is read, no more is asked for */
		}
		if (!result && !p->empties && sent < until && sent - p->at <= depth / 2) {
			uint32_t numbers[POP3_RETR_DEPTH];
			size_t n = 0;
			for (; sent + n - p->at < depth && sent + n < until; n++)
				numbers[n] = p->list[sent + n].number;
			if (n && pop3_send_for(p, "RETR", numbers, n))
				return -1;
			sent += n;
		}
		if (p->at == sent)
			break;
		/*
		 * After a stop the answers on their way are read, so that the connection stays in
		 * step for QUIT.
		 */
		if (pop3_take_message(p, &p->list[p->at++], result ? NULL : sink, given))
			result = -1;
		p->answered++;
		if (!p->usable)
			return -1;
	}
	return stay_in_step(p, p->refused > refused_before || p->empties) ? -1 : result;
}

/*
 * Another connection in the place of one that was lost or ended; the messages are known again by
 * their ids.
 */
static int pop3_connect_again(struct pop3 *p)
{
	int64_t left = p->mailbox->deadline - (int64_t)(clock_monotonic() - p->began);
	if (!p->can.uidl || left <= 0 || ++p->connections >= POP3_CONNECTIONS_MAX)
		return -1;
	stream_close(p->stream);
	p->stream = NULL;
	p->usable = p->logged_in = false;
	p->marked = 0; /* without QUIT nothing was deleted: it comes again */
	return pop3_connect(p, p->password, left) || pop3_find_numbers(p) ? -1 : 0;
}

/*
 * The connection was lost, fell silent or spoke no POP3 while the message LIST[CUT] came, or the
 * message had no end. Where it was lost or misspoken, the message is asked for once more, and
 * stepped over when that happens again, in the words TWICE; all else costs a whole timeout or
 * megabytes, so there it is stepped over AT_ONCE, as is one that could not be had before.
 */
static int pop3_step_over(struct pop3 *p, size_t cut, const char *at_once, const char *twice,
	const struct source_sink *sink)
{
	bool over = at_once || cut == p->cut_at || p->list[cut].late;

	p->at = over ? cut + 1 : cut;
	p->cut_at = cut;
	return over ? pop3_say_stuck(p, &p->list[cut], at_once ? at_once : twice, sink) : 0;
}

/*
 * Another connection after one that was lost, or was of no more use in a message. What came in the
 * same step before an answer that is none may have been answers to something else. At a second
 * silence with no message between it is the server that says nothing, and the visit ends. The next
 * one tries last what this one stepped over. 0: go on.
 */
static int pop3_go_on_after_cut(struct pop3 *p, const struct source_sink *sink)
{
	char why[SOURCE_ERROR_SIZE];
	size_t cut = p->at ? p->at - 1 : 0;
	bool in_message = p->reading, endless = p->endless, silent = stream_was_silent(p->stream);
	bool misspoken = p->misspoken;
	p->reading = p->endless = p->misspoken = false;
	if (!stream_was_cut(p->stream) && !endless && !misspoken && (!silent || !in_message))
		return -1;
	for (size_t i = p->in_step; misspoken && i < p->at; i++)
		p->doubts += p->list[i].doubtful = i < cut || !in_message;
	bool late = in_message && p->list[cut].late, ends = silent && p->was_silent && !late;
	memcpy(why, p->base.error, sizeof why);
	p->was_silent = silent && !late;
	if (in_message && !silent &&
		pop3_step_over(p, cut, endless ? "the server sends no end of it" : NULL,
			misspoken ? "the server's answer for it breaks the protocol"
				  : "the connection breaks while it is read",
			sink))
		return -1;
	bool back = ++p->cuts < CUTS_MAX && !pop3_connect_again(p);
	if (back && silent && in_message &&
		pop3_step_over(p, cut, "the server falls silent while it is read", NULL, sink))
		return -1;
	if (back && !ends)
		return 0;
	memcpy(p->base.error, why, sizeof why); /* what began it tells more */
	p->usable = false;
	return -1;
}

/*
 * The part of the list from AT that this connection can be asked for; messages that it does not
 * have are passed over.
 */
static size_t pop3_part_end(struct pop3 *p, size_t room)
{
	size_t end;
	while (p->at < p->listed && !p->list[p->at].number)
		p->at++;
	for (end = p->at; end < p->listed && end - p->at < room && p->list[end].number; end++)
		if (end > p->at && p->list[end].late)
			break; /* it is asked for alone */
	return end;
}

/*
 * What could not be had before may cost a connection: where this visit can afford none, it is only
 * told. 0 or -1.
 */
static int pop3_pass_late(struct pop3 *p, const struct source_sink *sink)
{
	while (p->at < p->listed && p->list[p->at].late && !p->empties &&
		(p->cuts + 1 >= CUTS_MAX || pop3_time_is_up(p)))
		if (pop3_say_stuck(p, &p->list[p->at++],
			    "it could not be had before, and this visit had no time to try it",
			    sink))
			return -1;
	return 0;
}

static int pop3_next(struct source *s, size_t count, const struct source_sink *sink)
{
	struct pop3 *p = (struct pop3 *)s;
	size_t given = 0, end;
	if (!p->usable)
		return -1;
	if (!p->have_list && pop3_read_list(p, sink))
		return -1;
	while (given < count && !p->unfinished) {
		if (pop3_pass_late(p, sink))
			return -1;
		end = pop3_part_end(p, count - given);
		if (!p->empties && end == p->at)
			break;
		p->in_step = p->at;
		int result = p->empties ? pop3_judge_empty(p, sink, &given)
					: retrieve(p, end, sink, &given);
		if (p->message.p)
			explicit_bzero(p->message.p, p->message.capacity);
		if (result && (p->usable || pop3_go_on_after_cut(p, sink)))
			return -1;
	}
	return (int)given;
}

/* --- settling ------------------------------------------------------------- */

/*
 * DELE for N messages at once. 0, or -1 with the error text; those that were agreed to are marked.
 */
static int delete_some(struct pop3 *p, struct pop3_listed *const *l, size_t n)
{
	uint32_t numbers[POP3_DELE_DEPTH] = { 0 };
	for (size_t i = 0; i < n; i++)
		numbers[i] = l[i]->number;
	int result = pop3_send_for(p, "DELE", numbers, n);
	for (size_t i = 0; i < n && p->usable; i++) {
		enum reply reply = pop3_reply(p);
		if (reply == REPLY_OK)
			l[i]->asked = true, p->marked++;
		else if (reply == REPLY_ERR)
			result = pop3_refused(p, "DELE refused");
		else
			result = reply == REPLY_BROKEN ? -1
						       : pop3_broken(p, "the answer is not POP3's");
	}
	return result;
}

/*
 * QUIT, whose +OK makes the deletions true. 0, or -1 with the error text where there are any: they
 * are unsure then.
 */
static int quit(struct pop3 *p)
{
	bool agreed = p->usable && p->logged_in && pop3_command(p, "QUIT") == REPLY_OK;
	for (size_t i = 0; i < p->listed; i++) {
		p->list[i].gone |= agreed && p->list[i].asked;
		p->list[i].unsure |= !agreed && p->list[i].asked;
	}
	if (agreed) {
		p->confirmed += p->marked;
		p->marked = 0;
	}
	if (!p->marked)
		return 0;
	return p->usable ? pop3_refused(p, "QUIT refused") : -1;
}

/*
 * After a QUIT without an answer: only another connection shows what the server made of it. 0: all
 * that was to go is gone, and this one is as good; -1 with the error text.
 */
static int look_after_quit(struct pop3 *p)
{
	char why[SOURCE_ERROR_SIZE];
	uint64_t unsure = p->marked, left = 0;
	memcpy(why, p->base.error, sizeof why);
	p->marked = 0;
	if (pop3_connect_again(p)) {
		p->usable = false;
		return p->emptied_not
			? -1
			: source_fail(&p->base,
				  "%.300s; of %" PRIu64
				  " messages it is not known whether they were deleted: what is still there comes again",
				  why, unsure);
	}
	for (size_t i = 0; i < p->listed; i++) {
		struct pop3_listed *l = &p->list[i];
		left += l->unsure && l->number;
		l->gone |= l->unsure && !l->number;
		l->unsure = false;
	}
	p->confirmed += left < unsure ? unsure - left : 0;
	return left
		? source_fail(&p->base,
			  "%.300s; %" PRIu64 " messages were not deleted and come again", why, left)
		: 0;
}

static int pop3_settle(
	struct source *s, const struct settle_item *items, size_t count, struct settled *done)
{
	struct pop3 *p = (struct pop3 *)s;
	size_t depth = p->can.pipelining ? POP3_DELE_DEPTH : 1, n = 0;
	struct pop3_listed *marked[POP3_DELE_DEPTH];
	int result = 0;
	*done = (struct settled){ 0 };
	for (size_t i = 0; i < count && p->usable; i++) {
		/* A move is refused by the configuration. */
		if (source_disposal(p->mailbox, items[i].what)->action != DISPOSE_DELETE) {
			done->kept++;
			continue;
		}
		struct pop3_listed *l = items[i].id && items[i].id <= p->listed
			? &p->list[items[i].id - 1]
			: NULL;
		if (!l || !l->number || l->doubtful)
			continue; /* it is gone already, or comes again */
		marked[n++] = l;
		if (n < depth)
			continue;
		if (delete_some(p, marked, n))
			result = -1;
		n = 0;
	}
	if (n && p->usable && delete_some(p, marked, n))
		result = -1;
	/*
	 * only QUIT makes it true: a visit of many thousand messages does not wait with that for
	 * its end
	 */
	if (!result && p->usable && p->can.uidl && p->marked >= MARKED_MAX)
		result = quit(p) ? look_after_quit(p) : pop3_connect_again(p);
	done->deleted = p->confirmed;
	p->confirmed = 0;
	return p->usable ? result : -1;
}

static int pop3_describe(struct source *s, char *text, size_t size)
{
	struct pop3 *p = (struct pop3 *)s;
	snprintf(text, size, "POP3: %" PRIu64 " messages, %" PRIu64 " bytes%s%s%s", p->count,
		p->octets, stream_is_tls(p->stream) ? ", TLS" : ", no TLS",
		p->can.uidl ? ", UIDL" : "", p->can.pipelining ? ", PIPELINING" : "");
	return 0;
}

/*
 * After QUIT only another connection shows whether what was deleted is gone. A server that does not
 * want us again so soon is not asked: that says nothing of its mail.
 */
static int look_again(struct pop3 *p)
{
	size_t gone = 0;
	for (size_t i = 0; i < p->listed; i++)
		gone += p->list[i].gone;
	return gone && pop3_connect_again(p) && p->emptied_not ? -1 : 0;
}

static int pop3_finish(struct source *s, struct settled *late)
{
	struct pop3 *p = (struct pop3 *)s;
	unsigned connections = p->connections;
	int result = quit(p) ? look_after_quit(p) : look_again(p);
	late->deleted = p->confirmed;
	p->confirmed = 0;
	if (!result && p->connections > connections && p->usable && p->logged_in)
		pop3_command(p, "QUIT");
	p->usable = false;
	if (!result && p->have_list && p->said != p->first_count)
		result = source_fail(&p->base,
			"%s:%u: the server says that there are %" PRIu64
			" messages (STAT) and lists %" PRIu64
			": what it lists was read, for the rest ask its administrator",
			p->mailbox->host, (unsigned)p->mailbox->port, p->first_count, p->said);
	if (!result && p->doubts)
		result = pop3_refused(p,
			"the server answered what it was not asked: what came before that is not deleted, and comes again");
	if (!result && p->unfinished)
		result = pop3_refused(p,
			"its deadline is near: what was read is settled, the rest is for the next run");
	return result;
}

static int pop3_close(struct source *s, char *error, size_t size)
{
	struct pop3 *p = (struct pop3 *)s;
	int result = p->usable ? quit(p) : 0; /* else finish() has said it */
	if (result && error)
		snprintf(error, size, "%s", s->error);
	if (p->stream)
		stream_close(p->stream);
	secret_free(p->password);
	wiped_free(&p->message);
	free(p->list);
	free(p->uidls);
	explicit_bzero(p, sizeof *p);
	free(p);
	return result;
}

const struct source_ops source_pop3 = {
	.name = "pop3",
	.open = pop3_open,
	.next = pop3_next,
	.settle = pop3_settle,
	.finish = pop3_finish,
	.describe = pop3_describe,
	.close = pop3_close,
};
