/*
 * The inbox between its two passes: what was proved is what is opened.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyst/inbox.h"
#include "base/bytes.h"
#include "base/durable.h"
#include "base/guarded.h"
#include "crypto/sign.h"

#define TIPS 3
/* Longer than what the reader has in memory at once. */
#define TIP_LEN (300 * 1024)

static uint8_t *seed;
static struct server_identity server;
static char path[] = "/tmp/inbox_testXXXXXX";
static int fd;

static enum status
put(void *ctx, const void *p, size_t len)
{
	return bytes_append(ctx, p, len);
}

/* A genuine bundle of tips whose bytes are all fill. */
static void
make_bundle(struct bytes *out, size_t tips, size_t len, uint8_t fill)
{
	static uint8_t tip[TIP_LEN];
	uint8_t digest[DIGEST_LEN];
	struct bundle_writer *w;
	struct sha256 *sha;
	struct chain chain;

	memset(tip, fill, len);
	assert_int_equal(sha256_new(&sha), ST_OK);
	assert_int_equal(sha256_update(sha, tip, len), ST_OK);
	assert_int_equal(sha256_final(sha, digest), ST_OK);
	sha256_free(sha);
	chain_genesis(&chain, server.key);
	assert_int_equal(
	    bundle_writer_begin(&chain, seed, put, out, &w), ST_OK);
	for (size_t i = 0; i < tips; i++) {
		assert_int_equal(bundle_writer_tip(w, len, digest), ST_OK);
		assert_int_equal(bundle_writer_data(w, tip, len), ST_OK);
		assert_int_equal(bundle_writer_tip_end(w), ST_OK);
	}
	assert_int_equal(bundle_writer_finish(w, NULL), ST_OK);
	bundle_writer_free(w);
}

static void
put_file(const struct bytes *b, size_t len)
{
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(write_all(fd, b->p, len), ST_OK);
}

static void
a_bundle_that_changes_after_it_was_proved_gives_no_more_tips(void **state)
{
	struct bytes a = BYTES_INIT(1 << 20), b = BYTES_INIT(1 << 20);
	struct inbox in;

	(void)state;
	make_bundle(&a, TIPS, TIP_LEN, 'a');
	make_bundle(&b, TIPS, TIP_LEN, 'b');
	put_file(&a, a.len);
	assert_int_equal(inbox_open(path, &server, &in), ST_OK);
	assert_int_equal(inbox_prove(&in, &server), ST_OK);
	assert_true(in.proved);
	/* As genuine, but not what was proved. */
	put_file(&b, b.len);
	/* The first tip's head was in the buffer already, its end was not. */
	assert_int_equal(inbox_next(&in), ST_OK);
	assert_int_equal(inbox_tip_end(&in), ST_FORGED);
	assert_false(in.changed);
	assert_int_equal(inbox_next(&in), ST_FORGED);
	assert_true(in.changed);
	assert_false(inbox_conclude(&in, ST_FORGED, &server));
	inbox_close(&in);
	bytes_free(&a);
	bytes_free(&b);
}

static void
a_proved_bundle_is_read_from_its_first_tip(void **state)
{
	struct bytes a = BYTES_INIT(1 << 20);
	struct inbox in;

	(void)state;
	make_bundle(&a, TIPS, TIP_LEN, 'a');
	put_file(&a, a.len);
	assert_int_equal(inbox_open(path, &server, &in), ST_OK);
	assert_int_equal(inbox_prove(&in, &server), ST_OK);
	assert_true(in.proved);
	for (uint64_t i = 1; i <= TIPS; i++) {
		assert_int_equal(inbox_next(&in), ST_OK);
		assert_int_equal(in.tip.number, i);
		assert_int_equal(inbox_tip_end(&in), ST_OK);
	}
	assert_int_equal(inbox_next(&in), ST_EOF);
	assert_true(inbox_conclude(&in, ST_EOF, &server));
	inbox_close(&in);
	bytes_free(&a);
}

static void
no_cut_bundle_is_proved(void **state)
{
	struct bytes a = BYTES_INIT(1 << 20);
	struct inbox in;

	(void)state;
	make_bundle(&a, TIPS, TIP_LEN, 'a');
	for (size_t len = a.len - 1; len > 100; len -= len / 20 + 1) {
		put_file(&a, len);
		assert_int_equal(inbox_open(path, &server, &in), ST_OK);
		assert_int_equal(inbox_prove(&in, &server), ST_OK);
		assert_false(in.proved);
		assert_int_equal(in.faulty, BUNDLE_CUT);
		inbox_close(&in);
	}
	bytes_free(&a);
}

/* Else a file of nothing but heads would take as much memory. */
static void
more_tips_than_a_file_has_room_for_are_not_proved(void **state)
{
	struct bytes a = BYTES_INIT(1 << 20);
	struct inbox in;

	(void)state;
	make_bundle(&a, 5000, 0, 'a');
	put_file(&a, a.len);
	assert_int_equal(inbox_open(path, &server, &in), ST_OK);
	assert_int_equal(inbox_prove(&in, &server), ST_OK);
	assert_false(in.proved);
	assert_true(in.digests_len < 100);
	inbox_close(&in);
	bytes_free(&a);
}

static int
set_up(void **state)
{
	(void)state;
	if (crypto_room_init() != ST_OK ||
	    (seed = guarded_new(SECRET_KEY_LEN)) == NULL ||
	    (fd = mkstemp(path)) == -1)
		return -1;
	sign_key_new(server.key, seed);
	key_id(KEY_ROLE_SERVER, server.key, server.id);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	guarded_free(seed);
	return close(fd) == 0 && unlink(path) == 0 && guarded_live() == 0 ? 0
									  : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_proved_bundle_is_read_from_its_first_tip),
	    cmocka_unit_test(
		a_bundle_that_changes_after_it_was_proved_gives_no_more_tips),
	    cmocka_unit_test(no_cut_bundle_is_proved),
	    cmocka_unit_test(more_tips_than_a_file_has_room_for_are_not_proved),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
