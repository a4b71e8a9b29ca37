/*
 * The bundle reader on any bytes: it ends, stays inside its memory, and what
 * it accepts is signed.  The key is that of a fixed seed, and an input whose
 * trailer is otherwise right is signed here, so that the fuzzer can get past
 * the signature; with its first byte it chooses the size of the pieces.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/sign.h"
#include "handoff/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t seed[SECRET_KEY_LEN] = {1, 2, 3};

struct source {
	const uint8_t *p;
	size_t left, step;
};

static enum status
get(void *ctx, void *p, size_t len, size_t *got)
{
	struct source *s = ctx;
	size_t n = s->left < len ? s->left : len;

	if (s->step > 0 && n > s->step)
		n = s->step;
	if (n > 0)
		memcpy(p, s->p, n);
	s->p += n;
	s->left -= n;
	*got = n;
	return ST_OK;
}

/* Read every tip; odd tips only in part, for the reader to skip the rest. */
static uint64_t
read_tips(struct bundle_reader *r, enum status *st)
{
	struct bundle_tip tip;
	uint64_t tips = 0, bytes;
	const uint8_t *p;
	size_t n;

	while ((*st = bundle_reader_next(r, &tip)) == ST_OK) {
		tips++;
		bytes = 0;
		do {
			*st = bundle_reader_data(r, &p, &n);
			bytes += n;
		} while (*st == ST_OK && n > 0 && tip.number % 2 == 0);
		if (*st != ST_OK)
			break;
		if (bytes > tip.len)
			abort();
		if (tip.number % 2 == 0)
			(void)!bundle_reader_tip_end(r);
	}
	return tips;
}

static enum status
read_all_of(const uint8_t *data, size_t size, size_t step, struct chain *after,
    uint64_t *tips)
{
	struct source s = {data, size, step};
	uint8_t key[PUBLIC_KEY_LEN];
	enum bundle_problem problem;
	struct bundle_reader *r = NULL;
	struct bundle_head head;
	enum status st;

	*tips = 0;
	sign_key_public(seed, key);
	st = bundle_reader_begin(get, &s, &head, &problem, &r);
	if (st != ST_OK) {
		if (r != NULL || problem == BUNDLE_FINE)
			abort();
		return st;
	}
	*tips = read_tips(r, &st);
	if (st == ST_EOF) {
		st = bundle_reader_finish(r, key, after);
		if (st == ST_OK && after->number - head.before.number != *tips)
			abort();
	}
	if ((st == ST_OK) != (bundle_reader_problem(r) == BUNDLE_FINE))
		abort();
	bundle_reader_free(r);
	return st;
}

static enum status
skip(void *ctx, uint64_t len, uint64_t *skipped)
{
	struct source *s = ctx;

	*skipped = len < s->left ? len : s->left;
	s->p += *skipped;
	s->left -= *skipped;
	return ST_OK;
}

/* Hop from head to head: whatever reading accepts, hopping accepts. */
static enum status
hop_through(const uint8_t *data, size_t size, size_t step, uint64_t *tips)
{
	struct source s = {data, size, step};
	uint8_t key[PUBLIC_KEY_LEN];
	enum bundle_problem problem;
	struct bundle_reader *r = NULL;
	struct bundle_head head;
	struct bundle_tip tip;
	enum status st;

	*tips = 0;
	sign_key_public(seed, key);
	st = bundle_reader_begin(get, &s, &head, &problem, &r);
	if (st != ST_OK)
		return st;
	while ((st = bundle_reader_next(r, &tip)) == ST_OK &&
	    (st = bundle_reader_skip(r, skip)) == ST_OK)
		++*tips;
	if (st == ST_EOF)
		st = bundle_reader_finish(r, key, NULL);
	if (bundle_reader_offset(r) > size)
		abort();
	bundle_reader_free(r);
	return st;
}

/* Sign in place what the trailer says, whatever it says. */
static void
sign_trailer(uint8_t *p, size_t size)
{
	static const char tag[] = "tipline-bundle-sig-1";
	uint8_t message[20 + 8 + 8 + 32 + 8 + 32];

	if (size < 68 + 105)
		return;
	memcpy(message, tag, 20);
	memcpy(message + 20, p + 20, 48);
	memcpy(message + 68, p + size - 104, 40);
	sign_make(seed, message, sizeof(message), p + size - 64);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct chain one = {0}, two = {0};
	uint64_t tips_one, tips_two, tips_hop;
	enum status a, b, hop;
	size_t step;
	uint8_t *copy;

	if (!ready && crypto_room_init() != ST_OK)
		abort();
	ready = true;
	if (size < 1 || (copy = malloc(size)) == NULL)
		return 0;
	step = data[0];
	memcpy(copy, data + 1, size - 1);
	sign_trailer(copy, size - 1);
	a = read_all_of(copy, size - 1, 0, &one, &tips_one);
	b = read_all_of(copy, size - 1, step, &two, &tips_two);
	/* However it comes, it is the same bundle. */
	if (a != b || tips_one != tips_two ||
	    memcmp(&one, &two, sizeof(one)) != 0)
		abort();
	/* Only an altered tip is hidden from who hops. */
	hop = hop_through(copy, size - 1, step, &tips_hop);
	if (hop != a && !(hop == ST_OK && a == ST_FORGED))
		abort();
	if (hop == ST_OK && tips_hop != tips_one)
		abort();
	free(copy);
	return 0;
}
