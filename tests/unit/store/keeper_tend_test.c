/* A keeper under load while the operator purges and puts replies. */
#include "tests/unit/store/program.h"
#include "tests/unit/store/replies.h"

#define TIPS 304
#define AT_ONCE 8

static void
no_tip_is_lost_or_refused_for_an_operator(void **state)
{
	static const struct beside beside = {TIPS, 8192, 5, 10, true};
	uint64_t at = 0;
	struct channel c;
	struct store *store;
	struct store_tip tip = {0};
	uint32_t kept = 0;
	int status;
	pid_t pid;

	(void)state;
	start(&c, 1024 * MIB, 0);
	say_data(&c, 1000, 1, 0, 1); /* it has begun */
	if ((pid = fork()) == 0)
		_exit(tend_beside(&beside));
	for (uint32_t i = 0; i < TIPS; i += AT_ONCE) {
		/* A long upload, one that is given up, and short ones. */
		say_data(&c, 1000, 1, at + 1, 20000);
		at += 20000;
		say_data(&c, 2000 + i, 2, 0, 10000);
		for (uint32_t j = i; j < i + AT_ONCE; j++) {
			say_data(&c, j + 1, j, 0, 16000 + j);
			say_commit(&c, j + 1, j, 16000 + j);
		}
		for (uint32_t j = 0; j < AT_ONCE; j++) {
			struct answer a = hear(&c);

			assert_int_equal(a.type, KEEPER_KEPT);
			kept++;
		}
		say_frame(&c, KEEPER_ABORT, 2000 + i, NULL, 0);
	}
	assert_int_equal(kept, TIPS);
	say_commit(&c, 1000, 1, at + 1);
	HEARD(&c, KEEPER_KEPT, 1000);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(ended(&c), 0);
	assert_int_equal(store_open(folder, STORE_WRITE, &wide, &store), ST_OK);
	for (uint64_t n = 1; n <= TIPS + 1; n++) {
		struct reading r = {0, 0, true};

		assert_int_equal(store_next(store, tip.number, &tip), ST_OK);
		assert_int_equal(tip.number, n);
		assert_int_equal(tip.purged, n <= TIPS && n % 3 != 0);
		memcpy(&r.seed, tip.digest, sizeof(r.seed));
		if (tip.purged)
			continue;
		assert_int_equal(store_read(store, &tip, compare, &r), ST_OK);
		assert_true(r.same);
	}
	assert_int_equal(clear_all(store), ST_OK);
	/* a third of the tips, the long one, 40 replies. */
	assert_true(used(store) < TIPS / 3 * 40000 + 5 * MIB);
	assert_int_equal(store_verify(store), ST_OK);
	store_close(store);
}

/*
 * Somebody holds the lock longer than the keeper waits for it: it tries
 * again, and answers when it is free.
 */
static void
a_lock_held_long_delays_tips_and_refuses_none(void **state)
{
	struct store *tender = open_tender();
	struct channel c;
	uint8_t box[STORE_MAILBOX_LEN], body[KEEPER_FORGET_LEN];
	struct pollfd fd;

	(void)state;
	start(&c, 64 * MIB, 0);
	say_data(&c, 1, 1, 0, 5000);
	say_commit(&c, 1, 1, 5000);
	HEARD(&c, KEEPER_KEPT, 1);
	assert_int_equal(store_begin(tender, true), ST_OK);
	say_data(&c, 2, 2, 0, 5000);
	say_commit(&c, 2, 2, 5000);
	fd = (struct pollfd){.fd = c.fd, .events = POLLIN};
	assert_int_equal(poll(&fd, 1, 3000), 0);
	store_rollback(tender);
	HEARD(&c, KEEPER_KEPT, 2);
	/* The same with a reply to be forgotten. */
	assert_int_equal(put_reply(tender, 1, 1, FAR_DAY), ST_OK);
	assert_int_equal(store_begin(tender, true), ST_OK);
	mailbox_of(1, box);
	memcpy(body, box, sizeof(box));
	le64_put(body + sizeof(box), 5);
	say_frame(&c, KEEPER_FORGET, 3, body, sizeof(body));
	assert_int_equal(poll(&fd, 1, 3000), 0);
	store_rollback(tender);
	HEARD(&c, KEEPER_FORGOTTEN, 3);
	assert_int_equal(ended(&c), 0);
	store_close(tender);
	assert_int_equal(tips(), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(no_tip_is_lost_or_refused_for_an_operator),
	    T(a_lock_held_long_delays_tips_and_refuses_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
