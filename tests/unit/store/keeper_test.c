/*
 * tipline-keeper itself, confined as it will be, driven by a receiver that
 * means well, and by one that does not.
 */
#include "tests/unit/store/channel.h"

#include <time.h>

static char *folder;

static void
start(struct channel *c, uint64_t quota, uint64_t reserve)
{
	char q[24], r[24];
	int fds[2];

	*c = (struct channel){.fd = -1};
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	(void)snprintf(q, sizeof(q), "%llu", (unsigned long long)quota);
	(void)snprintf(r, sizeof(r), "%llu", (unsigned long long)reserve);
	c->pid = fork();
	if (c->pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		if (getenv("TIPLINE_TEST_LOUD") == NULL)
			(void)dup2(null, 2);
		if (fds[1] == KEEPER_FD)
			(void)fcntl(fds[1], F_SETFD, 0);
		else
			(void)dup2(fds[1], KEEPER_FD);
		execl(KEEPER_PROGRAM, "tipline-keeper", "--data", folder,
		    "--quota", q, "--reserve", r, (char *)NULL);
		_exit(99);
	}
	assert_true(c->pid > 0);
	close(fds[1]);
	c->fd = fds[0];
}

static int
fresh(void **state)
{
	(void)state;
	folder = make_folder();
	return store_create(folder) == ST_OK ? 0 : -1;
}

static int
gone(void **state)
{
	(void)state;
	remove_folder(folder);
	return 0;
}

/* How many tips there are; each is checked. */
static uint64_t
tips(void)
{
	struct store *store;
	uint64_t n;

	assert_int_equal(store_open(folder, STORE_READ, NULL, &store), ST_OK);
	n = check_tips(store, NULL, 0);
	store_close(store);
	return n;
}

static uint64_t
bytes_used(void)
{
	struct store *store;
	uint64_t n;

	assert_int_equal(store_open(folder, STORE_READ, NULL, &store), ST_OK);
	n = used(store);
	store_close(store);
	return n;
}

#define HEARD(c, want_type, want_upload)                                       \
	do {                                                                   \
		struct answer a_ = hear(c);                                    \
		assert_int_equal(a_.type, want_type);                          \
		assert_int_equal(a_.upload, want_upload);                      \
	} while (0)

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

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
a_long_upload_does_not_hold_up_a_short_tip(void **state)
{
	struct channel c;
	double worst = 0;
	uint64_t at = 0;

	(void)state;
	start(&c, 1024 * MIB, 0);
	for (uint32_t i = 0; i < 24; i++) {
		double begin;

		say_data(&c, 1, 1, at, 4 * MIB);
		at += 4 * MIB;
		begin = now();
		say_data(&c, 2, i + 2, 0, 17000);
		say_commit(&c, 2, i + 2, 17000);
		HEARD(&c, KEEPER_KEPT, 2);
		if (now() - begin > worst)
			worst = now() - begin;
	}
	say_commit(&c, 1, 1, at);
	HEARD(&c, KEEPER_KEPT, 1);
	assert_true(worst < 2.0); /* 0.03 s measured; this machine is shared */
	assert_int_equal(ended(&c), 0);
	assert_int_equal(tips(), 25);
}

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
	};
	uint64_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]) + 2; i++) {
		uint8_t out[KEEPER_HEAD_LEN + 100] = {0};
		struct channel c;

		start(&c, 64 * MIB, 0);
		say_data(&c, 1, 1, 0, 3000);
		say_commit(&c, 1, 1, 3000);
		HEARD(&c, KEEPER_KEPT, 1);
		n++;
		say_data(&c, 2, 2, 0, 3000);
		if (i < sizeof(heads) / sizeof(heads[0])) {
			keeper_head_write(&heads[i], out);
			say(&c, out, sizeof(out));
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

#define T(f) cmocka_unit_test_setup_teardown(f, fresh, gone)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_tip_is_answered_when_it_is_kept),
	    T(many_tips_of_one_turn_are_all_answered),
	    T(every_split_of_the_stream_means_the_same),
	    T(uploads_in_each_others_midst_stay_apart),
	    T(a_long_upload_does_not_hold_up_a_short_tip),
	    T(a_wrong_length_is_refused_and_harms_nobody),
	    T(an_abort_after_the_commit_is_too_late_and_harmless),
	    T(a_broken_receiver_is_hung_up_on),
	    T(every_mutant_ends_well_or_with_a_refusal),
	    T(more_uploads_than_agreed_end_the_channel),
	    T(what_a_kill_cut_off_is_cleared_at_the_next_start),
	    T(a_term_signal_or_a_lost_receiver_ends_it_tidily),
	    T(when_it_is_full_it_says_so_and_goes_on_with_what_fits),
	    T(it_fills_to_the_brim_and_loses_nothing),
	    T(the_reserve_of_the_disk_is_not_touched),
	    T(a_second_keeper_is_refused),
	    T(wrong_usage_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
