/*
 * The chain against values computed from docs/FORMATS.md section 2 by another
 * program (Python's hashlib).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "handoff/chain.h"

static void
assert_head(const struct chain *c, uint64_t number, const char *hex)
{
	char text[2 * DIGEST_LEN + 1];

	for (size_t i = 0; i < DIGEST_LEN; i++)
		snprintf(text + 2 * i, 3, "%02x", c->head[i]);
	assert_string_equal(text, hex);
	assert_int_equal(c->number, number);
}

static void
the_chain_is_that_of_the_format(void **state)
{
	uint8_t key[PUBLIC_KEY_LEN], digest[DIGEST_LEN];
	struct chain c;

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	chain_genesis(&c, key);
	assert_head(&c, 0,
	    "f8f84e1f9dbda40ddd1df8f554bfaa58"
	    "a10ed85ef69789e768394b52bb27069b");
	memset(digest, 1, sizeof(digest));
	chain_add(&c, 16565, digest);
	assert_head(&c, 1,
	    "6ac7f9a2657a7f8bc144cd5b0edbc416"
	    "711ed81be272865ec71d5aa2cffa7c20");
	memset(digest, 2, sizeof(digest));
	chain_add(&c, UINT64_C(1) << 40, digest);
	assert_head(&c, 2,
	    "3c78ebd84c1c1d0ec3a403ade34333fb"
	    "9a623a416c51c0b6bb0bbf18a0ca1ae0");
}

/* Number, length, digest and what came before: each changes the head. */
static void
everything_linked_in_changes_the_head(void **state)
{
	uint8_t digest[DIGEST_LEN] = {0};
	struct chain start = {0}, want, got;

	(void)state;
	want = start;
	chain_add(&want, 100, digest);
	for (int what = 0; what < 4; what++) {
		uint8_t other[DIGEST_LEN] = {0};

		got = start;
		got.number += what == 0;
		got.head[31] ^= what == 1;
		other[0] ^= what == 2;
		chain_add(&got, 100 + (what == 3), other);
		assert_memory_not_equal(got.head, want.head, DIGEST_LEN);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_chain_is_that_of_the_format),
	    cmocka_unit_test(everything_linked_in_changes_the_head),
	};

	return crypto_room_init() != ST_OK ||
	    cmocka_run_group_tests(tests, NULL, NULL);
}
