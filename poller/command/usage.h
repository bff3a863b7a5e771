/* What commands refuse of their arguments, and how they say so. */
#ifndef RETOUR_USAGE_H
#define RETOUR_USAGE_H

#include <stdbool.h>
#include <stdint.h>

enum { REASON_MAX = 200 }; /* bytes; it has to fit into an entry of the ledger */
/*
 * A reason or reference goes into the ledger, which stays for years: a short line of text, and
 * nobody's address. TEXT may be NULL: unfit.
 */
bool reason_is_fit(const char *text);
/*
 * The same of a request's name in the register, which is for others' eyes as well: nothing in angle
 * brackets, and in others no words alone, where the name beside an address stands.
 */
bool reference_is_fit(const char *text);
int reference_error(const char *command); /* says what is wanted; the exit code */

/*
 * Whether PATH, an argument under whose name a file is to be made, may be one: not when it is empty
 * or its last part looks like an address, which somebody gave by mistake and which would stand in a
 * directory from then on. Says why not, as COMMAND.
 */
bool new_file_is_fit(const char *command, const char *path);

struct option;
/*
 * The command at hand takes --json, whether or not its own options name it: option_next() notes
 * that it was given, and json_asked() says so.
 */
void json_allow(void);
bool json_asked(void);
/*
 * getopt_long() for the long options of a command: the value of the next one, -1 behind the last.
 * What is wrong is said as COMMAND, with the option that was meant where one is near, and never
 * with the text behind a '='; '?' then.
 */
int option_next(const char *command, int argc, char **argv, const struct option *options);
/* The same with LETTERS too, as getopt_long() has them; they hold a ':' before the first. */
int option_next_of(const char *command, int argc, char **argv, const char *letters,
	const struct option *options);

/*
 * "did you mean undo? ", of WORDS with blanks between them, or "" where none is near, or TYPED is
 * one of them.
 */
enum { WORD_MEANT_SIZE = 64 };
const char *word_meant(char text[WORD_MEANT_SIZE], const char *typed, const char *words);
/*
 * For who looks for the way back ("remove") or for a list of people under a name of other programs:
 * where it is, or "".
 */
const char *people_meant(const char *typed);
/* The same of a command: what does here what TYPED does elsewhere, or NULL. */
const char *command_meant(const char *typed);
/* What is wrong with the value of --month; the exit code. */
int month_error(const char *command, const char *typed);

struct lines;
/*
 * Opens the operand of a command, lines of addresses: a path, "-" or NULL for stdin. Refuses what
 * holds an '@': an address does not belong into the process list. Says what fails. EXIT_WELL, or
 * the exit code to end with. lines_close() after success.
 */
int open_addresses(struct lines *l, const char *command, const char *operand);
/* The same refusal alone, of a path that is opened later. */
bool operand_is_fit(const char *command, const char *operand);
/*
 * Line NUMBER, the BAD-th that is refused, and WHY; NULL: it is no address. Never its text. Beyond
 * the first few they are only counted: a file of another kind has nothing but such lines.
 */
void tell_bad_line(uint64_t number, uint64_t bad, const char *why);

/*
 * Prints "retour COMMAND: " and what is wrong, on stderr; returns EXIT_USAGE. COMMAND is "" for
 * what belongs to none.
 */
int usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same of a TEXT of ours in which an address stands as an example: it is printed as it is. */
int usage_example(const char *command, const char *text);

#endif
