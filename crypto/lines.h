/*
 * lines: read the house's small text files line by line.
 *
 * For key sets and what is written like them (docs/FORMATS.md section 3):
 * lines end in LF, fields are parted by one space.  Inside crypto/ only.  Every
 * function sets why to a phrase for people when it returns ST_MALFORMED, and
 * number is then the number of the line that is wrong.
 */
#ifndef TIPLINE_CRYPTO_LINES_H
#define TIPLINE_CRYPTO_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/keyset.h"

#define LINES_FIELDS_MAX 4
#define LINES_LEN_MAX 200
#define KEY_TEXT_LEN 44 /* 32 bytes in base64 */

struct lines_field {
	const char *p; /* borrowed from the text */
	size_t len;
};

struct lines {
	const char *p; /* what has not been read, borrowed */
	size_t left;
	unsigned number; /* of the line read last */
	const char *why;
	size_t fields;
	struct lines_field field[LINES_FIELDS_MAX];
};

/* Begin to read text.  Refuses anything but printable ASCII and LF. */
MUST_CHECK enum status lines_begin(
    struct lines *l, const void *text, size_t len);

/* Read the next line: word, then others so that there are fields of them. */
MUST_CHECK enum status lines_next(
    struct lines *l, const char *word, size_t fields);

/* The first line, "word 1".  ST_VERSION when the number is another one. */
MUST_CHECK enum status lines_version(struct lines *l, const char *word);

/* Does the next line begin with word? */
bool lines_peek(const struct lines *l, const char *word);

/* Refuse whatever is left. */
MUST_CHECK enum status lines_end(struct lines *l);

/* Set why and say ST_MALFORMED. */
MUST_CHECK enum status lines_bad(struct lines *l, const char *why);

/* The field at place i of the line just read. */
MUST_CHECK enum status lines_number(
    struct lines *l, size_t i, uint64_t max, uint64_t *out);
MUST_CHECK enum status lines_time(struct lines *l, size_t i, uint64_t *out);
MUST_CHECK enum status lines_name(
    struct lines *l, size_t i, char out[static KEY_NAME_MAX + 1]);

MUST_CHECK enum status lines_raw(
    struct lines *l, size_t i, uint8_t *out, size_t len); /* base64 */
MUST_CHECK enum status lines_hex(
    struct lines *l, size_t i, uint8_t *out, size_t len);

/* The id at place 1 and the key in the last place, of a key in that role. */
MUST_CHECK enum status lines_key(struct lines *l, enum key_role role,
    uint8_t id[static KEY_ID_LEN], uint8_t key[static PUBLIC_KEY_LEN]);

/* The whole line "epoch ...", held against the epoch before it (NULL: it is
 * the first). */
MUST_CHECK enum status lines_epoch(
    struct lines *l, const struct recipients *before, struct recipients *to);

/* The whole lines "onion ..." and "server ...". ST_NOMEM is possible. */
MUST_CHECK enum status lines_onion(
    struct lines *l, struct server_identity *server);
MUST_CHECK enum status lines_server(
    struct lines *l, struct server_identity *server);

/* Append those lines; as bytes_append(). */
MUST_CHECK enum status lines_put_onion(
    struct bytes *out, const struct server_identity *server);
MUST_CHECK enum status lines_put_server(
    struct bytes *out, const struct server_identity *server);

/* A key's line, "word id name key"; without a name if that is NULL. */
MUST_CHECK enum status lines_put_key(struct bytes *out, const char *word,
    const uint8_t *id, const char *name, const uint8_t *key);
MUST_CHECK enum status lines_put_epoch(
    struct bytes *out, uint32_t epoch, uint64_t from, uint64_t until);

/* Write a key as base64 and a NUL. */
void lines_key_text(const uint8_t key[static PUBLIC_KEY_LEN],
    char text[static KEY_TEXT_LEN + 1]);

/* Compare text with again, the same written anew.  On a difference number is
 * the line it is in. */
MUST_CHECK enum status lines_canonical(
    struct lines *l, const void *text, size_t len, const struct bytes *again);

#endif
