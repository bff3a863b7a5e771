/* report: a month's report to the terminal, a file, or its readers. */
#include "poller/command/commands.h"

#include <getopt.h>
#include <string.h>
#include "classify/recipient.h"
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "poller/command/opening.h"
#include "poller/post/delivery.h"
#include "poller/post/outfile.h"

/*
 * One more reader of a test mail. Only the operator's typing is caught here; whether the address
 * exists its server says.
 */
static bool add_reader(struct list *to, const char *address)
{
	if (to->count == LIST_MAX || !address_plausible(span_of(address)) ||
		strpbrk(address, " ,;<>()\"\t\r\n"))
		return false;
	to->at[to->count++] = address;
	return true;
}

/* What the command line asks for. */
struct report_wish {
	struct month month;
	const char *output;
	enum report_format format;
	bool send, formatted;
	struct list to;
};

static int take_option(struct report_wish *w, const char *command, int option)
{
	int format;
	switch (option) {
	case 'm':
		return month_parse(optarg, &w->month) ? EXIT_WELL : month_error(command, optarg);
	case 'f':
		format = report_format_by_name(optarg);
		if (format < 0)
			return usage_error(
				command, "--format %s: right would be xml, html or text", optarg);
		w->format = (enum report_format)format;
		w->formatted = true;
		return EXIT_WELL;
	case 'o':
		w->output = optarg;
		return EXIT_WELL;
	case 's':
		w->send = true;
		return EXIT_WELL;
	case 't':
		if (add_reader(&w->to, optarg))
			return EXIT_WELL;
		return w->to.count == LIST_MAX
			? usage_error(command, "--to: too many readers")
			: usage_example(command,
				  "--to: right would be one address, such as you@example.org");
	default:
		return usage_error(command, "see `retour report --help`");
	}
}

/* Fills W, whose month is the standard; an exit code. */
static int read_wish(struct report_wish *w, int argc, char **argv)
{
	static const struct option options[] = { { "month", required_argument, NULL, 'm' },
		{ "format", required_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' }, { "send", no_argument, NULL, 's' },
		{ "to", required_argument, NULL, 't' }, { 0 } };
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		int result = take_option(w, argv[0], option);
		if (result)
			return result;
	}
	struct month month;
	if (optind < argc && month_parse(argv[optind], &month))
		return usage_error(argv[0], "right would be --month %s", argv[optind]);
	if (optind < argc)
		return usage_error(
			argv[0], "unknown argument %s; see `retour report --help`", argv[optind]);
	if (w->output && !new_file_is_fit(argv[0], w->output))
		return EXIT_USAGE;
	if (w->to.count && !w->send)
		return usage_error(argv[0], "--to goes with --send");
	if (month_is_ahead(w->month, clock_now()))
		return usage_error(
			argv[0], "--month %04d-%02d has not begun", w->month.year, w->month.month);
	return EXIT_WELL;
}

/* Its figures are all 0 and look like good ones. */
static void tell_without_data(struct session *s, struct month month)
{
	bool has;
	if (!report_has_month(s, month, &has) && !has)
		log_notice(
			"report of %04d-%02d: nothing was counted in it or before; its figures say nothing",
			month.year, month.month);
}

int cmd_report(const struct config *config, int argc, char **argv)
{
	struct report_wish w = { .month = month_before(month_of(clock_now()), 1),
		.format = REPORT_TEXT };
	struct buffer text = { 0 };
	struct config other;
	struct session s;
	int result = read_wish(&w, argc, argv);
	if (result)
		return result;
	if (w.to.count) {
		other = *config;
		other.post.to = w.to;
		config = &other;
	}
	result = session_open(&s, config, w.send ? SESSION_WRITE : SESSION_READ, clock_now());
	if (result)
		goto out;
	tell_without_data(&s, w.month);
	if (w.send)
		result = report_mail(&s, w.month, clock_now(), w.to.count > 0);
	if (!w.send || w.formatted || w.output)
		if (report_make(&s, w.month, w.format, &text) ||
			write_whole(w.output ? w.output : "-", (struct span){ text.p, text.n }))
			result = exit_worse(result, EXIT_LOST);
out:
	buffer_free(&text);
	session_close(&s);
	return result;
}
