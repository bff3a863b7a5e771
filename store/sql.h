/*
 * Every SQL statement of the store, by table. Each is prepared once per handle
 * (store/db.c) and fed by binding; none is ever composed.
 */
#ifndef RETOUR_STORE_SQL_H
#define RETOUR_STORE_SQL_H

#include "store/sqlalert.h"
#include "store/sqlclosed.h"
#include "store/sqlcontact.h"
#include "store/sqlfigures.h"
#include "store/sqlsummary.h"
#include "store/sqlwording.h"

/* A row of brake_hour on day ?1 is one of a wave that is known. */
#define BRAKE_EXPLAINED \
	"EXISTS (SELECT 1 FROM wave WHERE wave.day = ?1 * 86400 AND life = 0 AND (wave.kind = 'provider' AND wave.name = provider" \
	" OR wave.kind = 'rule' AND wave.name = rule OR wave.kind = 'reporting-mta' AND wave.mta = brake_hour.mta))"
/* Volumes; where both say what was sent, logs do not count. */
#define BRAKE_VOLUMES \
	"(SELECT day, provider, iif(source = 'log' AND EXISTS (SELECT 1 FROM volume AS said WHERE said.day = volume.day AND said.source <> 'log'" \
	" AND NOT said.beside), 0, sent) AS sent FROM volume)"
/*
 * Hard bounces of a day by NAME and MTA: the most on another day that no wave spoils, the first
 * such day, those of the day that no wave explains, and their last hour.
 */
#define BRAKE_DAY(NAME, MTA) \
	"SELECT name, mta, max(iif(day < ?1, total, 0)), min(day), sum(iif(day = ?1, open, 0)) AS today, max(last) FROM (SELECT " NAME \
	" AS name, " MTA \
	" AS mta, hour / 24 AS day, sum(count) AS total, max(hour) AS last, sum(iif(hour / 24 = ?1 AND " BRAKE_EXPLAINED \
	", 0, count)) AS open" \
	" FROM brake_hour WHERE hour >= (?1 - ?2) * 24 AND hour < (?1 + 1) * 24 GROUP BY 1, 2, 3) AS t WHERE t.day = ?1 OR NOT EXISTS" \
	" (SELECT 1 FROM wave WHERE wave.day = t.day * 86400 AND (state = 'taken-back' OR (state = 'held' AND wave.day > ?4 AND life = 0)))" \
	" GROUP BY 1, 2 HAVING today >= ?3 ORDER BY 1, 2 LIMIT ?5"

/*
 * Hard bounces of days of which, or of whose day before, somebody says what was sent; none from
 * before any were read: ?1 the day, ?2 days of habit, ?3 ?4 ?5 of what, ?6 the last hour, ?7 the
 * provider that was sent to, ?8 the last day that time has settled, ?9 the first day of volumes.
 */
#define BRAKE_RATE \
	"WITH spoilt AS (SELECT day / 86400 AS day FROM wave WHERE state = 'taken-back' OR (state = 'held' AND day > ?8 AND life = 0))," \
	" mailed AS (SELECT CAST(strftime('%s', printf('%04d-%02d-%02d', day / 10000, day / 100 % 100, day % 100)) AS INTEGER) / 86400 AS day," \
	" sum(sent) AS sent FROM " BRAKE_VOLUMES \
	" WHERE day >= ?9 AND (?7 = '' OR provider = ?7) GROUP BY 1)," \
	" hard AS (SELECT hour / 24 AS day, sum(count) AS total, sum(iif(hour / 24 < ?1 OR " BRAKE_EXPLAINED \
	", 0, count)) AS open" \
	" FROM brake_hour WHERE hour >= (?1 - ?2) * 24 AND hour <= ?6" \
	" AND (?3 = 'provider' AND provider = ?4 OR ?3 = 'rule' AND rule = ?4 OR ?3 = 'reporting-mta' AND mta = ?5) GROUP BY 1)," \
	" habit AS (SELECT day, total FROM hard WHERE day < ?1 AND day NOT IN (SELECT day FROM spoilt))," \
	" calm AS (SELECT day, sent FROM mailed WHERE day >= max(?1 - ?2, (SELECT min(hour) / 24 FROM brake_hour)) AND day < ?1" \
	" AND sent > 0 AND day NOT IN (SELECT day FROM spoilt))" \
	" SELECT (SELECT open FROM hard WHERE day = ?1), (SELECT total FROM hard WHERE day = ?1 - 1)," \
	" (SELECT sum(total) FROM habit WHERE EXISTS (SELECT 1 FROM calm WHERE calm.day IN (habit.day, habit.day - 1)))," \
	" (SELECT min(day) FROM habit WHERE total > 0)," \
	" sum(sent), max(sent), ?1 - min(day) FROM calm"

#define STORE_SQL(X) \
	X(SQL_BEGIN, "BEGIN IMMEDIATE") \
	X(SQL_BEGIN_READ, "BEGIN DEFERRED") \
	X(SQL_FORM, "PRAGMA user_version") \
	X(SQL_DATA_VERSION, "PRAGMA data_version") \
	X(SQL_BACKUP, "VACUUM INTO ?1") \
	X(SQL_COMMIT, "COMMIT") \
	X(SQL_ROLLBACK, "ROLLBACK") \
\
	X(SQL_META_GET, "SELECT value FROM meta WHERE name = ?1") \
	X(SQL_META_NAMES, "SELECT name FROM meta") \
	X(SQL_META_IS, "SELECT 1 FROM meta WHERE name = ?1 AND value = ?2") \
	X(SQL_META_DELETE, "DELETE FROM meta WHERE name = ?1") \
	X(SQL_META_PUT, \
		"INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value") \
\
	X(SQL_KEY_GET, "SELECT fingerprint FROM key WHERE name = ?1") \
	X(SQL_KEY_ALL, "SELECT lower(hex(fingerprint)), at FROM key WHERE name = ?1") \
	X(SQL_KEY_OF, "SELECT name FROM key WHERE fingerprint = ?1 ORDER BY name LIMIT 1") \
	X(SQL_KEY_PRINT, \
		"SELECT ' fingerprint=' || lower(hex(fingerprint)) FROM key WHERE name = ?1") \
	X(SQL_EVENT_TIMES, "SELECT at FROM event WHERE at >= ?1 ORDER BY at") \
	X(SQL_LEDGER_IS, "SELECT 1 FROM ledger WHERE number = ?1 AND hash = ?2") \
	X(SQL_LEDGER_FIRST, "SELECT min(number) FROM ledger") \
	X(SQL_LEDGER_TIME, \
		"SELECT CASE WHEN kind = ?2 THEN 'own' WHEN number = 1 THEN 'always' ELSE 'given' END" \
		" FROM ledger WHERE kind IN (?2, ?3) AND number < ?1" \
		" ORDER BY number DESC LIMIT 1") \
	X(SQL_KEY_MONTHS, \
		"SELECT name FROM key WHERE purpose = 'event' ORDER BY month DESC, length(name) DESC, name DESC") \
	X(SQL_KEY_NEWEST, \
		"SELECT name FROM key WHERE purpose = ?1 ORDER BY at DESC, name DESC LIMIT 1") \
	X(SQL_KEY_STATES, \
		"SELECT name FROM key WHERE purpose = 'state' ORDER BY at DESC, name DESC LIMIT 16") \
	X(SQL_KEY_SITES, \
		"SELECT name FROM key WHERE purpose = 'sites' ORDER BY at DESC, name DESC LIMIT 8") \
	X(SQL_KEY_PUT, \
		"INSERT INTO key (name, purpose, month, fingerprint, at) VALUES (?1, ?2, ?3, ?4, ?5)" \
		" ON CONFLICT DO UPDATE SET fingerprint = excluded.fingerprint, at = excluded.at") \
	/* the newest signs, also when two were made within one second */ \
	X(SQL_KEY_AFTER_OTHERS, \
		"UPDATE key SET at = max(at, (SELECT coalesce(max(at) + 1, 0) FROM key WHERE purpose = ?2 AND name <> ?1))" \
		" WHERE name = ?1") \
	X(SQL_KEY_MISPLACED, \
		"SELECT name FROM key WHERE purpose = 'event' AND name <> 'event-' || coalesce(month, '') || '.key'" \
		" AND name NOT GLOB 'event-' || coalesce(month, '') || '-[1-9]*.key' LIMIT 1") \
	X(SQL_KEY_DELETE, "DELETE FROM key WHERE name = ?1") \
