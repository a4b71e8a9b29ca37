/*
 * check_keys: the clock, the key set and the server's own key.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/durable.h"
#include "base/guarded.h"
#include "base/num.h"
#include "crypto/keyset.h"
#include "crypto/sign.h"
#include "operator/check_parts.h"
#include "operator/status_parts.h"
#include "operator/tool.h"

#define DAY 86400
#define FAR (400 * DAY) /* a key set much older than this is forgotten */

static void
check_clock(const struct keyset *set, uint64_t now, struct findings *f)
{
	char text[TIME_TEXT_LEN + 1], other[TIME_TEXT_LEN + 1];

	time_format(now, text);
	/* A day of grace: the build machine's clock is no better. */
	if (now + DAY < TIPLINE_BUILT) {
		finding_fail(f,
		    "clock: it says %s, before this program was"
		    " built: set it (timedatectl)",
		    text);
		return;
	}
	if (set != NULL && now < set->from) {
		time_format(set->from, other);
		finding_fail(f,
		    "clock: it says %s, but the key set begins at"
		    " %s: set the clock, or ask for a key set that"
		    " is valid now",
		    text, other);
		return;
	}
	if (set != NULL && now > set->until && now - set->until > FAR) {
		finding_warn(f,
		    "clock: it says %s, more than a year after the"
		    " key set's end: is that right?",
		    text);
		return;
	}
	finding_ok(f, "clock: %s, which can be right", text);
}

static void
check_life(const struct keyset *set, uint64_t now, struct findings *f)
{
	char until[TIME_TEXT_LEN + 1], gap[TIME_TEXT_LEN + 1];
	uint64_t days, at;

	time_format(set->until, until);
	if (now >= set->until) {
		finding_fail(f,
		    "key set: it ended at %s, the form is closed:"
		    " install a new one",
		    until);
		return;
	}
	days = (set->until - now) / DAY;
	/* Weeks without a key close the form for that long. */
	if (status_gap(set, now, &at)) {
		time_format(at, gap);
		finding_warn(f,
		    "key set: no key from %s on for a while: the"
		    " form will be closed then",
		    gap);
	}
	/* The first half of its life is time enough to make the next. */
	if (line_keyset_ages(set, now))
		finding_warn(f,
		    "key set: number %" PRIu64 ", %" PRIu64
		    " days left, until %s: have a new one made and"
		    " install it",
		    set->sequence, days, until);
	else
		finding_ok(f,
		    "key set: number %" PRIu64 ", signed by the"
		    " pinned root, %" PRIu64 " days left, until %s",
		    set->sequence, days, until);
}

static void
check_epoch(const struct line *line, const struct keyset *set, uint64_t now,
    struct findings *f)
{
	const struct keyset_epoch *e;
	char text[TIME_TEXT_LEN + 1], why[LINE_WHY_LEN];
	enum epoch_state state;
	uint64_t opens;
	uint32_t floor;

	if (line_epoch(line, &floor, why) != ST_OK)
		finding_fail(f, "epoch: %s", why);
	e = keyset_in_force(set, now, floor, &state, &opens);
	if (e == NULL && state == EPOCH_EARLY) {
		time_format(opens, text);
		finding_fail(f,
		    "epoch: none is in force before %s, the form is closed:"
		    " set the clock if it is wrong, else install a key set"
		    " for this time",
		    text);
		return;
	}
	if (e == NULL) {
		finding_fail(f,
		    "epoch: none is in force, the form is closed:"
		    " install a key set for this time");
		return;
	}
	time_format(e->to.until, text);
	if (state == EPOCH_AHEAD)
		finding_warn(f,
		    "epoch: the clock is behind: %" PRIu32 " was in force"
		    " here before and goes on being used, at most until %s:"
		    " set the clock (timedatectl)",
		    e->to.epoch, text);
	else
		finding_ok(f,
		    "epoch: %" PRIu32 " is in force until %s, for %zu"
		    " analyst%s",
		    e->to.epoch, text, e->to.count,
		    e->to.count == 1 ? "" : "s");
}

/* The seed in server.key must make the key in server.pub. */
static void
check_server_key(const struct line *line, struct findings *f)
{
	struct bytes file = BYTES_INIT(SERVER_KEY_FILE_LEN);
	struct server_identity server;
	uint8_t own[PUBLIC_KEY_LEN], *seed;
	char why[LINE_WHY_LEN], id[KEY_ID_TEXT_LEN + 1];
	enum status st;

	if (line_server(line, &server, why) != ST_OK) {
		finding_fail(f, "server key: %s", why);
		return;
	}
	if (strcmp(server.onion, line->config.onion) != 0)
		finding_fail(f,
		    "server key: " LINE_SERVER_PUB " says onion"
		    " %s, " CONFIG_FILE " says %s: a key set can"
		    " fit only one of them",
		    server.onion[0] ? server.onion : "none",
		    line->config.onion[0] ? line->config.onion : "none");
	if ((seed = guarded_new(SECRET_KEY_LEN)) == NULL) {
		finding_fail(f, "server key: out of memory");
		return;
	}
	st = durable_read_secret(line->dirfd, LINE_SERVER_KEY, &file);
	if (st == ST_OK)
		st = server_key_parse(file.p, file.len, seed);
	key_id_text(server.id, id);
	if (st != ST_OK)
		finding_fail(
		    f, "server key: " LINE_SERVER_KEY ": %s", tool_words(st));
	else if (sign_key_public(seed, own),
	    memcmp(own, server.key, sizeof(own)) != 0)
		finding_fail(f,
		    "server key: " LINE_SERVER_KEY " and " LINE_SERVER_PUB
		    " do not belong together:"
		    " bring both back from your backup");
	else
		finding_ok(f, "server key: %s", id);
	guarded_free(seed);
	bytes_free(&file);
}

void
check_keys(const struct line *line, struct findings *f)
{
	char why[LINE_WHY_LEN];
	struct keyset set;
	uint64_t now = (uint64_t)time(NULL);
	enum status st = line_keyset_load(line, &set, why);

	check_clock(st == ST_OK ? &set : NULL, now, f);
	check_server_key(line, f);
	if (line_is_restored(line)) {
		finding_fail(f, "key set: %s", why);
		return;
	}
	if (st == ST_ABSENT) {
		finding_fail(f,
		    "key set: none is installed, the form is"
		    " closed: tipline-operator keyset install %s"
		    " keyset.txt --root root.pub",
		    line->path);
		return;
	}
	if (st != ST_OK) {
		finding_fail(f, "key set: %s", why);
		return;
	}
	check_life(&set, now, f);
	if (now < set.until)
		check_epoch(line, &set, now, f);
	keyset_free(&set);
}
