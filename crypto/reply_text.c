#include "crypto/reply.h"

/* Read one character of UTF-8 (RFC 3629) at p; 0: it is none. */
static size_t
utf8_char(const uint8_t *p, size_t len, uint32_t *c)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const size_t n = p[0] < 0x80 ? 1
	    : (p[0] & 0xe0) == 0xc0  ? 2
	    : (p[0] & 0xf0) == 0xe0  ? 3
	    : (p[0] & 0xf8) == 0xf0  ? 4
				     : 0;

	if (n == 0 || n > len)
		return 0;
	*c = n == 1 ? p[0] : p[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3fU);
	}
	/* Longer than need be, half of a pair, or beyond the last. */
	if (*c < least[n] || (*c >= 0xd800 && *c <= 0xdfff) || *c > 0x10ffff)
		return 0;
	return n;
}

bool
reply_text_ok(const uint8_t *text, size_t len)
{
	if (len == 0)
		return false;
	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c;

		if ((n = utf8_char(text + i, len - i, &c)) == 0)
			return false;
		if (c != '\n' && (c < 0x20 || (c >= 0x7f && c <= 0x9f)))
			return false;
	}
	return true;
}
