/*
 * analyst_keys: the public half of an analyst's keyring, as a file for the
 * root's keeper (docs/FORMATS.md section 3, "Analyst's keys").
 */
#ifndef TIPLINE_CRYPTO_ANALYST_KEYS_H
#define TIPLINE_CRYPTO_ANALYST_KEYS_H

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/keyset.h"

struct analyst_key {
	uint32_t epoch;
	uint64_t from, until;
	uint8_t id[KEY_ID_LEN];
	uint8_t key[PUBLIC_KEY_LEN]; /* X25519 */
};

struct analyst_keys {
	struct keyset_signer signer;
	size_t count;
	struct analyst_key *key; /* count of them, owned; epochs rise */
};

/* Read and check the file, its signature too.  On ST_OK the caller calls
 * analyst_keys_free().  ST_NOMEM, ST_VERSION, ST_FORGED (the signature);
 * ST_MALFORMED, then *line and *why as keyset_parse(). */
MUST_CHECK enum status analyst_keys_parse(const void *text, size_t len,
    struct analyst_keys *keys, unsigned *line, const char **why);

/* Append the file, signed with the signer's seed (guarded).  ST_OK,
 * ST_WRONG_KEY (seed is not the signer's), ST_LIMIT, ST_NOMEM. */
MUST_CHECK enum status analyst_keys_write(const struct analyst_keys *keys,
    const uint8_t seed[static SECRET_KEY_LEN], struct bytes *out);

void analyst_keys_free(struct analyst_keys *keys);

#endif
