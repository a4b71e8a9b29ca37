/*
 * line_texts: the texts of a line.  See texts_file.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/durable.h"
#include "line/texts_file.h"

enum status
line_texts_load(
    const struct line *line, struct texts **out, char why[static LINE_WHY_LEN])
{
	struct bytes text = BYTES_INIT(TEXTS_FILE_MAX);
	char reason[TEXTS_WHY_LEN];
	unsigned number;
	enum status st;

	*out = NULL;
	why[0] = '\0';
	st = durable_read(line->dirfd, TEXTS_FILE, &text);
	if (st == ST_ABSENT) {
		if (texts_new(out) == ST_OK)
			return ST_ABSENT;
		snprintf(why, LINE_WHY_LEN, "out of memory");
		return ST_NOMEM;
	}
	if (st != ST_OK) {
		snprintf(why, LINE_WHY_LEN, TEXTS_FILE " cannot be read: %s",
		    st == ST_IO ? strerror(errno) : status_text(st));
		bytes_free(&text);
		return st;
	}
	st = texts_file_parse((const char *)text.p, text.len, out, &number,
	    reason, sizeof(reason));
	if (st != ST_OK && number != 0)
		snprintf(why, LINE_WHY_LEN, TEXTS_FILE " line %u: %s", number,
		    reason);
	else if (st != ST_OK)
		snprintf(why, LINE_WHY_LEN, TEXTS_FILE ": %s", reason);
	bytes_free(&text);
	return st;
}
