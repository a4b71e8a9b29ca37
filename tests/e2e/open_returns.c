/*
 * open_returns: a return bundle as the server and a submitter see it.
 *
 *	open_returns mailbox CODE OUT
 *		writes the field "mailbox" of the return code CODE (32 hex
 *		digits), as the receiver puts it into a tip
 *	open_returns read FILE KEYSET [CODE...]
 *		checks FILE with a signer of KEYSET and prints a line for each
 *		item: "head NUMBER", "confirmed FIRST LAST", "link NUMBER LEN",
 *		"reply LAST-DAY CODE DAY TEXT" for one that opens with a CODE
 *		(LF in it as a bar), "reply LAST-DAY - - -" for another
 *
 * The chain of each confirmed range is printed as "links BEFORE LAST" behind
 * it, for a test that compares it with the bundles' own.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/durable.h"
#include "base/guarded.h"
#include "base/num.h"
#include "crypto/keyset.h"
#include "crypto/return_code.h"
#include "handoff/returns.h"

#define CODES_MAX 16

struct look {
	int fd;
	struct keyset set;
	size_t codes;
	struct mailbox box[CODES_MAX];
	uint8_t *secret[CODES_MAX];
};

static _Noreturn void
die(const char *what, enum status st)
{
	fprintf(stderr, "open_returns: %s: %s\n", what, status_text(st));
	exit(1);
}

static void
read_code(const char *hex, struct mailbox *box, uint8_t *secret)
{
	uint8_t code[RETURN_CODE_LEN];
	uint64_t v;

	if (strlen(hex) != 2 * sizeof(code))
		die("code", ST_MALFORMED);
	for (size_t i = 0; i < sizeof(code); i++) {
		if (num_parse_hex(hex + 2 * i, 2, 255, &v) != ST_OK)
			die("code", ST_MALFORMED);
		code[i] = (uint8_t)v;
	}
	return_code_mailbox(code, box, secret);
}

static enum status
get(void *ctx, void *p, size_t len, size_t *got)
{
	const struct look *look = ctx;
	ssize_t n = read(look->fd, p, len);

	*got = n > 0 ? (size_t)n : 0;
	return n < 0 ? ST_IO : ST_OK;
}

static const uint8_t *
find_signer(void *ctx, const uint8_t id[static KEY_ID_LEN])
{
	const struct look *look = ctx;

	for (size_t i = 0; i < look->set.signers; i++) {
		if (memcmp(look->set.signer[i].id, id, KEY_ID_LEN) == 0)
			return look->set.signer[i].key;
	}
	return NULL;
}

static void
print_hex(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		printf("%02x", p[i]);
}

static enum status
on_confirmed(void *ctx, const struct returns_confirmed *item)
{
	(void)ctx;
	printf("confirmed %" PRIu64 " %" PRIu64 "\nlinks ",
	    item->before.number + 1, item->last.number);
	print_hex(item->before.head, DIGEST_LEN);
	printf(" ");
	print_hex(item->last.head, DIGEST_LEN);
	printf("\n");
	return ST_OK;
}

static enum status
on_link(void *ctx, const struct returns_link *item)
{
	(void)ctx;
	printf("link %" PRIu64 " %" PRIu64 "\n", item->number, item->len);
	return ST_OK;
}

static enum status
on_reply(void *ctx, const struct returns_reply *item)
{
	const struct look *look = ctx;
	struct reply *reply = guarded_new(sizeof(*reply));

	if (reply == NULL)
		return ST_NOMEM;
	printf("reply %" PRIu32, item->last_day);
	for (size_t i = 0; i < look->codes; i++) {
		if (memcmp(item->mailbox, look->box[i].id, MAILBOX_ID_LEN) !=
			0 ||
		    reply_open(&look->box[i], look->secret[i], item->sealed,
			reply) != ST_OK)
			continue;
		for (size_t k = 0; k < reply->len; k++) {
			if (reply->text[k] == '\n')
				reply->text[k] = '|';
		}
		printf(" %zu %" PRIu32 " %.*s\n", i, reply->day,
		    (int)reply->len, (const char *)reply->text);
		guarded_free(reply);
		return ST_OK;
	}
	printf(" - - -\n");
	guarded_free(reply);
	return ST_OK;
}

static void
read_returns(const char *path, struct look *look)
{
	const struct returns_input in = {.source = get,
	    .signer = find_signer,
	    .source_ctx = look,
	    .signer_ctx = look};
	const struct returns_events events = {.confirmed = on_confirmed,
	    .link = on_link,
	    .reply = on_reply,
	    .ctx = look};
	struct returns_head head;
	const char *why = "";
	enum status st;

	if ((look->fd = open(path, O_RDONLY)) == -1)
		die(path, ST_ABSENT);
	if ((st = returns_read(&in, &events, &head, &why)) != ST_OK)
		die(why == NULL ? path : why, st);
	if (memcmp(head.server, look->set.server.id, KEY_ID_LEN) != 0)
		die("server", ST_WRONG_KEY);
	printf("head %" PRIu64 "\n", head.number);
	close(look->fd);
}

static void
look_into(int argc, char **argv)
{
	static struct look look;
	struct bytes text = BYTES_INIT(KEYSET_MAX);
	const char *why = "";
	unsigned line;
	enum status st;

	if ((st = durable_read(AT_FDCWD, argv[3], &text)) != ST_OK ||
	    (st = keyset_parse(text.p, text.len, &look.set, &line, &why)) !=
		ST_OK)
		die(argv[3], st);
	for (int i = 4; i < argc && look.codes < CODES_MAX; i++) {
		look.secret[look.codes] = guarded_new(SECRET_KEY_LEN);
		read_code(
		    argv[i], &look.box[look.codes], look.secret[look.codes]);
		look.codes++;
	}
	read_returns(argv[2], &look);
	for (size_t i = 0; i < look.codes; i++)
		guarded_free(look.secret[i]);
	keyset_free(&look.set);
	bytes_free(&text);
}

int
main(int argc, char **argv)
{
	struct mailbox box;
	uint8_t field[MAILBOX_FIELD_LEN];

	if (crypto_room_init() != ST_OK)
		return 1;
	if (argc == 4 && strcmp(argv[1], "mailbox") == 0) {
		read_code(argv[2], &box, NULL);
		mailbox_field_write(&box, field);
		if (durable_write(AT_FDCWD, argv[3], field, sizeof(field), 0600,
			DURABLE_REPLACE) != ST_OK)
			die(argv[3], ST_IO);
	} else if (argc >= 4 && strcmp(argv[1], "read") == 0) {
		look_into(argc, argv);
	} else {
		fputs("usage: open_returns mailbox CODE OUT\n"
		      "       open_returns read FILE KEYSET [CODE...]\n",
		    stderr);
		return 2;
	}
	return 0;
}
