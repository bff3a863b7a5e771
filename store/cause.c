/*
 * What failures rest on, taken as a whole.
 *
 * A contact remembers rule and provider of its failures by name, because these lists are ours, and reporting MTA and campaign
 * as numbers of 32 bits: BLAKE2b under message.key of "retour cause 1", NUL, what it is, NUL, the name. Who asks for a
 * cause has its name; who has the file alone has neither name nor key.
 */
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include "store/cause.h"
#include "store/internal.h"

enum { NAME_MAX_BYTES = 256 };

uint32_t cause_number(const struct store *s, enum cause_purpose purpose, const char *name)
{
	static const char *const purposes[] = { [CAUSE_MTA] = "mta", [CAUSE_CAMPAIGN] = "campaign" };
	unsigned char input[NAME_MAX_BYTES + 64], hash[crypto_generichash_BYTES_MIN];
	size_t n = strnlen(name, NAME_MAX_BYTES);
	uint32_t number = 0;

	while (purpose == CAUSE_MTA && n && name[n - 1] == '.')
		n--;
	if (!n)
		return 0;
	size_t head = (size_t)snprintf((char *)input, 64, "retour cause 1%c%s", 0, purposes[purpose]) + 1;
	for (size_t i = 0; i < n; i++)
		input[head + i] = (unsigned char)tolower((unsigned char)name[i]);
	crypto_generichash(hash, sizeof hash, input, head + n, keys_message(s), KEY_SIZE);
	for (unsigned i = 0; i < 4; i++)
		number = number << 8 | hash[i];
	return number ? number : 1;
}
