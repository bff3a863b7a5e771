/*
 *   {"organization-name": …, "date-range": {"start-datetime": …, "end-datetime": …}, "report-id":
 * …, "policies": [{"policy": {"policy-domain": …}, "summary": {"total-successful-session-count": …,
 * "total-failure-session-count": …}, "failure-details": [{"result-type": …, "failed-session-count":
 * …}]}]}
 *
 * Sessions that failed and of which no detail tells count as others.
 */
#include "classify/tlsrpt.h"

#include "classify/base/clock.h"
#include "classify/jsonfind.h"

enum { TIME_TEXT_SIZE = 40, RESULT_TEXT_SIZE = 32 };

static bool time_of(struct span range, struct span key, int64_t *at)
{
	char text[TIME_TEXT_SIZE];
	struct span value = json_member_string(range, key);
	if (!value.n || value.n >= sizeof text)
		return false;
	memcpy(text, value.p, value.n);
	text[value.n] = '\0';
	return clock_parse(text, at);
}

static bool sessions_of(struct span object, struct span key, uint64_t *count)
{
	struct span value = json_member(object, key);
	*count = 0;
	return !value.n || summary_count(value, SUMMARY_COUNT_MAX, count);
}

static bool add_sessions(
	struct summary *s, struct summary_row *row, unsigned result, uint64_t count)
{
	row->result = (uint8_t)result;
	row->count = count;
	return !count || summary_add(s, row);
}

static unsigned result_of(struct span type)
{
	char name[RESULT_TEXT_SIZE];
	if (type.n >= sizeof name)
		return TLS_OTHER;
	memcpy(name, type.p, type.n);
	name[type.n] = '\0';
	int result = tls_result_by_name(name);
	return result <= TLS_WELL ? TLS_OTHER : (unsigned)result;
}

static bool read_policy(
	struct summary *s, const struct classify_options *options, struct span object)
{
	struct summary_row row = { .count = 0 };
	struct span details = json_member(object, SPAN("failure-details")), detail,
		    summary = json_member(object, SPAN("summary"));
	uint64_t well, failed, count, told = 0;
	summary_domain(options,
		json_member_string(json_member(object, SPAN("policy")), SPAN("policy-domain")),
		row.domain);
	if (!sessions_of(summary, SPAN("total-successful-session-count"), &well) ||
		!sessions_of(summary, SPAN("total-failure-session-count"), &failed) ||
		!add_sessions(s, &row, TLS_WELL, well))
		return false;
	while (json_element(&details, &detail)) {
		if (!sessions_of(detail, SPAN("failed-session-count"), &count) ||
			!add_sessions(s, &row,
				result_of(json_member_string(detail, SPAN("result-type"))), count))
			return false;
		told += count;
	}
	return add_sessions(s, &row, TLS_OTHER, failed > told ? failed - told : 0);
}

bool tlsrpt_read(struct summary *s, const struct classify_options *options, struct span text,
	struct arena *arena)
{
	struct span object = json_value(text), range = json_member(object, SPAN("date-range")),
		    policies = json_member(object, SPAN("policies")), policy;
	if (!object.n || object.p[0] != '{' || object.p[object.n - 1] != '}' || !policies.n ||
		policies.p[0] != '[' || policies.p[policies.n - 1] != ']')
		return false;
	s->head.kind = SUMMARY_TLS;
	summary_receiver(
		json_unescaped(arena, json_member_string(object, SPAN("organization-name"))),
		s->head.receiver);
	span_copy_text(
		s->head.id, sizeof s->head.id, json_member_string(object, SPAN("report-id")));
	if (!*s->head.id || !time_of(range, SPAN("start-datetime"), &s->head.begin) ||
		!time_of(range, SPAN("end-datetime"), &s->head.end))
		return false;
	while (json_element(&policies, &policy))
		if (policy.p[0] == '{' && !read_policy(s, options, policy))
			return false;
	return true;
}
