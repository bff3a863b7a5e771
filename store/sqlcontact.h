/* The statements about contacts, as store/sql.h has the others; their functions are contactsql.c's.
 */
#ifndef RETOUR_STORE_SQLCONTACT_H
#define RETOUR_STORE_SQLCONTACT_H

#define STORE_SQL_CONTACTS(X) \
	X(SQL_CONTACT_GET, "SELECT at, objection, body FROM contact WHERE pseudonym = ?1") \
	X(SQL_CONTACT_ROW, "SELECT pseudonym, body FROM contact WHERE pseudonym = ?1") \
	X(SQL_CONTACT_NEAR, \
		"SELECT pseudonym, body FROM contact WHERE pseudonym BETWEEN ?1 AND ?2") \
	/* asked.c's function knows who is asked for */ \
	X(SQL_CONTACT_ASKED, \
		"SELECT pseudonym, body FROM contact WHERE asked(pseudonym) ORDER BY pseudonym") \
	X(SQL_CONTACT_SINCE, "SELECT pseudonym, body, old, at FROM contact ORDER BY pseudonym") \
	/* the index alone says which; only of those the rows are looked at */ \
	X(SQL_NEWS, \
		"SELECT pseudonym, body, old, contact_news(news) FROM contact WHERE pseudonym IN" \
		" (SELECT pseudonym FROM contact WHERE news IS NOT NULL ORDER BY contact_news(news), pseudonym LIMIT ?1)" \
		" ORDER BY contact_news(news), pseudonym") \
	X(SQL_NEWS_NEXT, \
		"SELECT coalesce(max(contact_news(news)), 0) + 1 FROM contact WHERE news IS NOT NULL") \
	X(SQL_NEWS_MARK, "UPDATE contact SET news = news_sealed(?2) WHERE pseudonym = ?1") \
	X(SQL_NEWS_TOLD, \
		"UPDATE contact SET news = NULL WHERE pseudonym = ?1 AND contact_news(news) = ?2") \
	X(SQL_NEWS_DROP, "UPDATE contact SET news = NULL WHERE news IS NOT NULL") \
	X(SQL_NEWS_LEVEL, "UPDATE contact SET news = news_sealed(1) WHERE news IS NOT NULL") \
	X(SQL_CONTACT_ADD, \
		"INSERT INTO contact (pseudonym, at, due, tidy, objection, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)") \
	X(SQL_CONTACT_PUT, \
		"INSERT INTO contact (pseudonym, at, due, tidy, objection, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET" \
		" at = excluded.at, due = excluded.due, tidy = excluded.tidy, objection = excluded.objection, body = excluded.body") \
	/* of a row that keeps its place in the index by time: the same parameters */ \
	X(SQL_CONTACT_CHANGE, \
		"UPDATE contact SET due = ?3, tidy = ?4, body = ?6 WHERE pseudonym = ?1") \
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
	X(SQL_OBJECTION_OLD, "SELECT count(*) FROM contact WHERE old <= ?1 AND objection = 1") \
	X(SQL_CONTACT_GIVE_UP, \
		"DELETE FROM contact WHERE old <= ?1 RETURNING at, contact_state(body), objection") \
	/* of who is due on an earlier day the index alone says it, without the row */ \
	X(SQL_CONTACT_TIMED, \
		"SELECT pseudonym FROM contact WHERE due IS NOT NULL AND due <= ?1 AND (due <= ?1 - 86400 OR" \
		" (SELECT contact_due(body) FROM contact AS row WHERE row.pseudonym = contact.pseudonym) <= ?1)" \
		" ORDER BY due LIMIT ?2") \
	X(SQL_CONTACT_UNTIDY, \
		"SELECT pseudonym FROM contact WHERE tidy IS NOT NULL AND tidy <= ?1 AND news IS NULL ORDER BY tidy LIMIT ?2") \
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
		"DELETE FROM contact WHERE pseudonym = ?1 RETURNING at, contact_state(body), objection") \
	/* that somebody is not to be written to, since when and why, and nothing else */ \
	X(SQL_CONTACT_REDUCE, \
		"UPDATE contact SET due = NULL, tidy = NULL, body = ?2 WHERE pseudonym = ?1") \
	X(SQL_CONTACT_OBJECT, "UPDATE contact SET objection = 1 WHERE pseudonym = ?1") \
	X(SQL_CONTACT_ENDED, \
		"SELECT pseudonym FROM contact WHERE pseudonym > ?1 AND contact_state(body) = 'inactive' AND objection = 0 ORDER BY pseudonym LIMIT ?2") \
	/* objections of which more is known than that they were made */ \
	X(SQL_OBJECTION_WORDY, \
		"SELECT pseudonym FROM contact WHERE objection = 1 AND at < ?1 AND contact_wordy(body) LIMIT ?2") \
	/* erasure.c's function knows what was erased; its numbers are those of enum erasure */ \
	X(SQL_ERASED_KEPT, \
		"SELECT pseudonym FROM contact WHERE pseudonym > ?1 AND erased(pseudonym) = 1" \
		" AND (contact_state(body) = 'inactive' OR contact_objected(body))" \
		" ORDER BY pseudonym LIMIT ?2") \
	X(SQL_ERASED_CONTACTS, \
		"DELETE FROM contact WHERE erased(pseudonym) = 0 OR (erased(pseudonym) = 1 AND contact_state(body) <> 'inactive' AND NOT contact_objected(body))" \
		" RETURNING at, contact_state(body), objection") \
	X(SQL_ERASED_SHARES, "DELETE FROM share WHERE erased(pseudonym) IN (0, 1)") \
	X(SQL_ERASED_EVENTS, \
		"DELETE FROM event WHERE erased(pseudonym) = 2 RETURNING at, typeof(diagnostic) <> 'null'") \
	X(SQL_CONTACT_STATES, \
		"SELECT substr(class, 7), count FROM held WHERE class >= 'state ' AND class < 'state!'") \
	X(SQL_CONTACT_EACH_STATE, "SELECT contact_state(body) FROM contact") \
	X(SQL_CONTACT_DUE_STATE, \
		"SELECT count(*) FROM contact WHERE at < ?1 AND contact_state(body) = ?2 AND objection = ?3") \
	X(SQL_CONTACT_COUNT, "SELECT count(*) FROM contact WHERE objection = 0") \
	X(SQL_CONTACT_OLDEST, "SELECT min(at) FROM contact WHERE objection = 0") \
	X(SQL_CONTACT_DUE, "SELECT count(*) FROM contact WHERE objection = 0 AND at < ?1") \
	X(SQL_CONTACT_PURGE, "DELETE FROM contact WHERE objection = 0 AND at < ?1") \
	X(SQL_OBJECTION_COUNT, "SELECT count(*) FROM contact WHERE objection = 1") \
	X(SQL_OBJECTION_OLDEST, "SELECT min(at) FROM contact WHERE objection = 1") \
	X(SQL_OBJECTION_DUE, "SELECT count(*) FROM contact WHERE objection = 1 AND at < ?1") \
	X(SQL_OBJECTION_PURGE, "DELETE FROM contact WHERE objection = 1 AND at < ?1")

#endif
