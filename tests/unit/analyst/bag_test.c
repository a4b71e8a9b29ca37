/*
 * Bags and the folder of cases, with every call failing once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyst/bag.h"
#include "analyst/case_file.h"
#include "analyst/cases.h"
#include "base/bytes.h"
#include "base/durable.h"
#include "tests/unit/fault.h"

static char folder[] = "/tmp/tipline-cases-XXXXXX";
static const struct server_identity server = {.id = {1, 2, 3}};
static const char message[] = "first line\r\nsecond";

static int
make_folder(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static void
empty_folder(void)
{
	char command[96];

	snprintf(
	    command, sizeof(command), "find %s -mindepth 1 -delete", folder);
	assert_int_equal(system(command), 0);
}

static int
remove_folder(void **state)
{
	(void)state;
	fault_off();
	empty_folder();
	return rmdir(folder);
}

static enum status
add_part(struct bag *bag, enum envelope_part kind, const char *name)
{
	enum status st;

	st = bag_part(bag, kind, (const uint8_t *)name, strlen(name));
	if (st == ST_OK)
		st = bag_data(
		    bag, (const uint8_t *)message, sizeof(message) - 1);
	return st != ST_OK ? st : bag_part_end(bag);
}

/* A mailbox, in two pieces as a record's end may part it. */
static enum status
add_mailbox(struct bag *bag, size_t len)
{
	uint8_t code[RETURN_CODE_LEN] = {7}, field[MAILBOX_FIELD_LEN + 1] = {0};
	struct mailbox box;
	enum status st;

	return_code_mailbox(code, &box, NULL);
	mailbox_field_write(&box, field);
	st = bag_part(bag, ENVELOPE_FIELD, (const uint8_t *)MAILBOX_FIELD,
	    strlen(MAILBOX_FIELD));
	if (st == ST_OK)
		st = bag_data(bag, field, 20);
	if (st == ST_OK)
		st = bag_data(bag, field + 20, len - 20);
	return st != ST_OK ? st : bag_part_end(bag);
}

static enum status
add_field(struct bag *bag, const char *name, const char *value)
{
	enum status st;

	st = bag_part(bag, ENVELOPE_FIELD, (const uint8_t *)name, strlen(name));
	if (st == ST_OK)
		st = bag_data(bag, (const uint8_t *)value, strlen(value));
	return st != ST_OK ? st : bag_part_end(bag);
}

/* The tip of that number, whose digest is its number. */
static enum status
fill_bag(struct bag *bag, uint64_t number)
{
	struct bag_about about = {.number = number, .epoch = 1, .proved = true};
	enum status st;

	about.sealed_digest[0] = (uint8_t)number;
	if ((st = add_part(bag, ENVELOPE_FIELD, "message")) == ST_OK)
		st = add_part(bag, ENVELOPE_FILE, "a/b.pdf");
	if (st == ST_OK)
		st = add_mailbox(bag, MAILBOX_FIELD_LEN);
	if (st == ST_OK)
		st = add_field(bag, "topic", number == 1 ? "river" : "harbour");
	if (st == ST_OK)
		st = add_field(bag, "q-where", "north");
	return st != ST_OK ? st : bag_finish(bag, &about);
}

static enum status
make_tip(struct cases *cases, uint64_t number)
{
	struct ledger_tip entry = {.state = LEDGER_OPENED, .len = 1};
	struct bag *bag;
	enum status st;

	if ((st = bag_begin(cases->dirfd, number, &bag)) != ST_OK)
		return st;
	entry.digest[0] = (uint8_t)number;
	if ((st = fill_bag(bag, number)) == ST_OK)
		st = cases_add(cases, number, bag_size(bag), &entry);
	bag_free(bag);
	return st;
}

/* All that a run of open does in the folder.  The ledger is in there, too. */
static enum status
run(uint64_t tips)
{
	uint8_t digest[DIGEST_LEN] = {0};
	struct ledger *ledger = NULL;
	struct cases cases = {.dirfd = -1};
	enum status st;
	int fd = open(folder, O_RDONLY | O_DIRECTORY);

	st = fd == -1 ? ST_IO : ledger_open(fd, &server, &ledger);
	if (st == ST_OK)
		st = cases_open(folder, ledger, &cases);
	for (uint64_t n = 1; n <= tips && st == ST_OK; n++) {
		digest[0] = (uint8_t)n;
		switch (cases_look(&cases, n, digest)) {
		case CASES_ABSENT:
			st = make_tip(&cases, n);
			break;
		case CASES_SAME:
			break;
		case CASES_CONFLICT: /* as when the folder cannot be read */
			st = ST_EXISTS;
			break;
		}
	}
	if (st == ST_OK)
		st = cases_commit(&cases);
	if (st == ST_OK)
		st = cases_index(&cases);
	cases_close(&cases);
	ledger_close(ledger);
	if (fd != -1)
		close(fd);
	return st;
}

