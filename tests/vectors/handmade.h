/*
 * handmade: lay out a sealed tip by hand, rightly or wrongly.
 *
 * For vectors, tests and fuzzing: nothing of crypto/envelope is used, only
 * libsodium, so that what crypto/opener reads was written by other code.
 * Every field may be changed between handmade_init() and handmade_head().
 * Any failure ends the program: this is test code.
 */
#ifndef TIPLINE_VECTORS_HANDMADE_H
#define TIPLINE_VECTORS_HANDMADE_H

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HANDMADE_RECORD 16384
#define HANDMADE_SEALED 16401
#define HANDMADE_TO_MAX 17 /* one too many */

enum handmade_item {
	ITEM_GAP,
	ITEM_FIELD,
	ITEM_FILE,
	ITEM_DATA,
	ITEM_PART_END,
	ITEM_END
};

struct handmade_to {
	uint8_t id[8], key[32];
	uint8_t tip_key[32]; /* what goes into this one's box */
	bool random_box;     /* an ephemeral key that follows from nothing */
};

struct handmade {
	uint8_t magic[16];
	uint32_t epoch;
	int n; /* as written; -1: as many as there are */
	uint8_t reserved[3];
	uint8_t tip_key[32];    /* of the stream and the commitment */
	uint8_t commitment_xor; /* makes the commitment a wrong one */
	struct handmade_to to[HANDMADE_TO_MAX];
	size_t to_count;

	uint8_t *p; /* what is sealed so far, owned */
	size_t len, cap, head_len;
	bool first; /* the next record gets the head as associated data */

	uint8_t plain[HANDMADE_RECORD];
	size_t used;
	crypto_secretstream_xchacha20poly1305_state stream;
};

/* Begin with a fresh tip key, epoch 1 and no recipient. */
void handmade_init(struct handmade *h);
void handmade_free(struct handmade *h);

/* Add a recipient; its id is made from its key. */
void handmade_to(struct handmade *h, const uint8_t key[static 32]);

/* Write the head and begin the stream. */
void handmade_head(struct handmade *h);

/* Put bytes into the open record. */
void handmade_raw(struct handmade *h, const void *p, size_t len);

/* Put an item into the open record; it must fit. */
void handmade_item(
    struct handmade *h, unsigned type, const void *value, size_t len);

/* The items that hold a number. */
void handmade_part_end(struct handmade *h, uint64_t size);
void handmade_end(struct handmade *h, uint32_t parts);

/* Put n equal bytes into the open record. */
void handmade_fill(struct handmade *h, uint8_t byte, size_t n);

/* Seal the open record with zero bytes behind what is in it; empty it. */
void handmade_record(struct handmade *h, uint8_t tag);

/* Append or cut sealed bytes. */
void handmade_append(struct handmade *h, const void *p, size_t len);

#endif
