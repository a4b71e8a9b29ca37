/*
 * line_root: another root key, named by the old one or by hand.  See line.h.
 *
 * A change is kept in LINE/roots before root.pub is replaced, which is the
 * moment from which on the new root counts.  What lies in LINE/roots binds
 * nobody by itself: a change counts if it leads to the pinned root, and both
 * signatures are checked each time.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/num.h"
#include "crypto/root_change.h"
#include "line/line_inner.h"
#include "line/line_root.h"

#define NAME_LEN 48
#define DIGITS_MAX 10

/* A change as it lies in LINE/roots, with the root it came from. */
struct kept {
	struct bytes text, sig, sig_new, old;
};

static void
kept_free(struct kept *k)
{
	bytes_free(&k->text);
	bytes_free(&k->sig);
	bytes_free(&k->sig_new);
	bytes_free(&k->old);
}

static void
file_name(uint32_t number, const char *end, char name[static NAME_LEN])
{
	snprintf(name, NAME_LEN, LINE_ROOTS "/%04" PRIu32 "%s", number, end);
}

static enum status
read_part(const struct line *line, uint32_t number, const char *end,
    struct bytes *out)
{
	char name[NAME_LEN];

	file_name(number, end, name);
	return durable_read(line->dirfd, name, out);
}

/* Read change number and check that it is whole. */
static enum status
read_kept(const struct line *line, uint32_t number, struct root_change *change)
{
	struct kept k = {BYTES_INIT(MINISIGN_FILE_MAX),
	    BYTES_INIT(MINISIGN_FILE_MAX), BYTES_INIT(MINISIGN_FILE_MAX),
	    BYTES_INIT(MINISIGN_FILE_MAX)};
	const struct root_change_files files = {&k.text, &k.sig, &k.sig_new};
	struct minisign_key old;
	const char *why;
	enum status st;

	if ((st = read_part(line, number, ".txt", &k.text)) == ST_OK &&
	    (st = read_part(line, number, ".txt.minisig", &k.sig)) == ST_OK &&
	    (st = read_part(line, number, ".txt.new.minisig", &k.sig_new)) ==
		ST_OK &&
	    (st = read_part(line, number, ".old.pub", &k.old)) == ST_OK &&
	    (st = minisign_key_parse(k.old.p, k.old.len, &old)) == ST_OK)
		st = root_change_read(&files, &old, number - 1, change, &why);
	kept_free(&k);
	return st;
}

/* "0001.txt" as 1, anything else as 0. */
static uint32_t
number_of(const char *name)
{
	size_t len = strlen(name);
	uint64_t number;

	if (len < 8 || len > DIGITS_MAX + 4 ||
	    strcmp(name + len - 4, ".txt") != 0)
		return 0;
	for (len -= 4; len > 1 && *name == '0'; name++)
		len--;
	return num_parse(name, len, UINT32_MAX, &number) == ST_OK
	    ? (uint32_t)number
	    : 0;
}

enum status
line_root_before(const struct line *line, const struct minisign_key *root,
    struct minisign_key *before, uint32_t *number)
{
	struct root_change change;
	struct dirent *e;
	enum status st = ST_OK;
	uint32_t n;
	DIR *dir;
	int fd;

