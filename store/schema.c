/*
 * The schema and how it grows. Each step leads from one version to the next;
 * user_version says which one a file has. A step is never edited once released:
 * a change is a new step.
 *
 * What each table is for:
 *   event          what happened to whom, under the key of the month in which it arrived.
 *                  Retention "events", its text "diagnostics"
 *   contact        whom not to write to, under the state key; what it says is sealed
 *                  (contactbody.c). No column in common with event but the day, and no order.
 *                  Retention "contacts"; of who objected, "objections"
 *   agenda         on which day time does something to a contact, under names that are sealed for
 *                  each line; and who objected (agenda.h). A line goes with its contact
 *   investigation  blocks of a provider and category that the sender has to mend: days and
 *                  counts; they stay
 *   gone_domain    domains that nobody has, as numbers made with a key (nodomain.c); for the
 *                  period of events after the last failure
 *   refused        blocks per day, provider and category, and where there is no profile by a number
 *                  of the receiving host, made with a key; for REFUSALS_KEPT days
 *   seen, kept     messages that were counted; messages that stay in their mailbox. Retention
 *                  "messages"
 *   tally          anonymous counts per day; they stay until their month is closed, when
 *                  tally_month has them by part (closed.c). campaign holds the day's names, so
 *                  that their number has a bound
 *   stream_count   the same by stream of our mail ([stream NAME]); it stays
 *   wording        what receivers said, per day, provider, cause, codes and words (wording.c); it
 *                  stays. wording_few: answers of this month that fewer than k recipients had, and
 *                  a number for each of these, made with a key, until the month is over;
 *                  wording_day: days that are yet to be counted
 *   message_count  messages per day, mailbox and outcome; they stay
 *   mailbox        when each was read last
 *   mailbox_fact   what its server is known by (facts.h)
 *   folder         where a folder of moved mail ended at a time (UIDVALIDITY, UIDNEXT): how long
 *                  each message has been there
 *   volume         how much was sent, per day, source, provider and campaign (volume.c);
 *                  volume_hour the same of the last days by hour. They stay, the hours for
 *                  HOURS_KEPT
 *   cohort         of the recipients who went soft in a month, how many came to which end
 *                  (cohort.c); recurrence: notices about recipients who had none before, and about
 *                  others. They stay
 *   typing         failures at domains that are one typing error away from a large provider's, by
 *                  that provider's domain and day (typing.c). They stay
 *   comment        what operators say of a month; investigated: investigations that are over. They
 *                  stay
 *   log_file       mail logs that were counted, by a hash of their beginning, and how far;
 *                  log_state what the next file's beginning depends on
 *   notice_hour    notices of the last HOURS_KEPT hours, by provider; notice_total the same from
 *                  the beginning, for metrics. Anonymous, as tallies are
 *   alert          what was out of the ordinary, when, and whether it was told
 *                  (store/watch/alert.c). Retention "alerts"; trouble: what a month's report says
 *                  of them, without figures. It stays
 *   unread         when a mailbox was not read (mailbox.c). It stays
 *   summary        what receivers report of our domains (summary.c): counts by day (its noon, UTC),
 *                  whether it is proven who sent them, receiver, network of the source, alignment,
 *                  result of a TLS session. Retention "summaries"
 *   held           how many rows of each class of data there are, by day (held.c)
 *   taken_back     causes that an operator took back (cause.c): names of ours, numbers and days;
 *                  they stay
 *   site           the sites that are known, and each life of their stores; share: what each of
 *                  them knows of a contact, sealed; change: what else it has said (site.h). A
 *                  share goes with its contact; what was erased is a hash there
 *   site_…         what other sites say of their tallies, volumes and so on, by day, part and life
 *                  (exchange/figures.c); each is kept as the table beside which it stands. figure:
 *                  which version of each day is held; figure_touched: days of this store's own that
 *                  changed
 *   brake_hour     hard bounces by hour, provider, rule and reporting MTA (a number), of 64 days
 *                  (brake.c)
 *   brake_peak     the most of an hour, by day and provider, rule or reporting MTA, of 128 days
 *                  (wave.c)
 *   wave           days on which they were improbable (wave.c); life: which site says so, 0: this
 *                  store
 *   ledger         what was promised and done (ledger.c)
 *   key            fingerprints of the keys in the key directory (keys.c, keyfile.c)
 *
 * Tables with a pseudonym or a message key have no rowid: rows lie in the order of their key, so
 * that nothing tells the order in which they came. In event that order is the arrival time, which
 * is a column anyway.
 */
