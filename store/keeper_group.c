/*
 * keeper_group: the transaction of a turn.
 *
 * One turn, one transaction.  With a COMMIT in it, it is durable: all tips
 * that are whole by then share one flush.  Without one it is not flushed; the
 * flush of a later tip covers it, because the log is flushed from its
 * beginning.  What fails can be tried again, since the turn's frames are
 * still in memory.
 */
#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "base/num.h"
#include "store/keeper_parts.h"

#define TRIES 6         /* transactions tried for one turn */
#define ROW_SLACK 32768 /* pages a row may need beyond its bytes */
/* More than when it was full, so that the log does not flutter. */
#define ROOM_AGAIN (UINT64_C(1) << 20)

void
keeper_group_answer(struct keeper *k, enum keeper_type type, uint32_t id,
    const uint8_t *p, size_t len)
{
	struct keeper_head head = {type, id, (uint32_t)len};

	assert(k->out_len + KEEPER_HEAD_LEN + len <= OUT_LEN);
	keeper_head_write(&head, k->out + k->out_len);
	if (len > 0)
		memcpy(k->out + k->out_len + KEEPER_HEAD_LEN, p, len);
	k->out_len += KEEPER_HEAD_LEN + (uint32_t)len;
}

void
keeper_group_refuse(
    struct keeper *k, struct held *held, enum keeper_reason reason)
{
	uint8_t why = (uint8_t)reason;

	if (held->upload != 0) {
		if (store_drop(k->store, held->upload) != ST_OK)
			log_event(LOG_BUG);
		held->upload = 0;
		k->clearing = true;
	}
	held->state = HELD_REFUSED;
	if (held->id != 0) /* an aborted one waits for no answer */
		keeper_group_answer(k, KEEPER_REFUSED, held->id, &why, 1);
}

static void
say_full(struct keeper *k)
{
	if (k->full)
		return;
	log_event(LOG_STORE_FULL);
	k->full = true;
	k->full_room = k->text_room;
}

enum keeper_reason
keeper_group_reason(struct keeper *k, enum status st)
{
	if (st == ST_FULL) {
		say_full(k);
		return KEEPER_FULL;
	}
	if (st == ST_NOMEM)
		log_event(LOG_NOMEM);
	else if (st == ST_BUG)
		log_event(LOG_BUG);
	else if (st != ST_LIMIT)
		log_event(LOG_STORE_IO);
	return KEEPER_TROUBLE;
}

/* More than an eighth off, or to nothing, or up from it. */
static bool
is_notable(uint64_t now, uint64_t told)
{
	uint64_t gap = now > told ? now - told : told - now;

	return (now == 0) != (told == 0) || gap > told / 8;
}

void
keeper_group_measure(struct keeper *k)
{
	struct store_usage usage;
	enum status st;

	if ((st = store_usage(k->store, &usage)) != ST_OK) {
		if (st == ST_BUSY)
			return; /* what was measured last is near enough */
		(void)keeper_group_reason(k, st);
		return;
	}
	k->used = usage.used;
	k->room = usage.room;
	k->files_room = usage.files_room;
	k->text_room = usage.text_room;
	if (usage.text_room == 0)
		say_full(k);
	else if (k->full && k->text_room > k->full_room + ROOM_AGAIN) {
		k->full = false;
		log_event(LOG_STORE_ROOM);
	}
}

void
keeper_group_tell(struct keeper *k)
{
	uint8_t body[KEEPER_ROOM_LEN];

	if (k->told && !is_notable(k->files_room, k->files_told) &&
	    !is_notable(k->text_room, k->text_told))
		return;
	k->told = true;
	k->files_told = k->files_room;
	k->text_told = k->text_room;
	le64_put(body, k->files_room);
	le64_put(body + 8, k->text_room);
	keeper_group_answer(k, KEEPER_ROOM, 0, body, sizeof(body));
}

/* Put this turn's bytes of one upload, in rows as large as they may be. */
static enum status
put_data(struct keeper *k, const struct held *held)
{
	size_t len = 0;
	enum status st;

	for (uint16_t i = held->first_frame; i != NONE; i = k->frame[i].next) {
		const struct frame *f = &k->frame[i];

		if (len + f->len > sizeof(k->gather)) {
			st = store_put(k->store, held->upload, k->gather, len);
			if (st != ST_OK)
				return st;
			len = 0;
		}
		memcpy(k->gather + len, k->in + f->at, f->len);
		len += f->len;
	}
	return store_put(k->store, held->upload, k->gather, len);
}

