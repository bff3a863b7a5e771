/*
 * The commands: one function each, argv[0] is the command's name, options that hold for every command are gone.
 * A function returns the program's exit code.
 */
#ifndef RETOUR_COMMANDS_H
#define RETOUR_COMMANDS_H

#include <stdbool.h>
#include <stdio.h>
#include "classify/base/exitcode.h"
#include "poller/command/config.h"

typedef int command_function(const struct config *config, int argc, char **argv);

command_function cmd_run, cmd_poll, cmd_import, cmd_classify, cmd_check, cmd_contact, cmd_suppressions, cmd_serve, cmd_volume, cmd_advice, cmd_verp, cmd_key,
	cmd_forget, cmd_backup, cmd_disclose, cmd_report, cmd_comment, cmd_alerts, cmd_purge, cmd_audit, cmd_doctor, cmd_clock,
	cmd_setup;
/* Not for people: what the run starts in processes of their own (poller/run.c), and how the sample INI file is made. */
command_function cmd_fetcher, cmd_parser, cmd_carrier, cmd_logreader, cmd_config;

struct command {
	const char *name;
	command_function *function;
	const char *arguments;   /* "[MAILBOX…] [--dry-run]" */
	const char *summary;     /* one line for --help */
	const char *help;        /* the rest of COMMAND --help */
	enum { CONFIG_NEEDED, CONFIG_OPTIONAL, CONFIG_NONE } config;
	bool hidden;
};
extern const struct command commands[]; /* ends with name NULL */
const struct command *command_find(const char *name);

enum { REASON_MAX = 200 }; /* bytes; it has to fit into an entry of the ledger */
/* A reason or reference goes into the ledger, which stays for years: a short line of text, and nobody's address. TEXT may be NULL: unfit. */
bool reason_is_fit(const char *text);

/*
 * Whether PATH, an argument under whose name a file is to be made, may be one: not when its last part looks like an address, which somebody gave by
 * mistake and which would stand in a directory from then on. Says why not, as COMMAND.
 */
bool new_file_is_fit(const char *command, const char *path);

struct lines;
/*
 * Opens the operand of a command, lines of addresses: a path, "-" or NULL for stdin. Refuses what holds an '@': an address does not belong into the process
 * list. Says what fails. EXIT_WELL, or the exit code to end with. lines_close() after success.
 */
int open_addresses(struct lines *l, const char *command, const char *operand);
/* The same refusal alone, of a path that is opened later. */
bool operand_is_fit(const char *command, const char *operand);

/* Prints "retour COMMAND: " and what is wrong, on stderr; returns EXIT_USAGE. COMMAND is "" for what belongs to none. */
int usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