static enum ledger_state
ledger_says(uint64_t number)
{
	struct ledger_tip tip = {.state = LEDGER_NOT_SEEN};
	struct ledger *ledger;
	int fd = open(folder, O_RDONLY | O_DIRECTORY);

	assert_int_equal(ledger_open(fd, &server, &ledger), ST_OK);
	assert_int_equal(ledger_get(ledger, number, &tip), ST_OK);
	ledger_close(ledger);
	close(fd);
	return tip.state;
}

static bool
holds(const char *name, const char *want)
{
	struct bytes text = BYTES_INIT(1 << 16);
	char path[128];
	bool same = false;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (durable_read(AT_FDCWD, path, &text) == ST_OK)
		same = want == NULL ||
		    (text.len == strlen(want) &&
			memcmp(text.p, want, text.len) == 0);
	bytes_free(&text);
	return same;
}

static bool
is_there(const char *name)
{
	struct stat sb;
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return stat(path, &sb) == 0;
}

static void
assert_whole(uint64_t number)
{
	static const char *const files[] = {"bagit.txt", "bag-info.txt",
	    "manifest-sha256.txt", "tagmanifest-sha256.txt", "tip.json",
	    "index.html"};
	char name[96];

	snprintf(
	    name, sizeof(name), "tip-%06u/data/message.txt", (unsigned)number);
	assert_true(holds(name, message));
	snprintf(
	    name, sizeof(name), "tip-%06u/data/file-01.pdf", (unsigned)number);
	assert_true(holds(name, message));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(name, sizeof(name), "tip-%06u/%s", (unsigned)number,
		    files[i]);
		assert_true(holds(name, NULL));
	}
}

