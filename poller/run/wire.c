/* Frames over a socket pair; poller/run/wire.h has the format and who sends what. */
#include "poller/run/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <sodium.h>
#include "classify/base/wipe.h"

enum {
	IN_SIZE = 64 * 1024, /* bytes that are read at once, or gathered */
	SPARE_SIZE = 4096,   /* of a place for a payload that is kept */
	FRAMES_AT_ONCE = 32  /* that are written at once */
};

/* What each type may carry: a fixed part, then up to COUNT items of ITEM bytes. */
static const struct wire_shape {
	uint32_t fixed, item, count;
} shapes[WIRE_TYPES] = {
	[WIRE_START] = { sizeof(struct wire_start), 1, 1024 * 1024 },
	[WIRE_NEXT] = { sizeof(uint32_t), 0, 0 },
	[WIRE_WANTED] = { 0, 1, WIRE_LIST_MAX },
	[WIRE_SETTLE] = { 0, sizeof(struct wire_settle), WIRE_SETTLE_MAX },
	[WIRE_EXPIRE] = { sizeof(struct wire_expire), 0, 0 },
	[WIRE_OPENED] = { sizeof(struct wire_opened), 1, WIRE_TEXT_MAX },
	[WIRE_LISTED] = { 0, SOURCE_ID_SIZE, WIRE_LIST_MAX },
	[WIRE_MESSAGE] = { sizeof(struct wire_message), 1, WIRE_MAIL_MAX },
	[WIRE_STUCK] = { sizeof(struct wire_message), 1, WIRE_TEXT_MAX },
	[WIRE_BATCH] = { sizeof(uint32_t), 0, 0 },
	[WIRE_SETTLED] = { sizeof(struct settled), 0, 0 },
	[WIRE_EXPIRED] = { sizeof(struct wire_expired), 0, 0 },
	[WIRE_FAILED] = { 0, 1, WIRE_TEXT_MAX },
	[WIRE_FACTS] = { sizeof(struct mailbox_facts), 0, 0 },
	[WIRE_LATER] = { sizeof(int64_t), 0, 0 },
	[WIRE_REFUSED] = { 0, 1, WIRE_TEXT_MAX },
	[WIRE_UNANSWERED] = { 0, 1, WIRE_TEXT_MAX },
	[WIRE_EVENT] = { sizeof(struct event), 0, 0 },
	[WIRE_SUMMARY] = { sizeof(struct wire_summary), sizeof(struct summary_row),
		SUMMARY_ROWS_MAX },
	[WIRE_PARSED] = { sizeof(struct wire_parsed), 0, 0 },
	[WIRE_CARRY] = { 1, 1, WIRE_MAIL_MAX },
	[WIRE_LOG_STATE] = { 0, 1, WIRE_LOG_STATE_MAX },
	[WIRE_LOG_KNOWN] = { 0, sizeof(struct wire_log_known), WIRE_LOG_KNOWN_MAX },
	[WIRE_LOG_FILE] = { sizeof(struct wire_log_file), 0, 0 },
	[WIRE_LOG_BYTES] = { sizeof(struct wire_log_bytes), 1, WIRE_LOG_CHUNK },
	[WIRE_LOG_END] = { sizeof(struct wire_log_bytes), 0, 0 },
	[WIRE_LOG_COUNTS] = { 0, sizeof(struct wire_log_count), WIRE_LOG_COUNTS_MAX },
	[WIRE_LOG_MARK] = { sizeof(struct wire_log_mark), 0, 0 },
	[WIRE_LOG_READY] = { sizeof(struct wire_log_bytes), 0, 0 },
};

uint32_t wire_limit(uint32_t type)
{
	return type < WIRE_TYPES ? shapes[type].fixed + shapes[type].item * shapes[type].count : 0;
}

bool wire_length_fits(uint32_t type, uint32_t length)
{
	if (type == 0 || type >= WIRE_TYPES || length < shapes[type].fixed ||
		length > wire_limit(type))
		return false;
	uint32_t rest = length - shapes[type].fixed;
	return shapes[type].item ? rest % shapes[type].item == 0 : rest == 0;
}

/* --- blocking ------------------------------------------------------------- */

static int send_parts(int fd, struct iovec *parts, size_t count)
{
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = count };
	while (message.msg_iovlen) {
		ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		while (message.msg_iovlen && (size_t)n >= message.msg_iov->iov_len) {
			n -= (ssize_t)message.msg_iov->iov_len;
			message.msg_iov++;
			message.msg_iovlen--;
		}
		if (message.msg_iovlen) {
			message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + n;
			message.msg_iov->iov_len -= (size_t)n;
		}
	}
	return 0;
}

int wire_send(int fd, uint32_t type, const void *a, size_t a_size, const void *b, size_t b_size)
{
	struct wire_head head = { type, (uint32_t)(a_size + b_size) };
	struct iovec parts[] = { { &head, sizeof head }, { (void *)a, a_size },
		{ (void *)b, b_size } };
	return wire_length_fits(type, head.length) ? send_parts(fd, parts, 3) : -1;
}

