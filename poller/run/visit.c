#include "poller/run/visit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "classify/base/log.h"
#include "poller/run/child.h"
#include "poller/run/wire.h"

/* The fetcher's first word into *HEAD and *PAYLOAD. */
static bool ask_fetcher(int fd, const struct mailbox *box, struct wire_head *head,
	unsigned char **payload, size_t *capacity)
{
	struct wire_start start = { 0 };

	snprintf(start.mailbox, sizeof start.mailbox, "%s", box->name);
	return !wire_send(fd, WIRE_START, &start, sizeof start, NULL, 0) &&
		!wire_send(fd, WIRE_FINISH, NULL, 0, NULL, 0) &&
		wire_receive(fd, head, payload, capacity) == 1 &&
		(head->type != WIRE_FACTS || wire_receive(fd, head, payload, capacity) == 1) &&
		(head->type != WIRE_LATER || wire_receive(fd, head, payload, capacity) == 1) &&
		(head->type == WIRE_OPENED || head->type == WIRE_FAILED ||
			head->type == WIRE_REFUSED);
}

static enum visit_end talk(
	int fd, const struct mailbox *box, char *text, size_t size, struct mailbox_facts *facts)
{
	struct wire_head head;
	struct wire_opened opened = { 0 };
	unsigned char *payload = NULL;
	size_t capacity = 0;
	char said[WIRE_TEXT_MAX + 1];
	enum visit_end result = VISIT_FAILED;

	if (ask_fetcher(fd, box, &head, &payload, &capacity)) {
		size_t fixed = head.type == WIRE_OPENED ? sizeof opened : 0;
		memcpy(&opened, payload, fixed);
		*facts = opened.facts;
		span_copy_text(said, sizeof said,
			(struct span){ (const char *)payload + fixed, head.length - fixed });
		log_clean(text, size, said);
		if (head.type == WIRE_REFUSED)
			result = VISIT_REFUSED;
		if (head.type == WIRE_OPENED) {
			bool goodbye = wire_receive(fd, &head, &payload, &capacity) == 1 &&
				head.type == WIRE_FINISHED;
			result = goodbye ? VISIT_OPENED : VISIT_FAILED;
			if (!goodbye)
				snprintf(text, size, "the goodbye failed");
		}
	}
	free(payload);
	return result;
}

enum visit_end mailbox_visit(const char *config_file, const struct mailbox *box, char *text,
	size_t size, struct mailbox_facts *facts)
{
	char label[STORE_NAME_SIZE + 16];
	int fd;

	*facts = (struct mailbox_facts){ 0 };
	snprintf(label, sizeof label, "mailbox %s", box->name);
	snprintf(text, size, "its fetcher process cannot be started");
	pid_t pid = child_start("fetcher", label, config_file, &fd);
	if (pid < 0)
		return VISIT_FAILED;
	snprintf(text, size, "its fetcher process ended without a word");
	child_patience(fd, 5 * box->timeout);
	enum visit_end result = talk(fd, box, text, size, facts);
	close(fd);
	child_end(pid);
	return result;
}
