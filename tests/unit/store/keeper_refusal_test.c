/* The keeper with a receiver that does not mean well, and with no room. */
#include "tests/unit/store/program.h"

static void
a_wrong_length_is_refused_and_harms_nobody(void **state)
{
	struct channel c;
	struct answer a;

	(void)state;
	start(&c, 64 * MIB, 0);
	say_data(&c, 1, 1, 0, 5000);
	say_data(&c, 2, 2, 0, 5000);
	say_commit(&c, 1, 1, 4999);
	say_commit(&c, 2, 2, 5000);
	for (int i = 0; i < 2; i++) {
		a = hear(&c);
		assert_int_equal(
		    a.type, a.upload == 1 ? KEEPER_REFUSED : KEEPER_KEPT);
		if (a.upload == 1)
			assert_int_equal(a.reason, KEEPER_TROUBLE);
	}
	say_data(&c, 1, 3, 0, 5000);
	say_commit(&c, 1, 3, 5000);
	HEARD(&c, KEEPER_KEPT, 1);
	assert_int_equal(ended(&c), 0);
	assert_int_equal(tips(), 2);
}

static void
an_abort_after_the_commit_is_too_late_and_harmless(void **state)
{
	struct channel c;

	(void)state;
	start(&c, 64 * MIB, 0);
	say_data(&c, 1, 1, 0, 5000);
	say_commit(&c, 1, 1, 5000);
	say_frame(&c, KEEPER_ABORT, 1, NULL, 0);
	HEARD(&c, KEEPER_KEPT, 1);
	say_frame(&c, KEEPER_ABORT, 1, NULL, 0);
	say_frame(&c, KEEPER_ABORT, 99, NULL, 0);
	say_data(&c, 1, 2, 0, 10);
	say_commit(&c, 1, 2, 10);
	HEARD(&c, KEEPER_KEPT, 1);
	assert_int_equal(ended(&c), 0);
	assert_int_equal(tips(), 2);
}

/* Each sends one thing that may not be; one tip was kept before. */
static void
a_broken_receiver_is_hung_up_on(void **state)
{
	static const struct keeper_head heads[] = {
	    {(enum keeper_type)0, 0, 0},
	    {(enum keeper_type)4, 1, 0},
	    {(enum keeper_type)0x100 | KEEPER_DATA, 5, 1},
	    {KEEPER_DATA, 0, 1},
	    {KEEPER_DATA, 5, 0},
	    {KEEPER_DATA, 5, KEEPER_DATA_MAX + 1},
	    {KEEPER_DATA, 5, UINT32_MAX},
	    {KEEPER_COMMIT, 5, 39},
	    {KEEPER_COMMIT, 5, KEEPER_COMMIT_LEN}, /* no such upload */
	    {KEEPER_ABORT, 5, 1},
	    {KEEPER_KEPT, 5, 0},
	    {KEEPER_REFUSED, 5, 1},
	    {KEEPER_ROOM, 0, KEEPER_ROOM_LEN},
	    {KEEPER_MAIL, 5, 15},
	    {KEEPER_MAIL, 0, KEEPER_MAILBOX_LEN},
	    {KEEPER_MAIL, 2, KEEPER_MAILBOX_LEN}, /* an upload's number */
	    {KEEPER_FORGET, 5, KEEPER_MAILBOX_LEN},
	    {KEEPER_FORGET, 2, KEEPER_FORGET_LEN},
	    {KEEPER_SLOT, 5, KEEPER_SLOT_LEN},
	    {KEEPER_FORGOTTEN, 5, 0},
	};
	uint64_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]) + 2; i++) {
		uint8_t out[KEEPER_HEAD_LEN + KEEPER_SLOT_LEN] = {0};
		struct channel c;

		start(&c, 64 * MIB, 0);
		say_data(&c, 1, 1, 0, 3000);
		say_commit(&c, 1, 1, 3000);
		HEARD(&c, KEEPER_KEPT, 1);
		n++;
		say_data(&c, 2, 2, 0, 3000);
		if (i < sizeof(heads) / sizeof(heads[0])) {
			size_t len = heads[i].len < KEEPER_SLOT_LEN
			    ? heads[i].len
			    : KEEPER_SLOT_LEN;

			keeper_head_write(&heads[i], out);
			say(&c, out, KEEPER_HEAD_LEN + len);
		} else { /* twice whole, or more after it was whole */
			uint8_t body[3 * KEEPER_COMMIT_LEN + 40];
			uint8_t commit[KEEPER_COMMIT_LEN] = {0};
			size_t len;

			le64_put(commit, 3000);
			len = frame(
			    body, KEEPER_COMMIT, 2, commit, sizeof(commit));
			if (i % 2 == 0)
				len += frame(body + len, KEEPER_COMMIT, 2,
				    commit, sizeof(commit));
			else
				len += frame(
				    body + len, KEEPER_DATA, 2, commit, 10);
			say(&c, body, len);
		}
		assert_int_equal(hear(&c).type, 0);
		assert_int_equal(ended(&c), 1);
		assert_int_equal(tips(), n);
	}
}

