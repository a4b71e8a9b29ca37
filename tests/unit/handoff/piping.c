/*
 * piping: see piping.h.
 */
#include "tests/unit/handoff/piping.h"

#include <string.h>

enum status
piping_put(void *ctx, const void *p, size_t len)
{
	struct sink *s = ctx;

	return ++s->calls == s->fail_at ? ST_FULL : bytes_append(s->to, p, len);
}

enum status
piping_get(void *ctx, void *p, size_t len, size_t *got)
{
	struct source *s = ctx;
	size_t n = s->len - s->at;

	*got = 0;
	if (s->at < s->cut && n > s->cut - s->at)
		n = s->cut - s->at;
	if (s->step > 0 && n > s->step)
		n = s->step;
	if (n > len)
		n = len;
	if (n == 0 && s->fails_at_end)
		return ST_IO;
	if (n > 0)
		memcpy(p, s->p + s->at, n);
	s->at += n;
	*got = n;
	return ST_OK;
}
