/*
 * store_db: what the files of the store share; nobody else includes it.
 *
 * store_schema.c   tables, pragmas, the guard around SQLite
 * store_sqlite.c   opening, transactions
 * store_write.c    uploads on their way to being tips
 * store_clear.c    deleting what was given up, how full it is
 * store_read.c     tips going out again
 */
#ifndef TIPLINE_STORE_STORE_DB_H
#define TIPLINE_STORE_STORE_DB_H

#include <sqlite3.h>

#include "store/store.h"

#define STORE_PART STORE_FILE ".part" /* while it is being made */
#define STORE_APPLICATION 0x7469706c  /* "tipl", in the file's header */
#define STORE_SCHEMA 1

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

/* Every statement that is ever run beside the pragmas; from SQL_READS on a
 * reader has them, too. */
#define STORE_STATEMENTS(X)                                                    \
	X(SQL_BEGIN, "BEGIN IMMEDIATE")                                        \
	X(SQL_COMMIT, "COMMIT")                                                \
	X(SQL_ROLLBACK, "ROLLBACK")                                            \
	X(SQL_PUT, "INSERT INTO chunk (id, sealed) VALUES (?1, ?2)")           \
	X(SQL_TIP,                                                             \
	    "INSERT INTO tip (number, upload, len, digest)"                    \
	    " VALUES (?1, ?2, ?3, ?4)")                                        \
	X(SQL_PEND, "INSERT INTO pending (upload) VALUES (?1)")                \
	X(SQL_UNPEND, "DELETE FROM pending WHERE upload = ?1")                 \
	X(SQL_DELETE, "DELETE FROM chunk WHERE id >= ?1 AND id <= ?2")         \
	X(SQL_PENDING,                                                         \
	    "SELECT upload FROM pending WHERE upload > ?1"                     \
	    " ORDER BY upload LIMIT 1")                                        \
	X(SQL_CHUNK_LEN,                                                       \
	    "SELECT id, length(sealed) FROM chunk"                             \
	    " WHERE id >= ?1 AND id <= ?2 ORDER BY id")                        \
	X(SQL_LAST_CHUNK, "SELECT max(id) FROM chunk")                         \
	X(SQL_LAST_PENDING, "SELECT max(upload) FROM pending")                 \
	X(SQL_LAST_TIP, "SELECT max(number) FROM tip")                         \
	X(SQL_TIPS, "SELECT count(*) FROM tip")                                \
	X(SQL_NEXT,                                                            \
	    "SELECT number, len, digest FROM tip WHERE number > ?1"            \
	    " ORDER BY number LIMIT 1")                                        \
	X(SQL_UPLOAD_OF, "SELECT upload FROM tip WHERE number = ?1")           \
	X(SQL_CHUNK,                                                           \
	    "SELECT id, sealed FROM chunk WHERE id >= ?1 AND id <= ?2"         \
	    " ORDER BY id LIMIT 1")                                            \
	X(SQL_PAGES, "PRAGMA page_count")                                      \
	X(SQL_FREE, "PRAGMA freelist_count")

enum store_sql {
#define X(name, text) name,
	STORE_STATEMENTS(X)
#undef X
	    SQL_COUNT,
	SQL_READS = SQL_PENDING
};

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
	uint64_t tips, tips_before;
	struct upload *uploads; /* sorted by number */
	size_t count, cap;
	uint8_t *chunk; /* one chunk on its way out */
};

/* store_schema.c */
MUST_CHECK int store_schema_make(sqlite3 *db);
MUST_CHECK enum status store_schema_check(sqlite3 *db);
MUST_CHECK enum status store_schema_guard(sqlite3 *db, enum store_mode mode);
MUST_CHECK enum status store_schema_pragmas(struct store *store);
MUST_CHECK enum status store_schema_status(int rc);

/* store_sqlite.c: run a statement without rows, after binding; its status,
 * with a failed write or read remembered in suspect. */
MUST_CHECK enum status store_run(struct store *store, enum store_sql which);
/* One number, 0 for NULL. */
MUST_CHECK enum status store_number(
    struct store *store, enum store_sql which, uint64_t *out);
MUST_CHECK enum status store_failed(struct store *store, int rc);
void store_bind(
    struct store *store, enum store_sql which, int at, uint64_t value);

/* store_write.c */
MUST_CHECK enum status store_write_pending(struct store *store);
void store_write_settle(struct store *store, bool committed);
bool store_write_is_open(const struct store *store, uint64_t upload);

#endif
