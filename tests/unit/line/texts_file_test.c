/*
 * texts.ini: what is taken, what is refused and with which words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "line/texts_file.h"
#include "tests/unit/fault.h"

#define TOPIC "[topic a]\ntitle = A\n"
#define QUESTION "[question q]\nkind = text\nlabel = Q\n"
#define CHOICES                                                                \
	"[question q]\nkind = choice\nlabel = Q\nchoice.a = A\nchoice.b = B\n"
#define TEN "0123456789"
#define FORTY TEN TEN TEN TEN

static enum status
parse(const char *text, struct texts **t, unsigned *line, char *why)
{
	return texts_file_parse(
	    text, strlen(text), t, line, why, TEXTS_WHY_LEN);
}

static void
good_files_are_taken(void **state)
{
	static const char *const good[] = {
	    "",
	    "\n# only\n; comments\n   # here\n",
	    texts_neutral_file,
	    "\xef\xbb\xbf[site]\nlanguages = en\n",
	    "[site]\n[organisation]\n",
	    "[site]\nlanguages = en ar es fa fr ko ru zh\n",
	    "[site]\nlanguages =   ko\ten  \n",
	    "[organisation]\nname = N\nname[ko] = N\n",
	    "[organisation]\r\nname = N\r\nabout = A\r\n",
	    "[organisation]\nname : N",
	    "[organisation]\nname =\n\n  N\n",
	    "[organisation]\nname = N\n[organisation]\nabout = A\n",
	    "[organisation]\nname[ko] = N\n[organisation]\nname = A\n",
	    "[topic a]   \ntitle[ko] = A\n",
	    TOPIC "text = T\nreward = R\nreward[zh] = R\n",
	    TOPIC "[topic b-2]\ntitle = B\n",
	    TOPIC QUESTION,
	    "[topic a]\ntitle = A\n[question a]\nkind=text\nlabel=Q\n",
	    QUESTION "hint = H\nhint[fa] = H\n",
	    "[question q]\nlabel = Q\nkind = text\n",
	    CHOICES,
	    CHOICES "choice.a[ko] = A\n",
	    "[question q]\nchoice.b[ko]=B\nchoice.a=A\nlabel=Q\nkind=choice\n",
	    "[topic " TEN TEN TEN "01]\ntitle = T\n",
	};
	struct texts *t;
	unsigned line;
	char why[TEXTS_WHY_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		if (parse(good[i], &t, &line, why) != ST_OK)
			fail_msg("%s\n%u: %s\n", good[i], line, why);
		texts_free(t);
	}
}

static const struct {
	const char *text;
	unsigned line;
	const char *why; /* part of it */
} bad[] = {
    {"name = N\n", 1, "unknown key 'name': no section is opened"},
    {"[sites]\n", 1, "unknown section: there are [site], [organisation]"},
    {"[site\n", 1, "unknown section"},
    {"[site] x\n", 1, "unknown section"},
    {"[]\n", 1, "unknown section"},
    {"[topic]\ntitle = A\n", 1, "unknown section"},
    {"[topic  a]\ntitle = A\n", 1, "an id is made of a-z"},
    {"[topic A]\ntitle = A\n", 1, "an id is made of a-z"},
    {"[topic ]\ntitle = A\n", 1, "an id has 1 to 32"},
    {"[topic " FORTY "]\ntitle = A\n", 1, "an id has 1 to 32"},
    {"[question q_]\n", 1, "[question ID]: an id is made of a-z"},
    {"\xef\xbb\xbf\xef\xbb\xbf[site]\n", 1, "two byte order marks"},
    {"\xef\xbb\xbf[sites]\n", 1, "unknown section"},
    {"[site]\nlanguages =\n", 2, "name at least one"},
    {"[site]\nlanguages = en xx\n", 2,
	"unknown language 'xx': there are en ar es fa fr ko ru zh"},
    {"[site]\nlanguages = en,ko\n", 2, "unknown language 'en,ko'"},
    {"[site]\nlanguages = en ko en\n", 2, "en is named twice"},
    {"[site]\nlanguages = en\nlanguages = ko\n", 3, "second time"},
    {"[site]\nlanguages = en\n  ko\n", 3, "stands in one line"},
    {"[site]\nlanguages[ko] = en\n", 2, "unknown key 'languages'"},
    {"[site]\nname = N\n", 2, "unknown key 'name': there is languages"},
    {"[organisation]\ntitle = N\n", 2, "there are name, about and advice"},
    {"[organisation]\nname =\n", 2, "nothing stands here"},
    {"[organisation]\nname =\nabout = A\n", 2, "nothing stands here"},
    {"[organisation]\nname =\n[site]\n", 2, "nothing stands here"},
    {"[organisation]\nname[xx] = N\n", 2, "unknown language 'xx'"},
    {"[organisation]\nname[] = N\n", 2, "unknown language ''"},
    {"[organisation]\nname[ko = N\n", 2, "stands in brackets"},
    {"[organisation]\nname[ko]x = N\n", 2, "stands in brackets"},
    {"[organisation]\nname [ko] = N\n", 2, "unknown key 'name '"},
    {"[organisation]\nname = N\nname = M\n", 3, "name stands here for the"},
    {"[organisation]\nname = N\nname[en] = M\n", 3, "name[en] stands here"},
    {"[organisation]\nname[ko] = N\nabout = A\nname[ko] = M\n", 4, "second"},
    {"[organisation]\nname = N\n[organisation]\nname = N\n", 4, "second"},
    {"[organisation]\nname\n", 2, "no 'key = value'"},
    {"[organisation]\n  name = N\n", 2, "no value above it"},
    {"  name = N\n", 1, "no value above it"},
    {"[organisation]\nname = N\n[site]\n  more\n", 4, "no value above it"},
    {"[organisation]\nname = N\tM\n", 2, "write a blank instead"},
    {"[organisation]\nname = N\x01M\n", 2, "control character"},
    {"[organisation]\nname = N\n  a\tb\n", 3, "write a blank instead"},
    {"[organisation]\nname = \xff\n", 2, "not UTF-8"},
    {"[organisation]\nname = \xed\xa0\x80\n", 2, "not UTF-8"},
    {"[organisation]\nname = N\n  \xed\x95\n  \x9c\n", 3, "not UTF-8"},
    {"[organisation]\nname = a\xe2\x80\xae"
     "b\n",
	2, "turns the direction"},
    {"[organisation]\nname = a\xe2\x81\xa9"
     "b\n",
	2, "turns the direction"},
    {"[organisation]\nname = a\xc2\x85\n", 2, "control character"},
    {"[organisation]\nname = " FORTY FORTY FORTY FORTY FORTY "\n", 2,
	"longer than 190 bytes"},
    {TOPIC "[topic a]\ntitle = B\n", 3, "a topic with this id already"},
    {TOPIC "name = N\n", 3, "unknown key 'name': there are title"},
    {"[topic a]\ntext = A\n", 1, "this topic has no title"},
    {"[topic a]\n\n[topic b]\ntitle = B\n", 1, "this topic has no title"},
    {"[topic a]\n[topic b]\ntitle\n", 1, "this topic has no title"},
    {QUESTION QUESTION, 4, "a question with this id already"},
    {"[question q]\nlabel = Q\n", 1, "no kind: add kind = text or"},
    {"[question q]\nkind = text\n", 1, "this question has no label"},
    {"[question q]\nkind = texts\n", 2, "'texts' is neither text nor choice"},
    {"[question q]\nkind =\n", 2, "'' is neither text nor choice"},
    {"[question q]\nkind = text\n  x\n", 3, "stands in one line"},
    {"[question q]\nkind[ko] = text\n", 2, "unknown key 'kind'"},
    {QUESTION "kind = text\n", 4, "kind stands here for the second time"},
    {QUESTION "choice.a = A\n", 1, "of kind text has no choices"},
    {"[question q]\nkind = choice\nlabel = Q\n", 1, "fewer than two choices"},
    {"[question q]\nkind = choice\nlabel = Q\nchoice.a = A\n", 1, "fewer than"},
    {CHOICES "choice.a = C\n", 6, "choice.a stands here for the second"},
    {CHOICES "choice.C = C\n", 6, "choice.ID: an id is made of"},
    {CHOICES "choice. = C\n", 6, "unknown key 'choice.'"},
    {CHOICES "choice = C\n", 6, "there are kind, label, hint and choice.ID"},
    {CHOICES "choice." FORTY " = C\n", 6, "an id has 1 to 32"},
    {CHOICES "choice.c =\n", 6, "nothing stands here"},
};

