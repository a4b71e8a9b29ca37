/*
 * keyset_make: see keyset_make.h.
 */
#include "analyst/keyset_make.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyst/keyring_files.h"
#include "analyst/keyset_join.h"
#include "analyst/plan.h"
#include "analyst/say.h"
#include "base/guarded.h"
#include "crypto/minisign_sign.h"
#include "crypto/sign.h"

#define COMMENT_LEN 64

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

enum status
keyset_make_keys(struct keyring *kr, uint64_t now, size_t weeks)
{
	const uint32_t first = plan_epoch(now);
	enum status st = ST_OK;

	if (first == 0 || weeks > PLAN_WEEKS_MAX)
		return ST_LIMIT;
	for (uint32_t e = first; e < first + weeks && st == ST_OK; e++) {
		bool there = false;

		for (size_t i = 0; i < kr->epochs && !there; i++)
			there = kr->epoch[i].info.epoch == e;
		if (there)
			continue;
		say_progress(e - first, weeks, 0);
		st = keyring_add_epoch(kr, e);
		if (st == ST_EXPIRED) {
			say("The key of week %" PRIu32 " was destroyed here and"
			    " is not made again.",
			    e);
			st = ST_OK;
		}
	}
	say_progress_end();
	return st;
}

enum status
keyset_make_own(
    struct keyring *kr, uint64_t now, size_t weeks, struct analyst_keys *own)
{
	const uint32_t first = plan_epoch(now);
	uint8_t *seed;
	enum status st;

	*own = (struct analyst_keys){0};
	/* One place more, so that it is never of no bytes. */
	own->key = calloc(kr->epochs + 1, sizeof(*own->key));
	if (own->key == NULL || (seed = guarded_new(SECRET_KEY_LEN)) == NULL)
		return ST_NOMEM;
	st = keyring_signer(kr, seed, own->signer.id);
	if (st == ST_OK)
		sign_key_public(seed, own->signer.key);
	guarded_free(seed);
	memcpy(own->signer.name, kr->name, sizeof(own->signer.name));
	for (size_t i = 0; i < kr->epochs && own->count < weeks; i++) {
		const struct keyring_epoch *e = &kr->epoch[i];
		struct analyst_key *to = &own->key[own->count];

		/* A copy of a file under another name is one key still. */
		if (e->info.epoch < first ||
		    (own->count > 0 && to[-1].epoch == e->info.epoch))
			continue;
		to->epoch = e->info.epoch;
		to->from = e->info.from;
		to->until = e->info.until;
		memcpy(to->id, e->info.id, KEY_ID_LEN);
		memcpy(to->key, e->public_key, PUBLIC_KEY_LEN);
		own->count++;
	}
	return st;
}

/* All analysts of the set: this keyring's own first, then those named. */
static enum status
gather(struct keyring *kr, const struct keyset_wish *wish, struct keyset *set)
{
	struct analyst_keys *all, own = {0};
	size_t count = 0;
	enum status st = ST_OK;

	all = calloc(wish->analysts + 1, sizeof(*all));
	if (all == NULL)
		return ST_NOMEM;
	if (wish->own) {
		if ((st = keyring_load_epochs(kr)) != ST_OK)
			goto out;
		st = keyset_make_keys(kr, wish->now, wish->weeks);
		if (st != ST_OK)
			goto out;
		st = keyset_make_own(kr, wish->now, SIZE_MAX, &own);
		if (st != ST_OK)
			goto out;
		all[count++] = own; /* borrowed, as the others are */
	}
	for (size_t i = 0; i < wish->analysts; i++)
		all[count++] = wish->analyst[i];
	if ((st = keyset_join_check(all, count)) != ST_OK)
		goto out;
	st = keyset_join(all, count, plan_epoch(wish->now), set);
out:
	analyst_keys_free(&own);
	free(all);
	return st;
}

static enum status
write_set(struct keyset_made *made)
{
	struct keyset *set = &made->set;
	unsigned line = 0;
	struct keyset again;
	const char *why = "";
	enum status st;

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

/* Take the next number, or the one wished for, on disk before it is used. */
static enum status
next_sequence(struct keyring *kr, uint64_t wanted, uint64_t *out)
{
	enum status st;

	if ((st = keyring_sequence(kr, out)) != ST_OK)
		return st;
	if (wanted != 0 && wanted <= *out) {
		say_error("key set %" PRIu64 " was made or taken here already:"
			  " --sequence must be higher",
		    *out);
		return ST_EXISTS;
	}
	*out = wanted != 0 ? wanted : *out + 1;
	return keyring_sequence_put(kr, *out);
}

enum status
keyset_make(struct keyring *kr, const struct keyset_wish *wish,
    struct keyset_made *made)
{
	enum status st;

	if (!kr->keeps_root) {
		say_error("this keyring does not keep the root key, so it"
			  " cannot sign key sets%s",
		    kr->has_root ? "; its keeper makes them from what keys"
				   " make writes"
				 : "");
		return ST_ABSENT;
	}
	if ((st = check_server(kr, wish)) != ST_OK)
		goto out;
	if ((st = gather(kr, wish, &made->set)) != ST_OK)
		goto out;
	st = next_sequence(kr, wish->sequence, &made->set.sequence);
	if (st != ST_OK)
		goto out;
	made->set.server = *wish->server;
	if ((st = write_set(made)) != ST_OK)
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
