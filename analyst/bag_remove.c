/*
 * bag: remove one that is not whole; see bag.h.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "analyst/bag.h"

static bool
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Remove the files in a folder; a bag has one folder in it, data. */
static enum status
empty_folder(int at, const char *name, bool with_data)
{
	struct dirent *entry;
	enum status st = ST_OK;
	DIR *d;
	int fd;

	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? ST_OK : ST_IO;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return ST_IO;
	}
	if (with_data)
		st = empty_folder(fd, "data", false);
	if (st == ST_OK && with_data &&
	    unlinkat(fd, "data", AT_REMOVEDIR) != 0 && errno != ENOENT)
		st = ST_IO;
	while (st == ST_OK && (entry = readdir(d)) != NULL) {
		if (!is_dots(entry->d_name) &&
		    unlinkat(fd, entry->d_name, 0) != 0 && errno != ENOENT)
			st = ST_IO;
	}
	closedir(d);
	return st;
}

enum status
bag_remove(int dir, const char *name)
{
	enum status st = empty_folder(dir, name, true);

	/* Not a folder, so not of our making, but in the way. */
	if (st != ST_OK && (errno == ENOTDIR || errno == ELOOP))
		return unlinkat(dir, name, 0) == 0 ? ST_OK : ST_IO;
	if (st == ST_OK && unlinkat(dir, name, AT_REMOVEDIR) != 0 &&
	    errno != ENOENT)
		st = ST_IO;
	return st;
}