static void
bad_files_are_refused_with_their_line_and_a_sentence(void **state)
{
	struct texts *t;
	unsigned line;
	char why[TEXTS_WHY_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		enum status st = parse(bad[i].text, &t, &line, why);

		if (st != ST_MALFORMED || line != bad[i].line ||
		    strstr(why, bad[i].why) == NULL || t != NULL)
			fail_msg("%s\ngave %d, %u: %s\n", bad[i].text, (int)st,
			    line, why);
	}
}

static void
what_the_file_says_is_what_is_had(void **state)
{
	static const char text[] = "[site]\nlanguages = ko fr\n"
				   "[organisation]\n"
				   "name = Tom & <Co> ; Ltd; = : # x\n"
				   "about = one\n"
				   "  two = 2 ; [three]\n"
				   "\n"
				   "# a comment\n"
				   "\tfour\r\n"
				   "about[fr] =\n"
				   "  quatre ;\n"
				   "[question q]\nkind = choice\nlabel = Q\n"
				   "choice.b = B\nchoice.a[ko] = K\n"
				   "choice.a = A\nhint = H\n"
				   "[topic z]\ntitle = Z\n"
				   "[topic a]\ntitle[ko] = A\nreward = R\n";
	const size_t ko = (size_t)language_find("ko", 2);
	const size_t fr = (size_t)language_find("fr", 2);
	struct texts_question *q;
	struct texts *t;
	unsigned line;
	char why[TEXTS_WHY_LEN];

	(void)state;
	assert_int_equal(parse(text, &t, &line, why), ST_OK);
	for (size_t i = 0; i < LANGUAGE_MAX; i++)
		assert_int_equal(t->language_on[i], i == ko || i == fr);
	assert_string_equal(t->organisation.in[0], "Tom & <Co> ; Ltd; = : # x");
	assert_string_equal(t->about.in[0], "one two = 2 ; [three] four");
	assert_string_equal(t->about.in[fr], "quatre ;");
	assert_null(t->advice.in[0]);
	assert_int_equal(t->topics, 2);
	assert_string_equal(t->topic[0].id, "z");
	assert_string_equal(t->topic[1].title.in[ko], "A");
	assert_string_equal(t->topic[1].reward.in[0], "R");
	assert_int_equal(t->questions, 1);
	q = &t->question[0];
	assert_int_equal(q->kind, TEXTS_CHOICE);
	assert_string_equal(q->label.in[0], "Q");
	assert_string_equal(q->hint.in[0], "H");
	assert_int_equal(q->choices, 2);
	assert_string_equal(q->choice[0].id, "b");
	assert_string_equal(q->choice[1].label.in[0], "A");
	assert_string_equal(q->choice[1].label.in[ko], "K");
	texts_free(t);
	/* Left out, all languages are offered. */
	assert_int_equal(parse("", &t, &line, why), ST_OK);
	for (size_t i = 0; i < LANGUAGE_MAX; i++)
		assert_int_equal(t->language_on[i], i < language_count());
	texts_free(t);
}

