#include "tests/unit/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define ENDLESS 1000000UL

static struct {
	unsigned kinds; /* 0: nothing fails */
	unsigned long n, seen;
	bool sticky, fired;
	int err;
	unsigned long counts[FAULT_KINDS];
} fault = {.err = EIO};

static void
arm(unsigned kinds, unsigned long n, bool sticky)
{
	for (size_t i = 0; i < FAULT_KINDS; i++)
		fault.counts[i] = 0;
	fault.seen = 0;
	fault.fired = false;
	fault.n = n;
	fault.sticky = sticky;
	fault.kinds = kinds;
}

void
fault_at(unsigned kinds, unsigned long n)
{
	arm(kinds, n, false);
}

void
fault_from(unsigned kinds, unsigned long n)
{
	arm(kinds, n, true);
}

void
fault_errno(int err)
{
	fault.err = err;
}

void
fault_off(void)
{
	fault.kinds = 0;
}

unsigned long
fault_count(unsigned kinds)
{
	unsigned long count = 0;

	for (size_t i = 0; i < FAULT_KINDS; i++)
		if ((kinds & 1U << i) != 0)
			count += fault.counts[i];
	return count;
}

bool
fault_fired(void)
{
	return fault.fired;
}

bool
fault_next(unsigned kinds, unsigned long n)
{
	fault.kinds = 0;
	if (n > 1 && !fault.fired)
		return false;
	if (n > ENDLESS) {
		fprintf(stderr, "fault: the loop does not end\n");
		abort();
	}
	fault_at(kinds, n);
	return true;
}

/* Count a call of kind; true if it is to fail. */
static bool
hit(enum fault_kind kind)
{
	if (fault.kinds == 0)
		return false;
	fault.counts[__builtin_ctz((unsigned)kind)]++;
	if ((fault.kinds & (unsigned)kind) == 0)
		return false;
	fault.seen++;
	if (fault.seen != fault.n && !(fault.sticky && fault.seen > fault.n))
		return false;
	fault.fired = true;
	errno = kind == FAULT_ALLOC ? ENOMEM : fault.err;
	return true;
}

/* W(kind, result, failed, name, parameters, arguments): one replaced call. */
#define W(kind, result, failed, name, params, args)                            \
	result __real_##name params;                                           \
	result __wrap_##name params;                                           \
	result __wrap_##name params                                            \
	{                                                                      \
		return hit(kind) ? (failed) : __real_##name args;              \
	}

/* clang-format off */
W(FAULT_ALLOC, void *, NULL, malloc, (size_t len), (len))
W(FAULT_ALLOC, void *, NULL, calloc, (size_t n, size_t len), (n, len))
W(FAULT_ALLOC, void *, NULL, realloc, (void *p, size_t len), (p, len))
W(FAULT_GUARDED, void *, NULL, guarded_new, (size_t len), (len))
W(FAULT_READ, ssize_t, -1, read, (int fd, void *p, size_t len), (fd, p, len))
W(FAULT_READ, ssize_t, -1, __read_chk,
    (int fd, void *p, size_t len, size_t room), (fd, p, len, room))
W(FAULT_READ, ssize_t, -1, pread,
    (int fd, void *p, size_t len, off_t at), (fd, p, len, at))
W(FAULT_READ, ssize_t, -1, __pread_chk,
    (int fd, void *p, size_t len, off_t at, size_t room),
    (fd, p, len, at, room))
W(FAULT_WRITE, ssize_t, -1, write,
    (int fd, const void *p, size_t len), (fd, p, len))
W(FAULT_WRITE, ssize_t, -1, pwrite,
    (int fd, const void *p, size_t len, off_t at), (fd, p, len, at))
W(FAULT_WRITE, ssize_t, -1, writev,
    (int fd, const struct iovec *iov, int count), (fd, iov, count))
W(FAULT_SYNC, int, -1, fsync, (int fd), (fd))
W(FAULT_SYNC, int, -1, fdatasync, (int fd), (fd))
W(FAULT_RENAME, int, -1, rename, (const char *a, const char *b), (a, b))
W(FAULT_RENAME, int, -1, renameat,
    (int d, const char *a, int e, const char *b), (d, a, e, b))
W(FAULT_RENAME, int, -1, renameat2,
    (int d, const char *a, int e, const char *b, unsigned how),
    (d, a, e, b, how))
