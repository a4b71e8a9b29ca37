/*
 * ledger: see ledger.h.
 *
 * Slot 0 of the file is its head, slot N the record of tip N; numbers are
 * little endian:
 *
 *	head    16 "tipline-ledger-1" | 8 server id | 8 u64 last |
 *	        8 u64 bundle | 4 u32 epoch | 4 zero | 8 u64 highest |
 *	        64 zero | 8 check
 *	record  1 state | 1 flags | 2 zero | 4 u32 epoch | 8 u64 length |
 *	        8 u64 bundle | 32 digest | 32 link | 32 other | 8 check
 *
 * The check is BLAKE2b over the slot's number and what stands before, so that
 * a damaged or moved slot is told.  highest is the highest record that was
 * flushed: a file that ends before it was cut; what stands behind it may be
 * half, since a run was cut there, and counts as never written.
 */
#include "analyst/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyst/say.h"
#include "base/durable.h"
#include "base/num.h"

#define SLOT_LEN 128
#define CHECK_LEN 8
#define CHECKED_LEN (SLOT_LEN - CHECK_LEN)
#define MAGIC "tipline-ledger-1"
#define MAGIC_LEN 16
#define NAME_LEN 32
#define WALK_SLOTS 512

#define FLAG_LINK 1
#define FLAG_PURGED 2
#define FLAG_ANSWERED 4
#define FLAG_OTHER_WAITS 8
#define FLAG_DIVERTED 16
#define FLAGS_ALL 31

struct ledger {
	int fd;
	uint8_t server[KEY_ID_LEN];
	struct ledger_facts facts;
	uint64_t highest; /* with a record */
	uint64_t flushed; /* as the head on disk says */
	bool changed;
};

static void
check_of(uint64_t slot, const uint8_t p[static CHECKED_LEN],
    uint8_t out[static CHECK_LEN])
{
	uint8_t message[8 + CHECKED_LEN], digest[DIGEST_LEN];

	le64_put(message, slot);
	memcpy(message + 8, p, CHECKED_LEN);
	blake2b("tipline-ledger-c", NULL, 0, message, sizeof(message), digest);
	memcpy(out, digest, CHECK_LEN);
}

static bool
is_whole(uint64_t slot, const uint8_t p[static SLOT_LEN])
{
	uint8_t check[CHECK_LEN];

	check_of(slot, p, check);
	return memcmp(check, p + CHECKED_LEN, CHECK_LEN) == 0;
}

/* Read up to len bytes; fewer at the file's end. */
static enum status
read_at(int fd, uint64_t at, uint8_t *p, size_t len, size_t *got)
{
	*got = 0;
	while (*got < len) {
		ssize_t n = pread(fd, p + *got, len - *got, (off_t)(at + *got));

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return ST_IO;
		if (n == 0)
			break;
		*got += (size_t)n;
	}
	return ST_OK;
}

static enum status
write_at(int fd, uint64_t at, const uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, p, len, (off_t)at);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno == ENOSPC || errno == EDQUOT ||
				errno == EFBIG
			    ? ST_FULL
			    : ST_IO;
		at += (uint64_t)n;
		p += n;
		len -= (size_t)n;
	}
	return ST_OK;
}

static enum status
put_head(struct ledger *l)
{
	uint8_t slot[SLOT_LEN] = {0};
	enum status st;

	memcpy(slot, MAGIC, MAGIC_LEN);
	memcpy(slot + 16, l->server, KEY_ID_LEN);
	le64_put(slot + 24, l->facts.last);
	le64_put(slot + 32, l->facts.bundle);
	le32_put(slot + 40, l->facts.epoch);
	le64_put(slot + 48, l->highest);
	check_of(0, slot, slot + CHECKED_LEN);
	if ((st = write_at(l->fd, 0, slot, sizeof(slot))) != ST_OK)
		return st;
	return fsync(l->fd) == 0 ? ST_OK : ST_IO;
}