static void
chinese_lines_meet_without_a_blank_and_others_with_one(void **state)
{
	static const struct {
		const char *first, *second, *joined;
	} lines[] = {
	    {"one", "two", "one two"},
	    {"线索", "举报", "线索举报"},
	    {"线索，", "举报。", "线索，举报。"},
	    {"（线）", "（索）", "（线）（索）"},
	    {"\xf0\xa0\x80\x80", "\xf0\xb0\x80\x80",
		"\xf0\xa0\x80\x80\xf0\xb0\x80\x80"},
	    {"使用 Tor", "Browser 打开", "使用 Tor Browser 打开"},
	    {"线索 Tor", "举报", "线索 Tor 举报"},
	    {"线索", "Tor", "线索 Tor"},
	    {"제보를", "보내기", "제보를 보내기"},
	    {"ㄱ", "ㄴ", "ㄱ ㄴ"},
	    {"線", "선", "線 선"},
	    {"بلاغ", "جديد", "بلاغ جديد"},
	    {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80",
		"\xf0\x9f\x98\x80 \xf0\x9f\x98\x80"},
	};
	char text[200], why[TEXTS_WHY_LEN];
	struct texts *t;
	unsigned line;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		snprintf(text, sizeof(text),
		    "[organisation]\nname = N\nabout = %s\n  %s\n",
		    lines[i].first, lines[i].second);
		assert_int_equal(parse(text, &t, &line, why), ST_OK);
		assert_string_equal(t->about.in[0], lines[i].joined);
		texts_free(t);
	}
}

