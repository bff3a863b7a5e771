/*
 * The INI file: what is wrong in it is named by file, section and key, and never passes in silence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "poller/config/configkeys.h"

static char path[] = "/tmp/retour-config-XXXXXX";
static struct config config;
static char errors[8192];

static int load(const char *text)
{
	FILE *file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
	memset(errors, 0, sizeof errors);
	FILE *to = fmemopen(errors, sizeof errors - 1, "w");
	int result = config_load(&config, path, to);
	fclose(to);
	return result;
}

static int make_file(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	close(fd);
	return fd < 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static int free_config(void **state)
{
	(void)state;
	config_free(&config);
	return 0;
}

static void refused(const char *text, const char *expected)
{
	assert_int_equal(load(text), -1);
	if (!strstr(errors, expected))
		fail_msg("\"%s\" is not in \"%s\"", expected, errors);
	assert_non_null(strstr(errors, path));
	config_free(&config);
}

#define BOX \
	"[mailbox bounces]\nhost = mail.example.org\nuser = bounces\npassword_file = /etc/retour/pw\n"

static void reads_every_type(void **state)
{
	(void)state;
	assert_int_equal(
		load("[store]\npath = /srv/retour.db\n[origin]\ndomains = example.org , news.example.org\nact_on = any\n"
		     "[privacy]\nk = 12\nfold_local_part = no\n[retention]\nevents = 90d\nevents_reason = because\n"
		     "[ladder small]\nsteps = 1m 2m\nend = 2h\n[ladder gmail]\nsteps = 1h\nend = 1d\n"
		     "[report]\nsmtp = [::1]:2525\ntimezone = UTC\n" BOX
		     "processed = move:Done/2026\nmax_message = 2M\ntimeout = 5s\nkind = fbl\ntls = starttls\n"),
		0);
	assert_string_equal(config.store_path, "/srv/retour.db");
	assert_int_equal(config.domains.count, 2);
	assert_string_equal(config.domains.at[1], "news.example.org");
	assert_null(config.domains.at[2]);
	assert_int_equal(config.act_on, 2);
	assert_int_equal(config.k, 12);
	assert_false(config.fold_local_part);
	assert_int_equal(config.period[RETAIN_EVENTS], 90 * 86400);
	assert_string_equal(config.reason[RETAIN_EVENTS], "because");
	assert_string_equal(config.post.smtp_host, "::1");
	assert_int_equal(config.post.smtp_port, 2525);
	assert_int_equal(config.mailboxes, 1);
	const struct mailbox *box = config_mailbox(&config, "bounces");
	assert_non_null(box);
	assert_int_equal(box->processed.action, DISPOSE_MOVE);
	assert_string_equal(box->processed.folder, "Done/2026");
	assert_int_equal(box->unrecognised.action, DISPOSE_MOVE);
	assert_string_equal(box->unrecognised.folder, "Unrecognised");
	assert_int_equal(box->max_message, 2 * 1024 * 1024);
	assert_int_equal(box->timeout, 5);
	assert_int_equal(box->kind, MAILBOX_FBL);
	assert_int_equal(box->port, 143);
	/* a built-in ladder is replaced, a new one joins */
	assert_int_equal(config.ladders, 6);
	for (unsigned i = 0; i < config.ladders; i++)
		if (!strcmp(config.ladder[i].name, "small")) {
			assert_int_equal(config.ladder[i].steps, 2);
			assert_int_equal(config.ladder[i].end, 7200);
		}
}

static void defaults_are_those_of_the_design(void **state)
{
	(void)state;
	assert_int_equal(
		load("[store]\n" BOX
		     "[mailbox fbl]\nprotocol = pop3\nhost = h\nuser = u\npassword_command = true\n"),
		0);
	assert_string_equal(config.keys_dir, "/var/lib/retour/keys");
	assert_int_equal(config.act_on, 1);
	assert_int_equal(config.period[RETAIN_LEDGER], 3650LL * 86400);
	assert_int_equal(config.mailbox[0].port, 993);
	assert_int_equal(config.mailbox[0].processed.action, DISPOSE_DELETE);
	assert_int_equal(config.mailbox[0].raw_retention, 7 * 86400);
	assert_int_equal(config.mailbox[1].port, 995);
	assert_int_equal(config.mailbox[1].unrecognised.action, DISPOSE_KEEP);
}