#include "store/internal.h"
#include "store/schema.h"

const char schema_ledger_guard[] =
	"CREATE TRIGGER ledger_keep BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END";

static const char version_1[] =
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE key (name TEXT PRIMARY KEY, purpose TEXT NOT NULL, month TEXT, fingerprint BLOB NOT NULL, at INTEGER NOT NULL)"
	" STRICT, WITHOUT ROWID;"
	"CREATE TABLE event (at INTEGER NOT NULL, pseudonym BLOB NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, class TEXT,"
	" category TEXT, status TEXT, reply INTEGER, rule TEXT, provider TEXT NOT NULL, campaign TEXT, origin TEXT NOT NULL,"
	" mailbox TEXT NOT NULL, diagnostic TEXT, PRIMARY KEY (at, pseudonym, number)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX event_diagnostic ON event (at) WHERE diagnostic IS NOT NULL;"
	"CREATE TABLE contact (pseudonym BLOB PRIMARY KEY, state TEXT NOT NULL, at INTEGER NOT NULL, since INTEGER NOT NULL,"
	" until INTEGER, due INTEGER, attempts INTEGER NOT NULL, pauses INTEGER NOT NULL, counted_from INTEGER NOT NULL, reason TEXT,"
	" rule TEXT, ladder TEXT, history BLOB) STRICT, WITHOUT ROWID;"
	"CREATE INDEX contact_due ON contact (due) WHERE due IS NOT NULL;"
	"CREATE TABLE seen (key BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE kept (mailbox TEXT NOT NULL, id BLOB NOT NULL, what INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (mailbox, id))"
	" STRICT, WITHOUT ROWID;"
	"CREATE TABLE folder (mailbox TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, uidvalidity INTEGER NOT NULL,"
	" uidnext INTEGER NOT NULL, PRIMARY KEY (mailbox, name, at)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE mailbox (name TEXT PRIMARY KEY, read_at INTEGER, failed_at INTEGER, why TEXT) STRICT, WITHOUT ROWID;"
	"CREATE TABLE tally (day INTEGER NOT NULL, kind TEXT NOT NULL, class TEXT NOT NULL, category TEXT NOT NULL, origin TEXT NOT NULL,"
	" provider TEXT NOT NULL, campaign TEXT NOT NULL, count INTEGER NOT NULL,"
	" PRIMARY KEY (day, kind, class, category, origin, provider, campaign)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE campaign (day INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (day, name)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE message_count (day INTEGER NOT NULL, mailbox TEXT NOT NULL, outcome TEXT NOT NULL, count INTEGER NOT NULL,"
	" PRIMARY KEY (day, mailbox, outcome)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE ledger (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL,"
	" previous BLOB NOT NULL, hash BLOB NOT NULL) STRICT;"
	"CREATE TRIGGER ledger_fixed BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;";

static const char version_2[] =
	"CREATE TABLE volume (day INTEGER NOT NULL, source TEXT NOT NULL, beside INTEGER NOT NULL, provider TEXT NOT NULL, campaign TEXT NOT NULL,"
	" sent INTEGER NOT NULL, delivered INTEGER NOT NULL, deferred INTEGER NOT NULL, throttled INTEGER NOT NULL, rejected INTEGER NOT NULL,"
	" PRIMARY KEY (day, source, provider, campaign)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE volume_hour (hour INTEGER NOT NULL, provider TEXT NOT NULL, delivered INTEGER NOT NULL, deferred INTEGER NOT NULL,"
	" throttled INTEGER NOT NULL, rejected INTEGER NOT NULL, PRIMARY KEY (hour, provider)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE log_file (fingerprint BLOB PRIMARY KEY, length INTEGER NOT NULL, offset INTEGER NOT NULL, device INTEGER NOT NULL,"
	" inode INTEGER NOT NULL, size INTEGER NOT NULL, mtime INTEGER NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE log_state (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;";

/*
 * Contacts remember their events in a form of their own (history/history.c), and have a time at
 * which what it holds is made coarse.
 */
static const char version_3[] =
	"ALTER TABLE contact ADD COLUMN tidy INTEGER;"
	"CREATE INDEX contact_tidy ON contact (tidy) WHERE tidy IS NOT NULL;"
	"CREATE TABLE investigation (provider TEXT NOT NULL, category TEXT NOT NULL, opened INTEGER, last INTEGER NOT NULL, blocks INTEGER NOT NULL,"
	" resolved INTEGER NOT NULL, PRIMARY KEY (provider, category)) STRICT, WITHOUT ROWID;";

