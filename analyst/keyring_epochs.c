/*
 * keyring: the keys of the epochs; see keyring.h.
 *
 * All secrets lie in one guarded block, since each block costs whole pages.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyst/keyring_files.h"
#include "analyst/plan.h"
#include "analyst/say.h"
#include "base/bytes.h"
#include "base/durable.h"
#include "base/guarded.h"

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
	if (st == ST_OK && keyring_is_destroyed(kr, e->info.epoch)) {
		wipe(secret, SECRET_KEY_LEN);
		say("The destruction of epochs/%s was cut: tipline-analyst"
		    " keys destroy ends it.",
		    name);
		return false;
	}
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

/* What a walk through the folder does with each file. */
struct walk {
	struct keyring *kr;
	int dir;
	size_t count; /* of files that are keys by their name */
};

static enum status
count_one(void *ctx, const char *name)
{
	struct walk *walk = ctx;

	walk->count += is_key_name(name);
	return ST_OK;
}

static enum status
load_next(void *ctx, const char *name)
{
	struct walk *walk = ctx;
	struct keyring *kr = walk->kr;

	/* Never more than there was room made for. */
	if (!is_key_name(name) || walk->count == 0)
		return ST_OK;
	walk->count--;
	kr->epochs += load_one(kr, walk->dir, name);
	return ST_OK;
}

enum status
keyring_load_epochs(struct keyring *kr)
{
	struct walk walk = {kr, -1, 0};
	enum status st;

	st = keyring_names(kr, "epochs", count_one, &walk);
	if (st == ST_OK && walk.count > 0) {
		walk.dir = openat(kr->dirfd, "epochs",
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		st = walk.dir == -1 ? ST_IO : grow(kr, walk.count);
		if (st == ST_OK)
			st = keyring_names(kr, "epochs", load_next, &walk);
		if (walk.dir != -1)
			close(walk.dir);
		sort(kr);
	}
	if (st == ST_OK)
		st = keyring_load_known(kr);
	if (st == ST_NOMEM)
		say_error("no memory for the epoch keys");
	else if (st == ST_IO)
		say_error("cannot read epochs of the key folder: %s",
		    strerror(errno));
	return st;
}

bool
keyring_is_destroyed(const struct keyring *kr, uint32_t epoch)
{
	char name[KEYRING_NAME_MAX];

	(void)snprintf(name, sizeof(name), "destroyed/%04" PRIu32, epoch);
	/* What cannot be known counts as destroyed: nothing is made then. */
	return faccessat(kr->dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	    (errno != ENOENT && errno != ENOTDIR);
}

static enum status
put_new(struct keyring *kr, const char *name, const uint8_t *file)
{
	enum status st;

	st = durable_write(
	    kr->dirfd, name, file, SECRET_FILE_LEN, 0600, DURABLE_NEW);
	if (st == ST_EXISTS)
		say_error("%s of the key folder is no key that can be used and"
			  " lies in the way of a new one: move it away",
		    name);
	else if (st != ST_OK)
		say_error("cannot write %s of the key folder: %s", name,
		    status_text(st));
	return st;
}

enum status
keyring_add_epoch(struct keyring *kr, uint32_t epoch)
{
	struct keyring_epoch *e;
	uint8_t file[SECRET_FILE_LEN];
	char name[KEYRING_NAME_MAX];
	uint8_t *secret;
	enum status st;

	if (keyring_is_destroyed(kr, epoch))
		return ST_EXPIRED;
	if ((st = keyring_make_folder(kr, "epochs")) != ST_OK)
		return st;
	if ((st = grow(kr, kr->epochs + 1)) != ST_OK)
		return st;
	e = &kr->epoch[kr->epochs];
	secret = kr->secrets + kr->epochs * SECRET_KEY_LEN;
	*e = (struct keyring_epoch){.info = {.role = SECRET_EPOCH,
					.epoch = epoch,
					.from = plan_from(epoch),
					.until = plan_from(epoch) + PLAN_WEEK}};
	epoch_key_new(e->public_key, secret);
	key_id(KEY_ROLE_EPOCH, e->public_key, e->info.id);
	secret_wrap(kr->master, &e->info, secret, file);
	(void)snprintf(name, sizeof(name), "epochs/%04" PRIu32 ".key", epoch);
	if ((st = put_new(kr, name, file)) != ST_OK) {
		wipe(secret, SECRET_KEY_LEN);
		return st;
	}
	kr->epochs++;
	sort(kr);
	return ST_OK;
}
