/*
 * export: write tips into a bundle that is carried to the analysts.
 *
 * A run that is cut leaves BUNDLE.part, and the same command goes on with it
 * after its last whole tip.  A bundle's number is taken before its first
 * byte is written, so that none is ever used twice; LINE/exported says that
 * tips are out only when the bundle is durably whole.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/durable.h"
#include "handoff/bundle.h"
#include "operator/commands.h"
#include "operator/export_cut.h"
#include "operator/exported.h"
#include "operator/progress.h"
#include "operator/rows.h"
#include "operator/signing.h"
#include "operator/tips_out.h"
#include "operator/tool.h"
#include "operator/turn.h"
#include "store/store.h"

#define OUT_LEN 65536
#define NONE_WRITTEN "no bundle was written"

static const char help[] =
    "usage: tipline-operator export LINE BUNDLE [--from N [--to M]]\n"
    "\n"
    "Write the tips that are new since the last finished export into the new\n"
    "file BUNDLE, numbered, chained and signed by the server.  The tips stay\n"
    "in the line.  A run that was cut leaves BUNDLE.part; the same command\n"
    "goes on with it.\n"
    "\n"
    "  --from N    begin with tip N, whatever was exported before\n"
    "  --to M      end with tip M\n"
    "  -h, --help  show this\n"
    "\n"
    "Exit code 1 although the bundle is whole means: some tips are damaged in\n"
    "the database; they are named.\n";

struct export
{
	struct line line;
	struct signing signing;
	struct store *store;
	int turn;
	struct exported exported;
	uint64_t from, to; /* wanted; 0: not said */
	uint64_t end;      /* number of the last tip to write */
	struct rows rows;
	struct bundle_start start;
	struct chain at; /* what a cut run wrote, else start.before */
	bool resumed;
	struct bundle_writer *writer;
	struct tips_out out;
	/* the file */
	const char *path;
	int fd;
	uint8_t buffer[OUT_LEN];
	size_t filled;
	uint64_t bytes;
};

static enum status
flush(struct export *e)
{
	size_t len = e->filled;

	e->filled = 0;
	return len == 0 ? ST_OK : write_all(e->fd, e->buffer, len);
}

/* bundle_sink: gather small pieces. */
static enum status
put(void *ctx, const void *p, size_t len)
{
	struct export *e = ctx;
	enum status st = ST_OK;

	e->bytes += len;
	if (len > sizeof(e->buffer) - e->filled && (st = flush(e)) != ST_OK)
		return st;
	if (len >= sizeof(e->buffer))
		return write_all(e->fd, p, len);
	memcpy(e->buffer + e->filled, p, len);
	e->filled += len;
	return st;
}

/* Say that the file could not be written; what there is of it stays. */
static bool
cut_here(struct export *e, enum status st)
{
	progress_end();
	tool_say("%s cannot be written: %s; what is there of it lies in"
		 " %s.part: mend the cause and run the same command again,"
		 " which goes on with it",
	    e->path, tool_words(st), e->path);
	return false;
}

/* What a cut run left must be of the tips that are wanted now. */
static bool
fits(const struct export *e, const struct export_cut *cut, uint64_t last)
{
	const uint64_t first = cut->start.before.number + 1;

	if (first == e->start.before.number + 1 && cut->start.last <= last &&
	    (e->to == 0 ? cut->at.number <= cut->start.last
			: cut->at.number <= e->to && e->to <= cut->start.last))
		return true;
	tool_say("%s.part is of a bundle that begins with tip %" PRIu64
		 " and was cut after tip %" PRIu64 ", which is another range;"
		 " " NONE_WRITTEN ": go on with it by its own --from and --to,"
		 " or take the file away",
	    e->path, first, cut->at.number);
	return false;
}

/* Go on with BUNDLE.part.  True and not e->resumed: there is none to use. */
static bool
take_cut(struct export *e, uint64_t last)
{
	struct export_cut cut;
	const char *why;
	enum status st;

	st = durable_stream_resume(AT_FDCWD, e->path, DURABLE_NEW, &e->fd);
	if (st == ST_ABSENT)
		return true;
	if (st != ST_OK) {
		if (st == ST_EXISTS)
			tool_say("%s is there already and is not overwritten:"
				 " name another file",
			    e->path);
		else if (st == ST_BUSY)
			tool_say("%s is being written by another process;"
				 " " NONE_WRITTEN,
			    e->path);
		else
			tool_say(
			    "%s.part cannot be gone on with: %s; " NONE_WRITTEN
			    ": take it away, or name another"
			    " file",
			    e->path, tool_words(st));
		return false;
	}
	st = export_cut_read(e->fd, &e->signing.server, &cut, &why);
	if (st == ST_EOF) {
		close(e->fd);
		e->fd = -1;
		return true;
	}
	if (st != ST_OK) {
		tool_say("%s.part cannot be gone on with: %s; " NONE_WRITTEN
			 ": take it away, or name another file",
		    e->path, why);
		return false;
	}
	if (!fits(e, &cut, last))
		return false;
	if (ftruncate(e->fd, (off_t)cut.offset) != 0 ||
	    lseek(e->fd, 0, SEEK_END) != (off_t)cut.offset)
		return cut_here(e, ST_IO);
	e->start = cut.start;
	e->at = cut.at;
	e->bytes = cut.offset;
	e->resumed = true;
	return true;
}

