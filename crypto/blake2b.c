#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "crypto/digest.h"

_Static_assert(PURPOSE_LEN == crypto_generichash_blake2b_PERSONALBYTES,
    "a purpose is BLAKE2b's personalisation");

void
blake2b(const char *purpose, const uint8_t *key, size_t key_len,
    const void *message, size_t len, uint8_t out[static DIGEST_LEN])
{
	uint8_t personal[PURPOSE_LEN] = {0};
	size_t n = strlen(purpose);
	int failed;

	/* Purposes are constants of ours: too long a one is our own bug. */
	assert(n <= PURPOSE_LEN);
	memcpy(personal, purpose, n);
	failed = crypto_generichash_blake2b_salt_personal(
	    out, DIGEST_LEN, message, len, key, key_len, NULL, personal);
	assert(failed == 0);
	(void)failed;
}
