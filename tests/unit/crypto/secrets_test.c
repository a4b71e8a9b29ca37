/*
 * Keys at rest, signatures, digests and key ids.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "base/guarded.h"
#include "crypto/digest.h"
#include "crypto/opener.h"
#include "crypto/sign.h"
#include "crypto/wrap.h"

static const struct wrap_cost cheap = {1, 8 * 1024};
static const char passphrase[] = "a mouse in the church tower";
static uint8_t *master, *secret;

static int
set_up(void **state)
{
	(void)state;
	master = guarded_new(MASTER_KEY_LEN);
	secret = guarded_new(SECRET_KEY_LEN);
	return master != NULL && secret != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	guarded_free(master);
	guarded_free(secret);
	assert_int_equal(guarded_live(), 0);
	return 0;
}

static bool
zero(const uint8_t *p, size_t len)
{
	return sodium_is_zero(p, len) == 1;
}

static void
the_passphrase_opens_the_master_key(void **state)
{
	uint8_t file[MASTER_FILE_LEN];

	(void)state;
	assert_int_equal(
	    master_new(passphrase, sizeof(passphrase), &cheap, secret, file),
	    ST_OK);
	assert_int_equal(master_open(passphrase, sizeof(passphrase), file,
			     sizeof(file), master),
	    ST_OK);
	assert_memory_equal(master, secret, MASTER_KEY_LEN);
	assert_int_equal(master_open(passphrase, sizeof(passphrase) - 1, file,
			     sizeof(file), master),
	    ST_WRONG_KEY);
	assert_true(zero(master, MASTER_KEY_LEN));
}

/* Argon2id each time: one bit of every byte, and not of the costs, which
 * the vectors have at their limits. */
static void
no_mutant_of_a_master_key_file_opens(void **state)
{
	uint8_t file[MASTER_FILE_LEN];

	(void)state;
	assert_int_equal(
	    master_new(passphrase, sizeof(passphrase), &cheap, secret, file),
	    ST_OK);
	for (size_t i = 0; i < sizeof(file); i++) {
		/* The memory's upper bytes would ask for gigabytes. */
		if (i == 21 || i == 22)
			continue;
		file[i] ^= 2;
		assert_int_not_equal(master_open(passphrase, sizeof(passphrase),
					 file, sizeof(file), master),
		    ST_OK);
		assert_true(zero(master, MASTER_KEY_LEN));
		file[i] ^= 2;
	}
	for (size_t len = 0; len < sizeof(file); len++)
		assert_int_equal(master_open(passphrase, sizeof(passphrase),
				     file, len, master),
		    ST_MALFORMED);
}

static void
a_cost_out_of_bounds_is_our_own_bug(void **state)
{
	static const struct wrap_cost bad[] = {
	    {0, 8192}, {17, 8192}, {1, 8191}, {1, 4194305}};
	uint8_t file[MASTER_FILE_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
		    master_new("", 0, &bad[i], master, file), ST_BUG);
	assert_int_equal(wrap_cost_default.ops, 3);
	assert_int_equal(wrap_cost_default.mem_kib, 256 * 1024);
}

static struct secret_info
epoch_info(void)
{
	struct secret_info info = {
	    .role = SECRET_EPOCH, .epoch = 9, .from = 100, .until = 200};
	uint8_t public_key[PUBLIC_KEY_LEN];

	epoch_key_new(public_key, secret);
	key_id(KEY_ROLE_EPOCH, public_key, info.id);
	randombytes_buf(master, MASTER_KEY_LEN);
	return info;
}

static void
no_mutant_of_a_secret_file_opens(void **state)
{
	const struct secret_info info = epoch_info();
	uint8_t file[SECRET_FILE_LEN], *found = guarded_new(SECRET_KEY_LEN);
	struct secret_info read;

	(void)state;
	secret_wrap(master, &info, secret, file);
	assert_int_equal(
	    secret_open(master, file, sizeof(file), &read, found), ST_OK);
	assert_memory_equal(found, secret, SECRET_KEY_LEN);
	assert_memory_equal(&read, &info, sizeof(info));
	for (size_t i = 0; i < sizeof(file); i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			file[i] ^= (uint8_t)(1U << bit);
			assert_int_not_equal(secret_open(master, file,
						 sizeof(file), &read, found),
			    ST_OK);
			assert_true(zero(found, SECRET_KEY_LEN));
			file[i] ^= (uint8_t)(1U << bit);
		}
	}
	for (size_t len = 0; len < sizeof(file); len++)
		assert_int_equal(
		    secret_open(master, file, len, &read, found), ST_MALFORMED);
	master[0] ^= 1;
	assert_int_equal(
	    secret_open(master, file, sizeof(file), &read, found), ST_FORGED);
	guarded_free(found);
}

static void
equal_secrets_give_unequal_files(void **state)
{
	const struct secret_info info = epoch_info();
	uint8_t a[SECRET_FILE_LEN], b[SECRET_FILE_LEN];

	(void)state;
	secret_wrap(master, &info, secret, a);
	secret_wrap(master, &info, secret, b);
	assert_memory_equal(a, b, 56);
	assert_memory_not_equal(a + 56, b + 56, 24);
	assert_memory_not_equal(a + 80, b + 80, 48);
}

