/* report: a month's report to the terminal, a file, or its readers. */
#include "poller/command/commands.h"

#include <getopt.h>
#include <string.h>
#include "classify/recipient.h"
#include "classify/base/clock.h"
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

int cmd_report(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "month", required_argument, NULL, 'm' },
		{ "format", required_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' }, { "send", no_argument, NULL, 's' },
		{ "to", required_argument, NULL, 't' }, { 0 } };
	struct month month = month_before(month_of(clock_now()), 1);
	const char *output = NULL;
	int format = REPORT_TEXT;
	bool send = false, formatted = false;
	struct buffer text = { 0 };
	struct list to = { 0 };
	struct config other;
	struct session s;
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;)
		switch (option) {
		case 'm':
			if (!month_parse(optarg, &month))
				return usage_error(
					argv[0], "--month %s: right would be YYYY-MM", optarg);
			break;
		case 'f':
			format = report_format_by_name(optarg);
			formatted = true;
			if (format < 0)
				return usage_error(argv[0],
					"--format %s: right would be xml, html or text", optarg);
			break;
		case 'o':
			output = optarg;
			break;
		case 's':
			send = true;
			break;
		case 't':
			if (!add_reader(&to, optarg))
				return usage_error(argv[0],
					to.count == LIST_MAX
						? "--to: too many readers"
						: "--to: right would be one address, such as you@example.org");
			break;
		default:
			return usage_error(argv[0], "see `retour report --help`");
		}
	if (optind < argc)
		return usage_error(
			argv[0], "unknown argument %s; see `retour report --help`", argv[optind]);
	if (output && !new_file_is_fit(argv[0], output))
		return EXIT_USAGE;
	if (to.count && !send)
		return usage_error(argv[0], "--to goes with --send");
	if (to.count) {
		other = *config;
		other.post.to = to;
		config = &other;
	}
	struct month present = month_of(clock_now());
	if (month.year > present.year ||
		(month.year == present.year && month.month > present.month))
		return usage_error(
			argv[0], "--month %04d-%02d has not begun", month.year, month.month);
	int result = session_open(&s, config, send ? SESSION_WRITE : SESSION_READ, clock_now());
	if (result)
		goto out;
	if (send)
		result = report_mail(&s, month, clock_now(), to.count > 0);
	if (!send || formatted || output)
		if (report_make(&s, month, (enum report_format)format, &text) ||
			write_whole(output ? output : "-", (struct span){ text.p, text.n }))
			result = exit_worse(result, EXIT_LOST);
out:
	buffer_free(&text);
	session_close(&s);
	return result;
}
