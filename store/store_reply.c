/*
 * store_reply: replies that wait to be fetched.
 *
 * Whoever asks for a mailbox may be guessing.  So what a mailbox without
 * replies costs is what one with replies costs: rows of others are read and
 * thrown away, and a row is written and deleted where there was none to be
 * deleted.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "store/store_db.h"

_Static_assert(STORE_REPLIES_MAX == 8, "as in SQL_REPLY_IDS");

/* Ids below are as good, but rows of unequal lengths move more often. */
#define ID_LEAST (UINT64_C(1) << 56)

static enum status
fill_random(void *p, size_t len)
{
	ssize_t n;

	do
		n = getrandom(p, len, 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)len ? ST_OK : ST_IO;
}

static enum status
random_id(uint64_t *id)
{
	enum status st;

	do {
		if ((st = fill_random(id, sizeof(*id))) != ST_OK)
			return st;
		*id &= INT64_MAX;
	} while (*id < ID_LEAST);
	return ST_OK;
}

static enum status
bind_mailbox(struct store *store, enum store_sql which,
    const uint8_t mailbox[static STORE_MAILBOX_LEN])
{
	return store_failed(store,
	    sqlite3_bind_blob(store->sql[which], 2, mailbox, STORE_MAILBOX_LEN,
		SQLITE_STATIC));
}

/* What was bound is only borrowed. */
static enum status
run_unbound(struct store *store, enum store_sql which)
{
	enum status st = store_run(store, which);

	(void)sqlite3_clear_bindings(store->sql[which]);
	return st;
}

/* A transaction of our own, unless the caller has one open. */
static enum status
begin_own(struct store *store, bool *own)
{
	*own = !store->in_tx;
	if (store->mode == STORE_READ)
		return ST_BUG;
	return *own ? store_begin(store, true) : ST_OK;
}

static enum status
end_own(struct store *store, bool own, enum status st)
{
	if (!own)
		return st;
	if (st == ST_OK)
		return store_commit(store);
	store_rollback(store);
	return st;
}

static void
sort_in(uint64_t *ids, size_t count, uint64_t id)
{
	for (; count > 0 && ids[count - 1] > id; count--)
		ids[count] = ids[count - 1];
	ids[count] = id;
}

/* As many rows of the index are looked at, whoever they belong to. */
static enum status
find_ids(struct store *store, const uint8_t mailbox[static STORE_MAILBOX_LEN],
    uint64_t ids[static STORE_REPLIES_MAX], size_t *count)
{
	sqlite3_stmt *list = store->sql[SQL_REPLY_IDS];
	enum status st;
	int rc;

	*count = 0;
	if ((st = bind_mailbox(store, SQL_REPLY_IDS, mailbox)) != ST_OK)
		return st;
	while ((rc = sqlite3_step(list)) == SQLITE_ROW) {
		const void *box = sqlite3_column_blob(list, 1);

		if (*count < STORE_REPLIES_MAX && box != NULL &&
		    sqlite3_column_bytes(list, 1) == STORE_MAILBOX_LEN &&
		    memcmp(box, mailbox, STORE_MAILBOX_LEN) == 0) {
			sort_in(ids, *count,
			    (uint64_t)sqlite3_column_int64(list, 0));
			++*count;
		}
	}
	(void)sqlite3_reset(list);
	(void)sqlite3_clear_bindings(list);
	return store_failed(store, rc);
}

static enum status
is_kept(struct store *store, const uint8_t mailbox[static STORE_MAILBOX_LEN],
    const uint8_t sealed[static STORE_REPLY_LEN], bool *kept)
{
	sqlite3_stmt *same = store->sql[SQL_REPLY_SAME];
	enum status st;
	uint64_t id;
	int rc;

	*kept = false;
	if ((st = bind_mailbox(store, SQL_REPLY_SAME, mailbox)) != ST_OK)
		return st;
	rc = sqlite3_bind_blob(same, 4, sealed, STORE_REPLY_LEN, SQLITE_STATIC);
	if (rc != SQLITE_OK)
		return store_failed(store, rc);
	st = store_number(store, SQL_REPLY_SAME, &id);
	(void)sqlite3_clear_bindings(same);
	*kept = id != 0;
	return st;
}

