#include "crypto/sign.h"

#include <sodium.h>
#include <string.h>

#include "base/bytes.h"

#define MAGIC "tipline-srvkey-1"
#define MAGIC_LEN 16

_Static_assert(SERVER_KEY_FILE_LEN == MAGIC_LEN + SECRET_KEY_LEN,
    "server.key is its magic and a seed");

/*
 * libsodium signs with seed and public key side by side.  That copy of the
 * seed lives on the stack for the length of a call, like libsodium's own
 * working values, and is wiped before the call returns.
 */
static void
expand(const uint8_t *seed, uint8_t *public_key,
    uint8_t pair[static crypto_sign_SECRETKEYBYTES])
{
	(void)crypto_sign_seed_keypair(public_key, pair, seed);
}

void
sign_key_new(uint8_t public_key[static PUBLIC_KEY_LEN],
    uint8_t seed[static SECRET_KEY_LEN])
{
	randombytes_buf(seed, SECRET_KEY_LEN);
	sign_key_public(seed, public_key);
}

void
sign_key_public(const uint8_t seed[static SECRET_KEY_LEN],
    uint8_t public_key[static PUBLIC_KEY_LEN])
{
	uint8_t pair[crypto_sign_SECRETKEYBYTES];

	expand(seed, public_key, pair);
	wipe(pair, sizeof(pair));
}

void
sign_make(const uint8_t seed[static SECRET_KEY_LEN], const void *message,
    size_t len, uint8_t sig[static SIGNATURE_LEN])
{
	uint8_t pair[crypto_sign_SECRETKEYBYTES];
	uint8_t public_key[PUBLIC_KEY_LEN];

	expand(seed, public_key, pair);
	(void)crypto_sign_detached(sig, NULL, message, len, pair);
	wipe(pair, sizeof(pair));
}

enum status
sign_check(const uint8_t public_key[static PUBLIC_KEY_LEN], const void *message,
    size_t len, const uint8_t sig[static SIGNATURE_LEN])
{
	if (crypto_sign_verify_detached(sig, message, len, public_key) != 0)
		return ST_FORGED;
	return ST_OK;
}

void
server_key_write(const uint8_t seed[static SECRET_KEY_LEN],
    uint8_t file[static SERVER_KEY_FILE_LEN])
{
	memcpy(file, MAGIC, MAGIC_LEN);
	memcpy(file + MAGIC_LEN, seed, SECRET_KEY_LEN);
}

enum status
server_key_parse(
    const uint8_t *file, size_t len, uint8_t seed[static SECRET_KEY_LEN])
{
	memset(seed, 0, SECRET_KEY_LEN);
	if (len != SERVER_KEY_FILE_LEN || memcmp(file, MAGIC, MAGIC_LEN) != 0)
		return ST_MALFORMED;
	memcpy(seed, file + MAGIC_LEN, SECRET_KEY_LEN);
	return ST_OK;
}
