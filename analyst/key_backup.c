/*
 * key_backup: gathering and reading; see key_backup.h.
 */
#include "analyst/key_backup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyst/say.h"
#include "base/guarded.h"
#include "base/num.h"

#define OPEN_LEN 56 /* the open part of a secret's file */
#define SECRET_LEN (OPEN_LEN + SECRET_KEY_LEN)
#define SETS_MAX 4096

enum status
key_backup_new(struct key_backup *backup)
{
	backup->len = 0;
	backup->p = guarded_new(KEY_BACKUP_MAX);
	return backup->p == NULL ? ST_NOMEM : ST_OK;
}

void
key_backup_free(struct key_backup *backup)
{
	guarded_free(backup->p);
	*backup = (struct key_backup){NULL, 0};
}

static enum status
put(struct key_backup *b, const char *name, const void *content, size_t len)
{
	size_t name_len = strlen(name);

	if (KEY_BACKUP_MAX - b->len < 1 + name_len + 4 + len)
		return ST_LIMIT;
	b->p[b->len++] = (uint8_t)name_len;
	memcpy(b->p + b->len, name, name_len);
	b->len += name_len;
	le32_put(b->p + b->len, (uint32_t)len);
	b->len += 4;
	if (len > 0)
		memcpy(b->p + b->len, content, len);
	b->len += len;
	return ST_OK;
}

struct gather {
	struct key_backup *backup;
	struct keyring *kr;
	const char *folder;
	uint8_t *secret; /* guarded, SECRET_LEN */
	char (*set)[KEYRING_NAME_MAX];
	size_t sets;
};

static bool
ends_in(const char *name, const char *ending)
{
	size_t len = strlen(name), n = strlen(ending);

	return len > n && strcmp(name + len - n, ending) == 0;
}

static enum status
put_secret(struct gather *g, const char *name, enum secret_role role)
{
	uint8_t file[SECRET_FILE_LEN];
	struct secret_info info;
	enum status st;

	st = keyring_secret(g->kr, name, role, &info, g->secret + OPEN_LEN);
	/* A damaged key of one week, which was named, hinders no backup; one
	 * whose destruction was cut must not live on in it. */
	if (role == SECRET_EPOCH &&
	    (st == ST_MALFORMED || st == ST_FORGED ||
		(st == ST_OK && keyring_is_destroyed(g->kr, info.epoch))))
		return ST_OK;
	if (st != ST_OK)
		return st;
	/* Wrapped anew, for the open part that such a file begins with. */
	secret_wrap(g->kr->master, &info, g->secret + OPEN_LEN, file);
	memcpy(g->secret, file, OPEN_LEN);
	st = put(g->backup, name, g->secret, SECRET_LEN);
	wipe(g->secret, SECRET_LEN);
	return st;
}

/* A public file; one that is not there is none to keep. */
static enum status
put_public(struct gather *g, const char *name)
{
	struct bytes file = BYTES_INIT(KEYSET_MAX);
	enum status st = keyring_get(g->kr, name, &file);

	if (st == ST_OK)
		st = put(g->backup, name, file.p, file.len);
	bytes_free(&file);
	return st == ST_ABSENT ? ST_OK : st;
}

/* A file of g->folder: a secret by its ending, else public. */
static enum status
put_one(void *ctx, const char *name)
{
	struct gather *g = ctx;
	char path[KEYRING_NAME_MAX];
	bool epochs = strcmp(g->folder, "epochs") == 0;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", g->folder, name) >=
	    sizeof(path))
		return ST_OK;
	if (!ends_in(name, ".key"))
		return epochs ? ST_OK : put_public(g, path);
	return put_secret(g, path, epochs ? SECRET_EPOCH : SECRET_ROOT);
}

static enum status
put_folder(struct gather *g, const char *folder)
{
	g->folder = folder;
	return keyring_names(g->kr, folder, put_one, g);
}

static enum status
note_set(void *ctx, const char *name)
{
	struct gather *g = ctx;

	if (g->sets < SETS_MAX &&
	    strlen(name) + sizeof("keysets/") <= KEYRING_NAME_MAX)
		(void)snprintf(g->set[g->sets++], KEYRING_NAME_MAX,
		    "keysets/%.*s", KEYRING_NAME_MAX - 10, name);
	return ST_OK;
}

static int
newest_first(const void *a, const void *b)
{
	return strcmp(b, a); /* numbers of one length */
}

/* As many old key sets as fit, the newest first. */
static enum status
put_sets(struct gather *g)
{
	size_t i = 0;
	enum status st;

	g->set = calloc(SETS_MAX, sizeof(*g->set));
	if (g->set == NULL)
		return ST_NOMEM;
	st = keyring_names(g->kr, "keysets", note_set, g);
	qsort(g->set, g->sets, sizeof(*g->set), newest_first);
	while (st == ST_OK && i < g->sets) {
		st = put_public(g, g->set[i]);
		i += st == ST_OK;
	}
	if (st == ST_LIMIT) {
		say("note: %zu old key sets do not fit into the backup; only"
		    " checks of tips of those weeks need them.",
		    g->sets - i);
		st = ST_OK;
	}
	free(g->set);
	g->set = NULL;
	return st;
}

