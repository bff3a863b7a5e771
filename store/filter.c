/*
 * A Bloom filter over all contacts (B. H. Bloom, 1970), so that of a mailing list of a million addresses only those with a contact cost
 * a walk through the table. It says "no contact" surely and "perhaps" otherwise: a wrong "perhaps" costs time, never an answer.
 *
 * A pseudonym is a keyed hash, so its own bytes are the filter's hash functions. The filter is made only by handles that read, once many
 * were asked, and holds while nothing was written since (PRAGMA data_version); it is asked only inside a snapshot.
 */
#include <stdlib.h>
#include "store/internal.h"

enum {
	PROBES = 4,                 /* of 32 bits each: the pseudonym's 16 bytes */
	BITS_PER_CONTACT = 16,      /* one wrong "perhaps" in 400 */
	BITS_MIN = 1 << 16,
	BITS_MAX = 1 << 26,         /* 8 MiB; more contacts than four millions make it less sharp, not wrong */
	WORTH_AFTER = 20000,        /* checks that pay for making one */
};

struct filter {
	bool holds;
	int64_t version;            /* of the data that it was made from */
	uint64_t asked;             /* checks since it was made */
	uint64_t contacts;
	uint32_t mask;              /* number of bits, less one */
	uint64_t *bits;
};

static uint32_t probe(const struct filter *f, const unsigned char key[PSEUDONYM_SIZE], unsigned n)
{
	uint32_t v;

	memcpy(&v, key + n * sizeof v, sizeof v);
	return v & f->mask;
}

/* Memory for as many contacts as there are now. */
static int size_filter(struct store *s, struct filter *f)
{
	int64_t count = 0;
	uint64_t bits = BITS_MIN;

	if (db_int(s, &count, SQL_CONTACT_COUNT, ""))
		return STORE_FAILED;
	while (bits < BITS_MAX && bits < (uint64_t)count * BITS_PER_CONTACT)
		bits *= 2;
	free(f->bits);
	f->bits = calloc(bits / 64, sizeof *f->bits);
	f->mask = (uint32_t)bits - 1;
	f->contacts = (uint64_t)count;
	return f->bits ? STORE_OK : store_fail(s, STORE_FAILED, "no memory");
}

static int make_filter(struct store *s, struct filter *f, int64_t version)
{
	sqlite3_stmt *st;
	int rc;

	f->asked = 0;
	if (size_filter(s, f) || !(st = db_bind(s, SQL_CONTACT_KEYS, "")))
		return STORE_FAILED;
	while ((rc = db_step(s, st)) == 1) {
		const unsigned char *key = sqlite3_column_blob(st, 0);
		for (unsigned n = 0; n < PROBES && sqlite3_column_bytes(st, 0) == PSEUDONYM_SIZE; n++)
			f->bits[probe(f, key, n) / 64] |= (uint64_t)1 << probe(f, key, n) % 64;
	}
	f->holds = !rc;
	f->version = version;
	return rc ? STORE_FAILED : STORE_OK;
}

int filter_enter(struct store *s)
{
	struct filter *f = s->filter;
	int64_t version = 0;

	if (!s->o.read_only)
		return STORE_OK;
	if (!f && !(f = s->filter = calloc(1, sizeof *f)))
		return store_fail(s, STORE_FAILED, "no memory");
	if (db_int(s, &version, SQL_DATA_VERSION, ""))
		return STORE_FAILED;
	f->holds = f->holds && f->version == version;
	/* while another process writes all the time, making it again is bounded by what it saves */
	if (!f->holds && f->asked >= WORTH_AFTER && f->asked >= f->contacts / 4)
		return make_filter(s, f, version);
	return STORE_OK;
}

bool filter_excludes(struct store *s, const unsigned char key[PSEUDONYM_SIZE])
{
	struct filter *f = s->filter;

	if (!s->in_snapshot || !f)
		return false;
	f->asked++;
	if (!f->holds)
		return false;
	for (unsigned n = 0; n < PROBES; n++)
		if (!(f->bits[probe(f, key, n) / 64] >> probe(f, key, n) % 64 & 1))
			return true;
	return false;
}

void filter_free(struct store *s)
{
	if (s->filter)
		free(s->filter->bits);
	free(s->filter);
	s->filter = NULL;
}
