/*
 * The filters of all roles, side by side, by the names of system calls;
 * libseccomp knows their numbers on x86_64 and aarch64.
 *
 * Receiver and keeper: what is not listed kills the process, since only
 * somebody who has taken it over would ask for it.  A few calls that libc
 * makes of its own accord to look around are refused instead.
 *
 * Supervisor and tools: what is listed is refused, all else allowed.  The
 * supervisor's children inherit its filter and add their own.
 */
#include "base/confine_seccomp.h"

#ifdef TIPLINE_SANITIZE

enum status
confine_seccomp(enum confine_role role, bool *missing)
{
	(void)role;
	*missing = true;
	return ST_OK;
}

#else

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* For the receiver and the keeper. */
static const char *const allow_both[] = {
    /* descriptors that are open already */
    "read", "write", "readv", "writev", "recvmsg", "sendmsg", "recvfrom",
    "sendto", "shutdown", "close", "fcntl", "fstat", "dup", "dup2", "dup3",
    "pipe2", "getsockopt", "setsockopt", "getsockname", "getpeername",
    /* waiting */
    "poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1",
    "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd2",
    "timerfd_create", "timerfd_settime", "timerfd_gettime", "nanosleep",
    "clock_nanosleep", "sched_yield", "futex", "restart_syscall",
    /* memory; mmap and mprotect have rules of their own below */
    "brk", "munmap", "mremap", "madvise", "mlock", "mlock2", "munlock",
    "membarrier", "getrandom",
    /* time, and who we are */
    "clock_gettime", "clock_getres", "gettimeofday", "time", "getpid", "gettid",
    "getppid", "getuid", "geteuid", "getgid", "getegid", "getrusage", "sysinfo",
    /* signals and the end */
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending",
    "rt_sigtimedwait", "sigaltstack", "exit", "exit_group"};

static const char *const allow_receiver[] = {"accept4"};

/* SQLite with a write-ahead log, and base/durable. */
static const char *const allow_keeper[] = {"open", "openat", "lseek", "pread64",
    "pwrite64", "preadv", "pwritev", "fsync", "fdatasync", "sync_file_range",
    "ftruncate", "fallocate", "fadvise64", "flock", "stat", "lstat",
    "newfstatat", "statx", "statfs", "fstatfs", "access", "faccessat",
    "faccessat2", "readlink", "readlinkat", "getcwd", "getdents64", "unlink",
    "unlinkat", "rename", "renameat", "renameat2", "link", "linkat", "fchmod",
    "fchown", "utimensat", "umask", "msync"};

/* Refused to receiver and keeper without killing them: libc, or a library
 * at some first use, tries these and does well without. */
static const char *const refuse_both[] = {"prctl", "prlimit64", "getrlimit",
    "setrlimit", "uname", "sched_getaffinity", "socketpair", "mkdir", "mkdirat",
    "chmod", "fchmodat", "chown", "fchownat", "rseq", "set_robust_list"};

/* Refused to the receiver: it may try, and gets no file. */
static const char *const refuse_receiver[] = {"open", "openat", "openat2",
    "stat", "lstat", "statx", "access", "faccessat", "faccessat2", "readlink",
    "readlinkat", "getcwd", "lseek", "unlink", "unlinkat"};

/* No program of the house needs these, nor does what it starts. */
static const char *const deny_all[] = {
    /* other processes' memory and descriptors */
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise",
    "pidfd_getfd", "kcmp",
    /* large or young parts of the kernel */
    "bpf", "io_uring_setup", "io_uring_enter", "io_uring_register",
    "perf_event_open", "userfaultfd", "add_key", "request_key", "keyctl",
    "fanotify_init", "lookup_dcookie", "vmsplice", "modify_ldt",
    /* the system as a whole */
    "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount",
    "open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr",
    "unshare", "setns", "kexec_load", "kexec_file_load", "init_module",
    "finit_module", "delete_module", "swapon", "swapoff", "reboot", "acct",
    "quotactl", "syslog", "iopl", "ioperm", "name_to_handle_at",
    "open_by_handle_at", "settimeofday", "clock_settime", "clock_adjtime",
    "adjtimex", "sethostname", "setdomainname"};

/* Neither tool starts another program. */
static const char *const deny_tools[] = {"execve", "execveat", "fork", "vfork"};

static const char *const deny_offline[] = {"socket", "socketpair", "socketcall",
    "connect", "bind", "listen", "accept", "accept4"};

static const uint64_t new_namespaces[] = {CLONE_NEWNS, CLONE_NEWCGROUP,
    CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET};

/* A filter in the making; after a failure nothing more is added. */
struct filter {
	scmp_filter_ctx ctx;
	int rc;
};

static void
add_list(
    struct filter *f, uint32_t action, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count && f->rc == 0; i++) {
		int nr = seccomp_syscall_resolve_name(names[i]);

		/* Not on this processor, or younger than libseccomp. */
		if (nr == __NR_SCMP_ERROR)
			continue;
		f->rc = seccomp_rule_add(f->ctx, action, nr, 0);
	}
}

