/*
 * say: everything the tool tells its user, on standard error.
 *
 * Whatever is said passes clean_terminal() first, so that no byte of a
 * hostile tip, name or path can ever steer the terminal.
 */
#ifndef TIPLINE_ANALYST_SAY_H
#define TIPLINE_ANALYST_SAY_H

#include <stdint.h>

/* Say one or more whole lines; an LF is added at the end. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with "tipline-analyst: " before it, for what went wrong. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Show how far the work is: done of total bytes, at tip number.  Draws at
 * most ten times a second, and only on a terminal; total 0 is unknown.  A
 * line said meanwhile takes the bar away first.
 */
void say_progress(uint64_t done, uint64_t total, uint64_t number);

/* Take the bar away. */
void say_progress_end(void);

#endif
