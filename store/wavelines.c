/*
 * Waves, told to other sites.
 *
 * A site judges by the hard bounces that it has read itself; who rests on one of them is held at
 * all sites, so each tells the others what it holds, what is none any more after it was judged
 * anew, and what was settled. Table wave has what each life of each site says, in a row of its own:
 * whatever order lines come in, the same rows are left. What any site settled is settled.
 *
 * A line's content: text, one part a line: kind | name | MTA, day, opened | state.
 */
#include <stdio.h>
#include "classify/base/span.h"
#include "store/siteparts.h"
#include "store/wave.h"

enum { WAVE_TEXT_SIZE = 320, WAVE_WORD_SIZE = 64 };

static const char *const kind_words[] = { "provider", "rule", "reporting-mta" };
static const char *const state_words[] = { WAVE_HELD, WAVE_CONFIRMED, WAVE_TAKEN_BACK, WAVE_GONE };

static void wave_id(const unsigned char key[KEY_SIZE], const char *kind, const char *name,
	unsigned long mta, long long day, char id[2 * PSEUDONYM_SIZE + 1])
{
	char text[WAVE_TEXT_SIZE];
	int n = snprintf(text, sizeof text, "%s\n%lu\n%lld\n%s", kind, mta, day, mta ? "" : name);

	site_hash_under(key, (const unsigned char *)text, (size_t)n, id);
}

int wave_tell(struct store *s, const struct wave_line *w)
{
	unsigned char content[WAVE_TEXT_SIZE + SEAL_PAD];
	char id[2 * PSEUDONYM_SIZE + 1];
	int64_t version = 0;

	if (!site_is_on(s))
		return STORE_OK;
	wave_id(s->site->key, w->kind, w->name, w->mta, w->day, id);
	int n = snprintf((char *)content, WAVE_TEXT_SIZE, "%s\n%s\n%lu %lld %lld\n%s\n", w->kind,
		w->name, (unsigned long)w->mta, (long long)w->day, (long long)w->opened, w->state);
	return db_int(s, &version, SQL_CHANGE_VERSION, "tti", change_kind_name(CHANGE_WAVE), id,
		       s->site->life) ||
			change_put(
				s, CHANGE_WAVE, id, s->site->life, version + 1, content, (size_t)n)
		? STORE_FAILED
		: STORE_OK;
}

static bool is_word(const char *const words[], size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

bool wave_id_under(const unsigned char *key, const char *text, char *id)
{
	char kind[WAVE_WORD_SIZE], name[WAVE_WORD_SIZE], numbers[WAVE_WORD_SIZE];
	unsigned long mta;
	long long day, opened;

	if (!(text = text_take_line(text, kind, sizeof kind)) ||
		!(text = text_take_line(text, name, sizeof name)) ||
		!text_take_line(text, numbers, sizeof numbers) ||
		sscanf(numbers, "%lu %lld %lld", &mta, &day, &opened) != 3)
		return false;
	wave_id(key, kind, name, mta, day, id);
	return true;
}

int wave_merge(struct store *s, const char *text, int64_t life, bool *good)
{
	char kind[WAVE_WORD_SIZE], name[WAVE_WORD_SIZE], numbers[WAVE_WORD_SIZE],
		state[WAVE_WORD_SIZE];
	unsigned long mta;
	long long day, opened;

	*good = (text = text_take_line(text, kind, sizeof kind)) &&
		(text = text_take_line(text, name, sizeof name)) &&
		(text = text_take_line(text, numbers, sizeof numbers)) &&
		text_take_line(text, state, sizeof state) &&
		is_word(kind_words, sizeof kind_words / sizeof *kind_words, kind) &&
		is_word(state_words, sizeof state_words / sizeof *state_words, state) &&
		sscanf(numbers, "%lu %lld %lld", &mta, &day, &opened) == 3 && day > 0 &&
		day % DAY == 0 && (mta != 0) == (strcmp(kind, kind_words[2]) == 0);
	if (!*good)
		return STORE_OK;
	if (db_run(s, SQL_WAVE_DROP, "ttiii", kind, name, (int64_t)mta, (int64_t)day, life) ||
		(strcmp(state, WAVE_GONE) != 0 &&
			db_run(s, SQL_WAVE_PUT, "ttiiiit", kind, name, (int64_t)mta, (int64_t)day,
				life, (int64_t)opened, state)) ||
		db_run(s, SQL_WAVE_AGREE, "ttii", kind, name, (int64_t)mta, (int64_t)day))
		return STORE_FAILED;
	if (!s->site->merging.waves_from || day < s->site->merging.waves_from)
		s->site->merging.waves_from = day;
	return STORE_OK;
}
