#include "crypto/root_change.h"

#include <stdbool.h>
#include <string.h>

#include "crypto/lines.h"

#define CHANGE_MAX 512

_Static_assert(MINISIGN_ID_LEN == KEY_ID_LEN, "ids are written alike");

enum status
root_change_write(const struct root_change *change, struct bytes *out)
{
	enum status st;

	if ((st = bytes_printf(out, "tipline-root-change 1\nnumber %lu\n",
		 (unsigned long)change->number)) != ST_OK ||
	    (st = lines_put_key(
		 out, "old", change->old.id, NULL, change->old.key)) != ST_OK)
		return st;
	return lines_put_key(
	    out, "new", change->next.id, NULL, change->next.key);
}

/* A root's id is minisign's, at random: it is not that of the key. */
static enum status
read_key(struct lines *l, const char *word, struct minisign_key *key)
{
	enum status st;

	if ((st = lines_next(l, word, 3)) != ST_OK)
		return st;
	if (lines_hex(l, 1, key->id, MINISIGN_ID_LEN) != ST_OK)
		return lines_bad(l, "an id is 16 lower-case hex digits");
	if ((st = lines_raw(l, 2, key->key, PUBLIC_KEY_LEN)) != ST_OK)
		return st;
	if (!key_usable(KEY_ROLE_SIGNER, key->key))
		return lines_bad(l, "the key is none that can be used");
	return ST_OK;
}

static enum status
read_lines(struct lines *l, struct root_change *change)
{
	uint64_t number;
	enum status st;

	if ((st = lines_version(l, "tipline-root-change")) != ST_OK ||
	    (st = lines_next(l, "number", 2)) != ST_OK ||
	    (st = lines_number(l, 1, UINT32_MAX, &number)) != ST_OK)
		return st;
	if (number == 0)
		return lines_bad(l, "changes are numbered from 1");
	change->number = (uint32_t)number;
	if ((st = read_key(l, "old", &change->old)) != ST_OK ||
	    (st = read_key(l, "new", &change->next)) != ST_OK)
		return st;
	if (memcmp(change->old.key, change->next.key, PUBLIC_KEY_LEN) == 0)
		return lines_bad(l, "the new root is the old one");
	if (memcmp(change->old.id, change->next.id, MINISIGN_ID_LEN) == 0)
		return lines_bad(l, "the new root has the old one's id");
	return lines_end(l);
}

static enum status
parse(const struct bytes *text, struct root_change *change, const char **why)
{
	struct bytes again = BYTES_INIT(CHANGE_MAX);
	struct lines l = {0};
	enum status st;

	if (text->len > CHANGE_MAX) {
		*why = "the file is longer than 512 bytes";
		return ST_MALFORMED;
	}
	if ((st = lines_begin(&l, text->p, text->len)) != ST_OK ||
	    (st = read_lines(&l, change)) != ST_OK ||
	    (st = root_change_write(change, &again)) != ST_OK)
		goto out;
	st = lines_canonical(&l, text->p, text->len, &again);
out:
	bytes_free(&again);
	if (st == ST_MALFORMED || st == ST_VERSION)
		*why = l.why;
	return st;
}

static bool
same(const struct minisign_key *a, const struct minisign_key *b)
{
	return memcmp(a->id, b->id, MINISIGN_ID_LEN) == 0 &&
	    memcmp(a->key, b->key, PUBLIC_KEY_LEN) == 0;
}

static enum status
verify(const struct minisign_key *key, const struct bytes *text,
    const struct bytes *sig, const char **why, const char *phrase)
{
	const enum status st =
	    minisign_verify(key, text->p, text->len, sig->p, sig->len);

	if (st == ST_MALFORMED)
		*why = phrase;
	/* The file names the key it must be signed by: any other is none. */
	return st == ST_WRONG_KEY ? ST_FORGED : st;
}

static enum status
check(const struct root_change_files *files, const struct minisign_key *pinned,
    uint32_t count, const struct root_change *change, const char **why)
{
	enum status st;

	/* The signatures first: what they do not cover says nothing. */
	if ((st = verify(&change->old, files->text, files->sig, why,
		 "the old root's signature is no minisign signature")) !=
		ST_OK ||
	    (st = verify(&change->next, files->text, files->sig_new, why,
		 "the new root's signature is no minisign signature")) != ST_OK)
		return st;
	if (change->number <= count)
		return ST_EXISTS;
	if (change->number - 1 > count)
		return ST_EARLY;
	return same(&change->old, pinned) ? ST_OK : ST_WRONG_KEY;
}

enum status
root_change_read(const struct root_change_files *files,
    const struct minisign_key *pinned, uint32_t count,
    struct root_change *change, const char **why)
{
	struct root_change read = {0};
	enum status st;

	*why = "";
	if ((st = parse(files->text, &read, why)) == ST_OK)
		st = check(files, pinned, count, &read, why);
	/* Both signatures hold in these: a person may be told what it says. */
	if (st != ST_OK && st != ST_EXISTS && st != ST_EARLY &&
	    st != ST_WRONG_KEY)
		memset(&read, 0, sizeof(read));
	/* pinned may be part of *change: a caller that follows a chain. */
	*change = read;
	return st;
}
