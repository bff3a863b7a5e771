/*
 * What a code means by itself, before anybody looks at the words behind it.
 *
 * RFC 3463, RFC 5248, RFC 7372, RFC 7504, RFC 8689 and what the large receivers document.
 */
#include "classify/meaning.h"

#define S(d, s, n) \
	{ \
		0, 0, d, s, n, n \
	}
#define SX(d, s) \
	{ \
		0, 0, d, s, -1, -1 \
	}
#define SR(d, s, low, high) \
	{ \
		0, 0, d, s, low, high \
	}
#define R(reply) \
	{ \
		reply, reply, 0, -1, -1, -1 \
	}

/*
 * Read from the top, the first that fits counts: the specific ones stand before the x of their
 * subject.
 */
static const struct code_meaning STATUS_CODES[] = {
	{ "5.1.1", S(5, 1, 1), CATEGORY_USER_UNKNOWN, WEIGHT_SPECIFIC },
	{ "5.1.2", S(5, 1, 2), CATEGORY_DOMAIN_UNKNOWN, WEIGHT_USUAL },
	{ "5.1.3", S(5, 1, 3), CATEGORY_BAD_ADDRESS, WEIGHT_USUAL },
	{ "5.1.4", S(5, 1, 4), CATEGORY_BAD_ADDRESS, WEIGHT_USUAL },
	{ "5.1.6", S(5, 1, 6), CATEGORY_ADDRESS_CHANGED, WEIGHT_USUAL },
	{ "5.1.7", S(5, 1, 7), CATEGORY_SENDER_REJECTED, WEIGHT_USUAL },
	{ "5.1.8", S(5, 1, 8), CATEGORY_SENDER_REJECTED, WEIGHT_SPECIFIC },
	{ "5.1.9", S(5, 1, 9), CATEGORY_SYSTEM_ERROR, WEIGHT_USUAL },
	{ "5.1.10", S(5, 1, 10), CATEGORY_USER_UNKNOWN, WEIGHT_USUAL },
	{ "5.1.20", S(5, 1, 20), CATEGORY_NON_COMPLIANT, WEIGHT_USUAL }, /* Microsoft: From */
	{ "5.1.90", S(5, 1, 90), CATEGORY_RATE_LIMITED, WEIGHT_USUAL },  /* Microsoft: our limit */
	{ "5.1.x", SX(5, 1), CATEGORY_UNDETERMINED, WEIGHT_DIGIT },      /* of an address; whose? */
	{ "5.2.1", S(5, 2, 1), CATEGORY_MAILBOX_DISABLED, WEIGHT_USUAL },
	{ "5.2.2", S(5, 2, 2), CATEGORY_MAILBOX_FULL, WEIGHT_SPECIFIC },
	{ "5.2.3", S(5, 2, 3), CATEGORY_MESSAGE_TOO_LARGE, WEIGHT_SPECIFIC },
	{ "5.2.4", S(5, 2, 4), CATEGORY_LOCAL_DELIVERY_ERROR, WEIGHT_USUAL },
	{ "5.2.0", S(5, 2, 0), CATEGORY_UNDETERMINED, WEIGHT_DIGIT }, /* RFC 3463: it exists */
	{ "5.3.1", S(5, 3, 1), CATEGORY_SYSTEM_ERROR, WEIGHT_USUAL },
	{ "5.3.2", S(5, 3, 2), CATEGORY_NOT_ACCEPTING, WEIGHT_USUAL },
	{ "5.3.3", S(5, 3, 3), CATEGORY_SYSTEM_ERROR, WEIGHT_USUAL },
	{ "5.3.4", S(5, 3, 4), CATEGORY_MESSAGE_TOO_LARGE, WEIGHT_SPECIFIC },
	{ "5.3.5", S(5, 3, 5), CATEGORY_SYSTEM_ERROR, WEIGHT_USUAL },
	{ "5.3.x", SX(5, 3), CATEGORY_SYSTEM_ERROR, WEIGHT_VAGUE },
	{ "5.4.1", S(5, 4, 1), CATEGORY_NETWORK_ERROR, WEIGHT_USUAL },
	{ "5.4.4", S(5, 4, 4), CATEGORY_DOMAIN_UNKNOWN, WEIGHT_USUAL },
	{ "5.4.6", S(5, 4, 6), CATEGORY_ROUTING_LOOP, WEIGHT_SPECIFIC },
	{ "5.4.7", S(5, 4, 7), CATEGORY_EXPIRED, WEIGHT_USUAL },
	{ "5.4.8", S(5, 4, 8), CATEGORY_ROUTING_LOOP, WEIGHT_USUAL },
	{ "5.4.14", S(5, 4, 14), CATEGORY_ROUTING_LOOP, WEIGHT_SPECIFIC },
	{ "5.4.300", S(5, 4, 300), CATEGORY_EXPIRED, WEIGHT_SPECIFIC },
	{ "5.4.310", S(5, 4, 310), CATEGORY_DOMAIN_UNKNOWN, WEIGHT_SPECIFIC },
	{ "5.4.312", S(5, 4, 312), CATEGORY_NETWORK_ERROR, WEIGHT_SPECIFIC },
	{ "5.4.316", S(5, 4, 316), CATEGORY_EXPIRED, WEIGHT_SPECIFIC },
	{ "5.4.317", S(5, 4, 317), CATEGORY_TLS_FAILURE, WEIGHT_USUAL },
	{ "5.4.x", SX(5, 4), CATEGORY_NETWORK_ERROR, WEIGHT_VAGUE },
	{ "55x 5.5.0", { 550, 554, 5, 5, 0, 0 }, CATEGORY_UNDETERMINED,
		WEIGHT_DIGIT }, /* sendmail writes it for any of them */
	{ "5.5.2", S(5, 5, 2), CATEGORY_PROTOCOL_ERROR, WEIGHT_VAGUE },
	{ "5.5.3", S(5, 5, 3), CATEGORY_TOO_MANY_RECIPIENTS, WEIGHT_USUAL },
	{ "5.5.x", SX(5, 5), CATEGORY_PROTOCOL_ERROR, WEIGHT_VAGUE },
	{ "5.6.x", SX(5, 6), CATEGORY_CONTENT_REJECTED, WEIGHT_USUAL },
	{ "5.7.3", S(5, 7, 3), CATEGORY_POLICY, WEIGHT_USUAL },
	{ "5.7.4", S(5, 7, 4), CATEGORY_TLS_FAILURE, WEIGHT_VAGUE },
	{ "5.7.5", S(5, 7, 5), CATEGORY_AUTH_FAILURE, WEIGHT_VAGUE },
	{ "5.7.6", S(5, 7, 6), CATEGORY_POLICY, WEIGHT_VAGUE },
	{ "5.7.7", S(5, 7, 7), CATEGORY_AUTH_FAILURE, WEIGHT_VAGUE },
	{ "5.7.8", S(5, 7, 8), CATEGORY_POLICY, WEIGHT_VAGUE },
	{ "5.7.9", S(5, 7, 9), CATEGORY_POLICY, WEIGHT_VAGUE },
	{ "5.7.10-11", SR(5, 7, 10, 11), CATEGORY_TLS_FAILURE, WEIGHT_USUAL },
	{ "5.7.13", S(5, 7, 13), CATEGORY_SENDER_REJECTED,
		WEIGHT_SPECIFIC }, /* RFC 5248: of the account that logs in, which is ours */
	{ "5.7.17-18", SR(5, 7, 17, 18), CATEGORY_ADDRESS_CHANGED,
		WEIGHT_USUAL }, /* RFC 7293: the mailbox has another owner now */
	{ "5.7.20-24", SR(5, 7, 20, 24), CATEGORY_AUTH_FAILURE, WEIGHT_SPECIFIC },
	{ "5.7.25", S(5, 7, 25), CATEGORY_INFRASTRUCTURE, WEIGHT_SPECIFIC },
	{ "5.7.26", S(5, 7, 26), CATEGORY_AUTH_FAILURE, WEIGHT_SPECIFIC },
	{ "5.7.27", S(5, 7, 27), CATEGORY_SENDER_REJECTED,
		WEIGHT_USUAL }, /* RFC 7505: the sender's domain has a null MX */
	{ "5.7.28", S(5, 7, 28), CATEGORY_RATE_LIMITED, WEIGHT_USUAL },
	{ "5.7.29", S(5, 7, 29), CATEGORY_AUTH_FAILURE, WEIGHT_SPECIFIC },
	{ "5.7.30", S(5, 7, 30), CATEGORY_TLS_FAILURE, WEIGHT_SPECIFIC }, /* RFC 8689: REQUIRETLS */
	{ "5.7.509", S(5, 7, 509), CATEGORY_AUTH_FAILURE, WEIGHT_SPECIFIC },
	{ "5.7.515", S(5, 7, 515), CATEGORY_AUTH_FAILURE, WEIGHT_SPECIFIC },
	{ "5.7.501-513", SR(5, 7, 501, 513), CATEGORY_REPUTATION, WEIGHT_USUAL },
	{ "5.7.606-649", SR(5, 7, 606, 649), CATEGORY_REPUTATION, WEIGHT_SPECIFIC },
	{ "5.7.705-708", SR(5, 7, 705, 708), CATEGORY_SENDER_REJECTED,
		WEIGHT_USUAL }, /* our tenant sent too much: it is shut out */
	{ "5.7.750", S(5, 7, 750), CATEGORY_POLICY, WEIGHT_USUAL },
	{ "5.7.x", SX(5, 7), CATEGORY_POLICY, WEIGHT_USUAL },
	{ "4.1.x", SX(4, 1), CATEGORY_SYSTEM_ERROR, WEIGHT_VAGUE },
	{ "4.2.1", S(4, 2, 1), CATEGORY_RATE_LIMITED, WEIGHT_VAGUE },
	{ "4.2.2", S(4, 2, 2), CATEGORY_MAILBOX_FULL, WEIGHT_SPECIFIC },
	{ "4.2.3", S(4, 2, 3), CATEGORY_MESSAGE_TOO_LARGE, WEIGHT_USUAL },
	{ "4.2.x", SX(4, 2), CATEGORY_SYSTEM_ERROR, WEIGHT_VAGUE },
	{ "4.3.1", S(4, 3, 1), CATEGORY_SYSTEM_ERROR, WEIGHT_USUAL },
	{ "4.3.4", S(4, 3, 4), CATEGORY_MESSAGE_TOO_LARGE, WEIGHT_USUAL },
	{ "4.3.x", SX(4, 3), CATEGORY_SYSTEM_ERROR, WEIGHT_VAGUE },
	{ "4.4.4", S(4, 4, 4), CATEGORY_NETWORK_ERROR, WEIGHT_USUAL },
	{ "4.4.5", S(4, 4, 5), CATEGORY_SYSTEM_ERROR, WEIGHT_USUAL },
	{ "4.4.6", S(4, 4, 6), CATEGORY_ROUTING_LOOP, WEIGHT_SPECIFIC },
	{ "4.4.7", S(4, 4, 7), CATEGORY_EXPIRED, WEIGHT_USUAL },
	{ "4.4.x", SX(4, 4), CATEGORY_NETWORK_ERROR, WEIGHT_USUAL },
	{ "4.5.3", S(4, 5, 3), CATEGORY_TOO_MANY_RECIPIENTS, WEIGHT_USUAL },
	{ "4.5.x", SX(4, 5), CATEGORY_PROTOCOL_ERROR, WEIGHT_VAGUE },
	{ "4.6.x", SX(4, 6), CATEGORY_CONTENT_REJECTED, WEIGHT_VAGUE },
	{ "4.7.4", S(4, 7, 4), CATEGORY_TLS_FAILURE, WEIGHT_USUAL },
	{ "4.7.5", S(4, 7, 5), CATEGORY_TLS_FAILURE, WEIGHT_VAGUE },
	{ "4.7.10-11", SR(4, 7, 10, 11), CATEGORY_TLS_FAILURE, WEIGHT_USUAL },
	{ "4.7.20-24", SR(4, 7, 20, 24), CATEGORY_AUTH_FAILURE, WEIGHT_SPECIFIC },
	{ "4.7.25", S(4, 7, 25), CATEGORY_INFRASTRUCTURE, WEIGHT_SPECIFIC },
	{ "4.7.26", S(4, 7, 26), CATEGORY_AUTH_FAILURE, WEIGHT_SPECIFIC },
	{ "4.7.28", S(4, 7, 28), CATEGORY_RATE_LIMITED, WEIGHT_SPECIFIC },
	{ "4.7.650-651", SR(4, 7, 650, 651), CATEGORY_REPUTATION, WEIGHT_SPECIFIC },
	{ "4.7.500-699", SR(4, 7, 500, 699), CATEGORY_RATE_LIMITED, WEIGHT_USUAL },
	{ "4.7.1", S(4, 7, 1), CATEGORY_GREYLISTED, WEIGHT_VAGUE },
	{ "4.7.x", SX(4, 7), CATEGORY_RATE_LIMITED, WEIGHT_VAGUE },
};

