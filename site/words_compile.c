/*
 * words_compile FOLDER OUT.c: make the lists of words a part of the program.
 *
 * Runs when the program is built.  Reads FOLDER/NAME.txt of each list of
 * words.h, one word a line, and writes what words_data.h declares.  Fails,
 * saying where, if a list has not 2048 words, a word is not composed, has a
 * letter that no list has, or is compared as one with another word.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "site/words.h"

#define TEXT_MAX 65536 /* an offset is 16 bits */

struct list {
	const char *name;
	char text[TEXT_MAX];
	size_t text_len;
	uint16_t text_at[WORDS_COUNT];
	struct words_fold word[WORDS_COUNT];
	uint16_t order[WORDS_COUNT];
	bool four;
};

static struct list lists[WORDS_LISTS] = {
#define X(list, stem) [list] = {.name = #stem},
    WORDS_LIST(X)
#undef X
};

static bool
composed(const char *word)
{
	utf8proc_uint8_t *nfc = utf8proc_NFC((const utf8proc_uint8_t *)word);
	bool same = nfc != NULL && strcmp((const char *)nfc, word) == 0;

	free(nfc);
	return same;
}

/* Take up a word.  NULL, or what is wrong with it. */
static const char *
take(struct list *l, size_t n, const char *text)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t len = strlen(text);
	const uint8_t *end = p + len;
	struct words_fold *word = &l->word[n], more;

	if (len > WORDS_LEN_MAX)
		return "longer than WORDS_LEN_MAX";
	if (!composed(text))
		return "not composed (NFC)";
	if (!words_fold_next(&p, end, word))
		return "no word";
	if (words_fold_next(&p, end, &more))
		return "more than a word";
	for (size_t i = 0; i < word->len; i++)
		if (!words_fold_known(word->letter[i]))
			return "a letter that no list has";
	if (l->text_len + len + 1 > TEXT_MAX)
		return "the list is too long";
	l->text_at[n] = (uint16_t)l->text_len;
	memcpy(l->text + l->text_len, text, len + 1);
	l->text_len += len + 1;
	return NULL;
}

static bool
read_list(struct list *l, const char *folder)
{
	char path[4096], line[256];
	const char *why = NULL;
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.txt", folder, l->name);
	if ((f = fopen(path, "r")) == NULL) {
		perror(path);
		return false;
	}
	while (why == NULL && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (n == WORDS_COUNT)
			why = "more than 2048 words";
		else
			why = take(l, n++, line);
	}
	if (why == NULL && (ferror(f) || n != WORDS_COUNT))
		why = "fewer than 2048 words";
	if (why != NULL)
		fprintf(stderr, "%s:%zu: %s\n", path, n, why);
	fclose(f);
	return why == NULL;
}

static size_t
key_len(const struct list *l, size_t index)
{
	const struct words_fold *word = &l->word[index];

	return l->four ? words_fold_four(word) : word->len;
}

static int
compare_keys(const struct list *l, size_t a, size_t b)
{
	return words_fold_compare(
	    l->word[a].letter, key_len(l, a), l->word[b].letter, key_len(l, b));
}

static const struct list *sorting; /* qsort() passes nothing on */

static int
compare(const void *a, const void *b)
{
	return compare_keys(
	    sorting, *(const uint16_t *)a, *(const uint16_t *)b);
}

/* Put a list's keys in order.  NULL, or a word that has the key of another. */
static const char *
sort(struct list *l, bool four)
{
	l->four = four;
	for (size_t i = 0; i < WORDS_COUNT; i++)
		l->order[i] = (uint16_t)i;
	sorting = l;
	qsort(l->order, WORDS_COUNT, sizeof(l->order[0]), compare);
	for (size_t i = 1; i < WORDS_COUNT; i++)
		if (compare_keys(l, l->order[i - 1], l->order[i]) == 0)
			return l->text + l->text_at[l->order[i]];
	return NULL;
}

