/*
 * The mail that came back: what its headers say about who sent it, in which
 * campaign, and how well that proves that it was us.
 */
#ifndef RETOUR_ORIGIN_H
#define RETOUR_ORIGIN_H

#include "classify/base/arena.h"
#include "classify/charset.h"
#include "classify/classify.h"
#include "classify/header.h"

enum {
	RETURNED_FIELDS_MAX = 4096, /* header fields of the returned mail that are looked at */
	RETURNED_FOR_MAX = 4,       /* "for <address>" of its Received fields, newest first */
	RETURNED_DELIVERED_MAX = 8,
	ORIGIN_UNWRAP_MAX = 4, /* SRS within BATV within … */
};

/* Fields of the returned mail as they stand; empty spans where there is none. */
struct returned {
	bool present;
	struct span reported; /* X-HmXmrOriginalRecipient: Microsoft names there who complained */
	struct span message_id, from, sender, return_path, to, cc, list_id, feedback_id, campaign,
		original_recipient, subject, date;
	struct span
		delivered[RETURNED_DELIVERED_MAX]; /* Delivered-To, X-Original-To, X-Forwarded-For
						      and the like, each of them */
	size_t delivereds;
	struct span received_for[RETURNED_FOR_MAX];
	size_t received_fors;
};

/*
 * What HEADER, of the mail that came back, says of who sent it and of which campaign it was. What
 * it does not say is ""; the spans lie in it. Of its fields the first RETURNED_FIELDS_MAX that mean
 * something are read.
 */
void returned_read(
	const struct classify_options *options, const struct fields *header, struct returned *out);

/*
 * The address that a forwarder or a tag wrapped: SRS0=hash=tt=domain=local@forwarder (and SRS1),
 * prvs=tag=local@domain. BUFFER has EVENT_ADDRESS_SIZE bytes and may be what the answer points
 * into.
 */
struct span origin_unwrap(struct span address, char *buffer);

/* Is DOMAIN one of ours, or below it? */
bool origin_is_ours(const struct classify_options *options, struct span domain);

enum origin origin_of(const struct classify_options *options, const struct returned *r);

/*
 * What stands for {token} when ADDRESS (unwrapped) is of FORM, "bounce+{token}@bounce.example.org",
 * which may be NULL; else an empty span.
 */
struct span origin_token(const char *form, struct span address);
/* Is TOKEN a tagged BATV address, "prvs=KDDDSSSSSS=local@domain" (draft-levine-smtp-batv-01)? */
bool origin_is_batv(struct span token);

/*
 * The recipient in a classic VERP return path, "bounces+user=example.org@…", into ADDRESS of
 * EVENT_ADDRESS_SIZE bytes. Returns its length.
 */
size_t origin_verp_recipient(struct span return_path, char *address);

/*
 * The value of a returned header NAME that [origin] campaign_headers names, or that part of it
 * ("NAME:2": the second of those that colons divide); else empty.
 */
struct span origin_configured_campaign(
	const struct classify_options *options, struct span name, struct span value);
/*
 * TEXT with what a campaign's name may not hold as '_', into BUFFER of EVENT_CAMPAIGN_SIZE; false,
 * BUFFER untouched, when it is empty or names an address.
 */
bool origin_copy_campaign(struct span text, char *buffer);
/* Whether a word of CAMPAIGN is RECIPIENT's local part or mailbox: then it is no campaign's name.
 */
bool origin_campaign_names(const char *campaign, struct span recipient);
/*
 * The campaign into BUFFER of EVENT_CAMPAIGN_SIZE bytes: classic VERP, Feedback-ID, List-ID,
 * configured header.
 */
void origin_campaign(struct span verp_path, const struct returned *r, char *buffer);

/* "<id@host> " as "id@host". */
struct span origin_message_id(struct span field);

#endif
