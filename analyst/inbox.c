/*
 * inbox: see inbox.h.
 */
#include "analyst/inbox.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyst/say.h"

/* So many altered tips are named one by one. */
#define ALTERED_SAID_MAX 20

/*
 * No sealed tip is shorter.  It bounds the memory for digests by the file's
 * size, also for a bundle of a million tips of no bytes.
 */
#define SEALED_LEN_MIN 4096

static enum status
read_some(void *ctx, void *p, size_t len, size_t *got)
{
	struct inbox *in = ctx;
	ssize_t n;

	*got = 0;
	do {
		n = in->regular ? pread(in->fd, p, len, (off_t)in->at)
				: read(in->fd, p, len);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return ST_IO;
	in->at += (uint64_t)n;
	*got = (size_t)n;
	return ST_OK;
}

static enum status
skip_some(void *ctx, uint64_t len, uint64_t *skipped)
{
	struct inbox *in = ctx;
	const uint64_t left = in->at < in->size ? in->size - in->at : 0;

	*skipped = len < left ? len : left;
	in->at += *skipped;
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
	else if (in->tips == 0)
		say_error("the bundle is cut off at byte %" PRIu64
			  ", before its first tip",
		    at);
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
	if (fstat(in->fd, &sb) == 0 && S_ISREG(sb.st_mode)) {
		in->regular = true;
		in->size = (uint64_t)sb.st_size;
	}
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

static enum status
say_changed(struct inbox *in)
{
	in->changed = true;
	say_error("the bundle has changed while it was read: what was opened"
		  " of it is proved, the rest is not touched");
	return ST_FORGED;
}

static enum status
keep_digest(struct inbox *in, const uint8_t digest[static DIGEST_LEN])
{
	if (in->digests_len > in->size / SEALED_LEN_MIN) {
		say_error("the bundle names more tips than it has room for");
		return ST_LIMIT;
	}
	if (in->digests_len == in->digests_cap) {
		size_t cap = in->digests_cap == 0 ? 64 : in->digests_cap * 2;
		uint8_t *p = realloc(in->digests, cap * DIGEST_LEN);

		if (p == NULL) {
			say_error("out of memory");
			return ST_NOMEM;
		}
		in->digests = p;
		in->digests_cap = cap;
	}
	memcpy(
	    in->digests + in->digests_len++ * DIGEST_LEN, digest, DIGEST_LEN);
	return ST_OK;
}

/* Hop to the end.  ST_EOF there. */
static enum status
hop(struct inbox *in)
{
	enum status st;

	while ((st = inbox_next(in)) == ST_OK) {
		if ((st = keep_digest(in, in->tip.digest)) != ST_OK ||
		    (st = bundle_reader_skip(in->reader, skip_some)) != ST_OK)
			break;
		in->tips++;
	}
	say_progress_end();
	return st;
}

/* Begin at the first tip again; the head must be the same. */
static enum status
begin_again(struct inbox *in)
{
	const struct bundle_head was = in->head;
	enum bundle_problem problem;
	enum status st;

	bundle_reader_free(in->reader);
	in->reader = NULL;
	in->at = in->tips = 0;
	in->tip = (struct bundle_tip){0};
	(void)posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	st = bundle_reader_begin(
	    read_some, in, &in->head, &problem, &in->reader);
	if (st != ST_OK) {
		say_problem(in, problem);
		return st;
	}
	if (memcmp(was.server, in->head.server, KEY_ID_LEN) != 0 ||
	    was.before.number != in->head.before.number ||
	    memcmp(was.before.head, in->head.before.head, DIGEST_LEN) != 0)
		return say_changed(in);
	return ST_OK;
}

enum status
inbox_prove(struct inbox *in, const struct server_identity *server)
{
	enum status st;

	(void)posix_fadvise(in->fd, 0, 0, POSIX_FADV_RANDOM);
	if ((st = hop(in)) == ST_EOF)
		st = bundle_reader_finish(in->reader, server->key, NULL);
	in->faulty = bundle_reader_problem(in->reader);
	if (st == ST_NOMEM)
		return st;
	if (st == ST_WRONG_KEY)
		say_server(in, server);
	if (st != ST_OK)
		say_problem(in, in->faulty);
	if (begin_again(in) != ST_OK)
		return ST_FORGED;
	in->proved = st == ST_OK;
	return ST_OK;
}

/* Is the tip that stands next the one that was proved? */
static bool
is_as_proved(const struct inbox *in)
{
	return in->tips < in->digests_len &&
	    memcmp(in->tip.digest, in->digests + in->tips * DIGEST_LEN,
		DIGEST_LEN) == 0;
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
	if (st == ST_OK && in->proved && !is_as_proved(in))
		return say_changed(in);
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
	enum bundle_problem problem;

	say_progress_end();
	if (st == ST_EOF)
		st = bundle_reader_finish(in->reader, server->key, NULL);
	if (st == ST_WRONG_KEY)
		say_server(in, server);
	if (st != ST_OK) {
		problem = bundle_reader_problem(in->reader);
		/* Once is enough. */
		if (problem != in->faulty)
			say_problem(in, problem);
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
	free(in->digests);
	if (in->fd != -1)
		close(in->fd);
	*in = (struct inbox){.fd = -1};
}
