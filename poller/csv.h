/*
 * One record of comma-separated values, RFC 4180, as a line; fields in quotes may hold separators and quotes, but no line ends. Spreadsheets of some
 * countries separate by semicolon, databases by tab: csv_separator() finds out.
 */
#ifndef RETOUR_CSV_H
#define RETOUR_CSV_H

#include "classify/span.h"

/* What separates in LINE: the first of comma, semicolon and tab outside quotes; a comma where there is none. */
char csv_separator(struct span line);

/*
 * Splits LINE into at most MAX fields, without their quotes and the blanks around them. They point into LINE, which is changed where a field holds
 * doubled quotes. *COUNT is how many there are; fields beyond MAX are counted too. -1: a quote is not closed, or something follows the closing one; *COUNT
 * is then that field's number from 1.
 */
int csv_split(char *line, size_t n, char separator, struct span *field, size_t max, size_t *count);

#endif
