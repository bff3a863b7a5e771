/*
 * Reports of receivers (classify/summary.h): what is taken of one, and that what is damaged, packed
 * otherwise, or no report, is refused as a whole.
 */
#include "classify_fixture.h"
#include <zlib.h>
#include "classify/archive.h"
#include "classify/mime.h"
#include "classify/summary.h"

static const char *const ours[] = { "example.com", "news.example.com", "example.org", NULL };
static const struct classify_options options = { .domains = ours };
static struct summary *found;
static struct arena arena;

static int setup(void **state)
{
	(void)state;
	found = calloc(1, sizeof *found);
	arena.base = malloc(arena.size = 8 << 20);
	return found && arena.base ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(found);
	free(arena.base);
	return 0;
}

/* A mail whose only part is BODY, as it stands. */
static bool read_mail(const char *type, struct span body)
{
	static struct mime mime;
	char head[256];
	size_t n = (size_t)snprintf(head, sizeof head,
		"Content-Type: %s\r\nContent-Transfer-Encoding: 8bit\r\n\r\n", type);
	char *mail = malloc(n + body.n);
	assert_non_null(mail);
	memcpy(mail, head, n);
	memcpy(mail + n, body.p, body.n);
	mime_split(&mime, (struct span){ mail, n + body.n });
	arena_wipe(&arena);
	bool read = summary_read(found, &options, &mime, &arena);
	free(mail);
	return read;
}

#define HEAD(org, id, begin, end) \
	"<feedback><report_metadata><org_name>" org "</org_name><report_id>" id \
	"</report_id><date_range><begin>" begin "</begin><end>" end \
	"</end></date_range></report_metadata>"
#define RECORD(ip, count, disposition, dkim, spf, from) \
	"<record><row><source_ip>" ip "</source_ip><count>" count \
	"</count><policy_evaluated><disposition>" disposition "</disposition><dkim>" dkim \
	"</dkim><spf>" spf "</spf></policy_evaluated></row><identifiers><header_from>" from \
	"</header_from></identifiers></record>"
#define USUAL HEAD("mailbox.test", "7", "1793577600", "1793663999")
#define ROW RECORD("192.0.2.1", "1", "none", "pass", "pass", "example.com")

static bool read_xml(const char *text)
{
	return read_mail("text/xml", span_of(text));
}

static const struct summary_row *row_of(const char *network, const char *domain)
{
	for (size_t i = 0; i < found->rows; i++)
		if (strcmp(found->row[i].network, network) == 0 &&
			strcmp(found->row[i].domain, domain) == 0)
			return &found->row[i];
	fail_msg("no row of \"%s\" for \"%s\"", network, domain);
	return NULL;
}

static void rows_are_counts_by_network(void **state)
{
	(void)state;
	assert_true(read_xml("<?xml version=\"1.0\"?>\n" USUAL RECORD("192.0.2.1", "180", "none",
		"pass", "pass", "example.com") RECORD("192.0.2.200", " 20\n", "none", "pass",
		"pass", "Example.COM.") RECORD("2001:DB8:12:34::25", "5", "quarantine", "fail",
		"pass", "a.person.news.example.com") RECORD("::ffff:198.51.100.7", "4", "reject",
		"fail", "fail", "example.org") RECORD("203.0.113.1", "9", "none", "pass", "pass",
		"notexample.com") "</feedback>"));
	assert_int_equal(found->head.kind, SUMMARY_DMARC);
	assert_string_equal(found->head.receiver, "mailbox.test");
	assert_string_equal(found->head.id, "7");
	assert_int_equal(found->head.begin, 1793577600);
	assert_int_equal(found->head.end, 1793663999);
	assert_int_equal(found->rows, 4);
	const struct summary_row *r = row_of("192.0.2.0/24", "example.com");
	assert_int_equal(r->count, 200);
	assert_true(r->dkim && r->spf && r->disposition == DISPOSITION_NONE);
	/* what stands before a domain of ours may name a person */
	r = row_of("2001:db8:12::/48", "news.example.com");
	assert_int_equal(r->count, 5);
	assert_true(!r->dkim && r->spf && r->disposition == DISPOSITION_QUARANTINE);
	r = row_of("198.51.100.0/24", "example.org");
	assert_true(!r->dkim && !r->spf && r->disposition == DISPOSITION_REJECT);
	assert_int_equal(row_of("", "")->count, 9); /* of another's mail nothing but the count */
	assert_true(summary_valid(&found->head, found->row, found->rows));
}

