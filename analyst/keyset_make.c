/*
 * keyset_make: see keyset_make.h.
 */
#include "analyst/keyset_make.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyst/plan.h"
#include "analyst/say.h"
#include "base/guarded.h"
#include "crypto/minisign_sign.h"
#include "crypto/sign.h"

#define COMMENT_LEN 64

/* The two lines of an epoch but for the name, and all lines before them. */
#define EPOCH_TEXT_MAX 126
#define SET_TEXT_MAX 512

_Static_assert(
    (PLAN_WEEKS_MAX + 1) * (EPOCH_TEXT_MAX + KEY_NAME_MAX) + SET_TEXT_MAX <=
	    KEYSET_MAX &&
	PLAN_WEEKS_MAX < KEYSET_EPOCHS_MAX,
    "every number of weeks that is taken fits into a key set");

bool
keyset_make_name_is_good(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len >= 1 && len <= KEY_NAME_MAX && name[len] == '\0';
}

static enum status
check_server(struct keyring *kr, const struct keyset_wish *wish)
{
	struct bytes text = BYTES_INIT(SERVER_FILE_MAX);
	char was[KEY_ID_TEXT_LEN + 1], is[KEY_ID_TEXT_LEN + 1];
	enum status st;

	if (kr->has_set && !wish->replace_server &&
	    memcmp(kr->set.server.key, wish->server->key, PUBLIC_KEY_LEN) !=
		0) {
		key_id_text(kr->set.server.id, was);
		key_id_text(wish->server->id, is);
		say_error("these keys are for server %s, and this is server"
			  " %s; if it has really taken the other's place, add"
			  " --replace-server",
		    was, is);
		return ST_DENIED;
	}
	if ((st = server_identity_write(wish->server, &text)) == ST_OK)
		st = keyring_put(kr, "server.pub", &text);
	bytes_free(&text);
	return st;
}

/* The highest epoch number ever used, by a key file or by the last set. */
static uint32_t
highest_epoch(const struct keyring *kr)
{
	uint32_t top = 0;

	for (size_t i = 0; i < kr->epochs; i++)
		top = kr->epoch[i].info.epoch > top ? kr->epoch[i].info.epoch
						    : top;
	for (size_t i = 0; kr->has_set && i < kr->set.epochs; i++)
		top = kr->set.epoch[i].to.epoch > top
		    ? kr->set.epoch[i].to.epoch
		    : top;
	return top;
}

static bool
is_live(const struct keyring_epoch *e, uint64_t now)
{
	return e->info.until > now;
}

/*
 * Would so many epochs fit?  Known before any key is made: keys that live and
 * do not fit would be in the way for ever.
 */
static enum status
check_room(size_t epochs, const struct keyset_wish *wish)
{
	if (epochs <= KEYSET_EPOCHS_MAX &&
	    epochs * (EPOCH_TEXT_MAX + strlen(wish->name)) + SET_TEXT_MAX <=
		KEYSET_MAX)
		return ST_OK;
	say_error("%zu weeks do not fit into one key set: take fewer --weeks,"
		  " or a shorter --name",
	    epochs);
	return ST_LIMIT;
}

/* Make keys for the weeks that none covers yet. */
static enum status
make_keys(struct keyring *kr, const struct keyset_wish *wish)
{
	struct plan_week *week;
	uint64_t last = 0;
	uint32_t number = highest_epoch(kr);
	size_t live = 0, n;
	enum status st;

	for (size_t i = 0; i < kr->epochs; i++) {
		if (!is_live(&kr->epoch[i], wish->now))
			continue;
		live++;
		if (kr->epoch[i].info.until > last)
			last = kr->epoch[i].info.until;
	}
	if ((week = calloc(PLAN_WEEKS_MAX, sizeof(*week))) == NULL)
		return ST_NOMEM;
	n = plan_weeks(wish->now, last, wish->weeks, week);
	st = check_room(live + n, wish);
	for (size_t i = 0; i < n && st == ST_OK; i++) {
		if (number == UINT32_MAX)
			st = ST_LIMIT;
		else
			st = keyring_add_epoch(
			    kr, ++number, week[i].from, week[i].until);
	}
	free(week);
	return st;
}

