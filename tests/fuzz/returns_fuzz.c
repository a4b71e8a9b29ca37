/*
 * The reader of return bundles on any bytes: it ends, stays inside its
 * memory, tells the same however the bytes come; and what it accepts is what
 * the writer makes of its items, byte by byte.  The signer's key is that of a
 * fixed seed; where the signature at the end begins with a zero byte it is
 * made here, so that the fuzzer can get past it.  With its first byte the
 * input chooses the size of the pieces that the reader is given.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/sign.h"
#include "handoff/returns.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t seed[SECRET_KEY_LEN] = {4, 5, 6};
static uint8_t key[PUBLIC_KEY_LEN], key_name[KEY_ID_LEN];

static const uint8_t *
find_signer(void *ctx, const uint8_t id[static KEY_ID_LEN])
{
	(void)ctx;
	return memcmp(id, key_name, KEY_ID_LEN) == 0 ? key : NULL;
}

/* The input once more, as the writer makes it. */
struct again {
	const uint8_t *want; /* the input */
	size_t left;
	struct returns_writer *writer;
};

static enum status
must_match(void *ctx, const void *p, size_t len)
{
	struct again *a = ctx;

	if (len > a->left || memcmp(a->want, p, len) != 0)
		abort();
	a->want += len;
	a->left -= len;
	return ST_OK;
}

static enum status
confirmed(void *ctx, const struct returns_confirmed *item)
{
	struct again *a = ctx;

	if (returns_writer_confirmed(a->writer, item) != ST_OK)
		abort();
	return ST_OK;
}

static enum status
link_of(void *ctx, const struct returns_link *item)
{
	struct again *a = ctx;

	if (returns_writer_link(a->writer, item) != ST_OK)
		abort();
	return ST_OK;
}

static enum status
reply(void *ctx, const struct returns_reply *item)
{
	struct again *a = ctx;

	if (returns_writer_reply(a->writer, item) != ST_OK)
		abort();
	return ST_OK;
}

static enum status
read_all_of(const uint8_t *data, size_t size, size_t step,
    const struct returns_events *events, struct returns_head *head,
    const char **why)
{
	struct fuzz_source s = {data, size, step};
	const struct returns_input in = {
	    .source = fuzz_get, .signer = find_signer, .source_ctx = &s};
	const enum status st = returns_read(&in, events, head, why);

	/* A reason for people, if and only if it was refused. */
	if ((st == ST_OK) != (**why == '\0') || (st == ST_OK && s.left > 0))
		abort();
	return st;
}

static void
write_again(const uint8_t *data, size_t size, size_t step)
{
	struct again a = {.want = data, .left = size};
	const struct returns_events events = {confirmed, link_of, reply, &a};
	struct returns_head head, same;
	const char *why;

	if (read_all_of(data, size, step, NULL, &head, &why) != ST_OK)
		abort();
	if (returns_writer_begin(&head, seed, must_match, &a, &a.writer) !=
		ST_OK ||
	    read_all_of(data, size, step, &events, &same, &why) != ST_OK ||
	    returns_writer_finish(a.writer) != ST_OK || a.left != 0)
		abort();
	if (memcmp(&head, &same, sizeof(head)) != 0)
		abort();
	returns_writer_free(a.writer);
}

static void
sign_end(uint8_t *p, size_t size)
{
	uint8_t message[20 + DIGEST_LEN] = "tipline-return-sig-1";
	struct sha256 *sha;

	if (size < 64 || p[size - 64] != 0)
		return;
	if (sha256_new(&sha) != ST_OK ||
	    sha256_update(sha, p, size - 64) != ST_OK ||
	    sha256_final(sha, message + 20) != ST_OK)
		abort();
	sha256_free(sha);
	sign_make(seed, message, sizeof(message), p + size - 64);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (crypto_room_init() != ST_OK)
		return -1;
	sign_key_public(seed, key);
	key_id(KEY_ROLE_SIGNER, key, key_name);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct returns_head one, two;
	const char *why_one, *why_two;
	enum status a, b;
	uint8_t *copy;

	if (size < 1 || (copy = malloc(size)) == NULL)
		return 0;
	memcpy(copy, data + 1, size - 1);
	sign_end(copy, size - 1);
	a = read_all_of(copy, size - 1, 0, NULL, &one, &why_one);
	b = read_all_of(copy, size - 1, data[0], NULL, &two, &why_two);
	if (a != b || strcmp(why_one, why_two) != 0 ||
	    memcmp(&one, &two, sizeof(one)) != 0)
		abort();
	if (a == ST_OK)
		write_again(copy, size - 1, data[0]);
	free(copy);
	return 0;
}