static void names_of_receivers_are_no_addresses(void **state)
{
	(void)state;
	static const struct {
		const char *said, *kept;
	} names[] = { { "Mailbox Test, Inc.", "Mailbox Test, Inc." },
		{ "reports@mailbox.test", "mailbox.test" }, { "\"a\" <x>", "?a? ?x?" } };
	char kept[SUMMARY_RECEIVER_SIZE];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		summary_receiver(span_of(names[i].said), kept);
		assert_string_equal(kept, names[i].kept);
	}
	summary_receiver(SPAN("anna (at) example.net"), kept);
	assert_string_equal(kept, "");
}

/* Who is proven to have sent it stands behind what it calls itself. */
static void a_name_is_no_proof(void **state)
{
	(void)state;
	static const struct {
		const char *said, *proven, *kept;
	} names[] = {
		{ "mailbox.test", "", "mailbox.test" },
		{ "mailbox.test", "mailbox.test", "mailbox.test" },
		{ "mailbox.test", "reports.MAILBOX.test", "mailbox.test" },
		{ "mailbox.test", "notmailbox.test", "mailbox.test (notmailbox.test)" },
		{ "Mail Service", "a.test", "Mail Service (a.test)" },
		{ "Mail Service", "b.test", "Mail Service (b.test)" },
		{ "test", "mailbox.test", "test (mailbox.test)" },
		{ "An organisation with a name that goes on and on, Inc.",
			"some.very.long.name.of.a.domain.that.goes.on.mailbox.test",
			"An organisation with a  (f.a.domain.that.goes.on.mailbox.test)" },
		{ "x", "a\x01\xff@b.test", "x (b.test)" },
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct summary_head head = {
			.kind = SUMMARY_DMARC, .begin = 1793577600, .end = 1793663999
		};
		summary_receiver(span_of(names[i].said), head.receiver);
		summary_sender(&head, span_of(names[i].proven));
		assert_string_equal(head.receiver, names[i].kept);
		assert_int_equal(head.verified, *names[i].proven != 0);
		assert_true(summary_valid(&head, NULL, 0));
	}
}

/* Each line breaks one thing of a report. */
static void refuses_what_is_none(void **state)
{
	(void)state;
	static const char *const broken[] = {
		"",
		"<feedback/>",
		"<other>" ROW "</other>",
		USUAL ROW,
		USUAL ROW "</feedback",
		USUAL ROW "</feedback></feedback>",
		HEAD("", "7", "1793577600", "1793663999") ROW "</feedback>",
		HEAD("mailbox.test", "", "1793577600", "1793663999") ROW "</feedback>",
		HEAD("mailbox.test", "7", "soon", "1793663999") ROW "</feedback>",
		HEAD("mailbox.test", "7", "-1", "1793663999") ROW "</feedback>",
		HEAD("mailbox.test", "7", "1793663999", "1793577600") ROW "</feedback>",
		HEAD("mailbox.test", "7", "1793577600", "1899999999") ROW "</feedback>",
		HEAD("mailbox.test", "7", "7", "8") ROW "</feedback>",
		USUAL RECORD("192.0.2.1", "", "none", "pass", "pass", "example.com") "</feedback>",
		USUAL RECORD(
			"192.0.2.1", "1e3", "none", "pass", "pass", "example.com") "</feedback>",
		USUAL RECORD("192.0.2.1", "1000000001", "none", "pass", "pass",
			"example.com") "</feedback>",
		USUAL "<record/></feedback>",
		USUAL "&a;</feedback>",
		"<!DOCTYPE feedback>" USUAL ROW "</feedback>",
		"<!DOCTYPE f [<!ENTITY a \"b\">]>" USUAL ROW "</feedback>",
		"<?xml version=\"1.0\"?>" USUAL "\xff" ROW "</feedback>",
		USUAL
		"<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a>" ROW
		"</feedback>",
	};
	assert_true(read_xml(USUAL ROW "</feedback>"));
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		if (read_xml(broken[i]))
			fail_msg("was read: %s", broken[i]);
}

