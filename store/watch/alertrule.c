/*
 * The conditions of alert.h: their names, units and standard rules, and what a rule makes of a
 * value. Nothing here needs a store.
 */
#include <string.h>
#include "classify/base/units.h"
#include "store/watch/alert.h"

static const struct {
	const char *name;
	enum alert_unit unit;
	struct alert_rule rule;
} conditions[] = {
#define CONDITION(symbol, name, unit, threshold, clear, window, minimum, cooldown) \
	[symbol] = { name, unit, { symbol, true, threshold, clear, window, minimum, cooldown } },
	ALERT_CONDITIONS(CONDITION)
#undef CONDITION
};

#define NEWS_NAME(symbol, name) name,
static const char *const news_names[] = { ALERT_NEWS(NEWS_NAME) };

const char *alert_condition_name(unsigned condition)
{
	return condition < ALERT_CONDITION_COUNT ? conditions[condition].name : "";
}

int alert_condition_by_name(const char *name)
{
	for (int i = 0; i < ALERT_CONDITION_COUNT; i++)
		if (strcmp(conditions[i].name, name) == 0)
			return i;
	return -1;
}

enum alert_unit alert_unit(unsigned condition)
{
	return conditions[condition].unit;
}

void alert_standard(struct alert_options *out)
{
	*out = (struct alert_options){ .repeat = 7 * DAY };
	for (int i = 0; i < ALERT_CONDITION_COUNT; i++)
		out->rule[i] = conditions[i].rule;
}

const char *alert_news_name(unsigned news)
{
	return news < ALERT_NEWS_COUNT ? news_names[news] : "";
}

enum alert_level alert_level_of(const struct alert_rule *rule, int64_t value)
{
	if (alert_unit(rule->condition) == UNIT_REMAINING) {
		if (value <= rule->threshold)
			return LEVEL_FIRING;
		if (value <= rule->clear)
			return LEVEL_OPEN;
		return LEVEL_CALM;
	}
	if (value >= rule->threshold)
		return LEVEL_FIRING;
	if (value >= rule->clear)
		return LEVEL_OPEN;
	return LEVEL_CALM;
}