/*
 * Contacts know in which month they went soft, so that what becomes of them can be counted without
 * them.
 */
static const char version_4[] =
	"ALTER TABLE contact ADD COLUMN cohort INTEGER;"
	"CREATE TABLE cohort (month INTEGER NOT NULL, outcome TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (month, outcome))"
	" STRICT, WITHOUT ROWID;"
	"CREATE TABLE recurrence (day INTEGER NOT NULL, class TEXT NOT NULL, first INTEGER NOT NULL, repeated INTEGER NOT NULL,"
	" PRIMARY KEY (day, class)) STRICT, WITHOUT ROWID;";

/*
 * Whose domains are mistyped, what operators say of a month, and investigations that are over: for
 * the monthly report.
 */
static const char version_5[] =
	"CREATE TABLE typing (day INTEGER NOT NULL, domain TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (day, domain)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE comment (month TEXT NOT NULL, number INTEGER NOT NULL, written INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (month, number))"
	" STRICT, WITHOUT ROWID;"
	"CREATE TABLE investigated (closed INTEGER NOT NULL, provider TEXT NOT NULL, category TEXT NOT NULL, opened INTEGER NOT NULL,"
	" blocks INTEGER NOT NULL, PRIMARY KEY (closed, provider, category)) STRICT, WITHOUT ROWID;";

/* Contacts know whether they are still under the state key before the present one (keys.c). */
static const char version_6[] = "ALTER TABLE contact ADD COLUMN old INTEGER;"
				"CREATE INDEX contact_old ON contact (old) WHERE old IS NOT NULL;";

/* What alerts are made of. */
static const char version_7[] =
	"CREATE TABLE notice_hour (hour INTEGER NOT NULL, provider TEXT NOT NULL, hard INTEGER NOT NULL, soft INTEGER NOT NULL, block INTEGER NOT NULL,"
	" undetermined INTEGER NOT NULL, complaint INTEGER NOT NULL, throttled INTEGER NOT NULL, PRIMARY KEY (hour, provider)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE notice_total (provider TEXT NOT NULL, what TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (provider, what))"
	" STRICT, WITHOUT ROWID;"
	"INSERT INTO notice_total SELECT provider, CASE WHEN origin NOT IN ('matched', 'verified') THEN 'unattributed' WHEN kind = 'complaint'"
	" THEN kind WHEN class IN ('hard', 'soft', 'block') THEN class ELSE 'undetermined' END AS what, sum(count) FROM tally"
	" WHERE kind IN ('failure', 'complaint') GROUP BY provider, what;"
	"CREATE TABLE alert (number INTEGER PRIMARY KEY AUTOINCREMENT, condition TEXT NOT NULL, subject TEXT NOT NULL, opened INTEGER NOT NULL,"
	" at INTEGER NOT NULL, cleared INTEGER, reopened INTEGER NOT NULL, news TEXT NOT NULL, told INTEGER NOT NULL, by_mail INTEGER NOT NULL,"
	" by_command INTEGER NOT NULL, value INTEGER NOT NULL, bound INTEGER NOT NULL, usual INTEGER NOT NULL, part INTEGER NOT NULL,"
	" whole INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, provider TEXT NOT NULL, campaign TEXT NOT NULL,"
	" category TEXT NOT NULL) STRICT;"
	"CREATE UNIQUE INDEX alert_open ON alert (condition, subject) WHERE cleared IS NULL;"
	"ALTER TABLE mailbox ADD COLUMN first_at INTEGER;";

/* Until when the certificate of a mailbox's server is good. */
static const char version_8[] = "ALTER TABLE mailbox ADD COLUMN certificate_end INTEGER";

/* Messages that a mailbox does not hand out, so that somebody hears of them while they stay. */
static const char version_9[] =
	"CREATE TABLE stuck (mailbox TEXT NOT NULL, id BLOB NOT NULL, since INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (mailbox, id))"
	" STRICT, WITHOUT ROWID;";

/*
 * What retention holds is counted as it comes and goes (held.c), and found by its time. The file is
 * written anew once more: afterwards pages are clean when they are written (store/base/pagefile.h).
 */
static const char version_10[] =
	"CREATE TABLE held (class TEXT NOT NULL, day INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (class, day)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX contact_at ON contact (at);"
	"CREATE INDEX kept_at ON kept (at);"
	"INSERT INTO meta SELECT 'rewrite', 'whole' WHERE EXISTS (SELECT 1 FROM ledger) ON CONFLICT DO UPDATE SET value = excluded.value;";

