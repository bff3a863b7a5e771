#include "poller/mailbox/login.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "classify/base/clock.h"
#include "poller/mailbox/secret.h"

int login_secret(const struct login *from, char **secret, char *note, bool *refused, char *error,
	size_t size)
{
	struct oauth_answer answer;
	int result;

	*note = '\0';
	*refused = true;
	if (!from->oauth)
		return secret_read(from->kept, secret, error, size);
	result = oauth_ask(
		from->oauth, from->user, from->timeout, clock_now(), &answer, error, size);
	*secret = answer.token;
	*refused = answer.refused;
	if (!result)
		snprintf(note, LOGIN_NOTE_SIZE, "a token by oauth %.40s, good for %" PRId64 " s; ",
			from->oauth->name, answer.lifetime);
	return result;
}

void login_explain(const struct login *from, char *error, size_t size)
{
	size_t n = strlen(error);

	if (from->oauth)
		snprintf(error + n, size - n,
			"; the token server gave a token: the mail server does not let this application into this mailbox (retour-oauth(7))");
}
