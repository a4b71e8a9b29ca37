/*
 * keyset_bench: see keyset_bench.h.
 */
#include "tests/unit/line/keyset_bench.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/durable.h"
#include "base/guarded.h"
#include "crypto/minisign_sign.h"
#include "crypto/sign.h"

void
bench_put(const struct bench *b, const char *name, const void *p, size_t len)
{
	assert_int_equal(
	    durable_write(b->line.dirfd, name, p, len, 0600, DURABLE_REPLACE),
	    ST_OK);
}

/* Take all files away, those too that a crash left; or all but the two that
 * every line has. */
static void
empty_folder(int dirfd, bool wholly)
{
	DIR *dir;
	struct dirent *e;
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), below;

	dir = fdopendir(fd);
	assert_non_null(dir);
	while ((e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (!wholly &&
		    (strcmp(e->d_name, CONFIG_FILE) == 0 ||
			strcmp(e->d_name, LINE_SERVER_PUB) == 0))
			continue;
		below = openat(fd, e->d_name, O_RDONLY | O_DIRECTORY);
		if (below >= 0) {
			empty_folder(below, true);
			close(below);
		}
		assert_int_equal(
		    unlinkat(fd, e->d_name, below >= 0 ? AT_REMOVEDIR : 0), 0);
	}
	closedir(dir);
}

static void
empty(const struct bench *b, bool wholly)
{
	empty_folder(b->line.dirfd, wholly);
}

void
bench_empty(const struct bench *b)
{
	empty(b, false);
}

int
bench_setup_each(void **state)
{
	bench_empty(*state);
	return 0;
}

static void
make_root(struct root *root)
{
	root->seed = guarded_new(32);
	assert_non_null(root->seed);
	minisign_key_new(&root->key, root->seed);
}

void
bench_change(uint32_t number, const struct root *old, const struct root *next,
    struct changed *c)
{
	const struct root_change change = {number, old->key, next->key};

	*c = (struct changed){BYTES_INIT(MINISIGN_FILE_MAX),
	    BYTES_INIT(MINISIGN_FILE_MAX), BYTES_INIT(MINISIGN_FILE_MAX)};
	assert_int_equal(root_change_write(&change, &c->text), ST_OK);
	assert_int_equal(minisign_sign(&old->key, old->seed, c->text.p,
			     c->text.len, "root change", &c->sig),
	    ST_OK);
	assert_int_equal(minisign_sign(&next->key, next->seed, c->text.p,
			     c->text.len, "root change", &c->sig_new),
	    ST_OK);
}

enum status
bench_follow(struct bench *b, const struct changed *c, char *why)
{
	const struct root_change_files files = {&c->text, &c->sig, &c->sig_new};

	return line_root_change(&b->line, &files, why);
}

void
bench_changed_free(struct changed *c)
{
	bytes_free(&c->text);
	bytes_free(&c->sig);
	bytes_free(&c->sig_new);
}

/* The public half; nobody here signs with it. */
void
bench_sign_key(uint8_t key[static PUBLIC_KEY_LEN])
{
	uint8_t *seed = guarded_new(32);

	assert_non_null(seed);
	sign_key_new(key, seed);
	guarded_free(seed);
}

int
bench_setup(void **state)
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
	make_root(&b.third);
	bench_sign_key(b.server.key);
	key_id(KEY_ROLE_SERVER, b.server.key, b.server.id);
	assert_int_equal(server_identity_write(&b.server, &pub), ST_OK);
	bench_put(&b, CONFIG_FILE, conf, strlen(conf));
	bench_put(&b, LINE_SERVER_PUB, pub.p, pub.len);
	bytes_free(&pub);
	*state = &b;
	return 0;
}

int
bench_teardown(void **state)
{
	struct bench *b = *state;

	empty(b, true);
	close(b->line.dirfd);
	guarded_free(b->root.seed);
	guarded_free(b->other.seed);
	guarded_free(b->third.seed);
	return rmdir(b->folder);
}

/* A right set with two epochs around NOW; the caller may spoil it. */
void
bench_begin(const struct bench *b, uint64_t sequence, struct made *m)
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
	bench_sign_key(s->key);
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

void
bench_sign(const struct root *root, struct made *m)
{
	assert_int_equal(keyset_write(&m->set, &m->text), ST_OK);
	assert_int_equal(minisign_sign(&root->key, root->seed, m->text.p,
			     m->text.len, "tipline keyset sequence 1", &m->sig),
	    ST_OK);
}

void
bench_make(const struct bench *b, uint64_t sequence, struct made *m)
{
	bench_begin(b, sequence, m);
	bench_sign(&b->root, m);
}

void
bench_free(struct made *m)
{
	bytes_free(&m->text);
	bytes_free(&m->sig);
}

enum status
bench_install(
    struct bench *b, const struct made *m, const struct root *root, char *why)
{
	const struct keyset_offer offer = {
	    &m->text, &m->sig, root != NULL ? &root->key : NULL, NOW, 0};

	return line_keyset_install(&b->line, &offer, why);
}

enum status
bench_install_wanted(
    struct bench *b, const struct made *m, uint64_t wanted, char *why)
{
	const struct keyset_offer offer = {
	    &m->text, &m->sig, NULL, NOW, wanted};

	return line_keyset_install(&b->line, &offer, why);
}

/* The sequence number in use, or 0 when none loads. */
uint64_t
bench_in_use(const struct bench *b)
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

void
bench_install_first(struct bench *b, uint64_t sequence)
{
	char why[LINE_WHY_LEN];
	struct made m;

	bench_make(b, sequence, &m);
	if (bench_install(b, &m, &b->root, why) != ST_OK)
		fail_msg("%s", why);
	bench_free(&m);
}
