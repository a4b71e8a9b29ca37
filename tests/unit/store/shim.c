#include "tests/unit/store/shim.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 512
#define DISKS 8

struct op {
	struct op *next;
	size_t at, len;
	bool truncate;
	unsigned char p[];
};

/* One file as the power would leave it. */
struct disk {
	char name[40];
	unsigned char *image;
	size_t len, cap;
	struct op *first, **last; /* not flushed */
};

struct file {
	sqlite3_file base;
	struct disk *disk;
	sqlite3_file *real;
};

static struct {
	sqlite3_vfs vfs, *below;
	unsigned kinds;
	unsigned long n, seen;
	bool for_good, full, fired, record, lie;
	struct disk disks[DISKS];
} shim;

static bool
fails(enum shim_kind kind)
{
	if ((shim.kinds & kind) == 0)
		return false;
	shim.seen++;
	if (shim.seen < shim.n || (shim.seen > shim.n && !shim.for_good))
		return false;
	shim.fired = true;
	return true;
}

static void *
grab(void *old, size_t len)
{
	void *p = realloc(old, len);

	if (p == NULL)
		abort();
	return p;
}

static void
apply(struct disk *d, const unsigned char *p, size_t at, size_t len)
{
	size_t end = at + len;

	if (end > d->cap) {
		d->cap = end * 2;
		d->image = grab(d->image, d->cap);
	}
	if (end > d->len) {
		if (at > d->len)
			memset(d->image + d->len, 0, at - d->len);
		d->len = end;
	}
	memcpy(d->image + at, p, len);
}

static void
note(struct disk *d, const void *p, size_t at, size_t len, bool truncate)
{
	struct op *op;

	if (d == NULL)
		return;
	op = grab(NULL, sizeof(*op) + len);
	*op = (struct op){.at = at, .len = len, .truncate = truncate};
	if (len > 0)
		memcpy(op->p, p, len);
	*d->last = op;
	d->last = &op->next;
}

static void
drop_ops(struct disk *d)
{
	struct op *op;

	while ((op = d->first) != NULL) {
		d->first = op->next;
		free(op);
	}
	d->last = &d->first;
}

static void
cut_to(struct disk *d, size_t len)
{
	if (len < d->len)
		d->len = len;
}

static void
flush(struct disk *d)
{
	for (struct op *op = d->first; op != NULL; op = op->next) {
		if (op->truncate)
			cut_to(d, op->at);
		else
			apply(d, op->p, op->at, op->len);
	}
	drop_ops(d);
}

static int
x_close(sqlite3_file *f)
{
	struct file *s = (struct file *)f;
	int rc = s->real->pMethods->xClose(s->real);

	sqlite3_free(s->real);
	return rc;
}

static int
x_read(sqlite3_file *f, void *p, int len, sqlite3_int64 at)
{
	struct file *s = (struct file *)f;

	if (fails(SHIM_READ))
		return SQLITE_IOERR_READ;
	return s->real->pMethods->xRead(s->real, p, len, at);
}

static int
x_write(sqlite3_file *f, const void *p, int len, sqlite3_int64 at)
{
	struct file *s = (struct file *)f;

	if (fails(SHIM_WRITE)) {
		/* Half of it got there. */
		if (s->real->pMethods->xWrite(s->real, p, len / 2, at) ==
		    SQLITE_OK)
			note(s->disk, p, (size_t)at, (size_t)len / 2, false);
		return shim.full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
	}
	note(s->disk, p, (size_t)at, (size_t)len, false);
	return s->real->pMethods->xWrite(s->real, p, len, at);
}

static int
x_truncate(sqlite3_file *f, sqlite3_int64 len)
{
	struct file *s = (struct file *)f;

	if (fails(SHIM_TRUNCATE))
		return SQLITE_IOERR_TRUNCATE;
	note(s->disk, NULL, (size_t)len, 0, true);
	return s->real->pMethods->xTruncate(s->real, len);
}