int wire_send_both(int fd, uint32_t first, const void *a, size_t a_size, uint32_t second,
	const void *b, size_t b_size)
{
	struct wire_head heads[] = { { first, (uint32_t)a_size }, { second, (uint32_t)b_size } };
	struct iovec parts[] = { { &heads[0], sizeof heads[0] }, { (void *)a, a_size },
		{ &heads[1], sizeof heads[1] }, { (void *)b, b_size } };
	return wire_length_fits(first, heads[0].length) && wire_length_fits(second, heads[1].length)
		? send_parts(fd, parts, 4)
		: -1;
}

int wire_gather_flush(struct wire_gather *g, int fd)
{
	struct iovec all = { g->bytes, g->n };
	int result = g->n ? send_parts(fd, &all, 1) : 0;
	if (g->n)
		sodium_memzero(g->bytes, g->n);
	g->n = 0;
	return result;
}

int wire_gather_send(struct wire_gather *g, int fd, uint32_t type, const void *a, size_t a_size,
	const void *b, size_t b_size)
{
	struct wire_head head = { type, (uint32_t)(a_size + b_size) };
	const struct iovec parts[] = { { &head, sizeof head }, { (void *)(uintptr_t)a, a_size },
		{ (void *)(uintptr_t)b, b_size } };
	size_t n = sizeof head + a_size + b_size;
	if (!wire_length_fits(type, head.length) || (!g->bytes && !(g->bytes = malloc(IN_SIZE))))
		return -1;
	if (n > IN_SIZE - g->n && wire_gather_flush(g, fd))
		return -1;
	if (n > IN_SIZE)
		return wire_send(fd, type, a, a_size, b, b_size);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (parts[i].iov_len) {
			memcpy(g->bytes + g->n, parts[i].iov_base, parts[i].iov_len);
			g->n += parts[i].iov_len;
		}
	return 0;
}

void wire_gather_free(struct wire_gather *g)
{
	wipe_free(g->bytes, g->bytes ? IN_SIZE : 0);
	*g = (struct wire_gather){ 0 };
}

/* As recv(). Small frames come many at once; a large one's rest comes to its own place. */
static ssize_t ahead_read(struct wire_ahead *ahead, int fd, void *to, size_t missing)
{
	if (ahead->at == ahead->end &&
		(missing >= IN_SIZE / 4 || (!ahead->bytes && !(ahead->bytes = malloc(IN_SIZE)))))
		return recv(fd, to, missing, 0);
	if (ahead->at == ahead->end) {
		ssize_t n = recv(fd, ahead->bytes, IN_SIZE, 0);
		if (n <= 0)
			return n;
		ahead->at = 0;
		ahead->end = (size_t)n;
	}
	size_t n = ahead->end - ahead->at < missing ? ahead->end - ahead->at : missing;
	memcpy(to, ahead->bytes + ahead->at, n);
	sodium_memzero(ahead->bytes + ahead->at, n);
	ahead->at += n;
	return (ssize_t)n;
}

void wire_ahead_free(struct wire_ahead *ahead)
{
	wipe_free(ahead->bytes, ahead->bytes ? IN_SIZE : 0);
	*ahead = (struct wire_ahead){ 0 };
}

