#include "poller/command/firstfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "classify/base/files.h"
#include "classify/base/log.h"
#include "poller/config/config.h"

enum { SAMPLE_MAX = 1024 * 1024 };

static int firstfile_failed(const char *path)
{
	log_error("%s: %s", path, strerror(errno));
	return -1;
}

const struct passwd *firstfile_user(void)
{
	return geteuid() ? NULL : getpwnam("retour");
}

static int give(const char *path, mode_t mode, bool readable_only)
{
	const struct passwd *user = firstfile_user();

	if (chmod(path, mode))
		return firstfile_failed(path);
	if (user && chown(path, readable_only ? 0 : user->pw_uid, user->pw_gid))
		return firstfile_failed(path);
	return 0;
}

/* PATH's directory and NAME in it. */
static int beside(const char *path, const char *name, char *out, size_t size)
{
	const char *slash = strrchr(path, '/');
	int n = slash ? snprintf(out, size, "%.*s/%s", (int)(slash - path), path, name)
		      : snprintf(out, size, "%s", name);

	if (n >= 0 && (size_t)n < size)
		return 0;
	errno = ENAMETOOLONG;
	return firstfile_failed(path);
}

bool firstfile_is_free(const char *file)
{
	char *sample = NULL, *there = NULL;
	size_t n = 0, size = 0;
	FILE *out = open_memstream(&sample, &n);

	if (out)
		config_print_sample(out);
	bool known = out && !fclose(out);
	bool is_there = !file_load(file, SAMPLE_MAX, &there, &size);
	bool is_free = is_there ? known && size == n && !memcmp(there, sample, n) : errno == ENOENT;
	free(sample);
	free(there);
	return is_free;
}

/* Whatever the umask, root's is for the group of the program. */
static int make_first_place(const char *path)
{
	if (!*path || !mkdir(path, 0750))
		return *path ? give(path, 0750, true) : 0;
	return errno == EEXIST ? 0 : firstfile_failed(path);
}

/* FILE's drop-ins lie in FILE without .ini, with .d (poller/config/configread.c). */
static int name_drop_in(struct first *f)
{
	size_t n = strlen(f->file), ini = n > 4 && !strcmp(f->file + n - 4, ".ini") ? 4 : 0;
	char place[4000];

	snprintf(place, sizeof place, "%.*s.d", (int)(n - ini), f->file);
	if ((size_t)snprintf(f->result, sizeof f->result, "%s/%s.ini", place, f->mailbox) >=
			sizeof f->result ||
		(size_t)snprintf(f->draft_place, sizeof f->draft_place, "%s.d", f->draft) >=
			sizeof f->draft_place) {
		errno = ENAMETOOLONG;
		return firstfile_failed(f->file);
	}
	if (!access(f->result, F_OK)) {
		log_error("%s: is there already: edit it, or move it away first", f->result);
		return -1;
	}
	if (make_first_place(place))
		return -1;
	unlink(f->draft_place);
	return symlink(strrchr(place, '/') + 1, f->draft_place) ? firstfile_failed(f->draft_place)
								: 0;
}

int firstfile_begin(struct first *f)
{
	char directory[4096], name[128];

	if (beside(f->file, "", directory, sizeof directory))
		return -1;
	directory[strlen(directory) ? strlen(directory) - 1 : 0] = '\0';
	if (make_first_place(directory))
		return -1;
	if ((size_t)snprintf(f->draft, sizeof f->draft, "%s.draft", f->file) >= sizeof f->draft) {
		errno = ENAMETOOLONG;
		return firstfile_failed(f->file);
	}
	f->leftover = !access(f->draft, F_OK);
	snprintf(f->result, sizeof f->result, "%s", f->file);
	snprintf(name, sizeof name, "%s.pw", f->mailbox);
	if (f->beside && name_drop_in(f))
		return -1;
	return *f->password_file ? 0
				 : beside(f->file, name, f->password_file, sizeof f->password_file);
}

/* LINE into the file PATH, which is ours or not there; *MADE: it was us. */
static int keep_secret(
	const struct first *f, const char *path, const char *option, const char *secret, bool *made)
{
	char line[ANSWER_SIZE + 2];

	if (!*made && !f->leftover && !access(path, F_OK)) {
		log_error("%s: is there already; give it as %s, or move it away", path, option);
		return -1;
	}
	snprintf(line, sizeof line, "%s\n", secret);
	*made = true;
	int result = file_replace(path, span_of(line), 0600);
	explicit_bzero(line, sizeof line);
	return result ? firstfile_failed(path) : give(path, 0600, false);
}

int firstfile_password(struct first *f, const char *password)
{
	return keep_secret(f, f->password_file, "--password-file", password, &f->password_made);
}

int firstfile_secret(struct first *f, const char *secret)
{
	char name[80];

	snprintf(name, sizeof name, "%s.secret", f->oauth.name);
	return beside(f->file, name, f->oauth.secret_file, sizeof f->oauth.secret_file) ||
			keep_secret(f, f->oauth.secret_file, "--client-secret-file", secret,
				&f->secret_made)
		? -1
		: 0;
}

void firstfile_key(FILE *out, const char *key, const char *value)
{
	if (value && *value)
		fprintf(out, strpbrk(value, ";#") ? "%s = \"%s\"\n" : "%s = %s\n", key, value);
}

static void write_secret(const struct first *f, FILE *out)
{
	bool token = *f->oauth.name;

	firstfile_key(
		out, token ? "oauth" : "password_file", token ? f->oauth.name : f->password_file);
}