static void rules_of_alerts(void **state)
{
	const struct alert_rule *rule = config.post.alerts.rule;
	(void)state;
	assert_int_equal(
		load("[store]\n[alert]\nrepeat = 0\n[alert hard-rate]\nthreshold = 1.25%\nclear = 1%\nwindow = 6h\nminimum = 40\n"
		     "[alert block-surge]\nthreshold = 2.5\nclear = 2\n[alert mailbox-silent]\nthreshold = 2d\ncooldown = 0\n"
		     "[alert quarantine]\nactive = no\n"),
		0);
	assert_int_equal(config.post.alerts.repeat, 0);
	assert_int_equal(rule[ALERT_HARD_RATE].threshold, 12500);
	assert_int_equal(rule[ALERT_HARD_RATE].clear, 10000);
	assert_int_equal(rule[ALERT_HARD_RATE].window, 6 * 3600);
	assert_int_equal(rule[ALERT_HARD_RATE].minimum, 40);
	assert_int_equal(rule[ALERT_BLOCK_SURGE].threshold, 2500);
	assert_int_equal(rule[ALERT_MAILBOX_SILENT].threshold, 2 * 86400);
	assert_int_equal(rule[ALERT_MAILBOX_SILENT].cooldown, 0);
	assert_false(rule[ALERT_QUARANTINE].active);
	assert_true(rule[ALERT_SOFT_RATE].active);
	config_free(&config);
	assert_int_equal(
		load("[store]\n[alert certificate-expiry]\nthreshold = 30d\nclear = 31d\n"), 0);
	assert_int_equal(rule[ALERT_CERTIFICATE].threshold, 30 * 86400);
	config_free(&config);
	refused("[store]\n[alert certificate-expiry]\nclear = 13d\n",
		"[alert certificate-expiry] clear: below the threshold");
	refused("[store]\n[alert hard-rates]\nclear = 1%\n",
		"[alert hard-rates]: unknown condition; did you mean hard-rate? known are: bounce-surge, ");
	refused("[store]\n[alert hard-rate]\nthreshold = 2\n",
		"[alert hard-rate] threshold: wrong value");
	refused("[store]\n[alert hard-rate]\nthreshold = 200%\n",
		"[alert hard-rate] threshold: wrong value");
	/* alone it takes what ends the alert along */
	assert_int_equal(load("[store]\n[alert hard-rate]\nthreshold = 1%\n"), 0);
	assert_int_equal(rule[ALERT_HARD_RATE].clear, 8000);
	config_free(&config);
	refused("[store]\n[alert hard-rate]\nthreshold = 1%\nclear = 1.6%\n",
		"[alert hard-rate] clear: above the threshold");
	refused("[store]\n[alert bounce-surge]\nthreshold = 2x\n",
		"[alert bounce-surge] threshold: wrong value");
	refused("[store]\n[alert bounce-surge]\nwindow = 2d\n",
		"[alert bounce-surge] window: of a surge");
	refused("[store]\n[alert]\nto = someone\n", "[alert] to: needs [report] from");
	refused("[store]\n[alert]\ncommand = page.sh\n", "[alert] command: wrong value");
}