/* A new file with a bundle number of its own. */
static bool
begin_new(struct export *e)
{
	enum status st;

	st = durable_stream_begin(AT_FDCWD, e->path, 0600, DURABLE_NEW, &e->fd);
	if (st != ST_OK) {
		tool_say("%s cannot be written: %s; " NONE_WRITTEN, e->path,
		    tool_words(st));
		return false;
	}
	e->exported.bundle++;
	st = exported_write(e->line.dirfd, &e->exported);
	if (st != ST_OK) {
		tool_say("%s/" LINE_EXPORTED
			 " cannot be written: %s; " NONE_WRITTEN,
		    e->line.path, tool_words(st));
		durable_stream_drop(AT_FDCWD, e->path, &e->fd);
		return false;
	}
	e->start.bundle = e->exported.bundle;
	e->at = e->start.before;
	return true;
}

static bool
begin_writer(struct export *e)
{
	enum status st;

	if (e->resumed)
		st = bundle_writer_resume(
		    &e->start, &e->at, e->signing.seed, put, e, &e->writer);
	else if ((st = bundle_writer_begin(
		      &e->start, e->signing.seed, put, e, &e->writer)) == ST_OK)
		st = flush(e); /* its number is never lost from here on */
	if (st != ST_OK)
		return cut_here(e, st);
	e->out = (struct tips_out){.store = e->store,
	    .writer = e->writer,
	    .doing = "exporting",
	    .last = e->end};
	return true;
}

/* What the .part says of tips must be what the database says of them. */
static bool
walk_to_cut(struct export *e)
{
	enum status st = rows_to(&e->rows, e->at.number);

	if (st != ST_OK) {
		rows_say(&e->rows, st, NONE_WRITTEN);
		return false;
	}
	if (memcmp(e->rows.chain.head, e->at.head, DIGEST_LEN) == 0)
		return true;
	tool_say("%s.part does not fit this database: it was written before"
		 " the line was restored or changed; " NONE_WRITTEN
		 ": take it away",
	    e->path);
	return false;
}

static bool
write_tips(struct export *e)
{
	struct store_tip tip;
	enum status st;

	while (e->rows.chain.number < e->end) {
		if ((st = rows_next(&e->rows, &tip)) != ST_OK) {
			progress_end();
			rows_say(&e->rows, st, NONE_WRITTEN);
			return false;
		}
		if ((st = tips_out_put(&e->out, &tip)) != ST_OK)
			return cut_here(e, st);
	}
	if ((st = bundle_writer_finish(e->writer, NULL)) != ST_OK ||
	    (st = flush(e)) != ST_OK)
		return cut_here(e, st);
	st = durable_stream_finish(AT_FDCWD, e->path, DURABLE_NEW, &e->fd);
	progress_end();
	if (st != ST_OK)
		tool_say("%s cannot be finished: %s; " NONE_WRITTEN, e->path,
		    tool_words(st));
	return st == ST_OK;
}

/* Only what leaves no tip out moves the mark on. */
static bool
remember(struct export *e)
{
	enum status st;

	if (e->start.before.number > e->exported.tip ||
	    e->end <= e->exported.tip)
		return true;
	e->exported.tip = e->end;
	st = exported_write(e->line.dirfd, &e->exported);
	if (st != ST_OK)
		tool_say("the bundle %s is whole, but %s/" LINE_EXPORTED
			 " cannot be written: %s; carry the bundle as ever:"
			 " the next export repeats its tips",
		    e->path, e->line.path, tool_words(st));
	return st == ST_OK;
}

static bool
open_store(struct export *e, uint64_t *last)
{
	struct store_usage usage;
	enum status st;

	st = store_open(e->line.data_path, STORE_READ, NULL, &e->store);
	if (st == ST_OK)
		st = store_usage(e->store, &usage);
	if (st != ST_OK) {
		tool_say("the database cannot be read: %s; " NONE_WRITTEN
			 ": run tipline-operator check",
		    tool_words(st));
		return false;
	}
	*last = usage.last;
	return true;
}

/* Which tips it shall be: from e->start.before.number + 1 to e->end. */
static bool
choose(struct export *e, uint64_t last)
{
	if (e->from == 0 && e->exported.tip > last) {
		tool_say("tips up to %" PRIu64 " were exported, and the"
			 " database ends with %" PRIu64 ": it is an older copy;"
			 " " NONE_WRITTEN ": have the analysts make a return"
			 " bundle with the links of tips from %" PRIu64
			 " on and"
			 " import it with --put-back, or name --from",
		    e->exported.tip, last, last + 1);
		return false;
	}
	if (e->from > last + 1 || e->to > last) {
		tool_say("%s %" PRIu64 ": the last tip is %" PRIu64
			 "; " NONE_WRITTEN,
		    e->to > last ? "--to" : "--from",
		    e->to > last ? e->to : e->from, last);
		return false;
	}
	e->start.before.number = e->from == 0 ? e->exported.tip : e->from - 1;
	e->start.last = last;
	return true;
}

