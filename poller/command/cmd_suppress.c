/* suppress: whom another system knew not to write to becomes known here, from its lists or address
 * by address. */
#include "poller/command/commands.h"

#include <getopt.h>
#include <string.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "poller/command/opening.h"
#include "poller/config/rulesfile.h"
#include "poller/volume/suppressfile.h"
#include "reports/jsonline.h"
#include "store/ledger.h"
#include "store/promises.h"

struct wish {
	const char *command, *reason, *stream;
	bool dry;
	struct suppressfile file;
};

static int read_options(struct wish *w, bool add, int argc, char **argv)
{
	static const struct option options[] = { { "from", required_argument, NULL, 'f' },
		{ "as", required_argument, NULL, 'a' }, { "reason", required_argument, NULL, 'r' },
		{ "dry-run", no_argument, NULL, 'n' }, { "stream", required_argument, NULL, 's' },
		{ 0 } };
	for (int option; (option = option_next(w->command, argc, argv, options)) != -1;)
		switch (option) {
		case 'f':
			if (add || !suppressfile_knows(optarg))
				return usage_error(w->command,
					"--from %s: right would be one of %s", optarg,
					suppressfile_sources());
			w->file.source = optarg;
			break;
		case 'a':
			w->file.assumed = suppressfile_assumed(optarg);
			if (w->file.assumed < 0)
				return usage_error(w->command,
					"--as %s: right would be hard, complaint, opt-out or soft",
					optarg);
			break;
		case 'r':
			w->reason = optarg;
			break;
		case 's':
			w->stream = optarg;
			break;
		case 'n':
			w->dry = true;
			break;
		default:
			return usage_error(w->command, "see `retour suppress --help`");
		}
	if ((add && (!w->reason || !reference_is_fit(w->reason))) ||
		(w->reason && !reason_is_fit(w->reason)))
		return usage_error(w->command,
			"%s--reason TEXT: up to %d bytes, without quotes, without an address%s",
			add ? "wants " : "", REASON_MAX, add ? ", without a name in brackets" : "");
	if (argc - optind > 1 || (!add && optind == argc))
		return usage_error(w->command,
			add ? "addresses come from one file or from stdin"
			    : "wants one FILE, or - for stdin");
	return operand_is_fit(w->command, argv[optind]) ? EXIT_WELL : EXIT_USAGE;
}

static void tell(const struct wish *w)
{
	const struct suppressfile *f = &w->file;
	if (json_asked()) {
		struct jsonline l = jsonline_begin(stdout);
		jsonline_text(&l, "rule", f->rule);
		jsonline_flag(&l, "dry_run", w->dry);
		jsonline_count(&l, "hard", f->taken[CLASS_HARD]);
		jsonline_count(&l, "complaint", f->taken[CLASS_COMPLAINT] - f->opt_outs);
		jsonline_count(&l, "optout", f->opt_outs);
		jsonline_count(&l, "soft", f->taken[CLASS_SOFT]);
		jsonline_count(&l, "known", f->met[SUPPRESSED_BEFORE]);
		jsonline_count(&l, "let_through", f->met[SUPPRESSED_SINCE_FREED]);
		jsonline_count(&l, "left_out", f->left_out);
		jsonline_count(&l, "bad", f->bad);
		jsonline_end(&l);
	}
	log_notice(
		"%s: %s%llu hard, %llu complaints, %llu opt-outs, %llu soft; %llu known before, %llu let through by an operator since, %llu that suppress nobody, %llu bad lines; rule %s",
		w->command, w->dry ? "a dry run, nothing is kept: " : "",
		(unsigned long long)f->taken[CLASS_HARD],
		(unsigned long long)(f->taken[CLASS_COMPLAINT] - f->opt_outs),
		(unsigned long long)f->opt_outs, (unsigned long long)f->taken[CLASS_SOFT],
		(unsigned long long)f->met[SUPPRESSED_BEFORE],
		(unsigned long long)f->met[SUPPRESSED_SINCE_FREED], (unsigned long long)f->left_out,
		(unsigned long long)f->bad, f->rule);
}

