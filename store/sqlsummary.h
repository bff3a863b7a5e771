/*
 * The statements of what receivers report of our domains, of the list in sql.h.
 */
#ifndef RETOUR_STORE_SQLSUMMARY_H
#define RETOUR_STORE_SQLSUMMARY_H

/*
 * A source is known whose mail was aligned as a rule: DKIM or SPF passed for half of it or more,
 * and for LEAST mails.
 */
#define STORE_SOURCE_KNOWN(least) \
	"(network <> '' AND domain <> '' AND sum(iif(dkim OR spf, count, 0)) >= " least \
	" AND sum(iif(dkim OR spf, count, 0)) * 2 >= sum(count))"

/* Receivers that reported before: who only just began may say what he likes. */
#define STORE_REPORTERS(kind) \
	"WITH reporter AS (SELECT receiver FROM summary WHERE kind = '" kind \
	"' AND verified AND receiver <> '' AND at >= ?1 AND at < ?2 GROUP BY receiver HAVING count(DISTINCT at) >= ?5)"
/* Of this site or of all (sqlfigures.h). */
#define ALIGNMENT_ROWS_OF(T) \
	"SELECT at, count, dkim, spf, disposition <> 'none', network, domain, receiver FROM " T \
	" WHERE kind = 'dmarc' AND verified = ?3 AND at >= ?1 AND at < ?2"
#define TLS_SESSIONS_OF(T) \
	"SELECT domain, result, sum(count), count(DISTINCT receiver), min(at), max(at) FROM " T \
	" WHERE kind = 'tls' AND verified = ?3 AND at >= ?1 AND at < ?2" \
	" GROUP BY domain, result ORDER BY domain = '', domain, 3 DESC, result"
#define SUMMARY_RECEIVERS_OF(T) \
	"SELECT count(DISTINCT receiver), sum(count) FROM " T \
	" WHERE kind = ?3 AND verified = ?4 AND at >= ?1 AND at < ?2"

/* CROSS JOIN: reports outside, sources and reporters by an index. The other way round it takes days
 * where somebody made up a report of many networks. */
/* A count of all reports together stays below the largest number, however many lie. */
#define STORE_SQL_SUMMARIES(X) \
	X(SQL_SUMMARY_MORE, \
		"UPDATE summary SET count = min(count + ?10, 1000000000000) WHERE at = ?1 AND kind = ?2 AND receiver = ?3 AND domain = ?4" \
		" AND network = ?5 AND disposition = ?6 AND dkim = ?7 AND spf = ?8 AND result = ?9 AND verified = ?11") \
	X(SQL_SUMMARY_ADD, \
		"INSERT INTO summary (at, kind, receiver, domain, network, disposition, dkim, spf, result, count, verified)" \
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)") \
	OF_ALL(X, SQL_ALIGNMENT_ROWS, ALIGNMENT_ROWS_OF, "summary", EVERY_SUMMARY) \
	/* what alerts go by, verified reports: the past is from ?1 to ?2, ?3 the end; ?4 as \
	 * above; of receivers that reported on ?5 days of the past */ \
	X(SQL_ALIGNMENT_DAYS, \
		STORE_REPORTERS( \
			"dmarc") ", source AS (SELECT network, domain FROM summary WHERE kind = 'dmarc' AND verified AND at >= ?1 AND at < ?2" \
				 " GROUP BY network, domain HAVING " STORE_SOURCE_KNOWN( \
					 "?4") ") SELECT domain, at, sum(count), sum(iif(dkim OR spf, 0, count)) FROM summary CROSS JOIN source USING (network, domain)" \
					       " CROSS JOIN reporter USING (receiver) WHERE kind = 'dmarc' AND verified AND at >= ?1 AND at < ?3" \
					       " GROUP BY domain, at ORDER BY domain, at") \
	X(SQL_ALIGNMENT_WHO, \
		STORE_REPORTERS( \
			"dmarc") ", source AS (SELECT network, domain FROM summary WHERE kind = 'dmarc' AND verified AND at >= ?1 AND at < ?2" \
				 " GROUP BY network, domain HAVING " STORE_SOURCE_KNOWN( \
					 "?4") ") SELECT receiver FROM summary CROSS JOIN source USING (network, domain) JOIN reporter USING (receiver)" \
					       " WHERE kind = 'dmarc' AND verified AND at >= ?2 AND at < ?3 AND domain = ?6 AND NOT dkim AND NOT spf" \
					       " GROUP BY receiver ORDER BY sum(count) DESC, receiver") \
	X(SQL_TLS_DAYS, \
		STORE_REPORTERS( \
			"tls") " SELECT domain, at, sum(count), sum(iif(result = 'well', 0, count)) FROM summary CROSS JOIN reporter USING (receiver)" \
			       " WHERE kind = 'tls' AND verified AND at >= ?1 AND at < ?3 AND domain <> '' AND ?4 IS NOT NULL" \
			       " GROUP BY domain, at ORDER BY domain, at") \
	X(SQL_TLS_WHAT, \
		STORE_REPORTERS( \
			"tls") " SELECT result FROM summary CROSS JOIN reporter USING (receiver) WHERE kind = 'tls' AND verified AND at >= ?2 AND at < ?3" \
			       " AND ?4 IS NOT NULL AND domain = ?6 AND result <> 'well' GROUP BY result ORDER BY sum(count) DESC, result") \
	/* what is said since ?1, as a text that changes with it */ \
	X(SQL_SUMMARY_SAID, \
		"SELECT ?1 || ' ' || count(*) || ' ' || coalesce(sum(count), 0) FROM summary WHERE at >= ?1 AND verified AND kind = ?2") \
	OF_ALL(X, SQL_TLS_SESSIONS, TLS_SESSIONS_OF, "summary", EVERY_SUMMARY) \
	OF_ALL(X, SQL_SUMMARY_RECEIVERS, SUMMARY_RECEIVERS_OF, "summary", EVERY_SUMMARY) \
	X(SQL_SUMMARY_COUNT, \
		"SELECT (SELECT count(*) FROM summary) + (SELECT count(*) FROM site_summary)") \
	X(SQL_SITE_SUMMARY_COUNT_DAY, \
		"SELECT count(*) FROM site_summary WHERE day >= ?1 AND day < ?2") \
	X(SQL_SUMMARY_COUNT_DAY, "SELECT count(*) FROM summary WHERE at >= ?1 AND at < ?2") \
	X(SQL_SUMMARY_ROWS, \
		"SELECT count(*), sum(receiver = ?4) FROM summary WHERE at >= ?1 AND at < ?2 AND verified = ?3") \
	X(SQL_SUMMARY_OLDEST, \
		"SELECT min(at) FROM (SELECT min(at) AS at FROM summary UNION ALL SELECT min(day) FROM site_summary)") \
	X(SQL_SUMMARY_DUE, \
		"SELECT (SELECT count(*) FROM summary WHERE at < ?1) + (SELECT count(*) FROM site_summary WHERE day < ?1)") \
	X(SQL_SITE_SUMMARY_PURGE, "DELETE FROM site_summary WHERE day < ?1") \
	X(SQL_SUMMARY_PURGE, "DELETE FROM summary WHERE at < ?1")

#endif
