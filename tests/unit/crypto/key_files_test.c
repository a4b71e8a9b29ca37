/*
 * Shares of a key, and their files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guarded.h"
#include "crypto/recipients.h"
#include "crypto/shares.h"

static uint8_t *key, *joined;
static uint8_t backup[SHARE_BACKUP_LEN];

static int
key_set_up(void **state)
{
	(void)state;
	key = guarded_new(SHARE_KEY_LEN);
	joined = guarded_new(SHARE_KEY_LEN);
	if (key == NULL || joined == NULL)
		return -1;
	randombytes_buf(key, SHARE_KEY_LEN);
	randombytes_buf(backup, sizeof(backup));
	return 0;
}

static int
key_tear_down(void **state)
{
	(void)state;
	guarded_free(key);
	guarded_free(joined);
	assert_int_equal(guarded_live(), 0);
	return 0;
}

/* All choices of shares of up to 6, and what they restore. */
static void
enough_shares_restore_the_key_and_fewer_do_not(void **state)
{
	(void)state;
	for (size_t count = 2; count <= 6; count++) {
		for (size_t need = 2; need <= count; need++) {
			struct share all[SHARES_MAX], some[SHARES_MAX];

			assert_int_equal(
			    shares_split(key, backup, need, count, all), ST_OK);
			for (unsigned set = 1; set < 1U << count; set++) {
				size_t n = 0;
				enum status st;

				/* The last first: their order is nothing. */
				for (size_t i = count; i-- > 0;) {
					if (set >> i & 1)
						some[n++] = all[i];
				}
				st = shares_join(some, n, joined);
				assert_int_equal(
				    st, n < need ? ST_SHORT : ST_OK);
				if (st == ST_OK)
					assert_memory_equal(
					    joined, key, SHARE_KEY_LEN);
				else
					assert_true(sodium_is_zero(
					    joined, SHARE_KEY_LEN));
			}
		}
	}
}

/* What need - 1 shares would give if they lied about need. */
static void
too_few_shares_that_claim_to_be_enough_give_another_key(void **state)
{
	struct share all[5];

	(void)state;
	assert_int_equal(shares_split(key, backup, 4, 5, all), ST_OK);
	for (size_t i = 0; i < 3; i++)
		all[i].need = 3;
	assert_int_equal(shares_join(all, 3, joined), ST_OK);
	assert_memory_not_equal(joined, key, SHARE_KEY_LEN);
}

static void
shares_that_do_not_belong_together_are_refused(void **state)
{
	struct share a[3], b[3], mixed[3];

	(void)state;
	assert_int_equal(shares_split(key, backup, 2, 3, a), ST_OK);
	backup[3] ^= 1;
	assert_int_equal(shares_split(key, backup, 2, 3, b), ST_OK);
	mixed[0] = a[0];
	mixed[1] = b[1];
	assert_int_equal(shares_join(mixed, 2, joined), ST_WRONG_KEY);
	mixed[1] = a[0];
	assert_int_equal(shares_join(mixed, 2, joined), ST_EXISTS);
	mixed[1] = a[1];
	mixed[1].need = 3;
	assert_int_equal(shares_join(mixed, 2, joined), ST_WRONG_KEY);
	assert_int_equal(shares_join(mixed, 0, joined), ST_SHORT);
	for (size_t i = 0; i < 3; i++)
		a[i].need = 1;
	assert_int_equal(shares_join(a, 3, joined), ST_MALFORMED);
	for (size_t i = 0; i < 3; i++)
		a[i].need = 2;
	a[1].x = 0;
	assert_int_equal(shares_join(a, 3, joined), ST_MALFORMED);
}

static void
numbers_of_shares_that_cannot_be_are_our_own_bug(void **state)
{
	struct share all[SHARES_MAX];

	(void)state;
	assert_int_equal(shares_split(key, backup, 1, 3, all), ST_BUG);
	assert_int_equal(shares_split(key, backup, 4, 3, all), ST_BUG);
	assert_int_equal(
	    shares_split(key, backup, 2, SHARES_MAX + 1, all), ST_BUG);
	assert_int_equal(
	    shares_split(key, backup, SHARES_MAX, SHARES_MAX, all), ST_OK);
	assert_int_equal(shares_join(all, SHARES_MAX, joined), ST_OK);
	assert_memory_equal(joined, key, SHARE_KEY_LEN);
}

