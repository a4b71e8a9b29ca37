/*
 * new_line: see new_line.h.
 */
#include "operator/new_line.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "operator/tool.h"

static bool
is_empty(int dirfd)
{
	struct dirent *e;
	bool empty = true;
	int copy = dup(dirfd);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (dir == NULL) {
		if (copy >= 0)
			close(copy);
		return false;
	}
	while (empty && (e = readdir(dir)) != NULL)
		empty =
		    strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
	closedir(dir);
	return empty;
}

int
new_line_folder(const char *path, bool *made)
{
	int fd;

	*made = mkdir(path, 0700) == 0;
	if (!*made && errno != EEXIST) {
		tool_say("%s cannot be made: %s; nothing was made: mend the"
			 " path, or make the folder above it first",
		    path, strerror(errno));
		return -1;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		tool_say("%s: %s; nothing was made", path, strerror(errno));
	/* Held to the end: a second one would take our files away. */
	else if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		tool_say("%s: another process writes there; nothing was"
			 " made",
		    path);
	else if (faccessat(fd, CONFIG_FILE, F_OK, 0) == 0)
		tool_say("%s is not empty: it is a tip line already; nothing"
			 " was changed: name a new folder",
		    path);
	else if (!is_empty(fd))
		tool_say("%s is not empty; nothing was changed: name a new"
			 " folder",
		    path);
	else if (fchmod(fd, 0700) != 0)
		tool_say("%s cannot be closed to others: %s; nothing was made",
		    path, strerror(errno));
	else
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

bool
new_line_put(int dirfd, const char *name, const void *p, size_t len)
{
	enum status st = durable_write(dirfd, name, p, len, 0600, DURABLE_NEW);

	if (st != ST_OK)
		tool_say("%s cannot be written: %s", name, tool_words(st));
	return st == ST_OK;
}
