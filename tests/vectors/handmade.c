#include "tests/vectors/handmade.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "handmade: %s\n", what);
	abort();
}

static void
blake(const char *purpose, const uint8_t *key, size_t key_len, const void *p,
    size_t len, uint8_t out[static 32])
{
	must(crypto_generichash_blake2b_salt_personal(out, 32, p, len, key,
		 key_len, NULL, (const unsigned char *)purpose) == 0,
	    "blake2b");
}

void
handmade_init(struct handmade *h)
{
	memset(h, 0, sizeof(*h));
	memcpy(h->magic, "tipline-tip-0001", sizeof(h->magic));
	h->epoch = 1;
	h->n = -1;
	h->first = true;
	randombytes_buf(h->tip_key, sizeof(h->tip_key));
}

void
handmade_free(struct handmade *h)
{
	free(h->p);
	h->p = NULL;
}

void
handmade_to(struct handmade *h, const uint8_t key[static 32])
{
	struct handmade_to *const to = &h->to[h->to_count];
	uint8_t message[33] = {1}, id[32];

	must(h->to_count++ < HANDMADE_TO_MAX, "too many recipients");
	memcpy(message + 1, key, 32);
	blake("tipline-keyid-1", NULL, 0, message, sizeof(message), id);
	memcpy(to->id, id, sizeof(to->id));
	memcpy(to->key, key, sizeof(to->key));
	memcpy(to->tip_key, h->tip_key, sizeof(to->tip_key));
}

void
handmade_append(struct handmade *h, const void *p, size_t len)
{
	if (h->cap - h->len < len) {
		h->cap = 2 * (h->len + len);
		must((h->p = realloc(h->p, h->cap)) != NULL, "memory");
	}
	memcpy(h->p + h->len, p, len);
	h->len += len;
}

/* A box whose ephemeral key follows from the tip key, or a random one. */
static void
make_box(const struct handmade_to *to, uint8_t box[static 80])
{
	uint8_t seed[32], secret[32], nonce[24], both[64];

	if (to->random_box) {
		must(crypto_box_seal(box, to->tip_key, 32, to->key) == 0,
		    "sealed box");
		return;
	}
	blake("tipline-ephem-01", to->tip_key, 32, to->key, 32, seed);
	must(crypto_box_seed_keypair(box, secret, seed) == 0, "key pair");
	memcpy(both, box, 32);
	memcpy(both + 32, to->key, 32);
	must(crypto_generichash(
		 nonce, sizeof(nonce), both, sizeof(both), NULL, 0) == 0,
	    "nonce");
	must(crypto_box_easy(
		 box + 32, to->tip_key, 32, nonce, to->key, secret) == 0,
	    "box");
}

void
handmade_head(struct handmade *h)
{
	const size_t n = h->n < 0 ? h->to_count : (size_t)h->n;
	const uint8_t epoch_n[5] = {(uint8_t)h->epoch, (uint8_t)(h->epoch >> 8),
	    (uint8_t)(h->epoch >> 16), (uint8_t)(h->epoch >> 24), (uint8_t)n};
	uint8_t box[80], commitment[32], key[32], header[24];

	handmade_append(h, h->magic, sizeof(h->magic));
	handmade_append(h, epoch_n, sizeof(epoch_n));
	handmade_append(h, h->reserved, sizeof(h->reserved));
	for (size_t i = 0; i < h->to_count; i++) {
		make_box(&h->to[i], box);
		handmade_append(h, h->to[i].id, sizeof(h->to[i].id));
		handmade_append(h, box, sizeof(box));
	}
	blake("tipline-stream-1", h->tip_key, 32, h->p, h->len, key);
	blake("tipline-commit-1", h->tip_key, 32, h->p, h->len, commitment);
	commitment[31] ^= h->commitment_xor;
	must(crypto_secretstream_xchacha20poly1305_init_push(
		 &h->stream, header, key) == 0,
	    "secretstream");
	handmade_append(h, commitment, sizeof(commitment));
	handmade_append(h, header, sizeof(header));
	h->head_len = h->len;
}

void
handmade_raw(struct handmade *h, const void *p, size_t len)
{
	must(len <= sizeof(h->plain) - h->used, "the record is full");
	if (len > 0)
		memcpy(h->plain + h->used, p, len);
	h->used += len;
}

void
handmade_fill(struct handmade *h, uint8_t byte, size_t n)
{
	must(n <= sizeof(h->plain) - h->used, "the record is full");
	memset(h->plain + h->used, byte, n);
	h->used += n;
}

void
handmade_item(struct handmade *h, unsigned type, const void *value, size_t len)
{
	const uint8_t head[4] = {(uint8_t)type, (uint8_t)len,
	    (uint8_t)(len >> 8), (uint8_t)(len >> 16)};

	handmade_raw(h, head, sizeof(head));
	handmade_raw(h, value, len);
}

static void
number_item(struct handmade *h, unsigned type, uint64_t v, size_t len)
{
	uint8_t value[8];

	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)(v >> 8 * i);
	handmade_item(h, type, value, len);
}

void
handmade_part_end(struct handmade *h, uint64_t size)
{
	number_item(h, ITEM_PART_END, size, 8);
}

void
handmade_end(struct handmade *h, uint32_t parts)
{
	number_item(h, ITEM_END, parts, 4);
}

void
handmade_record(struct handmade *h, uint8_t tag)
{
	uint8_t sealed[HANDMADE_SEALED];

	must(crypto_secretstream_xchacha20poly1305_push(&h->stream, sealed,
		 NULL, h->plain, sizeof(h->plain), h->first ? h->p : NULL,
		 h->first ? h->head_len : 0, tag) == 0,
	    "push");
	handmade_append(h, sealed, sizeof(sealed));
	memset(h->plain, 0, sizeof(h->plain));
	h->used = 0;
	h->first = false;
}