static void
one_key_is_split_otherwise_each_time(void **state)
{
	struct share a[2], b[2];

	(void)state;
	assert_int_equal(shares_split(key, backup, 2, 2, a), ST_OK);
	assert_int_equal(shares_split(key, backup, 2, 2, b), ST_OK);
	assert_memory_not_equal(a[0].value, b[0].value, SHARE_KEY_LEN);
	/* Nor is a share the key. */
	assert_memory_not_equal(a[0].value, key, SHARE_KEY_LEN);
}

/* How often the key's bytes stand in the program's heap. */
static unsigned
times_on_the_heap(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char row[256];
	unsigned found = 0;

	assert_non_null(maps);
	while (fgets(row, sizeof(row), maps) != NULL) {
		uintptr_t from, to;
		const uint8_t *p, *end;

		if (strstr(row, "[heap]") == NULL ||
		    sscanf(row, "%" SCNxPTR "-%" SCNxPTR, &from, &to) != 2)
			continue;
		end = (const uint8_t *)to;
		for (p = (const uint8_t *)from;
		     (p = memmem(p, (size_t)(end - p), key, SHARE_KEY_LEN)) !=
		     NULL;
		     p++)
			found++;
	}
	(void)fclose(maps);
	return found;
}

/* What the library copies into its own memory it overwrites. */
static void
nothing_of_the_key_stays_on_the_heap(void **state)
{
	struct share all[5];
	uint8_t *copy = malloc(SHARE_KEY_LEN);
	unsigned seen;

	(void)state;
	assert_non_null(copy);
	memcpy(copy, key, SHARE_KEY_LEN);
	seen = times_on_the_heap();
	wipe(copy, SHARE_KEY_LEN);
	free(copy);
	/* ASan and valgrind have heaps of their own elsewhere. */
	if (seen == 0)
		skip();
	assert_int_equal(seen, 1);
	assert_int_equal(times_on_the_heap(), 0);
	assert_int_equal(shares_split(key, backup, 3, 5, all), ST_OK);
	assert_int_equal(times_on_the_heap(), 0);
	assert_int_equal(shares_join(all + 1, 3, joined), ST_OK);
	assert_memory_equal(joined, key, SHARE_KEY_LEN);
	assert_int_equal(times_on_the_heap(), 0);
}

static void
a_share_on_paper_is_read_again_and_a_slip_is_told(void **state)
{
	struct share all[3], again;
	struct bytes text = BYTES_INIT(SHARE_FILE_MAX);

	(void)state;
	assert_int_equal(shares_split(key, backup, 2, 3, all), ST_OK);
	assert_int_equal(share_write(&all[2], &text), ST_OK);
	assert_int_equal(share_parse(text.p, text.len, &again), ST_OK);
	assert_memory_equal(&again, &all[2], sizeof(again));
	for (size_t i = 0; i < text.len; i++) {
		for (unsigned bit = 0; bit < 7; bit++) {
			enum status st;

			text.p[i] ^= (uint8_t)(1U << bit);
			st = share_parse(text.p, text.len, &again);
			assert_true(st == ST_FORGED || st == ST_MALFORMED ||
			    st == ST_VERSION);
			assert_true(sodium_is_zero(
			    (const uint8_t *)&again, sizeof(again)));
			text.p[i] ^= (uint8_t)(1U << bit);
		}
	}
	for (size_t len = 0; len < text.len; len++)
		assert_int_equal(
		    share_parse(text.p, len, &again), ST_MALFORMED);
	assert_int_equal(bytes_append_text(&text, "\n"), ST_OK);
	assert_int_equal(share_parse(text.p, text.len, &again), ST_MALFORMED);
	text.len--;
	/* A letter of the share, exchanged for another. */
	text.p[90] = text.p[90] == 'A' ? 'B' : 'A';
	assert_int_equal(share_parse(text.p, text.len, &again), ST_FORGED);
	assert_int_equal(
	    share_parse(text.p, SHARE_FILE_MAX + 1, &again), ST_MALFORMED);
	bytes_free(&text);
}
int
main(void)
{
	const struct CMUnitTest tests[] = {
#define K(f) cmocka_unit_test_setup_teardown(f, key_set_up, key_tear_down)
	    K(enough_shares_restore_the_key_and_fewer_do_not),
	    K(too_few_shares_that_claim_to_be_enough_give_another_key),
	    K(shares_that_do_not_belong_together_are_refused),
	    K(numbers_of_shares_that_cannot_be_are_our_own_bug),
	    K(one_key_is_split_otherwise_each_time),
	    K(nothing_of_the_key_stays_on_the_heap),
	    K(a_share_on_paper_is_read_again_and_a_slip_is_told),
#undef K
	};

	if (crypto_room_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests_name("shares", tests, NULL, NULL);
}
