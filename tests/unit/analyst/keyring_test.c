/*
 * A keyring from its making to many key sets later.
 */
#include "tests/unit/analyst/ring.h"

#include "tests/unit/fault.h"

/* Every key of ours that the set names is at hand, and opens what is sealed
 * to it. */
static void
check_keys(const struct keyset *set)
{
	struct keyring kr;

	open_keyring(&kr);
	assert_int_equal(keyring_load_epochs(&kr), ST_OK);
	for (size_t i = 0; i < set->epochs; i++) {
		const struct recipient *r = &set->epoch[i].to.r[0];
		const struct opener_key *k = keyring_find(&kr, r->id);
		uint8_t public_key[PUBLIC_KEY_LEN];

		assert_non_null(k);
		epoch_key_public(k->secret_key, public_key);
		assert_memory_equal(public_key, r->key, PUBLIC_KEY_LEN);
		assert_memory_equal(k->public_key, r->key, PUBLIC_KEY_LEN);
	}
	keyring_close(&kr);
}

static void
what_was_made_can_be_read_again(void **state)
{
	enum epoch_state in_force;
	struct keyset_made made;
	struct keyring kr;
	uint64_t opens;

	(void)state;
	make_set(MONDAY + 3600, 8, &made);
	check_keys(&made.set);
	assert_int_equal(made.set.sequence, 1);
	assert_int_equal(made.set.epochs, 8);
	assert_int_equal(made.set.from, MONDAY);
	assert_int_equal(made.set.until, MONDAY + 8 * PLAN_WEEK);
	assert_non_null(
	    keyset_in_force(&made.set, MONDAY + 3600, 0, &in_force, &opens));
	open_keyring(&kr);
	assert_true(kr.has_set);
	assert_int_equal(keyring_load_epochs(&kr), ST_OK);
	assert_int_equal(kr.epochs, 8);
	for (size_t i = 0; i < kr.epochs; i++) {
		assert_int_equal(kr.epoch[i].info.epoch, FIRST + i);
		assert_ptr_equal(
		    keyring_find(&kr, made.set.epoch[i].to.r[0].id),
		    &kr.epoch[i].key);
	}
	assert_null(keyring_find(&kr, (const uint8_t *)"nobody's"));
	keyring_close(&kr);
	keyset_made_free(&made);
}

static void
later_sets_keep_living_keys_and_count_on(void **state)
{
	struct keyset_made first, second, third;

	(void)state;
	make_set(MONDAY, 4, &first);
	/* Ten days on, the first week's key has ended. */
	make_set(MONDAY + 10 * PLAN_DAY, 4, &second);
	check_keys(&second.set);
	assert_int_equal(second.set.sequence, 2);
	assert_int_equal(second.set.epochs, 4);
	assert_int_equal(second.set.epoch[0].to.epoch, FIRST + 1);
	for (size_t i = 0; i < 3; i++)
		assert_memory_equal(&second.set.epoch[i].to,
		    &first.set.epoch[i + 1].to, sizeof(struct recipients));
	/* A year on, all have: weeks are numbered by the calendar. */
	make_set(MONDAY + 365 * PLAN_DAY, 1, &third);
	assert_int_equal(third.set.sequence, 3);
	assert_int_equal(third.set.epochs, 1);
	assert_int_equal(third.set.epoch[0].to.epoch, FIRST + 52);
	assert_int_equal(third.set.from, MONDAY + 52 * PLAN_WEEK);
	/* Fewer weeks take nothing away from what there is. */
	keyset_made_free(&second);
	make_set(MONDAY, 1, &second);
	assert_int_equal(second.set.epochs, 6);
	keyset_made_free(&first);
	keyset_made_free(&second);
	keyset_made_free(&third);
}

static void
a_number_may_be_wished_for_but_never_twice(void **state)
{
	struct keyset_wish wish = {.server = &server,
	    .now = MONDAY,
	    .weeks = 1,
	    .own = true,
	    .sequence = 9};
	struct keyset_made made;

	(void)state;
	assert_int_equal(make_wish(&wish, &made), ST_OK);
	assert_int_equal(made.set.sequence, 9);
	keyset_made_free(&made);
	for (wish.sequence = 8; wish.sequence <= 9; wish.sequence++) {
		assert_int_equal(make_wish(&wish, &made), ST_EXISTS);
		keyset_made_free(&made);
	}
	make_set(MONDAY, 1, &made);
	assert_int_equal(made.set.sequence, 10);
	keyset_made_free(&made);
}

