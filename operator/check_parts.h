/*
 * check_parts: the parts of tipline-operator check; each adds its findings.
 */
#ifndef TIPLINE_OPERATOR_CHECK_PARTS_H
#define TIPLINE_OPERATOR_CHECK_PARTS_H

#include "base/bytes.h"
#include "line/line.h"
#include "operator/finding.h"

/* check_files.c: who may read and write what; the socket's folder. */
void check_files(const struct line *line, struct findings *f);

/* check_keys.c: the clock, the key set, the server's own key. */
void check_keys(const struct line *line, struct findings *f);

/* check_texts.c: texts.ini and the languages. */
void check_texts(const struct line *line, struct findings *f);

/* check_room.c: limits, disk, database, swap, locked memory. */
void check_room(const struct line *line, struct findings *f);

/* check_torrc.c: that Tor's configuration fits ours.  text is the torrc. */
void check_torrc(
    const struct line *line, const struct bytes *text, struct findings *f);

#endif
