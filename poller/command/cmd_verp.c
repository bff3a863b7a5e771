/*
 * verp: addresses in, signed return paths out. The sending system gives each mail the return path
 * of its recipient (envelope sender, MAIL FROM); a bounce that comes back to it proves that we sent
 * the mail, to whom and in which campaign, whatever the bounce itself says. The same for the
 * address that a mail's List-Unsubscribe names: who writes there has received the mail.
 */
#include "poller/command/commands.h"

#include <getopt.h>
#include <string.h>
#include <sodium.h>
#include "classify/verp.h"
#include "classify/base/clock.h"
#include "classify/base/lines.h"
#include "classify/base/log.h"
#include "poller/command/opening.h"
#include "classify/base/buffer.h"
#include "reports/jsonline.h"
#include "store/keys.h"

struct signer {
	FILE *to; /* where a return path is printed */
	struct session session;
	bool unsubscribe;          /* addresses of List-Unsubscribe instead */
	struct span before, after; /* of [origin] verp or unsubscribe, around {token} */
	size_t room;               /* octets for the token */
	const char *campaign;
	uint64_t bad, short_ones;
};

/* [origin] verp or unsubscribe, taken apart. EXIT_WELL or EXIT_USAGE. */
static int read_form(const struct config *config, struct signer *s)
{
	static const char placeholder[] = "{token}";
	const char *form = s->unsubscribe ? config->unsubscribe : config->verp,
		   *at = form ? strrchr(form, '@') : NULL,
		   *token = form ? strstr(form, placeholder) : NULL;
	if (!token || !at || token > at)
		return usage_example("verp",
			s->unsubscribe
				? "[origin] unsubscribe must name an address, such as unsubscribe+{token}@bounce.example.org"
				: "[origin] verp must name the return path, such as bounce+{token}@bounce.example.org");
	s->before = (struct span){ form, (size_t)(token - form) };
	s->after = span_of(token + sizeof placeholder - 1);
	size_t around = (size_t)(at - form) - (sizeof placeholder - 1);
	s->room = around < VERP_LOCAL_PART_MAX ? VERP_LOCAL_PART_MAX - around : 0;
	return EXIT_WELL;
}

static bool is_campaign(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:+-";
	return *name && strlen(name) < EVENT_CAMPAIGN_SIZE && strspn(name, allowed) == strlen(name);
}

/*
 * The first need makes the key, which only a run's rights allow; every other time the store is only
 * read, so that no run is in the way.
 */
static int open_verp_store(struct signer *s, const struct config *config)
{
	char name[STORE_NAME_SIZE], token[STORE_TOKEN_SIZE];
	bool full;
	int result = session_open(&s->session, config, SESSION_READ, clock_now());
	if (result != EXIT_WELL)
		return result;
	static const char probe[] = "probe@example.org";
	if (store_verp_token(s->session.store, false, s->campaign, probe, sizeof probe - 1, s->room,
		    token, &full) != STORE_KEYS)
		return EXIT_WELL;
	session_close(&s->session);
	result = session_open(&s->session, config, SESSION_WRITE, clock_now());
	if (result != EXIT_WELL)
		return result;
	result = store_key_add(s->session.store, "verp", clock_now(), name);
	if (result)
		return session_store_failed(&s->session, "verp", result);
	log_notice("made the key %s, which signs return paths", name);
	return EXIT_WELL;
}

/*
 * In a mailto URI '=' and '&' stand as %XX (RFC 6068 section 2), so that the value can be put
 * behind "List-Unsubscribe: ".
 */
static void print_part(const struct signer *s, struct span part)
{
	for (size_t i = 0; i < part.n; i++)
		if (s->unsubscribe && strchr("=&;%/?#", part.p[i]))
			fprintf(s->to, "%%%02X", (unsigned char)part.p[i]);
		else
			fputc(part.p[i], s->to);
}

static void print_signed(const struct signer *s, const char *token)
{
	fputs(s->unsubscribe ? "<mailto:" : "", s->to);
	print_part(s, s->before);
	print_part(s, span_of(token));
	print_part(s, s->after);
	fputs(s->unsubscribe ? ">" : "", s->to);
}

