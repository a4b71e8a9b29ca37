/*
 * Our minisign against Debian's, both ways, and mutants of a signature.
 * Without the minisign program this test fails: it does not skip.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/guarded.h"
#include "crypto/minisign_sign.h"
#include "crypto/recipients.h"

#define MESSAGE "tipline-keyset 1\nonly a part of one\n"
#define MESSAGE_LEN (sizeof(MESSAGE) - 1)

static char folder[] = "/tmp/tipline-minisign-XXXXXX";
static int dir = -1;
static struct minisign_key root;
static uint8_t *seed;

static int
set_up(void **state)
{
	(void)state;
	if ((seed = guarded_new(32)) == NULL)
		return -1;
	minisign_key_new(&root, seed);
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	dir = open(folder, O_RDONLY | O_DIRECTORY);
	return dir >= 0 ? 0 : -1;
}

static int
tear_down(void **state)
{
	char command[128];

	(void)state;
	close(dir);
	guarded_free(seed);
	assert_int_equal(guarded_live(), 0);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void
put(const char *name, const void *p, size_t len)
{
	assert_int_equal(
	    durable_write(dir, name, p, len, 0600, DURABLE_REPLACE), ST_OK);
}

static struct bytes
get(const char *name)
{
	struct bytes b = BYTES_INIT(MINISIGN_FILE_MAX);

	assert_int_equal(durable_read(dir, name, &b), ST_OK);
	return b;
}

/* Run minisign in the folder; its exit code, 127 when there is none. */
static int
minisign(const char *args)
{
	char command[512];
	int status;

	snprintf(command, sizeof(command),
	    "cd %s && minisign %s >/dev/null 2>&1 </dev/null", folder, args);
	status = system(command);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 127)
		fail_msg("the program minisign is missing: install it");
	return WEXITSTATUS(status);
}

static struct bytes
our_signature(void)
{
	struct bytes sig = BYTES_INIT(MINISIGN_FILE_MAX);

	assert_int_equal(minisign_sign(&root, seed, MESSAGE, MESSAGE_LEN,
			     "tipline keyset sequence 1", &sig),
	    ST_OK);
	return sig;
}

static void
minisign_verifies_what_we_sign(void **state)
{
	struct bytes sig = our_signature();
	struct bytes pub = BYTES_INIT(MINISIGN_FILE_MAX);

	(void)state;
	assert_int_equal(minisign_key_write(&root, &pub), ST_OK);
	put("root.pub", pub.p, pub.len);
	put("message", MESSAGE, MESSAGE_LEN);
	put("message.minisig", sig.p, sig.len);
	assert_int_equal(minisign("-V -p root.pub -m message"), 0);
	assert_int_equal(minisign("-V -H -p root.pub -m message"), 0);
	put("message", MESSAGE "x", MESSAGE_LEN + 1);
	assert_int_not_equal(minisign("-V -p root.pub -m message"), 0);
	bytes_free(&sig);
	bytes_free(&pub);
}

static void
we_verify_what_minisign_signs(void **state)
{
	/* Prehashed, which is the default, and the older form. */
	static const char *const signs[] = {
	    "-S -s key -m message -t 'tipline keyset sequence 1'",
	    "-S -l -s key -m message", "-S -s key -m message -t ' spaced '"};
	static const char algorithms[] = "DdD";
	struct minisign_key key;
	struct bytes pub;

	(void)state;
	assert_int_equal(minisign("-G -W -p key.pub -s key"), 0);
	pub = get("key.pub");
	assert_int_equal(minisign_key_parse(pub.p, pub.len, &key), ST_OK);
	put("message", MESSAGE, MESSAGE_LEN);
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		struct bytes sig;
		const char *second;

		assert_int_equal(minisign(signs[i]), 0);
		sig = get("message.minisig");
		/* "RW" and "RU" begin "Ed" and "ED" in base64. */
		second = memchr(sig.p, '\n', sig.len);
		assert_memory_equal(
		    second + 1, algorithms[i] == 'D' ? "RU" : "RW", 2);
		assert_int_equal(
		    minisign_verify(&key, MESSAGE, MESSAGE_LEN, sig.p, sig.len),
		    ST_OK);
		assert_int_equal(minisign_verify(&key, MESSAGE, MESSAGE_LEN - 1,
				     sig.p, sig.len),
		    ST_FORGED);
		assert_int_equal(minisign_verify(&root, MESSAGE, MESSAGE_LEN,
				     sig.p, sig.len),
		    ST_WRONG_KEY);
		bytes_free(&sig);
	}
	bytes_free(&pub);
}

