/*
 * guarded: the one place for keys and for plaintext under way.
 *
 * One arena, mapped once: inaccessible pages before and behind, locked
 * against swap as its pages are first touched, left out of core files,
 * zeroed in a forked child.  Blocks are whole pages, zeroed when handed out
 * and wiped when freed; a canary behind each block is checked then.
 *
 * Why not sodium_malloc: measured at 15-37 us and 4 mappings a block, and it
 * hides a failing mlock (RLIMIT_MEMLOCK is often 8 MiB).  Keys outside the
 * receiver are few, so one arena serves all programs.
 *
 * Not thread-safe: only one thread of a process may use it.  In a forked
 * child the parent's blocks are gone and must not be used; freeing one before
 * the first guarded_new() there does nothing.
 */
#ifndef TIPLINE_BASE_GUARDED_H
#define TIPLINE_BASE_GUARDED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/*
 * Map an arena for len bytes of blocks, once in a process.  A program that
 * never calls this gets 1 MiB at the first guarded_new().  *locked tells
 * whether the kernel agreed to lock len bytes; if not, the arena works
 * unlocked and the caller says so.  ST_OK, ST_NOMEM, ST_BUG (called twice).
 */
MUST_CHECK enum status guarded_open(size_t len, bool *locked);

/* Unmap the arena; no block may be live.  For tests and clean exits. */
void guarded_close(void);

/* Return len zeroed bytes, 16-aligned, or NULL when the arena is full. */
void *guarded_new(size_t len);

/* Wipe and give back; NULL is allowed.  A broken canary ends the process. */
void guarded_free(void *p);

/* How many blocks are live.  Tests assert 0: leak checkers do not see them. */
size_t guarded_live(void);

#endif
