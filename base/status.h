/*
 * status: the one list of outcomes that every fallible function returns.
 *
 * A function's header names which of these it returns; any caller that
 * ignores one gets a warning.  status_text() is for operators and analysts:
 * a short English phrase without a full stop.
 */
#ifndef TIPLINE_BASE_STATUS_H
#define TIPLINE_BASE_STATUS_H

#define MUST_CHECK __attribute__((warn_unused_result))

enum status {
	ST_OK = 0,
	ST_NOMEM,     /* memory, or guarded memory, has run out */
	ST_IO,        /* a system call failed; errno tells more */
	ST_FULL,      /* quota reached or no room on the disk */
	ST_LIMIT,     /* larger or more than docs/LIMITS.md allows */
	ST_AGAIN,     /* nothing to do now; call again later */
	ST_EOF,       /* the input ended, where it may end */
	ST_SHORT,     /* the input ended where it may not */
	ST_MALFORMED, /* not of the grammar or layout */
	ST_VERSION,   /* a version this program does not know */
	ST_FORGED,    /* a signature, tag, digest or commitment is wrong */
	ST_WRONG_KEY, /* sealed or signed, but not with a key we hold */
	ST_EXPIRED,   /* no longer valid */
	ST_EARLY,     /* not yet valid */
	ST_ABSENT,    /* what was named is not there */
	ST_EXISTS,    /* refusing to overwrite what is there */
	ST_DENIED,    /* permissions, or readable by others */
	ST_BUSY,      /* another process holds it */
	ST_BUG,       /* the caller broke the contract */
	ST_COUNT      /* not a status: how many there are */
};

/* Return a phrase for st; "unknown status" for a value not listed. */
const char *status_text(enum status st);

#endif