static void what_is_wrong_is_named(void **state)
{
	(void)state;
	refused("[stor]\npath = /x\n",
		"[stor]: unknown section; did you mean store? known are: store, keys");
	refused("[store]\npaht = /x\n",
		"[store] paht: unknown key; did you mean path? known are: path");
	refused("[store]\npath = x\n",
		"[store] path: wrong value \"x\"; right would be an absolute path");
	refused("[privacy]\nk = 1\n",
		"[privacy] k: wrong value \"1\"; right would be a number from 2 to 1000");
	refused("[privacy]\nk = 12d\n", "[privacy] k: wrong value");
	refused("[privacy]\nfold_local_part = maybe\n", "right would be yes or no");
	refused("[retention]\nevents_reason = anna (at) example.org asked\n",
		"[retention] events_reason: names an address");
	refused("[retention]\nevents = 180\n",
		"[retention] events: wrong value \"180\"; right would be a period");
	refused("[retention]\nevents = 99999999999999999999d\n", "[retention] events: wrong value");
	refused(BOX "tls = ssl\n",
		"[mailbox bounces] tls: wrong value \"ssl\"; right would be one of implicit|starttls|none");
	refused(BOX "processed = move:\n", "[mailbox bounces] processed: wrong value");
	refused(BOX "max_message = 99M\n", "[mailbox bounces] max_message: wrong value");
	refused("[mailbox bounces]\nuser = u\npassword_file = /p\n",
		"[mailbox bounces] host: missing");
	refused("[mailbox bounces]\nhost = h\nuser = u\n",
		"[mailbox bounces] password_file: missing");
	refused(BOX "password_command = true\n",
		"[mailbox bounces] password_file: more than one secret");
	refused("[mailbox p]\nprotocol = pop3\nhost = h\nuser = u\npassword_file = /p\nprocessed = move:X\n",
		"POP3 has no folders");
	refused("[mailbox m]\nprotocol = maildir\n", "[mailbox m] path: missing");
	refused("[mailbox two words]\n", "a name is made of");
	refused("[ladder x]\nsteps = 1m 2m 3m 4m 5m 6m 7m 8m 9m\n",
		"[ladder x] steps: wrong value");
	refused("[report]\ntimezone = Europe/Atlantis\n", "[report] timezone: unknown zone");
	refused("[report]\ntimezone = ../../etc/passwd\n", "[report] timezone: unknown zone");
	refused("[report]\nsmtp = host:99999\n", "[report] smtp: wrong value");
	refused("[report]\nsmtp = h\nto = a@example.org\n", "[report] from: missing");
	refused("[report]\nto = a@example.org\n", "[report] smtp: missing");
	refused("[report]\nfrom = Retour <a@example.org>\n", "[report] from: no address");
	refused("[report]\ncolour = \"#12345\"\n", "[report] colour: no colour");
	refused("[report]\ncolour = \"red;x\"\n", "[report] colour: no colour");
	refused("[origin]\ndomains = example.org, @example.net\n",
		"[origin] domains: word 2 is no domain");
	refused("[origin]\ndomains = example..org\n", "[origin] domains: word 1 is no domain");
	refused("[origin]\nverp = bounce@{token}.example.org\n",
		"[origin] verp: names no return path");
	refused(BOX "processed = move:Inbox\n",
		"[mailbox bounces] processed: moves into the folder that is read");
	refused(BOX "folder = Old\noptout = move:Old\n",
		"[mailbox bounces] optout: moves into the folder that is read");
	refused(BOX "path = /var/mail/bounces\n",
		"[mailbox bounces] path: a mailbox on a server has none");
	refused(BOX "protocol = pop3\nfolder = Bounces\n",
		"[mailbox bounces] folder: POP3 knows INBOX alone");
	refused("[alert hardrate]\nthreshold = 1%\n", "did you mean hard-rate?");
	refused("path = /x\n[store]\n", "key path stands before the first section");
	refused("", "no section");
}

/* A name, not what people paste: the port would be asked for twice, a URL never be found. */
static void a_host_is_a_name(void **state)
{
	static const char *const wrong[] = { "mail.example.org:993", "imaps://mail.example.org",
		"mail.example.org/INBOX", "anna@mail.example.org", "mail. example.org" },
				 *const good[] = { "mail.example.org", "192.0.2.1", "2001:db8::1",
					 "::1" };
	char text[256];
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		snprintf(text, sizeof text,
			"[mailbox b]\nhost = %s\nuser = u\npassword_file = /p\n", wrong[i]);
		refused(text, "[mailbox b] host: right would be the server's name alone");
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		snprintf(text, sizeof text,
			"[mailbox b]\nhost = %s\nuser = u\npassword_file = /p\n", good[i]);
		assert_int_equal(load(text), 0);
		config_free(&config);
	}
	refused("[report]\nsmtp = smtps://mail.example.org:465\n", "[report] smtp: wrong value");
}

/* Half of the report's readers, a folder of another name: the parser would say nothing. */
static void what_a_comment_would_cut_off_is_refused(void **state)
{
	(void)state;
	refused("[store]\n[report]\nto = a@example.org; b@example.org\n",
		"line 3: a ; within a value begins a comment");
	assert_int_equal(load("[report]\nto = anna@example.org;b@example.org\n"), -1);
	assert_null(strstr(errors, "anna"));
	config_free(&config);
	refused(BOX "folder = Bounces#2\n", "line 5: a # within a value");
	refused("[report]\nto = a@example.org, \\\n b@example.org;c@example.org\n",
		"line 3: a ; within a value");
	assert_int_equal(
		load(BOX "folder = \"Bounces#2;x\" ; its name\nuser\t= u\t; #1\ntimeout = 5s;\n"),
		-1); /* [mailbox bounces] user stands twice */
	assert_null(strstr(errors, "within"));
	config_free(&config);
	assert_int_equal(
		load(BOX "folder = \"Bounces#2;x\" ; its; name\ntimeout = 5s;\nport = 93 # 1;2\n"),
		0);
	assert_string_equal(config.mailbox[0].folder, "Bounces#2;x");
	config_free(&config);
}

