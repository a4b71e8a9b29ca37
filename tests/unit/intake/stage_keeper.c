/*
 * stage's keeper: what it makes of the receiver's frames.
 */
#include "tests/unit/intake/stage.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "crypto/digest.h"
#include "crypto/opener.h"

static void
keeper_dies(struct stage *stage)
{
	close(stage->keeper);
	stage->keeper = -1;
}

static void
keeper_says(struct stage *stage, enum keeper_type type, uint32_t upload,
    const void *p, size_t len)
{
	const struct keeper_head head = {type, upload, (uint32_t)len};
	uint8_t frame[KEEPER_HEAD_LEN + KEEPER_SLOT_LEN];
	ssize_t n;

	keeper_head_write(&head, frame);
	if (len > 0)
		memcpy(frame + KEEPER_HEAD_LEN, p, len);
	len += KEEPER_HEAD_LEN;
	if (stage->keeper == -1)
		return;
	n = send(stage->keeper, frame, len, MSG_NOSIGNAL);
	/* The receiver may have closed its end meanwhile. */
	if (n == -1 && errno == EPIPE)
		keeper_dies(stage);
	else
		assert_int_equal(n, (ssize_t)len);
}

void
stage_room(struct stage *stage, uint64_t files, uint64_t text)
{
	uint8_t room[KEEPER_ROOM_LEN];

	le64_put(room, files);
	le64_put(room + 8, text);
	keeper_says(stage, KEEPER_ROOM, 0, room, sizeof(room));
}

void
stage_leave(struct stage *stage, const struct mailbox *box, uint64_t id,
    uint32_t day, const char *text)
{
	struct stage_reply *r = stage->reply;
	uint8_t seed[SECRET_KEY_LEN] = {1};
	struct reply reply = {.day = day, .len = strlen(text)};

	while (r->id != 0)
		r++;
	assert_true(r < stage->reply + STAGE_REPLIES);
	memcpy(reply.text, text, reply.len);
	r->id = id;
	memcpy(r->box, box->id, MAILBOX_ID_LEN);
	assert_int_equal(reply_seal(box, &reply, seed, r->sealed), ST_OK);
}

static const struct opener_key *
lookup(void *ctx, const uint8_t id[static KEY_ID_LEN], uint32_t epoch)
{
	static struct opener_key key;
	struct stage *stage = ctx;

	if (epoch < stage->to.epoch ||
	    memcmp(id, stage->to.r[0].id, KEY_ID_LEN) != 0)
		return NULL;
	memcpy(key.id, id, KEY_ID_LEN);
	key.public_key = stage->to.r[0].key;
	key.secret_key = stage->secret;
	return &key;
}

static enum status
open_part(void *ctx, enum envelope_part kind, const uint8_t *name, size_t len)
{
	struct stage *stage = ctx;
	enum status st;

	stage->in_box = kind == ENVELOPE_FIELD && len == 7 &&
	    memcmp(name, MAILBOX_FIELD, 7) == 0;
	if (stage->in_box) {
		stage->boxes++;
		bytes_clear(&stage->box_bytes);
		return ST_OK;
	}
	st = bytes_append_text(
	    &stage->told, kind == ENVELOPE_FILE ? "<file|" : "<");
	if (st == ST_OK && len > 0)
		st = bytes_append(&stage->told, name, len);
	return st == ST_OK ? bytes_append_text(&stage->told, ">") : st;
}

static enum status
open_data(void *ctx, const uint8_t *p, size_t len)
{
	struct stage *stage = ctx;

	return bytes_append(
	    stage->in_box ? &stage->box_bytes : &stage->told, p, len);
}

static enum status
open_part_end(void *ctx, uint64_t size)
{
	struct stage *stage = ctx;

	(void)size;
	if (stage->in_box)
		return mailbox_field_parse(
		    stage->box_bytes.p, stage->box_bytes.len, &stage->box);
	return bytes_append_text(&stage->told, ";");
}

/* What an analyst would find in it. */
static void
open_tip(struct stage *stage, const uint8_t *commit)
{
	const struct opener_events events = {.lookup = lookup,
	    .part = open_part,
	    .data = open_data,
	    .part_end = open_part_end,
	    .ctx = stage};
	uint8_t digest[DIGEST_LEN];
	struct sha256 *hash = NULL;
	struct opener *op = NULL;

	bytes_clear(&stage->told);
	stage->boxes = 0;
	assert_true(stage->sealed.len > 20);
	stage->epoch = le32_get(stage->sealed.p + 16);
	assert_int_equal(sha256_new(&hash), ST_OK);
	assert_int_equal(
	    sha256_update(hash, stage->sealed.p, stage->sealed.len), ST_OK);
	assert_int_equal(sha256_final(hash, digest), ST_OK);
	sha256_free(hash);
	assert_int_equal(opener_new(&events, &op), ST_OK);
	stage->tip_ok =
	    opener_feed(op, stage->sealed.p, stage->sealed.len) == ST_OK &&
	    opener_finish(op) == ST_OK &&
	    le64_get(commit) == stage->sealed.len &&
	    memcmp(commit + 8, digest, DIGEST_LEN) == 0;
	opener_free(op);
}

