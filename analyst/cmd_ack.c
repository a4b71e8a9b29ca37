/*
 * tipline-analyst ack: make the return bundle for the server.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "analyst/ack.h"
#include "analyst/command.h"
#include "analyst/outfile.h"
#include "analyst/plan.h"
#include "analyst/reply_text.h"
#include "analyst/say.h"
#include "base/durable.h"
#include "base/guarded.h"
#include "base/num.h"

#define KEEP_DAYS_MAX 3650
#define NUMBER_FILE "returned"
#define NUMBER_MAX (UINT64_MAX >> 1) /* docs/FORMATS.md */

static const char help[] =
    "usage: tipline-analyst ack KEYS OUT [--cases CASES --arrived\n"
    "           [--arrived-text FILE]] [--keep-days N] [--pad N]\n"
    "           [--links-from N] [--number N] [--again] [--passphrase-file "
    "FILE]\n"
    "\n"
    "Make the return bundle OUT for tipline-operator import: which tips were\n"
    "opened, and all replies of KEYS/outbox, signed by this keyring's signer.\n"
    "Replies that were sent are kept sealed until the next return bundle.\n"
    "\n"
    "  --cases CASES           where the opened tips are, for --arrived\n"
    "  --arrived               answer every opened tip that has no answer\n"
    "                          yet: that it arrived and was opened; one word\n"
    "                          for all of a thread\n"
    "  --arrived-text FILE     with these words instead\n"
    "  --keep-days N           the server keeps replies so long (60)\n"
    "  --pad N                 add decoys up to a multiple of N replies, so\n"
    "                          that the number of true ones does not show\n"
    "  --links-from N          tell a server that was restored from a backup\n"
    "                          which tips from number N on it has forgotten\n"
    "  --number N              the bundle's number, for a keyring that was\n"
    "                          restored and cannot know its last one\n"
    "  --again                 the replies of the last return bundle once\n"
    "                          more, if it was lost on the way\n"
    "  --passphrase-file FILE  take the passphrase from FILE's first line\n";

enum {
	OPT_ARRIVED = 256,
	OPT_TEXT,
	OPT_KEEP,
	OPT_PAD,
	OPT_LINKS,
	OPT_NUMBER,
	OPT_AGAIN
};

static const struct option options[] = {
    {"again", no_argument, NULL, OPT_AGAIN},
    {"arrived", no_argument, NULL, OPT_ARRIVED},
    {"arrived-text", required_argument, NULL, OPT_TEXT},
    {"cases", required_argument, NULL, 'c'},
    {"help", no_argument, NULL, 'h'},
    {"keep-days", required_argument, NULL, OPT_KEEP},
    {"links-from", required_argument, NULL, OPT_LINKS},
    {"number", required_argument, NULL, OPT_NUMBER},
    {"pad", required_argument, NULL, OPT_PAD},
    {"passphrase-file", required_argument, NULL, 'p'},
    {NULL, 0, NULL, 0},
};

static const char arrived_text[] = "Your tip arrived and was opened.";

struct wish {
	const char *keys, *out, *cases, *text, *passphrase_file;
	uint64_t keep_days, pad, links_from, number;
	bool arrived, again;
};

struct work {
	struct desk desk;
	struct outbox outbox;
	struct ack ack;
	struct reply *arrived;
	uint8_t *seed;
	struct returns_head head;
	int out;
};

static enum status
to_file(void *ctx, const void *p, size_t len)
{
	const struct work *w = ctx;

	return write_all(w->out, p, len);
}

/* No number is used twice, also when a run is cut: it is on disk first. */
static enum status
take_number(const struct wish *wish, struct work *w)
{
	struct bytes text = BYTES_INIT(32);
	const int dirfd = w->desk.kr.dirfd;
	uint64_t last = 0;
	enum status st;

	st = durable_read(dirfd, NUMBER_FILE, &text);
	if (st == ST_OK && text.len > 0 && text.p[text.len - 1] == '\n')
		text.len--;
	if (st == ST_OK)
		st = num_parse((char *)text.p, text.len, UINT64_MAX - 1, &last);
	if (st == ST_ABSENT)
		st = ST_OK;
	if (st == ST_OK && wish->number != 0 && wish->number <= last) {
		bytes_free(&text);
		say_error("--number %" PRIu64 " was used: the last return"
			  " bundle has number %" PRIu64 "; nothing was made",
		    wish->number, last);
		return ST_EXISTS;
	}
	w->head.number = wish->number != 0 ? wish->number : last + 1;
	bytes_clear(&text);
	if (st == ST_OK)
		st = bytes_printf(&text, "%" PRIu64 "\n", w->head.number);
	if (st == ST_OK)
		st = durable_write(dirfd, NUMBER_FILE, text.p, text.len, 0600,
		    DURABLE_REPLACE);
	bytes_free(&text);
	if (st != ST_OK)
		say_error("cannot use the file " NUMBER_FILE
			  " of the key folder, which has the number of the"
			  " last return bundle: %s",
		    status_text(st));
	return st;
}

