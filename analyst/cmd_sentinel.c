/*
 * tipline-analyst sentinel: test tips that must come back.
 */
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analyst/command.h"
#include "analyst/keyring.h"
#include "analyst/outfile.h"
#include "analyst/plan.h"
#include "analyst/say.h"
#include "analyst/sentinels.h"
#include "base/durable.h"
#include "base/num.h"

#define DAYS_MAX 365
#define NAME_LEN 8 /* hex digits of a digest that name one */

static const char make_help[] =
    "usage: tipline-analyst sentinel make KEYS --out FILE [--days N]\n"
    "\n"
    "Write a text of ordinary sentences into FILE, to be sent by hand through\n"
    "the front door as anybody would (Tor Browser, another network, another\n"
    "day).  Only its digest is kept in KEYS.  If open does not find it among\n"
    "the tips within N days (14), it is overdue: tips may be dropped without "
    "a\n"
    "sign.  Delete FILE once it is sent.  Whoever took the server over may\n"
    "know these sentences, too: a text of your own is better, with "
    "tipline-analyst\n"
    "sentinel add.\n";

static const char add_help[] =
    "usage: tipline-analyst sentinel add KEYS FILE [--days N]\n"
    "\n"
    "Remember the text in FILE, which you send by hand through the front\n"
    "door, as sentinel make does it with a text of its own.  Line ends, and\n"
    "blanks at the ends of lines, do not matter; all else must be sent as it\n"
    "is.\n";

static const char list_help[] =
    "usage: tipline-analyst sentinel list KEYS\n"
    "\n"
    "List all sentinels: made when, due when, and whether they came back.\n"
    "The exit code is 1 if one is overdue.\n";

static const struct option options[] = {
    {"days", required_argument, NULL, 'd'},
    {"help", no_argument, NULL, 'h'},
    {"out", required_argument, NULL, 'o'},
    {NULL, 0, NULL, 0},
};

struct wish {
	const char *keys, *file;
	uint64_t days;
};

static void
name_of(const struct sentinel *s, char name[static NAME_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < NAME_LEN; i++)
		name[i] = digits[i % 2 == 0 ? s->digest[i / 2] >> 4
					    : s->digest[i / 2] & 15];
	name[NAME_LEN] = '\0';
}

/* Begin with the keyring open, its sentinels read, and confined. */
static enum status
begin(const struct wish *wish, struct keyring *kr, struct sentinels *s)
{
	char folder[PATH_MAX];
	const char *const write[] = {
	    wish->keys, wish->file != NULL ? folder : NULL, NULL};
	enum status st;

	if ((st = keyring_open(wish->keys, kr)) != ST_OK ||
	    (st = sentinels_load(kr->dirfd, s)) != ST_OK)
		return st;
	if (wish->file != NULL)
		outfile_folder(wish->file, folder);
	return command_confine(NULL, write);
}

static enum status
remember(const struct wish *wish, struct sentinels *s, const struct bytes *text)
{
	/* Only the day: when exactly, nobody needs to know. */
	const uint64_t today = (uint64_t)time(NULL) / PLAN_DAY * PLAN_DAY;
	uint8_t digest[DIGEST_LEN];
	char name[NAME_LEN + 1], due[TIME_TEXT_LEN + 1];
	enum status st;

	st = sentinels_digest(text->p, text->len, digest);
	if (st == ST_ABSENT) {
		say_error("there is no text in %s", wish->file);
		return st;
	}
	if (st == ST_OK)
		st = sentinels_add(
		    s, digest, today, today + wish->days * PLAN_DAY);
	if (st == ST_EXISTS)
		say_error("this text is a sentinel already: each must be"
			  " another");
	else if (st != ST_OK)
		say_error("cannot keep the sentinel: %s", status_text(st));
	if (st != ST_OK)
		return st;
	name_of(&s->s[s->n - 1], name);
	time_format(s->s[s->n - 1].due, due);
	say("Sentinel %s is remembered.  Send the text of %s through the front"
	    " door soon, then delete that file; it is due by %.10s.",
	    name, wish->file, due);
	return ST_OK;
}

