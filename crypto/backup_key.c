/*
 * backup_key: see backup_key.h.
 */
#include "crypto/backup_key.h"

#include <string.h>

#include "crypto/lines.h"

static enum status
read_lines(struct lines *l, struct recipient *key)
{
	enum status st;

	if ((st = lines_version(l, "tipline-backup-key")) != ST_OK)
		return st;
	if ((st = lines_next(l, "key", 3)) != ST_OK)
		return st;
	if ((st = lines_key(l, KEY_ROLE_BACKUP, key->id, key->key)) != ST_OK)
		return st;
	return lines_end(l);
}

enum status
backup_key_parse(const void *text, size_t len, struct recipient *key)
{
	struct bytes again = BYTES_INIT(BACKUP_KEY_FILE_MAX);
	struct lines l;
	enum status st;

	memset(key, 0, sizeof(*key));
	if (len > BACKUP_KEY_FILE_MAX)
		return ST_LIMIT;
	if ((st = lines_begin(&l, text, len)) == ST_OK &&
	    (st = read_lines(&l, key)) == ST_OK &&
	    (st = backup_key_write(key, &again)) == ST_OK)
		st = lines_canonical(&l, text, len, &again);
	bytes_free(&again);
	if (st != ST_OK)
		memset(key, 0, sizeof(*key));
	return st;
}

enum status
backup_key_write(const struct recipient *key, struct bytes *out)
{
	uint8_t id[KEY_ID_LEN];
	enum status st;

	if ((st = bytes_append_text(out, "tipline-backup-key 1\n")) != ST_OK)
		return st;
	key_id(KEY_ROLE_BACKUP, key->key, id);
	return lines_put_key(out, "key", id, NULL, key->key);
}
