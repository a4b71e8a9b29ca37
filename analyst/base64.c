/*
 * base64: see base64.h.
 */
#include "analyst/base64.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789+/";

enum status
base64_append(const uint8_t *p, size_t len, struct bytes *out)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < len && st == ST_OK; i += 3) {
		size_t left = len - i;
		uint32_t v = (uint32_t)p[i] << 16;
		char four[4];

		if (left > 1)
			v |= (uint32_t)p[i + 1] << 8;
		if (left > 2)
			v |= p[i + 2];
		four[0] = digits[v >> 18];
		four[1] = digits[v >> 12 & 63];
		four[2] = left > 1 ? digits[v >> 6 & 63] : '=';
		four[3] = left > 2 ? digits[v & 63] : '=';
		st = bytes_append(out, four, 4);
	}
	return st;
}

bool
base64_key(const char text[static BASE64_KEY_LEN], uint8_t key[static 32])
{
	uint32_t v = 0;
	size_t n = 0;

	memset(key, 0, 32);
	if (text[BASE64_KEY_LEN - 1] != '=')
		return false;
	for (size_t i = 0; i < BASE64_KEY_LEN - 1; i++) {
		const char *at =
		    text[i] == '\0' ? NULL : strchr(digits, text[i]);

		if (at == NULL)
			return false;
		v = v << 6 | (uint32_t)(at - digits);
		/* 6 bits a character, so a byte behind all but each fourth. */
		if (i % 4 != 0)
			key[n++] = (uint8_t)(v >> (6 - 2 * (i % 4)));
	}
	return (v & 3) == 0; /* two bits are left over */
}
