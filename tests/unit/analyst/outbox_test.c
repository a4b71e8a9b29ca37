/*
 * The outbox: what is put in comes out, and no failing call loses a reply.
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
#include <unistd.h>

#include "analyst/outbox.h"
#include "analyst/sentinels.h"
#include "tests/unit/fault.h"

static char folder[] = "/tmp/outbox_testXXXXXX";
static int dirfd = -1;

static struct outbox_item
item_of(uint64_t tip)
{
	struct outbox_item item = {.tip = tip};

	memset(item.mailbox, (int)tip, sizeof(item.mailbox));
	memset(item.sealed, (int)tip + 100, sizeof(item.sealed));
	return item;
}

static enum status
put(uint64_t tip)
{
	const struct outbox_item item = item_of(tip);
	struct outbox box;
	enum status st = outbox_open(dirfd, &box);

	if (st == ST_OK)
		st = outbox_put(&box, &item);
	outbox_close(&box);
	return st;
}

/* All that waits goes to sent, as an ack does it. */
static enum status
send_all(void)
{
	struct outbox_item item;
	struct outbox box;
	enum status st = outbox_open(dirfd, &box);
	int fd = -1;

	if (st == ST_OK)
		st = outbox_sent_begin(&box, &fd);
	for (size_t i = 0; st == ST_OK && i < box.n; i++) {
		if ((st = outbox_get(&box, i, &item)) == ST_OK)
			st = outbox_sent_add(fd, &item);
	}
	if (st == ST_OK)
		st = outbox_sent_finish(&box, &fd);
	else if (fd != -1)
		outbox_sent_drop(&box, &fd);
	if (st == ST_OK)
		st = outbox_clear(&box);
	outbox_close(&box);
	return st;
}

/* Is the reply to that tip waiting, or was it sent? */
static bool
is_kept(uint64_t tip)
{
	const struct outbox_item want = item_of(tip);
	struct outbox_item item;
	struct outbox box;
	bool found = false;

	assert_int_equal(outbox_open(dirfd, &box), ST_OK);
	for (size_t i = 0; i < box.n; i++) {
		assert_int_equal(outbox_get(&box, i, &item), ST_OK);
		found = found || memcmp(&item, &want, sizeof(item)) == 0;
	}
	for (uint64_t i = 0; i < box.sent; i++) {
		assert_int_equal(outbox_get_sent(&box, i, &item), ST_OK);
		found =
		    found || memcmp(item.sealed, want.sealed, REPLY_LEN) == 0;
	}
	outbox_close(&box);
	return found;
}

static void
what_waits_is_sent_once(void **state)
{
	struct outbox box;

	(void)state;
	assert_int_equal(put(1), ST_OK);
	assert_int_equal(put(2), ST_OK);
	assert_int_equal(put(2), ST_OK); /* two answers to one tip */
	assert_int_equal(outbox_open(dirfd, &box), ST_OK);
	assert_int_equal(box.n, 3);
	assert_int_equal(box.sentfd, -1);
	outbox_close(&box);
	assert_int_equal(send_all(), ST_OK);
	assert_int_equal(outbox_open(dirfd, &box), ST_OK);
	assert_int_equal(box.n, 0);
	assert_int_equal(box.sent, 3);
	outbox_close(&box);
	assert_true(is_kept(1));
	assert_int_equal(send_all(), ST_OK);
	assert_false(is_kept(1));
}

static void
every_cut_file_is_refused(void **state)
{
	struct outbox_item item;
	struct outbox box;
	char path[96];

	(void)state;
	assert_int_equal(put(1), ST_OK);
	assert_int_equal(outbox_open(dirfd, &box), ST_OK);
	snprintf(path, sizeof(path), "%s/outbox/%s", folder, box.name[0]);
	for (off_t len = 4183; len >= 0; len -= 89) {
		assert_int_equal(truncate(path, len), 0);
		assert_int_equal(outbox_get(&box, 0, &item), ST_MALFORMED);
	}
	outbox_close(&box);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(put(1), ST_OK);
	assert_int_equal(send_all(), ST_OK);
	snprintf(path, sizeof(path), "%s/outbox/sent", folder);
	for (off_t len = 4175; len > 16; len -= 89) {
		assert_int_equal(truncate(path, len), 0);
		assert_int_equal(outbox_open(dirfd, &box), ST_MALFORMED);
		outbox_close(&box);
	}
}

