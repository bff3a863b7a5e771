/* key: which keys there are, a new one for return paths, and the end of an old one. */
#include "poller/command/commands.h"

#include <getopt.h>
#include <string.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "poller/command/opening.h"
#include "store/keys.h"

static int print_key(void *context, const struct key_info *k)
{
	char made[CLOCK_TEXT_SIZE] = "";
	(void)context;
	if (k->at)
		clock_format(k->at, made);
	printf("%-24s %-8s %-8s %-21s %-33s%s\n", k->name, k->purpose, *k->month ? k->month : "-",
		*made ? made : "-", *k->fingerprint ? k->fingerprint : "unknown to the store",
		k->credential ? "credential" : "file");
	return 0;
}

static int list_keys(struct session *s)
{
	printf("%-24s %-8s %-8s %-21s %-33s%s\n", "name", "purpose", "month", "made", "fingerprint",
		"lies in a");
	uint64_t left = 0;
	int result = store_keys(s->store, print_key, NULL);
	if (!result)
		result = store_key_left(s->store, &left);
	if (left)
		printf("%llu contacts are still under the state key before the present one; it is destroyed when the last has moved or expired\n",
			(unsigned long long)left);
	return result ? session_store_failed(s, "key list", result) : EXIT_WELL;
}

static int rotate(struct session *s, const char *purpose)
{
	char name[STORE_NAME_SIZE];
	int result = store_key_add(s->store, purpose, clock_now(), name);
	if (result)
		return session_store_failed(s, "key rotate", result);
	printf(strcmp(purpose, "state")
			? "%s signs return paths from now on; the older ones are still good for checking\n"
			: "%s names contacts from now on; each moves to it when something is heard of it, and is found until then\n",
		name);
	return EXIT_WELL;
}

static int retire(struct session *s, const char *name)
{
	bool credential;
	int result = store_key_retire(s->store, name, clock_now(), &credential);
	if (result)
		return session_store_failed(s, "key retire", result);
	printf(credential
			? "%s is used no more; it came as a credential, which is yours to destroy\n"
			: "%s is destroyed; what it signed can no longer be proved\n",
		name);
	return EXIT_WELL;
}

int cmd_key(const struct config *config, int argc, char **argv)
{
	static const struct option none[] = { { 0 } };
	struct session s = { .lock = -1 };
	if (option_next(argv[0], argc, argv, none) != -1)
		return usage_error(argv[0], "see `retour key --help`");
	char meant[WORD_MEANT_SIZE];
	const char *what = optind < argc ? argv[optind] : "",
		   *which = strcmp(what, "rotate") ? NULL : "state";
	if (optind + 1 < argc)
		which = argv[optind + 1];
	bool lists = !strcmp(what, "list") && !which,
	     rotates = !strcmp(what, "rotate") && which &&
		(!strcmp(which, "verp") || !strcmp(which, "state")),
	     retires = !strcmp(what, "retire") && which;
	if (argc - optind > 2 || !(lists || rotates || retires))
		return usage_error(argv[0],
			"%swants list, rotate, rotate verp, or retire NAME; see `retour key --help`",
			word_meant(meant, what, "list rotate retire"));
	int result = session_open(&s, config, lists ? SESSION_READ : SESSION_WRITE, clock_now());
	if (result == EXIT_WELL) {
		if (lists)
			result = list_keys(&s);
		else if (rotates)
			result = rotate(&s, which);
		else
			result = retire(&s, which);
	}
	session_close(&s);
	return result;
}