static enum status
refuse(const char *name, const char *why)
{
	say_error("%s of the key folder %s; put it back from a copy, or move it"
		  " away and have the operator export all tips again"
		  " (tipline-operator export LINE FILE --from 1), which tells"
		  " a new one what it must know",
	    name, why);
	return ST_MALFORMED;
}

static enum status
take_head(struct ledger *l, const char *name, uint64_t size)
{
	uint8_t slot[SLOT_LEN];
	size_t got;
	enum status st;

	if ((st = read_at(l->fd, 0, slot, sizeof(slot), &got)) != ST_OK)
		return st;
	if (got < MAGIC_LEN || memcmp(slot, MAGIC, MAGIC_LEN) != 0)
		return refuse(name, "is no ledger of tips");
	if (got < sizeof(slot))
		return refuse(name, "is cut");
	if (!is_whole(0, slot))
		return refuse(name, "is damaged at its beginning");
	if (memcmp(slot + 16, l->server, KEY_ID_LEN) != 0)
		return refuse(name, "is another server's");
	l->facts.last = le64_get(slot + 24);
	l->facts.bundle = le64_get(slot + 32);
	l->facts.epoch = le32_get(slot + 40);
	l->highest = l->flushed = le64_get(slot + 48);
	if (l->highest > LEDGER_NUMBER_MAX)
		return refuse(name, "is damaged at its beginning");
	if (size < (l->highest + 1) * SLOT_LEN)
		return refuse(name, "is cut");
	/* Records of a run that was cut before its last flush. */
	if (size / SLOT_LEN > l->highest + 1)
		l->highest = size / SLOT_LEN - 1;
	if (l->highest > LEDGER_NUMBER_MAX)
		l->highest = LEDGER_NUMBER_MAX;
	return ST_OK;
}

