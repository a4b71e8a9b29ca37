/*
 * multipart: take a multipart/form-data body apart while it arrives.
 *
 * Pure: no input, no output, no memory but its own struct, which holds
 * plaintext (names of files) and is therefore wiped by its owner.  The calls
 * it makes depend on the bytes alone, never on how they were cut, but for
 * data, which may come in other stretches with equal bytes.
 *
 * RFC 7578 and 2046 as browsers send them: nothing before the first
 * boundary, nothing behind the close mark but one CR LF; each part has one
 * Content-Disposition of form-data with a name; parameters stand once, in
 * any order, as a token or in quotes, where a backslash escapes nothing and
 * %22 stays %22; filename* is refused (RFC 7578 section 4.2).
 * Content-Transfer-Encoding is refused, all other fields of a part are
 * passed over (section 4.8).  A boundary that goes on with anything but
 * CR LF or "--" is malformed.
 */
#ifndef TIPLINE_INTAKE_MULTIPART_H
#define TIPLINE_INTAKE_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "intake/http_parse.h"
#include "intake/limits.h"

/* One part's names.  file is NULL if the part has no filename. */
struct multipart_part {
	const uint8_t *name, *file;
	size_t name_len, file_len;
};

/* Anything but ST_OK stops the parser. */
struct multipart_events {
	enum status (*part)(void *ctx, const struct multipart_part *part);
	enum status (*data)(void *ctx, const uint8_t *p, size_t len);
	enum status (*part_end)(void *ctx);
};

enum multipart_state {
	MULTIPART_START, /* the first boundary, without CR LF before it */
	MULTIPART_DATA,  /* data, or some bytes of a boundary */
	MULTIPART_MARK,  /* the two bytes behind a boundary */
	MULTIPART_HEAD,  /* fields of a part */
	MULTIPART_TAIL,  /* behind the close mark */
};

struct multipart {
	const struct multipart_events *events;
	void *ctx;
	enum multipart_state state;
	enum status failed;
	size_t matched;   /* bytes of what is awaited that have come */
	uint8_t mark;     /* first byte behind a boundary */
	size_t delim_len; /* CR LF "--" boundary */
	uint8_t delim[4 + HTTP_BOUNDARY_MAX];
	size_t head_len;
	uint8_t head[LIMIT_PART_HEAD_LEN];
};

/* events and ctx are borrowed.  boundary: 1 to HTTP_BOUNDARY_MAX bytes. */
void multipart_begin(struct multipart *mp, const uint8_t *boundary, size_t len,
    const struct multipart_events *events, void *ctx);

/*
 * Take in more of the body.  Data is given on as it lies in p, but for the
 * few bytes that looked like a boundary when p ended.  ST_OK;
 * ST_MALFORMED; ST_LIMIT (a part's head is too long); or what a call
 * returned.  A parser that failed goes on failing.
 */
MUST_CHECK enum status multipart_feed(
    struct multipart *mp, const uint8_t *p, size_t len);

/* Has the close mark come, so that the body may end here? */
bool multipart_whole(const struct multipart *mp);

#endif
