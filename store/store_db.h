/*
 * store_db: what the files of the store share; nobody else includes it.
 *
 *	store_schema.c	tables, pragmas, the guard around SQLite
 *	store_page.c	free parts of pages on their way to the disk
 *	store_sqlite.c	opening, transactions
 *	store_write.c	uploads on their way to being tips
 *	store_clear.c	deleting what was given up, how full it is
 *	store_purge.c	deleting what the analysts have, emptying the log
 *	store_reply.c	replies
 *	store_read.c	tips going out again
 */
#ifndef TIPLINE_STORE_STORE_DB_H
#define TIPLINE_STORE_STORE_DB_H

#include <sqlite3.h>

#include "store/store.h"
#include "store/store_sql.h"

#define STORE_PART STORE_FILE ".part" /* while it is being made */
#define STORE_APPLICATION 0x7469706c  /* "tipl", in the file's header */
#define STORE_SCHEMA 2

/*
 * Measured, tips of 16.5 KiB one by one and 64 in a commit, and a big upload:
 *	 4 KiB	5300/s	21200/s	205 MB/s
 *	16 KiB	4600/s	32600/s	627 MB/s
 *	64 KiB	4200/s	30200/s	672 MB/s
 */
#ifndef STORE_PAGE
#define STORE_PAGE 16384
#endif
#define STORE_CACHE_KIB 768

/* The log: emptied into the database from here on; with more, wait for
 * readers to let go of it; never beyond. */
#define STORE_LOG_EMPTY (UINT64_C(8) << 20)
#define STORE_LOG_INSIST (UINT64_C(12) << 20)
#define STORE_LOG_MAX (UINT64_C(16) << 20)

#define STORE_BUSY_MS 2000

/* A chunk's id is its upload's number and its place in it. */
#define STORE_SEQ_BITS 24
#define STORE_SEQ_MAX ((UINT64_C(1) << STORE_SEQ_BITS) - 1)
#define STORE_UPLOAD_MAX ((UINT64_C(1) << (63 - STORE_SEQ_BITS)) - 1)

enum upload_state { UPLOAD_OPEN, UPLOAD_FINISHED, UPLOAD_DROPPED };

/* An upload of this process that is not a tip yet. */
struct upload {
	uint64_t upload;
	uint64_t len, len_before; /* bytes put; before this transaction */
	uint32_t seq, seq_before; /* chunks put */
	enum upload_state state;
	bool pending; /* a committed row of pending names it */
	bool touched; /* in this transaction */
};

/*
 * The upload whose chunks store_purge() is deleting.  The keeper may finish
 * that as well, and give the number to another upload after its next start:
 * so chunks are deleted only while there is none below next.
 */
struct purging {
	uint64_t number, upload; /* of the tip, 0: none */
	uint64_t next;           /* chunks below it are gone */
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *sql[SQL_COUNT];
	int dirfd;
	enum store_mode mode;
	struct store_limits limits;
	bool in_tx;
	bool durable; /* what synchronous is set to */
	bool suspect; /* a write failed: empty the log before going on */
	uint64_t log_pages;
	uint64_t next_upload;
	uint64_t last, last_before;
	struct purging purging;
	int64_t tx_began, tx_ended; /* STORE_TEND: ms, to leave room between */
	struct upload *uploads;     /* sorted by number */
	size_t count, cap;
	uint8_t *chunk; /* one chunk on its way out */
};

/* store_schema.c */
MUST_CHECK int store_schema_make(sqlite3 *db);
MUST_CHECK enum status store_schema_check(sqlite3 *db);
MUST_CHECK enum status store_schema_guard(sqlite3 *db, enum store_mode mode);
MUST_CHECK enum status store_schema_pragmas(struct store *store);
MUST_CHECK enum status store_schema_status(int rc);

/* store_page.c: the way to the disk that every database of ours takes, by its
 * name in SQLite; NULL if it failed. */
const char *store_page_vfs(void);

/* store_sqlite.c: run a statement without rows, after binding; its status,
 * with a failed write or read remembered in suspect. */
MUST_CHECK enum status store_run(struct store *store, enum store_sql which);
/* One number, 0 for NULL. */
MUST_CHECK enum status store_number(
    struct store *store, enum store_sql which, uint64_t *out);
MUST_CHECK enum status store_failed(struct store *store, int rc);
void store_bind(
    struct store *store, enum store_sql which, int at, uint64_t value);

MUST_CHECK enum status store_empty_log(struct store *store, int how);

/* store_purge.c: around each transaction of STORE_TEND. */
void store_purge_rest(struct store *store);
void store_purge_rested(struct store *store);

/* store_clear.c: delete chunks of upload from its first on, at least max
 * bytes of them. */
struct clearing {
	uint64_t bytes; /* deleted */
	uint64_t next;  /* the id behind the last one deleted */
	bool all;       /* none is left */
};
MUST_CHECK enum status store_clear_some(
    struct store *store, uint64_t upload, uint64_t max, struct clearing *done);

/* store_write.c */
MUST_CHECK enum status store_write_pending(struct store *store);
void store_write_settle(struct store *store, bool committed);
bool store_write_is_open(const struct store *store, uint64_t upload);

#endif
