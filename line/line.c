/*
 * line: see line.h.
 */
#include "line/line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/durable.h"

/* Open the folder itself and find out its absolute name. */
static enum status
open_folder(const char *path, struct line *line, char *why)
{
	line->path = realpath(path, NULL);
	if (line->path != NULL)
		line->dirfd =
		    open(line->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (line->dirfd >= 0) {
		if (asprintf(&line->data_path, "%s/" LINE_DATA, line->path) >=
		    0)
			return ST_OK;
		line->data_path = NULL;
		snprintf(why, LINE_WHY_LEN, "out of memory");
		return ST_NOMEM;
	}
	switch (errno) {
	case ENOENT:
		snprintf(why, LINE_WHY_LEN,
		    "the folder is not there: make it with"
		    " tipline-operator init");
		return ST_ABSENT;
	case ENOTDIR:
		snprintf(why, LINE_WHY_LEN, "this is no folder");
		return ST_ABSENT;
	case EACCES:
		snprintf(why, LINE_WHY_LEN,
		    "the folder cannot be opened: run this as its owner");
		return ST_DENIED;
	default:
		snprintf(why, LINE_WHY_LEN, "the folder cannot be opened: %s",
		    strerror(errno));
		return ST_IO;
	}
}

static enum status
read_config(struct line *line, char *why)
{
	struct bytes text = BYTES_INIT(CONFIG_MAX);
	char reason[CONFIG_WHY_LEN];
	unsigned number;
	enum status st;

	st = durable_read(line->dirfd, CONFIG_FILE, &text);
	if (st == ST_ABSENT)
		snprintf(why, LINE_WHY_LEN,
		    "the folder holds no " CONFIG_FILE ", so it is no tip"
		    " line");
	else if (st != ST_OK)
		snprintf(why, LINE_WHY_LEN, CONFIG_FILE " cannot be read: %s",
		    st == ST_IO ? strerror(errno) : status_text(st));
	else if ((st = config_parse((const char *)text.p, text.len,
		      &line->config, &number, reason, sizeof(reason))) !=
	    ST_OK) {
		if (number != 0)
			snprintf(why, LINE_WHY_LEN, CONFIG_FILE " line %u: %s",
			    number, reason);
		else
			snprintf(why, LINE_WHY_LEN, CONFIG_FILE ": %s", reason);
	}
	bytes_free(&text);
	return st;
}

enum status
line_open(const char *path, struct line *line, char why[static LINE_WHY_LEN])
{
	enum status st;

	*line = (struct line){.dirfd = -1};
	why[0] = '\0';
	if ((st = open_folder(path, line, why)) == ST_OK)
		st = read_config(line, why);
	if (st != ST_OK)
		line_close(line);
	return st;
}

void
line_close(struct line *line)
{
	if (line->dirfd >= 0)
		close(line->dirfd);
	free(line->path);
	free(line->data_path);
	*line = (struct line){.dirfd = -1};
}

enum status
line_server(const struct line *line, struct server_identity *server,
    char why[static LINE_WHY_LEN])
{
	struct bytes text = BYTES_INIT(SERVER_FILE_MAX);
	enum status st;

	st = durable_read(line->dirfd, LINE_SERVER_PUB, &text);
	if (st == ST_OK)
		st = server_identity_parse(text.p, text.len, server);
	if (st != ST_OK)
		snprintf(why, LINE_WHY_LEN, "LINE/" LINE_SERVER_PUB " %s%s",
		    st == ST_ABSENT ? "is missing: bring it back"
				    : "cannot be used: ",
		    st == ST_ABSENT   ? ""
			: st == ST_IO ? strerror(errno)
				      : status_text(st));
	bytes_free(&text);
	return st;
}

enum status
line_lock(const struct line *line, int *fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	*fd = openat(line->dirfd, LINE_LOCK,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0)
		return ST_IO;
	if (fcntl(*fd, F_SETLK, &lock) == 0)
		return ST_OK;
	int error = errno;
	close(*fd);
	*fd = -1;
	errno = error;
	return error == EACCES || error == EAGAIN ? ST_BUSY : ST_IO;
}

pid_t
line_running(const struct line *line)
{
	/* Asking the kernel who would be in the way takes no lock, so it
	 * never disturbs a tipline-intake that is just starting. */
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	pid_t pid = 0;
	int fd;

	/* Nor does it wait for somebody to write, were it no plain file. */
	fd = openat(line->dirfd, LINE_LOCK,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return 0;
	if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
		pid = lock.l_pid;
	close(fd);
	return pid;
}