/* 1: all of it; 0: the end before the first byte; -1. AHEAD may be NULL. */
static int read_whole(struct wire_ahead *ahead, int fd, void *buffer, size_t n)
{
	for (size_t have = 0; have < n;) {
		char *to = (char *)buffer + have;
		ssize_t got = ahead ? ahead_read(ahead, fd, to, n - have)
				    : recv(fd, to, n - have, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0 && have == 0 ? 0 : -1;
		have += (size_t)got;
	}
	return 1;
}

int wire_receive_ahead(struct wire_ahead *ahead, int fd, struct wire_head *head,
	unsigned char **buffer, size_t *capacity)
{
	int result = read_whole(ahead, fd, head, sizeof *head);
	if (result <= 0)
		return result;
	if (!wire_length_fits(head->type, head->length))
		return -1;
	if (head->length > *capacity) {
		wipe_free(*buffer, *capacity);
		*capacity = 0;
		*buffer = malloc(head->length);
		if (!*buffer)
			return -1;
		*capacity = head->length;
	}
	return head->length == 0 || read_whole(ahead, fd, *buffer, head->length) == 1 ? 1 : -1;
}

int wire_receive(int fd, struct wire_head *head, unsigned char **buffer, size_t *capacity)
{
	return wire_receive_ahead(NULL, fd, head, buffer, capacity);
}

/* --- non-blocking --------------------------------------------------------- */

void channel_open(struct channel *c, int fd)
{
	*c = (struct channel){ .fd = fd };
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void drop_first(struct channel *c)
{
	struct wire_out *out = c->first;
	c->first = out->next;
	if (!c->first)
		c->last = NULL;
	c->sent = 0;
	if (out->owned)
		wipe_free((void *)(uintptr_t)out->bytes, out->head.length);
	free(out);
}

void channel_close(struct channel *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	while (c->first)
		drop_first(c);
	wipe_free(c->payload, c->payload ? c->head.length : 0);
	wire_ahead_free(&c->ahead);
	free(c->spare);
	c->payload = c->spare = NULL;
	c->have = 0;
}

bool channel_is_at(const struct channel *c, const void *bytes)
{
	return c->first && c->first->bytes == bytes;
}

bool channel_wants_write(const struct channel *c)
{
	return c->fd >= 0 && c->first;
}

int channel_send(struct channel *c, uint32_t type, const void *bytes, size_t n, bool copy)
{
	if (c->fd < 0 || !wire_length_fits(type, (uint32_t)n))
		return -1;
	struct wire_out *out = calloc(1, sizeof *out);
	unsigned char *own = copy && n ? malloc(n) : NULL;
	if (!out || (copy && n && !own)) {
		free(out);
		free(own);
		return -1;
	}
	if (own)
		memcpy(own, bytes, n);
	out->head = (struct wire_head){ type, (uint32_t)n };
	out->bytes = own ? own : bytes;
	out->owned = own != NULL;
	bool waits = c->first || c->gathers;
	if (c->last)
		c->last->next = out;
	else
		c->first = out;
	c->last = out;
	if (c->gathers && ++c->gathered >= FRAMES_AT_ONCE)
		return channel_flush(c);
	return waits && !c->broken
		? 0
		: channel_flush(c); /* what waits is written when poll() says that it can */
}

/* The frames that wait, as far as they fit one call, without what of the first is out. */
static size_t gather_parts(const struct channel *c, struct iovec io[2 * FRAMES_AT_ONCE])
{
	size_t n = 0, skip = c->sent;
	for (struct wire_out *out = c->first; out && n + 2 <= 2 * FRAMES_AT_ONCE; out = out->next) {
		const struct iovec parts[2] = { { &out->head, sizeof out->head },
			{ (void *)(uintptr_t)out->bytes, out->head.length } };
		for (int i = 0; i < 2; i++) {
			size_t done = skip < parts[i].iov_len ? skip : parts[i].iov_len;
			skip -= done;
			if (parts[i].iov_len > done)
				io[n++] = (struct iovec){ (char *)parts[i].iov_base + done,
					parts[i].iov_len - done };
		}
	}
	return n;
}

int channel_flush(struct channel *c)
{
	c->gathered = 0;
	while (c->first) {
		struct iovec io[2 * FRAMES_AT_ONCE];
		struct msghdr message = { .msg_iov = io, .msg_iovlen = gather_parts(c, io) };
		ssize_t n = sendmsg(c->fd, &message, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0) {
			c->broken = true;
			return -1;
		}
		c->sent += (size_t)n;
		while (c->first && c->sent >= sizeof c->first->head + c->first->head.length) {
			size_t rest = c->sent - sizeof c->first->head - c->first->head.length;
			drop_first(c);
			c->sent = rest;
		}
	}
	return 0;
}

/* A place for a payload of N bytes. */
static unsigned char *payload_place(struct channel *c, size_t n)
{
	unsigned char *place = c->spare;
	if (n > SPARE_SIZE || !c->reuses)
		return malloc(n);
	c->spare = NULL;
	return place ? place : malloc(SPARE_SIZE);
}

void channel_give_back(struct channel *c, unsigned char *payload, size_t n)
{
	if (!payload || n > SPARE_SIZE || !c->reuses || c->spare || c->fd < 0) {
		wipe_free(payload, n);
		return;
	}
	sodium_memzero(payload, n);
	c->spare = payload;
}

int channel_receive(struct channel *c, struct wire_head *head, unsigned char **payload)
{
	for (;;) {
		if (c->have >= sizeof c->head && c->have == sizeof c->head + c->head.length) {
			*head = c->head;
			*payload = c->payload;
			c->payload = NULL;
			c->have = 0;
			return 1;
		}
		void *to = c->have < sizeof c->head ? (unsigned char *)&c->head + c->have
						    : c->payload + (c->have - sizeof c->head);
		size_t missing = c->have < sizeof c->head
			? sizeof c->head - c->have
			: sizeof c->head + c->head.length - c->have;
		ssize_t n = ahead_read(&c->ahead, c->fd, to, missing);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n <= 0) {
			c->broken = true;
			return -1;
		}
		c->have += (size_t)n;
		if (c->have != sizeof c->head || c->payload)
			continue;
		if (!wire_length_fits(c->head.type, c->head.length)) {
			c->have = 0;
			c->broken = true;
			return -1;
		}
		if (c->head.length && !(c->payload = payload_place(c, c->head.length))) {
			c->have = 0;
			c->broken = true;
			return -1;
		}
	}
}