/* The counts of contacts by state are kept, too, for reports and metrics. */
static const char version_11[] = "DELETE FROM held WHERE class >= 'state ' AND class < 'state!'";

/* The file is written anew once more: from then on each page is sealed (store/base/pagefile.h). */
static const char version_12[] =
	"INSERT INTO meta SELECT 'rewrite', 'whole' WHERE EXISTS (SELECT 1 FROM ledger) ON CONFLICT DO UPDATE SET value = excluded.value;";

/* By how much an event was decided (classify/event.h); null in those from before. */
static const char version_13[] = "ALTER TABLE event ADD COLUMN margin INTEGER";

/* Causes that were taken back. */
static const char version_14[] =
	"CREATE TABLE taken_back (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
	" rule TEXT, provider TEXT, mta INTEGER, campaign INTEGER) STRICT";

/* What several sites know together (site.h). */
static const char version_15[] =
	"CREATE TABLE site (number INTEGER PRIMARY KEY, name TEXT NOT NULL, life TEXT NOT NULL, until INTEGER, merged INTEGER, UNIQUE (name, life)) STRICT;"
	"CREATE TABLE share (pseudonym BLOB NOT NULL, life INTEGER NOT NULL, version INTEGER NOT NULL, number INTEGER NOT NULL, body BLOB NOT NULL,"
	" PRIMARY KEY (pseudonym, life)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX share_number ON share (number);"
	"CREATE TABLE change (kind TEXT NOT NULL, id TEXT NOT NULL, life INTEGER NOT NULL, version INTEGER NOT NULL, number INTEGER NOT NULL, body BLOB NOT NULL,"
	" PRIMARY KEY (kind, id, life)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX change_number ON change (number)";

/* Hard bounces by the hour, and when they were improbable. */
static const char version_16[] =
	"CREATE TABLE brake_hour (hour INTEGER NOT NULL, provider TEXT NOT NULL, rule TEXT NOT NULL, mta INTEGER NOT NULL, count INTEGER NOT NULL,"
	" PRIMARY KEY (hour, provider, rule, mta)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE brake_peak (kind TEXT NOT NULL, name TEXT NOT NULL, mta INTEGER NOT NULL, day INTEGER NOT NULL, whole INTEGER NOT NULL,"
	" open INTEGER NOT NULL, PRIMARY KEY (kind, name, mta, day)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE wave (kind TEXT NOT NULL, name TEXT NOT NULL, mta INTEGER NOT NULL, day INTEGER NOT NULL, life INTEGER NOT NULL,"
	" opened INTEGER NOT NULL, state TEXT NOT NULL, PRIMARY KEY (kind, name, mta, day, life)) STRICT, WITHOUT ROWID";

/* Blocks by day, of receivers without a profile by host: what opens an investigation. */
static const char version_17[] =
	"CREATE TABLE refused (day INTEGER NOT NULL, provider TEXT NOT NULL, category TEXT NOT NULL, host INTEGER NOT NULL, count INTEGER NOT NULL,"
	" PRIMARY KEY (day, provider, category, host)) STRICT, WITHOUT ROWID";

/* What went wrong in a month stays, for its report: alerts without figures, mailboxes that nobody
 * read. */
static const char version_18[] =
	"CREATE TABLE trouble (number INTEGER PRIMARY KEY, condition TEXT NOT NULL, subject TEXT NOT NULL, opened INTEGER NOT NULL,"
	" since INTEGER NOT NULL, until INTEGER NOT NULL, cleared INTEGER, provider TEXT NOT NULL, campaign TEXT NOT NULL,"
	" category TEXT NOT NULL) STRICT;"
	"INSERT INTO trouble SELECT number, condition, subject, opened, since, until, cleared, provider, campaign, category FROM alert;"
	"CREATE TABLE unread (mailbox TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (mailbox, since))"
	" STRICT, WITHOUT ROWID";

/* Domains that nobody has. */
static const char version_19[] =
	"CREATE TABLE gone_domain (domain INTEGER PRIMARY KEY, count INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL) STRICT";

/* Who objected to mail is remembered for longer than who could not be reached. */
static const char version_20[] =
	"ALTER TABLE contact ADD COLUMN objection INTEGER NOT NULL DEFAULT 0;"
	"DROP INDEX contact_at;"
	"CREATE INDEX contact_at ON contact (objection, at)";

/* Contacts know by which state key they are found; their rows are sealed (keylife.c). */
static const char version_21[] =
	"DROP INDEX contact_old;"
	"CREATE INDEX contact_old ON contact (old, objection) WHERE old IS NOT NULL";

