/* store_sqlite: opening the database, and its transactions. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "store/store_db.h"

static const struct {
	unsigned by;
	const char *text;
} sql[] = {
#define X(name, by, text) {by, text},
    STORE_STATEMENTS(X)
#undef X
};

enum status
store_failed(struct store *store, int rc)
{
	enum status st = store_schema_status(rc);

	/*
	 * After a failed flush the kernel may call pages clean that never
	 * reached the disk, so the next flush would lie about the log's
	 * beginning.  Empty the log into the database before going on: that
	 * writes every page afresh.
	 */
	if (st == ST_IO)
		store->suspect = true;
	return st;
}

void
store_bind(struct store *store, enum store_sql which, int at, uint64_t value)
{
	/* Fails only for an index that is not there: a test finds that. */
	(void)sqlite3_bind_int64(store->sql[which], at, (sqlite3_int64)value);
}

enum status
store_run(struct store *store, enum store_sql which)
{
	int rc = sqlite3_step(store->sql[which]);

	(void)sqlite3_reset(store->sql[which]);
	return store_failed(store, rc);
}

enum status
store_number(struct store *store, enum store_sql which, uint64_t *out)
{
	int rc = sqlite3_step(store->sql[which]);

	*out = 0;
	if (rc == SQLITE_ROW)
		*out = (uint64_t)sqlite3_column_int64(store->sql[which], 0);
	(void)sqlite3_reset(store->sql[which]);
	return store_failed(store, rc);
}

static enum status
status_of_errno(void)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
		return ST_ABSENT;
	case EACCES:
	case EPERM:
	case EROFS:
		return ST_DENIED;
	case EEXIST:
		return ST_EXISTS;
	case ENOSPC:
	case EDQUOT:
		return ST_FULL;
	case ENOMEM:
		return ST_NOMEM;
	default:
		return ST_IO;
	}
}

/* Open the SQLite file name in folder, which SQLite wants as a whole path
 * without links. */
static enum status
open_db(const char *folder, const char *name, int flags, sqlite3 **db)
{
	char real[PATH_MAX], path[PATH_MAX + 32];
	const char *vfs = store_page_vfs();
	struct stat sb;
	enum status st;
	int rc;

	*db = NULL;
	if (vfs == NULL)
		return ST_NOMEM;
	if (realpath(folder, real) == NULL)
		return status_of_errno();
	(void)snprintf(path, sizeof(path), "%s/%s", real, name);
	if (lstat(path, &sb) != 0)
		return status_of_errno();
	if (!S_ISREG(sb.st_mode))
		return ST_MALFORMED;
	if (access(path,
		(flags & SQLITE_OPEN_READWRITE) ? R_OK | W_OK : R_OK) != 0)
		return status_of_errno();
	rc = sqlite3_open_v2(path, db,
	    flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
		SQLITE_OPEN_EXRESCODE,
	    vfs);
	st = store_schema_status(rc);
	if (st == ST_OK)
		st = store_schema_status(
		    sqlite3_busy_timeout(*db, STORE_BUSY_MS));
	if (st != ST_OK) {
		sqlite3_close(*db);
		*db = NULL;
	}
	return st;
}

/* Make the tables in STORE_PART, which is an empty file. */
static enum status
make_part(const char *folder)
{
	sqlite3 *db = NULL;
	enum status st;
	int rc;

	st = open_db(folder, STORE_PART, SQLITE_OPEN_READWRITE, &db);
	if (st != ST_OK)
		return st;
	st = store_schema_status(store_schema_make(db));
	/* Closing empties the log and removes it. */
	rc = sqlite3_close(db);
	return st != ST_OK ? st : store_schema_status(rc);
}

