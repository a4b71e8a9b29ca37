/*
 * keyset_take: see keyset_take.h.
 */
#include "analyst/keyset_take.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyst/keyring_files.h"
#include "analyst/keyring_root.h"
#include "analyst/say.h"
#include "base/durable.h"
#include "base/num.h"

/* Which root must have signed it. */
static enum status
choose_root(const struct keyring *kr, const struct keyset_offer *offer,
    const struct minisign_key **root)
{
	char given[FINGERPRINT_TEXT_LEN + 1], pinned[FINGERPRINT_TEXT_LEN + 1];

	*root = kr->has_root ? &kr->root : offer->root;
	if (*root == NULL) {
		say_error("no root is pinned here yet: give --root root.pub,"
			  " and compare the fingerprint that is shown with the"
			  " printed one");
		return ST_ABSENT;
	}
	if (offer->root == NULL ||
	    memcmp(offer->root->key, (*root)->key, PUBLIC_KEY_LEN) == 0)
		return ST_OK;
	minisign_fingerprint(offer->root, given);
	minisign_fingerprint(&kr->root, pinned);
	say_error("the root given is\n    %s\nand the one pinned here is\n"
		  "    %s\nThe key set was not taken.  A root is followed with"
		  " root take, and a lost or stolen one replaced with root"
		  " replace",
	    given, pinned);
	return ST_DENIED;
}

static enum status
check_signature(const struct keyring *kr, const struct keyset_offer *offer,
    const struct minisign_key *root)
{
	enum status st = minisign_verify(root, offer->text->p, offer->text->len,
	    offer->sig->p, offer->sig->len);

	if (st == ST_WRONG_KEY && kr->has_root &&
	    keyring_root_verify(kr, offer->text, offer->sig) == ST_OK)
		say_error("this key set was signed by a root that has been"
			  " replaced since: it was not taken.  Ask the root's"
			  " keeper for one that the new root has signed");
	else if (st == ST_WRONG_KEY)
		say_error("this key set was signed by another root than the"
			  " one pinned here: it was not taken.  If the root was"
			  " changed, root take comes first");
	else if (st == ST_FORGED)
		say_error("the signature is not that of this key set: it was"
			  " altered, or belongs to another one.  It was not"
			  " taken");
	else if (st != ST_OK)
		say_error("the signature cannot be read: %s", status_text(st));
	return st;
}

/* One that was missed when it was new never comes into force here, but tips
 * of its weeks are opened with what it says of them. */
static enum status
check_sequence(struct keyring *kr, const struct keyset_offer *offer,
    const struct keyset *set, bool *missed)
{
	struct bytes stored = BYTES_INIT(KEYSET_MAX);
	char name[KEYRING_NAME_MAX];
	uint64_t highest;
	enum status st;

	if ((st = keyring_sequence(kr, &highest)) != ST_OK)
		return st;
	(void)snprintf(
	    name, sizeof(name), "keysets/%06" PRIu64 ".txt", set->sequence);
	if (set->sequence < highest && !keyring_is_there(kr, name)) {
		*missed = true;
		return ST_OK;
	}
	if (set->sequence < highest) {
		say_error("this is key set %" PRIu64 ", and %" PRIu64 " was"
			  " made or taken here before: an older one is never"
			  " taken again",
		    set->sequence, highest);
		return ST_EXPIRED;
	}
	st = keyring_get(kr, name, &stored);
	if (st == ST_ABSENT)
		st = ST_OK;
	else if (st == ST_OK &&
	    (stored.len != offer->text->len ||
		memcmp(stored.p, offer->text->p, stored.len) != 0)) {
		say_error("another key set %" PRIu64 " was taken here before:"
			  " two of one number mean that the root's keeper, or"
			  " somebody with the root key, signed twice.  It was"
			  " not taken: ask",
		    set->sequence);
		st = ST_EXISTS;
	}
	bytes_free(&stored);
	return st;
}

/* The name under which this keyring's signer stands in the set; NULL if it
 * does not. */
static const char *
own_name(const struct keyset *set, const uint8_t *signer)
{
	for (size_t i = 0; i < set->signers; i++) {
		if (memcmp(set->signer[i].id, signer, KEY_ID_LEN) == 0)
			return set->signer[i].name;
	}
	return NULL;
}

