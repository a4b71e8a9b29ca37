#include "crypto/recipients.h"

#include <openssl/crypto.h>
#include <sodium.h>
#include <string.h>

#include "crypto/digest.h"

enum status
crypto_room_init(void)
{
	/*
	 * The receiver may open no file once it is confined, and both
	 * libraries would look for theirs at their first use: now, then.
	 */
	if (sodium_init() < 0)
		return ST_IO;
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return ST_IO;
	return sha256_prepare() == ST_OK ? ST_OK : ST_IO;
}

void
key_id(enum key_role role, const uint8_t key[static PUBLIC_KEY_LEN],
    uint8_t id[static KEY_ID_LEN])
{
	uint8_t message[1 + PUBLIC_KEY_LEN];
	uint8_t digest[DIGEST_LEN];

	message[0] = (uint8_t)role;
	memcpy(message + 1, key, PUBLIC_KEY_LEN);
	blake2b("tipline-keyid-1", NULL, 0, message, sizeof(message), digest);
	memcpy(id, digest, KEY_ID_LEN);
}

void
key_id_text(
    const uint8_t id[static KEY_ID_LEN], char text[static KEY_ID_TEXT_LEN + 1])
{
	(void)sodium_bin2hex(text, KEY_ID_TEXT_LEN + 1, id, KEY_ID_LEN);
}
