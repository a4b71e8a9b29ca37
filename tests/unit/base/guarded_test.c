#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/guarded.h"
#include "tests/unit/fault.h"

#define PAGE ((size_t)sysconf(_SC_PAGESIZE))
#define PAGES 256

static int
open_arena(void **state)
{
	bool locked;

	(void)state;
	return guarded_open(PAGES * PAGE, &locked) == ST_OK ? 0 : -1;
}

static int
close_arena(void **state)
{
	(void)state;
	if (guarded_live() != 0)
		return -1;
	guarded_close();
	return 0;
}

/* Run what in a child; true if it did not come to its end. */
static bool
ends_the_process(void (*what)(void))
{
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		/* The complaint is expected; keep it out of the report. */
		(void)dup2(null, STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		signal(SIGSEGV, SIG_DFL);
		what();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void
blocks_are_zeroed_aligned_and_apart(void **state)
{
	uint8_t *p[20];

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		p[i] = guarded_new(i * 700);
		assert_non_null(p[i]);
		assert_int_equal((uintptr_t)p[i] % 16, 0);
		for (size_t k = 0; k < i * 700; k++)
			assert_int_equal(p[i][k], 0);
		memset(p[i], (int)i + 1, i * 700);
	}
	assert_int_equal(guarded_live(), 20);
	for (size_t i = 0; i < 20; i++) {
		for (size_t k = 0; k < i * 700; k++)
			assert_int_equal(p[i][k], i + 1);
		guarded_free(p[i]);
	}
	guarded_free(NULL);
	assert_int_equal(guarded_live(), 0);
}

static void
what_is_freed_is_wiped(void **state)
{
	uint8_t *first = guarded_new(3 * PAGE), *again;

	(void)state;
	assert_non_null(first);
	memset(first, 'S', 3 * PAGE);
	guarded_free(first);
#ifndef TIPLINE_SANITIZE
	for (size_t i = 0; i < 4 * PAGE; i++)
		assert_int_equal(first[i], 0);
#endif
	/* The lowest pages are taken again. */
	again = guarded_new(10);
	assert_ptr_equal(again, first);
	assert_memory_equal(again, "\0\0\0\0\0\0\0\0\0\0", 10);
	guarded_free(again);
}

static void
a_full_arena_says_so_and_goes_on(void **state)
{
	void *p[PAGES];

	(void)state;
	assert_null(guarded_new(PAGES * PAGE)); /* no room for the canary */
	assert_null(guarded_new(SIZE_MAX));
	assert_null(guarded_new(SIZE_MAX - 20));
	for (size_t i = 0; i < PAGES; i++)
		assert_non_null(p[i] = guarded_new(PAGE - 16));
	assert_null(guarded_new(1));
	/* Two holes of one page are no place for two pages; side by side
	 * they are. */
	guarded_free(p[7]);
	guarded_free(p[100]);
	assert_null(guarded_new(PAGE));
	guarded_free(p[101]);
	p[101] = guarded_new(PAGE);
	assert_ptr_equal(p[101], p[100]);
	p[100] = guarded_new(1);
	assert_ptr_equal(p[100], p[7]);
	assert_null(guarded_new(1));
	p[7] = NULL; /* one block less, for one has two pages */
	for (size_t i = 0; i < PAGES; i++)
		guarded_free(p[i]);
	assert_non_null(p[0] = guarded_new(PAGES * PAGE - 16));
	guarded_free(p[0]);
}

/* Against a plain model: which page belongs to which block. */
static void
blocks_never_overlap_however_they_come_and_go(void **state)
{
	uint8_t *p[64] = {NULL};
	size_t len[64] = {0};
	uint32_t r = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t i;

		r = r * 1664525 + 1013904223;
		i = r >> 26;
		if (p[i] != NULL) {
			for (size_t k = 0; k < len[i]; k += 512)
				assert_int_equal(p[i][k], i + 1);
			if (len[i] > 0)
				assert_int_equal(p[i][len[i] - 1], i + 1);
			guarded_free(p[i]);
			p[i] = NULL;
			continue;
		}
		len[i] = (r >> 8) % (9 * PAGE);
		if ((p[i] = guarded_new(len[i])) != NULL)
			memset(p[i], (int)i + 1, len[i]);
	}
	for (size_t i = 0; i < 64; i++)
		guarded_free(p[i]);
}

static void
write_one_past_the_end(void)
{
	volatile uint8_t *p = guarded_new(33);

	p[33] ^= 1;
	guarded_free((void *)(uintptr_t)p);
}

static void
write_at_the_canarys_end(void)
{
	volatile uint8_t *p = guarded_new(PAGE - 16);

	p[PAGE - 1] ^= 0x80;
	guarded_free((void *)(uintptr_t)p);
}

static void
free_twice(void)
{
	void *p = guarded_new(33);

	guarded_free(p);
	guarded_free(p);
}

static void
free_the_inside(void)
{
	uint8_t *p = guarded_new(2 * PAGE);

	guarded_free(p + PAGE);
}

static void
free_something_else(void)
{
	int here;

	(void)guarded_new(1);
	guarded_free(&here);
}

static void
read_before_the_arena(void)
{
	volatile uint8_t *p = guarded_new(1);

	(void)p[-1];
}

static void
read_behind_the_arena(void)
{
	volatile uint8_t *p = guarded_new(1);

	(void)p[PAGES * PAGE];
}

