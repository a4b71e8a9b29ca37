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

/* A message of count epochs with some keys each, as bytes. */
static size_t
make_message(size_t count, uint8_t p[static SIZE], struct control_epochs *in)
{
	size_t len;

	*in = (struct control_epochs){
	    .floor = 41, .opens = UINT64_C(1) << 33, .count = count};
	for (size_t i = 0; i < count; i++)
		make_epoch(&in->epoch[i], (uint32_t)i + 7, 1 + i);
	assert_int_equal(control_epochs_write(in, p, SIZE, &len), ST_OK);
	return len;
}

static void
epochs_come_back_as_they_were_written(void **state)
{
	static struct control_epochs in, out;
	static uint8_t p[SIZE];
	size_t len;

	(void)state;
	for (size_t n = 0; n <= CONTROL_EPOCHS_MAX; n++) {
		len = make_message(n, p, &in);
		assert_int_equal(control_epochs_parse(p, len, &out), ST_OK);
		assert_int_equal(out.floor, in.floor);
		assert_int_equal(out.opens, in.opens);
		assert_int_equal(out.count, n);
		for (size_t i = 0; i < n; i++)
			assert_same(&in.epoch[i], &out.epoch[i]);
	}
}

/* The largest message there can be fits one packet between processes. */
static void
sixteen_epochs_of_sixteen_keys_fit_and_one_byte_less_does_not(void **state)
{
	static struct control_epochs in;
	static uint8_t p[SIZE];
	size_t len, again;

	(void)state;
	in.count = CONTROL_EPOCHS_MAX;
	for (size_t i = 0; i < CONTROL_EPOCHS_MAX; i++)
		make_epoch(&in.epoch[i], (uint32_t)i + 1, RECIPIENTS_MAX);
	assert_int_equal(control_epochs_write(&in, p, sizeof(p), &len), ST_OK);
	assert_int_equal(len, CONTROL_EPOCHS_LEN_MAX);
	assert_int_equal(
	    control_epochs_write(&in, p, len - 1, &again), ST_LIMIT);
	assert_int_equal(again, 0);
	in.count++;
	assert_int_equal(
	    control_epochs_write(&in, p, sizeof(p), &len), ST_LIMIT);
}

static void
more_epochs_than_there_is_room_for_are_refused(void **state)
{
	static struct control_epochs in, out;
	static uint8_t p[SIZE];
	size_t len;

	(void)state;
	len = make_message(CONTROL_EPOCHS_MAX, p, &in);
	p[12]++;
	assert_int_equal(control_epochs_parse(p, len, &out), ST_MALFORMED);
	assert_int_equal(out.count, 0);
}

/* Every cut and every longer message is refused; none reads past its end
 * (the sanitizers watch a block of exactly that length). */
static void
every_cut_is_refused(void **state)
{
	static struct control_epochs in, out;
	static uint8_t p[SIZE];
	size_t len;

	(void)state;
	len = make_message(3, p, &in);
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *exact = test_malloc(cut + 1);

		memcpy(exact, p, cut);
		assert_int_equal(
		    control_epochs_parse(exact, cut, &out), ST_MALFORMED);
		test_free(exact);
	}
	p[len] = 0;
	assert_int_equal(control_epochs_parse(p, len + 1, &out), ST_MALFORMED);
}

/* A changed byte is refused or tells something else; never the same. */
static void
every_mutant_is_refused_or_different(void **state)
{
	static struct control_epochs in, out;
	static uint8_t p[SIZE], back[SIZE];
	size_t len, again;
	unsigned refused = 0;

	(void)state;
	len = make_message(3, p, &in);
	for (size_t at = 0; at < len; at++) {
		for (unsigned flip = 1; flip < 256; flip <<= 1) {
			p[at] ^= (uint8_t)flip;
			if (control_epochs_parse(p, len, &out) != ST_OK) {
				refused++;
			} else {
				/* What was read is exactly what was told. */
				assert_int_equal(
				    control_epochs_write(
					&out, back, sizeof(back), &again),
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
	static struct control_epochs in, out;
	static uint8_t p[SIZE];
	size_t len;

	(void)state;
	for (int wrong = 0; wrong < 5; wrong++) {
		(void)make_message(2, p, &in);
		if (wrong == 0)
			in.epoch[1].epoch = 7; /* twice the same */
		if (wrong == 1)
			in.epoch[0].until = in.epoch[0].from; /* never */
		if (wrong == 2)
			in.epoch[1].count = 0; /* sealed to nobody */
		if (wrong == 3)
			in.epoch[0].epoch = 9; /* falling */
		if (wrong == 4)
			in.epoch[0].epoch = 0; /* no number */
		assert_int_equal(
		    control_epochs_write(&in, p, sizeof(p), &len), ST_OK);
		assert_int_equal(
		    control_epochs_parse(p, len, &out), ST_MALFORMED);
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