enum status
ledger_open(
    int keys_dirfd, const struct server_identity *server, struct ledger **out)
{
	char name[NAME_LEN], id[KEY_ID_TEXT_LEN + 1];
	struct ledger *l = NULL;
	struct stat sb;
	enum status st = ST_NOMEM;

	*out = NULL;
	key_id_text(server->id, id);
	(void)snprintf(name, sizeof(name), "ledger-%s", id);
	if ((l = calloc(1, sizeof(*l))) == NULL)
		goto out;
	memcpy(l->server, server->id, KEY_ID_LEN);
	l->fd = openat(keys_dirfd, name,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (l->fd == -1) {
		st = errno == ENOSPC || errno == EDQUOT ? ST_FULL : ST_DENIED;
		goto out;
	}
	st = ST_IO;
	if (fstat(l->fd, &sb) != 0)
		goto out;
	if (!S_ISREG(sb.st_mode) || (sb.st_mode & 077) != 0) {
		say_error("%s of the key folder is not a file that only you"
			  " can read",
		    name);
		ledger_close(l);
		return ST_DENIED;
	}
	if (sb.st_size > 0)
		st = take_head(l, name, (uint64_t)sb.st_size);
	else if ((st = put_head(l)) == ST_OK)
		st = durable_sync_dir(keys_dirfd);
	if (st != ST_OK)
		goto out;
	*out = l;
	l = NULL; /* now the caller's */
out:
	/* What the file itself lacks was said. */
	if (st != ST_OK && st != ST_MALFORMED)
		say_error("cannot use %s of the key folder: %s", name,
		    st == ST_IO || st == ST_DENIED ? strerror(errno)
						   : status_text(st));
	ledger_close(l);
	return st;
}

void
ledger_close(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	if (ledger->fd != -1)
		close(ledger->fd);
	free(ledger);
}

static bool
is_blank(const uint8_t p[static SLOT_LEN])
{
	for (size_t i = 0; i < SLOT_LEN; i++) {
		if (p[i] != 0)
			return false;
	}
	return true;
}

/* A slot as it was read.  ST_ABSENT if it was never written. */
static enum status
take_slot(const struct ledger *l, uint64_t number,
    const uint8_t p[static SLOT_LEN], struct ledger_tip *tip)
{
	*tip = (struct ledger_tip){.state = LEDGER_NOT_SEEN};
	if (is_blank(p))
		return ST_ABSENT;
	if (!is_whole(number, p) || p[0] > LEDGER_ALTERED || p[1] > FLAGS_ALL) {
		if (number > l->flushed)
			return ST_ABSENT;
		say_error("the ledger of the key folder is damaged at tip"
			  " %" PRIu64,
		    number);
		return ST_MALFORMED;
	}
	tip->state = (enum ledger_state)p[0];
	tip->has_link = (p[1] & FLAG_LINK) != 0;
	tip->purged = (p[1] & FLAG_PURGED) != 0;
	tip->answered = (p[1] & FLAG_ANSWERED) != 0;
	tip->other_waits = (p[1] & FLAG_OTHER_WAITS) != 0;
	tip->diverted = (p[1] & FLAG_DIVERTED) != 0;
	tip->epoch = le32_get(p + 4);
	tip->len = le64_get(p + 8);
	tip->bundle = le64_get(p + 16);
	memcpy(tip->digest, p + 24, DIGEST_LEN);
	memcpy(tip->link, p + 56, DIGEST_LEN);
	memcpy(tip->other, p + 88, DIGEST_LEN);
	return ST_OK;
}

enum status
ledger_get(struct ledger *ledger, uint64_t number, struct ledger_tip *tip)
{
	uint8_t slot[SLOT_LEN];
	size_t got;
	enum status st;

	*tip = (struct ledger_tip){.state = LEDGER_NOT_SEEN};
	if (number == 0 || number > ledger->highest)
		return ST_OK;
	st = read_at(ledger->fd, number * SLOT_LEN, slot, sizeof(slot), &got);
	if (st != ST_OK || got < sizeof(slot))
		return st;
	st = take_slot(ledger, number, slot, tip);
	return st == ST_ABSENT ? ST_OK : st;
}

enum status
ledger_put(struct ledger *ledger, uint64_t number, const struct ledger_tip *tip)
{
	uint8_t slot[SLOT_LEN] = {0};
	enum status st;

	if (number == 0 || number > LEDGER_NUMBER_MAX)
		return ST_LIMIT;
	slot[0] = (uint8_t)tip->state;
	slot[1] = (uint8_t)((tip->has_link ? FLAG_LINK : 0) |
	    (tip->purged ? FLAG_PURGED : 0) |
	    (tip->answered ? FLAG_ANSWERED : 0) |
	    (tip->other_waits ? FLAG_OTHER_WAITS : 0) |
	    (tip->diverted ? FLAG_DIVERTED : 0));
	le32_put(slot + 4, tip->epoch);
	le64_put(slot + 8, tip->len);
	le64_put(slot + 16, tip->bundle);
	memcpy(slot + 24, tip->digest, DIGEST_LEN);
	memcpy(slot + 56, tip->link, DIGEST_LEN);
	memcpy(slot + 88, tip->other, DIGEST_LEN);
	check_of(number, slot, slot + CHECKED_LEN);
	st = write_at(ledger->fd, number * SLOT_LEN, slot, sizeof(slot));
	if (st != ST_OK)
		return st;
	ledger->changed = true;
	if (number > ledger->highest)
		ledger->highest = number;
	return ST_OK;
}

enum status
ledger_sync(struct ledger *ledger)
{
	enum status st;

	if (!ledger->changed)
		return ST_OK;
	/* Records first: the head says how far they are on disk. */
	if (fsync(ledger->fd) != 0)
		return ST_IO;
	if ((st = put_head(ledger)) != ST_OK)
		return st;
	ledger->flushed = ledger->highest;
	ledger->changed = false;
	return ST_OK;
}

void
ledger_facts(const struct ledger *ledger, struct ledger_facts *facts)
{
	*facts = ledger->facts;
}

void
ledger_facts_raise(struct ledger *ledger, const struct ledger_facts *facts)
{
	struct ledger_facts *own = &ledger->facts;

	if (facts->last > own->last) {
		own->last = facts->last;
		ledger->changed = true;
	}
	if (facts->bundle > own->bundle) {
		own->bundle = facts->bundle;
		ledger->changed = true;
	}
	if (facts->epoch > own->epoch) {
		own->epoch = facts->epoch;
		ledger->changed = true;
	}
}

/* Pass over a hole in the file, as numbers far apart leave one. */
static uint64_t
after_hole(const struct ledger *l, uint64_t number)
{
	const off_t at = lseek(l->fd, (off_t)(number * SLOT_LEN), SEEK_DATA);
	uint64_t next;

	if (at == -1) /* none up to the end, or not known here */
		return errno == ENXIO ? l->highest + 1 : number;
	next = (uint64_t)at / SLOT_LEN;
	return next > number ? next : number;
}

enum status
ledger_walk(
    struct ledger *ledger, uint64_t from, ledger_visit *visit, void *ctx)
{
	uint8_t *slots = malloc((size_t)WALK_SLOTS * SLOT_LEN);
	struct ledger_tip tip;
	enum status st = ST_OK;
	size_t got = 0;

	if (slots == NULL)
		return ST_NOMEM;
	from = from == 0 ? 1 : from;
	while (st == ST_OK &&
	    (from = after_hole(ledger, from)) <= ledger->highest) {
		st = read_at(ledger->fd, from * SLOT_LEN, slots,
		    (size_t)WALK_SLOTS * SLOT_LEN, &got);
		if (st != ST_OK || got < SLOT_LEN)
			break;
		for (size_t i = 0; i < got / SLOT_LEN && st == ST_OK; i++) {
			st =
			    take_slot(ledger, from, slots + i * SLOT_LEN, &tip);
			if (st == ST_OK)
				st = visit(ctx, from, &tip);
			else if (st == ST_ABSENT)
				st = ST_OK;
			from++;
		}
	}
	free(slots);
	return st == ST_EOF ? ST_OK : st;
}

struct epoch_count {
	uint32_t epoch;
	uint64_t known; /* numbers with a record, seen */
	uint64_t next;  /* the lowest number not seen yet */
	struct ledger_epoch *out;
};

static void
count_unknown(struct ledger_epoch *out, uint64_t first, uint64_t numbers)
{
	if (numbers > 0 && out->unknown == 0)
		out->first_unknown = first;
	out->unknown += numbers;
}

static enum status
count_tip(void *ctx, uint64_t number, const struct ledger_tip *tip)
{
	struct epoch_count *c = ctx;
	struct ledger_epoch *out = c->out;

	/* Its week is not known: it holds back all. */
	if (tip->other_waits && out->others++ == 0)
		out->first_other = number;
	if (tip->state == LEDGER_NOT_SEEN)
		return ST_OK;
	count_unknown(out, c->next, number - c->next);
	c->next = number + 1;
	if (tip->state == LEDGER_OPENED) {
		out->opened += tip->epoch == c->epoch;
	} else if (tip->purged) {
		/* Signed: an analyst confirmed it, and no bytes are left. */
		return ST_OK;
	} else if (tip->state == LEDGER_ALTERED) {
		/* Damaged for good, maybe: later weeks are not held back. */
		if (tip->epoch == 0 || c->epoch <= tip->epoch)
			count_unknown(out, number, 1);
	} else if (tip->epoch == 0) {
		count_unknown(out, number, 1);
	} else if (tip->epoch == c->epoch) {
		if (out->unopened++ == 0)
			out->first_unopened = number;
	}
	return ST_OK;
}

enum status
ledger_epoch(struct ledger *ledger, uint32_t epoch, struct ledger_epoch *out)
{
	struct epoch_count c = {.epoch = epoch, .next = 1, .out = out};
	enum status st;

	*out = (struct ledger_epoch){.stated = ledger->facts.epoch};
	if ((st = ledger_walk(ledger, 1, count_tip, &c)) != ST_OK)
		return st;
	if (c.next <= ledger->facts.last)
		count_unknown(out, c.next, ledger->facts.last - c.next + 1);
	return ST_OK;
}
