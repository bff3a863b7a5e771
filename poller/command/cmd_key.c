/* key: which keys there are, a new one for contacts or return paths, and the end of an old one. */
#include "poller/command/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "classify/base/lines.h"
#include "poller/config/near.h"
#include "poller/command/opening.h"
#include "reports/jsonline.h"
#include "store/ledger.h"
#include "store/promises.h"
#include "store/keys.h"
#include "store/site.h"

static int print_key(void *context, const struct key_info *k)
{
	char made[CLOCK_TEXT_SIZE] = "";
	(void)context;
	if (json_asked()) {
		struct jsonline l = jsonline_begin(stdout);
		jsonline_text(&l, "kind", "key");
		jsonline_text(&l, "name", k->name);
		jsonline_text(&l, "purpose", k->purpose);
		jsonline_text(&l, "month", k->month);
		jsonline_time(&l, "at", k->at);
		jsonline_text(&l, "fingerprint", k->fingerprint);
		jsonline_text(&l, "lies_in", k->credential ? "credential" : "file");
		jsonline_end(&l);
		return 0;
	}
	if (k->at)
		clock_format(k->at, made);
	printf("%-24s %-8s %-8s %-21s %-33s%s\n", k->name, k->purpose, *k->month ? k->month : "-",
		*made ? made : "-", *k->fingerprint ? k->fingerprint : "unknown to the store",
		k->credential ? "credential" : "file");
	return 0;
}

static void print_left(const struct key_left *left)
{
	if (!json_asked()) {
		printf("%llu contacts, %llu of them objections, are found by way of %s, which finds nobody alone any more; it is destroyed when the last has moved or expired\n",
			(unsigned long long)left->contacts, (unsigned long long)left->objections,
			left->name);
		return;
	}
	struct jsonline l = jsonline_begin(stdout);
	jsonline_text(&l, "kind", "left");
	jsonline_text(&l, "name", left->name);
	jsonline_count(&l, "count", left->contacts);
	jsonline_count(&l, "objections", left->objections);
	jsonline_end(&l);
}

/* What was done to the key NAME. */
static void print_done(const char *done, const char *name, uint64_t moved)
{
	struct jsonline l = jsonline_begin(stdout);
	jsonline_text(&l, "kind", done);
	jsonline_text(&l, "name", name);
	jsonline_count(&l, "count", moved);
	jsonline_end(&l);
}

/* Where the sites are between two keys (retour-sites(7)). */
static int print_site_key(void *context, const struct site_key_use *use)
{
	(void)context;
	if (json_asked()) {
		struct jsonline l = jsonline_begin(stdout);
		jsonline_text(&l, "kind", "sites-key");
		jsonline_text(&l, "name", use->name);
		jsonline_flag(&l, "seals", use->seals);
		jsonline_count(&l, "count", use->others);
		jsonline_text(&l, "sites", use->sites);
		jsonline_end(&l);
		return 0;
	}
	printf("%s %s%s%s\n", use->name,
		use->seals ? "seals what this site says" : "only opens lines here",
		use->others ? "; heard to seal with it: "
			    : "; no other site was heard to seal with it",
		use->sites);
	return 0;
}

static int list_keys(struct session *s)
{
	if (!json_asked())
		printf("%-24s %-8s %-8s %-21s %-33s%s\n", "name", "purpose", "month", "made",
			"fingerprint", "lies in a");
	struct key_left left = { .contacts = 0 };
	int result = store_keys(s->store, print_key, NULL);
	for (unsigned i = 0;
		!result && !(result = store_key_left(s->store, i, &left)) && *left.name; i++)
		if (left.contacts)
			print_left(&left);
	if (!result)
		result = store_site_keys(s->store, print_site_key, NULL);
	return result ? session_store_failed(s, "key list", result) : EXIT_WELL;
}

static int rotate(struct session *s, const char *purpose)
{
	char name[STORE_NAME_SIZE];
	int result = store_key_add(s->store, purpose, clock_now(), name);
	if (result)
		return session_store_failed(s, "key rotate", result);
	if (json_asked())
		print_done("made", name, 0);
	else if (!strcmp(purpose, "sites"))
		printf("%s opens lines from now on, and seals none yet. Bring it to the other sites (retour key adopt); once all have it, at each: retour key use\n",
			name);
	else if (!strcmp(purpose, "state") && s->config->site)
		printf("%s names contacts from now on, together with the key before it, and all that were known are sealed under it: the key before it finds nobody alone any more. "
		       "Bring it to the other sites, which refuse what this one says until they have it: retour key adopt\n",
			name);
	else
		printf(strcmp(purpose, "state")
				? "%s signs return paths from now on; the older ones are still good for checking\n"
				: "%s names contacts from now on, and all that were known are sealed under it: the key before it finds nobody alone any more. "
				  "It is needed to find those who have not moved; each moves when something is heard of it\n",
			name);
	if (!strcmp(purpose, "state"))
		result = store_scrub(s->store);
	return result ? session_store_failed(s, "key rotate", result) : EXIT_WELL;
}

/* --- adopt ---------------------------------------------------------------- */

