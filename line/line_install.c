/*
 * line_install: take up a new key set.  See line.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/durable.h"
#include "line/line_inner.h"

#define SEQUENCE_MAX 24 /* 20 digits, LF and some */

/* Move the .next pair into place; any state between is a place of its own. */
static enum status
settle(const struct line *line, size_t at)
{
	if (at == 1 &&
	    renameat(line->dirfd, LINE_KEYSET LINE_NEXT, line->dirfd,
		LINE_KEYSET) != 0)
		return ST_IO;
	if (at != 0 &&
	    renameat(line->dirfd, LINE_KEYSET_SIG LINE_NEXT, line->dirfd,
		LINE_KEYSET_SIG) != 0)
		return ST_IO;
	return durable_sync_dir(line->dirfd);
}

static enum status
choose_root(const struct line_memory *m, const struct minisign_key *given,
    struct minisign_key *root, bool *pin, char *why)
{
	*pin = !line_root_binds(m);
	if (*pin && given == NULL) {
		snprintf(why, LINE_WHY_LEN,
		    "no root key is pinned yet: give --root KEYS/root.pub"
		    " the first time");
		return ST_ABSENT;
	}
	*root = *pin ? *given : m->root;
	if (given != NULL && memcmp(given, root, sizeof(*root)) != 0) {
		snprintf(why, LINE_WHY_LEN,
		    "another root key is pinned (LINE/" LINE_ROOT "): a"
		    " different --root is refused; if the root was changed,"
		    " use root change or root replace");
		return ST_WRONG_KEY;
	}
	return ST_OK;
}

/* Compare with what is in use; settle what a broken run left. */
static enum status
check_current(const struct line *line, struct line_memory *m,
    const struct bytes *text, uint64_t sequence, char *why)
{
	struct line_found old = LINE_FOUND_INIT;
	struct keyset set;
	char ignored[LINE_WHY_LEN];
	enum status st = ST_OK;

	/* What cannot be loaded does not stand in the way of a good one. */
	if (line_find(line, m, &set, &old, ignored) != ST_OK)
		goto out;
	if (sequence < set.sequence) {
		snprintf(why, LINE_WHY_LEN,
		    "the key set has the sequence number %" PRIu64
		    ", but %" PRIu64 " is in use: it is an old one",
		    sequence, set.sequence);
		st = ST_DENIED;
	} else if (sequence == set.sequence &&
	    (old.text.len != text->len ||
		memcmp(old.text.p, text->p, text->len) != 0)) {
		snprintf(why, LINE_WHY_LEN,
		    "another key set with the sequence number %" PRIu64
		    " is in use: a new one needs a higher number",
		    sequence);
		st = ST_EXISTS;
	} else if (old.at != 0 && (st = settle(line, old.at)) != ST_OK) {
		snprintf(why, LINE_WHY_LEN, "the folder cannot be written: %s",
		    strerror(errno));
	}
	keyset_free(&set);
out:
	bytes_free(&old.text);
	bytes_free(&old.sig);
	return st;
}

/* On a restored line this, not LINE/sequence, is the moment from which on the
 * new key set is in use: until then there is none. */
static enum status
end_restore(const struct line *line, char *why)
{
	if (unlinkat(line->dirfd, LINE_RESTORED, 0) == 0 || errno == ENOENT)
		return ST_OK;
	snprintf(why, LINE_WHY_LEN,
	    "LINE/" LINE_RESTORED " cannot be removed (%s); the line still"
	    " waits for its key set: install it again",
	    strerror(errno));
	return ST_IO;
}

static enum status
write_new(const struct line *line, const struct keyset_files *files,
    uint64_t sequence, bool pin, char *why)
{
	struct bytes root = BYTES_INIT(MINISIGN_FILE_MAX);
	char number[SEQUENCE_MAX];
	enum status st;
	int len;

	len = snprintf(number, sizeof(number), "%" PRIu64 "\n", sequence);
	st = line_put(
	    line, LINE_KEYSET LINE_NEXT, files->text->p, files->text->len, why);
	if (st == ST_OK)
		st = line_put(line, LINE_KEYSET_SIG LINE_NEXT, files->sig->p,
		    files->sig->len, why);
	if (st == ST_OK && pin) {
		st = minisign_key_write(files->root, &root);
		if (st != ST_OK)
			snprintf(why, LINE_WHY_LEN, "out of memory");
		else
			st = line_put(line, LINE_ROOT, root.p, root.len, why);
	}
	bytes_free(&root);
	/* From here on the new one is in use. */
	if (st == ST_OK)
		st = line_put(line, LINE_SEQUENCE, number, (size_t)len, why);
	if (st == ST_OK)
		st = end_restore(line, why);
	if (st != ST_OK)
		return st;
	if ((st = settle(line, 1)) != ST_OK)
		snprintf(why, LINE_WHY_LEN,
		    "the new key set is in use, but could not be moved into"
		    " its place (%s): install it again",
		    strerror(errno));
	return st;
}

/* The number that the analysts named, and whether there must be one. */
static enum status
check_wanted(uint64_t sequence, uint64_t wanted, char *why)
{
	if (wanted == 0 || wanted == sequence)
		return ST_OK;
	snprintf(why, LINE_WHY_LEN,
	    "the key set has the sequence number %" PRIu64
	    ", but --sequence says %" PRIu64
	    ": it is not the one the analysts named",
	    sequence, wanted);
	return ST_DENIED;
}

/* Alone in the folder: what is read here stays so until it is written. */
static enum status
install(const struct line *line, const struct keyset_offer *offer, char *why)
{
	struct minisign_key key;
	struct line_memory m;
	struct keyset set;
	uint64_t sequence;
	bool pin;
	enum status st;

	if (offer->wanted == 0 && line_is_restored(line)) {
		snprintf(why, LINE_WHY_LEN,
		    "this line was restored from a backup and cannot know"
		    " which key sets came after it: ask the analysts which is"
		    " the newest (tipline-analyst keys list shows its number)"
		    " and name it with --sequence");
		return ST_DENIED;
	}
	if ((st = line_remember(line, &m, why)) != ST_OK ||
	    (st = choose_root(&m, offer->root, &key, &pin, why)) != ST_OK)
		return st;
	struct keyset_files files = {
	    offer->text, offer->sig, &key, m.sequence, offer->now};
	if ((st = line_keyset_check(line, &files, &set, why)) != ST_OK)
		return st;
	sequence = set.sequence;
	keyset_free(&set);
	if ((st = check_wanted(sequence, offer->wanted, why)) != ST_OK ||
	    (!pin &&
		(st = check_current(line, &m, offer->text, sequence, why)) !=
		    ST_OK))
		return st;
	return write_new(line, &files, sequence, pin, why);
}

enum status
line_keyset_install(const struct line *line, const struct keyset_offer *offer,
    char why[static LINE_WHY_LEN])
{
	enum status st;

	why[0] = '\0';
	if ((st = line_enter(line, why)) != ST_OK)
		return st;
	st = install(line, offer, why);
	line_leave(line);
	return st;
}
