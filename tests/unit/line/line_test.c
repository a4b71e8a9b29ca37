/*
 * The folder of a line: opening it, and who may run on it.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "line/line.h"

static char folder[] = "/tmp/tipline-line-XXXXXX";

static void
put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = {CONFIG_FILE, LINE_LOCK, "link"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

static void
what_is_no_line_is_told_in_words(void **state)
{
	struct line line;
	char why[LINE_WHY_LEN], path[128];

	(void)state;
	assert_int_equal(line_open("/nowhere/at/all", &line, why), ST_ABSENT);
	assert_non_null(strstr(why, "tipline-operator init"));
	assert_int_equal(line.dirfd, -1);
	assert_int_equal(line_open("/dev/null", &line, why), ST_ABSENT);
	assert_non_null(strstr(why, "no folder"));
	assert_int_equal(line_open(folder, &line, why), ST_ABSENT);
	assert_non_null(strstr(why, "no tip line"));
	put(CONFIG_FILE, "[listen]\nunix = s\n");
	assert_int_equal(line_open(folder, &line, why), ST_MALFORMED);
	assert_non_null(strstr(why, "tipline.conf line 2: unix:"));
	/* A link in the place of the file is not followed. */
	put("link", "[listen]\nunix = /s\n");
	snprintf(path, sizeof(path), "%s/" CONFIG_FILE, folder);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("link", path), 0);
	assert_int_not_equal(line_open(folder, &line, why), ST_OK);
	assert_int_equal(unlink(path), 0);
}

static void
a_line_knows_its_absolute_place(void **state)
{
	struct line line;
	char why[LINE_WHY_LEN], data[64], relative[64];

	(void)state;
	put(CONFIG_FILE, "[listen]\nunix = /s\n");
	snprintf(relative, sizeof(relative), "/tmp/../%s/.", folder);
	assert_int_equal(line_open(relative, &line, why), ST_OK);
	assert_string_equal(line.path, folder);
	snprintf(data, sizeof(data), "%s/data", folder);
	assert_string_equal(line.data_path, data);
	assert_string_equal(line.config.path, "/s");
	line_close(&line);
	assert_int_equal(line.dirfd, -1);
	line_close(&line);
}

/* Lock in a child, say so through the pipe, wait to be killed. */
static pid_t
start_holder(const struct line *line)
{
	int ready[2], fd;
	char word;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		word = line_lock(line, &fd) == ST_OK ? 'y' : 'n';
		if (write(ready[1], &word, 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &word, 1), 1);
	assert_int_equal(word, 'y');
	close(ready[0]);
	return pid;
}

static void
only_one_process_holds_the_line_and_is_known_by_its_number(void **state)
{
	struct line line;
	char why[LINE_WHY_LEN];
	int fd;
	pid_t pid;

	(void)state;
	put(CONFIG_FILE, "[listen]\nunix = /s\n");
	assert_int_equal(line_open(folder, &line, why), ST_OK);
	assert_int_equal(line_running(&line), 0);
	pid = start_holder(&line);
	assert_int_equal(line_running(&line), pid);
	assert_int_equal(line_lock(&line, &fd), ST_BUSY);
	assert_int_equal(fd, -1);
	/* Asking and failing to lock took nothing from the holder. */
	assert_int_equal(line_running(&line), pid);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(line_running(&line), 0);
	assert_int_equal(line_lock(&line, &fd), ST_OK);
	close(fd);
	/* A pipe in its place keeps nobody waiting. */
	assert_int_equal(unlinkat(line.dirfd, LINE_LOCK, 0), 0);
	assert_int_equal(mkfifoat(line.dirfd, LINE_LOCK, 0600), 0);
	alarm(60);
	assert_int_equal(line_running(&line), 0);
	alarm(0);
	assert_int_equal(unlinkat(line.dirfd, LINE_LOCK, 0), 0);
	line_close(&line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_no_line_is_told_in_words),
	    cmocka_unit_test(a_line_knows_its_absolute_place),
	    cmocka_unit_test(
		only_one_process_holds_the_line_and_is_known_by_its_number),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
