/*
 * The carrier process: it takes one finished mail to the submission server, with the password and
 * the connection, and neither keys nor store; what the server answers is read here and nowhere
 * else.
 */
#include "poller/post/carrying.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "classify/base/exitcode.h"
#include "poller/run/child.h"
#include "poller/run/confine.h"
#include "poller/mailbox/login.h"
#include "poller/mailbox/secret.h"
#include "poller/run/wire.h"

bool delivery_options(
	const struct post_options *c, const char *const *to, struct carrier_options *o)
{
	*o = (struct carrier_options){ .sendmail = c->sendmail,
		.user = c->user,
		.oauth2 = c->auth == AUTH_XOAUTH2,
		.helo = c->helo,
		.from = c->from,
		.to = to,
		.stream = { .host = c->smtp_host,
			.port = (uint16_t)c->smtp_port,
			.tls = (enum tls)c->tls,
			.ca_file = c->ca_file,
			.timeout = c->timeout,
			.deadline = 10 * c->timeout } };
	return *to && c->from && (c->smtp_host || c->sendmail);
}

/*
 * The recipients before the mail, which *MAIL is left with. False when there is no list, or no end
 * of it.
 */
static bool take_recipients(struct span *mail, struct list *to)
{
	const char *end;
	*to = (struct list){ 0 };
	while (to->count < LIST_MAX && (end = memchr(mail->p, '\0', mail->n)) != NULL &&
		end > mail->p) {
		to->at[to->count++] = mail->p;
		*mail = (struct span){ end + 1, mail->n - (size_t)(end + 1 - mail->p) };
	}
	if (!to->count || !mail->n || *mail->p)
		return false;
	*mail = (struct span){ mail->p + 1, mail->n - 1 };
	return true;
}

static int carry_or_probe(const struct post_options *c, const char *const *to, struct span mail,
	char *error, size_t size)
{
	struct carrier_options options;
	const struct login login = { c->user, &c->secret, c->oauth, c->timeout };
	struct login_given given = { 0 };
	if (!delivery_options(c, to, &options)) {
		snprintf(error, size, "[report] needs from, to, and smtp or sendmail");
		return -1;
	}
	if (!options.sendmail && confine_for_token(c->oauth, options.stream.ca_file, error, size))
		return -1;
	if (options.user && login_secret(&login, &given, error, size))
		return -1;
	options.secret = given.secret;
	/* a sendmail command has rights of its own, which it needs */
	const struct confine walls = { .network = true,
		.port = options.stream.port,
		.read = (const char *const[]){ options.stream.ca_file, NULL } };
	if (!options.sendmail && confine_enter(&walls, error, size)) {
		secret_free(given.secret);
		return -1;
	}
	int result = mail.n ? carry(&options, mail, error, size)
			    : carrier_probe(&options, error, size);
	secret_withhold(given.secret, error);
	secret_free(given.secret);
	if (result && *given.note) { /* where there is a token, it is not the token server */
		char said[WIRE_TEXT_MAX - LOGIN_NOTE_SIZE];
		span_copy_text(said, sizeof said, span_of(error));
		snprintf(error, size, "%s%s", given.note, said);
	}
	return result;
}

int carrier_serve(const struct post_options *c)
{
	struct wire_head head;
	unsigned char *payload = NULL;
	size_t capacity = 0;
	char error[WIRE_TEXT_MAX] = "";
	struct list to = c->to;
	struct span mail = { NULL, 0 };
	int result = -1;
	if (wire_receive(CHILD_FD, &head, &payload, &capacity) == 1 &&
		(head.type == WIRE_CARRY || head.type == WIRE_PROBE)) {
		mail = (struct span){ (const char *)payload, head.length };
		if (head.type == WIRE_PROBE || take_recipients(&mail, &to))
			result = carry_or_probe(c, to.at, mail, error, sizeof error);
	}
	if (result)
		wire_send(CHILD_FD, result == CARRY_UNANSWERED ? WIRE_UNANSWERED : WIRE_FAILED,
			error, strlen(error), NULL, 0);
	else
		result = wire_send(CHILD_FD, WIRE_FINISHED, NULL, 0, NULL, 0);
	free(payload);
	return result ? EXIT_LOST : EXIT_WELL;
}

/* As WIRE_CARRY has it; heap, NULL without memory. */
static char *list_recipients(const char *const *to, size_t *n)
{
	char *list = NULL;
	FILE *out = open_memstream(&list, n);
	for (; out && *to; to++)
		fwrite(*to, 1, strlen(*to) + 1, out);
	if (out && fputc('\0', out) != EOF && !fclose(out))
		return list;
	free(list);
	return NULL;
}

int delivery_carry(const struct post_options *c, const char *const *to, struct span mail,
	char *error, size_t size)
{
	struct wire_head head;
	unsigned char *payload = NULL;
	size_t capacity = 0, listed = 0;
	int fd, result = -1;
	char *list = list_recipients(to, &listed);
	pid_t pid = list ? child_start("carrier", "carrier", c->config_file, &fd) : -1;
	snprintf(error, size, "its carrier process ended without a word");
	if (pid < 0) {
		free(list);
		snprintf(error, size, "its carrier process cannot be started");
		return -1;
	}
	child_patience(fd, 12 * c->timeout); /* it has a deadline of its own; this one is for a
						resolver that hangs */
	if (!(mail.n ? wire_send(fd, WIRE_CARRY, list, listed, mail.p, mail.n)
		     : wire_send(fd, WIRE_PROBE, NULL, 0, NULL, 0)) &&
		wire_receive(fd, &head, &payload, &capacity) == 1) {
		result = head.type == WIRE_FINISHED ? 0 : -1;
		if (head.type == WIRE_UNANSWERED)
			result = CARRY_UNANSWERED;
		if (head.type == WIRE_FAILED || head.type == WIRE_UNANSWERED)
			span_copy_text(
				error, size, (struct span){ (const char *)payload, head.length });
	}
	free(payload);
	free(list);
	close(fd);
	child_end(pid);
	return result;
}
