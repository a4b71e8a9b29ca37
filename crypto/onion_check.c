#include <openssl/evp.h>
#include <string.h>

#include "crypto/keyset.h"

#define BASE32_LEN 56
#define DECODED_LEN 35 /* key 32, checksum 2, version 1 */
#define KEY_LEN 32
#define PREFIX ".onion checksum"
#define PREFIX_LEN 15

_Static_assert(BASE32_LEN * 5 == DECODED_LEN * 8, "no bits left over");

static enum status
decode(const char *text, uint8_t out[static DECODED_LEN])
{
	uint32_t acc = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < BASE32_LEN; i++) {
		const char c = text[i];
		unsigned v;

		if (c >= 'a' && c <= 'z')
			v = (unsigned)(c - 'a');
		else if (c >= '2' && c <= '7')
			v = (unsigned)(c - '2') + 26;
		else
			return ST_MALFORMED;
		acc = (acc << 5 | v) & 0xfff;
		if ((bits += 5) >= 8) {
			bits -= 8;
			*out++ = (uint8_t)(acc >> bits);
		}
	}
	return ST_OK;
}

enum status
onion_check(const char *text)
{
	uint8_t raw[DECODED_LEN];
	uint8_t message[PREFIX_LEN + KEY_LEN + 1];
	uint8_t digest[32];

	if (strlen(text) != ONION_TEXT_LEN ||
	    strcmp(text + BASE32_LEN, ".onion") != 0 ||
	    decode(text, raw) != ST_OK || raw[DECODED_LEN - 1] != 3)
		return ST_MALFORMED;
	memcpy(message, PREFIX, PREFIX_LEN);
	memcpy(message + PREFIX_LEN, raw, KEY_LEN);
	message[PREFIX_LEN + KEY_LEN] = 3;
	if (EVP_Q_digest(NULL, "SHA3-256", NULL, message, sizeof(message),
		digest, NULL) != 1)
		return ST_NOMEM;
	return memcmp(digest, raw + KEY_LEN, 2) == 0 ? ST_OK : ST_FORGED;
}
