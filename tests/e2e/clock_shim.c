/*
 * clock_shim: let programs live at another time (LD_PRELOAD), so that a test
 * can walk through a year, or turn the clock back, on the programs that ship.
 *
 *	CLOCK_SHIM_SECONDS  is added to the real time, for as long as it runs
 *	CLOCK_SHIM_FILE     8 bytes, little endian: seconds that are added as
 *			    well and that may be changed while it runs
 *	CLOCK_SHIM_WAIT     if set, tipline-intake sleeps as long as it wants
 *
 * The programs know nothing of it: no build option, nothing in spawn.c.  What
 * they take away from their children, the shim gives back: it is added to the
 * environment that tipline-intake starts its two programs with, and the two
 * files, which those map before they confine themselves, are added to what
 * its Landlock rules let them read.  And tipline-intake, which looks at the
 * clock at least once a minute, is woken twice a second, so that tests need
 * not wait.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_landlock_add_rule
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#define LANDLOCK_BENEATH 1
#define LANDLOCK_READ_FILE 4

#define WAKE_MS 500
#define ENV_MAX 16

static volatile const int64_t *moving;
static int64_t fixed;
/* NAME=VALUE for children, whole, and where the value begins. */
static char preload[4096], file[4096], seconds[64];

static void
remember(char *to, size_t size, const char *name)
{
	const char *value = getenv(name);

	if (value != NULL)
		snprintf(to, size, "%s=%s", name, value);
}

__attribute__((constructor)) static void
begin(void)
{
	const char *text = getenv("CLOCK_SHIM_SECONDS");
	const char *path = getenv("CLOCK_SHIM_FILE");
	void *p;
	int fd;

	remember(preload, sizeof(preload), "LD_PRELOAD");
	remember(file, sizeof(file), "CLOCK_SHIM_FILE");
	remember(seconds, sizeof(seconds), "CLOCK_SHIM_SECONDS");
	if (text != NULL)
		fixed = strtoll(text, NULL, 10);
	if (path == NULL)
		return;
	/* A test that thinks it has a false clock must not run without. */
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0 ||
	    (p = mmap(NULL, sizeof(*moving), PROT_READ, MAP_SHARED, fd, 0)) ==
		MAP_FAILED) {
		fprintf(stderr, "clock_shim: %s: %s\n", path, strerror(errno));
		_exit(99);
	}
	close(fd);
	moving = p;
}

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, ts);

	if (rc == 0 &&
	    (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		ts->tv_sec += fixed + (moving != NULL ? *moving : 0);
	return rc;
}

time_t
time(time_t *out)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	if (out != NULL)
		*out = ts.tv_sec;
	return ts.tv_sec;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts = {0};

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

/* Only for the supervisor, whose waits may end early. */
int
poll(struct pollfd *fds, nfds_t count, int timeout)
{
	static int (*real)(struct pollfd *, nfds_t, int);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "poll");
	if (timeout > WAKE_MS && getenv("CLOCK_SHIM_WAIT") == NULL &&
	    strcmp(program_invocation_short_name, "tipline-intake") == 0)
		timeout = WAKE_MS;
	return real(fds, count, timeout);
}

int
execve(const char *path, char *const argv[], char *const env[])
{
	char *more[ENV_MAX + 4];
	size_t n = 0;

	for (; n < ENV_MAX && env[n] != NULL; n++)
		more[n] = env[n];
	if (preload[0] != '\0')
		more[n++] = preload;
	if (file[0] != '\0')
		more[n++] = file;
	if (seconds[0] != '\0')
		more[n++] = seconds;
	more[n] = NULL;
	return (int)syscall(SYS_execve, path, argv, more);
}

static void
let_read(long (*real)(long, ...), long ruleset, const char *variable)
{
	struct {
		uint64_t allowed;
		int32_t parent_fd;
	} __attribute__((packed)) rule = {LANDLOCK_READ_FILE, -1};
	const char *path = strchr(variable, '=');

	if (path == NULL)
		return;
	rule.parent_fd = open(path + 1, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return;
	(void)real(SYS_landlock_add_rule, ruleset, LANDLOCK_BENEATH, &rule, 0L);
	close(rule.parent_fd);
}

/* All that libc has no function for comes this way; Landlock's do. */
long
syscall(long number, ...)
{
	static long (*real)(long, ...);
	long a[6];
	va_list ap;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_landlock_restrict_self) {
		let_read(real, a[0], preload);
		let_read(real, a[0], file);
	}
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
