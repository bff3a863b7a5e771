/*
 * The files that setup makes: a first INI file with comments, and the password's. They belong to
 * whom the program will run as.
 */
#ifndef RETOUR_FIRSTFILE_H
#define RETOUR_FIRSTFILE_H

#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include "poller/command/asking.h"

/* Where tokens are had; NAME "": the mailbox has a password. */
struct first_oauth {
	char name[64];
	bool is_there; /* the section is configured already */
	bool own_ca;   /* its server may be of our own authority, as the mail server */
	int grant;     /* enum oauth_grant */
	char token_url[ANSWER_SIZE], client_id[ANSWER_SIZE], scope[ANSWER_SIZE],
		key_path[ANSWER_SIZE], secret_file[4096];
	const char *certificate_file, *key_file, *refresh_token_file; /* NULL: none */
};

/* What is known so far; "" where a section is not to be written yet. */
struct first {
	const char *file;         /* the INI file that is to be, or is there */
	const char *mailbox;      /* the section's name */
	bool beside;              /* FILE is there: what comes goes into a drop-in beside it */
	char result[4096];        /* what is written: FILE, or the drop-in */
	char draft[4096];         /* beside FILE, while it is tried */
	char draft_place[4096];   /* its drop-ins: a link to FILE's */
	bool leftover;            /* of a setup that was killed: its files may be written over */
	char password_file[4096]; /* where the password lies */
	bool password_made;       /* by us: taken away when setup is given up */
	bool secret_made;         /* OAUTH's, likewise */
	struct first_oauth oauth;
	bool standard;       /* FILE is the one that is read when none is named */
	const char *ca_file; /* NULL: the system's */
	const char *smtp_ca_file;
	char domains[ANSWER_SIZE], host[ANSWER_SIZE], user[ANSWER_SIZE], to[ANSWER_SIZE],
		smtp[ANSWER_SIZE], from[ANSWER_SIZE], zone[ANSWER_SIZE];
	const char *protocol, *tls; /* of the mailbox */
	unsigned port;              /* 0: the usual one */
	const char *smtp_tls;
	bool smtp_login; /* with the mailbox's user and password */
};

/* "KEY = VALUE", in quotes where the value would look like a comment; nothing for none. */
void firstfile_key(FILE *out, const char *key, const char *value);
/* Whom the program will run as, where root sets it up; NULL: whoever does. */
const struct passwd *firstfile_user(void);
/* Names the draft and the password's file, and the directories are made. 0, or -1, said. */
int firstfile_begin(struct first *f);
/* 0, or -1, said. */
int firstfile_password(struct first *f, const char *password);
/* The OAuth client's, into a file that is named here. */
int firstfile_secret(struct first *f, const char *secret);
int firstfile_draft(const struct first *f);
/* The draft becomes the file, or what is new of it the drop-in; what the first run needs beside it
 * is made. 0, or -1, said. */
int firstfile_finish(const struct first *f, const char *store_path, const char *marker);
/* Takes away what was made; a signal's handler may call it. */
void firstfile_drop(const struct first *f);
/* Is FILE absent, or still the sample that a package lays there? */
bool firstfile_is_free(const char *file);

#endif
