/*
 * bare: what this machine can do without Tipline: the limits that our
 * figures are held against, measured in the same run.  Results as JSON.
 *
 *	bare rows FOLDER BYTES ROW    BYTES in rows of ROW bytes, a commit for
 *	                              each 1 MiB, the last one durable
 *	bare commits FOLDER N ROW     N durable commits of one row of ROW bytes
 *	                              and a tip's row
 *	bare boxes N                  N sealed boxes made, and opened
 *	bare pull BYTES               secretstream, records of 16 KiB
 *
 * The database is set up like the store's: same tables, page size, log and
 * pragmas, but nothing around SQLite.
 */
#include <inttypes.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RECORD 16384
#define BATCH 1048576
#define STREAM_EXTRA crypto_secretstream_xchacha20poly1305_ABYTES

static const char setup[] =
    "PRAGMA page_size=16384; PRAGMA journal_mode=WAL;"
    "PRAGMA secure_delete=ON; PRAGMA wal_autocheckpoint=512;"
    "PRAGMA synchronous=FULL; PRAGMA cache_size=-2048;"
    "CREATE TABLE chunk (id INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;"
    "CREATE TABLE tip (number INTEGER PRIMARY KEY, upload INTEGER,"
    " len INTEGER NOT NULL, digest BLOB NOT NULL) STRICT;";

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "bare: %s\n", what);
	exit(1);
}

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
sql(sqlite3 *db, const char *text)
{
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(db));
}

