/*
 * store_write: uploads on their way to being tips.
 *
 * An upload whose first chunk and finish fall into one transaction leaves no
 * trace but its chunks and its tip.  One that outlives a transaction gets a
 * row in pending in that transaction, which the finishing one deletes: so
 * after a crash pending names all there is to clear, and no scan is needed.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_db.h"

static struct upload *
find(const struct store *store, uint64_t upload)
{
	size_t low = 0, high = store->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (store->uploads[mid].upload < upload)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == store->count || store->uploads[low].upload != upload)
		return NULL;
	return &store->uploads[low];
}

bool
store_write_is_open(const struct store *store, uint64_t upload)
{
	return find(store, upload) != NULL;
}

enum status
store_upload(struct store *store, uint64_t *upload)
{
	struct upload *grown;
	size_t cap;

	*upload = 0;
	if (store->mode != STORE_WRITE)
		return ST_BUG;
	if (store->next_upload > STORE_UPLOAD_MAX)
		return ST_FULL;
	if (store->count == store->cap) {
		cap = store->cap == 0 ? 64 : store->cap * 2;
		grown = realloc(store->uploads, cap * sizeof(*grown));
		if (grown == NULL)
			return ST_NOMEM;
		store->uploads = grown;
		store->cap = cap;
	}
	*upload = store->next_upload++;
	/* Numbers rise, so the list stays sorted. */
	store->uploads[store->count++] = (struct upload){.upload = *upload};
	return ST_OK;
}

/* The upload, if it may be written to now. */
static struct upload *
find_writable(struct store *store, uint64_t upload)
{
	struct upload *up;

	if (!store->in_tx || (up = find(store, upload)) == NULL ||
	    up->state != UPLOAD_OPEN)
		return NULL;
	return up;
}

static void
touch(struct upload *up)
{
	if (up->touched)
		return;
	up->touched = true;
	up->len_before = up->len;
	up->seq_before = up->seq;
}

enum status
store_put(struct store *store, uint64_t upload, const uint8_t *p, size_t len)
{
	struct upload *up = find_writable(store, upload);
	sqlite3_stmt *put = store->sql[SQL_PUT];
	enum status st;
	int rc;

	if (up == NULL || len == 0 || len > STORE_CHUNK_MAX)
		return ST_BUG;
	if (up->seq >= STORE_SEQ_MAX)
		return ST_LIMIT;
	store_bind(
	    store, SQL_PUT, 1, upload << STORE_SEQ_BITS | (uint64_t)up->seq);
	rc = sqlite3_bind_blob(put, 2, p, (int)len, SQLITE_STATIC);
	if (rc != SQLITE_OK)
		return store_failed(store, rc);
	st = store_run(store, SQL_PUT);
	(void)sqlite3_clear_bindings(put); /* p is only borrowed */
	if (st != ST_OK)
		return st;
	touch(up);
	up->seq++;
	up->len += len;
	return ST_OK;
}

/* Insert the row of the next tip; upload is 0 if its bytes are gone. */
static enum status
insert_tip(struct store *store, uint64_t upload, uint64_t len,
    const uint8_t digest[static STORE_DIGEST_LEN])
{
	sqlite3_stmt *tip = store->sql[SQL_TIP];
	enum status st;
	int rc;

	store_bind(store, SQL_TIP, 1, store->last + 1);
	if (upload != 0)
		store_bind(store, SQL_TIP, 2, upload);
	store_bind(store, SQL_TIP, 3, len);
	rc = sqlite3_bind_blob(tip, 4, digest, STORE_DIGEST_LEN, SQLITE_STATIC);
	if (rc != SQLITE_OK)
		return store_failed(store, rc);
	st = store_run(store, SQL_TIP);
	(void)sqlite3_clear_bindings(tip); /* NULL again */
	if (st == ST_OK)
		store->last++;
	return st;
}

enum status
store_finish(struct store *store, uint64_t upload, uint64_t len,
    const uint8_t digest[static STORE_DIGEST_LEN], uint64_t *number)
{
	struct upload *up = find_writable(store, upload);
	enum status st;

	*number = 0;
	if (up == NULL || !store->durable)
		return ST_BUG;
	if (up->len != len || len == 0)
		return ST_MALFORMED;
	touch(up);
	if (up->pending) {
		store_bind(store, SQL_UNPEND, 1, upload);
		if ((st = store_run(store, SQL_UNPEND)) != ST_OK)
			return st;
	}
	if ((st = insert_tip(store, upload, len, digest)) != ST_OK)
		return st;
	up->state = UPLOAD_FINISHED;
	*number = store->last;
	return ST_OK;
}

enum status
store_link(struct store *store, const struct store_tip *tip)
{
	if (store->mode != STORE_WRITE || !store->in_tx || !store->durable ||
	    tip->number != store->last + 1 || tip->number > INT64_MAX ||
	    tip->len == 0 || tip->len > INT64_MAX)
		return ST_BUG;
	return insert_tip(store, 0, tip->len, tip->digest);
}

enum status
store_drop(struct store *store, uint64_t upload)
{
	struct upload *up = find(store, upload);

	if (up == NULL || up->state == UPLOAD_DROPPED)
		return ST_OK;
	if (up->state == UPLOAD_FINISHED)
		return ST_BUG;
	up->state = UPLOAD_DROPPED;
	/* Within a transaction its chunks still need a row in pending. */
	if (!up->touched) {
		size_t at = (size_t)(up - store->uploads);

		store->count--;
		memmove(up, up + 1, (store->count - at) * sizeof(*up));
	}
	return ST_OK;
}

enum status
store_write_pending(struct store *store)
{
	for (size_t i = 0; i < store->count; i++) {
		const struct upload *up = &store->uploads[i];
		enum status st;

		if (!up->touched || up->pending || up->seq == 0 ||
		    up->state == UPLOAD_FINISHED)
			continue;
		store_bind(store, SQL_PEND, 1, up->upload);
		if ((st = store_run(store, SQL_PEND)) != ST_OK)
			return st;
	}
	return ST_OK;
}

void
store_write_settle(struct store *store, bool committed)
{
	size_t kept = 0;

	for (size_t i = 0; i < store->count; i++) {
		struct upload *up = &store->uploads[i];

		if (up->touched && committed) {
			up->pending = up->pending || up->seq > 0;
			if (up->state == UPLOAD_FINISHED)
				continue; /* a tip now */
		} else if (up->touched) {
			up->len = up->len_before;
			up->seq = up->seq_before;
			if (up->state == UPLOAD_FINISHED)
				up->state = UPLOAD_OPEN;
		}
		up->touched = false;
		/* What pending names and this list does not, is cleared. */
		if (up->state == UPLOAD_DROPPED)
			continue;
		store->uploads[kept++] = *up;
	}
	store->count = kept;
}
