/*
 * backup: save a line into a folder, sealed to the operators' backup keys.
 *
 * What was saved once is never written again: a run adds the tips that no
 * file holds yet, and the line's small files as they are now.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/durable.h"
#include "crypto/backup_key.h"
#include "operator/backup_parts.h"
#include "operator/commands.h"
#include "operator/tool.h"
#include "operator/turn.h"

#define NOTHING_SAVED "nothing was saved"

static const char help[] =
    "usage: tipline-operator backup LINE FOLDER --key BACKUP.PUB ...\n"
    "\n"
    "Save the line into FOLDER, which is made if it is not there: all tips,\n"
    "waiting answers, keys and settings, sealed so that only the holder of\n"
    "the backup key can open it, with tipline-restore.  The server may run\n"
    "meanwhile.  A later run, or one after a run that was cut, adds only what\n"
    "is new.\n"
    "\n"
    "  --key BACKUP.PUB  the public half of a backup key, which "
    "tipline-restore\n"
    "                    key make writes; up to 4 times, each of them can "
    "open\n"
    "  -h, --help        show this\n"
    "\n"
    "Exit code 1 although all was saved means: some tips are damaged in the\n"
    "database; they are named.\n";

static bool
read_key(const char *path, struct recipients *keys)
{
	struct bytes text = BYTES_INIT(BACKUP_KEY_FILE_MAX);
	struct recipient *r = &keys->r[keys->count];
	bool done = false;

	if (tool_read(path, &text) != ST_OK)
		return false;
	done = backup_key_parse(text.p, text.len, r) == ST_OK;
	bytes_free(&text);
	if (!done) {
		tool_say("%s is no public backup key; " NOTHING_SAVED
			 ": it is the file FILE.pub that tipline-restore key"
			 " make FILE writes",
		    path);
		return false;
	}
	for (size_t i = 0; i < keys->count; i++)
		if (memcmp(keys->r[i].id, r->id, KEY_ID_LEN) == 0) {
			tool_say("%s is the same key as another "
				 "--key; " NOTHING_SAVED,
			    path);
			return false;
		}
	keys->count++;
	return true;
}

static int
by_id(const void *a, const void *b)
{
	const struct recipient *x = a, *y = b;

	return memcmp(x->id, y->id, KEY_ID_LEN);
}

static bool
read_keys(const char *const path[static BACKUP_KEYS_MAX], struct recipients *k)
{
	k->epoch = 1; /* it says nothing here */
	for (size_t i = 0; i < BACKUP_KEYS_MAX && path[i] != NULL; i++)
		if (!read_key(path[i], k))
			return false;
	/* In whatever order they are given, they are the same keys. */
	qsort(k->r, k->count, sizeof(k->r[0]), by_id);
	return true;
}

/* The folder must be this line's, and sealed to the same keys throughout. */
static bool
check_text(struct backup *b)
{
	struct bytes is = BYTES_INIT(BACKUP_TEXT_MAX);
	struct bytes should = BYTES_INIT(BACKUP_TEXT_MAX);
	enum status st;
	bool done = false;

	st = backup_folder_text(b->signing.server.id, &b->keys, &should);
	if (st == ST_OK)
		st = durable_read(b->folder.fd, BACKUP_TEXT, &is);
	if (st == ST_OK)
		done =
		    is.len == should.len && memcmp(is.p, should.p, is.len) == 0;
	if (st == ST_OK && !done)
		tool_say("%s is the backup of another line, or is sealed to"
			 " other keys (see its " BACKUP_TEXT "); " NOTHING_SAVED
			 ": give the same --key as before, or a new folder",
		    b->path);
	else if (st == ST_ABSENT &&
	    (b->folder.segments > 0 || b->folder.states > 0))
		tool_say("%s has no " BACKUP_TEXT ", so nobody knows whose"
			 " backup it is; " NOTHING_SAVED
			 ": put the file back, or name a new folder",
		    b->path);
	else if (st == ST_ABSENT) {
		st = durable_write(b->folder.fd, BACKUP_TEXT, should.p,
		    should.len, 0600, DURABLE_NEW);
		done = st == ST_OK;
	}
	if (!done && st != ST_OK && st != ST_ABSENT)
		tool_say("%s/" BACKUP_TEXT ": %s; " NOTHING_SAVED, b->path,
		    tool_words(st));
	bytes_free(&is);
	bytes_free(&should);
	return done;
}

