/*
 * fault: make the n-th allocation or system call of the code under test fail.
 *
 * A test built with unit_test_with_faults() (cmake/rooms.cmake) has the calls
 * below replaced by the linker (--wrap) in the test itself and in the rooms'
 * static libraries.  Shared libraries (libc inside itself, SQLite, libevent)
 * are not touched: strdup() or fopen() do not fail here.
 *
 * The loop every room's tests use; the n-th call fails until one run of the
 * body has no n-th call any more, and that run must succeed:
 *
 *	FAULT_EACH(FAULT_ALLOC | FAULT_GUARDED) {
 *		st = thing_new(&t);
 *		fault_off();
 *		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
 *		thing_free(t);
 *		assert_int_equal(guarded_live(), 0);
 *	}
 *
 * fault_off() comes before the first assertion.  Code that may do without a
 * call (one that only closes, say) may well succeed although it fired.
 */
#ifndef TIPLINE_TESTS_UNIT_FAULT_H
#define TIPLINE_TESTS_UNIT_FAULT_H

#include <stdbool.h>

#include "tests/unit/sample.h"

/* May be or-ed: calls of all these kinds are then counted in one row. */
enum fault_kind {
	FAULT_ALLOC = 1 << 0,   /* malloc, calloc, realloc */
	FAULT_GUARDED = 1 << 1, /* guarded_new */
	FAULT_OPEN = 1 << 2,    /* open, openat */
	FAULT_READ = 1 << 3,    /* read, pread */
	FAULT_WRITE = 1 << 4,   /* write, pwrite, writev */
	FAULT_SYNC = 1 << 5,    /* fsync, fdatasync */
	FAULT_RENAME = 1 << 6,  /* rename, renameat, renameat2, linkat */
	FAULT_CLOSE = 1 << 7, /* close; the descriptor is closed all the same */
	FAULT_STAT = 1 << 8,  /* stat, lstat, fstat, fstatat */
	FAULT_CHANGE = 1 << 9,   /* fchmod, ftruncate, fallocate, unlinkat,
				    unlink,   mkdir, mkdirat */
	FAULT_MMAP = 1 << 10,    /* mmap, mprotect, madvise */
	FAULT_MESSAGE = 1 << 11, /* socketpair, sendmsg, recvmsg, send, recv */
	FAULT_RANDOM = 1 << 12,  /* getrandom */
	FAULT_PROCESS = 1 << 13, /* fork, setrlimit, prctl */
	FAULT_KINDS = 14         /* not a kind: how many there are */
};

/* All that touches files. */
#define FAULT_FILES                                                            \
	(FAULT_OPEN | FAULT_READ | FAULT_WRITE | FAULT_SYNC | FAULT_RENAME |   \
	    FAULT_CLOSE | FAULT_STAT | FAULT_CHANGE)

/* Each call in turn (sample.h). */
#define FAULT_EACH(kinds)                                                      \
	for (unsigned long fault_n_ = 1; fault_next((kinds), fault_n_);        \
	     fault_n_ += sample_step())

/* Make the n-th call (from 1) of these kinds fail, once, and count anew.
 * Allocations give NULL; calls give -1 and errno as fault_errno() said. */
void fault_at(unsigned kinds, unsigned long n);

/* The same, and every later one too: a disk that stays full. */
void fault_from(unsigned kinds, unsigned long n);

/* Which errno failing system calls give from now on; EIO at first. */
void fault_errno(int err);

/* Let all calls through again; what was counted and fired stays readable. */
void fault_off(void);

/* How many calls of these kinds there were since fault_at or fault_from. */
unsigned long fault_count(unsigned kinds);

/* Whether a call has been made to fail since fault_at or fault_from. */
bool fault_fired(void);

/* For FAULT_EACH: arm the n-th; false once the one before did not fire. */
bool fault_next(unsigned kinds, unsigned long n);

#endif
