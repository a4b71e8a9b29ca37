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
#include "line/line_shown.h"

struct setup {
	struct line line;
	int lock_fd, null_fd, signal_fd;
	struct listening listening;
	bool has_set;
	struct keyset set;       /* if has_set; it may have run out */
	struct line_shown shown; /* its files, and the root's, for visitors */
	struct bytes texts;      /* texts_write() of LINE/texts.ini */
	uint32_t floor;          /* the highest epoch ever in force, at first */
	char *receiver, *keeper; /* paths of the two programs */
};

/*
 * Open the line in folder path, lock it, load its key set and its texts (going
 * on without those that are not there or not right), open its sockets, raise
 * limits, block the signals that signal_fd then reads, and confine the process.
 * Says on standard error what is wrong.  On anything but ST_OK nothing is left
 * open.
 */
MUST_CHECK enum status setup_open(const char *path, struct setup *s);
void setup_close(struct setup *s);

/* Load the key set in the place of the one in use, which stays if the new
 * one is refused, but is given up when another root was pinned by hand.
 * Logs what happened.  True if s->shown may be another. */
bool setup_reload_keys(struct setup *s);

/* The same for the texts: true if s->texts is another. */
bool setup_reload_texts(struct setup *s);

#endif
