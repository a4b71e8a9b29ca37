/*
 * exported: see exported.h.
 */
#include "operator/exported.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/durable.h"
#include "base/num.h"

/* Take "word N\n" off the front. */
static enum status
take(const char **p, size_t *left, const char *word, uint64_t *out)
{
	const char *end = memchr(*p, '\n', *left);
	size_t len = strlen(word);
	enum status st;

	if (end == NULL || *left < len || memcmp(*p, word, len) != 0)
		return ST_MALFORMED;
	if (end < *p + len)
		return ST_MALFORMED;
	st = num_parse(*p + len, (size_t)(end - *p) - len, INT64_MAX, out);
	*left -= (size_t)(end - *p) + 1;
	*p = end + 1;
	return st == ST_OK ? ST_OK : ST_MALFORMED;
}

enum status
exported_parse(const void *text, size_t len, struct exported *e)
{
	const char *p = text;
	enum status st;

	memset(e, 0, sizeof(*e));
	if ((st = take(&p, &len, "bundle ", &e->bundle)) == ST_OK)
		st = take(&p, &len, "tip ", &e->tip);
	if (st == ST_OK && len != 0)
		st = ST_MALFORMED;
	return st;
}

enum status
exported_read(const struct line *line, struct exported *e)
{
	struct bytes file = BYTES_INIT(EXPORTED_MAX);
	enum status st;

	memset(e, 0, sizeof(*e));
	st = durable_read(line->dirfd, LINE_EXPORTED, &file);
	if (st == ST_OK)
		st = exported_parse(file.p, file.len, e);
	bytes_free(&file);
	return st == ST_ABSENT ? ST_OK : st;
}

enum status
exported_write(int dirfd, const struct exported *e)
{
	char text[EXPORTED_MAX];
	int len = snprintf(text, sizeof(text),
	    "bundle %" PRIu64 "\ntip %" PRIu64 "\n", e->bundle, e->tip);

	return durable_write(
	    dirfd, LINE_EXPORTED, text, (size_t)len, 0600, DURABLE_REPLACE);
}
