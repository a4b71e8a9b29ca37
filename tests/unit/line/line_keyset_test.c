/*
 * Which key sets are taken up, and which are refused with which words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/durable.h"
#include "line/line_shown.h"
#include "tests/unit/line/keyset_bench.h"

static void
the_first_set_pins_the_root_and_later_ones_need_it(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct keyset set;
	struct made m;

	assert_int_equal(line_keyset_load(&b->line, &set, why), ST_ABSENT);
	assert_string_equal(why, "no key set was installed yet");
	bench_make(b, 1, &m);
	assert_int_equal(bench_install(b, &m, NULL, why), ST_ABSENT);
	assert_non_null(strstr(why, "--root"));
	assert_int_equal(bench_install(b, &m, &b->other, why), ST_WRONG_KEY);
	assert_int_equal(bench_install(b, &m, &b->root, why), ST_OK);
	assert_int_equal(bench_in_use(b), 1);
	/* Again the same is no harm; another root is refused from now on. */
	assert_int_equal(bench_install(b, &m, NULL, why), ST_OK);
	assert_int_equal(bench_install(b, &m, &b->root, why), ST_OK);
	assert_int_equal(bench_install(b, &m, &b->other, why), ST_WRONG_KEY);
	assert_non_null(strstr(why, "another root key is pinned"));
	assert_int_equal(bench_in_use(b), 1);
	bench_free(&m);
}

static void
a_set_signed_by_another_root_is_refused(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct made m;

	bench_install_first(b, 1);
	bench_begin(b, 2, &m);
	bench_sign(&b->other, &m);
	assert_int_equal(bench_install(b, &m, NULL, why), ST_WRONG_KEY);
	assert_int_equal(bench_install(b, &m, &b->other, why), ST_WRONG_KEY);
	bench_free(&m);
	assert_int_equal(bench_in_use(b), 1);
}

static void
numbers_never_go_back_and_never_mean_two_sets(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct made m;

	bench_install_first(b, 5);
	bench_make(b, 4, &m);
	assert_int_equal(bench_install(b, &m, NULL, why), ST_DENIED);
	assert_non_null(strstr(why, "it is an old one"));
	/* Nor when somebody copies the old files into place. */
	bench_put(b, LINE_KEYSET, m.text.p, m.text.len);
	bench_put(b, LINE_KEYSET_SIG, m.sig.p, m.sig.len);
	assert_int_equal(bench_in_use(b), 0);
	bench_free(&m);
	bench_empty(b);
	bench_install_first(b, 5);
	bench_begin(b, 5, &m);
	m.set.until -= 1;
	m.set.epoch[1].to.until -= 1;
	bench_sign(&b->root, &m);
	assert_int_equal(bench_install(b, &m, NULL, why), ST_EXISTS);
	assert_int_equal(bench_in_use(b), 5);
	bench_free(&m);
}

static void
sets_of_another_server_onion_or_time_are_refused(void **state)
{
	static const enum status want[] = {
	    ST_MALFORMED, ST_MALFORMED, ST_EARLY, ST_EXPIRED, ST_EARLY};
	static const char *const words[] = {"another server",
	    "names the onion address", "valid from", "ended at", "no epoch"};
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct made m;

	for (int i = 0; i < 5; i++) {
		bench_begin(b, 2, &m);
		if (i == 0) {
			bench_sign_key(m.set.server.key);
			key_id(
			    KEY_ROLE_SERVER, m.set.server.key, m.set.server.id);
		}
		if (i == 1)
			strcpy(m.set.server.onion,
			    "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twag"
			    "swzczad.onion");
		if (i == 2 || i == 3) {
			uint64_t shift = i == 2 ? WEEK : (uint64_t)0 - 2 * WEEK;

			m.set.from += shift;
			m.set.until += shift;
			for (size_t k = 0; k < 2; k++) {
				m.set.epoch[k].to.from += shift;
				m.set.epoch[k].to.until += shift;
			}
		}
		if (i == 4) /* valid, but with a hole at NOW */
			m.set.epoch[0].to.until = NOW;
		bench_sign(&b->root, &m);
		assert_int_equal(bench_install(b, &m, &b->root, why), want[i]);
		assert_non_null(strstr(why, words[i]));
		assert_int_equal(bench_in_use(b), 0);
		bench_free(&m);
	}
}

/* An installed set that has run out loads, so that the page can say so. */
static void
a_set_that_has_run_out_still_loads(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct keyset set;
	enum epoch_state why_none;
	uint64_t opens;

	bench_install_first(b, 1);
	assert_int_equal(line_keyset_load(&b->line, &set, why), ST_OK);
	assert_null(keyset_in_force(&set, set.until, 0, &why_none, &opens));
	assert_int_equal(why_none, EPOCH_ENDED);
	keyset_free(&set);
}

