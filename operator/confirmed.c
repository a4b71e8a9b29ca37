/*
 * confirmed: see confirmed.h.
 */
#include "operator/confirmed.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/num.h"

#define LINE_LEN 64 /* two numbers of 19 digits, a blank, LF */

/* The next line without its LF.  ST_OK, ST_EOF, ST_MALFORMED, ST_IO. */
static enum status
read_text(struct confirmed *c, char text[static LINE_LEN])
{
	size_t len;

	if (fgets(text, LINE_LEN, c->file) == NULL)
		return ferror(c->file) ? ST_IO : ST_EOF;
	len = strlen(text);
	if (len == 0 || text[len - 1] != '\n')
		return ST_MALFORMED;
	text[len - 1] = '\0';
	return ST_OK;
}

enum status
confirmed_next(struct confirmed *c)
{
	char text[LINE_LEN], *blank;
	const uint64_t before = c->last;
	enum status st;

	if (c->end)
		return ST_OK;
	st = read_text(c, text);
	c->end = st != ST_OK;
	if (st == ST_EOF)
		return ST_OK;
	if (st != ST_OK)
		return st;
	if ((blank = strchr(text, ' ')) == NULL)
		return ST_MALFORMED;
	if (num_parse(text, (size_t)(blank - text), INT64_MAX - 1, &c->first) !=
		ST_OK ||
	    num_parse(blank + 1, strlen(blank + 1), INT64_MAX - 1, &c->last) !=
		ST_OK ||
	    c->first == 0 || c->last < c->first ||
	    (before != 0 && c->first < before + 2)) {
		c->end = true;
		return ST_MALFORMED;
	}
	return ST_OK;
}

/* LINE/confirmed, made if it is not there. */
static int
open_folder(const struct line *line)
{
	if (mkdirat(line->dirfd, LINE_CONFIRMED, 0700) == 0) {
		if (durable_sync_dir(line->dirfd) != ST_OK)
			return -1;
	} else if (errno != EEXIST) {
		return -1;
	}
	return openat(line->dirfd, LINE_CONFIRMED,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

enum status
confirmed_open(const struct line *line, const uint8_t id[static KEY_ID_LEN],
    struct confirmed *c)
{
	char path[sizeof(LINE_CONFIRMED) + KEY_ID_TEXT_LEN + 1];
	char name[KEY_ID_TEXT_LEN + 1], text[LINE_LEN];
	enum status st;
	int fd;

	*c = (struct confirmed){.end = true};
	key_id_text(id, name);
	snprintf(path, sizeof(path), LINE_CONFIRMED "/%s", name);
	/* A pipe in its place reads as empty, rather than not at all. */
	fd = openat(
	    line->dirfd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return errno == ENOENT ? ST_ABSENT : ST_IO;
	if ((c->file = fdopen(fd, "r")) == NULL) {
		close(fd);
		return ST_NOMEM;
	}
	if ((st = read_text(c, text)) == ST_OK &&
	    (strncmp(text, "number ", 7) != 0 ||
		num_parse(text + 7, strlen(text + 7), INT64_MAX, &c->number) !=
		    ST_OK))
		st = ST_MALFORMED;
	if (st != ST_OK)
		return st == ST_EOF ? ST_MALFORMED : st;
	c->end = false;
	return confirmed_next(c);
}

enum status
confirmed_has(struct confirmed *c, uint64_t number, bool *has)
{
	enum status st = ST_OK;

	*has = false;
	while (!c->end && c->last < number)
		if ((st = confirmed_next(c)) != ST_OK)
			return st;
	*has = !c->end && c->first <= number;
	return ST_OK;
}

void
confirmed_close(struct confirmed *c)
{
	if (c->file != NULL)
		fclose(c->file);
	*c = (struct confirmed){.end = true};
}

static enum status
flush(struct confirmed_new *n)
{
	size_t len = n->filled;

	n->filled = 0;
	return write_all(n->fd, n->buffer, len);
}

enum status
confirmed_new_begin(const struct line *line,
    const uint8_t id[static KEY_ID_LEN], uint64_t number,
    struct confirmed_new *n)
{
	enum status st;

	n->fd = -1;
	n->filled = 0;
	key_id_text(id, n->name);
	if ((n->dirfd = open_folder(line)) == -1)
		return errno == ENOSPC || errno == EDQUOT ? ST_FULL : ST_IO;
	st = durable_stream_begin(
	    n->dirfd, n->name, 0600, DURABLE_REPLACE, &n->fd);
	if (st != ST_OK)
		return st;
	n->filled = (size_t)snprintf(
	    n->buffer, sizeof(n->buffer), "number %" PRIu64 "\n", number);
	return ST_OK;
}

enum status
confirmed_new_range(struct confirmed_new *n, uint64_t first, uint64_t last)
{
	enum status st;

	if (sizeof(n->buffer) - n->filled < LINE_LEN &&
	    (st = flush(n)) != ST_OK)
		return st;
	n->filled += (size_t)snprintf(n->buffer + n->filled,
	    sizeof(n->buffer) - n->filled, "%" PRIu64 " %" PRIu64 "\n", first,
	    last);
	return ST_OK;
}

enum status
confirmed_new_finish(struct confirmed_new *n)
{
	enum status st;

	if ((st = flush(n)) != ST_OK)
		return st;
	return durable_stream_finish(
	    n->dirfd, n->name, DURABLE_REPLACE, &n->fd);
}

void
confirmed_new_drop(struct confirmed_new *n)
{
	if (n->fd != -1)
		durable_stream_drop(n->dirfd, n->name, &n->fd);
	if (n->dirfd != -1)
		close(n->dirfd);
	n->dirfd = -1;
}

enum status
confirmed_renumber(const struct line *line, const uint8_t id[static KEY_ID_LEN],
    uint64_t number)
{
	struct confirmed_new new = {.dirfd = -1, .fd = -1};
	struct confirmed old;
	enum status st;

	if ((st = confirmed_open(line, id, &old)) == ST_OK)
		st = confirmed_new_begin(line, id, number, &new);
	while (st == ST_OK && !old.end) {
		st = confirmed_new_range(&new, old.first, old.last);
		if (st == ST_OK)
			st = confirmed_next(&old);
	}
	if (st == ST_OK)
		st = confirmed_new_finish(&new);
	confirmed_new_drop(&new);
	confirmed_close(&old);
	return st;
}
