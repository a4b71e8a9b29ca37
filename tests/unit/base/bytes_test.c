#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "tests/unit/fault.h"

#define SECRET 0xA7

static size_t seen_freed, seen_secret;

void __real_free(void *p);
void __wrap_free(void *p);

/* Look at each block just before it goes. */
void
__wrap_free(void *p)
{
	const uint8_t *block = p;

	for (size_t i = 0; p != NULL && i < malloc_usable_size(p); i++)
		seen_secret += block[i] == SECRET;
	seen_freed += p != NULL;
	__real_free(p);
}

static void
what_is_appended_comes_out_in_order(void **state)
{
	struct bytes b = BYTES_INIT(100000);

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint8_t byte = (uint8_t)i;

		assert_int_equal(bytes_append(&b, &byte, 1), ST_OK);
	}
	assert_int_equal(bytes_append_text(&b, "abc"), ST_OK);
	assert_int_equal(bytes_printf(&b, "%d-%s", 7, "x"), ST_OK);
	assert_int_equal(b.len, 1006);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(b.p[i], (uint8_t)i);
	assert_memory_equal(b.p + 1000, "abc7-x", 6);
	bytes_free(&b);
	assert_null(b.p);
	assert_int_equal(b.len, 0);
}

static void
no_more_than_the_maximum_fits(void **state)
{
	struct bytes b = BYTES_INIT(10);

	(void)state;
	assert_int_equal(bytes_append(&b, "0123456789a", 11), ST_LIMIT);
	assert_int_equal(b.len, 0);
	assert_int_equal(bytes_printf(&b, "%s", "0123456789"), ST_OK);
	assert_int_equal(b.len, 10);
	assert_true(b.cap <= 10);
	assert_int_equal(bytes_append(&b, "x", 1), ST_LIMIT);
	assert_int_equal(bytes_printf(&b, "%c", 'x'), ST_LIMIT);
	assert_int_equal(bytes_append(&b, "x", SIZE_MAX), ST_LIMIT);
	assert_int_equal(bytes_append(&b, NULL, 0), ST_OK);
	assert_memory_equal(b.p, "0123456789", 10);
	bytes_free(&b);
}

static void
a_buffer_can_be_appended_to_itself(void **state)
{
	struct bytes b = BYTES_INIT(4096);

	(void)state;
	assert_int_equal(bytes_append_text(&b, "ab"), ST_OK);
	for (int i = 0; i < 10; i++)
		assert_int_equal(bytes_append(&b, b.p, b.len), ST_OK);
	assert_int_equal(b.len, 2048);
	for (size_t i = 0; i < b.len; i++)
		assert_int_equal(b.p[i], i % 2 == 0 ? 'a' : 'b');
	bytes_free(&b);
}

static void
taking_off_the_front_wipes_what_is_behind(void **state)
{
	struct bytes b = BYTES_INIT(100);

	(void)state;
	assert_int_equal(bytes_append_text(&b, "headtail"), ST_OK);
	bytes_consume(&b, 4);
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.p, "tail\0\0\0\0", 8);
	bytes_consume(&b, 99);
	assert_int_equal(b.len, 0);
	assert_memory_equal(b.p, "\0\0\0\0", 4);
	bytes_consume(&b, 1);
	assert_int_equal(bytes_append_text(&b, "again"), ST_OK);
	bytes_clear(&b);
	assert_int_equal(b.len, 0);
	assert_memory_equal(b.p, "\0\0\0\0\0", 5);
	bytes_free(&b);
	bytes_free(&b);
}

/* One append and one print into an empty buffer, each growing it. */
static enum status
fill(struct bytes *b, size_t *before)
{
	char long_text[300];
	enum status st;

	memset(long_text, 'x', sizeof(long_text));
	*before = b->len;
	if ((st = bytes_append_text(b, "secret")) != ST_OK)
		return st;
	*before = b->len;
	if ((st = bytes_printf(b, "%.300s", long_text)) != ST_OK)
		return st;
	*before = b->len;
	return bytes_append(b, long_text, sizeof(long_text));
}

static void
a_failing_allocation_leaves_the_buffer_unchanged(void **state)
{
	(void)state;
	FAULT_EACH(FAULT_ALLOC)
	{
		struct bytes b = BYTES_INIT(1000);
		size_t before;
		enum status st = fill(&b, &before);

		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		if (st != ST_OK)
			assert_int_equal(b.len, before);
		else
			assert_int_equal(fault_count(FAULT_ALLOC), 3);
		bytes_free(&b);
	}
}

static void
what_is_freed_or_moved_is_wiped(void **state)
{
	struct bytes b = BYTES_INIT(100000);
	uint8_t *p, *q;

	(void)state;
	seen_freed = seen_secret = 0;
	assert_non_null(p = wiping_malloc(100));
	memset(p, SECRET, 100);
	assert_non_null(q = wiping_realloc(p, 5000));
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(q[i], SECRET);
	memset(q, SECRET, 5000);
	assert_non_null(p = wiping_realloc(q, 10));
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(p[i], SECRET);
	wiping_free(p);
	wiping_free(NULL);
	assert_non_null(p = wiping_realloc(NULL, 10));
	wiping_free(p);
	/* A buffer moves as it grows. */
	for (int i = 0; i < 10000; i++)
		assert_int_equal(
		    bytes_append(&b, &(uint8_t){SECRET}, 1), ST_OK);
	bytes_free(&b);
	assert_true(seen_freed > 10);
	assert_int_equal(seen_secret, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_appended_comes_out_in_order),
	    cmocka_unit_test(no_more_than_the_maximum_fits),
	    cmocka_unit_test(a_buffer_can_be_appended_to_itself),
	    cmocka_unit_test(taking_off_the_front_wipes_what_is_behind),
	    cmocka_unit_test(a_failing_allocation_leaves_the_buffer_unchanged),
	    cmocka_unit_test(what_is_freed_or_moved_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
