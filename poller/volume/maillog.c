#include "poller/volume/maillog.h"

#include "poller/volume/logforms.h"
#include "poller/volume/logtext.h"
#include "poller/volume/logwords.h"

bool log_recipient(struct span *rest, struct span *domain)
{
	while (rest->n && (rest->p[0] == ',' || rest->p[0] == ' '))
		*rest = text_from(*rest, 1);
	if (!rest->n)
		return false;
	size_t n = log_address_end(*rest, ",", 1);
	struct span address = { rest->p, n };
	*rest = text_from(*rest, n);
	while (address.n && (address.p[address.n - 1] == '>' || address.p[address.n - 1] == ' '))
		address.n--;
	const char *at = memrchr(address.p, '@', address.n);
	*domain = at ? text_from(address, (size_t)(at + 1 - address.p))
		     : (struct span){ address.p + address.n, 0 };
	return true;
}

/* "/usr/sbin/sendmail": the last part of a path; "postfix/smtp" is none. */
static struct span program_base(struct span program)
{
	const char *slash = text_starts(program, SPAN("/")) ? memrchr(program.p, '/', program.n)
							    : NULL;
	return slash ? text_from(program, (size_t)(slash + 1 - program.p)) : program;
}

static bool is_sendmail(struct span program)
{
	return text_equal(program, SPAN("sendmail")) || text_starts(program, SPAN("sm-"));
}

/* Whose line it is, the program's name says; what is named in a container need not say it. */
static bool read_words(const struct log_head *head, struct log_line *out)
{
	struct span program = program_base(head->program);
	if (is_sendmail(program))
		return maillog_sendmail(head->text, out);
	if (text_starts(program, SPAN("exim")))
		return maillog_exim(head->text, true, out);
	if (text_equal(program, SPAN("smtpd")) || text_equal(program, SPAN("opensmtpd"))) {
		maillog_opensmtpd(head->text, out);
		return true;
	}
	if (text_starts(program, SPAN("qmail"))) {
		maillog_qmail(head->text, out);
		return true;
	}
	if (maillog_postfix(head->text, head->program, out))
		return true;
	struct log_line empty = { .at = out->at, .host = { head->whole.p, 0 } };
	*out = empty;
	if (maillog_opensmtpd(head->whole, out))
		return true;
	*out = empty;
	return maillog_qmail(head->whole, out);
}

/*
 * Exim's own log names neither host nor program. Behind other stamps a host may look like its
 * message id, but a flag does not follow.
 */
static bool read_line(const struct log_head *head, struct log_line *out)
{
	const struct log_line empty = { .at = head->at, .host = { head->whole.p, 0 } };
	*out = empty;
	if (maillog_exim(head->whole, false, out) && (head->bare || out->what != LOG_NOTHING))
		return true;
	*out = empty;
	out->host = head->host;
	return read_words(head, out);
}

/*
 * Words that stand together in the line of an attempt only. A line that has them and was not
 * understood is told of, instead of being passed over.
 */
bool maillog_tells(struct span text, bool cut)
{
	static const struct {
		struct span first, second;
	} tells[] = {
		{ { " to=<", 5 }, { "status=sent", 11 } },
		{ { " to=<", 5 }, { "status=bounced", 14 } },
		{ { " to=<", 5 }, { "status=deferred", 15 } },
		{ { " to=<", 5 }, { ", stat=Sent", 11 } },
		{ { " to=<", 5 }, { ", stat=Deferred", 15 } },
		{ { " mta ", 5 }, { " result=", 8 } },
		{ { " => ", 4 }, { " T=", 3 } },
		{ { " ** ", 4 }, { " T=", 3 } },
		{ { " == ", 4 }, { " T=", 3 } },
	};
	for (size_t i = 0; i < sizeof tells / sizeof *tells; i++) {
		size_t at = text_find(text, tells[i].first);
		if (at < text.n &&
			(cut || text_find(text_from(text, at), tells[i].second) < text.n - at))
			return true;
	}
	return false;
}

bool maillog_read(struct span line, const struct log_carried *carried, struct log_clock *clock,
	struct log_line *out)
{
	struct log_head head;
	memset(out, 0, sizeof *out);
	while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == ' '))
		line.n--;
	bool known = log_head(line, carried, clock, &head) && read_line(&head, out);
	if (out->what == LOG_NOTHING)
		out->unread = maillog_tells(line, false);
	if (!known) {
		bool unread = out->unread;
		memset(out, 0, sizeof *out);
		out->unread = unread;
	}
	return known;
}
