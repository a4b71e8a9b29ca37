/*
 * spawn: start one of our programs with nothing but what it needs.
 *
 * The child gets the descriptors named, 0 and 1 on /dev/null, our standard
 * error, an environment of one word, default signals and an own process
 * group (so that Ctrl-C reaches the supervisor alone).  The kernel kills it
 * when its parent is gone, however that ended.
 */
#ifndef TIPLINE_INTAKE_SPAWN_H
#define TIPLINE_INTAKE_SPAWN_H

#include <sys/types.h>

#include "base/status.h"

#define SPAWN_FDS 3
#define SPAWN_FIRST_FD 3

struct spawn {
	const char *program; /* absolute path */
	char *const *argv;
	int fds[SPAWN_FDS]; /* become 3, 4, 5 in the child; -1: closed there */
	int null_fd;        /* /dev/null, open for reading and writing */
};

/* Start it; *pid is its process id.  ST_OK or ST_IO.  A program that cannot
 * be executed shows as a child that ends at once. */
MUST_CHECK enum status spawn_child(const struct spawn *spawn, pid_t *pid);

#endif
