/*
 * line_keyset: check and load key sets.  See line.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/num.h"
#include "line/line_inner.h"
#include "line/line_shown.h"

/* Where the two files of a key set stand; see line_keyset_install(). */
struct place {
	const char *text, *sig;
	bool committed; /* only if its number is the one remembered */
};

static const struct place places[] = {
    {LINE_KEYSET, LINE_KEYSET_SIG, false},
    {LINE_KEYSET LINE_NEXT, LINE_KEYSET_SIG LINE_NEXT,
	true},                                      /* not moved yet */
    {LINE_KEYSET, LINE_KEYSET_SIG LINE_NEXT, true}, /* half moved */
};

#define PLACES (sizeof(places) / sizeof(*places))

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
	case ST_MALFORMED:
		snprintf(why, LINE_WHY_LEN,
		    f->sig->len == 0
			? "the signature file is empty: the key set is not"
			  " signed"
			: "the signature file is damaged: it is no minisign"
			  " signature");
		break;
	default:
		snprintf(
		    why, LINE_WHY_LEN, "the signature: %s", status_text(st));
	}
	return st;
}

static enum status
check_belongs(const struct line *line, const struct keyset *set, uint64_t least,
    char *why)
{
	struct server_identity own;
	enum status st;

	/* Absent would mean that the key set is. */
	if ((st = line_server(line, &own, why)) != ST_OK)
		return st == ST_ABSENT ? ST_MALFORMED : st;
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
		    ", but %" PRIu64 " was accepted before: it is an old one,"
		    " or made without knowing the number: tipline-analyst"
		    " keyset make --sequence %" PRIu64,
		    set->sequence, least, least + 1);
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

/* The set is valid by its own dates; is one of its epochs in force? */
static enum status
check_epoch(
    const struct line *line, const struct keyset *set, uint64_t now, char *why)
{
	char clock[TIME_TEXT_LEN + 1];
	enum epoch_state state;
	uint64_t opens;
	uint32_t floor;
	enum status st;

	if ((st = line_epoch(line, &floor, why)) != ST_OK)
		return st;
	if (keyset_in_force(set, now, floor, &state, &opens) != NULL)
		return ST_OK;
	time_format(now, clock);
	if (keyset_in_force(set, now, 0, &state, &opens) != NULL)
		snprintf(why, LINE_WHY_LEN,
		    "the key set has only epochs below %" PRIu32
		    " at %s, the time of this machine's clock, and those are"
		    " over here: set the clock, or ask for a newer key set",
		    floor, clock);
	else
		snprintf(why, LINE_WHY_LEN,
		    "the key set has no epoch in force at %s, the time of"
		    " this machine's clock",
		    clock);
	return state == EPOCH_EARLY ? ST_EARLY : ST_EXPIRED;
}

static enum status
check_time(
    const struct line *line, const struct keyset *set, uint64_t now, char *why)
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
	return check_epoch(line, set, now, why);
}

enum status
line_keyset_check(const struct line *line, const struct keyset_files *files,
    struct keyset *set, char why[static LINE_WHY_LEN])
{
	enum status st;

	why[0] = '\0';
	if ((st = check_lasting(line, files, set, why)) != ST_OK)
		return st;
	if ((st = check_time(line, set, files->now, why)) != ST_OK)
		keyset_free(set);
	return st;
}

/*
 * Check the set in use with the pinned root or, if that was changed since,
 * with one before it; such a set must be the very one that was taken up last.
 */
