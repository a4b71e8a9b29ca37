/*
 * make_bundle: make servers and bundles for tests, good ones and bad ones,
 * without a running server.
 *
 *	make_bundle server DIR
 *		writes DIR/server.key and DIR/server.pub
 *	make_bundle bundle SERVER.KEY KEYSET FIRST OUT < RECIPE
 *		FIRST is the first tip's number, or a bundle that this one
 *		continues
 *
 * A recipe is a line for each step:
 *
 *	bundle N              the bundle's number, not what follows from FIRST
 *	last N                the server's last tip, not the bundle's
 *	in-force N            the epoch that the head names, not today's
 *	tip                   begins a tip, sealed to the key set's key of today
 *	tip N                 sealed to that of epoch N
 *	tip wrong-key         sealed to a key that nobody has
 *	message PATH          the field "message"
 *	field NAME PATH       another field, such as topic or q-ID
 *	file HEX PATH         a file whose name is these bytes, - for none
 *	damage N              flips byte N of the sealed tip before its digest
 *	                      is taken
 *	alter N               flips it behind the digest's back
 *	repeat N              the sealed tip N times (1), under N numbers
 *	purged                only its entry, as of a tip that was purged
 *	end                   ends the tip
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/durable.h"
#include "base/guarded.h"
#include "base/num.h"
#include "crypto/envelope.h"
#include "crypto/keyset.h"
#include "crypto/opener.h"
#include "crypto/sign.h"
#include "handoff/bundle.h"

#define CHUNK 65536
#define LINE_MAX_LEN 8192
#define NONE UINT64_MAX

struct maker {
	FILE *out;
	uint8_t *seed;
	struct bundle_start start;
	struct bundle_writer *writer;
	struct keyset set;
	const struct keyset_epoch *now;
	struct envelope *env;   /* of the open tip */
	FILE *sealed;           /* its bytes */
	uint64_t damage, alter; /* which byte, or NONE */
	uint64_t repeat;
	bool purged;
};

static _Noreturn void
die(const char *what, enum status st)
{
	fprintf(stderr, "make_bundle: %s: %s\n", what, status_text(st));
	exit(1);
}

static void
must(enum status st, const char *what)
{
	if (st != ST_OK)
		die(what, st);
}

static enum status
to_file(void *ctx, const void *p, size_t len)
{
	return fwrite(p, 1, len, ctx) == len ? ST_OK : ST_IO;
}

static enum status
sealed_to_file(void *ctx, const uint8_t *p, size_t len)
{
	return to_file(ctx, p, len);
}

static void
flip(FILE *f, uint64_t at)
{
	int c;

	if (fseeko(f, (off_t)at, SEEK_SET) != 0 || (c = fgetc(f)) == EOF ||
	    fseeko(f, (off_t)at, SEEK_SET) != 0 || fputc(c ^ 1, f) == EOF ||
	    fflush(f) != 0)
		die("flip", ST_IO);
}

static uint64_t
number(const char *text)
{
	uint64_t v;

	must(num_parse(text, strlen(text), UINT64_MAX, &v), text);
	return v;
}

/* Whom a tip is sealed to. */
static struct recipients
recipients_of(const struct maker *m, const char *how)
{
	struct recipients to = m->now->to;
	uint8_t *secret;

	if (*how == '\0')
		return to;
	if (strcmp(how, "wrong-key") != 0) {
		const uint64_t epoch = number(how);

		for (size_t i = 0; i < m->set.epochs; i++)
			if (m->set.epoch[i].to.epoch == epoch)
				return m->set.epoch[i].to;
		die(how, ST_ABSENT);
	}
	if ((secret = guarded_new(SECRET_KEY_LEN)) == NULL)
		die("begin", ST_NOMEM);
	for (size_t i = 0; i < to.count; i++) {
		epoch_key_new(to.r[i].key, secret);
		key_id(KEY_ROLE_EPOCH, to.r[i].key, to.r[i].id);
	}
	guarded_free(secret);
	return to;
}

static void
begin_tip(struct maker *m, const char *how)
{
	const struct recipients to = recipients_of(m, how);

	m->damage = m->alter = NONE;
	m->repeat = 1;
	m->purged = false;
	if ((m->sealed = tmpfile()) == NULL)
		die("tmpfile", ST_IO);
	must(envelope_begin(&to, sealed_to_file, m->sealed, &m->env), "begin");
}

static void
add_part(struct maker *m, enum envelope_part kind, const void *name, size_t len,
    const char *path)
{
	static uint8_t buf[CHUNK];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL)
		die(path, ST_ABSENT);
	must(envelope_part(m->env, kind, name, len), "part");
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		must(envelope_data(m->env, buf, n), "data");
	fclose(f);
	must(envelope_part_end(m->env), "part end");
}

