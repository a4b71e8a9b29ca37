/*
 * clock_shim: let a program live at another time (LD_PRELOAD), so that a test
 * can make a key set that has run out.  CLOCK_SHIM_SECONDS is added.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static time_t
shift(void)
{
	const char *text = getenv("CLOCK_SHIM_SECONDS");

	return text == NULL ? 0 : (time_t)strtoll(text, NULL, 10);
}

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, ts);

	if (rc == 0 && clock == CLOCK_REALTIME)
		ts->tv_sec += shift();
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
