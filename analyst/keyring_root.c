/*
 * keyring_root: see keyring_root.h.
 */
#include "analyst/keyring_root.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyst/keyring_files.h"
#include "analyst/say.h"
#include "base/durable.h"
#include "base/guarded.h"
#include "crypto/minisign_sign.h"

#define PUB "root.pub"
#define KEY "root.key"
#define NEXT_PUB "root.next.pub"
#define NEXT_KEY "root.next.key"
#define FOLDER "roots"

static enum status
read_pub(const struct keyring *kr, const char *name, struct minisign_key *key)
{
	struct bytes text = BYTES_INIT(MINISIGN_FILE_MAX);
	enum status st = keyring_get(kr, name, &text);

	if (st == ST_OK) {
		st = minisign_key_parse(text.p, text.len, key);
		if (st != ST_OK)
			say_error("%s of the key folder is not a minisign"
				  " public key",
			    name);
	}
	bytes_free(&text);
	return st;
}

static enum status
write_pub(struct keyring *kr, const char *name, const struct minisign_key *key)
{
	struct bytes text = BYTES_INIT(MINISIGN_FILE_MAX);
	enum status st = minisign_key_write(key, &text);

	if (st == ST_OK)
		st = keyring_put(kr, name, &text);
	bytes_free(&text);
	return st;
}

/* Does the secret file name belong to key?  Its open part tells. */
static bool
is_secret_of(
    const struct keyring *kr, const char *name, const struct minisign_key *key)
{
	struct bytes file = BYTES_INIT(KEYRING_FILE_MAX);
	struct secret_info info;
	bool is = durable_read(kr->dirfd, name, &file) == ST_OK &&
	    secret_info_parse(file.p, file.len, &info) == ST_OK &&
	    info.role == SECRET_ROOT &&
	    memcmp(info.id, key->id, MINISIGN_ID_LEN) == 0;

	bytes_free(&file);
	return is;
}

/*
 * End what a crash has cut: root.next.key is moved first, so once it is gone
 * and root.key is not the old root's, only root.next.pub is left to move.
 */
static enum status
settle(struct keyring *kr)
{
	struct minisign_key next, now;
	enum status st;

	if (!keyring_is_there(kr, NEXT_PUB) || keyring_is_there(kr, NEXT_KEY))
		return ST_OK;
	if ((st = read_pub(kr, NEXT_PUB, &next)) != ST_OK)
		return st;
	st = read_pub(kr, PUB, &now);
	if (st != ST_OK && st != ST_ABSENT)
		return st;
	if (st == ST_OK && is_secret_of(kr, KEY, &now))
		return keyring_drop(kr, NEXT_PUB); /* nothing had changed yet */
	return keyring_move(kr, NEXT_PUB, PUB);
}

/* Number of the last change that led to the root; a change that was prepared
 * here and not committed names the root as its old one. */
static enum status
count_change(void *ctx, const char *name)
{
	struct keyring *kr = ctx;
	struct bytes text = BYTES_INIT(MINISIGN_FILE_MAX);
	char path[KEYRING_NAME_MAX], old[KEY_ID_TEXT_LEN + sizeof("\nold ")];
	char id[KEY_ID_TEXT_LEN + 1];
	unsigned number = 0;
	int used = 0;
	enum status st;

	for (const char *p = name; *p >= '0' && *p <= '9' && used < 9; p++) {
		number = number * 10 + (unsigned)(*p - '0');
		used++;
	}
	if (used == 0 || strcmp(name + used, ".txt") != 0 ||
	    number <= kr->changes)
		return ST_OK;
	(void)snprintf(path, sizeof(path), FOLDER "/%.40s", name);
	if ((st = keyring_get(kr, path, &text)) != ST_OK) {
		/* Not passed over: its number would be used twice. */
		bytes_free(&text);
		return st;
	}
	key_id_text(kr->root.id, id);
	(void)snprintf(old, sizeof(old), "\nold %s", id);
	if (memmem(text.p, text.len, old, strlen(old)) == NULL)
		kr->changes = number;
	bytes_free(&text);
	return ST_OK;
}