static void
add_file(struct maker *m, const char *hex, const char *path)
{
	uint8_t name[ENVELOPE_NAME_MAX];
	uint64_t v;
	size_t len = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;

	if (len > sizeof(name))
		die("name", ST_LIMIT);
	for (size_t i = 0; i < len; i++) {
		must(num_parse_hex(hex + 2 * i, 2, 255, &v), "name");
		name[i] = (uint8_t)v;
	}
	add_part(m, ENVELOPE_FILE, name, len, path);
}

/* Copy the sealed file into the bundle once. */
static void
carry(struct maker *m, uint64_t len, const uint8_t digest[static DIGEST_LEN])
{
	static uint8_t buf[CHUNK];
	enum status st;
	size_t n;

	if (m->purged) {
		must(bundle_writer_purged(m->writer, len, digest), "purged");
		return;
	}
	must(bundle_writer_tip(m->writer, len, digest), "tip");
	rewind(m->sealed);
	while ((n = fread(buf, 1, sizeof(buf), m->sealed)) > 0)
		must(bundle_writer_data(m->writer, buf, n), "tip data");
	st = bundle_writer_tip_end(m->writer);
	if (st != (m->alter == NONE ? ST_OK : ST_FORGED))
		die("tip end", st);
}

static void
digest_file(FILE *f, uint8_t digest[static DIGEST_LEN])
{
	static uint8_t buf[CHUNK];
	struct sha256 *sha;
	size_t n;

	must(sha256_new(&sha), "digest");
	rewind(f);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		must(sha256_update(sha, buf, n), "digest");
	must(sha256_final(sha, digest), "digest");
	sha256_free(sha);
}

static void
end_tip(struct maker *m)
{
	uint8_t digest[DIGEST_LEN];
	uint64_t len = 0;
	bool done = false;

	must(envelope_end(m->env), "end");
	while (!done)
		must(envelope_pad(m->env, 64, &done), "pad");
	must(envelope_digest(m->env, digest, &len), "digest");
	if (m->damage != NONE) {
		flip(m->sealed, m->damage);
		digest_file(m->sealed, digest);
	}
	if (m->alter != NONE)
		flip(m->sealed, m->alter);
	for (uint64_t i = 0; i < m->repeat; i++)
		carry(m, len, digest);
	envelope_free(m->env);
	m->env = NULL;
	fclose(m->sealed);
}

static void
step(struct maker *m, const char *word, const char *a, const char *b)
{
	if (strcmp(word, "tip") == 0)
		begin_tip(m, a);
	else if (m->env == NULL)
		die(word, ST_MALFORMED);
	else if (strcmp(word, "message") == 0)
		add_part(m, ENVELOPE_FIELD, "message", 7, a);
	else if (strcmp(word, "field") == 0)
		add_part(m, ENVELOPE_FIELD, a, strlen(a), b);
	else if (strcmp(word, "file") == 0)
		add_file(m, a, b);
	else if (strcmp(word, "damage") == 0)
		m->damage = number(a);
	else if (strcmp(word, "alter") == 0)
		m->alter = number(a);
	else if (strcmp(word, "repeat") == 0)
		m->repeat = number(a);
	else if (strcmp(word, "purged") == 0)
		m->purged = true;
	else if (strcmp(word, "end") == 0)
		end_tip(m);
	else
		die(word, ST_MALFORMED);
}

/* A line of settings, or one that counts tips: before the head is written. */
static void
step_ahead(struct maker *m, const char *word, const char *a, uint64_t *tips,
    uint64_t *repeat)
{
	if (strcmp(word, "bundle") == 0)
		m->start.bundle = number(a);
	else if (strcmp(word, "last") == 0)
		m->start.last = number(a);
	else if (strcmp(word, "in-force") == 0)
		m->start.epoch = (uint32_t)number(a);
	else if (strcmp(word, "tip") == 0)
		*repeat = 1;
	else if (strcmp(word, "repeat") == 0)
		*repeat = number(a);
	else if (strcmp(word, "end") == 0)
		*tips += *repeat;
}

static bool
is_setting(const char *word)
{
	return strcmp(word, "bundle") == 0 || strcmp(word, "last") == 0 ||
	    strcmp(word, "in-force") == 0;
}

/* Twice through the recipe: the head says what only the whole of it tells. */
static void
follow_recipe(struct maker *m, FILE *recipe, bool ahead)
{
	char line[LINE_MAX_LEN];
	uint64_t tips = 0, repeat = 1;

	rewind(recipe);
	while (fgets(line, sizeof(line), recipe) != NULL) {
		char *save = NULL;
		const char *word = strtok_r(line, " \n", &save);
		const char *a = strtok_r(NULL, " \n", &save);
		const char *b = strtok_r(NULL, " \n", &save);

		if (word == NULL)
			continue;
		a = a == NULL ? "" : a;
		if (ahead)
			step_ahead(m, word, a, &tips, &repeat);
		else if (!is_setting(word))
			step(m, word, a, b == NULL ? "" : b);
	}
	if (ahead && m->start.last == NONE)
		m->start.last = m->start.before.number + tips;
}

