/*
 * folder: a folder of its own for each test of base/durable, emptied after
 * each case.
 */
#ifndef TIPLINE_TESTS_UNIT_BASE_FOLDER_H
#define TIPLINE_TESTS_UNIT_BASE_FOLDER_H

#include <dirent.h>
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

#include "tests/unit/fault.h"

static char folder[] = "/tmp/tipline-durable-XXXXXX";
static int dir = -1;

#define OLD "the old text"
#define NEW "the new text, longer than the old one"

static inline int
make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir == -1 ? -1 : 0;
}

/* Names in the folder; takes all of them away if told to. */
static inline int
names(bool empty)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	int count = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' &&
		    (e->d_name[1] == '\0' || e->d_name[1] == '.'))
			continue;
		count++;
		if (empty)
			(void)(unlinkat(dir, e->d_name, 0) == 0 ||
			    unlinkat(dir, e->d_name, AT_REMOVEDIR) == 0);
	}
	closedir(d);
	return count;
}

static inline int
empty_folder(void **state)
{
	(void)state;
	fault_off();
	fault_errno(EIO);
	(void)names(true);
	return names(false);
}

static inline int
remove_folder(void **state)
{
	(void)state;
	close(dir);
	return rmdir(folder);
}

static inline int
open_fds(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

static inline void
make(const char *name, const char *text, mode_t perm)
{
	int fd;

	(void)unlinkat(dir, name, 0); /* it may not be ours to write */
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, perm), 0);
	close(fd);
}

/* What the file holds, "" if empty, or NULL if there is none. */
static inline const char *
holds(const char *name)
{
	static char text[200];
	int fd = openat(dir, name, O_RDONLY);
	ssize_t n;

	if (fd == -1)
		return NULL;
	n = read(fd, text, sizeof(text) - 1);
	assert_true(n >= 0);
	text[n] = '\0';
	close(fd);
	return text;
}

#define WITH_FOLDER(f) cmocka_unit_test_teardown(f, empty_folder)

#endif
