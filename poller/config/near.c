/* Which word was meant. */
#include "poller/config/near.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 40 };

static int least_distance(int a, int b)
{
	return a < b ? a : b;
}

int near_distance(const char *a, const char *b)
{
	int row[3][WORD_MAX + 1]; /* of the matrix: the one before the last, the last, this */
	size_t n = strlen(a), m = strlen(b);
	if (n > WORD_MAX || m > WORD_MAX)
		return NEAR_NONE;
	for (size_t j = 0; j <= m; j++)
		row[1][j] = (int)j;
	for (size_t i = 1; i <= n; i++) {
		row[2][0] = (int)i;
		for (size_t j = 1; j <= m; j++) {
			row[2][j] = least_distance(least_distance(row[1][j] + 1, row[2][j - 1] + 1),
				row[1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[2][j] = least_distance(row[2][j], row[0][j - 2] + 1);
		}
		memcpy(row[0], row[1], sizeof row[0]);
		memcpy(row[1], row[2], sizeof row[1]);
	}
	return row[1][m];
}

void near_try(const char *typed, const char *word, const char **best, int *distance)
{
	int most = strlen(typed) > 5 ? 2 : 1, d = near_distance(typed, word);
	/* the beginning of a word means it, too */
	if (strlen(typed) >= 3 && !strncmp(typed, word, strlen(typed)))
		d = least_distance(d, 1);
	if (d <= most && d < *distance) {
		*distance = d;
		*best = word;
	}
}

void near_section_try(const char *typed, const char *word, const char **best, int *distance)
{
	char first[64];
	bool named = word[strlen(word) - 1] == '*';
	snprintf(first, sizeof first, "%.*s%s", (int)strcspn(typed, named ? " " : ""), typed,
		named ? " *" : "");
	near_try(first, word, best, distance);
}
