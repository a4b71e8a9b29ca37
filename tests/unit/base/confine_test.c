/*
 * Each role in a child of its own, asked for what it may and may not have.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/confine.h"
#include "base/ipc.h"
#include "tests/unit/base/confine_actions.h"

enum outcome {
	ALLOWED,
	REFUSED, /* the call failed */
	KILLED,  /* the filter ended the process */
	BROKEN   /* anything else */
};

#define ROLES (CONFINE_OFFLINE + 1)

static const char *const folders[] = {folder, NULL};
static struct confine_missing missing;

static enum outcome
ask(enum confine_role role, int (*what)(void))
{
	const struct confine_paths paths = {.write = folders};
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		struct confine_missing m;

		signal(SIGSYS, SIG_DFL);
		if (confine_early() != ST_OK ||
		    confine(role, role == CONFINE_RECEIVER ? NULL : &paths,
			&m) != ST_OK)
			_exit(BROKEN);
		_exit(what() >= 0 ? ALLOWED : REFUSED);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		return (enum outcome)WEXITSTATUS(status);
	if (WTERMSIG(status) == SIGSYS)
		return KILLED;
	return what == call_abort && WTERMSIG(status) == SIGABRT ? ALLOWED
								 : BROKEN;
}

struct question {
	const char *name;
	int (*what)(void);
	enum outcome answers[ROLES];
};

#define Q(f, supervisor, receiver, keeper, operator, offline)                  \
	{                                                                      \
#f, f,                                                         \
		{                                                              \
			supervisor, receiver, keeper, operator, offline        \
		}                                                              \
	}

static void
put_questions(const struct question *q, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (int role = 0; role < ROLES; role++) {
			enum outcome got =
			    ask((enum confine_role)role, q[i].what);

			if (got != q[i].answers[role])
				print_error(
				    "%s, role %d: %d\n", q[i].name, role, got);
			assert_int_equal(got, q[i].answers[role]);
		}
}

#define A ALLOWED
#define R REFUSED
#define K KILLED

static void
each_role_gets_the_calls_it_needs_and_no_others(void **state)
{
	/* clang-format off */
	static const struct question all[] = {
	    /*                          sup. rec. kee. ope. off. */
	    Q(make_an_internet_socket,   A,   K,   K,   R,   R),
	    Q(make_an_internet_socket_with_odd_bits, A, K, K, R, R),
	    Q(make_a_netlink_socket,     A,   K,   K,   R,   R),
	    Q(make_a_unix_socket,        A,   K,   K,   A,   R),
	    Q(start_a_program,           A,   K,   K,   R,   R),
	    Q(fork_a_process,            A,   K,   K,   R,   R),
	    Q(start_a_thread,            A,   K,   K,   A,   A),
	    Q(trace_a_process,           R,   K,   K,   R,   R),
	    Q(set_up_io_uring,           R,   K,   K,   R,   R),
	    Q(enter_a_new_namespace,     R,   K,   K,   R,   R),
	    Q(map_memory_to_run,         A,   K,   K,   A,   A),
	    Q(make_memory_run,           A,   K,   K,   A,   A),
	    Q(accept_a_visitor,          A,   A,   K,   A,   R),
	    Q(open_a_file_elsewhere,     R,   R,   R,   R,   R),
	};
	/* clang-format on */

	(void)state;
	if (missing.seccomp || missing.landlock)
		skip();
	put_questions(all, sizeof(all) / sizeof(all[0]));
	assert_int_equal(ask(CONFINE_RECEIVER, signal_the_parent), KILLED);
	assert_int_equal(ask(CONFINE_KEEPER, signal_the_parent), KILLED);
}

static void
each_role_can_do_its_work(void **state)
{
	/* clang-format off */
	static const struct question all[] = {
	    Q(turn_an_event_loop,         A,   A,   A,   A,   A),
	    Q(call_abort,                 A,   A,   A,   A,   A),
	    Q(open_a_file_of_the_folder,  A,   R,   A,   A,   A),
	    Q(write_a_file_of_the_folder, A,   R,   A,   A,   A),
	    Q(lock_and_measure_a_file,    A,   R,   A,   A,   A),
	};
	/* clang-format on */

	(void)state;
	if (missing.landlock)
		skip();
	put_questions(all, sizeof(all) / sizeof(all[0]));
}

/* Run what in a child and return how it exited, -1 if it was killed. */
static int
in_a_child(int (*what)(void))
{
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0)
		_exit(what());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
read_but_not_write(void)
{
	const struct confine_paths paths = {.read = folders};
	struct confine_missing m;

	if (confine(CONFINE_OFFLINE, &paths, &m) != ST_OK)
		return 1;
	if (open_a_file_of_the_folder() == -1)
		return 2;
	if (open(inside, O_WRONLY) != -1 || errno != EACCES)
		return 3;
	if (truncate(inside, 0) != -1 || unlink(inside) != -1)
		return 4;
	return write_a_file_of_the_folder() == -1 ? 0 : 5;
}

static int
a_file_as_a_path(void)
{
	const char *const files[] = {inside, "/no/such/file", NULL};
	const struct confine_paths paths = {.write = files};
	struct confine_missing m;

	if (confine(CONFINE_KEEPER, &paths, &m) != ST_OK)
		return 1;
	if (open(inside, O_RDWR) == -1)
		return 2;
	return write_a_file_of_the_folder() == -1 ? 0 : 3;
}

