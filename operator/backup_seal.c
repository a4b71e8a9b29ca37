/*
 * backup_seal: see backup_seal.h.
 */
#include "operator/backup_seal.h"

#include <stdio.h>
#include <string.h>

#include "base/durable.h"

#define PAD_AT_ONCE 1024 /* records */

/* envelope_sink: a record at a time, which is large enough for write(2). */
static enum status
put(void *ctx, const uint8_t *sealed, size_t len)
{
	struct backup_seal *s = ctx;

	s->bytes += len;
	return write_all(s->fd, sealed, len);
}

enum status
backup_seal_begin(int dirfd, const char *name, const struct recipients *keys,
    struct backup_seal *s)
{
	enum status st;

	*s = (struct backup_seal){.dirfd = dirfd, .fd = -1};
	snprintf(s->name, sizeof(s->name), "%s", name);
	st = durable_stream_begin(dirfd, s->name, 0600, DURABLE_NEW, &s->fd);
	if (st != ST_OK)
		return st;
	return envelope_begin(keys, put, s, &s->env);
}

enum status
backup_seal_file(struct backup_seal *s, const char *name)
{
	return envelope_part(s->env, ENVELOPE_FILE, name, strlen(name));
}

enum status
backup_seal_data(struct backup_seal *s, const void *p, size_t len)
{
	return len == 0 ? ST_OK : envelope_data(s->env, p, len);
}

enum status
backup_seal_file_end(struct backup_seal *s)
{
	return envelope_part_end(s->env);
}

enum status
backup_seal_finish(struct backup_seal *s)
{
	bool done = false;
	enum status st;

	if ((st = envelope_end(s->env)) != ST_OK)
		return st;
	while (!done)
		if ((st = envelope_pad(s->env, PAD_AT_ONCE, &done)) != ST_OK)
			return st;
	return durable_stream_finish(s->dirfd, s->name, DURABLE_NEW, &s->fd);
}

void
backup_seal_drop(struct backup_seal *s)
{
	envelope_free(s->env);
	s->env = NULL;
	if (s->fd != -1)
		durable_stream_drop(s->dirfd, s->name, &s->fd);
}
