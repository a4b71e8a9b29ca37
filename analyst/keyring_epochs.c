/*
 * keyring: the keys of the epochs; see keyring.h.
 *
 * All secrets lie in one guarded block, since each block costs whole pages.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyst/keyring.h"
#include "analyst/say.h"
#include "base/bytes.h"
#include "base/durable.h"
#include "base/guarded.h"

#define NAME_LEN 32

static bool
is_key_name(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > 4 && strcmp(name + len - 4, ".key") == 0;
}

/* Let each key point at itself and its secret, after either has moved. */
static void
point_keys(struct keyring *kr)
{
	for (size_t i = 0; i < kr->epochs; i++) {
		struct keyring_epoch *e = &kr->epoch[i];

		memcpy(e->key.id, e->info.id, KEY_ID_LEN);
		e->key.public_key = e->public_key;
		e->key.secret_key = kr->secrets + i * SECRET_KEY_LEN;
	}
}

/* Make room for n keys in all. */
static enum status
grow(struct keyring *kr, size_t n)
{
	struct keyring_epoch *more;
	uint8_t *secrets;

	if (n > KEYRING_EPOCHS_MAX) {
		say_error("more than %d epoch keys", KEYRING_EPOCHS_MAX);
		return ST_LIMIT;
	}
	if ((more = realloc(kr->epoch, n * sizeof(*more))) == NULL)
		return ST_NOMEM;
	kr->epoch = more;
	point_keys(kr);
	if ((secrets = guarded_new(n * SECRET_KEY_LEN)) == NULL)
		return ST_NOMEM;
	if (kr->secrets != NULL)
		memcpy(secrets, kr->secrets, kr->epochs * SECRET_KEY_LEN);
	guarded_free(kr->secrets);
	kr->secrets = secrets;
	point_keys(kr);
	return ST_OK;
}

/* Open one file into the place behind the last; false: left out. */
static bool
load_one(struct keyring *kr, int dir, const char *name)
{
	struct bytes file = BYTES_INIT(KEYRING_FILE_MAX);
	struct keyring_epoch *e = &kr->epoch[kr->epochs];
	uint8_t *secret = kr->secrets + kr->epochs * SECRET_KEY_LEN;
	uint8_t id[KEY_ID_LEN];
	enum status st;

	st = durable_read_secret(dir, name, &file);
	if (st == ST_OK)
		st =
		    secret_open(kr->master, file.p, file.len, &e->info, secret);
	if (st == ST_OK) {
		epoch_key_public(secret, e->public_key);
		key_id(KEY_ROLE_EPOCH, e->public_key, id);
		if (e->info.role != SECRET_EPOCH ||
		    memcmp(id, e->info.id, KEY_ID_LEN) != 0)
			st = ST_MALFORMED;
	}
	bytes_free(&file);
	if (st != ST_OK) {
		wipe(secret, SECRET_KEY_LEN);
		say_error("epochs/%s cannot be used and is left out: %s", name,
		    status_text(st));
	}
	return st == ST_OK;
}

/* Sort by insertion: files of a folder come nearly sorted or are few. */
static void
sort(struct keyring *kr)
{
	struct keyring_epoch e;
	uint8_t *s = kr->secrets;

	for (size_t i = 1; i < kr->epochs; i++) {
		for (size_t j = i; j > 0 &&
		     kr->epoch[j].info.epoch < kr->epoch[j - 1].info.epoch;
		     j--) {
			e = kr->epoch[j];
			kr->epoch[j] = kr->epoch[j - 1];
			kr->epoch[j - 1] = e;
			for (size_t k = 0; k < SECRET_KEY_LEN; k++) {
				uint8_t *a = s + j * SECRET_KEY_LEN + k;
				uint8_t t = *a;

				*a = a[-SECRET_KEY_LEN];
				a[-SECRET_KEY_LEN] = t;
			}
		}
	}
	point_keys(kr);
}

static enum status
load_all(struct keyring *kr, DIR *d)
{
	struct dirent *entry;
	size_t n = 0;
	enum status st;

	while ((entry = readdir(d)) != NULL)
		n += is_key_name(entry->d_name);
	if (n == 0)
		return ST_OK;
	if ((st = grow(kr, n)) != ST_OK)
		return st;
	rewinddir(d);
	while ((entry = readdir(d)) != NULL && kr->epochs < n) {
		if (is_key_name(entry->d_name) &&
		    load_one(kr, dirfd(d), entry->d_name))
			kr->epochs++;
	}
	sort(kr);
	return ST_OK;
}

enum status
keyring_load_epochs(struct keyring *kr)
{
	DIR *d = NULL;
	enum status st;
	int fd;

	fd = openat(kr->dirfd, "epochs",
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd != -1 && (d = fdopendir(fd)) == NULL)
		close(fd);
	if (d == NULL) {
		say_error("cannot open epochs of the key folder: %s",
		    strerror(errno));
		return errno == ENOENT ? ST_ABSENT : ST_IO;
	}
	st = load_all(kr, d);
	closedir(d);
	if (st == ST_NOMEM)
		say_error("no memory for the epoch keys");
	return st;
}

enum status
keyring_add_epoch(
    struct keyring *kr, uint32_t epoch, uint64_t from, uint64_t until)
{
	struct keyring_epoch *e;
	uint8_t file[SECRET_FILE_LEN];
	char name[NAME_LEN];
	uint8_t *secret;
	enum status st;
	int dir = -1;

	if ((st = grow(kr, kr->epochs + 1)) != ST_OK)
		return st;
	e = &kr->epoch[kr->epochs];
	secret = kr->secrets + kr->epochs * SECRET_KEY_LEN;
	*e = (struct keyring_epoch){.info = {.role = SECRET_EPOCH,
					.epoch = epoch,
					.from = from,
					.until = until}};
	epoch_key_new(e->public_key, secret);
	key_id(KEY_ROLE_EPOCH, e->public_key, e->info.id);
	secret_wrap(kr->master, &e->info, secret, file);

	(void)snprintf(name, sizeof(name), "%04" PRIu32 ".key", epoch);
	dir = openat(kr->dirfd, "epochs",
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir == -1)
		st = ST_IO;
	else {
		st = durable_write(
		    dir, name, file, sizeof(file), 0600, DURABLE_NEW);
		close(dir);
	}
	if (st != ST_OK) {
		wipe(secret, SECRET_KEY_LEN);
		say_error("cannot write epochs/%s of the key folder: %s", name,
		    status_text(st));
		return st;
	}
	kr->epochs++;
	point_keys(kr);
	return ST_OK;
}
