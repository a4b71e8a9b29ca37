/*
 * tipline-analyst reply: seal an answer to whoever sent a tip.
 */
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "analyst/bag.h"
#include "analyst/case_file.h"
#include "analyst/command.h"
#include "analyst/desk.h"
#include "analyst/outbox.h"
#include "analyst/plan.h"
#include "analyst/reply_text.h"
#include "analyst/say.h"
#include "base/guarded.h"
#include "base/num.h"

static const char help[] =
    "usage: tipline-analyst reply KEYS CASES TIP [--text FILE]"
    " [--passphrase-file FILE]\n"
    "\n"
    "Seal an answer to the mailbox of tip TIP (a number) in CASES, so that\n"
    "only whoever has its return code can read it, and put it into\n"
    "KEYS/outbox; tipline-analyst ack takes it from there into a return\n"
    "bundle.  All tips of a thread have one mailbox.  Nothing readable is\n"
    "kept.  At most 3900 bytes.\n"
    "\n"
    "  --text FILE             the answer; without it, standard input\n"
    "  --passphrase-file FILE  take the passphrase from FILE's first line\n";

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"passphrase-file", required_argument, NULL, 'p'},
    {"text", required_argument, NULL, 't'},
    {NULL, 0, NULL, 0},
};

struct wish {
	const char *keys, *cases, *text, *passphrase_file;
	uint64_t tip;
};

/* Where the answer goes.  *is_ours: the tip is of the server that the ledger
 * is for. */
static enum status
find_mailbox(const struct wish *wish, const struct desk *desk,
    struct mailbox *box, bool *is_ours)
{
	char name[BAG_NAME_LEN];
	struct case_file file = {0};
	enum status st;
	int dir = open(wish->cases, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	bag_name(wish->tip, name);
	if (dir == -1) {
		say_error("cannot open the folder %s", wish->cases);
		return ST_ABSENT;
	}
	st = case_file_read(dir, name, &file);
	close(dir);
	if (st == ST_ABSENT)
		say_error("there is no tip %" PRIu64 " in %s (%s); nothing was"
			  " sealed",
		    wish->tip, wish->cases, name);
	else if (st != ST_OK)
		say_error("cannot read %s/%s/tip.json: %s", wish->cases, name,
		    status_text(st));
	if (st != ST_OK)
		return st;
	if (!file.proved) {
		say_error("nothing proves tip %" PRIu64
			  ", so it is not answered",
		    wish->tip);
		st = ST_FORGED;
	} else if (!case_file_mailbox(&file, box)) {
		say_error("tip %" PRIu64
			  " came without a return code: it cannot be answered",
		    wish->tip);
		st = ST_ABSENT;
	}
	*is_ours = case_file_is_of(&file, &desk->server);
	case_file_free(&file);
	return st;
}

/* An automatic answer is not needed any more. */
static enum status
mark_answered(struct desk *desk, uint64_t number)
{
	struct ledger_tip tip;
	enum status st = ledger_get(desk->ledger, number, &tip);

	if (st != ST_OK || tip.state == LEDGER_NOT_SEEN)
		return st;
	tip.answered = true;
	if ((st = ledger_put(desk->ledger, number, &tip)) == ST_OK)
		st = ledger_sync(desk->ledger);
	return st;
}

/* Seal the answer and keep it. */
static enum status
seal(struct desk *desk, const struct wish *wish, const struct mailbox *box,
    struct reply *reply)
{
	struct outbox outbox = {.dirfd = -1, .sentfd = -1};
	struct outbox_item item = {.tip = wish->tip};
	uint8_t *seed = guarded_new(SECRET_KEY_LEN);
	uint8_t id[KEY_ID_LEN];
	enum status st = ST_NOMEM;

	if (seed == NULL) {
		say_error("out of memory");
		goto out;
	}
	if ((st = keyring_signer(&desk->kr, seed, id)) != ST_OK)
		goto out;
	reply->day = (uint32_t)((uint64_t)time(NULL) / PLAN_DAY);
	memcpy(item.mailbox, box->id, MAILBOX_ID_LEN);
	if ((st = reply_seal(box, reply, seed, item.sealed)) != ST_OK) {
		say_error("cannot seal the answer: %s", status_text(st));
		goto out;
	}
	if ((st = outbox_open(desk->kr.dirfd, &outbox)) != ST_OK)
		goto out;
	if ((st = outbox_put(&outbox, &item)) != ST_OK)
		say_error("cannot keep the sealed answer: %s; nothing was kept",
		    status_text(st));
out:
	guarded_free(seed);
	outbox_close(&outbox);
	return st;
}

static int
reply_command(const struct wish *wish)
{
	const char *const read[] = {wish->cases, wish->text, NULL};
	const char *const write[] = {wish->keys, NULL};
	struct desk desk = DESK_INIT;
	struct reply *reply = guarded_new(sizeof(*reply));
	struct mailbox box;
	bool good = false, is_ours = false;
	enum status st;

	if (reply == NULL) {
		say_error("out of memory");
		goto out;
	}
	/* The passphrase first: nobody types an answer for nothing. */
	if (desk_open(wish->keys, &desk) != ST_OK ||
	    find_mailbox(wish, &desk, &box, &is_ours) != ST_OK ||
	    command_unlock(&desk.kr, wish->passphrase_file, read, write) !=
		ST_OK ||
	    reply_text_read(wish->text, reply) != ST_OK ||
	    seal(&desk, wish, &box, reply) != ST_OK)
		goto out;
	say("The answer to tip %" PRIu64
	    " (%zu bytes) is sealed and waits in %s/outbox for the next"
	    " tipline-analyst ack.",
	    wish->tip, reply->len, wish->keys);
	st = is_ours ? mark_answered(&desk, wish->tip) : ST_OK;
	if (st != ST_OK)
		say_error("the ledger could not be told (%s), so ack --arrived"
			  " may answer this tip as well; do not write it again",
		    status_text(st));
	good = st == ST_OK;
out:
	guarded_free(reply);
	desk_close(&desk);
	return good ? EXIT_DONE : EXIT_REFUSED;
}

int
cmd_reply(int argc, char **argv)
{
	cJSON_Hooks hooks = {wiping_malloc, wiping_free};
	struct wish wish = {0};
	const char *number;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			return command_help(help);
		case 'p':
			wish.passphrase_file = optarg;
			break;
		case 't':
			wish.text = optarg;
			break;
		default:
			return command_usage(help);
		}
	}
	if (argc - optind != 3)
		return command_usage(help);
	wish.keys = argv[optind];
	wish.cases = argv[optind + 1];
	number = argv[optind + 2];
	if (num_parse(number, strlen(number), UINT64_MAX, &wish.tip) != ST_OK ||
	    wish.tip == 0)
		return command_usage(help);
	cJSON_InitHooks(&hooks);
	return reply_command(&wish);
}
