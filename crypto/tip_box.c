#include "crypto/tip_box.h"

#include <sodium.h>

#include "base/bytes.h"
#include "crypto/digest.h"

_Static_assert(TIP_BOX_LEN == TIP_KEY_LEN + crypto_box_SEALBYTES,
    "a sealed box holds the tip key");
_Static_assert(crypto_box_SEEDBYTES == DIGEST_LEN, "a digest is a seed");

enum status
tip_box_make(const uint8_t tip_key[static TIP_KEY_LEN],
    const uint8_t to[static PUBLIC_KEY_LEN], uint8_t box[static TIP_BOX_LEN])
{
	crypto_generichash_state state;
	uint8_t nonce[crypto_box_NONCEBYTES];
	uint8_t seed[crypto_box_SEEDBYTES], secret[crypto_box_SECRETKEYBYTES];
	int failed;

	/* The recipient's key goes in, too, so that each box has an
	 * ephemeral key of its own as libsodium's have. */
	blake2b(
	    "tipline-ephem-01", tip_key, TIP_KEY_LEN, to, PUBLIC_KEY_LEN, seed);
	(void)crypto_box_seed_keypair(box, secret, seed);
	(void)crypto_generichash_init(&state, NULL, 0, sizeof(nonce));
	(void)crypto_generichash_update(&state, box, PUBLIC_KEY_LEN);
	(void)crypto_generichash_update(&state, to, PUBLIC_KEY_LEN);
	(void)crypto_generichash_final(&state, nonce, sizeof(nonce));
	failed = crypto_box_easy(
	    box + PUBLIC_KEY_LEN, tip_key, TIP_KEY_LEN, nonce, to, secret);
	wipe(seed, sizeof(seed));
	wipe(secret, sizeof(secret));
	return failed == 0 ? ST_OK : ST_MALFORMED;
}
