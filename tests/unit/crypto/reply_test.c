/*
 * Return codes, the mailboxes that follow from them, and replies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/guarded.h"
#include "base/num.h"
#include "crypto/opener.h"
#include "crypto/reply.h"
#include "crypto/reply_inner.h"

static uint8_t code[RETURN_CODE_LEN];
static struct mailbox box;
static uint8_t *secret, *seed;
static struct reply *reply, *found;
static uint8_t sealed[REPLY_LEN];

static int
set_up(void **state)
{
	uint8_t public_key[PUBLIC_KEY_LEN];

	(void)state;
	secret = guarded_new(SECRET_KEY_LEN);
	seed = guarded_new(SECRET_KEY_LEN);
	reply = guarded_new(sizeof(*reply));
	found = guarded_new(sizeof(*found));
	if (secret == NULL || seed == NULL || reply == NULL || found == NULL)
		return -1;
	return_code_new(code);
	return_code_mailbox(code, &box, secret);
	sign_key_new(public_key, seed);
	reply->day = 20780;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	guarded_free(secret);
	guarded_free(seed);
	guarded_free(reply);
	guarded_free(found);
	assert_int_equal(guarded_live(), 0);
	return 0;
}

static void
say(const char *text, size_t len)
{
	memcpy(reply->text, text, len);
	reply->len = len;
}

static enum status
seal(const char *text)
{
	say(text, strlen(text));
	return reply_seal(&box, reply, seed, sealed);
}

static enum status
open_it(void)
{
	return reply_open(&box, secret, sealed, found);
}

static void
a_code_in_words_is_read_again(void **state)
{
	uint16_t word[RETURN_WORDS];
	uint8_t again[RETURN_CODE_LEN];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		return_code_new(code);
		return_code_words(code, word);
		assert_int_equal(return_code_read(word, again), ST_OK);
		assert_memory_equal(again, code, sizeof(code));
	}
}

/* Every other word in each place: one in 16 fits by chance. */
static void
a_wrong_word_mostly_shows(void **state)
{
	uint8_t again[RETURN_CODE_LEN], zero[RETURN_CODE_LEN] = {0};
	uint16_t word[RETURN_WORDS];
	unsigned taken = 0, tried = 0;

	(void)state;
	return_code_words(code, word);
	for (size_t i = 0; i < RETURN_WORDS; i++) {
		const uint16_t right = word[i];

		for (uint16_t w = 0; w < RETURN_LIST_LEN; w++) {
			enum status st;

			if (w == right)
				continue;
			word[i] = w;
			tried++;
			st = return_code_read(word, again);
			if (st == ST_OK) {
				taken++;
				continue;
			}
			assert_int_equal(st, ST_FORGED);
			assert_memory_equal(again, zero, sizeof(zero));
		}
		word[i] = right;
	}
	assert_true(taken < tried / 12 && taken > tried / 22);
}

static void
a_word_of_no_list_is_told(void **state)
{
	uint8_t again[RETURN_CODE_LEN], zero[RETURN_CODE_LEN] = {0};
	uint16_t word[RETURN_WORDS];

	(void)state;
	for (size_t i = 0; i < RETURN_WORDS; i++) {
		return_code_words(code, word);
		word[i] = RETURN_LIST_LEN;
		assert_int_equal(return_code_read(word, again), ST_MALFORMED);
		word[i] = UINT16_MAX;
		assert_int_equal(return_code_read(word, again), ST_MALFORMED);
		assert_memory_equal(again, zero, sizeof(zero));
	}
}

static void
a_code_has_one_mailbox_and_no_other_has_it(void **state)
{
	struct mailbox same, other;
	uint8_t public_key[PUBLIC_KEY_LEN];

	(void)state;
	return_code_mailbox(code, &same, NULL);
	assert_memory_equal(&same, &box, sizeof(box));
	epoch_key_public(secret, public_key);
	assert_memory_equal(public_key, box.key, sizeof(public_key));
	code[0] ^= 1;
	return_code_mailbox(code, &other, NULL);
	assert_memory_not_equal(other.id, box.id, sizeof(box.id));
	assert_memory_not_equal(other.key, box.key, sizeof(box.key));
}

