/*
 * Which way works of those that a mailbox or a mail server can be reached by: each is tried with
 * the draft of the INI file, as the user whom the program will run as.
 */
#include "poller/command/firstways.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "classify/base/log.h"
#include "poller/command/actas.h"
#include "poller/config/config.h"
#include "poller/post/carrying.h"

/* What is said where nobody listens at a port. */
#define REFUSED "Connection refused"
/* What is said begins so where the server's certificate is at fault. */
#define CERTIFICATE "certificate of "

/* Without TLS is for whoever is named as this machine: a name may lead elsewhere one day. */
static bool may_be_plain(const char *host)
{
	return !strncmp(host, "127.", 4) || !strncmp(host, "localhost", 9) || !strcmp(host, "::1");
}

static const struct way {
	const char *protocol, *tls;
} mailbox_ways[] = { { "imap", "implicit" }, { "imap", "starttls" }, { "pop3", "implicit" },
	{ "pop3", "starttls" }, { "imap", "none" }, { "pop3", "none" } };

/*
 * The draft's errors without the draft's name, which nobody has chosen. As of every INI file they
 * repeat no address, so what they say of right ones can be read.
 */
static void say_draft(const struct first *f, char *said)
{
	size_t n = strlen(f->draft);
	char *rest = said;

	for (char *line; (line = strsep(&rest, "\n")) != NULL;)
		if (*line)
			fprintf(stderr, "retour: setup: %s\n",
				strncmp(line, f->draft, n) || strncmp(line + n, ": ", 2)
					? line
					: line + n + 2);
}

int firstways_draft(const struct first *f, struct config *config)
{
	char *said = NULL;
	size_t n = 0;
	FILE *errors = open_memstream(&said, &n);
	int result = -1;

	if (!errors)
		return -1;
	result = firstfile_draft(f) || config_load(config, f->draft, errors) ? -1 : 0;
	if (!fclose(errors))
		say_draft(f, said);
	free(said);
	return result;
}

enum visit_end firstways_mailbox(struct first *f, char *text, size_t size)
{
	static struct config config; /* too large for a stack */
	enum visit_end result = VISIT_FAILED;
	char first[512] = "";
	struct mailbox_facts facts;

	for (size_t i = 0; i < sizeof mailbox_ways / sizeof *mailbox_ways; i++) {
		bool without = !strcmp(mailbox_ways[i].tls, "none");
		if (without && !may_be_plain(f->host))
			continue;
		if (strstr(first, CERTIFICATE) && (!without || f->port))
			continue; /* it speaks TLS here, and has no other one */
		f->protocol = mailbox_ways[i].protocol;
		f->tls = mailbox_ways[i].tls;
		*text = '\0';
		if (firstways_draft(f, &config)) {
			config_free(&config);
			return VISIT_REFUSED; /* said; another way would be no other */
		}
		if (act_as(firstfile_user()) == 0) {
			result = mailbox_visit(f->draft,
				mailbox_find(config.mailbox, config.mailboxes, f->mailbox), text,
				size, &facts);
			act_as_root();
		}
		config_free(&config);
		if (result != VISIT_FAILED)
			return result;
		if (!*first)
			snprintf(first, sizeof first, "%s", text);
	}
	snprintf(text, size, "%s", first); /* of the way that is usual */
	return result;
}

/*
 * Would the mail server take the report, with this security, and with or without a login? TEXT is
 * "" where that was not tried, which is said.
 */
static bool smtp_works(struct first *f, const char *tls, bool login, char *text, size_t size)
{
	static struct config config; /* too large for a stack */

	f->smtp_tls = tls;
	f->smtp_login = login;
	*text = '\0';
	bool works = firstways_draft(f, &config) == 0 && act_as(firstfile_user()) == 0 &&
		!delivery_carry(
			&config.post, config.post.to.at, (struct span){ NULL, 0 }, text, size);
	act_as_root();
	config_free(&config);
	return works;
}

/* The first way that works with f->smtp, which has its port. TEXT: why the usual one does not. */
static bool find_way(struct first *f, char *text, size_t size)
{
	static const struct {
		const char *tls;
		bool login;
	} ways[] = { { "starttls", false }, { "starttls", true }, { "implicit", false },
		{ "implicit", true }, { "none", false } };
	char said[512];

	*text = '\0';
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		bool without = !strcmp(ways[i].tls, "none");
		if (without ? !may_be_plain(f->smtp) : !!strstr(text, CERTIFICATE))
			continue;
		if (smtp_works(f, ways[i].tls, ways[i].login, said, sizeof said))
			return true;
		if (!*text)
			snprintf(text, size, "%s", said);
		if (!*said || strstr(said, REFUSED))
			break;
	}
	return false;
}

bool firstways_smtp(struct first *f, const char *typed, char *text, size_t size)
{
	static const char *const ports[] = { ":587", ":465", ":25" };
	char other[512];

	snprintf(f->smtp, sizeof f->smtp, "%.*s%s", ANSWER_SIZE - 8, typed,
		strchr(typed, ':') ? "" : ports[0]);
	bool found = find_way(f, text, size);
	for (size_t i = 1; !found && !strchr(typed, ':') && strstr(text, REFUSED) &&
		i < sizeof ports / sizeof *ports;
		i++) {
		snprintf(f->smtp, sizeof f->smtp, "%.*s%s", ANSWER_SIZE - 8, typed, ports[i]);
		found = find_way(f, other, sizeof other);
		if (!strstr(other, REFUSED)) {
			snprintf(text, size, "%s", other);
			break;
		}
	}
	return found;
}