/* What receivers report of our domains. */
static const char version_22[] =
	"CREATE TABLE summary (at INTEGER NOT NULL, kind TEXT NOT NULL, receiver TEXT NOT NULL, domain TEXT NOT NULL, network TEXT NOT NULL,"
	" disposition TEXT NOT NULL, dkim INTEGER NOT NULL, spf INTEGER NOT NULL, result TEXT NOT NULL, count INTEGER NOT NULL,"
	" PRIMARY KEY (at, kind, receiver, domain, network, disposition, dkim, spf, result)) STRICT, WITHOUT ROWID";

/*
 * Objections to one stream: whether a contact's history has any, 2: and little else; of which
 * stream an event is; counts by stream.
 */
static const char version_23[] =
	"ALTER TABLE contact ADD COLUMN objected INTEGER;"
	"ALTER TABLE event ADD COLUMN stream TEXT;"
	"CREATE TABLE stream_count (day INTEGER NOT NULL, stream TEXT NOT NULL, what TEXT NOT NULL, count INTEGER NOT NULL,"
	" PRIMARY KEY (day, stream, what)) STRICT, WITHOUT ROWID";

/* Which reports are proven to come from who says so; those from before are not. */
static const char version_24[] =
	"ALTER TABLE summary RENAME TO summary_old;"
	"CREATE TABLE summary (at INTEGER NOT NULL, kind TEXT NOT NULL, verified INTEGER NOT NULL, receiver TEXT NOT NULL, domain TEXT NOT NULL,"
	" network TEXT NOT NULL, disposition TEXT NOT NULL, dkim INTEGER NOT NULL, spf INTEGER NOT NULL, result TEXT NOT NULL, count INTEGER NOT NULL,"
	" PRIMARY KEY (at, kind, verified, receiver, domain, network, disposition, dkim, spf, result)) STRICT, WITHOUT ROWID;"
	"INSERT INTO summary SELECT at, kind, 0, receiver, domain, network, disposition, dkim, spf, result, count FROM summary_old;"
	"DROP TABLE summary_old";

/* A change of whom not to write to that is to be told: the number of its transaction. */
static const char version_25[] =
	"ALTER TABLE contact ADD COLUMN news INTEGER;"
	"CREATE INDEX contact_news ON contact (news) WHERE news IS NOT NULL";

/* Who says what an alert says, and what there is of it when it clears. */
static const char version_26[] = "ALTER TABLE alert ADD COLUMN detail TEXT NOT NULL DEFAULT '';"
				 "ALTER TABLE alert ADD COLUMN present INTEGER;"
				 "ALTER TABLE alert ADD COLUMN present_part INTEGER;"
				 "ALTER TABLE alert ADD COLUMN present_whole INTEGER";
