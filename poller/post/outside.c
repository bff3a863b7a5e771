/* What witnesses are told, and how. */
#include "poller/post/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include <gnutls/crypto.h>
#include <sodium.h>
#include "classify/base/exitcode.h"
#include "classify/base/files.h"
#include "classify/base/log.h"
#include "poller/post/feed.h"
#include "poller/post/outfile.h"
#include "poller/post/post.h"
#include "store/chain.h"

enum { WITNESS_SECONDS = 60, STAMP_MAX = 65536, WITNESS_PATH = 4096 };

struct witness_round {
	struct session *s;
	struct ledger_entry head;
};

/* A socket that is connected to the log at PATH, or -1: then errno says why. */
static int connect_log(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof to.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(to.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to)) {
		int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

/* What to do about WHY. */
static const char *log_advice(int why)
{
	return why == ENOENT || why == ECONNREFUSED
		? "; no system log listens there: start it, or name its socket; where there is none (a container, a chroot), bring that of the host in, or take the line out"
		: "";
}

bool outside_log_listens(const char *path, char *error, size_t size)
{
	int fd = connect_log(path);
	if (fd >= 0)
		close(fd);
	else
		snprintf(error, size, "%s: %s%s", path, strerror(errno), log_advice(errno));
	return fd >= 0;
}

/* "<86>Nov 29 10:00:00 retour: ledger head 12:HEX", as syslog(3) has it (RFC 3164). */
static int tell_syslog(const struct witness_round *r, const char *path)
{
	char text[256], hex[2 * LEDGER_HASH_SIZE + 1], at[32];
	time_t now = r->s->now;
	struct tm tm;
	int fd = connect_log(path), code;

	strftime(at, sizeof at, "%b %e %H:%M:%S", localtime_r(&now, &tm));
	int n = snprintf(text, sizeof text, "<%d>%s retour: ledger head %lld:%s",
		LOG_AUTHPRIV | LOG_NOTICE, at, (long long)r->head.number,
		sodium_bin2hex(hex, sizeof hex, r->head.hash, sizeof r->head.hash));
	code = fd < 0 || send(fd, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) != n ? errno : 0;
	if (code)
		log_error("[witness] syslog: %s: %s; the next run tries again%s", path,
			strerror(code), log_advice(code));
	if (fd >= 0)
		close(fd);
	return code ? -1 : 0;
}

static int run_witness(char *const argv[], struct span input, const char *key)
{
	char error[512];
	bool fed;
	int status = 0;

	if (feed_command(argv, input, WITNESS_SECONDS, &status, &fed, error, sizeof error))
		log_error("[witness] %s: %s; the next run tries again", key, error);
	else if (status)
		log_error("[witness] %s: %s ended with %s %d; the next run tries again", key,
			argv[0], WIFEXITED(status) ? "exit code" : "signal",
			WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	else
		return 0;
	return -1;
}

static int tell_command(const struct witness_round *r, const char *command)
{
	char text[CHECKPOINT_TEXT_SIZE];
	char *const argv[] = { (char *)command, NULL };

	return run_witness(argv, (struct span){ text, checkpoint_text(text, &r->head) }, "command");
}

/* NAME in [witness] dir. False: too long. */
static bool witness_path(
	char out[WITNESS_PATH], const struct witness_round *r, const char *ending, const char *more)
{
	return snprintf(out, WITNESS_PATH, "%s/" OUTSIDE_HEAD "%lld%s%s", r->s->post->witness_dir,
		       (long long)r->head.number, ending, more) < WITNESS_PATH;
}

/*
 * Whether the file at PATH is a time-stamp of TEXT, as far as that shows without its authority's
 * certificate: it holds TEXT's hash (RFC 3161, MessageImprint). One of another text, or of another
 * day, does not.
 */
static bool stamps_text(const char *path, struct span text)
{
	static const gnutls_digest_algorithm_t hashes[] = { GNUTLS_DIG_SHA256, GNUTLS_DIG_SHA384,
		GNUTLS_DIG_SHA512 };
	unsigned char stamp[STAMP_MAX], hash[64];
	bool found = false;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, stamp, sizeof stamp);

	for (size_t i = 0; i < sizeof hashes / sizeof *hashes && n > 0 && !found; i++)
		found = !gnutls_hash_fast(hashes[i], text.p, text.n, hash) &&
			memmem(stamp, (size_t)n, hash, gnutls_hash_get_len(hashes[i]));
	if (fd >= 0)
		close(fd);
	return found;
}

/*
 * MADE, a time-stamp of TEXT, under the name STAMP: whole and for good, for what is told once is
 * not asked for again.
 */
static int keep_stamp(const char *made, const char *stamp, const char *command, struct span text)
{
	struct stat st;
	char *bytes = NULL;
	size_t n = 0;
	int result = -1;

	if (lstat(made, &st) || !S_ISREG(st.st_mode) || file_load(made, STAMP_MAX, &bytes, &n) ||
		!n)
		log_error("[witness] timestamp: %s made no time-stamp; the next run tries again",
			command);
	else if (!stamps_text(made, text))
		log_error(
			"[witness] timestamp: %s made no time-stamp of this head; the next run tries again",
			command);
	else
		result = write_whole(stamp, (struct span){ bytes, n });
	free(bytes);
	return result;
}

/*
 * The command has the checkpoint's file, the name of the one that it is to make, and [witness] tsa
 * as its arguments. Only a file that is whole gets its name.
 */
static int take_stamp(const struct witness_round *r, const char *command)
{
	char text[CHECKPOINT_TEXT_SIZE], checkpoint[WITNESS_PATH], made[WITNESS_PATH],
		stamp[WITNESS_PATH];
	const char *dir = r->s->post->witness_dir;

	if (!witness_path(checkpoint, r, OUTSIDE_TEXT, "") ||
		!witness_path(made, r, OUTSIDE_STAMP, ".new") ||
		!witness_path(stamp, r, OUTSIDE_STAMP, "") ||
		(mkdir(dir, 0700) && errno != EEXIST)) {
		log_error("[witness] dir: %s: %s", dir, strerror(errno));
		return -1;
	}
	const struct span said = { text, checkpoint_text(text, &r->head) };
	if (write_whole(checkpoint, said))
		return -1;
	unlink(made);
	char *const argv[] = { (char *)command, checkpoint, made,
		(char *)(r->s->post->witness_tsa ? r->s->post->witness_tsa : ""), NULL };
	int result = run_witness(argv, (struct span){ "", 0 }, "timestamp");
	if (!result)
		result = keep_stamp(made, stamp, command, said);
	unlink(made);
	if (result)
		unlink(checkpoint);
	return result;
}

/* TELL, where WHAT is not what this witness heard last. */
static int tell_witness(const struct witness_round *r, const char *way, int64_t what,
	const char *place, int (*tell)(const struct witness_round *r, const char *place))
{
	struct store *store = r->s->store;
	int64_t told = 0;

	if (!place)
		return EXIT_WELL;
	if (store_head_told(store, way, &told))
		return session_store_failed(r->s, "ledger", STORE_FAILED);
	if (told == what)
		return EXIT_WELL;
	if (tell(r, place))
		return EXIT_LOST;
	return store_head_tell(store, way, what)
		? session_store_failed(r->s, "ledger", STORE_FAILED)
		: EXIT_WELL;
}

int outside_tell(struct session *s)
{
	const struct post_options *post = s->post;
	struct witness_round r = { .s = s };
	int result;

	if (!post->witness_syslog && !post->witness_command && !post->witness_timestamp)
		return EXIT_WELL;
	if (store_ledger_head(s->store, &r.head))
		return session_store_failed(s, "ledger", STORE_FAILED);
	result = tell_witness(&r, "syslog", r.head.number, post->witness_syslog, tell_syslog);
	result = exit_worse(result,
		tell_witness(&r, "command", r.head.number, post->witness_command, tell_command));
	return exit_worse(result,
		tell_witness(&r, "timestamp", s->present.now / DAY, post->witness_timestamp,
			take_stamp));
}
