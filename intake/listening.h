/*
 * listening: the two sockets visitors can come in by.
 *
 * A unix socket, for Tor (mode 0660: the folder it lies in decides who may
 * reach it, and Tor may be given it by group), and a port of 127.0.0.1, for
 * trying out.  Either may be off.
 */
#ifndef TIPLINE_INTAKE_LISTENING_H
#define TIPLINE_INTAKE_LISTENING_H

#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "line/config.h"

#define LISTENING_WHY_LEN 240

struct listening {
	int unix_fd, loopback_fd; /* -1: off */
	uint16_t port;            /* of loopback_fd, as the kernel chose it */
	char path[LISTEN_MAX + 1];
	dev_t dev; /* the unix socket we made, to remove no other */
	ino_t ino;
};

/*
 * Open what config asks for.  A socket file that nobody listens on any more
 * and that is ours is replaced.  On ST_OK listening_close() ends it; on
 * ST_BUSY, ST_DENIED or ST_IO nothing is open and why is a sentence.
 */
MUST_CHECK enum status listening_open(const struct config *config,
    struct listening *l, char why[static LISTENING_WHY_LEN]);

/* Close both and remove the socket file if it is still the one we made. */
void listening_close(struct listening *l);

#endif
