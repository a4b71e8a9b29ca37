/*
 * Signatures in minisign's format: good ones, and edits of them.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/minisign_sign.h"
#include "tests/vectors/seeded.h"
#include "tests/vectors/vectors.h"

#define MESSAGE "tipline-keyset 1\nnot a whole one\n"
#define COMMENT "tipline keyset sequence 7"
#define UNTRUSTED "untrusted comment: "

/* A signature before it is written as text. */
struct parts {
	uint8_t alg[2], id[8], sig[64], global[64];
	const char *untrusted, *trusted;
};

static struct minisign_key root, other;
static uint8_t root_pair[64], other_pair[64];

static void
make_pair(struct minisign_key *key, uint8_t pair[static 64])
{
	randombytes_buf(key->id, sizeof(key->id));
	(void)crypto_sign_keypair(key->key, pair);
}

static void
sign_global(struct parts *p, const char *trusted, const uint8_t *pair)
{
	uint8_t both[64 + 256];
	const size_t n = strlen(trusted);

	memcpy(both, p->sig, 64);
	memcpy(both + 64, trusted, n);
	(void)crypto_sign_detached(p->global, NULL, both, 64 + n, pair);
	p->trusted = trusted;
}

static struct parts
signature(bool prehashed, const struct minisign_key *key, const uint8_t *pair)
{
	struct parts p = {.alg = {'E', prehashed ? 'D' : 'd'},
	    .untrusted = UNTRUSTED "by hand\n"};
	const uint8_t *message = (const uint8_t *)MESSAGE;
	size_t len = strlen(MESSAGE);
	uint8_t hash[64];

	if (prehashed) {
		(void)crypto_generichash(hash, 64, message, len, NULL, 0);
		message = hash;
		len = 64;
	}
	memcpy(p.id, key->id, 8);
	(void)crypto_sign_detached(p.sig, NULL, message, len, pair);
	sign_global(&p, COMMENT, pair);
	return p;
}

static size_t
text_of(const struct parts *p, char *out, size_t size)
{
	uint8_t blob[74];
	char blob_text[128], global_text[128];

	memcpy(blob, p->alg, 2);
	memcpy(blob + 2, p->id, 8);
	memcpy(blob + 10, p->sig, 64);
	(void)sodium_bin2base64(blob_text, sizeof(blob_text), blob, 74,
	    sodium_base64_VARIANT_ORIGINAL);
	(void)sodium_bin2base64(global_text, sizeof(global_text), p->global, 64,
	    sodium_base64_VARIANT_ORIGINAL);
	return (size_t)snprintf(out, size, "%s%s\ntrusted comment: %s\n%s\n",
	    p->untrusted, blob_text, p->trusted, global_text);
}

static void
write_text(FILE *f, const char *name, const char *root_file, const char *status,
    const char *text, size_t len)
{
	char file[64];

	snprintf(file, sizeof(file), "minisign/%s.minisig", name);
	vectors_file(file, text, len);
	vectors_next(f, file);
	vectors_text(f, "root", root_file);
	vectors_text(f, "message", "minisign/message.txt");
	vectors_text(f, "status", status);
	fprintf(f, "}");
}

static void
write_parts(
    FILE *f, const char *name, const char *status, const struct parts *p)
{
	char text[1024];
	const size_t len = text_of(p, text, sizeof(text));

	write_text(f, name, "minisign/root.pub", status, text, len);
}

static void
write_root(const char *file, const struct minisign_key *key)
{
	struct bytes out = BYTES_INIT(MINISIGN_FILE_MAX);

	vectors_must(minisign_key_write(key, &out) == ST_OK, file);
	vectors_file(file, out.p, out.len);
	bytes_free(&out);
}

/* Signatures whose parts are wrong. */
static void
write_wrong_parts(FILE *f)
{
	struct parts p = signature(true, &root, root_pair);

	p.sig[0] ^= 1;
	write_parts(f, "signature", "forged", &p);
	p = signature(true, &root, root_pair);
	p.global[63] ^= 1;
	write_parts(f, "global", "forged", &p);
	p = signature(true, &root, root_pair);
	p.trusted = "tipline keyset sequence 8";
	write_parts(f, "comment-changed", "forged", &p);
	p = signature(true, &root, root_pair);
	p.alg[1] = 'd';
	write_parts(f, "algorithm-exchanged", "forged", &p);
	p = signature(true, &root, root_pair);
	p.alg[1] = 'X';
	write_parts(f, "algorithm-unknown", "malformed", &p);
	p = signature(true, &other, other_pair);
	write_parts(f, "another-key", "wrong-key", &p);
	memcpy(p.id, root.id, 8);
	write_parts(f, "another-key-same-id", "forged", &p);
	p = signature(true, &root, root_pair);
	sign_global(&p, COMMENT, other_pair);
	write_parts(f, "global-by-another", "forged", &p);
	p = signature(true, &root, root_pair);
	p.untrusted = "comment: by hand\n";
	write_parts(f, "untrusted-missing", "malformed", &p);
}