static enum status
put_one(struct keeper *k, struct held *held)
{
	const uint8_t *commit;
	uint64_t number;
	enum status st;

	if (held->upload == 0 &&
	    (st = store_upload(k->store, &held->upload)) != ST_OK)
		return st;
	if (held->first_frame != NONE) {
		if ((st = put_data(k, held)) != ST_OK)
			return st;
		k->room -= held->turn_len;
	}
	if (held->commit == NONE)
		return ST_OK;
	commit = k->in + k->frame[held->commit].at;
	return store_finish(
	    k->store, held->upload, le64_get(commit), commit + 8, &number);
}

/* Refuse at once what can be known beforehand: a full database would roll
 * back the whole transaction in the middle of a row. */
static bool
is_refused(struct keeper *k, struct held *held)
{
	uint64_t need = held->turn_len + held->turn_len / 8 + ROW_SLACK;

	if (held->aborted || held->state == HELD_REFUSED)
		return true;
	if (held->commit != NONE &&
	    le64_get(k->in + k->frame[held->commit].at) != held->len) {
		log_event(LOG_MESSAGE_MALFORMED);
		keeper_group_refuse(k, held, KEEPER_TROUBLE);
		return true;
	}
	if (held->first_frame != NONE && need > k->room) {
		say_full(k);
		keeper_group_refuse(k, held, KEEPER_FULL);
		return true;
	}
	return false;
}

/* Put all that is not refused.  On failure *culprit is the one at which it
 * failed; the caller rolls back. */
static enum status
put_all(struct keeper *k, struct held **culprit)
{
	for (uint32_t i = 0; i < k->actives; i++) {
		struct held *held = &k->held[k->active[i]];
		enum status st;

		if (is_refused(k, held))
			continue;
		*culprit = held;
		if ((st = put_one(k, held)) != ST_OK)
			return st;
	}
	*culprit = NULL;
	return ST_OK;
}

/* Leave out culprit, or if none is known the largest; all of them when it is
 * not room that was missing. */
static void
refuse_some(struct keeper *k, enum status st, struct held *culprit)
{
	enum keeper_reason reason = keeper_group_reason(k, st);
	bool all = st != ST_FULL && st != ST_LIMIT;

	k->trouble++;
	for (uint32_t i = 0; i < k->actives; i++) {
		struct held *held = &k->held[k->active[i]];

		if (held->aborted || held->state == HELD_REFUSED)
			continue;
		if (all)
			keeper_group_refuse(k, held, reason);
		else if (culprit == NULL || culprit->state == HELD_REFUSED ||
		    culprit->turn_len < held->turn_len)
			culprit = held;
	}
	if (!all && culprit != NULL && culprit->state == HELD_OPEN)
		keeper_group_refuse(k, culprit, reason);
}

static bool
has_work(const struct keeper *k)
{
	for (uint32_t i = 0; i < k->actives; i++) {
		const struct held *held = &k->held[k->active[i]];

		if (!held->aborted && held->state == HELD_OPEN)
			return true;
	}
	return false;
}

static void
write_turn(struct keeper *k)
{
	int busy = 0;

	for (int try = 1; has_work(k); try++) {
		struct held *culprit = NULL;
		enum status st;

		keeper_group_measure(k);
		if ((st = store_begin(k->store, k->commits)) == ST_OK)
			st = put_all(k, &culprit);
		if (st == ST_OK && (st = store_commit(k->store)) == ST_OK) {
			k->trouble = 0;
			break;
		}
		store_rollback(k->store);
		/* The operator's tool is writing: that is no trouble, and no
		 * tip is refused for it. */
		if (st == ST_BUSY && ++busy < BUSY_TRIES) {
			try--;
			continue;
		}
		refuse_some(k, try < TRIES ? st : ST_IO, culprit);
	}
}

void
keeper_group_write(struct keeper *k)
{
	write_turn(k);
	for (uint32_t i = 0; i < k->actives; i++) {
		struct held *held = &k->held[k->active[i]];

		if (held->aborted && held->upload != 0)
			keeper_group_refuse(k, held, KEEPER_TROUBLE);
		else if (held->state == HELD_OPEN && !held->aborted &&
		    held->commit != NONE)
			keeper_group_answer(k, KEEPER_KEPT, held->id, NULL, 0);
	}
}