\
	/* number tells apart what happened to one recipient within one second; mostly it is the \
	 * first */ \
	X(SQL_EVENT_ADD, \
		"INSERT INTO event (at, pseudonym, number, kind, class, category, status, reply, rule, provider, campaign, origin, mailbox," \
		" diagnostic, margin, stream) VALUES (?1, ?2, ?14, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?15, ?16) ON CONFLICT DO NOTHING") \
	X(SQL_EVENT_NUMBER, "SELECT max(number) + 1 FROM event WHERE at = ?1 AND pseudonym = ?2") \
	X(SQL_EVENT_OF, \
		"SELECT at, kind, class, category, status, reply, rule, provider, campaign, origin, mailbox, diagnostic, margin, stream" \
		" FROM event WHERE at >= ?1 AND at < ?2 AND pseudonym = ?3 ORDER BY at DESC, number DESC LIMIT ?4") \
	X(SQL_EVENT_OF_DAY, \
		"SELECT at, pseudonym, number, reply, kind, class, category, status, rule, provider, campaign, origin, mailbox, stream" \
		" FROM event WHERE at >= ?1 AND at < ?2 ORDER BY at, pseudonym, number") \
	X(SQL_EVENT_JUDGED, \
		"SELECT at, pseudonym, number, class, category, status, reply, rule, provider, diagnostic, origin FROM event" \
		" WHERE (at, pseudonym, number) > (?1, ?2, ?3) AND kind = 'failure' ORDER BY at, pseudonym, number LIMIT ?4") \
	X(SQL_EVENT_JUDGE, \
		"UPDATE event SET class = ?4, category = ?5, rule = ?6, margin = ?7 WHERE at = ?1 AND pseudonym = ?2 AND number = ?3") \
	X(SQL_WORDS_COUNT, \
		"SELECT count(*) FROM event WHERE diagnostic IS NOT NULL AND at >= ?1 AND kind IN ('failure', 'delay')") \
	X(SQL_WORDS, \
		"SELECT at, pseudonym, diagnostic, class, rule, provider, margin FROM event WHERE diagnostic IS NOT NULL AND at >= ?1" \
		" AND kind IN ('failure', 'delay') AND (class IS NULL OR margin < ?2) ORDER BY at") \
	X(SQL_EVENT_BETWEEN, "SELECT 1 FROM event WHERE at >= ?1 AND at < ?2 LIMIT 1") \
	X(SQL_EVENT_COUNT_BETWEEN, "SELECT count(*) FROM event WHERE at >= ?1 AND at < ?2") \
	/* SQLite 3.40 tells of "diagnostic IS NOT NULL" in a RETURNING that it holds for every \
	 * row: there is an index of that condition */ \
	X(SQL_EVENT_FORGET, \
		"DELETE FROM event WHERE at >= ?1 AND at < ?2 AND pseudonym = ?3 RETURNING at, typeof(diagnostic) <> 'null'") \
	X(SQL_EVENT_COUNT, "SELECT count(*) FROM event") \
	X(SQL_EVENT_OLDEST, "SELECT min(at) FROM event") \
	X(SQL_EVENT_DUE, "SELECT count(*) FROM event WHERE at < ?1") \
	X(SQL_EVENT_PURGE, "DELETE FROM event WHERE at < ?1") \
	X(SQL_DIAGNOSTIC_COUNT, "SELECT count(*) FROM event WHERE diagnostic IS NOT NULL") \
	X(SQL_DIAGNOSTIC_OLDEST, "SELECT min(at) FROM event WHERE diagnostic IS NOT NULL") \
	X(SQL_DIAGNOSTIC_DUE, \
		"SELECT count(*) FROM event WHERE diagnostic IS NOT NULL AND at < ?1") \
	X(SQL_DIAGNOSTIC_PURGE, \
		"UPDATE event SET diagnostic = NULL WHERE diagnostic IS NOT NULL AND at < ?1") \
