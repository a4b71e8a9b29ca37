/* store_schema: the tables, and the guard around SQLite.  See store_db.h. */
#include <string.h>

#include "store/store_db.h"

/*
 * The whole schema, sorted by name as store_schema_check() reads it.  Each
 * column stands in docs/METADATA.md.
 *
 * Tip numbers must never come again, and the chain has no other memory of
 * the last one than its row: so that row can not be deleted.  A tip without
 * an upload was purged.
 */
static const struct {
	const char *name, *sql;
} schema[] = {
    {"chunk",
	"CREATE TABLE chunk (id INTEGER PRIMARY KEY,"
	" sealed BLOB NOT NULL) STRICT"},
    {"pending", "CREATE TABLE pending (upload INTEGER PRIMARY KEY) STRICT"},
    {"reply",
	"CREATE TABLE reply (id INTEGER PRIMARY KEY, mailbox BLOB NOT NULL,"
	" day INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT"},
    {"reply_day", "CREATE INDEX reply_day ON reply (day)"},
    {"reply_mailbox", "CREATE INDEX reply_mailbox ON reply (mailbox, day)"},
    {"tip",
	"CREATE TABLE tip (number INTEGER PRIMARY KEY, upload INTEGER,"
	" len INTEGER NOT NULL, digest BLOB NOT NULL) STRICT"},
    {"tip_last",
	"CREATE TRIGGER tip_last BEFORE DELETE ON tip"
	" WHEN OLD.number = (SELECT max(number) FROM tip)"
	" BEGIN SELECT RAISE(ABORT, 'the last tip stays'); END"},
};
#define SCHEMA_COUNT (sizeof(schema) / sizeof(schema[0]))

/* Pragmas set and read back at each open; NULL: only read. */
static const struct pragma {
	const char *name, *set;
	long long want;
} pragmas[] = {
    {"application_id", NULL, STORE_APPLICATION},
    {"user_version", NULL, STORE_SCHEMA},
    /* Freed pages are used again by the next tips; moving pages about
     * (auto_vacuum) would cost each upload and each purge. */
    {"auto_vacuum", NULL, 0},
    {"secure_delete", "ON", 1}, /* for this connection: hence each time */
    {"cell_size_check", "ON", 1},
    {"trusted_schema", "OFF", 0},
    {"temp_store", "2", 2}, /* memory */
    {"mmap_size", "0", 0},
    {"foreign_keys", "OFF", 0},
    {"wal_autocheckpoint", "0", 0}, /* store_commit() does it */
    {"synchronous", "2", 2},
};
#define PRAGMA_COUNT (sizeof(pragmas) / sizeof(pragmas[0]))

enum status
store_schema_status(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return ST_OK;
	case SQLITE_NOMEM:
		return ST_NOMEM;
	case SQLITE_FULL:
		return ST_FULL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ST_BUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ST_MALFORMED;
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY:
		return ST_DENIED;
	case SQLITE_IOERR:
		return rc == SQLITE_IOERR_NOMEM ? ST_NOMEM : ST_IO;
	default:
		return ST_IO;
	}
}

int
store_schema_make(sqlite3 *db)
{
	static const char begin[] = "PRAGMA auto_vacuum=0;"
				    "PRAGMA secure_delete=ON; BEGIN";
	char text[120];
	int rc;

	sqlite3_snprintf(
	    (int)sizeof(text), text, "PRAGMA page_size=%d", STORE_PAGE);
	if ((rc = sqlite3_exec(db, text, NULL, NULL, NULL)) != SQLITE_OK ||
	    (rc = sqlite3_exec(db, begin, NULL, NULL, NULL)) != SQLITE_OK)
		return rc;
	for (size_t i = 0; i < SCHEMA_COUNT; i++) {
		rc = sqlite3_exec(db, schema[i].sql, NULL, NULL, NULL);
		if (rc != SQLITE_OK)
			return rc;
	}
	sqlite3_snprintf((int)sizeof(text), text,
	    "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT;"
	    "PRAGMA journal_mode=WAL",
	    STORE_APPLICATION, STORE_SCHEMA);
	return sqlite3_exec(db, text, NULL, NULL, NULL);
}

