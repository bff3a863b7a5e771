/* Words by their stems, and what is put together of them (classify/sense.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "classify/rules.h"
#include "classify/sense.h"
#include "classify/sensewords.h"

#define LIST(name, ...) \
	{ \
		.id = "list." #name, .mark = MARK_SENSE_##name, .klass = -1, \
		.phrases = { __VA_ARGS__ }, \
		.phrase_count = sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *) \
	}

static const struct rule_spec SPECS[] = {
	LIST(BOX, "box", "boxes", "bu*", "buzón*"),
	LIST(NOT, "no", "not", "neexist*"),
	LIST(EXIST, "exist*", "found", "neexist*"),
	LIST(UNKNOWN, "unknown"),
	LIST(SENDER, "sender*", "send"),
	LIST(YOUR, "your"),
	LIST(GONE, "gone", "purged"),
	LIST(MAIL, "mail"),
	LIST(REFUSE, "refuse*"),
	LIST(SCORE, "points"),
	LIST(OTHER, "host*"),
	LIST(PLACE, "host"),
	LIST(PLAIN, "the"),
	LIST(HOUSE, "house"),
	LIST(OF, "of", "in"),
	LIST(AND, "and"),
	LIST(BEEN, "was", "such"),
	{ .id = "list.beside",
		.mark = MARK_BESIDE,
		.klass = -1,
		.phrases = { "箱", "该" },
		.phrase_count = 2 },
	{ .id = "unknown",
		.category = CATEGORY_USER_UNKNOWN,
		.klass = -1,
		.where = WHERE_DIAGNOSTIC | WHERE_HUMAN,
		.phrases = { "box unknown", "not found", "box {} unknown", "箱不存在" },
		.phrase_count = 4 },
};

static struct rules *rules;

static int build(void **state)
{
	char error[256];
	(void)state;
	rules = rules_build(SPECS, sizeof SPECS / sizeof *SPECS, NULL, 0, error, sizeof error);
	return rules ? 0 : -1;
}

static int drop(void **state)
{
	(void)state;
	rules_free(rules);
	return 0;
}

static const char *said(const char *text)
{
	struct sense s = sense_read(rules, span_of(text), span_of(""));
	return s.id ? s.id : "nothing";
}

static uint32_t heard(const char *text)
{
	return sense_read(rules, span_of(text), span_of("")).heard;
}

static void test_stems(void **state)
{
	(void)state;
	assert_int_equal(heard("box"), SENSE(BOX));
	assert_int_equal(heard("boxer"), 0);                     /* no stem: the whole word */
	assert_int_equal(heard("existed EXISTE"), SENSE(EXIST)); /* folded */
	assert_int_equal(heard("exis"), 0);
	assert_int_equal(heard("Buzones, BUZÓN"), SENSE(BOX)); /* without accents */
	assert_int_equal(heard("buy"), SENSE(BOX));            /* behind the longer stem */
	assert_int_equal(heard("neexistuje"), SENSE(NOT) | SENSE(EXIST)); /* two lists have it */
	assert_int_equal(heard("senders"), SENSE(SENDER));
	assert_int_equal(heard(""), 0);
}

static void test_names_say_nothing(void **state)
{
	(void)state;
	assert_int_equal(heard("<box@example.net> gone.example.net http://box.example"), 0);
	assert_int_equal(heard("box=gone"), 0);
	assert_int_equal(heard("box."), SENSE(BOX));
}

static void test_sentences(void **state)
{
	(void)state;
	assert_string_equal(said("550 no such box exists"), "sense.nobody");
	assert_string_equal(said("550 the box was purged"), "sense.gone");
	assert_string_equal(said("550 refused: mail"), "sense.refused");
	assert_string_equal(said("550 a mail of 7 points"), "sense.score");
	assert_string_equal(said("550 points"), "nothing"); /* the code is no number of points */
	assert_string_equal(said("550 hello"), "nothing");
	/* what is refused says nothing of why */
	assert_string_equal(said("550 box refused: the box was purged"), "sense.gone");
	assert_string_equal(said("550 box refused, the box was purged"), "nothing");
	/* in one clause, or not at all */
	assert_string_equal(said("550 box. It has gone"), "nothing");
	assert_string_equal(said("550 host of the box gone"), "nothing");
	/* nothing is hard that speaks of us anywhere */
	assert_string_equal(said("550 the box was purged. It was your own"), "nothing");
	assert_string_equal(said("550 box of the sender purged"), "nothing");
	/* but "your mail" is any mail */
	assert_string_equal(said("550 your mail: the box was purged"), "sense.gone");
}