#define TLS_HEAD \
	"{\"organization-name\": \"Mailbox \\u0026 Test\", \"report-id\": \"9\", \"date-range\": {\"start-datetime\":" \
	" \"2026-11-02T00:00:00Z\", \"end-datetime\": \"2026-11-02T23:59:59Z\"}, \"policies\": ["
#define TLS_POLICY \
	"{\"policy\": {\"policy-type\": \"sts\", \"policy-domain\": \"example.com\"}, \"summary\": {\"total-successful-session-count\": 412," \
	" \"total-failure-session-count\": 9}, \"failure-details\": [{\"result-type\": \"certificate-expired\", \"failed-session-count\": 6}," \
	"{\"result-type\": \"of-our-own\", \"failed-session-count\": 1}]}"

static void tls_sessions_are_counted_by_result(void **state)
{
	(void)state;
	static const char *const broken[] = { "{}", TLS_HEAD TLS_POLICY "]", TLS_HEAD TLS_POLICY,
		TLS_HEAD "{\"summary\": {\"total-failure-session-count\": -1}}]}",
		"{\"organization-name\": \"a\", \"report-id\": \"1\", \"policies\": []}" };
	assert_true(read_mail("application/tlsrpt+json", span_of(TLS_HEAD TLS_POLICY "]}\n")));
	assert_int_equal(found->head.kind, SUMMARY_TLS);
	assert_string_equal(found->head.receiver, "Mailbox & Test");
	assert_int_equal(found->head.begin, 1793577600);
	assert_int_equal(found->rows, 3);
	uint64_t by_result[TLS_RESULT_COUNT] = { 0 };
	for (size_t i = 0; i < found->rows; i++) {
		assert_string_equal(found->row[i].domain, "example.com");
		assert_string_equal(found->row[i].network, "");
		by_result[found->row[i].result] = found->row[i].count;
	}
	assert_int_equal(by_result[TLS_WELL], 412);
	assert_int_equal(by_result[TLS_EXPIRED], 6);
	assert_int_equal(by_result[TLS_OTHER], 3); /* one of another type, two without a detail */
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		if (read_mail("application/tlsrpt+json", span_of(broken[i])))
			fail_msg("was read: %s", broken[i]);
}

/* A forged report of very many networks: their names go, the counts stay. */
static void rows_are_bounded(void **state)
{
	(void)state;
	enum { RECORDS = 6000 };
	char *text = malloc(RECORDS * 400), *p = text;
	uint64_t sum = 0, named = 0;
	p += sprintf(p, "%s", USUAL);
	for (unsigned i = 0; i < RECORDS; i++)
		p += sprintf(p,
			"<record><row><source_ip>10.%u.%u.1</source_ip><count>3</count></row><identifiers><header_from>example.com</header_from>"
			"</identifiers></record>",
			i / 250, i % 250);
	sprintf(p, "</feedback>");
	assert_true(read_xml(text));
	assert_true(found->rows <= SUMMARY_ROWS_MAX);
	for (size_t i = 0; i < found->rows; i++) {
		sum += found->row[i].count;
		named += *found->row[i].network != '\0';
	}
	assert_int_equal(sum, RECORDS * 3);
	assert_true(named >= SUMMARY_ROWS_MAX / 2);
	free(text);
}

/* --- archives ------------------------------------------------------------- */

static size_t unpacked;

static int count_bytes(void *context, struct span bytes)
{
	(void)context;
	unpacked += bytes.n;
	return 0;
}

