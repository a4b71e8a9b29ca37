/*
 * What the supervisor tells the receiver arrives whole or not at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "intake/control.h"

#define SIZE 16384

static void
make_epoch(struct recipients *e, uint32_t number, size_t keys)
{
	*e = (struct recipients){.epoch = number,
	    .from = 1000 * (uint64_t)number,
	    .until = 1000 * (uint64_t)number + 999,
	    .count = keys};
	for (size_t k = 0; k < keys; k++) {
		memset(e->r[k].id, (int)(number * 16 + k), KEY_ID_LEN);
		memset(e->r[k].key, (int)(number * 16 + k + 1), PUBLIC_KEY_LEN);
	}
}

static void
assert_same(const struct recipients *a, const struct recipients *b)
{
	assert_int_equal(a->epoch, b->epoch);
	assert_int_equal(a->from, b->from);
	assert_int_equal(a->until, b->until);
	assert_int_equal(a->count, b->count);
	for (size_t k = 0; k < a->count; k++)
		assert_memory_equal(&a->r[k], &b->r[k], sizeof(a->r[k]));
}

static void
epochs_come_back_as_they_were_written(void **state)
{
	static struct recipients in[CONTROL_EPOCHS_MAX];
	struct recipients out[CONTROL_EPOCHS_MAX];
	static uint8_t p[SIZE];
	size_t len, count;

	(void)state;
	for (size_t n = 0; n <= CONTROL_EPOCHS_MAX; n++) {
		for (size_t i = 0; i < n; i++)
			make_epoch(&in[i], (uint32_t)i + 7, 1 + i);
		assert_int_equal(
		    control_epochs_write(in, n, p, sizeof(p), &len), ST_OK);
		assert_int_equal(control_epochs_parse(
				     p, len, out, CONTROL_EPOCHS_MAX, &count),
		    ST_OK);
		assert_int_equal(count, n);
		for (size_t i = 0; i < n; i++)
			assert_same(&in[i], &out[i]);
	}
}

/* The largest message there can be fits one packet between processes. */
static void
sixteen_epochs_of_sixteen_keys_fit_and_one_byte_less_does_not(void **state)
{
	struct recipients in[CONTROL_EPOCHS_MAX + 1];
	static uint8_t p[SIZE];
	size_t len, again;

	(void)state;
	for (size_t i = 0; i <= CONTROL_EPOCHS_MAX; i++)
		make_epoch(&in[i], (uint32_t)i + 1, RECIPIENTS_MAX);
	assert_int_equal(
	    control_epochs_write(in, CONTROL_EPOCHS_MAX, p, sizeof(p), &len),
	    ST_OK);
	assert_int_equal(len, 4 + 16 * (21 + 16 * 40));
	assert_int_equal(
	    control_epochs_write(in, CONTROL_EPOCHS_MAX, p, len - 1, &again),
	    ST_LIMIT);
	assert_int_equal(again, 0);
	assert_int_equal(control_epochs_write(
			     in, CONTROL_EPOCHS_MAX + 1, p, sizeof(p), &len),
	    ST_LIMIT);
}

static void
more_epochs_than_there_is_room_for_are_refused(void **state)
{
	struct recipients in[3], out[3];
	static uint8_t p[SIZE];
	size_t len, count;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		make_epoch(&in[i], (uint32_t)i + 1, 1);
	assert_int_equal(
	    control_epochs_write(in, 3, p, sizeof(p), &len), ST_OK);
	assert_int_equal(
	    control_epochs_parse(p, len, out, 2, &count), ST_LIMIT);
	assert_int_equal(count, 0);
}

/* Every cut and every longer message is refused; none reads past its end
 * (the sanitizers watch a block of exactly that length). */
static void
every_cut_is_refused(void **state)
{
	struct recipients in[3], out[3];
	static uint8_t p[SIZE];
	size_t len, count;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		make_epoch(&in[i], (uint32_t)i + 1, i + 1);
	assert_int_equal(
	    control_epochs_write(in, 3, p, sizeof(p), &len), ST_OK);
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *exact = test_malloc(cut + 1);

		memcpy(exact, p, cut);
		assert_int_equal(
		    control_epochs_parse(exact, cut, out, 3, &count),
		    ST_MALFORMED);
		assert_int_equal(count, 0);
		test_free(exact);
	}
	p[len] = 0;
	assert_int_equal(
	    control_epochs_parse(p, len + 1, out, 3, &count), ST_MALFORMED);
}

/* A changed byte is refused or tells something else; never the same. */
static void
every_mutant_is_refused_or_different(void **state)
{
	struct recipients in[3], out[3];
	static uint8_t p[SIZE], back[SIZE];
	size_t len, count, again;
	unsigned refused = 0;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		make_epoch(&in[i], (uint32_t)i + 1, i + 1);
	assert_int_equal(
	    control_epochs_write(in, 3, p, sizeof(p), &len), ST_OK);
	for (size_t at = 0; at < len; at++) {
		for (unsigned flip = 1; flip < 256; flip <<= 1) {
			p[at] ^= (uint8_t)flip;
			if (control_epochs_parse(p, len, out, 3, &count) !=
			    ST_OK) {
				refused++;
			} else {
				/* What was read is exactly what was told. */
				assert_int_equal(
				    control_epochs_write(
					out, count, back, sizeof(back), &again),
				    ST_OK);
				assert_int_equal(again, len);
				assert_memory_equal(back, p, len);
			}
			p[at] ^= (uint8_t)flip;
		}
	}
	assert_true(refused > 100);
}

static void
epochs_that_make_no_sense_are_refused(void **state)
{
	struct recipients in[2], out[2];
	static uint8_t p[SIZE];
	size_t len, count;

	(void)state;
	for (int wrong = 0; wrong < 4; wrong++) {
		make_epoch(&in[0], 1, 1);
		make_epoch(&in[1], 2, 1);
		if (wrong == 0)
			in[1].epoch = 1; /* twice the same */
		if (wrong == 1)
			in[0].until = in[0].from; /* never in force */
		if (wrong == 2)
			in[1].count = 0; /* sealed to nobody */
		if (wrong == 3)
			in[0].epoch = 3; /* falling */
		assert_int_equal(
		    control_epochs_write(in, 2, p, sizeof(p), &len), ST_OK);
		assert_int_equal(
		    control_epochs_parse(p, len, out, 2, &count), ST_MALFORMED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(epochs_come_back_as_they_were_written),
	    cmocka_unit_test(
		sixteen_epochs_of_sixteen_keys_fit_and_one_byte_less_does_not),
	    cmocka_unit_test(more_epochs_than_there_is_room_for_are_refused),
	    cmocka_unit_test(every_cut_is_refused),
	    cmocka_unit_test(every_mutant_is_refused_or_different),
	    cmocka_unit_test(epochs_that_make_no_sense_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
