#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable_place.h"

#define PART ".part"

static enum status
find_part(int dirfd, const char *name, struct durable_place *at,
    char part[static DURABLE_NAME_MAX])
{
	enum status st;
	int len;

	if ((st = durable_place_find(at, dirfd, name)) != ST_OK)
		return st;
	len = snprintf(part, DURABLE_NAME_MAX, "%s" PART, at->name);
	if (len < 0 || len >= DURABLE_NAME_MAX) {
		durable_place_leave(at);
		errno = ENAMETOOLONG;
		return ST_IO;
	}
	return ST_OK;
}

/* The same before anything is written: better told now that the name is taken
 * than after an hour of it. */
static enum status
find_part_of(int dirfd, const char *name, enum durable_mode mode,
    struct durable_place *at, char part[static DURABLE_NAME_MAX])
{
	struct stat sb;
	enum status st;

	if ((st = find_part(dirfd, name, at, part)) != ST_OK)
		return st;
	if (mode != DURABLE_NEW ||
	    fstatat(at->dir, at->name, &sb, AT_SYMLINK_NOFOLLOW) != 0)
		return ST_OK;
	durable_place_leave(at);
	return ST_EXISTS;
}

static void
close_keeping_errno(int *fd)
{
	int kept = errno;

	if (*fd != -1)
		close(*fd);
	*fd = -1;
	errno = kept;
}

/* Lock a part that was found, and see that it still has its name: it may
 * have been finished or taken away since it was opened. */
static enum status
lock_part(const struct durable_place *at, const char *part, int fd)
{
	struct stat held, named;

	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? ST_BUSY : ST_OK; /* no locks */
	if (fstat(fd, &held) != 0 ||
	    fstatat(at->dir, part, &named, AT_SYMLINK_NOFOLLOW) != 0 ||
	    held.st_dev != named.st_dev || held.st_ino != named.st_ino)
		return ST_BUSY;
	return ST_OK;
}

/*
 * Take away what a cut run left.  Who still writes holds a lock on its file:
 * were that taken away, its end would move somebody else's half file into
 * place.
 */
static enum status
clear_part(const struct durable_place *at, const char *part)
{
	int fd;
	enum status st = ST_OK;

	fd = openat(
	    at->dir, part, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1 && errno == ENOENT)
		return ST_OK;
	/* A link, or what may not be read, is no file of ours. */
	if (fd != -1)
		st = lock_part(at, part, fd);
	if (st == ST_OK && unlinkat(at->dir, part, 0) != 0 && errno != ENOENT)
		st = durable_place_status();
	close_keeping_errno(&fd);
	return st;
}

enum status
durable_stream_begin(
    int dirfd, const char *name, mode_t perm, enum durable_mode mode, int *fd)
{
	struct durable_place at;
	char part[DURABLE_NAME_MAX];
	enum status st;

	*fd = -1;
	if ((st = find_part_of(dirfd, name, mode, &at, part)) != ST_OK)
		return st;
	/* Never written into: what a cut run left may have another name. */
	if ((st = clear_part(&at, part)) != ST_OK)
		goto out;
	*fd = openat(at.dir, part,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*fd == -1) {
		/* Made since we looked, by another who begins. */
		st = errno == EEXIST ? ST_BUSY : durable_place_status();
		goto out;
	}
	if (flock(*fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
		/* The other is between its lock and its taking away. */
		close_keeping_errno(fd);
		st = ST_BUSY;
		goto out;
	}
	if (fchmod(*fd, perm) != 0) {
		st = durable_place_status();
		close_keeping_errno(fd);
		(void)unlinkat(at.dir, part, 0);
	}
out:
	durable_place_leave(&at);
	return st;
}

enum status
durable_stream_resume(
    int dirfd, const char *name, enum durable_mode mode, int *fd)
{
	struct durable_place at;
	char part[DURABLE_NAME_MAX];
	struct stat sb;
	enum status st;

	*fd = -1;
	if ((st = find_part_of(dirfd, name, mode, &at, part)) != ST_OK)
		return st;
	*fd =
	    openat(at.dir, part, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (*fd == -1) {
		st = errno == ENOENT ? ST_ABSENT : durable_place_status();
		goto out;
	}
	if (fstat(*fd, &sb) != 0)
		st = durable_place_status();
	/* One with a second name is none that we made. */
	else if (!S_ISREG(sb.st_mode) || sb.st_nlink != 1)
		st = ST_MALFORMED;
	else
		st = lock_part(&at, part, *fd);
	if (st != ST_OK)
		close_keeping_errno(fd);
out:
	durable_place_leave(&at);
	return st;
}

/* The file keeps its lock until it has its name. */
enum status
durable_stream_finish(
    int dirfd, const char *name, enum durable_mode mode, int *fd)
{
	struct durable_place at;
	char part[DURABLE_NAME_MAX];
	enum status st;

	if (fsync(*fd) != 0) {
		st = durable_place_status();
		durable_stream_drop(dirfd, name, fd);
		return st;
	}
	if ((st = find_part(dirfd, name, &at, part)) != ST_OK) {
		close_keeping_errno(fd);
		return st;
	}
	st = durable_place_move(&at, part, mode);
	if (st != ST_OK) {
		int kept = errno;

		(void)unlinkat(at.dir, part, 0);
		errno = kept;
	}
	/* All was flushed: what close() may say is of no file any more. */
	close_keeping_errno(fd);
	durable_place_leave(&at);
	return st;
}

void
durable_stream_drop(int dirfd, const char *name, int *fd)
{
	struct durable_place at;
	char part[DURABLE_NAME_MAX];
	int kept = errno;

	/* Taken away under its lock, and so surely this one. */
	if (find_part(dirfd, name, &at, part) == ST_OK) {
		(void)unlinkat(at.dir, part, 0);
		durable_place_leave(&at);
	}
	close_keeping_errno(fd);
	errno = kept;
}
