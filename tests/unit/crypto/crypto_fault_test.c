/*
 * Every failing allocation of the room, OpenSSL's among them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/durable.h"
#include "base/guarded.h"
#include "crypto/analyst_keys.h"
#include "crypto/digest.h"
#include "crypto/keyset.h"
#include "crypto/minisign_sign.h"
#include "crypto/reply.h"
#include "crypto/root_change.h"
#include "crypto/shares.h"
#include "crypto/sign.h"
#include "crypto/wrap.h"
#include "tests/unit/crypto/opening.h"
#include "tests/unit/fault.h"

#define MEMORY (FAULT_ALLOC | FAULT_GUARDED)

static struct people people;

/* OpenSSL is a shared library, whose calls the linker does not replace: it
 * is given these, whose calls are. */
static void *
openssl_malloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(len);
}

static void *
openssl_realloc(void *p, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return realloc(p, len);
}

static void
openssl_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* A sink that allocates nothing, so that only the envelope can fail. */
static enum status
drop(void *ctx, const uint8_t *p, size_t len)
{
	(void)ctx;
	(void)p;
	(void)len;
	return ST_OK;
}

static enum status
seal(struct envelope **env)
{
	static const uint8_t data[40000];
	struct recipients to;
	uint8_t digest[TIP_DIGEST_LEN];
	uint64_t len;
	bool done;
	enum status st;

	people_recipients(&people, 2, &to);
	if ((st = envelope_begin(&to, drop, NULL, env)) != ST_OK ||
	    (st = envelope_part(*env, ENVELOPE_FILE, "a", 1)) != ST_OK ||
	    (st = envelope_data(*env, data, sizeof(data))) != ST_OK ||
	    (st = envelope_part_end(*env)) != ST_OK ||
	    (st = envelope_end(*env)) != ST_OK ||
	    (st = envelope_pad(*env, 100, &done)) != ST_OK)
		return st;
	return envelope_digest(*env, digest, &len);
}

static void
sealing_says_so_when_memory_runs_out(void **state)
{
	(void)state;
	FAULT_EACH(MEMORY)
	{
		struct envelope *env = NULL;
		const enum status st = seal(&env);

		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		envelope_free(env);
		assert_int_equal(guarded_live(), PEOPLE);
	}
}

static void
opening_says_so_when_memory_runs_out(void **state)
{
	struct opener_events events = opening_events;

	(void)state;
	FAULT_EACH(MEMORY)
	{
		struct opener *op;
		const enum status st = opener_new(&events, &op);

		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		assert_int_equal(op == NULL, fault_fired());
		opener_free(op);
		assert_int_equal(guarded_live(), PEOPLE);
	}
}

static void
digests_say_so_when_memory_runs_out(void **state)
{
	(void)state;
	FAULT_EACH(MEMORY)
	{
		struct sha256 *h;
		uint8_t digest[DIGEST_LEN];
		enum status st = sha256_new(&h);

		if (st == ST_OK && (st = sha256_update(h, "a", 1)) == ST_OK)
			st = sha256_final(h, digest);
		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		sha256_free(h);
	}
}

static struct bytes
file_read(const char *name)
{
	struct bytes b = BYTES_INIT(KEYSET_MAX);

	assert_int_equal(durable_read(AT_FDCWD, name, &b), ST_OK);
	return b;
}

/* OpenSSL looks SHA3-256 up for an onion address, and does without some of
 * what it asks for meanwhile. */
static void
must_have_noticed(enum status st)
{
	assert_true(st == ST_OK || (st == ST_NOMEM && fault_fired()));
}

static void
key_sets_say_so_when_memory_runs_out(void **state)
{
	struct bytes text = file_read(VECTORS "/keyset/good.txt");

	(void)state;
	FAULT_EACH(MEMORY)
	{
		struct keyset set;
		unsigned line;
		const char *why;
		const enum status st =
		    keyset_parse(text.p, text.len, &set, &line, &why);

		fault_off();
		must_have_noticed(st);
		assert_int_equal(set.epoch == NULL, st == ST_NOMEM);
		keyset_free(&set);
	}
	bytes_free(&text);
}

