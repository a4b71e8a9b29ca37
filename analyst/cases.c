/*
 * cases: see cases.h.
 */
#include "analyst/cases.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyst/case_file.h"
#include "analyst/say.h"
#include "base/durable.h"

/* Is name that of a bag in the making, or of a list (durable.h:
 * .NAME.tmp-RANDOM), which has lines of tips in it? */
static bool
is_part(const char *name)
{
	size_t len = strlen(name);

	if (strncmp(name, ".index", 6) == 0 ||
	    strncmp(name, ".threads.", 9) == 0)
		return strstr(name, ".tmp-") != NULL;
	return strncmp(name, ".tip-", 5) == 0 && len > 10 &&
	    strcmp(name + len - 5, ".part") == 0;
}

static enum status
sweep(int dirfd)
{
	struct dirent *entry;
	enum status st = ST_OK;
	DIR *d = NULL;
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1 || (d = fdopendir(fd)) == NULL) {
		if (fd != -1)
			close(fd);
		return ST_IO;
	}
	while (st == ST_OK && (entry = readdir(d)) != NULL) {
		if (is_part(entry->d_name))
			st = bag_remove(dirfd, entry->d_name);
	}
	closedir(d);
	return st;
}

/* Nobody else may work in it, and a cut run may have left something. */
static enum status
take_folder(struct cases *cases, const char *path)
{
	if (flock(cases->dirfd, LOCK_EX | LOCK_NB) != 0) {
		say_error("another run is at work in %s", path);
		return ST_BUSY;
	}
	if (sweep(cases->dirfd) != ST_OK) {
		say_error("cannot remove what a cut run left in %s: %s", path,
		    strerror(errno));
		return ST_IO;
	}
	return ST_OK;
}

enum status
cases_open(const char *path, struct ledger *ledger, struct cases *cases)
{
	struct stat sb;

	*cases = (struct cases){.dirfd = -1, .ledger = ledger};
	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		say_error(
		    "cannot make the folder %s: %s", path, strerror(errno));
		return ST_DENIED;
	}
	cases->dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cases->dirfd == -1 || fstat(cases->dirfd, &sb) != 0) {
		say_error(
		    "cannot open the folder %s: %s", path, strerror(errno));
		return ST_DENIED;
	}
	if ((sb.st_mode & 077) != 0)
		say("warning: others can look into %s", path);
	return take_folder(cases, path);
}

enum status
cases_open_unproved(const struct cases *proved, struct cases *cases)
{
	*cases = (struct cases){.dirfd = -1, .unproved = true};
	if (mkdirat(proved->dirfd, CASES_UNPROVED, 0700) != 0 &&
	    errno != EEXIST) {
		say_error("cannot make the folder " CASES_UNPROVED ": %s",
		    strerror(errno));
		return errno == ENOSPC ? ST_FULL : ST_DENIED;
	}
	cases->dirfd = openat(proved->dirfd, CASES_UNPROVED,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (cases->dirfd == -1) {
		say_error("cannot open the folder " CASES_UNPROVED ": %s",
		    strerror(errno));
		return ST_DENIED;
	}
	/* For whoever gives this folder as CASES, which is not locked then. */
	return take_folder(cases, CASES_UNPROVED);
}

enum cases_found
cases_look(const struct cases *cases, uint64_t number,
    const uint8_t sealed_digest[static DIGEST_LEN])
{
	char name[BAG_NAME_LEN];
	struct case_file there;
	struct stat sb;
	bool same;

	for (size_t i = 0; i < cases->waiting; i++) {
		if (cases->number[i] != number)
			continue;
		same = memcmp(cases->entry[i].digest, sealed_digest,
			   DIGEST_LEN) == 0;
		return same ? CASES_SAME : CASES_CONFLICT;
	}
	bag_name(number, name);
	if (fstatat(cases->dirfd, name, &sb, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? CASES_ABSENT : CASES_CONFLICT;
	if (case_file_read(cases->dirfd, name, &there) != ST_OK)
		return CASES_CONFLICT;
	same = there.has_digest &&
	    memcmp(there.sealed_digest, sealed_digest, DIGEST_LEN) == 0;
	case_file_free(&there);
	return same ? CASES_SAME : CASES_CONFLICT;
}

/* Move one bag into place; never in the place of anything. */
static enum status
move(const struct cases *cases, uint64_t number)
{
	char from[BAG_NAME_LEN], to[BAG_NAME_LEN];
	struct stat sb;

	bag_part_name(number, from);
	bag_name(number, to);
	if (renameat2(cases->dirfd, from, cases->dirfd, to, RENAME_NOREPLACE) ==
	    0)
		return ST_OK;
	/* File systems that do not know the flag; we hold the lock. */
	if (errno != EINVAL && errno != ENOSYS)
		return errno == EEXIST ? ST_EXISTS : ST_IO;
	if (fstatat(cases->dirfd, to, &sb, AT_SYMLINK_NOFOLLOW) == 0)
		return ST_EXISTS;
	return renameat(cases->dirfd, from, cases->dirfd, to) == 0 ? ST_OK
								   : ST_IO;
}

/* Move what waits, one by one; *done counts. */
static enum status
move_all(struct cases *cases, size_t *done)
{
	enum status st;

	if (syncfs(cases->dirfd) != 0)
		return errno == ENOSPC || errno == EDQUOT ? ST_FULL : ST_IO;
	for (; *done < cases->waiting; (*done)++) {
		if ((st = move(cases, cases->number[*done])) != ST_OK)
			return st;
		cases->moved++;
	}
	return ST_OK;
}

/* Put the first so many into the ledger, behind the folder that has their
 * names: it may never know more than there is. */
static enum status
record(struct cases *cases, size_t done)
{
	enum status st;

	if (cases->ledger == NULL || done == 0)
		return ST_OK;
	if ((st = durable_sync_dir(cases->dirfd)) != ST_OK)
		return st;
	for (size_t i = 0; i < done; i++) {
		st = ledger_put(
		    cases->ledger, cases->number[i], &cases->entry[i]);
		if (st != ST_OK)
			return st;
	}
	return ledger_sync(cases->ledger);
}

enum status
cases_commit(struct cases *cases)
{
	char name[BAG_NAME_LEN];
	enum status st, recorded;
	size_t done = 0;
	int kept;

	if (cases->waiting == 0)
		return ST_OK;
	st = move_all(cases, &done);
	kept = errno;
	for (size_t i = done; i < cases->waiting; i++) {
		bag_part_name(cases->number[i], name);
		/* What stays is hidden, and the next run removes it. */
		if (bag_remove(cases->dirfd, name) != ST_OK)
			break;
	}
	recorded = record(cases, done);
	cases->waiting = 0;
	cases->waiting_bytes = 0;
	if (st == ST_OK)
		return recorded;
	errno = kept;
	return st;
}

enum status
cases_add(struct cases *cases, uint64_t number, uint64_t size,
    const struct ledger_tip *entry)
{
	cases->entry[cases->waiting] = *entry;
	cases->number[cases->waiting++] = number;
	cases->waiting_bytes += size;
	if (cases->waiting == CASES_BATCH_TIPS ||
	    cases->waiting_bytes >= CASES_BATCH_BYTES)
		return cases_commit(cases);
	return ST_OK;
}

void
cases_close(struct cases *cases)
{
	if (cases->dirfd != -1)
		close(cases->dirfd);
	*cases = (struct cases){.dirfd = -1};
}
