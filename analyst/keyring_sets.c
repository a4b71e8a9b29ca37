/*
 * keyring: the key sets it has made or taken; see keyring_files.h.
 *
 * The last one lies in keyset.txt.  Its text is written as keyset.next first,
 * then the signature, then the text in its place: a run cut between the two
 * leaves a pair that keyring_open() can still put together.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyst/base64.h"
#include "analyst/keyring_files.h"
#include "analyst/say.h"
#include "base/num.h"

#define FOLDER "keysets"
#define ENDING ".txt"
#define KEY_WORD "key "

enum status
keyring_store_set(struct keyring *kr, uint64_t sequence,
    const struct bytes *text, const struct bytes *sig)
{
	char name[KEYRING_NAME_MAX];
	enum status st;

	(void)snprintf(
	    name, sizeof(name), FOLDER "/%06" PRIu64 ENDING, sequence);
	if ((st = keyring_put(kr, name, text)) != ST_OK)
		return st;
	if ((st = keyring_put(kr, "keyset.next", text)) != ST_OK)
		return st;
	if ((st = keyring_put(kr, "keyset.txt.minisig", sig)) != ST_OK)
		return st;
	return keyring_put(kr, "keyset.txt", text);
}

/* Read the key set called name; ST_ABSENT if it is none. */
static enum status
read_set(const struct keyring *kr, const char *name, struct bytes *text)
{
	char path[KEYRING_NAME_MAX];
	size_t len = strlen(name), ending = strlen(ENDING);

	bytes_clear(text);
	if (len <= ending || strcmp(name + len - ending, ENDING) != 0 ||
	    (size_t)snprintf(path, sizeof(path), FOLDER "/%s", name) >=
		sizeof(path))
		return ST_ABSENT;
	return keyring_get(kr, path, text);
}

struct each_set {
	const struct keyring *kr;
	keyring_set_fn *each;
	void *ctx;
	struct bytes text;
};

static enum status
one_set(void *ctx, const char *name)
{
	struct each_set *all = ctx;
	struct keyset set;
	const char *why = "";
	unsigned line = 0;
	enum status st;

	st = read_set(all->kr, name, &all->text);
	if (st != ST_OK)
		return st == ST_NOMEM ? st : ST_OK; /* said, or not one */
	st = keyset_parse(all->text.p, all->text.len, &set, &line, &why);
	if (st == ST_NOMEM)
		return st;
	if (st != ST_OK) {
		say_error(FOLDER "/%s of the key folder is no key set and is"
				 " left out: line %u: %s",
		    name, line, st == ST_MALFORMED ? why : status_text(st));
		return ST_OK;
	}
	st = all->each(all->ctx, &set);
	keyset_free(&set);
	return st;
}

enum status
keyring_sets(const struct keyring *kr, keyring_set_fn *each, void *ctx)
{
	struct each_set all = {kr, each, ctx, BYTES_INIT(KEYSET_MAX)};
	enum status st = keyring_names(kr, FOLDER, one_set, &all);

	bytes_free(&all.text);
	return st;
}

struct known {
	const struct keyring *kr;
	struct recipient *r;
	size_t count, cap;
	struct bytes text;
};

static enum status
add_known(struct known *known, const struct recipient *r)
{
	struct recipient *more;

	if (known->count == known->cap) {
		size_t cap = known->cap == 0 ? 256 : known->cap * 2;

		more = realloc(known->r, cap * sizeof(*more));
		if (more == NULL)
			return ST_NOMEM;
		known->r = more;
		known->cap = cap;
	}
	known->r[known->count++] = *r;
	return ST_OK;
}

/*
 * "key ID NAME BASE64": was read strictly when it was stored.  Parsing all
 * again would check thousands of curve points at every start; the id, which
 * is a hash of the key, says enough.
 */
static enum status
known_line(struct known *known, const char *line, size_t len)
{
	struct recipient r;

	if (len < strlen(KEY_WORD) + BASE64_KEY_LEN ||
	    memcmp(line, KEY_WORD, strlen(KEY_WORD)) != 0 ||
	    !base64_key(line + len - BASE64_KEY_LEN, r.key))
		return ST_OK;
	key_id(KEY_ROLE_EPOCH, r.key, r.id);
	return add_known(known, &r);
}

static int
by_id(const void *a, const void *b)
{
	const struct recipient *x = a, *y = b;

	return memcmp(x->id, y->id, KEY_ID_LEN);
}

/* Sort, and keep each only once. */
static void
settle(struct known *known)
{
	size_t kept = 0;

	if (known->count == 0)
		return;
	qsort(known->r, known->count, sizeof(*known->r), by_id);
	for (size_t i = 1; i < known->count; i++) {
		if (by_id(&known->r[i], &known->r[kept]) != 0)
			known->r[++kept] = known->r[i];
	}
	known->count = kept + 1;
}

static enum status
known_set(void *ctx, const char *name)
{
	struct known *known = ctx;
	const char *p, *end;
	enum status st;

	if ((st = read_set(known->kr, name, &known->text)) != ST_OK)
		return st == ST_NOMEM ? st : ST_OK;
	p = (const char *)known->text.p;
	for (size_t left = known->text.len; left > 0 && st == ST_OK;) {
		size_t len;

		end = memchr(p, '\n', left);
		len = end == NULL ? left : (size_t)(end - p);
		st = known_line(known, p, len);
		len += end != NULL;
		p += len;
		left -= len;
	}
	/* After each set: years of sets name the same keys. */
	settle(known);
	return st;
}

enum status
keyring_load_known(struct keyring *kr)
{
	struct known known = {.kr = kr, .text = BYTES_INIT(KEYSET_MAX)};
	enum status st = keyring_names(kr, FOLDER, known_set, &known);

	bytes_free(&known.text);
	if (st != ST_OK) {
		free(known.r);
		return st;
	}
	free(kr->known);
	kr->known = known.r;
	kr->known_count = known.count;
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