enum status
keyring_root_load(struct keyring *kr)
{
	enum status st;

	kr->has_root = kr->keeps_root = false;
	kr->changes = 0;
	if ((st = settle(kr)) != ST_OK)
		return st;
	st = read_pub(kr, PUB, &kr->root);
	if (st == ST_ABSENT && !keyring_is_there(kr, KEY))
		return ST_OK;
	if (st == ST_ABSENT)
		say_error("root.pub is missing from the key folder, though"
			  " root.key is there: put it back from a key set's"
			  " server or an analyst");
	if (st != ST_OK)
		return st;
	kr->has_root = true;
	kr->keeps_root = is_secret_of(kr, KEY, &kr->root);
	if (keyring_is_there(kr, NEXT_KEY) && keyring_is_there(kr, NEXT_PUB))
		say("A change of the root was begun here and not finished:"
		    " tipline-analyst root change goes on with it.");
	return keyring_names(kr, FOLDER, count_change, kr);
}

/* Look through the roots that this one followed. */
struct search {
	const struct keyring *kr;
	const struct bytes *text, *sig;
	enum status st;
};

static enum status
try_old(void *ctx, const char *name)
{
	struct search *search = ctx;
	struct minisign_key old;
	char path[KEYRING_NAME_MAX];
	size_t len = strlen(name);
	enum status st;

	if (search->st == ST_OK || len <= 4 ||
	    strcmp(name + len - 4, ".pub") != 0)
		return ST_OK;
	(void)snprintf(path, sizeof(path), FOLDER "/%.80s", name);
	if ((st = read_pub(search->kr, path, &old)) != ST_OK)
		return st == ST_NOMEM ? st : ST_OK;
	st = minisign_verify(&old, search->text->p, search->text->len,
	    search->sig->p, search->sig->len);
	if (st != ST_WRONG_KEY)
		search->st = st;
	return ST_OK;
}

enum status
keyring_root_verify(
    const struct keyring *kr, const struct bytes *text, const struct bytes *sig)
{
	struct search search = {kr, text, sig, ST_WRONG_KEY};
	enum status st =
	    minisign_verify(&kr->root, text->p, text->len, sig->p, sig->len);

	if (st != ST_WRONG_KEY)
		return st;
	st = keyring_names(kr, FOLDER, try_old, &search);
	return st == ST_OK ? search.st : st;
}

enum status
keyring_root_pin(struct keyring *kr, const struct minisign_key *root)
{
	enum status st = write_pub(kr, PUB, root);

	if (st == ST_OK) {
		kr->root = *root;
		kr->has_root = true;
	}
	return st;
}

/* Keep this root in roots/ under label: sets that it signed stay proved. */
static enum status
keep_old(struct keyring *kr, const char *label)
{
	char name[KEYRING_NAME_MAX];
	enum status st;

	(void)snprintf(name, sizeof(name), FOLDER "/%s.pub", label);
	if ((st = keyring_copy(kr, PUB, name)) != ST_OK)
		return st;
	if (keyring_is_there(kr, KEY)) {
		(void)snprintf(name, sizeof(name), FOLDER "/%s.key", label);
		if ((st = keyring_copy(kr, KEY, name)) != ST_OK)
			return st;
	}
	return ST_OK;
}

/* Put the next root in the place of this one. */
static enum status
commit(struct keyring *kr, const char *label)
{
	enum status st;

	if ((st = keep_old(kr, label)) != ST_OK)
		return st;
	st = keyring_is_there(kr, NEXT_KEY) ? keyring_move(kr, NEXT_KEY, KEY)
					    : keyring_drop(kr, KEY);
	if (st != ST_OK)
		return st;
	if ((st = keyring_move(kr, NEXT_PUB, PUB)) != ST_OK)
		return st;
	return keyring_root_load(kr);
}

static void
label_of(uint32_t number, char label[static KEY_ID_TEXT_LEN + 1])
{
	(void)snprintf(label, KEY_ID_TEXT_LEN + 1, "%04" PRIu32, number);
}

static enum status
store_change(
    struct keyring *kr, uint32_t number, const struct keyring_root_texts *t)
{
	const struct bytes *const part[] = {&t->sig, &t->sig_new, &t->text};
	static const char *const ending[] = {
	    ".txt.minisig", ".txt.new.minisig", ".txt"};
	char label[KEY_ID_TEXT_LEN + 1], name[KEYRING_NAME_MAX];
	enum status st = ST_OK;