static sqlite3 *
open_fresh(const char *folder, sqlite3_stmt **put, sqlite3_stmt **tip)
{
	static const char *const tail[] = {"", "-wal", "-shm"};
	char path[4096];
	sqlite3 *db = NULL;

	for (size_t i = 0; i < 3; i++) {
		snprintf(
		    path, sizeof(path), "%s/bare.sqlite%s", folder, tail[i]);
		(void)unlink(path);
	}
	snprintf(path, sizeof(path), "%s/bare.sqlite", folder);
	if (sqlite3_open(path, &db) != SQLITE_OK)
		die("the database cannot be made");
	sql(db, setup);
	if (sqlite3_prepare_v2(db, "INSERT INTO chunk VALUES (?1, ?2)", -1, put,
		NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, "INSERT INTO tip VALUES (?1, ?1, ?2, ?3)",
		-1, tip, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(db));
	return db;
}

static void
step(sqlite3 *db, sqlite3_stmt *stmt)
{
	if (sqlite3_step(stmt) != SQLITE_DONE)
		die(sqlite3_errmsg(db));
	sqlite3_reset(stmt);
}

static void
put_tip(sqlite3 *db, sqlite3_stmt *tip, int64_t number, int64_t len)
{
	unsigned char digest[32] = {1};

	sqlite3_bind_int64(tip, 1, number);
	sqlite3_bind_int64(tip, 2, len);
	sqlite3_bind_blob(tip, 3, digest, sizeof(digest), SQLITE_TRANSIENT);
	step(db, tip);
}

static uint8_t *
noise(size_t len)
{
	uint8_t *p = malloc(len);

	if (p == NULL)
		die("memory");
	randombytes_buf(p, len);
	return p;
}

static void
run_rows(const char *folder, uint64_t bytes, uint64_t row)
{
	sqlite3_stmt *put, *tip;
	sqlite3 *db = open_fresh(folder, &put, &tip);
	uint8_t *p = noise(row);
	double start = now();
	uint64_t done = 0, in_batch = 0, len;
	int64_t id = 0;

	sql(db, "PRAGMA synchronous=NORMAL; BEGIN IMMEDIATE");
	for (; done < bytes; done += len) {
		len = bytes - done < row ? bytes - done : row;
		sqlite3_bind_int64(put, 1, ++id);
		sqlite3_bind_blob(put, 2, p, (int)len, SQLITE_STATIC);
		step(db, put);
		if ((in_batch += len) < BATCH || done + len >= bytes)
			continue;
		sql(db, "COMMIT; BEGIN IMMEDIATE");
		in_batch = 0;
	}
	/* The last rows are few: commit them durably with the tip's. */
	sql(db, "COMMIT; PRAGMA synchronous=FULL; BEGIN IMMEDIATE");
	put_tip(db, tip, 1, (int64_t)bytes);
	sql(db, "COMMIT");
	printf("{\"bytes\": %" PRIu64 ", \"seconds\": %.6f}\n", bytes,
	    now() - start);
	sqlite3_finalize(put);
	sqlite3_finalize(tip);
	sqlite3_close(db);
	free(p);
}

static void
run_commits(const char *folder, uint64_t n, uint64_t row)
{
	sqlite3_stmt *put, *tip;
	sqlite3 *db = open_fresh(folder, &put, &tip);
	uint8_t *p = noise(row);
	double start = now();

	for (uint64_t i = 1; i <= n; i++) {
		sql(db, "BEGIN IMMEDIATE");
		sqlite3_bind_int64(put, 1, (int64_t)i);
		sqlite3_bind_blob(put, 2, p, (int)row, SQLITE_STATIC);
		step(db, put);
		put_tip(db, tip, (int64_t)i, (int64_t)row);
		sql(db, "COMMIT");
	}
	printf("{\"rate\": %.1f}\n", (double)n / (now() - start));
	sqlite3_finalize(put);
	sqlite3_finalize(tip);
	sqlite3_close(db);
	free(p);
}

static void
run_boxes(uint64_t n)
{
	uint8_t pk[32], sk[32], key[32], box[32 + crypto_box_SEALBYTES];
	double start, made, opened;

	crypto_box_keypair(pk, sk);
	randombytes_buf(key, sizeof(key));
	start = now();
	for (uint64_t i = 0; i < n; i++)
		if (crypto_box_seal(box, key, sizeof(key), pk) != 0)
			die("crypto_box_seal");
	made = now() - start;
	start = now();
	for (uint64_t i = 0; i < n; i++)
		if (crypto_box_seal_open(key, box, sizeof(box), pk, sk) != 0)
			die("crypto_box_seal_open");
	opened = now() - start;
	printf("{\"sealed\": %.1f, \"opened\": %.1f}\n", (double)n / made,
	    (double)n / opened);
}

/* One record, pulled again and again from a state that is put back. */
static void
run_pull(uint64_t bytes)
{
	crypto_secretstream_xchacha20poly1305_state first, state;
	uint8_t key[32], header[24], *plain = noise(RECORD), tag;
	uint8_t *sealed = noise(RECORD + STREAM_EXTRA);
	double start;
	uint64_t n = bytes / RECORD;

	crypto_secretstream_xchacha20poly1305_keygen(key);
	crypto_secretstream_xchacha20poly1305_init_push(&state, header, key);
	if (crypto_secretstream_xchacha20poly1305_push(
		&state, sealed, NULL, plain, RECORD, NULL, 0, 0) != 0 ||
	    crypto_secretstream_xchacha20poly1305_init_pull(
		&first, header, key) != 0)
		die("secretstream");
	start = now();
	for (uint64_t i = 0; i < n; i++) {
		state = first;
		if (crypto_secretstream_xchacha20poly1305_pull(&state, plain,
			NULL, &tag, sealed, RECORD + STREAM_EXTRA, NULL,
			0) != 0)
			die("secretstream");
	}
	printf("{\"bytes\": %" PRIu64 ", \"seconds\": %.6f}\n", n * RECORD,
	    now() - start);
	free(sealed);
	free(plain);
}

static uint64_t
number(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n == 0)
		die("not a number");
	return n;
}

int
main(int argc, char **argv)
{
	if (sodium_init() < 0)
		die("libsodium");
	if (argc == 5 && strcmp(argv[1], "rows") == 0)
		run_rows(argv[2], number(argv[3]), number(argv[4]));
	else if (argc == 5 && strcmp(argv[1], "commits") == 0)
		run_commits(argv[2], number(argv[3]), number(argv[4]));
	else if (argc == 3 && strcmp(argv[1], "boxes") == 0)
		run_boxes(number(argv[2]));
	else if (argc == 3 && strcmp(argv[1], "pull") == 0)
		run_pull(number(argv[2]));
	else {
		fprintf(stderr,
		    "usage: bare rows FOLDER BYTES ROW |"
		    " commits FOLDER N ROW | boxes N | pull BYTES\n");
		return 2;
	}
	return 0;
}
