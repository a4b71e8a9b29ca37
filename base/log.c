/*
 * Nothing here uses the heap or printf(), so that a line can be written when
 * memory has run out and from inside a confined process.  Not thread-safe.
 */
#include "base/log.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_LEN 256
#define MINUTE 60

static struct kind {
	enum log_event ev;
	const char *text;
	unsigned written, left_out; /* in the minute that began at since */
	time_t since;
} kinds[] = {
#define X(name, number, sentence) {name, sentence, 0, 0, 0},
    LOG_EVENTS(X)
#undef X
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const char *process_name = "tipline";

struct line {
	char text[LINE_MAX_LEN];
	size_t len;
};

void
log_open(const char *process)
{
	process_name = process;
}

/* Append text, keeping one place for the line feed. */
static void
put(struct line *l, const char *text)
{
	for (; *text != '\0' && l->len < sizeof(l->text) - 1; text++)
		l->text[l->len++] = *text;
}

static void
put_number(struct line *l, unsigned v)
{
	char digits[12];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do
		digits[--at] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	put(l, digits + at);
}

static void
start_line(struct line *l, enum log_event ev)
{
	l->len = 0;
	put(l, process_name);
	put(l, ": E");
	put_number(l, (unsigned)ev);
	put(l, " ");
}

/* One write(2) for a line: lines of several processes do not mix. */
static void
end_line(struct line *l)
{
	ssize_t n;

	l->text[l->len++] = '\n';
	do
		n = write(STDERR_FILENO, l->text, l->len);
	while (n == -1 && errno == EINTR);
	/* If the log itself cannot be written there is nobody to tell. */
}

static struct kind *
kind_of(enum log_event ev)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].ev == ev)
			return &kinds[i];
	return NULL;
}

/* Begin a new minute where one is over, saying what the last left out. */
static void
turn_minutes(time_t now)
{
	struct kind *left = kind_of(LOG_LEFT_OUT);

	for (struct kind *k = kinds; k < kinds + KINDS; k++) {
		struct line l;

		if (now - k->since < MINUTE)
			continue;
		if (k->left_out > 0) {
			start_line(&l, LOG_LEFT_OUT);
			put(&l, left->text);
			put(&l, ": E");
			put_number(&l, (unsigned)k->ev);
			put(&l, " ");
			put_number(&l, k->left_out);
			put(&l, " times");
			end_line(&l);
		}
		k->written = k->left_out = 0;
		k->since = now;
	}
}

static void
log_line(enum log_event ev, const char *more)
{
	struct timespec ts = {0, 0};
	struct kind *k = kind_of(ev);
	struct line l;

	if (k == NULL)
		k = kind_of(LOG_BUG);
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	turn_minutes(ts.tv_sec);
	if (k->written >= LOG_BURST) {
		k->left_out++;
		return;
	}
	/* The minute begins with the first line in it. */
	if (k->written++ == 0)
		k->since = ts.tv_sec;
	start_line(&l, k->ev);
	put(&l, k->text);
	if (more != NULL) {
		put(&l, ": ");
		put(&l, more);
	}
	end_line(&l);
}

void
log_event(enum log_event ev)
{
	int kept = errno;

	log_line(ev, NULL);
	errno = kept;
}

void
log_errno(enum log_event ev)
{
	int kept = errno;
	/* Unlike strerror(): a constant, in English, from no file. */
	const char *words = strerrordesc_np(kept);

	log_line(ev, words != NULL ? words : "unknown error");
	errno = kept;
}
