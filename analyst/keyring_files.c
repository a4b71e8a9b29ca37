/*
 * keyring: its small files; see keyring_files.h.
 */
#include "analyst/keyring_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyst/plan.h"
#include "analyst/say.h"
#include "base/durable.h"
#include "base/durable_place.h"
#include "base/num.h"

enum status
keyring_get(const struct keyring *kr, const char *name, struct bytes *out)
{
	enum status st = durable_read(kr->dirfd, name, out);

	if (st != ST_OK && st != ST_ABSENT)
		say_error("cannot read %s of the key folder: %s", name,
		    status_text(st));
	return st;
}

enum status
keyring_make_folder(struct keyring *kr, const char *name)
{
	enum status st;

	if (mkdirat(kr->dirfd, name, 0700) == 0)
		st = durable_sync_dir(kr->dirfd);
	else
		st = errno == EEXIST ? ST_OK : durable_place_status();
	if (st != ST_OK)
		say_error("cannot make the folder %s of the key folder: %s",
		    name, status_text(st));
	return st;
}

enum status
keyring_put(struct keyring *kr, const char *name, const struct bytes *content)
{
	char folder[KEYRING_NAME_MAX];
	const char *slash = strchr(name, '/');
	enum status st;

	if (slash != NULL) {
		(void)snprintf(
		    folder, sizeof(folder), "%.*s", (int)(slash - name), name);
		if ((st = keyring_make_folder(kr, folder)) != ST_OK)
			return st;
	}
	st = durable_write(
	    kr->dirfd, name, content->p, content->len, 0600, DURABLE_REPLACE);
	if (st != ST_OK)
		say_error("cannot write %s of the key folder: %s", name,
		    status_text(st));
	return st;
}

enum status
keyring_put_secret(struct keyring *kr, const char *name,
    const struct secret_info *info, const uint8_t secret[static SECRET_KEY_LEN])
{
	uint8_t file[SECRET_FILE_LEN];
	struct bytes content = {file, sizeof(file), sizeof(file), 0};

	secret_wrap(kr->master, info, secret, file);
	return keyring_put(kr, name, &content);
}

