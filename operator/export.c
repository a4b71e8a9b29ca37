/*
 * export: write tips into a bundle that is carried to the analysts.
 *
 * The database is read in short transactions, one tip at a time, so that the
 * server goes on beside it.  A tip whose bytes are damaged is exported as it
 * is, since the analysts' tool names it and opens the others.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/durable.h"
#include "base/guarded.h"
#include "base/num.h"
#include "crypto/sign.h"
#include "handoff/bundle.h"
#include "operator/commands.h"
#include "operator/tool.h"
#include "store/store.h"

#define OUT_LEN 65536
#define PROGRESS_MS 200

static const char help[] =
    "usage: tipline-operator export LINE BUNDLE [--from N]\n"
    "\n"
    "Write all tips, or those from number N on, into the new file BUNDLE,\n"
    "numbered, chained and signed by the server.  The tips stay in the line.\n"
    "\n"
    "  --from N    begin with tip N\n"
    "  -h, --help  show this\n"
    "\n"
    "Exit code 1 although the bundle is whole means: some tips are damaged in\n"
    "the database; they are named.\n";

struct export
{
	struct line line;
	struct server_identity server;
	struct store *store;
	uint8_t *seed; /* guarded */
	uint64_t from, last;
	struct chain chain;
	struct bundle_writer *writer;
	/* the file */
	const char *path;
	int fd;
	uint8_t out[OUT_LEN];
	size_t filled;
	/* the tip under way */
	uint64_t left;       /* bytes of it still to come */
	enum status written; /* what the file said */
	/* telling */
	uint64_t bytes, told_at, damaged;
	bool tty;
};

static enum status
flush(struct export *e)
{
	size_t len = e->filled;

	e->filled = 0;
	return len == 0 ? ST_OK : write_all(e->fd, e->out, len);
}

/* bundle_sink: gather small pieces. */
static enum status
put(void *ctx, const void *p, size_t len)
{
	struct export *e = ctx;
	enum status st = ST_OK;

	e->bytes += len;
	if (len > sizeof(e->out) - e->filled && (st = flush(e)) != ST_OK)
		return st;
	if (len >= sizeof(e->out))
		return write_all(e->fd, p, len);
	memcpy(e->out + e->filled, p, len);
	e->filled += len;
	return st;
}

static void
progress(struct export *e, uint64_t number, bool always)
{
	char size[TOOL_SIZE_LEN];
	struct timespec ts;
	uint64_t now;

	if (!e->tty)
		return;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	if (!always && now - e->told_at < PROGRESS_MS)
		return;
	e->told_at = now;
	tool_size(e->bytes, size);
	fprintf(stderr, "\rtip %" PRIu64 " of %" PRIu64 ", %s \033[K%s", number,
	    e->last, size, always ? "\n" : "");
}

/* store_sink: no more than was promised, and remember whose failure it is. */
static enum status
on_sealed(void *ctx, const uint8_t *p, size_t len)
{
	struct export *e = ctx;

	if (len > e->left)
		return ST_MALFORMED;
	e->written = bundle_writer_data(e->writer, p, len);
	if (e->written == ST_OK)
		e->left -= len;
	progress(e, e->chain.number, false);
	return e->written;
}

/* What the database no longer has is made up with zeros: the tip keeps its
 * length, its digest does not fit, and the others stay readable. */
static enum status
fill_up(struct export *e)
{
	static const uint8_t zeros[16384];
	enum status st = ST_OK;

	while (st == ST_OK && e->left > 0) {
		size_t n =
		    e->left < sizeof(zeros) ? (size_t)e->left : sizeof(zeros);

		st = bundle_writer_data(e->writer, zeros, n);
		e->left -= n;
	}
	return st;
}