static void write_mailbox(const struct first *f, FILE *out)
{
	fprintf(out,
		"\n; A mailbox that bounces or reports return to, and nothing else: what was read is deleted\n"
		"; there (processed = keep leaves it).\n[mailbox %s]\n",
		f->mailbox);
	fprintf(out, "protocol = %s\nhost = %s\n", f->protocol, f->host);
	if (f->port)
		fprintf(out, "port = %u\n", f->port);
	fprintf(out, "tls = %s\n", f->tls);
	firstfile_key(out, "user", f->user);
	write_secret(f, out);
	firstfile_key(out, "ca_file", f->ca_file);
}

static void write_report(const struct first *f, FILE *out)
{
	fprintf(out,
		"\n; The monthly report: from whom, to whom, by which mail server.\n[report]\n");
	fprintf(out, "from = %s\nto = %s\nsmtp = %s\ntls = %s\n", f->from, f->to, f->smtp,
		f->smtp_tls);
	if (f->smtp_login) {
		firstfile_key(out, "user", f->user);
		write_secret(f, out);
	}
	firstfile_key(out, "ca_file", f->smtp_ca_file);
	fprintf(out, "timezone = %s\n", f->zone);
	fprintf(out, "\n; Who is told at once when something is wrong.\n[alert]\nto = %s\n", f->to);
}

/* What stands before the mailbox: the file that is there, or the head of a new one. */
static int write_before(const struct first *f, FILE *out)
{
	char data[4096], *there = NULL;
	size_t n = 0;

	if (f->beside) {
		if (file_load(f->file, SAMPLE_MAX, &there, &n))
			return -1;
		fwrite(there, 1, n, out);
		fputc('\n', out);
		free(there);
		return 0;
	}
	if (beside(f->file, "data/retour.db", data, sizeof data))
		return -1;
	fprintf(out,
		"; Made by `retour setup`. retour.ini(5) explains each key, `retour config` prints them all,\n"
		"; `retour doctor` tries the whole.\n");
	if (!f->standard)
		fprintf(out,
			"\n; The database; its keys and the reports lie beside it.\n[store]\npath = %s\n",
			data);
	fprintf(out,
		"\n; Our sending domains: a bounce that shows one of them is of a mail of ours.\n[origin]\ndomains = %s\n",
		f->domains);
	return 0;
}

static void write_oauth(const struct first *f, FILE *out)
{
#define GRANT_NAME(symbol, name) [symbol] = name,
	static const char *const grants[] = { OAUTH_GRANTS(GRANT_NAME) };
#undef GRANT_NAME

	if (!*f->oauth.name || f->oauth.is_there)
		return;
	fprintf(out,
		"\n; Where access tokens are had, in the place of a password: retour-oauth(7).\n[oauth %s]\n",
		f->oauth.name);
	firstfile_key(out, "token_url", f->oauth.token_url);
	firstfile_key(out, "grant", grants[f->oauth.grant]);
	firstfile_key(out, "client_id", f->oauth.client_id);
	firstfile_key(out, "client_secret_file", f->oauth.secret_file);
	firstfile_key(out, "certificate_file", f->oauth.certificate_file);
	firstfile_key(out, "key_file", f->oauth.key_file);
	firstfile_key(out, "refresh_token_file", f->oauth.refresh_token_file);
	firstfile_key(out, "scope", f->oauth.scope);
	if (f->oauth.own_ca)
		firstfile_key(out, "ca_file", f->ca_file);
}

static void write_new(const struct first *f, FILE *out)
{
	write_oauth(f, out);
	if (*f->host)
		write_mailbox(f, out);
	if (*f->smtp)
		write_report(f, out);
}

static int write_ini(const struct first *f, const char *path, bool head)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	int result = out ? 0 : -1;

	if (out && head)
		result = write_before(f, out);
	else if (out)
		fprintf(out, "; Made by `retour setup --mailbox %s`.\n", f->mailbox);
	if (out)
		write_new(f, out);
	result = (out && fclose(out)) || result ||
			file_replace(path, (struct span){ text, n }, 0640)
		? firstfile_failed(path)
		: give(path, 0640, true);
	free(text);
	return result;
}

int firstfile_draft(const struct first *f)
{
	return write_ini(f, f->draft, true);
}

/* The store's directory, and the note that the unit lets a run write (README.md). */
static int make_place(const char *store_path, const char *marker)
{
	char directory[4096];

	snprintf(directory, sizeof directory, "%s", store_path);
	*strrchr(directory, '/') = '\0';
	if (*directory && !mkdir(directory, 0700)) {
		if (give(directory, 0700, false))
			return -1;
	} else if (*directory && errno != EEXIST) {
		return firstfile_failed(directory);
	}
	int fd = marker && firstfile_user()
		? open(marker, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)
		: -1;
	if (fd < 0)
		return 0;
	close(fd);
	return give(marker, 0600, false);
}

int firstfile_finish(const struct first *f, const char *store_path, const char *marker)
{
	if (f->beside) {
		if (write_ini(f, f->result, false))
			return -1;
		unlink(f->draft);
		unlink(f->draft_place);
		return 0;
	}
	if (make_place(store_path, marker))
		return -1;
	if (rename(f->draft, f->file) || directory_sync(f->file))
		return firstfile_failed(f->file);
	return 0;
}

void firstfile_drop(const struct first *f)
{
	if (*f->draft)
		unlink(f->draft);
	if (*f->draft_place)
		unlink(f->draft_place);
	if (f->password_made)
		unlink(f->password_file);
	if (f->secret_made)
		unlink(f->oauth.secret_file);
}