static void
empty(void)
{
	char command[96];

	fault_off();
	snprintf(
	    command, sizeof(command), "find %s -mindepth 1 -delete", folder);
	assert_int_equal(system(command), 0);
}

static void
try_every_fault(unsigned kinds, int err)
{
	fault_errno(err);
	FAULT_EACH(kinds)
	{
		enum status st;

		fault_off();
		assert_int_equal(put(1), ST_OK);
		fault_at(kinds, fault_n_);
		st = put(2);
		if (st == ST_OK)
			st = send_all();
		fault_off();
		if (!fault_fired())
			assert_int_equal(st, ST_OK);
		assert_true(is_kept(1));
		if (st == ST_OK)
			assert_true(is_kept(2));
		empty();
	}
	fault_errno(EIO);
}

static void
no_failing_call_loses_a_reply(void **state)
{
	(void)state;
	try_every_fault(FAULT_ALLOC, ENOMEM);
	try_every_fault(FAULT_FILES, EIO);
	try_every_fault(FAULT_WRITE, ENOSPC);
}

static const struct {
	const char *a, *b;
	bool same;
} text[] = {
    {"one\ntwo", "one\r\ntwo", true},
    {"one\ntwo", "one\ntwo\n\n\r\n", true},
    {"one\ntwo", "one \t\ntwo  ", true},
    {"one", "one\n \n", true},
    {"one two", "one  two", false},
    {"one\ntwo", "one two", false},
    {" one", "one", false},
    {"one\n\ntwo", "one\ntwo", false},
    {"one\rtwo", "one\ntwo", false},
    {"One", "one", false},
};

static void
a_sentinel_is_known_whatever_a_browser_makes_of_its_lines(void **state)
{
	uint8_t a[DIGEST_LEN], b[DIGEST_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		assert_int_equal(
		    sentinels_digest(text[i].a, strlen(text[i].a), a), ST_OK);
		assert_int_equal(
		    sentinels_digest(text[i].b, strlen(text[i].b), b), ST_OK);
		assert_int_equal(memcmp(a, b, DIGEST_LEN) == 0, text[i].same);
	}
	assert_int_equal(sentinels_digest(" \r\n\n", 4, a), ST_ABSENT);
	assert_int_equal(sentinels_digest("", 0, a), ST_ABSENT);
}

/* It came back, or is still out; never is the file half. */
static void
no_failing_call_loses_a_sentinel(void **state)
{
	uint8_t digest[DIGEST_LEN];
	struct bytes message = BYTES_INIT(64);
	struct sentinels s;
	enum status st;
	bool is = false;

	(void)state;
	assert_int_equal(bytes_append_text(&message, "hello"), ST_OK);
	assert_int_equal(sentinels_digest("hello", 5, digest), ST_OK);
	FAULT_EACH(FAULT_FILES | FAULT_ALLOC)
	{
		fault_off();
		assert_int_equal(sentinels_load(dirfd, &s), ST_OK);
		assert_int_equal(
		    sentinels_add(&s, digest, 86400, 2 * 86400), ST_OK);
		sentinels_free(&s);
		fault_at(FAULT_FILES | FAULT_ALLOC, fault_n_);
		if ((st = sentinels_load(dirfd, &s)) == ST_OK)
			st = sentinels_match(&s, &message, 17, &is);
		fault_off();
		sentinels_free(&s);
		assert_int_equal(sentinels_load(dirfd, &s), ST_OK);
		assert_int_equal(s.n, 1);
		assert_memory_equal(s.s[0].digest, digest, DIGEST_LEN);
		assert_int_equal(s.s[0].due, 2 * 86400);
		if (st == ST_OK)
			assert_int_equal(s.s[0].tip, 17);
		else
			assert_true(fault_fired());
		sentinels_free(&s);
		empty();
	}
	bytes_free(&message);
}

static int
set_up(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	dirfd = open(folder, O_RDONLY | O_DIRECTORY);
	return dirfd == -1 ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	empty();
	close(dirfd);
	return rmdir(folder);
}

#define WITH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH(what_waits_is_sent_once),
	    WITH(every_cut_file_is_refused),
	    WITH(no_failing_call_loses_a_reply),
	    WITH(a_sentinel_is_known_whatever_a_browser_makes_of_its_lines),
	    WITH(no_failing_call_loses_a_sentinel),
	};

	if (crypto_room_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