/*
 * Only what a reply code says by itself: 550, 554, 450 and 451 stand for anything, so they are not
 * here.
 */
static const struct code_meaning REPLY_CODES[] = {
	{ "421", R(421), CATEGORY_SYSTEM_ERROR, WEIGHT_VAGUE - 1 },
	{ "420", R(420), CATEGORY_NETWORK_ERROR, WEIGHT_VAGUE },
	{ "441", R(441), CATEGORY_NETWORK_ERROR, WEIGHT_VAGUE },
	{ "442", R(442), CATEGORY_NETWORK_ERROR, WEIGHT_VAGUE },
	{ "452", R(452), CATEGORY_SYSTEM_ERROR, WEIGHT_VAGUE - 1 },
	{ "454", R(454), CATEGORY_TLS_FAILURE, WEIGHT_VAGUE - 1 },
	{ "500-504", { 500, 504, 0, -1, -1, -1 }, CATEGORY_PROTOCOL_ERROR, WEIGHT_VAGUE - 1 },
	{ "510", { 510, 511, 0, -1, -1, -1 }, CATEGORY_USER_UNKNOWN, WEIGHT_VAGUE },
	{ "512", R(512), CATEGORY_DOMAIN_UNKNOWN, WEIGHT_VAGUE },
	{ "521", R(521), CATEGORY_NOT_ACCEPTING, WEIGHT_VAGUE - 1 },
	{ "523", R(523), CATEGORY_MESSAGE_TOO_LARGE, WEIGHT_VAGUE },
	{ "525", R(525), CATEGORY_SENDER_REJECTED, WEIGHT_REFUSES_US },
	{ "530", R(530), CATEGORY_POLICY,
		WEIGHT_REFUSES_US }, /* RFC 4954: whoever sends has to log in, and did not */
	{ "534-535", { 534, 535, 0, -1, -1, -1 }, CATEGORY_POLICY, WEIGHT_REFUSES_US },
	{ "538", R(538), CATEGORY_POLICY, WEIGHT_REFUSES_US },
	{ "541", R(541), CATEGORY_POLICY,
		WEIGHT_REFUSES_US }, /* a filter's refusal of the message */
	{ "551", R(551), CATEGORY_ADDRESS_CHANGED, WEIGHT_VAGUE - 1 },
	{ "552", R(552), CATEGORY_MAILBOX_FULL, WEIGHT_VAGUE - 1 },
	{ "556", R(556), CATEGORY_DOMAIN_UNKNOWN, WEIGHT_USUAL },
};