	*number = 0;
	fd = openat(line->dirfd, LINE_ROOTS,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? ST_ABSENT : ST_IO;
	if ((dir = fdopendir(fd)) == NULL) {
		close(fd);
		return ST_IO;
	}
	/* The newest counts, should a root have come back. */
	while (st == ST_OK && (e = readdir(dir)) != NULL) {
		if ((n = number_of(e->d_name)) <= *number)
			continue;
		st = read_kept(line, n, &change);
		if (st == ST_OK &&
		    memcmp(&change.next, root, sizeof(*root)) == 0) {
			*before = change.old;
			*number = n;
		}
		/* One that is not whole counts as little as none. */
		if (st != ST_IO && st != ST_NOMEM)
			st = ST_OK;
	}
	closedir(dir);
	return st != ST_OK ? st : *number != 0 ? ST_OK : ST_ABSENT;
}

enum status
line_root(const struct line *line, struct minisign_key *root, uint32_t *changes,
    char why[static LINE_WHY_LEN])
{
	struct minisign_key before;
	struct line_memory m;
	enum status st;

	why[0] = '\0';
	*changes = 0;
	if ((st = line_remember(line, &m, why)) != ST_OK)
		return st;
	*root = m.root;
	if (!line_root_binds(&m)) {
		snprintf(why, LINE_WHY_LEN,
		    "no root key is pinned yet: it is named with --root when"
		    " the first key set is installed");
		return ST_ABSENT;
	}
	st = line_root_before(line, root, &before, changes);
	if (st == ST_ABSENT)
		return ST_OK;
	if (st != ST_OK)
		snprintf(why, LINE_WHY_LEN,
		    "LINE/" LINE_ROOTS " cannot be read: %s",
		    st == ST_IO ? strerror(errno) : status_text(st));
	return st;
}

/* A root that was pinned by hand may have any number of changes behind it:
 * what its first change says counts, since the root signed it. */
static uint32_t
claimed_number(const struct bytes *text)
{
	static const char word[] = "\nnumber ";
	const char *at, *end;
	uint64_t number;

	at = memmem(text->p, text->len, word, sizeof(word) - 1);
	if (at == NULL)
		return 1;
	at += sizeof(word) - 1;
	end =
	    memchr(at, '\n', (size_t)((const char *)text->p + text->len - at));
	if (end == NULL ||
	    num_parse(at, (size_t)(end - at), UINT32_MAX, &number) != ST_OK ||
	    number == 0)
		return 1;
	return (uint32_t)number;
}

static void
explain(enum status st, uint32_t count, const char *reason, char *why)
{
	switch (st) {
	case ST_WRONG_KEY:
		snprintf(why, LINE_WHY_LEN,
		    "the change is from another root key than the pinned one"
		    " (LINE/" LINE_ROOT ")");
		break;
	case ST_FORGED:
		snprintf(why, LINE_WHY_LEN,
		    "a signature of the change is wrong: it was altered, or"
		    " the three files do not belong together");
		break;
	case ST_EXISTS:
		snprintf(why, LINE_WHY_LEN,
		    "this change is an old one: the root was changed %" PRIu32
		    " time%s already",
		    count, count == 1 ? "" : "s");
		break;
	case ST_EARLY:
		snprintf(why, LINE_WHY_LEN,
		    "a change before this one is missing: change %" PRIu32
		    " comes next",
		    count + 1);
		break;
	case ST_MALFORMED:
	case ST_VERSION:
		snprintf(why, LINE_WHY_LEN, "the change of the root: %.160s",
		    reason != NULL ? reason : status_text(st));
		break;
	default:
		snprintf(why, LINE_WHY_LEN, "%s", status_text(st));
	}
}

static enum status
put_part(const struct line *line, uint32_t number, const char *end,
    const struct bytes *p, char *why)
{
	char name[NAME_LEN];

	file_name(number, end, name);
	return line_put(line, name, p->p, p->len, why);
}

static enum status
keep_change(const struct line *line, const struct root_change_files *files,
    const struct root_change *change, char *why)
{
	struct bytes old = BYTES_INIT(MINISIGN_FILE_MAX);
	uint32_t n = change->number;
	enum status st;

	if (mkdirat(line->dirfd, LINE_ROOTS, 0700) != 0 && errno != EEXIST) {
		snprintf(why, LINE_WHY_LEN,
		    "LINE/" LINE_ROOTS " cannot be made: %s", strerror(errno));
		return ST_IO;
	}
	if ((st = minisign_key_write(&change->old, &old)) != ST_OK)
		snprintf(why, LINE_WHY_LEN, "out of memory");
	else if ((st = put_part(line, n, ".old.pub", &old, why)) == ST_OK &&
	    (st = put_part(line, n, ".txt.minisig", files->sig, why)) ==
		ST_OK &&
	    (st = put_part(line, n, ".txt.new.minisig", files->sig_new, why)) ==
		ST_OK)
		st = put_part(line, n, ".txt", files->text, why);
	bytes_free(&old);
	return st;
}

static enum status
pin(const struct line *line, const struct minisign_key *root, char *why)
{
	struct bytes text = BYTES_INIT(MINISIGN_FILE_MAX);
	enum status st;

	if ((st = minisign_key_write(root, &text)) != ST_OK)
		snprintf(why, LINE_WHY_LEN, "out of memory");
	else
		st = line_put(line, LINE_ROOT, text.p, text.len, why);
	bytes_free(&text);
	return st;
}

static enum status
follow(
    const struct line *line, const struct root_change_files *files, char *why)
{
	struct minisign_key root;
	struct root_change change;
	const char *reason = NULL;
	uint32_t count;
	enum status st;

	if ((st = line_root(line, &root, &count, why)) != ST_OK)
		return st;
	if (count == 0)
		count = claimed_number(files->text) - 1;
	st = root_change_read(files, &root, count, &change, &reason);
	if (st != ST_OK) {
		explain(st, count, reason, why);
		return st;
	}
	if ((st = keep_change(line, files, &change, why)) != ST_OK)
		return st;
	/* From here on the new root counts. */
	return pin(line, &change.next, why);
}

enum status
line_root_change(const struct line *line, const struct root_change_files *files,
    char why[static LINE_WHY_LEN])
{
	enum status st;

	why[0] = '\0';
	if ((st = line_enter(line, why)) != ST_OK)
		return st;
	st = follow(line, files, why);
	line_leave(line);
	return st;
}

static enum status
replace(const struct line *line, const struct minisign_key *root, char *why)
{
	struct minisign_key old;
	uint32_t count;
	enum status st;

	if ((st = line_root(line, &old, &count, why)) != ST_OK)
		return st;
	if (memcmp(&old, root, sizeof(old)) == 0) {
		snprintf(why, LINE_WHY_LEN,
		    "this root key is the pinned one already");
		return ST_EXISTS;
	}
	return pin(line, root, why);
}

enum status
line_root_replace(const struct line *line, const struct minisign_key *root,
    char why[static LINE_WHY_LEN])
{
	enum status st;

	why[0] = '\0';
	if ((st = line_enter(line, why)) != ST_OK)
		return st;
	st = replace(line, root, why);
	line_leave(line);
	return st;
}
