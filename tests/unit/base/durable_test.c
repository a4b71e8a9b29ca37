#include "base/durable.h"
#include "tests/unit/base/folder.h"

static enum status
put(const char *name, const char *text, enum durable_mode mode)
{
	return durable_write(dir, name, text, strlen(text), 0600, mode);
}

static void
what_is_written_is_read_with_just_these_permissions(void **state)
{
	static const mode_t perms[] = {0600, 0644, 0400, 0666};
	struct bytes b = BYTES_INIT(100);
	struct stat sb;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(durable_write(dir, "a", NEW, strlen(NEW),
				     perms[i], DURABLE_REPLACE),
		    ST_OK);
		assert_int_equal(fstatat(dir, "a", &sb, 0), 0);
		assert_int_equal(sb.st_mode & 07777, perms[i]);
		assert_int_equal(durable_read(dir, "a", &b), ST_OK);
		assert_int_equal(b.len, strlen(NEW));
		assert_memory_equal(b.p, NEW, b.len);
		bytes_clear(&b);
	}
	assert_int_equal(names(false), 1);
	assert_int_equal(put("empty", "", DURABLE_NEW), ST_OK);
	assert_int_equal(durable_read(dir, "empty", &b), ST_OK);
	assert_int_equal(b.len, 0);
	bytes_free(&b);
}

static void
a_path_works_as_a_name_in_a_folder_does(void **state)
{
	char path[200];

	(void)state;
	snprintf(path, sizeof(path), "%s/b", folder);
	assert_int_equal(
	    durable_write(AT_FDCWD, path, NEW, strlen(NEW), 0600, DURABLE_NEW),
	    ST_OK);
	assert_string_equal(holds("b"), NEW);
	snprintf(path, sizeof(path), "%s/none/b", folder);
	assert_int_equal(
	    durable_write(AT_FDCWD, path, NEW, strlen(NEW), 0600, DURABLE_NEW),
	    ST_ABSENT);
	snprintf(path, sizeof(path), "%s/", folder);
	assert_int_equal(
	    durable_write(AT_FDCWD, path, NEW, strlen(NEW), 0600, DURABLE_NEW),
	    ST_BUG);
	assert_int_equal(put("..", NEW, DURABLE_REPLACE), ST_BUG);
	assert_int_equal(names(false), 1);
}

static void
a_new_file_never_takes_the_place_of_another(void **state)
{
	(void)state;
	make("a", OLD, 0600);
	assert_int_equal(put("a", NEW, DURABLE_NEW), ST_EXISTS);
	assert_string_equal(holds("a"), OLD);
	assert_int_equal(mkdirat(dir, "d", 0700), 0);
	assert_int_equal(put("d", NEW, DURABLE_NEW), ST_EXISTS);
	assert_int_equal(symlinkat("nowhere", dir, "l"), 0);
	assert_int_equal(put("l", NEW, DURABLE_NEW), ST_EXISTS);
	assert_int_equal(names(false), 3);
	assert_int_equal(put("a", NEW, DURABLE_REPLACE), ST_OK);
	assert_string_equal(holds("a"), NEW);
	/* Where the file system has no such rename there is link(). */
	fault_errno(EINVAL);
	fault_at(FAULT_RENAME, 1);
	assert_int_equal(put("a", OLD, DURABLE_NEW), ST_EXISTS);
	fault_at(FAULT_RENAME, 1);
	assert_int_equal(put("n", OLD, DURABLE_NEW), ST_OK);
	fault_off();
	assert_string_equal(holds("a"), NEW);
	assert_string_equal(holds("n"), OLD);
	assert_int_equal(names(false), 4);
}

