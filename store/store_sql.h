/*
 * store_sql: every statement that is ever run beside the pragmas, and who may
 * run it; only the store's own files include it.
 */
#ifndef TIPLINE_STORE_STORE_SQL_H
#define TIPLINE_STORE_STORE_SQL_H

/* Who prepares it: a keeper, a reader, the operator beside a keeper. */
#define BY_WRITE (1U << STORE_WRITE)
#define BY_READ (1U << STORE_READ)
#define BY_TEND (1U << STORE_TEND)
#define BY_BOTH (BY_WRITE | BY_TEND)
#define BY_ALL (BY_BOTH | BY_READ)

/* X(name, by, text) */
#define STORE_STATEMENTS(X)                                                    \
	X(SQL_BEGIN, BY_BOTH, "BEGIN IMMEDIATE")                               \
	X(SQL_COMMIT, BY_BOTH, "COMMIT")                                       \
	X(SQL_ROLLBACK, BY_BOTH, "ROLLBACK")                                   \
	X(SQL_PUT, BY_WRITE, "INSERT INTO chunk (id, sealed) VALUES (?1, ?2)") \
	X(SQL_TIP, BY_WRITE,                                                   \
	    "INSERT INTO tip (number, upload, len, digest)"                    \
	    " VALUES (?1, ?2, ?3, ?4)")                                        \
	X(SQL_PEND, BY_BOTH, "INSERT INTO pending (upload) VALUES (?1)")       \
	X(SQL_UNPEND, BY_BOTH, "DELETE FROM pending WHERE upload = ?1")        \
	X(SQL_DELETE, BY_BOTH,                                                 \
	    "DELETE FROM chunk WHERE id >= ?1 AND id <= ?2")                   \
	X(SQL_PURGE, BY_TEND,                                                  \
	    "UPDATE tip SET upload = NULL WHERE number = ?1")                  \
	X(SQL_REPLY_PUT, BY_BOTH,                                              \
	    "INSERT INTO reply (id, mailbox, day, sealed)"                     \
	    " VALUES (?1, ?2, ?3, ?4)")                                        \
	X(SQL_REPLY_DELETE, BY_BOTH,                                           \
	    "DELETE FROM reply WHERE id = ?1 AND mailbox = ?2")                \
	X(SQL_REPLY_MAKE_ROOM, BY_BOTH,                                        \
	    "DELETE FROM reply WHERE id = (SELECT id FROM reply"               \
	    " WHERE mailbox = ?2 ORDER BY day LIMIT 1)")                       \
	X(SQL_REPLY_EXPIRE, BY_BOTH,                                           \
	    "DELETE FROM reply WHERE id IN (SELECT id FROM reply"              \
	    " WHERE day < ?1 ORDER BY day LIMIT ?2)")                          \
	X(SQL_PENDING, BY_ALL,                                                 \
	    "SELECT upload FROM pending WHERE upload > ?1"                     \
	    " ORDER BY upload LIMIT 1")                                        \
	X(SQL_CHUNK_LEN, BY_ALL,                                               \
	    "SELECT id, length(sealed) FROM chunk"                             \
	    " WHERE id >= ?1 AND id <= ?2 ORDER BY id")                        \
	X(SQL_LAST_CHUNK, BY_ALL, "SELECT max(id) FROM chunk")                 \
	X(SQL_LAST_PENDING, BY_ALL, "SELECT max(upload) FROM pending")         \
	X(SQL_LAST_TIP, BY_ALL, "SELECT max(number) FROM tip")                 \
	X(SQL_TIPS, BY_ALL,                                                    \
	    "SELECT count(*) FROM tip WHERE upload IS NOT NULL")               \
	X(SQL_NEXT, BY_ALL,                                                    \
	    "SELECT number, len, digest, upload IS NULL FROM tip"              \
	    " WHERE number > ?1 ORDER BY number LIMIT 1")                      \
	X(SQL_UPLOAD_OF, BY_ALL, "SELECT upload FROM tip WHERE number = ?1")   \
	X(SQL_IS_TIP, BY_TEND, "SELECT number FROM tip WHERE number = ?1")     \
	X(SQL_CHUNK, BY_ALL,                                                   \
	    "SELECT id, sealed FROM chunk WHERE id >= ?1 AND id <= ?2"         \
	    " ORDER BY id LIMIT 1")                                            \
	X(SQL_REPLIES, BY_ALL, "SELECT count(*) FROM reply")                   \
	X(SQL_REPLY_IDS, BY_ALL,                                               \
	    "SELECT id, mailbox FROM reply WHERE mailbox >= ?2"                \
	    " ORDER BY mailbox LIMIT 8")                                       \
	X(SQL_REPLY_SAME, BY_ALL,                                              \
	    "SELECT id FROM reply WHERE mailbox = ?2 AND sealed = ?4")         \
	X(SQL_REPLY_NEXT, BY_ALL,                                              \
	    "SELECT id, mailbox, day, sealed FROM reply WHERE id >= ?1"        \
	    " ORDER BY id LIMIT 1")                                            \
	X(SQL_LAST_REPLY, BY_ALL, "SELECT max(id) FROM reply")                 \
	X(SQL_PAGES, BY_ALL, "PRAGMA page_count")                              \
	X(SQL_FREE, BY_ALL, "PRAGMA freelist_count")

enum store_sql {
#define X(name, by, text) name,
	STORE_STATEMENTS(X)
#undef X
	    SQL_COUNT
};

#endif
