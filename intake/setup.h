/*
 * setup: all that the supervisor does once, before it serves.
 */
#ifndef TIPLINE_INTAKE_SETUP_H
#define TIPLINE_INTAKE_SETUP_H

#include <stdbool.h>

#include "base/status.h"
#include "crypto/keyset.h"
#include "intake/listening.h"
#include "line/line.h"

struct setup {
	struct line line;
	int lock_fd, null_fd, signal_fd;
	struct listening listening;
	bool has_set;
	struct keyset set;       /* if has_set; it may have run out */
	uint32_t floor;          /* the highest epoch ever in force, at first */
	char *receiver, *keeper; /* paths of the two programs */
};

/*
 * Open the line in folder path, lock it, load its key set (going on without
 * one), open its sockets, raise limits, block the signals that signal_fd
 * then reads, and confine the process.  Says on standard error what is
 * wrong.  On anything but ST_OK nothing is left open.
 */
MUST_CHECK enum status setup_open(const char *path, struct setup *s);
void setup_close(struct setup *s);

/* Load the key set in the place of the one in use, which stays if the new
 * one is refused, but is given up when another root was pinned by hand.
 * Logs what happened. */
void setup_reload(struct setup *s);

#endif
