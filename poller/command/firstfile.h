/*
 * The files that setup makes: a first INI file with comments, and the password's. They belong to
 * whom the program will run as.
 */
#ifndef RETOUR_FIRSTFILE_H
#define RETOUR_FIRSTFILE_H

#include <stdbool.h>
#include "poller/command/asking.h"

/* What is known so far; "" where a section is not to be written yet. */
struct first {
	const char *file;         /* the INI file that is to be */
	char draft[4096];         /* beside it, while it is tried */
	char password_file[4096]; /* where the password lies */
	bool password_made;       /* by us: taken away when setup is given up */
	bool standard;            /* FILE is the one that is read when none is named */
	const char *ca_file;      /* NULL: the system's */
	char domains[ANSWER_SIZE], host[ANSWER_SIZE], user[ANSWER_SIZE], to[ANSWER_SIZE],
		smtp[ANSWER_SIZE], from[ANSWER_SIZE], zone[ANSWER_SIZE];
	const char *protocol, *tls; /* of the mailbox */
	unsigned port;              /* 0: the usual one */
	const char *smtp_tls;
	bool smtp_login; /* with the mailbox's user and password */
};

/* Names the draft and the password's file, and FILE's directory is made. 0, or -1, said. */
int firstfile_begin(struct first *f);
/* 0, or -1, said. */
int firstfile_password(struct first *f, const char *password);
int firstfile_draft(const struct first *f);
/* The draft becomes the file; what the first run needs beside it is made. 0, or -1, said. */
int firstfile_finish(const struct first *f, const char *store_path, const char *marker);
/* Takes away what was made. */
void firstfile_drop(const struct first *f);
/* Is FILE absent, or still the sample that a package lays there? */
bool firstfile_is_free(const char *file);

#endif
