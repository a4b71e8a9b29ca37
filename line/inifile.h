/*
 * inifile: an INI file that an operator writes, line by line.
 *
 * inih splits the lines; its freedoms are taken away beforehand: it cuts long
 * lines in two, never tells about a section without keys, and takes what
 * follows " ;" for a comment.  Whatever is wrong is told once, with its line
 * and a sentence.
 */
#ifndef TIPLINE_LINE_INIFILE_H
#define TIPLINE_LINE_INIFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

#define INIFILE_LINE_LEN 190 /* inih's own buffer holds 199 */

struct inifile;

/* What the caller makes of it.  Each returns false after inifile_complain(). */
struct inifile_events {
	/* A line [name], blanks at its end left out. */
	bool (*section)(
	    struct inifile *f, void *ctx, const char *name, size_t len);
	/* A line name = value without outer blanks; section is the last one,
	 * of which long names are cut.  If more, the value goes on: the line
	 * began with blanks, and name is the one before. */
	bool (*key)(struct inifile *f, void *ctx, const char *section,
	    const char *name, const char *value, bool more);
	/* All was read; may be NULL. */
	bool (*end)(struct inifile *f, void *ctx);
	void *ctx;
	/* Prose: an indented line goes on with the value above it, and " ;" is
	 * no comment.  Without it the first is refused, the second is one. */
	bool prose;
};

/* Where the reading is; a caller looks at line only. */
struct inifile {
	const struct inifile_events *events;
	const char *p, *end;
	unsigned line; /* the line being read, from 1 */
	bool has_key;  /* an indented line has a value to go on with */
	bool more;     /* the line being read does */
	unsigned bad;  /* first wrong line, 0 for none */
	char *why;
	size_t why_len;
};

/*
 * Read all of text, a byte order mark before it left out.  ST_OK, or
 * ST_MALFORMED: *line is the first wrong line and why (at least 160 bytes) a
 * sentence for the operator.
 */
MUST_CHECK enum status inifile_parse(const char *text, size_t len,
    const struct inifile_events *events, unsigned *line, char *why,
    size_t why_len);

/* Say what is wrong with the line being read, or with an earlier one; the
 * first complaint counts.  Returns false. */
bool inifile_complain(struct inifile *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool inifile_complain_at(struct inifile *f, unsigned line, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

#endif
