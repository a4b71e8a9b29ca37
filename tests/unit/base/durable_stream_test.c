#include "base/durable.h"
#include "tests/unit/base/folder.h"

static enum status
stream(const char *name, enum durable_mode mode)
{
	int fd;
	enum status st;

	st = durable_stream_begin(dir, name, 0640, mode, &fd);
	if (st != ST_OK) {
		assert_int_equal(fd, -1);
		return st;
	}
	if ((st = write_all(fd, NEW, 10)) != ST_OK ||
	    (st = write_all(fd, &NEW[10], strlen(NEW) - 10)) != ST_OK) {
		durable_stream_drop(dir, name, &fd);
		return st;
	}
	st = durable_stream_finish(dir, name, mode, &fd);
	assert_int_equal(fd, -1);
	return st;
}

static void
a_stream_takes_its_name_when_it_is_finished(void **state)
{
	struct stat sb;
	int fd;

	(void)state;
	/* Left by a cut run, and a link to something precious. */
	make("precious", OLD, 0600);
	assert_int_equal(linkat(dir, "precious", dir, "f.part", 0), 0);
	assert_int_equal(stream("f", DURABLE_NEW), ST_OK);
	assert_string_equal(holds("precious"), OLD);
	assert_string_equal(holds("f"), NEW);
	assert_null(holds("f.part"));
	assert_int_equal(fstatat(dir, "f", &sb, 0), 0);
	assert_int_equal(sb.st_mode & 07777, 0640);
	assert_int_equal(stream("f", DURABLE_NEW), ST_EXISTS);
	assert_int_equal(stream("f", DURABLE_REPLACE), ST_OK);
	/* Somebody else makes the name meanwhile: refused at the end. */
	assert_int_equal(
	    durable_stream_begin(dir, "g", 0600, DURABLE_NEW, &fd), ST_OK);
	make("g", OLD, 0600);
	assert_int_equal(
	    durable_stream_finish(dir, "g", DURABLE_NEW, &fd), ST_EXISTS);
	assert_string_equal(holds("g"), OLD);
	assert_int_equal(
	    durable_stream_begin(dir, "h", 0600, DURABLE_NEW, &fd), ST_OK);
	durable_stream_drop(dir, "h", &fd);
	assert_int_equal(fd, -1);
	assert_int_equal(names(false), 3);
}

/* Two at once: the second is refused, and the first ends as its own. */
static void
two_streams_never_share_a_name(void **state)
{
	int fd, other;

	(void)state;
	assert_int_equal(
	    durable_stream_begin(dir, "t", 0600, DURABLE_NEW, &fd), ST_OK);
	assert_int_equal(
	    durable_stream_begin(dir, "t", 0600, DURABLE_NEW, &other), ST_BUSY);
	assert_int_equal(other, -1);
	assert_int_equal(write_all(fd, NEW, strlen(NEW)), ST_OK);
	assert_int_equal(
	    durable_stream_finish(dir, "t", DURABLE_NEW, &fd), ST_OK);
	assert_string_equal(holds("t"), NEW);
	/* Nobody holds it any more. */
	assert_int_equal(stream("t", DURABLE_REPLACE), ST_OK);
	assert_int_equal(names(true), 1);
}

static void
a_cut_stream_goes_on_where_it_was_left(void **state)
{
	int fd, other;

	(void)state;
	assert_int_equal(
	    durable_stream_resume(dir, "r", DURABLE_NEW, &fd), ST_ABSENT);
	assert_int_equal(fd, -1);
	make("r.part", "the old", 0600);
	assert_int_equal(
	    durable_stream_resume(dir, "r", DURABLE_NEW, &fd), ST_OK);
	assert_int_equal(
	    durable_stream_resume(dir, "r", DURABLE_NEW, &other), ST_BUSY);
	assert_int_equal(
	    durable_stream_begin(dir, "r", 0600, DURABLE_NEW, &other), ST_BUSY);
	assert_int_equal(lseek(fd, 0, SEEK_END), 7);
	assert_int_equal(write_all(fd, " text", 5), ST_OK);
	close(fd); /* left for another run */
	assert_int_equal(
	    durable_stream_resume(dir, "r", DURABLE_NEW, &fd), ST_OK);
	assert_int_equal(
	    durable_stream_finish(dir, "r", DURABLE_NEW, &fd), ST_OK);
	assert_string_equal(holds("r"), OLD);
	make("r.part", NEW, 0600);
	assert_int_equal(
	    durable_stream_resume(dir, "r", DURABLE_NEW, &fd), ST_EXISTS);
	/* What has a second name is not ours to write into. */
	assert_int_equal(linkat(dir, "r.part", dir, "s.part", 0), 0);
	assert_int_equal(
	    durable_stream_resume(dir, "s", DURABLE_NEW, &fd), ST_MALFORMED);
	assert_int_equal(mkdirat(dir, "t.part", 0700), 0);
	assert_int_not_equal(
	    durable_stream_resume(dir, "t", DURABLE_NEW, &fd), ST_OK);
	assert_int_equal(fd, -1);
}

static void
any_failing_call_leaves_no_half_stream(void **state)
{
	int before = open_fds();

	(void)state;
	for (int mode = DURABLE_NEW; mode <= DURABLE_REPLACE; mode++)
		FAULT_EACH(FAULT_FILES)
		{
			enum status st = stream("f", (enum durable_mode)mode);
			const char *text;

			fault_off();
			/* The look whether the name is taken may fail: the
			 * end finds out. */
			if (!fault_fired())
				assert_int_equal(st, ST_OK);
			text = holds("f");
			if (st == ST_OK)
				assert_string_equal(text, NEW);
			assert_true(text == NULL || strcmp(text, NEW) == 0);
			assert_int_equal(names(false), text != NULL);
			assert_int_equal(open_fds(), before);
			(void)names(true);
		}
}

static void
a_disk_that_stays_full_is_told_as_full(void **state)
{
	(void)state;
	fault_errno(ENOSPC);
	fault_from(FAULT_WRITE, 1);
	assert_int_equal(
	    durable_write(dir, "a", NEW, strlen(NEW), 0600, DURABLE_NEW),
	    ST_FULL);
	fault_from(FAULT_WRITE, 2);
	assert_int_equal(stream("a", DURABLE_NEW), ST_FULL);
	fault_off();
	assert_int_equal(names(false), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_FOLDER(a_stream_takes_its_name_when_it_is_finished),
	    WITH_FOLDER(two_streams_never_share_a_name),
	    WITH_FOLDER(a_cut_stream_goes_on_where_it_was_left),
	    WITH_FOLDER(any_failing_call_leaves_no_half_stream),
	    WITH_FOLDER(a_disk_that_stays_full_is_told_as_full),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
