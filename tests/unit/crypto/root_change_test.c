/*
 * Changes of root: followed one by one, and refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "crypto/minisign_sign.h"
#include "crypto/recipients.h"
#include "crypto/root_change.h"
#include "tests/unit/crypto/edited.h"

static const char *why;

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
/* Anybody can sign for a key of low order. */
static void
a_root_that_proves_nothing_does_not_follow(void **state)
{
	struct change_made m;
	struct root_change found;

	(void)state;
	make_roots();
	make_change(&m, 1, 0, 1);
	memset(m.change.next.key, 0, sizeof(m.change.next.key));
	bytes_clear(&m.text);
	assert_int_equal(root_change_write(&m.change, &m.text), ST_OK);
	assert_int_equal(read_change(&m, &root[0], 0, &found), ST_MALFORMED);
	assert_string_equal(why, "the key is none that can be used");
	free_change(&m);
}

static void
a_root_is_pinned_by_its_key_and_its_id(void **state)
{
	struct change_made m;
	struct root_change found;
	struct minisign_key pinned;

	(void)state;
	make_roots();
	make_change(&m, 1, 0, 1);
	pinned = root[0];
	pinned.id[0] ^= 1;
	assert_int_equal(read_change(&m, &pinned, 0, &found), ST_WRONG_KEY);
	pinned = root[0];
	pinned.key[0] ^= 1;
	assert_int_equal(read_change(&m, &pinned, 0, &found), ST_WRONG_KEY);
	free_change(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(changes_of_root_are_followed_one_by_one),
	    cmocka_unit_test(a_change_of_root_needs_both_signatures),
	    cmocka_unit_test(a_change_of_root_is_refused_in_words),
	    cmocka_unit_test(a_root_does_not_follow_itself),
	    cmocka_unit_test(a_root_that_proves_nothing_does_not_follow),
	    cmocka_unit_test(a_root_is_pinned_by_its_key_and_its_id),
	};

	if (crypto_room_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests_name(
	    "changes of root", tests, NULL, NULL);
}
