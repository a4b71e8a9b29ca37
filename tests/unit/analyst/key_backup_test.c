/*
 * Backups of keys: what is gathered is restored, and nothing else.
 */
#include "tests/unit/analyst/ring.h"

#include "analyst/key_backup.h"
#include "base/num.h"
#include "crypto/backup_box.h"
#include "tests/unit/fault.h"

static void
gather(bool with_epochs, struct key_backup *backup)
{
	uint32_t epoch[] = {FIRST, FIRST + 1};
	struct backup_record record = {{1, 2, 3}, MONDAY, 2, 3, 2, epoch};
	struct keyring kr;

	open_keyring(&kr);
	assert_int_equal(keyring_load_epochs(&kr), ST_OK);
	assert_int_equal(key_backup_new(backup), ST_OK);
	assert_int_equal(
	    key_backup_gather(backup, &kr, &record, with_epochs), ST_OK);
	keyring_close(&kr);
}

static enum status
restore(const struct key_backup *backup)
{
	const struct keyring_wish wish = {&pass, &cheap, NULL, false};
	struct keyring kr;
	enum status st;

	st = keyring_begin(path_ben, &wish, &kr);
	if (st == ST_OK)
		st = key_backup_restore(backup, &kr);
	keyring_close(&kr);
	return st;
}

static void
compare(const char *where, const struct key_backup *backup,
    struct key_backup_drill *drill)
{
	struct keyring kr;

	open_at(where, &kr);
	assert_int_equal(key_backup_compare(backup, &kr, drill), ST_OK);
	keyring_close(&kr);
}

static void
what_was_gathered_is_restored(void **state)
{
	struct keyset_made made, next;
	struct key_backup_drill drill;
	struct key_backup backup;
	struct keyring kr;

	(void)state;
	make_set(MONDAY, 2, &made);
	for (int with = 0; with <= 1; with++) {
		char command[96];

		gather(with, &backup);
		compare(path, &backup, &drill);
		assert_int_equal(drill.same, with ? 4 : 2);
		assert_int_equal(drill.gone + drill.differ + drill.missing, 0);
		assert_int_equal(restore(&backup), ST_OK);
		compare(path_ben, &backup, &drill);
		assert_int_equal(drill.same, with ? 4 : 2);
		open_at(path_ben, &kr);
		assert_true(kr.keeps_root);
		assert_true(kr.has_set);
		assert_string_equal(kr.name, "ann");
		assert_int_equal(keyring_load_epochs(&kr), ST_OK);
		assert_int_equal(kr.epochs, with ? 2 : 0);
		assert_non_null(
		    keyring_known(&kr, made.set.epoch[0].to.r[0].id));
		assert_true(keyring_is_there(
		    &kr, "backups/01020300000000000000000000000000"));
		keyring_close(&kr);
		/* Not over what is there. */
		assert_int_equal(restore(&backup), ST_EXISTS);
		snprintf(command, sizeof(command), "rm -rf %s", path_ben);
		assert_int_equal(system(command), 0);
		key_backup_free(&backup);
	}
	/* It goes on counting where the backup was made. */
	make_set(MONDAY, 2, &next);
	assert_int_equal(next.set.sequence, 2);
	keyset_made_free(&next);
	keyset_made_free(&made);
}

static void
a_drill_says_what_a_backup_lacks(void **state)
{
	struct keyring_root_texts texts = KEYRING_ROOT_TEXTS;
	struct root_change change;
	struct key_backup_drill drill;
	struct key_backup backup;
	struct keyset_made made;
	struct bytes none = BYTES_INIT(0);
	struct keyring kr;

	(void)state;
	make_set(MONDAY, 2, &made);
	keyset_made_free(&made);
	gather(true, &backup);
	open_keyring(&kr);
	assert_int_equal(keyring_put(&kr, "destroyed/2968", &none), ST_OK);
	assert_int_equal(keyring_drop(&kr, "epochs/2968.key"), ST_OK);
	assert_int_equal(keyring_root_prepare(&kr, &change, &texts), ST_OK);
	assert_int_equal(keyring_root_commit(&kr, change.number), ST_OK);
	keyring_close(&kr);
	keyring_root_texts_free(&texts);
	compare(path, &backup, &drill);
	assert_int_equal(drill.same, 3); /* signer, week 2969, old root */
	assert_int_equal(drill.gone, 1);
	assert_int_equal(drill.missing, 1);
	key_backup_free(&backup);
	/* A new one holds both roots. */
	gather(false, &backup);
	compare(path, &backup, &drill);
	assert_int_equal(drill.same, 3);
	assert_int_equal(drill.missing, 0);
	key_backup_free(&backup);
}

/* Flip each byte, cut each length: an altered secret differs or is refused,
 * and nothing is ever written outside the folder. */
static void
altered_entries_are_refused_or_named(void **state)
{
	struct key_backup_drill drill;
	struct key_backup backup;
	struct keyring kr;
	size_t len, noticed = 0;

	(void)state;
	gather(false, &backup);
	len = backup.len;
	open_keyring(&kr);
	for (size_t i = 0; i < 300; i++) {
		backup.p[i] ^= 0x40;
		if (key_backup_compare(&backup, &kr, &drill) != ST_OK ||
		    drill.differ + drill.missing > 0)
			noticed++;
		backup.p[i] ^= 0x40;
	}
	/* All of the two secrets, names and lengths included. */
	assert_true(noticed >= 2 * (1 + 8 + 4 + 88));
	for (backup.len = 1; backup.len < 200; backup.len++) {
		enum status st = key_backup_compare(&backup, &kr, &drill);

		assert_true(st != ST_OK || drill.missing > 0);
	}
	backup.len = len;
	keyring_close(&kr);
	key_backup_free(&backup);
}

