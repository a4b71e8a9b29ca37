/*
 * Each role in a child of its own, asked for what it may and may not have.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/confine.h"
#include "base/durable.h"
#include "base/guarded.h"
#include "base/ipc.h"

enum outcome {
	ALLOWED,
	REFUSED, /* the call failed */
	KILLED,  /* the filter ended the process */
	BROKEN   /* anything else */
};

#define ROLES (CONFINE_OFFLINE + 1)

static char folder[] = "/tmp/tipline-confine-XXXXXX";
static char inside[100], secret[100];
static int listener = -1, pair[2] = {-1, -1};
static const char *const folders[] = {folder, NULL};
static struct confine_missing missing;

/* --- what a role is asked to do; 0 or more is success --- */

static int
open_a_file_of_the_folder(void)
{
	return open(inside, O_RDONLY);
}

static int
open_a_file_elsewhere(void)
{
	return open(secret, O_RDONLY);
}

static int
write_a_file_of_the_folder(void)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY);

	if (dir == -1)
		return -1;
	return durable_write(dir, "made", "x", 1, 0600, DURABLE_REPLACE) ==
		ST_OK
	    ? 0
	    : -1;
}

static int
lock_and_measure_a_file(void)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	struct statvfs vfs;
	struct stat sb;
	char c = 'x';
	int fd = open(inside, O_RDWR);
	void *p;

	if (fd == -1 || fcntl(fd, F_SETLK, &l) != 0 || fstat(fd, &sb) != 0 ||
	    stat(inside, &sb) != 0 || statvfs(folder, &vfs) != 0 ||
	    pwrite(fd, &c, 1, 0) != 1 || pread(fd, &c, 1, 0) != 1 ||
	    fdatasync(fd) != 0 || fsync(fd) != 0 || ftruncate(fd, 4096) != 0 ||
	    fallocate(fd, 0, 0, 4096) != 0 || lseek(fd, 0, SEEK_END) == -1)
		return -1;
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return p == MAP_FAILED ? -1 : 0;
}

static int
make_an_internet_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

/* The kernel takes an int: the bits above it must not fool the filter. */
static int
make_an_internet_socket_with_odd_bits(void)
{
	return (int)syscall(
	    SYS_socket, (1L << 32) | AF_INET, (long)SOCK_STREAM, 0L);
}

static int
make_a_netlink_socket(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0);
}

static int
make_a_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int
start_a_program(void)
{
	char *const argv[] = {inside, NULL};

	/* It is no program: EACCES or ENOEXEC say it was tried. */
	(void)execve(inside, argv, argv);
	return errno == EPERM ? -1 : 0;
}

static int
fork_a_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid;
}

static void *
do_nothing(void *p)
{
	return p;
}

static int
start_a_thread(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, do_nothing, NULL) != 0)
		return -1;
	return pthread_join(t, NULL) == 0 ? 0 : -1;
}

static int
trace_a_process(void)
{
	return (int)syscall(SYS_ptrace, 0L, 0L, 0L, 0L);
}

static int
set_up_io_uring(void)
{
	return (int)syscall(SYS_io_uring_setup, 1L, NULL);
}

static int
enter_a_new_namespace(void)
{
	return (int)syscall(SYS_unshare, 0x10000000L /* CLONE_NEWUSER */);
}

static int
map_memory_to_run(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

static int
make_memory_run(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static int
signal_the_parent(void)
{
	return kill(getppid(), 0);
}

static int
accept_a_visitor(void)
{
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/* What a loop of libevent does, and the messages of base/ipc. */
static int
turn_an_event_loop(void)
{
	struct itimerspec soon = {.it_value = {.tv_nsec = 1000}};
	struct epoll_event ev = {.events = EPOLLIN}, got;
	int ep = epoll_create1(EPOLL_CLOEXEC), timer, event, passed, waiting;
	uint8_t type, in[8];
	struct timespec ts;
	struct stat sb;
	size_t len;
	void *p;

	timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	event = eventfd(0, EFD_NONBLOCK);
	if (ep == -1 || timer == -1 || event == -1 ||
	    timerfd_settime(timer, 0, &soon, NULL) != 0 ||
	    epoll_ctl(ep, EPOLL_CTL_ADD, timer, &ev) != 0 ||
	    epoll_wait(ep, &got, 1, 1000) != 1)
		return -1;
	if (ipc_send(pair[0], 1, "abc", 3, timer) != ST_OK ||
	    ioctl(pair[1], FIONREAD, &waiting) != 0 ||
	    ipc_recv(pair[1], &type, in, 8, &len, &passed) != ST_OK ||
	    len != 3 || passed == -1 || close(passed) != 0)
		return -1;
	if (clock_gettime(CLOCK_REALTIME, &ts) != 0 ||
	    fstat(pair[0], &sb) != 0 ||
	    fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0)
		return -1;
	/* Memory large enough for malloc to map and to move. */
	if ((p = malloc(1 << 20)) == NULL || (p = realloc(p, 1 << 22)) == NULL)
		return -1;
	free(p);
	if ((p = guarded_new(100)) == NULL)
		return -1;
	guarded_free(p);
	return 0;
}

/* Pretend that the filter killed us if abort() does not work. */
static int
call_abort(void)
{
	signal(SIGABRT, SIG_DFL);
	abort();
}

/* --- running them --- */

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
