/* Statements, prepared once for each handle; errors are a message on it. */
#ifndef RETOUR_STORE_DB_H
#define RETOUR_STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "store/sql.h"

struct store;

/*
 * Binds by TYPES, one letter each: i int64_t, t text (const char *, NULL is null; "" is null too
 * for T), b blob (const void *, int). What is bound must live until the statement is reset. NULL on
 * error.
 */
sqlite3_stmt *db_bind(struct store *s, enum sql id, const char *types, ...);
/* 1: a row, 0: done, -1: error (message set). The statement is reset unless there is a row. */
int db_step(struct store *s, sqlite3_stmt *st);
/*
 * For while: whether there is another row and *RESULT is STORE_OK, so that it may be the visitor's.
 * At the end the statement is reset, and *RESULT says whether all was well; ST may be NULL.
 */
bool db_row(struct store *s, sqlite3_stmt *st, int *result);
/* Steps what db_bind() gave to the end and resets it. ST may be NULL: db_bind() failed. */
int db_finish(struct store *s, sqlite3_stmt *st);
/* The first column of the first row; *OUT stays as it is when there is no row or it is null. */
int db_finish_int(struct store *s, sqlite3_stmt *st, int64_t *out);
/* The same as text, cut into BUFFER; "" where there is no row. */
int db_finish_text(struct store *s, sqlite3_stmt *st, char *buffer, size_t size);
/* VISIT to each row of what db_bind() gave: two names and a count. ST may be NULL. */
int db_counts(struct store *s, sqlite3_stmt *st,
	int (*visit)(void *context, const char *of, const char *what, uint64_t count),
	void *context);
#define db_run(s, ...) db_finish(s, db_bind(s, __VA_ARGS__))
#define db_int(s, out, ...) db_finish_int(s, db_bind(s, __VA_ARGS__), out)
#define db_line(s, buffer, size, ...) db_finish_text(s, db_bind(s, __VA_ARGS__), buffer, size)
/* A column's text cut into BUFFER; "" for null. */
void db_text(sqlite3_stmt *st, int column, char *buffer, size_t size);
int db_exec(struct store *s, const char *sql);
/* STORE_FAILED, with what SQLite says of its last failure on the handle; a full disk by its name.
 */
int db_error(struct store *s);
/* Sets as the error that a newer program has given the store its form, VERSION; its code. */
int db_outgrown(struct store *s, int version);

#endif