/* The head, and count times "before number after"; *line as parse() says. */
static enum status
parse_many(const char *head, const char *before, int count, const char *after,
    unsigned *line)
{
	static char text[TEXTS_FILE_MAX + 1];
	size_t len = (size_t)snprintf(text, sizeof(text), "%s", head);
	char why[TEXTS_WHY_LEN];
	struct texts *t;
	enum status st;

	for (int i = 0; i < count; i++)
		len += (size_t)snprintf(
		    text + len, sizeof(text) - len, "%s%d%s", before, i, after);
	st = parse(text, &t, line, why);
	assert_true(st == ST_OK || strstr(why, "take some out") != NULL);
	texts_free(t);
	return st;
}

static void
more_than_may_be_is_refused(void **state)
{
	static const struct {
		const char *head, *before, *after;
		int most;
		unsigned line;
	} table[] = {
	    {"", "[topic x", "]\ntitle = T\n", TEXTS_TOPICS_MAX, 49},
	    {"", "[question x", "]\nkind = text\nlabel = T\n",
		TEXTS_QUESTIONS_MAX, 25},
	    {"[question q]\nkind = choice\nlabel = Q\n", "choice.x", " = C\n",
		TEXTS_CHOICES_MAX, 20},
	};
	static char large[TEXTS_FILE_MAX + 1];
	static char words[3000];
	struct texts *t;
	unsigned line;
	char why[TEXTS_WHY_LEN];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		assert_int_equal(parse_many(table[i].head, table[i].before,
				     table[i].most, table[i].after, &line),
		    ST_OK);
		assert_int_equal(parse_many(table[i].head, table[i].before,
				     table[i].most + 1, table[i].after, &line),
		    ST_MALFORMED);
		assert_int_equal(line, table[i].line);
	}
	/* 2000 bytes of words, over lines: 20 of 99 and a blank each. */
	for (int last = 99; last <= 101; last++) {
		len = (size_t)snprintf(
		    words, sizeof(words), "[organisation]\nname =\n");
		for (int i = 0; i < 20; i++)
			len +=
			    (size_t)snprintf(words + len, sizeof(words) - len,
				"  %0*d\n", i < 19 ? 99 : last, 0);
		assert_int_equal(parse(words, &t, &line, why),
		    last <= 100 ? ST_OK : ST_MALFORMED);
		if (last <= 100)
			assert_int_equal(
			    strlen(t->organisation.in[0]), 1900 + last);
		else
			assert_int_equal(line, 22);
		texts_free(t);
	}
	assert_non_null(strstr(why, "at most 2000 bytes"));
	memset(large, '\n', sizeof(large));
	assert_int_equal(texts_file_parse(large, TEXTS_FILE_MAX, &t, &line, why,
			     sizeof(why)),
	    ST_OK);
	texts_free(t);
	assert_int_equal(texts_file_parse(large, TEXTS_FILE_MAX + 1, &t, &line,
			     why, sizeof(why)),
	    ST_MALFORMED);
	assert_int_equal(line, 0);
}

