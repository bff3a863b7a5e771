#include "poller/command/firstfile.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "classify/base/files.h"
#include "classify/base/log.h"
#include "poller/command/config.h"

enum { SAMPLE_MAX = 1024 * 1024 };

static int firstfile_failed(const char *path)
{
	log_error("%s: %s", path, strerror(errno));
	return -1;
}

/* Root sets up for the user of the unit; everybody else for himself. */
static const struct passwd *whose_file(void)
{
	return geteuid() ? NULL : getpwnam("retour");
}

static int give(const char *path, mode_t mode, bool readable_only)
{
	const struct passwd *user = whose_file();

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

int firstfile_begin(struct first *f)
{
	char directory[4096];

	if (beside(f->file, "", directory, sizeof directory))
		return -1;
	directory[strlen(directory) ? strlen(directory) - 1 : 0] = '\0';
	if (*directory && mkdir(directory, 0750) && errno != EEXIST)
		return firstfile_failed(directory);
	if ((size_t)snprintf(f->draft, sizeof f->draft, "%s.draft", f->file) >= sizeof f->draft) {
		errno = ENAMETOOLONG;
		return firstfile_failed(f->file);
	}
	return *f->password_file
		? 0
		: beside(f->file, "bounces.pw", f->password_file, sizeof f->password_file);
}

int firstfile_password(struct first *f, const char *password)
{
	char line[ANSWER_SIZE + 2];

	if (!f->password_made && !access(f->password_file, F_OK)) {
		log_error("%s: is there already; give it as --password-file, or move it away",
			f->password_file);
		return -1;
	}
	snprintf(line, sizeof line, "%s\n", password);
	int result = file_replace(f->password_file, span_of(line), 0600);
	explicit_bzero(line, sizeof line);
	if (result)
		return firstfile_failed(f->password_file);
	f->password_made = true;
	return give(f->password_file, 0600, false);
}

static void write_mailbox(const struct first *f, FILE *out)
{
	fprintf(out,
		"\n; The mailbox that bounces return to, and nothing else: what was read is deleted there\n"
		"; (processed = keep leaves it).\n[mailbox bounces]\n");
	fprintf(out, "protocol = %s\nhost = %s\n", f->protocol, f->host);
	if (f->port)
		fprintf(out, "port = %u\n", f->port);
	fprintf(out, "tls = %s\nuser = %s\npassword_file = %s\n", f->tls, f->user,
		f->password_file);
	if (f->ca_file)
		fprintf(out, "ca_file = %s\n", f->ca_file);
}

static void write_report(const struct first *f, FILE *out)
{
	fprintf(out,
		"\n; The monthly report: from whom, to whom, by which mail server.\n[report]\n");
	fprintf(out, "from = %s\nto = %s\nsmtp = %s\ntls = %s\n", f->from, f->to, f->smtp,
		f->smtp_tls);
	if (f->smtp_login)
		fprintf(out, "user = %s\npassword_file = %s\n", f->user, f->password_file);
	if (f->ca_file)
		fprintf(out, "ca_file = %s\n", f->ca_file);
	fprintf(out, "timezone = %s\n", f->zone);
	fprintf(out, "\n; Who is told at once when something is wrong.\n[alert]\nto = %s\n", f->to);
}

int firstfile_draft(const struct first *f)
{
	char *text = NULL, data[4096];
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out || beside(f->file, "data/retour.db", data, sizeof data))
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
	if (*f->host)
		write_mailbox(f, out);
	if (*f->smtp)
		write_report(f, out);
	int result = fclose(out) ? -1 : file_replace(f->draft, (struct span){ text, n }, 0640);
	free(text);
	return result ? firstfile_failed(f->draft) : give(f->draft, 0640, true);
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
	int fd = marker && whose_file()
		? open(marker, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)
		: -1;
	if (fd < 0)
		return 0;
	close(fd);
	return give(marker, 0600, false);
}

int firstfile_finish(const struct first *f, const char *store_path, const char *marker)
{
	if (make_place(store_path, marker))
		return -1;
	if (rename(f->draft, f->file) || directory_sync(f->file))
		return firstfile_failed(f->file);
	return 0;
}

void firstfile_drop(const struct first *f)
{
	unlink(f->draft);
	if (f->password_made)
		unlink(f->password_file);
}
