/*
 * Waves: days on which the hard bounces of a provider, a rule or a reporting MTA are improbable.
 */
#ifndef RETOUR_STORE_WAVE_H
#define RETOUR_STORE_WAVE_H

#include "store/history/history.h"
#include "store/internal.h"

#define WAVE_HELD "held"
#define WAVE_CONFIRMED "confirmed"
#define WAVE_TAKEN_BACK "taken-back"
#define WAVE_GONE "gone" /* between sites: it is none any more */

/* When the store is opened: the waves that are known. */
int wave_load(struct store *s);
void wave_free(struct store *s);
/* A hard bounce of this DAY and CAUSE belongs to a wave that nobody has confirmed. */
bool wave_holds(const struct store *s, int64_t day, const struct cause *cause);
/*
 * The name of a reporting MTA whose bounce is read just now, for a wave that may come of it; in
 * memory only.
 */
int wave_note_host(struct store *s, uint32_t mta, const char *host);
/*
 * Looks at one hour (since 1970) of brake_hour, all of whose earlier ones were looked at. *FIRST:
 * the first day of a wave that is new, where that is earlier.
 */
int wave_judge_hour(struct store *s, int64_t hour, int64_t *first);
/*
 * waveanew.c: looks at all hours from HOUR on anew, as if they had been read in their order; waves
 * that somebody settled stay. *FIRST as above, also of waves that are none any more.
 */
int wave_judge_from(struct store *s, int64_t hour, int64_t *first);
/*
 * waveday.c: the whole day, which drips hour by hour below what makes a wave. *ANY: it is one, or
 * has become one where it OPENS it.
 */
int wave_judge_day(struct store *s, int64_t day, bool opens, bool *any);
/* The day has a wave, or the one before or behind it has one. */
bool wave_is_near(const struct store *s, int64_t day);
/* The first day of a wave whose end is not over by NOW; INT64_MAX: there is none. */
int64_t wave_first_held(const struct store *s, int64_t now);
/* Waves of a cause between its days that hold become "confirmed" or "taken-back"; MTA: the number
 * of the one that is named, 0: none. *WAVES counts. */
int wave_settle(struct store *s, const struct cause_choice *choice, uint32_t mta, const char *state,
	uint64_t *waves);

/*
 * For an undo that looks at every contact since a day: its waves had somebody before (MARK_HAD),
 * and have somebody still (MARK_HAS). wave_close_empty() then settles those that had and have none.
 */
enum wave_mark { MARK_HAD = 1, MARK_HAS = 2 };
void wave_mark(struct store *s, const struct history *h, enum wave_mark mark);
int wave_close_empty(struct store *s);
/* All that are this store's own, for other sites that hear of it the first time. */
int wave_tell_all(struct store *s);

/* --- wavelines.c ---------------------------------------------------------- */

/* A wave as this site tells it. */
struct wave_line {
	const char *kind, *name;
	uint32_t mta;
	int64_t day, opened;
	const char *state;
};
/* For the other sites, where there are any. */
int wave_tell(struct store *s, const struct wave_line *w);
/* Takes what another life says; wave_load() is then due. Contacts are made anew by
 * store_merge_refold(). */
int wave_merge(struct store *s, const char *text, int64_t life, bool *good);
/* The id of such a TEXT under KEY. False: it is none. */
bool wave_id_under(const unsigned char *key, const char *text, char *id);

#endif