/* A mark is enough: the file may be half gone. */
static void
a_key_that_was_destroyed_is_never_made_again_nor_used(void **state)
{
	struct bytes mark = BYTES_INIT(8);
	struct keyset_wish wish = {
	    .server = &server, .now = MONDAY, .weeks = 3, .own = true};
	struct keyset_made made;
	struct keyring kr;

	(void)state;
	make_set(MONDAY, 3, &made);
	open_keyring(&kr);
	assert_int_equal(keyring_put(&kr, "destroyed/2969", &mark), ST_OK);
	assert_int_equal(keyring_load_epochs(&kr), ST_OK);
	assert_int_equal(kr.epochs, 2);
	assert_null(keyring_find(&kr, made.set.epoch[1].to.r[0].id));
	assert_int_equal(keyring_add_epoch(&kr, FIRST + 1), ST_EXPIRED);
	keyring_close(&kr);
	keyset_made_free(&made);
	/* Its week is left out of the next set, which has a gap then. */
	assert_int_equal(make_wish(&wish, &made), ST_OK);
	assert_int_equal(made.set.epochs, 2);
	assert_int_equal(made.set.epoch[1].to.epoch, FIRST + 2);
	keyset_made_free(&made);
	/* The current week must be covered. */
	wish.now = MONDAY + PLAN_WEEK;
	assert_int_equal(make_wish(&wish, &made), ST_EARLY);
	assert_int_equal(made.text.len, 0);
	keyset_made_free(&made);
}

static void
as_many_weeks_as_are_taken_fit(void **state)
{
	struct keyset_made made;

	(void)state;
	make_set(MONDAY, PLAN_WEEKS_MAX, &made);
	assert_int_equal(made.set.epochs, PLAN_WEEKS_MAX);
	keyset_made_free(&made);
}

/* keyring_known() answers for others' keys, of all sets there ever were. */
static void
keys_of_all_sets_are_known_by_their_id(void **state)
{
	struct analyst_keys own, ben;
	struct keyset_wish wish = {.server = &server,
	    .now = MONDAY,
	    .weeks = 2,
	    .own = true,
	    .analyst = &ben,
	    .analysts = 1};
	struct keyset_made made;
	struct keyring kr;

	(void)state;
	assert_int_equal(make_named(path_ben, "ben", false), 0);
	keys_of(path_ben, MONDAY, 2, &ben);
	assert_int_equal(make_wish(&wish, &made), ST_OK);
	assert_int_equal(made.set.epochs, 2);
	assert_int_equal(made.set.epoch[0].to.count, 2);
	keyset_made_free(&made);
	/* The last set no longer names ben. */
	make_set(MONDAY, 2, &made);
	assert_int_equal(made.set.epoch[0].to.count, 1);
	open_keyring(&kr);
	assert_null(keyring_known(&kr, ben.key[0].id)); /* not loaded yet */
	assert_int_equal(keyring_load_epochs(&kr), ST_OK);
	for (size_t i = 0; i < 2; i++) {
		assert_memory_equal(keyring_known(&kr, ben.key[i].id),
		    ben.key[i].key, PUBLIC_KEY_LEN);
		assert_memory_equal(
		    keyring_known(&kr, made.set.epoch[i].to.r[0].id),
		    made.set.epoch[i].to.r[0].key, PUBLIC_KEY_LEN);
	}
	assert_int_equal(kr.known_count, 4);
	assert_null(keyring_known(&kr, (const uint8_t *)"nobody's"));
	assert_int_equal(keyset_make_own(&kr, MONDAY, 9, &own), ST_OK);
	assert_int_equal(own.count, 2);
	analyst_keys_free(&own);
	keyring_close(&kr);
	analyst_keys_free(&ben);
	keyset_made_free(&made);
}

static void
the_signer_is_that_of_the_key_set(void **state)
{
	uint8_t *seed = guarded_new(SECRET_KEY_LEN);
	uint8_t id[KEY_ID_LEN], public_key[PUBLIC_KEY_LEN];
	struct keyset_made made;
	struct keyring kr;

	(void)state;
	make_set(MONDAY, 1, &made);
	open_keyring(&kr);
	assert_int_equal(keyring_signer(&kr, seed, id), ST_OK);
	sign_key_public(seed, public_key);
	assert_memory_equal(id, made.set.signer[0].id, KEY_ID_LEN);
	assert_memory_equal(public_key, made.set.signer[0].key, PUBLIC_KEY_LEN);
	assert_string_equal(made.set.signer[0].name, "ann");
	keyring_close(&kr);
	guarded_free(seed);
	keyset_made_free(&made);
}