static bool
prepare(struct export *e)
{
	char why[LINE_WHY_LEN];
	struct keyset set;
	uint64_t last;
	enum status st;

	if (!signing_open(&e->line, "bundle", &e->signing) ||
	    !signing_keyset(&e->line, &e->signing, "bundle", &set))
		return false;
	keyset_free(&set);
	if (line_epoch(&e->line, &e->start.epoch, why) != ST_OK) {
		tool_say("%s; " NONE_WRITTEN, why);
		return false;
	}
	if ((st = exported_read(&e->line, &e->exported)) != ST_OK) {
		tool_say("%s/" LINE_EXPORTED " is damaged (%s); " NONE_WRITTEN
			 ": it should be two lines, \"bundle N\" with the"
			 " highest number of a bundle and \"tip M\" with its"
			 " last tip; the analysts can tell both",
		    e->line.path, tool_words(st));
		return false;
	}
	if (!open_store(e, &last) || !choose(e, last) || !take_cut(e, last))
		return false;
	e->end = e->to != 0 ? e->to : e->start.last;
	rows_begin(&e->rows, e->store, e->signing.server.key);
	st = rows_to(&e->rows, e->start.before.number);
	if (st != ST_OK) {
		rows_say(&e->rows, st, NONE_WRITTEN);
		return false;
	}
	if (e->resumed)
		return walk_to_cut(e);
	e->start.before = e->rows.chain;
	return begin_new(e);
}

static bool
confine_export(struct export *e)
{
	struct confine_missing missing;
	char *folder = tool_folder(e->path);
	const char *const write[] = {e->line.path, folder, NULL};
	bool done;

	if (folder == NULL) {
		tool_say("out of memory");
		return false;
	}
	done = tool_confine(NULL, write, &missing);
	free(folder);
	return done;
}

static int
run(struct export *e)
{
	const uint64_t *first = &e->start.before.number;
	char size[TOOL_SIZE_LEN];

	if (!confine_export(e) || !turn_take(&e->line, TURN_EXPORT, &e->turn) ||
	    !prepare(e) || !begin_writer(e) || !write_tips(e) || !remember(e))
		return TOOL_FAILED;
	tool_size(e->bytes, size);
	if (e->resumed)
		printf("A cut run was gone on with after tip %" PRIu64 ".\n",
		    e->at.number);
	if (e->end == *first && e->from != 0)
		printf("%s: bundle %" PRIu64
		       ", no tips yet from number %" PRIu64
		       " on; the bundle says so.\n",
		    e->path, e->start.bundle, *first + 1);
	else if (e->end == *first)
		printf("%s: bundle %" PRIu64 ", no new tips since tip %" PRIu64
		       "; carry it all the same: it proves that none is"
		       " missing.\n",
		    e->path, e->start.bundle, *first);
	else
		printf("%s: bundle %" PRIu64 ", tips %" PRIu64 " to %" PRIu64
		       ", %s.\n",
		    e->path, e->start.bundle, *first + 1, e->end, size);
	if (e->out.damaged == 0)
		return TOOL_DONE;
	tool_say("%" PRIu64 " of them are damaged in the database: run"
		 " tipline-operator check, and keep this bundle",
	    e->out.damaged);
	return TOOL_FAILED;
}

static bool
take_range(struct export *e, const char *from, const char *to)
{
	if (!tool_number("from", from, INT64_MAX - 1, &e->from) ||
	    !tool_number("to", to, INT64_MAX - 1, &e->to))
		return false;
	if (to == NULL || (e->from != 0 && e->from <= e->to))
		return true;
	tool_say("--to %s: a range is --from N --to M, M being N or more", to);
	return false;
}

int
export_command(int argc, char **argv)
{
	const char *from = NULL, *to = NULL, *operand[2];
	const struct tool_option options[] = {{"from", NULL, &from, 1},
	    {"to", NULL, &to, 1}, {NULL, NULL, NULL, 0}};
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
	e->fd = e->turn = e->line.dirfd = -1;
	code = TOOL_FAILED;
	if (!take_range(e, from, to)) {
		code = TOOL_USAGE;
	} else if (tool_line_open(operand[0], &e->line)) {
		code = run(e);
		line_close(&e->line);
	}
	if (e->fd >= 0) /* what was written stays, to be gone on with */
		close(e->fd);
	bundle_writer_free(e->writer);
	store_close(e->store);
	signing_close(&e->signing);
	turn_leave(e->turn);
	free(e);
	return code;
}
