/*
 * line_keyset: check, load and take up key sets.  See line.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/durable.h"
#include "base/num.h"
#include "line/line.h"

#define NEXT ".next"
#define SEQUENCE_MAX 24 /* 20 digits, LF and some */

/* Where the two files of a key set stand; see line_keyset_install(). */
struct place {
	const char *text, *sig;
	bool committed; /* only if its number is the one remembered */
};

static const struct place places[] = {
    {LINE_KEYSET, LINE_KEYSET_SIG, false},
    {LINE_KEYSET NEXT, LINE_KEYSET_SIG NEXT, true}, /* not moved yet */
    {LINE_KEYSET, LINE_KEYSET_SIG NEXT, true},      /* half moved */
};

#define PLACES (sizeof(places) / sizeof(*places))

/* What the folder remembers besides the key set itself. */
struct memory {
	bool has_root, has_sequence, has_keyset;
	struct minisign_key root;
	uint64_t sequence;
};

static enum status
check_signature(const struct keyset_files *f, char *why)
{
	enum status st = minisign_verify(
	    f->root, f->text->p, f->text->len, f->sig->p, f->sig->len);

	switch (st) {
	case ST_OK:
		break;
	case ST_WRONG_KEY:
		snprintf(why, LINE_WHY_LEN,
		    "the key set is signed with another key than the root"
		    " key");
		break;
	case ST_FORGED:
		snprintf(why, LINE_WHY_LEN,
		    "the signature is wrong: the key set was changed or the"
		    " two files do not belong together");
		break;
	default:
		snprintf(why, LINE_WHY_LEN, "the signature file is damaged: %s",
		    status_text(st));
	}
	return st;
}

static enum status
check_belongs(const struct line *line, const struct keyset *set, uint64_t least,
    char *why)
{
	struct server_identity own;
	enum status st;

	if ((st = line_server(line, &own, why)) != ST_OK)
		return st;
	if (memcmp(own.id, set->server.id, KEY_ID_LEN) != 0 ||
	    memcmp(own.key, set->server.key, PUBLIC_KEY_LEN) != 0) {
		snprintf(why, LINE_WHY_LEN,
		    "the key set is for another server: its server id is not"
		    " that of this line's server.pub");
		return ST_MALFORMED;
	}
	if (strcmp(set->server.onion, line->config.onion) != 0) {
		snprintf(why, LINE_WHY_LEN,
		    "the key set names the onion address %s, but " CONFIG_FILE
		    " says %s",
		    set->server.onion[0] ? set->server.onion : "none",
		    line->config.onion[0] ? line->config.onion : "none");
		return ST_MALFORMED;
	}
	if (set->sequence < least) {
		snprintf(why, LINE_WHY_LEN,
		    "the key set has the sequence number %" PRIu64
		    ", but %" PRIu64 " was accepted before: it is an old one",
		    set->sequence, least);
		return ST_DENIED;
	}
	return ST_OK;
}

/* All but the time. */
static enum status
check_lasting(const struct line *line, const struct keyset_files *files,
    struct keyset *set, char *why)
{
	const char *reason = NULL;
	unsigned number = 0;
	enum status st;

	*set = (struct keyset){0};
	if ((st = check_signature(files, why)) != ST_OK)
		return st;
	st = keyset_parse(
	    files->text->p, files->text->len, set, &number, &reason);
	if (st == ST_MALFORMED) {
		snprintf(why, LINE_WHY_LEN, "the key set, line %u: %.160s",
		    number, reason != NULL ? reason : status_text(st));
		return st;
	}
	if (st != ST_OK) {
		snprintf(why, LINE_WHY_LEN, "the key set: %s", status_text(st));
		return st;
	}
	st = check_belongs(line, set, files->least_sequence, why);
	if (st != ST_OK)
		keyset_free(set);
	return st;
}

static enum status
check_time(const struct keyset *set, uint64_t now, char *why)
{
	char text[TIME_TEXT_LEN + 1], clock[TIME_TEXT_LEN + 1];

	time_format(now, clock);
	if (now < set->from) {
		time_format(set->from, text);
		snprintf(why, LINE_WHY_LEN,
		    "the key set is valid from %s on only; this machine's"
		    " clock says %s",
		    text, clock);
		return ST_EARLY;
	}
	if (now >= set->until) {
		time_format(set->until, text);
		snprintf(why, LINE_WHY_LEN,
		    "the key set ended at %s; this machine's clock says %s",
		    text, clock);
		return ST_EXPIRED;
	}
	if (keyset_at(set, now) == NULL) {
		snprintf(why, LINE_WHY_LEN,
		    "the key set has no epoch in force at %s, the time of"
		    " this machine's clock",
		    clock);
		return ST_EXPIRED;
	}
	return ST_OK;
}

enum status
line_keyset_check(const struct line *line, const struct keyset_files *files,
    struct keyset *set, char why[static LINE_WHY_LEN])
{
	enum status st;