static void
a_keyring_without_a_root_signs_no_key_set(void **state)
{
	struct keyset_wish wish = {
	    .server = &server, .now = MONDAY, .weeks = 1, .own = true};
	struct keyset_made made;
	struct keyring kr;

	(void)state;
	assert_int_equal(make_named(path_ben, "ben", false), 0);
	open_at(path_ben, &kr);
	assert_false(kr.has_root);
	assert_false(kr.has_set);
	assert_string_equal(kr.name, "ben");
	made_begin(&made);
	assert_int_equal(keyset_make(&kr, &wish, &made), ST_ABSENT);
	keyset_made_free(&made);
	keyring_close(&kr);
}

/* Whatever fails while keys are made: what is on disk can be opened, no key
 * set names a key that is not there, and no number is used twice. */
static void
a_key_set_that_fails_at_any_point_leaves_a_whole_keyring(void **state)
{
	const struct keyset_wish wish = {
	    .server = &server, .now = MONDAY, .weeks = 2, .own = true};
	char command[160];
	uint64_t last = 0;

	(void)state;
	/* Begin anew each time, but for the numbers that were used. */
	snprintf(command, sizeof(command),
	    "cd %s && rm -rf epochs keysets keyset.*", path);
	FAULT_EACH(FAULT_FILES | FAULT_ALLOC | FAULT_GUARDED)
	{
		struct keyset_made made;
		struct keyring kr;
		enum status st;

		made_begin(&made);
		st = keyring_open(path, &kr);
		if (st == ST_OK)
			st = keyring_unlock(&kr, &pass);
		if (st == ST_OK)
			st = keyset_make(&kr, &wish, &made);
		if (st == ST_OK)
			st = keyring_store_set(
			    &kr, made.set.sequence, &made.text, &made.sig);
		fault_off();
		keyring_close(&kr);
		assert_true(st == ST_OK || fault_fired());
		if (st == ST_OK) {
			assert_true(made.set.sequence > last);
			last = made.set.sequence;
			check_keys(&made.set);
		}
		keyset_made_free(&made);
		open_keyring(&kr);
		if (kr.has_set) {
			const struct keyset set = kr.set;

			assert_true(set.sequence >= last);
			kr.has_set = false; /* ours now */
			keyring_close(&kr);
			check_keys(&set);
			keyset_free(&(struct keyset){.epoch = set.epoch});
		} else
			keyring_close(&kr);
		assert_int_equal(guarded_live(), 0);
		assert_int_equal(system(command), 0);
	}
	assert_true(last > 0);
}

static void
a_wrong_passphrase_opens_nothing(void **state)
{
	char other[] = "another one";
	const struct passphrase wrong = {other, sizeof(other) - 1};
	struct keyring kr;

	(void)state;
	assert_int_equal(keyring_open(path, &kr), ST_OK);
	assert_int_equal(keyring_unlock(&kr, &wrong), ST_WRONG_KEY);
	assert_null(kr.master);
	keyring_close(&kr);
}

static void
a_folder_that_others_can_read_is_refused(void **state)
{
	struct keyring kr;

	(void)state;
	for (mode_t bit = 1; bit <= 040; bit <<= 1) {
		assert_int_equal(chmod(path, 0700 | bit), 0);
		assert_int_equal(keyring_open(path, &kr), ST_DENIED);
		keyring_close(&kr);
	}
}

static void
a_folder_with_something_in_it_is_not_made_over(void **state)
{
	const struct keyring_wish wish = {&pass, &cheap, "ann", true};
	uint8_t signer[KEY_ID_LEN];
	struct minisign_key root;

	(void)state;
	assert_int_equal(keyring_create(path, &wish, signer, &root), ST_EXISTS);
	/* The parent folder, which holds only the keyring. */
	assert_int_equal(
	    keyring_create(folder, &wish, signer, &root), ST_EXISTS);
}

/* Flip each byte of each kind of key file: it never works, and the others
 * still do. */
