/*
 * inbox: see inbox.h.
 */
#include "analyst/inbox.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyst/say.h"

/* So many altered tips are named one by one. */
#define ALTERED_SAID_MAX 20

static enum status
read_some(void *ctx, void *p, size_t len, size_t *got)
{
	const struct inbox *in = ctx;
	ssize_t n;

	*got = 0;
	do {
		n = read(in->fd, p, len);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return ST_IO;
	*got = (size_t)n;
	return ST_OK;
}

static void
say_server(const struct inbox *in, const struct server_identity *server)
{
	char theirs[KEY_ID_TEXT_LEN + 1], ours[KEY_ID_TEXT_LEN + 1];

	key_id_text(in->head.server, theirs);
	key_id_text(server->id, ours);
	say_error("this bundle is another server's: it names server %s, and"
		  " these keys are for server %s",
	    theirs, ours);
}

/* What needs no place in the file to be said. */
static const char *const plain_problem[] = {
    [BUNDLE_NONE] = "this is not a bundle of a tip line",
    [BUNDLE_OTHER_VERSION] =
	"this bundle is of a version that this program does not know:"
	" a newer tipline-analyst is needed",
    [BUNDLE_COUNT] = "the bundle's end counts other tips than there are:"
		     " tips were taken out or put in",
    [BUNDLE_CHAIN] =
	"the chain of tips does not lead from the bundle's head to its end:"
	" tips were exchanged, taken out or put in",
    [BUNDLE_SIGNATURE] =
	"the bundle's signature is not the server's: nothing proves where it"
	" comes from",
    [BUNDLE_ALTERED] = "the list of tips is genuine, but not every tip is",
};

static void
say_cut(const struct inbox *in, uint64_t at, uint64_t before)
{
	if (in->reader == NULL)
		say_error("the bundle is cut off in its head");
	else if (in->tip.number > before)
		say_error("the bundle is cut off at byte %" PRIu64
			  ", in tip %" PRIu64,
		    at, in->tip.number);
	else
		say_error("the bundle is cut off at byte %" PRIu64
			  ", behind tip %" PRIu64 ": its end is missing",
		    at, before);
}

static void
say_problem(const struct inbox *in, enum bundle_problem problem)
{
	const uint64_t at =
	    in->reader == NULL ? 0 : bundle_reader_offset(in->reader);
	const uint64_t before =
	    in->head.before.number + in->tips; /* last whole tip */

	switch (problem) {
	case BUNDLE_UNREADABLE:
		say_error("the bundle cannot be read on: %s", strerror(errno));
		break;
	case BUNDLE_CUT:
		say_cut(in, at, before);
		break;
	case BUNDLE_JUMP:
		say_error("the numbers jump: tip %" PRIu64
			  " should follow, tip %" PRIu64 " does",
		    before + 1, in->tip.number);
		break;
	case BUNDLE_LAYOUT:
		say_error("damaged at byte %" PRIu64 ", behind tip %" PRIu64
			  ": no tip begins there",
		    at, before);
		break;
	case BUNDLE_MORE:
		say_error("there is something behind the bundle's end, at byte"
			  " %" PRIu64,
		    at);
		break;
	case BUNDLE_FINE:
	case BUNDLE_OTHER_SERVER: /* said by whoever knows both */
		break;
	default:
		say_error("%s", plain_problem[problem]);
		break;
	}
}

enum status
inbox_open(
    const char *path, const struct server_identity *server, struct inbox *in)
{
	enum bundle_problem problem;
	struct stat sb;
	enum status st;

	*in = (struct inbox){.fd = -1};
	in->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (in->fd == -1) {
		say_error(
		    "cannot open the bundle %s: %s", path, strerror(errno));
		return errno == ENOENT ? ST_ABSENT : ST_DENIED;
	}
	if (fstat(in->fd, &sb) == 0 && S_ISREG(sb.st_mode))
		in->size = (uint64_t)sb.st_size;
	(void)posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	st = bundle_reader_begin(
	    read_some, in, &in->head, &problem, &in->reader);
	if (st != ST_OK) {
		say_problem(in, problem);
		return st;
	}
	if (memcmp(in->head.server, server->id, KEY_ID_LEN) != 0) {
		say_server(in, server);
		return ST_WRONG_KEY;
	}
	return ST_OK;
}

enum status
inbox_next(struct inbox *in)
{
	struct bundle_tip tip;
	enum status st;

	st = bundle_reader_next(in->reader, &tip);
	say_progress(bundle_reader_offset(in->reader), in->size,
	    in->head.before.number + in->tips + 1);
	if (st == ST_OK || bundle_reader_problem(in->reader) == BUNDLE_JUMP)
		in->tip = tip;
	return st;
}

enum status
inbox_tip_end(struct inbox *in)
{
	const uint8_t *p;
	size_t n;
	enum status st;

	do {
		if ((st = bundle_reader_data(in->reader, &p, &n)) != ST_OK)
			return st;
		say_progress(
		    bundle_reader_offset(in->reader), in->size, in->tip.number);
	} while (n > 0);
	st = bundle_reader_tip_end(in->reader);
	if (st != ST_OK && st != ST_FORGED)
		return st;
	in->tips++;
	if (st == ST_FORGED && in->altered++ < ALTERED_SAID_MAX)
		say_error("tip %" PRIu64
			  " is altered: its bytes do not have the digest that"
			  " the server recorded",
		    in->tip.number);
	return st;
}

bool
inbox_conclude(
    struct inbox *in, enum status st, const struct server_identity *server)
{
	char id[KEY_ID_TEXT_LEN + 1];
	const uint64_t first = in->head.before.number + 1;

	say_progress_end();
	if (st == ST_EOF)
		st = bundle_reader_finish(in->reader, server->key, NULL);
	if (st == ST_WRONG_KEY)
		say_server(in, server);
	if (st != ST_OK) {
		say_problem(in, bundle_reader_problem(in->reader));
		say("The bundle is NOT complete and unaltered.  First number"
		    " %" PRIu64 "; %" PRIu64 " tips could be read.",
		    first, in->tips);
		return false;
	}
	key_id_text(server->id, id);
	say("The bundle is complete and unaltered, from server %s.", id);
	if (in->tips == 0)
		say("It holds no tips; first number %" PRIu64
		    " would be the next.",
		    first);
	else
		say("It holds %" PRIu64 " tip%s: first number %" PRIu64
		    ", last number %" PRIu64 ".",
		    in->tips, in->tips == 1 ? "" : "s", first,
		    first + in->tips - 1);
	return true;
}

void
inbox_close(struct inbox *in)
{
	say_progress_end();
	bundle_reader_free(in->reader);
	if (in->fd != -1)
		close(in->fd);
	*in = (struct inbox){.fd = -1};
}
