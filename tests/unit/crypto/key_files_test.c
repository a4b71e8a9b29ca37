/*
 * The small files around key sets: analysts' keys, changes of root, shares.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guarded.h"
#include "crypto/analyst_keys.h"
#include "crypto/minisign_sign.h"
#include "crypto/opener.h"
#include "crypto/root_change.h"
#include "crypto/shares.h"
#include "crypto/sign.h"

#define WEEK (7 * 86400)
#define MONDAY 1795392000 /* 2026-11-23 */

static unsigned line;
static const char *why;

/* The text with the first from made to. */
static struct bytes
edited(const struct bytes *text, const char *from, const char *to)
{
	struct bytes b = BYTES_INIT(2 * KEYSET_MAX);
	const uint8_t *const at =
	    memmem(text->p, text->len, from, strlen(from));
	size_t before;

	if (at == NULL)
		fail_msg("%s is not in the text", from);
	before = (size_t)(at - text->p);
	assert_int_equal(bytes_append(&b, text->p, before), ST_OK);
	assert_int_equal(bytes_append_text(&b, to), ST_OK);
	before += strlen(from);
	assert_int_equal(
	    bytes_append(&b, text->p + before, text->len - before), ST_OK);
	return b;
}

static uint8_t signer_seed[32];

static void
make_keys(struct analyst_keys *keys, size_t count)
{
	uint8_t secret[32];

	memset(keys, 0, sizeof(*keys));
	strcpy(keys->signer.name, "alice");
	sign_key_new(keys->signer.key, signer_seed);
	key_id(KEY_ROLE_SIGNER, keys->signer.key, keys->signer.id);
	keys->count = count;
	keys->key = calloc(count, sizeof(*keys->key));
	assert_non_null(keys->key);
	for (size_t i = 0; i < count; i++) {
		struct analyst_key *const k = &keys->key[i];

		k->epoch = 2968 + (uint32_t)i;
		k->from = MONDAY + i * WEEK;
		k->until = k->from + WEEK;
		epoch_key_new(k->key, secret);
		key_id(KEY_ROLE_EPOCH, k->key, k->id);
	}
}

static struct bytes
keys_text(const struct analyst_keys *keys)
{
	struct bytes b = BYTES_INIT(KEYSET_MAX);

	assert_int_equal(analyst_keys_write(keys, signer_seed, &b), ST_OK);
	return b;
}

static void
analysts_keys_are_read_as_they_were_written(void **state)
{
	static const size_t counts[] = {1, 2, 52, 380};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct analyst_keys keys, again;
		struct bytes text;

		make_keys(&keys, counts[i]);
		text = keys_text(&keys);
		assert_int_equal(
		    analyst_keys_parse(text.p, text.len, &again, &line, &why),
		    ST_OK);
		assert_memory_equal(
		    &again.signer, &keys.signer, sizeof(keys.signer));
		assert_int_equal(again.count, keys.count);
		assert_memory_equal(
		    again.key, keys.key, keys.count * sizeof(*keys.key));
		analyst_keys_free(&again);
		analyst_keys_free(&keys);
		bytes_free(&text);
	}
}

static void
keys_are_written_by_their_signer_and_as_far_as_they_fit(void **state)
{
	struct analyst_keys keys;
	struct bytes b = BYTES_INIT(KEYSET_MAX);
	uint8_t other[32], public_key[32];

	(void)state;
	make_keys(&keys, 2);
	sign_key_new(public_key, other);
	assert_int_equal(analyst_keys_write(&keys, other, &b), ST_WRONG_KEY);
	keys.count = 0;
	assert_int_equal(analyst_keys_write(&keys, signer_seed, &b), ST_LIMIT);
	keys.count = 2;
	analyst_keys_free(&keys);
	make_keys(&keys, 521);
	assert_int_equal(analyst_keys_write(&keys, signer_seed, &b), ST_LIMIT);
	keys.count = 520;
	memset(keys.signer.name, 'a', KEY_NAME_MAX); /* more than 64 KiB */
	assert_int_equal(analyst_keys_write(&keys, signer_seed, &b), ST_LIMIT);
	analyst_keys_free(&keys);
	bytes_free(&b);
}