/* A public key that minisign wrote is written by us with the same key line. */
static void
a_public_key_file_is_what_minisign_writes(void **state)
{
	struct minisign_key key;
	struct bytes theirs, ours = BYTES_INIT(MINISIGN_FILE_MAX);
	char *a, *b;

	(void)state;
	assert_int_equal(minisign("-G -W -p key.pub -s key"), 0);
	theirs = get("key.pub");
	assert_int_equal(minisign_key_parse(theirs.p, theirs.len, &key), ST_OK);
	assert_int_equal(minisign_key_write(&key, &ours), ST_OK);
	assert_int_equal(bytes_append(&ours, "", 1), ST_OK);
	assert_int_equal(bytes_append(&theirs, "", 1), ST_OK);
	a = strchr((char *)ours.p, '\n');
	b = strchr((char *)theirs.p, '\n');
	assert_string_equal(a, b);
	/* And the id in the comment is shown as minisign shows it. */
	assert_memory_equal(a - 16, b - 16, 16);
	bytes_free(&ours);
	bytes_free(&theirs);
}

/* Bytes up to the first LF are a comment that nobody signs. */
static void
no_mutant_of_a_signature_verifies(void **state)
{
	struct bytes sig = our_signature();
	const size_t from = strlen("untrusted comment: "),
		     lf = (size_t)((uint8_t *)memchr(sig.p, '\n', sig.len) -
			 sig.p);

	(void)state;
	for (size_t i = 0; i < sig.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			enum status st;

			sig.p[i] ^= (uint8_t)(1U << bit);
			st = minisign_verify(
			    &root, MESSAGE, MESSAGE_LEN, sig.p, sig.len);
			if (i >= from && i < lf && sig.p[i] != '\n')
				assert_int_equal(st, ST_OK);
			else
				assert_int_not_equal(st, ST_OK);
			sig.p[i] ^= (uint8_t)(1U << bit);
		}
	}
	for (size_t len = 0; len < sig.len; len++)
		assert_int_equal(
		    minisign_verify(&root, MESSAGE, MESSAGE_LEN, sig.p, len),
		    ST_MALFORMED);
	bytes_free(&sig);
}

static void
no_cut_public_key_is_read(void **state)
{
	struct bytes pub = BYTES_INIT(MINISIGN_FILE_MAX);
	struct minisign_key key;

	(void)state;
	assert_int_equal(minisign_key_write(&root, &pub), ST_OK);
	assert_int_equal(minisign_key_parse(pub.p, pub.len, &key), ST_OK);
	assert_memory_equal(&key, &root, sizeof(key));
	for (size_t len = 0; len < pub.len; len++)
		assert_int_equal(
		    minisign_key_parse(pub.p, len, &key), ST_MALFORMED);
	assert_int_equal(bytes_append_text(&pub, "\n"), ST_OK);
	assert_int_equal(
	    minisign_key_parse(pub.p, pub.len, &key), ST_MALFORMED);
	bytes_free(&pub);
}

static void
what_cannot_be_signed_is_refused(void **state)
{
	struct bytes sig = BYTES_INIT(MINISIGN_FILE_MAX);
	struct bytes small = BYTES_INIT(100);
	struct minisign_key other = root;

	(void)state;
	assert_int_equal(minisign_sign(&root, seed, "m", 1, "two\nlines", &sig),
	    ST_MALFORMED);
	assert_int_equal(
	    minisign_sign(&root, seed, "m", 1, "\xc3\xa9", &sig), ST_MALFORMED);
	other.key[0] ^= 1;
	assert_int_equal(
	    minisign_sign(&other, seed, "m", 1, "c", &sig), ST_WRONG_KEY);
	assert_int_equal(
	    minisign_sign(&root, seed, "m", 1, "c", &small), ST_LIMIT);
	assert_int_equal(sig.len, 0);
	bytes_free(&sig);
	bytes_free(&small);
}

static void
a_fingerprint_is_eight_groups_of_the_keys_sha256(void **state)
{
	struct minisign_key key = {{0}, {0}}; /* SHA-256 of 32 zero bytes */
	char text[FINGERPRINT_TEXT_LEN + 1];

	(void)state;
	minisign_fingerprint(&key, text);
	assert_string_equal(text, "6668 7aad f862 bd77 6c8f c18b 8e9f 8e20");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	    T(minisign_verifies_what_we_sign),
	    T(we_verify_what_minisign_signs),
	    T(a_public_key_file_is_what_minisign_writes),
	    T(no_mutant_of_a_signature_verifies),
	    T(no_cut_public_key_is_read),
	    T(what_cannot_be_signed_is_refused),
	    T(a_fingerprint_is_eight_groups_of_the_keys_sha256),
#undef T
	};

	if (crypto_room_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests_name("minisign", tests, NULL, NULL);
}
