/*
 * The names of the words in an event, and the check that an event which came
 * through a pipe is one that an honest parser can have written.
 */
#include "classify/event.h"

#include <stdio.h>
#include <string.h>
#include "classify/base/span.h"

#define NAME2(symbol, name) name,
#define NAME3(symbol, klass, name) name,
#define CLASS3(symbol, klass, name) klass,
static const char *const kinds[] = { EVENT_KINDS(NAME2) };
static const char *const classes[] = { EVENT_CLASSES(NAME2) };
static const char *const categories[] = { EVENT_CATEGORIES(NAME3) };
static const unsigned char category_classes[] = { EVENT_CATEGORIES(CLASS3) };
static const char *const actions[] = { EVENT_ACTIONS(NAME2) };
static const char *const feedbacks[] = { EVENT_FEEDBACKS(NAME2) };
static const char *const origins[] = { EVENT_ORIGINS(NAME2) };
static const char *const recipient_sources[] = { EVENT_RECIPIENT_SOURCES(NAME2) };

static const char *name_at(const char *const *names, unsigned count, unsigned i)
{
	return i < count ? names[i] : "";
}

static int event_number_of(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

const char *kind_name(unsigned kind)
{
	return name_at(kinds, KIND_COUNT, kind);
}
const char *class_name(unsigned klass)
{
	return name_at(classes, CLASS_COUNT, klass);
}
const char *category_name(unsigned category)
{
	return name_at(categories, CATEGORY_COUNT, category);
}
const char *action_name(unsigned action)
{
	return name_at(actions, ACTION_COUNT, action);
}
const char *feedback_name(unsigned feedback)
{
	return name_at(feedbacks, FEEDBACK_COUNT, feedback);
}
const char *origin_name(unsigned origin)
{
	return name_at(origins, ORIGIN_COUNT, origin);
}
const char *recipient_source_name(unsigned source)
{
	return name_at(recipient_sources, RECIPIENT_SOURCE_COUNT, source);
}

enum klass category_class(unsigned category)
{
	return category < CATEGORY_COUNT ? (enum klass)category_classes[category] : CLASS_NONE;
}

int kind_by_name(const char *name)
{
	return event_number_of(kinds, KIND_COUNT, name);
}
int class_by_name(const char *name)
{
	return event_number_of(classes, CLASS_COUNT, name);
}
int category_by_name(const char *name)
{
	return event_number_of(categories, CATEGORY_COUNT, name);
}
int origin_by_name(const char *name)
{
	return event_number_of(origins, ORIGIN_COUNT, name);
}

const char *status_text(struct status s, char *buffer)
{
	char *p = buffer;
	if (s.digit) {
		p = decimal(p, s.digit % 10u, 1);
		*p++ = '.';
		p = decimal(p, s.subject % 1000u, 1);
		*p++ = '.';
		p = decimal(p, s.detail % 1000u, 1);
	}
	*p = '\0';
	return buffer;
}

/* NUL-terminated within SIZE, UTF-8, no control characters. */
static bool text_valid(const char *text, size_t size)
{
	size_t n = strnlen(text, size);
	if (n == size || !span_is_utf8((struct span){ text, n }))
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)text[i + 1] < 0xa0))
			return false;
	}
	return true;
}

static bool campaign_valid(const char *text, size_t size)
{
	size_t n = strnlen(text, size);
	return n < size &&
		strspn(text,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:+-") == n;
}

/* RFC 3463 section 2: class 2, 4 or 5; the others one to three digits. */
static bool status_valid(struct status s)
{
	if (s.digit == 0)
		return s.subject == 0 && s.detail == 0;
	return (s.digit == 2 || s.digit == 4 || s.digit == 5) && s.subject <= 999 &&
		s.detail <= 999;
}

#define TEXT_VALID(field) text_valid(e->field, sizeof e->field)

bool event_valid(const struct event *e)
{
	return e->kind < KIND_COUNT && e->klass < CLASS_COUNT && e->category < CATEGORY_COUNT &&
		e->action < ACTION_COUNT && e->feedback < FEEDBACK_COUNT &&
		e->origin < ORIGIN_COUNT && e->recipient_source < RECIPIENT_SOURCE_COUNT &&
		e->derived <= 1 && (e->reply == 0 || (e->reply >= 200 && e->reply <= 599)) &&
		status_valid(e->status) && e->arrived >= 0 && TEXT_VALID(recipient) &&
		TEXT_VALID(original_recipient) && TEXT_VALID(token) && TEXT_VALID(provider) &&
		TEXT_VALID(remote_mta) && TEXT_VALID(reporting_mta) && TEXT_VALID(message_id) &&
		TEXT_VALID(source_ip) && TEXT_VALID(rule) && TEXT_VALID(diagnostic) &&
		campaign_valid(e->campaign, sizeof e->campaign) &&
		campaign_valid(e->stream, sizeof e->stream);
}
