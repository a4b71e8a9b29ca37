/*
 * Another root: made, followed, pinned by hand, and cut at any point.
 */
#include "tests/unit/analyst/ring.h"

#include "tests/unit/fault.h"

/* Change ann's root; the texts and the change, for others. */
static void
change_root(struct root_change *change, struct keyring_root_texts *texts)
{
	struct keyring kr;

	*texts = KEYRING_ROOT_TEXTS;
	open_keyring(&kr);
	assert_int_equal(keyring_root_prepare(&kr, change, texts), ST_OK);
	assert_memory_equal(&kr.root, &change->old, sizeof(kr.root));
	assert_int_equal(keyring_root_commit(&kr, change->number), ST_OK);
	assert_memory_equal(&kr.root, &change->next, sizeof(kr.root));
	assert_true(kr.keeps_root);
	keyring_close(&kr);
}

static enum status
follow(const struct keyring_root_texts *texts)
{
	struct root_change change;
	struct keyring kr;
	enum status st;

	assert_int_equal(keyring_open(path_ben, &kr), ST_OK);
	st = keyring_root_take(&kr, texts, &change);
	keyring_close(&kr);
	return st;
}

static struct minisign_key
root_of(const char *where)
{
	struct minisign_key root;
	struct keyring kr;

	assert_int_equal(keyring_open(where, &kr), ST_OK);
	root = kr.root;
	keyring_close(&kr);
	return root;
}

/* Ben's keyring, which has taken a set of ann's. */
static void
make_ben(void)
{
	struct minisign_key root = root_of(path);
	struct keyset_made made;

	assert_int_equal(make_named(path_ben, "ben", false), 0);
	make_set(MONDAY, 1, &made);
	assert_int_equal(take_at(path_ben, &made, NULL, MONDAY), ST_ABSENT);
	assert_int_equal(take_at(path_ben, &made, &root, MONDAY), ST_OK);
	keyset_made_free(&made);
}

static void
a_change_is_followed_and_the_next_set_is_of_the_new_root(void **state)
{
	struct keyring_root_texts texts;
	struct root_change change;
	struct keyset_made old, new;
	struct keyring kr;

	(void)state;
	make_ben();
	make_set(MONDAY, 1, &old);
	change_root(&change, &texts);
	assert_int_equal(change.number, 1);
	/* The last set was signed by the old root and still counts here. */
	open_keyring(&kr);
	assert_true(kr.has_set);
	assert_int_equal(kr.changes, 1);
	assert_true(keyring_is_there(&kr, "roots/0001.key"));
	keyring_close(&kr);
	make_set(MONDAY, 1, &new);
	assert_int_equal(take_at(path_ben, &new, NULL, MONDAY), ST_WRONG_KEY);
	assert_int_equal(follow(&texts), ST_OK);
	assert_int_equal(follow(&texts), ST_EXISTS);
	assert_int_equal(take_at(path_ben, &old, NULL, MONDAY), ST_WRONG_KEY);
	assert_int_equal(take_at(path_ben, &new, NULL, MONDAY), ST_OK);
	keyset_made_free(&old);
	keyset_made_free(&new);
	keyring_root_texts_free(&texts);
}

static void
changes_are_followed_in_order_and_altered_ones_not_at_all(void **state)
{
	struct keyring_root_texts first, second;
	struct root_change change;

	(void)state;
	make_ben();
	change_root(&change, &first);
	change_root(&change, &second);
	assert_int_equal(change.number, 2);
	/* Pinned by hand, no number is known: the two keys decide. */
	assert_int_equal(follow(&second), ST_WRONG_KEY);
	for (size_t i = 0; i < first.text.len; i += 5) {
		first.text.p[i] ^= 1;
		assert_int_not_equal(follow(&first), ST_OK);
		first.text.p[i] ^= 1;
	}
	assert_int_equal(follow(&first), ST_OK);
	assert_int_equal(follow(&second), ST_OK);
	assert_memory_equal(
	    root_of(path_ben).key, root_of(path).key, PUBLIC_KEY_LEN);
	keyring_root_texts_free(&first);
	keyring_root_texts_free(&second);
}

/* Whoever joins after a change pins the root that it led to. */
static void
one_who_joined_late_follows_the_next_change(void **state)
{
	struct keyring_root_texts first, second;
	struct root_change change;

	(void)state;
	change_root(&change, &first);
	make_ben();
	change_root(&change, &second);
	assert_int_equal(follow(&first), ST_WRONG_KEY);
	assert_int_equal(follow(&second), ST_OK);
	keyring_root_texts_free(&first);
	keyring_root_texts_free(&second);
}

