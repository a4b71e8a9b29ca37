/*
 * The ledger: what it remembers, what it refuses, and that no failing call
 * makes it say more than is true.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyst/ledger.h"
#include "tests/unit/fault.h"

#define SLOT 128

static const struct server_identity server = {.id = {0xab, 1}};
static char folder[] = "/tmp/ledger_testXXXXXX";
static char path[96];
static int dirfd = -1;

static struct ledger_tip
tip_of(uint64_t number, enum ledger_state state)
{
	struct ledger_tip tip = {.state = state,
	    .epoch = (uint32_t)(number / 10 + 1),
	    .len = 16565 + number,
	    .bundle = number / 5 + 1,
	    .has_link = number % 2 == 0,
	    .purged = number % 3 == 0,
	    .answered = number % 5 == 0};

	memset(tip.digest, (int)number, DIGEST_LEN);
	if (tip.has_link)
		memset(tip.link, (int)number + 1, DIGEST_LEN);
	return tip;
}

static void
assert_same(const struct ledger_tip *a, const struct ledger_tip *b)
{
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->epoch, b->epoch);
	assert_int_equal(a->len, b->len);
	assert_int_equal(a->bundle, b->bundle);
	assert_int_equal(a->has_link, b->has_link);
	assert_int_equal(a->purged, b->purged);
	assert_int_equal(a->answered, b->answered);
	assert_memory_equal(a->digest, b->digest, DIGEST_LEN);
	assert_memory_equal(a->link, b->link, DIGEST_LEN);
}

static enum status
fill(uint64_t first, uint64_t last, enum ledger_state state)
{
	struct ledger *l = NULL;
	struct ledger_tip tip;
	enum status st = ledger_open(dirfd, &server, &l);

	for (uint64_t n = first; n <= last && st == ST_OK; n++) {
		tip = tip_of(n, state);
		st = ledger_put(l, n, &tip);
	}
	if (st == ST_OK) {
		const struct ledger_facts facts = {
		    .last = last, .bundle = 3, .epoch = 9};

		ledger_facts_raise(l, &facts);
		st = ledger_sync(l);
	}
	ledger_close(l);
	return st;
}

static void
what_was_put_is_there_when_it_is_opened_again(void **state)
{
	struct ledger_tip tip, want;
	struct ledger_facts facts;
	struct ledger *l;
	struct stat sb;

	(void)state;
	assert_int_equal(fill(1, 40, LEDGER_OPENED), ST_OK);
	assert_int_equal(ledger_open(dirfd, &server, &l), ST_OK);
	for (uint64_t n = 1; n <= 40; n++) {
		want = tip_of(n, LEDGER_OPENED);
		assert_int_equal(ledger_get(l, n, &tip), ST_OK);
		assert_same(&tip, &want);
	}
	ledger_facts(l, &facts);
	assert_int_equal(facts.last, 40);
	assert_int_equal(facts.bundle, 3);
	assert_int_equal(facts.epoch, 9);
	assert_int_equal(ledger_get(l, 41, &tip), ST_OK);
	assert_int_equal(tip.state, LEDGER_NOT_SEEN);
	assert_int_equal(ledger_get(l, 0, &tip), ST_OK);
	assert_int_equal(tip.state, LEDGER_NOT_SEEN);
	ledger_close(l);
	assert_int_equal(stat(path, &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0600);
	assert_int_equal(sb.st_size, 41 * SLOT);
}

static void
facts_only_rise(void **state)
{
	const struct ledger_facts low = {.last = 5, .bundle = 99, .epoch = 1};
	struct ledger_facts facts;
	struct ledger *l;

	(void)state;
	assert_int_equal(fill(1, 7, LEDGER_SEEN), ST_OK);
	assert_int_equal(ledger_open(dirfd, &server, &l), ST_OK);
	ledger_facts_raise(l, &low);
	assert_int_equal(ledger_sync(l), ST_OK);
	ledger_close(l);
	assert_int_equal(ledger_open(dirfd, &server, &l), ST_OK);
	ledger_facts(l, &facts);
	assert_int_equal(facts.last, 7);
	assert_int_equal(facts.bundle, 99);
	assert_int_equal(facts.epoch, 9);
	ledger_close(l);
}

static void
numbers_have_a_bound(void **state)
{
	const struct ledger_tip tip = tip_of(1, LEDGER_SEEN);
	struct ledger *l;

	(void)state;
	assert_int_equal(ledger_open(dirfd, &server, &l), ST_OK);
	assert_int_equal(ledger_put(l, 0, &tip), ST_LIMIT);
	assert_int_equal(ledger_put(l, LEDGER_NUMBER_MAX + 1, &tip), ST_LIMIT);
	ledger_close(l);
}

static enum status
count(void *ctx, uint64_t number, const struct ledger_tip *tip)
{
	uint64_t *seen = ctx;
	struct ledger_tip want = tip_of(number, LEDGER_SEEN);

	assert_same(tip, &want);
	assert_true(number > seen[1]);
	seen[0]++;
	seen[1] = number;
	return number == 900 ? ST_EOF : ST_OK;
}

/* Far apart, so that the file has holes; walking them takes no time. */
static void
a_walk_passes_over_what_was_never_written(void **state)
{
	uint64_t seen[2] = {0, 0};
	struct ledger *l;

	(void)state;
	assert_int_equal(fill(1, 3, LEDGER_SEEN), ST_OK);
	assert_int_equal(fill(600, 602, LEDGER_SEEN), ST_OK);
	assert_int_equal(
	    fill(UINT64_C(3) << 30, (UINT64_C(3) << 30) + 1, LEDGER_SEEN),
	    ST_OK);
	assert_int_equal(ledger_open(dirfd, &server, &l), ST_OK);
	assert_int_equal(ledger_walk(l, 0, count, seen), ST_OK);
	assert_int_equal(seen[0], 8);
	seen[0] = seen[1] = 0;
	assert_int_equal(ledger_walk(l, 3, count, seen), ST_OK);
	assert_int_equal(seen[0], 6);
	ledger_close(l);
	assert_int_equal(fill(900, 901, LEDGER_SEEN), ST_OK);
	assert_int_equal(ledger_open(dirfd, &server, &l), ST_OK);
	seen[0] = seen[1] = 0;
	assert_int_equal(ledger_walk(l, 601, count, seen), ST_OK);
	assert_int_equal(seen[1], 900);
	ledger_close(l);
}