static void
no_mutant_of_analysts_keys_is_taken(void **state)
{
	struct analyst_keys keys, again;
	struct bytes text;

	(void)state;
	make_keys(&keys, 3);
	text = keys_text(&keys);
	for (size_t i = 0; i < text.len; i++) {
		enum status st;

		text.p[i] ^= (uint8_t)(1U << i % 7);
		st = analyst_keys_parse(text.p, text.len, &again, &line, &why);
		assert_true(
		    st == ST_FORGED || st == ST_VERSION || st == ST_MALFORMED);
		assert_int_equal(st != ST_FORGED, line > 0);
		assert_null(again.key);
		text.p[i] ^= (uint8_t)(1U << i % 7);
	}
	for (size_t len = 0; len < text.len; len++)
		assert_int_equal(
		    analyst_keys_parse(text.p, len, &again, &line, &why),
		    ST_MALFORMED);
	assert_int_equal(bytes_append_text(&text, "\n"), ST_OK);
	assert_int_equal(
	    analyst_keys_parse(text.p, text.len, &again, &line, &why),
	    ST_MALFORMED);
	assert_int_equal(line, 10);
	text.len = KEYSET_MAX + 1;
	assert_int_equal(
	    analyst_keys_parse(text.p, text.len, &again, &line, &why),
	    ST_MALFORMED);
	assert_int_equal(line, 0);
	text.len = 0;
	analyst_keys_free(&keys);
	bytes_free(&text);
}