static enum status
make(const struct wish *wish, struct sentinels *s)
{
	struct bytes text = BYTES_INIT(SENTINELS_TEXT_MAX);
	enum status st = sentinels_text(&text);

	if (st == ST_OK)
		st = durable_write(
		    AT_FDCWD, wish->file, text.p, text.len, 0600, DURABLE_NEW);
	if (st != ST_OK)
		say_error("cannot write %s: %s", wish->file, status_text(st));
	else if ((st = remember(wish, s, &text)) != ST_OK)
		(void)unlink(wish->file);
	bytes_free(&text);
	return st;
}

static enum status
add(const struct wish *wish, struct sentinels *s)
{
	struct bytes text = BYTES_INIT(SENTINELS_TEXT_MAX);
	enum status st = outfile_read(wish->file, &text);

	if (st == ST_OK)
		st = remember(wish, s, &text);
	bytes_free(&text);
	return st;
}

static enum status
list(const struct wish *wish, struct sentinels *s)
{
	const uint64_t now = (uint64_t)time(NULL);
	char name[NAME_LEN + 1];
	char made[TIME_TEXT_LEN + 1], due[TIME_TEXT_LEN + 1];
	uint64_t since;

	(void)wish;
	if (s->n == 0)
		say("There are no sentinels.");
	for (size_t i = 0; i < s->n; i++) {
		const struct sentinel *one = &s->s[i];

		name_of(one, name);
		time_format(one->made, made);
		time_format(one->due, due);
		if (one->tip != 0)
			say("%s made %.10s, due %.10s: came back as tip"
			    " %" PRIu64,
			    name, made, due, one->tip);
		else
			say("%s made %.10s, due %.10s: %s", name, made, due,
			    one->due > now ? "not yet" : "OVERDUE");
	}
	return sentinels_overdue(s, now, &since) == 0 ? ST_OK : ST_EXPIRED;
}

static int
run(const struct wish *wish,
    enum status (*job)(const struct wish *wish, struct sentinels *s))
{
	struct keyring kr = {.dirfd = -1};
	struct sentinels s = {0};
	bool good = begin(wish, &kr, &s) == ST_OK && job(wish, &s) == ST_OK;

	sentinels_free(&s);
	keyring_close(&kr);
	return good ? EXIT_DONE : EXIT_REFUSED;
}

/* Parse the arguments: of operands so many, and --out where it is one.
 * Returns an exit code, or -1 to go on. */
static int
parse(int argc, char **argv, const char *help, int operands, struct wish *wish)
{
	int c;

	*wish = (struct wish){.days = SENTINELS_DAYS_DEFAULT};
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return command_help(help);
		if (c == 'o' && help == make_help)
			wish->file = optarg;
		else if (c != 'd' || help == list_help ||
		    !command_number("--days", optarg, DAYS_MAX, &wish->days))
			return command_usage(help);
	}
	if (argc - optind != operands ||
	    (help == make_help && wish->file == NULL))
		return command_usage(help);
	wish->keys = argv[optind];
	if (operands == 2)
		wish->file = argv[optind + 1];
	return -1;
}

int
cmd_sentinel_make(int argc, char **argv)
{
	struct wish wish;
	int code = parse(argc, argv, make_help, 1, &wish);

	return code != -1 ? code : run(&wish, make);
}

int
cmd_sentinel_add(int argc, char **argv)
{
	struct wish wish;
	int code = parse(argc, argv, add_help, 2, &wish);

	return code != -1 ? code : run(&wish, add);
}

int
cmd_sentinel_list(int argc, char **argv)
{
	struct wish wish;
	int code = parse(argc, argv, list_help, 1, &wish);

	return code != -1 ? code : run(&wish, list);
}