/* The first column of the first row as a number; ST_MALFORMED if none. */
static enum status
ask(sqlite3 *db, const char *text, long long *out)
{
	sqlite3_stmt *stmt = NULL;
	enum status st;
	int rc;

	*out = -1;
	rc = sqlite3_prepare_v2(db, text, -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	st = rc == SQLITE_DONE ? ST_MALFORMED : store_schema_status(rc);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return st;
}

static enum status
set_and_read_back(sqlite3 *db, const struct pragma *pragma)
{
	char text[80];
	long long got;
	enum status st;
	int rc;

	if (pragma->set != NULL) {
		sqlite3_snprintf((int)sizeof(text), text, "PRAGMA %s=%s",
		    pragma->name, pragma->set);
		rc = sqlite3_exec(db, text, NULL, NULL, NULL);
		if (rc != SQLITE_OK)
			return store_schema_status(rc);
	}
	sqlite3_snprintf((int)sizeof(text), text, "PRAGMA %s", pragma->name);
	/* mmap_size gives no row where the build has none of it. */
	st = ask(db, text, &got);
	if (st == ST_MALFORMED && strcmp(pragma->name, "mmap_size") == 0)
		return ST_OK;
	if (st != ST_OK)
		return st;
	return got == pragma->want ? ST_OK : ST_VERSION;
}

/* Pragmas whose values hang on the file or on the limits. */
static enum status
set_sizes(struct store *store)
{
	long long page, got;
	char text[80];
	enum status st;

	if ((st = ask(store->db, "PRAGMA page_size", &page)) != ST_OK)
		return st;
	if (page != STORE_PAGE)
		return ST_VERSION;
	sqlite3_snprintf(
	    (int)sizeof(text), text, "PRAGMA cache_size=%d", -STORE_CACHE_KIB);
	st = store_schema_status(
	    sqlite3_exec(store->db, text, NULL, NULL, NULL));
	if (st != ST_OK || store->mode == STORE_READ)
		return st;
	/* A database above a lowered quota keeps its size and takes no more:
	 * SQLite then answers with the size it has. */
	sqlite3_snprintf((int)sizeof(text), text, "PRAGMA max_page_count=%lld",
	    (long long)(store->limits.quota / STORE_PAGE));
	if ((st = ask(store->db, text, &got)) != ST_OK)
		return st;
	return got > 0 ? ST_OK : ST_VERSION;
}

static enum status
check_journal(sqlite3 *db)
{
	sqlite3_stmt *stmt = NULL;
	const unsigned char *mode;
	enum status st = ST_VERSION;
	int rc;

	rc = sqlite3_prepare_v2(db, "PRAGMA journal_mode", -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		mode = sqlite3_column_text(stmt, 0);
		if (mode == NULL)
			st = ST_NOMEM;
		else if (strcmp((const char *)mode, "wal") == 0)
			st = ST_OK;
	} else if (store_schema_status(rc) != ST_OK) {
		st = store_schema_status(rc);
	}
	sqlite3_finalize(stmt);
	return st;
}

enum status
store_schema_pragmas(struct store *store)
{
	static const struct pragma only = {"query_only", "ON", 1};
	enum status st;

	for (size_t i = 0; i < PRAGMA_COUNT; i++) {
		st = set_and_read_back(store->db, &pragmas[i]);
		if (st != ST_OK)
			return st;
	}
	if (store->mode == STORE_READ &&
	    (st = set_and_read_back(store->db, &only)) != ST_OK)
		return st;
	if ((st = check_journal(store->db)) != ST_OK)
		return st;
	return set_sizes(store);
}

enum status
store_schema_check(sqlite3 *db)
{
	sqlite3_stmt *stmt = NULL;
	enum status st = ST_OK;
	size_t i = 0;
	int rc;

	rc = sqlite3_prepare_v2(db,
	    "SELECT name, sql FROM sqlite_schema ORDER BY name", -1, &stmt,
	    NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		const unsigned char *name, *sql;

		if ((rc = sqlite3_step(stmt)) != SQLITE_ROW)
			break;
		name = sqlite3_column_text(stmt, 0);
		sql = sqlite3_column_text(stmt, 1);
		/* A view, index or trigger that is not ours could do what our
		 * statements do not say. */
		if (i == SCHEMA_COUNT || name == NULL || sql == NULL ||
		    strcmp((const char *)name, schema[i].name) != 0 ||
		    strcmp((const char *)sql, schema[i].sql) != 0) {
			st = ST_MALFORMED;
			break;
		}
		i++;
	}
	if (st == ST_OK)
		st = store_schema_status(rc);
	if (st == ST_OK && i != SCHEMA_COUNT)
		st = ST_MALFORMED;
	sqlite3_finalize(stmt);
	return st;
}

static bool
is_one_of(const char *name, const char *const *list)
{
	for (; name != NULL && *list != NULL; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

/* The tables into which, or from which, a mode may write. */
static bool
may_change(enum store_mode mode, int action, const char *table)
{
	static const struct {
		enum store_mode mode;
		int action;
		const char *tables[5];
	} may[] = {
	    {STORE_WRITE, SQLITE_INSERT, {"tip", "chunk", "pending", "reply"}},
	    {STORE_WRITE, SQLITE_DELETE, {"chunk", "pending", "reply"}},
	    {STORE_TEND, SQLITE_INSERT, {"pending", "reply"}},
	    {STORE_TEND, SQLITE_DELETE, {"chunk", "pending", "reply"}},
	};

	for (size_t i = 0; i < sizeof(may) / sizeof(may[0]); i++)
		if (may[i].mode == mode && may[i].action == action)
			return is_one_of(table, may[i].tables);
	return false;
}

static bool
may_pragma(const char *name, const char *value)
{
	static const char *const asked[] = {"journal_mode", "page_size",
	    "page_count", "freelist_count", "max_page_count", "query_only",
	    NULL};
	static const char *const set[] = {"synchronous", "cache_size",
	    "max_page_count", "query_only", "quick_check", NULL};

	if (is_one_of(name, value == NULL ? asked : set))
		return true;
	for (size_t i = 0; i < PRAGMA_COUNT; i++)
		if (strcmp(name, pragmas[i].name) == 0)
			return value == NULL ||
			    (pragmas[i].set != NULL &&
				strcmp(value, pragmas[i].set) == 0);
	return false;
}

/* What our statements do, and nothing else: no ATTACH, no new table, no
 * function that is not named here. */
static int
authorize(void *ctx, int action, const char *a, const char *b, const char *c,
    const char *d)
{
	static const char *const read[] = {"tip", "chunk", "pending", "reply",
	    "sqlite_master", "sqlite_schema", NULL};
	static const char *const functions[] = {"max", "count", "length", NULL};
	const enum store_mode *mode = ctx;
	bool ok = false;

	(void)c;
	(void)d;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_TRANSACTION:
		ok = true;
		break;
	case SQLITE_READ:
		ok = is_one_of(a, read);
		break;
	case SQLITE_FUNCTION:
		ok = is_one_of(b, functions);
		break;
	case SQLITE_INSERT:
	case SQLITE_DELETE:
		ok = may_change(*mode, action, a);
		break;
	case SQLITE_UPDATE:
		ok = *mode == STORE_TEND && strcmp(a, "tip") == 0 &&
		    strcmp(b, "upload") == 0;
		break;
	case SQLITE_PRAGMA:
		ok = may_pragma(a, b);
		break;
	default:
		break;
	}
	return ok ? SQLITE_OK : SQLITE_DENY;
}

enum status
store_schema_guard(sqlite3 *db, enum store_mode mode)
{
	static enum store_mode modes[] = {STORE_WRITE, STORE_READ, STORE_TEND};
	static const struct {
		int limit, value;
	} limits[] = {
	    {SQLITE_LIMIT_LENGTH, STORE_CHUNK_MAX + 4096},
	    {SQLITE_LIMIT_SQL_LENGTH, 1000},
	    {SQLITE_LIMIT_COLUMN, 16},
	    {SQLITE_LIMIT_EXPR_DEPTH, 20},
	    {SQLITE_LIMIT_COMPOUND_SELECT, 2},
	    {SQLITE_LIMIT_ATTACHED, 0},
	    {SQLITE_LIMIT_VARIABLE_NUMBER, 8},
	    {SQLITE_LIMIT_TRIGGER_DEPTH, 2},
	    {SQLITE_LIMIT_WORKER_THREADS, 0},
	};
	static const struct {
		int option, value;
	} config[] = {
	    {SQLITE_DBCONFIG_DEFENSIVE, 1},
	    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
	    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
	    {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
	    {SQLITE_DBCONFIG_DQS_DDL, 0},
	    {SQLITE_DBCONFIG_DQS_DML, 0},
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		(void)sqlite3_limit(db, limits[i].limit, limits[i].value);
	for (size_t i = 0; i < sizeof(config) / sizeof(config[0]); i++) {
		int now = -1;
		int rc = sqlite3_db_config(
		    db, config[i].option, config[i].value, &now);

		if (rc != SQLITE_OK || now != config[i].value)
			return ST_VERSION;
	}
	return store_schema_status(
	    sqlite3_set_authorizer(db, authorize, &modes[mode]));
}
