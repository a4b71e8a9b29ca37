/*
 * The bundle reader on any bytes: it ends, stays inside its memory, and what
 * it believes is signed.  The key is that of a fixed seed.  Where a signature
 * begins with a zero byte it is made here, so that the fuzzer can get past it;
 * others stay as they are, most likely wrong.  With its first byte the input
 * chooses the size of the pieces that the reader is given.
 */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "crypto/sign.h"
#include "handoff/bundle.h"
#include "tests/fuzz/fuzz.h"

#define HEAD_LEN 156
#define ENTRY_LEN 113
#define TRAILER_LEN 105
#define SEEN_MAX 64

static const uint8_t seed[SECRET_KEY_LEN] = {1, 2, 3};
static uint8_t key[PUBLIC_KEY_LEN];

/* What a reading gave. */
struct result {
	enum status st;
	enum bundle_problem problem;
	uint64_t tips, offset;
	struct chain after;
	struct sha256 *said; /* of all that was told of the tips */
	/* The numbers believed, as long as they are few. */
	uint64_t seen[SEEN_MAX];
	size_t count;
	bool in_order;
};

static void
say(struct result *res, const void *p, size_t len)
{
	if (sha256_update(res->said, p, len) != ST_OK)
		abort();
}

/* The order that a plain list of all numbers would give. */
static enum bundle_order
order_of(const struct result *res, const struct bundle_start *start, uint64_t n)
{
	uint64_t highest = start->before.number;

	if (n <= start->before.number || n > start->last)
		return BUNDLE_OUTSIDE;
	for (size_t i = 0; i < res->count; i++) {
		if (res->seen[i] == n)
			return BUNDLE_AGAIN;
		if (res->seen[i] > highest)
			highest = res->seen[i];
	}
	if (n < highest)
		return BUNDLE_MOVED;
	return n == highest + 1 ? BUNDLE_NEXT : BUNDLE_LATER;
}

static void
note(struct result *res, const struct bundle_start *start,
    const struct bundle_tip *tip)
{
	uint8_t what[4] = {tip->purged, (uint8_t)tip->order, tip->has_link};

	say(res, &tip->number, sizeof(tip->number));
	say(res, &tip->len, sizeof(tip->len));
	say(res, tip->digest, DIGEST_LEN);
	say(res, what, sizeof(what));
	res->tips++;
	if (tip->has_link && !tip->proved)
		abort();
	if (!tip->proved)
		res->in_order = false;
	if (res->count == SEEN_MAX)
		return;
	if (tip->order != order_of(res, start, tip->number))
		abort();
	if (tip->order != BUNDLE_NEXT)
		res->in_order = false;
	if (tip->proved && tip->order != BUNDLE_AGAIN &&
	    tip->order != BUNDLE_OUTSIDE)
		res->seen[res->count++] = tip->number;
}

/* Read every tip; odd ones only in part, for the reader to skip the rest. */
static enum status
read_tips(struct bundle_reader *r, struct result *res,
    const struct bundle_start *start)
{
	struct bundle_tip tip;
	const uint8_t *p;
	uint64_t bytes;
	size_t n;
	enum status st;

	while ((st = bundle_reader_next(r, &tip)) == ST_OK) {
		note(res, start, &tip);
		bytes = 0;
		do {
			st = bundle_reader_data(r, &p, &n);
			bytes += n;
		} while (st == ST_OK && n > 0 && tip.number % 2 == 0);
		if (st != ST_OK)
			return st;
		if (bytes > (tip.purged ? 0 : tip.len))
			abort();
		if (tip.number % 2 != 0)
			continue;
		st = bundle_reader_tip_end(r);
		say(res, &st, sizeof(st));
	}
	return st;
}

/* The ranges that are missing rise and lie within what the head allows. */
static bool
check_missing(const struct bundle_reader *r, const struct bundle_start *start)
{
	uint64_t first, last, behind = start->before.number;
	bool more;
	size_t i;

	for (i = 0; bundle_reader_missing(r, i, &first, &last, &more); i++) {
		if (first <= behind || last < first || last > start->last)
			abort();
		behind = last;
	}
	return i > 0 || more;
}

