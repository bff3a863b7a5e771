/*
 * The statements of what receivers report of our domains, of the list in sql.h.
 */
#ifndef RETOUR_STORE_SQLSUMMARY_H
#define RETOUR_STORE_SQLSUMMARY_H

/* A count of all reports together stays below the largest number, however many lie. */
#define STORE_SQL_SUMMARIES(X) \
	X(SQL_SUMMARY_MORE, \
		"UPDATE summary SET count = min(count + ?10, 1000000000000) WHERE at = ?1 AND kind = ?2 AND receiver = ?3 AND domain = ?4" \
		" AND network = ?5 AND disposition = ?6 AND dkim = ?7 AND spf = ?8 AND result = ?9") \
	X(SQL_SUMMARY_ADD, \
		"INSERT INTO summary (at, kind, receiver, domain, network, disposition, dkim, spf, result, count)" \
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)") \
	X(SQL_SUMMARY_COUNT, "SELECT count(*) FROM summary") \
	X(SQL_SUMMARY_COUNT_DAY, "SELECT count(*) FROM summary WHERE at >= ?1 AND at < ?2") \
	X(SQL_SUMMARY_OLDEST, "SELECT min(at) FROM summary") \
	X(SQL_SUMMARY_DUE, "SELECT count(*) FROM summary WHERE at < ?1") \
	X(SQL_SUMMARY_PURGE, "DELETE FROM summary WHERE at < ?1")

#endif
