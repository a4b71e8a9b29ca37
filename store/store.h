/*
 * store: keep sealed tips, in order, and give them out again.
 *
 * The interface; SQLite stands behind it in store_sqlite.c and could be
 * something else.  Only sealed bytes come in.  A tip is a row of chunks that
 * nobody sees until store_finish() has named them in a committed transaction.
 *
 * Writing is for one process at a time, the keeper.  Reading (operator) may
 * go on beside it: each call is a short transaction of its own, so a long
 * export never makes the write-ahead log grow.
 *
 * Every column is in docs/METADATA.md; tests/rules compares the two.
 */
#ifndef TIPLINE_STORE_STORE_H
#define TIPLINE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define STORE_DIGEST_LEN 32
#define STORE_FILE "tips.sqlite" /* in the line's data folder */
#define STORE_CHUNK_MAX                                                        \
	131072 /* bytes in one store_put(); larger is slower                   \
		*/

struct store; /* opaque */

/*
 * STORE_TEND is the operator's beside a running keeper: purging and replies,
 * each in short transactions of its own, at most STORE_BUSY_MS of waiting.
 */
enum store_mode { STORE_WRITE, STORE_READ, STORE_TEND };

/* No database grows beyond this, whatever the quota. */
#define STORE_QUOTA_MAX ((UINT64_C(1) << 39) - (UINT64_C(1) << 14))

/* Bytes; what the database file and its log may take on the disk. */
struct store_limits {
	uint64_t quota;   /* of the database file; its log has 16 MiB more */
	uint64_t reserve; /* of the disk, always left free */
};

/* How full it is.  Files are refused at 90 % of the quota, text at 98 %. */
struct store_usage {
	uint64_t used; /* bytes of the database in use */
	uint64_t quota;
	uint64_t disk_free;             /* bytes free on its file system */
	uint64_t files_room, text_room; /* sealed bytes that may still come */
	uint64_t room;    /* beyond this even the keeper itself refuses */
	uint64_t tips;    /* how many have bytes here; not for STORE_WRITE */
	uint64_t replies; /* waiting; not for STORE_WRITE */
	uint64_t last;    /* number of the last one, 0 if none ever */
};

struct store_tip {
	uint64_t number;
	uint64_t len; /* sealed bytes */
	uint8_t digest[STORE_DIGEST_LEN];
	bool purged; /* its bytes are gone */
};

typedef enum status store_sink(void *ctx, const uint8_t *p, size_t len);

/* Make an empty database in folder, whole or not at all.  ST_OK, ST_EXISTS,
 * ST_ABSENT (no such folder), ST_DENIED, ST_FULL, ST_IO, ST_NOMEM. */
MUST_CHECK enum status store_create(const char *folder);

/*
 * Open the database in folder.  Each pragma that matters is set and read
 * back; STORE_WRITE clears nothing by itself (see store_clear).  limits may be
 * NULL for a reader.  On ST_OK the caller owns *out.  ST_ABSENT, ST_DENIED,
 * ST_BUSY (another writer), ST_VERSION (schema), ST_MALFORMED (damaged), ST_IO,
 * ST_NOMEM.
 */
MUST_CHECK enum status store_open(const char *folder, enum store_mode mode,
    const struct store_limits *limits, struct store **out);
void store_close(struct store *store);

/*
 * One transaction.  durable: the commit is on disk when store_commit returns
 * (synchronous=FULL); otherwise it is ordered but may be lost with the power
 * (NORMAL).  ST_OK, ST_FULL, ST_IO, ST_BUSY, ST_NOMEM, ST_BUG (begun twice,
 * or not at all).  After a failed commit the transaction is rolled back;
 * after any other failure inside it the caller rolls back.
 */
MUST_CHECK enum status store_begin(struct store *store, bool durable);
MUST_CHECK enum status store_commit(struct store *store);
void store_rollback(struct store *store);

/* A fresh number for an upload, never one that is still in the database.
 * ST_OK, ST_FULL (numbers have run out), ST_NOMEM. */
MUST_CHECK enum status store_upload(struct store *store, uint64_t *upload);

/* Append a chunk of 1 to STORE_CHUNK_MAX bytes to an upload, inside a
 * transaction.  ST_OK, ST_FULL, ST_IO, ST_NOMEM, ST_LIMIT (chunks), ST_BUG. */
MUST_CHECK enum status store_put(
    struct store *store, uint64_t upload, const uint8_t *p, size_t len);

/*
 * Inside a durable transaction: make the upload a tip.  len must be what was
 * put.  *number is its number once the transaction is committed.  ST_OK,
 * ST_MALFORMED (len is not what was put), ST_FULL, ST_IO, ST_NOMEM, ST_BUG.
 */
MUST_CHECK enum status store_finish(struct store *store, uint64_t upload,
    uint64_t len, const uint8_t digest[static STORE_DIGEST_LEN],
    uint64_t *number);

/* Give an upload up; its chunks go with the next store_clear() calls.  ST_OK,
 * or ST_BUG for one that was finished. */
MUST_CHECK enum status store_drop(struct store *store, uint64_t upload);

/*
 * Delete at most about max bytes of chunks that belong to no tip and to no
 * upload of this process, in a transaction of its own; call again while
 * *more.  ST_OK, ST_BUSY, ST_FULL, ST_IO, ST_NOMEM, ST_BUG (in one already).
 */
MUST_CHECK enum status store_clear(struct store *store, size_t max, bool *more);

/* Fill *usage.  ST_OK or ST_IO. */
MUST_CHECK enum status store_usage(
    struct store *store, struct store_usage *usage);

/* The tip with the smallest number above after.  ST_OK, ST_EOF, ST_IO. */
MUST_CHECK enum status store_next(
    struct store *store, uint64_t after, struct store_tip *tip);

/* Give tip's sealed bytes to sink in order.  ST_OK, ST_ABSENT (purged, maybe
 * only now), ST_MALFORMED (chunks are missing or too long), ST_IO, ST_NOMEM,
 * or what the sink returned. */
MUST_CHECK enum status store_read(struct store *store,
    const struct store_tip *tip, store_sink *sink, void *ctx);

/* STORE_WRITE, in a durable transaction: add a tip that has no bytes any
 * more as number last + 1.  ST_OK, ST_BUG (another number), ST_FULL, ST_IO. */
MUST_CHECK enum status store_link(
    struct store *store, const struct store_tip *tip);

/* Check the file's structure page by page.  ST_OK, ST_MALFORMED, ST_IO. */
MUST_CHECK enum status store_verify(struct store *store);

#include "store/store_tend.h" /* the rest of this interface */

#endif
