/*
 * The commands: one function each, argv[0] is the command's name, options that hold for every
 * command are gone. A function returns the program's exit code.
 */
#ifndef RETOUR_COMMANDS_H
#define RETOUR_COMMANDS_H

#include <stdbool.h>
#include <stdio.h>
#include "classify/base/exitcode.h"
#include "poller/config/config.h"
#include "poller/command/usage.h"

typedef int command_function(const struct config *config, int argc, char **argv);

command_function cmd_contact_undo, cmd_contact_confirm, cmd_contact_rejudge; /* of contact */
/* From state to state, a line each, and how many came to another one (cmd_cause.c). */
struct cause_moves;
void print_moves(const struct cause_moves *m);
uint64_t count_moved(const struct cause_moves *m);
command_function cmd_run, cmd_poll, cmd_import, cmd_classify, cmd_check, cmd_contact, cmd_suppress,
	cmd_suppressions, cmd_changes, cmd_merge, cmd_sites, cmd_events, cmd_serve, cmd_volume,
	cmd_advice, cmd_verp, cmd_key, cmd_forget, cmd_backup, cmd_disclose, cmd_report,
	cmd_comment, cmd_alerts, cmd_purge, cmd_audit, cmd_doctor, cmd_status, cmd_clock, cmd_setup,
	cmd_demo, cmd_words, cmd_requests;
/*
 * Not for people: what the run starts in processes of their own (cmd_processes.c), and how the
 * sample INI file is made.
 */
command_function cmd_fetcher, cmd_parser, cmd_carrier, cmd_logreader, cmd_config;

struct command {
	const char *name;
	command_function
		*function;     /* NULL: completion, which needs the whole table (completion.h) */
	const char *arguments; /* "[MAILBOX…] [--dry-run]" */
	const char *summary;   /* one line for --help */
	const char *help;      /* the rest of COMMAND --help */
	/* OPTIONAL: read where it is; MADE: the command makes it, where it is not; NONE: not read
	 */
	enum { CONFIG_NEEDED, CONFIG_OPTIONAL, CONFIG_MADE, CONFIG_NONE } config;
	bool hidden;
};
extern const struct command commands[]; /* ends with name NULL */
const struct command *command_find(const char *name);

#endif
