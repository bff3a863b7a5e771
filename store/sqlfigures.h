/*
 * The statements of figures that sites tell each other (exchange/figures.c), of the list in sql.h:
 * for each table of counts one beside it with what other sites say, and how both are read as one.
 *
 * A table's row goes by its day (BUCKET) and by a part of it (PART), whose rows are one line. The
 * rows of life 0 are negative: they are what this store's own table has of a former life of it.
 */
#ifndef RETOUR_STORE_SQLFIGURES_H
#define RETOUR_STORE_SQLFIGURES_H

#include "store/sqlwording.h"

/* --- parts and days: of a row in a statement, or NEW or OLD in a trigger ------------------- */

#define FIGURE_BY_CAMPAIGN(row) "figure_part(" row "campaign)"
#define FIGURE_BY_NETWORK(row) "figure_part(" row "network)"
#define FIGURE_IN_ONE(row) "0"
#define FIGURE_DAY(row) row "day"
#define FIGURE_AT(row) row "at"
#define FIGURE_CLOSED(row) row "closed"
#define FIGURE_OPENED(row) "(" row "opened - " row "opened % 86400)"
#define FIGURE_SINCE(row) "(" row "since - " row "since % 86400)"
#define FIGURE_NO_DAY(row) "0"

/* --- columns ------------------------------------------------------------------------------ */

/* A name that is not judged yet stays here (fold.c); ?3: all names do, as the part is too large. */
#define FIGURE_CAMPAIGN \
	"iif(campaign <> '' AND (?3 OR EXISTS (SELECT 1 FROM campaign AS c WHERE c.day = t.bucket AND c.name = t.campaign)), 'other campaigns', campaign)"
#define TALLY_KEYS "kind, class, category, origin, provider, campaign"
#define TALLY_OWN "kind, class, category, origin, provider, " FIGURE_CAMPAIGN
#define COUNT_SUM "sum(count) AS count"
#define COUNT_LESS "-sum(count)"
#define VOLUME_KEYS "source, beside, provider, campaign"
#define VOLUME_OWN "source, beside, provider, " FIGURE_CAMPAIGN
#define VOLUME_COUNTS "sent, delivered, deferred, throttled, rejected"
#define VOLUME_SUM \
	"sum(sent) AS sent, sum(delivered) AS delivered, sum(deferred) AS deferred, sum(throttled) AS throttled, sum(rejected) AS rejected"
#define VOLUME_LESS "-sum(sent), -sum(delivered), -sum(deferred), -sum(throttled), -sum(rejected)"
#define SUMMARY_KEYS "kind, verified, receiver, domain, network, disposition, dkim, spf, result"
#define SUMMARY_OWN \
	"kind, verified, iif(?3, '', receiver), domain, iif(?3, '', network), disposition, dkim, spf, result"
#define TROUBLE_ROW \
	"number, condition, subject, opened, since, until, coalesce(cleared, 0) AS cleared, provider, campaign, category"
#define TROUBLE_COLUMNS \
	"number, condition, subject, opened, since, until, cleared, provider, campaign, category"

/* --- statements --------------------------------------------------------------------------- */

#define FIGURE_SEED(T, BUCKET, PART) \
	"INSERT OR IGNORE INTO figure_touched (name, day, part) SELECT DISTINCT '" T \
	"', " BUCKET("") ", " PART("") " FROM " T
#define FIGURE_HELD(T, COLUMNS) \
	"SELECT " COLUMNS " FROM site_" T " WHERE day = ?1 AND part = ?2 AND life = ?3"
#define FIGURE_CLEAR(T) "DELETE FROM site_" T " WHERE day = ?1 AND part = ?2 AND life = ?3"
#define FIGURE_PUT(T, COLUMNS, MARKS) \
	"INSERT OR IGNORE INTO site_" T " (" COLUMNS ", day, part, life) VALUES (" MARKS \
	", ?, ?, ?)"
