/*
 * restore_unseal: open a sealed file piece by piece.  See restore.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "operator/restore.h"

#define PIECE_LEN ENVELOPE_SEALED_RECORD_LEN

struct restore_unseal {
	int fd;
	const struct restore_key *key;
	struct restore_events events;
	struct opener *opener;
	uint8_t piece[PIECE_LEN];
};

static const struct opener_key *
lookup(void *ctx, const uint8_t id[static KEY_ID_LEN], uint32_t epoch)
{
	const struct restore_unseal *u = ctx;

	(void)epoch;
	return memcmp(id, u->key->key.id, KEY_ID_LEN) == 0 ? &u->key->key
							   : NULL;
}

/* A backup holds files only. */
static enum status
part(void *ctx, enum envelope_part kind, const uint8_t *name, size_t len)
{
	struct restore_unseal *u = ctx;

	if (kind != ENVELOPE_FILE)
		return ST_MALFORMED;
	return u->events.part(u->events.ctx, name, len);
}

static enum status
data(void *ctx, const uint8_t *p, size_t len)
{
	struct restore_unseal *u = ctx;

	return u->events.data(u->events.ctx, p, len);
}

static enum status
part_end(void *ctx, uint64_t size)
{
	struct restore_unseal *u = ctx;

	(void)size;
	return u->events.part_end(u->events.ctx);
}

enum status
restore_unseal_open(int dirfd, const char *name, const struct restore_key *key,
    const struct restore_events *events, struct restore_unseal **out)
{
	struct restore_unseal *u = calloc(1, sizeof(*u));
	const struct opener_events to = {.lookup = lookup,
	    .part = part,
	    .data = data,
	    .part_end = part_end,
	    .ctx = u};
	enum status st;

	*out = NULL;
	if (u == NULL)
		return ST_NOMEM;
	u->key = key;
	u->events = *events;
	u->fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (u->fd == -1)
		st = errno == ENOENT ? ST_ABSENT : ST_IO;
	else
		st = opener_new(&to, &u->opener);
	if (st != ST_OK) {
		restore_unseal_free(u);
		return st;
	}
	*out = u;
	return ST_OK;
}

enum status
restore_unseal_step(struct restore_unseal *u)
{
	enum status st;
	ssize_t n;

	do
		n = read(u->fd, u->piece, sizeof(u->piece));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return ST_IO;
	if (n > 0)
		return opener_feed(u->opener, u->piece, (size_t)n);
	st = opener_finish(u->opener);
	return st == ST_OK ? ST_EOF : st;
}

void
restore_unseal_free(struct restore_unseal *u)
{
	if (u == NULL)
		return;
	opener_free(u->opener);
	if (u->fd != -1)
		close(u->fd);
	free(u);
}