static bool
is_at_hand(const struct keyring_item *item, size_t count, const uint8_t *id)
{
	for (size_t i = 0; i < count; i++) {
		if (!item[i].destroyed &&
		    memcmp(item[i].info.id, id, KEY_ID_LEN) == 0)
			return true;
	}
	return false;
}

/* Say for which weeks the set names a key under our name that is not here.
 * Weeks that have ended need none. */
static void
say_missing(const struct keyset *set, const char *name,
    const struct keyring_item *item, size_t count, uint64_t now)
{
	char id[KEY_ID_TEXT_LEN + 1], day[TIME_TEXT_LEN + 1];
	size_t missing = 0;

	for (size_t e = 0; e < set->epochs; e++) {
		const struct keyset_epoch *at = &set->epoch[e];

		if (at->to.until <= now)
			continue;
		for (size_t i = 0; i < at->to.count; i++) {
			if (strcmp(at->name[i], name) != 0 ||
			    is_at_hand(item, count, at->to.r[i].id))
				continue;
			key_id_text(at->to.r[i].id, id);
			time_format(at->to.from, day);
			say("warning: week %" PRIu32 " (from %.10s on) is"
			    " sealed to a key of %s, %s, that is not in this"
			    " keyring",
			    at->to.epoch, day, name, id);
			missing++;
		}
	}
	if (missing > 0)
		say("Tips of %zu week%s could not be opened here.  Make keys"
		    " again (keys make) and have the root's keeper sign them,"
		    " or find the keyring that has them.",
		    missing, missing == 1 ? "" : "s");
}

/* Are the keys under our name ours?  A stranger's would be sealed to. */
static enum status
check_own(struct keyring *kr, const struct keyset *set, uint64_t now)
{
	struct bytes file = BYTES_INIT(KEYRING_FILE_MAX);
	struct keyring_item *item = NULL;
	struct secret_info info;
	const char *name;
	size_t count;
	enum status st;

	st = durable_read_secret(kr->dirfd, "signer.key", &file);
	if (st == ST_OK)
		st = secret_info_parse(file.p, file.len, &info);
	bytes_free(&file);
	if (st != ST_OK) {
		say_error("cannot use signer.key: %s", status_text(st));
		return st;
	}
	if ((name = own_name(set, info.id)) == NULL) {
		for (size_t i = 0; i < set->signers; i++) {
			if (strcmp(set->signer[i].name, kr->name) != 0)
				continue;
			say_error("the key set names another signing key for"
				  " %s than this keyring's: it was not taken."
				  "  Somebody exchanged your keys on their way"
				  " to the root's keeper, or uses your name:"
				  " speak to the keeper",
			    kr->name);
			return ST_DENIED;
		}
		say("note: the key set does not name %s: no tip will be sealed"
		    " to this keyring, and the server takes nothing that it"
		    " signs",
		    kr->name);
		return ST_OK;
	}
	if ((st = keyring_list(kr, &item, &count)) != ST_OK)
		return st;
	say_missing(set, name, item, count, now);
	free(item);
	return ST_OK;
}

enum status
keyset_take(struct keyring *kr, const struct keyset_offer *offer,
    struct keyset *set, bool *missed)
{
	const struct minisign_key *root;
	const char *why = "";
	unsigned line = 0;
	enum status st;

	*set = (struct keyset){0};
	*missed = false;
	if ((st = choose_root(kr, offer, &root)) != ST_OK)
		return st;
	if ((st = check_signature(kr, offer, root)) != ST_OK)
		return st;
	st = keyset_parse(offer->text->p, offer->text->len, set, &line, &why);
	if (st != ST_OK) {
		say_error("this is no key set that can be used: line %u: %s",
		    line, st == ST_MALFORMED ? why : status_text(st));
		return st;
	}
	if ((st = check_sequence(kr, offer, set, missed)) != ST_OK)
		goto out;
	if ((st = check_own(kr, set, offer->now)) != ST_OK)
		goto out;
	if (*missed) {
		st = keyring_keep_set(kr, set->sequence, offer->text);
		goto out;
	}
	if (!kr->has_root && (st = keyring_root_pin(kr, root)) != ST_OK)
		goto out;
	/* Its number first: a crash must not let an older one in. */
	if ((st = keyring_sequence_put(kr, set->sequence)) != ST_OK)
		goto out;
	st = keyring_store_set(kr, set->sequence, offer->text, offer->sig);
out:
	if (st != ST_OK)
		keyset_free(set);
	return st;
}
