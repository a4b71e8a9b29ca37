/*
 * The lists of words: what is shown, and what people type.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <utf8proc.h>

#include "site/words.h"

#define TYPED_LEN 256

/* The index of a text that must be one word for a reader; else -2. */
static int
find(enum words_list list, const char *typed)
{
	const uint8_t *p = (const uint8_t *)typed;
	const uint8_t *end = p + strlen(typed);
	struct words_fold word, more;

	if (!words_fold_next(&p, end, &word) || words_fold_next(&p, end, &more))
		return -2;
	assert_ptr_equal(p, end);
	return words_index(list, &word);
}

static void
must_find(enum words_list list, const char *typed, int index)
{
	int found = find(list, typed);

	if (found != index)
		fail_msg("list %d: %s is %d and was found as %d", (int)list,
		    typed, index, found);
}

/* A word in another form of Unicode's. */
static void
reform(const char *word, utf8proc_option_t form, char out[static TYPED_LEN])
{
	utf8proc_uint8_t *made = NULL;
	utf8proc_ssize_t len = utf8proc_map((const utf8proc_uint8_t *)word, 0,
	    &made, UTF8PROC_NULLTERM | UTF8PROC_STABLE | form);

	assert_in_range(len, 1, TYPED_LEN - 1);
	memcpy(out, made, (size_t)len + 1);
	free(made);
}

/* A word with each of its characters as change() has it. */
static void
each_character(const char *word, utf8proc_int32_t (*change)(utf8proc_int32_t),
    char out[static TYPED_LEN])
{
	utf8proc_int32_t c;
	size_t at = 0;

	for (utf8proc_ssize_t n; *word != '\0'; word += n) {
		n = utf8proc_iterate((const utf8proc_uint8_t *)word, -1, &c);
		assert_true(n > 0);
		c = change(c);
		if (c != 0)
			at += (size_t)utf8proc_encode_char(
			    c, (utf8proc_uint8_t *)out + at);
	}
	out[at] = '\0';
}

static utf8proc_int32_t
without_accent(utf8proc_int32_t c)
{
	return c >= 0x300 && c <= 0x36f ? 0 : c;
}

static utf8proc_int32_t
full_width(utf8proc_int32_t c)
{
	return c >= 'a' && c <= 'z' ? c - 'a' + 0xff41 : c;
}

static utf8proc_int32_t
katakana(utf8proc_int32_t c)
{
	return c >= 0x3041 && c <= 0x3096 ? c + 0x60 : c;
}

static void
every_word_is_found_in_all_its_forms(void **state)
{
	char typed[TYPED_LEN], parts[TYPED_LEN];
	size_t longest = 0;

	(void)state;
	for (enum words_list l = 0; l < WORDS_LISTS; l++)
		for (uint16_t i = 0; i < WORDS_COUNT; i++) {
			const char *word = words_text(l, i);

			if (strlen(word) > longest)
				longest = strlen(word);
			must_find(l, word, i);
			reform(word, UTF8PROC_COMPOSE, typed);
			assert_string_equal(word, typed);
			reform(word, UTF8PROC_DECOMPOSE, parts);
			must_find(l, parts, i);
			each_character(word, utf8proc_toupper, typed);
			must_find(l, typed, i);
			each_character(parts, utf8proc_toupper, typed);
			must_find(l, typed, i);
			each_character(parts, without_accent, typed);
			must_find(l, typed, i);
			each_character(word, full_width, typed);
			must_find(l, typed, i);
			each_character(word, katakana, typed);
			must_find(l, typed, i);
		}
	assert_int_equal(longest, WORDS_LEN_MAX);
}

/* Where a word's n-th character (from 0) begins, or its end. */
static size_t
place(const char *word, size_t n)
{
	size_t at = 0;

	while (word[at] != '\0' && (n > 0 || (word[at] & 0xc0) == 0x80))
		n -= (word[++at] & 0xc0) != 0x80 && n > 0;
	return at;
}

