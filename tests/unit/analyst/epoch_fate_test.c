/*
 * When a week's key may be destroyed, and what destroying leaves.
 */
#include "tests/unit/analyst/ring.h"

#include "analyst/epoch_fate.h"
#include "analyst/ledger.h"
#include "tests/unit/fault.h"

#define PAST (MONDAY + 5 * PLAN_WEEK)

/* Three weeks of keys in a key set. */
static int
make_weeks(void **state)
{
	struct keyset_made made;

	if (make_keyring(state) != 0)
		return -1;
	make_set(MONDAY, 3, &made);
	keyset_made_free(&made);
	return 0;
}

#define WITH_WEEKS(f)                                                          \
	cmocka_unit_test_setup_teardown(f, make_weeks, remove_keyring)

static void
see(uint64_t number, uint32_t epoch, enum ledger_state seen)
{
	const struct ledger_tip tip = {
	    .state = seen, .epoch = epoch, .len = 1, .bundle = 1};
	const struct ledger_facts facts = {.last = number, .bundle = 1};
	struct ledger *ledger;
	struct keyring kr;

	assert_int_equal(keyring_open(path, &kr), ST_OK);
	assert_int_equal(ledger_open(kr.dirfd, &server, &ledger), ST_OK);
	assert_int_equal(ledger_put(ledger, number, &tip), ST_OK);
	ledger_facts_raise(ledger, &facts);
	assert_int_equal(ledger_sync(ledger), ST_OK);
	ledger_close(ledger);
	keyring_close(&kr);
}

static void
state_epoch(uint32_t epoch, uint64_t last)
{
	const struct ledger_facts facts = {
	    .last = last, .bundle = 1, .epoch = epoch};
	struct ledger *ledger;
	struct keyring kr;

	assert_int_equal(keyring_open(path, &kr), ST_OK);
	assert_int_equal(ledger_open(kr.dirfd, &server, &ledger), ST_OK);
	ledger_facts_raise(ledger, &facts);
	assert_int_equal(ledger_sync(ledger), ST_OK);
	ledger_close(ledger);
	keyring_close(&kr);
}

/* May the key of the first week go at now?  words is what must be said. */
static bool
may_go(uint64_t now, const char *words)
{
	struct bytes why = BYTES_INIT(EPOCH_FATE_WHY_MAX);
	struct epoch_fate *fate;
	struct keyring kr;
	enum status st;

	assert_int_equal(keyring_open(path, &kr), ST_OK);
	assert_int_equal(epoch_fate_open(&kr, &fate), ST_OK);
	assert_int_equal(epoch_fate_row(fate, 0).item->info.epoch, FIRST);
	st = epoch_fate_may_go(fate, 0, now, &why);
	assert_true(st == ST_OK || st == ST_DENIED);
	assert_int_equal(bytes_append(&why, "", 1), ST_OK);
	if (words != NULL && strstr((char *)why.p, words) == NULL)
		fail_msg("%s is not said: %s", words, (char *)why.p);
	bytes_free(&why);
	epoch_fate_close(fate);
	keyring_close(&kr);
	return st == ST_OK;
}

static void
a_key_goes_only_when_no_tip_can_need_it(void **state)
{
	(void)state;
	assert_false(may_go(PAST, "no bundle of server"));
	see(1, FIRST, LEDGER_OPENED);
	see(2, FIRST, LEDGER_SEEN);
	see(3, FIRST + 1, LEDGER_SEEN);
	state_epoch(FIRST + 1, 3);
	assert_false(may_go(PAST, "1 of its tips"));
	assert_false(may_go(PAST, "first tip 2"));
	assert_false(may_go(PAST, "a slow upload may end in week 2969"));
	see(2, FIRST, LEDGER_OPENED);
	assert_false(may_go(PAST, "a slow upload"));
	state_epoch(FIRST + 2, 5);
	assert_false(may_go(PAST, "2 tips of server"));
	assert_false(may_go(PAST, "never seen, first tip 4"));
	see(4, FIRST + 2, LEDGER_SEEN);
	see(5, 0, LEDGER_SEEN); /* its week was never read */
	assert_false(may_go(PAST, "first tip 5"));
	see(5, FIRST + 2, LEDGER_SEEN);
	assert_true(may_go(PAST, NULL));
	/* A tip that could not be opened keeps it, too. */
	see(6, FIRST, LEDGER_FAILED);
	assert_false(may_go(PAST, "first tip 6"));
	see(6, FIRST, LEDGER_OPENED);
	assert_true(may_go(PAST, NULL));
	/* The week itself; its last second counts. */
	assert_false(may_go(MONDAY + PLAN_WEEK - 1, "has not ended"));
	assert_true(may_go(MONDAY + PLAN_WEEK, NULL));
}

static void
a_key_of_no_key_set_taken_is_not_known_to_be_free(void **state)
{
	struct keyring kr;

	(void)state;
	assert_int_equal(keyring_open(path, &kr), ST_OK);
	assert_int_equal(keyring_drop(&kr, "keysets/000001.txt"), ST_OK);
	keyring_close(&kr);
	state_epoch(FIRST + 3, 0);
	assert_false(may_go(PAST, "no key set with this key"));
}