static struct decision decided(const char *answer)
{
	struct clues e = { .kind = KIND_FAILURE, .diagnostic = span_of(answer) };
	struct decision d;
	e.status = (struct status){ 5, 0, 0 };
	decide(rules, &e, &d);
	return d;
}

static void test_decision(void **state)
{
	(void)state;
	assert_int_equal(decided("550 box purged").klass, CLASS_HARD);
	assert_string_equal(decided("550 box purged").rule, "sense.gone");
	/* a phrase speaks before them */
	assert_string_equal(decided("550 box unknown").rule, "unknown");
	/* and is set aside where who is unknown is the sender */
	assert_int_equal(decided("550 box unknown, sender").klass, CLASS_BLOCK);
	assert_int_equal(decided("550 your box unknown").klass, CLASS_BLOCK);
	assert_int_equal(decided("550 5.1.1 your mail: box unknown").klass, CLASS_HARD);
	/* a code is worth more than any sum of words */
	assert_string_equal(decided("550 5.2.2 box purged").rule, "code.5.2.2");
}

/* A phrase proves nothing where a word stands beside it that may be what it is said of. */
static void test_strangers(void **state)
{
	static const struct {
		const char *text;
		bool hard;
	} rows[] = {
		{ "550 the box unknown in the house", true },
		{ "550 bind box unknown", false },
		{ "550 box unknown macro", false },
		{ "550 box unknown. Macro", true },
		{ "550 box unknown\nMacro", true },
		{ "550 box unknown in the macro", false },
		{ "550 box unknown in the host", true }, /* a place */
		{ "550 box unknown, in the host", true },
		{ "550 box unknown the host", false },
		{ "550 2 box unknown", false }, /* which? */
		{ "550 1 box unknown", true },
		{ "550 box unknown?", false },
		{ "550 box unknown's macro", false },
		{ "550 not the box unknown", false },
		{ "550 not found: macro", false },
		{ "550 ERR-17 box unknown", true },
		{ "550 \"box unknown\" is what", false },
		{ "550 macro mail of the box unknown", false },
		{ "550 box unknown in the house, macro", true },
		{ "550 box unknown and macro", true },
		{ "550 boxstable unknown", false },
		{ "550 not found", false }, /* nobody */
		{ "550 <tom@example.net> not found", true },
		{ "550 box macro unknown", false },
		{ "550 box tom unknown", true }, /* his own name */
		{ "550 box <tom@example.net> unknown", true },
		{ "550 box unknown 4f3a9", true }, /* a number */
		{ "550 proof of the box unknown", false },
		{ "550 \"proof\" box unknown", false },
		{ "550 macro was not found", false },
		{ "550 macro box was not found", false },
		{ "550 the box was not found", true },
		{ "550 /var/box not found", false },
		{ "550 该箱不存在", true },
		{ "550 发箱不存在", false },
		{ "550 箱不存在者", false },
		{ "550 箱不存在，者", true },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct clues e = { .kind = KIND_FAILURE,
			.status = { 5, 0, 0 },
			.diagnostic = span_of(rows[i].text),
			.recipient_local = span_of("tom") };
		struct decision d;

		decide(rules, &e, &d);
		if ((d.klass == CLASS_HARD) != rows[i].hard)
			fail_msg("%s: %s", rows[i].text, d.rule);
	}
}

/* The recipient's own name speaks of him in the sum of words, too. */
static void test_own_name(void **state)
{
	(void)state;
	assert_string_equal(
		sense_read(rules, span_of("550 no tom exists"), span_of("tom")).id, "sense.nobody");
	assert_null(sense_read(rules, span_of("550 no tom exists"), span_of("tommy")).id);
}

static void test_what_is_no_stem(void **state)
{
	static const char *const wrong[] = { "two words", "box*es", "", "*",
		"abcdefghijklmnopqrstuvwxyz*" };
	char error[256];
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct rule_spec spec = LIST(BOX, "");
		spec.phrases[0] = wrong[i];
		assert_null(rules_build(&spec, 1, NULL, 0, error, sizeof error));
		assert_non_null(strstr(error, "rule list.BOX: "));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stems),
		cmocka_unit_test(test_names_say_nothing),
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_decision),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_own_name),
		cmocka_unit_test(test_what_is_no_stem),
	};
	return cmocka_run_group_tests(tests, build, drop);
}
