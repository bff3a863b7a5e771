/*
 * The statements of alerts and of what lasts of them, of the list in sql.h.
 */
#ifndef RETOUR_STORE_SQLALERT_H
#define RETOUR_STORE_SQLALERT_H

/*
 * Receivers from which a complaint came since the day FIRST, up to LAST; of months that are closed,
 * since that day's month began.
 */
#define STORE_REPORTING(first, last) \
	"WITH RECURSIVE span(day) AS (SELECT " first \
	" UNION ALL SELECT CASE WHEN day % 100 < 31 THEN day + 1 WHEN day / 100 % 100 < 12" \
	" THEN day + 70 ELSE day + 8870 END FROM span WHERE day < " last \
	"), reporting(provider) AS (SELECT provider FROM notice_hour WHERE complaint > 0" \
	" UNION SELECT provider FROM span CROSS JOIN tally ON tally.day = span.day AND kind = 'complaint' WHERE origin IN ('matched', 'verified')" \
	" UNION SELECT name FROM tally_month WHERE part = 'provider' AND kind = 'complaint' AND month >= " first \
	" / 100)"
/* Of this site or of all (sqlfigures.h). */
#define UNREAD_OF(T) \
	"SELECT mailbox, since, until FROM " T \
	" WHERE since < ?2 AND until >= ?1 ORDER BY since, mailbox"
#define TROUBLES_OF(T) \
	"SELECT condition, subject, opened, since, until, coalesce(cleared, 0), provider, campaign, category FROM " T \
	" WHERE min(opened, since) < ?2 AND coalesce(cleared, ?1) >= ?1 ORDER BY number"

#define STORE_SQL_ALERTS(X) \
	X(SQL_REPORTING_SENT, \
		STORE_REPORTING("?3", \
			"?2") " SELECT sum(iif(source = 'log' AND day IN (SELECT day FROM volume WHERE day BETWEEN ?1 AND ?2 AND source <> 'log' AND NOT beside), 0, sent))" \
			      " FROM volume WHERE day BETWEEN ?1 AND ?2 AND (?4 IS NULL OR campaign = ?4) AND provider IN (SELECT provider FROM reporting)") \
	X(SQL_REPORTING_SENT_HOURS, \
		STORE_REPORTING("?3", \
			"?4") " SELECT sum(delivered + rejected) FROM volume_hour WHERE hour BETWEEN ?1 AND ?2 AND provider IN (SELECT provider FROM reporting)") \
	OF_ALL(X, SQL_UNREAD, UNREAD_OF, "unread", EVERY_UNREAD) \
	X(SQL_ALERT_ADD, \
		"INSERT INTO alert (condition, subject, opened, at, reopened, news, told, by_mail, by_command, value, bound, usual, part, whole, since, until," \
		" provider, campaign, category, detail) VALUES (?1, ?2, ?3, ?3, 0, 'opened', ?3, 1, 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)") \
	/* the open one, else the last one */ \
	X(SQL_ALERT_LAST, \
		"SELECT number, cleared, told, news, until FROM alert WHERE condition = ?1 AND subject = ?2" \
		" ORDER BY cleared IS NULL DESC, cleared DESC LIMIT 1") \
	X(SQL_ALERT_FIRES, \
		"UPDATE alert SET at = ?2, value = ?3, bound = ?4, usual = ?5, part = ?6, whole = ?7, since = ?8, until = ?9, provider = ?10, campaign = ?11," \
		" category = ?12, detail = ?13, present = NULL, present_part = NULL, present_whole = NULL WHERE number = ?1") \
	X(SQL_ALERT_PRESENT, \
		"UPDATE alert SET present = ?3, present_part = ?4, present_whole = ?5 WHERE condition = ?1 AND subject = ?2 AND cleared IS NULL") \
	X(SQL_ALERT_ANY_OPEN, \
		"SELECT 1 FROM alert WHERE condition = ?1 AND cleared IS NULL LIMIT 1") \
	X(SQL_ALERT_IS_OPEN, \
		"SELECT 1 FROM alert WHERE condition = ?1 AND subject = ?2 AND cleared IS NULL") \
	X(SQL_ALERT_SEEN, "UPDATE alert SET at = ?2 WHERE number = ?1") \
	X(SQL_ALERT_REOPEN, \
		"UPDATE alert SET cleared = NULL, reopened = reopened + 1 WHERE number = ?1") \
	X(SQL_ALERT_NEWS, \
		"UPDATE alert SET news = ?2, told = ?3, by_mail = 1, by_command = 1 WHERE number = ?1") \
	X(SQL_ALERT_UNSEEN, \
		"SELECT number, news, condition, subject, present FROM alert WHERE cleared IS NULL AND at <> ?1") \
	X(SQL_ALERT_CLEAR, "UPDATE alert SET cleared = ?2, at = ?2 WHERE number = ?1") \
	/* what fired last may not say where any more */ \
	X(SQL_TROUBLE_NOTE, \
		"REPLACE INTO trouble (number, condition, subject, opened, since, until, cleared, provider, campaign, category)" \
		" SELECT a.number, a.condition, a.subject, a.opened, min(a.since, coalesce(t.since, a.since)), a.until, a.cleared," \
		" coalesce(nullif(a.provider, ''), t.provider, ''), coalesce(nullif(a.campaign, ''), t.campaign, '')," \
		" coalesce(nullif(a.category, ''), t.category, '') FROM alert AS a LEFT JOIN trouble AS t USING (number) WHERE a.number = ?1") \
	OF_ALL(X, SQL_TROUBLES, TROUBLES_OF, "trouble", EVERY_TROUBLE) \
	X(SQL_ALERT_SPANS, \
		"SELECT min(since, opened), coalesce(cleared, ?3) FROM alert WHERE condition = ?1 AND subject = ?2") \
	/* ?1: 0 all, 1 open ones, 2 those with news to tell */ \
	X(SQL_ALERT_LIST, \
		"SELECT number, condition, subject, opened, at, cleared, reopened, news, by_mail, by_command, value, bound, usual, part, whole, since, until," \
		" provider, campaign, category, detail, present, present_part, present_whole FROM alert WHERE ?1 = 0 OR (?1 = 1 AND cleared IS NULL) OR (?1 = 2 AND (by_mail OR by_command))" \
		" ORDER BY number") \
	X(SQL_ALERT_TOLD_BY_MAIL, "UPDATE alert SET by_mail = 0 WHERE number = ?1") \
	X(SQL_ALERT_TOLD_BY_COMMAND, "UPDATE alert SET by_command = 0 WHERE number = ?1") \
	X(SQL_ALERT_COUNT, "SELECT count(*) FROM alert") \
	X(SQL_ALERT_OLDEST, "SELECT min(at) FROM alert") \
	X(SQL_ALERT_DUE, "SELECT count(*) FROM alert WHERE at < ?1") \
	X(SQL_ALERT_PURGE, "DELETE FROM alert WHERE at < ?1")

#endif
