/*
 * The small files around key sets: analysts' keys, changes of root, shares.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/analyst_keys.h"
#include "crypto/minisign_sign.h"
#include "crypto/opener.h"
#include "crypto/root_change.h"
#include "crypto/shares.h"
#include "crypto/sign.h"
#include "tests/vectors/seeded.h"
#include "tests/vectors/vectors.h"

#define MONDAY 1795392000 /* 2026-11-23 */
#define WEEK (7 * 86400)
#define WEEKS 3

/* An edit of a text: the first from becomes to.  Line 0: it is good. */
struct edit {
	const char *name, *from, *to, *status;
	unsigned line;
	const char *why;
};

static size_t
apply(const struct edit *e, const struct bytes *text, char *out, size_t size)
{
	const uint8_t *const at =
	    memmem(text->p, text->len, e->from, strlen(e->from));
	size_t before;

	vectors_must(at != NULL && text->len + strlen(e->to) < size, e->name);
	before = (size_t)(at - text->p);
	memcpy(out, text->p, before);
	memcpy(out + before, e->to, strlen(e->to));
	memcpy(out + before + strlen(e->to), at + strlen(e->from),
	    text->len - before - strlen(e->from));
	return text->len + strlen(e->to) - strlen(e->from);
}

static void
write_status(FILE *f, const struct edit *e)
{
	vectors_text(f, "status", e->status);
	if (e->line > 0) {
		fprintf(f, ", \"line\": %u", e->line);
		vectors_text(f, "why", e->why);
	}
}

#define MUST(w) "another line than \"" w "\" stands where that must be"

/* Signed anew after the edit, but for those named forged. */
static const struct edit key_edits[] = {
    {"good", "", "", "ok", 0, ""},
    {"good-gap", "epoch 2970", "epoch 2980", "ok", 0, ""},
    {"forged-epoch", "2026-11-23", "2026-11-24", "forged", 0, ""},
    {"forged-number", "epoch 2968", "epoch 2967", "forged", 0, ""},
    {"version", "keys 1", "keys 2", "version", 1,
	"a version this program does not know"},
    {"another-file", "tipline-analyst-keys", "tipline-keyset", "malformed", 1,
	"another kind of file, or its first line is missing"},
    {"no-signer", "signer ", "epoch ", "malformed", 2, MUST("signer")},
    {"other-name", "alice", "bob", "malformed", 4,
	"the key has another name than its signer"},
    {"number-twice", "epoch 2969", "epoch 2968", "malformed", 5,
	"the numbers of the epochs do not rise"},
    {"overlap", "epoch 2969 2026-11-30", "epoch 2969 2026-11-28", "malformed",
	5, "the epoch overlaps the one before by more than a day"},
    {"ends-before", "2026-11-30", "2026-11-22", "malformed", 3,
	"the epoch ends before it begins"},
    {"unknown", "epoch 2969", "colour 2969", "malformed", 5, "unknown field"},
    {"no-keys", "epoch 2968", "signature 2968", "malformed", 3, MUST("epoch")},
};

static void
make_analyst(struct analyst_keys *keys, struct analyst_key *key, uint8_t *seed)
{
	uint8_t secret[32];

	seeded_start("analyst keys");
	memset(keys, 0, sizeof(*keys));
	strcpy(keys->signer.name, "alice");
	sign_key_new(keys->signer.key, seed);
	key_id(KEY_ROLE_SIGNER, keys->signer.key, keys->signer.id);
	keys->key = key;
	keys->count = WEEKS;
	for (size_t i = 0; i < WEEKS; i++) {
		key[i].epoch = 2968 + (uint32_t)i;
		key[i].from = MONDAY + i * WEEK;
		key[i].until = key[i].from + WEEK;
		epoch_key_new(key[i].key, secret);
		key_id(KEY_ROLE_EPOCH, key[i].key, key[i].id);
	}
}

/* Put the signature over the lines before it in the place of the one that
 * stands there. */