enum { KEY_FILE_MAX = 256 };

/*
 * The file of a key that was brought here, or stdin, into TEXT; its length, -1 on failure. Others
 * must not have been able to read it.
 */
static ssize_t read_brought_key(const char *path, char text[KEY_FILE_MAX])
{
	bool from_stdin = !strcmp(path, "-");
	int fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	ssize_t n = -1, got = 0;
	if (fd < 0 || fstat(fd, &st)) {
		log_error("key adopt: %s: %s", path, strerror(errno));
	} else if (!from_stdin && S_ISREG(st.st_mode) && st.st_mode & 077) {
		log_error("key adopt: %s: mode %04o lets others in; do: chmod 0600 %s", path,
			(unsigned)st.st_mode & 07777, path);
	} else {
		for (n = 0; n < KEY_FILE_MAX &&
			(got = read(fd, text + n, (size_t)(KEY_FILE_MAX - n))) > 0;)
			n += got;
		if (got < 0) {
			log_error("key adopt: %s: %s", path, strerror(errno));
			n = -1;
		}
	}
	if (fd >= 0 && !from_stdin)
		close(fd);
	return n;
}

static int adopt_key(struct session *s, const char *path)
{
	char name[STORE_NAME_SIZE], text[KEY_FILE_MAX];
	bool adopted = false;
	ssize_t n = path ? read_brought_key(path, text) : 0;
	if (n < 0)
		return EXIT_USAGE;
	int result = store_key_adopt(
		s->store, path ? text : NULL, (size_t)n, clock_now(), name, &adopted);
	sodium_memzero(text, sizeof text);
	if (result)
		return session_store_failed(s, "key adopt", result);
	bool state = !strncmp(name, "state", 5);
	if (json_asked())
		print_done(adopted ? "adopted" : "known", name, 0);
	else if (adopted && !state)
		printf("%s opens lines from now on, and seals none yet; once all sites have it, at each: retour key use\n",
			name);
	else
		printf(adopted ? "%s names contacts from now on, and all that were known are sealed under it; lines of sites that have it are taken now\n"
			       : "%s is known here already; nothing was done\n",
			name);
	if (adopted && state)
		result = store_scrub(s->store);
	return result ? session_store_failed(s, "key adopt", result) : EXIT_WELL;
}

/* --- use ------------------------------------------------------------------ */

static int use_key(struct session *s, const char *which)
{
	char name[STORE_NAME_SIZE];
	bool used = false;
	snprintf(name, sizeof name, "%s", which ? which : "");
	int result = store_key_use(s->store, name, clock_now(), &used);
	if (result)
		return session_store_failed(s, "key use", result);
	if (json_asked())
		print_done(used ? "used" : "known", name, 0);
	else
		printf(used ? "%s seals what this site says from now on, and all that the store has from sites lies under it; the former key still opens lines, until `retour key retire`\n"
			    : "%s seals what this site says already; nothing was done\n",
			name);
	if (used)
		result = store_scrub(s->store);
	return result ? session_store_failed(s, "key use", result) : EXIT_WELL;
}

/* --- retire --------------------------------------------------------------- */

struct retiring {
	const char *name, *reason; /* NULL: nobody is given up */
	const char *addresses;     /* a file, "-", or NULL */
	uint64_t asked, moved, bad;
};

static int move_addresses(struct session *s, struct retiring *r)
{
	struct lines lines;
	struct span address;
	int result = open_addresses(&lines, "key retire", r->addresses);
	if (result != EXIT_WELL)
		return result;
	while (!result && lines_next(&lines, &address)) {
		bool moved = false;
		if (!address.n)
			continue;
		address = address_asked(address);
		int stored = store_key_move(s->store, address.p, address.n, &moved);
		r->asked++;
		r->moved += moved;
		r->bad += stored == STORE_MISUSE;
		if (stored && stored != STORE_MISUSE)
			result = stored;
	}
	if (!result && lines.failed)
		result = STORE_FAILED;
	lines_close(&lines);
	return result;
}

/* One transaction: all whose address is given move, and the ledger says how many. */
static int move_all(struct session *s, struct retiring *r)
{
	char detail[LEDGER_TEXT_SIZE];
	int result = store_begin(s->store);
	if (result)
		return session_store_failed(s, "key retire", result);
	result = move_addresses(s, r);
	snprintf(detail, sizeof detail, "addresses=%llu moved=%llu", (unsigned long long)r->asked,
		(unsigned long long)r->moved);
	if (!result && r->moved)
		result = store_ledger(s->store, clock_now(), LEDGER_KEY_MOVED, detail);
	if (!result)
		result = store_commit(s->store);
	if (result) {
		store_rollback(s->store);
		return result == EXIT_USAGE ? result
					    : session_store_failed(s, "key retire", result);
	}
	log_notice(
		"key retire: %llu addresses, %llu contacts moved to the present key, %llu lines that are no address",
		(unsigned long long)r->asked, (unsigned long long)r->moved,
		(unsigned long long)r->bad);
	return r->bad ? EXIT_LOST : EXIT_WELL;
}

static bool is_of_month(const char *name)
{
	return !strncmp(name, "event-", sizeof "event-" - 1);
}

