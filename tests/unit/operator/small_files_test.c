/* What the operator's commands remember in small files, and read again. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/durable.h"
#include "crypto/backup_key.h"
#include "operator/backup_folder.h"
#include "operator/confirmed.h"
#include "operator/exported.h"
#include "tests/unit/fault.h"

static char folder[] = "/tmp/tipline-small-XXXXXX";
static struct line line;
static const uint8_t id[KEY_ID_LEN] = {1, 2, 3, 4, 5, 6, 7, 8};
#define ID_FILE LINE_CONFIRMED "/0102030405060708"

static int
make_folder(void **state)
{
	(void)state;
	if (crypto_room_init() != ST_OK || mkdtemp(folder) == NULL)
		return -1;
	line.dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return line.dirfd == -1 ? -1 : 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	(void)unlinkat(line.dirfd, ID_FILE, 0);
	(void)unlinkat(line.dirfd, LINE_CONFIRMED, AT_REMOVEDIR);
	(void)unlinkat(line.dirfd, LINE_EXPORTED, 0);
	close(line.dirfd);
	return rmdir(folder);
}

static void
put(const char *name, const char *text)
{
	assert_int_equal(durable_write(line.dirfd, name, text, strlen(text),
			     0600, DURABLE_REPLACE),
	    ST_OK);
}

static void
what_was_exported_is_two_lines_and_nothing_else(void **state)
{
	static const char *const bad[] = {"", "bundle 1", "bundle 1\n",
	    "bundle 1\ntip 2", "bundle 1\ntip 2\n\n", "bundle 01\ntip 2\n",
	    "tip 2\nbundle 1\n", "bundle -1\ntip 2\n", "bundle \ntip 2\n",
	    "bundle 1\r\ntip 2\r\n", "bundle 1\ntip 2 \n", "bundle\n1\ntip 2\n",
	    "bundle 9223372036854775808\ntip 2\n", "bundl", "\n\n"};
	struct exported e = {7, 7};

	(void)state;
	assert_int_equal(exported_read(&line, &e), ST_OK); /* none yet */
	assert_int_equal(e.bundle + e.tip, 0);
	e = (struct exported){INT64_MAX, 39};
	assert_int_equal(exported_write(line.dirfd, &e), ST_OK);
	e = (struct exported){0, 0};
	assert_int_equal(exported_read(&line, &e), ST_OK);
	assert_true(e.bundle == INT64_MAX && e.tip == 39);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(
		    exported_parse(bad[i], strlen(bad[i]), &e), ST_MALFORMED);
}

static void
ranges_are_found_again_in_a_file_of_any_length(void **state)
{
	struct confirmed_new n;
	struct confirmed c;
	bool has;

	(void)state;
	assert_int_equal(confirmed_open(&line, id, &c), ST_ABSENT);
	assert_int_equal(confirmed_has(&c, 1, &has), ST_OK);
	assert_false(has);
	confirmed_close(&c);
	assert_int_equal(confirmed_new_begin(&line, id, 3, &n), ST_OK);
	for (uint64_t i = 1; i <= 5000; i++)
		assert_int_equal(
		    confirmed_new_range(&n, i * 10, i * 10 + 4), ST_OK);
	assert_int_equal(confirmed_new_finish(&n), ST_OK);
	confirmed_new_drop(&n);
	assert_int_equal(confirmed_renumber(&line, id, INT64_MAX), ST_OK);
	assert_int_equal(confirmed_open(&line, id, &c), ST_OK);
	assert_true(c.number == INT64_MAX);
	for (uint64_t i = 1; i < 51000; i += 3) {
		assert_int_equal(confirmed_has(&c, i, &has), ST_OK);
		assert_int_equal(has, i >= 10 && i <= 50004 && i % 10 < 5);
	}
	assert_true(c.end);
	confirmed_close(&c);
}

/* A file given up leaves the one in use as it was. */
static void
a_dropped_file_of_ranges_changes_nothing(void **state)
{
	struct confirmed_new n;
	struct confirmed c;

	(void)state;
	assert_int_equal(confirmed_new_begin(&line, id, 1, &n), ST_OK);
	assert_int_equal(confirmed_new_range(&n, 1, 2), ST_OK);
	assert_int_equal(confirmed_new_finish(&n), ST_OK);
	confirmed_new_drop(&n);
	assert_int_equal(confirmed_new_begin(&line, id, 2, &n), ST_OK);
	assert_int_equal(confirmed_new_range(&n, 1, 99), ST_OK);
	confirmed_new_drop(&n);
	assert_int_equal(confirmed_open(&line, id, &c), ST_OK);
	assert_true(c.number == 1 && c.first == 1 && c.last == 2);
	confirmed_close(&c);
}

static void
a_file_of_ranges_that_is_damaged_is_refused(void **state)
{
	static const char *const bad[] = {"", "number 1", "number\n1 2\n",
	    "number 01\n", "1 2\n", "number 1\n0 2\n", "number 1\n3 2\n",
	    "number 1\n1 2", "number 1\n1  2\n", "number 1\n1 2 \n",
	    "number 1\n1\n", "number 1\n1 2\n3 4\n", "number 1\n1 2\n2 4\n",
	    "number 1\n5 6\n1 2\n", "number 1\n1 9223372036854775807\n",
	    "number 1\n1 2\n\n", "number 1\n-1 2\n",
	    ("number 1\n00000000000000000000000000000000000000000000000000001 "
	     "2\n")};
	struct confirmed c;
	enum status st;
	bool has;

	(void)state;
	(void)mkdirat(line.dirfd, LINE_CONFIRMED, 0700);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		put("text", bad[i]);
		assert_int_equal(
		    renameat(line.dirfd, "text", line.dirfd, ID_FILE), 0);
		st = confirmed_open(&line, id, &c);
		if (st == ST_OK)
			st = confirmed_has(&c, 1000, &has);
		assert_int_equal(st, ST_MALFORMED);
		confirmed_close(&c);
	}
}