static int
open_fds(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

static void
a_tip_becomes_a_bag(void **state)
{
	(void)state;
	assert_int_equal(run(2), ST_OK);
	assert_whole(1);
	assert_whole(2);
	assert_true(holds("tip-000001/bagit.txt",
	    "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"));
	assert_true(holds("index.html", NULL));
}

static void
what_is_written_can_be_read_again(void **state)
{
	const uint8_t code[RETURN_CODE_LEN] = {7};
	struct mailbox box, want;
	struct case_file file;
	struct cases cases;

	(void)state;
	assert_int_equal(run(1), ST_OK);
	assert_int_equal(cases_open(folder, NULL, &cases), ST_OK);
	assert_int_equal(
	    case_file_read(cases.dirfd, "tip-000001", &file), ST_OK);
	assert_true(file.has_digest);
	assert_int_equal(file.sealed_digest[0], 1);
	assert_string_equal(file.first_line, "first line");
	assert_int_equal(file.files, 1);
	assert_int_equal(file.bytes, sizeof(message) - 1);
	assert_true(file.proved);
	assert_false(file.sentinel);
	assert_true(case_file_mailbox(&file, &box));
	return_code_mailbox(code, &want, NULL);
	assert_memory_equal(&box, &want, sizeof(box));
	assert_int_not_equal(file.thread, 0);
	assert_string_equal(file.topic, "river");
	case_file_free(&file);
	assert_false(is_there("tip-000001/data/field-03.txt"));
	assert_int_equal(
	    case_file_read(cases.dirfd, "tip-000002", &file), ST_ABSENT);
	cases_close(&cases);
}

/* Of another length, or a second one, it is a field like any other. */
static void
only_one_field_is_the_mailbox(void **state)
{
	struct bag_about about = {.number = 1, .proved = true};
	struct cases cases;
	struct bag *bag;

	(void)state;
	assert_int_equal(cases_open(folder, NULL, &cases), ST_OK);
	assert_int_equal(bag_begin(cases.dirfd, 1, &bag), ST_OK);
	assert_int_equal(add_mailbox(bag, MAILBOX_FIELD_LEN - 1), ST_OK);
	assert_int_equal(add_mailbox(bag, MAILBOX_FIELD_LEN + 1), ST_OK);
	assert_int_equal(add_mailbox(bag, MAILBOX_FIELD_LEN), ST_OK);
	assert_int_equal(add_mailbox(bag, MAILBOX_FIELD_LEN), ST_OK);
	assert_int_equal(bag_finish(bag, &about), ST_OK);
	assert_true(is_there(".tip-000001.part/data/field-01.txt"));
	assert_true(is_there(".tip-000001.part/data/field-02.txt"));
	assert_true(is_there(".tip-000001.part/data/field-03.txt"));
	assert_false(is_there(".tip-000001.part/data/field-04.txt"));
	bag_free(bag);
	cases_close(&cases);
}

static void
two_runs_at_once_are_refused(void **state)
{
	struct cases first, second;

	(void)state;
	assert_int_equal(cases_open(folder, NULL, &first), ST_OK);
	assert_int_equal(cases_open(folder, NULL, &second), ST_BUSY);
	cases_close(&second);
	cases_close(&first);
}

static void
too_many_parts_are_refused(void **state)
{
	struct cases cases;
	struct bag *bag;

	(void)state;
	assert_int_equal(cases_open(folder, NULL, &cases), ST_OK);
	assert_int_equal(bag_begin(cases.dirfd, 1, &bag), ST_OK);
	for (int i = 0; i < BAG_PARTS_MAX; i++)
		assert_int_equal(add_part(bag, ENVELOPE_FILE, "x"), ST_OK);
	assert_int_equal(add_part(bag, ENVELOPE_FILE, "x"), ST_LIMIT);
	bag_free(bag);
	assert_false(is_there(".tip-000001.part"));
	cases_close(&cases);
}

/* The worst names a tip can have, as many as it can: nothing overflows. */
static void
the_largest_tip_json_still_fits(void **state)
{
	static uint8_t name[ENVELOPE_NAME_MAX];
	const struct ledger_tip entry = {.state = LEDGER_OPENED};
	struct bag_about about = {.number = 1};
	struct cases cases;
	struct case_file file;
	struct bag *bag;

	(void)state;
	memset(name, 0xff, sizeof(name));
	assert_int_equal(cases_open(folder, NULL, &cases), ST_OK);
	assert_int_equal(bag_begin(cases.dirfd, 1, &bag), ST_OK);
	for (int i = 0; i < BAG_PARTS_MAX; i++) {
		assert_int_equal(
		    bag_part(bag, ENVELOPE_FILE, name, sizeof(name)), ST_OK);
		assert_int_equal(bag_part_end(bag), ST_OK);
	}
	assert_int_equal(bag_finish(bag, &about), ST_OK);
	bag_free(bag);
	assert_int_equal(cases_add(&cases, 1, 0, &entry), ST_OK);
	assert_int_equal(cases_commit(&cases), ST_OK);
	assert_int_equal(
	    case_file_read(cases.dirfd, "tip-000001", &file), ST_OK);
	assert_int_equal(file.files, BAG_PARTS_MAX);
	case_file_free(&file);
	cases_close(&cases);
}

/*
 * Whatever fails, and with whichever errno: a tip is whole or not there, no
 * descriptor is left open, and the next run makes all whole.
 */
static void
try_every_fault(unsigned kinds, int err)
{
	const int fds = open_fds();

	fault_errno(err);
	FAULT_EACH(kinds)
	{
		enum status st = run(2);

		fault_off();
		if (!fault_fired())
			assert_int_equal(st, ST_OK);
		assert_int_equal(open_fds(), fds);
		for (uint64_t n = 1; n <= 2; n++) {
			char name[BAG_NAME_LEN];

			bag_name(n, name);
			if (st == ST_OK || is_there(name))
				assert_whole(n);
			/* Behind, never ahead. */
			if (ledger_says(n) == LEDGER_OPENED)
				assert_true(is_there(name));
			if (st == ST_OK)
				assert_int_equal(ledger_says(n), LEDGER_OPENED);
		}
		assert_int_equal(run(2), ST_OK);
		assert_whole(1);
		assert_whole(2);
		assert_false(is_there(".tip-000001.part"));
		assert_false(is_there(".tip-000002.part"));
		empty_folder();
	}
	fault_errno(EIO);
}

static void
every_failing_allocation_leaves_whole_tips_only(void **state)
{
	(void)state;
	try_every_fault(FAULT_ALLOC, EIO);
}

static void
every_failing_call_leaves_whole_tips_only(void **state)
{
	(void)state;
	try_every_fault(FAULT_FILES, EIO);
}

/* A disk that is full, and stays so, at each write. */
static void
a_full_disk_is_told_at_every_write(void **state)
{
	(void)state;
	fault_errno(ENOSPC);
	for (unsigned long n = 1;; n++) {
		enum status st;

		fault_from(FAULT_WRITE, n);
		st = run(1);
		fault_off();
		if (!fault_fired()) {
			assert_int_equal(st, ST_OK);
			break;
		}
		assert_int_equal(st, ST_FULL);
		if (is_there("tip-000001"))
			assert_whole(1);
		assert_false(is_there(".tip-000001.part"));
		empty_folder();
	}
	fault_errno(EIO);
}

#define WITH_FOLDER(f)                                                         \
	cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_FOLDER(a_tip_becomes_a_bag),
	    WITH_FOLDER(what_is_written_can_be_read_again),
	    WITH_FOLDER(only_one_field_is_the_mailbox),
	    WITH_FOLDER(two_runs_at_once_are_refused),
	    WITH_FOLDER(too_many_parts_are_refused),
	    WITH_FOLDER(the_largest_tip_json_still_fits),
	    WITH_FOLDER(every_failing_allocation_leaves_whole_tips_only),
	    WITH_FOLDER(every_failing_call_leaves_whole_tips_only),
	    WITH_FOLDER(a_full_disk_is_told_at_every_write),
	};

	if (crypto_room_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