\
	X(SQL_BRAKE_ADD, \
		"INSERT INTO brake_hour (hour, provider, rule, mta, count) VALUES (?1, ?2, ?3, ?4, ?5)" \
		" ON CONFLICT DO UPDATE SET count = count + excluded.count") \
	X(SQL_BRAKE_HOUR, \
		"SELECT provider, rule, mta, count FROM brake_hour WHERE hour = ?1 ORDER BY count DESC, provider, rule, mta LIMIT ?2") \
	X(SQL_BRAKE_NEXT, "SELECT min(hour) FROM brake_hour WHERE hour >= ?1") \
	X(SQL_BRAKE_NEWEST, "SELECT max(hour) FROM brake_hour") \
	X(SQL_BRAKE_PEAK, \
		"INSERT INTO brake_peak (kind, name, mta, day, whole, open) VALUES (?1, ?2, ?3, ?4, ?5, ?6)" \
		" ON CONFLICT DO UPDATE SET whole = max(whole, excluded.whole), open = max(open, excluded.open)") \
	/* what a wave explains is a habit once somebody or time has confirmed it */ \
	X(SQL_BRAKE_HABIT, \
		"SELECT max(most), min(day) FROM (SELECT day, iif(EXISTS (SELECT 1 FROM wave WHERE wave.day = brake_peak.day AND" \
		" (state = 'taken-back' OR (state = 'held' AND wave.day > ?6 AND life = 0))), open, whole) AS most FROM brake_peak" \
		" WHERE kind = ?1 AND name = ?2 AND mta = ?3 AND day >= ?4 AND day < ?5) WHERE most > 0") \
	X(SQL_BRAKE_PEAK_FORGET, "DELETE FROM brake_peak WHERE day >= ?1 AND day < ?2") \
	X(SQL_BRAKE_SENT, \
		"SELECT sum(iif(day = ?1, own, 0)), sum(iif(day = ?2, own, 0)) FROM" \
		" (SELECT day, iif(?3 = '' OR provider = ?3, sent, 0) AS own FROM " BRAKE_VOLUMES \
		" WHERE day BETWEEN ?1 AND ?2)") \
	X(SQL_BRAKE_RATE, BRAKE_RATE) \
	X(SQL_BRAKE_DAY_OF_PROVIDER, BRAKE_DAY("provider", "0")) \
	X(SQL_BRAKE_DAY_OF_RULE, BRAKE_DAY("rule", "0")) \
	X(SQL_BRAKE_DAY_OF_MTA, BRAKE_DAY("''", "brake_hour.mta")) \
	X(SQL_BRAKE_EBB, \
		"SELECT sum(iif(day = ?1, open, 0)), sum(iif(day = ?1 - 1, total, 0)), sum(iif(calm, total, 0)), sum(calm), min(day) FROM" \
		" (SELECT hour / 24 AS day, sum(count) AS total," \
		" sum(iif(hour / 24 < ?1 OR " BRAKE_EXPLAINED ", 0, count)) AS open," \
		" hour / 24 < ?1 AND NOT EXISTS (SELECT 1 FROM wave WHERE wave.day = hour / 24 * 86400 AND state <> 'confirmed') AS calm" \
		" FROM brake_hour WHERE hour >= (?1 - ?2) * 24 AND hour <= ?6" \
		" AND (?3 = 'provider' AND provider = ?4 OR ?3 = 'rule' AND rule = ?4 OR ?3 = 'reporting-mta' AND mta = ?5) GROUP BY 1)") \
	X(SQL_BRAKE_FORGET, "DELETE FROM brake_hour WHERE hour < ?1") \
	X(SQL_WAVE_ADD, \
		"INSERT OR IGNORE INTO wave (kind, name, mta, day, life, opened, state) VALUES (?1, ?2, ?3, ?4, 0, ?5, 'held')") \
	/* an hour before midnight opens the day behind it, too */ \
	X(SQL_WAVE_FORGET, "DELETE FROM wave WHERE state = 'held' AND life = 0 AND opened > ?1") \
	X(SQL_WAVE_DROP, \
		"DELETE FROM wave WHERE kind = ?1 AND mta = ?3 AND (mta OR name = ?2) AND day = ?4 AND life = ?5") \
	X(SQL_WAVE_PUT, \
		"INSERT INTO wave (kind, name, mta, day, life, opened, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)") \
	/* what any site settled is settled, and what was taken back is not confirmed any more */ \
	X(SQL_WAVE_AGREE, \
		"UPDATE wave SET state = (SELECT CASE max((w.state = 'confirmed') + 2 * (w.state = 'taken-back')) WHEN 0 THEN 'held' WHEN 1 THEN 'confirmed' ELSE 'taken-back' END" \
		" FROM wave w WHERE w.kind = ?1 AND w.mta = ?3 AND (w.mta OR w.name = ?2) AND w.day = ?4)" \
		" WHERE kind = ?1 AND mta = ?3 AND (mta OR name = ?2) AND day = ?4") \
	X(SQL_WAVES, \
		"SELECT kind, name, mta, day, state, life, opened FROM wave ORDER BY day DESC, kind, name, mta, life LIMIT ?1") \
	X(SQL_WAVES_HELD, \
		"SELECT kind, max(name), day, min(opened), (SELECT sum(count) FROM brake_hour WHERE hour >= day / 3600 AND hour < day / 3600 + 24" \
		" AND (kind = 'provider' AND provider = name OR kind = 'rule' AND rule = name OR kind = 'reporting-mta' AND brake_hour.mta = wave.mta)), max(life = 0)" \
		" FROM wave WHERE state = 'held' AND day > ?1 GROUP BY kind, mta, iif(mta, '', name), day ORDER BY day, kind, name") \
	X(SQL_WAVE_SETTLE, \
		"UPDATE wave SET state = ?1 WHERE state = 'held' AND day BETWEEN ?2 AND ?3 AND (kind = 'provider' AND name = ?4" \
		" OR kind = 'rule' AND name = ?5 OR kind = 'reporting-mta' AND mta = ?6) AND (life <> 0) = ?7") \
	/* who settles what only others hold says so himself */ \
	X(SQL_WAVE_OWN, \
		"INSERT OR IGNORE INTO wave (kind, name, mta, day, life, opened, state) SELECT kind, name, mta, day, 0, opened, state FROM wave" \
		" WHERE state = 'held' AND life <> 0 AND day BETWEEN ?1 AND ?2 AND (kind = 'provider' AND name = ?3 OR kind = 'rule' AND name = ?4 OR kind = 'reporting-mta' AND mta = ?5)" \
		" AND NOT EXISTS (SELECT 1 FROM wave w WHERE w.kind = wave.kind AND w.mta = wave.mta AND (w.mta OR w.name = wave.name) AND w.day = wave.day AND w.life = 0)") \
	X(SQL_TAKEN_BACK_ADD, \
		"INSERT INTO taken_back (at, first, last, rule, provider, mta, campaign) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)") \
	X(SQL_TAKEN_BACK, \
		"SELECT first, last, rule, provider, mta, campaign FROM taken_back ORDER BY number DESC LIMIT ?1") \
	STORE_SQL_CONTACTS(X) \
	X(SQL_STREAM_COUNT, \
		"INSERT INTO stream_count (day, stream, what, count) VALUES (?1, ?2, ?3, 1) ON CONFLICT DO UPDATE SET count = count + 1") \
	OF_ALL(X, SQL_STREAM_COUNTS, STREAM_COUNTS_OF, "stream_count", EVERY_STREAM) \
	STORE_SQL_WORDINGS(X) \
\
	X(SQL_SITE_NAME, "SELECT name FROM site WHERE number = ?1") \
	X(SQL_SITE_NUMBER, "SELECT number FROM site WHERE name = ?1 AND life = ?2") \
	X(SQL_SITE_ADD, "INSERT INTO site (name, life) VALUES (?1, ?2)") \
	X(SQL_SITE_ALL, \
		"SELECT name, life, number, until, merged, (SELECT count(*) FROM share WHERE share.life = site.number) FROM site ORDER BY name, number") \
	X(SQL_SITE_PRESENT, \
		"SELECT name, life, number, until, merged, 0 FROM site AS s WHERE until IS NOT NULL AND name IS NOT ?1" \
		" AND NOT EXISTS (SELECT 1 FROM site AS o WHERE o.name = s.name AND (o.until, o.number) > (s.until, s.number)) ORDER BY name") \
	X(SQL_SITE_KNOWN, "SELECT 1 FROM site WHERE name = ?1 LIMIT 1") \
	X(SQL_SITE_TOLD, \
		"SELECT name, name IS ?1, max(coalesce(until, 0)) FROM site GROUP BY name ORDER BY name") \
	X(SQL_SITE_HEARD, "SELECT max(until) FROM site WHERE name = ?1") \
	X(SQL_SITE_LIVES, "SELECT number, name, life FROM site ORDER BY number") \
	X(SQL_SITE_UNTIL, \
		"UPDATE site SET until = max(coalesce(until, 0), ?2), merged = ?3 WHERE number = ?1") \
	X(SQL_SITE_RANKS, "SELECT number FROM site ORDER BY name, life") \
	X(SQL_SHARES, "SELECT life, version, body FROM share WHERE pseudonym = ?1") \
	X(SQL_SHARE_VERSION, "SELECT version FROM share WHERE pseudonym = ?1 AND life = ?2") \
	X(SQL_SHARE_PUT, \
		"INSERT INTO share (pseudonym, life, version, number, body) VALUES (?1, ?2, ?3, ?4, ?5)" \
		" ON CONFLICT DO UPDATE SET version = excluded.version, number = excluded.number, body = excluded.body") \
	X(SQL_SHARE_DELETE, "DELETE FROM share WHERE pseudonym = ?1 AND life = ?2") \
	X(SQL_SHARE_DELETE_ALL, "DELETE FROM share WHERE pseudonym = ?1") \
	X(SQL_SHARE_REKEY, "UPDATE OR IGNORE share SET pseudonym = ?1 WHERE pseudonym = ?2") \
	X(SQL_SHARE_SINCE, \
		"SELECT pseudonym, life, version, body FROM share WHERE number > ?1 AND number <= ?2 AND (?3 OR life = ?4) ORDER BY number, pseudonym, life") \
	X(SQL_SHARE_SEAL, "UPDATE share SET pseudonym = sealed(pseudonym)") \
	X(SQL_SHARE_ANEW, "UPDATE share SET body = anew(body)") \
	X(SQL_SHARE_GIVE_UP, \
		"DELETE FROM share WHERE pseudonym IN (SELECT pseudonym FROM contact WHERE old <= ?1)") \
	X(SQL_SHARE_LEVEL, "UPDATE share SET number = ?2 WHERE number > ?1 AND number < ?2") \
	X(SQL_CHANGE_SINCE, \
		"SELECT kind, id, life, version, body FROM change WHERE number > ?1 AND number <= ?2 AND (?3 OR life = ?4) ORDER BY number, kind, id, life") \
	X(SQL_CHANGE_VERSION, \
		"SELECT version FROM change WHERE kind = ?1 AND id = ?2 AND life = ?3") \
	X(SQL_CHANGE_LATEST, "SELECT max(version) FROM change WHERE kind = ?1 AND id = ?2") \
	X(SQL_CHANGE_OF, "SELECT version, body FROM change WHERE kind = ?1 AND id = ?2") \
	X(SQL_CHANGE_OF_LIFE, \
		"SELECT version, body FROM change WHERE kind = ?1 AND id = ?2 AND life = ?3") \
	X(SQL_CHANGE_MARKED, \
		"SELECT kind, id, life, version, body FROM change WHERE kind IN ('forget', 'confirm') AND number < ?1 ORDER BY kind, id, life LIMIT 1") \
	X(SQL_CHANGE_NEXT, \
		"SELECT kind, id, life, version, body FROM change WHERE (kind, id, life) > (?1, ?2, ?3) AND number < ?4 ORDER BY kind, id, life LIMIT 1") \
	X(SQL_CHANGE_MARK, \
		"UPDATE change SET id = ?4, number = ?5, body = ?6 WHERE kind = ?1 AND id = ?2 AND life = ?3") \
	X(SQL_CHANGE_DROP, "DELETE FROM change WHERE kind = ?1 AND id = ?2 AND life = ?3") \
	X(SQL_CHANGE_ERASED, \
		"SELECT id FROM change WHERE kind = 'forget' AND id > ?1 ORDER BY id LIMIT 1") \
	X(SQL_CHANGE_ERASURE, \
		"SELECT life, kind = 'forget', version, body FROM change WHERE kind IN ('forget', 'confirm') AND id = ?1") \
	X(SQL_CHANGE_ANY, "SELECT 1 FROM change WHERE kind = ?1 LIMIT 1") \
	X(SQL_CHANGE_BODY, "SELECT body FROM change WHERE kind = ?1 AND id = ?2 AND life = ?3") \
	X(SQL_CHANGE_PUT, \
		"INSERT INTO change (kind, id, life, version, number, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)" \
		" ON CONFLICT DO UPDATE SET version = excluded.version, number = excluded.number, body = excluded.body") \