static int note(const struct wish *w, struct store *store, int64_t now)
{
	const struct suppressfile *f = &w->file;
	char detail[LEDGER_TEXT_SIZE];
	snprintf(detail, sizeof detail,
		"source=%s hard=%llu complaint=%llu opt-out=%llu soft=%llu known=%llu%s%s reason=\"%s\"",
		f->rule + strlen("suppress."), (unsigned long long)f->taken[CLASS_HARD],
		(unsigned long long)(f->taken[CLASS_COMPLAINT] - f->opt_outs),
		(unsigned long long)f->opt_outs, (unsigned long long)f->taken[CLASS_SOFT],
		(unsigned long long)f->met[SUPPRESSED_BEFORE], w->stream ? " stream=" : "",
		w->stream ? w->stream : "", w->reason ? w->reason : "");
	return store_ledger(store, now, LEDGER_SUPPRESS_IMPORT, detail);
}

/* One transaction: all that is good of the list, or nothing. */
static int take_list(struct wish *w, struct session *s, const char *path)
{
	if (store_begin(s->store))
		return session_store_failed(s, w->command, STORE_FAILED);
	store_suppress_rule(s->store, w->file.source, w->file.rule);
	int code = suppressfile_import(&w->file, s->store, path);
	bool keep = !w->dry && (code == EXIT_WELL || code == EXIT_LOST);
	if (!keep) {
		store_rollback(s->store);
	} else if (note(w, s->store, s->now) || store_commit(s->store)) {
		store_rollback(s->store);
		return session_store_failed(s, w->command, STORE_FAILED);
	}
	if (code == EXIT_WELL || code == EXIT_LOST)
		tell(w);
	return code;
}

static int cannot_export(void)
{
	return usage_error("suppress export",
		"cannot exist: the store has no addresses, only keyed hashes of them. Ask with your own list instead:\n"
		"retour check --column NAME --only suppress --bare LIST.csv");
}

/* A session knows of the rules the providers only. */
static struct rules *open_all_rules(const struct config *config)
{
	char error[512];
	struct rules *rules = rulesfile_open(
		config->rules_file, config->providers_file, RULES_ALL, error, sizeof error);
	if (!rules)
		log_error("%s", error);
	return rules;
}

int cmd_suppress(const struct config *config, int argc, char **argv)
{
	char meant[WORD_MEANT_SIZE];
	struct session s = { .lock = -1 };
	struct rules *rules = NULL;
	const char *what = argc > 1 ? argv[1] : "";
	bool add = !strcmp(what, "add");
	if (!strcmp(what, "export"))
		return cannot_export();
	if (!add && strcmp(what, "import"))
		return usage_error(argv[0],
			"%s%s%s%swants import or add; see `retour suppress --help`",
			strchr(what, '@') ? "" : what, *what ? ": " : "", people_meant(what),
			word_meant(meant, what, "import add export"));
	struct wish w = { .command = add ? "suppress add" : "suppress import",
		.file = { .source = add ? "add" : "csv",
			.assumed = add ? suppressfile_assumed("opt-out") : -1 } };
	int result = read_options(&w, add, argc - 1, argv + 1);
	if (result != EXIT_WELL)
		return result;
	if (!stream_option(config, w.command, w.stream, &w.file.stream))
		return EXIT_USAGE;
	const char *path = optind < argc - 1 ? argv[1 + optind] : NULL;
	result = session_open(&s, config, w.dry ? SESSION_TRY : SESSION_CREATE, clock_now());
	if (result == EXIT_WELL && s.clock.doubt != CLOCK_BELIEVED)
		result = session_doubt(&s);
	w.file.now = s.now;
	if (result == EXIT_WELL && !(rules = open_all_rules(config)))
		result = EXIT_USAGE;
	w.file.rules = rules;
	if (result == EXIT_WELL)
		result = take_list(&w, &s, path);
	rules_free(rules);
	session_close(&s);
	return result;
}
