/*
 * What the files of the configuration share, and nobody else includes: the table of keys
 * (configkeys.c), values (configvalue.c), the file (configread.c) and what is printed of the table
 * (configprint.c).
 */
#ifndef RETOUR_CONFIGKEYS_H
#define RETOUR_CONFIGKEYS_H

#include <stddef.h>
#include "classify/base/units.h"
#include "poller/config/config.h"

#define MIB (1024 * 1024)

enum type {
	TEXT,
	FILE_PATH,
	BOOLEAN,
	NUMBER,
	SIZE,
	PERIOD,
	CHOICE,
	LIST,
	DISPOSAL,
	PERIODS,
	HOST_PORT,
	THRESHOLD,
	SHARE
};

struct key {
	const char *section; /* "mailbox *": one section for each name */
	const char *name;
	enum type type;
	size_t offset; /* in struct config; in struct mailbox, struct ladder or struct alert_rule
			  for sections with a name */
	const char *standard; /* value when the file is silent; NULL: none */
	int64_t min, max;     /* bounds of numbers, sizes, periods */
	const char *choices;  /* "a|b|c", in the order of the enum */
	const char *sample;   /* value in the sample file; NULL: the key stands there as a comment
				 with its default */
	const char *help;
};
extern const struct key
	config_keys[]; /* those of a section stand together; ends with section NULL */

/* What a section is for, as the sample file and the manual say; "" when its keys say it. */
struct section_help {
	const char *section, *help;
};
extern const struct section_help config_section_helps[]; /* ends with section NULL */

/* What each condition of an alert looks at, for the manual. */
extern const char *const config_condition_helps[ALERT_CONDITION_COUNT];

/* The ladders that are there without any in the file. */
enum { STANDARD_LADDERS = 5 };
extern const struct ladder config_standard_ladders[STANDARD_LADDERS];

/*
 * Reads VALUE as the type of K says and writes it to its place in BASE: C itself, or the struct of
 * a section with a name. False: it is no value for this key, or out of its bounds; BASE may then be
 * half written.
 */
bool config_assign(struct config *c, void *base, const struct key *k, const char *value);

/* What would be right for K, in words: "a number from 1 to 28". Cut to SIZE bytes with the NUL. */
void config_bounds_text(const struct key *k, char *buffer, size_t size);

/* SECONDS as the file has it: "7d", in the largest unit that divides it. */
void config_print_period(char *buffer, size_t size, int64_t seconds);

#endif
