/*
 * bag_parts: what bag.c and bag_form.c gather and bag_json.c and bag_html.c
 * write down.  For these files only.
 */
#ifndef TIPLINE_ANALYST_BAG_PARTS_H
#define TIPLINE_ANALYST_BAG_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyst/bag.h"
#include "base/bytes.h"

#define BAG_FILE_LEN 24
#define BAG_LINE_MAX 120 /* characters of the first line */

/* Bounds of the files written here, by the limits above. */
#define BAG_JSON_MAX (24 << 20)
#define BAG_HTML_MAX (48 << 20)

enum bag_kind {
	BAG_MESSAGE,
	BAG_FIELD, /* of a name or value that we do not know */
	BAG_FILE,
	BAG_MAILBOX,
	BAG_TOPIC,
	BAG_ANSWER
};

struct bag_part {
	enum bag_kind kind;
	char file[BAG_FILE_LEN]; /* its name inside data/ */
	uint8_t *name;           /* as it came, hostile */
	size_t name_len;
	uint64_t size;
	uint8_t digest[DIGEST_LEN];
	struct bytes text; /* of a topic or an answer, whole */
};

struct bag_parts {
	size_t count;
	struct bag_part *part; /* BAG_PARTS_MAX */
	struct bytes shown;    /* the message's first BAG_SHOWN_MAX bytes */
	bool shown_cut;
	bool has_mailbox;
	struct mailbox mailbox; /* where an answer goes */
};

/* A thread is a mailbox; the first bytes of its id name it. */
#define BAG_THREAD_LEN 8

/* Append tip.json.  ST_OK, ST_LIMIT, ST_NOMEM. */
MUST_CHECK enum status bag_json(const struct bag_about *about,
    const struct bag_parts *parts, struct bytes *out);

/* Append index.html.  As above. */
MUST_CHECK enum status bag_html(const struct bag_about *about,
    const struct bag_parts *parts, struct bytes *out);

#endif