static void
read_all_of(const uint8_t *data, size_t size, size_t step, struct result *res)
{
	struct fuzz_source s = {data, size, step};
	struct bundle_reader *r = NULL;
	struct bundle_head head;
	bool missing;

	*res = (struct result){.in_order = true};
	if (sha256_new(&res->said) != ST_OK)
		abort();
	res->st =
	    bundle_reader_begin(fuzz_get, &s, key, &head, &res->problem, &r);
	if (res->st != ST_OK) {
		if (r != NULL || res->problem == BUNDLE_FINE)
			abort();
		return;
	}
	res->st = read_tips(r, res, &head.start);
	if (res->st == ST_EOF)
		res->st = bundle_reader_finish(r, &res->after);
	res->problem = bundle_reader_problem(r);
	res->offset = bundle_reader_offset(r);
	missing = check_missing(r, &head.start);
	if ((res->st == ST_OK) != (res->problem == BUNDLE_FINE))
		abort();
	if (res->st == ST_OK &&
	    (missing || !res->in_order || res->offset != size ||
		res->after.number - head.start.before.number != res->tips))
		abort();
	if (res->offset > size)
		abort();
	bundle_reader_free(r);
}

/* Make a signature of tag, id and len bytes where it begins with 0. */
static void
sign_here(const char *tag, const uint8_t *id, const uint8_t *p, size_t len,
    uint8_t *sig)
{
	uint8_t message[20 + KEY_ID_LEN + 49 + 92];
	size_t n = 20;

	if (sig[0] != 0)
		return;
	memcpy(message, tag, 20);
	if (id != NULL) {
		memcpy(message + n, id, KEY_ID_LEN);
		n += KEY_ID_LEN;
	}
	memcpy(message + n, p, len);
	sign_make(seed, message, n + len, sig);
}

static void
sign_all(uint8_t *p, size_t size)
{
	uint8_t end[92 + 40];
	size_t at = HEAD_LEN;

	if (size < HEAD_LEN)
		return;
	sign_here("tipline-bunhead-0002", NULL, p, 92, p + 92);
	while (size - at >= ENTRY_LEN && (p[at] == 1 || p[at] == 3)) {
		const uint64_t len = p[at] == 3 ? 0 : le64_get(p + at + 9);

		sign_here(
		    "tipline-bun-tip-0002", p + 20, p + at, 49, p + at + 49);
		at += ENTRY_LEN;
		if (len > size - at)
			return;
		at += (size_t)len;
	}
	if (size - at < TRAILER_LEN || p[at] != 2)
		return;
	memcpy(end, p, 92);
	memcpy(end + 92, p + at + 1, 40);
	sign_here("tipline-bun-end-0002", NULL, end, sizeof(end), p + at + 41);
}

static void
must_be_same(struct result *a, struct result *b)
{
	uint8_t one[DIGEST_LEN], two[DIGEST_LEN];

	if (sha256_final(a->said, one) != ST_OK ||
	    sha256_final(b->said, two) != ST_OK)
		abort();
	if (a->st != b->st || a->problem != b->problem || a->tips != b->tips ||
	    a->offset != b->offset || memcmp(one, two, sizeof(one)) != 0 ||
	    memcmp(&a->after, &b->after, sizeof(a->after)) != 0)
		abort();
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (crypto_room_init() != ST_OK)
		return -1;
	sign_key_public(seed, key);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result whole, pieces;
	uint8_t *copy;

	if (size < 1 || (copy = malloc(size)) == NULL)
		return 0;
	memcpy(copy, data + 1, size - 1);
	sign_all(copy, size - 1);
	read_all_of(copy, size - 1, 0, &whole);
	read_all_of(copy, size - 1, data[0], &pieces);
	/* However it comes, it is the same bundle. */
	must_be_same(&whole, &pieces);
	sha256_free(whole.said);
	sha256_free(pieces.said);
	free(copy);
	return 0;
}
