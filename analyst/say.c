/*
 * say: see say.h.
 */
#include "analyst/say.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analyst/clean.h"
#include "base/durable.h"

#define SAY_MAX 4096
#define BAR_WIDTH 30
#define BAR_PAUSE_MS 100

static bool bar_drawn;

static void
put(const char *text, size_t len)
{
	/* Nobody could be told of a failure. */
	if (write_all(STDERR_FILENO, text, len) != ST_OK)
		return;
}

__attribute__((format(printf, 2, 0))) static void
say_after(const char *before, const char *format, va_list args)
{
	char text[SAY_MAX];
	size_t n = strlen(before);

	say_progress_end();
	memcpy(text, before, n + 1);
	/* A line too long is cut; the last place is kept for the LF. */
	(void)vsnprintf(text + n, sizeof(text) - n - 1, format, args);
	clean_terminal(text);
	n = strlen(text);
	text[n++] = '\n';
	put(text, n);
}

void
say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_after("", format, args);
	va_end(args);
}

void
say_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_after("tipline-analyst: ", format, args);
	va_end(args);
}

static bool
bar_is_due(void)
{
	static struct timespec last;
	struct timespec now;
	int64_t ms;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return false;
	ms = (int64_t)(now.tv_sec - last.tv_sec) * 1000 +
	    (now.tv_nsec - last.tv_nsec) / 1000000;
	if (last.tv_sec != 0 && ms < BAR_PAUSE_MS)
		return false;
	last = now;
	return true;
}

void
say_progress(uint64_t done, uint64_t total, uint64_t number)
{
	static int tty = -1;
	char bar[BAR_WIDTH + 1], line[160];
	uint64_t mib = UINT64_C(1) << 20;
	size_t full = 0;

	if (tty == -1)
		tty = isatty(STDERR_FILENO);
	if (!tty || !bar_is_due())
		return;
	if (total > 0)
		full = (size_t)((done < total ? done : total) /
		    (total / BAR_WIDTH + 1));
	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', full < BAR_WIDTH ? full : BAR_WIDTH);
	bar[BAR_WIDTH] = '\0';
	(void)snprintf(line, sizeof(line),
	    "\r\033[K[%s] %" PRIu64 " of %" PRIu64 " MiB, tip %" PRIu64, bar,
	    done / mib, total / mib, number);
	put(line, strlen(line));
	bar_drawn = true;
}

void
say_progress_end(void)
{
	if (!bar_drawn)
		return;
	bar_drawn = false;
	put("\r\033[K", 4);
}
