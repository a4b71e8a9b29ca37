/*
 * The keeper's logic on a disk that fails: every COMMIT has an answer or the
 * channel ends, what was answered KEPT is there, and one failure that passes
 * refuses only those it struck.
 */
#include "tests/unit/store/channel.h"

#include "store/keeper.h"
#include "tests/unit/sample.h"
#include "tests/unit/store/replies.h"
#include "tests/unit/store/shim.h"

#define TIPS 40
#define BOXES 5

static unsigned replies; /* put before the keeper starts */

static void
start(struct channel *c, unsigned kinds, unsigned long n, bool for_good,
    bool full)
{
	int fds[2];

	*c = (struct channel){.fd = -1};
	empty_folder(folder);
	assert_int_equal(store_create(folder), ST_OK);
	if (replies > 0) {
		struct store *tender = open_tender();

		for (uint32_t i = 0; i < replies; i++)
			assert_int_equal(
			    put_reply(tender, i, i, FAR_DAY), ST_OK);
		store_close(tender);
	}
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	c->pid = fork();
	if (c->pid == 0) {
		struct keeper *keeper = NULL;
		struct store *store = NULL;
		enum status st = ST_IO;
		int code;

		(void)dup2(open("/dev/null", O_WRONLY), 2);
		(void)signal(SIGPIPE, SIG_IGN);
		close(fds[0]);
		if (store_open(folder, STORE_WRITE, &wide, &store) == ST_OK &&
		    keeper_new(store, fds[1], &keeper) == ST_OK) {
			shim_fail(kinds, n, for_good, full);
			st = keeper_run(keeper, -1);
		}
		code = shim_fired() ? 10 : 0;
		shim_off();
		keeper_free(keeper);
		store_close(store);
		_exit(code + (st == ST_OK ? 0 : 1));
	}
	assert_true(c->pid > 0);
	close(fds[1]);
	c->fd = fds[0];
}

/* Groups of four tips, a long upload beside them.  How many were kept. */
static unsigned
drive(struct channel *c, bool kept[static TIPS + 1])
{
	bool heard[TIPS + 1] = {false};
	unsigned all = 0;
	uint64_t at = 0;

	for (uint32_t i = 0; i < TIPS; i += 4) {
		say_data(c, 1000, TIPS, at, 100000);
		at += 100000;
		for (uint32_t j = i; j < i + 4; j++)
			say_data(c, j + 1, j, 0, 9000 + j);
		for (uint32_t j = i; j < i + 4; j++)
			say_commit(c, j + 1, j, 9000 + j);
		for (int j = 0; j < 4;) {
			struct answer a = hear(c);

			if (a.type == 0)
				return all;
			/* Refused on the way, or so once more at the COMMIT. */
			if (a.upload == 1000 || heard[a.upload])
				continue;
			heard[a.upload] = true;
			j++;
			if (a.type == KEEPER_KEPT) {
				kept[a.upload - 1] = true;
				all++;
			}
		}
	}
	say_commit(c, 1000, TIPS, at);
	for (;;) {
		struct answer a = hear(c);

		if (a.type == KEEPER_KEPT) {
			kept[TIPS] = true;
			return all + 1;
		}
		if (a.type == 0)
			return all;
		say_data(c, 1001, 99, 0, 1); /* an answer to wait for */
		say_commit(c, 1001, 99, 1);
		do
			a = hear(c);
		while (a.type != 0 && a.upload == 1000);
		return all;
	}
}

/* least: so many are kept at least, whichever call fails. */
static void
try_each(unsigned kinds, unsigned long step, bool for_good, bool full,
    unsigned least)
{
	unsigned kept_last = 0;
	bool fired = true;

	for (unsigned long n = 1; fired; n += step * sample_step()) {
		bool kept[TIPS + 1] = {false};
		uint64_t seen[TIPS + 1] = {0};
		struct store *store;
		struct channel c;
		int code;

		start(&c, kinds, n, for_good, full);
		kept_last = drive(&c, kept);
		code = ended(&c);
		assert_true(code >= 0);
		fired = code >= 10;
		if (kept_last < least)
			print_error("n %lu: %u kept\n", n, kept_last);
		assert_true(kept_last >= least);
		assert_int_equal(
		    store_open(folder, STORE_WRITE, &wide, &store), ST_OK);
		(void)check_tips(store, seen, TIPS + 1);
		for (unsigned i = 0; i <= TIPS; i++)
			assert_true(!kept[i] || seen[i] > 0);
		assert_int_equal(clear_all(store), ST_OK);
		assert_int_equal(store_verify(store), ST_OK);
		store_close(store);
	}
	assert_int_equal(kept_last, TIPS + 1);
}

static void
a_write_that_fails_once_costs_one_group(void **state)
{
	(void)state;
	try_each(SHIM_WRITE, 3, false, false, TIPS - 4);
}

static void
a_flush_that_fails_once_costs_one_group(void **state)
{
	(void)state;
	try_each(SHIM_SYNC, 1, false, false, TIPS - 4);
}

/* No room for a moment: the largest is left out, the short ones are kept. */
static void
a_write_without_room_costs_only_the_largest(void **state)
{
	(void)state;
	try_each(SHIM_WRITE, 3, false, true, TIPS);
}

