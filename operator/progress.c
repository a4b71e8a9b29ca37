/*
 * progress: see progress.h.
 */
#include "operator/progress.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "operator/tool.h"

#define PAUSE_MS 200

static bool drawn;

void
progress_tip(const char *doing, uint64_t number, uint64_t last, uint64_t bytes)
{
	static int tty = -1;
	static uint64_t told_at;
	char size[TOOL_SIZE_LEN];
	struct timespec ts;
	uint64_t now;

	if (tty == -1)
		tty = isatty(STDERR_FILENO);
	if (tty != 1)
		return;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	if (now - told_at < PAUSE_MS)
		return;
	told_at = now;
	tool_size(bytes, size);
	fprintf(stderr, "\r%s tip %" PRIu64 " of %" PRIu64 ", %s \033[K", doing,
	    number, last, size);
	drawn = true;
}

void
progress_end(void)
{
	if (drawn)
		fputs("\r\033[K", stderr);
	drawn = false;
}