/* Every bit of a stream that was good. */
static void
every_mutant_ends_well_or_with_a_refusal(void **state)
{
	uint8_t good[2 * KEEPER_HEAD_LEN + 20 + KEEPER_COMMIT_LEN];
	uint8_t data[20], body[KEEPER_COMMIT_LEN];
	size_t len;

	(void)state;
	tip_fill(1, 0, data, sizeof(data));
	le64_put(body, sizeof(data));
	tip_digest(1, body + 8);
	len = frame(good, KEEPER_DATA, 1, data, sizeof(data));
	len += frame(good + len, KEEPER_COMMIT, 1, body, sizeof(body));
	for (size_t at = 0; at < len; at++) {
		bool in_data = at >= 12 && at < 32, in_digest = at >= 52;
		struct channel c;
		struct answer a;
		int code;

		if ((in_data || in_digest) && at % 8 != 0)
			continue; /* the keeper does not look at these */
		good[at] ^= (uint8_t)(1U << at % 8);
		start(&c, 64 * MIB, 0);
		say(&c, good, len);
		assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
		a = hear(&c);
		code = ended(&c);
		good[at] ^= (uint8_t)(1U << at % 8);
		assert_true(code == 0 || code == 1);
		if (in_data || in_digest)
			assert_int_equal(a.type, KEEPER_KEPT);
		else
			assert_int_not_equal(a.type, KEEPER_KEPT);
	}
}

static void
more_uploads_than_agreed_end_the_channel(void **state)
{
	struct channel c;

	(void)state;
	start(&c, 1024 * MIB, 0);
	for (uint32_t u = 1; u <= KEEPER_UPLOADS_MAX; u++)
		say_data(&c, u, u, 0, 1);
	say_commit(&c, 77, 77, 1);
	HEARD(&c, KEEPER_KEPT, 77);
	say_data(&c, 77, 77, 0, 1); /* as many as agreed */
	say_commit(&c, 78, 78, 1);
	HEARD(&c, KEEPER_KEPT, 78);
	say_data(&c, 78, 1, 0, 1);
	say_data(&c, UINT32_MAX, 1, 0, 1); /* one too many */
	assert_int_equal(hear(&c).type, 0);
	assert_int_equal(ended(&c), 1);
	assert_int_equal(tips(), 2);
}

static void
when_it_is_full_it_says_so_and_goes_on_with_what_fits(void **state)
{
	struct channel c;
	struct answer a;
	uint32_t n = 0;

	(void)state;
	start(&c, 16 * MIB, 0);
	/* One upload that will not fit, short tips beside it. */
	say_data(&c, 1, 1, 0, 10 * MIB);
	say_data(&c, 2, 2, 0, 17000);
	say_commit(&c, 2, 2, 17000);
	HEARD(&c, KEEPER_KEPT, 2);
	n++;
	say_data(&c, 1, 1, 10 * MIB, 10 * MIB);
	say_data(&c, 3, 3, 0, 17000);
	say_commit(&c, 3, 3, 17000);
	for (int i = 0; i < 2; i++) {
		a = hear(&c);
		if (a.upload == 1) {
			assert_int_equal(a.type, KEEPER_REFUSED);
			assert_int_equal(a.reason, KEEPER_FULL);
		} else {
			assert_int_equal(a.type, KEEPER_KEPT);
			n++;
		}
	}
	/* What was under way is ignored, the COMMIT refused once more. */
	say_data(&c, 1, 1, 0, 1000);
	say_commit(&c, 1, 1, 20 * MIB);
	HEARD(&c, KEEPER_REFUSED, 1);
	/* Its rows go, and room comes back without a hand. */
	for (int i = 0; i < 100 && c.files_room < 12 * MIB; i++) {
		say_data(&c, 4, 4, 0, 1000);
		say_commit(&c, 4, 4, 1000);
		HEARD(&c, KEEPER_KEPT, 4);
		n++;
		(void)poll(NULL, 0, 20);
	}
	assert_true(c.files_room > 12 * MIB);
	say_data(&c, 1, 1, 0, 11 * MIB);
	say_commit(&c, 1, 1, 11 * MIB);
	HEARD(&c, KEEPER_KEPT, 1);
	n++;
	assert_int_equal(ended(&c), 0);
	assert_int_equal(tips(), n);
}

static void
it_fills_to_the_brim_and_loses_nothing(void **state)
{
	struct channel c;
	struct answer a;
	uint64_t n = 0;

	(void)state;
	start(&c, 4 * MIB, 0);
	for (uint32_t i = 0; i < 400; i++) {
		say_data(&c, i + 1, i, 0, 16649);
		say_commit(&c, i + 1, i, 16649);
		a = hear(&c);
		assert_int_equal(a.upload, i + 1);
		if (a.type == KEEPER_KEPT)
			n++;
		else
			assert_int_equal(a.reason, KEEPER_FULL);
	}
	assert_true(n > 150 && n < 253);
	assert_int_equal(c.text_room, 0);
	assert_int_equal(ended(&c), 0);
	assert_int_equal(tips(), n);
}

static void
the_reserve_of_the_disk_is_not_touched(void **state)
{
	struct channel c;
	struct answer a;

	(void)state;
	start(&c, 64 * MIB, UINT64_C(1) << 45);
	say_data(&c, 1, 1, 0, 1000);
	say_commit(&c, 1, 1, 1000);
	a = hear(&c);
	assert_int_equal(a.type, KEEPER_REFUSED);
	assert_int_equal(a.reason, KEEPER_FULL);
	assert_int_equal(c.text_room, 0);
	assert_int_equal(ended(&c), 0);
	assert_int_equal(tips(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_wrong_length_is_refused_and_harms_nobody),
	    T(an_abort_after_the_commit_is_too_late_and_harmless),
	    T(a_broken_receiver_is_hung_up_on),
	    T(every_mutant_ends_well_or_with_a_refusal),
	    T(more_uploads_than_agreed_end_the_channel),
	    T(when_it_is_full_it_says_so_and_goes_on_with_what_fits),
	    T(it_fills_to_the_brim_and_loses_nothing),
	    T(the_reserve_of_the_disk_is_not_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