/* What a cut run left half written is of no use. */
static void
remove_parts(int dirfd)
{
	static const char end[] = ".sealed.part";
	struct dirent *e;
	int copy = dup(dirfd);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (dir == NULL) {
		if (copy >= 0)
			close(copy);
		return;
	}
	rewinddir(dir);
	while ((e = readdir(dir)) != NULL) {
		size_t len = strlen(e->d_name);

		if (len > sizeof(end) &&
		    strcmp(e->d_name + len - (sizeof(end) - 1), end) == 0)
			(void)unlinkat(dirfd, e->d_name, 0);
	}
	closedir(dir);
}

static bool
open_folder(struct backup *b)
{
	enum status st = backup_folder_open(b->path, &b->folder);

	if (st != ST_OK) {
		tool_say("%s: %s; " NOTHING_SAVED, b->path, tool_words(st));
		return false;
	}
	if (!check_text(b))
		return false;
	remove_parts(b->folder.fd);
	return true;
}

static bool
open_store(struct backup *b)
{
	const struct backup_folder *f = &b->folder;
	struct store_usage usage;
	enum status st;

	st = store_open(b->line.data_path, STORE_READ, NULL, &b->store);
	if (st == ST_OK)
		st = store_usage(b->store, &usage);
	if (st != ST_OK) {
		tool_say("the database cannot be read: %s; " NOTHING_SAVED
			 ": run tipline-operator check",
		    tool_words(st));
		return false;
	}
	b->last = usage.last;
	if (f->segments == 0 || f->segment[f->segments - 1].last <= b->last)
		return true;
	tool_say("%s holds tips up to %" PRIu64 ", and this line ends with"
		 " %" PRIu64
		 ": the line is older than its backup; " NOTHING_SAVED
		 ": restore it, or save into a new folder",
	    b->path, f->segment[f->segments - 1].last, b->last);
	return false;
}

static int
save(struct backup *b)
{
	char size[TOOL_SIZE_LEN];

	if (!signing_open(&b->line, "backup", &b->signing) || !open_folder(b) ||
	    !open_store(b) || !backup_tips(b) || !backup_state(b))
		return TOOL_FAILED;
	tool_size(b->bytes, size);
	printf("%s: ", b->path);
	if (b->tips == 0)
		printf("no new tips");
	else
		printf("%" PRIu64 " new tip%s in %" PRIu64 " file%s", b->tips,
		    b->tips == 1 ? "" : "s", b->segments,
		    b->segments == 1 ? "" : "s");
	printf(", the line's files and %" PRIu64 " waiting answer%s (state"
	       " %" PRIu64 "), %s.\n",
	    b->replies, b->replies == 1 ? "" : "s", b->state, size);
	printf("It holds %" PRIu64 " tip%s.  Try now and then whether it can"
	       " be opened: tipline-restore check.\n",
	    b->last, b->last == 1 ? "" : "s");
	if (b->damaged == 0)
		return TOOL_DONE;
	tool_say("%" PRIu64 " of the tips are damaged in the database and were"
		 " saved so: run tipline-operator check",
	    b->damaged);
	return TOOL_FAILED;
}

static int
run(struct backup *b)
{
	struct confine_missing missing;
	const char *const write[] = {b->line.path, b->path, NULL};

	if (mkdir(b->path, 0700) != 0 && errno != EEXIST) {
		tool_say("%s cannot be made: %s; " NOTHING_SAVED, b->path,
		    tool_words(ST_IO));
		return TOOL_FAILED;
	}
	if (!tool_confine(NULL, write, &missing) ||
	    !turn_take(&b->line, TURN_BACKUP, &b->turn))
		return TOOL_FAILED;
	return save(b);
}

int
backup_command(int argc, char **argv)
{
	const char *operand[2], *key[BACKUP_KEYS_MAX] = {NULL};
	const struct tool_option options[] = {
	    {"key", NULL, key, BACKUP_KEYS_MAX}, {NULL, NULL, NULL, 0}};
	const struct tool_command command = {"backup", help, options, 2};
	struct backup *b;
	int code;

	if ((code = tool_parse(&command, argc, argv, operand)) != TOOL_GO_ON)
		return code;
	if (key[0] == NULL) {
		tool_say("backup needs --key BACKUP.PUB; " NOTHING_SAVED
			 ": make a backup key with tipline-restore key make, on"
			 " another machine than the server");
		return TOOL_USAGE;
	}
	if ((b = calloc(1, sizeof(*b))) == NULL) {
		tool_say("out of memory");
		return TOOL_FAILED;
	}
	b->path = operand[1];
	b->turn = b->line.dirfd = b->folder.fd = -1;
	code = TOOL_FAILED;
	if (read_keys(key, &b->keys) && tool_line_open(operand[0], &b->line)) {
		code = run(b);
		line_close(&b->line);
	}
	backup_folder_close(&b->folder);
	store_close(b->store);
	signing_close(&b->signing);
	turn_leave(b->turn);
	free(b);
	return code;
}