static const struct code_meaning *meaning_in(
	const struct code_meaning *table, size_t count, unsigned reply, struct status s)
{
	for (size_t i = 0; i < count; i++)
		if (code_pattern_fits(&table[i].pattern, reply, s))
			return &table[i];
	return NULL;
}

const struct code_meaning *meaning_of_status(struct status s, unsigned reply)
{
	return meaning_in(STATUS_CODES, sizeof STATUS_CODES / sizeof *STATUS_CODES, reply, s);
}

const struct code_meaning *meaning_of_reply(unsigned reply)
{
	return meaning_in(REPLY_CODES, sizeof REPLY_CODES / sizeof *REPLY_CODES, reply,
		(struct status){ 0, 0, 0 });
}

/* The patterns stay empty: it is found by its number. */
static const struct exit_meaning {
	unsigned code;
	struct code_meaning means;
} EXIT_CODES[] = {
	{ 67, { "67", { 0 }, CATEGORY_USER_UNKNOWN, WEIGHT_USUAL } },         /* EX_NOUSER */
	{ 71, { "71", { 0 }, CATEGORY_LOCAL_DELIVERY_ERROR, WEIGHT_USUAL } }, /* EX_OSERR */
	{ 73, { "73", { 0 }, CATEGORY_LOCAL_DELIVERY_ERROR, WEIGHT_USUAL } }, /* EX_CANTCREAT */
	{ 74, { "74", { 0 }, CATEGORY_LOCAL_DELIVERY_ERROR, WEIGHT_USUAL } }, /* EX_IOERR */
	{ 75, { "75", { 0 }, CATEGORY_LOCAL_DELIVERY_ERROR, WEIGHT_USUAL } }, /* EX_TEMPFAIL */
	{ 77, { "77", { 0 }, CATEGORY_POLICY, WEIGHT_VAGUE } },               /* EX_NOPERM */
};

const struct code_meaning *meaning_of_exit(unsigned code)
{
	for (size_t i = 0; i < sizeof EXIT_CODES / sizeof *EXIT_CODES; i++)
		if (EXIT_CODES[i].code == code)
			return &EXIT_CODES[i].means;
	return NULL;
}
