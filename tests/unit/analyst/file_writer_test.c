/*
 * Files small and large: the bytes on disk and their digest are those given,
 * or the failure is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyst/file_writer.h"
#include "base/bytes.h"
#include "base/durable.h"
#include "tests/unit/fault.h"

#define LARGE ((size_t)3 * 1024 * 1024 + 77)

static char path[] = "/tmp/tipline-file-XXXXXX";
static uint8_t content[LARGE];

static int
set_up(void **state)
{
	uint32_t v = 1;
	int fd = mkstemp(path);

	(void)state;
	for (size_t i = 0; i < LARGE; i++)
		content[i] = (uint8_t)((v = v * 1664525 + 1013904223) >> 24);
	return fd == -1 ? -1 : close(fd);
}

static int
tear_down(void **state)
{
	(void)state;
	fault_off();
	return unlink(path);
}

/* Write the first len bytes of content in pieces of step. */
static enum status
write_file(struct file_writer *w, size_t len, size_t step,
    uint8_t digest[static DIGEST_LEN])
{
	enum status st = ST_OK;
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd == -1)
		return ST_IO;
	file_writer_begin(w, fd);
	for (size_t at = 0; at < len && st == ST_OK; at += step)
		st = file_writer_data(
		    w, content + at, step < len - at ? step : len - at);
	return st != ST_OK ? st : file_writer_end(w, digest);
}

static void
assert_file(size_t len, const uint8_t digest[static DIGEST_LEN])
{
	struct bytes text = BYTES_INIT(LARGE);
	uint8_t want[DIGEST_LEN];
	struct sha256 *sha;

	assert_int_equal(durable_read(AT_FDCWD, path, &text), ST_OK);
	assert_int_equal(text.len, len);
	if (len > 0)
		assert_memory_equal(text.p, content, len);
	bytes_free(&text);
	assert_int_equal(sha256_new(&sha), ST_OK);
	assert_int_equal(sha256_update(sha, content, len), ST_OK);
	assert_int_equal(sha256_final(sha, want), ST_OK);
	assert_memory_equal(digest, want, DIGEST_LEN);
	sha256_free(sha);
}

/* Around every size at which the way of writing changes, one after another
 * with one writer. */
static void
files_of_every_kind_of_size_are_written(void **state)
{
	static const size_t lens[] = {0, 1, FILE_WRITER_SMALL - 1,
	    FILE_WRITER_SMALL, FILE_WRITER_SMALL + 1, 2 * FILE_WRITER_SMALL,
	    2 * FILE_WRITER_SMALL + 1, 8 * FILE_WRITER_SMALL, LARGE, 5};
	static const size_t steps[] = {16380, 4096, 100003, LARGE};
	uint8_t digest[DIGEST_LEN];
	struct file_writer *w;

	(void)state;
	assert_int_equal(file_writer_new(&w), ST_OK);
	for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
		for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
			assert_int_equal(
			    write_file(w, lens[i], steps[s], digest), ST_OK);
			assert_file(lens[i], digest);
		}
	}
	file_writer_free(w);
}

static enum status
write_once(size_t len)
{
	uint8_t digest[DIGEST_LEN];
	struct file_writer *w;
	enum status st;

	if ((st = file_writer_new(&w)) != ST_OK)
		return st;
	st = write_file(w, len, 16380, digest);
	file_writer_free(w);
	return st;
}

/* Wherever the disk fills up, also in the thread that writes. */
static void
a_full_disk_is_told_in_small_and_large_files(void **state)
{
	static const size_t lens[] = {100, LARGE};

	(void)state;
	fault_errno(ENOSPC);
	for (size_t i = 0; i < 2; i++) {
		for (unsigned long n = 1;; n++) {
			enum status st;

			fault_from(FAULT_WRITE, n);
			st = write_once(lens[i]);
			fault_off();
			assert_int_equal(st, fault_fired() ? ST_FULL : ST_OK);
			if (!fault_fired())
				break;
		}
	}
	fault_errno(EIO);
}

/* A file system that refuses O_DIRECT only when it is written to. */
static void
one_refused_direct_write_is_done_the_plain_way(void **state)
{
	uint8_t digest[DIGEST_LEN];
	struct file_writer *w;

	(void)state;
	assert_int_equal(file_writer_new(&w), ST_OK);
	fault_errno(EINVAL);
	for (unsigned long n = 1; n <= 3; n++) {
		enum status st;

		fault_at(FAULT_WRITE, n);
		st = write_file(w, LARGE, 16380, digest);
		fault_off();
		assert_true(fault_fired());
		/* Where O_DIRECT is not had at all, the failure is one. */
		assert_true(st == ST_OK || st == ST_IO);
		if (st == ST_OK)
			assert_file(LARGE, digest);
		else
			break;
	}
	fault_errno(EIO);
	file_writer_free(w);
}

static void
every_failing_allocation_is_told(void **state)
{
	(void)state;
	FAULT_EACH(FAULT_ALLOC)
	{
		enum status st = write_once(LARGE);

		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(files_of_every_kind_of_size_are_written),
	    cmocka_unit_test(a_full_disk_is_told_in_small_and_large_files),
	    cmocka_unit_test(one_refused_direct_write_is_done_the_plain_way),
	    cmocka_unit_test(every_failing_allocation_is_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
