/*
 * threads: which tips stand in a folder of cases, which of them belong
 * together, and of which topic each is.
 *
 * Numbers are read off the folder, the rest off each new bag, and what was
 * read is kept in CASES/.threads, so that a run looks only at what is new.
 * That file is only a memory: without it, or where it is damaged, all bags are
 * read again.  18 bytes of memory for a tip, and 4 while they are sorted.
 */
#ifndef TIPLINE_ANALYST_THREADS_H
#define TIPLINE_ANALYST_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyst/topics.h"
#include "base/status.h"

/* Tips by rising number; each array has n of them. */
struct threads {
	size_t n, cap;
	uint32_t *number;
	uint64_t *thread; /* 0: it can have no others */
	uint8_t *topic;   /* its place in topics */
	bool *changed;    /* new, or one of its thread is: show it anew */
	uint32_t *order;  /* places of all, by thread and number */
	struct topics topics;
};

/* Gather all tips of the folder.  On ST_OK or not, the caller calls
 * threads_free().  ST_IO, ST_NOMEM. */
MUST_CHECK enum status threads_gather(int cases, struct threads *threads);

/* The places of the first tips of one thread, in rising order: *place is
 * borrowed.  Returns how many there are, but at most max; 0 for the thread
 * 0. */
size_t threads_of(const struct threads *threads, uint64_t thread, size_t max,
    const uint32_t **place);

/* Keep what was read, once the pages are written.  ST_OK, ST_FULL, ST_IO,
 * ST_DENIED, ST_NOMEM. */
MUST_CHECK enum status threads_keep(int cases, const struct threads *threads);

void threads_free(struct threads *threads);

#endif
