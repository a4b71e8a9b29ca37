#include "tests/unit/base/confine_actions.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/guarded.h"
#include "base/ipc.h"

char folder[] = "/tmp/tipline-confine-XXXXXX";
char inside[100], secret[100];
int listener = -1, pair[2] = {-1, -1};

int
open_a_file_of_the_folder(void)
{
	return open(inside, O_RDONLY);
}

int
open_a_file_elsewhere(void)
{
	return open(secret, O_RDONLY);
}

int
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

int
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

int
make_an_internet_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

/* The kernel takes an int: the bits above it must not fool the filter. */
int
make_an_internet_socket_with_odd_bits(void)
{
	return (int)syscall(
	    SYS_socket, (1L << 32) | AF_INET, (long)SOCK_STREAM, 0L);
}

int
make_a_netlink_socket(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0);
}

int
make_a_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

int
start_a_program(void)
{
	char *const argv[] = {inside, NULL};

	/* It is no program: EACCES or ENOEXEC say it was tried. */
	(void)execve(inside, argv, argv);
	return errno == EPERM ? -1 : 0;
}

int
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

int
start_a_thread(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, do_nothing, NULL) != 0)
		return -1;
	return pthread_join(t, NULL) == 0 ? 0 : -1;
}

int
trace_a_process(void)
{
	return (int)syscall(SYS_ptrace, 0L, 0L, 0L, 0L);
}

int
set_up_io_uring(void)
{
	return (int)syscall(SYS_io_uring_setup, 1L, NULL);
}

int
enter_a_new_namespace(void)
{
	return (int)syscall(SYS_unshare, 0x10000000L /* CLONE_NEWUSER */);
}

int
map_memory_to_run(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

int
make_memory_run(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

int
signal_the_parent(void)
{
	return kill(getppid(), 0);
}

int
accept_a_visitor(void)
{
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/* What a loop of libevent does, and the messages of base/ipc. */
int
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
int
call_abort(void)
{
	signal(SIGABRT, SIG_DFL);
	abort();
}