static void
analysts_keys_are_refused_in_words(void **state)
{
	static const struct {
		const char *from, *to;
		unsigned line;
		const char *why;
	} cases[] = {
	    {"keys 1", "keys 2", 1, "a version this program does not know"},
	    {"tipline-analyst-keys", "tipline-keyset", 1,
		"another kind of file, or its first line is missing"},
	    {"signer", "server", 2,
		"another line than \"signer\" stands where that must be"},
	    {"alice", "Alice", 2, "a name has only a-z, 0-9 and - in it"},
	    {"alice", "bob", 4, "the key has another name than its signer"},
	    {"epoch 2968", "epoch 0", 3, "epochs are numbered from 1"},
	    {"epoch 2969", "epoch 2968", 5,
		"the numbers of the epochs do not rise"},
	    {"epoch 2969 2026-11-30", "epoch 2969 2026-11-28", 5,
		"the epoch overlaps the one before by more than a day"},
	    {"epoch 2969", "colour red\nepoch 2969", 5, "unknown field"},
	    {"epoch 2969", "", 5, "unknown field"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct analyst_keys keys, again;
		struct bytes text, bad;
		enum status st;

		make_keys(&keys, 3);
		text = keys_text(&keys);
		bad = edited(&text, cases[i].from, cases[i].to);
		st = analyst_keys_parse(bad.p, bad.len, &again, &line, &why);
		assert_int_equal(st, i == 0 ? ST_VERSION : ST_MALFORMED);
		assert_string_equal(why, cases[i].why);
		assert_int_equal(line, cases[i].line);
		analyst_keys_free(&keys);
		bytes_free(&text);
		bytes_free(&bad);
	}
}

/* A chain of three roots, and the two changes between them. */
static struct minisign_key root[3];
static uint8_t root_seed[3][32];

static void
make_roots(void)
{
	for (int i = 0; i < 3; i++)
		minisign_key_new(&root[i], root_seed[i]);
}

struct change_made {
	struct root_change change;
	struct bytes text, sig, sig_new;
};

static void
sign_change(struct change_made *m, int old, int next)
{
	bytes_clear(&m->sig);
	bytes_clear(&m->sig_new);
	assert_int_equal(minisign_sign(&root[old], root_seed[old], m->text.p,
			     m->text.len, "root change", &m->sig),
	    ST_OK);
	assert_int_equal(minisign_sign(&root[next], root_seed[next], m->text.p,
			     m->text.len, "root change", &m->sig_new),
	    ST_OK);
}

static void
make_change(struct change_made *m, uint32_t number, int old, int next)
{
	memset(m, 0, sizeof(*m));
	m->text.max = m->sig.max = m->sig_new.max = MINISIGN_FILE_MAX;
	m->change.number = number;
	m->change.old = root[old];
	m->change.next = root[next];
	assert_int_equal(root_change_write(&m->change, &m->text), ST_OK);
	sign_change(m, old, next);
}

static void
free_change(struct change_made *m)
{
	bytes_free(&m->text);
	bytes_free(&m->sig);
	bytes_free(&m->sig_new);
}

static enum status
read_change(const struct change_made *m, const struct minisign_key *pinned,
    uint32_t count, struct root_change *found)
{
	const struct root_change_files files = {&m->text, &m->sig, &m->sig_new};

	return root_change_read(&files, pinned, count, found, &why);
}

static void
changes_of_root_are_followed_one_by_one(void **state)
{
	struct change_made first, second;
	struct root_change found;

	(void)state;
	make_roots();
	make_change(&first, 1, 0, 1);
	make_change(&second, 2, 1, 2);
	assert_int_equal(read_change(&first, &root[0], 0, &found), ST_OK);
	assert_memory_equal(&found, &first.change, sizeof(found));
	assert_int_equal(read_change(&second, &found.next, 1, &found), ST_OK);
	assert_memory_equal(&found.next, &root[2], sizeof(root[2]));

	assert_int_equal(read_change(&second, &root[0], 0, &found), ST_EARLY);
	/* A refusal can say what it refuses. */
	assert_memory_equal(&found, &second.change, sizeof(found));
	assert_int_equal(read_change(&first, &root[1], 1, &found), ST_EXISTS);
	assert_memory_equal(&found, &first.change, sizeof(found));
	assert_int_equal(read_change(&second, &root[2], 2, &found), ST_EXISTS);
	assert_int_equal(
	    read_change(&second, &root[0], 1, &found), ST_WRONG_KEY);
	free_change(&first);
	/* Somebody else's root, rightly signed. */
	make_change(&first, 1, 2, 1);
	assert_int_equal(
	    read_change(&first, &root[0], 0, &found), ST_WRONG_KEY);
	free_change(&first);
	free_change(&second);
}

static void
a_change_of_root_needs_both_signatures(void **state)
{
	struct change_made m;
	struct root_change found, zero = {0};
	struct bytes sig;

	(void)state;
	make_roots();
	make_change(&m, 1, 0, 1);
	sign_change(&m, 1, 0); /* the other way round */
	assert_int_equal(read_change(&m, &root[0], 0, &found), ST_FORGED);
	assert_memory_equal(&found, &zero, sizeof(found));
	sign_change(&m, 0, 0); /* nobody shows that he holds the new one */
	assert_int_equal(read_change(&m, &root[0], 0, &found), ST_FORGED);
	sign_change(&m, 1, 1); /* the new one appoints itself */
	assert_int_equal(read_change(&m, &root[0], 0, &found), ST_FORGED);
	sign_change(&m, 0, 1);
	assert_int_equal(read_change(&m, &root[0], 0, &found), ST_OK);
	sig = m.sig;
	m.sig = (struct bytes){0};
	assert_int_equal(read_change(&m, &root[0], 0, &found), ST_MALFORMED);
	assert_string_equal(
	    why, "the old root's signature is no minisign signature");
	m.sig = sig;
	sig = m.sig_new;
	m.sig_new = (struct bytes){0};
	assert_int_equal(read_change(&m, &root[0], 0, &found), ST_MALFORMED);
	assert_string_equal(
	    why, "the new root's signature is no minisign signature");
	m.sig_new = sig;
	for (size_t i = 0; i < m.text.len; i++) {
		m.text.p[i] ^= 1;
		assert_int_not_equal(
		    read_change(&m, &root[0], 0, &found), ST_OK);
		m.text.p[i] ^= 1;
	}
	free_change(&m);
}

static void
a_change_of_root_is_refused_in_words(void **state)
{
	static const struct {
		const char *from, *to, *why;
	} cases[] = {
	    {"change 1", "change 2", "a version this program does not know"},
	    {"number 1", "number 0", "changes are numbered from 1"},
	    {"number 1", "number 4294967296", "the number is too large"},
	    {"number 1", "number 01",
		"not a number: digits only, none but 0 begins with 0"},
	    {"old ", "new ",
		"another line than \"old\" stands where that must be"},
	    {"old ", "old 0", "an id is 16 lower-case hex digits"},
	    {"old ", "old x ", "a word too many in the line"},
	    {"=\nnew", "=\n\nnew", "unknown field"},
	};

	(void)state;
	make_roots();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct change_made m;
		struct root_change found;
		struct bytes good;

		make_change(&m, 1, 0, 1);
		good = m.text;
		m.text = edited(&good, cases[i].from, cases[i].to);
		sign_change(&m, 0, 1);
		assert_int_equal(read_change(&m, &root[0], 0, &found),
		    i == 0 ? ST_VERSION : ST_MALFORMED);
		assert_string_equal(why, cases[i].why);
		bytes_free(&good);
		free_change(&m);
	}
}

