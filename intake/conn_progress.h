/*
 * conn_progress: the frame that tells how far an upload is.
 *
 * One answer of the one size, sent in pieces: the page's beginning, a line
 * laid over the one before whenever something changed, and its end.  It is
 * loaded again a second after its end (Refresh), so it goes on for as long as
 * the upload does.  Once that has ended, the answer is the outcome's own page,
 * which is not loaded again.
 */
#ifndef TIPLINE_INTAKE_CONN_PROGRESS_H
#define TIPLINE_INTAKE_CONN_PROGRESS_H

#include "intake/conn_parts.h"

/* A frame asks.  May drop c. */
void conn_progress_show(struct conn *c);

/* Its timer: has something changed?  May drop c. */
void conn_progress_tick(struct conn *c);

/* The upload of c began, if it came from the page for large files; more of it
 * came; it ended.  One that is refused by its head begins and ends at once. */
void conn_progress_begin(struct conn *c);
void conn_progress_moved(struct conn *c);
void conn_progress_end(struct conn *c, enum answer how);

/* Make the token of a page for large files.  False: there is none. */
bool conn_progress_token(struct conn *c);

#endif
