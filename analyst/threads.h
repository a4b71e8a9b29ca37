/*
 * threads: which tips stand in a folder of cases, and which of them belong
 * together.
 *
 * Numbers are read off the folder, threads off each new bag, and what was
 * read is kept in CASES/.threads, so that a run looks only at what is new.
 * That file is only a memory: without it, or where it is damaged, all bags are
 * read again.  16 bytes for a tip, twice while the threads are compared.
 */
#ifndef TIPLINE_ANALYST_THREADS_H
#define TIPLINE_ANALYST_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct threads_tip {
	uint64_t number, thread; /* 0: it can have no others */
	bool changed; /* new, or one of its thread is: show it anew */
};

struct threads {
	struct threads_tip *tip; /* by number */
	size_t n, cap;
	struct threads_tip *by_thread; /* the same, by thread and number */
};

/* Gather all tips of the folder.  On ST_OK or not, the caller calls
 * threads_free().  ST_IO, ST_NOMEM. */
MUST_CHECK enum status threads_gather(int cases, struct threads *threads);

/* The first tips of one thread, in rising order: *tip is borrowed.  Returns
 * how many there are, but at most max; 0 for the thread 0. */
size_t threads_of(const struct threads *threads, uint64_t thread, size_t max,
    const struct threads_tip **tip);

/* Keep what was read, once the pages are written.  ST_OK, ST_FULL, ST_IO,
 * ST_DENIED, ST_NOMEM. */
MUST_CHECK enum status threads_keep(int cases, const struct threads *threads);

void threads_free(struct threads *threads);

#endif
