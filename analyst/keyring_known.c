/*
 * keyring: whom all key sets that were ever made or taken name; see
 * keyring.h.
 *
 * Their texts were read strictly, and their signatures checked, when they
 * were stored.  Parsing all again would check thousands of curve points at
 * every start; a key's id, which is a hash of it, says enough.
 */
#include <stdlib.h>
#include <string.h>

#include "analyst/base64.h"
#include "analyst/keyring_files.h"
#include "analyst/keyring_known.h"
#include "analyst/say.h"
#include "base/num.h"

#define KEY_WORD "key "
#define EPOCH_WORD "epoch "
#define SEQUENCE_WORD "sequence "

struct known {
	const struct keyring *kr;
	struct recipient *r;
	size_t count, cap;
	struct keyring_named *named;
	size_t named_count, named_cap;
	uint64_t sequence; /* of the set that is read */
	bool in_epoch;     /* the last of named is being filled */
	struct bytes text;
};

/* Make room for one more in a list of count items of that size. */
static enum status
grow(void **list, size_t *cap, size_t count, size_t size)
{
	void *more;

	if (count < *cap)
		return ST_OK;
	if ((more = reallocarray(*list, *cap == 0 ? 64 : *cap * 2, size)) ==
	    NULL)
		return ST_NOMEM;
	*list = more;
	*cap = *cap == 0 ? 64 : *cap * 2;
	return ST_OK;
}

/* Put one more among those of its epoch, by rising id. */
static void
add_who(struct keyring_named *named, const uint8_t id[static KEY_ID_LEN],
    const char *name, size_t len)
{
	size_t at = named->count;

	if (at == RECIPIENTS_MAX || len > KEY_NAME_MAX)
		return;
	while (at > 0 && memcmp(named->who[at - 1].id, id, KEY_ID_LEN) > 0) {
		named->who[at] = named->who[at - 1];
		at--;
	}
	memcpy(named->who[at].id, id, KEY_ID_LEN);
	memcpy(named->who[at].name, name, len);
	named->who[at].name[len] = '\0';
	named->count++;
}

/* "ID NAME BASE64" */
static enum status
key_line(struct known *known, const char *p, size_t len)
{
	struct recipient r;
	enum status st;

	if (len < KEY_ID_TEXT_LEN + BASE64_KEY_LEN + 3 ||
	    !base64_key(p + len - BASE64_KEY_LEN, r.key))
		return ST_OK;
	key_id(KEY_ROLE_EPOCH, r.key, r.id);
	st = grow(
	    (void **)&known->r, &known->cap, known->count, sizeof(*known->r));
	if (st != ST_OK)
		return st;
	known->r[known->count++] = r;
	if (known->in_epoch)
		add_who(&known->named[known->named_count - 1], r.id,
		    p + KEY_ID_TEXT_LEN + 1,
		    len - KEY_ID_TEXT_LEN - BASE64_KEY_LEN - 2);
	return ST_OK;
}

/* "NUMBER FROM UNTIL" */
static enum status
epoch_line(struct known *known, const char *p, size_t len)
{
	const char *end = memchr(p, ' ', len);
	struct keyring_named *named;
	uint64_t epoch;
	enum status st;

	known->in_epoch = false;
	if (end == NULL ||
	    num_parse(p, (size_t)(end - p), UINT32_MAX, &epoch) != ST_OK)
		return ST_OK;
	st = grow((void **)&known->named, &known->named_cap, known->named_count,
	    sizeof(*known->named));
	if (st != ST_OK)
		return st;
	named = &known->named[known->named_count++];
	/* All of it: what is equal is found by comparing bytes. */
	memset(named, 0, sizeof(*named));
	named->epoch = (uint32_t)epoch;
	named->sequence = known->sequence;
	known->in_epoch = true;
	return ST_OK;
}

static const char *
behind(const char *line, size_t len, const char *word)
{
	const size_t n = strlen(word);

	return len > n && memcmp(line, word, n) == 0 ? line + n : NULL;
}

static enum status
one_line(struct known *known, const char *line, size_t len)
{
	const char *p;

	if ((p = behind(line, len, KEY_WORD)) != NULL)
		return key_line(known, p, len - strlen(KEY_WORD));
	if ((p = behind(line, len, EPOCH_WORD)) != NULL)
		return epoch_line(known, p, len - strlen(EPOCH_WORD));
	if ((p = behind(line, len, SEQUENCE_WORD)) != NULL &&
	    num_parse(p, len - strlen(SEQUENCE_WORD), UINT64_MAX,
		&known->sequence) != ST_OK)
		known->sequence = 0;
	return ST_OK;
}

static int
by_id(const void *a, const void *b)
{
	const struct recipient *x = a, *y = b;

	return memcmp(x->id, y->id, KEY_ID_LEN);
}

static bool
same_keys(const struct keyring_named *x, const struct keyring_named *y)
{
	if (x->epoch != y->epoch || x->count != y->count)
		return false;
	for (size_t i = 0; i < x->count; i++) {
		if (memcmp(x->who[i].id, y->who[i].id, KEY_ID_LEN) != 0)
			return false;
	}
	return true;
}

