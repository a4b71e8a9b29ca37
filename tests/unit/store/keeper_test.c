/* The keeper with a receiver that means well, and with kills. */
#include "tests/unit/store/program.h"

static void
a_tip_is_answered_when_it_is_kept(void **state)
{
	struct channel c;

	(void)state;
	start(&c, 64 * MIB, 0);
	say_data(&c, 7, 1, 0, 16649);
	say_commit(&c, 7, 1, 16649);
	HEARD(&c, KEEPER_KEPT, 7);
	assert_true(c.rooms > 0);
	assert_true(c.files_room > 40 * MIB && c.files_room < 64 * MIB);
	assert_true(c.text_room > c.files_room);
	assert_int_equal(tips(), 1); /* beside the running keeper */
	say_data(&c, 7, 2, 0, 1);    /* the number may be used again */
	say_commit(&c, 7, 2, 1);
	HEARD(&c, KEEPER_KEPT, 7);
	assert_int_equal(ended(&c), 0);
	assert_int_equal(tips(), 2);
}

static void
many_tips_of_one_turn_are_all_answered(void **state)
{
	static uint8_t out[200 * 1200];
	struct channel c;
	size_t len = 0;
	bool seen[201] = {false};

	(void)state;
	for (uint32_t i = 1; i <= 200; i++) {
		uint8_t data[1000], body[KEEPER_COMMIT_LEN];

		tip_fill(i, 0, data, sizeof(data));
		len += frame(out + len, KEEPER_DATA, i, data, sizeof(data));
		le64_put(body, sizeof(data));
		tip_digest(i, body + 8);
		len += frame(out + len, KEEPER_COMMIT, i, body, sizeof(body));
	}
	start(&c, 64 * MIB, 0);
	say(&c, out, len);
	for (int i = 0; i < 200; i++) {
		struct answer a = hear(&c);

		assert_int_equal(a.type, KEEPER_KEPT);
		assert_true(a.upload >= 1 && a.upload <= 200);
		assert_false(seen[a.upload]);
		seen[a.upload] = true;
	}
	assert_int_equal(ended(&c), 0);
	assert_int_equal(tips(), 200);
}

/* The same bytes, cut at each of many places with a pause. */
static void
every_split_of_the_stream_means_the_same(void **state)
{
	uint8_t out[4000], data[900], body[KEEPER_COMMIT_LEN];
	struct channel c;
	size_t len = 0;
	uint32_t n = 0;

	(void)state;
	start(&c, 256 * MIB, 0);
	for (size_t cut = 1; cut < 2100; cut += cut < 30 ? 1 : 41) {
		len = 0;
		n++;
		tip_fill(n, 0, data, 900);
		len += frame(out, KEEPER_DATA, 1, data, 900);
		tip_fill(n, 900, data, 900);
		len += frame(out + len, KEEPER_DATA, 1, data, 900);
		len += frame(out + len, KEEPER_DATA, 2, data, 200);
		len += frame(out + len, KEEPER_ABORT, 2, NULL, 0);
		le64_put(body, 1800);
		tip_digest(n, body + 8);
		len += frame(out + len, KEEPER_COMMIT, 1, body, sizeof(body));
		if (cut >= len)
			cut = len - 1;
		say(&c, out, cut);
		(void)poll(NULL, 0, cut % 3 == 0 ? 120 : 2);
		say(&c, out + cut, len - cut);
		HEARD(&c, KEEPER_KEPT, 1);
		if (cut == len - 1)
			break;
	}
	assert_int_equal(ended(&c), 0);
	assert_int_equal(tips(), n);
}

static void
uploads_in_each_others_midst_stay_apart(void **state)
{
	struct channel c;
	const size_t part = 50000;

	(void)state;
	start(&c, 256 * MIB, 0);
	for (unsigned turn = 0; turn < 40; turn++)
		for (uint32_t u = 1; u <= 8; u++)
			say_data(&c, u, u, turn * part, part);
	say_frame(&c, KEEPER_ABORT, 3, NULL, 0);
	say_data(&c, 3, 33, 0, 10); /* its number is free at once */
	for (uint32_t u = 1; u <= 8; u++)
		if (u != 3)
			say_commit(&c, u, u, 40 * part);
	say_commit(&c, 3, 33, 10);
	for (int i = 0; i < 8; i++)
		assert_int_equal(hear(&c).type, KEEPER_KEPT);
	assert_int_equal(ended(&c), 0);
	assert_int_equal(tips(), 8);
	assert_true(bytes_used() < 7 * 40 * part * 11 / 10);
}

