/*
 * Key sets of several analysts: which weeks stand in them, and which sets a
 * keyring takes.
 */
#include "tests/unit/analyst/ring.h"

#include "analyst/keyset_join.h"
#include "tests/unit/fault.h"

/* Keys of these weeks after FIRST, and whatever keys. */
static void
weeks_of(const char *name, const char *weeks, struct analyst_keys *keys)
{
	*keys = (struct analyst_keys){
	    .key = calloc(strlen(weeks) + 1, sizeof(*keys->key))};
	snprintf(keys->signer.name, sizeof(keys->signer.name), "%s", name);
	memcpy(keys->signer.id, name, strlen(name) < 8 ? strlen(name) : 8);
	for (uint32_t i = 0; weeks[i] != '\0'; i++) {
		struct analyst_key *k = &keys->key[keys->count];

		if (weeks[i] == '-')
			continue;
		k->epoch = FIRST + i;
		k->from = plan_from(k->epoch);
		k->until = k->from + PLAN_WEEK;
		snprintf((char *)k->id, sizeof(k->id), "%.3s%u", name, i);
		keys->count++;
	}
}

static void
a_week_stands_in_the_set_only_if_all_have_a_key(void **state)
{
	static const struct {
		const char *weeks[3], *want; /* NULL: refused */
	} rows[] = {
	    {{"xxxx", "xxxx", "xxxx"}, "xxxx"},
	    {{"xxxx", "xx", "xxx"}, "xx"},
	    {{"xxxx", "xx-x", "xxxx"}, "xx-x"},
	    {{"x-xx", "xx-x", "xxxx"}, "x--x"},
	    {{"xx", "x", "x"}, "x"},
	    {{"-xxx", "xxxx", "xxxx"}, NULL},
	    {{"xxxx", "xxxx", ""}, NULL},
	    {{"", "", ""}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct analyst_keys all[3];
		struct keyset set = {0};
		enum status st;
		size_t at = 0;

		weeks_of("ann", rows[i].weeks[0], &all[0]);
		weeks_of("ben", rows[i].weeks[1], &all[1]);
		weeks_of("cat", rows[i].weeks[2], &all[2]);
		assert_int_equal(keyset_join_check(all, 3), ST_OK);
		st = keyset_join(all, 3, FIRST, &set);
		assert_int_equal(st, rows[i].want == NULL ? ST_EARLY : ST_OK);
		for (uint32_t w = 0;
		     rows[i].want != NULL && rows[i].want[w] != '\0'; w++) {
			const struct keyset_epoch *e = &set.epoch[at];

			if (rows[i].want[w] == '-')
				continue;
			assert_int_equal(e->to.epoch, FIRST + w);
			assert_int_equal(e->to.from, plan_from(FIRST + w));
			assert_int_equal(e->to.count, 3);
			assert_string_equal(e->name[1], "ben");
			at++;
		}
		if (st == ST_OK) {
			assert_int_equal(set.epochs, at);
			assert_int_equal(set.signers, 3);
			assert_int_equal(set.from, plan_from(FIRST));
		}
		keyset_free(&set);
		for (size_t k = 0; k < 3; k++)
			free(all[k].key);
	}
}

static void
no_more_weeks_than_fit_stand_in_a_set(void **state)
{
	char weeks[500];
	struct analyst_keys all[RECIPIENTS_MAX];

	(void)state;
	memset(weeks, 'x', sizeof(weeks) - 1);
	weeks[sizeof(weeks) - 1] = '\0';
	for (size_t n = 1; n <= RECIPIENTS_MAX; n++) {
		struct keyset set = {.sequence = UINT64_MAX};
		struct bytes text = BYTES_INIT(KEYSET_MAX);

		for (size_t i = 0; i < n; i++) {
			char name[KEY_NAME_MAX + 1];

			snprintf(name, sizeof(name),
			    "%02zu3456789012345678901234567890ab", i);
			weeks_of(name, weeks, &all[i]);
		}
		assert_int_equal(keyset_join(all, n, FIRST, &set), ST_OK);
		assert_int_equal(set.epochs,
		    keyset_join_room(n) < 499 ? keyset_join_room(n) : 499);
		strcpy(set.server.onion,
		    "0123456789012345678901234567890123456789012345678901"
		    "2345.onion");
		assert_int_equal(keyset_write(&set, &text), ST_OK);
		bytes_free(&text);
		keyset_free(&set);
		for (size_t i = 0; i < n; i++)
			free(all[i].key);
	}
	assert_true(keyset_join_room(1) >= PLAN_WEEKS_MAX);
	assert_true(keyset_join_room(RECIPIENTS_MAX) >= 26);
}

static void
analysts_who_cannot_stand_in_one_set_are_refused(void **state)
{
	struct analyst_keys all[2];

	(void)state;
	weeks_of("ann", "xx", &all[0]);
	weeks_of("ann", "xx", &all[1]);
	assert_int_equal(keyset_join_check(all, 2), ST_EXISTS);
	/* Another name, the same signer; another signer, the same name. */
	strcpy(all[1].signer.name, "ben");
	assert_int_equal(keyset_join_check(all, 2), ST_EXISTS);
	all[1].signer.id[0] ^= 1;
	assert_int_equal(keyset_join_check(all, 2), ST_OK);
	strcpy(all[1].signer.name, "ann");
	assert_int_equal(keyset_join_check(all, 2), ST_EXISTS);
	strcpy(all[1].signer.name, "ben");
	/* A week at another time than its number says. */
	all[1].key[1].from++;
	assert_int_equal(keyset_join_check(all, 2), ST_MALFORMED);
	all[1].key[1].from--;
	all[1].key[1].until++;
	assert_int_equal(keyset_join_check(all, 2), ST_MALFORMED);
	assert_int_equal(keyset_join_check(all, 0), ST_LIMIT);
	free(all[0].key);
	free(all[1].key);
}

static struct minisign_key
root_of_ann(void)
{
	struct minisign_key root;
	struct keyring kr;

	assert_int_equal(keyring_open(path, &kr), ST_OK);
	root = kr.root;
	keyring_close(&kr);
	return root;
}

static void
a_keyring_takes_rising_sets_of_its_root_alone(void **state)
{
	struct minisign_key root = root_of_ann(), other = root;
	struct keyset_made first, second;
	struct keyring kr;

	(void)state;
	assert_int_equal(make_named(path_ben, "ben", false), 0);
	make_set(MONDAY, 1, &first);
	make_set(MONDAY, 2, &second);
	other.key[0] ^= 1;
	assert_int_equal(take_at(path_ben, &second, NULL, MONDAY), ST_ABSENT);
	assert_int_equal(take_at(path_ben, &second, &other, MONDAY), ST_FORGED);
	assert_int_equal(keyring_open(path_ben, &kr), ST_OK);
	assert_false(kr.has_root); /* a refusal pins nothing */
	keyring_close(&kr);
	assert_int_equal(take_at(path_ben, &second, &root, MONDAY), ST_OK);
	assert_int_equal(take_at(path_ben, &second, NULL, MONDAY), ST_OK);
	/* One that was missed is kept, never in force, and never again. */
	first.text.p[40] ^= 1;
	assert_int_equal(take_at(path_ben, &first, NULL, MONDAY), ST_FORGED);
	first.text.p[40] ^= 1;
	assert_int_equal(take_at(path_ben, &first, NULL, MONDAY), ST_OK);
	assert_int_equal(take_at(path_ben, &first, NULL, MONDAY), ST_EXPIRED);
	assert_int_equal(keyring_open(path_ben, &kr), ST_OK);
	assert_true(kr.has_set);
	assert_int_equal(kr.set.sequence, 2);
	assert_true(keyring_is_there(&kr, "keysets/000001.txt"));
	keyring_close(&kr);
	/* Every mutant of the text. */
	for (size_t i = 0; i < second.text.len; i += 7) {
		second.text.p[i] ^= 1;
		assert_int_equal(
		    take_at(path_ben, &second, NULL, MONDAY), ST_FORGED);
		second.text.p[i] ^= 1;
	}
	keyset_made_free(&first);
	keyset_made_free(&second);
}

/* The root's keeper signed twice under one number. */
static void
another_set_of_the_same_number_is_refused(void **state)
{
	struct minisign_key root = root_of_ann();
	struct keyset_made one, two;
	struct keyring kr;

	(void)state;
	assert_int_equal(make_named(path_ben, "ben", false), 0);
	make_set(MONDAY, 1, &one);
	open_keyring(&kr);
	assert_int_equal(keyring_drop(&kr, "keyset.txt"), ST_OK);
	assert_int_equal(keyring_sequence_put(&kr, 0), ST_OK);
	keyring_close(&kr);
	make_set(MONDAY, 2, &two);
	assert_int_equal(two.set.sequence, 1);
	assert_int_equal(take_at(path_ben, &one, &root, MONDAY), ST_OK);
	assert_int_equal(take_at(path_ben, &two, NULL, MONDAY), ST_EXISTS);
	keyset_made_free(&one);
	keyset_made_free(&two);
}

/* A courier who exchanges ben's keys for his own, under ben's name. */
static void
a_stranger_under_our_name_is_refused(void **state)
{
	struct minisign_key root = root_of_ann();
	struct keyset_wish wish = {
	    .server = &server, .now = MONDAY, .analysts = 1};
	struct analyst_keys stranger;
	struct keyset_made made;
	char path_stranger[80];

	(void)state;
	snprintf(path_stranger, sizeof(path_stranger), "%s/stranger", folder);
	assert_int_equal(make_named(path_ben, "ben", false), 0);
	assert_int_equal(make_named(path_stranger, "ben", false), 0);
	keys_of(path_stranger, MONDAY, 2, &stranger);
	wish.analyst = &stranger;
	assert_int_equal(make_wish(&wish, &made), ST_OK);
	assert_int_equal(take_at(path_ben, &made, &root, MONDAY), ST_DENIED);
	assert_int_equal(take_at(path_stranger, &made, &root, MONDAY), ST_OK);
	keyset_made_free(&made);
	analyst_keys_free(&stranger);
}

/* The old set or the new one counts, and the new one can be taken again. */
static void
a_set_taken_and_cut_at_any_point_is_old_or_new(void **state)
{
	struct minisign_key root = root_of_ann();
	struct keyset_made first, second;
	char ring[64], command[256];

	(void)state;
	snprintf(ring, sizeof(ring), "%s/cut", folder);
	snprintf(command, sizeof(command), "rm -rf %s && cp -a %s %s", ring,
	    path_ben, ring);
	assert_int_equal(make_named(path_ben, "ben", false), 0);
	make_set(MONDAY, 1, &first);
	make_set(MONDAY, 2, &second);
	assert_int_equal(take_at(path_ben, &first, &root, MONDAY), ST_OK);
	for (unsigned long n = 1;; n++) {
		const struct keyset_offer offer = {
		    &second.text, &second.sig, NULL, MONDAY};
		struct keyring kr;
		struct keyset set;
		bool missed;
		enum status st;

		assert_int_equal(system(command), 0);
		assert_int_equal(keyring_open(ring, &kr), ST_OK);
		fault_at(FAULT_FILES | FAULT_ALLOC, n);
		st = keyset_take(&kr, &offer, &set, &missed);
		fault_off();
		if (st == ST_OK)
			keyset_free(&set);
		keyring_close(&kr);
		if (!fault_fired()) {
			assert_int_equal(st, ST_OK);
			break;
		}
		assert_int_equal(keyring_open(ring, &kr), ST_OK);
		assert_true(kr.has_set);
		assert_true(kr.set.sequence == 2 ||
		    (kr.set.sequence == 1 && st != ST_OK));
		keyring_close(&kr);
		assert_int_equal(take_at(ring, &second, NULL, MONDAY), ST_OK);
		assert_int_equal(
		    take_at(ring, &first, NULL, MONDAY), ST_EXPIRED);
		assert_int_equal(guarded_live(), 0);
	}
	keyset_made_free(&first);
	keyset_made_free(&second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_week_stands_in_the_set_only_if_all_have_a_key),
	    cmocka_unit_test(no_more_weeks_than_fit_stand_in_a_set),
	    cmocka_unit_test(analysts_who_cannot_stand_in_one_set_are_refused),
	    WITH_KEYRING(a_keyring_takes_rising_sets_of_its_root_alone),
	    WITH_KEYRING(another_set_of_the_same_number_is_refused),
	    WITH_KEYRING(a_set_taken_and_cut_at_any_point_is_old_or_new),
	    WITH_KEYRING(a_stranger_under_our_name_is_refused),
	};

	return crypto_room_init() != ST_OK ||
	    cmocka_run_group_tests(tests, NULL, NULL);
}