/* By epoch, then by the keys, the newest set first. */
static int
by_keys(const void *a, const void *b)
{
	const struct keyring_named *x = a, *y = b;
	int c;

	if (x->epoch != y->epoch)
		return x->epoch < y->epoch ? -1 : 1;
	if (x->count != y->count)
		return x->count < y->count ? -1 : 1;
	for (size_t i = 0; i < x->count; i++) {
		c = memcmp(x->who[i].id, y->who[i].id, KEY_ID_LEN);
		if (c != 0)
			return c;
	}
	return x->sequence == y->sequence ? 0
	    : x->sequence > y->sequence   ? -1
					  : 1;
}

static int
by_epoch(const void *a, const void *b)
{
	const struct keyring_named *x = a, *y = b;

	if (x->epoch != y->epoch)
		return x->epoch < y->epoch ? -1 : 1;
	return x->sequence == y->sequence ? 0
	    : x->sequence < y->sequence   ? -1
					  : 1;
}

/* Sort, and keep each only once: years of sets name the same. */
static void
settle(struct known *known)
{
	size_t kept = 0;

	if (known->count > 0) {
		qsort(known->r, known->count, sizeof(*known->r), by_id);
		for (size_t i = 1; i < known->count; i++) {
			if (by_id(&known->r[i], &known->r[kept]) != 0)
				known->r[++kept] = known->r[i];
		}
		known->count = kept + 1;
	}
	if (known->named_count == 0)
		return;
	qsort(known->named, known->named_count, sizeof(*known->named), by_keys);
	kept = 0;
	for (size_t i = 1; i < known->named_count; i++) {
		if (!same_keys(&known->named[i], &known->named[kept]))
			known->named[++kept] = known->named[i];
	}
	known->named_count = kept + 1;
}

static enum status
one_set(void *ctx, const char *name)
{
	struct known *known = ctx;
	const char *p, *end;
	enum status st;

	st = keyring_set_text(known->kr, name, &known->text);
	if (st != ST_OK)
		return st == ST_NOMEM ? st : ST_OK; /* said, or not one */
	known->in_epoch = false;
	known->sequence = 0;
	p = (const char *)known->text.p;
	for (size_t left = known->text.len; left > 0 && st == ST_OK;) {
		size_t len;

		end = memchr(p, '\n', left);
		len = end == NULL ? left : (size_t)(end - p);
		st = one_line(known, p, len);
		len += end != NULL;
		p += len;
		left -= len;
	}
	settle(known);
	return st;
}

enum status
keyring_load_known(struct keyring *kr)
{
	struct known known = {.kr = kr, .text = BYTES_INIT(KEYSET_MAX)};
	enum status st = keyring_names(kr, "keysets", one_set, &known);

	bytes_free(&known.text);
	if (st != ST_OK) {
		free(known.r);
		free(known.named);
		return st;
	}
	if (known.named_count > 0)
		qsort(known.named, known.named_count, sizeof(*known.named),
		    by_epoch);
	free(kr->known);
	free(kr->named);
	kr->known = known.r;
	kr->known_count = known.count;
	kr->named = known.named;
	kr->named_count = known.named_count;
	return ST_OK;
}

const uint8_t *
keyring_known(const struct keyring *kr, const uint8_t id[static KEY_ID_LEN])
{
	struct recipient wanted;
	const struct recipient *r;

	if (kr->known_count == 0)
		return NULL;
	memcpy(wanted.id, id, KEY_ID_LEN);
	r = bsearch(&wanted, kr->known, kr->known_count, sizeof(*r), by_id);
	return r == NULL ? NULL : r->key;
}

const struct keyring_named *
keyring_named(const struct keyring *kr, uint32_t epoch)
{
	/* From behind: the newest of an epoch stands last. */
	for (size_t i = kr->named_count; i > 0; i--) {
		if (kr->named[i - 1].epoch == epoch)
			return &kr->named[i - 1];
	}
	return NULL;
}

static bool
has_id(const uint8_t (*ids)[KEY_ID_LEN], size_t count,
    const uint8_t id[static KEY_ID_LEN])
{
	for (size_t i = 0; i < count; i++) {
		if (memcmp(ids[i], id, KEY_ID_LEN) == 0)
			return true;
	}
	return false;
}

bool
keyring_names_exactly(const struct keyring *kr, uint32_t epoch,
    const uint8_t (*ids)[KEY_ID_LEN], size_t count)
{
	for (size_t i = 0; i < kr->named_count; i++) {
		const struct keyring_named *named = &kr->named[i];
		size_t found = 0;

		if (named->epoch != epoch || named->count != count)
			continue;
		for (size_t w = 0; w < named->count; w++)
			found += has_id(ids, count, named->who[w].id);
		/* No id stands twice, neither here nor there. */
		if (found == count)
			return true;
	}
	return false;
}
