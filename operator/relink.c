/*
 * relink: see relink.h.
 */
#include "operator/relink.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/durable.h"
#include "base/num.h"

#define TEXT_MAX 32

enum status
relink_open(
    const struct line *line, struct store *store, uint64_t last, bool *open)
{
	struct bytes text = BYTES_INIT(TEXT_MAX);
	struct store_tip tip;
	uint64_t number = 0;
	enum status st;

	*open = false;
	st = durable_read(line->dirfd, RELINK_FILE, &text);
	if (st == ST_OK &&
	    (text.len < 8 || memcmp(text.p, "after ", 6) != 0 ||
		text.p[text.len - 1] != '\n' ||
		num_parse((const char *)text.p + 6, text.len - 7, INT64_MAX,
		    &number) != ST_OK))
		st = ST_MALFORMED;
	bytes_free(&text);
	if (st == ST_ABSENT)
		return ST_OK;
	/* Every tip since then must be a link that was taken up before. */
	while (st == ST_OK && number < last) {
		if ((st = store_next(store, number, &tip)) != ST_OK)
			return st == ST_EOF ? ST_MALFORMED : st;
		if (!tip.purged)
			return ST_OK;
		number = tip.number;
	}
	*open = st == ST_OK;
	return st;
}

enum status
relink_write(int dirfd, uint64_t after)
{
	char text[TEXT_MAX];
	int len = snprintf(text, sizeof(text), "after %" PRIu64 "\n", after);

	return durable_write(
	    dirfd, RELINK_FILE, text, (size_t)len, 0600, DURABLE_REPLACE);
}
