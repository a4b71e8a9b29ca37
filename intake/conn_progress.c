#include "intake/conn_progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/log.h"
#include "intake/limits.h"

/* What was told last: a percentage, or one of these. */
enum { TOLD_STORING = 101, TOLD_WAITING, TOLD_ENDED, TOLD_NOTHING };

#define PIECE_MAX 1024                         /* more than any line takes */
#define PAGE_END "</main>\n</body>\n</html>\n" /* of site/pages/layout.html */

bool
conn_progress_token(struct conn *c)
{
	c->route.has_token =
	    getrandom(c->route.token, ROUTE_TOKEN_LEN, 0) == ROUTE_TOKEN_LEN;
	return c->route.has_token;
}

void
conn_progress_begin(struct conn *c)
{
	if (c->route.has_token)
		c->progress = progress_begin(c->rx->progresses, c->route.token,
		    c->http.length, conn_now() / 1000);
}

void
conn_progress_moved(struct conn *c)
{
	progress_left(c->progress, c->left);
}

/* If the timer is set, somebody has ended before, who is forgotten before. */
static void
forget_in(struct receiver *rx, uint64_t seconds)
{
	const struct timeval after = {.tv_sec = (time_t)seconds};

	if (!evtimer_pending(rx->forget, NULL) &&
	    event_add(rx->forget, &after) != 0)
		log_event(LOG_NOMEM); /* then the next look forgets it */
}

void
conn_progress_forget(evutil_socket_t fd, short what, void *ctx)
{
	struct receiver *rx = ctx;
	uint64_t next = progress_forget(rx->progresses, conn_now() / 1000);

	(void)fd, (void)what;
	if (next > 0)
		forget_in(rx, next);
}

void
conn_progress_end(struct conn *c, enum answer how)
{
	if (c->progress == NULL)
		return;
	progress_end(c->progress, how, conn_now() / 1000);
	c->progress = NULL;
	forget_in(c->rx, LIMIT_PROGRESS_KEEP);
}

/* Send all of it or drop c: the socket has room for a whole page. */
static bool
say(struct conn *c, const void *p, size_t len)
{
	if (len > c->out_left ||
	    send(c->fd, p, len, MSG_NOSIGNAL) != (ssize_t)len) {
		conn_drop(c);
		return false;
	}
	c->out_left -= len;
	return true;
}

/* Write the frame's page; it is the same each time.  Returns where its lines
 * stand, and its end begins. */
static size_t
make_page(struct conn *c)
{
	struct answer_ask ask = {.which = ANSWER_PROGRESS,
	    .language = c->route.language,
	    .framed = true,
	    .again = true};
	const uint8_t *page = c->rx->page, *end;
	size_t head_len;

	if (answers_write(c->rx->answers, &ask, c->rx->page, &head_len, NULL) !=
	    ST_OK)
		log_event(LOG_BUG);
	end = memmem(page, PAGE_TOTAL_LEN, PAGE_END, strlen(PAGE_END));
	return end == NULL ? PAGE_TOTAL_LEN : (size_t)(end - page);
}

/* Fill it up, so that this answer is as long as all others. */
static void
finish(struct conn *c)
{
	uint8_t fill[256];
	size_t len;

	memset(fill, '\n', sizeof(fill));
	if (!say(c, PAGE_END, strlen(PAGE_END)))
		return;
	while (c->out_left > 0) {
		len = c->out_left < sizeof(fill) ? c->out_left : sizeof(fill);
		if (!say(c, fill, len))
			return;
	}
	conn_said(c);
}

/* Write a line about what is now.  False if c was dropped. */
static bool
tell(struct conn *c, unsigned now, enum answer how)
{
	struct site_text fill[FILLS] = {{NULL, 0}};
	struct answer_ask ask = {.which = ANSWER_PROGRESS,
	    .language = c->route.language,
	    .fill = fill};
	enum site_page piece = PIECE_PROGRESS_STEP;
	char percent[8];
	size_t len;

	snprintf(percent, sizeof(percent), "%u", now);
	fill[FILL_PERCENT] = site_text_of(percent);
	if (now == TOLD_STORING)
		piece = PIECE_PROGRESS_STORED;
	else if (now == TOLD_WAITING)
		piece = PIECE_PROGRESS_WAIT;
	else if (now == TOLD_ENDED) {
		piece = PIECE_PROGRESS_REFUSED;
		ask.which = how; /* whose title it tells */
	}
	len =
	    answers_piece(c->rx->answers, &ask, piece, c->rx->page, PIECE_MAX);
	c->shown = now;
	return say(c, c->rx->page, len);
}

static unsigned
look(struct conn *c, enum answer *how)
{
	unsigned percent;

	switch (progress_look(c->rx->progresses, c->route.token,
	    conn_now() / 1000, &percent, how)) {
	case PROGRESS_UNKNOWN:
		return TOLD_WAITING;
	case PROGRESS_COMING:
		return percent;
	case PROGRESS_STORING:
		return TOLD_STORING;
	case PROGRESS_ENDED:
		break;
	}
	return TOLD_ENDED;
}

/* What is told about an upload that ended. */
static enum answer
outcome(enum answer how)
{
	return answers_refuses(how) || how == ANSWER_GATEWAY ||
		how == ANSWER_FOREIGN
	    ? how
	    : ANSWER_PROGRESS_KEPT;
}

void
conn_progress_show(struct conn *c)
{
	enum answer how;
	unsigned now = look(c, &how);
	size_t len;

	if (now == TOLD_ENDED || c->http.method == HTTP_HEAD) {
		conn_answer(
		    c, now == TOLD_ENDED ? outcome(how) : ANSWER_PROGRESS);
		return;
	}
	c->out_len = c->out_left = PAGE_TOTAL_LEN;
	c->show_end = conn_now() + LIMIT_PROGRESS_SECONDS * 1000;
	c->shown = TOLD_NOTHING;
	conn_head_drop(c);
	/* Among those that give way when all places are taken. */
	conn_phase_ms(c, CONN_SHOW, &c->rx->draining, LIMIT_PROGRESS_TICK_MS);
	len = make_page(c);
	if (say(c, c->rx->page, len))
		(void)tell(c, now, how);
}

void
conn_progress_tick(struct conn *c)
{
	enum answer how;
	unsigned now = look(c, &how);
	bool last = now == TOLD_ENDED || conn_now() >= c->show_end;

	/* What was kept has a page of its own a second later. */
	if (now == TOLD_ENDED && outcome(how) == ANSWER_PROGRESS_KEPT)
		now = TOLD_STORING;
	if (now != c->shown && !tell(c, now, how))
		return;
	if (last || c->out_left < 2 * PIECE_MAX)
		finish(c);
	else
		conn_phase_ms(
		    c, CONN_SHOW, &c->rx->draining, LIMIT_PROGRESS_TICK_MS);
}