static void
add_if(struct filter *f, uint32_t action, const char *name,
    struct scmp_arg_cmp cmp)
{
	int nr = seccomp_syscall_resolve_name(name);

	if (f->rc == 0 && nr != __NR_SCMP_ERROR)
		f->rc = seccomp_rule_add(f->ctx, action, nr, 1, cmp);
}

/*
 * An argument's lower 32 bits, or those in mask, against a value.  The
 * kernel looks at no more where the argument is an int: comparing all 64
 * would let anybody past a refusal by setting a bit above.
 */
static struct scmp_arg_cmp
bits(unsigned arg, uint64_t mask, uint64_t value)
{
	return SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, mask, value);
}

#define INT_BITS UINT64_C(0xffffffff)

static void
add_allowed(struct filter *f, enum confine_role role)
{
	const uint32_t allow = SCMP_ACT_ALLOW, refuse = SCMP_ACT_ERRNO(EPERM);

	add_list(f, allow, allow_both, COUNT(allow_both));
	add_list(f, refuse, refuse_both, COUNT(refuse_both));
	add_if(f, allow, "mmap", bits(2, PROT_EXEC, 0));
	add_if(f, allow, "mprotect", bits(2, PROT_EXEC, 0));
	add_if(f, allow, "ioctl", bits(1, INT_BITS, FIONREAD));
	add_if(f, allow, "ioctl", bits(1, INT_BITS, FIONBIO));
	/* "Is this a terminal?" - it is not. */
	add_if(f, SCMP_ACT_ERRNO(ENOTTY), "ioctl", bits(1, INT_BITS, TCGETS));
	/* abort() signals its own process, and nobody else's. */
	add_if(f, allow, "tgkill", bits(0, INT_BITS, (uint64_t)getpid()));
	if (role == CONFINE_RECEIVER) {
		add_list(f, allow, allow_receiver, COUNT(allow_receiver));
		add_list(f, refuse, refuse_receiver, COUNT(refuse_receiver));
		/* libc's fstat(); a filter cannot see that the path is empty,
		 * but the call opens nothing. */
		add_if(
		    f, allow, "newfstatat", bits(3, INT_BITS, AT_EMPTY_PATH));
	} else {
		add_list(f, allow, allow_keeper, COUNT(allow_keeper));
	}
}

static void
add_denied(struct filter *f, enum confine_role role)
{
	static const char *const clone3 = "clone3";
	const uint32_t deny = SCMP_ACT_ERRNO(EPERM);

	add_list(f, deny, deny_all, COUNT(deny_all));
	/* Its flags lie in memory, out of a filter's sight: libc falls back
	 * to clone() when told that there is no such call. */
	add_list(f, SCMP_ACT_ERRNO(ENOSYS), &clone3, 1);
	for (size_t i = 0; i < COUNT(new_namespaces); i++)
		add_if(f, deny, "clone",
		    bits(0, new_namespaces[i], new_namespaces[i]));
	/* Typing into the terminal that started us. */
	add_if(f, deny, "ioctl", bits(1, INT_BITS, TIOCSTI));
	add_if(f, deny, "ioctl", bits(1, INT_BITS, TIOCLINUX));
	if (role == CONFINE_SUPERVISOR)
		return;
	add_list(f, deny, deny_tools, COUNT(deny_tools));
	/* Threads yes, processes no. */
	add_if(f, deny, "clone", bits(0, CLONE_THREAD, 0));
	if (role == CONFINE_OFFLINE)
		add_list(f, deny, deny_offline, COUNT(deny_offline));
	else /* unix only: no internet, no netlink, no raw packets */
		add_if(
		    f, deny, "socket", SCMP_CMP64(0, SCMP_CMP_NE, AF_UNIX, 0));
}

static enum status
load(enum confine_role role, bool allow_list)
{
	struct filter f = {NULL, 0};

	f.ctx =
	    seccomp_init(allow_list ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ALLOW);
	if (f.ctx == NULL)
		return ST_NOMEM;
	/* Calls of another processor's kind, which the names do not mean. */
	f.rc = seccomp_attr_set(
	    f.ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (f.rc == 0)
		f.rc = seccomp_attr_set(f.ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	if (f.rc == 0 && allow_list) /* a tree, as read() should not wait */
		f.rc = seccomp_attr_set(f.ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (allow_list)
		add_allowed(&f, role);
	else
		add_denied(&f, role);
	if (f.rc == 0)
		f.rc = seccomp_load(f.ctx);
	seccomp_release(f.ctx);
	if (f.rc == 0)
		return ST_OK;
	errno = -f.rc;
	return f.rc == -ENOMEM ? ST_NOMEM : ST_IO;
}

enum status
confine_seccomp(enum confine_role role, bool *missing)
{
	*missing = false;
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == -1 && errno == EINVAL) {
		*missing = true;
		return ST_OK;
	}
	switch (role) {
	case CONFINE_RECEIVER:
	case CONFINE_KEEPER:
		return load(role, true);
	case CONFINE_SUPERVISOR:
	case CONFINE_OPERATOR:
	case CONFINE_OFFLINE:
		return load(role, false);
	}
	return ST_BUG;
}

#endif
