/*
 * confine_seccomp: the system calls each role keeps, for confine.c alone.
 */
#ifndef TIPLINE_BASE_CONFINE_SECCOMP_H
#define TIPLINE_BASE_CONFINE_SECCOMP_H

#include "base/confine.h"

/*
 * Load the filter of role for every thread of the process.  *missing when
 * the kernel has no seccomp or this is a build with sanitizers, whose own
 * calls no list here knows.  ST_OK, ST_NOMEM, ST_IO or ST_BUG (no such role).
 */
MUST_CHECK enum status confine_seccomp(enum confine_role role, bool *missing);

#endif
