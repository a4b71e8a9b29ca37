/*
 * keeper_turn: the frames of one turn, sorted into uploads.
 *
 * Only the channel's rules are held here; nothing touches the database.  The
 * other side may have been taken over by a visitor: any frame it should not
 * have sent ends the channel.
 */
#include <assert.h>
#include <string.h>

#include "store/keeper_parts.h"

_Static_assert(KEEPER_UPLOADS_MAX < NONE, "places fit 16 bits");
_Static_assert(FRAMES_MAX < NONE, "frames fit 16 bits");
_Static_assert(IN_LEN >= 2 * (KEEPER_HEAD_LEN + KEEPER_DATA_MAX),
    "the largest frame always fits behind a rest");

void
keeper_turn_init(struct keeper *k)
{
	memset(k->hash, 0xff, sizeof(k->hash)); /* NONE */
	k->free_held = NONE;
}

static uint16_t *
bucket(struct keeper *k, uint32_t id)
{
	/* The receiver picks ids and may pick them badly: then lookups get
	 * slow for it alone, at most 8192 steps. */
	return &k->hash[(id * UINT32_C(2654435761)) >> 19];
}

static struct held *
look_up(struct keeper *k, uint32_t id)
{
	uint16_t i = *bucket(k, id);

	while (i != NONE && k->held[i].id != id)
		i = k->held[i].next;
	return i == NONE ? NULL : &k->held[i];
}

static struct held *
take(struct keeper *k, uint32_t id)
{
	uint16_t *head = bucket(k, id), i = k->free_held;
	struct held *held;

	/* Those never used last: their memory is not even there yet. */
	if (i == NONE && k->used_held == KEEPER_UPLOADS_MAX)
		return NULL;
	if (i == NONE)
		i = k->used_held++;
	else
		k->free_held = k->held[i].next;
	held = &k->held[i];
	*held = (struct held){.id = id,
	    .state = HELD_OPEN,
	    .next = *head,
	    .first_frame = NONE,
	    .last_frame = NONE,
	    .commit = NONE};
	*head = i;
	return held;
}

/* Free the number: the receiver may use it for another upload at once. */
static void
unlist(struct keeper *k, struct held *held)
{
	uint16_t *at = bucket(k, held->id);

	while (&k->held[*at] != held)
		at = &k->held[*at].next;
	*at = held->next;
	held->next = NONE;
	held->id = 0;
}

static void
give_back(struct keeper *k, struct held *held)
{
	if (held->id != 0)
		unlist(k, held);
	held->state = HELD_FREE;
	held->next = k->free_held;
	k->free_held = (uint16_t)(held - k->held);
}

static void
make_active(struct keeper *k, struct held *held)
{
	if (held->active)
		return;
	held->active = true;
	assert(k->actives < FRAMES_MAX);
	k->active[k->actives++] = (uint16_t)(held - k->held);
}

static uint16_t
add_frame(struct keeper *k, uint32_t at, uint32_t len)
{
	k->frame[k->frames] =
	    (struct frame){.at = at, .len = (uint16_t)len, .next = NONE};
	return (uint16_t)k->frames++;
}

static enum status
on_data(struct keeper *k, const struct keeper_head *head, uint32_t at)
{
	struct held *held = look_up(k, head->upload);
	uint16_t frame;

	if (held == NULL && keeper_mail_is_asked(k, head->upload))
		return ST_MALFORMED;
	if (held == NULL && (held = take(k, head->upload)) == NULL)
		return ST_MALFORMED; /* more at once than agreed */
	if (held->commit != NONE)
		return ST_MALFORMED; /* it was whole */
	if (held->state == HELD_REFUSED)
		return ST_OK; /* was under way when we refused */
	frame = add_frame(k, at, head->len);
	if (held->first_frame == NONE)
		held->first_frame = frame;
	else
		k->frame[held->last_frame].next = frame;
	held->last_frame = frame;
	held->turn_len += head->len;
	held->len += head->len;
	make_active(k, held);
	return ST_OK;
}

static enum status
on_commit(struct keeper *k, const struct keeper_head *head, uint32_t at)
{
	struct held *held = look_up(k, head->upload);

	if (held == NULL || held->commit != NONE)
		return ST_MALFORMED;
	if (held->state == HELD_REFUSED) {
		keeper_group_refuse(k, held, KEEPER_TROUBLE);
		give_back(k, held);
		return ST_OK;
	}
	held->commit = add_frame(k, at, head->len);
	k->commits = true;
	make_active(k, held);
	return ST_OK;
}

static enum status
on_mail(struct keeper *k, const struct keeper_head *head, uint32_t at)
{
	if (look_up(k, head->upload) != NULL)
		return ST_MALFORMED;
	return keeper_mail_ask(k, head, at);
}

static void
on_abort(struct keeper *k, const struct keeper_head *head)
{
	struct held *held = look_up(k, head->upload);

	/* None: it was kept, and the visitor left before we could say so. */
	if (held == NULL || held->commit != NONE)
		return;
	if (held->state == HELD_REFUSED) {
		give_back(k, held);
		return;
	}
	held->aborted = true;
	make_active(k, held);
	unlist(k, held);
}

/*
 * A COMMIT is waited for by somebody; without one there is no hurry, and more
 * in one turn makes fewer and larger rows.
 */
bool
keeper_turn_is_ripe(struct keeper *k)
{
	while (k->in_len - k->scanned >= KEEPER_HEAD_LEN) {
		struct keeper_head head;

		if (keeper_head_parse(k->in + k->scanned, &head) != ST_OK ||
		    head.type != KEEPER_DATA)
			return true;
		if (k->in_len - k->scanned - KEEPER_HEAD_LEN < head.len)
			break;
		k->scanned += KEEPER_HEAD_LEN + head.len;
	}
	return k->in_len >= RIPE_LEN;
}

enum status
keeper_turn_sort(struct keeper *k)
{
	uint32_t at = 0;
	enum status st = ST_OK;

	k->frames = k->actives = 0;
	k->commits = k->more = false;
	while (st == ST_OK && k->in_len - at >= KEEPER_HEAD_LEN) {
		struct keeper_head head;

		if (keeper_head_parse(k->in + at, &head) != ST_OK)
			return ST_MALFORMED;
		if (k->in_len - at - KEEPER_HEAD_LEN < head.len)
			break;
		if (k->frames == FRAMES_MAX || k->actives == FRAMES_MAX) {
			k->more = true;
			break;
		}
		at += KEEPER_HEAD_LEN;
		if (head.type == KEEPER_DATA)
			st = on_data(k, &head, at);
		else if (head.type == KEEPER_COMMIT)
			st = on_commit(k, &head, at);
		else if (head.type == KEEPER_ABORT)
			on_abort(k, &head);
		else if (head.type == KEEPER_MAIL || head.type == KEEPER_FORGET)
			st = on_mail(k, &head, at);
		else
			st = ST_MALFORMED; /* ours to say */
		at += head.len;
	}
	k->done = at;
	return st;
}

void
keeper_turn_end(struct keeper *k)
{
	for (uint32_t i = 0; i < k->actives; i++) {
		struct held *held = &k->held[k->active[i]];

		/* A COMMIT was answered, KEPT or REFUSED. */
		if (held->aborted || held->commit != NONE) {
			give_back(k, held);
			continue;
		}
		held->first_frame = held->last_frame = NONE;
		held->turn_len = 0;
		held->active = false;
	}
	k->frames = k->actives = 0;
	k->in_len -= k->done;
	memmove(k->in, k->in + k->done, k->in_len);
	k->done = k->scanned = 0;
}