/* sealed NULL: zeros. */
static enum status
insert(struct store *store, uint64_t id,
    const uint8_t mailbox[static STORE_MAILBOX_LEN], uint32_t last_day,
    const uint8_t *sealed)
{
	sqlite3_stmt *put = store->sql[SQL_REPLY_PUT];
	enum status st;
	int rc;

	if ((st = bind_mailbox(store, SQL_REPLY_PUT, mailbox)) != ST_OK)
		return st;
	store_bind(store, SQL_REPLY_PUT, 1, id);
	store_bind(store, SQL_REPLY_PUT, 3, last_day);
	if (sealed != NULL)
		rc = sqlite3_bind_blob(
		    put, 4, sealed, STORE_REPLY_LEN, SQLITE_STATIC);
	else
		rc = sqlite3_bind_zeroblob(put, 4, STORE_REPLY_LEN);
	if (rc != SQLITE_OK)
		return store_failed(store, rc);
	return run_unbound(store, SQL_REPLY_PUT);
}

static enum status
put_reply(struct store *store, const uint8_t mailbox[static STORE_MAILBOX_LEN],
    uint32_t last_day, const uint8_t sealed[static STORE_REPLY_LEN])
{
	uint64_t ids[STORE_REPLIES_MAX], id;
	enum status st;
	size_t count;
	bool kept;

	/* A bundle whose import was cut is read again. */
	if ((st = is_kept(store, mailbox, sealed, &kept)) != ST_OK || kept)
		return st;
	if ((st = random_id(&id)) != ST_OK ||
	    (st = find_ids(store, mailbox, ids, &count)) != ST_OK)
		return st;
	if (count == STORE_REPLIES_MAX) {
		st = bind_mailbox(store, SQL_REPLY_MAKE_ROOM, mailbox);
		if (st == ST_OK)
			st = run_unbound(store, SQL_REPLY_MAKE_ROOM);
		if (st != ST_OK)
			return st;
	}
	return insert(store, id, mailbox, last_day, sealed);
}

enum status
store_reply_put(struct store *store,
    const uint8_t mailbox[static STORE_MAILBOX_LEN], uint32_t last_day,
    const uint8_t sealed[static STORE_REPLY_LEN])
{
	enum status st;
	bool own;

	if ((st = begin_own(store, &own)) != ST_OK)
		return st;
	return end_own(store, own, put_reply(store, mailbox, last_day, sealed));
}

/* The reply with the smallest id from id on.  ST_OK, ST_EOF, as _next. */
static enum status
fetch(struct store *store, uint64_t id, struct store_kept_reply *out)
{
	sqlite3_stmt *next = store->sql[SQL_REPLY_NEXT];
	const void *mailbox, *sealed;
	int64_t day;
	enum status st;
	int rc;

	memset(out, 0, sizeof(*out));
	store_bind(store, SQL_REPLY_NEXT, 1, id);
	rc = sqlite3_step(next);
	st = rc == SQLITE_DONE ? ST_EOF : store_failed(store, rc);
	if (rc == SQLITE_ROW) {
		day = sqlite3_column_int64(next, 2);
		mailbox = sqlite3_column_blob(next, 1);
		sealed = sqlite3_column_blob(next, 3);
		/* NULL: empty, which we never write, or no memory. */
		if (mailbox == NULL || sealed == NULL)
			st = store_failed(store, sqlite3_errcode(store->db));
		if (st == ST_OK &&
		    (mailbox == NULL || sealed == NULL || day < 0 ||
			day > UINT32_MAX ||
			sqlite3_column_int64(next, 0) <= 0 ||
			sqlite3_column_bytes(next, 1) != STORE_MAILBOX_LEN ||
			sqlite3_column_bytes(next, 3) != STORE_REPLY_LEN))
			st = ST_MALFORMED;
		if (st == ST_OK) {
			out->reply.id = (uint64_t)sqlite3_column_int64(next, 0);
			out->last_day = (uint32_t)day;
			memcpy(out->mailbox, mailbox, STORE_MAILBOX_LEN);
			memcpy(out->reply.sealed, sealed, STORE_REPLY_LEN);
		}
	}
	(void)sqlite3_reset(next);
	return st;
}