/* RFC 8032, section 7.1, TEST 2. */
static void
signatures_are_those_of_rfc_8032(void **state)
{
	uint8_t seed[32], key[32], sig[64], expected[64];

	(void)state;
	(void)sodium_hex2bin(seed, 32,
	    "4ccd089b28ff96da9db6c346ec114e0f"
	    "5b8a319f35aba624da8cf6ed4fb8a6fb",
	    64, NULL, NULL, NULL);
	(void)sodium_hex2bin(expected, 64,
	    "92a009a9f0d4cab8720e820b5f642540"
	    "a2b27b5416503f8fb3762223ebdb69da"
	    "085ac1e43e15996e458f3613d0f11d8c"
	    "387b2eaeb4302aeeb00d291612bb0c00",
	    128, NULL, NULL, NULL);
	sign_key_public(seed, key);
	sign_make(seed, "r", 1, sig);
	assert_memory_equal(sig, expected, 64);
	assert_int_equal(sign_check(key, "r", 1, sig), ST_OK);
	assert_int_equal(sign_check(key, "s", 1, sig), ST_FORGED);
	for (size_t i = 0; i < 64; i++) {
		sig[i] ^= 1;
		assert_int_equal(sign_check(key, "r", 1, sig), ST_FORGED);
		sig[i] ^= 1;
	}
}

static void
server_key_is_read_as_it_was_written(void **state)
{
	uint8_t public_key[32], file[SERVER_KEY_FILE_LEN];

	(void)state;
	sign_key_new(public_key, secret);
	server_key_write(secret, file);
	assert_int_equal(server_key_parse(file, sizeof(file), master), ST_OK);
	assert_memory_equal(master, secret, 32);
	for (size_t i = 0; i < 16; i++) {
		file[i] ^= 1;
		assert_int_equal(
		    server_key_parse(file, sizeof(file), master), ST_MALFORMED);
		file[i] ^= 1;
	}
	for (size_t len = 0; len < sizeof(file); len++)
		assert_int_equal(
		    server_key_parse(file, len, master), ST_MALFORMED);
	assert_true(zero(master, 32));
}

static void
must_be(const uint8_t digest[static 32], const char *hex)
{
	char text[65];

	(void)sodium_bin2hex(text, sizeof(text), digest, 32);
	assert_string_equal(text, hex);
}

static void
sha256_is_that_of_fips_180_and_can_be_used_again(void **state)
{
	struct sha256 *h;
	uint8_t digest[DIGEST_LEN];

	(void)state;
	assert_int_equal(sha256_new(&h), ST_OK);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sha256_final(h, digest), ST_OK);
		must_be(digest,
		    "e3b0c44298fc1c149afbf4c8996fb924"
		    "27ae41e4649b934ca495991b7852b855");
		assert_int_equal(sha256_update(h, "a", 1), ST_OK);
		assert_int_equal(sha256_update(h, "bc", 2), ST_OK);
		assert_int_equal(sha256_final(h, digest), ST_OK);
		must_be(digest,
		    "ba7816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad");
	}
	sha256_free(h);
	sha256_free(NULL);
}

/* Values computed with Python's hashlib.blake2b(person=, key=). */
static void
blake2b_is_parted_by_purpose_and_key(void **state)
{
	uint8_t digest[DIGEST_LEN];

	(void)state;
	blake2b("tipline-chain-0", NULL, 0, "abc", 3, digest);
	must_be(digest,
	    "dc76ec505639da45d5bec0396c61cecc"
	    "63f4b98ad92153d3e27e6e2dc03f1789");
	blake2b("tipline-stream-1", (const uint8_t *)"0123456789abcdef", 16,
	    "abc", 3, digest);
	must_be(digest,
	    "748be5e9f2ef73842667b02f45bf2731"
	    "966dafe94161beaa98642f0e8f4a19e9");
}

static void
an_id_depends_on_the_keys_role(void **state)
{
	static const char *const ids[] = {
	    "6164abd255703bd8", "325eb141cde647e2", "acda4a7da65a91be"};
	uint8_t key[PUBLIC_KEY_LEN], id[KEY_ID_LEN];
	char text[KEY_ID_TEXT_LEN + 1];

	(void)state;
	memset(key, 7, sizeof(key));
	for (int role = KEY_ROLE_EPOCH; role <= KEY_ROLE_SIGNER; role++) {
		key_id((enum key_role)role, key, id);
		key_id_text(id, text);
		assert_string_equal(text, ids[role - 1]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	    T(the_passphrase_opens_the_master_key),
	    T(no_mutant_of_a_master_key_file_opens),
	    T(a_cost_out_of_bounds_is_our_own_bug),
	    T(no_mutant_of_a_secret_file_opens),
	    T(equal_secrets_give_unequal_files),
	    T(signatures_are_those_of_rfc_8032),
	    T(server_key_is_read_as_it_was_written),
	    T(sha256_is_that_of_fips_180_and_can_be_used_again),
	    T(blake2b_is_parted_by_purpose_and_key),
	    T(an_id_depends_on_the_keys_role),
#undef T
	};

	if (crypto_room_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests_name("secrets", tests, NULL, NULL);
}