static void
a_root_does_not_follow_itself(void **state)
{
	struct change_made m;
	struct root_change found;

	(void)state;
	make_roots();
	make_change(&m, 1, 0, 0);
	assert_int_equal(read_change(&m, &root[0], 0, &found), ST_MALFORMED);
	assert_string_equal(why, "the new root is the old one");
	free_change(&m);
	memcpy(root[1].id, root[0].id, sizeof(root[1].id));
	make_change(&m, 1, 0, 1);
	assert_int_equal(read_change(&m, &root[0], 0, &found), ST_MALFORMED);
	assert_string_equal(why, "the new root has the old one's id");
	free_change(&m);
}

static uint8_t *key, *joined;
static uint8_t backup[SHARE_BACKUP_LEN];

static int
key_set_up(void **state)
{
	(void)state;
	key = guarded_new(SHARE_KEY_LEN);
	joined = guarded_new(SHARE_KEY_LEN);
	if (key == NULL || joined == NULL)
		return -1;
	randombytes_buf(key, SHARE_KEY_LEN);
	randombytes_buf(backup, sizeof(backup));
	return 0;
}

static int
key_tear_down(void **state)
{
	(void)state;
	guarded_free(key);
	guarded_free(joined);
	assert_int_equal(guarded_live(), 0);
	return 0;
}

/* All choices of shares of up to 6, and what they restore. */
static void
enough_shares_restore_the_key_and_fewer_do_not(void **state)
{
	(void)state;
	for (size_t count = 2; count <= 6; count++) {
		for (size_t need = 2; need <= count; need++) {
			struct share all[SHARES_MAX], some[SHARES_MAX];

			assert_int_equal(
			    shares_split(key, backup, need, count, all), ST_OK);
			for (unsigned set = 1; set < 1U << count; set++) {
				size_t n = 0;
				enum status st;

				/* The last first: their order is nothing. */
				for (size_t i = count; i-- > 0;) {
					if (set >> i & 1)
						some[n++] = all[i];
				}
				st = shares_join(some, n, joined);
				assert_int_equal(
				    st, n < need ? ST_SHORT : ST_OK);
				if (st == ST_OK)
					assert_memory_equal(
					    joined, key, SHARE_KEY_LEN);
				else
					assert_true(sodium_is_zero(
					    joined, SHARE_KEY_LEN));
			}
		}
	}
}