	label_of(number, label);
	for (size_t i = 0; i < 3 && st == ST_OK; i++) {
		(void)snprintf(
		    name, sizeof(name), FOLDER "/%s%s", label, ending[i]);
		st = keyring_put(kr, name, part[i]);
	}
	return st;
}

/* The next root's seed and public half: those begun before, or new ones. */
static enum status
next_root(struct keyring *kr, struct minisign_key *next, uint8_t *seed)
{
	struct secret_info info = {.role = SECRET_ROOT};
	enum status st;

	if (keyring_is_there(kr, NEXT_KEY) && keyring_is_there(kr, NEXT_PUB)) {
		st = read_pub(kr, NEXT_PUB, next);
		return st != ST_OK
		    ? st
		    : keyring_secret(kr, NEXT_KEY, SECRET_ROOT, &info, seed);
	}
	minisign_key_new(next, seed);
	memcpy(info.id, next->id, sizeof(info.id));
	if ((st = keyring_put_secret(kr, NEXT_KEY, &info, seed)) != ST_OK)
		return st;
	return write_pub(kr, NEXT_PUB, next);
}

/* Sign text with both roots. */
static enum status
sign_change(struct keyring *kr, const struct root_change *change,
    const uint8_t *next_seed, struct keyring_root_texts *t)
{
	struct secret_info info;
	char comment[64];
	uint8_t *seed;
	enum status st;

	if ((seed = guarded_new(SECRET_KEY_LEN)) == NULL)
		return ST_NOMEM;
	(void)snprintf(comment, sizeof(comment),
	    "tipline root change number %" PRIu32, change->number);
	st = keyring_secret(kr, KEY, SECRET_ROOT, &info, seed);
	if (st == ST_OK)
		st = minisign_sign(&change->old, seed, t->text.p, t->text.len,
		    comment, &t->sig);
	if (st == ST_OK)
		st = minisign_sign(&change->next, next_seed, t->text.p,
		    t->text.len, comment, &t->sig_new);
	if (st == ST_WRONG_KEY)
		say_error("a secret key of a root and its public half do not"
			  " belong together");
	guarded_free(seed);
	return st;
}

enum status
keyring_root_prepare(struct keyring *kr, struct root_change *change,
    struct keyring_root_texts *texts)
{
	uint8_t *seed;
	enum status st;

	*change =
	    (struct root_change){.number = kr->changes + 1, .old = kr->root};
	if ((seed = guarded_new(SECRET_KEY_LEN)) == NULL)
		return ST_NOMEM;
	if ((st = next_root(kr, &change->next, seed)) != ST_OK)
		goto out;
	if ((st = root_change_write(change, &texts->text)) != ST_OK)
		goto out;
	if ((st = sign_change(kr, change, seed, texts)) != ST_OK)
		goto out;
	st = store_change(kr, change->number, texts);
out:
	guarded_free(seed);
	return st;
}

enum status
keyring_root_commit(struct keyring *kr, uint32_t number)
{
	char label[KEY_ID_TEXT_LEN + 1];

	label_of(number, label);
	return commit(kr, label);
}

/* "number N" of the second line, 0 if there is none. */
static uint32_t
number_of(const struct bytes *text)
{
	static const char word[] = "\nnumber ";
	const uint8_t *p = text->len == 0
	    ? NULL
	    : memmem(text->p, text->len, word, strlen(word));
	uint64_t number = 0;

	if (p == NULL)
		return 0;
	for (p += strlen(word); p < text->p + text->len && *p >= '0' &&
	     *p <= '9' && number <= UINT32_MAX;
	     p++)
		number = number * 10 + (uint64_t)(*p - '0');
	return number > UINT32_MAX ? 0 : (uint32_t)number;
}

/* Was the root reached by the last change, or pinned by hand?  Then nobody
 * told its number, and the change's two keys alone decide. */