static void
a_symbolic_link_is_replaced_and_not_followed(void **state)
{
	struct bytes b = BYTES_INIT(100);
	struct stat sb;

	(void)state;
	make("target", OLD, 0600);
	assert_int_equal(symlinkat("target", dir, "l"), 0);
	assert_int_equal(durable_read(dir, "l", &b), ST_MALFORMED);
	assert_int_equal(put("l", NEW, DURABLE_REPLACE), ST_OK);
	assert_string_equal(holds("target"), OLD);
	assert_int_equal(fstatat(dir, "l", &sb, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(sb.st_mode));
	bytes_free(&b);
}

static void
any_failing_call_leaves_the_old_file_or_the_new(void **state)
{
	static const int errs[] = {EIO, ENOSPC};
	static const enum status sts[] = {ST_IO, ST_FULL};
	int before = open_fds();

	(void)state;
	for (int e = 0; e < 2; e++)
		for (int has_old = 0; has_old < 2; has_old++) {
			unsigned long tried = 0;

			fault_errno(errs[e]);
			FAULT_EACH(FAULT_FILES | FAULT_RANDOM)
			{
				enum status st;
				const char *text;

				fault_off(); /* not in what is prepared */
				(void)names(true);
				if (has_old)
					make("a", OLD, 0600);
				fault_at(FAULT_FILES | FAULT_RANDOM, ++tried);
				st = put("a", NEW, DURABLE_REPLACE);
				fault_off();
				text = holds("a");
				if (!fault_fired())
					assert_int_equal(st, ST_OK);
				else
					assert_true(
					    st == ST_IO || st == sts[e]);
				if (st == ST_OK)
					assert_string_equal(text, NEW);
				else if (has_old)
					assert_true(strcmp(text, OLD) == 0 ||
					    strcmp(text, NEW) == 0);
				else
					assert_true(text == NULL ||
					    strcmp(text, NEW) == 0);
				assert_int_equal(names(false), text != NULL);
				assert_int_equal(open_fds(), before);
			}
			/* random, open, write, fchmod, fsync, close, rename,
			 * fsync of the folder; and the one that succeeds */
			assert_int_equal(tried, 9);
		}
}

static void
any_failing_call_of_a_new_file_leaves_it_whole_or_absent(void **state)
{
	int before = open_fds();

	(void)state;
	FAULT_EACH(FAULT_FILES | FAULT_RANDOM)
	{
		enum status st = put("a", NEW, DURABLE_NEW);
		const char *text;

		fault_off();
		assert_int_equal(st, fault_fired() ? ST_IO : ST_OK);
		text = holds("a");
		assert_true(text == NULL || strcmp(text, NEW) == 0);
		assert_int_equal(names(false), text != NULL);
		assert_int_equal(open_fds(), before);
		(void)names(true);
	}
}

static void
the_file_is_flushed_before_it_gets_its_name(void **state)
{
	(void)state;
	/* If the flush fails, the name was not yet given. */
	make("a", OLD, 0600);
	fault_at(FAULT_SYNC, 1);
	assert_int_equal(put("a", NEW, DURABLE_REPLACE), ST_IO);
	assert_string_equal(holds("a"), OLD);
	/* And the folder is flushed after it has. */
	fault_at(FAULT_SYNC, 2);
	assert_int_equal(put("a", NEW, DURABLE_REPLACE), ST_IO);
	fault_off();
	assert_string_equal(holds("a"), NEW);
	assert_int_equal(fault_count(FAULT_SYNC), 2);
}

static void
reading_is_bounded_and_wants_a_plain_file(void **state)
{
	struct bytes b = BYTES_INIT(20);

	(void)state;
	assert_int_equal(durable_read(dir, "none", &b), ST_ABSENT);
	make("twelve", OLD, 0600);
	assert_int_equal(durable_read(dir, "twelve", &b), ST_OK);
	assert_int_equal(b.len, 12);
	/* It appends, and 24 are more than 20; what was there stays. */
	assert_int_equal(durable_read(dir, "twelve", &b), ST_LIMIT);
	assert_int_equal(b.len, 12);
	assert_memory_equal(b.p, OLD, 12);
	assert_int_equal(mkdirat(dir, "d", 0700), 0);
	assert_int_equal(durable_read(dir, "d", &b), ST_MALFORMED);
	assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
	assert_int_equal(durable_read(dir, "fifo", &b), ST_MALFORMED);
	assert_int_equal(durable_read(AT_FDCWD, "/dev/null", &b), ST_MALFORMED);
	/* A file of the kernel's says 0 and has more. */
	assert_int_equal(
	    durable_read(AT_FDCWD, "/proc/self/status", &b), ST_LIMIT);
	assert_int_equal(b.len, 12);
	bytes_free(&b);
}

static void
secrets_that_others_may_touch_are_refused(void **state)
{
	static const mode_t bad[] = {0640, 0604, 0620, 0602, 0610, 0601, 0777};
	static const mode_t good[] = {0600, 0400, 0700};
	struct bytes b = BYTES_INIT(100);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make("s", OLD, bad[i]);
		assert_int_equal(durable_read_secret(dir, "s", &b), ST_DENIED);
		assert_int_equal(b.len, 0);
	}
	for (size_t i = 0; i < 3; i++) {
		make("s", OLD, good[i]);
		assert_int_equal(durable_read_secret(dir, "s", &b), ST_OK);
		bytes_clear(&b);
	}
	bytes_free(&b);
}

