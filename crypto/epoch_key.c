#include <sodium.h>

#include "crypto/opener.h"

void
epoch_key_new(uint8_t public_key[static PUBLIC_KEY_LEN],
    uint8_t secret_key[static SECRET_KEY_LEN])
{
	randombytes_buf(secret_key, SECRET_KEY_LEN);
	epoch_key_public(secret_key, public_key);
}

void
epoch_key_public(const uint8_t secret_key[static SECRET_KEY_LEN],
    uint8_t public_key[static PUBLIC_KEY_LEN])
{
	(void)crypto_scalarmult_base(public_key, secret_key);
}
