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

bool
key_usable(enum key_role role, const uint8_t key[static PUBLIC_KEY_LEN])
{
	static const uint8_t scalar[crypto_scalarmult_SCALARBYTES] = {8};
	uint8_t shared[crypto_scalarmult_BYTES];

	if (role == KEY_ROLE_SERVER || role == KEY_ROLE_SIGNER)
		return crypto_core_ed25519_is_valid_point(key) == 1;
	return crypto_scalarmult(shared, scalar, key) == 0;
}

static const struct recipients *
epoch_at(const struct recipients *first, size_t stride, size_t i)
{
	return (const void *)((const unsigned char *)(const void *)first +
	    i * stride);
}

const struct recipients *
epoch_in_force(const struct recipients *first, size_t stride, size_t count,
    uint64_t now, uint32_t floor, enum epoch_state *state, uint64_t *opens)
{
	const struct recipients *clock = NULL, *ahead = NULL;

	*opens = 0;
	for (size_t i = 0; i < count; i++) {
		const struct recipients *const e = epoch_at(first, stride, i);

		/* What is behind the floor ended for good: its key may
		 * have been destroyed. */
		if (e->epoch < floor || now >= e->until)
			continue;
		if (e->epoch == floor)
			ahead = e;
		/* Numbers and times rise: the last that fits is the newest. */
		if (e->from <= now) {
			clock = e;
		} else if (e->epoch != floor && *opens == 0) {
			*opens = e->from;
		}
	}
	if (clock != NULL) {
		*state = EPOCH_BY_CLOCK;
		return clock;
	}
	if (ahead != NULL) {
		*state = EPOCH_AHEAD;
		return ahead;
	}
	*state = *opens != 0 ? EPOCH_EARLY : EPOCH_ENDED;
	return NULL;
}
