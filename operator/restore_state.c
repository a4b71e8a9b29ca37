/*
 * restore_state: the line's small files and the answers that waited.  See
 * restore.h.
 *
 * The small files are held in memory; the answers, of which there may be
 * very many, are counted first and put into the database in a second run.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/guarded.h"
#include "base/num.h"
#include "crypto/sign.h"
#include "line/line.h"
#include "operator/restore.h"
#include "operator/tool.h"

/* What is being read: a small file, or rows of one length. */
struct state {
	struct restore *r;
	size_t row_len; /* 0: a small file */
	size_t filled;
	uint8_t row[BACKUP_REPLY_LEN];
};

_Static_assert(BACKUP_LAST_LEN < BACKUP_REPLY_LEN, "rows are told apart");

/* Plain file names in the two folders: they become paths. */
static bool
name_ok(const char *name)
{
	const char *rest = NULL;

	for (const char *const *n = backup_folder_files; *n != NULL; n++)
		if (strcmp(name, *n) == 0)
			return true;
	for (const char *const *n = backup_folder_folders; *n != NULL; n++) {
		const size_t len = strlen(*n);

		if (strncmp(name, *n, len) == 0 && name[len] == '/')
			rest = name + len + 1;
	}
	return rest != NULL && *rest != '\0' && *rest != '.' &&
	    strspn(rest, "0123456789abcdefghijklmnopqrstuvwxyz.") ==
	    strlen(rest);
}

static enum status
on_part(void *ctx, const uint8_t *name, size_t len)
{
	struct state *s = ctx;
	struct restore *r = s->r;
	struct restore_file *f;
	char text[RESTORE_NAME_MAX];

	s->filled = 0;
	if (len >= sizeof(text))
		return ST_MALFORMED;
	memcpy(text, name, len);
	text[len] = '\0';
	s->row_len = strcmp(text, BACKUP_REPLIES) == 0 ? BACKUP_REPLY_LEN
	    : strcmp(text, BACKUP_LAST) == 0           ? BACKUP_LAST_LEN
						       : 0;
	if (s->row_len != 0 || r->store != NULL)
		return ST_OK;
	if (strlen(text) != len || !name_ok(text) ||
	    restore_state_file(r, text) != NULL)
		return ST_MALFORMED;
	if (r->files == RESTORE_FILES_MAX)
		return ST_LIMIT;
	f = reallocarray(r->file, r->files + 1, sizeof(*f));
	if (f == NULL)
		return ST_NOMEM;
	r->file = f;
	f = &r->file[r->files++];
	memcpy(f->name, text, sizeof(text));
	f->content = BYTES_INIT(RESTORE_FILE_MAX);
	return ST_OK;
}

static enum status
take_reply(struct state *s)
{
	const uint8_t *p = s->row;
	struct restore *r = s->r;
	enum status st;

	if (r->store == NULL) {
		r->replies++;
		return ST_OK;
	}
	if ((st = restore_batch(r, BACKUP_REPLY_LEN)) != ST_OK)
		return st;
	return store_reply_put(r->store, p + 8,
	    le32_get(p + 8 + STORE_MAILBOX_LEN),
	    p + BACKUP_REPLY_LEN - STORE_REPLY_LEN);
}

static enum status
take_row(struct state *s)
{
	s->filled = 0;
	if (s->row_len == BACKUP_REPLY_LEN)
		return take_reply(s);
	s->r->last = le64_get(s->row);
	return ST_OK;
}

static enum status
on_data(void *ctx, const uint8_t *p, size_t len)
{
	struct state *s = ctx;
	struct restore *r = s->r;
	enum status st = ST_OK;

	if (s->row_len == 0)
		return r->store != NULL
		    ? ST_OK
		    : bytes_append(&r->file[r->files - 1].content, p, len);
	while (st == ST_OK && len > 0) {
		size_t n = s->row_len - s->filled;

		n = n < len ? n : len;
		memcpy(s->row + s->filled, p, n);
		s->filled += n;
		p += n;
		len -= n;
		if (s->filled == s->row_len)
			st = take_row(s);
	}
	return st;
}

static enum status
on_part_end(void *ctx)
{
	const struct state *s = ctx;

	return s->filled == 0 ? ST_OK : ST_MALFORMED;
}

static enum status
read_state(struct restore *r, uint64_t number)
{
	struct state s = {.r = r};
	const struct restore_events events = {
	    on_part, on_data, on_part_end, &s};
	struct restore_unseal *u = NULL;
	char name[BACKUP_NAME_MAX];
	enum status st;

	backup_state_name(number, name);
	st = restore_unseal_open(r->folder.fd, name, &r->key, &events, &u);
	while (st == ST_OK)
		st = restore_unseal_step(u);
	restore_unseal_free(u);
	return st == ST_EOF ? ST_OK : st;
}

/* The key pair of the server, without which nothing else is of use. */
static enum status
check_server(struct restore *r)
{
	const struct bytes *text = restore_state_file(r, LINE_SERVER_PUB);
	const struct bytes *key = restore_state_file(r, LINE_SERVER_KEY);
	uint8_t own[PUBLIC_KEY_LEN], *seed;
	enum status st;

	if (text == NULL || key == NULL ||
	    restore_state_file(r, CONFIG_FILE) == NULL)
		return ST_ABSENT;
	if ((seed = guarded_new(SECRET_KEY_LEN)) == NULL)
		return ST_NOMEM;
	st = server_identity_parse(text->p, text->len, &r->server);
	if (st == ST_OK)
		st = server_key_parse(key->p, key->len, seed);
	if (st == ST_OK) {
		sign_key_public(seed, own);
		if (memcmp(own, r->server.key, PUBLIC_KEY_LEN) != 0)
			st = ST_WRONG_KEY;
	}
	guarded_free(seed);
	return st;
}

bool
restore_state_read(struct restore *r)
{
	enum status st;

	for (size_t i = r->folder.states; i > 0; i--) {
		r->state = r->folder.state[i - 1];
		if ((st = read_state(r, r->state)) == ST_OK &&
		    (st = check_server(r)) == ST_OK)
			return true;
		tool_say("%s: state %" PRIu64 " cannot be used: %s%s", r->path,
		    r->state, tool_words(st),
		    st == ST_WRONG_KEY ? " (is this the right backup key?)"
				       : "");
		r->whole = false;
		restore_state_free(r);
	}
	tool_say("%s: there is no state that can be opened; tips alone make no"
		 " line",
	    r->path);
	return false;
}

const struct bytes *
restore_state_file(const struct restore *r, const char *name)
{
	for (size_t i = 0; i < r->files; i++)
		if (strcmp(r->file[i].name, name) == 0)
			return &r->file[i].content;
	return NULL;
}

bool
restore_state_replies(struct restore *r)
{
	enum status st = read_state(r, r->state);

	if (st == ST_OK)
		st = restore_batch_end(r);
	if (st != ST_OK)
		tool_say("the waiting answers cannot be restored: %s",
		    tool_words(st));
	return st == ST_OK;
}

void
restore_state_free(struct restore *r)
{
	for (size_t i = 0; i < r->files; i++)
		bytes_free(&r->file[i].content);
	free(r->file);
	r->file = NULL;
	r->files = 0;
	r->replies = 0;
	r->last = 0;
}
