/* The statements about contacts, as store/sql.h has the others. */
#ifndef RETOUR_STORE_SQLCONTACT_H
#define RETOUR_STORE_SQLCONTACT_H

#define STORE_REDUCE \
	"UPDATE contact SET until = NULL, due = NULL, attempts = 0, pauses = 0, counted_from = 0, rule = NULL, ladder = NULL," \
	" history = NULL, tidy = NULL, cohort = NULL"
#define STORE_SQL_CONTACTS(X) \
	X(SQL_CONTACT_GET, \
		"SELECT state, at, since, until, due, attempts, pauses, counted_from, reason, rule, ladder, history, cohort, objection, objected" \
		" FROM contact WHERE pseudonym = ?1") \
	X(SQL_CONTACT_ROW, \
		"SELECT pseudonym, state, since, until, due, attempts, reason, ladder, iif(objected, history, NULL) FROM contact" \
		" WHERE pseudonym = ?1") \
	X(SQL_CONTACT_NEAR, \
		"SELECT pseudonym, state, since, until, due, attempts, reason, ladder, iif(objected, history, NULL) FROM contact" \
		" WHERE pseudonym BETWEEN ?1 AND ?2") \
	/* asked.c's function knows who is asked for */ \
	X(SQL_CONTACT_ASKED, \
		"SELECT pseudonym, state, since, until, due, attempts, reason, ladder, iif(objected, history, NULL) FROM contact" \
		" WHERE asked(pseudonym) ORDER BY pseudonym") \
	X(SQL_CONTACT_SINCE, \
		"SELECT pseudonym, state, since, until, due, attempts, reason, ladder, iif(objected, history, NULL), old" \
		" FROM contact WHERE max(at, since) >= ?1 ORDER BY pseudonym") \
	X(SQL_NEWS, \
		"SELECT pseudonym, state, since, until, due, attempts, reason, ladder, iif(objected, history, NULL), old, news" \
		" FROM contact WHERE news IS NOT NULL ORDER BY news, pseudonym LIMIT ?1") \
	X(SQL_NEWS_NEXT, "SELECT coalesce(max(news), 0) + 1 FROM contact WHERE news IS NOT NULL") \
	X(SQL_NEWS_MARK, "UPDATE contact SET news = ?2 WHERE pseudonym = ?1") \
	X(SQL_NEWS_TOLD, "UPDATE contact SET news = NULL WHERE pseudonym = ?1 AND news = ?2") \
	X(SQL_NEWS_DROP, "UPDATE contact SET news = NULL WHERE news IS NOT NULL") \
	X(SQL_NEWS_LEVEL, "UPDATE contact SET news = 1 WHERE news IS NOT NULL") \
	X(SQL_CONTACT_ADD, \
		"INSERT INTO contact (pseudonym, state, at, since, until, due, attempts, pauses, counted_from, reason, rule, ladder, history," \
		" tidy, cohort, objection, objected) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)") \
	X(SQL_CONTACT_PUT, \
		"INSERT INTO contact (pseudonym, state, at, since, until, due, attempts, pauses, counted_from, reason, rule, ladder, history," \
		" tidy, cohort, objection, objected) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17) ON CONFLICT DO UPDATE SET" \
		" state = excluded.state, at = excluded.at, since = excluded.since, until = excluded.until, due = excluded.due," \
		" attempts = excluded.attempts, pauses = excluded.pauses, counted_from = excluded.counted_from, reason = excluded.reason," \
		" rule = excluded.rule, ladder = excluded.ladder, history = excluded.history, tidy = excluded.tidy, cohort = excluded.cohort," \
		" objection = excluded.objection, objected = excluded.objected") \
	/* under another state key; who is there already stays as it is */ \
	X(SQL_CONTACT_REKEY, \
		"UPDATE OR IGNORE contact SET pseudonym = ?1, old = NULL WHERE pseudonym = ?2") \
	/* keylife.c's function seals a pseudonym under the present state key; old is the number \
	 * of the key that a contact is found by, null: the present one */ \
	X(SQL_CONTACT_SEAL, \
		"UPDATE contact SET pseudonym = sealed(pseudonym), old = coalesce(old, ?1)") \
	X(SQL_CONTACT_SEAL_CHAINED, "UPDATE contact SET pseudonym = sealed(pseudonym)") \
	X(SQL_CONTACT_SEAL_OLD, \
		"UPDATE contact SET pseudonym = sealed(pseudonym), old = ?1 WHERE old IS NOT NULL") \
	X(SQL_CONTACT_OLD, "SELECT count(*) FROM contact WHERE old <= ?1") \
	X(SQL_OBJECTION_OLD, "SELECT count(*) FROM contact WHERE old <= ?1 AND objection = 1") \
	X(SQL_CONTACT_GIVE_UP, \
		"DELETE FROM contact WHERE old <= ?1 RETURNING at, state, objection") \
	X(SQL_CONTACT_TIMED, \
		"SELECT pseudonym FROM contact WHERE due IS NOT NULL AND due <= ?1 ORDER BY due LIMIT ?2") \
	X(SQL_CONTACT_UNTIDY, \
		"SELECT pseudonym FROM contact WHERE tidy IS NOT NULL AND tidy <= ?1 AND news IS NULL ORDER BY tidy LIMIT ?2") \
	X(SQL_CONTACT_AFTER, \
		"SELECT pseudonym FROM contact WHERE pseudonym > ?1 ORDER BY pseudonym LIMIT ?2") \
	X(SQL_CONTACT_FROM, \
		"SELECT pseudonym FROM contact WHERE pseudonym > ?1 AND at >= ?2 ORDER BY pseudonym LIMIT ?3") \
	X(SQL_CONTACT_BLOCKED, \
		"SELECT pseudonym FROM contact WHERE pseudonym > ?1 AND state IN ('block', 'investigate') AND reason = ?2" \
		" ORDER BY pseudonym LIMIT ?3") \
	X(SQL_CONTACT_GATED, \
		"SELECT pseudonym FROM contact WHERE pseudonym > ?1 AND state = 'retry-gated' ORDER BY pseudonym LIMIT ?2") \
	X(SQL_CONTACT_DELETE, \
		"DELETE FROM contact WHERE pseudonym = ?1 RETURNING at, state, objection") \
	/* that somebody is not to be written to, since when and why, and nothing else */ \
	X(SQL_CONTACT_REDUCE, STORE_REDUCE " WHERE pseudonym = ?1 AND state = 'inactive'") \
	X(SQL_CONTACT_REDUCE_OBJECTION, \
		STORE_REDUCE ", since = ?2, reason = ?3, rule = ?4 WHERE pseudonym = ?1") \
	X(SQL_CONTACT_OBJECT, "UPDATE contact SET objection = 1 WHERE pseudonym = ?1") \
	X(SQL_CONTACT_ENDED, \
		"SELECT pseudonym FROM contact WHERE pseudonym > ?1 AND state = 'inactive' AND objection = 0 ORDER BY pseudonym LIMIT ?2") \
	/* objections of which more is known than that they were made */ \
	X(SQL_OBJECTION_WORDY, \
		"SELECT pseudonym FROM contact WHERE objection = 1 AND at < ?1 AND state = 'inactive' AND history IS NOT NULL" \
		" AND objected IS NULL LIMIT ?2") \
	X(SQL_OBJECTION_WORDY_STREAM, \
		"SELECT pseudonym FROM contact WHERE objection = 1 AND at < ?1 AND objected = 1 LIMIT ?2") \
	/* erasure.c's function knows what was erased; its numbers are those of enum erasure */ \
	X(SQL_ERASED_REDUCE, \
		STORE_REDUCE \
		" WHERE state = 'inactive' AND objected IS NULL AND erased(pseudonym) = 1") \
	X(SQL_ERASED_OBJECTED, \
		"SELECT pseudonym FROM contact WHERE pseudonym > ?1 AND objected IS NOT NULL AND erased(pseudonym) = 1" \
		" ORDER BY pseudonym LIMIT ?2") \
	X(SQL_ERASED_CONTACTS, \
		"DELETE FROM contact WHERE erased(pseudonym) = 0 OR (state <> 'inactive' AND objected IS NULL AND erased(pseudonym) = 1)" \
		" RETURNING at, state, objection") \
	X(SQL_ERASED_SHARES, "DELETE FROM share WHERE erased(pseudonym) IN (0, 1)") \
	X(SQL_ERASED_EVENTS, \
		"DELETE FROM event WHERE erased(pseudonym) = 2 RETURNING at, typeof(diagnostic) <> 'null'") \
	X(SQL_CONTACT_STATES, \
		"SELECT substr(class, 7), count FROM held WHERE class >= 'state ' AND class < 'state!'") \
	X(SQL_CONTACT_EACH_STATE, "SELECT state FROM contact") \
	X(SQL_CONTACT_DUE_STATE, \
		"SELECT count(*) FROM contact WHERE at < ?1 AND state = ?2 AND objection = ?3") \
	X(SQL_CONTACT_COUNT, "SELECT count(*) FROM contact WHERE objection = 0") \
	X(SQL_CONTACT_OLDEST, "SELECT min(at) FROM contact WHERE objection = 0") \
	X(SQL_CONTACT_DUE, "SELECT count(*) FROM contact WHERE objection = 0 AND at < ?1") \
	X(SQL_CONTACT_PURGE, "DELETE FROM contact WHERE objection = 0 AND at < ?1") \
	X(SQL_OBJECTION_COUNT, "SELECT count(*) FROM contact WHERE objection = 1") \
	X(SQL_OBJECTION_OLDEST, "SELECT min(at) FROM contact WHERE objection = 1") \
	X(SQL_OBJECTION_DUE, "SELECT count(*) FROM contact WHERE objection = 1 AND at < ?1") \
	X(SQL_OBJECTION_PURGE, "DELETE FROM contact WHERE objection = 1 AND at < ?1")

#endif