/* A server that took the other's place: tips may wait at both. */
static void
each_server_that_the_key_was_named_to_is_asked(void **state)
{
	struct keyset_wish wish = {.server = &server,
	    .now = MONDAY,
	    .weeks = 3,
	    .own = true,
	    .replace_server = true};
	const struct server_identity first = server;
	uint8_t *seed = guarded_new(SECRET_KEY_LEN);
	struct keyset_made made;

	(void)state;
	state_epoch(FIRST + 2, 0);
	assert_true(may_go(PAST, NULL));
	sign_key_new(server.key, seed);
	key_id(KEY_ROLE_SERVER, server.key, server.id);
	guarded_free(seed);
	assert_int_equal(make_wish(&wish, &made), ST_OK);
	keyset_made_free(&made);
	assert_false(may_go(PAST, "no bundle of server"));
	state_epoch(FIRST + 2, 0);
	assert_true(may_go(PAST, NULL));
	server = first;
	see(1, FIRST, LEDGER_SEEN);
	assert_false(may_go(PAST, "first tip 1"));
}

/* Whatever fails, the key is not used any more and not made again; and the
 * same call ends it. */
static void
a_destruction_cut_at_any_point_is_ended_by_the_next(void **state)
{
	char ring[64], command[256];

	(void)state;
	snprintf(ring, sizeof(ring), "%s/cut", folder);
	snprintf(command, sizeof(command), "rm -rf %s && cp -a %s %s", ring,
	    path, ring);
	for (unsigned long n = 1;; n++) {
		struct epoch_fate *fate;
		struct keyring kr;
		enum status st;

		assert_int_equal(system(command), 0);
		open_at(ring, &kr);
		assert_int_equal(epoch_fate_open(&kr, &fate), ST_OK);
		fault_at(FAULT_FILES | FAULT_RANDOM, n);
		st = epoch_fate_destroy(fate, &kr, FIRST, PAST, false);
		fault_off();
		epoch_fate_close(fate);
		keyring_close(&kr);
		if (!fault_fired()) {
			assert_int_equal(st, ST_OK);
			break;
		}
		open_at(ring, &kr);
		if (keyring_is_destroyed(&kr, FIRST)) {
			assert_int_equal(keyring_load_epochs(&kr), ST_OK);
			assert_int_equal(kr.epochs, 2);
			assert_int_equal(
			    keyring_add_epoch(&kr, FIRST), ST_EXPIRED);
		} else
			assert_int_not_equal(st, ST_OK);
		assert_int_equal(epoch_fate_open(&kr, &fate), ST_OK);
		assert_int_equal(
		    epoch_fate_destroy(fate, &kr, FIRST, PAST, false), ST_OK);
		assert_true(keyring_is_destroyed(&kr, FIRST));
		assert_false(keyring_is_there(&kr, "epochs/2968.key"));
		assert_true(keyring_is_there(&kr, "epochs/2969.key"));
		epoch_fate_close(fate);
		keyring_close(&kr);
	}
}

/* Overwritten before it is removed: an open descriptor still sees the file. */
static void
what_is_destroyed_is_overwritten_and_cut_off(void **state)
{
	uint8_t was[SECRET_FILE_LEN], is[SECRET_FILE_LEN];
	struct epoch_fate *fate;
	struct keyring kr;
	int fd;

	(void)state;
	open_keyring(&kr);
	fd = openat(kr.dirfd, "epochs/2968.key", O_RDONLY);
	assert_int_equal(read(fd, was, sizeof(was)), sizeof(was));
	assert_int_equal(epoch_fate_open(&kr, &fate), ST_OK);
	assert_int_equal(
	    epoch_fate_destroy(fate, &kr, FIRST, PAST, true), ST_OK);
	assert_int_equal(pread(fd, is, sizeof(is), 0), 0);
	close(fd);
	epoch_fate_close(fate);
	keyring_close(&kr);
	/* Without the cut the bytes are others. */
	open_keyring(&kr);
	assert_int_equal(epoch_fate_open(&kr, &fate), ST_OK);
	fd = openat(kr.dirfd, "epochs/2969.key", O_RDONLY);
	assert_int_equal(read(fd, was, sizeof(was)), sizeof(was));
	fault_at(FAULT_CHANGE, 3); /* after mkdirat and fchmod of the mark */
	assert_int_equal(
	    epoch_fate_destroy(fate, &kr, FIRST + 1, PAST, true), ST_IO);
	fault_off();
	assert_int_equal(pread(fd, is, sizeof(is), 0), sizeof(is));
	for (size_t i = 0, same = 0; i < sizeof(is); i++) {
		same += is[i] == was[i];
		assert_true(same < 16);
	}
	close(fd);
	epoch_fate_close(fate);
	keyring_close(&kr);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_WEEKS(a_key_goes_only_when_no_tip_can_need_it),
	    WITH_WEEKS(a_key_of_no_key_set_taken_is_not_known_to_be_free),
	    WITH_WEEKS(each_server_that_the_key_was_named_to_is_asked),
	    WITH_WEEKS(a_destruction_cut_at_any_point_is_ended_by_the_next),
	    WITH_WEEKS(what_is_destroyed_is_overwritten_and_cut_off),
	};

	return crypto_room_init() != ST_OK ||
	    cmocka_run_group_tests(tests, NULL, NULL);
}
