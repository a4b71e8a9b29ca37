/*
 * The inbox: one verdict for each tip, held against the ledger, and no
 * failing call makes a bundle complete that is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyst/inbox.h"
#include "base/bytes.h"
#include "base/durable.h"
#include "base/guarded.h"
#include "crypto/sign.h"
#include "tests/unit/fault.h"

#define TIPS 3
#define TIP_LEN 1000
/* docs/FORMATS.md section 4 */
#define HEAD 156
#define ENTRY 113

static uint8_t *seed;
static struct server_identity server;
static char folder[] = "/tmp/inbox_testXXXXXX";
static char path[64], ledger_path[96];
static int dirfd = -1;
static struct bytes whole;

static enum status
put(void *ctx, const void *p, size_t len)
{
	return bytes_append(ctx, p, len);
}

/* A genuine bundle of tips 1 to 3 whose bytes are all fill. */
static void
make_bundle(struct bytes *out, uint8_t fill, uint64_t number)
{
	uint8_t tip[TIP_LEN], digest[DIGEST_LEN];
	struct bundle_start start = {
	    .bundle = number, .last = TIPS, .epoch = 7};
	struct bundle_writer *w;
	struct sha256 *sha;

	memset(tip, fill, sizeof(tip));
	assert_int_equal(sha256_new(&sha), ST_OK);
	assert_int_equal(sha256_update(sha, tip, sizeof(tip)), ST_OK);
	assert_int_equal(sha256_final(sha, digest), ST_OK);
	sha256_free(sha);
	chain_genesis(&start.before, server.key);
	bytes_clear(out);
	assert_int_equal(
	    bundle_writer_begin(&start, seed, put, out, &w), ST_OK);
	for (size_t i = 0; i < TIPS; i++) {
		assert_int_equal(
		    bundle_writer_tip(w, sizeof(tip), digest), ST_OK);
		assert_int_equal(
		    bundle_writer_data(w, tip, sizeof(tip)), ST_OK);
		assert_int_equal(bundle_writer_tip_end(w), ST_OK);
	}
	assert_int_equal(bundle_writer_finish(w, NULL), ST_OK);
	bundle_writer_free(w);
}

static void
put_file(const uint8_t *p, size_t len)
{
	assert_int_equal(
	    durable_write(AT_FDCWD, path, p, len, 0600, DURABLE_REPLACE),
	    ST_OK);
}

/* All that verify does.  *fine: nothing is wrong. */
static enum status
read_all_of_it(struct inbox *in, bool *fine)
{
	struct ledger *ledger = NULL;
	enum status st;

	*fine = false;
	*in = (struct inbox){.fd = -1};
	if ((st = ledger_open(dirfd, &server, &ledger)) != ST_OK)
		return st;
	if ((st = inbox_open(path, &server, ledger, in)) != ST_OK)
		goto out;
	while ((st = inbox_next(in)) == ST_OK) {
		st = inbox_tip_end(in);
		if (st == ST_OK)
			st = inbox_record(in);
		if (st != ST_OK && st != ST_FORGED)
			break;
	}
	*fine = inbox_conclude(in, st);
out:
	inbox_close(in);
	ledger_close(ledger);
	return st;
}

static enum ledger_state
ledger_says(uint64_t number)
{
	struct ledger_tip tip;
	struct ledger *ledger;

	assert_int_equal(ledger_open(dirfd, &server, &ledger), ST_OK);
	assert_int_equal(ledger_get(ledger, number, &tip), ST_OK);
	ledger_close(ledger);
	return tip.state;
}

static void
a_whole_bundle_is_fine_each_time(void **state)
{
	struct inbox in;
	bool fine;

	(void)state;
	put_file(whole.p, whole.len);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(read_all_of_it(&in, &fine), ST_EOF);
		assert_true(fine);
		for (uint64_t n = 1; n <= TIPS; n++)
			assert_int_equal(ledger_says(n), LEDGER_SEEN);
	}
}

/* Each cut at each length: never fine, and only whole tips were seen. */
static void
no_cut_bundle_is_fine(void **state)
{
	const size_t each = ENTRY + TIP_LEN;
	struct inbox in;
	bool fine;

	(void)state;
	for (size_t len = 0; len < whole.len; len += 37) {
		put_file(whole.p, len);
		(void)unlink(ledger_path);
		assert_int_not_equal(read_all_of_it(&in, &fine), ST_OK);
		assert_false(fine);
		for (uint64_t n = 1; n <= TIPS; n++)
			assert_int_equal(ledger_says(n) == LEDGER_SEEN,
			    len >= HEAD + n * each);
	}
}

/* Each flipped byte: never fine; what is seen is what was not touched, and of
 * a tip that was, at most what the server signed. */
static void
no_changed_bundle_is_fine(void **state)
{
	const size_t each = ENTRY + TIP_LEN;
	struct inbox in;
	bool fine;

	(void)state;
	for (size_t at = 0; at < whole.len; at += 11) {
		whole.p[at] ^= 0x20;
		put_file(whole.p, whole.len);
		whole.p[at] ^= 0x20;
		(void)unlink(ledger_path);
		(void)read_all_of_it(&in, &fine);
		assert_false(fine);
		for (uint64_t n = 1; n <= TIPS; n++) {
			const size_t entry = HEAD + (n - 1) * each;

			if (at >= entry && at < entry + each)
				assert_int_equal(ledger_says(n),
				    at < entry + ENTRY ? LEDGER_NOT_SEEN
						       : LEDGER_ALTERED);
			else if (at >= HEAD + n * each)
				assert_int_equal(ledger_says(n), LEDGER_SEEN);
		}
	}
}

