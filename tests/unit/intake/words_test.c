/*
 * The words of a return code: what is shown, and what people type.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/return_code.h"
#include "intake/code_text.h"
#include "site/words.h"

static int
find(const char *typed)
{
	return words_index(
	    WORDS_ENGLISH, (const uint8_t *)typed, strlen(typed));
}

static void
every_word_is_found_whole_and_by_its_first_four_letters(void **state)
{
	char typed[64];

	(void)state;
	for (uint16_t i = 0; i < WORDS_COUNT; i++) {
		const char *word = words_text(WORDS_ENGLISH, i);

		assert_in_range(strlen(word), 3, WORDS_LEN_MAX);
		assert_int_equal(find(word), i);
		for (size_t n = 0; n <= strlen(word); n++)
			typed[n] = (char)(word[n] & ~0x20);
		assert_int_equal(find(typed), i);
		snprintf(typed, sizeof(typed), "%.4s", word);
		assert_int_equal(find(typed), i);
		/* A slip behind the fourth letter is no other word. */
		if (strlen(word) > 4) {
			snprintf(typed, sizeof(typed), "%.4szq", word);
			assert_int_equal(find(typed), i);
		}
	}
}

static void
what_is_no_word_is_not_found(void **state)
{
	static const char *const bad[] = {"", "a", "ab", "aba", "zo", "zooz",
	    "acts", "zzzz", "0", "aband on", "\xec\x97\xb4\xec\x87\xa0",
	    "abandonabandonabandonabandonabando"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int found = find(bad[i]);

		/* "aband on" is found by its first letters; a reader of
		 * codes would have parted it. */
		if (strcmp(bad[i], "aband on") == 0)
			assert_int_equal(found, 0);
		else
			assert_int_equal(found, -1);
	}
}

/* The words of 16 zero bytes (BIP39's own vector). */
#define EIGHT "abandon abandon abandon abandon abandon abandon abandon abandon "
#define ZEROS EIGHT "abandon abandon abandon about"

static enum status
read_code(const char *text, uint8_t code[static RETURN_CODE_LEN])
{
	return code_text_read((const uint8_t *)text, strlen(text), code);
}

static void
a_code_is_read_however_people_type_it(void **state)
{
	static const char *const good[] = {
	    ZEROS,
	    "  " ZEROS "\r\n",
	    "1. abandon\r\n2. abandon\r\n3. abandon\r\n4. abandon\r\n"
	    "5. abandon\r\n6. abandon\r\n7. abandon\r\n8. abandon\r\n"
	    "9. abandon\r\n10. abandon\r\n11. abandon\r\n12. about\r\n",
	    "abandon-abandon-abandon-abandon-abandon-abandon-"
	    "abandon-abandon-abandon-abandon-abandon-about",
	    "1abandon2ABANDON3Abandon,aban;aban/aban\taban\naban\vaban "
	    "aban aban abou.",
	    "abandon\xc2\xa0"
	    "abandon\xe2\x80\x93"
	    "abandon\xe2\x80\x8b"
	    "abandon\xe3\x80\x80"
	    "abandon (abandon) \"abandon\" abandon "
	    "abandon abandon abandon about",
	};
	const uint8_t zeros[RETURN_CODE_LEN] = {0};
	uint8_t code[RETURN_CODE_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		memset(code, 0xff, sizeof(code));
		assert_int_equal(read_code(good[i], code), ST_OK);
		assert_memory_equal(code, zeros, sizeof(code));
	}
}

static void
what_is_no_code_is_refused_and_leaves_nothing(void **state)
{
	static const char *const bad[] = {
	    "",
	    " ",
	    "1. 2. 3.",
	    EIGHT "abandon abandon abandon",         /* eleven */
	    ZEROS " abandon",                        /* thirteen */
	    EIGHT "abandon abandon abandon abandon", /* the checksum */
	    EIGHT "abandon abandon abandon abuse",
	    "about " EIGHT "abandon abandon abandon", /* the order */
	    EIGHT "abandon abandon abnadon about",    /* a slip */
	    EIGHT "abandon abandon \xec\x97\xb4 about",
	};
	const uint8_t zeros[RETURN_CODE_LEN] = {0};
	uint8_t code[RETURN_CODE_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(code, 0xff, sizeof(code));
		if (read_code(bad[i], code) == ST_OK)
			fail_msg("taken: %s", bad[i]);
		assert_memory_equal(code, zeros, sizeof(code));
	}
}

static void
a_code_comes_back_from_its_own_words(void **state)
{
	uint8_t code[RETURN_CODE_LEN], again[RETURN_CODE_LEN];
	char text[CODE_TEXT_LEN + 1];

	(void)state;
	for (int i = 0; i < 2000; i++) {
		return_code_new(code);
		code_text_write(code, text);
		assert_in_range(strlen(text), 12 * 3 + 11, CODE_TEXT_LEN);
		assert_int_equal(read_code(text, again), ST_OK);
		assert_memory_equal(code, again, sizeof(code));
	}
}

/* One word exchanged, or two changed places, is noticed most of the time;
 * never is another code taken for this one. */
static void
every_exchanged_word_gives_another_code_or_none(void **state)
{
	uint16_t word[RETURN_WORDS], was;
	uint8_t code[RETURN_CODE_LEN], other[RETURN_CODE_LEN];
	unsigned taken = 0;

	(void)state;
	return_code_new(code);
	return_code_words(code, word);
	for (size_t at = 0; at < RETURN_WORDS; at++) {
		was = word[at];
		for (uint16_t w = 0; w < WORDS_COUNT; w++) {
			word[at] = w;
			if (w == was || return_code_read(word, other) != ST_OK)
				continue;
			taken++;
			assert_memory_not_equal(code, other, sizeof(code));
		}
		word[at] = was;
	}
	/* A checksum of four bits lets one in sixteen by. */
	assert_in_range(taken, 12 * 2047 / 20, 12 * 2047 / 13);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		every_word_is_found_whole_and_by_its_first_four_letters),
	    cmocka_unit_test(what_is_no_word_is_not_found),
	    cmocka_unit_test(a_code_is_read_however_people_type_it),
	    cmocka_unit_test(what_is_no_code_is_refused_and_leaves_nothing),
	    cmocka_unit_test(a_code_comes_back_from_its_own_words),
	    cmocka_unit_test(every_exchanged_word_gives_another_code_or_none),
	};

	if (crypto_room_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
