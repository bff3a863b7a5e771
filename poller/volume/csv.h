/*
 * One record of comma-separated values, RFC 4180, as a line; fields in quotes may hold separators
 * and quotes, but no line ends. Spreadsheets of some countries separate by semicolon, databases by
 * tab: csv_separator() finds out.
 */
#ifndef RETOUR_CSV_H
#define RETOUR_CSV_H

#include "classify/base/span.h"

/*
 * What separates in LINE: the first of comma, semicolon and tab outside quotes; a comma where there
 * is none.
 */
char csv_separator(struct span line);

/*
 * Splits LINE into at most MAX fields, without their quotes and the blanks around them. They point
 * into LINE, which is changed where a field holds doubled quotes. *COUNT is how many there are;
 * fields beyond MAX are counted too. -1: a quote is not closed, or something follows the closing
 * one; *COUNT is then that field's number from 1.
 */
int csv_split(char *line, size_t n, char separator, struct span *field, size_t max, size_t *count);

/*
 * The next record of TEXT, which may go over several lines where a field in quotes does, and its
 * field number WANT (from 0) as it stands there, quotes included; FIELD->p is NULL where there is
 * none. RECORD is without the line end, *USED with it. END: nothing comes behind TEXT. CSV_BROKEN:
 * the quotes make no sense; RECORD is then the physical line, so that one bad line costs no other.
 */
enum csv_result { CSV_RECORD, CSV_MORE, CSV_BROKEN };
enum csv_result csv_next(struct span text, bool end, char separator, size_t want,
	struct span *record, struct span *field, size_t *used);
/*
 * A field as it stands in the record, without quotes and the blanks around it, into OUT of SIZE
 * bytes; returns its length, cut where it is too long.
 */
size_t csv_unquote(struct span field, char *out, size_t size);

#endif