/* What need - 1 shares would give if they lied about need. */
static void
too_few_shares_that_claim_to_be_enough_give_another_key(void **state)
{
	struct share all[5];

	(void)state;
	assert_int_equal(shares_split(key, backup, 4, 5, all), ST_OK);
	for (size_t i = 0; i < 3; i++)
		all[i].need = 3;
	assert_int_equal(shares_join(all, 3, joined), ST_OK);
	assert_memory_not_equal(joined, key, SHARE_KEY_LEN);
}

static void
shares_that_do_not_belong_together_are_refused(void **state)
{
	struct share a[3], b[3], mixed[3];

	(void)state;
	assert_int_equal(shares_split(key, backup, 2, 3, a), ST_OK);
	backup[3] ^= 1;
	assert_int_equal(shares_split(key, backup, 2, 3, b), ST_OK);
	mixed[0] = a[0];
	mixed[1] = b[1];
	assert_int_equal(shares_join(mixed, 2, joined), ST_WRONG_KEY);
	mixed[1] = a[0];
	assert_int_equal(shares_join(mixed, 2, joined), ST_EXISTS);
	mixed[1] = a[1];
	mixed[1].need = 3;
	assert_int_equal(shares_join(mixed, 2, joined), ST_WRONG_KEY);
	assert_int_equal(shares_join(mixed, 0, joined), ST_SHORT);
	for (size_t i = 0; i < 3; i++)
		a[i].need = 1;
	assert_int_equal(shares_join(a, 3, joined), ST_MALFORMED);
	for (size_t i = 0; i < 3; i++)
		a[i].need = 2;
	a[1].x = 0;
	assert_int_equal(shares_join(a, 3, joined), ST_MALFORMED);
}

static void
numbers_of_shares_that_cannot_be_are_our_own_bug(void **state)
{
	struct share all[SHARES_MAX];

	(void)state;
	assert_int_equal(shares_split(key, backup, 1, 3, all), ST_BUG);
	assert_int_equal(shares_split(key, backup, 4, 3, all), ST_BUG);
	assert_int_equal(
	    shares_split(key, backup, 2, SHARES_MAX + 1, all), ST_BUG);
	assert_int_equal(
	    shares_split(key, backup, SHARES_MAX, SHARES_MAX, all), ST_OK);
	assert_int_equal(shares_join(all, SHARES_MAX, joined), ST_OK);
	assert_memory_equal(joined, key, SHARE_KEY_LEN);
}

static void
one_key_is_split_otherwise_each_time(void **state)
{
	struct share a[2], b[2];

	(void)state;
	assert_int_equal(shares_split(key, backup, 2, 2, a), ST_OK);
	assert_int_equal(shares_split(key, backup, 2, 2, b), ST_OK);
	assert_memory_not_equal(a[0].value, b[0].value, SHARE_KEY_LEN);
	/* Nor is a share the key. */
	assert_memory_not_equal(a[0].value, key, SHARE_KEY_LEN);
}

/* How often the key's bytes stand in the program's heap. */
static unsigned
times_on_the_heap(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char row[256];
	unsigned found = 0;

	assert_non_null(maps);
	while (fgets(row, sizeof(row), maps) != NULL) {
		uintptr_t from, to;
		const uint8_t *p, *end;

		if (strstr(row, "[heap]") == NULL ||
		    sscanf(row, "%" SCNxPTR "-%" SCNxPTR, &from, &to) != 2)
			continue;
		end = (const uint8_t *)to;
		for (p = (const uint8_t *)from;
		     (p = memmem(p, (size_t)(end - p), key, SHARE_KEY_LEN)) !=
		     NULL;
		     p++)
			found++;
	}
	(void)fclose(maps);
	return found;
}

