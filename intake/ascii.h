/*
 * ascii: the characters of RFC 9110, the same in every locale.
 */
#ifndef TIPLINE_INTAKE_ASCII_H
#define TIPLINE_INTAKE_ASCII_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool
ascii_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static inline bool
ascii_alnum(uint8_t c)
{
	uint8_t low = c | 0x20;

	return ascii_digit(c) || (low >= 'a' && low <= 'z');
}

static inline uint8_t
ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* The value of a hex digit, or -1. */
static inline int
ascii_hex(uint8_t c)
{
	if (ascii_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Is c one of the characters of list (not its NUL)? */
static inline bool
ascii_among(uint8_t c, const char *list)
{
	return c != 0 && strchr(list, c) != NULL;
}

/* tchar, RFC 9110 section 5.6.2. */
static inline bool
ascii_token(uint8_t c)
{
	return ascii_alnum(c) || ascii_among(c, "!#$%&'*+-.^_`|~");
}

/* Are p[0..len) the letters of word, whatever their case? */
static inline bool
ascii_same(const uint8_t *p, size_t len, const char *word)
{
	if (len != strlen(word))
		return false;
	for (size_t i = 0; i < len; i++)
		if (ascii_lower(p[i]) != ascii_lower((uint8_t)word[i]))
			return false;
	return true;
}

#endif
