/*
 * turn: who may work on a line's tips now.
 *
 * Export, backup and import may run side by side, each once; a purge waits
 * for nobody and lets nobody begin: it would take away what they read.  The
 * kernel gives the turn up when the process ends, however it ends.
 */
#ifndef TIPLINE_OPERATOR_TURN_H
#define TIPLINE_OPERATOR_TURN_H

#include <stdbool.h>

#include "line/line.h"

#define TURN_FILE "operator.lock"

enum turn { TURN_EXPORT, TURN_BACKUP, TURN_IMPORT, TURN_PURGE };

/* Take it until turn_leave(); *fd holds it.  False after words. */
bool turn_take(const struct line *line, enum turn turn, int *fd);

/* -1 is allowed. */
void turn_leave(int fd);

#endif
