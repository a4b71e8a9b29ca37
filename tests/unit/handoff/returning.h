/*
 * returning: what the tests of return bundles share: a signer, and one
 * bundle with everything in it.
 */
#ifndef TIPLINE_TESTS_UNIT_HANDOFF_RETURNING_H
#define TIPLINE_TESTS_UNIT_HANDOFF_RETURNING_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "handoff/returns.h"
#include "tests/unit/handoff/piping.h"

#define HEAD_LEN 44
#define TRAILER_LEN 73
#define CONFIRMED_LEN 81
#define LINK_LEN 49
#define REPLY_ITEM_LEN 4165

/* The known signer's; that of another whom nobody knows. */
extern uint8_t *returning_seed, *returning_other_seed;
extern uint8_t returning_key[PUBLIC_KEY_LEN];
extern const uint8_t returning_server[KEY_ID_LEN];

/* Knows returning_key. */
const uint8_t *returning_signer(void *ctx, const uint8_t id[static KEY_ID_LEN]);

/* What reading told, in words; the fail_at-th event fails. */
struct heard {
	struct bytes said;
	int calls, fail_at;
};
enum status returning_hear_confirmed(
    void *ctx, const struct returns_confirmed *item);
enum status returning_hear_link(void *ctx, const struct returns_link *item);
enum status returning_hear_reply(void *ctx, const struct returns_reply *item);
void returning_assert_said(const struct heard *h, const char *want);

/* Read; *h, if not NULL, hears it and is to be freed. */
enum status returning_read(struct source *s, struct heard *h,
    struct returns_head *head, const char **why);
enum status returning_read_bytes(
    const struct bytes *b, struct heard *h, const char **why);

enum status returning_confirmed(
    struct returns_writer *w, uint64_t first, uint64_t last);
enum status returning_link(
    struct returns_writer *w, uint64_t number, uint64_t len);
enum status returning_reply(
    struct returns_writer *w, uint8_t mailbox, uint32_t day);

/* Two of each kind, in no order; and what is heard of them. */
enum status returning_write(struct sink *s);
struct bytes returning_whole(void);
#define RETURNING_ALL                                                          \
	"reply 9 20800 2313, confirmed 1 3 1541, link 5 16521 7,"              \
	" confirmed 5 5 1541, link 6 1 7, reply 8 1 2056"

/* cmocka's, for a group. */
int returning_set_up(void **state);
int returning_tear_down(void **state);

#endif