enum status
store_create(const char *folder)
{
	enum status st = ST_OK;
	int dirfd, fd = -1;

	dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return status_of_errno();
	/* What a cut run left is nobody's. */
	(void)unlinkat(dirfd, STORE_PART "-wal", 0);
	(void)unlinkat(dirfd, STORE_PART "-shm", 0);
	(void)unlinkat(dirfd, STORE_PART "-journal", 0);
	(void)unlinkat(dirfd, STORE_PART, 0);
	if (faccessat(dirfd, STORE_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		st = ST_EXISTS;
		goto out;
	}
	fd = openat(
	    dirfd, STORE_PART, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		st = status_of_errno();
		goto out;
	}
	close(fd);
	if ((st = make_part(folder)) != ST_OK)
		goto out;
	/* linkat, unlike renameat, never takes the place of another file. */
	if (linkat(dirfd, STORE_PART, dirfd, STORE_FILE, 0) != 0) {
		st = status_of_errno();
		goto out;
	}
	st = durable_sync_dir(dirfd);
out:
	if (fd >= 0) {
		(void)unlinkat(dirfd, STORE_PART, 0);
		(void)unlinkat(dirfd, STORE_PART "-wal", 0);
		(void)unlinkat(dirfd, STORE_PART "-shm", 0);
		(void)unlinkat(dirfd, STORE_PART "-journal", 0);
	}
	close(dirfd);
	return st;
}

/* SQLite tells after each commit how many pages the log holds. */
static int
log_grew(void *ctx, sqlite3 *db, const char *name, int pages)
{
	struct store *store = ctx;

	(void)db;
	(void)name;
	store->log_pages = (uint64_t)pages;
	return SQLITE_OK;
}

static enum status
prepare_all(struct store *store)
{
	for (int i = 0; i < SQL_COUNT; i++) {
		int rc = SQLITE_OK;

		if ((sql[i].by & (1U << store->mode)) != 0)
			rc = sqlite3_prepare_v3(store->db, sql[i].text, -1,
			    SQLITE_PREPARE_PERSISTENT, &store->sql[i], NULL);
		/* A file of another shape was found before; here it is a
		 * failing read or no memory. */
		if (rc != SQLITE_OK)
			return store_schema_status(rc);
	}
	return ST_OK;
}

/* Where numbering goes on.  A chunk or pending row of an upload that was cut
 * still holds its number. */
static enum status
read_numbers(struct store *store)
{
	uint64_t id, pending;
	enum status st;

	if ((st = store_number(store, SQL_LAST_CHUNK, &id)) != ST_OK ||
	    (st = store_number(store, SQL_LAST_PENDING, &pending)) != ST_OK ||
	    (st = store_number(store, SQL_LAST_TIP, &store->last)) != ST_OK)
		return st;
	id >>= STORE_SEQ_BITS;
	store->next_upload = (id > pending ? id : pending) + 1;
	return ST_OK;
}

static enum status
open_all(struct store *store, const char *folder)
{
	bool write = store->mode == STORE_WRITE;
	enum status st;

	store->dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dirfd < 0)
		return status_of_errno();
	/* One writer.  The lock is on the folder, so that it meets neither
	 * SQLite's own locks nor a file that would have to be listed. */
	if (write && flock(store->dirfd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? ST_BUSY : ST_IO;
	st = open_db(folder, STORE_FILE,
	    store->mode == STORE_READ ? SQLITE_OPEN_READONLY
				      : SQLITE_OPEN_READWRITE,
	    &store->db);
	if (st != ST_OK ||
	    (st = store_schema_guard(store->db, store->mode)) != ST_OK ||
	    (st = store_schema_pragmas(store)) != ST_OK ||
	    (st = store_schema_check(store->db)) != ST_OK ||
	    (st = prepare_all(store)) != ST_OK)
		return st;
	store->durable = true;
	(void)sqlite3_wal_hook(store->db, log_grew, store);
	if (!write)
		return ST_OK;
	if ((st = read_numbers(store)) != ST_OK)
		return st;
	/* Make log and index now: a confined process may not later. */
	if ((st = store_begin(store, true)) != ST_OK)
		return st;
	return store_commit(store);
}

enum status
store_open(const char *folder, enum store_mode mode,
    const struct store_limits *limits, struct store **out)
{
	struct store *store;
	enum status st;

	*out = NULL;
	if ((store = calloc(1, sizeof(*store))) == NULL)
		return ST_NOMEM;
	store->dirfd = -1;
	store->mode = mode;
	if (limits != NULL)
		store->limits = *limits;
	if (limits == NULL || limits->quota > STORE_QUOTA_MAX)
		store->limits.quota = STORE_QUOTA_MAX;
	if ((st = open_all(store, folder)) != ST_OK) {
		store_close(store);
		return st;
	}
	*out = store;
	return ST_OK;
}

void
store_close(struct store *store)
{
	if (store == NULL)
		return;
	for (int i = 0; i < SQL_COUNT; i++)
		(void)sqlite3_finalize(store->sql[i]);
	(void)sqlite3_close(store->db);
	if (store->dirfd >= 0)
		close(store->dirfd);
	free(store->uploads);
	free(store->chunk);
	free(store);
}

enum status
store_empty_log(struct store *store, int how)
{
	int pages, done, rc;

	rc = sqlite3_wal_checkpoint_v2(store->db, "main", how, &pages, &done);
	if (rc != SQLITE_OK)
		return store_failed(store, rc);
	return pages == done ? ST_OK : ST_BUSY;
}

static enum status
set_durable(struct store *store, bool durable)
{
	int rc;

	if (store->durable == durable)
		return ST_OK;
	rc = sqlite3_exec(store->db,
	    durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL",
	    NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		store->durable = durable;
	return store_failed(store, rc);
}

enum status
store_begin(struct store *store, bool durable)
{
	enum status st;

	if (store->in_tx || store->mode == STORE_READ)
		return ST_BUG;
	if (store->suspect) {
		/* RESTART: the next transaction overwrites the log. */
		st = store_empty_log(store, SQLITE_CHECKPOINT_RESTART);
		if (st != ST_OK)
			return st;
		store->suspect = false;
	}
	store_purge_rest(store);
	if ((st = set_durable(store, durable)) != ST_OK ||
	    (st = store_run(store, SQL_BEGIN)) != ST_OK)
		return st;
	store->in_tx = true;
	store->last_before = store->last;
	return ST_OK;
}

void
store_rollback(struct store *store)
{
	if (!store->in_tx)
		return;
	/* Some failures have rolled back already. */
	if (!sqlite3_get_autocommit(store->db) &&
	    store_run(store, SQL_ROLLBACK) != ST_OK)
		store->suspect = true;
	store->in_tx = false;
	store_purge_rested(store);
	store->last = store->last_before;
	store_write_settle(store, false);
}

enum status
store_commit(struct store *store)
{
	uint64_t log;
	enum status st;

	if (!store->in_tx)
		return ST_BUG;
	/* Rolled back under us: what was put is gone. */
	if (sqlite3_get_autocommit(store->db))
		st = ST_IO;
	else if ((st = store_write_pending(store)) == ST_OK)
		st = store_run(store, SQL_COMMIT);
	if (st != ST_OK) {
		store_rollback(store);
		return st;
	}
	store->in_tx = false;
	store_write_settle(store, true);
	/*
	 * The transaction stands, whatever becomes of the log: a failure is
	 * remembered in suspect, and a reader in the way tried again.
	 */
	log = store->log_pages * STORE_PAGE;
	if (log >= STORE_LOG_EMPTY)
		(void)!store_empty_log(store,
		    log >= STORE_LOG_INSIST ? SQLITE_CHECKPOINT_RESTART
					    : SQLITE_CHECKPOINT_PASSIVE);
	store_purge_rested(store);
	return ST_OK;
}
