/*
 * The statements of what receivers said (wording.c), of the list in sql.h.
 */
#ifndef RETOUR_STORE_SQLWORDING_H
#define RETOUR_STORE_SQLWORDING_H

/* An answer that is not known to last: not shown, and not told to other sites. Of one row each. */
#define WORDING_IS_FEW(month) \
	"(" month ", provider, code, text) IN (SELECT month, provider, code, text FROM wording_few)"
#define WORDING_KEYS "provider, class, category, code, text"
#define WORDING_TOLD(sign) sign "sum(iif(" WORDING_IS_FEW("bucket / 100") ", 0, count)) AS count"

/*
 * Of this site or of all (sqlfigures.h), on the days ?1 to ?2: the first and the last day with ?3
 * of it or more.
 */
#define WORDINGS_OF(T) \
	"SELECT " WORDING_KEYS \
	", sum(n) AS all_days, coalesce(min(iif(n >= ?3 AND day % 100, day, NULL)), 0), coalesce(max(iif(n >= ?3 AND day % 100, day, NULL)), 0)" \
	" FROM (SELECT day, " WORDING_KEYS ", sum(count) AS n FROM " T \
	" AS w WHERE day BETWEEN ?1 AND ?2 AND NOT " WORDING_IS_FEW( \
		"day / 100") " GROUP BY day, " WORDING_KEYS ") GROUP BY " WORDING_KEYS \
			     " HAVING all_days >= ?3 ORDER BY provider, all_days DESC, code, text, category, class"

#define STORE_SQL_WORDINGS(X) \
	X(SQL_WORDING_DUE, "INSERT OR IGNORE INTO wording_day (day) VALUES (?1)") \
	X(SQL_WORDING_NEXT, "SELECT coalesce(min(day), 0) FROM wording_day WHERE day < ?1") \
	X(SQL_WORDING_DONE, "DELETE FROM wording_day WHERE day = ?1") \
	X(SQL_WORDING_COUNTED, "SELECT EXISTS (SELECT 1 FROM wording WHERE day = ?1)") \
	X(SQL_WORDING_EVENTS, \
		"SELECT at, pseudonym, diagnostic, class, category, reply, status," \
		" iif(provider LIKE '%.%' AND domain_group(provider) = '', 'other', provider) FROM event" \
		" WHERE at >= ?1 AND at < ?2 AND kind = 'failure' AND origin IN ('matched', 'verified')") \
	X(SQL_WORDING_FEW, \
		"SELECT who FROM wording_few WHERE month = ?1 AND provider = ?2 AND code = ?3 AND text = ?4") \
	X(SQL_WORDING_FEW_PUT, \
		"INSERT INTO wording_few (month, provider, code, text, who) VALUES (?1, ?2, ?3, ?4, ?5)" \
		" ON CONFLICT DO UPDATE SET who = excluded.who") \
	X(SQL_WORDING_FEW_OF_MONTH, \
		"SELECT provider, code, text, who FROM wording_few WHERE month = ?1") \
	X(SQL_WORDING_AGED, \
		"DELETE FROM wording WHERE day >= ?1 AND day < ?2 AND " WORDING_IS_FEW( \
			"day / 100")) \
	X(SQL_WORDING_FEW_AGED, \
		"DELETE FROM wording_few WHERE month = ?1 AND (provider, code, text) NOT IN" \
		" (SELECT provider, code, text FROM wording WHERE day BETWEEN ?1 * 100 AND ?1 * 100 + 31)") \
	X(SQL_WORDING_LASTS, \
		"DELETE FROM wording_few WHERE month = ?1 AND provider = ?2 AND code = ?3 AND text = ?4") \
	X(SQL_WORDING_KNOWN, \
		"SELECT EXISTS (SELECT 1 FROM wording WHERE day BETWEEN ?1 AND ?2 AND provider = ?3 AND code = ?4 AND text = ?5)") \
	X(SQL_WORDING_CLEAR, "DELETE FROM wording WHERE day = ?1") \
	X(SQL_WORDING_ADD, \
		"INSERT INTO wording (day, " WORDING_KEYS \
		", count) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)") \
	X(SQL_WORDING_FEW_OVER, "SELECT EXISTS (SELECT 1 FROM wording_few WHERE month < ?1)") \
	X(SQL_WORDING_FORGET, \
		"DELETE FROM wording WHERE day >= (SELECT min(month) * 100 FROM wording_few) AND day < ?1 * 100 AND " WORDING_IS_FEW( \
			"day / 100")) \
	X(SQL_WORDING_FEW_FORGET, "DELETE FROM wording_few WHERE month < ?1") \
	/* of a month that is closed the days stay on which there were ?3 or more */ \
	X(SQL_WORDING_CLOSE, \
		"INSERT INTO wording (day, " WORDING_KEYS \
		", count) SELECT day / 100 * 100, " WORDING_KEYS \
		", sum(count) FROM wording WHERE day BETWEEN ?1 AND ?2 AND count < ?3" \
		" GROUP BY day / 100, " WORDING_KEYS \
		" ON CONFLICT DO UPDATE SET count = count + excluded.count") \
	X(SQL_WORDING_CLOSED, "DELETE FROM wording WHERE day BETWEEN ?1 AND ?2 AND count < ?3") \
	OF_ALL(X, SQL_WORDINGS, WORDINGS_OF, "wording", EVERY_WORDING)

#endif
