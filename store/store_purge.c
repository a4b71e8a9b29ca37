/*
 * store_purge: delete the bytes of tips, and what the log still has of them.
 *
 * This is for the operator's process, beside a keeper that writes as well.
 */
#include <poll.h>
#include <time.h>

#include "store/store_db.h"

#define REST_MAX_MS 100
#define SCRUB_TRY_MS 50

static int64_t
now_ms(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return 0;
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * SQLite's lock has no queue: whoever waits for it looks again from time to
 * time.  Leave it free for as long as we had it, or a keeper might never find
 * it so.
 */
void
store_purge_rest(struct store *store)
{
	int64_t had = store->tx_ended - store->tx_began + 1;
	int64_t rest, now;

	if (store->mode != STORE_TEND)
		return;
	now = now_ms();
	if (had > REST_MAX_MS)
		had = REST_MAX_MS;
	rest = store->tx_ended + had - now;
	if (store->tx_ended != 0 && rest > 0 && rest <= had)
		(void)poll(NULL, 0, (int)rest);
	store->tx_began = now_ms();
}

void
store_purge_rested(struct store *store)
{
	if (store->mode == STORE_TEND)
		store->tx_ended = now_ms();
}

/* Take the tip's upload from it and list it as pending. */
static enum status
take_upload(struct store *store, uint64_t number, struct purging *purging)
{
	uint64_t upload, there;
	enum status st;

	*purging = (struct purging){.number = number};
	store_bind(store, SQL_UPLOAD_OF, 1, number);
	if ((st = store_number(store, SQL_UPLOAD_OF, &upload)) != ST_OK)
		return st;
	if (upload == 0) { /* purged, or never there */
		if (number > INT64_MAX || number == 0)
			return ST_ABSENT;
		store_bind(store, SQL_IS_TIP, 1, number);
		st = store_number(store, SQL_IS_TIP, &there);
		return st != ST_OK || there != 0 ? st : ST_ABSENT;
	}
	if (upload > STORE_UPLOAD_MAX)
		return ST_MALFORMED;
	purging->upload = upload;
	purging->next = upload << STORE_SEQ_BITS;
	store_bind(store, SQL_PURGE, 1, number);
	if ((st = store_run(store, SQL_PURGE)) != ST_OK)
		return st;
	store_bind(store, SQL_PEND, 1, upload);
	return store_run(store, SQL_PEND);
}

/* Whether the chunks of the upload are still those that we began with. */
static enum status
is_ours(struct store *store, const struct purging *purging, bool *ours)
{
	uint64_t first = purging->upload << STORE_SEQ_BITS, id;
	enum status st;

	*ours = true;
	if (purging->next == first)
		return ST_OK;
	store_bind(store, SQL_CHUNK_LEN, 1, first);
	store_bind(store, SQL_CHUNK_LEN, 2, purging->next - 1);
	st = store_number(store, SQL_CHUNK_LEN, &id);
	*ours = id == 0;
	return st;
}

/* Inside a transaction: one step.  purging->upload is 0 after the last. */
static enum status
purge_step(
    struct store *store, struct purging *purging, size_t max, uint64_t *bytes)
{
	struct clearing done;
	enum status st;
	bool ours;

	if ((st = is_ours(store, purging, &ours)) != ST_OK)
		return st;
	if (ours) {
		st = store_clear_some(store, purging->upload, max, &done);
		if (st != ST_OK)
			return st;
		*bytes = done.bytes;
		purging->next = done.next;
		if (!done.all)
			return ST_OK;
		store_bind(store, SQL_UNPEND, 1, purging->upload);
		if ((st = store_run(store, SQL_UNPEND)) != ST_OK)
			return st;
	}
	purging->upload = 0;
	return ST_OK;
}

enum status
store_purge(struct store *store, uint64_t number, size_t max, uint64_t *bytes,
    bool *more)
{
	struct purging purging = store->purging;
	enum status st;

	*bytes = 0;
	*more = false;
	if (store->mode != STORE_TEND || store->in_tx || max == 0)
		return ST_BUG;
	/* Not durable: the power may take back a purge as a whole, and after
	 * store_scrub() not even that. */
	if ((st = store_begin(store, false)) != ST_OK)
		return st;
	if (purging.number != number || purging.upload == 0)
		st = take_upload(store, number, &purging);
	if (st == ST_OK && purging.upload != 0)
		st = purge_step(store, &purging, max, bytes);
	if (st == ST_OK)
		st = store_commit(store);
	else
		store_rollback(store);
	if (st != ST_OK) {
		*bytes = 0;
		return st;
	}
	store->purging = purging;
	*more = purging.upload != 0;
	return ST_OK;
}

/* Empty the log and cut it; whoever is in the way, for a moment. */
static enum status
try_scrub(struct store *store)
{
	int pages = -1, done, rc;

	/* While it waits for a reader it holds off all writers: so not for
	 * long. */
	(void)sqlite3_busy_timeout(store->db, SCRUB_TRY_MS);
	rc = sqlite3_wal_checkpoint_v2(
	    store->db, "main", SQLITE_CHECKPOINT_TRUNCATE, &pages, &done);
	(void)sqlite3_busy_timeout(store->db, STORE_BUSY_MS);
	if (rc != SQLITE_OK)
		return store_failed(store, rc);
	return pages == 0 ? ST_OK : ST_BUSY;
}

enum status
store_scrub(struct store *store)
{
	int64_t end = now_ms() + STORE_BUSY_MS;
	enum status st;

	if (store->mode == STORE_READ || store->in_tx)
		return ST_BUG;
	/* The most of it in a way that holds off nobody. */
	st = store_empty_log(store, SQLITE_CHECKPOINT_PASSIVE);
	if (st != ST_OK && st != ST_BUSY)
		return st;
	for (;;) {
		if ((st = try_scrub(store)) != ST_BUSY)
			break;
		/* The keeper has better things to do than to wait. */
		if (store->mode == STORE_WRITE || now_ms() >= end)
			return ST_BUSY;
		(void)poll(NULL, 0, SCRUB_TRY_MS);
	}
	/* Pages in our memory may have old bytes in their gaps, and would
	 * carry them to the log again. */
	(void)sqlite3_db_release_memory(store->db);
	return st;
}