/* ':' is the parser's own: such a mailbox would never be read, and nobody would know. */
static void a_section_with_a_colon_is_refused(void **state)
{
	(void)state;
	refused(BOX "[mailbox:second]\nhost = h\n",
		"[mailbox:second]: a section's name has no ':'; right would be [mailbox second]");
}

static void what_is_wrong_is_not_missing_as_well(void **state)
{
	(void)state;
	assert_int_equal(load("[mailbox b]\nhost = h\nuser = u\npassword_file = pw\n"), -1);
	assert_non_null(strstr(errors, "password_file: wrong value"));
	assert_null(strstr(errors, "missing"));
	config_free(&config);
}

/* iniparser would take the last value and say nothing. */
static void what_stands_twice_is_refused(void **state)
{
	(void)state;
	refused(BOX "[privacy]\nk = 12\n[Mailbox bounces ]\nhost = other.example.org\n",
		"[Mailbox bounces]: stands in line 1 and again in line 7");
	assert_int_equal(load(BOX "[mailbox bounces]\nhost = other.example.org\n"), -1);
	assert_null(strstr(errors, "host:")); /* its keys are not complained of one by one */
	config_free(&config);
	refused("[origin]\ndomains = a.example\nact_on = any\n domains=b.example\n",
		"[origin] domains: stands in line 2 and again in line 4");
	/*
	 * the same key in two sections, in a comment, and at the beginning of a line that goes on,
	 * is once
	 */
	assert_int_equal(
		load(BOX
			"; [mailbox bounces]\n#host = x\n[retention]\nevents_reason = because \\\n[soft]\n[mailbox b]\nhost = h\nuser = u\n"
			"password_file = /p\n[report]\nuser =\n"),
		0);
	config_free(&config);
}

/* Every number of the contacts' states has bounds, and reaches the store. */
static void numbers_of_the_states(void **state)
{
	static const struct {
		const char *section, *key, *least, *below, *most, *above;
		size_t offset;
		int64_t least_value;
	} all[] = {
#define OPTION(name) offsetof(struct store_options, name)
		{ "soft", "quiet", "1d", "23h", "10y", "11y", OPTION(quiet), 86400 },
		{ "soft", "mailings", "0", "-1", "20", "21", OPTION(mailings), 0 },
		{ "soft", "pause", "1d", "23h", "10y", "11y", OPTION(pause), 86400 },
		{ "soft", "remember", "1d", "1m", "1y", "2y", OPTION(remember), 86400 },
		{ "block", "hold", "1m", "59s", "1y", "2y", OPTION(block_hold), 60 },
		{ "block", "patience", "1d", "0s", "1y", "2y", OPTION(block_patience), 86400 },
		{ "block", "gate", "1m", "1s", "30d", "31d", OPTION(block_gate), 60 },
		{ "block", "quiet", "1d", "1h", "10y", "3651d", OPTION(block_quiet), 86400 },
		{ "ladder x", "attempts", "0", "-1", "200", "201", OPTION(ladder[5].attempts), 0 },
		{ "ladder x", "end", "1m", "59s", "1y", "366d", OPTION(ladder[5].end), 60 },
	};
	struct store_options options;
	char text[256], right[64];

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const char *steps = all[i].section[0] == 'l' ? "steps = 1m\n" : "",
			   *wrong[] = { all[i].below, all[i].above };
		snprintf(right, sizeof right, "[%s] %s: wrong value", all[i].section, all[i].key);
		for (unsigned w = 0; w < 2; w++) {
			snprintf(text, sizeof text, "[%s]\n%s%s = %s\n", all[i].section, steps,
				all[i].key, wrong[w]);
			refused(text, right);
		}
		snprintf(text, sizeof text, "[%s]\n%s%s = %s\n", all[i].section, steps, all[i].key,
			all[i].most);
		assert_int_equal(load(text), 0);
		config_free(&config);
		snprintf(text, sizeof text, "[%s]\n%s%s = %s\n", all[i].section, steps, all[i].key,
			all[i].least);
		assert_int_equal(load(text), 0);
		config_store_options(&config, &options);
		assert_int_equal(
			*(int64_t *)((char *)&options + all[i].offset), all[i].least_value);
		config_free(&config);
	}
	refused("[ladder x]\nend = 1d\n", "[ladder x] steps: missing");
	assert_int_equal(load("[soft]\n"), 0);
	config_store_options(&config, &options);
	assert_int_equal(options.pause, 30 * 86400);
	assert_int_equal(options.block_patience, 7 * 86400);
	assert_int_equal(options.ladder[0].attempts, 5);
}

