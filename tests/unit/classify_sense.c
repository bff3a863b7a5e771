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

#define LIST(name, ...) \
	{ \
		.id = "list." #name, .mark = MARK_SENSE_##name, .klass = -1, \
		.phrases = { __VA_ARGS__ }, \
		.phrase_count = sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *) \
	}

static const struct rule_spec SPECS[] = {
	LIST(BOX, "box", "boxes", "bu*", "buzón*"),
	LIST(NOT, "no", "neexist*"),
	LIST(EXIST, "exist*", "neexist*"),
	LIST(UNKNOWN, "unknown"),
	LIST(SENDER, "sender*", "send"),
	LIST(YOUR, "your"),
	LIST(GONE, "gone", "purged"),
	LIST(MAIL, "mail"),
	LIST(REFUSE, "refuse*"),
	LIST(SCORE, "points"),
	LIST(OTHER, "host*"),
	{ .id = "unknown",
		.category = CATEGORY_USER_UNKNOWN,
		.klass = -1,
		.where = WHERE_DIAGNOSTIC | WHERE_HUMAN,
		.phrases = { "box unknown" },
		.phrase_count = 1 },
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
	struct sense s = sense_read(rules, span_of(text));
	return s.id ? s.id : "nothing";
}

static uint32_t heard(const char *text)
{
	return sense_read(rules, span_of(text)).heard;
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
		cmocka_unit_test(test_what_is_no_stem),
	};
	return cmocka_run_group_tests(tests, build, drop);
}