W(FAULT_RENAME, int, -1, linkat,
    (int d, const char *a, int e, const char *b, int how), (d, a, e, b, how))
W(FAULT_STAT, int, -1, stat, (const char *a, struct stat *sb), (a, sb))
W(FAULT_STAT, int, -1, lstat, (const char *a, struct stat *sb), (a, sb))
W(FAULT_STAT, int, -1, fstat, (int fd, struct stat *sb), (fd, sb))
W(FAULT_STAT, int, -1, fstatat,
    (int d, const char *a, struct stat *sb, int how), (d, a, sb, how))
W(FAULT_CHANGE, int, -1, fchmod, (int fd, mode_t mode), (fd, mode))
W(FAULT_CHANGE, int, -1, ftruncate, (int fd, off_t len), (fd, len))
W(FAULT_CHANGE, int, -1, fallocate,
    (int fd, int how, off_t at, off_t len), (fd, how, at, len))
W(FAULT_CHANGE, int, -1, unlink, (const char *a), (a))
W(FAULT_CHANGE, int, -1, unlinkat, (int d, const char *a, int how),
    (d, a, how))
W(FAULT_CHANGE, int, -1, mkdir, (const char *a, mode_t mode), (a, mode))
W(FAULT_CHANGE, int, -1, mkdirat, (int d, const char *a, mode_t mode),
    (d, a, mode))
W(FAULT_MMAP, void *, MAP_FAILED, mmap,
    (void *p, size_t len, int prot, int how, int fd, off_t at),
    (p, len, prot, how, fd, at))
W(FAULT_MMAP, int, -1, mprotect, (void *p, size_t len, int prot),
    (p, len, prot))
W(FAULT_MMAP, int, -1, madvise, (void *p, size_t len, int how),
    (p, len, how))
W(FAULT_MESSAGE, int, -1, socketpair,
    (int domain, int type, int protocol, int *fds),
    (domain, type, protocol, fds))
W(FAULT_MESSAGE, ssize_t, -1, sendmsg,
    (int fd, const struct msghdr *msg, int how), (fd, msg, how))
W(FAULT_MESSAGE, ssize_t, -1, recvmsg, (int fd, struct msghdr *msg, int how),
    (fd, msg, how))
W(FAULT_MESSAGE, ssize_t, -1, send,
    (int fd, const void *p, size_t len, int how), (fd, p, len, how))
W(FAULT_MESSAGE, ssize_t, -1, recv, (int fd, void *p, size_t len, int how),
    (fd, p, len, how))
W(FAULT_MESSAGE, ssize_t, -1, __recv_chk,
    (int fd, void *p, size_t len, size_t room, int how),
    (fd, p, len, room, how))
W(FAULT_RANDOM, ssize_t, -1, getrandom, (void *p, size_t len, unsigned how),
    (p, len, how))
W(FAULT_PROCESS, pid_t, -1, fork, (void), ())
W(FAULT_PROCESS, int, -1, setrlimit, (int what, const struct rlimit *lim),
    (what, lim))
/* clang-format on */

int __real_close(int fd);
int __wrap_close(int fd);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
int __real_prctl(int option, ...);
int __wrap_prctl(int option, ...);

/* Linux frees the descriptor even when close() reports an error. */
int
__wrap_close(int fd)
{
	if (!hit(FAULT_CLOSE))
		return __real_close(fd);
	(void)__real_close(fd);
	errno = fault.err;
	return -1;
}

int
__wrap_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	va_start(args, flags);
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		mode = va_arg(args, mode_t);
	va_end(args);
	return hit(FAULT_OPEN) ? -1 : __real_open(path, flags, mode);
}

int
__wrap_openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	va_start(args, flags);
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		mode = va_arg(args, mode_t);
	va_end(args);
	return hit(FAULT_OPEN) ? -1 : __real_openat(dir, path, flags, mode);
}

int
__wrap_prctl(int option, ...)
{
	unsigned long a[4];
	va_list args;

	va_start(args, option);
	for (size_t i = 0; i < 4; i++)
		a[i] = va_arg(args, unsigned long);
	va_end(args);
	if (hit(FAULT_PROCESS))
		return -1;
	return __real_prctl(option, a[0], a[1], a[2], a[3]);
}
