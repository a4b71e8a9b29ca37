/*
 * keyring: open and close; see keyring.h.
 */
#include "analyst/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyst/keyring_files.h"
#include "analyst/keyring_root.h"
#include "analyst/say.h"
#include "base/bytes.h"
#include "base/durable.h"
#include "base/guarded.h"
#include "crypto/sign.h"

/* Open the folder if nobody but its owner can read it. */
static enum status
open_folder(const char *path, int *fd)
{
	struct stat sb;

	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd == -1) {
		say_error(
		    "cannot open the key folder %s: %s", path, strerror(errno));
		return errno == ENOENT ? ST_ABSENT : ST_DENIED;
	}
	if (fstat(*fd, &sb) != 0)
		return ST_IO;
	if ((sb.st_mode & 077) != 0) {
		say_error("others can look into %s, so its keys are not used;"
			  " if only you could until now: chmod 700 it",
		    path);
		return ST_DENIED;
	}
	/* Two runs that make keys at once would use one number twice. */
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return ST_OK;
	/* Never wait without a word: that looks like a program that hangs. */
	say("Another run uses %s: waiting until it ends.", path);
	if (flock(*fd, LOCK_EX) != 0) {
		say_error("cannot lock %s: %s", path, strerror(errno));
		return ST_IO;
	}
	return ST_OK;
}

/* The name comes last into a new folder: one without it is not whole. */
static enum status
load_name(struct keyring *kr)
{
	struct bytes text = BYTES_INIT(KEY_NAME_MAX + 1);
	enum status st;

	st = keyring_get(kr, "name", &text);
	if (st == ST_ABSENT) {
		say_error("this folder is not a whole keyring: if its init or"
			  " restore was cut, remove the folder and do that"
			  " again");
		goto out;
	}
	if (st != ST_OK)
		goto out;
	if (text.len > 0 && text.p[text.len - 1] == '\n') {
		memcpy(kr->name, text.p, text.len - 1);
		kr->name[text.len - 1] = '\0';
	}
	if (!keyring_name_is_good(kr->name)) {
		say_error("the file name of the key folder holds no name of an"
			  " analyst");
		st = ST_MALFORMED;
	}
out:
	bytes_free(&text);
	return st;
}

static enum status
load_set(struct keyring *kr)
{
	struct bytes text = BYTES_INIT(KEYSET_MAX);
	struct bytes sig = BYTES_INIT(MINISIGN_FILE_MAX);
	const char *why = "";
	unsigned line = 0;
	enum status st;

	st = keyring_get(kr, "keyset.txt", &text);
	if (st == ST_OK)
		st = keyring_get(kr, "keyset.txt.minisig", &sig);
	if (st == ST_ABSENT) {
		st = ST_OK; /* none was made yet */
		goto out;
	}
	if (st != ST_OK)
		goto out;
	st = keyring_root_verify(kr, &text, &sig);
	if (st == ST_FORGED) {
		/* A run of keyset make was cut between the two files. */
		bytes_clear(&text);
		if (keyring_get(kr, "keyset.next", &text) == ST_OK)
			st = keyring_root_verify(kr, &text, &sig);
	}
	if (st != ST_OK) {
		say_error("keyset.txt of the key folder is not signed by its"
			  " root key (%s)",
		    status_text(st));
		goto out;
	}
	st = keyset_parse(text.p, text.len, &kr->set, &line, &why);
	if (st != ST_OK)
		say_error("keyset.txt of the key folder, line %u: %s", line,
		    st == ST_MALFORMED ? why : status_text(st));
	kr->has_set = st == ST_OK;
out:
	bytes_free(&text);
	bytes_free(&sig);
	return st;
}

enum status
keyring_open(const char *path, struct keyring *kr)
{
	enum status st;

	*kr = (struct keyring){.dirfd = -1};
	if ((st = open_folder(path, &kr->dirfd)) != ST_OK)
		return st;
	keyring_sweep(kr);
	if ((st = load_name(kr)) != ST_OK)
		return st;
	if ((st = keyring_root_load(kr)) != ST_OK)
		return st;
	/* Without a root no key set was ever taken. */
	return kr->has_root ? load_set(kr) : ST_OK;
}

enum status
keyring_unlock(struct keyring *kr, const struct passphrase *pass)
{
	struct bytes file = BYTES_INIT(KEYRING_FILE_MAX);
	enum status st;

	st = durable_read_secret(kr->dirfd, "master.key", &file);
	if (st == ST_OK) {
		kr->master = guarded_new(MASTER_KEY_LEN);
		st = kr->master == NULL ? ST_NOMEM
					: master_open(pass->p, pass->len,
					      file.p, file.len, kr->master);
	}
	bytes_free(&file);
	if (st == ST_OK)
		return ST_OK;
	guarded_free(kr->master);
	kr->master = NULL;
	if (st == ST_WRONG_KEY)
		say_error("this is not the passphrase of these keys");
	else if (st == ST_DENIED)
		say_error("others can read master.key, so it is not used;"
			  " if only you could until now: chmod 600 it");
	else
		say_error("cannot open master.key: %s", status_text(st));
	return st;
}

enum status
keyring_secret(struct keyring *kr, const char *name, enum secret_role role,
    struct secret_info *info, uint8_t secret[static SECRET_KEY_LEN])
{
	struct bytes file = BYTES_INIT(KEYRING_FILE_MAX);
	enum status st;

	st = durable_read_secret(kr->dirfd, name, &file);
	if (st == ST_OK)
		st = secret_open(kr->master, file.p, file.len, info, secret);
	if (st == ST_OK && info->role != role)
		st = ST_MALFORMED;
	bytes_free(&file);
	if (st != ST_OK)
		say_error(
		    "cannot use the key file %s: %s", name, status_text(st));
	return st;
}

const struct opener_key *
keyring_find(const struct keyring *kr, const uint8_t id[static KEY_ID_LEN])
{
	for (size_t i = 0; i < kr->epochs; i++) {
		if (memcmp(kr->epoch[i].info.id, id, KEY_ID_LEN) == 0)
			return &kr->epoch[i].key;
	}
	return NULL;
}

enum status
keyring_signer(struct keyring *kr, uint8_t seed[static SECRET_KEY_LEN],
    uint8_t id[static KEY_ID_LEN])
{
	uint8_t public_key[PUBLIC_KEY_LEN];
	struct secret_info info;
	enum status st;

	memset(id, 0, KEY_ID_LEN);
	st = keyring_secret(kr, "signer.key", SECRET_SIGNER, &info, seed);
	if (st != ST_OK)
		return st;
	sign_key_public(seed, public_key);
	key_id(KEY_ROLE_SIGNER, public_key, id);
	return ST_OK;
}

void
keyring_close(struct keyring *kr)
{
	guarded_free(kr->master);
	guarded_free(kr->secrets);
	free(kr->epoch);
	free(kr->known);
	free(kr->named);
	if (kr->has_set)
		keyset_free(&kr->set);
	if (kr->dirfd != -1)
		close(kr->dirfd);
	*kr = (struct keyring){.dirfd = -1};
}
