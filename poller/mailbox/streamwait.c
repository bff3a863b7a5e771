/* How long a stream waits, and what it says where it fails. */
#include "poller/mailbox/streamparts.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "classify/base/clock.h"

enum { STREAM_POLL_MAX_MS = 60000 /* one poll; longer waits are several */ };

int stream_failed(struct stream *s, const char *format, ...)
{
	va_list arguments;

	if (!s->dead) {
		va_start(arguments, format);
		vsnprintf(s->error, sizeof s->error, format, arguments);
		va_end(arguments);
	}
	s->dead = true;
	return -1;
}

int64_t stream_limit(const struct stream *s, int64_t milliseconds)
{
	int64_t until = clock_monotonic_ms() + milliseconds;

	return s->deadline && s->deadline < until ? s->deadline : until;
}

int stream_wait(struct stream *s, short events, int64_t until)
{
	for (;;) {
		struct pollfd p = { .fd = s->fd, .events = events };
		int64_t left = until - clock_monotonic_ms();
		int ready;

		if (left <= 0) {
			if (s->deadline && until == s->deadline)
				return stream_failed(
					s, "not done after %lld s", (long long)s->options.deadline);
			s->silent = !s->dead;
			return stream_failed(
				s, "no answer for %lld s", (long long)s->options.timeout);
		}
		ready = poll(&p, 1, left < STREAM_POLL_MAX_MS ? (int)left : STREAM_POLL_MAX_MS);
		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return stream_failed(s, "poll: %s", strerror(errno));
	}
}
