/*
 * What the files about waves share: wave.c (when there is one), waverate.c (what was sent),
 * wavehold.c (which there are, and what becomes of them).
 */
#ifndef RETOUR_STORE_WAVEPARTS_H
#define RETOUR_STORE_WAVEPARTS_H

#include "store/wave.h"

enum {
	ROWS_MAX = 1024, /* of one hour that are looked at, the largest */
	WAVES_MAX = 1000,
	HOSTS_MAX = 256,
	HABIT_DAYS = 62, /* who mails once a month has two mailings to compare with */
	HABIT_LEAST = 5, /* days since the first one, before there is a habit */
	WAVE_HOST_SIZE = 64,
};

enum wave_kind { OF_PROVIDER, OF_RULE, OF_MTA, WAVE_KINDS };
extern const char *const wave_kind_names[WAVE_KINDS];

/* One provider, rule or MTA on a day. */
struct known_wave {
	int64_t day;
	enum wave_kind kind;
	char name[WAVE_HOST_SIZE]; /* of an MTA only for people; "": not known */
	uint32_t mta;
	bool holds, own; /* OWN: of this store, not of another site */
	const char *state;
	int64_t opened;
	unsigned marks;
};

/* So many hard bounces of an hour. */
struct wave_row {
	char provider[EVENT_PROVIDER_SIZE];
	char rule[EVENT_RULE_SIZE];
	uint32_t mta;
	int64_t count;
	bool explained; /* by a wave */
};

struct hour {
	int64_t hour, day;
	unsigned n;
	struct wave_row row[ROWS_MAX];
};

struct host {
	uint32_t mta;
	char name[WAVE_HOST_SIZE];
};

struct waves {
	unsigned n, hosts;
	struct host host[HOSTS_MAX]; /* the last ones; HOSTS counts on */
	struct known_wave wave[WAVES_MAX];
	struct hour hour; /* the one that is looked at */
	bool judging_all; /* what is another then is told at the end */
};

/* Those of S; NULL: no memory. */
struct waves *waves_made(struct store *s);
bool wave_is_of(const struct known_wave *w, const char *provider, const char *rule, uint32_t mta);
/* But for the day. */
bool wave_is_same(const struct known_wave *a, const struct known_wave *b);
/* The one of ALL that W is, of its day; NULL: none. */
const struct known_wave *wave_find(const struct waves *all, const struct known_wave *w);
/* Opens W, of hour H, where it is not known yet. */
int wave_open(struct store *s, const struct hour *h, struct known_wave w);
/* waverate.c: the key of a wave in tables. */
const char *wave_key(const struct known_wave *w);
/*
 * waverate.c: COUNT hard bounces of a provider, rule or MTA, and those of the day up to HOUR,
 * against what was sent.
 */
struct wave_sent {
	bool much;     /* a tenth of what was sent on the day and the one before; or not known */
	bool above;    /* far above the rate of the weeks before, which is known */
	bool known;    /* for days: the first one did not come just now */
	bool explains; /* so much was sent that as many are to be expected */
};
int wave_judge_sent(struct store *s, const struct known_wave *w, int64_t hour, int64_t count,
	struct wave_sent *out);
/* waveebb.c: is a wave of the day before H's not over yet? *OPENED: one. */
int wave_judge_ebb(struct store *s, struct hour *h, bool *opened);
/* The peaks of a day, after a wave explains some of its hours. */
int wave_count_again(struct store *s, int64_t day);
/* Tells other sites that W, called NAME, is STATE now. */
int wave_tell_known(
	struct store *s, const struct known_wave *w, const char *name, const char *state);

#endif