static int unpack(const char *p, size_t n, size_t max)
{
	unpacked = 0;
	return archive_read((struct span){ p, n }, max, count_bytes, NULL);
}

/* FIRST and then N blanks as gzip (BITS 31) or deflated alone (-15), into OUT; its length. */
static size_t pack(const char *first, size_t n, int bits, char *out, size_t room)
{
	static unsigned char blanks[65536];
	z_stream z = { .next_out = (unsigned char *)out, .avail_out = (uInt)room };
	memset(blanks, ' ', sizeof blanks);
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, bits, 9, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (unsigned char *)(uintptr_t)first;
	z.avail_in = (uInt)strlen(first);
	assert_int_equal(deflate(&z, Z_NO_FLUSH), Z_OK);
	for (size_t left = n; left;) {
		size_t now = left < sizeof blanks ? left : sizeof blanks;
		z.next_in = blanks;
		z.avail_in = (uInt)now;
		assert_int_equal(deflate(&z, Z_NO_FLUSH), Z_OK);
		left -= now;
	}
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return room - z.avail_out;
}

/* A report whose middle is N blanks: a hundred times smaller when packed. */
static bool read_inflated(size_t n)
{
	enum { ROOM = 1 << 20 };
	char *packed = malloc(ROOM);
	size_t size = pack(USUAL, n, 31, packed, ROOM);
	size += pack(ROW "</feedback>", 0, 31, packed + size, ROOM - size);
	bool read = read_mail("application/gzip", (struct span){ packed, size });
	free(packed);
	return read;
}

static void a_bomb_is_refused(void **state)
{
	(void)state;
	assert_true(read_inflated(0));
	assert_true(read_inflated(SUMMARY_UNPACKED_MAX - 4096));
	assert_false(read_inflated(SUMMARY_UNPACKED_MAX));
}

static void gzip_is_bounded_and_whole(void **state)
{
	(void)state;
	enum { BIG = 4 << 20 };
	static char packed[65536];
	size_t n = pack("", BIG, 31, packed, sizeof packed);
	assert_int_equal(unpack(packed, n, BIG), 0);
	assert_int_equal(unpacked, BIG);
	assert_int_equal(unpack(packed, n, BIG - 1), -1);
	assert_true(unpacked < BIG);
	for (size_t cut = 1; cut < 40; cut++)
		assert_int_equal(unpack(packed, n - cut, BIG), -1);
	packed[n - 6] ^= 1; /* its checksum */
	assert_int_equal(unpack(packed, n, BIG), -1);
	packed[n - 6] ^= 1;
	size_t second = pack("", 10, 31, packed + n, sizeof packed - n);
	assert_int_equal(unpack(packed, n + second, BIG + 10), 0);
	assert_int_equal(unpacked, BIG + 10);
	assert_int_equal(unpack(packed, n + second, BIG + 9), -1);
}

static void little_endian(char *p, uint32_t value, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (char)(value >> 8 * i);
}

/* A zip with one file of N blanks at ZIP; its length. */
static size_t make_zip(size_t n, char *zip, size_t room)
{
	static const unsigned char blank = ' ';
	uint32_t crc = 0;
	memset(zip, 0, 30);
	memcpy(zip, "PK\3\4", 4);
	little_endian(zip + 8, 8, 2);
	little_endian(zip + 26, 1, 2);
	zip[30] = 'r';
	size_t packed = pack("", n, -15, zip + 31, room - 31), at = 31 + packed;
	for (size_t i = 0; i < n; i++)
		crc = (uint32_t)crc32(crc, &blank, 1);
	char *entry = zip + at, *end = entry + 47;
	memset(entry, 0, 47 + 22);
	memcpy(entry, "PK\1\2", 4);
	little_endian(entry + 10, 8, 2);
	little_endian(entry + 16, crc, 4);
	little_endian(entry + 20, (uint32_t)packed, 4);
	little_endian(entry + 24, (uint32_t)n, 4);
	little_endian(entry + 28, 1, 2);
	entry[46] = 'r';
	memcpy(end, "PK\5\6", 4);
	little_endian(end + 8, 1, 2);
	little_endian(end + 10, 1, 2);
	little_endian(end + 12, 47, 4);
	little_endian(end + 16, (uint32_t)at, 4);
	return at + 47 + 22;
}