static void
an_epoch_is_counted_over_the_whole_chain(void **state)
{
	static const struct {
		uint64_t number;
		struct ledger_tip tip;
	} row[] = {
	    {1, {.state = LEDGER_OPENED, .epoch = 5}},
	    {2, {.state = LEDGER_SEEN, .epoch = 5}},
	    {3, {.state = LEDGER_FAILED, .epoch = 5}},
	    {4, {.state = LEDGER_SEEN, .epoch = 0}}, /* not known */
	    {5, {.state = LEDGER_OPENED, .epoch = 6}},
	    {6, {.state = LEDGER_SEEN, .purged = true}}, /* another's */
	    {7, {.state = LEDGER_NOT_SEEN, .has_link = true}},
	    {9, {.state = LEDGER_OPENED, .epoch = 5, .other_waits = true}},
	};
	const struct ledger_facts facts = {.last = 11, .epoch = 6};
	struct ledger_epoch e;
	struct ledger *l;

	(void)state;
	assert_int_equal(ledger_open(dirfd, &server, &l), ST_OK);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(
		    ledger_put(l, row[i].number, &row[i].tip), ST_OK);
	ledger_facts_raise(l, &facts);
	assert_int_equal(ledger_epoch(l, 5, &e), ST_OK);
	assert_int_equal(e.opened, 2);
	assert_int_equal(e.unopened, 2);
	assert_int_equal(e.first_unopened, 2);
	assert_int_equal(e.unknown, 5); /* 4, 7, 8, 10, 11 */
	assert_int_equal(e.first_unknown, 4);
	assert_int_equal(e.stated, 6);
	/* Of which week the other tip 9 is, nobody knows yet. */
	assert_int_equal(e.others, 1);
	assert_int_equal(e.first_other, 9);
	assert_int_equal(ledger_epoch(l, 6, &e), ST_OK);
	assert_int_equal(e.opened, 1);
	assert_int_equal(e.unopened, 0);
	assert_int_equal(e.first_unopened, 0);
	assert_int_equal(e.others, 1);
	ledger_close(l);
}