static void
server_pub_says_so_when_memory_runs_out(void **state)
{
	static const char text[] = "tipline-server 1\nonion none\n";
	struct bytes good = file_read(VECTORS "/keyset/good.txt");
	struct bytes pub = BYTES_INIT(SERVER_FILE_MAX);
	const char *server, *onion;

	(void)state;
	assert_int_equal(bytes_append(&good, "", 1), ST_OK);
	server = strstr((const char *)good.p, "server ");
	onion = strstr((const char *)good.p, "onion ");
	assert_int_equal(bytes_printf(&pub, "%.17s%.*s%.*s", text,
			     (int)(strchr(onion, '\n') + 1 - onion), onion,
			     (int)(strchr(server, '\n') + 1 - server), server),
	    ST_OK);
	FAULT_EACH(MEMORY)
	{
		struct server_identity identity;
		const enum status st =
		    server_identity_parse(pub.p, pub.len, &identity);

		fault_off();
		must_have_noticed(st);
	}
	bytes_free(&good);
	bytes_free(&pub);
}

static void
signing_says_so_when_memory_runs_out(void **state)
{
	struct minisign_key root;
	uint8_t *seed = guarded_new(32);

	(void)state;
	minisign_key_new(&root, seed);
	FAULT_EACH(MEMORY)
	{
		struct bytes sig = BYTES_INIT(MINISIGN_FILE_MAX);
		struct bytes pub = BYTES_INIT(MINISIGN_FILE_MAX);
		enum status st =
		    minisign_sign(&root, seed, "m", 1, "comment", &sig);

		if (st == ST_OK)
			st = minisign_key_write(&root, &pub);
		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		bytes_free(&sig);
		bytes_free(&pub);
	}
	guarded_free(seed);
}

static void
master_keys_say_so_when_memory_runs_out(void **state)
{
	static const struct wrap_cost cheap = {1, 8 * 1024};
	uint8_t *master = guarded_new(MASTER_KEY_LEN);

	(void)state;
	FAULT_EACH(MEMORY)
	{
		uint8_t file[MASTER_FILE_LEN];
		enum status st = master_new("p", 1, &cheap, master, file);

		if (st == ST_OK)
			st = master_open("p", 1, file, sizeof(file), master);
		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		assert_int_equal(guarded_live(), PEOPLE + 1);
	}
	guarded_free(master);
}

static void
replies_say_so_when_memory_runs_out(void **state)
{
	uint8_t code[RETURN_CODE_LEN], id[MAILBOX_ID_LEN], sealed[REPLY_LEN];
	uint8_t *secret = guarded_new(SECRET_KEY_LEN);
	struct reply *reply = guarded_new(sizeof(*reply));
	struct mailbox box;

	(void)state;
	return_code_new(code);
	return_code_mailbox(code, &box, secret);
	reply->text[0] = 'a';
	reply->len = 1;
	FAULT_EACH(MEMORY)
	{
		enum status st = reply_decoy(id, sealed);

		if (st == ST_OK &&
		    (st = reply_seal(&box, reply, secret, sealed)) == ST_OK)
			st = reply_open(&box, secret, sealed, reply);
		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		assert_int_equal(guarded_live(), PEOPLE + 2);
		reply->text[0] = 'a';
		reply->len = 1;
	}
	guarded_free(reply);
	guarded_free(secret);
}