\
	X(SQL_REFUSED_MORE, \
		"UPDATE refused SET count = count + 1 WHERE day = ?1 AND provider = ?2 AND category = ?3 AND host = ?4" \
		" AND ?5 > coalesce((SELECT resolved FROM investigation WHERE provider = ?2 AND category = ?3), 0)") \
	X(SQL_REFUSED_ADD, \
		"INSERT INTO refused (day, provider, category, host, count) SELECT ?1, ?2, ?3, ?4, 1" \
		" WHERE ?5 > coalesce((SELECT resolved FROM investigation WHERE provider = ?2 AND category = ?3), 0)" \
		" ON CONFLICT DO UPDATE SET count = count + 1") \
	X(SQL_REFUSING_HOSTS, \
		"SELECT count(DISTINCT host) FROM refused WHERE day = ?1 AND provider = 'other'") \
	X(SQL_REFUSING, \
		"SELECT provider, sum(iif(host = 0, n, min(n, ?2))), sum(host <> 0) FROM (SELECT provider, host, sum(count) AS n FROM refused" \
		" WHERE day >= ?1 GROUP BY provider, host) GROUP BY provider ORDER BY provider") \
	X(SQL_REFUSED_FORGET, "DELETE FROM refused WHERE day < ?1") \
	X(SQL_REFUSED_DELETE, "DELETE FROM refused WHERE provider = ?1 AND category = ?2") \
	/* days that may be beyond noise; the first one first */ \
	X(SQL_REFUSED_DAYS, \
		"SELECT provider, day, 0, sum(count) FROM refused WHERE day BETWEEN ?1 AND ?2 GROUP BY day, provider HAVING sum(count) >= ?3" \
		" ORDER BY day, provider") \
	/* hosts without a profile; as many as on half of the days before are usual there */ \
	X(SQL_REFUSING_HOST_DAYS, \
		"WITH host_day AS (SELECT day, host, sum(count) AS n FROM refused WHERE provider = 'other' AND host <> 0 AND day > ?1 - ?4" \
		" AND day <= ?2 GROUP BY day, host) SELECT 'other', day, host, n FROM host_day AS b WHERE n >= ?3 AND day >= ?1" \
		" AND 2 * (SELECT count(*) FROM host_day AS h WHERE h.host = b.host AND h.day < b.day AND h.day >= b.day - ?4 AND 3 * h.n >= b.n) < ?4" \
		" ORDER BY day, host") \
	/* each category with a part of at least ?4 blocks; times are days in seconds */ \
	X(SQL_INVESTIGATION_OPENS, \
		"INSERT INTO investigation (provider, category, opened, last, blocks, resolved)" \
		" SELECT provider, category, day * 86400, day * 86400, sum(count), 0 FROM refused" \
		" WHERE day = ?2 AND provider = ?1 AND (?3 = 0 OR host = ?3) GROUP BY category HAVING sum(count) >= ?4" \
		" ON CONFLICT DO UPDATE SET opened = min(coalesce(opened, excluded.opened), excluded.opened)," \
		" last = max(last, excluded.last), blocks = max(blocks, (SELECT sum(r.count) FROM refused AS r WHERE r.provider = investigation.provider" \
		" AND r.category = investigation.category AND r.day * 86400 >= min(coalesce(opened, excluded.opened), excluded.opened)))") \
	X(SQL_INVESTIGATION_OPEN_SINCE, \
		"SELECT 1 FROM investigation WHERE provider = ?1 AND opened < ?2 * 86400 LIMIT 1") \
	X(SQL_INVESTIGATION_RESOLVED, \
		"SELECT resolved FROM investigation WHERE provider = ?1 AND category = ?2") \
	OF_ALL(X, SQL_INVESTIGATION_PAST, INVESTIGATION_PAST_OF, "investigated", \
		EVERY_INVESTIGATED) \
	X(SQL_INVESTIGATION_CLOSE, \
		"REPLACE INTO investigated (closed, provider, category, opened, blocks)" \
		" SELECT ?3, provider, category, opened, blocks FROM investigation WHERE provider = ?1 AND category = ?2 AND opened IS NOT NULL") \
	X(SQL_INVESTIGATION_CLOSE_QUIET, \
		"REPLACE INTO investigated (closed, provider, category, opened, blocks)" \
		" SELECT ?2, provider, category, opened, blocks FROM investigation WHERE opened IS NOT NULL AND last <= ?1") \
	X(SQL_INVESTIGATION_RESOLVE, \
		"INSERT INTO investigation (provider, category, opened, last, blocks, resolved) VALUES (?1, ?2, NULL, ?3, 0, ?3)" \
		" ON CONFLICT DO UPDATE SET opened = NULL, blocks = 0, resolved = excluded.resolved") \
	X(SQL_INVESTIGATION_IS_OPEN, \
		"SELECT 1 FROM investigation WHERE provider = ?1 AND category = ?2 AND opened IS NOT NULL") \
	X(SQL_INVESTIGATION_QUIET, \
		"UPDATE investigation SET opened = NULL, blocks = 0 WHERE opened IS NOT NULL AND last <= ?1") \
	OF_ALL(X, SQL_INVESTIGATION_OPEN, INVESTIGATION_OPEN_OF, "investigation", \
		EVERY_INVESTIGATION) \