	why[0] = '\0';
	if ((st = check_lasting(line, files, set, why)) != ST_OK)
		return st;
	if ((st = check_time(set, files->now, why)) != ST_OK)
		keyset_free(set);
	return st;
}

/* durable_read with words; absence is told by the status alone. */
static enum status
read_file(
    const struct line *line, const char *name, struct bytes *out, char *why)
{
	enum status st = durable_read(line->dirfd, name, out);

	if (st != ST_OK && st != ST_ABSENT)
		snprintf(why, LINE_WHY_LEN, "%s cannot be read: %s", name,
		    st == ST_IO ? strerror(errno) : status_text(st));
	return st;
}

static enum status
read_sequence(const struct line *line, struct memory *m, char *why)
{
	struct bytes text = BYTES_INIT(SEQUENCE_MAX);
	enum status st;

	if ((st = read_file(line, LINE_SEQUENCE, &text, why)) == ST_OK) {
		if (text.len == 0 || text.p[text.len - 1] != '\n')
			st = ST_MALFORMED;
		else
			st = num_parse((const char *)text.p, text.len - 1,
			    UINT64_MAX, &m->sequence);
		if (st != ST_OK) {
			snprintf(why, LINE_WHY_LEN,
			    "LINE/" LINE_SEQUENCE " is damaged: it should"
			    " hold one number");
			st = ST_MALFORMED;
		}
		m->has_sequence = st == ST_OK;
	}
	bytes_free(&text);
	return st == ST_ABSENT ? ST_OK : st;
}

static enum status
remember(const struct line *line, struct memory *m, char *why)
{
	struct bytes text = BYTES_INIT(MINISIGN_FILE_MAX);
	enum status st;

	*m = (struct memory){0};
	m->has_keyset =
	    faccessat(line->dirfd, LINE_KEYSET, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	if ((st = read_file(line, LINE_ROOT, &text, why)) == ST_OK) {
		st = minisign_key_parse(text.p, text.len, &m->root);
		m->has_root = st == ST_OK;
		if (st != ST_OK)
			snprintf(why, LINE_WHY_LEN,
			    "LINE/" LINE_ROOT " is damaged: it should be a"
			    " minisign public key");
	}
	bytes_free(&text);
	if (st != ST_OK && st != ST_ABSENT)
		return st;
	return read_sequence(line, m, why);
}

/* Try the pair of files at one place; *text keeps what was read. */
static enum status
load_from(const struct line *line, const struct place *at,
    const struct memory *m, struct keyset *set, struct bytes *text, char *why)
{
	struct bytes sig = BYTES_INIT(MINISIGN_FILE_MAX);
	struct keyset_files files = {text, &sig, &m->root, m->sequence, 0};
	enum status st;

	bytes_clear(text);
	if ((st = read_file(line, at->text, text, why)) == ST_OK &&
	    (st = read_file(line, at->sig, &sig, why)) == ST_OK &&
	    (st = check_lasting(line, &files, set, why)) == ST_OK &&
	    at->committed &&
	    (!m->has_sequence || set->sequence != m->sequence)) {
		keyset_free(set);
		st = ST_ABSENT;
	}
	bytes_free(&sig);
	return st;
}

/*
 * Find the key set in use.  *at is where it stands.  When none is right, the
 * complaint is about the files an operator knows.
 */
static enum status
find(const struct line *line, const struct memory *m, struct keyset *set,
    struct bytes *text, size_t *at, char *why)
{
	char other[LINE_WHY_LEN];
	enum status st, first = ST_ABSENT;

	for (*at = 0; *at < PLACES; (*at)++) {
		st = load_from(
		    line, &places[*at], m, set, text, *at == 0 ? why : other);
		if (st == ST_OK)
			return ST_OK;
		if (*at == 0)
			first = st;
	}
	if (first == ST_ABSENT && m->has_keyset)
		snprintf(why, LINE_WHY_LEN,
		    "LINE/" LINE_KEYSET_SIG " is missing: install the key set"
		    " again");
	else if (first == ST_ABSENT)
		snprintf(why, LINE_WHY_LEN,
		    "LINE/" LINE_KEYSET " is missing: install the key set"
		    " again");
	return first == ST_ABSENT ? ST_MALFORMED : first;
}

enum status
line_keyset_load(
    const struct line *line, struct keyset *set, char why[static LINE_WHY_LEN])
{
	struct bytes text = BYTES_INIT(KEYSET_MAX);
	struct memory m;
	size_t at;
	enum status st;

	*set = (struct keyset){0};
	why[0] = '\0';
	if ((st = remember(line, &m, why)) != ST_OK)
		return st;
	if (!m.has_sequence && !m.has_keyset) {
		snprintf(why, LINE_WHY_LEN, "no key set was installed yet");
		return ST_ABSENT;
	}
	if (!m.has_root || !m.has_sequence) {
		snprintf(why, LINE_WHY_LEN,
		    "LINE/%s is missing: install the key set again%s",
		    m.has_root ? LINE_SEQUENCE : LINE_ROOT,
		    m.has_root ? "" : " with --root");
		return ST_MALFORMED;
	}
	st = find(line, &m, set, &text, &at, why);
	bytes_free(&text);
	return st;
}

/* Move the .next pair into place; any state between is a place of its own. */
static enum status
settle(const struct line *line, size_t at)
{
	if (at == 1 &&
	    renameat(line->dirfd, LINE_KEYSET NEXT, line->dirfd, LINE_KEYSET) !=
		0)
		return ST_IO;
	if (at != 0 &&
	    renameat(line->dirfd, LINE_KEYSET_SIG NEXT, line->dirfd,
		LINE_KEYSET_SIG) != 0)
		return ST_IO;
	return durable_sync_dir(line->dirfd);
}

static enum status
choose_root(const struct memory *m, const struct minisign_key *given,
    struct minisign_key *root, bool *pin, char *why)
{
	/* A root.pub that no key set was ever accepted with is a first
	 * install that broke off: it binds nobody. */
	*pin = !(m->has_root && (m->has_sequence || m->has_keyset));
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
		    " different --root is refused");
		return ST_WRONG_KEY;
	}
	return ST_OK;
}

