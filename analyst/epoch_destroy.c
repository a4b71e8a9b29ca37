/*
 * epoch_fate: the end of a key; see epoch_fate.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "analyst/epoch_fate.h"
#include "analyst/say.h"
#include "base/durable.h"
#include "base/num.h"

/*
 * Overwrite, truncate, remove.  On a magnetic disk the overwriting is what
 * counts; flash memory writes elsewhere and forgets to tell, and there only
 * the encryption of the stick does.
 */
static enum status
shred(const struct keyring *kr, const char *file)
{
	uint8_t noise[SECRET_FILE_LEN];
	enum status st;
	int fd;

	fd = openat(kr->dirfd, file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? ST_OK : ST_IO;
	if (getrandom(noise, sizeof(noise), 0) != (ssize_t)sizeof(noise)) {
		close(fd);
		return ST_IO;
	}
	st = write_all(fd, noise, sizeof(noise));
	/* Flushed before it is cut off: else nothing is ever overwritten. */
	if (st == ST_OK &&
	    (fsync(fd) != 0 || ftruncate(fd, 0) != 0 || fsync(fd) != 0))
		st = ST_IO;
	if (close(fd) != 0 && st == ST_OK)
		st = ST_IO;
	if (st == ST_OK && unlinkat(kr->dirfd, file, 0) != 0)
		st = ST_IO;
	return st;
}

static enum status
sync_epochs(const struct keyring *kr)
{
	enum status st;
	int dir = openat(kr->dirfd, "epochs",
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir == -1)
		return ST_IO;
	st = durable_sync_dir(dir);
	close(dir);
	return st;
}

/* The mark comes first: a key that is half gone must not be made again. */
static enum status
mark(struct keyring *kr, const struct secret_info *info, uint64_t now,
    bool forced)
{
	struct bytes text = BYTES_INIT(KEYRING_FILE_MAX);
	char name[KEYRING_NAME_MAX], id[KEY_ID_TEXT_LEN + 1];
	char day[TIME_TEXT_LEN + 1];
	enum status st;

	key_id_text(info->id, id);
	time_format(now, day);
	(void)snprintf(name, sizeof(name), "destroyed/%04" PRIu32, info->epoch);
	st = bytes_printf(&text, "key %s\nday %.10s\nforced %s\n", id, day,
	    forced ? "yes" : "no");
	if (st == ST_OK)
		st = keyring_put(kr, name, &text);
	bytes_free(&text);
	return st;
}

enum status
epoch_fate_destroy(struct epoch_fate *fate, struct keyring *kr, uint32_t epoch,
    uint64_t now, bool forced)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < epoch_fate_count(fate) && st == ST_OK; i++) {
		const struct keyring_item *item = epoch_fate_row(fate, i).item;

		if (item->info.epoch != epoch || item->file[0] == '\0')
			continue;
		if (!item->destroyed &&
		    (st = mark(kr, &item->info, now, forced)) != ST_OK)
			return st; /* said */
		if ((st = shred(kr, item->file)) == ST_OK)
			st = sync_epochs(kr);
		if (st != ST_OK)
			say_error("cannot destroy %s of the key folder: %s (%s)"
				  ".  It is not used any more; start this again"
				  " to end it",
			    item->file, strerror(errno), status_text(st));
	}
	return st;
}