static void
a_failing_read_leaves_nothing_in_the_buffer(void **state)
{
	char large[9000];
	int before = open_fds();

	(void)state;
	memset(large, 'S', sizeof(large));
	assert_int_equal(
	    durable_write(dir, "s", large, sizeof(large), 0600, DURABLE_NEW),
	    ST_OK);
	FAULT_EACH(FAULT_OPEN | FAULT_STAT | FAULT_READ | FAULT_ALLOC)
	{
		struct bytes b = BYTES_INIT(10000);
		enum status st = durable_read_secret(dir, "s", &b);

		fault_off();
		if (!fault_fired())
			assert_int_equal(st, ST_OK);
		else
			assert_true(st == ST_IO || st == ST_NOMEM);
		assert_int_equal(b.len, st == ST_OK ? sizeof(large) : 0);
		bytes_free(&b);
		assert_int_equal(open_fds(), before);
	}
	/* In a buffer that is large enough already each byte can be seen. */
	memset(large, 0, sizeof(large));
	FAULT_EACH(FAULT_READ)
	{
		struct bytes b = BYTES_INIT(10000);
		enum status st;

		assert_int_equal(bytes_append(&b, large, sizeof(large)), ST_OK);
		b.len = 0;
		st = durable_read_secret(dir, "s", &b);
		fault_off();
		assert_int_equal(st, fault_fired() ? ST_IO : ST_OK);
		for (size_t i = 0; i < sizeof(large); i++)
			assert_int_equal(b.p[i], st == ST_OK ? 'S' : 0);
		bytes_free(&b);
	}
}

static void
signals_do_not_cut_reading_and_writing(void **state)
{
	struct bytes b = BYTES_INIT(100);

	(void)state;
	fault_errno(EINTR);
	fault_at(FAULT_WRITE, 1);
	assert_int_equal(put("a", NEW, DURABLE_NEW), ST_OK);
	assert_true(fault_fired());
	fault_at(FAULT_READ, 1);
	assert_int_equal(durable_read(dir, "a", &b), ST_OK);
	assert_true(fault_fired());
	fault_off();
	assert_memory_equal(b.p, NEW, strlen(NEW));
	bytes_free(&b);
}

static void
read_all_tells_none_from_too_few(void **state)
{
	int ends[2];
	char in[4];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write_all(ends[1], "abcdef", 6), ST_OK);
	close(ends[1]);
	assert_int_equal(read_all(ends[0], in, 4), ST_OK);
	assert_memory_equal(in, "abcd", 4);
	assert_int_equal(read_all(ends[0], in, 4), ST_SHORT);
	assert_int_equal(read_all(ends[0], in, 4), ST_EOF);
	assert_int_equal(read_all(ends[0], in, 0), ST_OK);
	close(ends[0]);
	assert_int_equal(read_all(ends[0], in, 4), ST_IO);
	assert_int_equal(write_all(ends[0], in, 4), ST_IO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_FOLDER(what_is_written_is_read_with_just_these_permissions),
	    WITH_FOLDER(a_path_works_as_a_name_in_a_folder_does),
	    WITH_FOLDER(a_new_file_never_takes_the_place_of_another),
	    WITH_FOLDER(a_symbolic_link_is_replaced_and_not_followed),
	    WITH_FOLDER(any_failing_call_leaves_the_old_file_or_the_new),
	    WITH_FOLDER(
		any_failing_call_of_a_new_file_leaves_it_whole_or_absent),
	    WITH_FOLDER(the_file_is_flushed_before_it_gets_its_name),
	    WITH_FOLDER(reading_is_bounded_and_wants_a_plain_file),
	    WITH_FOLDER(secrets_that_others_may_touch_are_refused),
	    WITH_FOLDER(a_failing_read_leaves_nothing_in_the_buffer),
	    WITH_FOLDER(signals_do_not_cut_reading_and_writing),
	    WITH_FOLDER(read_all_tells_none_from_too_few),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