static int
no_tcp(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons(9),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct confine_missing m;
	int fd;

	if (confine(CONFINE_SUPERVISOR, NULL, &m) != ST_OK)
		return 1;
	if ((fd = socket(AF_INET, SOCK_STREAM, 0)) == -1)
		return 2;
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != -1 ||
	    errno != EACCES)
		return 3;
	to.sin_port = htons(54321);
	if (bind(fd, (struct sockaddr *)&to, sizeof(to)) != -1 ||
	    errno != EACCES)
		return 4;
	return 0;
}

static void
only_the_named_paths_and_no_tcp_are_left(void **state)
{
	/* As base/confine.c asks; TCP rules came with version 4. */
	long abi = syscall(444, NULL, 0L, 1L);

	(void)state;
	if (missing.landlock)
		skip();
	assert_int_equal(in_a_child(read_but_not_write), 0);
	assert_int_equal(in_a_child(a_file_as_a_path), 0);
	if (abi >= 4)
		assert_int_equal(in_a_child(no_tcp), 0);
}

static int
run_a_program_below(void)
{
	static const char *const programs[] = {
	    "/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", NULL};
	const struct confine_paths paths = {.execute = programs};
	struct confine_missing m;
	char *const argv[] = {(char[]){"true"}, NULL};
	int status;
	pid_t pid;

	if (confine_early() != ST_OK ||
	    confine(CONFINE_SUPERVISOR, &paths, &m) != ST_OK)
		return 1;
	if ((pid = fork()) == 0) {
		(void)execv("/bin/true", argv);
		_exit(9);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return 2;
	/* And a process that confines itself further. */
	if ((pid = fork()) == 0) {
		if (confine_early() != ST_OK ||
		    confine(CONFINE_RECEIVER, NULL, &m) != ST_OK)
			_exit(9);
		_exit(turn_an_event_loop() == 0 ? 0 : 8);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return 3;
	return 0;
}

static void
the_supervisor_can_start_programs_that_confine_themselves(void **state)
{
	(void)state;
	assert_int_equal(in_a_child(run_a_program_below), 0);
}

static int
look_after_early(void)
{
	struct rlimit core;

	if (confine_early() != ST_OK || getrlimit(RLIMIT_CORE, &core) != 0)
		return 1;
	if (core.rlim_cur != 0 || core.rlim_max != 0)
		return 2;
	if (prctl(PR_GET_DUMPABLE) != 0)
		return 3;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 4;
	return umask(0) == 077 ? 0 : 5;
}

static void
early_leaves_no_core_and_no_new_privileges(void **state)
{
	(void)state;
	assert_int_equal(in_a_child(look_after_early), 0);
}

static int
an_unknown_role(void)
{
	struct confine_missing m;

	return confine((enum confine_role)77, NULL, &m) == ST_BUG ? 0 : 1;
}

static void
what_is_missing_is_named(void **state)
{
	(void)state;
#ifdef TIPLINE_SANITIZE
	assert_true(missing.seccomp);
#else
	if (!missing.seccomp)
		assert_int_equal(in_a_child(an_unknown_role), 0);
#endif
	(void)an_unknown_role;
}

static int
learn_what_is_missing(void)
{
	struct confine_missing m;

	if (confine(CONFINE_OPERATOR, NULL, &m) != ST_OK)
		return 9;
	return (m.seccomp ? 1 : 0) | (m.landlock ? 2 : 0);
}

static int
set_up(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd, bits, visitor;

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(inside, sizeof(inside), "%s/inside", folder);
	snprintf(secret, sizeof(secret), "%s-secret", folder);
	if ((fd = open(inside, O_WRONLY | O_CREAT, 0600)) == -1)
		return -1;
	close(fd);
	if ((fd = open(secret, O_WRONLY | O_CREAT, 0600)) == -1)
		return -1;
	close(fd);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/socket", folder);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(listener, 50) != 0 || ipc_pair(pair) != ST_OK)
		return -1;
	/* A visitor for each role, waiting. */
	for (int i = 0; i < ROLES; i++) {
		visitor = socket(AF_UNIX, SOCK_STREAM, 0);
		if (connect(visitor, (struct sockaddr *)&at, sizeof(at)) != 0)
			return -1;
	}
	if ((bits = in_a_child(learn_what_is_missing)) > 3 || bits < 0)
		return -1;
	missing.seccomp = (bits & 1) != 0;
	missing.landlock = (bits & 2) != 0;
	print_message("seccomp %s, Landlock %s\n",
	    missing.seccomp ? "missing" : "here",
	    missing.landlock ? "missing" : "here");
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const left[] = {"inside", "made", "socket"};
	char path[200];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, left[i]);
		unlink(path);
	}
	unlink(secret);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_role_gets_the_calls_it_needs_and_no_others),
	    cmocka_unit_test(each_role_can_do_its_work),
	    cmocka_unit_test(only_the_named_paths_and_no_tcp_are_left),
	    cmocka_unit_test(
		the_supervisor_can_start_programs_that_confine_themselves),
	    cmocka_unit_test(early_leaves_no_core_and_no_new_privileges),
	    cmocka_unit_test(what_is_missing_is_named),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