static enum status
put_secrets(struct gather *g, bool with_epochs)
{
	enum status st;

	if ((st = put_secret(g, "signer.key", SECRET_SIGNER)) != ST_OK)
		return st;
	if (g->kr->keeps_root &&
	    (st = put_secret(g, "root.key", SECRET_ROOT)) != ST_OK)
		return st;
	/* A change of the root that was begun: it may be out already. */
	if (keyring_is_there(g->kr, "root.next.key") &&
	    keyring_is_there(g->kr, "root.next.pub")) {
		if ((st = put_secret(g, "root.next.key", SECRET_ROOT)) !=
			ST_OK ||
		    (st = put_public(g, "root.next.pub")) != ST_OK)
			return st;
	}
	if ((st = put_folder(g, "roots")) != ST_OK)
		return st;
	return with_epochs ? put_folder(g, "epochs") : ST_OK;
}

static enum status
put_record(struct gather *g, const struct backup_record *record)
{
	struct bytes text = BYTES_INIT(BACKUP_RECORD_MAX);
	char name[KEYRING_NAME_MAX], id[BACKUP_ID_TEXT_LEN + 1];
	enum status st;

	backup_record_id(record->id, id);
	(void)snprintf(name, sizeof(name), "backups/%s", id);
	if ((st = backup_record_write(record, &text)) == ST_OK)
		st = put(g->backup, name, text.p, text.len);
	bytes_free(&text);
	return st;
}

enum status
key_backup_gather(struct key_backup *backup, struct keyring *kr,
    const struct backup_record *record, bool with_epochs)
{
	static const char *const public[] = {"name", "sequence", "root.pub",
	    "signer.pub", "server.pub", "keyset.txt", "keyset.txt.minisig"};
	struct gather g = {.backup = backup, .kr = kr};
	enum status st;

	if ((g.secret = guarded_new(SECRET_LEN)) == NULL)
		return ST_NOMEM;
	if ((st = put_secrets(&g, with_epochs)) != ST_OK)
		goto out;
	for (size_t i = 0; i < sizeof(public) / sizeof(public[0]); i++) {
		if ((st = put_public(&g, public[i])) != ST_OK)
			goto out;
	}
	if ((st = put_folder(&g, "destroyed")) != ST_OK ||
	    (st = put_folder(&g, "backups")) != ST_OK ||
	    (st = put_record(&g, record)) != ST_OK)
		goto out;
	st = put_sets(&g);
out:
	if (st == ST_LIMIT)
		say_error("this keyring does not fit into a backup of %u KiB",
		    (unsigned)(KEY_BACKUP_MAX >> 10));
	guarded_free(g.secret);
	return st;
}

/* The names that a keyring's files have, and no others: none leads out of
 * the new folder, and none is taken for something else. */
static bool
is_name(const char *name, size_t len)
{
	static const char *const folder[] = {
	    "roots/", "epochs/", "destroyed/", "backups/", "keysets/"};
	static const char *const plain[] = {"root.key", "root.pub",
	    "root.next.key", "root.next.pub", "signer.key", "signer.pub",
	    "name", "sequence", "server.pub", "keyset.txt",
	    "keyset.txt.minisig"};

	if (len == 0 || len >= KEYRING_NAME_MAX || memchr(name, 0, len) != NULL)
		return false;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (strcmp(name, plain[i]) == 0)
			return true;
	}
	for (size_t i = 0; i < sizeof(folder) / sizeof(folder[0]); i++) {
		size_t n = strlen(folder[i]);

		if (strncmp(name, folder[i], n) == 0)
			return name[n] != '\0' && name[n] != '.' &&
			    strspn(name + n,
				"0123456789abcdefghijklmnopqrstuv"
				"wxyz.-") == len - n;
	}
	return false;
}

/* Read the entry at *at.  A secret's open part is that of a whole file. */
static enum status
next_entry(const struct key_backup *b, size_t *at, struct key_backup_entry *e)
{
	uint8_t file[SECRET_FILE_LEN] = {0};
	size_t name_len, left = b->len - *at;
	const uint8_t *p = b->p + *at;

	*e = (struct key_backup_entry){.content = NULL};
	name_len = p[0];
	if (left < 1 + name_len + 4 || name_len >= sizeof(e->name))
		return ST_MALFORMED;
	memcpy(e->name, p + 1, name_len);
	if (!is_name(e->name, name_len) || strlen(e->name) != name_len)
		return ST_MALFORMED;
	e->len = le32_get(p + 1 + name_len);
	left -= 1 + name_len + 4;
	if (e->len > left)
		return ST_MALFORMED;
	e->content = p + 1 + name_len + 4;
	*at += 1 + name_len + 4 + e->len;
	e->secret = ends_in(e->name, ".key");
	if (!e->secret)
		return ST_OK;
	if (e->len != SECRET_LEN)
		return ST_MALFORMED;
	memcpy(file, e->content, OPEN_LEN);
	e->content += OPEN_LEN;
	e->len = SECRET_KEY_LEN;
	return secret_info_parse(file, sizeof(file), &e->info);
}

enum status
key_backup_each(const struct key_backup *b, key_backup_fn *each, void *ctx)
{
	struct key_backup_entry entry;
	enum status st = ST_OK;
	size_t at = 0;

	while (at < b->len && st == ST_OK)
		st = next_entry(b, &at, &entry);
	if (st != ST_OK)
		return st;
	for (at = 0; at < b->len && st == ST_OK;) {
		st = next_entry(b, &at, &entry);
		if (st == ST_OK)
			st = each(ctx, &entry);
	}
	return st;
}
