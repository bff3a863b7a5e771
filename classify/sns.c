/*
 * Amazon SES over SNS ("Amazon SNS notification examples for Amazon SES", "event publishing"):
 *
 *   {"notificationType":"Bounce","bounce":{"bouncedRecipients":[{"emailAddress":"…","action":"failed","status":"5.1.1",
 *    "diagnosticCode":"smtp; 550 …"}], …},"mail":{"messageId":"…","source":"…", …}}
 *
 * or, where raw delivery is off, that as the escaped text of "Message" in an object around it.
 * Below it stands SNS's advice on how to unsubscribe.
 */
#include "classify/sns.h"

#include "classify/jsonfind.h"

static enum feedback feedback_of(struct span type)
{
	for (unsigned i = 1; i < FEEDBACK_COUNT; i++)
		if (span_equal_nocase(type, span_of(feedback_name(i))))
			return (enum feedback)i;
	return type.n ? FEEDBACK_OTHER : FEEDBACK_ABUSE;
}

/* What SES says of a bounce whose receiver gave no code, as such a code. */
static struct span status_of_type(struct span object)
{
	static const struct {
		struct span type, subtype, status;
	} known[] = {
		{ SPAN("Permanent"), SPAN("NoEmail"), SPAN("5.1.1") },
		{ SPAN("Permanent"), SPAN("Suppressed"), SPAN("5.1.1") },
		{ SPAN("Permanent"), SPAN("OnAccountSuppressionList"), SPAN("5.1.1") },
		{ SPAN("Permanent"), SPAN("General"), SPAN("5.1.0") },
		{ SPAN("Transient"), SPAN("MailboxFull"), SPAN("4.2.2") },
		{ SPAN("Transient"), SPAN("MessageTooLarge"), SPAN("5.3.4") },
		{ SPAN("Transient"), SPAN("ContentRejected"), SPAN("5.6.0") },
		{ SPAN("Transient"), SPAN("AttachmentRejected"), SPAN("5.6.0") },
		{ SPAN("Transient"), SPAN("General"), SPAN("4.0.0") },
	};
	struct span type = json_member_string(object, SPAN("bounceType")),
		    subtype = json_member_string(object, SPAN("bounceSubType"));
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (span_equal_nocase(type, known[i].type) &&
			span_equal_nocase(subtype, known[i].subtype))
			return known[i].status;
	return (struct span){ "", 0 };
}

/* The notification in TEXT: itself, or what it carries as its "Message", then in ARENA. */
static struct span notification(struct arena *arena, struct span text, struct span *type)
{
	struct span object = json_value(text);
	for (unsigned depth = 0; depth < 2; depth++) {
		*type = json_member_string(object, SPAN("notificationType"));
		if (!type->n)
			*type = json_member_string(object, SPAN("eventType"));
		if (type->n)
			break;
		object = json_value(
			json_unescaped(arena, json_member_string(object, SPAN("Message"))));
	}
	return object;
}

bool sns_open(struct sns *s, struct arena *arena, struct span text)
{
	static const struct {
		struct span type, object, array;
		enum kind kind;
	} types[] = {
		{ SPAN("Bounce"), SPAN("bounce"), SPAN("bouncedRecipients"), KIND_FAILURE },
		{ SPAN("Complaint"), SPAN("complaint"), SPAN("complainedRecipients"),
			KIND_COMPLAINT },
		{ SPAN("Delivery"), SPAN("delivery"), SPAN("recipients"), KIND_SUCCESS },
		{ SPAN("DeliveryDelay"), SPAN("deliveryDelay"), SPAN("delayedRecipients"),
			KIND_DELAY },
		{ SPAN("Reject"), SPAN("reject"), SPAN(""), KIND_FAILURE },
	};
	struct span type;
	*s = (struct sns){ .recipients = { "", 0 } };
	text = span_trim(text);
	if (!text.n || text.p[0] != '{')
		return false;
	struct span all = notification(arena, text, &type), mail = json_member(all, SPAN("mail"));
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (!span_equal_nocase(type, types[i].type))
			continue;
		struct span object = json_member(all, types[i].object);
		s->kind = types[i].kind;
		s->recipients = types[i].array.n ? json_member(object, types[i].array)
						 : json_member(mail, SPAN("destination"));
		s->feedback = s->kind == KIND_COMPLAINT
			? feedback_of(json_member_string(object, SPAN("complaintFeedbackType")))
			: FEEDBACK_NONE;
		s->message_id = json_member_string(mail, SPAN("messageId"));
		s->source = json_member_string(mail, SPAN("source"));
		s->reporting_mta = json_member_string(object, SPAN("reportingMTA"));
		s->answer = json_member_string(object, SPAN("smtpResponse"));
		if (!s->answer.n)
			s->answer = json_member_string(object, SPAN("reason"));
		s->status = status_of_type(object);
		return s->recipients.n > 2;
	}
	return false;
}

bool sns_next(struct sns *s, struct sns_recipient *out)
{
	struct span value;
	if (!json_element(&s->recipients, &value))
		return false;
	*out = (struct sns_recipient){ { "", 0 }, { "", 0 }, s->status, s->answer };
	if (value.p[0] != '{') { /* a plain list of addresses */
		out->address = json_unquoted(value);
		return true;
	}
	out->address = json_member_string(value, SPAN("emailAddress"));
	out->action = json_member_string(value, SPAN("action"));
	struct span status = json_member_string(value, SPAN("status")),
		    diagnostic = json_member_string(value, SPAN("diagnosticCode"));
	out->status = status.n ? status : s->status;
	out->diagnostic = diagnostic.n ? diagnostic : s->answer;
	return true;
}