static void
the_field_of_a_tip_is_read_as_it_was_written(void **state)
{
	uint8_t field[MAILBOX_FIELD_LEN + 1] = {0};
	struct mailbox again;

	(void)state;
	mailbox_field_write(&box, field);
	for (size_t len = 0; len <= sizeof(field); len++) {
		assert_int_equal(mailbox_field_parse(field, len, &again),
		    len == MAILBOX_FIELD_LEN ? ST_OK : ST_MALFORMED);
		if (len == MAILBOX_FIELD_LEN)
			assert_memory_equal(&again, &box, sizeof(box));
		else
			assert_true(sodium_is_zero(
			    (const uint8_t *)&again, sizeof(again)));
	}
	/* Of low order: all would open what is sealed to it. */
	memset(field + MAILBOX_ID_LEN, 0, PUBLIC_KEY_LEN);
	assert_int_equal(mailbox_field_parse(field, MAILBOX_FIELD_LEN, &again),
	    ST_MALFORMED);
	field[MAILBOX_ID_LEN] = 1;
	assert_int_equal(mailbox_field_parse(field, MAILBOX_FIELD_LEN, &again),
	    ST_MALFORMED);
}

static void
a_reply_opens_to_what_was_written(void **state)
{
	static const size_t lengths[] = {1, 2, 100, 3899, REPLY_TEXT_MAX};
	uint8_t signer[PUBLIC_KEY_LEN], id[KEY_ID_LEN];
	char text[REPLY_TEXT_MAX];

	(void)state;
	sign_key_public(seed, signer);
	key_id(KEY_ROLE_SIGNER, signer, id);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memset(text, 'a', sizeof(text));
		say(text, lengths[i]);
		assert_int_equal(reply_seal(&box, reply, seed, sealed), ST_OK);
		assert_int_equal(open_it(), ST_OK);
		assert_int_equal(found->day, reply->day);
		assert_memory_equal(found->signer, id, KEY_ID_LEN);
		assert_int_equal(found->len, lengths[i]);
		assert_memory_equal(found->text, text, lengths[i]);
		/* Nothing lies behind the text. */
		assert_true(found->len == REPLY_TEXT_MAX ||
		    sodium_is_zero(
			found->text + found->len, REPLY_TEXT_MAX - found->len));
	}
	reply->len = REPLY_TEXT_MAX + 1;
	assert_int_equal(reply_seal(&box, reply, seed, sealed), ST_LIMIT);
}

static void
text_that_no_page_should_show_is_not_sealed(void **state)
{
	static const char *const good[] = {"a", "\n", "two\nlines",
	    "\xc3\xa9t\xc3\xa9", "\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4",
	    "\xf0\x9f\x92\xa3", "\xf4\x8f\xbf\xbf", "\xc2\xa0", "<b>&amp;",
	    "\xed\x9f\xbf\xee\x80\x80"};
	static const char *const bad[] = {"", "a\tb", "a\rb", "\x1b[2J", "\x7f",
	    "\xc2\x85", "\xc2\x9b", "\x80", "\xff", "a\xc3", "\xc0\xaf",
	    "\xc1\xbf", "\xe0\x80\xaf", "\xe0\x9f\xbf", "\xed\xa0\x80",
	    "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
	    "\xf8\x88\x80\x80\x80", "\xe2\x82", "\xe2\x28\xa1"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(seal(good[i]), ST_OK);
		assert_int_equal(open_it(), ST_OK);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(seal(bad[i]), ST_MALFORMED);
	say("a\0b", 3);
	assert_int_equal(reply_seal(&box, reply, seed, sealed), ST_MALFORMED);
}

static void
no_mutant_of_a_reply_opens(void **state)
{
	(void)state;
	assert_int_equal(seal("meet me"), ST_OK);
	for (size_t i = 0; i < REPLY_LEN; i++) {
		/* X25519 does not look at the highest bit of a key, but the
		 * nonce comes of all. */
		sealed[i] ^= (uint8_t)(1U << i % 8);
		assert_int_equal(open_it(), ST_FORGED);
		assert_true(
		    sodium_is_zero((const uint8_t *)found, sizeof(*found)));
		sealed[i] ^= (uint8_t)(1U << i % 8);
	}
	assert_int_equal(open_it(), ST_OK);
}

static void
a_reply_to_another_mailbox_does_not_open(void **state)
{
	struct mailbox other;

	(void)state;
	assert_int_equal(seal("not for you"), ST_OK);
	code[5] ^= 1;
	return_code_mailbox(code, &other, secret);
	assert_int_equal(reply_open(&other, secret, sealed, found), ST_FORGED);
	memset(sealed, 0, sizeof(sealed));
	assert_int_equal(reply_open(&other, secret, sealed, found), ST_FORGED);
}

/* Sealed rightly to us, but not what a reply has inside. */
static void
what_is_sealed_but_no_reply_is_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = {{0, 'T'}, {15, '2'}, {REPLY_AT_MAILBOX, 0xee},
	    {REPLY_AT_LEN, 0}, {REPLY_AT_LEN, 4}, {REPLY_AT_LEN + 1, 0xff},
	    {REPLY_AT_TEXT, 0x1b}, {REPLY_AT_TEXT + 3, 'x'},
	    {REPLY_AT_SIGNATURE - 1, 1}};
	uint8_t plain[REPLY_PLAIN_LEN];

	(void)state;
	box.id[0] = 1;
	for (size_t i = 0; i <= sizeof(wrong) / sizeof(wrong[0]); i++) {
		memset(plain, 0, sizeof(plain));
		memcpy(plain, REPLY_MAGIC, REPLY_MAGIC_LEN);
		memcpy(plain + REPLY_AT_MAILBOX, box.id, MAILBOX_ID_LEN);
		le16_put(plain + REPLY_AT_LEN, 3);
		memcpy(plain + REPLY_AT_TEXT, "yes", 3);
		if (i > 0)
			plain[wrong[i - 1].at] = wrong[i - 1].value;
		assert_int_equal(
		    crypto_box_seal(sealed, plain, sizeof(plain), box.key), 0);
		if (open_it() != (i == 0 ? ST_OK : ST_MALFORMED))
			fail_msg("case %zu", i);
	}
}