\
	X(SQL_SEEN_GET, "SELECT 1 FROM seen WHERE key = ?1") \
	X(SQL_SEEN_ADD, "INSERT INTO seen (key, at) VALUES (?1, ?2)") \
	X(SQL_STUCK_PUT, \
		"INSERT INTO stuck (mailbox, id, since, at) VALUES (?1, ?2, ?3, ?3) ON CONFLICT DO UPDATE SET at = excluded.at") \
	X(SQL_STUCK_GONE, "DELETE FROM stuck WHERE mailbox = ?1 AND at < ?2") \
	X(SQL_STUCK_ANY, "SELECT EXISTS (SELECT 1 FROM stuck WHERE mailbox = ?1)") \
	X(SQL_STUCK_GET, "SELECT 1 FROM stuck WHERE mailbox = ?1 AND id = ?2") \
	X(SQL_STUCK_COUNT, "SELECT mailbox, count(*), min(since) FROM stuck GROUP BY mailbox") \
	X(SQL_KEPT_GET, "SELECT at, what FROM kept WHERE mailbox = ?1 AND id = ?2") \
	X(SQL_KEPT_PUT, "REPLACE INTO kept (mailbox, id, what, at) VALUES (?1, ?2, ?3, ?4)") \
	X(SQL_KEPT_AGAIN, "UPDATE kept SET at = ?3 WHERE mailbox = ?1 AND id = ?2") \
	X(SQL_FOLDER_LAST, "SELECT max(at) FROM folder WHERE mailbox = ?1 AND name = ?2") \
	X(SQL_FOLDER_PUT, \
		"REPLACE INTO folder (mailbox, name, at, uidvalidity, uidnext) VALUES (?1, ?2, ?3, ?4, ?5)") \
	/* of the marks of the last ?4 seconds the oldest stays, and the one that is made next */ \
	X(SQL_FOLDER_THIN, \
		"DELETE FROM folder WHERE mailbox = ?1 AND name = ?2 AND at <= ?3 AND at >" \
		" (SELECT min(at) FROM folder WHERE mailbox = ?1 AND name = ?2 AND at BETWEEN ?3 - ?4 AND ?3)") \
	X(SQL_FOLDER_DUE, \
		"SELECT at, uidvalidity, uidnext FROM folder WHERE mailbox = ?1 AND name = ?2 AND at <= ?3" \
		" ORDER BY at DESC LIMIT 1") \
	X(SQL_FOLDER_NAMES, "SELECT DISTINCT name FROM folder WHERE mailbox = ?1 ORDER BY name") \
	X(SQL_FOLDER_FORGET, "DELETE FROM folder WHERE mailbox = ?1 AND name = ?2 AND at < ?3") \
	X(SQL_MESSAGES_COUNT, "SELECT (SELECT count(*) FROM seen) + (SELECT count(*) FROM kept)") \
	/* seen has no index by time, which would cost each message as much as its row: its days \
	 * are those of the kept counts */ \
	X(SQL_MESSAGES_OLDEST, \
		"SELECT min(at) FROM (SELECT min(day) AS at FROM held WHERE class = 'seen' UNION ALL SELECT min(at) FROM kept)") \
	X(SQL_MESSAGES_DUE, \
		"SELECT coalesce((SELECT sum(count) FROM held WHERE class = 'seen' AND day < ?1), 0) + (SELECT count(*) FROM kept WHERE at < ?1)") \
	X(SQL_SEEN_TIMES, "SELECT at FROM seen") \
	X(SQL_SEEN_PURGE, "DELETE FROM seen WHERE at < ?1") \
	X(SQL_KEPT_PURGE, "DELETE FROM kept WHERE at < ?1") \
\
	/* a file that is to be written anew stays so */ \
	X(SQL_REWRITE_DUE, \
		"INSERT INTO meta (name, value) VALUES ('rewrite', 'due') ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> 'whole'") \
	X(SQL_HELD_ADD, \
		"INSERT INTO held (class, day, count) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET count = count + excluded.count") \
	X(SQL_HELD_TIDY, "DELETE FROM held WHERE class = ?1 AND day = ?2 AND count = 0") \
	X(SQL_HELD_BEFORE, "SELECT sum(count) FROM held WHERE class = ?1 AND day < ?2") \
	X(SQL_HELD_CUT, "DELETE FROM held WHERE class = ?1 AND day < ?2") \
	X(SQL_HELD_FORGET, "DELETE FROM held WHERE class = ?1") \
	X(SQL_HELD_FROM_SITE_SUMMARIES, \
		"INSERT INTO held SELECT ?1, day - day % 86400, count(*) FROM site_summary GROUP BY 2") \
	X(SQL_HELD_CLASSES, "SELECT DISTINCT class FROM held") \
	X(SQL_HELD_SUM, "SELECT sum(count) FROM held WHERE class = ?1") \
	X(SQL_HELD_DAYS, "SELECT day, count FROM held WHERE class = ?1") \
	X(SQL_HELD_NEWEST, \
		"SELECT day, count FROM (SELECT day, count FROM held WHERE class = ?1 AND count > 0 ORDER BY day DESC LIMIT ?2) ORDER BY day") \
	X(SQL_HELD_DAY, "SELECT count FROM held WHERE class = ?1 AND day = ?2") \
	/* the first day from ?2 on that has a count, or rows */ \
	X(SQL_HELD_NEXT, \
		"SELECT min(day) FROM (SELECT min(day) AS day FROM held WHERE class = ?1 AND day >= ?2 UNION ALL SELECT at - at % 86400 FROM (SELECT CASE ?1" \
		" WHEN 'events' THEN (SELECT min(at) FROM event WHERE at >= ?2)" \
		" WHEN 'diagnostics' THEN (SELECT min(at) FROM event WHERE diagnostic IS NOT NULL AND at >= ?2)" \
		" WHEN 'contacts' THEN (SELECT min(at) FROM contact WHERE at >= ?2)" \
		" WHEN 'objections' THEN (SELECT min(day) FROM agenda WHERE what = 'objection' AND day >= ?2)" \
		" WHEN 'kept' THEN (SELECT min(at) FROM kept WHERE at >= ?2)" \
		" WHEN 'summaries' THEN (SELECT min(at) FROM summary WHERE at >= ?2)" \
		" WHEN 'summaries of sites' THEN (SELECT min(day) FROM site_summary WHERE day >= ?2) END AS at) WHERE at IS NOT NULL)") \
	X(SQL_DIAGNOSTIC_COUNT_DAY, \
		"SELECT count(*) FROM event WHERE diagnostic IS NOT NULL AND at >= ?1 AND at < ?2") \
	X(SQL_CONTACT_COUNT_DAY, \
		"SELECT (SELECT count(*) FROM contact WHERE at >= ?1 AND at < ?2) -" \
		" (SELECT count(*) FROM agenda WHERE what = 'objection' AND day >= ?1 AND day < ?2)") \
	X(SQL_OBJECTION_COUNT_DAY, \
		"SELECT count(*) FROM agenda WHERE what = 'objection' AND day >= ?1 AND day < ?2") \
	X(SQL_KEPT_COUNT_DAY, "SELECT count(*) FROM kept WHERE at >= ?1 AND at < ?2") \
	X(SQL_HELD_FROM_EVENTS, \
		"INSERT INTO held SELECT ?1, at - at % 86400, count(*) FROM event GROUP BY 2") \
	X(SQL_HELD_FROM_DIAGNOSTICS, \
		"INSERT INTO held SELECT ?1, at - at % 86400, count(*) FROM event WHERE diagnostic IS NOT NULL GROUP BY 2") \
	X(SQL_HELD_FROM_CONTACTS, \
		"INSERT INTO held SELECT ?1, at - at % 86400, count(*) FROM contact WHERE NOT contact_objection(body) GROUP BY 2") \
	X(SQL_HELD_FROM_OBJECTIONS, \
		"INSERT INTO held SELECT ?1, at - at % 86400, count(*) FROM contact WHERE contact_objection(body) GROUP BY 2") \
	X(SQL_HELD_FROM_STATES, \
		"INSERT INTO held SELECT 'state ' || contact_state(body), 0, count(*) FROM contact GROUP BY 1") \
	X(SQL_HELD_FROM_SEEN, \
		"INSERT INTO held SELECT ?1, at - at % 86400, count(*) FROM seen GROUP BY 2") \
	X(SQL_HELD_FROM_KEPT, \
		"INSERT INTO held SELECT ?1, at - at % 86400, count(*) FROM kept GROUP BY 2") \