/* What other sites say of their days. */
static const char version_27[] =
	"CREATE TABLE figure (name TEXT NOT NULL, day INTEGER NOT NULL, part INTEGER NOT NULL, life INTEGER NOT NULL, version INTEGER NOT NULL,"
	" number INTEGER NOT NULL, PRIMARY KEY (name, day, part, life)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX figure_number ON figure (number);"
	"CREATE TABLE figure_touched (name TEXT NOT NULL, day INTEGER NOT NULL, part INTEGER NOT NULL, PRIMARY KEY (name, day, part))"
	" STRICT, WITHOUT ROWID;"
	"CREATE TABLE site_tally (day INTEGER NOT NULL, kind TEXT NOT NULL, class TEXT NOT NULL, category TEXT NOT NULL, origin TEXT NOT NULL, provider TEXT NOT NULL, campaign TEXT NOT NULL, count INTEGER NOT NULL,"
	" part INTEGER NOT NULL, life INTEGER NOT NULL, PRIMARY KEY (day, kind, class, category, origin, provider, campaign, part, life)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE site_volume (day INTEGER NOT NULL, source TEXT NOT NULL, beside INTEGER NOT NULL, provider TEXT NOT NULL, campaign TEXT NOT NULL, sent INTEGER NOT NULL, delivered INTEGER NOT NULL, deferred INTEGER NOT NULL, throttled INTEGER NOT NULL, rejected INTEGER NOT NULL,"
	" part INTEGER NOT NULL, life INTEGER NOT NULL, PRIMARY KEY (day, source, provider, campaign, beside, part, life)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE site_message_count (day INTEGER NOT NULL, mailbox TEXT NOT NULL, outcome TEXT NOT NULL, count INTEGER NOT NULL,"
	" part INTEGER NOT NULL, life INTEGER NOT NULL, PRIMARY KEY (day, mailbox, outcome, part, life)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE site_typing (day INTEGER NOT NULL, domain TEXT NOT NULL, count INTEGER NOT NULL,"
	" part INTEGER NOT NULL, life INTEGER NOT NULL, PRIMARY KEY (day, domain, part, life)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE site_stream_count (day INTEGER NOT NULL, stream TEXT NOT NULL, what TEXT NOT NULL, count INTEGER NOT NULL,"
	" part INTEGER NOT NULL, life INTEGER NOT NULL, PRIMARY KEY (day, stream, what, part, life)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE site_summary (day INTEGER NOT NULL, kind TEXT NOT NULL, verified INTEGER NOT NULL, receiver TEXT NOT NULL, domain TEXT NOT NULL, network TEXT NOT NULL, disposition TEXT NOT NULL, dkim INTEGER NOT NULL, spf INTEGER NOT NULL, result TEXT NOT NULL, count INTEGER NOT NULL,"
	" part INTEGER NOT NULL, life INTEGER NOT NULL, PRIMARY KEY (day, kind, verified, receiver, domain, network, disposition, dkim, spf, result, part, life)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE site_trouble (day INTEGER NOT NULL, number INTEGER NOT NULL, condition TEXT NOT NULL, subject TEXT NOT NULL, opened INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, cleared INTEGER NOT NULL, provider TEXT NOT NULL, campaign TEXT NOT NULL, category TEXT NOT NULL,"
	" part INTEGER NOT NULL, life INTEGER NOT NULL, PRIMARY KEY (day, number, part, life)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE site_unread (day INTEGER NOT NULL, mailbox TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,"
	" part INTEGER NOT NULL, life INTEGER NOT NULL, PRIMARY KEY (day, mailbox, since, part, life)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE site_investigation (day INTEGER NOT NULL, provider TEXT NOT NULL, category TEXT NOT NULL, opened INTEGER NOT NULL, last INTEGER NOT NULL, blocks INTEGER NOT NULL,"
	" part INTEGER NOT NULL, life INTEGER NOT NULL, PRIMARY KEY (day, provider, category, part, life)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE site_investigated (day INTEGER NOT NULL, provider TEXT NOT NULL, category TEXT NOT NULL, opened INTEGER NOT NULL, blocks INTEGER NOT NULL,"
	" part INTEGER NOT NULL, life INTEGER NOT NULL, PRIMARY KEY (day, provider, category, part, life)) STRICT, WITHOUT ROWID";

/* Facts of mailboxes' servers have no column each (facts.h): another one changes no table. */
static const char version_28[] =
	"CREATE TABLE mailbox_fact (mailbox TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (mailbox, name))"
	" STRICT, WITHOUT ROWID;"
	"INSERT INTO mailbox_fact SELECT name, 'certificate_end_timestamp_seconds', certificate_end FROM mailbox WHERE certificate_end <> 0;"
	"ALTER TABLE mailbox DROP COLUMN certificate_end";

/* Counts of months that are closed. */
static const char version_29[] =
	"CREATE TABLE tally_month (month INTEGER NOT NULL, part TEXT NOT NULL, day INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,"
	" class TEXT NOT NULL, category TEXT NOT NULL, origin TEXT NOT NULL, count INTEGER NOT NULL,"
	" PRIMARY KEY (month, part, name, kind, class, category, origin, day)) STRICT, WITHOUT ROWID";

/*
 * What rows of contacts say is sealed (contactbody.c), and what is left in clear is cut to days;
 * the order of news is sealed, too.
 */
static const char version_30[] =
	"DROP INDEX contact_due; DROP INDEX contact_tidy; DROP INDEX contact_at; DROP INDEX contact_old; DROP INDEX contact_news;"
	"ALTER TABLE contact RENAME TO contact_plain;"
	"CREATE TABLE contact (pseudonym BLOB PRIMARY KEY, at INTEGER NOT NULL, due INTEGER, tidy INTEGER, objection INTEGER NOT NULL, old INTEGER,"
	" news BLOB, body BLOB NOT NULL) STRICT, WITHOUT ROWID;"
	"INSERT INTO contact SELECT pseudonym, at, due - due % 86400, tidy, objection, old, news_sealed(news), contact_sealed(pseudonym, state, since,"
	" until, due, attempts, pauses, counted_from, reason, rule, ladder, history, cohort, objected) FROM contact_plain ORDER BY pseudonym;"
	"DROP TABLE contact_plain;"
	"CREATE INDEX contact_due ON contact (due) WHERE due IS NOT NULL;"
	"CREATE INDEX contact_tidy ON contact (tidy) WHERE tidy IS NOT NULL;"
	"CREATE INDEX contact_at ON contact (objection, at);"
	"CREATE INDEX contact_old ON contact (old, objection) WHERE old IS NOT NULL;"
	"CREATE INDEX contact_news ON contact (news) WHERE news IS NOT NULL;"
	"INSERT INTO meta SELECT 'rewrite', 'due' WHERE EXISTS (SELECT 1 FROM ledger) ON CONFLICT DO NOTHING";