static void
every_cut_of_a_file_is_read_or_refused_but_never_past_its_end(void **state)
{
	static const char text[] =
	    "[site]\nlanguages = en ko\n" TOPIC "reward[ko] = \xed\x95\x9c\n"
	    "  more ; of it\n" CHOICES;
	struct texts *t;
	unsigned line;
	char why[TEXTS_WHY_LEN];

	(void)state;
	for (size_t cut = 0; cut < sizeof(text); cut++) {
		char *exact = test_malloc(cut + 1);
		enum status st;

		memcpy(exact, text, cut);
		st = texts_file_parse(exact, cut, &t, &line, why, sizeof(why));
		assert_true(st == ST_OK || st == ST_MALFORMED);
		assert_int_equal(st == ST_OK, t != NULL);
		assert_true(st == ST_OK || why[0] != '\0');
		texts_free(t);
		test_free(exact);
	}
}

static void
without_memory_it_says_so_and_nothing_is_left(void **state)
{
	struct texts *t;
	unsigned line;
	char why[TEXTS_WHY_LEN];

	(void)state;
	FAULT_EACH(FAULT_ALLOC)
	{
		enum status st =
		    parse(TOPIC "text = T\n" CHOICES, &t, &line, why);

		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		assert_int_equal(t == NULL, fault_fired());
		if (fault_fired())
			assert_string_equal(why, "out of memory");
		texts_free(t);
	}
}

static void
a_line_has_its_texts_or_neutral_ones_or_says_why_not(void **state)
{
	struct line line = {.dirfd = -1};
	char why[LINE_WHY_LEN];
	char folder[] = "/tmp/tipline-texts-XXXXXX";
	struct texts *t;

	(void)state;
	assert_non_null(mkdtemp(folder));
	line.dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(line.dirfd >= 0);
	assert_int_equal(line_texts_load(&line, &t, why), ST_ABSENT);
	assert_non_null(t);
	assert_int_equal(t->topics, 0);
	texts_free(t);
	assert_int_equal(durable_write(line.dirfd, TEXTS_FILE, TOPIC,
			     strlen(TOPIC), 0600, DURABLE_NEW),
	    ST_OK);
	FAULT_EACH(FAULT_ALLOC | FAULT_OPEN | FAULT_READ | FAULT_STAT)
	{
		enum status st = line_texts_load(&line, &t, why);

		fault_off();
		if (!fault_fired()) {
			assert_int_equal(st, ST_OK);
			assert_int_equal(t->topics, 1);
		} else {
			assert_true(st == ST_NOMEM || st == ST_IO);
			assert_null(t);
			assert_true(why[0] != '\0');
		}
		texts_free(t);
	}
	assert_int_equal(durable_write(line.dirfd, TEXTS_FILE, "[topic a]\n",
			     10, 0600, DURABLE_REPLACE),
	    ST_OK);
	assert_int_equal(line_texts_load(&line, &t, why), ST_MALFORMED);
	assert_string_equal(
	    why, "texts.ini line 1: this topic has no title: add title = ...");
	assert_int_equal(unlinkat(line.dirfd, TEXTS_FILE, 0), 0);
	assert_int_equal(mkdirat(line.dirfd, TEXTS_FILE, 0700), 0);
	assert_int_equal(line_texts_load(&line, &t, why), ST_MALFORMED);
	assert_non_null(strstr(why, "cannot be read"));
	assert_int_equal(unlinkat(line.dirfd, TEXTS_FILE, AT_REMOVEDIR), 0);
	close(line.dirfd);
	assert_int_equal(rmdir(folder), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_files_are_taken),
	    cmocka_unit_test(
		bad_files_are_refused_with_their_line_and_a_sentence),
	    cmocka_unit_test(what_the_file_says_is_what_is_had),
	    cmocka_unit_test(
		chinese_lines_meet_without_a_blank_and_others_with_one),
	    cmocka_unit_test(more_than_may_be_is_refused),
	    cmocka_unit_test(
		every_cut_of_a_file_is_read_or_refused_but_never_past_its_end),
	    cmocka_unit_test(without_memory_it_says_so_and_nothing_is_left),
	    cmocka_unit_test(
		a_line_has_its_texts_or_neutral_ones_or_says_why_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
