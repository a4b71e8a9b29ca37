/*
 * restore_key: the backup key, its secret half under a passphrase.  See
 * restore.h.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/durable.h"
#include "base/guarded.h"
#include "base/passphrase.h"
#include "crypto/backup_key.h"
#include "crypto/wrap.h"
#include "operator/restore.h"
#include "operator/tool.h"

_Static_assert(MASTER_KEY_LEN == SECRET_KEY_LEN, "a backup key is a master");

static bool
begin(struct restore_key *key)
{
	*key = (struct restore_key){.secret = guarded_new(SECRET_KEY_LEN)};
	if (key->secret == NULL)
		tool_say("out of memory");
	return key->secret != NULL;
}

static void
finish(struct restore_key *key)
{
	epoch_key_public(key->secret, key->public_key);
	key_id(KEY_ROLE_BACKUP, key->public_key, key->key.id);
	key->key.public_key = key->public_key;
	key->key.secret_key = key->secret;
}

void
restore_key_close(struct restore_key *key)
{
	guarded_free(key->secret);
	key->secret = NULL;
}

static bool
put(const char *path, const void *p, size_t len)
{
	enum status st =
	    durable_write(AT_FDCWD, path, p, len, 0600, DURABLE_NEW);

	if (st == ST_EXISTS)
		tool_say("%s is there already and is not overwritten: name"
			 " another file",
		    path);
	else if (st != ST_OK)
		tool_say("%s cannot be written: %s", path, tool_words(st));
	return st == ST_OK;
}

/* Both halves; the secret one first, since nothing may be sealed to a key
 * whose secret half is not on the disk. */
static bool
put_both(const char *path, const struct restore_key *key, const uint8_t *file)
{
	struct bytes text = BYTES_INIT(BACKUP_KEY_FILE_MAX);
	struct recipient r;
	char *name = NULL;
	bool done = false;

	memcpy(r.key, key->public_key, PUBLIC_KEY_LEN);
	if (asprintf(&name, "%s.pub", path) < 0) {
		tool_say("out of memory");
		return false;
	}
	if (backup_key_write(&r, &text) != ST_OK)
		tool_say("out of memory");
	else
		done = put(path, file, MASTER_FILE_LEN) &&
		    put(name, text.p, text.len);
	bytes_free(&text);
	free(name);
	return done;
}

int
restore_key_make(const char *path, const char *passphrase_file)
{
	struct passphrase pass = {NULL, 0};
	struct restore_key key;
	uint8_t file[MASTER_FILE_LEN];
	char id[KEY_ID_TEXT_LEN + 1];
	int code = TOOL_FAILED;
	enum status st;

	if (!begin(&key))
		return TOOL_FAILED;
	if (passphrase_get(passphrase_file, true, &pass) != ST_OK)
		goto out;
	st = master_new(pass.p, pass.len, &wrap_cost_default, key.secret, file);
	if (st != ST_OK) {
		tool_say("the key cannot be made: %s; nothing was written",
		    tool_words(st));
		goto out;
	}
	finish(&key);
	if (!put_both(path, &key, file))
		goto out;
	key_id_text(key.key.id, id);
	printf(
	    "Backup key %s is made.\n"
	    "  %s      keep it and its passphrase where the server is not\n"
	    "  %s.pub  for tipline-operator backup LINE FOLDER --key %s.pub\n"
	    "Whoever has the first file and the passphrase can set up the"
	    " server again, and\nnobody else can: keep a copy of both in"
	    " another place.\n",
	    id, path, path, path);
	code = TOOL_DONE;
out:
	passphrase_free(&pass);
	restore_key_close(&key);
	return code;
}

bool
restore_key_open(
    const char *path, const char *passphrase_file, struct restore_key *key)
{
	struct bytes file = BYTES_INIT(MASTER_FILE_LEN);
	struct passphrase pass = {NULL, 0};
	bool done = false;
	enum status st;

	if (!begin(key))
		return false;
	if ((st = durable_read_secret(AT_FDCWD, path, &file)) != ST_OK) {
		tool_say("%s cannot be read: %s%s", path, tool_words(st),
		    st == ST_DENIED ? ": it must have mode 0600" : "");
		goto out;
	}
	if (passphrase_get(passphrase_file, false, &pass) != ST_OK)
		goto out;
	st = master_open(pass.p, pass.len, file.p, file.len, key->secret);
	if (st == ST_WRONG_KEY)
		tool_say("%s: the passphrase is wrong", path);
	else if (st == ST_MALFORMED)
		tool_say("%s is no backup key: it is the file that"
			 " tipline-restore key make wrote, not its .pub",
		    path);
	else if (st != ST_OK)
		tool_say("%s cannot be opened: %s", path, tool_words(st));
	done = st == ST_OK;
	if (done)
		finish(key);
out:
	passphrase_free(&pass);
	bytes_free(&file);
	return done;
}
