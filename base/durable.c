#include "base/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable_place.h"

#define CHUNK 4096
#define RANDOM_LEN 8
#define TMP_TAG ".tmp-"

enum status
durable_place_status(void)
{
	switch (errno) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return ST_FULL;
	case EACCES:
	case EPERM:
	case EROFS:
		return ST_DENIED;
	case EEXIST:
		return ST_EXISTS;
	case ENOENT:
	case ENOTDIR:
		return ST_ABSENT;
	case ENOMEM:
		return ST_NOMEM;
	default:
		return ST_IO;
	}
}

enum status
durable_place_find(struct durable_place *at, int dirfd, const char *name)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(name, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - name) + 1;

	*at = (struct durable_place){.dir = dirfd, .name = name + len};
	if (at->name[0] == '\0' || strcmp(at->name, ".") == 0 ||
	    strcmp(at->name, "..") == 0)
		return ST_BUG;
	if (dirfd != AT_FDCWD && len == 0)
		return ST_OK;
	if (len >= sizeof(folder)) {
		errno = ENAMETOOLONG;
		return ST_IO;
	}
	/* With the slash at its end, so that "/" stays "/". */
	memcpy(folder, len == 0 ? "." : name, len == 0 ? 1 : len);
	folder[len == 0 ? 1 : len] = '\0';
	at->dir = openat(dirfd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at->dir == -1)
		return durable_place_status();
	at->ours = true;
	return ST_OK;
}

void
durable_place_leave(struct durable_place *at)
{
	int kept = errno;

	if (at->ours)
		close(at->dir);
	*at = (struct durable_place){.dir = -1};
	errno = kept;
}

/* Give made the final name too, then take its own away: never overwrites. */
static int
link_new(const struct durable_place *at, const char *made)
{
	if (renameat2(at->dir, made, at->dir, at->name, RENAME_NOREPLACE) == 0)
		return 0;
	/* File systems that do not know the flag have link() instead. */
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (linkat(at->dir, made, at->dir, at->name, 0) != 0)
		return -1;
	return unlinkat(at->dir, made, 0);
}

enum status
durable_place_move(
    const struct durable_place *at, const char *made, enum durable_mode mode)
{
	int rc;

	if (mode == DURABLE_NEW)
		rc = link_new(at, made);
	else
		rc = renameat(at->dir, made, at->dir, at->name);
	if (rc != 0)
		return durable_place_status();
	return durable_sync_dir(at->dir);
}

/* Write .NAME.tmp-RANDOM into tmp (a program may clear such names in its own
 * folder when it starts: a crash leaves them); false if it is too long or no
 * randomness is to be had (errno tells). */
static bool
tmp_name(const char *name, char tmp[static DURABLE_NAME_MAX])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t r[RANDOM_LEN];
	size_t len = strlen(name), at;

	if (1 + len + strlen(TMP_TAG) + sizeof(r) * 2 >= DURABLE_NAME_MAX) {
		errno = ENAMETOOLONG;
		return false;
	}
	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		return false;
	at = (size_t)snprintf(tmp, DURABLE_NAME_MAX, ".%s" TMP_TAG, name);
	for (size_t i = 0; i < sizeof(r); i++) {
		tmp[at++] = hex[r[i] >> 4];
		tmp[at++] = hex[r[i] & 15];
	}
	tmp[at] = '\0';
	return true;
}

/* Fill the fresh file fd and flush it; closes fd whatever happens. */
static enum status
fill(int fd, const void *p, size_t len, mode_t perm)
{
	enum status st = write_all(fd, p, len);

	/* The umask may have cut perm; the file is to have just these. */
	if (st == ST_OK && (fchmod(fd, perm) != 0 || fsync(fd) != 0))
		st = durable_place_status();
	if (st != ST_OK) {
		int kept = errno;

		close(fd);
		errno = kept;
		return st;
	}
	/* After fsync() only an odd file system fails here; believe it. */
	return close(fd) == 0 || errno == EINTR ? ST_OK : ST_IO;
}

enum status
durable_write(int dirfd, const char *name, const void *p, size_t len,
    mode_t perm, enum durable_mode mode)
{
	struct durable_place at;
	char tmp[DURABLE_NAME_MAX];
	int fd;
	enum status st;

	if ((st = durable_place_find(&at, dirfd, name)) != ST_OK)
		return st;
	if (!tmp_name(at.name, tmp)) {
		st = ST_IO;
		goto out;
	}
	/* Readable by nobody else even before fchmod(). */
	fd = openat(at.dir, tmp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1) {
		/* Nobody guesses the name: a clash is no clash of names. */
		st = errno == EEXIST ? ST_IO : durable_place_status();
		goto out;
	}
	st = fill(fd, p, len, perm);
	if (st == ST_OK)
		st = durable_place_move(&at, tmp, mode);
	if (st != ST_OK) {
		int kept = errno;

		/* Gone already if it was the folder's flush that failed. */
		(void)unlinkat(at.dir, tmp, 0);
		errno = kept;
	}
out:
	durable_place_leave(&at);
	return st;
}

static enum status
read_rest(int fd, struct bytes *out)
{
	uint8_t chunk[CHUNK];
	enum status st = ST_OK;
	ssize_t n;

	for (;;) {
		n = read(fd, chunk, sizeof(chunk));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			st = ST_IO;
		else if (n > 0)
			st = bytes_append(out, chunk, (size_t)n);
		if (n <= 0 || st != ST_OK)
			break;
	}
	wipe(chunk, sizeof(chunk));
	return st;
}

static enum status
read_file(int dirfd, const char *name, mode_t refused, struct bytes *out)
{
	size_t had = out->len;
	struct stat sb;
	int fd, kept;
	enum status st;

	/* O_NONBLOCK: opening somebody's fifo must not wait for a writer. */
	fd = openat(dirfd, name,
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return errno == ELOOP ? ST_MALFORMED : durable_place_status();
	if (fstat(fd, &sb) != 0)
		st = ST_IO;
	else if (!S_ISREG(sb.st_mode))
		st = ST_MALFORMED;
	else if ((sb.st_mode & refused) != 0)
		st = ST_DENIED;
	else if (sb.st_size < 0 || out->len > out->max ||
	    (uint64_t)sb.st_size > out->max - out->len)
		st = ST_LIMIT;
	else
		st = read_rest(fd, out);
	kept = errno;
	close(fd);
	if (st != ST_OK && out->len > had) {
		wipe(out->p + had, out->len - had);
		out->len = had;
	}
	errno = kept;
	return st;
}

enum status
durable_read(int dirfd, const char *name, struct bytes *out)
{
	return read_file(dirfd, name, 0, out);
}

enum status
durable_read_secret(int dirfd, const char *name, struct bytes *out)
{
	return read_file(dirfd, name, S_IRWXG | S_IRWXO, out);
}

enum status
write_all(int fd, const void *p, size_t len)
{
	const uint8_t *at = p;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return durable_place_status() == ST_FULL ? ST_FULL
								 : ST_IO;
		if (n == 0) {
			errno = EIO;
			return ST_IO;
		}
		at += n;
		len -= (size_t)n;
	}
	return ST_OK;
}

enum status
read_all(int fd, void *p, size_t len)
{
	uint8_t *at = p;
	size_t got = 0;

	while (got < len) {
		ssize_t n = read(fd, at + got, len - got);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return ST_IO;
		if (n == 0)
			return got == 0 ? ST_EOF : ST_SHORT;
		got += (size_t)n;
	}
	return ST_OK;
}

enum status
durable_sync_dir(int dirfd)
{
	return fsync(dirfd) == 0 ? ST_OK : ST_IO;
}