bool
keyring_is_there(const struct keyring *kr, const char *name)
{
	return faccessat(kr->dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

enum status
keyring_move(struct keyring *kr, const char *from, const char *to)
{
	enum status st = ST_OK;

	if (renameat(kr->dirfd, from, kr->dirfd, to) != 0)
		st = ST_IO;
	else
		st = durable_sync_dir(kr->dirfd);
	if (st != ST_OK)
		say_error("cannot move %s of the key folder to %s: %s", from,
		    to, strerror(errno));
	return st;
}

enum status
keyring_drop(struct keyring *kr, const char *name)
{
	if (unlinkat(kr->dirfd, name, 0) == 0 || errno == ENOENT)
		return durable_sync_dir(kr->dirfd);
	say_error(
	    "cannot remove %s of the key folder: %s", name, strerror(errno));
	return ST_IO;
}

enum status
keyring_copy(struct keyring *kr, const char *from, const char *to)
{
	struct bytes file = BYTES_INIT(KEYRING_FILE_MAX);
	enum status st = keyring_get(kr, from, &file);

	if (st == ST_OK)
		st = keyring_put(kr, to, &file);
	bytes_free(&file);
	return st;
}

enum status
keyring_sequence(struct keyring *kr, uint64_t *out)
{
	struct bytes text = BYTES_INIT(KEYRING_FILE_MAX);
	enum status st;

	*out = 0;
	st = keyring_get(kr, "sequence", &text);
	if (st == ST_OK) {
		if (text.len > 0 && text.p[text.len - 1] == '\n')
			text.len--;
		st = num_parse((char *)text.p, text.len, UINT64_MAX - 1, out);
		if (st != ST_OK)
			say_error("the file sequence of the key folder is not"
				  " a number");
	} else if (st == ST_ABSENT)
		say_error("the file sequence is missing from the key folder:"
			  " put back the highest sequence number ever used");
	bytes_free(&text);
	/* A crash may have come between the set and its number. */
	if (st == ST_OK && kr->has_set && kr->set.sequence > *out)
		*out = kr->set.sequence;
	return st;
}

enum status
keyring_sequence_put(struct keyring *kr, uint64_t sequence)
{
	struct bytes text = BYTES_INIT(KEYRING_FILE_MAX);
	enum status st;

	if ((st = bytes_printf(&text, "%" PRIu64 "\n", sequence)) == ST_OK)
		st = keyring_put(kr, "sequence", &text);
	bytes_free(&text);
	return st;
}

/* As keyring_names(), of names that begin with a dot or of all others. */
static enum status
walk(const struct keyring *kr, const char *folder, bool hidden,
    keyring_name_fn *each, void *ctx)
{
	struct dirent *entry;
	DIR *d = NULL;
	enum status st = ST_OK;
	int fd;

	fd = openat(
	    kr->dirfd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? ST_OK : ST_IO;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return ST_IO;
	}
	while (st == ST_OK && (entry = readdir(d)) != NULL) {
		if ((entry->d_name[0] == '.') == hidden)
			st = each(ctx, entry->d_name);
	}
	closedir(d);
	return st;
}

enum status
keyring_names(const struct keyring *kr, const char *folder,
    keyring_name_fn *each, void *ctx)
{
	enum status st = walk(kr, folder, false, each, ctx);

	if (st == ST_IO)
		say_error("cannot read the folder %s of the key folder: %s",
		    folder, strerror(errno));
	return st;
}

struct sweep {
	const struct keyring *kr;
	const char *folder;
};

static enum status
sweep_one(void *ctx, const char *name)
{
	const struct sweep *sweep = ctx;
	char path[NAME_MAX + 32];

	/* durable.h: .NAME.tmp-RANDOM, which a killed run has left. */
	if (strstr(name, ".tmp-") == NULL ||
	    (size_t)snprintf(path, sizeof(path), "%s/%s", sweep->folder,
		name) >= sizeof(path))
		return ST_OK;
	(void)unlinkat(sweep->kr->dirfd, path, 0);
	return ST_OK;
}

void
keyring_sweep(const struct keyring *kr)
{
	static const char *const folder[] = {".", "epochs", "roots", "keysets",
	    "destroyed", "backups", "outbox"};

	for (size_t i = 0; i < sizeof(folder) / sizeof(folder[0]); i++) {
		struct sweep sweep = {kr, folder[i]};

		/* Litter harms nobody: the next run tries again. */
		if (walk(kr, folder[i], true, sweep_one, &sweep) != ST_OK)
			continue;
	}
}

struct list {
	const struct keyring *kr;
	struct keyring_item *item;
	size_t count, cap;
};

static struct keyring_item *
add_item(struct list *list)
{
	struct keyring_item *more;

	if (list->count == list->cap) {
		size_t cap = list->cap == 0 ? 64 : list->cap * 2;

		more = realloc(list->item, cap * sizeof(*more));
		if (more == NULL)
			return NULL;
		list->item = more;
		list->cap = cap;
	}
	list->item[list->count] = (struct keyring_item){0};
	return &list->item[list->count];
}

/* The number that a file's name begins with, ending as told; 0 for none. */
static uint32_t
number_of(const char *name, const char *ending)
{
	size_t len = strlen(name), end = strlen(ending), zeros;
	uint64_t epoch;

	if (len <= end || strcmp(name + len - end, ending) != 0)
		return 0;
	zeros = strspn(name, "0");
	if (zeros >= len - end ||
	    num_parse(name + zeros, len - end - zeros, UINT32_MAX, &epoch) !=
		ST_OK)
		return 0;
	return (uint32_t)epoch;
}

/* What is known of a destroyed key without its file. */
static void
fill_destroyed(struct keyring_item *item, uint32_t epoch)
{
	item->info = (struct secret_info){.role = SECRET_EPOCH,
	    .epoch = epoch,
	    .from = plan_from(epoch),
	    .until = plan_from(epoch) + PLAN_WEEK};
	item->destroyed = true;
}

static enum status
list_key(void *ctx, const char *name)
{
	struct list *list = ctx;
	struct bytes file = BYTES_INIT(KEYRING_FILE_MAX);
	struct keyring_item *item = add_item(list);
	size_t len = strlen(name);
	uint32_t epoch;
	enum status st;

	if (item == NULL)
		return ST_NOMEM;
	if (len <= 4 || strcmp(name + len - 4, ".key") != 0 ||
	    (size_t)snprintf(item->file, sizeof(item->file), "epochs/%s",
		name) >= sizeof(item->file))
		return ST_OK;
	st = durable_read_secret(list->kr->dirfd, item->file, &file);
	if (st == ST_OK)
		st = secret_info_parse(file.p, file.len, &item->info);
	if (st == ST_OK && item->info.role != SECRET_EPOCH)
		st = ST_MALFORMED;
	bytes_free(&file);
	if (st == ST_OK) {
		item->destroyed =
		    keyring_is_destroyed(list->kr, item->info.epoch);
		list->count++;
		return ST_OK;
	}
	if (st == ST_NOMEM)
		return st;
	/* Overwritten, and then the run was cut: only its name is left. */
	epoch = number_of(name, ".key");
	if (epoch != 0 && keyring_is_destroyed(list->kr, epoch)) {
		fill_destroyed(item, epoch);
		list->count++;
		return ST_OK;
	}
	say_error("%s is no key of an epoch that can be used: %s", item->file,
	    status_text(st));
	return ST_OK;
}

static enum status
list_destroyed(void *ctx, const char *name)
{
	struct list *list = ctx;
	struct keyring_item *item = add_item(list);
	uint32_t epoch = number_of(name, "");

	if (item == NULL)
		return ST_NOMEM;
	if (epoch == 0)
		return ST_OK;
	for (size_t i = 0; i < list->count; i++) {
		if (list->item[i].info.epoch == epoch)
			return ST_OK; /* its destruction was cut */
	}
	fill_destroyed(item, epoch);
	list->count++;
	return ST_OK;
}

static int
by_epoch(const void *a, const void *b)
{
	const struct keyring_item *x = a, *y = b;

	if (x->info.epoch != y->info.epoch)
		return x->info.epoch < y->info.epoch ? -1 : 1;
	return strcmp(x->file, y->file);
}

enum status
keyring_list(const struct keyring *kr, struct keyring_item **out, size_t *count)
{
	struct list list = {.kr = kr};
	enum status st;

	*out = NULL;
	*count = 0;
	st = keyring_names(kr, "epochs", list_key, &list);
	if (st == ST_OK)
		st = keyring_names(kr, "destroyed", list_destroyed, &list);
	if (st != ST_OK) {
		say_error("cannot list the epoch keys: %s", status_text(st));
		free(list.item);
		return st;
	}
	if (list.count > 0)
		qsort(list.item, list.count, sizeof(*list.item), by_epoch);
	*out = list.item;
	*count = list.count;
	return ST_OK;
}
