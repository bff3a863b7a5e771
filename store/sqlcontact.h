/* The statements about contacts, as store/sql.h has the others; their functions are contactsql.c's.
 */
#ifndef RETOUR_STORE_SQLCONTACT_H
#define RETOUR_STORE_SQLCONTACT_H

#define STORE_SQL_CONTACTS(X) \
	X(SQL_CONTACT_GET, "SELECT at, body FROM contact WHERE pseudonym = ?1") \
	X(SQL_CONTACT_ROW, "SELECT pseudonym, body FROM contact WHERE pseudonym = ?1") \
	X(SQL_CONTACT_NEAR, \
		"SELECT pseudonym, body FROM contact WHERE pseudonym BETWEEN ?1 AND ?2") \
	/* asked.c's function knows who is asked for */ \
	X(SQL_CONTACT_ASKED, \
		"SELECT pseudonym, body FROM contact WHERE asked(pseudonym) ORDER BY pseudonym") \
	X(SQL_CONTACT_SINCE, "SELECT pseudonym, body, old, at FROM contact ORDER BY pseudonym") \
	/* the index alone says it */ \
	X(SQL_NEWS_AHEAD, \
		"SELECT contact_news(news), pseudonym FROM contact WHERE news IS NOT NULL ORDER BY 1, 2 LIMIT ?1") \
	X(SQL_NEWS, \
		"SELECT pseudonym, body, old, contact_news(news) FROM contact WHERE pseudonym = ?1 AND contact_news(news) = ?2") \
	/* what a store marked that did not keep the number yet */ \
	X(SQL_NEWS_NEXT, \
		"SELECT coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE name = ?1)," \
		" (SELECT max(contact_news(news)) FROM contact WHERE news IS NOT NULL), 0) + 1") \
	X(SQL_NEWS_MARK, "UPDATE contact SET news = news_sealed(?2) WHERE pseudonym = ?1") \
	X(SQL_NEWS_TOLD, \
		"UPDATE contact SET news = NULL WHERE pseudonym = ?1 AND contact_news(news) = ?2") \
	X(SQL_NEWS_DROP, "UPDATE contact SET news = NULL WHERE news IS NOT NULL") \
	X(SQL_NEWS_LEVEL, "UPDATE contact SET news = news_sealed(1) WHERE news IS NOT NULL") \
	X(SQL_CONTACT_ADD, "INSERT INTO contact (pseudonym, at, body) VALUES (?1, ?2, ?3)") \
	X(SQL_CONTACT_PUT, \
		"INSERT INTO contact (pseudonym, at, body) VALUES (?1, ?2, ?3)" \
		" ON CONFLICT DO UPDATE SET at = excluded.at, body = excluded.body") \
	/* of a row that keeps its place in the index by time: the same parameters */ \
	X(SQL_CONTACT_CHANGE, "UPDATE contact SET body = ?3 WHERE pseudonym = ?1") \
	/* under another state key; who is there already stays as it is */ \
	X(SQL_CONTACT_REKEY, \
		"UPDATE OR IGNORE contact SET pseudonym = ?1, old = NULL, body = contact_moved(?2, ?1, body) WHERE pseudonym = ?2") \
	/* contactreseal.c's functions seal a row under the present state key; old is the number \
	 * of the key that a contact is found by, null: the present one */ \
	X(SQL_CONTACT_SEAL, \
		"UPDATE contact SET pseudonym = sealed(pseudonym), old = coalesce(old, ?1), body = resealed(pseudonym, body), news = renewed(news)") \
	X(SQL_CONTACT_SEAL_CHAINED, \
		"UPDATE contact SET pseudonym = sealed(pseudonym), body = resealed(pseudonym, body), news = renewed(news)") \
	X(SQL_CONTACT_SEAL_OLD, \
		"UPDATE contact SET pseudonym = sealed(pseudonym), old = ?1, body = resealed(pseudonym, body), news = renewed(news) WHERE old IS NOT NULL") \
	X(SQL_CONTACT_OLD, "SELECT count(*) FROM contact WHERE old <= ?1") \
	X(SQL_OBJECTION_OLD, \
		"SELECT count(*) FROM contact WHERE old <= ?1 AND contact_objection(body)") \
	X(SQL_CONTACT_GIVE_UP, \
		"DELETE FROM contact WHERE old <= ?1 RETURNING at, contact_state(body), contact_objection(body)") \
	X(SQL_AGENDA_PUT, "INSERT OR IGNORE INTO agenda (what, day, name) VALUES (?1, ?2, ?3)") \
	X(SQL_AGENDA_TAKE, "DELETE FROM agenda WHERE what = ?1 AND day = ?2 AND name = ?3") \
	X(SQL_AGENDA_PAST, "SELECT count(*) FROM agenda WHERE what = ?1 AND day <= ?2") \
	X(SQL_AGENDA_PAST_TAKE, "DELETE FROM agenda WHERE what = ?1 AND day <= ?2") \
	/* without the agenda, where that would name most of them */ \
	X(SQL_CONTACT_DUE_NEXT, \
		"SELECT pseudonym FROM contact WHERE pseudonym > ?1 AND contact_due(body) <= ?2 ORDER BY pseudonym LIMIT ?3") \
	/* behind ?1 and ?2; of who is due on an earlier day than today the line says enough */ \
	X(SQL_AGENDA_DUE, \
		"SELECT day, name FROM agenda WHERE what = ?5 AND (day, name) > (?1, ?2) AND day <= ?3 AND (day <= ?3 - 86400 OR" \
		" coalesce((SELECT contact_due(body) FROM contact WHERE pseudonym = agenda_contact(what, day, name)), 0) <= ?3)" \
		" ORDER BY day, name LIMIT ?4") \
	/* what is yet to be told stays as it is */ \
	X(SQL_AGENDA_OTHERS, \
		"SELECT day, name FROM agenda WHERE what = ?5 AND (day, name) > (?1, ?2) AND day <= ?3" \
		" AND (SELECT news FROM contact WHERE pseudonym = agenda_contact(what, day, name)) IS NULL" \
		" ORDER BY day, name LIMIT ?4") \
	X(SQL_AGENDA_COUNT, "SELECT count(*) FROM agenda WHERE what = ?1") \
	X(SQL_AGENDA_OURS, \
		"SELECT count(agenda_contact(what, day, name)) FROM agenda WHERE what = ?1") \
	X(SQL_AGENDA_CLEAR, "DELETE FROM agenda") \
	X(SQL_AGENDA_SWEEP, \
		"DELETE FROM agenda WHERE NOT EXISTS (SELECT 1 FROM contact WHERE pseudonym = agenda_contact(what, day, name))") \
	X(SQL_AGENDA_SEAL, "UPDATE agenda SET name = renamed(what, day, name)") \
	X(SQL_CONTACT_ALL, "SELECT at, body, pseudonym FROM contact") \
	X(SQL_CONTACT_GOING, \
		"SELECT at, body, pseudonym FROM contact WHERE at < ?1 AND contact_objection(body) = ?2") \
	X(SQL_CONTACT_AFTER, \
		"SELECT pseudonym FROM contact WHERE pseudonym > ?1 ORDER BY pseudonym LIMIT ?2") \
	X(SQL_CONTACT_FROM, \
		"SELECT pseudonym FROM contact WHERE pseudonym > ?1 AND at >= ?2 ORDER BY pseudonym LIMIT ?3") \
	X(SQL_CONTACT_BLOCKED, \
		"SELECT pseudonym FROM contact WHERE pseudonym > ?1 AND contact_state(body) IN ('block', 'investigate')" \
		" ORDER BY pseudonym LIMIT ?2") \
	X(SQL_CONTACT_GATED, \
		"SELECT pseudonym FROM contact WHERE pseudonym > ?1 AND contact_state(body) = 'retry-gated' ORDER BY pseudonym LIMIT ?2") \
	X(SQL_CONTACT_DELETE, \
		"DELETE FROM contact WHERE pseudonym = ?1 RETURNING at, contact_state(body), contact_objection(body)") \
	/* that somebody is not to be written to, since when and why, and nothing else */ \
	X(SQL_CONTACT_REDUCE, "UPDATE contact SET body = ?2 WHERE pseudonym = ?1") \
	X(SQL_CONTACT_ENDED, \
		"SELECT pseudonym FROM contact WHERE pseudonym > ?1 AND contact_state(body) = 'inactive' AND NOT contact_objection(body) ORDER BY pseudonym LIMIT ?2") \
	/* objections of which more is known than that they were made */ \
	X(SQL_OBJECTION_WORDY, \
		"SELECT pseudonym FROM contact WHERE pseudonym IN (SELECT agenda_contact(what, day, name) FROM agenda" \
		" WHERE what = 'objection' AND day < ?1) AND contact_wordy(body) LIMIT ?2") \
	/* erasure.c's function knows what was erased; its numbers are those of enum erasure */ \
	X(SQL_ERASED_KEPT, \
		"SELECT pseudonym FROM contact WHERE pseudonym > ?1 AND erased(pseudonym) = 1" \
		" AND (contact_state(body) = 'inactive' OR contact_objected(body))" \
		" ORDER BY pseudonym LIMIT ?2") \
	X(SQL_ERASED_CONTACTS, \
		"DELETE FROM contact WHERE erased(pseudonym) = 0 OR (erased(pseudonym) = 1 AND contact_state(body) <> 'inactive' AND NOT contact_objected(body))" \
		" RETURNING at, contact_state(body), contact_objection(body)") \
	X(SQL_ERASED_SHARES, "DELETE FROM share WHERE erased(pseudonym) IN (0, 1)") \
	X(SQL_ERASED_EVENTS, \
		"DELETE FROM event WHERE erased(pseudonym) = 2 RETURNING at, typeof(diagnostic) <> 'null'") \
	X(SQL_CONTACT_OBJECTORS, \
		"SELECT contact_state(body), count(*) FROM contact WHERE pseudonym IN" \
		" (SELECT agenda_contact(what, day, name) FROM agenda WHERE what = 'objection')" \
		" AND contact_objected(body) GROUP BY 1") \
	X(SQL_CONTACT_STATES, \
		"SELECT substr(class, 7), count FROM held WHERE class >= 'state ' AND class < 'state!'") \
	X(SQL_CONTACT_EACH_STATE, \
		"SELECT contact_state(body), contact_due(body) IS NOT NULL, contact_objection(body) FROM contact") \
	X(SQL_CONTACT_DUE_STATES, \
		"SELECT contact_state(body), count(*) FROM contact WHERE at < ?1 AND contact_objection(body) = ?2 GROUP BY 1") \
	/* these two by what rows say, which takes a look at each of them */ \
	X(SQL_CONTACT_COUNT, "SELECT count(*) FROM contact WHERE NOT contact_objection(body)") \
	X(SQL_OBJECTION_COUNT, "SELECT count(*) FROM contact WHERE contact_objection(body)") \
	/* the first day that has more contacts than objections */ \
	X(SQL_CONTACT_OLDEST, \
		"SELECT at FROM contact GROUP BY at HAVING count(*) >" \
		" (SELECT count(*) FROM agenda WHERE what = 'objection' AND day = contact.at) ORDER BY at LIMIT 1") \
	X(SQL_CAUSE_NAMED, /* a rule, a provider, with neither name all that there is */ \
		"SELECT EXISTS (SELECT 1 FROM event WHERE at BETWEEN ?1 AND ?2 AND (?3 IS NULL OR rule = ?3) AND (?4 IS NULL OR provider = ?4))" \
		" OR EXISTS (SELECT 1 FROM wave WHERE kind = 'rule' AND name = ?3 OR kind = 'provider' AND name = ?4)") \
	X(SQL_CONTACT_DUE, \
		"SELECT (SELECT count(*) FROM contact WHERE at < ?1) - (SELECT count(*) FROM agenda WHERE what = 'objection' AND day < ?1)") \
	X(SQL_CONTACT_PURGE, "DELETE FROM contact WHERE at < ?1 AND NOT contact_objection(body)") \
	X(SQL_OBJECTION_OLDEST, "SELECT min(day) FROM agenda WHERE what = 'objection'") \
	X(SQL_OBJECTION_DUE, "SELECT count(*) FROM agenda WHERE what = 'objection' AND day < ?1") \
	X(SQL_OBJECTION_PURGE, "DELETE FROM contact WHERE at < ?1 AND contact_objection(body)")

#endif
