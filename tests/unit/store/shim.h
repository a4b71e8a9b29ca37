/*
 * shim: a disk that fails, lies or loses power, under SQLite.
 *
 * A VFS in front of SQLite's own.  It can make the n-th call fail, and it can
 * keep beside each file an image of what has been flushed, so that a power
 * cut leaves that image and, of what was written since, nothing or some.
 */
#ifndef TIPLINE_TESTS_UNIT_STORE_SHIM_H
#define TIPLINE_TESTS_UNIT_STORE_SHIM_H

#include <stdbool.h>
#include <stddef.h>

enum shim_kind {
	SHIM_WRITE = 1,
	SHIM_SYNC = 2,
	SHIM_TRUNCATE = 4,
	SHIM_READ = 8,
	SHIM_SIZE = 16,
	SHIM_OPEN = 32,
	SHIM_DELETE = 64,
	SHIM_LOCK = 128,
	SHIM_SHM = 256,
	SHIM_ALL = 511
};

/* Become the VFS that SQLite uses, once. */
void shim_install(void);

/* Let the n-th call (from 1) of these kinds fail; all after it too if for_good.
 * full: writes fail for want of room. */
void shim_fail(unsigned kinds, unsigned long n, bool for_good, bool full);
void shim_off(void);
bool shim_fired(void);
unsigned long shim_calls(void); /* counted since shim_fail() */

/* Keep images from now on, for files opened from now on. */
void shim_record(void);
/* A flush of the log does nothing, as if finish were not durable. */
void shim_lie(bool lie);
/* Write the images into folder: what a power cut leaves.  some: of what was
 * not flushed, sectors by the seed; else nothing of it.  Ends the recording, so
 * that what the folder is opened with afterwards does not count. */
void shim_cut(const char *folder, bool some, unsigned seed);
void shim_forget(void);

#endif