static void
four_letters_are_enough_where_the_list_says_so(void **state)
{
	char typed[TYPED_LEN];

	(void)state;
	for (enum words_list l = 0; l < WORDS_LISTS; l++) {
		assert_int_equal(words_four_enough(l), l != WORDS_KOREAN);
		for (uint16_t i = 0; i < WORDS_COUNT; i++) {
			const char *word = words_text(l, i);
			size_t four = place(word, 4);

			if (!words_four_enough(l) || word[four] == '\0')
				continue;
			snprintf(typed, sizeof(typed), "%.*s", (int)four, word);
			must_find(l, typed, i);
			/* A slip behind the fourth is no other word. */
			strcat(typed, "zq");
			must_find(l, typed, i);
			/* Three are not enough, unless they are a word. */
			typed[place(word, 3)] = '\0';
			assert_int_not_equal(find(l, typed), i);
		}
	}
}

static void
elsewhere_the_whole_word_is_needed(void **state)
{
	char typed[TYPED_LEN];

	(void)state;
	for (uint16_t i = 0; i < WORDS_COUNT; i++) {
		const char *word = words_text(WORDS_KOREAN, i);
		const char *end = word + strlen(word);

		snprintf(typed, sizeof(typed), "%.*s", (int)(end - word) - 3,
		    word); /* one syllable less */
		assert_int_not_equal(find(WORDS_KOREAN, typed), i);
		snprintf(typed, sizeof(typed), "%s\uac00", word);
		must_find(WORDS_KOREAN, typed, -1);
	}
}

static void
words_stand_where_bip39_has_them(void **state)
{
	static const struct {
		enum words_list list;
		const char *name, *first, *fourth, *last;
	} good[] = {
	    {WORDS_ENGLISH, "english", "abandon", "about", "zoo"},
	    {WORDS_KOREAN, "korean", "가격", "가능", "힘껏"},
	    {WORDS_CHINESE_SIMPLIFIED, "chinese_simplified", "的", "在", "歇"},
	    {WORDS_FRENCH, "french", "abaisser", "abeille", "zoologie"},
	    {WORDS_SPANISH, "spanish", "ábaco", "abierto", "zurdo"},
	    {WORDS_ITALIAN, "italian", "abaco", "abete", "zuppa"},
	    {WORDS_CZECH, "czech", "abdikace", "agrese", "zvyk"},
	    {WORDS_PORTUGUESE, "portuguese", "abacate", "abater", "zumbido"},
	    {WORDS_JAPANESE, "japanese", "あいこくしん", "あおぞら", "われる"},
	};

	(void)state;
	assert_int_equal(sizeof(good) / sizeof(good[0]), WORDS_LISTS);
	for (size_t i = 0; i < WORDS_LISTS; i++) {
		enum words_list l = good[i].list;

		assert_int_equal(words_list_find(good[i].name), l);
		assert_string_equal(words_text(l, 0), good[i].first);
		assert_string_equal(words_text(l, 3), good[i].fourth);
		assert_string_equal(words_text(l, 2047), good[i].last);
	}
	assert_int_equal(words_list_find(""), -1);
	assert_int_equal(words_list_find("English"), -1);
	assert_int_equal(words_list_find("chinese"), -1);
	assert_int_equal(words_list_find("chinese_traditional"), -1);
}

static void
what_people_type_finds_the_word_they_mean(void **state)
{
	static const struct {
		enum words_list list;
		const char *typed, *word;
	} good[] = {
	    {WORDS_FRENCH, "eclair", "éclairer"},
	    {WORDS_FRENCH, "ECLA", "éclairer"},
	    {WORDS_FRENCH, "ÉCLAIR", "éclairer"},
	    {WORDS_FRENCH, "e\u0301clair", "éclairer"},
	    {WORDS_FRENCH, "èclair", "éclairer"}, /* the wrong accent */
	    {WORDS_SPANISH, "NINO", "niño"},
	    {WORDS_SPANISH, "nin\u0303o", "niño"},
	    {WORDS_SPANISH, "abaco", "ábaco"},
	    {WORDS_ENGLISH, "äbandon", "abandon"},
	    {WORDS_ENGLISH, "ｏｆｆｉｃｅ", "office"},
	    {WORDS_ENGLISH, "o\ufb03ce", "office"}, /* the ligature ffi */
	    {WORDS_ENGLISH, "\u0130nput", "input"}, /* I of Turkish keyboards */
	    {WORDS_ENGLISH, "(act)", "act"},
	    {WORDS_KOREAN, "\u1100\u1161\u1100\u1167\u11a8", "가격"},
	    {WORDS_JAPANESE, "アオゾラ", "あおぞら"},
	    {WORDS_JAPANESE, "ｱｵｿﾞﾗ", "あおぞら"},
	    {WORDS_JAPANESE, "あおそ\u3099ら", "あおぞら"},
	    {WORDS_CHINESE_SIMPLIFIED, "的\u3002", "的"},
	    {WORDS_CHINESE_SIMPLIFIED, "\u2f00", "一"}, /* a radical */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int found = find(good[i].list, good[i].typed);

		if (found < 0)
			fail_msg("not found: %s", good[i].typed);
		assert_string_equal(
		    words_text(good[i].list, (uint16_t)found), good[i].word);
	}
}