static void
a_stolen_root_is_replaced_by_hand(void **state)
{
	struct keyset_made of_thief, made;
	struct minisign_key thief = root_of(path);
	struct minisign_key next;
	struct keyring kr;

	(void)state;
	make_ben();
	make_set(MONDAY, 1, &of_thief);
	open_keyring(&kr);
	assert_int_equal(keyring_root_replace(&kr, NULL), ST_OK);
	assert_true(kr.keeps_root);
	next = kr.root;
	assert_memory_not_equal(next.key, thief.key, PUBLIC_KEY_LEN);
	keyring_close(&kr);
	assert_int_equal(keyring_open(path_ben, &kr), ST_OK);
	assert_int_equal(keyring_root_replace(&kr, &thief), ST_EXISTS);
	assert_int_equal(keyring_root_replace(&kr, &next), ST_OK);
	assert_false(kr.keeps_root);
	keyring_close(&kr);
	make_set(MONDAY, 1, &made);
	assert_int_equal(
	    take_at(path_ben, &of_thief, NULL, MONDAY), ST_WRONG_KEY);
	assert_int_equal(
	    take_at(path_ben, &of_thief, &thief, MONDAY), ST_DENIED);
	assert_int_equal(take_at(path_ben, &made, NULL, MONDAY), ST_OK);
	keyset_made_free(&of_thief);
	keyset_made_free(&made);
}

/* Copy ann's keyring, so that each cut begins from the same state. */
static void
copy(const char *from, const char *to)
{
	char command[256];

	snprintf(
	    command, sizeof(command), "rm -rf %s && cp -a %s %s", to, from, to);
	assert_int_equal(system(command), 0);
}

/* After a cut the keyring opens, with the old root or the new one; doing it
 * again gives the same change, and the same root in the end. */
static void
a_change_cut_at_any_point_goes_on(void **state)
{
	const struct minisign_key old = root_of(path);
	struct keyset_made made;

	(void)state;
	make_set(MONDAY, 1, &made);
	keyset_made_free(&made);
	for (unsigned long n = 1;; n++) {
		struct keyring_root_texts texts = KEYRING_ROOT_TEXTS;
		struct keyring_root_texts again = KEYRING_ROOT_TEXTS;
		struct root_change change;
		struct keyring kr;
		enum status st;

		copy(path, path_ben);
		open_at(path_ben, &kr);
		fault_at(FAULT_FILES, n);
		st = keyring_root_prepare(&kr, &change, &texts);
		if (st == ST_OK)
			st = keyring_root_commit(&kr, change.number);
		fault_off();
		keyring_close(&kr);
		assert_true(st == ST_OK || fault_fired());
		open_at(path_ben, &kr);
		assert_true(kr.keeps_root);
		assert_true(kr.has_set);
		if (memcmp(kr.root.key, old.key, sizeof(old.key)) == 0) {
			assert_int_equal(
			    keyring_root_prepare(&kr, &change, &again), ST_OK);
			assert_int_equal(change.number, 1);
			/* What may be out already is not signed twice. */
			if (texts.sig_new.len > 0)
				assert_memory_equal(
				    texts.text.p, again.text.p, texts.text.len);
			assert_int_equal(
			    keyring_root_commit(&kr, change.number), ST_OK);
		}
		assert_int_equal(kr.changes, 1);
		assert_memory_equal(&kr.root, &change.next, sizeof(kr.root));
		assert_true(keyring_is_there(&kr, "roots/0001.key"));
		keyring_close(&kr);
		keyring_root_texts_free(&texts);
		keyring_root_texts_free(&again);
		assert_int_equal(guarded_live(), 0);
		if (!fault_fired())
			break;
	}
}

static void
a_root_taken_or_replaced_is_never_lost_by_a_cut(void **state)
{
	char ring[64];
	struct keyring_root_texts texts;
	struct root_change change;
	struct minisign_key made_by_hand = {{1}, {2}};

	(void)state;
	snprintf(ring, sizeof(ring), "%s/cut", folder);
	make_ben();
	change_root(&change, &texts);
	for (int by_hand = 0; by_hand <= 1; by_hand++) {
		if (by_hand)
			made_by_hand = root_of(path);
		for (unsigned long n = 1;; n++) {
			struct root_change taken;
			struct keyring kr;
			enum status st;
			bool old;

			copy(path_ben, ring);
			assert_int_equal(keyring_open(ring, &kr), ST_OK);
			fault_at(FAULT_FILES, n);
			st = by_hand ? keyring_root_replace(&kr, &made_by_hand)
				     : keyring_root_take(&kr, &texts, &taken);
			fault_off();
			keyring_close(&kr);
			if (!fault_fired()) {
				assert_int_equal(st, ST_OK);
				break;
			}
			/* Its last set is proved by the old root. */
			assert_int_equal(keyring_open(ring, &kr), ST_OK);
			assert_true(kr.has_set);
			old = memcmp(kr.root.key, change.old.key,
				  PUBLIC_KEY_LEN) == 0;
			assert_true(old ||
			    memcmp(kr.root.key, change.next.key,
				PUBLIC_KEY_LEN) == 0);
			keyring_close(&kr);
		}
	}
	keyring_root_texts_free(&texts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_KEYRING(
		a_change_is_followed_and_the_next_set_is_of_the_new_root),
	    WITH_KEYRING(
		changes_are_followed_in_order_and_altered_ones_not_at_all),
	    WITH_KEYRING(one_who_joined_late_follows_the_next_change),
	    WITH_KEYRING(a_stolen_root_is_replaced_by_hand),
	    WITH_KEYRING(a_change_cut_at_any_point_goes_on),
	    WITH_KEYRING(a_root_taken_or_replaced_is_never_lost_by_a_cut),
	};

	return crypto_room_init() != ST_OK ||
	    cmocka_run_group_tests(tests, NULL, NULL);
}