/* Of a tip whose true bytes never came only a bound of its week is known. */
static void
a_damaged_tip_holds_no_later_week_back(void **state)
{
	static const uint64_t unknown[] = {1, 1, 0, 0}; /* of epochs 4 to 7 */
	const struct ledger_tip tip = {.state = LEDGER_ALTERED, .epoch = 5};
	struct ledger_epoch e;
	struct ledger *l;

	(void)state;
	assert_int_equal(ledger_open(dirfd, &server, &l), ST_OK);
	assert_int_equal(ledger_put(l, 1, &tip), ST_OK);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(ledger_epoch(l, 4 + i, &e), ST_OK);
		assert_int_equal(e.unknown, unknown[i]);
		assert_int_equal(e.first_unknown, unknown[i]);
	}
	ledger_close(l);
}

static void
change_byte(off_t at)
{
	uint8_t c;
	int fd = open(path, O_RDWR);

	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= 0x10;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
	close(fd);
}

/* Every byte of the head and of a record is held by their checks. */
static void
every_changed_byte_is_told(void **state)
{
	struct ledger_tip tip;
	struct ledger *l;

	(void)state;
	assert_int_equal(fill(1, 4, LEDGER_OPENED), ST_OK);
	for (off_t at = 0; at < SLOT; at++) {
		change_byte(at);
		assert_int_equal(ledger_open(dirfd, &server, &l), ST_MALFORMED);
		assert_null(l);
		change_byte(at);
	}
	for (off_t at = 2 * SLOT; at < 3 * SLOT; at++) {
		change_byte(at);
		assert_int_equal(ledger_open(dirfd, &server, &l), ST_OK);
		assert_int_equal(ledger_get(l, 2, &tip), ST_MALFORMED);
		assert_int_equal(ledger_get(l, 3, &tip), ST_OK);
		ledger_close(l);
		change_byte(at);
	}
}

static void
a_moved_record_is_told(void **state)
{
	uint8_t slot[SLOT];
	struct ledger_tip tip;
	struct ledger *l;
	int fd;

	(void)state;
	assert_int_equal(fill(1, 4, LEDGER_OPENED), ST_OK);
	fd = open(path, O_RDWR);
	assert_int_equal(pread(fd, slot, SLOT, 1 * SLOT), SLOT);
	assert_int_equal(pwrite(fd, slot, SLOT, 2 * SLOT), SLOT);
	close(fd);
	assert_int_equal(ledger_open(dirfd, &server, &l), ST_OK);
	assert_int_equal(ledger_get(l, 2, &tip), ST_MALFORMED);
	ledger_close(l);
}

static void
every_cut_file_is_refused(void **state)
{
	struct ledger *l;

	(void)state;
	assert_int_equal(fill(1, 4, LEDGER_OPENED), ST_OK);
	for (off_t size = 5 * SLOT - 1; size > 0; size -= 13) {
		assert_int_equal(truncate(path, size), 0);
		assert_int_equal(ledger_open(dirfd, &server, &l), ST_MALFORMED);
	}
}

/* A run that was cut before its last flush leaves any bytes behind it. */
static void
half_a_record_behind_the_flushed_ones_was_never_written(void **state)
{
	struct ledger_tip tip;
	struct ledger *l;
	int fd;

	(void)state;
	assert_int_equal(fill(1, 4, LEDGER_OPENED), ST_OK);
	fd = open(path, O_RDWR);
	assert_int_equal(pwrite(fd, "half", 4, 6 * SLOT + 20), 4);
	assert_int_equal(ftruncate(fd, 7 * SLOT + 60), 0);
	close(fd);
	assert_int_equal(ledger_open(dirfd, &server, &l), ST_OK);
	for (uint64_t n = 5; n < 10; n++) {
		assert_int_equal(ledger_get(l, n, &tip), ST_OK);
		assert_int_equal(tip.state, LEDGER_NOT_SEEN);
	}
	ledger_close(l);
	assert_int_equal(fill(5, 8, LEDGER_SEEN), ST_OK);
	assert_int_equal(ledger_open(dirfd, &server, &l), ST_OK);
	assert_int_equal(ledger_get(l, 6, &tip), ST_OK);
	assert_int_equal(tip.state, LEDGER_SEEN);
	ledger_close(l);
}

