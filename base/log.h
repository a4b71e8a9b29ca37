/*
 * log: what the server's processes may say, and nothing else.
 *
 * Every line is one of the events below: an integer we chose and a fixed
 * sentence.  No path, size, header, address, code or time of a visitor can
 * get in, because no function here takes a string.  Each event is written at
 * most LOG_BURST times a minute, then counted; before the first line of any
 * later minute it is said how many were left out.  Lines go to standard error,
 * one write(2) each.  Not thread-safe.
 *
 *	tipline-receiver: E210 closed: no epoch key is valid now
 */
#ifndef TIPLINE_BASE_LOG_H
#define TIPLINE_BASE_LOG_H

#include <stdint.h>

#define LOG_BURST 10

/* X(name, number, sentence).  Numbers are never reused. */
#define LOG_EVENTS(X)                                                          \
	/* every process */                                                    \
	X(LOG_NO_SECCOMP, 100, "this kernel has no seccomp; going on without") \
	X(LOG_NO_LANDLOCK, 101,                                                \
	    "this kernel has no Landlock; going on without")                   \
	X(LOG_NO_MLOCK, 102,                                                   \
	    "memory could not be locked: raise LimitMEMLOCK, or run without"   \
	    " swap")                                                           \
	X(LOG_NOMEM, 103, "out of memory")                                     \
	X(LOG_IO, 104, "a system call failed")                                 \
	X(LOG_BUG, 105, "a bug in tipline: please report this number")         \
	X(LOG_SANITIZED, 106,                                                  \
	    "built for testing: confinement by seccomp is off")                \
	X(LOG_LEFT_OUT, 107, "lines of this kind were left out")               \
	/* supervisor */                                                       \
	X(LOG_STARTED, 200, "started")                                         \
	X(LOG_STOPPED, 201, "stopped")                                         \
	X(LOG_RECEIVER_DIED, 202, "the receiver ended; starting it again")     \
	X(LOG_KEEPER_DIED, 203, "the keeper ended; starting it again")         \
	X(LOG_KEYS_LOADED, 204, "key set taken up")                            \
	X(LOG_KEYS_REFUSED, 205,                                               \
	    "the key set was refused; keeping the one in use:"                 \
	    " run tipline-operator check")                                     \
	X(LOG_RESTART_STORM, 206,                                              \
	    "a process ends again and again; waiting before the next start")   \
	X(LOG_CLOCK_BEHIND, 207,                                               \
	    "the clock is behind the epoch in force, which goes on being"      \
	    " used: set the clock")                                            \
	X(LOG_KEYS_AGE, 208,                                                   \
	    "more than half of the key set's life is over: have a new one"     \
	    " made")                                                           \
	X(LOG_EPOCH_NOT_KEPT, 209,                                             \
	    "the epoch in force could not be remembered: run tipline-operator" \
	    " check")                                                          \
	X(LOG_KEYS_GIVEN_UP, 220,                                              \
	    "another root key is pinned: the key set in use was given up")     \
	X(LOG_TEXTS_LOADED, 221, "other texts taken up")                       \
	X(LOG_TEXTS_REFUSED, 222,                                              \
	    "texts.ini was refused; keeping the texts in use:"                 \
	    " run tipline-operator check")                                     \
	/* receiver */                                                         \
	X(LOG_CLOSED, 210, "closed: no epoch key is valid now")                \
	X(LOG_OPEN, 211, "open: tips are taken")                               \
	X(LOG_NO_KEEPER, 212, "the keeper is away; uploads are refused")       \
	X(LOG_KEEPER_BACK, 213, "the keeper is back")                          \
	X(LOG_MESSAGE_MALFORMED, 214,                                          \
	    "a malformed message between our processes")                       \
	X(LOG_CONN_LIMIT, 215, "as many connections as allowed are open")      \
	X(LOG_CIRCUIT_LIMIT, 216, "one circuit has reached its limit")         \
	/* keeper */                                                           \
	X(LOG_STORE_OPEN_FAILED, 230, "the database cannot be opened")         \
	X(LOG_STORE_FULL, 231, "the quota or the disk is full")                \
	X(LOG_STORE_ROOM, 232, "there is room again")                          \
	X(LOG_STORE_IO, 233, "the database reported a failed read or write")   \
	X(LOG_CLEARED, 234, "what a cut upload left was cleared")

enum log_event {
#define X(name, number, text) name = number,
	LOG_EVENTS(X)
#undef X
};

/* Name this process in its lines.  process is borrowed for ever. */
void log_open(const char *process);

/* Write the line of ev. */
void log_event(enum log_event ev);

/* Write the line of ev with the words for errno behind it; keeps errno. */
void log_errno(enum log_event ev);

#endif