\
	X(SQL_MAILBOX_UNREAD, \
		"INSERT OR IGNORE INTO unread (mailbox, since, until) SELECT name, read_at, ?2 FROM mailbox WHERE name = ?1 AND ?2 - read_at >= ?3") \
	X(SQL_MAILBOX_READ, \
		"INSERT INTO mailbox (name, read_at, first_at) VALUES (?1, ?2, ?2) ON CONFLICT DO UPDATE SET read_at = excluded.read_at") \
	X(SQL_MAILBOX_FAILED, \
		"INSERT INTO mailbox (name, failed_at, why, first_at) VALUES (?1, ?2, ?3, ?2)" \
		" ON CONFLICT DO UPDATE SET failed_at = excluded.failed_at, why = excluded.why") \
	X(SQL_FACT_PUT, "REPLACE INTO mailbox_fact (mailbox, name, value) VALUES (?1, ?2, ?3)") \
	X(SQL_FACT_GONE, "DELETE FROM mailbox_fact WHERE mailbox = ?1 AND name = ?2") \
	X(SQL_FACT_GET, "SELECT value FROM mailbox_fact WHERE mailbox = ?1 AND name = ?2") \
	X(SQL_MAILBOX_ALL, \
		"SELECT name, read_at, failed_at, why, first_at FROM mailbox ORDER BY name") \
