#include "intake/progress.h"

#include <stdlib.h>
#include <string.h>

#include "intake/limits.h"

struct progress {
	bool used, ended;
	uint8_t token[ROUTE_TOKEN_LEN];
	uint64_t bytes, left;
	uint64_t forget; /* when, once it has ended */
	enum answer how;
};

struct progress_table {
	struct progress place[LIMIT_PROGRESSES];
};

enum status
progress_table_new(struct progress_table **out)
{
	*out = calloc(1, sizeof(**out));
	return *out == NULL ? ST_NOMEM : ST_OK;
}

void
progress_table_free(struct progress_table *table)
{
	free(table);
}

/* Tokens are looked for by all who know one: 2^128 are not tried out. */
static struct progress *
find(struct progress_table *table, const uint8_t *token, uint64_t now)
{
	(void)progress_forget(table, now);
	for (size_t i = 0; i < LIMIT_PROGRESSES; i++) {
		struct progress *p = &table->place[i];

		if (p->used && memcmp(p->token, token, ROUTE_TOKEN_LEN) == 0)
			return p;
	}
	return NULL;
}

/* A free place, or that of the upload that ended first. */
static struct progress *
make_place(struct progress_table *table)
{
	struct progress *best = NULL;

	for (size_t i = 0; i < LIMIT_PROGRESSES; i++) {
		struct progress *p = &table->place[i];

		if (!p->used)
			return p;
		if (p->ended && (best == NULL || p->forget < best->forget))
			best = p;
	}
	return best;
}

struct progress *
progress_begin(struct progress_table *table,
    const uint8_t token[static ROUTE_TOKEN_LEN], uint64_t bytes, uint64_t now)
{
	struct progress *p = find(table, token, now);

	/* Sent once more from the same page, after it ended. */
	if (p != NULL && !p->ended)
		return NULL;
	if (p == NULL && (p = make_place(table)) == NULL)
		return NULL;
	*p = (struct progress){.used = true, .bytes = bytes, .left = bytes};
	memcpy(p->token, token, ROUTE_TOKEN_LEN);
	return p;
}

void
progress_left(struct progress *progress, uint64_t bytes)
{
	if (progress != NULL)
		progress->left = bytes;
}

void
progress_end(struct progress *progress, enum answer how, uint64_t now)
{
	if (progress == NULL)
		return;
	progress->ended = true;
	progress->how = how;
	progress->forget = now + LIMIT_PROGRESS_KEEP;
}

uint64_t
progress_forget(struct progress_table *table, uint64_t now)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < LIMIT_PROGRESSES; i++) {
		struct progress *p = &table->place[i];

		if (!p->used || !p->ended)
			continue;
		if (p->forget <= now)
			*p = (struct progress){.used = false};
		else if (p->forget < next)
			next = p->forget;
	}
	return next == UINT64_MAX ? 0 : next - now;
}

enum progress_state
progress_look(struct progress_table *table,
    const uint8_t token[static ROUTE_TOKEN_LEN], uint64_t now,
    unsigned *percent, enum answer *how)
{
	const struct progress *p = find(table, token, now);

	*percent = 0;
	*how = ANSWER_COUNT;
	if (p == NULL)
		return PROGRESS_UNKNOWN;
	*how = p->how;
	if (p->ended)
		return PROGRESS_ENDED;
	if (p->left == 0)
		return PROGRESS_STORING;
	/* A body is shorter than 2^41. */
	*percent = (unsigned)((p->bytes - p->left) * 100 / p->bytes);
	return PROGRESS_COMING;
}
