/*
 * listening: see listening.h.
 */
#include "intake/listening.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096

static void
name_socket(const char *path, struct sockaddr_un *sun)
{
	*sun = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(sun->sun_path, path, strlen(path) + 1);
}

/* bind() makes the file with the umask's bits, so there is no moment in
 * which others could connect. */
static int
bind_unix(int fd, const struct sockaddr_un *sun)
{
	mode_t old = umask(0117);
	int rc = bind(fd, (const struct sockaddr *)sun, sizeof(*sun));
	int error = errno;

	umask(old);
	errno = error;
	return rc;
}

/* The name is taken: by a living server, by something else, or by a socket
 * file that a killed server of ours left behind.  Remove only the last. */
static enum status
remove_stale(const struct sockaddr_un *sun, char *why)
{
	struct stat sb;
	int fd, rc, error;

	if (lstat(sun->sun_path, &sb) != 0)
		return errno == ENOENT ? ST_OK : ST_IO;
	if (!S_ISSOCK(sb.st_mode) || sb.st_uid != geteuid()) {
		snprintf(why, LISTENING_WHY_LEN,
		    "unix:%s is taken by something that is no socket of"
		    " ours: move it away or choose another path",
		    sun->sun_path);
		return ST_DENIED;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ST_IO;
	rc = connect(fd, (const struct sockaddr *)sun, sizeof(*sun));
	error = errno;
	close(fd);
	if (rc == 0 || error != ECONNREFUSED) {
		snprintf(why, LISTENING_WHY_LEN,
		    "another program listens on unix:%s", sun->sun_path);
		return ST_BUSY;
	}
	return unlink(sun->sun_path) == 0 ? ST_OK : ST_IO;
}

static enum status
open_unix(struct listening *l, char *why)
{
	struct sockaddr_un sun;
	struct stat sb;
	enum status st;

	name_socket(l->path, &sun);
	l->unix_fd =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->unix_fd < 0)
		return ST_IO;
	if (bind_unix(l->unix_fd, &sun) != 0) {
		if (errno != EADDRINUSE)
			return ST_IO;
		if ((st = remove_stale(&sun, why)) != ST_OK)
			return st;
		if (bind_unix(l->unix_fd, &sun) != 0)
			return ST_IO;
	}
	if (lstat(l->path, &sb) != 0)
		return ST_IO;
	l->dev = sb.st_dev;
	l->ino = sb.st_ino;
	return listen(l->unix_fd, BACKLOG) == 0 ? ST_OK : ST_IO;
}

static enum status
open_loopback(struct listening *l, uint16_t port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);
	int on = 1;

	l->loopback_fd =
	    socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->loopback_fd < 0 ||
	    setsockopt(l->loopback_fd, SOL_SOCKET, SO_REUSEADDR, &on,
		sizeof(on)) != 0 ||
	    bind(l->loopback_fd, (struct sockaddr *)&sin, sizeof(sin)) != 0 ||
	    listen(l->loopback_fd, BACKLOG) != 0 ||
	    getsockname(l->loopback_fd, (struct sockaddr *)&sin, &len) != 0)
		return ST_IO;
	l->port = ntohs(sin.sin_port);
	return ST_OK;
}

enum status
listening_open(const struct config *config, struct listening *l,
    char why[static LISTENING_WHY_LEN])
{
	enum status st = ST_OK;
	int error;

	*l = (struct listening){.unix_fd = -1, .loopback_fd = -1};
	why[0] = '\0';
	if (config->path[0] != '\0') {
		snprintf(l->path, sizeof(l->path), "%s", config->path);
		st = open_unix(l, why);
		error = errno;
		if (st == ST_IO)
			snprintf(why, LISTENING_WHY_LEN,
			    "cannot listen on unix:%s: %s%s", l->path,
			    strerror(error),
			    error == ENOENT ? " (make its folder first)" : "");
	}
	if (st == ST_OK && config->loopback) {
		st = open_loopback(l, config->port);
		if (st != ST_OK)
			snprintf(why, LISTENING_WHY_LEN,
			    "cannot listen on 127.0.0.1:%u: %s",
			    (unsigned)config->port, strerror(errno));
	}
	if (st != ST_OK)
		listening_close(l);
	return st;
}

void
listening_close(struct listening *l)
{
	struct stat sb;

	if (l->unix_fd >= 0) {
		if (l->ino != 0 && lstat(l->path, &sb) == 0 &&
		    sb.st_dev == l->dev && sb.st_ino == l->ino)
			unlink(l->path);
		close(l->unix_fd);
	}
	if (l->loopback_fd >= 0)
		close(l->loopback_fd);
	*l = (struct listening){.unix_fd = -1, .loopback_fd = -1};
}