static enum status
export_tip(struct export *e, const struct store_tip *tip)
{
	enum status st, read;

	e->left = tip->len;
	e->written = ST_OK;
	if ((st = bundle_writer_tip(e->writer, tip->len, tip->digest)) != ST_OK)
		return st;
	read = store_read(e->store, tip, on_sealed, e);
	if (e->written != ST_OK)
		return e->written;
	if ((st = fill_up(e)) != ST_OK)
		return st;
	st = bundle_writer_tip_end(e->writer);
	if (st == ST_FORGED || (st == ST_OK && read != ST_OK)) {
		tool_say("%stip %" PRIu64 " is damaged in the database; it is"
			 " exported as it is",
		    e->tty ? "\r" : "", tip->number);
		e->damaged++;
		st = ST_OK;
	}
	return st;
}

/* One row of the chain: tips before the first only count, the rest go out. */
static bool
take_tip(struct export *e, const struct store_tip *tip)
{
	enum status st = ST_OK;

	if (tip->number != e->chain.number + 1) {
		tool_say("tip %" PRIu64 " is missing in the database, so the"
			 " chain cannot be continued; no bundle was written:"
			 " run tipline-operator check",
		    e->chain.number + 1);
		return false;
	}
	if (tip->number >= e->from)
		st = export_tip(e, tip);
	if (st != ST_OK) {
		tool_say("tip %" PRIu64 " cannot be written: %s; no bundle was"
			 " written",
		    tip->number, tool_words(st));
		return false;
	}
	chain_add(&e->chain, tip->len, tip->digest);
	return true;
}

static bool
begin_bundle(struct export *e)
{
	enum status st =
	    bundle_writer_begin(&e->chain, e->seed, put, e, &e->writer);

	if (st != ST_OK)
		tool_say("the bundle cannot be begun: %s", tool_words(st));
	return st == ST_OK;
}

static bool
write_bundle(struct export *e)
{
	struct store_tip tip;
	enum status st = ST_OK;

	chain_genesis(&e->chain, e->server.key);
	/* Tips that come in meanwhile are for the next bundle. */
	while (e->chain.number < e->last) {
		if (e->chain.number + 1 == e->from && !begin_bundle(e))
			return false;
		st = store_next(e->store, e->chain.number, &tip);
		if (st != ST_OK)
			break;
		if (!take_tip(e, &tip))
			return false;
	}
	if (st != ST_OK) {
		tool_say("the database cannot be read after tip %" PRIu64
			 ": %s; no bundle was written",
		    e->chain.number, tool_words(st));
		return false;
	}
	if (e->writer == NULL && !begin_bundle(e))
		return false;
	if ((st = bundle_writer_finish(e->writer, NULL)) == ST_OK)
		st = flush(e);
	if (st == ST_OK)
		st = durable_stream_finish(
		    AT_FDCWD, e->path, DURABLE_NEW, &e->fd);
	if (st != ST_OK)
		tool_say("%s cannot be finished: %s; no bundle was written",
		    e->path, tool_words(st));
	return st == ST_OK;
}

/* The seed that signs, which must be that of server.pub. */
static bool
read_key(struct export *e)
{
	struct bytes file = BYTES_INIT(SERVER_KEY_FILE_LEN);
	uint8_t own[PUBLIC_KEY_LEN];
	char why[LINE_WHY_LEN];
	enum status st;
	bool done = false;

	if (line_server(&e->line, &e->server, why) != ST_OK) {
		tool_say("%s", why);
		return false;
	}
	if ((e->seed = guarded_new(SECRET_KEY_LEN)) == NULL) {
		tool_say("out of memory");
		return false;
	}
	st = durable_read_secret(e->line.dirfd, LINE_SERVER_KEY, &file);
	if (st == ST_OK)
		st = server_key_parse(file.p, file.len, e->seed);
	bytes_free(&file);
	if (st != ST_OK) {
		tool_say("%s/" LINE_SERVER_KEY ": %s%s", e->line.path,
		    tool_words(st),
		    st == ST_DENIED
			? ": it must have mode 0600; no bundle was written"
			: "; no bundle was written: put the file back from"
			  " your backup");
		return false;
	}
	sign_key_public(e->seed, own);
	done = memcmp(own, e->server.key, sizeof(own)) == 0;
	if (!done)
		tool_say(LINE_SERVER_KEY " and " LINE_SERVER_PUB
					 " do not belong together; no bundle"
					 " was written");
	return done;
}