struct key_search {
	const char *typed;
	char nearest[STORE_NAME_SIZE];
	int distance;
	bool found;
};

static int try_key(void *context, const struct key_info *k)
{
	struct key_search *search = context;
	const char *best = NULL;
	near_try(search->typed, k->name, &best, &search->distance);
	if (best)
		snprintf(search->nearest, sizeof search->nearest, "%s", k->name);
	search->found |= !strcmp(search->typed, k->name);
	return 0;
}

/* It was refused: because there is no such key, or for what the store has said. */
static int retire_failed(struct session *s, const char *name, int result)
{
	struct key_search search = { .typed = name, .distance = NEAR_NONE };
	if (result != STORE_MISUSE || store_keys(s->store, try_key, &search) || search.found ||
		is_of_month(name))
		return session_store_failed(s, "key retire", result);
	return usage_error("key retire", "%s: no such key; %s%s%s`retour key list` has their names",
		name, *search.nearest ? "did you mean " : "", search.nearest,
		*search.nearest ? "? " : "");
}

static const char *end_of_key(bool state, bool sites)
{
	if (sites)
		return "lines that are sealed under it are refused from now on";
	return state ? "nobody is found by it any more" : "what it signed can no longer be proved";
}

static int retire(struct session *s, struct retiring *r)
{
	bool credential, state = !strncmp(r->name, "state", 5),
			 sites = !strncmp(r->name, "sites", 5);
	int moved = state && r->addresses ? move_all(s, r) : EXIT_WELL;
	if (moved != EXIT_WELL && moved != EXIT_LOST)
		return moved;
	int result = store_key_retire(s->store, r->name, r->reason, clock_now(), &credential);
	if (result)
		return retire_failed(s, r->name, result);
	if (json_asked())
		print_done("retired", r->name, r->moved);
	else if (is_of_month(r->name))
		printf("the events of the month that lay under a lost %s are let go: they count until their period ends, and the key is not missed any more\n",
			r->name);
	else
		printf(credential
				? "%s is used no more; it came as a credential, which is yours to destroy\n"
				: "%s is destroyed; %s\n",
			r->name, end_of_key(state, sites));
	if (state && (result = store_scrub(s->store)))
		return session_store_failed(s, "key retire", result);
	return moved;
}

static const char retire_usage[] =
	"retire NAME; of a state key also: FILE or - with addresses; of that, of one of the sites and of a month's lost key: --give-up with --reason TEXT, up to 200 bytes without quotes and without an address";

int cmd_key(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "give-up", no_argument, NULL, 'g' },
		{ "reason", required_argument, NULL, 'r' }, { 0 } };
	struct session s = { .lock = -1 };
	struct retiring r = { .name = NULL };
	bool give_up = false;
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option == '?')
			return usage_error(argv[0], "see `retour key --help`");
		give_up |= option == 'g';
		r.reason = option == 'r' ? optarg : r.reason;
	}
	char meant[WORD_MEANT_SIZE];
	const char *what = optind < argc ? argv[optind] : "",
		   *which = strcmp(what, "rotate") ? NULL : "state";
	if (optind + 1 < argc)
		which = argv[optind + 1];
	bool lists = !strcmp(what, "list") && !which,
	     rotates = !strcmp(what, "rotate") && which &&
		(!strcmp(which, "verp") || !strcmp(which, "state") || !strcmp(which, "sites")),
	     uses = !strcmp(what, "use"), adopts = !strcmp(what, "adopt"),
	     retires = !strcmp(what, "retire") && which;
	const char *brought = optind + 1 < argc ? argv[optind + 1] : NULL;
	r.name = which;
	r.addresses = retires && optind + 2 < argc ? argv[optind + 2] : NULL;
	bool state = retires && !strncmp(which, "state", 5),
	     given_up = retires && (is_of_month(which) || !strncmp(which, "sites", 5));
	if (give_up != (r.reason != NULL) || (r.reason && !reason_is_fit(r.reason)) ||
		(!state && ((give_up && !given_up) || r.addresses)))
		return usage_error(argv[0], retire_usage);
	if (!strcmp(what, "retire") && !retires)
		return usage_error(argv[0], "retire wants NAME; `retour key list` has the names");
	if (argc - optind > (state ? 3 : 2) || !(lists || rotates || adopts || uses || retires))
		return usage_error(argv[0],
			"%swants list, rotate, rotate verp, rotate sites, adopt [FILE|-], use [NAME], or retire NAME; see `retour key --help`",
			!strcmp(what, "rotate")
				? word_meant(meant, which, "verp state sites")
				: word_meant(meant, what, "list rotate adopt use retire"));
	int result = session_open(&s, config, lists ? SESSION_READ : SESSION_WRITE, clock_now());
	if (result == EXIT_WELL) {
		if (lists)
			result = list_keys(&s);
		else if (rotates)
			result = rotate(&s, which);
		else if (adopts)
			result = adopt_key(&s, brought);
		else if (uses)
			result = use_key(&s, brought);
		else
			result = retire(&s, &r);
	}
	session_close(&s);
	return result;
}
