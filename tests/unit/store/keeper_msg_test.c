/* Heads of frames: written, read, refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/keeper_msg.h"

static const struct keeper_head good[] = {
    {KEEPER_DATA, 1, 1},
    {KEEPER_DATA, UINT32_MAX, KEEPER_DATA_MAX},
    {KEEPER_COMMIT, 0x01020304, KEEPER_COMMIT_LEN},
    {KEEPER_ABORT, 7, 0},
    {KEEPER_KEPT, 7, 0},
    {KEEPER_REFUSED, 7, KEEPER_REFUSED_LEN},
    {KEEPER_ROOM, 0, KEEPER_ROOM_LEN},
    {KEEPER_MAIL, 7, KEEPER_MAILBOX_LEN},
    {KEEPER_FORGET, 7, KEEPER_FORGET_LEN},
    {KEEPER_SLOT, 7, KEEPER_SLOT_LEN},
    {KEEPER_FORGOTTEN, 7, 0},
};

static const struct keeper_head bad[] = {
    {KEEPER_DATA, 0, 1},
    {KEEPER_DATA, 1, 0},
    {KEEPER_DATA, 1, KEEPER_DATA_MAX + 1},
    {KEEPER_DATA, 1, UINT32_MAX},
    {KEEPER_COMMIT, 0, KEEPER_COMMIT_LEN},
    {KEEPER_COMMIT, 1, KEEPER_COMMIT_LEN - 1},
    {KEEPER_COMMIT, 1, KEEPER_COMMIT_LEN + 1},
    {KEEPER_ABORT, 0, 0},
    {KEEPER_ABORT, 1, 1},
    {KEEPER_KEPT, 0, 0},
    {KEEPER_KEPT, 1, 1},
    {KEEPER_REFUSED, 1, 0},
    {KEEPER_REFUSED, 1, 2},
    {KEEPER_REFUSED, 0, 1},
    {KEEPER_ROOM, 1, KEEPER_ROOM_LEN},
    {KEEPER_ROOM, 0, KEEPER_ROOM_LEN - 1},
    {(enum keeper_type)0, 1, 0},
    {KEEPER_MAIL, 0, KEEPER_MAILBOX_LEN},
    {KEEPER_MAIL, 1, KEEPER_MAILBOX_LEN - 1},
    {KEEPER_MAIL, 1, KEEPER_MAILBOX_LEN + 1},
    {KEEPER_FORGET, 0, KEEPER_FORGET_LEN},
    {KEEPER_FORGET, 1, KEEPER_FORGET_LEN - 1},
    {KEEPER_FORGET, 1, KEEPER_FORGET_LEN + 1},
    {KEEPER_SLOT, 0, KEEPER_SLOT_LEN},
    {KEEPER_SLOT, 1, KEEPER_SLOT_LEN - 1},
    {KEEPER_SLOT, 1, KEEPER_SLOT_LEN + 1},
    {KEEPER_FORGOTTEN, 0, 0},
    {KEEPER_FORGOTTEN, 1, 1},
    {(enum keeper_type)6, 1, 0},
    {(enum keeper_type)16, 1, 0},
    {(enum keeper_type)22, 1, 0},
    {(enum keeper_type)0x101, 1, 1}, /* reserved bytes */
    {(enum keeper_type)0x10001, 1, 1},
    {(enum keeper_type)0x1000001, 1, 1},
};

static void
what_is_written_is_read_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint8_t out[KEEPER_HEAD_LEN];
		struct keeper_head head;

		keeper_head_write(&good[i], out);
		assert_int_equal(keeper_head_parse(out, &head), ST_OK);
		assert_int_equal(head.type, good[i].type);
		assert_int_equal(head.upload, good[i].upload);
		assert_int_equal(head.len, good[i].len);
	}
}

static void
a_head_that_breaks_a_rule_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t out[KEEPER_HEAD_LEN];
		struct keeper_head head;

		keeper_head_write(&bad[i], out);
		assert_int_equal(keeper_head_parse(out, &head), ST_MALFORMED);
		assert_int_equal(head.type, 0);
		assert_int_equal(head.len, 0);
	}
}

static void
the_bytes_are_those_of_the_header(void **state)
{
	static const uint8_t want[KEEPER_HEAD_LEN] = {
	    2, 0, 0, 0, 4, 3, 2, 1, KEEPER_COMMIT_LEN, 0, 0, 0};
	uint8_t out[KEEPER_HEAD_LEN];

	(void)state;
	keeper_head_write(&good[2], out);
	assert_memory_equal(out, want, sizeof(want));
}

/* Whatever passes means the same when written again. */
static void
every_mutant_is_refused_or_canonical(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		for (size_t at = 0; at < KEEPER_HEAD_LEN; at++)
			for (unsigned v = 0; v < 256; v++) {
				uint8_t in[KEEPER_HEAD_LEN], out[sizeof(in)];
				struct keeper_head head;

				keeper_head_write(&good[i], in);
				in[at] = (uint8_t)v;
				if (keeper_head_parse(in, &head) != ST_OK)
					continue;
				keeper_head_write(&head, out);
				assert_memory_equal(in, out, sizeof(in));
				assert_true(head.len <= KEEPER_DATA_MAX);
			}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_is_read_back),
	    cmocka_unit_test(a_head_that_breaks_a_rule_is_refused),
	    cmocka_unit_test(the_bytes_are_those_of_the_header),
	    cmocka_unit_test(every_mutant_is_refused_or_canonical),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