/* Standard input as a file that can be read twice. */
static FILE *
keep_recipe(void)
{
	static uint8_t buf[CHUNK];
	FILE *recipe = tmpfile();
	size_t n;

	if (recipe == NULL)
		die("tmpfile", ST_IO);
	while ((n = fread(buf, 1, sizeof(buf), stdin)) > 0)
		must(to_file(recipe, buf, n), "recipe");
	return recipe;
}

static enum status
from_file(void *ctx, void *p, size_t len, size_t *got)
{
	*got = fread(p, 1, len, ctx);
	return ferror((FILE *)ctx) ? ST_IO : ST_OK;
}

/* Continue a bundle. */
static void
go_on_behind(struct maker *m, const uint8_t *key, const char *path)
{
	FILE *f = fopen(path, "rb");
	enum bundle_problem problem;
	struct bundle_reader *r;
	struct bundle_head head;
	struct bundle_tip tip;
	enum status st;

	if (f == NULL)
		die(path, ST_ABSENT);
	must(bundle_reader_begin(from_file, f, key, &head, &problem, &r), path);
	while ((st = bundle_reader_next(r, &tip)) == ST_OK)
		;
	if (st == ST_EOF)
		st = bundle_reader_finish(r, &m->start.before);
	must(st, path);
	m->start.bundle = head.start.bundle + 1;
	bundle_reader_free(r);
	fclose(f);
}

static void
read_keys(const char *server_key, const char *keyset, struct maker *m)
{
	struct bytes key = BYTES_INIT(SERVER_KEY_FILE_LEN);
	struct bytes text = BYTES_INIT(KEYSET_MAX);
	const char *why = "";
	enum epoch_state state;
	uint64_t opens;
	unsigned line;

	must(durable_read(AT_FDCWD, server_key, &key), server_key);
	must(server_key_parse(key.p, key.len, m->seed), server_key);
	must(durable_read(AT_FDCWD, keyset, &text), keyset);
	must(keyset_parse(text.p, text.len, &m->set, &line, &why), keyset);
	m->now =
	    keyset_in_force(&m->set, (uint64_t)time(NULL), 0, &state, &opens);
	if (m->now == NULL)
		die(keyset, ST_EXPIRED);
	bytes_free(&key);
	bytes_free(&text);
}

static void
make_bundle(char **arg)
{
	struct maker m = {0};
	FILE *recipe = keep_recipe();
	uint8_t key[PUBLIC_KEY_LEN];

	if ((m.seed = guarded_new(SECRET_KEY_LEN)) == NULL)
		die("seed", ST_NOMEM);
	read_keys(arg[0], arg[1], &m);
	sign_key_public(m.seed, key);
	/* Before a later number the chain is one that nobody knows. */
	chain_genesis(&m.start.before, key);
	m.start.bundle = 1;
	m.start.last = NONE;
	m.start.epoch = m.now->to.epoch;
	if (strspn(arg[2], "0123456789") == strlen(arg[2]))
		m.start.before.number = number(arg[2]) - 1;
	else
		go_on_behind(&m, key, arg[2]);
	follow_recipe(&m, recipe, true);
	if ((m.out = fopen(arg[3], "wb")) == NULL)
		die(arg[3], ST_IO);
	must(bundle_writer_begin(&m.start, m.seed, to_file, m.out, &m.writer),
	    "bundle");
	follow_recipe(&m, recipe, false);
	must(bundle_writer_finish(m.writer, NULL), "finish");
	bundle_writer_free(m.writer);
	guarded_free(m.seed);
	keyset_free(&m.set);
	fclose(recipe);
	if (fclose(m.out) != 0)
		die(arg[3], ST_IO);
}

static void
make_server(const char *dir)
{
	struct server_identity server = {.onion = ""};
	struct bytes text = BYTES_INIT(SERVER_FILE_MAX);
	uint8_t file[SERVER_KEY_FILE_LEN];
	uint8_t *seed = guarded_new(SECRET_KEY_LEN);
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	if (seed == NULL || fd == -1)
		die(dir, ST_IO);
	sign_key_new(server.key, seed);
	key_id(KEY_ROLE_SERVER, server.key, server.id);
	server_key_write(seed, file);
	guarded_free(seed);
	must(durable_write(
		 fd, "server.key", file, sizeof(file), 0600, DURABLE_NEW),
	    "server.key");
	must(server_identity_write(&server, &text), "server.pub");
	must(durable_write(
		 fd, "server.pub", text.p, text.len, 0644, DURABLE_NEW),
	    "server.pub");
	bytes_free(&text);
	close(fd);
}

int
main(int argc, char **argv)
{
	must(crypto_room_init(), "start");
	if (argc == 3 && strcmp(argv[1], "server") == 0)
		make_server(argv[2]);
	else if (argc == 6 && strcmp(argv[1], "bundle") == 0)
		make_bundle(argv + 2);
	else {
		fputs("usage: make_bundle server DIR\n"
		      "       make_bundle bundle SERVER.KEY KEYSET FIRST OUT"
		      " < RECIPE\n",
		    stderr);
		return 2;
	}
	return 0;
}