static void
a_disk_that_stays_broken_is_told_and_nothing_is_lost(void **state)
{
	(void)state;
	try_each(SHIM_WRITE | SHIM_SYNC, 7, true, false, 0);
	try_each(SHIM_WRITE, 7, true, true, 0);
}

static void
other_calls_that_fail_once_cost_one_group(void **state)
{
	(void)state;
	try_each(SHIM_READ | SHIM_SIZE | SHIM_TRUNCATE | SHIM_LOCK | SHIM_SHM,
	    5, false, false, TIPS - 4);
}

/* Ask for a mailbox: the id of its reply, 0 if refused or if there is none. */
static uint64_t
ask(struct channel *c, uint32_t mailbox, unsigned *refused, bool *ended_)
{
	uint8_t box[KEEPER_MAILBOX_LEN];
	uint64_t id = 0;

	mailbox_of(mailbox, box);
	say_frame(c, KEEPER_MAIL, 1, box, sizeof(box));
	for (size_t i = 0; i < KEEPER_SLOTS; i++) {
		struct answer a = hear(c);

		*ended_ = a.type == 0;
		if (a.type == KEEPER_SLOT && i == 0)
			id = le64_get(c->slot);
		if (a.type == KEEPER_REFUSED) {
			assert_int_equal(i, 0); /* all of them or none */
			assert_int_equal(a.reason, KEEPER_TROUBLE);
			++*refused;
		}
		if (a.type != KEEPER_SLOT)
			return 0;
		assert_int_equal(a.upload, 1);
	}
	return id;
}

/* Ask for each mailbox, and forget what is there.  ended: it hung up. */
static unsigned
drive_mail(struct channel *c, bool asked[static BOXES], bool gone[static BOXES],
    bool *ended_)
{
	unsigned refused = 0;

	*ended_ = false;
	for (uint32_t i = 0; i < BOXES && !*ended_; i++) {
		uint8_t body[KEEPER_FORGET_LEN];
		uint64_t id = ask(c, i, &refused, ended_);
		struct answer a;

		if (*ended_)
			break;
		asked[i] = id != 0;
		mailbox_of(i, body);
		le64_put(body + KEEPER_MAILBOX_LEN, id);
		say_frame(c, KEEPER_FORGET, 1, body, sizeof(body));
		a = hear(c);
		*ended_ = a.type == 0;
		assert_true(a.type == 0 || a.type == KEEPER_FORGOTTEN ||
		    a.type == KEEPER_REFUSED);
		gone[i] = id != 0 && a.type == KEEPER_FORGOTTEN;
		refused += a.type == KEEPER_REFUSED;
	}
	return refused;
}

/* most: so many answers at most say that it failed. */
static void
try_each_mail(unsigned kinds, bool for_good, bool full, unsigned most)
{
	bool fired = true;
	unsigned long n;

	replies = BOXES;
	for (n = 1; fired; n += sample_step()) {
		bool asked[BOXES] = {false}, gone_[BOXES] = {false}, hung;
		struct store *store;
		struct channel c;
		unsigned refused;
		int code;

		start(&c, kinds, n, for_good, full);
		refused = drive_mail(&c, asked, gone_, &hung);
		code = ended(&c);
		assert_true(code >= 0);
		fired = code >= 10;
		if (refused > most)
			print_error("n %lu: %u refused\n", n, refused);
		assert_true(refused <= most);
		assert_true(!hung || fired);
		store = open_writer();
		for (uint32_t i = 0; i < BOXES; i++) {
			size_t count = count_replies(store, i);

			if (gone_[i])
				assert_int_equal(count, 0);
			if (!asked[i])
				assert_int_equal(count, 1);
			if (!fired)
				assert_true(gone_[i]);
		}
		assert_int_equal(store_verify(store), ST_OK);
		store_close(store);
	}
	replies = 0;
	assert_true(n > 4);
}

static void
what_is_said_of_replies_is_so_whichever_call_fails(void **state)
{
	(void)state;
	try_each_mail(SHIM_WRITE, false, false, 1);
	try_each_mail(SHIM_SYNC, false, false, 1);
	try_each_mail(SHIM_WRITE, false, true, 1);
	try_each_mail(
	    SHIM_READ | SHIM_SIZE | SHIM_TRUNCATE | SHIM_LOCK | SHIM_SHM, false,
	    false, 1);
}

static void
on_a_broken_disk_no_reply_is_said_to_be_gone(void **state)
{
	(void)state;
	try_each_mail(SHIM_WRITE | SHIM_SYNC, true, false, 2 * BOXES);
	try_each_mail(SHIM_WRITE, true, true, 2 * BOXES);
}

static int
begin(void **state)
{
	(void)state;
	shim_install();
	folder = make_folder();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	remove_folder(folder);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_write_that_fails_once_costs_one_group),
	    cmocka_unit_test(a_flush_that_fails_once_costs_one_group),
	    cmocka_unit_test(a_write_without_room_costs_only_the_largest),
	    cmocka_unit_test(
		a_disk_that_stays_broken_is_told_and_nothing_is_lost),
	    cmocka_unit_test(other_calls_that_fail_once_cost_one_group),
	    cmocka_unit_test(
		what_is_said_of_replies_is_so_whichever_call_fails),
	    cmocka_unit_test(on_a_broken_disk_no_reply_is_said_to_be_gone),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
