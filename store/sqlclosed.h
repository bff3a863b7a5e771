/*
 * The statements of months that are closed (closed.c), of the list in sql.h. ?1 and ?2: the first
 * and the last day.
 */
#ifndef RETOUR_STORE_SQLCLOSED_H
#define RETOUR_STORE_SQLCLOSED_H

#define STORE_CLOSED_ADD \
	"INSERT INTO tally_month (month, part, day, name, kind, class, category, origin, count) "
#define STORE_CLOSED_MORE " ON CONFLICT DO UPDATE SET count = count + excluded.count"
#define STORE_OF_MONTH " FROM tally WHERE day BETWEEN ?1 AND ?2"
#define STORE_ATTRIBUTED " AND origin IN ('matched', 'verified')"
#define STORE_BOUNCE " AND kind = 'failure'" STORE_ATTRIBUTED " AND provider <> 'other'"
/*
 * Causes at a provider that may have begun on a day: ?3 bounces or more. Not where an earlier
 * closing has left the days out.
 */
#define STORE_CLOSED_OFTEN \
	"WITH often(provider, category) AS (SELECT provider, category" STORE_OF_MONTH STORE_BOUNCE \
	" AND category <> '' GROUP BY provider, category HAVING sum(count) >= ?3" \
	" EXCEPT SELECT name, category FROM tally_month WHERE month = ?1 / 100 AND part = 'provider' AND day = 0 AND kind = 'failure')"

#define STORE_SQL_CLOSED(X) \
	X(SQL_CLOSED_DAYS, \
		STORE_CLOSED_ADD \
		"SELECT day / 100, 'day', day % 100, '', kind, class, '', origin, sum(count)" STORE_OF_MONTH \
		" GROUP BY day, kind, class, origin" STORE_CLOSED_MORE) \
	X(SQL_CLOSED_CAMPAIGNS, \
		STORE_CLOSED_ADD \
		"SELECT day / 100, 'campaign', 0, campaign, kind, class, category, origin, sum(count)" STORE_OF_MONTH \
		" AND kind IN ('failure', 'complaint')" STORE_ATTRIBUTED \
		" GROUP BY campaign, kind, class, category, origin" STORE_CLOSED_MORE) \
	/* of providers that had ?4 bounces on a day, those that the next statement leaves out */ \
	X(SQL_CLOSED_BUSY, \
		STORE_CLOSED_OFTEN \
		", busy(day, provider) AS (SELECT day, provider" STORE_OF_MONTH STORE_BOUNCE \
		" GROUP BY day, provider HAVING sum(count) >= ?4) " STORE_CLOSED_ADD \
		"SELECT day / 100, 'busy', day % 100, provider, '', '', '', '', sum(count)" STORE_OF_MONTH \
			STORE_BOUNCE \
		" AND (provider, category) NOT IN often AND (day, provider) IN busy GROUP BY day, provider" STORE_CLOSED_MORE) \
	X(SQL_CLOSED_PROVIDERS, \
		STORE_CLOSED_OFTEN STORE_CLOSED_ADD \
		"SELECT day / 100, 'provider', iif(kind = 'failure' AND (provider, category) IN often, day % 100, 0) AS at," \
		" provider, kind, class, category, origin, sum(count)" STORE_OF_MONTH \
		" AND kind IN ('failure', 'complaint', 'delay')" STORE_ATTRIBUTED \
		" GROUP BY at, provider, kind, class, category, origin" STORE_CLOSED_MORE) \
	X(SQL_CLOSED_DELETE, "DELETE FROM tally WHERE day BETWEEN ?1 AND ?2") \
	X(SQL_CLOSED_NEXT, "SELECT coalesce(min(day), 0) FROM tally WHERE day < ?1") \
	X(SQL_CLOSED_ROWS, \
		"SELECT month * 100 + day, kind, class, category, origin, iif(part = 'campaign', '', name), iif(part = 'campaign', name, '')," \
		" count, part FROM tally_month WHERE month BETWEEN ?1 / 100 AND ?2 / 100" \
		" ORDER BY month, part, name, kind, class, category, origin, day")

#endif
