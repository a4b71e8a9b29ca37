/*
 * finding: what tipline-operator check has to say, one line each.
 *
 *	ok    clock: it is later than the day this program was built
 *	FAIL  server.key: others may read it: chmod 600 LINE/server.key
 */
#ifndef TIPLINE_OPERATOR_FINDING_H
#define TIPLINE_OPERATOR_FINDING_H

#include <stdbool.h>

#include "line/line.h"

struct findings {
	unsigned warnings, failures;
};

#define FINDING_FORMAT __attribute__((format(printf, 2, 3)))
void finding_ok(struct findings *f, const char *format, ...) FINDING_FORMAT;
void finding_warn(struct findings *f, const char *format, ...) FINDING_FORMAT;
void finding_fail(struct findings *f, const char *format, ...) FINDING_FORMAT;

#endif