/* libgfshare is a shared library: its own allocations do not fail here. */
static void
shares_say_so_when_memory_runs_out(void **state)
{
	static const uint8_t backup[SHARE_BACKUP_LEN] = {1};
	uint8_t *key = guarded_new(SHARE_KEY_LEN);

	(void)state;
	FAULT_EACH(MEMORY)
	{
		struct bytes text = BYTES_INIT(SHARE_FILE_MAX);
		struct share all[3], again;
		enum status st = shares_split(key, backup, 2, 3, all);

		if (st == ST_OK && (st = share_write(&all[0], &text)) == ST_OK)
			st = share_parse(text.p, text.len, &again);
		if (st == ST_OK)
			st = shares_join(all, 3, key);
		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		assert_int_equal(guarded_live(), PEOPLE + 1);
		bytes_free(&text);
	}
	guarded_free(key);
}

static void
analysts_keys_say_so_when_memory_runs_out(void **state)
{
	static struct analyst_key key = {.epoch = 1, .until = 1};
	struct analyst_keys keys = {.count = 1, .key = &key};
	uint8_t seed[SECRET_KEY_LEN];

	(void)state;
	strcpy(keys.signer.name, "alice");
	sign_key_new(keys.signer.key, seed);
	key_id(KEY_ROLE_SIGNER, keys.signer.key, keys.signer.id);
	memcpy(key.key, people.public_key[0], sizeof(key.key));
	memcpy(key.id, people.key[0].id, sizeof(key.id));
	FAULT_EACH(MEMORY)
	{
		struct bytes text = BYTES_INIT(KEYSET_MAX);
		struct analyst_keys again = {0};
		unsigned line;
		const char *why;
		enum status st = analyst_keys_write(&keys, seed, &text);

		if (st == ST_OK)
			st = analyst_keys_parse(
			    text.p, text.len, &again, &line, &why);
		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		analyst_keys_free(&again);
		bytes_free(&text);
	}
}

static void
changes_of_root_say_so_when_memory_runs_out(void **state)
{
	struct root_change change = {.number = 1}, found;
	uint8_t old[32], next[32];

	(void)state;
	minisign_key_new(&change.old, old);
	minisign_key_new(&change.next, next);
	FAULT_EACH(MEMORY)
	{
		struct bytes text = BYTES_INIT(MINISIGN_FILE_MAX);
		struct bytes sig[2] = {BYTES_INIT(MINISIGN_FILE_MAX),
		    BYTES_INIT(MINISIGN_FILE_MAX)};
		const struct root_change_files files = {
		    &text, &sig[0], &sig[1]};
		const char *why;
		enum status st = root_change_write(&change, &text);

		if (st == ST_OK)
			st = minisign_sign(
			    &change.old, old, text.p, text.len, "old", &sig[0]);
		if (st == ST_OK)
			st = minisign_sign(&change.next, next, text.p, text.len,
			    "new", &sig[1]);
		if (st == ST_OK)
			st = root_change_read(
			    &files, &change.old, 0, &found, &why);
		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		bytes_free(&text);
		bytes_free(&sig[0]);
		bytes_free(&sig[1]);
	}
}

static int
set_up(void **state)
{
	(void)state;
	people_make(&people);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	people_free(&people);
	assert_int_equal(guarded_live(), 0);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	    T(sealing_says_so_when_memory_runs_out),
	    T(opening_says_so_when_memory_runs_out),
	    T(digests_say_so_when_memory_runs_out),
	    T(key_sets_say_so_when_memory_runs_out),
	    T(server_pub_says_so_when_memory_runs_out),
	    T(signing_says_so_when_memory_runs_out),
	    T(master_keys_say_so_when_memory_runs_out),
	    T(replies_say_so_when_memory_runs_out),
	    T(shares_say_so_when_memory_runs_out),
	    T(analysts_keys_say_so_when_memory_runs_out),
	    T(changes_of_root_say_so_when_memory_runs_out),
#undef T
	};

	/* Before OpenSSL's first allocation. */
	if (CRYPTO_set_mem_functions(
		openssl_malloc, openssl_realloc, openssl_free) != 1 ||
	    crypto_room_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
