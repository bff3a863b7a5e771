/* Answers without what makes each of them another. */
#include "classify/shape.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static bool is_reply_code(const char *digits, size_t n, char behind)
{
	return n == 3 && *digits >= '2' && *digits <= '5' &&
		(behind == ' ' || behind == '-' || !behind);
}

static size_t digits_length(const char *p)
{
	size_t n = 0;

	while (isdigit((unsigned char)p[n]))
		n++;
	return n;
}

/* "5.1.1" and the like, at P; its length or 0. */
static size_t status_length(const char *p)
{
	size_t n = 1;

	if (*p != '2' && *p != '4' && *p != '5')
		return 0;
	for (int part = 0; part < 2; part++) {
		if (p[n] != '.')
			return 0;
		size_t digits = digits_length(p + n + 1);
		if (!digits || digits > 3)
			return 0;
		n += 1 + digits;
	}
	return p[n] == '.' ? 0 : n;
}

size_t shape_code_length(const char *text)
{
	const size_t status = status_length(text), digits = digits_length(text);

	if (status || !is_reply_code(text, digits, text[digits]))
		return status;
	return digits + (text[digits] == '-');
}

void shape_of(const char *answer, char *out, size_t size)
{
	size_t n = 0;
	bool word = false; /* the byte before belongs to one */

	while (*answer && n + 8 < size) {
		size_t digits = digits_length(answer), status = word ? 0 : status_length(answer);
		if (!status && !word && is_reply_code(answer, digits, answer[digits]))
			status = digits;
		if (status) {
			memcpy(out + n, answer, status < 8 ? status : 8);
			n += status < 8 ? status : 8;
			answer += status;
		} else if (digits) {
			out[n++] = '#';
			answer += digits;
		} else {
			out[n++] = *answer++;
		}
		word = n && (isalnum((unsigned char)out[n - 1]) || out[n - 1] == '#');
	}
	out[n] = '\0';
}
