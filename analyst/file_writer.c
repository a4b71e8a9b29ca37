/*
 * file_writer: see file_writer.h.
 */
#include "analyst/file_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/durable.h"
#include "handoff/worker.h"

#define BLOCK ((size_t)512 * 1024)
#define BLOCKS 4
#define ALIGNMENT 4096 /* enough for O_DIRECT on any disk */

struct file_writer {
	int fd;
	bool large;         /* the file goes through the ring */
	bool direct;        /* and fd has O_DIRECT */
	struct bytes small; /* while it is small */
	struct sha256 *sha;
	/* All below only from the first large file on. */
	struct worker *digester, *disk;
	uint8_t *ring, *block; /* block is the one being filled */
	size_t len;            /* of block */
};

static enum status
digest_piece(void *ctx, const void *p, size_t len)
{
	return sha256_update(ctx, p, len);
}

/* Take O_DIRECT away: for a tail, or where a write does not take it. */
static enum status
leave_direct(struct file_writer *w)
{
	int flags;

	if (!w->direct)
		return ST_OK;
	w->direct = false;
	flags = fcntl(w->fd, F_GETFL);
	if (flags == -1 || fcntl(w->fd, F_SETFL, flags & ~O_DIRECT) != 0)
		return ST_IO;
	return ST_OK;
}

static enum status
write_piece(void *ctx, const void *p, size_t len)
{
	struct file_writer *w = ctx;
	enum status st;
	ssize_t n = 0;

	if (w->direct) {
		n = write(w->fd, p, len);
		if (n == (ssize_t)len)
			return ST_OK;
		/* Let write_all() find out whether it is more than O_DIRECT. */
		if ((st = leave_direct(w)) != ST_OK)
			return st;
		n = n > 0 ? n : 0;
	}
	return write_all(w->fd, (const uint8_t *)p + n, len - (size_t)n);
}

enum status
file_writer_new(struct file_writer **out)
{
	struct file_writer *w;
	enum status st;

	*out = NULL;
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return ST_NOMEM;
	w->fd = -1;
	w->small = BYTES_INIT(FILE_WRITER_SMALL);
	if ((st = sha256_new(&w->sha)) != ST_OK) {
		file_writer_free(w);
		return st;
	}
	*out = w;
	return ST_OK;
}

void
file_writer_begin(struct file_writer *w, int fd)
{
	w->fd = fd;
	w->large = w->direct = false;
	w->small.len = 0;
}

/* Hand the block being filled to both threads and take the next. */
static enum status
push_block(struct file_writer *w)
{
	enum status st;

	if ((st = worker_add(w->digester, w->block, w->len)) != ST_OK ||
	    (st = worker_add(w->disk, w->block, w->len)) != ST_OK)
		return st;
	w->block += BLOCK;
	if (w->block == w->ring + BLOCKS * BLOCK)
		w->block = w->ring;
	w->len = 0;
	/* The next block is free when only the others wait. */
	if ((st = worker_wait(w->digester, BLOCKS - 1)) != ST_OK)
		return st;
	return worker_wait(w->disk, BLOCKS - 1);
}

static enum status
fill_blocks(struct file_writer *w, const uint8_t *p, size_t len)
{
	enum status st = ST_OK;

	while (len > 0 && st == ST_OK) {
		size_t n = BLOCK - w->len < len ? BLOCK - w->len : len;

		memcpy(w->block + w->len, p, n);
		w->len += n;
		p += n;
		len -= n;
		if (w->len == BLOCK)
			st = push_block(w);
	}
	return st;
}

static enum status
make_ring(struct file_writer *w)
{
	enum status st;

	if (w->ring != NULL)
		return ST_OK;
	if ((w->ring = aligned_alloc(ALIGNMENT, BLOCKS * BLOCK)) == NULL)
		return ST_NOMEM;
	st = worker_new(digest_piece, w->sha, &w->digester);
	return st != ST_OK ? st : worker_new(write_piece, w, &w->disk);
}

/* The file has outgrown its buffer: go over to the ring. */
static enum status
grow_large(struct file_writer *w)
{
	enum status st;
	int flags;

	if ((st = make_ring(w)) != ST_OK)
		return st;
	w->large = true;
	w->block = w->ring;
	w->len = 0;
	flags = fcntl(w->fd, F_GETFL);
	w->direct = flags != -1 && fcntl(w->fd, F_SETFL, flags | O_DIRECT) == 0;
	return fill_blocks(w, w->small.p, w->small.len);
}

enum status
file_writer_data(struct file_writer *w, const uint8_t *p, size_t len)
{
	enum status st;

	if (!w->large && len <= FILE_WRITER_SMALL - w->small.len)
		return bytes_append(&w->small, p, len);
	if (!w->large && (st = grow_large(w)) != ST_OK)
		return st;
	return fill_blocks(w, p, len);
}

static enum status
end_large(struct file_writer *w)
{
	enum status st;

	if ((st = worker_wait(w->disk, 0)) != ST_OK ||
	    (st = worker_wait(w->digester, 0)) != ST_OK ||
	    (st = leave_direct(w)) != ST_OK)
		return st;
	if ((st = sha256_update(w->sha, w->block, w->len)) != ST_OK)
		return st;
	return write_all(w->fd, w->block, w->len);
}

static enum status
end_small(struct file_writer *w)
{
	enum status st;

	if ((st = sha256_update(w->sha, w->small.p, w->small.len)) != ST_OK)
		return st;
	return write_all(w->fd, w->small.p, w->small.len);
}

enum status
file_writer_end(struct file_writer *w, uint8_t digest[static DIGEST_LEN])
{
	enum status st = w->large ? end_large(w) : end_small(w);

	if (st == ST_OK)
		st = sha256_final(w->sha, digest);
	/* NFS and quotas may tell of a failed write only here. */
	if (close(w->fd) != 0 && st == ST_OK)
		st = errno == ENOSPC || errno == EDQUOT ? ST_FULL : ST_IO;
	w->fd = -1;
	return st;
}

void
file_writer_free(struct file_writer *w)
{
	int kept = errno;

	if (w == NULL)
		return;
	worker_free(w->digester);
	worker_free(w->disk);
	if (w->ring != NULL)
		wipe(w->ring, BLOCKS * BLOCK);
	free(w->ring);
	bytes_free(&w->small);
	sha256_free(w->sha);
	if (w->fd != -1)
		close(w->fd);
	free(w);
	errno = kept;
}
