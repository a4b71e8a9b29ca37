/*
 * key_backup: restoring and comparing; see key_backup.h.
 */
#include <stdio.h>
#include <string.h>

#include "analyst/key_backup.h"
#include "analyst/say.h"
#include "base/guarded.h"

#define NAME_FILE "name"

struct restore {
	struct keyring *kr;
	uint8_t *again; /* guarded */
	struct bytes name;
	bool has_signer;
};

/* Write one, and read it again as every command will. */
static enum status
restore_secret(struct restore *r, const struct key_backup_entry *e)
{
	struct secret_info info;
	enum status st;

	st = keyring_put_secret(r->kr, e->name, &e->info, e->content);
	if (st == ST_OK)
		st = keyring_secret(
		    r->kr, e->name, e->info.role, &info, r->again);
	r->has_signer |= strcmp(e->name, "signer.key") == 0;
	return st;
}

static enum status
restore_one(void *ctx, const struct key_backup_entry *e)
{
	struct restore *r = ctx;
	struct bytes content = BYTES_INIT(e->len);
	enum status st;

	if (e->secret)
		return restore_secret(r, e);
	/* The name comes last: a folder that has it is whole. */
	if (strcmp(e->name, NAME_FILE) == 0) {
		bytes_clear(&r->name);
		return bytes_append(&r->name, e->content, e->len);
	}
	st = bytes_append(&content, e->content, e->len);
	if (st == ST_OK)
		st = keyring_put(r->kr, e->name, &content);
	bytes_free(&content);
	return st;
}

enum status
key_backup_restore(const struct key_backup *backup, struct keyring *kr)
{
	struct restore r = {.kr = kr, .name = BYTES_INIT(KEY_NAME_MAX + 1)};
	enum status st;

	if ((r.again = guarded_new(SECRET_KEY_LEN)) == NULL)
		return ST_NOMEM;
	st = key_backup_each(backup, restore_one, &r);
	if (st == ST_OK && (r.name.len == 0 || !r.has_signer))
		st = ST_MALFORMED;
	if (st == ST_OK)
		st = keyring_put(kr, NAME_FILE, &r.name);
	guarded_free(r.again);
	bytes_free(&r.name);
	if (st != ST_OK)
		say_error("the keyring was not restored: %s; remove the folder"
			  " and start again",
		    st == ST_MALFORMED
			? "the backup is not that of a whole keyring"
			: status_text(st));
	return st;
}

/* One secret of the keyring, against all of the backup or the other way. */
struct compare {
	const struct key_backup *backup;
	struct keyring *kr;
	struct key_backup_drill *drill;
	const char *folder;
	uint8_t *secret; /* guarded */
	/* What is looked for in the backup, and what came of it. */
	const struct secret_info *info;
	bool found, same;
};

static bool
is_same(const uint8_t *a, const uint8_t *b)
{
	unsigned differ = 0;

	for (size_t i = 0; i < SECRET_KEY_LEN; i++)
		differ |= (unsigned)(a[i] ^ b[i]);
	return differ == 0;
}

static enum status
look_in_backup(void *ctx, const struct key_backup_entry *e)
{
	struct compare *c = ctx;

	if (!e->secret || e->info.role != c->info->role ||
	    memcmp(e->info.id, c->info->id, KEY_ID_LEN) != 0)
		return ST_OK;
	c->found = true;
	c->same |= is_same(e->content, c->secret) &&
	    e->info.epoch == c->info->epoch && e->info.from == c->info->from &&
	    e->info.until == c->info->until;
	return ST_OK;
}

/* Look for the keyring's secret file name in the backup. */
static enum status
compare_one(struct compare *c, const char *name, enum secret_role role)
{
	struct secret_info info;
	enum status st;

	st = keyring_secret(c->kr, name, role, &info, c->secret);
	if (role == SECRET_EPOCH && (st == ST_MALFORMED || st == ST_FORGED))
		return ST_OK; /* damaged here, and said */
	if (st != ST_OK)
		return st;
	c->info = &info;
	c->found = c->same = false;
	st = key_backup_each(c->backup, look_in_backup, c);
	wipe(c->secret, SECRET_KEY_LEN);
	if (st != ST_OK)
		return st;
	if (c->same)
		c->drill->same++;
	else if (c->found) {
		c->drill->differ++;
		say_error("%s is not the same in the backup", name);
	} else if (role != SECRET_EPOCH) {
		c->drill->missing++;
		say_error("%s is not in the backup: it is newer; make a new"
			  " backup",
		    name);
	}
	return ST_OK;
}

static enum status
compare_name(void *ctx, const char *name)
{
	struct compare *c = ctx;
	char path[KEYRING_NAME_MAX];
	size_t len = strlen(name);

	if (len <= 4 || strcmp(name + len - 4, ".key") != 0 ||
	    (size_t)snprintf(path, sizeof(path), "%s/%s", c->folder, name) >=
		sizeof(path))
		return ST_OK;
	return compare_one(c, path,
	    strcmp(c->folder, "epochs") == 0 ? SECRET_EPOCH : SECRET_ROOT);
}

static enum status
compare_folder(struct compare *c, const char *folder)
{
	c->folder = folder;
	return keyring_names(c->kr, folder, compare_name, c);
}

static enum status
count_secret(void *ctx, const struct key_backup_entry *e)
{
	size_t *count = ctx;

	*count += e->secret;
	return ST_OK;
}

enum status
key_backup_compare(const struct key_backup *backup, struct keyring *kr,
    struct key_backup_drill *drill)
{
	struct compare c = {.backup = backup, .kr = kr, .drill = drill};
	size_t secrets = 0;
	enum status st;

	*drill = (struct key_backup_drill){0};
	if ((st = key_backup_each(backup, count_secret, &secrets)) != ST_OK) {
		say_error("the backup is not that of a keyring");
		return st;
	}
	if ((c.secret = guarded_new(SECRET_KEY_LEN)) == NULL)
		return ST_NOMEM;
	st = compare_one(&c, "signer.key", SECRET_SIGNER);
	if (st == ST_OK && kr->keeps_root)
		st = compare_one(&c, "root.key", SECRET_ROOT);
	if (st == ST_OK)
		st = compare_folder(&c, "roots");
	if (st == ST_OK)
		st = compare_folder(&c, "epochs");
	guarded_free(c.secret);
	/* Those that the keyring had when the backup was made. */
	if (secrets > drill->same + drill->differ)
		drill->gone = secrets - drill->same - drill->differ;
	return st;
}