static void
fill_epochs(const struct keyring *kr, const struct keyset_wish *wish,
    struct keyset *set)
{
	for (size_t i = 0; i < kr->epochs; i++) {
		const struct keyring_epoch *e = &kr->epoch[i];
		struct keyset_epoch *to = &set->epoch[set->epochs];

		if (!is_live(e, wish->now))
			continue;
		to->to.epoch = e->info.epoch;
		to->to.from = e->info.from;
		to->to.until = e->info.until;
		to->to.count = 1;
		memcpy(to->to.r[0].id, e->info.id, KEY_ID_LEN);
		memcpy(to->to.r[0].key, e->public_key, PUBLIC_KEY_LEN);
		(void)snprintf(
		    to->name[0], sizeof(to->name[0]), "%s", wish->name);
		set->epochs++;
	}
	set->from = set->epoch[0].to.from;
	set->until = set->epoch[set->epochs - 1].to.until;
}

static enum status
fill_signer(struct keyring *kr, const struct keyset_wish *wish,
    struct keyset_signer *signer)
{
	struct secret_info info;
	uint8_t *seed;
	enum status st;

	if ((seed = guarded_new(SECRET_KEY_LEN)) == NULL)
		return ST_NOMEM;
	st = keyring_secret(kr, "signer.key", SECRET_SIGNER, &info, seed);
	if (st == ST_OK) {
		sign_key_public(seed, signer->key);
		key_id(KEY_ROLE_SIGNER, signer->key, signer->id);
		(void)snprintf(
		    signer->name, sizeof(signer->name), "%s", wish->name);
	}
	guarded_free(seed);
	return st;
}

static enum status
write_set(struct keyring *kr, const struct keyset_wish *wish,
    struct keyset_made *made)
{
	struct keyset *set = &made->set;
	unsigned line = 0;
	struct keyset again;
	const char *why = "";
	enum status st;

	/* One place more, so that it is never of no bytes. */
	set->epoch = calloc(kr->epochs + 1, sizeof(*set->epoch));
	if (set->epoch == NULL)
		return ST_NOMEM;
	set->server = *wish->server;
	set->signers = 1;
	if ((st = fill_signer(kr, wish, &set->signer[0])) != ST_OK)
		return st;
	fill_epochs(kr, wish, set);
	if ((st = keyset_write(set, &made->text)) != ST_OK)
		return st;
	/* Never sign what the server would refuse. */
	st = keyset_parse(made->text.p, made->text.len, &again, &line, &why);
	if (st != ST_OK) {
		say_error("the key set would not be accepted: line %u: %s",
		    line, st == ST_MALFORMED ? why : status_text(st));
		return st;
	}
	keyset_free(&again);
	return ST_OK;
}

static enum status
sign_set(struct keyring *kr, struct keyset_made *made)
{
	char comment[COMMENT_LEN];
	struct secret_info info;
	uint8_t *seed;
	enum status st;

	if ((seed = guarded_new(SECRET_KEY_LEN)) == NULL)
		return ST_NOMEM;
	(void)snprintf(comment, sizeof(comment),
	    "tipline keyset sequence %" PRIu64, made->set.sequence);
	st = keyring_secret(kr, "root.key", SECRET_ROOT, &info, seed);
	if (st == ST_OK)
		st = minisign_sign(&kr->root, seed, made->text.p,
		    made->text.len, comment, &made->sig);
	if (st == ST_WRONG_KEY)
		say_error("root.key and root.pub do not belong together");
	guarded_free(seed);
	return st;
}

/* Take the next number, on disk before it is used. */
static enum status
next_sequence(struct keyring *kr, uint64_t *out)
{
	struct bytes text = BYTES_INIT(KEYRING_FILE_MAX);
	enum status st;

	if ((st = keyring_sequence(kr, out)) != ST_OK)
		return st;
	if (kr->has_set && kr->set.sequence > *out)
		*out = kr->set.sequence;
	++*out;
	if ((st = bytes_printf(&text, "%" PRIu64 "\n", *out)) == ST_OK)
		st = keyring_put(kr, "sequence", &text);
	bytes_free(&text);
	return st;
}

enum status
keyset_make(struct keyring *kr, const struct keyset_wish *wish,
    struct keyset_made *made)
{
	enum status st;

	if ((st = check_server(kr, wish)) != ST_OK)
		goto out;
	if ((st = keyring_load_epochs(kr)) != ST_OK)
		goto out;
	if ((st = make_keys(kr, wish)) != ST_OK)
		goto out;
	if ((st = next_sequence(kr, &made->set.sequence)) != ST_OK)
		goto out;
	if ((st = write_set(kr, wish, made)) != ST_OK)
		goto out;
	st = sign_set(kr, made);
out:
	if (st == ST_NOMEM)
		say_error("no memory for the key set");
	return st;
}

void
keyset_made_free(struct keyset_made *made)
{
	keyset_free(&made->set);
	bytes_free(&made->text);
	bytes_free(&made->sig);
}
