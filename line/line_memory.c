/*
 * line_memory: what the folder remembers.  See line_inner.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/num.h"
#include "line/line_inner.h"

#define SEQUENCE_MAX 24 /* 20 digits, LF and some */

enum status
line_read_file(
    const struct line *line, const char *name, struct bytes *out, char *why)
{
	enum status st = durable_read(line->dirfd, name, out);

	if (st != ST_OK && st != ST_ABSENT)
		snprintf(why, LINE_WHY_LEN, "%s cannot be read: %s", name,
		    st == ST_IO ? strerror(errno) : status_text(st));
	return st;
}

static enum status
read_sequence(const struct line *line, struct line_memory *m, char *why)
{
	struct bytes text = BYTES_INIT(SEQUENCE_MAX);
	enum status st;

	if ((st = line_read_file(line, LINE_SEQUENCE, &text, why)) == ST_OK) {
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

enum status
line_remember(const struct line *line, struct line_memory *m, char *why)
{
	struct bytes text = BYTES_INIT(MINISIGN_FILE_MAX);
	enum status st;

	*m = (struct line_memory){0};
	m->has_keyset =
	    faccessat(line->dirfd, LINE_KEYSET, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	if ((st = line_read_file(line, LINE_ROOT, &text, why)) == ST_OK) {
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

/* A lock of the open folder: gone with the process, however it ends. */
enum status
line_enter(const struct line *line, char *why)
{
	int rc;

	do
		rc = flock(line->dirfd, LOCK_EX);
	while (rc != 0 && errno == EINTR);
	if (rc == 0)
		return ST_OK;
	snprintf(why, LINE_WHY_LEN, "the folder cannot be locked: %s",
	    strerror(errno));
	return ST_IO;
}

void
line_leave(const struct line *line)
{
	int kept = errno;

	(void)flock(line->dirfd, LOCK_UN);
	errno = kept;
}

bool
line_root_binds(const struct line_memory *m)
{
	return m->has_root && (m->has_sequence || m->has_keyset);
}

bool
line_is_restored(const struct line *line)
{
	/* When in doubt it is one. */
	return faccessat(line->dirfd, LINE_RESTORED, F_OK,
		   AT_SYMLINK_NOFOLLOW) == 0 ||
	    errno != ENOENT;
}

enum status
line_put(const struct line *line, const char *name, const void *p, size_t len,
    char *why)
{
	enum status st =
	    durable_write(line->dirfd, name, p, len, 0600, DURABLE_REPLACE);

	if (st != ST_OK)
		snprintf(why, LINE_WHY_LEN,
		    "%s cannot be written (%s); what was in use before"
		    " stays",
		    name, st == ST_IO ? strerror(errno) : status_text(st));
	return st;
}
