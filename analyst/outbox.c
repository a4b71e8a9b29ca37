/*
 * outbox: see outbox.h.
 *
 *	reply  16 "tipline-outbox-1" | 8 u64 tip | 16 mailbox id | 4144 reply
 *	sent   16 "tipline-outsent1", then 16 mailbox id | 4144 reply each
 */
#include "analyst/outbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyst/say.h"
#include "base/durable.h"
#include "base/num.h"

#define FOLDER "outbox"
#define SENT "sent"
#define ENDING ".reply"
#define MAGIC "tipline-outbox-1"
#define SENT_MAGIC "tipline-outsent1"
#define MAGIC_LEN 16
#define RECORD_LEN (MAILBOX_ID_LEN + REPLY_LEN)
#define FILE_LEN (MAGIC_LEN + 8 + RECORD_LEN)

static bool
is_reply(const char *name)
{
	const size_t len = strlen(name), end = strlen(ENDING);

	return strncmp(name, "tip-", 4) == 0 && len > end &&
	    len < OUTBOX_NAME_LEN && strcmp(name + len - end, ENDING) == 0;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static enum status
list(struct outbox *box)
{
	struct dirent *entry;
	enum status st = ST_OK;
	size_t cap = 0;
	DIR *d = NULL;
	int fd = openat(box->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1 || (d = fdopendir(fd)) == NULL) {
		if (fd != -1)
			close(fd);
		return ST_IO;
	}
	while (st == ST_OK && (entry = readdir(d)) != NULL) {
		void *more;

		if (!is_reply(entry->d_name))
			continue;
		if (box->n == OUTBOX_MAX) {
			st = ST_LIMIT;
			break;
		}
		if (box->n == cap) {
			cap = cap == 0 ? 64 : cap * 2;
			more = realloc(box->name, cap * sizeof(*box->name));
			if (more == NULL) {
				st = ST_NOMEM;
				break;
			}
			box->name = more;
		}
		memcpy(box->name[box->n++], entry->d_name,
		    strlen(entry->d_name) + 1);
	}
	closedir(d);
	if (box->n > 0)
		qsort(box->name, box->n, sizeof(*box->name), compare);
	return st;
}

/* Look at what the last return bundle held. */
static enum status
open_sent(struct outbox *box)
{
	uint8_t magic[MAGIC_LEN];
	struct stat sb;
	uint64_t len;

	box->sentfd = openat(
	    box->dirfd, SENT, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (box->sentfd == -1)
		return errno == ENOENT ? ST_OK : ST_DENIED;
	if (fstat(box->sentfd, &sb) != 0)
		return ST_IO;
	if (!S_ISREG(sb.st_mode) || sb.st_size < MAGIC_LEN ||
	    read_all(box->sentfd, magic, sizeof(magic)) != ST_OK ||
	    memcmp(magic, SENT_MAGIC, MAGIC_LEN) != 0)
		return ST_MALFORMED;
	len = (uint64_t)sb.st_size - MAGIC_LEN;
	box->sent = len / RECORD_LEN;
	return len % RECORD_LEN == 0 ? ST_OK : ST_MALFORMED;
}

enum status
outbox_open(int keys_dirfd, struct outbox *box)
{
	enum status st;

	*box = (struct outbox){.dirfd = -1, .sentfd = -1};
	if (mkdirat(keys_dirfd, FOLDER, 0700) == 0)
		st = durable_sync_dir(keys_dirfd);
	else if (errno == EEXIST)
		st = ST_OK;
	else
		st = errno == ENOSPC || errno == EDQUOT ? ST_FULL : ST_DENIED;
	if (st != ST_OK)
		goto out;
	box->dirfd = openat(keys_dirfd, FOLDER,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (box->dirfd == -1) {
		st = ST_DENIED;
		goto out;
	}
	if ((st = list(box)) == ST_OK)
		st = open_sent(box);
out:
	if (st != ST_OK)
		say_error("cannot use the folder outbox of the key folder: %s",
		    st == ST_DENIED || st == ST_IO ? strerror(errno)
						   : status_text(st));
	return st;
}

enum status
outbox_put(struct outbox *box, const struct outbox_item *item)
{
	uint8_t file[FILE_LEN];
	char name[OUTBOX_NAME_LEN];
	uint64_t any;

	if (getrandom(&any, sizeof(any), 0) != (ssize_t)sizeof(any))
		return ST_IO;
	(void)snprintf(name, sizeof(name),
	    "tip-%06" PRIu64 "-%016" PRIx64 ENDING, item->tip, any);
	memcpy(file, MAGIC, MAGIC_LEN);
	le64_put(file + MAGIC_LEN, item->tip);
	memcpy(file + MAGIC_LEN + 8, item->mailbox, MAILBOX_ID_LEN);
	memcpy(file + MAGIC_LEN + 8 + MAILBOX_ID_LEN, item->sealed, REPLY_LEN);
	return durable_write(
	    box->dirfd, name, file, sizeof(file), 0600, DURABLE_NEW);
}

enum status
outbox_get(const struct outbox *box, size_t i, struct outbox_item *item)
{
	struct bytes file = BYTES_INIT(FILE_LEN);
	enum status st;

	st = durable_read(box->dirfd, box->name[i], &file);
	if (st == ST_OK &&
	    (file.len != FILE_LEN || memcmp(file.p, MAGIC, MAGIC_LEN) != 0))
		st = ST_MALFORMED;
	if (st == ST_OK) {
		item->tip = le64_get(file.p + MAGIC_LEN);
		memcpy(item->mailbox, file.p + MAGIC_LEN + 8, MAILBOX_ID_LEN);
		memcpy(item->sealed, file.p + MAGIC_LEN + 8 + MAILBOX_ID_LEN,
		    REPLY_LEN);
	} else {
		say_error("cannot use %s of the outbox: %s", box->name[i],
		    status_text(st));
	}
	bytes_free(&file);
	return st;
}

enum status
outbox_get_sent(const struct outbox *box, uint64_t i, struct outbox_item *item)
{
	uint8_t record[RECORD_LEN];
	const off_t at = (off_t)(MAGIC_LEN + i * RECORD_LEN);
	ssize_t n;

	do {
		n = pread(box->sentfd, record, sizeof(record), at);
	} while (n == -1 && errno == EINTR);
	if (n != (ssize_t)sizeof(record)) {
		say_error("cannot read sent of the outbox: %s",
		    n == -1 ? strerror(errno) : status_text(ST_SHORT));
		return ST_IO;
	}
	item->tip = 0;
	memcpy(item->mailbox, record, MAILBOX_ID_LEN);
	memcpy(item->sealed, record + MAILBOX_ID_LEN, REPLY_LEN);
	return ST_OK;
}

enum status
outbox_sent_begin(struct outbox *box, int *fd)
{
	enum status st;

	st = durable_stream_begin(box->dirfd, SENT, 0600, DURABLE_REPLACE, fd);
	if (st != ST_OK)
		return st;
	if ((st = write_all(*fd, SENT_MAGIC, MAGIC_LEN)) != ST_OK)
		outbox_sent_drop(box, fd);
	return st;
}

enum status
outbox_sent_add(int fd, const struct outbox_item *item)
{
	uint8_t record[RECORD_LEN];

	memcpy(record, item->mailbox, MAILBOX_ID_LEN);
	memcpy(record + MAILBOX_ID_LEN, item->sealed, REPLY_LEN);
	return write_all(fd, record, sizeof(record));
}

enum status
outbox_sent_finish(struct outbox *box, int *fd)
{
	return durable_stream_finish(box->dirfd, SENT, DURABLE_REPLACE, fd);
}

void
outbox_sent_drop(struct outbox *box, int *fd)
{
	durable_stream_drop(box->dirfd, SENT, fd);
}

enum status
outbox_clear(struct outbox *box)
{
	for (size_t i = 0; i < box->n; i++) {
		if (unlinkat(box->dirfd, box->name[i], 0) != 0 &&
		    errno != ENOENT)
			return ST_IO;
	}
	return durable_sync_dir(box->dirfd);
}

void
outbox_close(struct outbox *box)
{
	free(box->name);
	if (box->sentfd != -1)
		close(box->sentfd);
	if (box->dirfd != -1)
		close(box->dirfd);
	*box = (struct outbox){.dirfd = -1, .sentfd = -1};
}