/* iniparser alone would refuse the file. */
static void comments_behind_everything(void **state)
{
	(void)state;
	assert_int_equal(
		load("[store] ; what lasts\npath = /srv/a.db ; here\n\t[privacy]\t# little\nk = 12\n[origin]#\nverp = \"b+{token};x@example.org\"\n"),
		0);
	assert_string_equal(config.store_path, "/srv/a.db");
	assert_int_equal(config.k, 12);
	assert_string_equal(config.verp, "b+{token};x@example.org");
	config_free(&config);
	refused("[store] ; what lasts\n[privacy] little\n", "line 2: broken syntax");
}

static void broken_syntax_is_named_by_line_without_its_text(void **state)
{
	(void)state;
	refused("[store]\npath = /x\nthis is anna@example.org\n", "line 3: broken syntax");
	load("[store]\npath = /x\nthis is anna@example.org\n");
	assert_null(strstr(errors, "anna"));
}

static void an_address_in_a_wrong_value_is_not_repeated(void **state)
{
	(void)state;
	assert_int_equal(load("[privacy]\nk = anna@example.org\n"), -1);
	assert_null(strstr(errors, "anna"));
}

static void a_missing_file_is_an_error(void **state)
{
	(void)state;
	FILE *to = fmemopen(errors, sizeof errors - 1, "w");
	assert_int_equal(config_load(&config, "/nonexistent/retour.ini", to), -1);
	fclose(to);
	assert_non_null(strstr(errors, "/nonexistent/retour.ini: No such file"));
}

/* The sample must load as it stands, and its commented keys too once the ';' is gone. */
static void the_sample_loads(void **state)
{
	(void)state;
	char *sample = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&sample, &n);
	config_print_sample(to);
	fclose(to);
	if (load(sample))
		fail_msg("%s", errors);
	assert_int_equal(config.mailboxes, 1);
	free(sample);
}

static void each_condition_is_explained(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ALERT_CONDITION_COUNT; i++)
		if (!config_condition_helps[i])
			fail_msg("%s has no words in config_condition_helps",
				alert_condition_name(i));
}

static void the_sample_file_is_the_table(void **state)
{
	(void)state;
	char *sample = NULL, line[512];
	size_t n = 0, at = 0;
	FILE *to = open_memstream(&sample, &n);
	config_print_sample(to);
	fclose(to);
	const char *root = getenv("RETOUR_ROOT");
	char table[4096];
	snprintf(table, sizeof table, "%s/etc/retour.ini", root ? root : ".");
	FILE *file = fopen(table, "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file)) {
		if (strncmp(sample + at, line, strlen(line)))
			fail_msg(
				"etc/retour.ini is old; `build/retour config > etc/retour.ini` makes it anew: %s",
				line);
		at += strlen(line);
	}
	fclose(file);
	assert_int_equal(at, n);
	free(sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(reads_every_type, free_config),
		cmocka_unit_test_teardown(defaults_are_those_of_the_design, free_config),
		cmocka_unit_test_teardown(numbers_of_the_states, free_config),
		cmocka_unit_test(rules_of_alerts),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(a_host_is_a_name),
		cmocka_unit_test(what_a_comment_would_cut_off_is_refused),
		cmocka_unit_test(a_section_with_a_colon_is_refused),
		cmocka_unit_test(what_is_wrong_is_not_missing_as_well),
		cmocka_unit_test(what_stands_twice_is_refused),
		cmocka_unit_test(comments_behind_everything),
		cmocka_unit_test_teardown(
			broken_syntax_is_named_by_line_without_its_text, free_config),
		cmocka_unit_test_teardown(an_address_in_a_wrong_value_is_not_repeated, free_config),
		cmocka_unit_test_teardown(a_missing_file_is_an_error, free_config),
		cmocka_unit_test_teardown(the_sample_loads, free_config),
		cmocka_unit_test(each_condition_is_explained),
		cmocka_unit_test(the_sample_file_is_the_table),
	};
	return cmocka_run_group_tests_name("the INI file", tests, make_file, remove_file);
}
