/*
 * store_page: no old bytes in the gaps of a page.
 *
 * secure_delete overwrites what is deleted where it lies.  But when SQLite
 * moves rows to another page, it sometimes only moves the border behind which
 * the free part of the old page begins: the bytes stay there, and nobody
 * remembers them when the rows are deleted one day (3.40, rebuildPage(); seen
 * by store_traces_test).  So on their way into the file the free parts of
 * pages become zeros.  In the log they may stay until store_scrub().
 *
 * For that, SQLite's own way to the disk is used with another xWrite.
 */
#include <string.h>

#include "store/store_db.h"

_Static_assert(STORE_QUOTA_MAX / STORE_PAGE < 0x02000000,
    "the number of a page does not look like the head of one");

#define FILE_HEAD 100 /* of page 1; the page's own head stands behind it */

static struct {
	sqlite3_vfs vfs, *below;
	sqlite3_io_methods methods;
	const sqlite3_io_methods *below_methods;
} page;

static unsigned
be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/*
 * The free part of a page of a table or an index, as SQLite's file format
 * has it (section 1.6).  Pages of other kinds begin with a page's number or
 * with zeros; no number begins with a byte above 1.
 */
static bool
find_gap(const uint8_t *p, sqlite3_int64 at, size_t *from, size_t *to)
{
	const uint8_t *head = at == 0 ? p + FILE_HEAD : p;
	size_t head_len;

	if (head[0] == 10 || head[0] == 13)
		head_len = 8; /* leaves */
	else if (head[0] == 2 || head[0] == 5)
		head_len = 12;
	else
		return false;
	*from = (size_t)(head - p) + head_len + 2 * (size_t)be16(head + 3);
	*to = be16(head + 5);
	return *from < *to && *to <= STORE_PAGE;
}

static int
write_page(sqlite3_file *file, const void *p, int len, sqlite3_int64 at)
{
	uint8_t clean[STORE_PAGE];
	size_t from, to;

	if (len == STORE_PAGE && at % STORE_PAGE == 0 &&
	    find_gap(p, at, &from, &to)) {
		memcpy(clean, p, sizeof(clean));
		memset(clean + from, 0, to - from);
		p = clean;
	}
	return page.below_methods->xWrite(file, p, len, at);
}

static int
open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
    int *out_flags)
{
	int rc = page.below->xOpen(page.below, name, file, flags, out_flags);

	(void)vfs;
	if (rc != SQLITE_OK || (flags & SQLITE_OPEN_MAIN_DB) == 0)
		return rc;
	/* All of our databases are opened alike, so one copy serves. */
	page.below_methods = file->pMethods;
	page.methods = *file->pMethods;
	page.methods.xWrite = write_page;
	file->pMethods = &page.methods;
	return rc;
}

const char *
store_page_vfs(void)
{
	if (page.below != NULL)
		return page.vfs.zName;
	if ((page.below = sqlite3_vfs_find(NULL)) == NULL)
		return NULL;
	page.vfs = *page.below;
	page.vfs.pNext = NULL;
	page.vfs.zName = "tipline";
	page.vfs.xOpen = open_file;
	if (sqlite3_vfs_register(&page.vfs, 0) != SQLITE_OK) {
		page.below = NULL;
		return NULL;
	}
	return page.vfs.zName;
}
