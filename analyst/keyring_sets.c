/*
 * keyring: the key sets it has made or taken; see keyring_files.h.
 *
 * The last one lies in keyset.txt.  Its text is written as keyset.next first,
 * then the signature, then the text in its place: a run cut between the two
 * leaves a pair that keyring_open() can still put together.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyst/keyring_files.h"
#include "analyst/say.h"
#include "base/num.h"

#define FOLDER "keysets"
#define ENDING ".txt"

enum status
keyring_keep_set(
    struct keyring *kr, uint64_t sequence, const struct bytes *text)
{
	char name[KEYRING_NAME_MAX];

	(void)snprintf(
	    name, sizeof(name), FOLDER "/%06" PRIu64 ENDING, sequence);
	return keyring_put(kr, name, text);
}

enum status
keyring_store_set(struct keyring *kr, uint64_t sequence,
    const struct bytes *text, const struct bytes *sig)
{
	enum status st;

	if ((st = keyring_keep_set(kr, sequence, text)) != ST_OK)
		return st;
	if ((st = keyring_put(kr, "keyset.next", text)) != ST_OK)
		return st;
	if ((st = keyring_put(kr, "keyset.txt.minisig", sig)) != ST_OK)
		return st;
	return keyring_put(kr, "keyset.txt", text);
}

enum status
keyring_set_text(const struct keyring *kr, const char *name, struct bytes *text)
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

	st = keyring_set_text(all->kr, name, &all->text);
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