static void
on_commit(struct stage *stage, uint32_t upload, const uint8_t *body)
{
	uint8_t reason = (uint8_t)stage->reason, nonsense[12] = {99};

	stage->committed++;
	if (!stage->refused)
		open_tip(stage, body);
	bytes_clear(&stage->sealed);
	stage->upload = 0;
	switch (stage->mood) {
	case KEEPER_KEEPS:
		keeper_says(stage, KEEPER_KEPT, upload, NULL, 0);
		break;
	case KEEPER_REFUSES_DATA:
	case KEEPER_REFUSES_COMMIT:
		keeper_says(stage, KEEPER_REFUSED, upload, &reason, 1);
		break;
	case KEEPER_SPEAKS_NONSENSE:
		assert_int_equal(send(stage->keeper, nonsense, sizeof(nonsense),
				     MSG_NOSIGNAL),
		    sizeof(nonsense));
		break;
	case KEEPER_DIES_AT_COMMIT:
		keeper_dies(stage);
		break;
	default:
		break;
	}
}

/* KEEPER_SLOTS of them, those without a reply all zero. */
static void
on_mail(struct stage *stage, uint32_t number, const uint8_t *box)
{
	uint8_t slot[KEEPER_SLOT_LEN];
	unsigned sent = 0;

	for (size_t i = 0; i < STAGE_REPLIES && sent < KEEPER_SLOTS; i++) {
		const struct stage_reply *r = &stage->reply[i];

		if (r->id == 0 || memcmp(r->box, box, MAILBOX_ID_LEN) != 0)
			continue;
		le64_put(slot, r->id);
		memcpy(slot + 8, r->sealed, REPLY_LEN);
		keeper_says(stage, KEEPER_SLOT, number, slot, sizeof(slot));
		sent++;
	}
	memset(slot, 0, sizeof(slot));
	for (; sent < KEEPER_SLOTS; sent++)
		keeper_says(stage, KEEPER_SLOT, number, slot, sizeof(slot));
}

static void
on_forget(struct stage *stage, const uint8_t *p)
{
	stage->forgot++;
	for (size_t i = 0; i < STAGE_REPLIES; i++) {
		struct stage_reply *r = &stage->reply[i];

		if (r->id == le64_get(p + MAILBOX_ID_LEN) &&
		    memcmp(r->box, p, MAILBOX_ID_LEN) == 0)
			*r = (struct stage_reply){0};
	}
}

/* A question.  False: it is none. */
static bool
on_question(
    struct stage *stage, const struct keeper_head *head, const uint8_t *body)
{
	uint8_t reason = KEEPER_TROUBLE, nonsense[12] = {99};

	if (head->type != KEEPER_MAIL && head->type != KEEPER_FORGET)
		return false;
	stage->asked++;
	memcpy(stage->asked_box, body, MAILBOX_ID_LEN);
	switch (stage->mood) {
	case KEEPER_REFUSES_COMMIT:
		keeper_says(stage, KEEPER_REFUSED, head->upload, &reason, 1);
		return true;
	case KEEPER_DIES_AT_COMMIT:
		keeper_dies(stage);
		return true;
	case KEEPER_SPEAKS_NONSENSE:
		assert_int_equal(send(stage->keeper, nonsense, sizeof(nonsense),
				     MSG_NOSIGNAL),
		    sizeof(nonsense));
		return true;
	case KEEPER_SILENT:
		return true;
	default:
		break;
	}
	if (head->type == KEEPER_MAIL) {
		on_mail(stage, head->upload, body);
		return true;
	}
	on_forget(stage, body);
	keeper_says(stage, KEEPER_FORGOTTEN, head->upload, NULL, 0);
	return true;
}

static void
on_frame(
    struct stage *stage, const struct keeper_head *head, const uint8_t *body)
{
	uint8_t reason = (uint8_t)stage->reason;

	assert_int_not_equal(head->upload, 0);
	if (on_question(stage, head, body))
		return;
	if (head->type == KEEPER_DATA && stage->upload != head->upload) {
		/* the tests send one tip at a time to a keeper that opens */
		stage->upload = head->upload;
		stage->opened++;
		stage->refused = stage->mood == KEEPER_REFUSES_DATA;
		bytes_clear(&stage->sealed);
		if (stage->refused)
			keeper_says(
			    stage, KEEPER_REFUSED, head->upload, &reason, 1);
	}
	if (head->type == KEEPER_DATA) {
		assert_int_equal(
		    bytes_append(&stage->sealed, body, head->len), ST_OK);
		if (stage->mood == KEEPER_DIES_AT_DATA)
			keeper_dies(stage);
	} else if (head->type == KEEPER_COMMIT) {
		on_commit(stage, head->upload, body);
	} else {
		assert_int_equal(head->type, KEEPER_ABORT);
		stage->aborted++;
		stage->upload = 0;
	}
}

/* The receiver's frames must all be well formed. */
void
stage_play_keeper(struct stage *stage)
{
	uint8_t buf[65536];
	struct keeper_head head;
	ssize_t n = recv(stage->keeper, buf, sizeof(buf), MSG_DONTWAIT);

	if (n == 0)
		keeper_dies(stage); /* the receiver closed its end */
	if (n <= 0)
		return;
	assert_int_equal(bytes_append(&stage->in, buf, (size_t)n), ST_OK);
	while (stage->keeper != -1 && stage->in.len >= KEEPER_HEAD_LEN) {
		assert_int_equal(keeper_head_parse(stage->in.p, &head), ST_OK);
		if (stage->in.len < KEEPER_HEAD_LEN + head.len)
			return;
		on_frame(stage, &head, stage->in.p + KEEPER_HEAD_LEN);
		bytes_consume(&stage->in, KEEPER_HEAD_LEN + head.len);
	}
}
