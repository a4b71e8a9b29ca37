/*
 * Any bytes as a reply, opened with a fixed key: as they are, and sealed to
 * that key, so that the fuzzer reaches what is inside.  And any bytes as the
 * field mailbox of a tip, and as a text.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/guarded.h"
#include "crypto/reply.h"
#include "crypto/reply_inner.h"
#include "tests/fuzz/fuzz.h"
#include "tests/vectors/seeded.h"

/* "counted" of tests/vectors/return_code. */
static const uint8_t code[RETURN_CODE_LEN] = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static struct mailbox box;
static uint8_t secret[SECRET_KEY_LEN];

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	seeded_install();
	if (crypto_room_init() != ST_OK)
		return -1;
	return_code_mailbox(code, &box, secret);
	return 0;
}

static void
try(const uint8_t sealed[static REPLY_LEN])
{
	static struct reply reply;
	const enum status st = reply_open(&box, secret, sealed, &reply);

	must(guarded_live() == 0);
	if (st != ST_OK) {
		must(st == ST_FORGED || st == ST_MALFORMED);
		must(sodium_is_zero((const uint8_t *)&reply, sizeof(reply)));
		return;
	}
	must(reply.len >= 1 && reply.len <= REPLY_TEXT_MAX);
	must(reply_text_ok(reply.text, reply.len));
	must(memchr(reply.text, 0, reply.len) == NULL);
}

/* Behind the mailbox's id, which is filled in: the fuzzer need not guess. */
static void
try_inside(const uint8_t *p, size_t len)
{
	uint8_t plain[REPLY_PLAIN_LEN] = {0}, sealed[REPLY_LEN];
	const size_t room = sizeof(plain) - REPLY_AT_DAY;

	memcpy(plain, REPLY_MAGIC, REPLY_MAGIC_LEN);
	memcpy(plain + REPLY_AT_MAILBOX, box.id, MAILBOX_ID_LEN);
	if (len > 0)
		memcpy(plain + REPLY_AT_DAY, p, len < room ? len : room);
	seeded_start("reply");
	must(crypto_box_seal(sealed, plain, sizeof(plain), box.key) == 0);
	try(sealed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	uint8_t sealed[REPLY_LEN] = {0};
	struct mailbox found;
	uint8_t field[MAILBOX_FIELD_LEN];

	if (len > 0)
		memcpy(sealed, p, len < sizeof(sealed) ? len : sizeof(sealed));
	try(sealed);
	try_inside(p, len);
	if (mailbox_field_parse(p, len, &found) == ST_OK) {
		mailbox_field_write(&found, field);
		must(len == sizeof(field) && memcmp(field, p, len) == 0);
	}
	(void)reply_text_ok(p, len);
	return 0;
}
