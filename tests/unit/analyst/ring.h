/*
 * ring: keyrings in a folder of their own for each test of keyring*.c.
 */
#ifndef TIPLINE_TESTS_UNIT_ANALYST_RING_H
#define TIPLINE_TESTS_UNIT_ANALYST_RING_H

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

#include "analyst/keyring_files.h"
#include "analyst/keyring_root.h"
#include "analyst/keyset_make.h"
#include "analyst/keyset_take.h"
#include "analyst/plan.h"
#include "base/durable.h"
#include "base/guarded.h"
#include "crypto/sign.h"

#define MONDAY UINT64_C(1795392000) /* 2026-11-23 00:00 UTC */
#define FIRST 2968U                 /* the week it begins */

static char folder[] = "/tmp/tipline-keyring-XXXXXX";
static char path[64];     /* of ann's keyring, which keeps the root */
static char path_ben[64]; /* of ben's, which does not; made by make_ben() */
static char word[] = "a passphrase";
static const struct passphrase pass = {word, sizeof(word) - 1};
static const struct wrap_cost cheap = {1, 8 * 1024};
static struct server_identity server;

static inline int
make_named(const char *where, const char *name, bool with_root)
{
	const struct keyring_wish wish = {&pass, &cheap, name, with_root};
	uint8_t signer[KEY_ID_LEN];
	struct minisign_key root;

	return keyring_create(where, &wish, signer, &root) == ST_OK ? 0 : -1;
}

static inline int
make_keyring(void **state)
{
	uint8_t *seed = guarded_new(SECRET_KEY_LEN);

	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	if (seed == NULL || mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/ann", folder);
	snprintf(path_ben, sizeof(path_ben), "%s/ben", folder);
	memset(&server, 0, sizeof(server));
	sign_key_new(server.key, seed);
	key_id(KEY_ROLE_SERVER, server.key, server.id);
	guarded_free(seed);
	return make_named(path, "ann", true);
}

static inline int
remove_keyring(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		return -1;
	return guarded_live() == 0 ? 0 : -1;
}

static inline void
open_at(const char *where, struct keyring *kr)
{
	assert_int_equal(keyring_open(where, kr), ST_OK);
	assert_int_equal(keyring_unlock(kr, &pass), ST_OK);
}

static inline void
open_keyring(struct keyring *kr)
{
	open_at(path, kr);
}

/* Keys of weeks from now on of the keyring there; free them. */
static inline void
keys_of(const char *where, uint64_t now, size_t weeks, struct analyst_keys *own)
{
	struct keyring kr;

	open_at(where, &kr);
	assert_int_equal(keyring_load_epochs(&kr), ST_OK);
	assert_int_equal(keyset_make_keys(&kr, now, weeks), ST_OK);
	assert_int_equal(keyset_make_own(&kr, now, weeks, own), ST_OK);
	keyring_close(&kr);
}

static inline void
made_begin(struct keyset_made *made)
{
	*made = (struct keyset_made){.text = BYTES_INIT(KEYSET_MAX),
	    .sig = BYTES_INIT(MINISIGN_FILE_MAX)};
}

/* Make a key set in ann's keyring and keep it as the command does. */
static inline enum status
make_wish(const struct keyset_wish *wish, struct keyset_made *made)
{
	struct keyring kr;
	enum status st;

	made_begin(made);
	open_keyring(&kr);
	st = keyset_make(&kr, wish, made);
	if (st == ST_OK)
		st = keyring_store_set(
		    &kr, made->set.sequence, &made->text, &made->sig);
	if (st == ST_OK)
		assert_int_equal(
		    keyring_root_verify(&kr, &made->text, &made->sig), ST_OK);
	keyring_close(&kr);
	return st;
}

static inline void
make_set(uint64_t now, size_t weeks, struct keyset_made *made)
{
	const struct keyset_wish wish = {
	    .server = &server, .now = now, .weeks = weeks, .own = true};

	assert_int_equal(make_wish(&wish, made), ST_OK);
}

/* Let the keyring there take a set that was made. */
static inline enum status
take_at(const char *where, const struct keyset_made *made,
    const struct minisign_key *root, uint64_t now)
{
	const struct keyset_offer offer = {&made->text, &made->sig, root, now};
	struct keyring kr;
	struct keyset set;
	bool missed;
	enum status st;

	assert_int_equal(keyring_open(where, &kr), ST_OK);
	st = keyset_take(&kr, &offer, &set, &missed);
	if (st == ST_OK)
		keyset_free(&set);
	keyring_close(&kr);
	return st;
}

#define WITH_KEYRING(f)                                                        \
	cmocka_unit_test_setup_teardown(f, make_keyring, remove_keyring)

#endif
