#include "base/bytes.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALLEST 64

void
wipe(void *p, size_t len)
{
#ifdef TIPLINE_NO_WIPE
	/* This build shows that the memory test fails without wiping. */
	(void)p;
	(void)len;
#else
	if (len > 0)
		explicit_bzero(p, len);
#endif
}

/*
 * Make fresh memory for at least want bytes with what b holds copied into
 * it.  One byte more is taken than cap says, for the NUL of bytes_printf.
 */
static enum status
grown(const struct bytes *b, size_t want, uint8_t **p, size_t *cap)
{
	*cap = b->cap > b->max / 2 ? b->max : b->cap * 2;
	if (*cap < SMALLEST)
		*cap = b->max < SMALLEST ? b->max : SMALLEST;
	if (*cap < want)
		*cap = want;
	if (*cap == SIZE_MAX || (*p = malloc(*cap + 1)) == NULL)
		return ST_NOMEM;
	if (b->len > 0)
		memcpy(*p, b->p, b->len);
	return ST_OK;
}

static void
take_over(struct bytes *b, uint8_t *p, size_t cap)
{
	wiping_free(b->p);
	b->p = p;
	b->cap = cap;
}

enum status
bytes_append(struct bytes *b, const void *p, size_t len)
{
	uint8_t *fresh = NULL;
	size_t cap = 0;
	enum status st;

	if (b->len > b->max || len > b->max - b->len)
		return ST_LIMIT;
	if (len == 0)
		return ST_OK;
	if (len <= b->cap - b->len) {
		memmove(b->p + b->len, p, len);
		b->len += len;
		return ST_OK;
	}
	if ((st = grown(b, b->len + len, &fresh, &cap)) != ST_OK)
		return st;
	/* Before the old memory goes: p may point into it. */
	memcpy(fresh + b->len, p, len);
	take_over(b, fresh, cap);
	b->len += len;
	return ST_OK;
}

enum status
bytes_append_text(struct bytes *b, const char *text)
{
	return bytes_append(b, text, strlen(text));
}

enum status
bytes_printf(struct bytes *b, const char *format, ...)
{
	uint8_t *fresh = NULL;
	size_t cap = 0, len;
	va_list args;
	int count;
	enum status st;

	va_start(args, format);
	count = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (count < 0)
		return ST_NOMEM;
	len = (size_t)count;
	if (b->len > b->max || len > b->max - b->len)
		return ST_LIMIT;
	if (len == 0)
		return ST_OK;
	if (len > b->cap - b->len) {
		if ((st = grown(b, b->len + len, &fresh, &cap)) != ST_OK)
			return st;
	} else {
		fresh = b->p;
		cap = b->cap;
	}
	va_start(args, format);
	count = vsnprintf((char *)fresh + b->len, len + 1, format, args);
	va_end(args);
	if (fresh != b->p)
		take_over(b, fresh, cap);
	if (count < 0 || (size_t)count != len)
		return ST_NOMEM;
	b->len += len;
	return ST_OK;
}

void
bytes_consume(struct bytes *b, size_t len)
{
	if (len > b->len)
		len = b->len;
	if (len == 0)
		return;
	memmove(b->p, b->p + len, b->len - len);
	b->len -= len;
	wipe(b->p + b->len, len);
}

void
bytes_clear(struct bytes *b)
{
	/* All of it: what was printed or cut off may lie behind len. */
	if (b->p != NULL)
		wipe(b->p, b->cap + 1);
	b->len = 0;
}

void
bytes_free(struct bytes *b)
{
	wiping_free(b->p);
	b->p = NULL;
	b->len = b->cap = 0;
}

void *
wiping_malloc(size_t len)
{
	return malloc(len);
}

void *
wiping_realloc(void *p, size_t len)
{
	size_t had;
	void *fresh;

	if (p == NULL)
		return malloc(len);
	/* Not realloc(): it would leave a copy behind when it moves. */
	had = malloc_usable_size(p);
	if ((fresh = malloc(len)) == NULL)
		return NULL;
	memcpy(fresh, p, had < len ? had : len);
	wiping_free(p);
	return fresh;
}

void
wiping_free(void *p)
{
	if (p == NULL)
		return;
	wipe(p, malloc_usable_size(p));
	free(p);
}