/* What the library copies into its own memory it overwrites. */
static void
nothing_of_the_key_stays_on_the_heap(void **state)
{
	struct share all[5];
	uint8_t *copy = malloc(SHARE_KEY_LEN);
	unsigned seen;

	(void)state;
	assert_non_null(copy);
	memcpy(copy, key, SHARE_KEY_LEN);
	seen = times_on_the_heap();
	wipe(copy, SHARE_KEY_LEN);
	free(copy);
	/* ASan and valgrind have heaps of their own elsewhere. */
	if (seen == 0)
		skip();
	assert_int_equal(seen, 1);
	assert_int_equal(times_on_the_heap(), 0);
	assert_int_equal(shares_split(key, backup, 3, 5, all), ST_OK);
	assert_int_equal(times_on_the_heap(), 0);
	assert_int_equal(shares_join(all + 1, 3, joined), ST_OK);
	assert_memory_equal(joined, key, SHARE_KEY_LEN);
	assert_int_equal(times_on_the_heap(), 0);
}

static void
a_share_on_paper_is_read_again_and_a_slip_is_told(void **state)
{
	struct share all[3], again;
	struct bytes text = BYTES_INIT(SHARE_FILE_MAX);

	(void)state;
	assert_int_equal(shares_split(key, backup, 2, 3, all), ST_OK);
	assert_int_equal(share_write(&all[2], &text), ST_OK);
	assert_int_equal(share_parse(text.p, text.len, &again), ST_OK);
	assert_memory_equal(&again, &all[2], sizeof(again));
	for (size_t i = 0; i < text.len; i++) {
		for (unsigned bit = 0; bit < 7; bit++) {
			enum status st;

			text.p[i] ^= (uint8_t)(1U << bit);
			st = share_parse(text.p, text.len, &again);
			assert_true(st == ST_FORGED || st == ST_MALFORMED ||
			    st == ST_VERSION);
			assert_true(sodium_is_zero(
			    (const uint8_t *)&again, sizeof(again)));
			text.p[i] ^= (uint8_t)(1U << bit);
		}
	}
	for (size_t len = 0; len < text.len; len++)
		assert_int_equal(
		    share_parse(text.p, len, &again), ST_MALFORMED);
	assert_int_equal(bytes_append_text(&text, "\n"), ST_OK);
	assert_int_equal(share_parse(text.p, text.len, &again), ST_MALFORMED);
	text.len--;
	/* A letter of the share, exchanged for another. */
	text.p[90] = text.p[90] == 'A' ? 'B' : 'A';
	assert_int_equal(share_parse(text.p, text.len, &again), ST_FORGED);
	assert_int_equal(
	    share_parse(text.p, SHARE_FILE_MAX + 1, &again), ST_MALFORMED);
	bytes_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test(f)
#define K(f) cmocka_unit_test_setup_teardown(f, key_set_up, key_tear_down)
	    T(analysts_keys_are_read_as_they_were_written),
	    T(keys_are_written_by_their_signer_and_as_far_as_they_fit),
	    T(no_mutant_of_analysts_keys_is_taken),
	    T(analysts_keys_are_refused_in_words),
	    T(changes_of_root_are_followed_one_by_one),
	    T(a_change_of_root_needs_both_signatures),
	    T(a_change_of_root_is_refused_in_words),
	    T(a_root_does_not_follow_itself),
	    K(enough_shares_restore_the_key_and_fewer_do_not),
	    K(too_few_shares_that_claim_to_be_enough_give_another_key),
	    K(shares_that_do_not_belong_together_are_refused),
	    K(numbers_of_shares_that_cannot_be_are_our_own_bug),
	    K(one_key_is_split_otherwise_each_time),
	    K(nothing_of_the_key_stays_on_the_heap),
	    K(a_share_on_paper_is_read_again_and_a_slip_is_told),
#undef T
#undef K
	};

	if (crypto_room_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests_name("key files", tests, NULL, NULL);
}