static void
what_is_no_word_is_not_found(void **state)
{
	static const struct {
		enum words_list list;
		const char *typed;
	} bad[] = {
	    {WORDS_ENGLISH, "a"},
	    {WORDS_ENGLISH, "ab"},
	    {WORDS_ENGLISH, "aba"},
	    {WORDS_ENGLISH, "zo"},
	    {WORDS_ENGLISH, "zooz"},
	    {WORDS_ENGLISH, "acts"},
	    {WORDS_ENGLISH, "zzzz"},
	    {WORDS_ENGLISH, "열쇠"},
	    {WORDS_ENGLISH,
		"\xd0\xb0"
		"bandon"}, /* the Cyrillic a */
	    {WORDS_ENGLISH,
		"aba\xff"
		"ndon"},
	    {WORDS_ENGLISH,
		"abandon\xe4"
		"abandonabandonabandonabandonabando"},
	    {WORDS_ENGLISH, "abandonabandonabandonabandonabando"},
	    {WORDS_ENGLISH, "\U00010400\U0001d400"},
	    {WORDS_ENGLISH, "aba\ufdfa"}, /* becomes 18 letters */
	    {WORDS_FRENCH, "bøuf"},
	    {WORDS_KOREAN, "가"},
	    {WORDS_KOREAN, "abandon"},
	    {WORDS_JAPANESE, "あおそら"}, /* without its voicing */
	    {WORDS_JAPANESE, "青"},
	    {WORDS_CHINESE_SIMPLIFIED, "這"},
	    {WORDS_CHINESE_SIMPLIFIED, "\U00020000"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (find(bad[i].list, bad[i].typed) != -1)
			fail_msg("%d for %s", find(bad[i].list, bad[i].typed),
			    bad[i].typed);
}

/* How many words a text has; none may reach behind its end. */
static size_t
count_words(const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;
	struct words_fold word;
	size_t n = 0;

	while (words_fold_next(&p, end, &word)) {
		assert_in_range(word.len, 1, WORDS_FOLD_MAX);
		assert_true(p <= end);
		n++;
	}
	assert_ptr_equal(p, end);
	return n;
}

static void
words_are_parted_by_whatever_is_no_letter(void **state)
{
	static const struct {
		const char *text;
		size_t words;
	} good[] = {
	    {"", 0},
	    {" \t\r\n\v1.)-,;:'\"_/\\", 0},
	    {"a b", 2},
	    {"1a2b3", 2},
	    {"a\u00a0b\u2013c\u200bd\u3000e\u3001f\u2060g\ufeffh", 8},
	    {"a\u0664b\uff11c\u2460d", 4}, /* digits of all kinds */
	    {"a\U0001f600b", 2},
	    {"\u0301", 0}, /* an accent alone */
	    {"\u0301 \u0301a\u0301 \u0301", 1},
	    {"的一是在", 4},
	    {"abandon的一abandon", 4},
	    {"가격 가능", 2},
	    {"가격가능", 1},
	    {"a\xffz \xe3\x80", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		size_t len = strlen(good[i].text);
		size_t n = count_words((const uint8_t *)good[i].text, len);

		if (n != good[i].words)
			fail_msg("%zu words: %s", n, good[i].text);
	}
	assert_int_equal(count_words((const uint8_t *)"a\0b", 3), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_word_is_found_in_all_its_forms),
	    cmocka_unit_test(four_letters_are_enough_where_the_list_says_so),
	    cmocka_unit_test(elsewhere_the_whole_word_is_needed),
	    cmocka_unit_test(words_stand_where_bip39_has_them),
	    cmocka_unit_test(what_people_type_finds_the_word_they_mean),
	    cmocka_unit_test(what_is_no_word_is_not_found),
	    cmocka_unit_test(words_are_parted_by_whatever_is_no_letter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
