#include "crypto/recipients.h"

#include <openssl/crypto.h>
#include <sodium.h>
#include <string.h>

#include "crypto/digest.h"
#include "crypto/in_force.h"

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

bool
key_usable(enum key_role role, const uint8_t key[static PUBLIC_KEY_LEN])
{
	static const uint8_t scalar[crypto_scalarmult_SCALARBYTES] = {8};
	uint8_t shared[crypto_scalarmult_BYTES];

	if (role == KEY_ROLE_SERVER || role == KEY_ROLE_SIGNER)
		return crypto_core_ed25519_is_valid_point(key) == 1;
	return crypto_scalarmult(shared, scalar, key) == 0;
}

const struct recipients *
epoch_in_force(const struct recipients *epochs, size_t count, uint64_t now,
    uint32_t floor, enum epoch_state *state, uint64_t *opens)
{
	struct in_force f = {.now = now, .floor = floor};

	for (size_t i = 0; i < count; i++)
		in_force_see(&f, &epochs[i]);
	return in_force_choose(&f, state, opens);
}