static void
sign_again(char *text, size_t len, const uint8_t *seed)
{
	static const char tag[] = "tipline-anakeys-1";
	char message[4096], sig_text[89];
	uint8_t sig[SIGNATURE_LEN];
	const size_t body = len - 10 - 88 - 1; /* "signature ", LF */

	vectors_must(body + sizeof(tag) < sizeof(message), "too long");
	memcpy(message, tag, sizeof(tag) - 1);
	memcpy(message + sizeof(tag) - 1, text, body);
	sign_make(seed, message, sizeof(tag) - 1 + body, sig);
	(void)sodium_bin2base64(sig_text, sizeof(sig_text), sig, sizeof(sig),
	    sodium_base64_VARIANT_ORIGINAL);
	memcpy(text + body + 10, sig_text, 88);
}

void
vectors_analyst_keys(void)
{
	FILE *f = vectors_list("analyst_keys");
	struct bytes text = BYTES_INIT(KEYSET_MAX);
	struct analyst_key key[WEEKS];
	struct analyst_keys keys;
	uint8_t seed[32];

	make_analyst(&keys, key, seed);
	vectors_must(analyst_keys_write(&keys, seed, &text) == ST_OK, "keys");
	for (size_t i = 0; i < sizeof(key_edits) / sizeof(*key_edits); i++) {
		const struct edit *const e = &key_edits[i];
		char edited[4096], file[64];
		const size_t len = apply(e, &text, edited, sizeof(edited));

		if (strcmp(e->status, "forged") != 0)
			sign_again(edited, len, seed);
		snprintf(file, sizeof(file), "analyst_keys/%s.txt", e->name);
		vectors_file(file, edited, len);
		vectors_next(f, file);
		write_status(f, e);
		if (strcmp(e->status, "ok") == 0) {
			vectors_hex(f, "signer", keys.signer.id, 8);
			fprintf(f, ", \"epochs\": %d", WEEKS);
		}
		fprintf(f, "}");
	}
	bytes_free(&text);
	vectors_end(f);
}

/* Roots 0, 1, 2: who signs as which, and who is pinned. */
static const struct change_case {
	const char *name, *status, *why;
	uint32_t number, count;
	int old, next, by_old, by_next, pinned;
} changes[] = {
    {"first", "ok", "", 1, 0, 0, 1, 0, 1, 0},
    {"second", "ok", "", 2, 1, 1, 2, 1, 2, 1},
    {"early", "early", "the first is missing", 2, 0, 1, 2, 1, 2, 0},
    {"again", "exists", "was taken before", 1, 1, 0, 1, 0, 1, 1},
    {"another-root", "wrong-key", "from a root that is not pinned", 1, 0, 2, 1,
	2, 1, 0},
    {"by-new", "forged", "signed by the new root for the old", 1, 0, 0, 1, 1, 1,
	0},
    {"not-held", "forged", "nobody shows that he holds the new root", 1, 0, 0,
	1, 0, 0, 0},
    {"itself", "malformed", "a root follows itself", 1, 0, 0, 0, 0, 0, 0},
    {"zero", "malformed", "number 0", 0, 0, 0, 1, 0, 1, 0},
};

static struct minisign_key root[3];
static uint8_t root_seed[3][32];

static void
write_signature(
    const char *file, const char *suffix, int by, const struct bytes *text)
{
	struct bytes sig = BYTES_INIT(MINISIGN_FILE_MAX);
	char name[96];

	vectors_must(minisign_sign(&root[by], root_seed[by], text->p, text->len,
			 "tipline root change", &sig) == ST_OK,
	    "signature");
	snprintf(name, sizeof(name), "%s%s", file, suffix);
	vectors_file(name, sig.p, sig.len);
	bytes_free(&sig);
}

static void
write_change(FILE *f, const struct change_case *c)
{
	struct bytes text = BYTES_INIT(MINISIGN_FILE_MAX);
	const struct root_change change = {
	    c->number, root[c->old], root[c->next]};
	char file[64];

	vectors_must(root_change_write(&change, &text) == ST_OK, c->name);
	snprintf(file, sizeof(file), "root_change/%s.txt", c->name);
	vectors_file(file, text.p, text.len);
	write_signature(file, ".minisig", c->by_old, &text);
	write_signature(file, ".new.minisig", c->by_next, &text);
	vectors_next(f, file);
	vectors_text(f, "status", c->status);
	if (c->why[0] != '\0')
		vectors_text(f, "why", c->why);
	fprintf(f, ", \"count\": %u", (unsigned)c->count);
	vectors_hex(f, "pinned_id", root[c->pinned].id, 8);
	vectors_hex(f, "pinned_key", root[c->pinned].key, 32);
	if (strcmp(c->status, "ok") == 0) {
		vectors_hex(f, "new_id", root[c->next].id, 8);
		vectors_hex(f, "new_key", root[c->next].key, 32);
	}
	fprintf(f, "}");
	bytes_free(&text);
}