/* Compare with what is in use; settle what a broken run left. */
static enum status
check_current(const struct line *line, struct memory *m,
    const struct bytes *text, uint64_t sequence, char *why)
{
	struct bytes old = BYTES_INIT(KEYSET_MAX);
	struct keyset set;
	char ignored[LINE_WHY_LEN];
	size_t at;
	enum status st = ST_OK;

	/* What cannot be loaded does not stand in the way of a good one. */
	if (find(line, m, &set, &old, &at, ignored) != ST_OK) {
		bytes_free(&old);
		return ST_OK;
	}
	if (sequence < set.sequence) {
		snprintf(why, LINE_WHY_LEN,
		    "the key set has the sequence number %" PRIu64
		    ", but %" PRIu64 " is in use: it is an old one",
		    sequence, set.sequence);
		st = ST_DENIED;
	} else if (sequence == set.sequence &&
	    (old.len != text->len || memcmp(old.p, text->p, old.len) != 0)) {
		snprintf(why, LINE_WHY_LEN,
		    "another key set with the sequence number %" PRIu64
		    " is in use: a new one needs a higher number",
		    sequence);
		st = ST_EXISTS;
	} else if (at != 0 && (st = settle(line, at)) != ST_OK) {
		snprintf(why, LINE_WHY_LEN, "the folder cannot be written: %s",
		    strerror(errno));
	}
	keyset_free(&set);
	bytes_free(&old);
	return st;
}

static enum status
put(const struct line *line, const char *name, const void *p, size_t len,
    char *why)
{
	enum status st =
	    durable_write(line->dirfd, name, p, len, 0600, DURABLE_REPLACE);

	if (st != ST_OK)
		snprintf(why, LINE_WHY_LEN,
		    "%s cannot be written (%s); the key set in use before"
		    " stays",
		    name, st == ST_IO ? strerror(errno) : status_text(st));
	return st;
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
	st = put(line, LINE_KEYSET NEXT, files->text->p, files->text->len, why);
	if (st == ST_OK)
		st = put(line, LINE_KEYSET_SIG NEXT, files->sig->p,
		    files->sig->len, why);
	if (st == ST_OK && pin) {
		st = minisign_key_write(files->root, &root);
		if (st != ST_OK)
			snprintf(why, LINE_WHY_LEN, "out of memory");
		else
			st = put(line, LINE_ROOT, root.p, root.len, why);
	}
	/* From here on the new one is in use. */
	if (st == ST_OK)
		st = put(line, LINE_SEQUENCE, number, (size_t)len, why);
	bytes_free(&root);
	if (st != ST_OK)
		return st;
	if ((st = settle(line, 1)) != ST_OK)
		snprintf(why, LINE_WHY_LEN,
		    "the new key set is in use, but could not be moved into"
		    " its place (%s): install it again",
		    strerror(errno));
	return st;
}

enum status
line_keyset_install(const struct line *line, const struct bytes *text,
    const struct bytes *sig, const struct minisign_key *root, uint64_t now,
    char why[static LINE_WHY_LEN])
{
	struct minisign_key key;
	struct memory m;
	struct keyset set;
	uint64_t sequence;
	bool pin;
	enum status st;

	why[0] = '\0';
	if ((st = remember(line, &m, why)) != ST_OK ||
	    (st = choose_root(&m, root, &key, &pin, why)) != ST_OK)
		return st;
	struct keyset_files files = {text, sig, &key, m.sequence, now};
	if ((st = line_keyset_check(line, &files, &set, why)) != ST_OK)
		return st;
	sequence = set.sequence;
	keyset_free(&set);
	if (!pin &&
	    (st = check_current(line, &m, text, sequence, why)) != ST_OK)
		return st;
	return write_new(line, &files, sequence, pin, why);
}