/* What receivers said, counted; the days that are there already are counted at the next purge. */
static const char version_31[] =
	"CREATE TABLE wording (day INTEGER NOT NULL, provider TEXT NOT NULL, class TEXT NOT NULL, category TEXT NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL,"
	" count INTEGER NOT NULL, PRIMARY KEY (day, provider, class, category, code, text)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE wording_few (month INTEGER NOT NULL, provider TEXT NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL, who BLOB NOT NULL,"
	" PRIMARY KEY (month, provider, code, text)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE wording_day (day INTEGER PRIMARY KEY) STRICT;"
	"CREATE TABLE site_wording (day INTEGER NOT NULL, provider TEXT NOT NULL, class TEXT NOT NULL, category TEXT NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL, count INTEGER NOT NULL,"
	" part INTEGER NOT NULL, life INTEGER NOT NULL, PRIMARY KEY (day, provider, class, category, code, text, part, life)) STRICT, WITHOUT ROWID;"
	"INSERT INTO wording_day SELECT DISTINCT CAST(strftime('%Y%m%d', at, 'unixepoch') AS INTEGER) FROM event WHERE diagnostic IS NOT NULL";

/* What time does to contacts stands apart from their rows (agenda.h). */
static const char version_32[] =
	"DROP INDEX contact_due; DROP INDEX contact_tidy; DROP INDEX contact_at; DROP INDEX contact_old; DROP INDEX contact_news;"
	"ALTER TABLE contact RENAME TO contact_timed;"
	"CREATE TABLE contact (pseudonym BLOB PRIMARY KEY, at INTEGER NOT NULL, old INTEGER, news BLOB, body BLOB NOT NULL) STRICT, WITHOUT ROWID;"
	"INSERT INTO contact SELECT pseudonym, at, old, news, CASE objection WHEN 0 THEN body ELSE contact_objecting(pseudonym, body) END"
	" FROM contact_timed ORDER BY pseudonym;"
	"DROP TABLE contact_timed;"
	"CREATE INDEX contact_at ON contact (at);"
	"CREATE INDEX contact_old ON contact (old) WHERE old IS NOT NULL;"
	"CREATE INDEX contact_news ON contact (news) WHERE news IS NOT NULL;"
	"CREATE TABLE agenda (what TEXT NOT NULL, day INTEGER NOT NULL, name BLOB NOT NULL, PRIMARY KEY (what, day, name)) STRICT, WITHOUT ROWID;"
	"INSERT INTO meta SELECT 'rewrite', 'due' WHERE EXISTS (SELECT 1 FROM ledger) ON CONFLICT DO NOTHING";

/* Keys of messages begin with a day (seen.c): up to when there may be others. */
static const char version_33[] =
	"INSERT INTO meta SELECT 'seen-undated', CAST(max(at) AS TEXT) FROM seen HAVING max(at) IS NOT NULL";

/* Shares and erasures may have a form that an older program does not know (share.c, sitelift.c). */
static const char version_34[] = "SELECT 34";

/* Pages may have a seal that an older program takes for a broken one (base/pagefile.c). */
static const char version_35[] = "SELECT 35";

struct schema_step {
	const char *sql, *then; /* THEN may be NULL */
	const char *mark;       /* user_version after it; a pragma takes no parameter */
};

