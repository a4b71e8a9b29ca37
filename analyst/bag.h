/*
 * bag: the folder of one opened tip, a BagIt 1.0 bag (RFC 8493).
 *
 *	bagit.txt, bag-info.txt, manifest-sha256.txt, tagmanifest-sha256.txt
 *	tip.json                 what the tip is and what its parts were called
 *	index.html               the same to look at
 *	data/message.txt         the message, byte for byte
 *	data/field-01.txt ...    the topic, answers and other fields of the
 *form, but for the mailbox, which stands in tip.json data/file-01.pdf ...
 *files; the name is ours, the ending from a list
 *
 * Made as .tip-000017.part in the folder of cases and moved into place only
 * by cases.h, once it is whole and on disk.  No byte of a tip becomes a path:
 * every name is made here, and every file is made new inside an open folder
 * without following links.
 */
#ifndef TIPLINE_ANALYST_BAG_H
#define TIPLINE_ANALYST_BAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "crypto/envelope.h"
#include "crypto/recipients.h"
#include "crypto/return_code.h"

#define BAG_NAME_LEN 40
#define BAG_ID_MAX 32              /* of a topic, a question, a choice */
#define BAG_PARTS_MAX 1024         /* more is no tip of a person */
#define BAG_SHOWN_MAX (256 * 1024) /* of a message, in index.html */

struct bag; /* opaque */

/* What is known of the tip from outside. */
struct bag_about {
	uint64_t number, sealed_len;
	bool proved;   /* the server's signature covers it */
	bool sentinel; /* one of our own test tips */
	uint32_t epoch;
	uint8_t server[KEY_ID_LEN];
	uint8_t sealed_digest[DIGEST_LEN];
};

/* Write the name of tip number's folder: tip-000017, or while it is made
 * .tip-000017.part. */
void bag_name(uint64_t number, char name[static BAG_NAME_LEN]);
void bag_part_name(uint64_t number, char name[static BAG_NAME_LEN]);

/* Remove a folder of that name in dir and all that is in it, following no
 * link.  ST_OK (also if there was none) or ST_IO. */
MUST_CHECK enum status bag_remove(int dir, const char *name);

/*
 * Begin the bag of tip number in the folder cases, in the place of a part
 * that a cut run left.  ST_OK, ST_FULL, ST_IO, ST_NOMEM.
 */
MUST_CHECK enum status bag_begin(int cases, uint64_t number, struct bag **out);

/* Take the parts as opener.h gives them.  ST_OK, ST_LIMIT (too many parts),
 * ST_FULL, ST_IO, ST_NOMEM. */
MUST_CHECK enum status bag_part(
    struct bag *bag, enum envelope_part kind, const uint8_t *name, size_t len);
MUST_CHECK enum status bag_data(struct bag *bag, const uint8_t *p, size_t len);
MUST_CHECK enum status bag_part_end(struct bag *bag);

/* Write all that is not in data/; the bag is whole then, but not yet on disk
 * for certain.  ST_OK, ST_FULL, ST_IO, ST_NOMEM. */
MUST_CHECK enum status bag_finish(
    struct bag *bag, const struct bag_about *about);

/* Bytes of data/ so far. */
uint64_t bag_size(const struct bag *bag);

/* The message, borrowed, if it was short enough to be held whole (every one
 * that a form takes is); else NULL. */
const struct bytes *bag_message(const struct bag *bag);

/* Free; a bag that was not finished is removed from the disk. */
void bag_free(struct bag *bag);

#endif
