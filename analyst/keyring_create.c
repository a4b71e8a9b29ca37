/*
 * keyring: make a new one; see keyring.h.
 *
 * The file name comes last: a folder that has it is whole.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyst/base64.h"
#include "analyst/keyring_files.h"
#include "analyst/say.h"
#include "base/bytes.h"
#include "base/guarded.h"
#include "crypto/minisign_sign.h"
#include "crypto/sign.h"

static bool
is_empty(int fd)
{
	struct dirent *entry;
	bool empty = true;
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = again == -1 ? NULL : fdopendir(again);

	if (d == NULL) {
		if (again != -1)
			close(again);
		return false;
	}
	while ((entry = readdir(d)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			empty = false;
	}
	closedir(d);
	return empty;
}

/* Make the folder, or take over an empty one, and shut it to others. */
static enum status
make_folder(const char *path, int *fd)
{
	*fd = -1;
	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		say_error(
		    "cannot make the key folder %s: %s", path, strerror(errno));
		return ST_DENIED;
	}
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd == -1) {
		say_error("cannot open %s: %s", path, strerror(errno));
		return ST_DENIED;
	}
	if (!is_empty(*fd)) {
		say_error("%s is not empty: refusing to make keys over what"
			  " is there",
		    path);
		return ST_EXISTS;
	}
	if (fchmod(*fd, 0700) != 0 || mkdirat(*fd, "epochs", 0700) != 0) {
		say_error("cannot use %s: %s", path, strerror(errno));
		return ST_DENIED;
	}
	return ST_OK;
}

static enum status
make_master(struct keyring *kr, const struct keyring_wish *wish)
{
	uint8_t file[MASTER_FILE_LEN];
	struct bytes content = {file, sizeof(file), sizeof(file), 0};
	enum status st;

	if ((kr->master = guarded_new(MASTER_KEY_LEN)) == NULL)
		return ST_NOMEM;
	st = master_new(
	    wish->pass->p, wish->pass->len, wish->cost, kr->master, file);
	if (st != ST_OK) {
		say_error("no memory to derive a key from the passphrase");
		return st;
	}
	return keyring_put(kr, "master.key", &content);
}

static enum status
make_signer(struct keyring *kr, uint8_t *secret, uint8_t *signer)
{
	struct bytes text = BYTES_INIT(KEYRING_FILE_MAX);
	struct secret_info info = {.role = SECRET_SIGNER};
	uint8_t public_key[PUBLIC_KEY_LEN];
	char id[KEY_ID_TEXT_LEN + 1];
	enum status st;

	sign_key_new(public_key, secret);
	key_id(KEY_ROLE_SIGNER, public_key, info.id);
	memcpy(signer, info.id, KEY_ID_LEN);
	key_id_text(info.id, id);
	if ((st = keyring_put_secret(kr, "signer.key", &info, secret)) != ST_OK)
		return st;
	st = bytes_printf(&text, "tipline-signer 1\nsigner %s ", id);
	if (st == ST_OK)
		st = base64_append(public_key, sizeof(public_key), &text);
	if (st == ST_OK)
		st = bytes_append_text(&text, "\n");
	if (st == ST_OK)
		st = keyring_put(kr, "signer.pub", &text);
	bytes_free(&text);
	return st;
}

static enum status
make_root(struct keyring *kr, uint8_t *secret)
{
	struct bytes text = BYTES_INIT(KEYRING_FILE_MAX);
	struct secret_info info = {.role = SECRET_ROOT};
	enum status st;

	minisign_key_new(&kr->root, secret);
	memcpy(info.id, kr->root.id, sizeof(info.id));
	if ((st = keyring_put_secret(kr, "root.key", &info, secret)) != ST_OK)
		return st;
	if ((st = minisign_key_write(&kr->root, &text)) == ST_OK)
		st = keyring_put(kr, "root.pub", &text);
	bytes_free(&text);
	return st;
}

bool
keyring_name_is_good(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len >= 1 && len <= KEY_NAME_MAX && name[len] == '\0';
}

enum status
keyring_begin(
    const char *path, const struct keyring_wish *wish, struct keyring *kr)
{
	enum status st;

	*kr = (struct keyring){.dirfd = -1};
	if ((st = make_folder(path, &kr->dirfd)) != ST_OK)
		return st;
	return make_master(kr, wish);
}

enum status
keyring_create(const char *path, const struct keyring_wish *wish,
    uint8_t signer[static KEY_ID_LEN], struct minisign_key *root)
{
	struct bytes name = BYTES_INIT(KEY_NAME_MAX + 1);
	struct keyring kr = {.dirfd = -1};
	uint8_t *secret = NULL;
	enum status st;

	if ((st = keyring_begin(path, wish, &kr)) != ST_OK)
		goto out;
	if ((secret = guarded_new(SECRET_KEY_LEN)) == NULL) {
		st = ST_NOMEM;
		goto out;
	}
	if ((st = keyring_sequence_put(&kr, 0)) != ST_OK)
		goto out;
	if ((st = make_signer(&kr, secret, signer)) != ST_OK)
		goto out;
	if (wish->with_root && (st = make_root(&kr, secret)) != ST_OK)
		goto out;
	*root = kr.root;
	if ((st = bytes_printf(&name, "%s\n", wish->name)) == ST_OK)
		st = keyring_put(&kr, "name", &name);
out:
	if (st == ST_NOMEM)
		say_error("no memory to make keys");
	bytes_free(&name);
	guarded_free(secret);
	keyring_close(&kr);
	return st;
}
