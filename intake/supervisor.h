/*
 * supervisor: set up one tip line and keep its two programs running.
 *
 * It opens the sockets, checks the key set, starts the keeper and the
 * receiver, and tells the receiver what it needs (control.h).  It reads no
 * byte of a visitor and none of the database.  When one of the two ends, it
 * starts it again: at once at first, then, if that goes on, with a growing
 * pause of at most a second; it never gives up.
 */
#ifndef TIPLINE_INTAKE_SUPERVISOR_H
#define TIPLINE_INTAKE_SUPERVISOR_H

/*
 * Serve the line in folder path until SIGTERM or SIGINT; read key set and
 * texts anew at SIGHUP.  Returns the exit code: 0 after a signal, 1 when it
 * could not start, having said why on standard error.
 */
int supervisor_run(const char *path);

#endif
