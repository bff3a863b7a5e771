/*
 * rules_build() refuses what can never speak; rules_scan() finds phrases whatever their case, line
 * ends and accents, in linear time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>
#include "classify/rules.h"

static const char *const gmail_domains[] = { "gmail.com", "googlemail.com", NULL };
static const char *const gmail_hosts[] = { ".google.com", NULL };
static const char *const mail_hosts[] = { "mail.google.com", "example.net", NULL };
static const struct provider_spec PROVIDERS[] = {
	{ "gmail", gmail_domains, gmail_hosts, true, NULL, 0, NULL },
	{ "other", NULL, mail_hosts, false, NULL, 0, NULL },
};

static struct rule_spec rule(const char *id, const char *first, const char *second)
{
	struct rule_spec r = { .category = CATEGORY_USER_UNKNOWN,
		.klass = -1,
		.where = WHERE_DIAGNOSTIC | WHERE_HUMAN };

	snprintf(r.id, sizeof r.id, "%s", id);
	if (first)
		r.phrases[r.phrase_count++] = first;
	if (second)
		r.phrases[r.phrase_count++] = second;
	return r;
}

static struct rule_spec list(const char *id, const char *first, const char *second)
{
	struct rule_spec r = rule(id, first, second);

	r.category = CATEGORY_NONE;
	r.mark = MARK_WORDS;
	return r;
}

static struct rules *build(const struct rule_spec *specs, size_t n)
{
	char error[256];
	struct rules *r = rules_build(specs, n, PROVIDERS, 2, error, sizeof error);

	if (!r)
		fail_msg("%s", error);
	return r;
}

/* --- what is refused ------------------------------------------------------ */

static void assert_refused(const struct rule_spec *specs, size_t n, const char *id, const char *why)
{
	char error[256] = "";
	struct rules *r = rules_build(specs, n, PROVIDERS, 2, error, sizeof error);

	rules_free(r);
	if (r || !strstr(error, id) || !strstr(error, why))
		fail_msg("wanted an error with '%s' and '%s', got '%s'", id, why, error);
}

static void wrong_rules_are_refused_by_name(void **state)
{
	struct rule_spec two[2];
	(void)state;

	two[0] = rule("same", "no such user", NULL);
	two[1] = rule("same", "user unknown", NULL);
	assert_refused(two, 2, "same", "twice");

	two[1] = rule("later", "No  such\nUSER", NULL);
	assert_refused(two, 2, "later", "never match");

	two[0] = rule("lower", "over quota", NULL);
	two[1] = rule("higher", "over quota", NULL);
	two[1].rank = 10;
	assert_refused(two, 2, "lower", "never match");

	two[0] = rule("signs", "<> (!)", NULL);
	assert_refused(two, 1, "signs", "no letters");

	two[0] = rule("nothing", NULL, NULL);
	assert_refused(two, 1, "nothing", "neither phrases nor codes");

	two[0] = rule("says-two", "full", NULL);
	two[0].kind = KIND_DELAY;
	assert_refused(two, 1, "says-two", "exactly one");

	two[0] = rule("stranger", "full", NULL);
	strcpy(two[0].provider, "nobody");
	assert_refused(two, 1, "stranger", "unknown provider 'nobody'");

	two[0] = rule("gaps", "a ... b ... c", NULL);
	assert_refused(two, 1, "gaps", "more than one gap");

	two[0] = rule("both-gaps", "a ... b {} c", NULL);
	assert_refused(two, 1, "both-gaps", "more than one gap");

	two[0] = rule("no-list", "{mailbox} unknown", NULL);
	assert_refused(two, 1, "no-list", "names a list that is not there");

	two[0] = rule("open-list", "{mailbox unknown", NULL);
	assert_refused(two, 1, "open-list", "names a list that is not there");

	two[0] = list("words.a", "{a}", NULL);
	two[1] = rule("endless", "{a} full", NULL);
	assert_refused(two, 2, "endless", "holds another");

	two[0] = rule("code", NULL, NULL);
	two[0].codes[0] = (struct code_pattern){ 700, 700, 0, -1, -1, -1 };
	two[0].code_count = 1;
	assert_refused(two, 1, "code", "code pattern 1");

	two[0].codes[0] = (struct code_pattern){ 0, 0, 5, 7, -1, -1 };
	two[1] = rule("shadow", NULL, NULL);
	two[1].codes[0] = (struct code_pattern){ 550, 550, 5, 7, 26, 26 };
	two[1].code_count = 1;
	assert_refused(two, 2, "shadow", "never match");
}