enum status
store_reply_next(
    struct store *store, uint64_t after, struct store_kept_reply *out)
{
	if (after >= INT64_MAX) {
		memset(out, 0, sizeof(*out));
		return ST_EOF;
	}
	return fetch(store, after + 1, out);
}

enum status
store_replies(struct store *store,
    const uint8_t mailbox[static STORE_MAILBOX_LEN],
    struct store_reply out[static STORE_REPLIES_MAX], size_t *count)
{
	uint64_t ids[STORE_REPLIES_MAX], others[STORE_REPLIES_MAX], last;
	enum status st;
	size_t found;

	*count = 0;
	if ((st = fill_random(others, sizeof(others))) == ST_OK &&
	    (st = store_number(store, SQL_LAST_REPLY, &last)) == ST_OK)
		st = find_ids(store, mailbox, ids, &found);
	for (size_t i = 0; st == ST_OK && i < STORE_REPLIES_MAX; i++) {
		struct store_kept_reply row;
		uint64_t id = last == 0 ? 1 : others[i] % last + 1;

		if (i < found)
			id = ids[i];
		if ((st = fetch(store, id, &row)) == ST_EOF)
			st = ST_OK;
		/* Copied all the same; another row was not asked for, or what
		 * was asked for is deleted meanwhile. */
		out[*count] = row.reply;
		if (st == ST_OK && i < found && row.reply.id == id &&
		    memcmp(row.mailbox, mailbox, STORE_MAILBOX_LEN) == 0)
			++*count;
	}
	if (st != ST_OK)
		*count = 0;
	memset(out + *count, 0, (STORE_REPLIES_MAX - *count) * sizeof(*out));
	return st;
}

static enum status
delete_row(struct store *store, uint64_t id,
    const uint8_t mailbox[static STORE_MAILBOX_LEN], bool *gone)
{
	enum status st = bind_mailbox(store, SQL_REPLY_DELETE, mailbox);

	if (st != ST_OK)
		return st;
	store_bind(store, SQL_REPLY_DELETE, 1, id);
	st = run_unbound(store, SQL_REPLY_DELETE);
	*gone = st == ST_OK && sqlite3_changes(store->db) > 0;
	return st;
}

/* A row that comes and goes. */
static enum status
pretend(struct store *store)
{
	uint8_t mailbox[STORE_MAILBOX_LEN];
	enum status st;
	uint64_t id;
	bool gone;

	if ((st = random_id(&id)) != ST_OK ||
	    (st = fill_random(mailbox, sizeof(mailbox))) != ST_OK ||
	    (st = insert(store, id, mailbox, 0, NULL)) != ST_OK)
		return st;
	return delete_row(store, id, mailbox, &gone);
}

enum status
store_reply_delete(struct store *store,
    const uint8_t mailbox[static STORE_MAILBOX_LEN], uint64_t id)
{
	enum status st;
	bool own, gone = false;

	if ((st = begin_own(store, &own)) != ST_OK)
		return st;
	if (id <= INT64_MAX)
		st = delete_row(store, id, mailbox, &gone);
	if (st == ST_OK && !gone) {
		st = pretend(store);
		/* Without room there is nothing to pretend with, and nothing
		 * was to be deleted. */
		if (st == ST_FULL && own) {
			store_rollback(store);
			return ST_OK;
		}
	}
	return end_own(store, own, st);
}

enum status
store_replies_expire(
    struct store *store, uint32_t today, size_t max, size_t *count)
{
	enum status st;
	bool own;

	*count = 0;
	if ((st = begin_own(store, &own)) != ST_OK)
		return st;
	store_bind(store, SQL_REPLY_EXPIRE, 1, today);
	store_bind(store, SQL_REPLY_EXPIRE, 2,
	    max < INT32_MAX ? (uint64_t)max : INT32_MAX);
	if ((st = store_run(store, SQL_REPLY_EXPIRE)) == ST_OK)
		*count = (size_t)sqlite3_changes(store->db);
	if ((st = end_own(store, own, st)) != ST_OK)
		*count = 0;
	return st;
}
