/*
 * A keyring from its making to many key sets later.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyst/keyring.h"
#include "analyst/keyset_make.h"
#include "analyst/plan.h"
#include "base/durable.h"
#include "base/guarded.h"
#include "crypto/sign.h"

#define MONDAY UINT64_C(1795392000) /* 2026-11-23 00:00 UTC */

static char folder[] = "/tmp/tipline-keyring-XXXXXX";
static char path[64];
static char word[] = "a passphrase";
static const struct passphrase pass = {word, sizeof(word) - 1};
static const struct wrap_cost cheap = {1, 8 * 1024};
static struct server_identity server;

static int
make_keyring(void **state)
{
	struct minisign_key root;
	uint8_t *seed = guarded_new(SECRET_KEY_LEN);

	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	if (seed == NULL || mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/keys", folder);
	sign_key_new(server.key, seed);
	key_id(KEY_ROLE_SERVER, server.key, server.id);
	guarded_free(seed);
	return keyring_create(path, &pass, &cheap, &root) == ST_OK ? 0 : -1;
}

static int
remove_keyring(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		return -1;
	return guarded_live() == 0 ? 0 : -1;
}

static void
open_keyring(struct keyring *kr)
{
	assert_int_equal(keyring_open(path, kr), ST_OK);
	assert_int_equal(keyring_unlock(kr, &pass), ST_OK);
}

/* Make a key set as at now, keep it as the command does, and check it. */
static void
make_set(uint64_t now, size_t weeks, struct keyset_made *made)
{
	struct keyset_wish wish = {
	    .server = &server, .now = now, .weeks = weeks, .name = "ann"};
	struct keyring kr;

	*made = (struct keyset_made){.text = BYTES_INIT(KEYSET_MAX),
	    .sig = BYTES_INIT(MINISIGN_FILE_MAX)};
	open_keyring(&kr);
	assert_int_equal(keyset_make(&kr, &wish, made), ST_OK);
	assert_int_equal(minisign_verify(&kr.root, made->text.p, made->text.len,
			     made->sig.p, made->sig.len),
	    ST_OK);
	assert_int_equal(keyring_put(&kr, "keyset.txt", &made->text), ST_OK);
	assert_int_equal(
	    keyring_put(&kr, "keyset.txt.minisig", &made->sig), ST_OK);
	/* Every key named is at hand, and opens what is sealed to it. */
	for (size_t i = 0; i < made->set.epochs; i++) {
		const struct recipient *r = &made->set.epoch[i].to.r[0];
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
	struct keyset_made made;
	struct keyring kr;

	(void)state;
	make_set(MONDAY + 3600, 8, &made);
	assert_int_equal(made.set.sequence, 1);
	assert_int_equal(made.set.epochs, 8);
	assert_int_equal(made.set.from, MONDAY);
	assert_int_equal(made.set.until, MONDAY + 8 * PLAN_WEEK);
	assert_non_null(keyset_at(&made.set, MONDAY + 3600));
	open_keyring(&kr);
	assert_true(kr.has_set);
	assert_int_equal(keyring_load_epochs(&kr), ST_OK);
	assert_int_equal(kr.epochs, 8);
	for (size_t i = 0; i < kr.epochs; i++) {
		assert_int_equal(kr.epoch[i].info.epoch, i + 1);
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
	assert_int_equal(second.set.sequence, 2);
	assert_int_equal(second.set.epoch[0].to.epoch, 2);
	for (size_t i = 0; i < 3; i++)
		assert_memory_equal(&second.set.epoch[i].to,
		    &first.set.epoch[i + 1].to, sizeof(struct recipients));
	assert_true(second.set.until >= MONDAY + (10 + 28) * PLAN_DAY);
	/* A year on, all have: numbers still go on. */
	make_set(MONDAY + 365 * PLAN_DAY, 1, &third);
	assert_int_equal(third.set.sequence, 3);
	assert_int_equal(third.set.epochs, 1);
	assert_int_equal(third.set.epoch[0].to.epoch,
	    second.set.epoch[second.set.epochs - 1].to.epoch + 1);
	assert_int_equal(third.set.from, MONDAY + 365 * PLAN_DAY);
	keyset_made_free(&first);
	keyset_made_free(&second);
	keyset_made_free(&third);
}

/* Destroying old keys must not make their numbers come again. */
static void
numbers_of_destroyed_keys_are_not_used_again(void **state)
{
	struct keyset_made made;
	char command[128];

	(void)state;
	make_set(MONDAY, 3, &made);
	keyset_made_free(&made);
	snprintf(command, sizeof(command), "rm %s/epochs/*", path);
	assert_int_equal(system(command), 0);
	make_set(MONDAY, 1, &made);
	assert_int_equal(made.set.epoch[0].to.epoch, 4);
	keyset_made_free(&made);
}

static void
as_many_weeks_as_are_taken_fit_with_the_longest_name(void **state)
{
	struct keyset_wish wish = {.server = &server,
	    .now = MONDAY,
	    .weeks = PLAN_WEEKS_MAX,
	    .name = "12345678901234567890123456789012"};
	struct keyset_made made = {
	    .text = BYTES_INIT(KEYSET_MAX), .sig = BYTES_INIT(1024)};
	struct keyring kr;

	(void)state;
	open_keyring(&kr);
	assert_int_equal(keyset_make(&kr, &wish, &made), ST_OK);
	assert_int_equal(made.set.epochs, PLAN_WEEKS_MAX);
	keyset_made_free(&made);
	keyring_close(&kr);
	/* The most there can be: a day later, the first week still lives. */
	wish.now += PLAN_DAY;
	made = (struct keyset_made){
	    .text = BYTES_INIT(KEYSET_MAX), .sig = BYTES_INIT(1024)};
	open_keyring(&kr);
	assert_int_equal(keyset_make(&kr, &wish, &made), ST_OK);
	assert_int_equal(made.set.epochs, PLAN_WEEKS_MAX + 1);
	keyset_made_free(&made);
	keyring_close(&kr);
}

/* A clock set back makes keys live again, more than any set can name. */
static void
more_weeks_than_fit_make_no_key(void **state)
{
	struct keyset_wish wish = {.server = &server,
	    .now = MONDAY,
	    .weeks = PLAN_WEEKS_MAX,
	    .name = "analyst"};
	struct keyset_made made = {
	    .text = BYTES_INIT(KEYSET_MAX), .sig = BYTES_INIT(1024)};
	struct keyring kr;
	size_t keys;

	(void)state;
	make_set(MONDAY, PLAN_WEEKS_MAX, &made);
	keyset_made_free(&made);
	make_set(MONDAY + 150 * PLAN_WEEK, PLAN_WEEKS_MAX, &made);
	keyset_made_free(&made);
	made = (struct keyset_made){
	    .text = BYTES_INIT(KEYSET_MAX), .sig = BYTES_INIT(1024)};
	open_keyring(&kr);
	assert_int_equal(keyset_make(&kr, &wish, &made), ST_LIMIT);
	keys = kr.epochs;
	keyset_made_free(&made);
	keyring_close(&kr);
	open_keyring(&kr);
	assert_int_equal(keyring_load_epochs(&kr), ST_OK);
	assert_int_equal(kr.epochs, keys);
	keyring_close(&kr);
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
	struct minisign_key root;

	(void)state;
	assert_int_equal(keyring_create(path, &pass, &cheap, &root), ST_EXISTS);
	/* The parent folder, which holds only the keyring. */
	assert_int_equal(
	    keyring_create(folder, &pass, &cheap, &root), ST_EXISTS);
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
	snprintf(name, sizeof(name), "%s/epochs/0002.key", path);
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
	assert_int_equal(keyring_open(path, &kr), ST_FORGED);
	assert_false(kr.has_set);
	keyring_close(&kr);
	keyset_made_free(&made);
}

#define WITH_KEYRING(f)                                                        \
	cmocka_unit_test_setup_teardown(f, make_keyring, remove_keyring)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_KEYRING(what_was_made_can_be_read_again),
	    WITH_KEYRING(later_sets_keep_living_keys_and_count_on),
	    WITH_KEYRING(numbers_of_destroyed_keys_are_not_used_again),
	    WITH_KEYRING(as_many_weeks_as_are_taken_fit_with_the_longest_name),
	    WITH_KEYRING(more_weeks_than_fit_make_no_key),
	    WITH_KEYRING(a_wrong_passphrase_opens_nothing),
	    WITH_KEYRING(a_folder_that_others_can_read_is_refused),
	    WITH_KEYRING(a_folder_with_something_in_it_is_not_made_over),
	    WITH_KEYRING(a_damaged_epoch_key_is_left_out),
	    WITH_KEYRING(a_key_set_signed_by_another_root_is_refused),
	};

	return crypto_room_init() != ST_OK ||
	    cmocka_run_group_tests(tests, NULL, NULL);
}