\
	X(SQL_TALLY_MORE, \
		"UPDATE tally SET count = count + ?8 WHERE day = ?1 AND kind = ?2 AND class = ?3 AND category = ?4" \
		" AND origin = ?5 AND provider = ?6 AND campaign = ?7") \
	X(SQL_TALLY_ADD, \
		"INSERT INTO tally (day, kind, class, category, origin, provider, campaign, count)" \
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET count = count + excluded.count") \
	/* ?3 is a mask of what keeps the cells apart */ \
	OF_ALL(X, SQL_TALLY_GROUPS, TALLY_GROUPS_OF, "tally", EVERY_TALLY) \
	/* the same with every bit of the mask, as the rows lie */ \
	OF_ALL(X, SQL_TALLY_ROWS, TALLY_ROWS_OF, "tally", EVERY_TALLY) \
	/* days since 1970 on which mail was sent, and on which bounces came */ \
	X(SQL_MAILINGS_SENT, \
		"SELECT CAST(julianday(format('%04d-%02d-%02d', day / 10000, day / 100 % 100, day % 100)) - 2440587.5 AS INTEGER)," \
		" sum(sent) FROM volume WHERE day >= ?1 AND sent > 0 GROUP BY day ORDER BY day") \
	X(SQL_MAILINGS_BOUNCED, \
		"SELECT CAST(julianday(format('%04d-%02d-%02d', day / 10000, day / 100 % 100, day % 100)) - 2440587.5 AS INTEGER)," \
		" sum(count) FROM tally WHERE day >= ?1 AND kind = 'failure' AND origin IN ('matched', 'verified') GROUP BY day ORDER BY day") \
	OF_ALL(X, SQL_TALLY_FIRST, TALLY_FIRST_OF, "tally", EVERY_TALLY) \
	/* day by day: that is where the key's order has complaints together */ \
	OF_ALL(X, SQL_TALLY_COMPLAINING, TALLY_COMPLAINING_OF, "tally", EVERY_TALLY) \
	X(SQL_CAMPAIGN_KNOWN, "SELECT 1 FROM campaign WHERE day = ?1 AND name = ?2") \
	X(SQL_CAMPAIGN_COUNT, "SELECT count(*) FROM campaign WHERE day = ?1") \
	/* of the names of day ?1 those that do not last; its events lie from ?2 to ?3 */ \
	X(SQL_CAMPAIGN_SMALL, \
		"SELECT name FROM campaign WHERE day = ?1 AND name NOT IN ('', 'other campaigns')" \
		" AND name NOT IN (SELECT campaign FROM event WHERE at >= ?2 AND at < ?3 AND campaign IS NOT NULL" \
		" GROUP BY campaign HAVING count(DISTINCT pseudonym) >= ?4)" \
		" AND name NOT IN (SELECT campaign FROM tally WHERE day >= ?5 AND day < ?1)" \
		" AND name NOT IN (SELECT campaign FROM volume WHERE day >= ?5 AND day <= ?1 GROUP BY campaign, day HAVING sum(sent) >= ?4)" \
		" AND (NOT ?6 OR name NOT IN (SELECT campaign FROM tally WHERE day = ?1 GROUP BY campaign HAVING sum(count) >= ?4))" \
		" LIMIT ?7") \
	X(SQL_CAMPAIGN_DAY, "SELECT min(day) FROM campaign WHERE day > ?1 AND day < ?2") \
	X(SQL_CAMPAIGN_DELETE, \
		"DELETE FROM campaign WHERE day = ?1 AND (?2 IS NULL OR name = ?2)") \
	X(SQL_TALLY_FOLD, \
		"INSERT INTO tally SELECT day, kind, class, category, origin, provider, ?3, count FROM tally WHERE day = ?1 AND campaign = ?2" \
		" ON CONFLICT DO UPDATE SET count = count + excluded.count") \
	X(SQL_TALLY_UNNAME, "DELETE FROM tally WHERE day = ?1 AND campaign = ?2") \
	X(SQL_VOLUME_FOLD, \
		"INSERT INTO volume SELECT day, source, beside, provider, ?3, sent, delivered, deferred, throttled, rejected FROM volume" \
		" WHERE day = ?1 AND campaign = ?2 ON CONFLICT DO UPDATE SET sent = sent + excluded.sent, delivered = delivered + excluded.delivered," \
		" deferred = deferred + excluded.deferred, throttled = throttled + excluded.throttled, rejected = rejected + excluded.rejected") \
	X(SQL_VOLUME_UNNAME, "DELETE FROM volume WHERE day = ?1 AND campaign = ?2") \
	X(SQL_EVENT_FOLD, \
		"UPDATE event SET campaign = ?3 WHERE at >= ?1 AND at < ?2 AND campaign <> ?3" \
		" AND campaign NOT IN (SELECT campaign FROM tally WHERE day = ?4)") \
	X(SQL_DOMAIN_FOLD, \
		"UPDATE event SET provider = 'other' WHERE at >= ?1 AND at < ?2 AND provider LIKE '%.%' AND domain_group(provider) = '' AND provider" \
		" NOT IN (SELECT provider FROM event WHERE at >= ?1 AND at < ?2 GROUP BY provider HAVING count(DISTINCT pseudonym) >= ?3)") \
	X(SQL_CAMPAIGN_ADD, "INSERT OR IGNORE INTO campaign (day, name) VALUES (?1, ?2)") \
	X(SQL_MESSAGE_COUNT_ADD, \
		"INSERT INTO message_count (day, mailbox, outcome, count) VALUES (?1, ?2, ?3, ?4)" \
		" ON CONFLICT DO UPDATE SET count = count + excluded.count") \
	OF_ALL(X, SQL_MESSAGE_COUNTS, MESSAGE_COUNTS_OF, "message_count", EVERY_MESSAGE_COUNT) \
\
	X(SQL_GONE_ANY, "SELECT 1 FROM gone_domain LIMIT 1") \
	X(SQL_GONE_ADD, \
		"INSERT INTO gone_domain (domain, count, first, last) VALUES (?1, 1, ?2, ?2) ON CONFLICT DO UPDATE SET count = count + 1," \
		" first = min(first, excluded.first), last = max(last, excluded.last)") \
	X(SQL_GONE_DELETE, "DELETE FROM gone_domain WHERE domain = ?1") \
	X(SQL_GONE_FORGET, "DELETE FROM gone_domain WHERE last < ?1") \
	X(SQL_GONE_FIND, \
		"SELECT 1 FROM gone_domain WHERE domain = ?1 AND count >= ?2 AND last - first >= ?3") \
	X(SQL_TYPING_ADD, \
		"INSERT INTO typing (day, domain, count) VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET count = count + 1") \
	OF_ALL(X, SQL_TYPING, TYPING_OF, "typing", EVERY_TYPING) \
	X(SQL_COMMENT_ADD, \
		"INSERT INTO comment (month, number, written, text)" \
		" VALUES (?1, coalesce((SELECT max(number) + 1 FROM comment WHERE month = ?1), 1), ?2, ?3)") \
	X(SQL_COMMENT_COUNT, "SELECT count(*) FROM comment WHERE month = ?1") \
	X(SQL_COMMENTS, "SELECT written, text FROM comment WHERE month = ?1 ORDER BY number") \
\
	X(SQL_COHORT_ADD, \
		"INSERT INTO cohort (month, outcome, count) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET count = count + excluded.count") \
	X(SQL_COHORTS, \
		"SELECT month, outcome, count FROM cohort WHERE month BETWEEN ?1 AND ?2 ORDER BY month") \
	X(SQL_RECURRENCE_ADD, \
		"INSERT INTO recurrence (day, class, first, repeated) VALUES (?1, ?2, ?3, ?4)" \
		" ON CONFLICT DO UPDATE SET first = first + excluded.first, repeated = repeated + excluded.repeated") \
	X(SQL_RECURRENCE, \
		"SELECT class, sum(first), sum(repeated) FROM recurrence WHERE day BETWEEN ?1 AND ?2 GROUP BY class ORDER BY class") \
	/* ?3 is a mask as for tallies, and 128: by month, 256: by domain group. What was imported \
	 * for a day takes the place of what its logs say was sent */ \
	X(SQL_RATES, \
		"SELECT CASE WHEN ?3 & 1 THEN day WHEN ?3 & 128 THEN day / 100 * 100 ELSE 0 END, iif(?3 & 32, provider, '')," \
		" iif(?3 & 64, campaign, ''), iif(?3 & 256, domain_group(provider), ''), sum(sent), sum(delivered), sum(deferred), sum(throttled)," \
		" sum(rejected), sum(iif(ours, hard, 0)), sum(iif(ours, soft, 0)), sum(iif(ours, block, 0)), sum(iif(ours, undetermined, 0))," \
		" sum(iif(ours, complaint, 0)), sum(iif(ours, 0, notices)), sum(unverified) FROM (" \
		" SELECT day, provider, campaign, 0 AS sent, 0 AS delivered, 0 AS deferred, 0 AS throttled, 0 AS rejected," \
		" origin IN ('matched', 'verified') AS ours, iif(kind = 'failure' AND class = 'hard', count, 0) AS hard," \
		" iif(kind = 'failure' AND class = 'soft', count, 0) AS soft, iif(kind = 'failure' AND class = 'block', count, 0) AS block," \
		" iif(kind = 'failure' AND class NOT IN ('hard', 'soft', 'block'), count, 0) AS undetermined," \
		" iif(kind = 'complaint', count, 0) AS complaint, count AS notices, iif(origin = 'unverified', count, 0) AS unverified" \
		" FROM tally WHERE day BETWEEN ?1 AND ?2 AND kind IN ('failure', 'complaint')" \
		" UNION ALL SELECT day, provider, campaign, iif(source = 'log' AND day IN (SELECT day FROM volume WHERE day BETWEEN ?1 AND ?2" \
		" AND source <> 'log' AND NOT beside), 0, sent), delivered, deferred, throttled, rejected, 0, 0, 0, 0, 0, 0, 0, 0" \
		" FROM volume WHERE day BETWEEN ?1 AND ?2) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4") \
	/* the same of a stretch of time; only logs know hours */ \
	X(SQL_ROLLING, \
		"SELECT iif(?3, provider, ''), sum(sent), sum(delivered), sum(deferred), sum(throttled), sum(rejected)," \
		" sum(ours AND kind = 'failure' AND class = 'hard'), sum(ours AND kind = 'failure' AND class = 'soft')," \
		" sum(ours AND kind = 'failure' AND class = 'block'), sum(ours AND kind = 'failure' AND coalesce(class, '') NOT IN ('hard', 'soft', 'block'))," \
		" sum(ours AND kind = 'complaint'), sum(NOT ours AND kind IN ('failure', 'complaint')), sum(origin = 'unverified' AND kind IN ('failure', 'complaint'))" \
		" FROM (SELECT iif(domain_group(provider) = '', 'other', provider) AS provider, 0 AS sent, 0 AS delivered, 0 AS deferred, 0 AS throttled," \
		" 0 AS rejected, origin IN ('matched', 'verified') AS ours, origin, kind, class FROM event WHERE at > ?1 AND at <= ?2" \
		" UNION ALL SELECT provider, delivered + rejected, delivered, deferred, throttled, rejected, 0, '', '', '' FROM volume_hour" \
		" WHERE hour > ?1 / 3600 AND hour <= ?2 / 3600) GROUP BY 1 ORDER BY 1") \
	/* the best hour of each provider */ \
	X(SQL_HOUR_PEAKS, \
		"SELECT provider, max(delivered) FROM volume_hour WHERE hour > ?1 / 3600 AND hour <= ?2 / 3600 GROUP BY provider ORDER BY provider") \
	X(SQL_VOLUME_SUM, "SELECT sum(sent) FROM volume WHERE source = ?1 AND day = ?2") \
	X(SQL_VOLUME_CLEAR, "DELETE FROM volume WHERE source = ?1 AND day = ?2") \
	X(SQL_VOLUME_ADD, \
		"INSERT INTO volume (day, source, beside, provider, campaign, sent, delivered, deferred, throttled, rejected)" \
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO UPDATE SET sent = sent + excluded.sent," \
		" delivered = delivered + excluded.delivered, deferred = deferred + excluded.deferred," \
		" throttled = throttled + excluded.throttled, rejected = rejected + excluded.rejected") \
	/* what was imported for a day takes the place of what its logs say was sent; ?3 is a mask \
	 * as for tallies */ \
	OF_ALL(X, SQL_VOLUME_GROUPS, VOLUME_GROUPS_OF, "volume", EVERY_VOLUME) \
	OF_ALL(X, SQL_VOLUME_ROWS, VOLUME_ROWS_OF, "volume", EVERY_VOLUME) \
	X(SQL_VOLUME_ROWS_COVERED, VOLUME_ROWS_OF(COVERED_VOLUME)) \
