/* store_clear: delete what was given up; tell how full it is. */
#include <sys/statvfs.h>

#include "store/store_db.h"

/* The first pending upload above after that is not of this process, or 0. */
static enum status
next_orphan(struct store *store, uint64_t after, uint64_t *out)
{
	enum status st;

	*out = after;
	do {
		store_bind(store, SQL_PENDING, 1, *out);
		if ((st = store_number(store, SQL_PENDING, out)) != ST_OK)
			return st;
	} while (*out != 0 && store_write_is_open(store, *out));
	return ST_OK;
}

enum status
store_clear_some(
    struct store *store, uint64_t upload, uint64_t max, struct clearing *done)
{
	sqlite3_stmt *list = store->sql[SQL_CHUNK_LEN];
	uint64_t first = upload << STORE_SEQ_BITS;
	uint64_t end = first | STORE_SEQ_MAX;
	enum status st;
	int rc;

	*done = (struct clearing){.next = first, .all = true};
	store_bind(store, SQL_CHUNK_LEN, 1, first);
	store_bind(store, SQL_CHUNK_LEN, 2, end);
	while ((rc = sqlite3_step(list)) == SQLITE_ROW) {
		if (done->bytes >= max) {
			done->all = false;
			break;
		}
		done->next = (uint64_t)sqlite3_column_int64(list, 0) + 1;
		done->bytes += (uint64_t)sqlite3_column_int64(list, 1);
	}
	(void)sqlite3_reset(list);
	if ((st = store_failed(store, rc)) != ST_OK || done->next == first)
		return st;
	store_bind(store, SQL_DELETE, 1, first);
	store_bind(store, SQL_DELETE, 2, done->next - 1);
	return store_run(store, SQL_DELETE);
}

static enum status
clear_some(struct store *store, uint64_t max, bool *more)
{
	uint64_t upload = 0, bytes = 0;
	struct clearing done;
	enum status st;

	while ((st = next_orphan(store, upload, &upload)) == ST_OK &&
	    upload != 0) {
		if (bytes >= max) {
			*more = true;
			return ST_OK;
		}
		st = store_clear_some(store, upload, max - bytes, &done);
		if (st == ST_OK && !done.all) {
			*more = true;
			return ST_OK;
		}
		bytes += done.bytes;
		if (st == ST_OK) {
			store_bind(store, SQL_UNPEND, 1, upload);
			st = store_run(store, SQL_UNPEND);
		}
		if (st != ST_OK)
			return st;
	}
	return st;
}

enum status
store_clear(struct store *store, size_t max, bool *more)
{
	uint64_t upload;
	enum status st;

	*more = false;
	if (max == 0 || store->mode != STORE_WRITE)
		return ST_BUG;
	if ((st = next_orphan(store, 0, &upload)) != ST_OK || upload == 0)
		return st;
	*more = true;
	if ((st = store_begin(store, false)) != ST_OK)
		return st;
	*more = false;
	if ((st = clear_some(store, max, more)) != ST_OK) {
		store_rollback(store);
		*more = true;
		return st;
	}
	if ((st = store_commit(store)) != ST_OK)
		*more = true;
	return st;
}

/* The size of the database file or of its log. */
static uint64_t
size_of(struct store *store, int which)
{
	sqlite3_file *file = NULL;
	sqlite3_int64 size = 0;

	if (sqlite3_file_control(store->db, "main", which, &file) !=
		SQLITE_OK ||
	    file == NULL || file->pMethods == NULL ||
	    file->pMethods->xFileSize(file, &size) != SQLITE_OK)
		return 0;
	return (uint64_t)size;
}

static uint64_t
less(uint64_t from, uint64_t take)
{
	return from > take ? from - take : 0;
}

/*
 * Room up to percent of what the database may become, by the quota or by the
 * disk, whichever is less: so text has a rest of its own on a disk that is
 * smaller than the quota, too.  A sixteenth goes to page heads and
 * half-filled pages.
 */
static uint64_t
room_at(const struct store_usage *usage, unsigned percent, uint64_t disk)
{
	uint64_t most = usage->quota, room;

	if (most > usage->used + disk)
		most = usage->used + disk;
	room = less(most / 100 * percent, usage->used);
	return room - room / 16;
}

/* What may still be written before the reserve is touched. */
static uint64_t
disk_room(struct store *store, uint64_t disk_free, uint64_t pages)
{
	uint64_t file = size_of(store, SQLITE_FCNTL_FILE_POINTER);
	uint64_t log = size_of(store, SQLITE_FCNTL_JOURNAL_POINTER);
	uint64_t room = less(disk_free, store->limits.reserve);

	/* The log may yet grow, and what it holds goes to the file as well. */
	room = less(room, less(STORE_LOG_MAX, log));
	return less(room, less(pages * STORE_PAGE, file));
}

enum status
store_usage(struct store *store, struct store_usage *usage)
{
	struct statvfs vfs;
	uint64_t pages, empty, disk;
	enum status st;

	*usage = (struct store_usage){0};
	if ((st = store_number(store, SQL_PAGES, &pages)) != ST_OK ||
	    (st = store_number(store, SQL_FREE, &empty)) != ST_OK)
		return st;
	/* The keeper measures at each turn, and does not ask for these. */
	if (store->mode != STORE_WRITE &&
	    ((st = store_number(store, SQL_TIPS, &usage->tips)) != ST_OK ||
		(st = store_number(store, SQL_REPLIES, &usage->replies)) !=
		    ST_OK ||
		(st = store_number(store, SQL_LAST_TIP, &store->last)) !=
		    ST_OK))
		return st;
	if (fstatvfs(store->dirfd, &vfs) != 0)
		return ST_IO;
	usage->used = less(pages, empty) * STORE_PAGE;
	usage->quota = store->limits.quota;
	usage->disk_free = (uint64_t)vfs.f_bavail * vfs.f_frsize;
	/* Pages free within the file cost the disk nothing. */
	disk = disk_room(store, usage->disk_free, pages) + empty * STORE_PAGE;
	if (usage->disk_free <= store->limits.reserve)
		disk = 0;
	usage->files_room = room_at(usage, 90, disk);
	usage->text_room = room_at(usage, 98, disk);
	usage->room = room_at(usage, 100, disk);
	usage->last = store->last;
	return ST_OK;
}
