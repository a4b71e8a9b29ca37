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
	char id_text[KEY_ID_TEXT_LEN + 1], key_text[KEY_TEXT_LEN + 1];
	uint8_t id[KEY_ID_LEN];

	key_id(KEY_ROLE_BACKUP, key->key, id);
	key_id_text(id, id_text);
	lines_key_text(key->key, key_text);
	return bytes_printf(
	    out, "tipline-backup-key 1\nkey %s %s\n", id_text, key_text);
}
