/*
 * backup_state: the line's small files and the answers that wait, sealed.
 * See backup_parts.h.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/num.h"
#include "operator/backup_parts.h"
#include "operator/backup_seal.h"
#include "operator/tool.h"

#define PIECE_LEN 16384
#define PATH_LEN 512
#define TRIES 5
#define STATES_KEPT 2

/* ST_OK, ST_ABSENT, or ST_IO after words. */
static enum status
open_plain(const struct backup *b, const char *name, int *fd)
{
	struct stat sb;
	const char *why = "it is no plain file: take it away";

	*fd = openat(b->line.dirfd, name,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (*fd == -1 && errno == ENOENT)
		return ST_ABSENT;
	if (*fd != -1 && fstat(*fd, &sb) == 0 && S_ISREG(sb.st_mode))
		return ST_OK;
	if (*fd != -1)
		close(*fd);
	else if (errno != ELOOP)
		why = strerror(errno);
	*fd = -1;
	errno = EIO;
	tool_say("%s/%s cannot be read: %s", b->line.path, name, why);
	return ST_IO;
}

/* A file piece by piece, so that its size does not matter. */
static enum status
put_file(struct backup *b, struct backup_seal *seal, const char *name)
{
	uint8_t piece[PIECE_LEN];
	enum status st;
	ssize_t n = 1;
	int fd;

	if ((st = open_plain(b, name, &fd)) != ST_OK)
		return st == ST_ABSENT ? ST_OK : st;
	st = backup_seal_file(seal, name);
	while (st == ST_OK && n > 0) {
		if ((n = read(fd, piece, sizeof(piece))) > 0)
			st = backup_seal_data(seal, piece, (size_t)n);
		else if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			st = ST_IO;
	}
	close(fd);
	wipe(piece, sizeof(piece)); /* one of them is the server's key */
	return st == ST_OK ? backup_seal_file_end(seal) : st;
}

static enum status
put_folder(struct backup *b, struct backup_seal *seal, const char *name)
{
	char path[PATH_LEN];
	struct dirent *e;
	enum status st = ST_OK;
	int fd, len;
	DIR *dir;

	fd = openat(b->line.dirfd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? ST_OK : ST_IO;
	if ((dir = fdopendir(fd)) == NULL) {
		close(fd);
		return ST_NOMEM;
	}
	while (st == ST_OK && (errno = 0, e = readdir(dir)) != NULL) {
		len = snprintf(path, sizeof(path), "%s/%s", name, e->d_name);
		/* Nor what is being written just now: .part, .tmp. */
		if (e->d_name[0] == '.' || len >= (int)sizeof(path) ||
		    strstr(e->d_name, ".part") != NULL)
			continue;
		st = put_file(b, seal, path);
	}
	if (st == ST_OK && errno != 0)
		st = ST_IO;
	closedir(dir);
	return st;
}

static enum status
put_replies(struct backup *b, struct backup_seal *seal)
{
	struct store_kept_reply kept = {.reply = {.id = 0}};
	uint8_t head[BACKUP_REPLY_LEN - STORE_REPLY_LEN];
	enum status st;

	b->replies = 0;
	if ((st = backup_seal_file(seal, BACKUP_REPLIES)) != ST_OK)
		return st;
	while (
	    (st = store_reply_next(b->store, kept.reply.id, &kept)) == ST_OK) {
		le64_put(head, kept.reply.id);
		memcpy(head + 8, kept.mailbox, STORE_MAILBOX_LEN);
		le32_put(head + 8 + STORE_MAILBOX_LEN, kept.last_day);
		if ((st = backup_seal_data(seal, head, sizeof(head))) !=
			ST_OK ||
		    (st = backup_seal_data(
			 seal, kept.reply.sealed, STORE_REPLY_LEN)) != ST_OK)
			return st;
		b->replies++;
	}
	return st == ST_EOF ? backup_seal_file_end(seal) : st;
}

/* A folder whose last file of tips was lost looks whole but for this. */
static enum status
put_last(const struct backup *b, struct backup_seal *seal)
{
	uint8_t last[BACKUP_LAST_LEN];
	enum status st;

	le64_put(last, b->last);
	if ((st = backup_seal_file(seal, BACKUP_LAST)) == ST_OK)
		st = backup_seal_data(seal, last, sizeof(last));
	return st == ST_OK ? backup_seal_file_end(seal) : st;
}

static enum status
put_all(struct backup *b, struct backup_seal *seal)
{
	enum status st = ST_OK;

	for (const char *const *name = backup_folder_files;
	     st == ST_OK && *name != NULL; name++)
		st = put_file(b, seal, *name);
	for (const char *const *name = backup_folder_folders;
	     st == ST_OK && *name != NULL; name++)
		st = put_folder(b, seal, *name);
	if (st == ST_OK)
		st = put_last(b, seal);
	return st == ST_OK ? put_replies(b, seal) : st;
}

/* The number of the key set in use: it tells whether another was put in. */
static enum status
read_sequence(struct backup *b, struct bytes *out)
{
	enum status st;

	bytes_clear(out);
	st = durable_read(b->line.dirfd, LINE_SEQUENCE, out);
	return st == ST_ABSENT ? ST_OK : st;
}

/* One that a key set was put in meanwhile might be half the old one. */
static enum status
write_state(struct backup *b, const char *name)
{
	struct bytes before = BYTES_INIT(64), after = BYTES_INIT(64);
	struct backup_seal seal = {.fd = -1};
	bool same = false;
	enum status st = ST_OK;

	for (int i = 0; i < TRIES && st == ST_OK && !same; i++) {
		backup_seal_drop(&seal);
		if ((st = read_sequence(b, &before)) != ST_OK ||
		    (st = backup_seal_begin(
			 b->folder.fd, name, &b->keys, &seal)) != ST_OK ||
		    (st = put_all(b, &seal)) != ST_OK ||
		    (st = read_sequence(b, &after)) != ST_OK)
			break;
		same = before.len == after.len &&
		    (before.len == 0 ||
			memcmp(before.p, after.p, before.len) == 0);
	}
	if (st == ST_OK)
		st = same ? backup_seal_finish(&seal) : ST_BUSY;
	b->bytes += seal.bytes;
	backup_seal_drop(&seal);
	bytes_free(&before);
	bytes_free(&after);
	return st;
}

/* An older state is of use only while the newest might be damaged. */
static void
remove_old(struct backup *b)
{
	char name[BACKUP_NAME_MAX];

	for (size_t i = 0; i + STATES_KEPT - 1 < b->folder.states; i++) {
		backup_state_name(b->folder.state[i], name);
		if (unlinkat(b->folder.fd, name, 0) != 0 && errno != ENOENT)
			tool_say("%s/%s is an old state and cannot be removed:"
				 " %s",
			    b->path, name, tool_words(ST_IO));
	}
}

bool
backup_state(struct backup *b)
{
	char name[BACKUP_NAME_MAX];
	enum status st;

	b->state = b->folder.states == 0
	    ? 1
	    : b->folder.state[b->folder.states - 1] + 1;
	backup_state_name(b->state, name);
	if ((st = write_state(b, name)) != ST_OK) {
		tool_say("%s/%s cannot be written: %s; what was saved before"
			 " stays: mend the cause and run the same command"
			 " again",
		    b->path, name, tool_words(st));
		return false;
	}
	remove_old(b);
	return true;
}