static int
x_sync(sqlite3_file *f, int flags)
{
	struct file *s = (struct file *)f;

	(void)flags; /* really flushing would only wear the disk */
	if (fails(SHIM_SYNC)) {
		/* Linux: the pages count as clean now, and no later flush
		 * will write them. */
		if (s->disk != NULL)
			drop_ops(s->disk);
		return SQLITE_IOERR_FSYNC;
	}
	if (s->disk != NULL &&
	    !(shim.lie && strstr(s->disk->name, "-wal") != NULL))
		flush(s->disk);
	return SQLITE_OK;
}

static int
x_size(sqlite3_file *f, sqlite3_int64 *len)
{
	struct file *s = (struct file *)f;

	if (fails(SHIM_SIZE))
		return SQLITE_IOERR_FSTAT;
	return s->real->pMethods->xFileSize(s->real, len);
}

static int
x_lock(sqlite3_file *f, int level)
{
	struct file *s = (struct file *)f;

	if (fails(SHIM_LOCK))
		return SQLITE_IOERR_LOCK;
	return s->real->pMethods->xLock(s->real, level);
}

static int
x_unlock(sqlite3_file *f, int level)
{
	struct file *s = (struct file *)f;

	return s->real->pMethods->xUnlock(s->real, level);
}

static int
x_reserved(sqlite3_file *f, int *out)
{
	struct file *s = (struct file *)f;

	return s->real->pMethods->xCheckReservedLock(s->real, out);
}

static int
x_control(sqlite3_file *f, int what, void *p)
{
	struct file *s = (struct file *)f;

	return s->real->pMethods->xFileControl(s->real, what, p);
}

static int
x_sector(sqlite3_file *f)
{
	struct file *s = (struct file *)f;

	return s->real->pMethods->xSectorSize(s->real);
}

static int
x_device(sqlite3_file *f)
{
	struct file *s = (struct file *)f;

	return s->real->pMethods->xDeviceCharacteristics(s->real);
}

static int
x_shm_map(sqlite3_file *f, int page, int len, int grow, void volatile **out)
{
	struct file *s = (struct file *)f;

	if (fails(SHIM_SHM))
		return SQLITE_IOERR_SHMMAP;
	return s->real->pMethods->xShmMap(s->real, page, len, grow, out);
}

static int
x_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	struct file *s = (struct file *)f;

	return s->real->pMethods->xShmLock(s->real, at, n, flags);
}

static void
x_shm_barrier(sqlite3_file *f)
{
	struct file *s = (struct file *)f;

	s->real->pMethods->xShmBarrier(s->real);
}

static int
x_shm_unmap(sqlite3_file *f, int delete)
{
	struct file *s = (struct file *)f;

	return s->real->pMethods->xShmUnmap(s->real, delete);
}

static const sqlite3_io_methods methods = {.iVersion = 2,
    .xClose = x_close,
    .xRead = x_read,
    .xWrite = x_write,
    .xTruncate = x_truncate,
    .xSync = x_sync,
    .xFileSize = x_size,
    .xLock = x_lock,
    .xUnlock = x_unlock,
    .xCheckReservedLock = x_reserved,
    .xFileControl = x_control,
    .xSectorSize = x_sector,
    .xDeviceCharacteristics = x_device,
    .xShmMap = x_shm_map,
    .xShmLock = x_shm_lock,
    .xShmBarrier = x_shm_barrier,
    .xShmUnmap = x_shm_unmap};

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* The disk of a file, made from what lies there now. */
static struct disk *
disk_of(const char *path, bool make)
{
	const char *name = last_part(path);
	struct disk *d = NULL;
	unsigned char buf[65536];
	size_t n;
	FILE *f;

	for (int i = 0; i < DISKS; i++)
		if (strcmp(shim.disks[i].name, name) == 0)
			return &shim.disks[i];
	for (int i = 0; make && i < DISKS && d == NULL; i++)
		if (shim.disks[i].name[0] == '\0')
			d = &shim.disks[i];
	if (d == NULL)
		return NULL;
	(void)snprintf(d->name, sizeof(d->name), "%s", name);
	d->last = &d->first;
	if ((f = fopen(path, "rb")) != NULL) {
		while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
			apply(d, buf, d->len, n);
		(void)fclose(f);
	}
	return d;
}