static enum status
take_arrived(const struct wish *wish, struct work *w)
{
	if (!wish->arrived)
		return ST_OK;
	w->ack.cases = open(wish->cases, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->ack.cases == -1) {
		say_error("cannot open the folder %s: %s", wish->cases,
		    strerror(errno));
		return ST_ABSENT;
	}
	w->arrived = guarded_new(sizeof(*w->arrived));
	w->ack.work = guarded_new(sizeof(*w->ack.work));
	if (w->arrived == NULL || w->ack.work == NULL) {
		say_error("out of memory");
		return ST_NOMEM;
	}
	w->ack.arrived = w->arrived;
	if (wish->text != NULL)
		return reply_text_read(wish->text, w->arrived);
	w->arrived->len = strlen(arrived_text);
	memcpy(w->arrived->text, arrived_text, w->arrived->len);
	return ST_OK;
}

static void
say_confirmed(const struct ack *ack)
{
	char text[RANGES_TEXT_MAX];

	if (ack->confirmed.n == 0) {
		say("    confirms no tips");
	} else {
		ranges_text(&ack->confirmed, text);
		say("    confirms %" PRIu64 " opened tip%s: %s",
		    ack->confirmed_tips, ack->confirmed_tips == 1 ? "" : "s",
		    text);
	}
	if (ack->not_confirmed > 0)
		say("    does not confirm %" PRIu64
		    " opened tip%s: some before %s have not been seen, or the"
		    " server has others by now",
		    ack->not_confirmed, ack->not_confirmed == 1 ? "" : "s",
		    ack->not_confirmed == 1 ? "it" : "them");
	if (ack->links_from > 0 && ack->links == 0)
		say("    has no links: tip %" PRIu64 " has not been seen",
		    ack->links_from);
	else if (ack->links_from > 0)
		say("    has links of tips %" PRIu64 " to %" PRIu64
		    ", for a server that forgot them",
		    ack->links_from, ack->links_last);
}

static void
say_contents(const struct wish *wish, const struct work *w)
{
	const struct ack *ack = &w->ack;
	char until[TIME_TEXT_LEN + 1], id[KEY_ID_TEXT_LEN + 1];

	key_id_text(w->head.signer, id);
	time_format((uint64_t)ack->last_day * PLAN_DAY, until);
	say("Return bundle %" PRIu64 " of signer %s is in %s.  It",
	    w->head.number, id, wish->out);
	say_confirmed(ack);
	if (ack->n == 0)
		say("    has no replies");
	else if (ack->again)
		say("    has the %zu repl%s of the last one again, to be kept"
		    " until %.10s",
		    ack->n, ack->n == 1 ? "y" : "ies", until);
	else
		say("    has %zu repl%s, to be kept until %.10s: %" PRIu64
		    " written, %" PRIu64 " that a tip arrived, %" PRIu64
		    " decoy%s",
		    ack->n, ack->n == 1 ? "y" : "ies", until, ack->waiting,
		    ack->arrived_tips, ack->decoys,
		    ack->decoys == 1 ? "" : "s");
	if (ack->covered_tips > 0)
		say("    answers %" PRIu64 " opened tip%s with the same word to"
		    " a later one of the thread",
		    ack->covered_tips, ack->covered_tips == 1 ? "" : "s");
	if (ack->no_mailbox > 0)
		say("    answers %" PRIu64
		    " other opened tip%s not: no return code, or not in %s",
		    ack->no_mailbox, ack->no_mailbox == 1 ? "" : "s",
		    wish->cases);
	say("The operator takes it in: tipline-operator import LINE %s",
	    wish->out);
}

/* The return bundle and the record of what was sent, both or none. */
static enum status
write_out(const struct wish *wish, struct work *w)
{
	struct ack *ack = &w->ack;
	enum status st;

	st = durable_stream_begin(
	    AT_FDCWD, wish->out, 0644, DURABLE_NEW, &w->out);
	if (st == ST_OK && !wish->again)
		st = outbox_sent_begin(&w->outbox, &ack->sentfd);
	if (st == ST_OK)
		st = returns_writer_begin(
		    &w->head, w->seed, to_file, w, &ack->writer);
	if (st != ST_OK) {
		say_error("cannot make %s: %s", wish->out, status_text(st));
		return st;
	}
	if ((st = ack_write(ack)) != ST_OK)
		return st;
	st = durable_stream_finish(AT_FDCWD, wish->out, DURABLE_NEW, &w->out);
	if (st != ST_OK) {
		say_error("cannot make %s: %s", wish->out, status_text(st));
		return st;
	}
	if (wish->again)
		return ST_OK;
	/* From here on a cut run sends a reply twice at worst. */
	if ((st = outbox_sent_finish(&w->outbox, &ack->sentfd)) == ST_OK)
		st = outbox_clear(&w->outbox);
	if (st == ST_OK)
		st = ack_remember(ack);
	if (st != ST_OK)
		say_error("%s is whole, but the outbox could not be put in"
			  " order (%s): the next one holds these replies again",
		    wish->out, status_text(st));
	return st;
}

