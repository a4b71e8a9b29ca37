/*
 * store_read: tips going out again.
 *
 * One row, one transaction: nothing is held while the sink is at work, so an
 * export on a slow stick keeps neither the log from being emptied nor the
 * keeper from writing.
 */
#include <stdlib.h>
#include <string.h>

#include "store/store_db.h"

enum status
store_next(struct store *store, uint64_t after, struct store_tip *tip)
{
	sqlite3_stmt *next = store->sql[SQL_NEXT];
	const void *digest;
	enum status st;
	int rc;

	memset(tip, 0, sizeof(*tip));
	if (after > INT64_MAX)
		return ST_EOF;
	store_bind(store, SQL_NEXT, 1, after);
	rc = sqlite3_step(next);
	st = rc == SQLITE_DONE ? ST_EOF : store_failed(store, rc);
	if (rc == SQLITE_ROW) {
		tip->number = (uint64_t)sqlite3_column_int64(next, 0);
		tip->len = (uint64_t)sqlite3_column_int64(next, 1);
		tip->purged = sqlite3_column_int(next, 3) != 0;
		digest = sqlite3_column_blob(next, 2);
		if (digest != NULL &&
		    sqlite3_column_bytes(next, 2) == STORE_DIGEST_LEN &&
		    sqlite3_column_int64(next, 1) > 0)
			memcpy(tip->digest, digest, STORE_DIGEST_LEN);
		else
			st = ST_MALFORMED;
	}
	(void)sqlite3_reset(next);
	return st;
}

/* Copy the chunk with the smallest id from first to end into store->chunk. */
static enum status
fetch(struct store *store, uint64_t first, uint64_t end, size_t *len)
{
	sqlite3_stmt *get = store->sql[SQL_CHUNK];
	const void *sealed;
	enum status st;
	int rc, got;

	*len = 0;
	store_bind(store, SQL_CHUNK, 1, first);
	store_bind(store, SQL_CHUNK, 2, end);
	rc = sqlite3_step(get);
	st = store_failed(store, rc);
	if (rc == SQLITE_ROW) {
		sealed = sqlite3_column_blob(get, 1);
		got = sqlite3_column_bytes(get, 1);
		/* NULL: empty, which we never write, or no memory. */
		if (sealed == NULL)
			st = store_failed(store, sqlite3_errcode(store->db));
		if (sealed == NULL && st == ST_OK)
			st = ST_MALFORMED;
		if ((uint64_t)sqlite3_column_int64(get, 0) != first ||
		    got > STORE_CHUNK_MAX)
			st = ST_MALFORMED; /* one before it is missing */
		if (st == ST_OK && sealed != NULL) {
			memcpy(store->chunk, sealed, (size_t)got);
			*len = (size_t)got;
		}
	}
	(void)sqlite3_reset(get);
	return st;
}

/* Where its chunks begin.  ST_ABSENT for a purged tip. */
static enum status
find_chunks(struct store *store, uint64_t number, uint64_t *first)
{
	uint64_t upload;
	enum status st;

	*first = 0;
	store_bind(store, SQL_UPLOAD_OF, 1, number);
	if ((st = store_number(store, SQL_UPLOAD_OF, &upload)) != ST_OK)
		return st;
	if (upload == 0)
		return ST_ABSENT;
	if (upload > STORE_UPLOAD_MAX)
		return ST_MALFORMED;
	*first = upload << STORE_SEQ_BITS;
	return ST_OK;
}

static enum status
read_chunks(struct store *store, uint64_t first, uint64_t left,
    store_sink *sink, void *ctx)
{
	uint64_t end = first | STORE_SEQ_MAX;
	enum status st;
	size_t len;

	for (; left > 0; first++) {
		if (first > end)
			return ST_MALFORMED;
		if ((st = fetch(store, first, end, &len)) != ST_OK)
			return st;
		if (len == 0 || len > left)
			return ST_MALFORMED;
		left -= len;
		if ((st = sink(ctx, store->chunk, len)) != ST_OK)
			return st;
	}
	/* A chunk too many is damage as well. */
	len = 0;
	if (first <= end && (st = fetch(store, first, end, &len)) != ST_OK)
		return st;
	return len == 0 ? ST_OK : ST_MALFORMED;
}

enum status
store_read(struct store *store, const struct store_tip *tip, store_sink *sink,
    void *ctx)
{
	uint64_t first, now;
	enum status st;

	if (store->chunk == NULL &&
	    (store->chunk = malloc(STORE_CHUNK_MAX)) == NULL)
		return ST_NOMEM;
	if ((st = find_chunks(store, tip->number, &first)) != ST_OK)
		return st;
	st = read_chunks(store, first, tip->len, sink, ctx);
	/* What looks like damage may be that it was purged meanwhile. */
	if (st == ST_MALFORMED &&
	    find_chunks(store, tip->number, &now) == ST_ABSENT)
		st = ST_ABSENT;
	return st;
}

enum status
store_verify(struct store *store)
{
	sqlite3_stmt *check = NULL;
	const unsigned char *said;
	enum status st;
	int rc;

	rc = sqlite3_prepare_v2(
	    store->db, "PRAGMA quick_check(1)", -1, &check, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(check);
	st = rc == SQLITE_DONE ? ST_MALFORMED : store_failed(store, rc);
	if (rc == SQLITE_ROW) {
		said = sqlite3_column_text(check, 0);
		if (said == NULL)
			st = ST_NOMEM;
		else if (strcmp((const char *)said, "ok") != 0)
			st = ST_MALFORMED;
	}
	(void)sqlite3_finalize(check);
	return st;
}