static void
another_servers_ledger_and_a_link_are_refused(void **state)
{
	struct server_identity other = {.id = {0xab, 2}};
	struct ledger *l;
	char theirs[96];

	(void)state;
	assert_int_equal(fill(1, 4, LEDGER_OPENED), ST_OK);
	snprintf(theirs, sizeof(theirs), "%s/ledger-ab02000000000000", folder);
	assert_int_equal(rename(path, theirs), 0);
	assert_int_equal(ledger_open(dirfd, &other, &l), ST_MALFORMED);
	assert_int_equal(symlink(theirs, path), 0);
	assert_int_equal(ledger_open(dirfd, &server, &l), ST_DENIED);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rename(theirs, path), 0);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(ledger_open(dirfd, &server, &l), ST_DENIED);
}

/*
 * Whatever fails, the first four stay as they were, and of the others each is
 * as it was put or was never seen.
 */
static void
try_every_fault(unsigned kinds, int err)
{
	struct ledger_tip tip, want;
	struct ledger *l;

	fault_errno(err);
	FAULT_EACH(kinds)
	{
		enum status st;

		fault_off();
		(void)unlink(path);
		assert_int_equal(fill(1, 4, LEDGER_OPENED), ST_OK);
		fault_at(kinds, fault_n_);
		st = fill(5, 8, LEDGER_SEEN);
		fault_off();
		if (!fault_fired())
			assert_int_equal(st, ST_OK);
		assert_int_equal(ledger_open(dirfd, &server, &l), ST_OK);
		for (uint64_t n = 1; n <= 8; n++) {
			want = tip_of(n, n < 5 ? LEDGER_OPENED : LEDGER_SEEN);
			assert_int_equal(ledger_get(l, n, &tip), ST_OK);
			if (n < 5 || st == ST_OK || tip.state != 0)
				assert_same(&tip, &want);
		}
		ledger_close(l);
	}
	fault_errno(EIO);
}

static void
no_failing_call_makes_it_say_what_is_not_true(void **state)
{
	(void)state;
	try_every_fault(FAULT_ALLOC, ENOMEM);
	try_every_fault(FAULT_FILES, EIO);
	try_every_fault(FAULT_WRITE, ENOSPC);
}

static void
a_full_disk_is_told(void **state)
{
	(void)state;
	assert_int_equal(fill(1, 4, LEDGER_OPENED), ST_OK);
	fault_errno(ENOSPC);
	fault_from(FAULT_WRITE, 1);
	assert_int_equal(fill(5, 8, LEDGER_SEEN), ST_FULL);
	fault_off();
	fault_errno(EIO);
}

static int
set_up(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/ledger-ab01000000000000", folder);
	dirfd = open(folder, O_RDONLY | O_DIRECTORY);
	return dirfd == -1 ? -1 : 0;
}

static int
tear_down(void **state)
{
	char other[96];

	(void)state;
	fault_off();
	close(dirfd);
	snprintf(other, sizeof(other), "%s/ledger-ab02000000000000", folder);
	(void)unlink(other);
	(void)unlink(path);
	return rmdir(folder);
}

#define WITH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH(a_damaged_tip_holds_no_later_week_back),
	    WITH(what_was_put_is_there_when_it_is_opened_again),
	    WITH(facts_only_rise),
	    WITH(numbers_have_a_bound),
	    WITH(a_walk_passes_over_what_was_never_written),
	    WITH(an_epoch_is_counted_over_the_whole_chain),
	    WITH(every_changed_byte_is_told),
	    WITH(a_moved_record_is_told),
	    WITH(every_cut_file_is_refused),
	    WITH(half_a_record_behind_the_flushed_ones_was_never_written),
	    WITH(another_servers_ledger_and_a_link_are_refused),
	    WITH(no_failing_call_makes_it_say_what_is_not_true),
	    WITH(a_full_disk_is_told),
	};

	if (crypto_room_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
