/*
 * restore_line: make a line from a backup.  See restore.h.
 *
 * LINE/restored comes first and tipline.conf last: what a cut run leaves is
 * no line, and what is one knows that it was restored.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/confine.h"
#include "line/config.h"
#include "line/line.h"
#include "operator/exported.h"
#include "operator/new_line.h"
#include "operator/relink.h"
#include "operator/restore.h"
#include "operator/tool.h"

static bool
make_folders(int dirfd)
{
	static const char *const names[] = {
	    LINE_DATA, LINE_ROOTS, LINE_CONFIRMED};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (mkdirat(dirfd, names[i], 0700) != 0) {
			tool_say("%s cannot be made: %s", names[i],
			    tool_words(ST_IO));
			return false;
		}
	return true;
}

static bool
make_database(struct restore *r, const char *path)
{
	const struct store_limits limits = {
	    CONFIG_QUOTA_LIMIT, CONFIG_RESERVE_MIN};
	char *data = NULL;
	enum status st;
	bool done;

	if (asprintf(&data, "%s/" LINE_DATA, path) < 0) {
		tool_say("out of memory");
		return false;
	}
	if ((st = store_create(data)) == ST_OK)
		st = store_open(data, STORE_WRITE, &limits, &r->store);
	free(data);
	if (st != ST_OK) {
		tool_say("the database cannot be made: %s", tool_words(st));
		return false;
	}
	done = restore_tips(r);
	if (done && (st = restore_batch_end(r)) != ST_OK) {
		tool_say("the tips cannot be written: %s", tool_words(st));
		done = false;
	}
	done = done && restore_state_replies(r);
	store_close(r->store);
	r->store = NULL;
	return done;
}

/* What was exported, as far as this line has it; and numbers of bundles go
 * on above all that were ever used. */
static bool
put_exported(
    const struct restore *r, int dirfd, uint64_t bundle, struct exported *e)
{
	const struct bytes *text = restore_state_file(r, LINE_EXPORTED);

	*e = (struct exported){0, 0};
	if (text != NULL && exported_parse(text->p, text->len, e) != ST_OK) {
		tool_say(LINE_EXPORTED " in the backup is damaged: name the"
				       " highest number of a bundle that the"
				       " analysts have with --bundle");
		if (bundle == 0)
			return false;
	}
	if (bundle > e->bundle)
		e->bundle = bundle;
	if (e->tip > r->chain.number)
		e->tip = r->chain.number;
	if (exported_write(dirfd, e) == ST_OK)
		return true;
	tool_say(LINE_EXPORTED " cannot be written");
	return false;
}

static bool
put_files(
    const struct restore *r, int dirfd, uint64_t bundle, struct exported *e)
{
	const struct bytes *conf = restore_state_file(r, CONFIG_FILE);

	for (size_t i = 0; i < r->files; i++) {
		const struct restore_file *f = &r->file[i];

		if (strcmp(f->name, CONFIG_FILE) != 0 &&
		    strcmp(f->name, LINE_EXPORTED) != 0 &&
		    !new_line_put(dirfd, f->name, f->content.p, f->content.len))
			return false;
	}
	if (!put_exported(r, dirfd, bundle, e))
		return false;
	if (relink_write(dirfd, r->chain.number) != ST_OK) {
		tool_say(RELINK_FILE " cannot be written");
		return false;
	}
	return new_line_put(dirfd, CONFIG_FILE, conf->p, conf->len);
}

/* Take away what a failed run made; only names that it may have made. */
static void
undo(const struct restore *r, int dirfd, const char *path)
{
	static const char *const names[] = {LINE_DATA "/" STORE_FILE,
	    LINE_DATA "/" STORE_FILE "-wal", LINE_DATA "/" STORE_FILE "-shm",
	    RELINK_FILE, LINE_EXPORTED, LINE_RESTORED};
	static const char *const folders[] = {
	    LINE_DATA, LINE_ROOTS, LINE_CONFIRMED};

	for (size_t i = 0; i < r->files; i++)
		unlinkat(dirfd, r->file[i].name, 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlinkat(dirfd, names[i], 0);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		unlinkat(dirfd, folders[i], AT_REMOVEDIR);
	/* The folder itself is beyond what the process may change. */
	tool_say("%s was not made; the folder is empty.  With --to N a line"
		 " can be made of the tips up to N, if the files after it"
		 " cannot be used",
	    path);
}

static void
tell(const struct restore *r, const char *path, const struct exported *e)
{
	const uint64_t next = r->chain.number + 1;
	char id[KEY_ID_TEXT_LEN + 1];

	key_id_text(r->server.id, id);
	printf("The line of server %s is restored in %s.\n"
	       "\n"
	       "  onion    %s\n"
	       "  tips     %" PRIu64 ", of these %" PRIu64
	       " without their bytes: they were purged\n"
	       "  answers  %" PRIu64 " waiting\n"
	       "  bundles  the next one has number %" PRIu64
	       "; if the analysts have one of that\n"
	       "           number or a higher one, do this again in a new"
	       " folder with --bundle\n"
	       "\n",
	    id, path, r->server.onion[0] != '\0' ? r->server.onion : "none",
	    r->tips, r->purged, r->replies, e->bundle + 1);
	printf("It cannot know what came after the backup.  Before it is"
	       " started:\n"
	       "  1. Ask the analysts for the number N of the newest key set"
	       " they have signed:\n"
	       "     tipline-operator keyset install %s KEYSET --sequence N\n"
	       "  2. Ask each of them for a return bundle with the links of"
	       " tips from %" PRIu64 " on\n"
	       "     (tipline-analyst ack KEYS RETURN --links-from %" PRIu64
	       "):\n"
	       "     tipline-operator import %s RETURN\n"
	       "  3. See whether %s/" CONFIG_FILE " fits this machine, then\n"
	       "     tipline-operator check %s\n"
	       "  4. tipline-operator purge %s, for the backup had tips that"
	       " may be purged since.\n",
	    path, next, next, path, path, path, path);
}

int
restore_line(struct restore *r, const char *path, uint64_t bundle)
{
	static const char note[] = "restored from a backup\n";
	const char *const read[] = {r->path, NULL};
	const char *const write[] = {path, NULL};
	const struct confine_paths paths = {read, write, NULL};
	struct confine_missing missing;
	struct exported e;
	int code = TOOL_FAILED, dirfd;
	bool made;

	if ((dirfd = new_line_folder(path, &made)) < 0)
		return TOOL_FAILED;
	if (confine(CONFINE_OFFLINE, &paths, &missing) != ST_OK) {
		tool_say("the process could not be confined: %s; nothing was"
			 " made",
		    tool_words(ST_IO));
		if (made)
			rmdir(path);
	} else if (restore_state_read(r) &&
	    new_line_put(dirfd, LINE_RESTORED, note, sizeof(note) - 1) &&
	    make_folders(dirfd) && make_database(r, path) &&
	    put_files(r, dirfd, bundle, &e)) {
		tell(r, path, &e);
		code = TOOL_DONE;
	} else {
		undo(r, dirfd, path);
	}
	close(dirfd);
	return code;
}