static void
harmless(void)
{
	guarded_free(guarded_new(33));
}

static void
misuse_ends_the_process(void **state)
{
	(void)state;
	assert_false(ends_the_process(harmless));
	assert_true(ends_the_process(write_one_past_the_end));
	assert_true(ends_the_process(write_at_the_canarys_end));
	assert_true(ends_the_process(free_twice));
	assert_true(ends_the_process(free_the_inside));
	assert_true(ends_the_process(free_something_else));
	assert_true(ends_the_process(read_before_the_arena));
	assert_true(ends_the_process(read_behind_the_arena));
}

static uint8_t *parents;

static void
expect_an_empty_child(void)
{
	/* With a sanitizer the poison is inherited; ask the kernel. */
	uint8_t seen[32] = {1};
	int fd = open("/proc/self/mem", O_RDONLY);
	uint8_t *p;

	if (pread(fd, seen, 32, (off_t)(uintptr_t)parents) != 32)
		_exit(1);
	for (size_t i = 0; i < 32; i++)
		if (seen[i] != 0)
			_exit(2);
	guarded_free(parents); /* does nothing */
	if (guarded_live() != 0 || (p = guarded_new(100)) == NULL)
		_exit(3);
	memset(p, 1, 100);
	guarded_free(p);
	if (guarded_live() != 0)
		_exit(4);
}

static void
a_forked_child_finds_nothing_and_can_begin_anew(void **state)
{
	(void)state;
	parents = guarded_new(32);
	memset(parents, 'S', 32);
	assert_false(ends_the_process(expect_an_empty_child));
	for (size_t i = 0; i < 32; i++)
		assert_int_equal(parents[i], 'S');
	guarded_free(parents);
}

/* The flags of the mapping that holds p, from the kernel. */
static bool
vm_flags(const void *p, char *flags, size_t len)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[512];
	bool inside = false, found = false;

	assert_non_null(f);
	while (!found && fgets(line, sizeof(line), f) != NULL) {
		unsigned long from, to;

		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = (uintptr_t)p >= from && (uintptr_t)p < to;
		else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
			snprintf(flags, len, "%.400s", line + 8);
			found = true;
		}
	}
	fclose(f);
	return found;
}

static void
the_kernel_knows_it_as_locked_undumped_and_wiped_on_fork(void **state)
{
	char flags[512];
	void *p = guarded_new(1);
	bool locked;

	(void)state;
	assert_true(vm_flags(p, flags, sizeof(flags)));
	assert_non_null(strstr(flags, " dd")); /* not in core files */
	assert_non_null(strstr(flags, " wf"));
	guarded_free(p);
	guarded_close();
	assert_int_equal(guarded_open(PAGE, &locked), ST_OK);
	p = guarded_new(1);
	assert_true(vm_flags(p, flags, sizeof(flags)));
	assert_int_equal(strstr(flags, " lo") != NULL, locked);
	guarded_free(p);
	guarded_close();
	assert_int_equal(open_arena(NULL), 0);
}

static void
expect_unlocked(void)
{
	const struct rlimit none = {0, 0};
	bool locked = true;
	void *p;

	guarded_close();
	if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 ||
	    (geteuid() == 0 && setuid(65534) != 0))
		_exit(1);
	if (guarded_open(1 << 20, &locked) != ST_OK || locked)
		_exit(2);
	if ((p = guarded_new(100)) == NULL)
		_exit(3);
	guarded_free(p);
}

static void
without_leave_to_lock_it_works_and_says_so(void **state)
{
	(void)state;
	assert_false(ends_the_process(expect_unlocked));
}

static void
it_opens_once_or_by_itself(void **state)
{
	bool locked = true;
	void *p;

	(void)state;
	assert_int_equal(guarded_open(PAGE, &locked), ST_BUG);
	assert_false(locked);
	guarded_close();
	guarded_close();
	assert_int_equal(guarded_live(), 0);
	assert_int_equal(guarded_open(0, &locked), ST_BUG);
	assert_int_equal(guarded_open(SIZE_MAX, &locked), ST_NOMEM);
	p = guarded_new((1 << 20) - 16);
	assert_non_null(p);
	assert_null(guarded_new(1));
	guarded_free(p);
	guarded_close();
	assert_int_equal(open_arena(NULL), 0);
}

static void
a_refusing_kernel_leaves_no_arena_behind(void **state)
{
	(void)state;
	guarded_close();
	FAULT_EACH(FAULT_MMAP | FAULT_RANDOM)
	{
		bool locked;
		enum status st = guarded_open(PAGE, &locked);

		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		guarded_close();
	}
	assert_int_equal(open_arena(NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(blocks_are_zeroed_aligned_and_apart),
	    cmocka_unit_test(what_is_freed_is_wiped),
	    cmocka_unit_test(a_full_arena_says_so_and_goes_on),
	    cmocka_unit_test(blocks_never_overlap_however_they_come_and_go),
	    cmocka_unit_test(misuse_ends_the_process),
	    cmocka_unit_test(a_forked_child_finds_nothing_and_can_begin_anew),
	    cmocka_unit_test(
		the_kernel_knows_it_as_locked_undumped_and_wiped_on_fork),
	    cmocka_unit_test(without_leave_to_lock_it_works_and_says_so),
	    cmocka_unit_test(it_opens_once_or_by_itself),
	    cmocka_unit_test(a_refusing_kernel_leaves_no_arena_behind),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