static bool
make_list(struct list *l, const char *folder)
{
	const char *twice;

	if (!read_list(l, folder))
		return false;
	if (sort(l, true) == NULL || (twice = sort(l, false)) == NULL)
		return true;
	fprintf(stderr, "%s/%s.txt: %s: another word is compared as one\n",
	    folder, l->name, twice);
	return false;
}

static void
write_numbers(FILE *f, const uint16_t *number, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fprintf(f, "%u,%c", number[i], i % 16 == 15 ? '\n' : ' ');
}

static void
write_text(FILE *f)
{
	fprintf(f, "const char site_embedded_words_text[] = {\n");
	for (const struct list *l = lists; l < lists + WORDS_LISTS; l++)
		for (size_t i = 0; i < l->text_len; i++)
			fprintf(f, "'\\%03o',%c", (unsigned char)l->text[i],
			    l->text[i] == '\0' ? '\n' : ' ');
	fprintf(f,
	    "};\nconst uint16_t site_embedded_words_text_at"
	    "[WORDS_LISTS][WORDS_COUNT] = {\n");
	for (const struct list *l = lists; l < lists + WORDS_LISTS; l++) {
		fprintf(f, "{\n");
		write_numbers(f, l->text_at, WORDS_COUNT);
		fprintf(f, "},\n");
	}
	fprintf(f, "};\n");
}

static void
write_keys(FILE *f)
{
	fprintf(f, "const uint16_t site_embedded_words_keys[] = {\n");
	for (const struct list *l = lists; l < lists + WORDS_LISTS; l++)
		for (size_t i = 0; i < WORDS_COUNT; i++) {
			size_t index = l->order[i];

			write_numbers(
			    f, l->word[index].letter, key_len(l, index));
			fprintf(f, "\n");
		}
	fprintf(f,
	    "};\nconst uint16_t site_embedded_words_key_at"
	    "[WORDS_LISTS][WORDS_COUNT + 1] = {\n");
	for (const struct list *l = lists; l < lists + WORDS_LISTS; l++) {
		size_t at = 0;

		fprintf(f, "{0,\n");
		for (size_t i = 0; i < WORDS_COUNT; i++)
			fprintf(f, "%zu,\n", at += key_len(l, l->order[i]));
		fprintf(f, "},\n");
	}
	fprintf(f,
	    "};\nconst uint16_t site_embedded_words_order"
	    "[WORDS_LISTS][WORDS_COUNT] = {\n");
	for (const struct list *l = lists; l < lists + WORDS_LISTS; l++) {
		fprintf(f, "{\n");
		write_numbers(f, l->order, WORDS_COUNT);
		fprintf(f, "},\n");
	}
	fprintf(f, "};\n");
}

static void
write_lists(FILE *f)
{
	size_t text = 0, keys = 0;

	fprintf(f,
	    "/* From site/words; made by site/words_compile.c. */\n"
	    "#include \"site/words_data.h\"\n"
	    "const struct words_data site_embedded_words[] = {\n");
	for (const struct list *l = lists; l < lists + WORDS_LISTS; l++) {
		fprintf(f, "{%zu, %zu, %d},\n", text, keys, l->four);
		text += l->text_len;
		for (size_t i = 0; i < WORDS_COUNT; i++)
			keys += key_len(l, i);
	}
	fprintf(f, "};\n");
	write_text(f);
	write_keys(f);
}

int
main(int argc, char **argv)
{
	bool written;
	FILE *f;

	if (argc != 3) {
		fprintf(stderr, "usage: words_compile FOLDER OUT.c\n");
		return 2;
	}
	for (size_t i = 0; i < WORDS_LISTS; i++)
		if (!make_list(&lists[i], argv[1]))
			return 1;
	if ((f = fopen(argv[2], "w")) == NULL) {
		perror(argv[2]);
		return 1;
	}
	write_lists(f);
	written = !ferror(f);
	if (fclose(f) != 0 || !written) {
		perror(argv[2]);
		remove(argv[2]); /* half a list is worse than none */
		return 1;
	}
	return 0;
}