static enum status
prepare(const struct wish *wish, struct work *w)
{
	char folder[PATH_MAX];
	const char *const read[] = {wish->cases, wish->text, NULL};
	const char *const write[] = {wish->keys, folder, NULL};
	const uint64_t today = (uint64_t)time(NULL) / PLAN_DAY;
	struct ack *ack = &w->ack;
	enum status st;

	outfile_folder(wish->out, folder);
	if ((w->seed = guarded_new(SECRET_KEY_LEN)) == NULL) {
		say_error("out of memory");
		return ST_NOMEM;
	}
	if ((st = desk_open(wish->keys, &w->desk)) != ST_OK ||
	    (st = outfile_is_free(wish->out)) != ST_OK ||
	    (st = take_arrived(wish, w)) != ST_OK ||
	    (st = outbox_open(w->desk.kr.dirfd, &w->outbox)) != ST_OK)
		return st;
	if (wish->again && w->outbox.sentfd == -1) {
		say_error("there was no return bundle before: nothing can be"
			  " sent again");
		return ST_ABSENT;
	}
	st = command_unlock(&w->desk.kr, wish->passphrase_file, read, write);
	if (st == ST_OK)
		st = keyring_signer(&w->desk.kr, w->seed, w->head.signer);
	if (st != ST_OK)
		return st;
	memcpy(w->head.server, w->desk.kr.set.server.id, KEY_ID_LEN);
	ack->desk = &w->desk;
	ack->outbox = &w->outbox;
	ack->seed = w->seed;
	ack->today = (uint32_t)today;
	ack->last_day = (uint32_t)(today + wish->keep_days);
	ack->pad = wish->pad;
	ack->links_from = wish->links_from;
	ack->again = wish->again;
	return ST_OK;
}

static int
ack_command(const struct wish *wish)
{
	struct work w = {.desk = DESK_INIT,
	    .outbox = {.dirfd = -1, .sentfd = -1},
	    .ack = {.cases = -1, .sentfd = -1},
	    .out = -1};
	bool good = prepare(wish, &w) == ST_OK && ack_gather(&w.ack) == ST_OK &&
	    take_number(wish, &w) == ST_OK && write_out(wish, &w) == ST_OK;

	if (good)
		say_contents(wish, &w);
	returns_writer_free(w.ack.writer);
	if (w.out != -1)
		durable_stream_drop(AT_FDCWD, wish->out, &w.out);
	if (w.ack.sentfd != -1)
		outbox_sent_drop(&w.outbox, &w.ack.sentfd);
	if (w.ack.cases != -1)
		close(w.ack.cases);
	guarded_free(w.ack.work);
	guarded_free(w.arrived);
	guarded_free(w.seed);
	ack_free(&w.ack);
	outbox_close(&w.outbox);
	desk_close(&w.desk);
	return good ? EXIT_DONE : EXIT_REFUSED;
}

static bool
take_option(int c, struct wish *wish)
{
	switch (c) {
	case 'c':
		wish->cases = optarg;
		return true;
	case 'p':
		wish->passphrase_file = optarg;
		return true;
	case OPT_AGAIN:
		return wish->again = true;
	case OPT_ARRIVED:
		return wish->arrived = true;
	case OPT_TEXT:
		wish->text = optarg;
		return true;
	case OPT_KEEP:
		return command_number(
		    "--keep-days", optarg, KEEP_DAYS_MAX, &wish->keep_days);
	case OPT_PAD:
		return command_number("--pad", optarg, ACK_PAD_MAX, &wish->pad);
	case OPT_LINKS:
		return command_number("--links-from", optarg, LEDGER_NUMBER_MAX,
		    &wish->links_from);
	case OPT_NUMBER:
		return command_number(
		    "--number", optarg, NUMBER_MAX, &wish->number);
	default:
		return false;
	}
}

static bool
go_together(const struct wish *wish)
{
	const char *why = NULL;

	if (wish->arrived && wish->cases == NULL)
		why = "--arrived needs --cases CASES";
	else if (wish->text != NULL && !wish->arrived)
		why = "--arrived-text is for --arrived";
	else if (wish->again && (wish->arrived || wish->pad > 0))
		why =
		    "--again sends what was sent, without --arrived and --pad";
	if (why != NULL)
		say_error("%s", why);
	return why == NULL;
}

int
cmd_ack(int argc, char **argv)
{
	cJSON_Hooks hooks = {wiping_malloc, wiping_free};
	struct wish wish = {.keep_days = ACK_DAYS_DEFAULT};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return command_help(help);
		if (!take_option(c, &wish))
			return command_usage(help);
	}
	if (argc - optind != 2 || !go_together(&wish))
		return command_usage(help);
	wish.keys = argv[optind];
	wish.out = argv[optind + 1];
	cJSON_InitHooks(&hooks);
	return ack_command(&wish);
}