static void
a_damaged_epoch_key_is_left_out(void **state)
{
	struct bytes file = BYTES_INIT(SECRET_FILE_LEN);
	struct keyset_made made;
	struct keyring kr;
	char name[96];

	(void)state;
	make_set(MONDAY, 3, &made);
	snprintf(name, sizeof(name), "%s/epochs/2969.key", path);
	assert_int_equal(durable_read(AT_FDCWD, name, &file), ST_OK);
	for (size_t i = 0; i < file.len; i += 7) {
		file.p[i] ^= 1;
		assert_int_equal(durable_write(AT_FDCWD, name, file.p, file.len,
				     0600, DURABLE_REPLACE),
		    ST_OK);
		file.p[i] ^= 1;
		open_keyring(&kr);
		assert_int_equal(keyring_load_epochs(&kr), ST_OK);
		assert_int_equal(kr.epochs, 2);
		assert_null(keyring_find(&kr, made.set.epoch[1].to.r[0].id));
		assert_non_null(
		    keyring_find(&kr, made.set.epoch[2].to.r[0].id));
		keyring_close(&kr);
	}
	bytes_free(&file);
	keyset_made_free(&made);
}

static void
a_key_set_signed_by_another_root_is_refused(void **state)
{
	struct keyset_made made;
	struct keyring kr;
	char name[96];

	(void)state;
	make_set(MONDAY, 1, &made);
	made.text.p[made.text.len / 2] ^= 1;
	snprintf(name, sizeof(name), "%s/keyset.txt", path);
	assert_int_equal(durable_write(AT_FDCWD, name, made.text.p,
			     made.text.len, 0600, DURABLE_REPLACE),
	    ST_OK);
	/* The pair of a cut run is still whole, and counts. */
	assert_int_equal(keyring_open(path, &kr), ST_OK);
	assert_true(kr.has_set);
	assert_int_equal(keyring_put(&kr, "keyset.next", &made.text), ST_OK);
	keyring_close(&kr);
	assert_int_equal(keyring_open(path, &kr), ST_FORGED);
	assert_false(kr.has_set);
	keyring_close(&kr);
	keyset_made_free(&made);
}

/* A keyring that fails to be made is never taken for a whole one. */
static void
a_keyring_cut_while_it_is_made_is_refused(void **state)
{
	const struct keyring_wish wish = {&pass, &cheap, "ben", true};
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", path_ben);
	FAULT_EACH(FAULT_FILES | FAULT_ALLOC | FAULT_GUARDED)
	{
		uint8_t signer[KEY_ID_LEN];
		struct minisign_key root;
		struct keyring kr;
		enum status st;

		st = keyring_create(path_ben, &wish, signer, &root);
		fault_off();
		assert_true(st == ST_OK || fault_fired());
		if (st != ST_OK) {
			/* The last flush may have failed behind the last
			 * file: then all is there. */
			if (keyring_open(path_ben, &kr) == ST_OK) {
				assert_int_equal(
				    keyring_unlock(&kr, &pass), ST_OK);
				assert_true(kr.keeps_root);
			}
		} else {
			open_at(path_ben, &kr);
			assert_true(kr.keeps_root);
			assert_memory_equal(&kr.root, &root, sizeof(root));
		}
		keyring_close(&kr);
		assert_int_equal(guarded_live(), 0);
		assert_int_equal(system(command), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_KEYRING(what_was_made_can_be_read_again),
	    WITH_KEYRING(later_sets_keep_living_keys_and_count_on),
	    WITH_KEYRING(a_number_may_be_wished_for_but_never_twice),
	    WITH_KEYRING(a_key_that_was_destroyed_is_never_made_again_nor_used),
	    WITH_KEYRING(as_many_weeks_as_are_taken_fit),
	    WITH_KEYRING(keys_of_all_sets_are_known_by_their_id),
	    WITH_KEYRING(the_signer_is_that_of_the_key_set),
	    WITH_KEYRING(a_keyring_without_a_root_signs_no_key_set),
	    WITH_KEYRING(
		a_key_set_that_fails_at_any_point_leaves_a_whole_keyring),
	    WITH_KEYRING(a_keyring_cut_while_it_is_made_is_refused),
	    WITH_KEYRING(a_wrong_passphrase_opens_nothing),
	    WITH_KEYRING(a_folder_that_others_can_read_is_refused),
	    WITH_KEYRING(a_folder_with_something_in_it_is_not_made_over),
	    WITH_KEYRING(a_damaged_epoch_key_is_left_out),
	    WITH_KEYRING(a_key_set_signed_by_another_root_is_refused),
	};

	return crypto_room_init() != ST_OK ||
	    cmocka_run_group_tests(tests, NULL, NULL);
}
