/*
 * Return codes: what is shown, and what people type.
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

/* The words of 16 zero bytes (BIP39's own vector). */
#define EIGHT "abandon abandon abandon abandon abandon abandon abandon abandon "
#define ZEROS EIGHT "abandon abandon abandon about"

static enum status
read_first(const char *text, enum words_list first,
    uint8_t code[static RETURN_CODE_LEN], struct code_text_fault *why)
{
	return code_text_read(
	    (const uint8_t *)text, strlen(text), first, code, why);
}

static enum status
read_code(const char *text, uint8_t code[static RETURN_CODE_LEN])
{
	struct code_text_fault why;
	enum status st = read_first(text, WORDS_ENGLISH, code, &why);

	assert_int_equal(st == ST_OK, why.what == CODE_TEXT_FITS);
	return st;
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
	    EIGHT "가격 가격 가격 가능", /* of two lists */
	    EIGHT "abandon abandon abandon 가능",
	    "가격 가격 가격 가격 가격 가격 가격 가격 가격 가격 가격 가격",
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

/* Sixteen zero bytes in all lists: eleven times the first word and the
 * fourth (trezor/python-mnemonic has these as test vectors). */
static const struct {
	enum words_list list;
	const char *first, *last;
} zero[] = {
    {WORDS_ENGLISH, "abandon", "about"},
    {WORDS_KOREAN, "가격", "가능"},
    {WORDS_CHINESE_SIMPLIFIED, "的", "在"},
    {WORDS_FRENCH, "abaisser", "abeille"},
    {WORDS_SPANISH, "ábaco", "abierto"},
    {WORDS_ITALIAN, "abaco", "abete"},
    {WORDS_CZECH, "abdikace", "agrese"},
    {WORDS_PORTUGUESE, "abacate", "abater"},
    {WORDS_JAPANESE, "あいこくしん", "あおぞら"},
};

/* Twelve words with something between them. */
static void
join(const char *first, const char *last, const char *between,
    char text[static 1024])
{
	text[0] = '\0';
	for (size_t i = 0; i + 1 < RETURN_WORDS; i++) {
		strcat(text, first);
		strcat(text, between);
	}
	strcat(text, last);
}

static void
zeros_are_the_words_that_bip39_says(void **state)
{
	const uint8_t zeros[RETURN_CODE_LEN] = {0};
	char text[CODE_TEXT_LEN + 1], want[1024];

	(void)state;
	assert_int_equal(sizeof(zero) / sizeof(zero[0]), WORDS_LISTS);
	for (size_t i = 0; i < WORDS_LISTS; i++) {
		join(zero[i].first, zero[i].last, " ", want);
		code_text_write(zeros, zero[i].list, text);
		assert_string_equal(text, want);
	}
}

static void
any_list_is_read_on_any_page(void **state)
{
	static const char *const between[] = {
	    " ", "\r\n", "\u3000", ", ", "7.", "\u3001", "\u200b"};
	const uint8_t zeros[RETURN_CODE_LEN] = {0};
	uint8_t code[RETURN_CODE_LEN];
	struct code_text_fault why;
	char text[1024];

	(void)state;
	for (size_t i = 0; i < WORDS_LISTS; i++)
		for (size_t b = 0; b < sizeof(between) / sizeof(char *); b++) {
			join(zero[i].first, zero[i].last, between[b], text);
			for (enum words_list l = 0; l < WORDS_LISTS; l++) {
				memset(code, 0xff, sizeof(code));
				assert_int_equal(
				    read_first(text, l, code, &why), ST_OK);
				assert_int_equal(why.what, CODE_TEXT_FITS);
				assert_int_equal(why.count, RETURN_WORDS);
				assert_memory_equal(code, zeros, sizeof(code));
			}
		}
}

static void
chinese_needs_no_blanks(void **state)
{
	const uint8_t zeros[RETURN_CODE_LEN] = {0};
	uint8_t code[RETURN_CODE_LEN];

	(void)state;
	memset(code, 0xff, sizeof(code));
	assert_int_equal(read_code("的的的的的的的的的的的在", code), ST_OK);
	assert_memory_equal(code, zeros, sizeof(code));
	assert_int_equal(
	    read_code("的的的的的的的的的的在", code), ST_MALFORMED);
}

static void
each_fault_is_named(void **state)
{
	static const struct {
		const char *text;
		enum words_list first;
		struct code_text_fault why;
	} bad[] = {
	    {"", WORDS_ENGLISH, {CODE_TEXT_EMPTY, 0, 0}},
	    {" 1. 2. -\u3000", WORDS_KOREAN, {CODE_TEXT_EMPTY, 0, 0}},
	    {EIGHT "abandon abandon abandon", WORDS_ENGLISH,
		{CODE_TEXT_COUNT, 0, 11}},
	    {ZEROS " abandon", WORDS_ENGLISH, {CODE_TEXT_COUNT, 0, 13}},
	    {ZEROS " thanks", WORDS_ENGLISH, {CODE_TEXT_COUNT, 0, 13}},
	    {"abandon", WORDS_KOREAN, {CODE_TEXT_COUNT, 0, 1}},
	    {EIGHT "abandon abnadon abandon about", WORDS_ENGLISH,
		{CODE_TEXT_WORD, 10, 12}},
	    {"abnadon " EIGHT "abnadon abandon about", WORDS_ENGLISH,
		{CODE_TEXT_WORD, 1, 12}}, /* the first of two */
	    /* A blank too many, one too few. */
	    {"aban don abandon " EIGHT "abandon about", WORDS_ENGLISH,
		{CODE_TEXT_WORD, 2, 13}},
	    {"가격가격 가격 가격 가격 가격 가격 가격 가격 가격 가격 가능",
		WORDS_ENGLISH, {CODE_TEXT_WORD, 1, 11}},
	    /* The list with most words is meant. */
	    {EIGHT "가격 가격 가격 가능", WORDS_KOREAN,
		{CODE_TEXT_WORD, 9, 12}},
	    {EIGHT "가격 가격 가격 가능", WORDS_FRENCH,
		{CODE_TEXT_WORD, 9, 12}},
	    /* The page's where two have as many. */
	    {"zoo zoo zoo zoo zoo zoo 힘껏 힘껏 힘껏 힘껏 힘껏 힘껏",
		WORDS_ENGLISH, {CODE_TEXT_WORD, 7, 12}},
	    {"zoo zoo zoo zoo zoo zoo 힘껏 힘껏 힘껏 힘껏 힘껏 힘껏",
		WORDS_KOREAN, {CODE_TEXT_WORD, 1, 12}},
	    /* No code at all. */
	    {"qqq www", WORDS_ENGLISH, {CODE_TEXT_COUNT, 0, 2}},
	    {"q w e r t y u i o p q w", WORDS_ENGLISH, {CODE_TEXT_WORD, 1, 12}},
	    {EIGHT "abandon abandon abandon abandon", WORDS_ENGLISH,
		{CODE_TEXT_SUM, 0, 12}},
	    {"的的的的的的的的的的的的", WORDS_ENGLISH, {CODE_TEXT_SUM, 0, 12}},
	    {"的的的的的的的的的的這在", WORDS_ENGLISH,
		{CODE_TEXT_WORD, 11, 12}},
	};
	uint8_t code[RETURN_CODE_LEN];
	struct code_text_fault why;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
		    read_first(bad[i].text, bad[i].first, code, &why),
		    ST_MALFORMED);
		if (why.what != bad[i].why.what ||
		    why.word != bad[i].why.word ||
		    why.count != bad[i].why.count)
			fail_msg("fault %d, word %u, %u words: %s",
			    (int)why.what, why.word, why.count, bad[i].text);
	}
}

/* Words that two lists have are read in the list that they fit in. */
static void
a_code_comes_back_from_its_own_words(void **state)
{
	uint8_t code[RETURN_CODE_LEN], again[RETURN_CODE_LEN];
	char text[CODE_TEXT_LEN + 1];
	struct code_text_fault why;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		enum words_list list = (enum words_list)(i % WORDS_LISTS);

		return_code_new(code);
		code_text_write(code, list, text);
		assert_in_range(strlen(text), 12 * 3 + 11, CODE_TEXT_LEN);
		assert_int_equal(
		    read_first(text, WORDS_ENGLISH, again, &why), ST_OK);
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
	    cmocka_unit_test(a_code_is_read_however_people_type_it),
	    cmocka_unit_test(what_is_no_code_is_refused_and_leaves_nothing),
	    cmocka_unit_test(zeros_are_the_words_that_bip39_says),
	    cmocka_unit_test(any_list_is_read_on_any_page),
	    cmocka_unit_test(chinese_needs_no_blanks),
	    cmocka_unit_test(each_fault_is_named),
	    cmocka_unit_test(a_code_comes_back_from_its_own_words),
	    cmocka_unit_test(every_exchanged_word_gives_another_code_or_none),
	};

	if (crypto_room_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
