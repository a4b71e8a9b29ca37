/*
 * spawn: see spawn.h.  Between fork() and execve() only system calls.
 */
#include "intake/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

#define SAFE_FD 16 /* above all numbers that children are promised */

/* Put each descriptor at its number.  Two steps: they may lie across. */
static int
place_descriptors(const struct spawn *s)
{
	int moved[SPAWN_FDS];

	for (int i = 0; i < SPAWN_FDS; i++) {
		moved[i] = -1;
		if (s->fds[i] >= 0 &&
		    (moved[i] = fcntl(s->fds[i], F_DUPFD, SAFE_FD)) < 0)
			return -1;
	}
	if (dup2(s->null_fd, 0) < 0 || dup2(s->null_fd, 1) < 0)
		return -1;
	for (int i = 0; i < SPAWN_FDS; i++) {
		if (moved[i] < 0)
			close(SPAWN_FIRST_FD + i);
		else if (dup2(moved[i], SPAWN_FIRST_FD + i) < 0)
			return -1;
	}
	/* Ours are close-on-exec all the same; the copies above are not. */
	if (syscall(SYS_close_range, SPAWN_FIRST_FD + SPAWN_FDS, ~0U, 0) != 0)
		for (int fd = SPAWN_FIRST_FD + SPAWN_FDS; fd < 1024; fd++)
			close(fd);
	return 0;
}

static char **
clean_environment(void)
{
	static char locale[] = "LC_ALL=C";
	static char *env[4] = {locale, NULL, NULL, NULL};

#ifdef TIPLINE_SANITIZE
	/* Whoever tests with sanitizers sets them up for all processes. */
	size_t n = 1;

	for (char **e = environ; *e != NULL && n < 3; e++)
		if (strncmp(*e, "ASAN_OPTIONS=", 13) == 0 ||
		    strncmp(*e, "UBSAN_OPTIONS=", 14) == 0)
			env[n++] = *e;
	env[n] = NULL;
#endif
	return env;
}

static _Noreturn void
become(const struct spawn *s, pid_t parent)
{
	sigset_t none;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
	    getppid() != parent || setpgid(0, 0) != 0 ||
	    place_descriptors(s) != 0)
		_exit(126);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* An ignored signal would stay ignored. */
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	execve(s->program, s->argv, clean_environment());
	_exit(127);
}

enum status
spawn_child(const struct spawn *spawn, pid_t *pid)
{
	pid_t parent = getpid();

	*pid = fork();
	if (*pid == 0)
		become(spawn, parent);
	if (*pid > 0)
		return ST_OK;
	*pid = 0;
	return ST_IO;
}
