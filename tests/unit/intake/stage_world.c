#include "tests/unit/intake/stage_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <errno.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* How long the receiver sleeps before it is asked again whether it is idle. */
#define ROUND_MS 1

/* Shared between the test and the receiver's process. */
struct world {
	atomic_long now;  /* ms, its monotonic clock */
	atomic_long slow; /* ms for each look of its own at that clock */
	atomic_ulong idle;
	atomic_size_t sends; /* bytes that a socket takes at once, 0: all */
};
static struct world *world;
static bool is_receiver;

void
world_begin(void)
{
	if (world == NULL) {
		world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		assert_true(world != MAP_FAILED);
		atomic_store(&world->now, 1000000);
	}
	atomic_store(&world->sends, 0);
	atomic_store(&world->slow, 0);
	atomic_store(&world->idle, 0);
}

void
world_enter(void)
{
	is_receiver = true;
}

void
world_sends(size_t len)
{
	atomic_store(&world->sends, len);
}

void
world_slow(long ms)
{
	atomic_store(&world->slow, ms);
}

void
world_later(long ms)
{
	atomic_fetch_add(&world->now, ms);
}

long
world_now(void)
{
	return atomic_load(&world->now);
}

unsigned long
world_idle(void)
{
	return atomic_load(&world->idle);
}

/* Stands before libc's.  libevent looks at the coarse clock, we at this one. */
int
clock_gettime(clockid_t id, struct timespec *ts)
{
	long now;

	if (!is_receiver || id == CLOCK_REALTIME)
		return (int)syscall(SYS_clock_gettime, id, ts);
	if (id == CLOCK_MONOTONIC)
		world_later(atomic_load(&world->slow));
	now = world_now();
	*ts = (struct timespec){now / 1000, now % 1000 * 1000000};
	return 0;
}

/* Stands before libc's: in the receiver, what a slow visitor makes of it. */
ssize_t
send(int fd, const void *p, size_t len, int flags)
{
	static unsigned calls;
	size_t most;

	if (is_receiver && (most = atomic_load(&world->sends)) != 0) {
		if (calls++ % 2 == 1) {
			errno = EAGAIN;
			return -1;
		}
		if (len > most)
			len = most;
	}
	return syscall(SYS_sendto, fd, p, len, flags, NULL, 0);
}

static int
wait_ms(int fd, struct epoll_event *events, int max, int ms)
{
	return (int)syscall(SYS_epoll_wait, fd, events, max, ms);
}

/*
 * Stands before libc's: sleeps until something comes or the clock is moved,
 * for no time passes by itself, and counts the times at which nothing had
 * come.  A loop that has something to do of its own asks with timeout 0, which
 * counts as nothing.
 */
int
epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
	static long known;
	long now;
	int rc;

	if (!is_receiver || timeout == 0)
		return wait_ms(fd, events, max, timeout);
	for (;;) {
		/* The timeout may be of the old time: look once more. */
		now = world_now();
		if (now != known) {
			known = now;
			return 0;
		}
		rc = wait_ms(fd, events, max, 0);
		if (rc != 0)
			return rc;
		atomic_fetch_add(&world->idle, 1);
		rc = wait_ms(fd, events, max, ROUND_MS);
		if (rc != 0)
			return rc;
	}
}