/* Every byte of it changed, one after the other: it is read as it was, or refused. */
static void zip_is_bounded_and_whole(void **state)
{
	(void)state;
	enum { FILE_BYTES = 50000 };
	static char zip[1024], copy[1024];
	size_t n = make_zip(FILE_BYTES, zip, sizeof zip), refused = 0;
	assert_int_equal(unpack(zip, n, FILE_BYTES), 0);
	assert_int_equal(unpacked, FILE_BYTES);
	assert_int_equal(unpack(zip, n, FILE_BYTES - 1), -1);
	for (size_t cut = 1; cut <= n; cut++) {
		memcpy(copy, zip, n);
		assert_true(unpack(copy, n - cut, FILE_BYTES) == -1 || n - cut < 4 ||
			unpacked != FILE_BYTES);
	}
	for (size_t i = 0; i < n; i++)
		for (int bit = 0; bit < 8; bit++) {
			memcpy(copy, zip, n);
			copy[i] ^= (char)(1 << bit);
			if (i < 4) /* then it is no zip, but bytes */
				continue;
			int result = unpack(copy, n, FILE_BYTES);
			assert_true(result == -1 || unpacked == FILE_BYTES);
			refused += result == -1;
		}
	assert_true(refused > 300);
	little_endian(zip + n - 12, 17, 2); /* entries */
	assert_int_equal(unpack(zip, n, FILE_BYTES), -1);
}

/* --- what the run accepts ------------------------------------------------- */

static void refuses_what_no_parser_sends(void **state)
{
	(void)state;
	struct summary_head head;
	struct summary_row row;
#define BROKEN(change) \
	do { \
		assert_true(read_xml(USUAL ROW "</feedback>")); \
		head = found->head; \
		row = found->row[0]; \
		assert_true(summary_valid(&head, &row, 1)); \
		change; \
		assert_false(summary_valid(&head, &row, 1)); \
	} while (0)
	BROKEN(head.kind = SUMMARY_KIND_COUNT);
	BROKEN(head.verified = 2);
	BROKEN(head.begin = 0);
	BROKEN(head.end = head.begin - 1);
	BROKEN(memset(head.receiver, 'x', sizeof head.receiver));
	BROKEN(strcpy(head.receiver, ""));
	BROKEN(strcpy(head.receiver, "a@example.net"));
	BROKEN(strcpy(head.receiver, "a\nb"));
	BROKEN(strcpy(row.network, "a@b.example"));
	BROKEN(memset(row.network, '1', sizeof row.network));
	BROKEN(strcpy(row.domain, "a@example.com"));
	BROKEN(strcpy(row.domain, "\xff"));
	BROKEN(row.disposition = DISPOSITION_COUNT);
	BROKEN(row.dkim = 2);
	BROKEN(row.spf = 2);
	BROKEN(row.result = TLS_RESULT_COUNT);
	BROKEN(row.count = SUMMARY_COUNT_MAX + 1);
	assert_false(summary_valid(&head, &row, SUMMARY_ROWS_MAX + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_counts_by_network),
		cmocka_unit_test(names_of_receivers_are_no_addresses),
		cmocka_unit_test(a_name_is_no_proof),
		cmocka_unit_test(refuses_what_is_none),
		cmocka_unit_test(tls_sessions_are_counted_by_result),
		cmocka_unit_test(rows_are_bounded),
		cmocka_unit_test(a_bomb_is_refused),
		cmocka_unit_test(gzip_is_bounded_and_whole),
		cmocka_unit_test(zip_is_bounded_and_whole),
		cmocka_unit_test(refuses_what_no_parser_sends),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