static void rules_that_can_speak_are_taken(void **state)
{
	struct rule_spec specs[5];
	(void)state;

	specs[4] = rule("shorter", "such user", NULL);
	specs[4].rank = 10;
	specs[0] = rule("first", "no such user", NULL);
	specs[1] = rule("longer", "no such user here", NULL);
	specs[2] = rule("provider", "no such user", NULL);
	strcpy(specs[2].provider, "gmail");
	specs[3] = rule("subject", "no such user", NULL);
	specs[3].where = WHERE_SUBJECT;
	rules_free(build(specs, 5));
}

/* --- what is found -------------------------------------------------------- */

/* The ids of what stands in TEXT, in order, with blanks between. */
static const char *found_in(const struct rules *r, const char *text, unsigned where)
{
	static char list[1024];
	struct matches m;
	size_t n = 0;

	rules_scan(r, span_of(text), where, &m);
	*list = '\0';
	for (size_t i = 0; i < m.count; i++)
		n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i ? " " : "",
			rule_at(r, m.at[i].rule)->id);
	return list;
}

static void phrases_are_found_as_people_write_them(void **state)
{
	struct rule_spec specs[] = {
		rule("user", "no such user", "user-unknown"),
		rule("french", "boîte pleine", NULL),
		rule("quote", "can't", NULL),
		rule("russian", "ящик переполнен", NULL),
		rule("chinese", "邮箱已满", NULL),
		rule("gap", "mailbox ... is full", NULL),
		rule("sign", "[tss04]", NULL),
		rule("german", "Empfänger", NULL),
	};
	struct rules *r = build(specs, sizeof specs / sizeof *specs);
	static const struct {
		const char *text, *ids;
	} cases[] = {
		{ "550 No Such User", "user" },
		{ "no such\r\n\tuser", "user" },
		{ "no such\xc2\xa0user", "user" },
		{ "(no such user)", "user" },
		{ "User-Unknown!", "user" },
		{ "user\xe2\x80\x90unknown", "user" }, /* U+2010 */
		{ "no such users", "" },
		{ "casino such user", "" },
		{ "nosuch user", "" },
		{ "no such", "" },
		{ "no  no such user", "user" },
		{ "BOITE PLEINE", "french" },
		{ "bo\xc3\xaete pleine", "french" },
		{ "boi\xcc\x82te pleine", "french" }, /* i and a combining accent */
		{ "can\xe2\x80\x99t", "quote" },
		{ "Ящик переполнен.", "russian" },
		{ "您的邮箱已满了", "chinese" },
		{ "\xef\xbc\xae\xef\xbc\xaf such user", "user" }, /* full-width NO */
		{ "mailbox <kim@example.org> is full", "gap" },
		{ "is full mailbox", "" },
		{ "Foo[TSS04]bar", "sign" },
		{ "EMPFAENGER", "" },
		{ "EMPF\xc3\x84NGER", "german" },
		{ "no such user boite pleine can't", "user french quote" },
		{ "\xff\xfe no such user \xc3", "user" },
		{ "", "" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (strcmp(found_in(r, cases[i].text, WHERE_HUMAN), cases[i].ids))
			fail_msg("in '%s' found '%s', not '%s'", cases[i].text,
				found_in(r, cases[i].text, WHERE_HUMAN), cases[i].ids);
	assert_string_equal(found_in(r, "no such user", WHERE_SUBJECT), "");
	rules_free(r);
}

/* Text is read sixteen bytes at a time: words of any length, at any place, in front of anything. */
static void words_of_any_length_are_found(void **state)
{
	enum { LONGEST = 63, PLACES = 20 };
	static const struct {
		const char *behind;
		bool found;
	} ends[] = { { "", true }, { " ", true }, { ")", true }, { "\xe3\x80\x82", true },
		{ "x", false }, { "\xc3\xa9", false } };
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	(void)state;

	for (int n = 2; n <= LONGEST; n++) {
		char word[LONGEST + 1] = "", text[LONGEST + PLACES + 8];
		struct rule_spec spec = rule("word", word, NULL);

		for (int i = 0; i < n; i++)
			word[i] = letters[(i * 7 + n) % (int)(sizeof letters - 1)];
		struct rules *r = build(&spec, 1);
		for (int at = 0; at < PLACES; at++)
			for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
				snprintf(
					text, sizeof text, "%*s%s%s", at, "", word, ends[i].behind);
				if (text[at + n / 2] >= 'a')
					text[at + n / 2] -= 'a' - 'A';
				if (strcmp(found_in(r, text, WHERE_HUMAN),
					    ends[i].found ? "word" : ""))
					fail_msg("'%s' in '%s'", word, text);
				text[at + n - 1] = text[at + n - 1] == '7' ? '8' : '7';
				if (*found_in(r, text, WHERE_HUMAN))
					fail_msg("'%s' is not in '%s'", word, text);
			}
		rules_free(r);
	}
}

static void parts_need_no_search_of_their_own(void **state)
{
	struct rule_spec specs[] = { rule("a", "over quota", NULL),
		rule("b", "mailbox ... full", NULL), rule("c", "quota", NULL) };
	struct rules *r = build(specs, 3);
	const struct span text = SPAN(
		"mailbox of kim is over quota (full). The mailbox of joe: over\nquota, full");
	struct searched s;
	struct matches searched, found;
	(void)state;

	rules_search(r, text, &s);
	for (size_t begin = 0; begin <= text.n; begin++)
		for (size_t end = begin; end <= text.n; end++) {
			struct span part = { text.p + begin, end - begin };

			if ((begin && text.p[begin - 1] >= 'a') ||
				(end < text.n && text.p[end] >= 'a'))
				continue; /* within a word */
			assert_true(searched_part(&s, part, &searched));
			rules_scan(r, part, WHERE_HUMAN, &found);
			assert_int_equal(searched.count, found.count);
			if (found.count)
				assert_memory_equal(
					searched.at, found.at, found.count * sizeof *found.at);
		}
	assert_false(searched_part(&s, (struct span){ "over quota", 10 }, &searched));
	assert_false(searched_part(NULL, text, &searched));
	s.found.overflow = true;
	assert_false(searched_part(&s, text, &searched));
	rules_free(r);
}

static void header_rules_name_their_fields(void **state)
{
	struct rule_spec specs[] = { rule("a", "x-autoreply: yes", "precedence: auto_reply"),
		rule("b", "subject", NULL) };
	(void)state;

	specs[0].where = WHERE_HEADER;
	struct rules *r = build(specs, 2);
	assert_true(rules_look_at(r, SPAN("X-AutoReply")));
	assert_true(rules_look_at(r, SPAN("precedence")));
	assert_false(rules_look_at(r, SPAN("Subject")));
	assert_false(rules_look_at(r, SPAN("X-AutoReplied")));
	rules_free(r);
	specs[1].where =
		WHERE_HEADER; /* a phrase that begins with no name may stand in any field */
	r = build(specs, 2);
	assert_true(rules_look_at(r, SPAN("Subject")));
	rules_free(r);
}

static void matches_say_where_they_stand(void **state)
{
	struct rule_spec specs[] = { rule("a", "over quota", NULL),
		rule("b", "mailbox ... full", NULL), rule("c", "quota", NULL) };
	struct rules *r = build(specs, 3);
	const char *text = "x OVER  Quota, mailbox abc FULL.";
	struct matches m;
	(void)state;

	rules_scan(r, span_of(text), WHERE_DIAGNOSTIC, &m);
	assert_int_equal(m.count, 3);
	assert_false(m.overflow);
	assert_int_equal(m.at[0].begin, 2);
	assert_int_equal(m.at[0].end, 13);
	assert_int_equal(m.at[0].gap, 0);
	assert_string_equal(rule_at(r, m.at[1].rule)->id, "c");
	assert_int_equal(m.at[2].begin, 15);
	assert_int_equal(m.at[2].end, 31);
	assert_int_equal(m.at[2].gap, 5);
	rules_free(r);
}

static void a_gap_has_a_limit(void **state)
{
	struct rule_spec specs[] = { rule("gap", "mailbox ... full", NULL) };
	struct rules *r = build(specs, 1);
	char text[512];
	(void)state;

	for (int n = 150; n < 180; n++) {
		/* "mailbox", N bytes, "full" */
		snprintf(text, sizeof text, "mailbox %0*d full", n - 2, 0);
		assert_string_equal(found_in(r, text, WHERE_HUMAN), n <= 160 ? "gap" : "");
	}
	rules_free(r);
}

static void a_list_stands_for_each_of_its_phrases(void **state)
{
	struct rule_spec specs[] = {
		rule("state", "{box} {gone}", "{box} {} {gone}"),
		rule("other", "full {box}", "sign {}"),
		rule("near", "kein .. nutzer", NULL),
		list("words.box", "mailbox", "user account"),
		list("words.gone", "is unknown", "not found"),
	};
	struct rules *r = build(specs, sizeof specs / sizeof *specs);
	static const struct {
		const char *text, *ids;
	} cases[] = {
		{ "user account not found", "state" },
		{ "mailbox is unknown", "state" },
		{ "mailbox kim@example.org is unknown", "state" },
		{ "User account <kim@example.org>: not found", "state" },
		{ "mailbox: kim not found", "state" },
		{ "mailbox of kim not found", "" }, /* two words between */
		{ "mailbox", "" },                  /* a list by itself says nothing */
		{ "not found", "" },
		{ "kim not found in mailbox", "" },
		{ "full user account", "other" },
		{ "sign {}", "other" }, /* at the end it is no gap */
		{ "kein nutzer", "near" },
		{ "hier ist kein solcher nutzer", "near" },
		{ "keine post", "" },
		{ "kein platz, nutzer", "" }, /* another clause */
		{ "kein platz beim nutzer", "" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (strcmp(found_in(r, cases[i].text, WHERE_HUMAN), cases[i].ids))
			fail_msg("in '%s' found '%s', not '%s'", cases[i].text,
				found_in(r, cases[i].text, WHERE_HUMAN), cases[i].ids);
	rules_free(r);
}

static void too_many_matches_are_cut_and_said(void **state)
{
	struct rule_spec specs[] = { rule("a", "full", NULL) };
	struct rules *r = build(specs, 1);
	char *text = malloc(MATCHES_MAX * 5 + 5);
	struct matches m;
	(void)state;

	for (int i = 0; i <= MATCHES_MAX; i++)
		memcpy(text + i * 5, "full ", 5);
	rules_scan(r, (struct span){ text, MATCHES_MAX * 5 }, WHERE_HUMAN, &m);
	assert_int_equal(m.count, MATCHES_MAX);
	assert_false(m.overflow);
	rules_scan(r, (struct span){ text, MATCHES_MAX * 5 + 5 }, WHERE_HUMAN, &m);
	assert_int_equal(m.count, MATCHES_MAX);
	assert_true(m.overflow);
	free(text);
	rules_free(r);
}

static double seconds_for(const struct rules *r, const char *unit, size_t bytes)
{
	char *text = malloc(bytes + 64);
	size_t n = 0, unit_length = strlen(unit);
	struct matches m;
	struct timespec a, b;

	while (n + unit_length <= bytes) {
		memcpy(text + n, unit, unit_length);
		n += unit_length;
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	rules_scan(r, (struct span){ text, n }, WHERE_HUMAN, &m);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	free(text);
	return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
}

/*
 * Texts made of prefixes of phrases are the worst that an automaton meets; sixteen times the bytes
 * may not take much more than that.
 */
static void hostile_texts_take_linear_time(void **state)
{
	struct rule_spec specs[] = { rule("a", "a a a a a a a a a a a a b", NULL),
		rule("c", "no such user in the whole wide world", NULL),
		rule("d", "メメメメメメメメ箱", NULL), rule("e", "x ... y", NULL) };
	struct rules *r = build(specs, 4);
	static const char *const units[] = { "a ", "no such user in the whole wide ", "メ", "x ",
		"A", "\xcc\x82", "\xff", " ", "((((", "a\xc3\xa9" };
	(void)state;

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		double few = seconds_for(r, units[i], 1 << 17),
		       many = seconds_for(r, units[i], 1 << 21);

		if (many > few * 16 * 6 + 0.05)
			fail_msg("'%s': %.4f s for 128 KiB, %.4f s for 2 MiB", units[i], few, many);
	}
	rules_free(r);
}

/* --- providers ------------------------------------------------------------ */

static const char *name_or_none(const char *name)
{
	return name ? name : "none";
}

static void the_longest_suffix_names_the_provider(void **state)
{
	struct rule_spec specs[] = { rule("a", "full", NULL) };
	struct rules *r = build(specs, 1);
	static const struct {
		const char *host, *name;
	} hosts[] = {
		{ "alt1.aspmx.l.google.com", "gmail" },
		{ "ALT1.ASPMX.L.Google.COM.", "gmail" },
		{ "google.com", "none" },
		{ "mail.google.com", "other" },
		{ "in.mail.google.com", "other" },
		{ "notgoogle.com", "none" },
		{ "example.net", "other" },
		{ "mx.example.net", "other" },
		{ "", "none" },
		{ "...", "none" },
		{ ".google.com", "gmail" },
	};
	char longest[300];
	(void)state;

	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
		assert_string_equal(
			name_or_none(provider_by_host(r, span_of(hosts[i].host))), hosts[i].name);
	assert_string_equal(name_or_none(provider_by_domain(r, SPAN("Gmail.com"))), "gmail");
	assert_string_equal(name_or_none(provider_by_domain(r, SPAN("example.net"))), "none");
	memset(longest, 'a', sizeof longest);
	memcpy(longest + 288, ".google.com", 11);
	assert_string_equal(
		name_or_none(provider_by_host(r, (struct span){ longest, 299 })), "none");
	assert_true(provider_is_large(r, "gmail"));
	assert_false(provider_is_large(r, "other"));
	assert_false(provider_is_large(r, "nobody"));
	assert_string_equal(provider_at(r, 1), "other");
	assert_null(provider_at(r, 2));
	rules_free(r);
}

static void suffixes_belong_to_one_provider(void **state)
{
	struct provider_spec twice[] = { { "one", gmail_domains, NULL, false, NULL, 0, NULL },
		{ "two", gmail_domains, NULL, false, NULL, 0, NULL } };
	struct rule_spec specs[] = { rule("a", "full", NULL) };
	char error[256];
	(void)state;

	assert_null(rules_build(specs, 1, twice, 2, error, sizeof error));
	assert_non_null(strstr(error, "gmail.com belongs to one already"));
	twice[1] = twice[0];
	assert_null(rules_build(specs, 1, twice, 2, error, sizeof error));
	assert_non_null(strstr(error, "is there twice"));
}

/* --- typing errors -------------------------------------------------------- */

static void one_slip_from_a_large_provider(void **state)
{
	static const struct {
		const char *typed, *meant;
	} cases[] = { { "gamil.com", "gmail.com" }, { "gmial.com", "gmail.com" },
		{ "gmai.com", "gmail.com" }, { "gmaill.com", "gmail.com" },
		{ "gmail.con", "gmail.com" }, { "GNAIL.com", "gmail.com" },
		{ "gmail.co", "gmail.com" }, { "googlemial.com", "googlemail.com" },
		{ "gmail.com", NULL }, { "mx.gmail.com", NULL }, { "gmil.co", NULL },
		{ "gamli.com", NULL }, { "example.net", NULL }, { "exampel.net", NULL },
		{ "", NULL }, { "a", NULL } };
	struct rule_spec r = rule("r", "no such user", NULL);
	struct rules *rules = build(&r, 1);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *meant = provider_mistyped(rules, span_of(cases[i].typed));
		if (!meant != !cases[i].meant || (meant && strcmp(meant, cases[i].meant)))
			fail_msg("%s: got %s", cases[i].typed, meant ? meant : "none");
	}
	rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_rules_are_refused_by_name),
		cmocka_unit_test(rules_that_can_speak_are_taken),
		cmocka_unit_test(phrases_are_found_as_people_write_them),
		cmocka_unit_test(words_of_any_length_are_found),
		cmocka_unit_test(parts_need_no_search_of_their_own),
		cmocka_unit_test(header_rules_name_their_fields),
		cmocka_unit_test(matches_say_where_they_stand),
		cmocka_unit_test(a_gap_has_a_limit),
		cmocka_unit_test(a_list_stands_for_each_of_its_phrases),
		cmocka_unit_test(too_many_matches_are_cut_and_said),
		cmocka_unit_test(hostile_texts_take_linear_time),
		cmocka_unit_test(the_longest_suffix_names_the_provider),
		cmocka_unit_test(suffixes_belong_to_one_provider),
		cmocka_unit_test(one_slip_from_a_large_provider),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