static enum status
count(void *ctx, const struct key_backup_entry *entry)
{
	(void)entry;
	++*(int *)ctx;
	return ST_OK;
}

static void
only_names_of_a_keyring_are_taken(void **state)
{
	static const char *const good[] = {"name", "root.pub", "server.pub",
	    "roots/0001.txt.new.minisig", "keysets/000001.txt",
	    "destroyed/2968", "backups/0a"};
	static const char *const bad[] = {"", "/etc/passwd", "../name", "..",
	    "roots/../name", "roots/.hidden", "roots/", "roots/a/b",
	    "master.key", "ledger-00", "Name", "keysets/a b", "name/x",
	    "roots/\n", "epochs/2968.key"};
	struct key_backup backup;
	int calls = 0;

	(void)state;
	assert_int_equal(key_backup_new(&backup), ST_OK);
	for (size_t i = 0; i < 7 + 15; i++) {
		const char *name = i < 7 ? good[i] : bad[i - 7];
		size_t n = strlen(name);

		backup.p[0] = (uint8_t)n;
		memcpy(backup.p + 1, name, n);
		le32_put(backup.p + 1 + n, 1);
		backup.p[1 + n + 4] = 'x';
		backup.len = 1 + n + 4 + 1;
		assert_int_equal(key_backup_each(&backup, count, &calls),
		    i < 7 ? ST_OK : ST_MALFORMED);
		/* A NUL in the name hides nothing. */
		if (i < 7) {
			backup.p[n] = '\0';
			assert_int_equal(
			    key_backup_each(&backup, count, &calls),
			    ST_MALFORMED);
		}
	}
	assert_int_equal(calls, 7);
	key_backup_free(&backup);
}

static void
a_restore_cut_at_any_point_leaves_no_keyring_that_opens(void **state)
{
	struct key_backup backup;
	struct keyset_made made;
	char command[96];

	(void)state;
	make_set(MONDAY, 2, &made);
	keyset_made_free(&made);
	gather(true, &backup);
	snprintf(command, sizeof(command), "rm -rf %s", path_ben);
	FAULT_EACH(FAULT_FILES | FAULT_ALLOC | FAULT_GUARDED)
	{
		struct keyring kr;
		enum status st = restore(&backup);

		fault_off();
		assert_true(st == ST_OK || fault_fired());
		if (keyring_open(path_ben, &kr) == ST_OK) {
			/* Whole: only the last flush can have failed. */
			assert_int_equal(keyring_unlock(&kr, &pass), ST_OK);
			assert_int_equal(keyring_load_epochs(&kr), ST_OK);
			assert_int_equal(kr.epochs, 2);
			assert_true(kr.keeps_root);
		} else
			assert_int_not_equal(st, ST_OK);
		keyring_close(&kr);
		assert_int_equal(system(command), 0);
		assert_int_equal(guarded_live(), 1); /* the backup */
	}
	key_backup_free(&backup);
}

static void
no_mutant_of_the_sealed_file_opens(void **state)
{
	static const uint8_t plain[] = "a plain text of some length";
	uint8_t *key = guarded_new(SHARE_KEY_LEN);
	uint8_t id[SHARE_BACKUP_LEN], is[SHARE_BACKUP_LEN];
	uint8_t out[sizeof(plain)];
	struct bytes file = BYTES_INIT(256);

	(void)state;
	backup_box_new(key, id);
	assert_int_equal(
	    backup_box_seal(key, id, plain, sizeof(plain), &file), ST_OK);
	assert_int_equal(file.len, sizeof(plain) + BACKUP_BOX_MORE);
	assert_int_equal(backup_box_open(key, file.p, file.len, out), ST_OK);
	assert_memory_equal(out, plain, sizeof(plain));
	assert_int_equal(backup_box_id(file.p, file.len, is), ST_OK);
	assert_memory_equal(is, id, sizeof(id));
	for (size_t i = 0; i < file.len; i++) {
		file.p[i] ^= 1;
		assert_int_not_equal(
		    backup_box_open(key, file.p, file.len, out), ST_OK);
		file.p[i] ^= 1;
		assert_int_not_equal(
		    backup_box_open(key, file.p, i, out), ST_OK);
	}
	key[0] ^= 1;
	assert_int_equal(
	    backup_box_open(key, file.p, file.len, out), ST_FORGED);
	bytes_free(&file);
	guarded_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_KEYRING(what_was_gathered_is_restored),
	    WITH_KEYRING(a_drill_says_what_a_backup_lacks),
	    WITH_KEYRING(altered_entries_are_refused_or_named),
	    cmocka_unit_test(only_names_of_a_keyring_are_taken),
	    WITH_KEYRING(
		a_restore_cut_at_any_point_leaves_no_keyring_that_opens),
	    cmocka_unit_test(no_mutant_of_the_sealed_file_opens),
	};

	return crypto_room_init() != ST_OK ||
	    cmocka_run_group_tests(tests, NULL, NULL);
}