static void
a_long_upload_does_not_hold_up_a_short_tip(void **state)
{
	struct channel c;
	uint64_t at = 0;

	(void)state;
	start(&c, 1024 * MIB, 0);
	for (uint32_t i = 0; i < 24; i++) {
		say_data(&c, 1, 1, at, 4 * MIB);
		at += 4 * MIB;
		say_data(&c, 2, i + 2, 0, 17000);
		say_commit(&c, 2, i + 2, 17000);
		HEARD(&c, KEEPER_KEPT, 2); /* while the long one is open */
	}
	say_commit(&c, 1, 1, at);
	HEARD(&c, KEEPER_KEPT, 1);
	assert_int_equal(ended(&c), 0);
	assert_int_equal(tips(), 25);
}

static void
what_a_kill_cut_off_is_cleared_at_the_next_start(void **state)
{
	struct channel c;
	uint64_t empty = bytes_used();

	(void)state;
	for (int turn = 0; turn < 5; turn++) {
		start(&c, 1024 * MIB, 0);
		say_data(&c, 1, 1, 0, 6 * MIB + 12345);
		say_data(&c, 2, 2, 0, 30000);
		say_commit(&c, 2, 2, 30000);
		HEARD(&c, KEEPER_KEPT, 2);
		assert_int_equal(kill(c.pid, SIGKILL), 0);
		assert_int_equal(ended(&c), -1);
		assert_true(bytes_used() > empty + 5 * MIB);
	}
	start(&c, 1024 * MIB, 0);
	assert_int_equal(ended(&c), 0);
	assert_true(bytes_used() < empty + 500000);
	assert_int_equal(tips(), 5);
}

static void
a_term_signal_or_a_lost_receiver_ends_it_tidily(void **state)
{
	uint64_t empty = bytes_used();
	struct channel c;

	(void)state;
	for (int by_signal = 0; by_signal < 2; by_signal++) {
		start(&c, 1024 * MIB, 0);
		say_data(&c, 1, 1, 0, 3 * MIB);
		say_data(&c, 2, 2, 0, 30000);
		say_commit(&c, 2, 2, 30000);
		HEARD(&c, KEEPER_KEPT, 2);
		if (by_signal) {
			assert_int_equal(kill(c.pid, SIGTERM), 0);
			assert_int_equal(hear(&c).type, 0);
		}
		assert_int_equal(ended(&c), 0);
		assert_true(bytes_used() < empty + 200000);
		assert_int_equal(tips(), 1 + by_signal);
	}
}

static void
a_second_keeper_is_refused(void **state)
{
	struct channel c, other;

	(void)state;
	start(&c, 64 * MIB, 0);
	say_data(&c, 1, 1, 0, 1000);
	say_commit(&c, 1, 1, 1000);
	HEARD(&c, KEEPER_KEPT, 1);
	start(&other, 64 * MIB, 0);
	assert_int_equal(hear(&other).type, 0);
	assert_int_equal(ended(&other), 1);
	say_data(&c, 1, 1, 0, 1000);
	say_commit(&c, 1, 1, 1000);
	HEARD(&c, KEEPER_KEPT, 1);
	assert_int_equal(ended(&c), 0);
}

static void
wrong_usage_is_told_apart(void **state)
{
	struct channel c;

	(void)state;
	empty_folder(folder); /* no database */
	start(&c, 64 * MIB, 0);
	assert_int_equal(ended(&c), 1);
	c.pid = fork();
	if (c.pid == 0) {
		(void)dup2(open("/dev/null", O_WRONLY), 2);
		execl(KEEPER_PROGRAM, "tipline-keeper", "--data", folder,
		    "--quota", "much", "--reserve", "1", (char *)NULL);
		_exit(99);
	}
	assert_int_equal(ended(&c), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_tip_is_answered_when_it_is_kept),
	    T(many_tips_of_one_turn_are_all_answered),
	    T(every_split_of_the_stream_means_the_same),
	    T(uploads_in_each_others_midst_stay_apart),
	    T(a_long_upload_does_not_hold_up_a_short_tip),
	    T(what_a_kill_cut_off_is_cleared_at_the_next_start),
	    T(a_term_signal_or_a_lost_receiver_ends_it_tidily),
	    T(a_second_keeper_is_refused),
	    T(wrong_usage_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
