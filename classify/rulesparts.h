/*
 * What struct rules is made of, for those who build it (rulesbuild.c), look it through
 * (ruleslint.c) and ask it (rules.c).
 */
#ifndef RETOUR_RULESPARTS_H
#define RETOUR_RULESPARTS_H

#include "classify/automaton.h"
#include "classify/provider.h"

struct stem; /* sensewords.h */

enum { ANY_PROVIDER = -1, HEADER_FIELDS_MAX = 256, FIELD_LENGTHS = 64 };

struct code_rule {
	int32_t provider; /* number of the profile, ANY_PROVIDER */
	uint32_t rule;
};

/* The name of a header field with which a phrase for the header begins. */
struct field_name {
	uint32_t text, n; /* among the texts */
};

/* A phrase of a list. */
struct list_word {
	uint32_t text, n; /* among the texts */
};

struct rules_base {
	uint64_t field_lengths; /* a bit for the length of each name of a field */
	uint32_t every_field;   /* there are phrases that begin otherwise, or too many */
	uint32_t list_begin[LIST_COUNT + 1]; /* where each list begins among their words */
};

/* All of it lies in the image. */
struct rules {
	const struct rule *rules;
	const struct rules_base *base;
	const struct code_rule *codes; /* by provider */
	const struct field_name *fields;
	const struct list_word *words;
	const struct stem *stems;
	const uint32_t *
		phrases; /* of all rules, one behind the other: where each begins among the texts */
	const char *texts;
	size_t count, code_count, field_count, phrase_count, texts_size, stem_count;
	struct automaton *automaton;
	struct provider_table *providers;
	const struct rules *lender; /* of lists that these rules have none of; NULL */
	struct span image;
	void (*release)(const void *bytes, size_t n);
};

/* "rule ID: " and why into ERROR; false. */
bool rules_refuse(char *error, size_t size, const char *id, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
bool code_pattern_sane(const struct code_pattern *p);
/* Everything that fits INNER fits OUTER. */
bool code_pattern_covers(const struct code_pattern *outer, const struct code_pattern *inner);
/* Adds the piece of stems, of the rules of R that are senses. False with a text in ERROR. */
bool stems_build(struct image *image, const struct rules *r, char *error, size_t size);
/* Is there a phrase or a code of rule I that no other takes? False with a text in ERROR. */
bool rule_reachable(const struct rules *r, size_t i, char *error, size_t size);

#endif
