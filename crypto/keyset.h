/*
 * keyset: which keys tips are sealed to, and when; who may sign what.
 *
 * The text format is docs/FORMATS.md section 3.  Parsing is strict: what was
 * read is written again and must be the same bytes.  keyset_parse() does not
 * check the signature; minisign_verify() over the same bytes comes first.
 */
#ifndef TIPLINE_CRYPTO_KEYSET_H
#define TIPLINE_CRYPTO_KEYSET_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/recipients.h"

#define KEYSET_MAX 65536
#define KEYSET_EPOCHS_MAX 520
#define KEY_NAME_MAX 32
#define ONION_TEXT_LEN 62 /* 56 characters and ".onion" */
#define SERVER_FILE_MAX 512

struct keyset_signer {
	uint8_t id[KEY_ID_LEN];
	uint8_t key[PUBLIC_KEY_LEN]; /* Ed25519 */
	char name[KEY_NAME_MAX + 1];
};

struct keyset_epoch {
	struct recipients to;
	char name[RECIPIENTS_MAX][KEY_NAME_MAX + 1]; /* of each recipient */
};

/* The server as the root's keeper knows it; "" is no onion address. */
struct server_identity {
	char onion[ONION_TEXT_LEN + 1];
	uint8_t id[KEY_ID_LEN];
	uint8_t key[PUBLIC_KEY_LEN]; /* Ed25519 */
};

struct keyset {
	struct server_identity server;
	uint64_t sequence, from, until;
	size_t signers, epochs;
	struct keyset_signer signer[RECIPIENTS_MAX];
	struct keyset_epoch *epoch; /* epochs of them, owned */
};

/*
 * Read a key set.  On ST_OK the caller frees *set with keyset_free().
 * ST_NOMEM; ST_VERSION; ST_MALFORMED, then *line is the number of the first
 * line that is wrong (0: the whole) and *why a phrase for people.
 */
MUST_CHECK enum status keyset_parse(const void *text, size_t len,
    struct keyset *set, unsigned *line, const char **why);

/* Append set in the canonical form.  ST_OK, ST_LIMIT or ST_NOMEM. */
MUST_CHECK enum status keyset_write(
    const struct keyset *set, struct bytes *out);

/* The epoch in force at now, borrowed from set, or NULL if there is none;
 * floor, *state and *opens as of epoch_in_force(). */
const struct keyset_epoch *keyset_in_force(const struct keyset *set,
    uint64_t now, uint32_t floor, enum epoch_state *state, uint64_t *opens);

void keyset_free(struct keyset *set);

/* The file server.pub.  ST_OK, ST_VERSION, ST_MALFORMED / ST_LIMIT, ST_NOMEM.
 */
MUST_CHECK enum status server_identity_parse(
    const void *text, size_t len, struct server_identity *server);
MUST_CHECK enum status server_identity_write(
    const struct server_identity *server, struct bytes *out);

/* Check a v3 onion address: 56 lower-case base32 characters, ".onion", the
 * SHA3-256 checksum and version 3 (Tor rend-spec-v3).  ST_OK; ST_MALFORMED;
 * ST_FORGED (the checksum is wrong: mistyped); ST_NOMEM. */
MUST_CHECK enum status onion_check(const char *text);

#endif