static int
v_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags,
    int *out_flags)
{
	struct file *s = (struct file *)f;
	int rc;

	(void)vfs;
	s->base.pMethods = NULL;
	s->disk = NULL;
	if (fails(SHIM_OPEN))
		return SQLITE_CANTOPEN;
	if (shim.record && name != NULL)
		s->disk = disk_of(name, true);
	if ((s->real = sqlite3_malloc(shim.below->szOsFile)) == NULL)
		return SQLITE_NOMEM;
	memset(s->real, 0, (size_t)shim.below->szOsFile);
	rc = shim.below->xOpen(shim.below, name, s->real, flags, out_flags);
	if (rc != SQLITE_OK) {
		sqlite3_free(s->real);
		return rc;
	}
	s->base.pMethods = &methods;
	return SQLITE_OK;
}

static int
v_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	struct disk *d;

	(void)vfs;
	if (fails(SHIM_DELETE))
		return SQLITE_IOERR_DELETE;
	if (shim.record && (d = disk_of(name, false)) != NULL) {
		drop_ops(d);
		d->len = 0;
	}
	return shim.below->xDelete(shim.below, name, sync);
}

void
shim_install(void)
{
	if (shim.below != NULL)
		return;
	shim.below = sqlite3_vfs_find(NULL);
	shim.vfs = *shim.below;
	shim.vfs.pNext = NULL;
	shim.vfs.zName = "shim";
	shim.vfs.szOsFile = (int)sizeof(struct file);
	shim.vfs.xOpen = v_open;
	shim.vfs.xDelete = v_delete;
	if (sqlite3_vfs_register(&shim.vfs, 1) != SQLITE_OK)
		abort();
}

void
shim_fail(unsigned kinds, unsigned long n, bool for_good, bool full)
{
	shim.kinds = kinds;
	shim.n = n;
	shim.seen = 0;
	shim.for_good = for_good;
	shim.full = full;
	shim.fired = false;
}

void
shim_off(void)
{
	shim.kinds = 0;
}

bool
shim_fired(void)
{
	return shim.fired;
}

unsigned long
shim_calls(void)
{
	return shim.seen;
}

void
shim_record(void)
{
	shim_forget();
	shim.record = true;
}

void
shim_lie(bool lie)
{
	shim.lie = lie;
}

void
shim_cut(const char *folder, bool some, unsigned seed)
{
	shim.record = false;
	for (int i = 0; i < DISKS; i++) {
		struct disk *d = &shim.disks[i];
		char path[300];
		FILE *f;

		if (d->name[0] == '\0')
			continue;
		for (struct op *op = d->first; some && op != NULL;
		     op = op->next)
			for (size_t at = 0; at < op->len; at += SECTOR) {
				size_t n = op->len - at;

				seed = seed * 1103515245U + 12345U;
				if ((seed >> 16 & 1) == 0)
					continue;
				apply(d, op->p + at, op->at + at,
				    n < SECTOR ? n : SECTOR);
			}
		(void)snprintf(path, sizeof(path), "%s/%s", folder, d->name);
		f = fopen(path, "wb");
		if (f == NULL ||
		    (d->len > 0 && fwrite(d->image, 1, d->len, f) != d->len) ||
		    fclose(f) != 0)
			abort();
	}
}

void
shim_forget(void)
{
	for (int i = 0; i < DISKS; i++) {
		drop_ops(&shim.disks[i]);
		free(shim.disks[i].image);
		shim.disks[i] = (struct disk){0};
	}
	shim.record = false;
}