static void
a_decoy_looks_like_a_reply_and_is_for_nobody(void **state)
{
	uint8_t id[2][MAILBOX_ID_LEN], other[REPLY_LEN];

	(void)state;
	assert_int_equal(reply_decoy(id[0], sealed), ST_OK);
	assert_int_equal(reply_decoy(id[1], other), ST_OK);
	assert_memory_not_equal(id[0], id[1], MAILBOX_ID_LEN);
	assert_memory_not_equal(sealed, other, 32);
	assert_memory_not_equal(sealed + 32, other + 32, REPLY_LEN - 32);
	assert_int_equal(open_it(), ST_FORGED);
}

#define ROUNDS 301

static double
took(const uint8_t *what)
{
	struct timespec a, b;
	enum status st;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	st = reply_open(&box, secret, what, found);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	assert_true(st == ST_OK || st == ST_FORGED);
	return (double)(b.tv_sec - a.tv_sec) * 1e9 +
	    (double)(b.tv_nsec - a.tv_nsec);
}

static int
by_size(const void *a, const void *b)
{
	const double *const x = a, *const y = b;

	return (*x > *y) - (*x < *y);
}

/*
 * How much longer a takes than b: the median over pairs taken one right
 * after the other, since a processor changes its pace within the test.
 */
static double
ratio(const uint8_t *a, const uint8_t *b)
{
	double r[ROUNDS];

	for (size_t i = 0; i < ROUNDS; i++) {
		const double first = took(a);

		r[i] = first / took(b);
	}
	qsort(r, ROUNDS, sizeof(r[0]), by_size);
	return r[ROUNDS / 2];
}

/* Both without opening anything; ours is checked and copied besides. */
static void
zeros_and_foreign_replies_take_as_long_as_ours(void **state)
{
	static const uint8_t zeros[REPLY_LEN];
	uint8_t foreign[REPLY_LEN], id[MAILBOX_ID_LEN];
	char text[REPLY_TEXT_MAX];
	double with_zeros, with_ours;

	(void)state;
	memset(text, 'a', sizeof(text));
	say(text, 1000);
	assert_int_equal(reply_seal(&box, reply, seed, sealed), ST_OK);
	assert_int_equal(reply_decoy(id, foreign), ST_OK);
	with_zeros = ratio(zeros, foreign);
	with_ours = ratio(sealed, foreign);
	print_message("against a foreign reply: zeros %.3f, ours %.3f\n",
	    with_zeros, with_ours);
	assert_true(with_zeros > 0.8 && with_zeros < 1.25);
	assert_true(with_ours > 0.6 && with_ours < 1.7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	    T(a_code_in_words_is_read_again),
	    T(a_wrong_word_mostly_shows),
	    T(a_word_of_no_list_is_told),
	    T(a_code_has_one_mailbox_and_no_other_has_it),
	    T(the_field_of_a_tip_is_read_as_it_was_written),
	    T(a_reply_opens_to_what_was_written),
	    T(text_that_no_page_should_show_is_not_sealed),
	    T(no_mutant_of_a_reply_opens),
	    T(a_reply_to_another_mailbox_does_not_open),
	    T(what_is_sealed_but_no_reply_is_refused),
	    T(a_decoy_looks_like_a_reply_and_is_for_nobody),
	    T(zeros_and_foreign_replies_take_as_long_as_ours),
#undef T
	};

	if (crypto_room_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
