/* Names of rules, providers and ladders that are none, and which was meant. */
#include "poller/command/causename.h"

#include <stdio.h>
#include <string.h>
#include "classify/rules.h"
#include "classify/sense.h"
#include "classify/base/exitcode.h"
#include "classify/base/log.h"
#include "poller/config/config.h"
#include "poller/config/configkeys.h"
#include "poller/config/near.h"
#include "poller/config/rulesfile.h"
#include "poller/command/usage.h"
#include "poller/volume/suppresswords.h"
#include "store/contacts.h"

/* A name as it was typed, and what is nearest to it. */
struct search {
	const char *typed;
	char nearest[EVENT_RULE_SIZE];
	int distance;
	bool found;
};

static void try_name(struct search *s, const char *prefix, const char *name)
{
	char whole[EVENT_RULE_SIZE];
	const char *best = NULL;

	snprintf(whole, sizeof whole, "%s%s", prefix, name);
	s->found |= !strcmp(s->typed, whole);
	near_try(s->typed, whole, &best, &s->distance);
	if (best)
		memcpy(s->nearest, whole, sizeof whole);
}

/* Rules that are made of the code that decided: "code.5.1.1", "reply.534-535", "digit.5". */
static bool is_of_code(const char *name)
{
	static const char *const prefixes[] = { "code.", "reply.", "exit.", "digit." };
	for (unsigned i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		size_t n = strlen(prefixes[i]);
		if (!strncmp(name, prefixes[i], n) && name[n])
			return !name[n + strspn(name + n, "0123456789.-x")];
	}
	return false;
}

/* "suppress.ses-2", of a list that was taken over again, is "suppress.ses". */
static void without_number(char out[EVENT_RULE_SIZE], const char *name)
{
	size_t n = strlen(name);
	while (n && name[n - 1] >= '0' && name[n - 1] <= '9')
		n--;
	bool numbered = name[n] && n && name[n - 1] == '-' && !strncmp(name, "suppress.", 9);
	snprintf(out, EVENT_RULE_SIZE, "%.*s", (int)(numbered ? n - 1 : strlen(name)), name);
}

static bool rule_is_known(const struct rules *rules, const char *name, struct search *s)
{
	char list[EVENT_RULE_SIZE];
	without_number(list, name);
	*s = (struct search){ .typed = list, .distance = NEAR_NONE };
	for (size_t i = 0; i < rules_count(rules); i++)
		if (!mark_is_list(rule_at(rules, (uint16_t)i)->mark))
			try_name(s, "", rule_at(rules, (uint16_t)i)->id);
	for (unsigned i = 0; sense_id(i); i++)
		try_name(s, "", sense_id(i));
	for (unsigned i = 0; i < FEEDBACK_COUNT; i++)
		try_name(s, "arf.", i ? feedback_name(i) : "unknown");
	for (unsigned i = 0; suppress_sources[i].name; i++)
		try_name(s, "suppress.", suppress_sources[i].name);
	try_name(s, "", "none");
	/* "5.1.1" is no name, and what the code decides has one */
	if (!s->found && name[0] >= '2' && name[0] <= '5' && name[1] == '.')
		snprintf(s->nearest, sizeof s->nearest, "code.%s", name);
	return s->found || is_of_code(name);
}

static bool provider_is_known(const struct rules *rules, const char *name, struct search *s)
{
	*s = (struct search){ .typed = name, .distance = NEAR_NONE };
	for (size_t i = 0; provider_at(rules, i); i++)
		try_name(s, "", provider_at(rules, i));
	try_name(s, "", "other");
	try_name(s, "", NOT_UNDERSTOOD);
	/* "outlook.com", "outlook": by a domain of its */
	char domain[EVENT_RULE_SIZE];
	snprintf(domain, sizeof domain, "%s%s", name, strchr(name, '.') ? "" : ".com");
	const char *profile = provider_by_domain(rules, span_of(domain));
	if (profile && !s->found)
		snprintf(s->nearest, sizeof s->nearest, "%s", profile);
	return s->found;
}

static int unknown(const char *command, const char *what, const char *name, const struct search *s)
{
	char meant[EVENT_RULE_SIZE + 32];
	snprintf(meant, sizeof meant, "did you mean %s?", s->nearest);
	return usage_error(command, "%s: no such %s; %s", name, what,
		*s->nearest ? meant : "`retour classify` and `retour events` print their names");
}

int cause_name_error(
	const char *command, const struct config *config, const char *rule, const char *provider)
{
	char error[512];
	struct search s;
	int result = EXIT_WELL;
	if (!rule && !provider)
		return result;
	struct rules *rules = rulesfile_open(
		config->rules_file, config->providers_file, RULES_ALL, error, sizeof error);
	if (!rules) {
		log_error("%s", error);
		return EXIT_USAGE;
	}
	if (rule && !rule_is_known(rules, rule, &s))
		result = unknown(command, "rule", rule, &s);
	else if (provider && !provider_is_known(rules, provider, &s))
		result = unknown(command, "provider", provider, &s);
	rules_free(rules);
	return result;
}

/* What a soft failure takes its ladder by: the category, the provider, what its profile names. */
static bool ladder_is_known(const struct rules *rules, const char *name, struct search *s)
{
	*s = (struct search){ .typed = name, .distance = NEAR_NONE };
	for (unsigned i = 0; i < STANDARD_LADDERS; i++)
		try_name(s, "", config_standard_ladders[i].name);
	for (unsigned i = 0; i < CATEGORY_COUNT; i++)
		try_name(s, "", category_name(i));
	for (size_t i = 0; provider_at(rules, i); i++) {
		const char *of = provider_ladder(rules, provider_at(rules, i));
		try_name(s, "", provider_at(rules, i));
		if (of)
			try_name(s, "", of);
	}
	return s->found;
}

void ladders_lint(const struct config *config, const struct rules *rules,
	void (*say)(void *context, const char *section, const char *sentence), void *context)
{
	struct search s;
	char section[EVENT_RULE_SIZE + 16], sentence[EVENT_RULE_SIZE + 128];
	for (unsigned i = 0; i < config->ladders; i++) {
		if (ladder_is_known(rules, config->ladder[i].name, &s))
			continue;
		snprintf(section, sizeof section, "ladder %s", config->ladder[i].name);
		snprintf(sentence, sizeof sentence,
			"is no size, category or provider, so nobody is on it%s%s%s",
			*s.nearest ? "; did you mean " : "", s.nearest, *s.nearest ? "?" : "");
		say(context, section, sentence);
	}
}