\
	X(SQL_HOUR_ADD, \
		"INSERT INTO volume_hour (hour, provider, delivered, deferred, throttled, rejected) VALUES (?1, ?2, ?3, ?4, ?5, ?6)" \
		" ON CONFLICT DO UPDATE SET delivered = delivered + excluded.delivered, deferred = deferred + excluded.deferred," \
		" throttled = throttled + excluded.throttled, rejected = rejected + excluded.rejected") \
	X(SQL_HOUR_FORGET, "DELETE FROM volume_hour WHERE hour < ?1") \
	/* notices by hour, and what logs say was sent in it */ \
	X(SQL_NOTICE_HOUR_ADD, \
		"INSERT INTO notice_hour (hour, provider, hard, soft, block, undetermined, complaint, throttled) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)" \
		" ON CONFLICT DO UPDATE SET hard = hard + excluded.hard, soft = soft + excluded.soft, block = block + excluded.block," \
		" undetermined = undetermined + excluded.undetermined, complaint = complaint + excluded.complaint," \
		" throttled = throttled + excluded.throttled") \
	X(SQL_NOTICE_HOURS, \
		"SELECT provider, hour, hard + soft + block + undetermined, block, throttled, 0 FROM notice_hour WHERE hour BETWEEN ?1 AND ?2" \
		" UNION ALL SELECT provider, hour, 0, 0, throttled, delivered + rejected FROM volume_hour WHERE hour BETWEEN ?1 AND ?2") \
	X(SQL_NOTICE_HOUR_SUMS, \
		"SELECT sum(hard), sum(soft), sum(block), sum(undetermined), sum(complaint), (SELECT sum(delivered + rejected) FROM volume_hour" \
		" WHERE hour BETWEEN ?1 AND ?2) FROM notice_hour WHERE hour BETWEEN ?1 AND ?2") \
	X(SQL_NOTICE_HOUR_FIRST, "SELECT min(hour) FROM notice_hour") \
	X(SQL_NOTICE_HOUR_FORGET, "DELETE FROM notice_hour WHERE hour < ?1") \
	X(SQL_NOTICE_HOUR_FROM_EVENTS, \
		"INSERT INTO notice_hour (hour, provider, hard, soft, block, undetermined, complaint, throttled)" \
		" SELECT at / 3600, iif(domain_group(provider) = '', 'other', provider), sum(kind = 'failure' AND class IS 'hard')," \
		" sum(kind = 'failure' AND class IS 'soft'), sum(kind = 'failure' AND class IS 'block')," \
		" sum(kind = 'failure' AND coalesce(class, '') NOT IN ('hard', 'soft', 'block')), sum(kind = 'complaint')," \
		" sum(kind <> 'complaint' AND (reply IS 421 OR coalesce(status, '') GLOB '4.7.*')) FROM event" \
		" WHERE at >= (SELECT max(at) FROM event) - ?1 AND origin IN ('matched', 'verified') AND kind IN ('failure', 'delay', 'complaint')" \
		" GROUP BY 1, 2") \
	X(SQL_NOTICE_TOTAL_ADD, \
		"INSERT INTO notice_total (provider, what, count) VALUES (?1, ?2, ?3)" \
		" ON CONFLICT DO UPDATE SET count = count + excluded.count") \
	X(SQL_NOTICE_TOTALS, \
		"SELECT provider, what, count FROM notice_total ORDER BY provider, what") \
	X(SQL_VOLUME_IMPORTED, \
		"SELECT 1 FROM volume WHERE day BETWEEN ?1 AND ?2 AND source <> 'log' AND sent > 0 LIMIT 1") \
\
	/* where most of what an alert is about lies: ?3 a kind, ?4 a class or null for every one, \
	 * ?5 the least count */ \
	X(SQL_LEADING_PROVIDER, \
		"SELECT iif(domain_group(provider) = '', 'other', provider), count(*) FROM event WHERE at >= ?1 AND at < ?2 AND kind = ?3" \
		" AND (?4 IS NULL OR class = ?4) AND origin IN ('matched', 'verified') GROUP BY 1 HAVING count(*) >= ?5 ORDER BY 2 DESC, 1 LIMIT 1") \
	X(SQL_LEADING_CATEGORY, \
		"SELECT category, count(*) FROM event WHERE at >= ?1 AND at < ?2 AND kind = ?3 AND (?4 IS NULL OR class = ?4)" \
		" AND origin IN ('matched', 'verified') AND (?6 = '' OR iif(domain_group(provider) = '', 'other', provider) = ?6)" \
		" GROUP BY 1 HAVING count(*) >= ?5 ORDER BY 2 DESC, 1 LIMIT 1") \
	X(SQL_LEADING_CAMPAIGN, \
		"SELECT campaign, count(*) FROM event WHERE at >= ?1 AND at < ?2 AND kind = ?3 AND (?4 IS NULL OR class = ?4)" \
		" AND origin IN ('matched', 'verified') AND (?6 = '' OR iif(domain_group(provider) = '', 'other', provider) = ?6)" \
		" GROUP BY 1 HAVING count(*) >= ?5 ORDER BY 2 DESC, 1 LIMIT 1") \
\
	STORE_SQL_ALERTS(X) \
	STORE_SQL_SUMMARIES(X) \
	STORE_SQL_FIGURES(X) \
	STORE_SQL_CLOSED(X) \
\
	X(SQL_LOG_FILES, \
		"SELECT fingerprint, length, offset, device, inode, size, mtime, at FROM log_file ORDER BY length, fingerprint") \
	X(SQL_LOG_FILE_PUT, \
		"REPLACE INTO log_file (fingerprint, length, offset, device, inode, size, mtime, at)" \
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)") \
	X(SQL_LOG_FILE_DELETE, "DELETE FROM log_file WHERE fingerprint = ?1") \
	X(SQL_LOG_FILE_FORGET, \
		"DELETE FROM log_file WHERE fingerprint IN (SELECT fingerprint FROM log_file ORDER BY at DESC, offset DESC LIMIT -1 OFFSET ?1)") \
	X(SQL_LOG_STATE_GET, "SELECT value FROM log_state WHERE name = 'queue'") \
	X(SQL_LOG_STATE_PUT, "REPLACE INTO log_state (name, value) VALUES ('queue', ?1)") \
\
	X(SQL_LEDGER_ADD, \
		"INSERT INTO ledger (number, at, kind, detail, previous, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)") \
	X(SQL_LEDGER_ALL, \
		"SELECT number, at, kind, detail, previous, hash FROM ledger ORDER BY number") \
	X(SQL_LEDGER_LAST, \
		"SELECT number, at, kind, detail, previous, hash FROM ledger ORDER BY number DESC LIMIT 1") \
	X(SQL_LEDGER_OF_KIND, \
		"SELECT number, at, kind, detail, previous, hash FROM ledger WHERE kind = ?1 AND" \
		" (?2 IS NULL OR instr(' ' || detail || ' ', ' ' || ?2 || ' ') > 0) ORDER BY number DESC LIMIT 1") \
	X(SQL_LEDGER_GET, \
		"SELECT number, at, kind, detail, previous, hash FROM ledger WHERE number = ?1") \
	X(SQL_LEDGER_COUNT, "SELECT count(*) FROM ledger") \
	X(SQL_LEDGER_OLDEST, "SELECT min(at) FROM ledger") \
	/* time may have gone back: what lies behind an entry that is kept is kept */ \
	X(SQL_LEDGER_FIRST_KEPT, \
		"SELECT coalesce((SELECT min(number) FROM ledger WHERE at >= ?1), (SELECT max(number) + 1 FROM ledger))") \
	X(SQL_LEDGER_DUE, \
		"SELECT count(*) FROM ledger WHERE number <" \
		" coalesce((SELECT min(number) FROM ledger WHERE at >= ?1), (SELECT max(number) + 1 FROM ledger))") \
	X(SQL_LEDGER_PURGE, "DELETE FROM ledger WHERE number < ?1")

#define STORE_SQL_ENUM(symbol, text) symbol,
enum sql { STORE_SQL(STORE_SQL_ENUM) SQL_COUNT };
#undef STORE_SQL_ENUM

#endif
