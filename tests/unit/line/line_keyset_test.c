/*
 * Key sets: which are taken up, and that taking one up happens at once.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/durable.h"
#include "base/guarded.h"
#include "crypto/minisign_sign.h"
#include "crypto/sign.h"
#include "line/line.h"
#include "tests/unit/fault.h"

#define NOW UINT64_C(1800000000)
#define WEEK UINT64_C(604800)

struct root {
	struct minisign_key key;
	uint8_t *seed;
};

/* A key set in the making and its two files. */
struct made {
	struct keyset set;
	struct bytes text, sig;
};

struct bench {
	char folder[64];
	struct line line;
	struct root root, other;
	struct server_identity server;
};

static void
put(const struct bench *b, const char *name, const void *p, size_t len)
{
	assert_int_equal(
	    durable_write(b->line.dirfd, name, p, len, 0600, DURABLE_REPLACE),
	    ST_OK);
}

/* Take all files away, those too that a crash left; or all but the two that
 * every line has. */
static void
empty(const struct bench *b, bool wholly)
{
	DIR *dir = opendir(b->folder);
	struct dirent *e;

	assert_non_null(dir);
	while ((e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (wholly ||
		    (strcmp(e->d_name, CONFIG_FILE) != 0 &&
			strcmp(e->d_name, LINE_SERVER_PUB) != 0))
			assert_int_equal(
			    unlinkat(b->line.dirfd, e->d_name, 0), 0);
	}
	closedir(dir);
}

static int
setup_each(void **state)
{
	empty(*state, false);
	return 0;
}

static void
make_root(struct root *root)
{
	root->seed = guarded_new(32);
	assert_non_null(root->seed);
	minisign_key_new(&root->key, root->seed);
}

/* The public half; nobody here signs with it. */
static void
make_sign_key(uint8_t key[static PUBLIC_KEY_LEN])
{
	uint8_t *seed = guarded_new(32);

	assert_non_null(seed);
	sign_key_new(key, seed);
	guarded_free(seed);
}

static int
setup(void **state)
{
	static const char conf[] = "[listen]\nunix = /s\n";
	static struct bench b;
	struct bytes pub = BYTES_INIT(SERVER_FILE_MAX);

	assert_int_equal(crypto_room_init(), ST_OK);
	strcpy(b.folder, "/tmp/tipline-keyset-XXXXXX");
	assert_non_null(mkdtemp(b.folder));
	b.line.dirfd = open(b.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	b.line.path = b.folder;
	config_default(&b.line.config);
	make_root(&b.root);
	make_root(&b.other);
	make_sign_key(b.server.key);
	key_id(KEY_ROLE_SERVER, b.server.key, b.server.id);
	assert_int_equal(server_identity_write(&b.server, &pub), ST_OK);
	put(&b, CONFIG_FILE, conf, strlen(conf));
	put(&b, LINE_SERVER_PUB, pub.p, pub.len);
	bytes_free(&pub);
	*state = &b;
	return 0;
}

static int
teardown(void **state)
{
	struct bench *b = *state;

	empty(b, true);
	close(b->line.dirfd);
	guarded_free(b->root.seed);
	guarded_free(b->other.seed);
	return rmdir(b->folder);
}

/* A right set with two epochs around NOW; the caller may spoil it. */
static void
begin_set(const struct bench *b, uint64_t sequence, struct made *m)
{
	static struct keyset_epoch epochs[2];
	struct keyset_signer *s = &m->set.signer[0];

	*m = (struct made){.text = BYTES_INIT(KEYSET_MAX),
	    .sig = BYTES_INIT(MINISIGN_FILE_MAX)};
	m->set.server = b->server;
	m->set.sequence = sequence;
	m->set.from = NOW - WEEK / 2;
	m->set.until = m->set.from + 2 * WEEK;
	m->set.signers = 1;
	make_sign_key(s->key);
	key_id(KEY_ROLE_SIGNER, s->key, s->id);
	strcpy(s->name, "alice");
	m->set.epochs = 2;
	m->set.epoch = epochs;
	for (size_t i = 0; i < 2; i++) {
		struct recipients *to = &epochs[i].to;

		to->epoch = (uint32_t)i + 1;
		to->from = m->set.from + i * WEEK;
		to->until = to->from + WEEK;
		to->count = 1;
		memset(to->r[0].key, (int)(i + sequence), PUBLIC_KEY_LEN);
		key_id(KEY_ROLE_EPOCH, to->r[0].key, to->r[0].id);
		strcpy(epochs[i].name[0], "alice");
	}
}

static void
sign_set(const struct root *root, struct made *m)
{
	assert_int_equal(keyset_write(&m->set, &m->text), ST_OK);
	assert_int_equal(minisign_sign(&root->key, root->seed, m->text.p,
			     m->text.len, "tipline keyset sequence 1", &m->sig),
	    ST_OK);
}

static void
make_set(const struct bench *b, uint64_t sequence, struct made *m)
{
	begin_set(b, sequence, m);
	sign_set(&b->root, m);
}

static void
free_set(struct made *m)
{
	bytes_free(&m->text);
	bytes_free(&m->sig);
}

static enum status
install(
    struct bench *b, const struct made *m, const struct root *root, char *why)
{
	return line_keyset_install(&b->line, &m->text, &m->sig,
	    root != NULL ? &root->key : NULL, NOW, why);
}

/* The sequence number in use, or 0 when none loads. */
static uint64_t
in_use(const struct bench *b)
{
	char why[LINE_WHY_LEN];
	struct keyset set;
	uint64_t sequence = 0;

	if (line_keyset_load(&b->line, &set, why) == ST_OK) {
		sequence = set.sequence;
		keyset_free(&set);
	}
	return sequence;
}

static void
install_first(struct bench *b, uint64_t sequence)
{
	char why[LINE_WHY_LEN];
	struct made m;

	make_set(b, sequence, &m);
	if (install(b, &m, &b->root, why) != ST_OK)
		fail_msg("%s", why);
	free_set(&m);
}

static void
the_first_set_pins_the_root_and_later_ones_need_it(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct keyset set;
	struct made m;

	assert_int_equal(line_keyset_load(&b->line, &set, why), ST_ABSENT);
	assert_string_equal(why, "no key set was installed yet");
	make_set(b, 1, &m);
	assert_int_equal(install(b, &m, NULL, why), ST_ABSENT);
	assert_non_null(strstr(why, "--root"));
	assert_int_equal(install(b, &m, &b->other, why), ST_WRONG_KEY);
	assert_int_equal(install(b, &m, &b->root, why), ST_OK);
	assert_int_equal(in_use(b), 1);
	/* Again the same is no harm; another root is refused from now on. */
	assert_int_equal(install(b, &m, NULL, why), ST_OK);
	assert_int_equal(install(b, &m, &b->root, why), ST_OK);
	assert_int_equal(install(b, &m, &b->other, why), ST_WRONG_KEY);
	assert_non_null(strstr(why, "another root key is pinned"));
	assert_int_equal(in_use(b), 1);
	free_set(&m);
}

static void
a_set_signed_by_another_root_is_refused(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct made m;

	install_first(b, 1);
	begin_set(b, 2, &m);
	sign_set(&b->other, &m);
	assert_int_equal(install(b, &m, NULL, why), ST_WRONG_KEY);
	assert_int_equal(install(b, &m, &b->other, why), ST_WRONG_KEY);
	free_set(&m);
	assert_int_equal(in_use(b), 1);
}

static void
numbers_never_go_back_and_never_mean_two_sets(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct made m;

	install_first(b, 5);
	make_set(b, 4, &m);
	assert_int_equal(install(b, &m, NULL, why), ST_DENIED);
	assert_non_null(strstr(why, "it is an old one"));
	/* Nor when somebody copies the old files into place. */
	put(b, LINE_KEYSET, m.text.p, m.text.len);
	put(b, LINE_KEYSET_SIG, m.sig.p, m.sig.len);
	assert_int_equal(in_use(b), 0);
	free_set(&m);
	empty(b, false);
	install_first(b, 5);
	begin_set(b, 5, &m);
	m.set.until -= 1;
	m.set.epoch[1].to.until -= 1;
	sign_set(&b->root, &m);
	assert_int_equal(install(b, &m, NULL, why), ST_EXISTS);
	assert_int_equal(in_use(b), 5);
	free_set(&m);
}

static void
sets_of_another_server_onion_or_time_are_refused(void **state)
{
	static const enum status want[] = {
	    ST_MALFORMED, ST_MALFORMED, ST_EARLY, ST_EXPIRED, ST_EXPIRED};
	static const char *const words[] = {"another server",
	    "names the onion address", "valid from", "ended at", "no epoch"};
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct made m;

	for (int i = 0; i < 5; i++) {
		begin_set(b, 2, &m);
		if (i == 0) {
			make_sign_key(m.set.server.key);
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
		sign_set(&b->root, &m);
		assert_int_equal(install(b, &m, &b->root, why), want[i]);
		assert_non_null(strstr(why, words[i]));
		assert_int_equal(in_use(b), 0);
		free_set(&m);
	}
}

/* An installed set that has run out loads, so that the page can say so. */
static void
a_set_that_has_run_out_still_loads(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct keyset set;

	install_first(b, 1);
	assert_int_equal(line_keyset_load(&b->line, &set, why), ST_OK);
	assert_null(keyset_at(&set, set.until));
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

	make_set(b, 1, &m);
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
	free_set(&m);
}

#define ALL (FAULT_FILES | FAULT_ALLOC)

/* Once (a call fails) and for good (as a crash, or a disk that stays full):
 * the old set or the new one is in use, and a second try mends it. */
static void
a_failure_at_any_call_leaves_the_old_set_or_the_new(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct made m;
	enum status st;
	bool more = true;

	make_set(b, 2, &m);
	for (unsigned long n = 1; more; n++) {
		for (int forever = 0; forever < 2; forever++) {
			empty(b, false);
			install_first(b, 1);
			if (forever)
				fault_from(ALL, n);
			else
				fault_at(ALL, n);
			st = install(b, &m, NULL, why);
			fault_off();
			more = fault_fired();
			assert_true(more || st == ST_OK);
			if (st == ST_OK)
				assert_int_equal(in_use(b), 2);
			else
				assert_in_range(in_use(b), 1, 2);
			assert_int_equal(install(b, &m, NULL, why), ST_OK);
			assert_int_equal(in_use(b), 2);
		}
	}
	free_set(&m);
}

/* From a half-moved set on, a third one must go in as safely. */
static void
a_third_set_goes_in_over_a_move_that_broke_off(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct made second, third;
	bool more = true;

	make_set(b, 2, &second);
	make_set(b, 3, &third);
	for (unsigned long n = 1; more; n++) {
		uint64_t before;

		empty(b, false);
		install_first(b, 1);
		/* Renames: two .next files, sequence, then the two moves. */
		fault_from(FAULT_RENAME, 4 + n % 2);
		assert_int_equal(install(b, &second, NULL, why), ST_IO);
		fault_off();
		before = in_use(b);
		assert_int_equal(before, 2);
		fault_from(ALL, (n + 1) / 2);
		(void)!install(b, &third, NULL, why);
		fault_off();
		more = fault_fired();
		assert_in_range(in_use(b), 2, 3);
		assert_int_equal(install(b, &third, NULL, why), ST_OK);
		assert_int_equal(in_use(b), 3);
	}
	free_set(&second);
	free_set(&third);
}

static void
a_first_install_that_fails_binds_nobody(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct made m, others;
	enum status st;
	bool more = true;

	make_set(b, 1, &m);
	begin_set(b, 1, &others);
	sign_set(&b->other, &others);
	for (unsigned long n = 1; more; n++) {
		empty(b, false);
		fault_from(ALL, n);
		st = install(b, &m, &b->root, why);
		fault_off();
		more = fault_fired();
		if (in_use(b) == 1)
			continue;
		assert_int_not_equal(st, ST_OK);
		assert_int_equal(install(b, &others, &b->other, why), ST_OK);
		assert_int_equal(in_use(b), 1);
	}
	assert_int_equal(in_use(b), 1);
	free_set(&m);
	free_set(&others);
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

	for (size_t i = 0; i < 4; i++) {
		empty(b, false);
		install_first(b, 1);
		put(b, table[i].name, "x\n", 2);
		assert_int_not_equal(
		    line_keyset_load(&b->line, &set, why), ST_OK);
		assert_int_not_equal(why[0], '\0');
		assert_int_equal(unlinkat(b->line.dirfd, table[i].name, 0), 0);
		assert_int_not_equal(
		    line_keyset_load(&b->line, &set, why), ST_OK);
		assert_non_null(strstr(why, table[i].words));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup(f, setup_each)
	    T(the_first_set_pins_the_root_and_later_ones_need_it),
	    T(a_set_signed_by_another_root_is_refused),
	    T(numbers_never_go_back_and_never_mean_two_sets),
	    T(sets_of_another_server_onion_or_time_are_refused),
	    T(a_set_that_has_run_out_still_loads),
	    T(every_mutant_of_the_two_files_is_refused),
	    T(a_failure_at_any_call_leaves_the_old_set_or_the_new),
	    T(a_third_set_goes_in_over_a_move_that_broke_off),
	    T(a_first_install_that_fails_binds_nobody),
	    T(missing_and_damaged_files_are_told_by_name),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