static uint32_t
changes_before(const struct keyring *kr, const struct bytes *text)
{
	char name[KEYRING_NAME_MAX], label[KEY_ID_TEXT_LEN + 1];
	char id[KEY_ID_TEXT_LEN + 1],
	    wanted[KEY_ID_TEXT_LEN + sizeof("\nnew ")];
	struct bytes last = BYTES_INIT(MINISIGN_FILE_MAX);
	uint32_t number = number_of(text);
	bool led_here;

	label_of(kr->changes, label);
	(void)snprintf(name, sizeof(name), FOLDER "/%s.txt", label);
	key_id_text(kr->root.id, id);
	(void)snprintf(wanted, sizeof(wanted), "\nnew %s", id);
	led_here = durable_read(kr->dirfd, name, &last) == ST_OK &&
	    memmem(last.p, last.len, wanted, strlen(wanted)) != NULL;
	bytes_free(&last);
	return led_here || number == 0 ? kr->changes : number - 1;
}

static void
say_refusal(enum status st, const struct keyring *kr,
    const struct root_change *change, const char *why)
{
	char old[FINGERPRINT_TEXT_LEN + 1], pinned[FINGERPRINT_TEXT_LEN + 1];

	switch (st) {
	case ST_EXISTS:
		say_error("this is change %" PRIu32 " of the root, and change"
			  " %" PRIu32 " was followed already: there is"
			  " nothing to do",
		    change->number, kr->changes);
		break;
	case ST_EARLY:
		say_error("this is change %" PRIu32 " of the root, and the last"
			  " one followed is %" PRIu32 ": take those between"
			  " first, in order",
		    change->number, kr->changes);
		break;
	case ST_WRONG_KEY:
		minisign_fingerprint(&change->old, old);
		minisign_fingerprint(&kr->root, pinned);
		say_error("this changes the root %s,\nand the root pinned here"
			  " is %s",
		    old, pinned);
		break;
	case ST_FORGED:
		say_error("a signature of this change is not that of the root"
			  " it names: refused, the root stays as it is");
		break;
	default:
		say_error("this is not a change of a root: %s",
		    why[0] != '\0' ? why : status_text(st));
		break;
	}
}

/* A change that was begun here belongs to the root that goes.  The public
 * half first: alone, it would look like a change to be ended. */
static enum status
drop_next(struct keyring *kr)
{
	enum status st = keyring_drop(kr, NEXT_PUB);

	return st == ST_OK ? keyring_drop(kr, NEXT_KEY) : st;
}

enum status
keyring_root_take(struct keyring *kr, const struct keyring_root_texts *texts,
    struct root_change *change)
{
	const struct root_change_files files = {
	    &texts->text, &texts->sig, &texts->sig_new};
	char label[KEY_ID_TEXT_LEN + 1];
	const char *why = "";
	enum status st;

	st = root_change_read(
	    &files, &kr->root, changes_before(kr, &texts->text), change, &why);
	if (st != ST_OK) {
		say_refusal(st, kr, change, why);
		return st;
	}
	if ((st = drop_next(kr)) != ST_OK)
		return st;
	if ((st = store_change(kr, change->number, texts)) != ST_OK)
		return st;
	label_of(change->number, label);
	if ((st = keep_old(kr, label)) != ST_OK)
		return st;
	if ((st = write_pub(kr, NEXT_PUB, &change->next)) != ST_OK)
		return st;
	return commit(kr, label);
}

enum status
keyring_root_replace(struct keyring *kr, const struct minisign_key *next)
{
	char label[KEY_ID_TEXT_LEN + 1];
	struct minisign_key made;
	uint8_t *seed;
	enum status st;

	if (next != NULL &&
	    memcmp(next->key, kr->root.key, sizeof(next->key)) == 0) {
		say_error("this root is the one pinned here already");
		return ST_EXISTS;
	}
	key_id_text(kr->root.id, label);
	if ((st = drop_next(kr)) != ST_OK)
		return st;
	if (next != NULL) {
		if ((st = keep_old(kr, label)) != ST_OK)
			return st;
		if ((st = write_pub(kr, NEXT_PUB, next)) != ST_OK)
			return st;
		return commit(kr, label);
	}
	if ((seed = guarded_new(SECRET_KEY_LEN)) == NULL)
		return ST_NOMEM;
	st = next_root(kr, &made, seed);
	guarded_free(seed);
	return st == ST_OK ? commit(kr, label) : st;
}

void
keyring_root_texts_free(struct keyring_root_texts *texts)
{
	bytes_free(&texts->text);
	bytes_free(&texts->sig);
	bytes_free(&texts->sig_new);
}
