/* purge: retention applied. */
#include "poller/command/commands.h"

#include <getopt.h>
#include <string.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "poller/command/purge.h"
#include "poller/run/progress.h"
#include "reports/jsonline.h"
#include "store/promises.h"

static const char *cutoff_text(int64_t at, char *buffer)
{
	return at ? clock_format(at, buffer) : "-";
}

static void print_purge_lines(const struct purge *p, bool dry, FILE *out)
{
	for (unsigned i = 0; i < p->count; i++) {
		const struct purge_class *c = &p->at[i];
		struct jsonline l = jsonline_begin(out);
		jsonline_text(&l, "class", c->name);
		jsonline_time(&l, "cutoff", c->cutoff);
		jsonline_count(&l, "count", c->deleted);
		jsonline_flag(&l, "dry_run", dry);
		jsonline_count(&l, "left", c->left);
		jsonline_time(&l, "oldest", c->oldest);
		jsonline_count(&l, "overdue", c->overdue);
		jsonline_end(&l);
	}
}

static void print_purge_table(const struct purge *p, bool dry, FILE *out)
{
	if (json_asked()) {
		print_purge_lines(p, dry, out);
		return;
	}
	char cutoff[CLOCK_TEXT_SIZE], oldest[CLOCK_TEXT_SIZE];
	fprintf(out, "%-14s %-21s %12s %12s  %-21s %8s\n", "class", "cut-off (UTC)",
		dry ? "would delete" : "deleted", "left", "oldest left", "overdue");
	for (unsigned i = 0; i < p->count; i++) {
		const struct purge_class *c = &p->at[i];
		fprintf(out, "%-14s %-21s %12llu %12llu  %-21s %8llu\n", c->name,
			cutoff_text(c->cutoff, cutoff), (unsigned long long)c->deleted,
			(unsigned long long)c->left, cutoff_text(c->oldest, oldest),
			(unsigned long long)c->overdue);
	}
}

int purge_now(struct session *s, int64_t now, bool dry, FILE *table)
{
	struct purge purge = { 0 };
	uint64_t deleted = 0;
	char at[CLOCK_TEXT_SIZE], oldest[CLOCK_TEXT_SIZE];
	progress_begin("purge", dry ? NULL : "rows");
	store_set_tick(s->store, progress_show);
	int result = store_purge(s->store, now, dry, &purge);
	store_set_tick(s->store, NULL);
	progress_end();
	for (unsigned i = 0; i < purge.count; i++) {
		const struct purge_class *c = &purge.at[i];
		deleted += c->deleted;
		log_info(
			"retention: %s: cut-off %s, deleted %llu, left %llu, oldest %s, overdue %llu",
			c->name, cutoff_text(c->cutoff, at), (unsigned long long)c->deleted,
			(unsigned long long)c->left, cutoff_text(c->oldest, oldest),
			(unsigned long long)c->overdue);
	}
	if (table)
		print_purge_table(&purge, dry, table);
	else if (deleted && !dry)
		log_notice("retention: %llu rows were due and are deleted, %u month keys destroyed",
			(unsigned long long)deleted, purge.keys_destroyed);
	return result ? session_store_failed(s, "retention", result) : EXIT_WELL;
}

int cmd_purge(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "dry-run", no_argument, NULL, 'n' }, { 0 } };
	struct session s;
	bool dry = false;
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option != 'n')
			return usage_error(argv[0], "see `retour purge --help`");
		dry = true;
	}
	if (optind < argc)
		return usage_error(argv[0], "takes no arguments");
	int result = session_open(&s, config, dry ? SESSION_TRY : SESSION_WRITE, clock_now());
	if (result == EXIT_WELL && s.clock.doubt != CLOCK_BELIEVED && !dry)
		result = session_doubt(&s);
	else if (result == EXIT_WELL)
		result = purge_now(&s, dry ? s.present.now : s.now, dry, stdout);
	if (result == EXIT_WELL && !dry &&
		store_witness_ran(s.store, s.now, s.present.boot, s.present.began))
		result = session_store_failed(&s, "purge", STORE_FAILED);
	session_close(&s);
	return result;
}