/* this store's own rows less those that a former life has told */
#define FIGURE_OWN_ROWS(T, BUCKET, PART, KEYS, COUNTS) \
	"SELECT " BUCKET("") " AS bucket, " PART("") " AS part, " KEYS ", " COUNTS " FROM " T
#define FIGURE_LEFT_ROWS(T, BUCKET, PART, KEYS, COUNTS) \
	"(" FIGURE_OWN_ROWS(T, BUCKET, PART, KEYS, COUNTS) " UNION ALL SELECT day, part, " KEYS \
							   ", " COUNTS " FROM site_" T \
							   " WHERE life = 0) AS t"

/*
 * A table that adds up; TOLD: its keys as others hear them, the columns 1 to N. ?1: the day, or the
 * life before; ?2 the part; ?3: without names that come with mail.
 */
#define FIGURE_ADDED(X, S, T, BUCKET, PART, KEYS, TOLD, N, COUNTS, SUM, LESS, MARKS) \
	X(SQL_##S##_TELL, \
		"SELECT " TOLD ", " SUM " FROM " FIGURE_LEFT_ROWS(T, BUCKET, PART, KEYS, \
			COUNTS) " WHERE bucket = ?1 AND part = ?2 AND (?3 OR 1) GROUP BY " N) \
	X(SQL_##S##_HELD, FIGURE_HELD(T, KEYS ", " COUNTS)) \
	X(SQL_##S##_PUT, FIGURE_PUT(T, KEYS ", " COUNTS, MARKS)) \
	X(SQL_##S##_CLEAR, FIGURE_CLEAR(T)) \
	X(SQL_##S##_SEED, FIGURE_SEED(T, BUCKET, PART)) \
	X(SQL_##S##_KEEP, \
		"INSERT OR IGNORE INTO site_" T " (" KEYS ", " COUNTS \
		", day, part, life) SELECT " TOLD ", " SUM \
		", bucket, part, ?1 FROM " FIGURE_LEFT_ROWS(T, BUCKET, PART, KEYS, \
			COUNTS) " WHERE ?3 = 0 GROUP BY " N ", bucket, part") \
	X(SQL_##S##_FORGET, "DELETE FROM site_" T " WHERE life = 0") \
	X(SQL_##S##_LESS, \
		"INSERT OR IGNORE INTO site_" T " (" KEYS ", " COUNTS \
		", day, part, life) SELECT " KEYS ", " LESS \
		", bucket, part, 0 FROM (" FIGURE_OWN_ROWS( \
			T, BUCKET, PART, KEYS, COUNTS) ") GROUP BY bucket, part, " KEYS)
/* A table of things that happened. */
#define FIGURE_LISTED(X, S, T, BUCKET, ROW, COLUMNS, WHERE, MARKS) \
	X(SQL_##S##_TELL, \
		"SELECT " ROW " FROM " T \
		" WHERE " BUCKET("") " = ?1 AND ?2 = 0 AND (?3 OR 1)" WHERE) \
	X(SQL_##S##_HELD, FIGURE_HELD(T, COLUMNS)) \
	X(SQL_##S##_PUT, FIGURE_PUT(T, COLUMNS, MARKS)) \
	X(SQL_##S##_CLEAR, FIGURE_CLEAR(T)) \
	X(SQL_##S##_SEED, FIGURE_SEED(T, BUCKET, FIGURE_IN_ONE))

#define STORE_SQL_FIGURES(X) \
	FIGURE_ADDED(X, TALLY, "tally", FIGURE_DAY, FIGURE_BY_CAMPAIGN, TALLY_KEYS, TALLY_OWN, \
		"1, 2, 3, 4, 5, 6", "count", COUNT_SUM, COUNT_LESS, "?, ?, ?, ?, ?, ?, ?") \
	FIGURE_ADDED(X, SENT, "volume", FIGURE_DAY, FIGURE_BY_CAMPAIGN, VOLUME_KEYS, VOLUME_OWN, \
		"1, 2, 3, 4", VOLUME_COUNTS, VOLUME_SUM, VOLUME_LESS, "?, ?, ?, ?, ?, ?, ?, ?, ?") \
	FIGURE_ADDED(X, READ, "message_count", FIGURE_DAY, FIGURE_IN_ONE, "mailbox, outcome", \
		"mailbox, outcome", "1, 2", "count", COUNT_SUM, COUNT_LESS, "?, ?, ?") \
	FIGURE_ADDED(X, MISTYPED, "typing", FIGURE_DAY, FIGURE_IN_ONE, "domain", "domain", "1", \
		"count", COUNT_SUM, COUNT_LESS, "?, ?") \
	FIGURE_ADDED(X, STREAM, "stream_count", FIGURE_DAY, FIGURE_IN_ONE, "stream, what", \
		"stream, what", "1, 2", "count", COUNT_SUM, COUNT_LESS, "?, ?, ?") \
	FIGURE_ADDED(X, SAID, "wording", FIGURE_DAY, FIGURE_IN_ONE, WORDING_KEYS, WORDING_KEYS, \
		"1, 2, 3, 4, 5", "count", WORDING_TOLD(""), WORDING_TOLD("-"), "?, ?, ?, ?, ?, ?") \
	FIGURE_ADDED(X, TOLD, "summary", FIGURE_AT, FIGURE_BY_NETWORK, SUMMARY_KEYS, SUMMARY_OWN, \
		"1, 2, 3, 4, 5, 6, 7, 8, 9", "count", COUNT_SUM, COUNT_LESS, \
		"?, ?, ?, ?, ?, ?, ?, ?, ?, ?") \
	FIGURE_LISTED(X, HAPPENED, "trouble", FIGURE_OPENED, TROUBLE_ROW, TROUBLE_COLUMNS, "", \
		"?, ?, ?, ?, ?, ?, ?, ?, ?, ?") \
	FIGURE_LISTED(X, MISSED, "unread", FIGURE_SINCE, "mailbox, since, until", \
		"mailbox, since, until", "", "?, ?, ?") \
	FIGURE_LISTED(X, LOOKED_INTO, "investigation", FIGURE_NO_DAY, \
		"provider, category, opened, last, blocks", \
		"provider, category, opened, last, blocks", " AND opened IS NOT NULL", \
		"?, ?, ?, ?, ?") \
	FIGURE_LISTED(X, CLOSED, "investigated", FIGURE_CLOSED, \
		"provider, category, opened, blocks", "provider, category, opened, blocks", "", \
		"?, ?, ?, ?") \
	/* what is folded in a table is folded in what a former life has told of it */ \
	X(SQL_TALLY_FOLD_LESS, \
		"INSERT INTO site_tally (" TALLY_KEYS \
		", count, day, part, life) SELECT kind, class, category, origin, provider, ?3, count, day, figure_part(?3), 0" \
		" FROM site_tally WHERE day = ?1 AND campaign = ?2 AND life = 0 ON CONFLICT DO UPDATE SET count = count + excluded.count") \
	X(SQL_TALLY_UNNAME_LESS, \
		"DELETE FROM site_tally WHERE day = ?1 AND campaign = ?2 AND life = 0") \
	X(SQL_VOLUME_FOLD_LESS, \
		"INSERT INTO site_volume (" VOLUME_KEYS ", " VOLUME_COUNTS \
		", day, part, life) SELECT source, beside, provider, ?3, " VOLUME_COUNTS \
		", day, figure_part(?3), 0" \
		" FROM site_volume WHERE day = ?1 AND campaign = ?2 AND life = 0 ON CONFLICT DO UPDATE SET sent = sent + excluded.sent," \
		" delivered = delivered + excluded.delivered, deferred = deferred + excluded.deferred, throttled = throttled + excluded.throttled," \
		" rejected = rejected + excluded.rejected") \
	X(SQL_VOLUME_UNNAME_LESS, \
		"DELETE FROM site_volume WHERE day = ?1 AND campaign = ?2 AND life = 0") \
	X(SQL_VOLUME_RESTORED, \
		"SELECT EXISTS (SELECT 1 FROM site_volume WHERE life = 0 AND day BETWEEN ?1 AND ?2)") \
	X(SQL_FIGURE_ANY_TOUCHED, "SELECT 1 FROM figure_touched LIMIT 1") \
	X(SQL_FIGURE_NUMBER, \
		"INSERT INTO figure (name, day, part, life, version, number) SELECT name, day, part, 0, 1, ?1 FROM figure_touched WHERE true" \
		" ON CONFLICT DO UPDATE SET version = version + 1, number = excluded.number") \
	X(SQL_FIGURE_NUMBERED, "DELETE FROM figure_touched") \
	X(SQL_FIGURE_SINCE, \
		"SELECT name, day, part, life, version FROM figure WHERE number > ?1 AND number <= ?2 AND (?3 OR life = 0)" \
		" ORDER BY number, name, day, part, life") \
	X(SQL_FIGURE_VERSION, \
		"SELECT version FROM figure WHERE name = ?1 AND day = ?2 AND part = ?3 AND life = ?4") \
	X(SQL_FIGURE_MARK, \
		"INSERT INTO figure (name, day, part, life, version, number) VALUES (?1, ?2, ?3, ?4, ?5, ?6)" \
		" ON CONFLICT DO UPDATE SET version = excluded.version, number = excluded.number") \
	/* a former life's; the new one has told nothing yet */ \
	X(SQL_FIGURE_KEEP, \
		"INSERT OR IGNORE INTO figure (name, day, part, life, version, number) SELECT name, day, part, ?1, version, number FROM figure" \
		" WHERE life = 0 AND name = ?2") \
	X(SQL_FIGURE_FORGET, "DELETE FROM figure WHERE life = 0 AND name = ?1")

/* --- what one handle notes (exchange/figures.c) --------------------------------------------- */

/* In a trigger the statement that fired it says what a conflict does, so there is none. */
#define FIGURE_TOUCH(T, DAY, PART) \
	" INSERT INTO figure_touched (name, day, part) SELECT '" T "', " DAY ", " PART \
	" WHERE NOT EXISTS (SELECT 1 FROM figure_touched WHERE name = '" T "' AND day = " DAY \
	" AND part = " PART ");"
#define FIGURE_NOTE(T, NAME, WHEN, DAY, PART) \
	"CREATE TEMP TRIGGER figure_" T NAME " AFTER " WHEN " ON main." T \
	" BEGIN" FIGURE_TOUCH(T, DAY, PART) " END;"
#define FIGURE_NOTES(T, BUCKET, PART) \
	FIGURE_NOTE(T, "_comes", "INSERT", BUCKET("NEW."), PART("NEW.")) \
	FIGURE_NOTE(T, "_changes", "UPDATE", BUCKET("NEW."), PART("NEW.")) \
	FIGURE_NOTE(T, "_goes", "DELETE", BUCKET("OLD."), PART("OLD."))
/* a name that was judged goes out under its own name, or not at all */
#define FIGURE_JUDGED \
	"CREATE TEMP TRIGGER figure_campaign_judged AFTER DELETE ON main.campaign BEGIN" FIGURE_TOUCH( \
		"tally", "OLD.day", "figure_part(OLD.name)") \
		FIGURE_TOUCH("volume", "OLD.day", "figure_part(OLD.name)") " END;"

/* an answer that is known to last by now goes out with all its days */
#define FIGURE_WORDING_LASTS \
	"CREATE TEMP TRIGGER figure_wording_lasts AFTER DELETE ON main.wording_few BEGIN" \
	" INSERT INTO figure_touched (name, day, part) SELECT DISTINCT 'wording', day, 0 FROM wording WHERE day BETWEEN OLD.month * 100 AND OLD.month * 100 + 31" \
	" AND provider = OLD.provider AND code = OLD.code AND text = OLD.text AND day NOT IN (SELECT day FROM figure_touched WHERE name = 'wording'); END;"

/* --- all sites as one ----------------------------------------------------------------------- */

#define EVERY(T, COLUMNS) \
	"(SELECT " COLUMNS " FROM " T " UNION ALL SELECT " COLUMNS " FROM site_" T ")"
#define EVERY_TALLY EVERY("tally", "day, " TALLY_KEYS ", count")
#define EVERY_VOLUME EVERY("volume", "day, " VOLUME_KEYS ", " VOLUME_COUNTS)
/*
 * The same where this store was restored. A day that is told anew since can be less than what the
 * life before has said of it meanwhile: a row below nothing is a right correction, a sum of one
 * cell below nothing is none. What it lacks is taken from the others of its source and day, so that
 * their sum stays right; without such a cell each stays as it is.
 */
#define VOLUME_OF_DAYS(T) \
	"SELECT day, " VOLUME_KEYS ", " VOLUME_COUNTS " FROM " T " WHERE day BETWEEN ?1 AND ?2"
#define COVERED(COUNT) \
	", max(0, min(" COUNT ", sum(" COUNT ") OVER told - coalesce(sum(max(0, " COUNT \
	")) OVER above, 0))) AS " COUNT
#define COVERED_VOLUME \
	"(SELECT day, " VOLUME_KEYS COVERED("sent") COVERED("delivered") COVERED("deferred") \
		COVERED("throttled") COVERED( \
			"rejected") " FROM (SELECT day, " VOLUME_KEYS ", " VOLUME_SUM \
				    " FROM (" VOLUME_OF_DAYS("volume") " UNION ALL " VOLUME_OF_DAYS( \
					    "site_volume") ") GROUP BY day, " VOLUME_KEYS \
							   ") WINDOW told AS (PARTITION BY day, source, beside), above AS (PARTITION BY day, source, beside ORDER BY provider, campaign" \
							   " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))"
#define EVERY_MESSAGE_COUNT EVERY("message_count", "day, mailbox, outcome, count")
#define EVERY_TYPING EVERY("typing", "day, domain, count")
#define EVERY_STREAM EVERY("stream_count", "day, stream, what, count")
#define EVERY_WORDING EVERY("wording", "day, " WORDING_KEYS ", count")
#define EVERY_SUMMARY \
	"(SELECT at, " SUMMARY_KEYS \
	", count FROM summary UNION ALL SELECT day AS at, " SUMMARY_KEYS \
	", count FROM site_summary)"
/* what a former life of this store has told as well is said once */
#define EVERY_TROUBLE \
	"(SELECT " TROUBLE_COLUMNS \
	" FROM trouble UNION SELECT number, condition, subject, opened, since, until, nullif(cleared, 0), provider," \
	" campaign, category FROM site_trouble)"
#define EVERY_UNREAD \
	"(SELECT mailbox, since, until FROM unread UNION SELECT mailbox, since, until FROM site_unread)"
#define EVERY_INVESTIGATION \
	"(SELECT provider, category, min(opened) AS opened, max(last) AS last, sum(blocks) AS blocks FROM" \
	" (SELECT provider, category, opened, last, blocks FROM investigation WHERE opened IS NOT NULL" \
	" UNION SELECT provider, category, opened, last, blocks FROM site_investigation) GROUP BY provider, category)"
#define EVERY_INVESTIGATED \
	"(SELECT provider, category, opened, closed, blocks FROM investigated UNION SELECT provider, category, opened, day, blocks FROM site_investigated)"

/* Of table T, or of one of these in its place. */
#define TALLY_GROUPS_OF(T) \
	"SELECT iif(?3 & 1, day, 0), iif(?3 & 2, kind, ''), iif(?3 & 4, class, ''), iif(?3 & 8, category, '')," \
	" iif(?3 & 16, origin, ''), iif(?3 & 32, provider, ''), iif(?3 & 64, campaign, ''), sum(count) FROM " T \
	" WHERE day BETWEEN ?1 AND ?2 GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7"
#define TALLY_ROWS_OF(T) \
	"SELECT day, kind, class, category, origin, provider, campaign, count FROM " T \
	" WHERE day BETWEEN ?1 AND ?2" \
	" ORDER BY day, kind, class, category, origin, provider, campaign"
/* and of this store's months that are closed (sqlclosed.h) */
#define TALLY_FIRST_OF(T) \
	"SELECT min(day) FROM (SELECT min(day) AS day FROM " T \
	" UNION ALL SELECT month * 100 + min(day) FROM tally_month WHERE part = 'day' AND month = (SELECT min(month) FROM tally_month))"
#define TALLY_COMPLAINING_OF(T) \
	"WITH RECURSIVE span(day) AS (SELECT ?1 UNION ALL SELECT CASE WHEN day % 100 < 31 THEN day + 1 WHEN day / 100 % 100 < 12" \
	" THEN day + 70 ELSE day + 8870 END FROM span WHERE day < ?2) SELECT DISTINCT tally.day / 100, provider FROM span CROSS JOIN " T \
	" AS tally" \
	" ON tally.day = span.day AND tally.day BETWEEN ?1 AND ?2 AND kind = 'complaint' WHERE origin IN ('matched', 'verified')" \
	" UNION SELECT month, name FROM tally_month WHERE part = 'provider' AND kind = 'complaint' AND month BETWEEN ?1 / 100 AND ?2 / 100 ORDER BY 1, 2"
#define MESSAGE_COUNTS_OF(T) \
	"SELECT mailbox, outcome, sum(count) FROM " T " WHERE day BETWEEN ?1 AND ?2" \
	" GROUP BY mailbox, outcome ORDER BY mailbox, outcome"
#define TYPING_OF(T) \
	"SELECT domain, sum(count) FROM " T \
	" WHERE day BETWEEN ?1 AND ?2 GROUP BY domain ORDER BY sum(count) DESC, domain"
#define VOLUME_GROUPS_OF(T) \
	"SELECT iif(?3 & 1, day, 0), iif(?3 & 32, provider, ''), iif(?3 & 64, campaign, '')," \
	" sum(iif(source = 'log' AND day IN (SELECT day FROM " T \
	" WHERE day BETWEEN ?1 AND ?2 AND source <> 'log' AND NOT beside), 0, sent))," \
	" sum(delivered), sum(deferred), sum(throttled), sum(rejected) FROM " T \
	" WHERE day BETWEEN ?1 AND ?2" \
	" GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
#define VOLUME_ROWS_OF(T) \
	"SELECT day, provider, campaign," \
	" iif(source = 'log' AND day IN (SELECT day FROM " T \
	" WHERE day BETWEEN ?1 AND ?2 AND source <> 'log' AND NOT beside), 0, sent)," \
	" delivered, deferred, throttled, rejected FROM " T \
	" WHERE day BETWEEN ?1 AND ?2 ORDER BY day, source, provider, campaign"
#define INVESTIGATION_OPEN_OF(T) \
	"SELECT provider, category, opened, last, blocks FROM " T " WHERE opened IS NOT NULL" \
	" ORDER BY provider, category"
#define INVESTIGATION_PAST_OF(T) \
	"SELECT provider, category, opened, closed, blocks FROM " T \
	" WHERE closed > ?1 AND closed <= ?2" \
	" ORDER BY closed, provider, category"

#define STREAM_COUNTS_OF(T) \
	"SELECT stream, what, sum(count) FROM " T \
	" WHERE day BETWEEN ?1 AND ?2 GROUP BY stream, what ORDER BY stream, what"

/* Each statement of a report twice: of this site, and behind it the same of all (sites_seen). */
#define OF_ALL(X, S, TEXT, OWN, ALL) \
	X(S, TEXT(OWN)) \
	X(S##_OF_ALL, TEXT(ALL))

#endif
