#include "tests/unit/intake/stage_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>

#include "tests/unit/fault.h"

#define ROUNDS_MAX 300
#define NOT_FIRED 77

/* Set before the receiver's process begins, and read in it. */
static unsigned which;
static unsigned long nth;

static void
arm(int sig)
{
	(void)sig;
	fault_at(which, nth);
}

/* The receiver arms itself when the test says so, since it is ready. */
static void
listen_for_word(void)
{
	signal(SIGUSR1, arm);
}

static int
disarm(void)
{
	bool fired = fault_fired();

	fault_off();
	return fired ? 0 : NOT_FIRED;
}

void
stage_fault_open(struct stage *s, unsigned kinds, unsigned long n)
{
	struct control_config config = stage_config();

	which = kinds;
	nth = n;
	stage_hooks = (struct stage_hooks){listen_for_word, disarm};
	stage_open(s, &config);
	stage_hooks = (struct stage_hooks){NULL, NULL};
}

void
stage_fault_arm(struct stage *s)
{
	stage_settle(s);
	assert_int_equal(kill(s->pid, SIGUSR1), 0);
	stage_settle(s);
}

bool
stage_fault_close(struct stage *s)
{
	int code;

	assert_int_equal(kill(s->pid, SIGTERM), 0);
	code = stage_wait(s);
	if (code != NOT_FIRED)
		assert_int_equal(code, 0);
	return code == 0;
}

bool
stage_fault_next(struct stage *s, unsigned kinds, unsigned long n)
{
	if (n > 1 && !stage_fault_close(s))
		return false;
	assert_in_range(n, 1, ROUNDS_MAX);
	stage_fault_open(s, kinds, n);
	return true;
}