/* Texts that are not written as they must be. */
static void
write_wrong_texts(FILE *f)
{
	const struct parts p = signature(true, &root, root_pair);
	char text[1024], edited[2048];
	const size_t len = text_of(&p, text, sizeof(text));
	const char *const r = "minisign/root.pub";
	const char *at;
	char *slash;
	int n;

	write_text(f, "no-last-lf", r, "malformed", text, len - 1);
	write_text(f, "empty", r, "malformed", text, 0);
	write_text(f, "one-line", r, "malformed", text,
	    (size_t)(strchr(text, '\n') + 1 - text));
	n = snprintf(edited, sizeof(edited), "%s\n", text);
	write_text(f, "empty-line-at-end", r, "malformed", edited, (size_t)n);
	n = snprintf(edited, sizeof(edited), "\n%s", text);
	write_text(f, "empty-line-first", r, "malformed", edited, (size_t)n);
	at = strchr(text, '\n');
	n = snprintf(
	    edited, sizeof(edited), "%.*s\r%s", (int)(at - text), text, at);
	/* CR belongs to the comment, which nobody signs. */
	write_text(f, "cr-in-untrusted", r, "ok", edited, (size_t)n);
	at = strstr(text, "\ntrusted");
	n = snprintf(
	    edited, sizeof(edited), "%.*s\r%s", (int)(at - text), text, at);
	write_text(f, "cr-after-base64", r, "malformed", edited, (size_t)n);
	memcpy(edited, text, len);
	edited[(size_t)(at - text) - 2]++; /* bits that no byte takes up */
	write_text(f, "last-bits", r, "malformed", edited, len);
	/* libsodium's decoder takes any byte above 0x7f for a slash. */
	memcpy(edited, text, len);
	edited[len] = '\0';
	slash = strrchr(edited, '/');
	vectors_must(slash > strstr(edited, "\ntrusted"), "a slash");
	*slash = '\xaf';
	write_text(f, "high-byte", r, "malformed", edited, len);
}

/* Public keys that must be refused, beside a signature that is good. */
static void
write_wrong_roots(FILE *f)
{
	const struct parts p = signature(true, &root, root_pair);
	struct minisign_key weak = root;
	struct bytes good = BYTES_INIT(MINISIGN_FILE_MAX);
	char text[1024];
	const size_t len = text_of(&p, text, sizeof(text));

	memset(weak.key, 0, sizeof(weak.key));
	write_root("minisign/weak.pub", &weak);
	write_text(f, "root-weak", "minisign/weak.pub", "malformed", text, len);
	vectors_must(minisign_key_write(&root, &good) == ST_OK, "root");
	vectors_file("minisign/no-lf.pub", good.p, good.len - 1);
	write_text(
	    f, "root-no-lf", "minisign/no-lf.pub", "malformed", text, len);
	*(uint8_t *)memchr(good.p, '\n', good.len) = ' ';
	vectors_file("minisign/one-line.pub", good.p, good.len);
	write_text(f, "root-one-line", "minisign/one-line.pub", "malformed",
	    text, len);
	bytes_free(&good);
}

void
vectors_minisign(void)
{
	FILE *f = vectors_list("minisign");
	struct bytes ours = BYTES_INIT(MINISIGN_FILE_MAX);
	struct parts p;

	seeded_start("minisign");
	make_pair(&root, root_pair);
	make_pair(&other, other_pair);
	write_root("minisign/root.pub", &root);
	vectors_file("minisign/message.txt", MESSAGE, strlen(MESSAGE));
	vectors_must(minisign_sign(&root, root_pair, MESSAGE, strlen(MESSAGE),
			 COMMENT, &ours) == ST_OK,
	    "minisign_sign");
	write_text(f, "ours", "minisign/root.pub", "ok", (const char *)ours.p,
	    ours.len);
	bytes_free(&ours);
	p = signature(true, &root, root_pair);
	write_parts(f, "prehashed", "ok", &p);
	p = signature(false, &root, root_pair);
	write_parts(f, "legacy", "ok", &p);
	sign_global(&p, "", root_pair);
	write_parts(f, "empty-comment", "ok", &p);
	write_wrong_parts(f);
	write_wrong_texts(f);
	write_wrong_roots(f);
	vectors_end(f);
}
