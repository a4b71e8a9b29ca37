#include "base/num.h"

#include <stdbool.h>

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

enum status
num_parse(const char *text, size_t len, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	*out = 0;
	if (len == 0 || (len > 1 && text[0] == '0'))
		return ST_MALFORMED;
	/* All of it first: "99x" is malformed, however small max is. */
	for (size_t i = 0; i < len; i++)
		if (!is_digit(text[i]))
			return ST_MALFORMED;
	for (size_t i = 0; i < len; i++) {
		uint64_t digit = (uint64_t)(text[i] - '0');

		if (digit > max || v > (max - digit) / 10)
			return ST_LIMIT;
		v = v * 10 + digit;
	}
	*out = v;
	return ST_OK;
}

enum status
num_parse_size(const char *text, size_t len, uint64_t max, uint64_t *out)
{
	unsigned shift = 0;
	uint64_t v;
	enum status st;

	*out = 0;
	if (len == 0)
		return ST_MALFORMED;
	switch (text[len - 1]) {
	case 'K':
		shift = 10;
		break;
	case 'M':
		shift = 20;
		break;
	case 'G':
		shift = 30;
		break;
	case 'T':
		shift = 40;
		break;
	default:
		break;
	}
	if (shift != 0)
		len--;
	if ((st = num_parse(text, len, max >> shift, &v)) != ST_OK)
		return st;
	*out = v << shift;
	return ST_OK;
}

static int
hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

enum status
num_parse_hex(const char *text, size_t len, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	*out = 0;
	if (len == 0 || len > 16)
		return ST_MALFORMED;
	for (size_t i = 0; i < len; i++) {
		int digit = hex_value(text[i]);

		if (digit < 0)
			return ST_MALFORMED;
		v = v << 4 | (uint64_t)digit;
	}
	if (v > max)
		return ST_LIMIT;
	*out = v;
	return ST_OK;
}

static void
le_put(uint8_t *out, size_t len, uint64_t v)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t
le_get(const uint8_t *in, size_t len)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++)
		v |= (uint64_t)in[i] << (8 * i);
	return v;
}

void
le16_put(uint8_t out[static 2], uint16_t v)
{
	le_put(out, 2, v);
}

void
le32_put(uint8_t out[static 4], uint32_t v)
{
	le_put(out, 4, v);
}

void
le64_put(uint8_t out[static 8], uint64_t v)
{
	le_put(out, 8, v);
}

uint16_t
le16_get(const uint8_t in[static 2])
{
	return (uint16_t)le_get(in, 2);
}

uint32_t
le32_get(const uint8_t in[static 4])
{
	return (uint32_t)le_get(in, 4);
}

uint64_t
le64_get(const uint8_t in[static 8])
{
	return le_get(in, 8);
}