static bool
open_store(struct export *e)
{
	struct store_usage usage;
	enum status st;

	st = store_open(e->line.data_path, STORE_READ, NULL, &e->store);
	if (st == ST_OK)
		st = store_usage(e->store, &usage);
	if (st != ST_OK) {
		tool_say("the database cannot be read: %s; run"
			 " tipline-operator check",
		    tool_words(st));
		return false;
	}
	e->last = usage.last;
	if (e->from <= e->last + 1)
		return true;
	tool_say("--from %" PRIu64 ": the last tip is %" PRIu64
		 "; no bundle was written",
	    e->from, e->last);
	return false;
}

static bool
open_file(struct export *e)
{
	enum status st =
	    durable_stream_begin(AT_FDCWD, e->path, 0600, DURABLE_NEW, &e->fd);

	if (st == ST_EXISTS)
		tool_say("%s is there already and is not overwritten: name"
			 " another file",
		    e->path);
	else if (st != ST_OK)
		tool_say("%s cannot be written: %s", e->path, tool_words(st));
	return st == ST_OK;
}

static bool
confine_export(struct export *e)
{
	struct confine_missing missing;
	char *folder = tool_folder(e->path);
	const char *const read[] = {e->line.path, NULL};
	const char *const write[] = {e->line.data_path, folder, NULL};
	bool done;

	if (folder == NULL) {
		tool_say("out of memory");
		return false;
	}
	done = tool_confine(read, write, &missing);
	free(folder);
	return done;
}

static int
run(struct export *e)
{
	char size[TOOL_SIZE_LEN];

	if (!confine_export(e) || !read_key(e) || !open_store(e) ||
	    !open_file(e) || !write_bundle(e))
		return TOOL_FAILED;
	progress(e, e->last, true);
	tool_size(e->bytes, size);
	if (e->from > e->last)
		printf("%s: no tips yet from number %" PRIu64 " on; the bundle"
		       " says so.\n",
		    e->path, e->from);
	else
		printf("%s: tips %" PRIu64 " to %" PRIu64 ", %s.\n", e->path,
		    e->from, e->last, size);
	if (e->damaged == 0)
		return TOOL_DONE;
	tool_say("%" PRIu64 " of them are damaged in the database: run"
		 " tipline-operator check, and keep this bundle",
	    e->damaged);
	return TOOL_FAILED;
}

int
export_command(int argc, char **argv)
{
	const char *from = NULL, *operand[2];
	const struct tool_option options[] = {
	    {"from", NULL, &from, 1}, {NULL, NULL, NULL, 0}};
	const struct tool_command command = {"export", help, options, 2};
	struct export *e;
	int code;

	if ((code = tool_parse(&command, argc, argv, operand)) != TOOL_GO_ON)
		return code;
	if ((e = calloc(1, sizeof(*e))) == NULL) {
		tool_say("out of memory");
		return TOOL_FAILED;
	}
	e->path = operand[1];
	e->fd = e->line.dirfd = -1;
	e->from = 1;
	e->tty = isatty(STDERR_FILENO) == 1;
	code = TOOL_FAILED;
	if (from != NULL &&
	    (num_parse(from, strlen(from), INT64_MAX, &e->from) != ST_OK ||
		e->from == 0)) {
		tool_say("--from %s: the number of a tip is 1 or more", from);
		code = TOOL_USAGE;
	} else if (tool_line_open(operand[0], &e->line)) {
		code = run(e);
		line_close(&e->line);
	}
	if (e->fd >= 0)
		durable_stream_drop(AT_FDCWD, e->path, &e->fd);
	bundle_writer_free(e->writer);
	store_close(e->store);
	guarded_free(e->seed);
	free(e);
	return code;
}
