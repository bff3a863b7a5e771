/*
 * Waves: days on which the hard bounces of a provider, a rule or a reporting MTA are improbable.
 */
#ifndef RETOUR_STORE_WAVE_H
#define RETOUR_STORE_WAVE_H

#include "store/history.h"
#include "store/internal.h"

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
 * Looks at all hours from HOUR on anew, as if they had been read in their order; waves that
 * somebody settled stay. *FIRST as above, also of waves that are none any more.
 */
int wave_judge_from(struct store *s, int64_t hour, int64_t *first);
/* The day has a wave, or the one before or behind it has one. */
bool wave_is_near(const struct store *s, int64_t day);
/* The first day of a wave whose end is not over by NOW; INT64_MAX: there is none. */
int64_t wave_first_held(const struct store *s, int64_t now);
/* Waves of a cause between its days that hold become "confirmed" or "taken-back"; MTA: the number
 * of the one that is named, 0: none. *WAVES counts. */
int wave_settle(struct store *s, const struct cause_choice *choice, uint32_t mta, const char *state,
	uint64_t *waves);

#endif