static enum status
check_installed(const struct line *line, struct keyset_files *files,
    const struct line_memory *m, bool committed, struct keyset *set, char *why)
{
	char other[LINE_WHY_LEN];
	struct minisign_key root = m->root, before;
	uint32_t number;
	enum status st, found;

	files->root = &m->root;
	st = check_lasting(line, files, set, why);
	for (int i = 0; i < LINE_ROOT_STEPS && st == ST_WRONG_KEY; i++) {
		found = line_root_before(line, &root, &before, &number);
		if (found == ST_ABSENT)
			break;
		if ((st = found) != ST_OK) {
			snprintf(why, LINE_WHY_LEN,
			    "LINE/" LINE_ROOTS " cannot be read: %s",
			    st == ST_IO ? strerror(errno) : status_text(st));
			return st;
		}
		root = before;
		files->root = &root;
		committed = true;
		st = check_lasting(line, files, set, other);
	}
	if (st == ST_WRONG_KEY)
		snprintf(why, LINE_WHY_LEN,
		    "the key set in LINE/" LINE_KEYSET " is signed with"
		    " another root key than the pinned one: install a key set"
		    " that the pinned one signed");
	if (st == ST_OK && committed &&
	    (!m->has_sequence || set->sequence != m->sequence)) {
		keyset_free(set);
		st = ST_ABSENT;
	}
	return st;
}

/* Try the pair of files at one place; *found keeps what was read. */
static enum status
load_from(const struct line *line, const struct line_memory *m,
    struct keyset *set, struct line_found *found, char *why)
{
	const struct place *at = &places[found->at];
	struct keyset_files files = {
	    &found->text, &found->sig, &m->root, m->sequence, 0};
	enum status st;

	bytes_clear(&found->text);
	bytes_clear(&found->sig);
	if ((st = line_read_file(line, at->text, &found->text, why)) != ST_OK ||
	    (st = line_read_file(line, at->sig, &found->sig, why)) != ST_OK)
		return st;
	return check_installed(line, &files, m, at->committed, set, why);
}

enum status
line_find(const struct line *line, const struct line_memory *m,
    struct keyset *set, struct line_found *found, char *why)
{
	char other[LINE_WHY_LEN];
	enum status st, first = ST_ABSENT;

	for (size_t at = 0; at < PLACES; at++) {
		found->at = at;
		st = load_from(line, m, set, found, at == 0 ? why : other);
		if (st == ST_OK)
			return ST_OK;
		if (at == 0)
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

/* Load the set that the line remembers, if it may have one. */
static enum status
load(const struct line *line, struct keyset *set, struct line_found *found,
    char *why)
{
	struct line_memory m;
	enum status st;

	*set = (struct keyset){0};
	why[0] = '\0';
	if ((st = line_remember(line, &m, why)) != ST_OK)
		return st;
	if (line_is_restored(line)) {
		snprintf(why, LINE_WHY_LEN,
		    "this line was restored from a backup and cannot know"
		    " which key sets came after it: install the newest with"
		    " --sequence");
		return ST_ABSENT;
	}
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
	return line_find(line, &m, set, found, why);
}

enum status
line_keyset_load(
    const struct line *line, struct keyset *set, char why[static LINE_WHY_LEN])
{
	struct line_found found = LINE_FOUND_INIT;
	enum status st = load(line, set, &found, why);

	bytes_free(&found.text);
	bytes_free(&found.sig);
	return st;
}

enum status
line_shown_load(const struct line *line, struct keyset *set,
    struct line_shown *shown, char why[static LINE_WHY_LEN])
{
	struct line_found found = LINE_FOUND_INIT;
	char ignored[LINE_WHY_LEN];
	enum status st;

	*shown = (struct line_shown){BYTES_INIT(KEYSET_MAX),
	    BYTES_INIT(MINISIGN_FILE_MAX), BYTES_INIT(MINISIGN_FILE_MAX)};
	st = load(line, set, &found, why);
	if (st == ST_OK) {
		/* now the caller's */
		shown->keyset = found.text;
		shown->sig = found.sig;
	} else {
		bytes_free(&found.text);
		bytes_free(&found.sig);
	}
	/* One that is damaged was complained of, or is told by check. */
	if (line_read_file(line, LINE_ROOT, &shown->root, ignored) != ST_OK)
		bytes_free(&shown->root);
	return st;
}

void
line_shown_free(struct line_shown *shown)
{
	bytes_free(&shown->keyset);
	bytes_free(&shown->sig);
	bytes_free(&shown->root);
}

bool
line_keyset_ages(const struct keyset *set, uint64_t now)
{
	return now > set->from &&
	    now - set->from > (set->until - set->from) / 2;
}
