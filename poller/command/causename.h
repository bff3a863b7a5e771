/*
 * Names of rules and providers that commands are given: both are closed sets, so one that is in
 * none of their tables and nowhere in the store is a typing error, and nothing rests on it.
 */
#ifndef RETOUR_CAUSENAME_H
#define RETOUR_CAUSENAME_H

struct config;

/*
 * Looks for RULE among all that can stand as rule in an event (those of the rules files, codes,
 * senses, complaints, lists that were taken over) and for PROVIDER among the profiles; NULL: not
 * asked. For when the store has nothing under them: what it has by older rules needs no table.
 * EXIT_WELL, or EXIT_USAGE when one is in none, which is said as COMMAND with the nearest.
 */
int cause_name_error(
	const char *command, const struct config *config, const char *rule, const char *provider);

struct rules;
/* Says of each ladder of the configuration that it is one which nothing names, and what was meant.
 */
void ladders_lint(const struct config *config, const struct rules *rules,
	void (*say)(void *context, const char *section, const char *sentence), void *context);

#endif