/* Whatever fails: the old ranges or the new, never half of them. */
static void
any_failing_call_leaves_the_old_ranges_or_the_new(void **state)
{
	struct confirmed_new n;
	struct confirmed c;
	uint64_t old = 1;
	enum status st;

	(void)state;
	put("text", "number 1\n1 2\n");
	assert_int_equal(renameat(line.dirfd, "text", line.dirfd, ID_FILE), 0);
	FAULT_EACH(FAULT_FILES)
	{
		st = confirmed_new_begin(&line, id, old + 1, &n);
		if (st == ST_OK)
			st = confirmed_new_range(&n, old + 1, old + 2);
		if (st == ST_OK)
			st = confirmed_new_finish(&n);
		confirmed_new_drop(&n);
		fault_off();
		if (!fault_fired())
			assert_int_equal(st, ST_OK);
		assert_int_equal(confirmed_open(&line, id, &c), ST_OK);
		assert_true(c.number == old || c.number == old + 1);
		assert_true(c.first == c.number && c.last == c.first + 1);
		if (st == ST_OK)
			assert_true(c.number == old + 1);
		old = c.number;
		confirmed_close(&c);
	}
}

static void
a_folder_of_backups_is_known_by_its_names(void **state)
{
	static const char *const names[] = {"tips-000000004-000000009.sealed",
	    "tips-000000001-000000003.sealed",
	    "tips-000000013-1234567890.sealed", "state-000002.sealed",
	    "state-1000000.sealed", "state-000001.sealed",
	    /* none of ours */
	    "tips-4-9.sealed", "tips-000000009-000000004.sealed",
	    "tips-000000000-000000004.sealed", "state-000000.sealed",
	    "tips-000000001-000000003.sealed.part", "state-3.sealed",
	    "state-0000002.sealed", "tips-", "state-", "backup.txt",
	    "tips-000000014-99999999999999999999.sealed"};
	struct backup_folder f;
	uint64_t first, last;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		put(names[i], "");
	assert_int_equal(backup_folder_open(folder, &f), ST_OK);
	assert_int_equal(f.segments, 3);
	assert_int_equal(f.states, 3);
	assert_true(
	    f.state[0] == 1 && f.state[1] == 2 && f.state[2] == 1000000);
	assert_true(f.segment[0].first == 1 && f.segment[1].last == 9 &&
	    f.segment[2].last == 1234567890);
	assert_true(backup_folder_gap(&f, 1, &first, &last));
	assert_true(first == 10 && last == 12);
	assert_true(backup_folder_gap(&f, 13, &first, &last));
	assert_true(first == 1234567891 && last == UINT64_MAX);
	backup_folder_close(&f);
	put("tips-000000009-000000012.sealed", "");
	assert_int_equal(backup_folder_open(folder, &f), ST_OK);
	assert_false(backup_folder_gap(&f, 1, &first, &last));
	assert_int_equal(first, 9);
	backup_folder_close(&f);
	(void)unlinkat(line.dirfd, "tips-000000009-000000012.sealed", 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		(void)unlinkat(line.dirfd, names[i], 0);
	assert_int_equal(backup_folder_open("/nowhere", &f), ST_ABSENT);
	backup_folder_close(&f);
}

static void
a_public_backup_key_is_read_as_it_was_written(void **state)
{
	struct bytes text = BYTES_INIT(BACKUP_KEY_FILE_MAX);
	struct recipient key = {.key = {9}}, again;

	(void)state;
	assert_int_equal(backup_key_write(&key, &text), ST_OK);
	assert_int_equal(backup_key_parse(text.p, text.len, &again), ST_OK);
	assert_memory_equal(again.key, key.key, PUBLIC_KEY_LEN);
	for (size_t i = 0; i < text.len; i++) {
		assert_int_not_equal(
		    backup_key_parse(text.p, i, &again), ST_OK);
		for (int bit = 0; bit < 8; bit++) {
			text.p[i] ^= (uint8_t)(1 << bit);
			assert_int_not_equal(
			    backup_key_parse(text.p, text.len, &again), ST_OK);
			text.p[i] ^= (uint8_t)(1 << bit);
		}
	}
	bytes_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_exported_is_two_lines_and_nothing_else),
	    cmocka_unit_test(ranges_are_found_again_in_a_file_of_any_length),
	    cmocka_unit_test(a_dropped_file_of_ranges_changes_nothing),
	    cmocka_unit_test(a_file_of_ranges_that_is_damaged_is_refused),
	    cmocka_unit_test(any_failing_call_leaves_the_old_ranges_or_the_new),
	    cmocka_unit_test(a_folder_of_backups_is_known_by_its_names),
	    cmocka_unit_test(a_public_backup_key_is_read_as_it_was_written),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