static void
every_mutant_of_the_two_files_is_refused(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct made m;
	struct keyset set;
	size_t comment;

	bench_make(b, 1, &m);
	struct keyset_files files = {&m.text, &m.sig, &b->root.key, 0, NOW};
	assert_int_equal(line_keyset_check(&b->line, &files, &set, why), ST_OK);
	keyset_free(&set);
	for (size_t i = 0; i < m.text.len; i++) {
		m.text.p[i] ^= 1;
		assert_int_equal(
		    line_keyset_check(&b->line, &files, &set, why), ST_FORGED);
		m.text.p[i] ^= 1;
	}
	/* The untrusted comment, up to the first line's end, signs nothing. */
	comment =
	    (size_t)((uint8_t *)memchr(m.sig.p, '\n', m.sig.len) - m.sig.p);
	for (size_t i = comment; i < m.sig.len; i++) {
		m.sig.p[i] ^= 1;
		assert_int_not_equal(
		    line_keyset_check(&b->line, &files, &set, why), ST_OK);
		assert_int_not_equal(why[0], '\0');
		m.sig.p[i] ^= 1;
	}
	for (size_t full = m.text.len; m.text.len > 0;) {
		m.text.len--;
		assert_int_equal(
		    line_keyset_check(&b->line, &files, &set, why), ST_FORGED);
		if (m.text.len == 0) {
			m.text.len = full;
			break;
		}
	}
	/* Without its last line feed a signature is still whole. */
	for (m.sig.len -= 2; m.sig.len > 0; m.sig.len--)
		assert_int_not_equal(
		    line_keyset_check(&b->line, &files, &set, why), ST_OK);
	bench_free(&m);
}

static void
missing_and_damaged_files_are_told_by_name(void **state)
{
	static const struct {
		const char *name, *words;
	} table[] = {{LINE_ROOT, "root.pub is missing"},
	    {LINE_SEQUENCE, "sequence is missing"},
	    {LINE_KEYSET, "keyset.txt is missing"},
	    {LINE_KEYSET_SIG, "keyset.txt.minisig is missing"}};
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct keyset set;

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		bench_empty(b);
		bench_install_first(b, 1);
		bench_put(b, table[i].name, "x\n", 2);
		assert_int_not_equal(
		    line_keyset_load(&b->line, &set, why), ST_OK);
		assert_int_not_equal(why[0], '\0');
		assert_int_equal(unlinkat(b->line.dirfd, table[i].name, 0), 0);
		assert_int_not_equal(
		    line_keyset_load(&b->line, &set, why), ST_OK);
		assert_non_null(strstr(why, table[i].words));
	}
	/* This one the tests share. */
	bench_empty(b);
	bench_install_first(b, 1);
	assert_int_equal(
	    renameat(b->line.dirfd, LINE_SERVER_PUB, b->line.dirfd, "kept"), 0);
	assert_int_not_equal(line_keyset_load(&b->line, &set, why), ST_OK);
	assert_non_null(strstr(why, LINE_SERVER_PUB " is missing"));
	assert_int_equal(
	    renameat(b->line.dirfd, "kept", b->line.dirfd, LINE_SERVER_PUB), 0);
}

static bool
is_file(const struct bench *b, const struct bytes *shown, const char *name)
{
	struct bytes text = BYTES_INIT(KEYSET_MAX);
	bool same;

	assert_int_equal(durable_read(b->line.dirfd, name, &text), ST_OK);
	same =
	    shown->len == text.len && memcmp(shown->p, text.p, text.len) == 0;
	bytes_free(&text);
	return same;
}

/* Of a set that does not load nothing is shown but the pinned root. */
static void
what_is_shown_is_the_set_in_use_as_its_files_say_it(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct line_shown shown;
	struct keyset set;

	assert_int_equal(
	    line_shown_load(&b->line, &set, &shown, why), ST_ABSENT);
	assert_int_equal(shown.keyset.len + shown.sig.len + shown.root.len, 0);
	line_shown_free(&shown);
	bench_install_first(b, 1);
	assert_int_equal(line_shown_load(&b->line, &set, &shown, why), ST_OK);
	assert_true(is_file(b, &shown.keyset, LINE_KEYSET));
	assert_true(is_file(b, &shown.sig, LINE_KEYSET_SIG));
	assert_true(is_file(b, &shown.root, LINE_ROOT));
	keyset_free(&set);
	line_shown_free(&shown);
	/* Half moved, as a crash leaves it. */
	assert_int_equal(renameat(b->line.dirfd, LINE_KEYSET_SIG, b->line.dirfd,
			     LINE_KEYSET_SIG ".next"),
	    0);
	assert_int_equal(line_shown_load(&b->line, &set, &shown, why), ST_OK);
	assert_true(is_file(b, &shown.keyset, LINE_KEYSET));
	assert_true(is_file(b, &shown.sig, LINE_KEYSET_SIG ".next"));
	keyset_free(&set);
	line_shown_free(&shown);
	bench_put(b, LINE_KEYSET, "x\n", 2);
	assert_int_not_equal(
	    line_shown_load(&b->line, &set, &shown, why), ST_OK);
	assert_int_equal(shown.keyset.len + shown.sig.len, 0);
	assert_true(is_file(b, &shown.root, LINE_ROOT));
	line_shown_free(&shown);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup(f, bench_setup_each)
	    T(the_first_set_pins_the_root_and_later_ones_need_it),
	    T(a_set_signed_by_another_root_is_refused),
	    T(numbers_never_go_back_and_never_mean_two_sets),
	    T(sets_of_another_server_onion_or_time_are_refused),
	    T(a_set_that_has_run_out_still_loads),
	    T(every_mutant_of_the_two_files_is_refused),
	    T(missing_and_damaged_files_are_told_by_name),
	    T(what_is_shown_is_the_set_in_use_as_its_files_say_it),
	};

	return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
