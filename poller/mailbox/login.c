#include "poller/mailbox/login.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "classify/base/clock.h"
#include "classify/base/units.h"
#include "poller/mailbox/secret.h"

/* Where the token server does not say: RFC 6749 leaves it open, an hour is what all give. */
enum { USUAL_LIFETIME = HOUR };

int login_secret(const struct login *from, struct login_given *given, char *error, size_t size)
{
	struct oauth_answer answer;
	int result;

	*given = (struct login_given){ .refused = true };
	if (!from->oauth)
		return secret_read(from->kept, &given->secret, error, size);
	result = oauth_ask(
		from->oauth, from->user, from->timeout, clock_now(), &answer, error, size);
	given->secret = answer.token;
	given->refused = answer.refused;
	given->later = answer.later;
	given->server_time = answer.server_time;
	given->lifetime = answer.lifetime > 0 ? answer.lifetime : USUAL_LIFETIME;
	char life[32] = "unknown time";
	if (answer.lifetime > 0)
		snprintf(life, sizeof life, "%" PRId64 " s", answer.lifetime);
	if (!result)
		snprintf(given->note, sizeof given->note, "a token by oauth %.40s, good for %s; ",
			from->oauth->name, life);
	return result;
}

void login_explain(const struct login *from, char *error, size_t size)
{
	size_t n = strlen(error);

	if (from->oauth)
		snprintf(error + n, size - n,
			"; the token server gave a token: the mail server does not let this application into this mailbox (retour-oauth(7))");
}
