/*
 * returning: see returning.h.
 */
#include "tests/unit/handoff/returning.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <inttypes.h>
#include <string.h>

#include "base/guarded.h"

uint8_t *returning_seed, *returning_other_seed;
uint8_t returning_key[PUBLIC_KEY_LEN];
const uint8_t returning_server[KEY_ID_LEN] = "server!";

const uint8_t *
returning_signer(void *ctx, const uint8_t id[static KEY_ID_LEN])
{
	uint8_t own[KEY_ID_LEN];

	(void)ctx;
	key_id(KEY_ROLE_SIGNER, returning_key, own);
	return memcmp(own, id, sizeof(own)) == 0 ? returning_key : NULL;
}

static enum status
hear(struct heard *h, const char *what, uint64_t a, uint64_t b, unsigned c)
{
	if (++h->calls == h->fail_at)
		return ST_FULL;
	return bytes_printf(&h->said, "%s%s %" PRIu64 " %" PRIu64 " %u",
	    h->said.len == 0 ? "" : ", ", what, a, b, c);
}

enum status
returning_hear_confirmed(void *ctx, const struct returns_confirmed *item)
{
	return hear(ctx, "confirmed", item->before.number + 1,
	    item->last.number,
	    item->before.head[0] + 256u * item->last.head[31]);
}

enum status
returning_hear_link(void *ctx, const struct returns_link *item)
{
	return hear(ctx, "link", item->number, item->len, item->digest[31]);
}

enum status
returning_hear_reply(void *ctx, const struct returns_reply *item)
{
	return hear(ctx, "reply", item->mailbox[15], item->last_day,
	    item->sealed[0] + 256u * item->sealed[REPLY_LEN - 1]);
}

/* Read; *h, if not NULL, hears it and is to be freed. */
enum status
returning_read(struct source *s, struct heard *h, struct returns_head *head,
    const char **why)
{
	const struct returns_input in = {
	    .source = piping_get, .signer = returning_signer, .source_ctx = s};
	const struct returns_events events = {returning_hear_confirmed,
	    returning_hear_link, returning_hear_reply, h};

	if (h != NULL)
		h->said = BYTES_INIT(1 << 16);
	return returns_read(&in, h == NULL ? NULL : &events, head, why);
}

enum status
returning_read_bytes(const struct bytes *b, struct heard *h, const char **why)
{
	struct source s = {.p = b->p, .len = b->len};
	struct returns_head head;

	return returning_read(&s, h, &head, why);
}

enum status
returning_confirmed(struct returns_writer *w, uint64_t first, uint64_t last)
{
	struct returns_confirmed item = {
	    {.number = first - 1, .head = {5}}, {.number = last}};

	item.last.head[31] = 6;
	return returns_writer_confirmed(w, &item);
}

enum status
returning_link(struct returns_writer *w, uint64_t number, uint64_t len)
{
	struct returns_link item = {.number = number, .len = len};

	item.digest[31] = 7;
	return returns_writer_link(w, &item);
}

enum status
returning_reply(struct returns_writer *w, uint8_t mailbox, uint32_t day)
{
	static struct returns_reply item;

	item.mailbox[15] = mailbox;
	item.last_day = day;
	memset(item.sealed, mailbox, sizeof(item.sealed));
	return returns_writer_reply(w, &item);
}

/* One of each and of some two, in no order. */
enum status
returning_write(struct sink *s)
{
	struct returns_head head = {.number = 4};
	struct returns_writer *w = NULL;
	enum status st;

	memcpy(head.server, returning_server, sizeof(returning_server));
	if ((st = returns_writer_begin(
		 &head, returning_seed, piping_put, s, &w)) != ST_OK) {
		assert_null(w);
		return st;
	}
	if ((st = returning_reply(w, 9, 20800)) == ST_OK &&
	    (st = returning_confirmed(w, 1, 3)) == ST_OK &&
	    (st = returning_link(w, 5, 16521)) == ST_OK &&
	    (st = returning_confirmed(w, 5, 5)) == ST_OK &&
	    (st = returning_link(w, 6, 1)) == ST_OK &&
	    (st = returning_reply(w, 8, 1)) == ST_OK)
		st = returns_writer_finish(w);
	returns_writer_free(w);
	return st;
}

struct bytes
returning_whole(void)
{
	struct bytes b = BYTES_INIT(1 << 16);
	struct sink s = {&b, 0, 0};

	assert_int_equal(returning_write(&s), ST_OK);
	return b;
}

void
returning_assert_said(const struct heard *h, const char *want)
{
	if (h->said.len != strlen(want) ||
	    (h->said.len > 0 && memcmp(h->said.p, want, h->said.len) != 0))
		fail_msg("'%.*s' is not '%s'", (int)h->said.len,
		    (const char *)h->said.p, want);
}

int
returning_set_up(void **state)
{
	uint8_t other[PUBLIC_KEY_LEN];

	(void)state;
	if (crypto_room_init() != ST_OK ||
	    (returning_seed = guarded_new(SECRET_KEY_LEN)) == NULL ||
	    (returning_other_seed = guarded_new(SECRET_KEY_LEN)) == NULL)
		return -1;
	sign_key_new(returning_key, returning_seed);
	sign_key_new(other, returning_other_seed);
	return 0;
}

int
returning_tear_down(void **state)
{
	(void)state;
	guarded_free(returning_seed);
	guarded_free(returning_other_seed);
	return guarded_live() == 0 ? 0 : -1;
}