void
vectors_root_changes(void)
{
	FILE *f = vectors_list("root_change");

	seeded_start("root changes");
	for (int i = 0; i < 3; i++)
		minisign_key_new(&root[i], root_seed[i]);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		write_change(f, &changes[i]);
	vectors_end(f);
}

static const struct edit share_edits[] = {
    {"version", "share 1", "share 2", "version", 0, ""},
    {"backup-upper", "backup", "Backup", "malformed", 0, ""},
    {"need-none", "need 3\n", "", "malformed", 0, ""},
    {"need-one", "need 3", "need 1", "malformed", 0, ""},
    {"need-other", "need 3", "need 2", "forged", 0, ""},
    {"x-zero", "share 1 ", "share 0 ", "malformed", 0, ""},
    {"x-large", "share 1 ", "share 256 ", "malformed", 0, ""},
    {"x-other", "share 1 ", "share 2 ", "forged", 0, ""},
    {"padding", "=\n", "\n", "malformed", 0, ""},
    {"check-missing", "check", "chuck", "malformed", 0, ""},
    {"check-short", "check ", "check 00", "malformed", 0, ""},
};

static void
write_share(FILE *f, const char *name, const char *status,
    const struct bytes *text, const struct share *share, const uint8_t *key)
{
	char file[64];

	snprintf(file, sizeof(file), "share/%s.txt", name);
	vectors_file(file, text->p, text->len);
	vectors_next(f, file);
	vectors_text(f, "status", status);
	if (share != NULL) {
		vectors_hex(f, "backup", share->backup, sizeof(share->backup));
		fprintf(f, ", \"need\": %u, \"x\": %u", (unsigned)share->need,
		    (unsigned)share->x);
		vectors_hex(f, "value", share->value, sizeof(share->value));
		vectors_hex(f, "key", key, SHARE_KEY_LEN);
	}
	fprintf(f, "}");
}

static void
bad_shares(FILE *f, const struct bytes *good)
{
	for (size_t i = 0; i < sizeof(share_edits) / sizeof(*share_edits);
	     i++) {
		const struct edit *const e = &share_edits[i];
		struct bytes text = BYTES_INIT(SHARE_FILE_MAX);
		char edited[SHARE_FILE_MAX];
		const size_t len = apply(e, good, edited, sizeof(edited));

		vectors_must(bytes_append(&text, edited, len) == ST_OK, "text");
		write_share(f, e->name, e->status, &text, NULL, NULL);
		bytes_free(&text);
	}
}

/* Any 3 of 5, and both of 2. */
void
vectors_shares(void)
{
	static const struct {
		size_t need, count;
	} sets[] = {{3, 5}, {2, 2}};
	FILE *f = vectors_list("share");

	for (size_t s = 0; s < 2; s++) {
		uint8_t key[SHARE_KEY_LEN], backup[SHARE_BACKUP_LEN];
		struct share all[SHARES_MAX];

		seeded_start(s == 0 ? "three of five" : "two of two");
		randombytes_buf(key, sizeof(key));
		randombytes_buf(backup, sizeof(backup));
		vectors_must(shares_split(key, backup, sets[s].need,
				 sets[s].count, all) == ST_OK,
		    "shares");
		for (size_t i = 0; i < sets[s].count; i++) {
			struct bytes text = BYTES_INIT(SHARE_FILE_MAX);
			char name[96];

			vectors_must(
			    share_write(&all[i], &text) == ST_OK, "share");
			snprintf(name, sizeof(name), "good-%zu-of-%zu-%zu",
			    sets[s].need, sets[s].count, i + 1);
			write_share(f, name, "ok", &text, &all[i], key);
			if (s == 0 && i == 0)
				bad_shares(f, &text);
			bytes_free(&text);
		}
	}
	vectors_end(f);
}