/* steps[n] leads from version n to n + 1. */
static const struct schema_step steps[] = {
	{ version_1, schema_ledger_guard,
		"PRAGMA application_id = 0x7265746f; PRAGMA user_version = 1" },
	{ version_2, NULL, "PRAGMA user_version = 2" },
	{ version_3, NULL, "PRAGMA user_version = 3" },
	{ version_4, NULL, "PRAGMA user_version = 4" },
	{ version_5, NULL, "PRAGMA user_version = 5" },
	{ version_6, NULL, "PRAGMA user_version = 6" },
	{ version_7, NULL, "PRAGMA user_version = 7" },
	{ version_8, NULL, "PRAGMA user_version = 8" },
	{ version_9, NULL, "PRAGMA user_version = 9" },
	{ version_10, NULL, "PRAGMA user_version = 10" },
	{ version_11, NULL, "PRAGMA user_version = 11" },
	{ version_12, NULL, "PRAGMA user_version = 12" },
	{ version_13, NULL, "PRAGMA user_version = 13" },
	{ version_14, NULL, "PRAGMA user_version = 14" },
	{ version_15, NULL, "PRAGMA user_version = 15" },
	{ version_16, NULL, "PRAGMA user_version = 16" },
	{ version_17, NULL, "PRAGMA user_version = 17" },
	{ version_18, NULL, "PRAGMA user_version = 18" },
	{ version_19, NULL, "PRAGMA user_version = 19" },
	{ version_20, NULL, "PRAGMA user_version = 20" },
	{ version_21, NULL, "PRAGMA user_version = 21" },
	{ version_22, NULL, "PRAGMA user_version = 22" },
	{ version_23, NULL, "PRAGMA user_version = 23" },
	{ version_24, NULL, "PRAGMA user_version = 24" },
	{ version_25, NULL, "PRAGMA user_version = 25" },
	{ version_26, NULL, "PRAGMA user_version = 26" },
	{ version_27, NULL, "PRAGMA user_version = 27" },
	{ version_28, NULL, "PRAGMA user_version = 28" },
	{ version_29, NULL, "PRAGMA user_version = 29" },
	{ version_30, NULL, "PRAGMA user_version = 30" },
	{ version_31, NULL, "PRAGMA user_version = 31" },
	{ version_32, NULL, "PRAGMA user_version = 32" },
	{ version_33, NULL, "PRAGMA user_version = 33" },
	{ version_34, NULL, "PRAGMA user_version = 34" },
	{ version_35, NULL, "PRAGMA user_version = 35" },
};
_Static_assert(
	sizeof steps / sizeof *steps == SCHEMA_VERSION, "each version has a step that leads to it");

static int pragma_int(struct store *s, const char *sql, int64_t *out)
{
	sqlite3_stmt *st;
	int result = STORE_OK;

	if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK ||
		sqlite3_step(st) != SQLITE_ROW)
		result = db_error(s);
	else
		*out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return result;
}

int schema_version(struct store *s, int *version)
{
	int64_t id = 0, number = 0, tables = 0;

	if (pragma_int(s, "PRAGMA application_id", &id) ||
		pragma_int(s, "PRAGMA user_version", &number) ||
		pragma_int(s, "SELECT count(*) FROM sqlite_schema", &tables))
		return STORE_FAILED;
	*version = 0;
	if (!id && !number && !tables)
		return STORE_OK;
	if (id != APPLICATION_ID || number < 1)
		return store_fail(
			s, STORE_FAILED, "%s: a database, but not one of retour", s->o.path);
	if (number > SCHEMA_VERSION)
		return db_outgrown(s, (int)number);
	*version = (int)number;
	return STORE_OK;
}

int schema_still_known(struct store *s)
{
	int64_t version = 0;

	if (db_int(s, &version, SQL_FORM, ""))
		return STORE_FAILED;
	return version > SCHEMA_VERSION ? db_outgrown(s, (int)version) : STORE_OK;
}

int schema_make(sqlite3 *db)
{
	int rc = SQLITE_OK;

	for (int v = 0; v < SCHEMA_VERSION && rc == SQLITE_OK; v++) {
		rc = sqlite3_exec(db, steps[v].sql, NULL, NULL, NULL);
		if (rc == SQLITE_OK && steps[v].then)
			rc = sqlite3_exec(db, steps[v].then, NULL, NULL, NULL);
	}
	return rc == SQLITE_OK ? STORE_OK : STORE_FAILED;
}

/*
 * Rows are brought to their new form when all tables have theirs: what does that uses the
 * statements of the present schema.
 */
int schema_migrate(struct store *s, int from, const struct schema_conversion *conversions)
{
	for (int v = from; v < SCHEMA_VERSION; v++)
		if (db_exec(s, steps[v].sql) || (steps[v].then && db_exec(s, steps[v].then)) ||
			db_exec(s, steps[v].mark))
			return STORE_FAILED;
	for (const struct schema_conversion *c = conversions; c->convert; c++)
		if (c->version > from && c->convert(s))
			return STORE_FAILED;
	return STORE_OK;
}