static void
another_tip_under_a_known_number_is_never_recorded(void **state)
{
	struct bytes other = BYTES_INIT(1 << 20);
	struct ledger_tip before, after;
	struct ledger *ledger;
	struct inbox in;
	bool fine;

	(void)state;
	put_file(whole.p, whole.len);
	assert_int_equal(read_all_of_it(&in, &fine), ST_EOF);
	assert_int_equal(ledger_open(dirfd, &server, &ledger), ST_OK);
	assert_int_equal(ledger_get(ledger, 2, &before), ST_OK);
	ledger_close(ledger);
	make_bundle(&other, 'b', 2);
	put_file(other.p, other.len);
	assert_int_equal(ledger_open(dirfd, &server, &ledger), ST_OK);
	assert_int_equal(inbox_open(path, &server, ledger, &in), ST_OK);
	for (int i = 0; i < TIPS; i++) {
		assert_int_equal(inbox_next(&in), ST_OK);
		assert_int_equal(in.verdict, INBOX_OTHER);
		assert_int_equal(inbox_tip_end(&in), ST_OK);
		assert_int_equal(inbox_record(&in), ST_OK);
	}
	assert_int_equal(inbox_next(&in), ST_EOF);
	assert_false(inbox_conclude(&in, ST_EOF));
	inbox_close(&in);
	assert_int_equal(ledger_get(ledger, 2, &after), ST_OK);
	assert_memory_equal(before.digest, after.digest, DIGEST_LEN);
	/* It is remembered beside, until it was opened apart. */
	assert_true(after.other_waits && after.diverted);
	assert_memory_not_equal(after.other, after.digest, DIGEST_LEN);
	assert_int_equal(inbox_open(path, &server, ledger, &in), ST_OK);
	for (int i = 0; i < TIPS; i++) {
		assert_int_equal(inbox_next(&in), ST_OK);
		assert_int_equal(inbox_tip_end(&in), ST_OK);
		assert_int_equal(inbox_other_opened(&in), ST_OK);
	}
	inbox_close(&in);
	assert_int_equal(ledger_get(ledger, 2, &after), ST_OK);
	assert_false(after.other_waits);
	assert_true(after.diverted);
	ledger_close(ledger);
	bytes_free(&other);
}

/* Opened stays opened, whatever is read later. */
static void
a_state_never_falls_back(void **state)
{
	struct ledger_tip tip;
	struct ledger *ledger;
	struct inbox in;
	bool fine;

	(void)state;
	put_file(whole.p, whole.len);
	assert_int_equal(read_all_of_it(&in, &fine), ST_EOF);
	assert_int_equal(ledger_open(dirfd, &server, &ledger), ST_OK);
	assert_int_equal(ledger_get(ledger, 2, &tip), ST_OK);
	tip.state = LEDGER_OPENED;
	tip.answered = true;
	assert_int_equal(ledger_put(ledger, 2, &tip), ST_OK);
	assert_int_equal(ledger_sync(ledger), ST_OK);
	ledger_close(ledger);
	assert_int_equal(read_all_of_it(&in, &fine), ST_EOF);
	assert_true(fine);
	assert_int_equal(ledger_says(2), LEDGER_OPENED);
}

static void
try_every_fault(unsigned kinds)
{
	struct inbox in;
	bool fine;

	FAULT_EACH(kinds)
	{
		enum status st;

		fault_off();
		(void)unlink(ledger_path);
		fault_at(kinds, fault_n_);
		st = read_all_of_it(&in, &fine);
		fault_off();
		if (!fault_fired())
			assert_true(fine);
		if (fine) {
			assert_int_equal(st, ST_EOF);
			for (uint64_t n = 1; n <= TIPS; n++)
				assert_int_equal(ledger_says(n), LEDGER_SEEN);
		}
		/* The next run finds nothing that is not true. */
		assert_int_equal(read_all_of_it(&in, &fine), ST_EOF);
		assert_true(fine);
	}
}

static void
no_failing_call_makes_a_bundle_fine_that_was_not_read(void **state)
{
	(void)state;
	put_file(whole.p, whole.len);
	try_every_fault(FAULT_ALLOC);
	try_every_fault(FAULT_READ | FAULT_OPEN | FAULT_STAT);
	try_every_fault(FAULT_WRITE | FAULT_SYNC);
}

static int
set_up_all(void **state)
{
	(void)state;
	if (crypto_room_init() != ST_OK ||
	    (seed = guarded_new(SECRET_KEY_LEN)) == NULL)
		return -1;
	whole = BYTES_INIT(1 << 20);
	sign_key_new(server.key, seed);
	key_id(KEY_ROLE_SERVER, server.key, server.id);
	make_bundle(&whole, 'a', 1);
	return 0;
}

static int
tear_down_all(void **state)
{
	(void)state;
	bytes_free(&whole);
	guarded_free(seed);
	return guarded_live() == 0 ? 0 : -1;
}

static int
set_up(void **state)
{
	char id[KEY_ID_TEXT_LEN + 1];

	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	key_id_text(server.id, id);
	snprintf(path, sizeof(path), "%s/bundle", folder);
	snprintf(ledger_path, sizeof(ledger_path), "%s/ledger-%s", folder, id);
	dirfd = open(folder, O_RDONLY | O_DIRECTORY);
	return dirfd == -1 ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fault_off();
	close(dirfd);
	(void)unlink(path);
	(void)unlink(ledger_path);
	return rmdir(folder);
}

#define WITH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH(a_whole_bundle_is_fine_each_time),
	    WITH(no_cut_bundle_is_fine),
	    WITH(no_changed_bundle_is_fine),
	    WITH(another_tip_under_a_known_number_is_never_recorded),
	    WITH(a_state_never_falls_back),
	    WITH(no_failing_call_makes_a_bundle_fine_that_was_not_read),
	};

	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
