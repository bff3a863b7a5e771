/* A buffer to a descriptor, with the few forms that commands print addresses in. */
#include "poller/command/out.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sodium.h>
#include "classify/base/exitcode.h"
#include "classify/base/log.h"
#include "classify/base/units.h"
#include "classify/base/clock.h"

void out_open(struct out *o, int fd)
{
	o->fd = fd;
	o->failed = 0;
	o->n = 0;
	memset(o->time, 0, sizeof o->time);
}

int out_flush(struct out *o)
{
	for (size_t done = 0; done < o->n && !o->failed;) {
		ssize_t n = write(o->fd, o->buffer + done, o->n - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			o->failed = errno;
		else
			done += (size_t)n;
	}
	sodium_memzero(o->buffer, o->n);
	o->n = 0;
	return o->failed ? -1 : 0;
}

void out_bytes(struct out *o, const char *bytes, size_t n)
{
	while (n) {
		if (o->n == sizeof o->buffer)
			out_flush(o);
		size_t room = sizeof o->buffer - o->n, part = n < room ? n : room;
		memcpy(o->buffer + o->n, bytes, part);
		o->n += part;
		bytes += part;
		n -= part;
	}
}

void out_text(struct out *o, const char *text)
{
	out_bytes(o, text, strlen(text));
}

void out_number(struct out *o, uint64_t n)
{
	char text[24];
	out_bytes(o, text, (size_t)snprintf(text, sizeof text, "%llu", (unsigned long long)n));
}

void out_signed(struct out *o, int64_t n)
{
	out_text(o, n < 0 ? "-" : "");
	out_number(o, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

void out_time(struct out *o, int64_t at)
{
	char text[CLOCK_TEXT_SIZE];
	size_t slot = (uint64_t)at / DAY % OUT_TIMES;
	if (!at)
		return;
	if (at != o->time[slot].at) {
		snprintf(o->time[slot].text, sizeof o->time[slot].text, "%s",
			clock_format(at, text));
		o->time[slot].at = at;
	}
	out_text(o, o->time[slot].text);
}

void out_csv(struct out *o, struct span field)
{
	bool quote = false;
	for (size_t i = 0; i < field.n; i++) {
		char c = field.p[i];
		quote |= c == ',' || c == ';' || c == '\t' || c == '"' || c == '\r' || c == '\n';
	}
	if (!quote) {
		out_bytes(o, field.p, field.n);
		return;
	}
	out_text(o, "\"");
	for (size_t i = 0; i < field.n; i++) {
		if (field.p[i] == '"')
			out_text(o, "\"");
		out_bytes(o, field.p + i, 1);
	}
	out_text(o, "\"");
}

/* Bytes of the UTF-8 character at P, of at most N; 0: it is none. */
static size_t utf8_length(const unsigned char *p, size_t n)
{
	static const struct {
		unsigned char mask, mark, least;
		size_t length;
	} forms[] = { { 0xe0, 0xc0, 0xc2, 2 }, { 0xf0, 0xe0, 0xe0, 3 }, { 0xf8, 0xf0, 0xf0, 4 } };
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if ((p[0] & forms[i].mask) != forms[i].mark || p[0] < forms[i].least ||
			n < forms[i].length)
			continue;
		for (size_t j = 1; j < forms[i].length; j++)
			if ((p[j] & 0xc0) != 0x80)
				return 0;
		/* overlong forms, surrogates, beyond U+10FFFF */
		if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) ||
			(p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90) ||
			p[0] > 0xf4)
			return 0;
		return forms[i].length;
	}
	return 0;
}

void out_json(struct out *o, struct span text)
{
	const unsigned char *p = (const unsigned char *)text.p;
	char escape[8];
	out_text(o, "\"");
	for (size_t i = 0, n; i < text.n; i += n) {
		for (n = 0; i + n < text.n && p[i + n] >= 0x20 && p[i + n] < 0x7f &&
			p[i + n] != '"' && p[i + n] != '\\';
			n++)
			;
		if (n) {
			out_bytes(o, text.p + i, n);
			continue;
		}
		n = 1;
		if (p[i] == '"' || p[i] == '\\') {
			out_text(o, "\\");
			out_bytes(o, text.p + i, 1);
		} else if (p[i] < 0x20 || p[i] == 0x7f) {
			out_bytes(o, escape,
				(size_t)snprintf(escape, sizeof escape, "\\u%04x", p[i]));
		} else if ((n = utf8_length(p + i, text.n - i))) {
			out_bytes(o, text.p + i, n);
		} else {
			out_text(o, "\xef\xbf\xbd");
			n = 1;
		}
	}
	out_text(o, "\"");
}

static void out_key(struct out *o, const char *key)
{
	out_text(o, ",\"");
	out_text(o, key);
	out_text(o, "\":");
}

void out_member(struct out *o, const char *key, const char *text)
{
	out_key(o, key);
	if (*text)
		out_json(o, span_of(text));
	else
		out_text(o, "null");
}

void out_member_time(struct out *o, const char *key, int64_t at)
{
	out_key(o, key);
	out_text(o, at ? "\"" : "null");
	out_time(o, at);
	if (at)
		out_text(o, "\"");
}

void out_member_number(struct out *o, const char *key, int64_t n)
{
	out_key(o, key);
	out_signed(o, n);
}

void out_member_count(struct out *o, const char *key, bool known, uint64_t n)
{
	out_key(o, key);
	if (known)
		out_number(o, n);
	else
		out_text(o, "null");
}

int out_end(struct out *o, const char *command, int result)
{
	if (!out_flush(o))
		return result;
	log_error("%s: writing: %s", command, strerror(o->failed));
	return exit_worse(result, EXIT_LOST);
}
