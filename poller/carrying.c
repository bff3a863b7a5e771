/*
 * The carrier process: it takes one finished mail to the submission server, with the password and the connection, and neither
 * keys nor store; what the server answers is read here and nowhere else.
 */
#include "poller/commands.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "poller/carrier.h"
#include "poller/child.h"
#include "poller/delivery.h"
#include "poller/secret.h"
#include "poller/wire.h"

static int carry_or_probe(const struct config *c, enum readers readers, struct span mail, char *error, size_t size)
{
	struct carrier_options options;
	char *secret = NULL;
	if (!delivery_options(c, readers, &options)) {
		snprintf(error, size, "[report] needs from, to, and smtp or sendmail");
		return -1;
	}
	if (options.user && secret_read(&c->report.secret, &secret, error, size))
		return -1;
	options.secret = secret;
	int result = mail.n ? carry(&options, mail, error, size) : carrier_probe(&options, error, size);
	secret_free(secret);
	return result;
}

int cmd_carrier(const struct config *config, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	struct wire_head head;
	unsigned char *payload = NULL;
	size_t capacity = 0;
	char error[WIRE_TEXT_MAX] = "";
	int result = -1;
	child_guard("retour-carrier");
	if (wire_receive(CHILD_FD, &head, &payload, &capacity) == 1 &&
	    (head.type == WIRE_CARRY || head.type == WIRE_CARRY_ALERT || head.type == WIRE_PROBE))
		result = carry_or_probe(config, head.type == WIRE_CARRY_ALERT ? READERS_OF_ALERTS : READERS_OF_REPORT, (struct span){ (const char *)payload, head.length }, error, sizeof error);
	if (result)
		wire_send(CHILD_FD, WIRE_FAILED, error, strlen(error), NULL, 0);
	else
		result = wire_send(CHILD_FD, WIRE_FINISHED, NULL, 0, NULL, 0);
	free(payload);
	return result ? EXIT_LOST : EXIT_WELL;
}

int delivery_carry(const struct config *c, enum readers readers, struct span mail, char *error, size_t size)
{
	struct wire_head head;
	unsigned char *payload = NULL;
	size_t capacity = 0;
	int fd, result = -1;
	pid_t pid = child_start("carrier", "carrier", c->file, &fd);
	snprintf(error, size, "its carrier process ended without a word");
	if (pid < 0) {
		snprintf(error, size, "its carrier process cannot be started");
		return -1;
	}
	child_patience(fd, 12 * c->report.timeout); /* it has a deadline of its own; this one is for a resolver that hangs */
	if (!wire_send(fd, !mail.n ? WIRE_PROBE : readers == READERS_OF_ALERTS ? WIRE_CARRY_ALERT : WIRE_CARRY, mail.p, mail.n, NULL, 0) &&
	    wire_receive(fd, &head, &payload, &capacity) == 1) {
		result = head.type == WIRE_FINISHED ? 0 : -1;
		if (head.type == WIRE_FAILED)
			span_copy_text(error, size, (struct span){ (const char *)payload, head.length });
	}
	free(payload);
	close(fd);
	child_end(pid);
	return result;
}
