/*
 * Landlock by its system calls: libc has no functions for them, and the
 * kernel's header on the machine that builds may be older than the kernel
 * that runs.  So the few numbers needed stand here, from the kernel's
 * documentation (userspace-api/landlock).
 */
#include "base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/confine_seccomp.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define CREATE_VERSION 1U
#define RULE_PATH_BENEATH 1

#define FS_EXECUTE (UINT64_C(1) << 0)
#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define FS_REMOVE_DIR (UINT64_C(1) << 4)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_DIR (UINT64_C(1) << 7)
#define FS_MAKE_REG (UINT64_C(1) << 8)
#define FS_MAKE_SOCK (UINT64_C(1) << 9)
#define FS_REFER (UINT64_C(1) << 13)     /* from ABI 2 */
#define FS_TRUNCATE (UINT64_C(1) << 14)  /* from ABI 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* from ABI 5 */

#define NET_BIND_TCP (UINT64_C(1) << 0) /* both from ABI 4 */
#define NET_CONNECT_TCP (UINT64_C(1) << 1)

#define SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0) /* both from ABI 6 */
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

#define FOR_READ (FS_READ_FILE | FS_READ_DIR)
#define FOR_EXECUTE (FOR_READ | FS_EXECUTE)
#define FOR_WRITE                                                              \
	(FOR_READ | FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE |           \
	    FS_MAKE_DIR | FS_MAKE_REG | FS_MAKE_SOCK | FS_REFER |              \
	    FS_TRUNCATE | FS_IOCTL_DEV)

/* What a rule for a file, not a folder, may name. */
#define OF_FILES                                                               \
	(FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

struct ruleset_attr {
	uint64_t fs, net, scoped;
};

struct path_beneath_attr {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

_Static_assert(sizeof(struct path_beneath_attr) == 12, "the kernel's layout");

enum status
confine_early(void)
{
	const struct rlimit none = {0, 0};

	umask(077);
	if (setrlimit(RLIMIT_CORE, &none) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return ST_IO;
	return ST_OK;
}

/* Every right that this kernel's ABI can take away. */
static struct ruleset_attr
handled_by(long abi, enum confine_role role)
{
	struct ruleset_attr a = {.fs = (UINT64_C(1) << 13) - 1};

	if (abi >= 2)
		a.fs |= FS_REFER;
	if (abi >= 3)
		a.fs |= FS_TRUNCATE;
	if (abi >= 4)
		a.net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (abi >= 5)
		a.fs |= FS_IOCTL_DEV;
	if (abi >= 6) {
		a.scoped = SCOPE_ABSTRACT_UNIX;
		/* The operator tells the running server to read its keys. */
		if (role != CONFINE_OPERATOR)
			a.scoped |= SCOPE_SIGNAL;
	}
	return a;
}

/* The size an ABI's kernel knows: an older one refuses what it does not. */
static size_t
attr_len(long abi)
{
	return abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
}

static enum status
allow_path(int ruleset, const char *path, uint64_t rights)
{
	struct path_beneath_attr rule = {.allowed = rights};
	struct stat sb;
	int fd;
	long rc = -1;

	fd = open(path, O_PATH | O_CLOEXEC);
	/* What is not there cannot be opened, and needs no rule. */
	if (fd == -1)
		return errno == ENOENT || errno == ENOTDIR ? ST_OK : ST_IO;
	if (fstat(fd, &sb) == 0) {
		if (!S_ISDIR(sb.st_mode))
			rule.allowed &= OF_FILES;
		rule.parent_fd = fd;
		rc = syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH,
		    &rule, 0);
	}
	close(fd);
	return rc == 0 ? ST_OK : ST_IO;
}

static enum status
allow_paths(int ruleset, const char *const *paths, uint64_t rights)
{
	enum status st = ST_OK;

	for (; st == ST_OK && paths != NULL && *paths != NULL; paths++)
		st = allow_path(ruleset, *paths, rights);
	return st;
}

static enum status
landlock(
    enum confine_role role, const struct confine_paths *paths, bool *missing)
{
	static const struct confine_paths none;
	struct ruleset_attr attr;
	enum status st;
	long abi;
	int ruleset;

	abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
	if (abi < 1) {
		*missing = errno == ENOSYS || errno == EOPNOTSUPP;
		return *missing ? ST_OK : ST_IO;
	}
	if (paths == NULL)
		paths = &none;
	attr = handled_by(abi, role);
	ruleset =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, attr_len(abi), 0);
	if (ruleset == -1)
		return ST_IO;
	st = allow_paths(ruleset, paths->read, attr.fs & FOR_READ);
	if (st == ST_OK)
		st = allow_paths(ruleset, paths->write, attr.fs & FOR_WRITE);
	if (st == ST_OK)
		st =
		    allow_paths(ruleset, paths->execute, attr.fs & FOR_EXECUTE);
#ifdef TIPLINE_SANITIZE
	/* The leak checker reads the process's own maps at its end. */
	if (st == ST_OK)
		st = allow_path(ruleset, "/proc", attr.fs & FOR_READ);
#endif
	if (st == ST_OK && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		st = ST_IO;
	close(ruleset);
	return st;
}

enum status
confine(enum confine_role role, const struct confine_paths *paths,
    struct confine_missing *missing)
{
	enum status st;

	*missing = (struct confine_missing){false, false};
	/* Both ask for it; harmless if confine_early() has done it. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return ST_IO;
	/* Landlock first: the filter of seccomp may forbid its calls. */
	if ((st = landlock(role, paths, &missing->landlock)) != ST_OK)
		return st;
	return confine_seccomp(role, &missing->seccomp);
}