static void print_signed_csv(struct signer *s, struct span address, const char *token)
{
	bool quote = memchr(address.p, ',', address.n) || memchr(address.p, '"', address.n);
	if (quote)
		putchar('"');
	for (size_t i = 0; i < address.n; i++) {
		if (address.p[i] == '"')
			putchar('"');
		putchar(address.p[i]);
	}
	fputs(quote ? "\"," : ",", stdout);
	s->to = stdout;
	print_signed(s, token);
	putchar('\n');
}

static void print_signed_line(struct signer *s, struct span address, const char *token)
{
	struct buffer path = { NULL, 0 };
	char text[JSONLINE_TEXT];
	s->to = open_memstream(&path.p, &path.n);
	if (!s->to)
		return;
	print_signed(s, token);
	fclose(s->to);
	snprintf(text, sizeof text, "%.*s", (int)address.n, address.p);
	struct jsonline l = jsonline_begin(stdout);
	jsonline_text(&l, "address", text);
	jsonline_text(&l, s->unsubscribe ? "list_unsubscribe" : "return_path", path.p);
	jsonline_end(&l);
	sodium_memzero(text, sizeof text);
	sodium_memzero(path.p, path.n);
	buffer_free(&path);
}

static int sign_line(struct signer *s, struct span address, uint64_t number)
{
	char token[STORE_TOKEN_SIZE];
	bool full;
	if (!address.n)
		return EXIT_WELL;
	int result = store_verp_token(s->session.store, s->unsubscribe, s->campaign, address.p,
		address.n, s->room, token, &full);
	if (result == STORE_MISUSE) {
		tell_bad_line(number, ++s->bad, store_error(s->session.store));
		return EXIT_WELL;
	}
	if (result)
		return session_store_failed(&s->session, "verp", result);
	s->short_ones += !full;
	if (json_asked())
		print_signed_line(s, address, token);
	else
		print_signed_csv(s, address, token);
	sodium_memzero(token, sizeof token);
	return EXIT_WELL;
}

static int sign_all(struct signer *s, struct lines *lines)
{
	struct span line;
	int result = EXIT_WELL;
	if (!json_asked())
		puts(s->unsubscribe ? "address,list_unsubscribe" : "address,return_path");
	while (result == EXIT_WELL && lines_next(lines, &line))
		result = sign_line(s, line, lines->number);
	if (fflush(stdout) || lines->failed) {
		log_error("verp: reading the addresses or writing the return paths failed");
		result = exit_worse(result, EXIT_LOST);
	}
	if (s->short_ones)
		log_notice(
			"verp: %llu of %llu addresses are too long for a return path that names them; theirs proves only an address that the bounce names",
			(unsigned long long)s->short_ones, (unsigned long long)lines->number);
	if (s->bad) {
		log_error("verp: %llu of %llu lines gave no return path",
			(unsigned long long)s->bad, (unsigned long long)lines->number);
		result = exit_worse(result, EXIT_LOST);
	}
	return result;
}

int cmd_verp(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "campaign", required_argument, NULL, 'c' },
		{ "unsubscribe", no_argument, NULL, 'u' }, { 0 } };
	struct signer s = { .session = { .lock = -1 } };
	static struct lines lines; /* too large for a stack */
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option == '?')
			return usage_error(argv[0], "see `retour verp --help`");
		s.unsubscribe |= option == 'u';
		s.campaign = option == 'c' ? optarg : s.campaign;
	}
	if (!s.campaign || !is_campaign(s.campaign))
		return usage_error(argv[0],
			"wants --campaign NAME, of letters, digits and . _ : + -, at most %d",
			EVENT_CAMPAIGN_SIZE - 1);
	if (argc - optind > 1)
		return usage_error(argv[0],
			"one FILE at most; addresses come from it or from stdin, never as arguments");
	int result = read_form(config, &s);
	if (result != EXIT_WELL)
		return result;
	result = open_addresses(&lines, argv[0], optind < argc ? argv[optind] : NULL);
	if (result != EXIT_WELL)
		return result;
	result = open_verp_store(&s, config);
	if (result == EXIT_WELL)
		result = sign_all(&s, &lines);
	lines_close(&lines);
	session_close(&s.session);
	return result;
}
