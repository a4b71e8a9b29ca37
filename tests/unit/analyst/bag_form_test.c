/*
 * Topics and answers: which fields are one, what is shown of them, and how
 * the list of all tips counts them.
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
#include <unistd.h>

#include "analyst/bag_form.h"
#include "analyst/case_file.h"
#include "analyst/cases.h"
#include "analyst/topics.h"
#include "base/bytes.h"
#include "base/durable.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ID_32 "0123456789-abcdefghijklmnopqrstu"
#define TEXT_MAX (4 << 20)

struct field {
	const char *name, *value;
};

static char folder[] = "/tmp/tipline-form-XXXXXX";
static struct cases cases;

static int
make_folder(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	return cases_open(folder, NULL, &cases) == ST_OK ? 0 : -1;
}

static int
remove_folder(void **state)
{
	char command[96];

	(void)state;
	cases_close(&cases);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

/* Give the bag a field, its value in pieces of at most piece bytes. */
static void
add_field(struct bag *bag, const char *name, const char *value, size_t piece)
{
	size_t len = strlen(value);

	assert_int_equal(
	    bag_part(bag, ENVELOPE_FIELD, (const uint8_t *)name, strlen(name)),
	    ST_OK);
	for (size_t at = 0; at < len; at += piece)
		assert_int_equal(bag_data(bag, (const uint8_t *)value + at,
				     len - at < piece ? len - at : piece),
		    ST_OK);
	assert_int_equal(bag_part_end(bag), ST_OK);
}

/* The tip of that number with these fields, whole and in its place. */
static void
make_tip(uint64_t number, const struct field *field, size_t n, size_t piece)
{
	const struct ledger_tip entry = {.state = LEDGER_OPENED};
	struct bag_about about = {.number = number, .proved = true};
	struct bag *bag;

	assert_int_equal(bag_begin(cases.dirfd, number, &bag), ST_OK);
	add_field(bag, "message", "the message", 99);
	for (size_t i = 0; i < n; i++)
		add_field(bag, field[i].name, field[i].value, piece);
	assert_int_equal(bag_finish(bag, &about), ST_OK);
	bag_free(bag);
	assert_int_equal(cases_add(&cases, number, 0, &entry), ST_OK);
	assert_int_equal(cases_commit(&cases), ST_OK);
}

/* A file as a string, to be freed. */
static char *
text_of(const char *name)
{
	struct bytes text = BYTES_INIT(TEXT_MAX);

	assert_int_equal(durable_read(cases.dirfd, name, &text), ST_OK);
	assert_int_equal(bytes_append(&text, "", 1), ST_OK);
	return (char *)text.p;
}

static void
assert_says(const char *name, const char *want)
{
	char *text = text_of(name);

	if (strstr(text, want) == NULL)
		fail_msg("%s does not say %s but\n%s", name, want, text);
	free(text);
}

static void
assert_does_not_say(const char *name, const char *bad)
{
	char *text = text_of(name);

	if (strstr(text, bad) != NULL)
		fail_msg("%s says %s:\n%s", name, bad, text);
	free(text);
}

static void
assert_is(const char *name, const char *want)
{
	char *text = text_of(name);

	assert_string_equal(text, want);
	free(text);
}

static void
put_text(const char *name, const void *text, size_t len)
{
	assert_int_equal(
	    durable_write(cases.dirfd, name, text, len, 0600, DURABLE_REPLACE),
	    ST_OK);
}

static void
a_topic_and_answers_have_places_of_their_own(void **state)
{
	static const struct field fields[] = {{"topic", "harbour"},
	    {"q-region", "north"}, {"q-" ID_32, "by\r\nship"}, {"later", "x"}};
	struct case_file file;

	(void)state;
	for (size_t piece = 1; piece <= 8; piece++) {
		make_tip(piece, fields, COUNT(fields), piece);
		assert_int_equal(cases_index(&cases), ST_OK);
	}
	assert_says("tip-000001/tip.json", "\"topic\":\t\"harbour\"");
	assert_says("tip-000008/tip.json",
	    "\"answers\":\t[{\n"
	    "\t\t\t\"id\":\t\"region\",\n\t\t\t\"text\":\t\"north\",\n"
	    "\t\t\t\"file\":\t\"data/field-02.txt\",\n\t\t\t\"bytes\":\t5,");
	assert_says("tip-000003/tip.json",
	    "\"id\":\t\"" ID_32 "\",\n\t\t\t\"text\":\t\"by ship\",\n"
	    "\t\t\t\"file\":\t\"data/field-03.txt\",\n\t\t\t\"bytes\":\t8,");
	assert_says("tip-000001/tip.json",
	    "\"fields\":\t[{\n\t\t\t\"name\":\t\"later\",");
	assert_does_not_say("tip-000001/tip.json", "\"name\":\t\"q-");
	assert_does_not_say("tip-000001/tip.json", "\"name\":\t\"topic");
	/* All of them whole, and in the manifest. */
	assert_is("tip-000005/data/field-01.txt", "harbour");
	assert_is("tip-000005/data/field-03.txt", "by\r\nship");
	assert_says("tip-000005/manifest-sha256.txt", "data/field-01.txt");
	assert_says("tip-000001/index.html", "<p>Topic: harbour</p>");
	assert_says("tip-000001/index.html",
	    "<a href=\"data/field-02.txt\" download>region</a></td>"
	    "<td><pre dir=\"auto\">north</pre></td></tr>");
	assert_says("tip-000001/index.html", ">by\nship</pre>");
	assert_int_equal(
	    case_file_read(cases.dirfd, "tip-000001", &file), ST_OK);
	assert_string_equal(file.topic, "harbour");
	case_file_free(&file);
}

static void
what_is_no_topic_or_answer_stays_a_field(void **state)
{
	static char too_long[BAG_FORM_ANSWER_MAX + 2];
	const struct field bad[] = {{"topic", ""}, {"topic", "Harbour"},
	    {"topic", "a b"}, {"topic", "../x"}, {"topic", "x\n"},
	    {"topic", "\xff"}, {"topic", ID_32 "v"}, {"topic", too_long},
	    {"topics", "x"}, {"topi", "x"}, {"Topic", "x"}, {"q-", "x"},
	    {"q-" ID_32 "v", "x"}, {"q-../../x", "x"}, {"q-Region", "x"},
	    {"q-a\x1b[2J", "x"}, {"qregion", "x"}, {"q-a", ""},
	    {"q-a", too_long}};
	char name[64];

	(void)state;
	memset(too_long, 'a', sizeof(too_long) - 1);
	for (size_t i = 0; i < COUNT(bad); i++) {
		unsigned number = (unsigned)i + 1;

		make_tip(number, &bad[i], 1, 700);
		snprintf(name, sizeof(name), "tip-%06u/tip.json", number);
		assert_says(name, "\"topic\":\tnull,\n\t\"answers\":\t[],");
		assert_says(name, "\"file\":\t\"data/field-01.txt\"");
		snprintf(name, sizeof(name), "tip-%06u/index.html", number);
		assert_says(name, "<h2>Other fields</h2>");
		assert_does_not_say(name, "Topic:");
		assert_does_not_say(name, "<h2>Answers</h2>");
		snprintf(
		    name, sizeof(name), "tip-%06u/data/field-01.txt", number);
		assert_is(name, bad[i].value);
	}
}

static void
the_first_that_is_one_counts_and_others_are_fields(void **state)
{
	static const struct field fields[] = {{"topic", "NO"}, {"q-a", ""},
	    {"topic", "first"}, {"topic", "second"}, {"q-a", "one"},
	    {"q-b", "two"}, {"q-a", "three"}, {"topic", "NO"}};

	(void)state;
	make_tip(1, fields, COUNT(fields), 2);
	assert_says("tip-000001/tip.json", "\"topic\":\t\"first\"");
	assert_says("tip-000001/tip.json", "\"text\":\t\"one\"");
	assert_says("tip-000001/tip.json", "\"text\":\t\"two\"");
	assert_does_not_say("tip-000001/tip.json", "three");
	assert_does_not_say("tip-000001/tip.json", "second");
	for (const char *const *f =
		 (const char *const[]){"1", "2", "4", "7", "8", NULL};
	     *f != NULL; f++) {
		char want[80];

		snprintf(want, sizeof(want),
		    "</tr>\n<tr><td class=\"n\"><a href=\"data/field-0%s", *f);
		assert_says("tip-000001/index.html", want);
	}
}

static void
a_hostile_answer_becomes_nothing_but_text(void **state)
{
	static char longest[BAG_FORM_ANSWER_MAX + 1];
	const struct field fields[] = {
	    {"q-a", "\x1b]0;owned\a\x1b[2J\x7f\xc2\x9b"},
	    {"q-b", "</pre><script>alert(1)</script>\"'&"},
	    {"q-c", "\xff\xfe\xed\xa0\x80\xf4\x90\x80\x80 ../../etc/passwd"},
	    {"q-d", "\xe2\x80\xaegpj.exe"}, {"q-e", longest}};
	char *json, *html;

	(void)state;
	for (size_t i = 0; i < sizeof(longest) - 1; i++)
		longest[i] = "\x1b\xff<\n\""[i % 5];
	make_tip(1, fields, COUNT(fields), 3);
	json = text_of("tip-000001/tip.json");
	html = text_of("tip-000001/index.html");
	for (const char *p = json; *p != '\0'; p++)
		assert_true((uint8_t)*p >= ' ' || *p == '\n' || *p == '\t');
	for (const char *p = html; *p != '\0'; p++)
		assert_true((uint8_t)*p >= ' ' || *p == '\n' || *p == '\t');
	for (size_t i = 0; i < 2; i++) {
		const char *text = i == 0 ? json : html;

		assert_null(strstr(text, "\xc2\x9b"));
		assert_null(strstr(text, "\xff"));
		assert_null(strstr(text, "\xe2\x80\xae"));
		assert_null(strstr(text, "\x7f"));
	}
	assert_null(strstr(html, "<script"));
	assert_non_null(strstr(html,
	    ">&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;"));
	assert_non_null(strstr(html, "<b>U+001B</b>]0;owned<b>U+0007</b>"));
	assert_non_null(strstr(json, "\"bytes\":\t2000"));
	assert_is("tip-000001/data/field-05.txt", longest);
	free(json);
	free(html);
}

/* The worst answers a tip can have, as many as it can: nothing overflows. */
static void
the_most_and_longest_answers_still_fit(void **state)
{
	static char worst[BAG_FORM_ANSWER_MAX + 1];
	const struct ledger_tip entry = {.state = LEDGER_OPENED};
	struct bag_about about = {.number = 1};
	struct case_file file;
	struct bag *bag;
	char name[16];

	(void)state;
	memset(worst, 1, sizeof(worst) - 1);
	assert_int_equal(bag_begin(cases.dirfd, 1, &bag), ST_OK);
	for (int i = 0; i < BAG_PARTS_MAX; i++) {
		snprintf(name, sizeof(name), "q-%d", i);
		add_field(bag, name, worst, sizeof(worst));
	}
	assert_int_equal(bag_finish(bag, &about), ST_OK);
	bag_free(bag);
	assert_int_equal(cases_add(&cases, 1, 0, &entry), ST_OK);
	assert_int_equal(cases_commit(&cases), ST_OK);
	assert_int_equal(
	    case_file_read(cases.dirfd, "tip-000001", &file), ST_OK);
	case_file_free(&file);
}

static void
the_list_shows_and_counts_topics(void **state)
{
	static const struct field one = {"topic", "river"};
	static const struct field two = {"topic", "harbour"};

	(void)state;
	make_tip(1, NULL, 0, 1);
	assert_int_equal(cases_index(&cases), ST_OK);
	assert_does_not_say("index.html", "Topics:");
	make_tip(2, &one, 1, 1);
	make_tip(3, &two, 1, 1);
	assert_int_equal(cases_index(&cases), ST_OK);
	make_tip(4, &one, 1, 1);
	assert_int_equal(cases_index(&cases), ST_OK);
	assert_says(
	    "index.html", "<p>Topics: harbour 1, river 2, no topic 1</p>\n");
	assert_says("index.html",
	    "the message</td><td class=\"n\">harbour</td>"
	    "<td class=\"n\"></td>");
	assert_says("index.html",
	    "the message</td><td class=\"n\"></td><td class=\"n\"></td>");
}

/* As of a tool that did not know topics; or of one whose file was altered. */
static void
cases_without_topics_are_listed_as_before(void **state)
{
	static const struct field one = {"topic", "river"};
	static const char old[] =
	    "{\"tipline\": \"tip 1\", \"number\": 2, \"first_line\": \"old\","
	    " \"files\": [], \"fields\": []}";
	static const char altered[] =
	    "{\"first_line\": \"altered\", \"topic\": \"<b>\"}";
	static const char number[] = "{\"topic\": 7}";
	static const char old_threads[] = "tipline-threads1\1\0\0\0\0\0\0\0"
					  "\0\0\0\0\0\0\0\0";

	(void)state;
	for (uint64_t n = 1; n <= 4; n++)
		make_tip(n, &one, 1, 1);
	put_text("tip-000002/tip.json", old, sizeof(old) - 1);
	put_text("tip-000003/tip.json", altered, sizeof(altered) - 1);
	put_text("tip-000004/tip.json", number, sizeof(number) - 1);
	put_text(".threads", old_threads, sizeof(old_threads) - 1);
	assert_int_equal(cases_index(&cases), ST_OK);
	assert_says("index.html", "<p>Topics: river 1, no topic 3</p>");
	assert_says("index.html", "<td dir=\"auto\">old</td><td class=\"n\">");
	assert_says("index.html", "altered</td><td class=\"n\"></td>");
	assert_does_not_say("index.html", "<b>");
}

/* Whatever stands in what was remembered, the list comes out the same. */
static void
a_damaged_memory_of_topics_is_read_anew(void **state)
{
	static const struct field one = {"topic", "river"};
	const size_t last = 16 + TOPICS_LEN + 16;
	struct bytes kept = BYTES_INIT(1 << 16);
	struct bytes again = BYTES_INIT(1 << 16);
	char *before;

	(void)state;
	make_tip(1, &one, 1, 1);
	assert_int_equal(cases_index(&cases), ST_OK);
	before = text_of("index.html");
	assert_int_equal(durable_read(cases.dirfd, ".threads", &kept), ST_OK);
	assert_int_equal(kept.len, last + 1);
	kept.p[16] = 's';
	kept.p[last] = 2; /* a topic that is none of them */
	put_text(".threads", kept.p, kept.len);
	assert_int_equal(cases_index(&cases), ST_OK);
	assert_is("index.html", before);
	/* Nothing of it stays. */
	kept.p[16] = 'r';
	kept.p[last] = 1;
	assert_int_equal(durable_read(cases.dirfd, ".threads", &again), ST_OK);
	assert_int_equal(again.len, kept.len);
	assert_memory_equal(again.p, kept.p, kept.len);
	bytes_free(&again);
	kept.p[16] = '<';
	put_text(".threads", kept.p, kept.len);
	assert_int_equal(cases_index(&cases), ST_OK);
	assert_is("index.html", before);
	for (size_t len = 0; len < kept.len; len += 1 + len / 7) {
		put_text(".threads", kept.p, len);
		assert_int_equal(cases_index(&cases), ST_OK);
		assert_is("index.html", before);
	}
	bytes_free(&kept);
	free(before);
}

static void
there_is_room_for_so_many_topics(void **state)
{
	static struct topics topics, again;
	static uint8_t file[TOPICS_LEN];
	uint8_t place = TOPICS_NONE, next;
	char id[BAG_ID_MAX + 1];
	size_t seen = 0;

	(void)state;
	assert_int_equal(topics_place(&topics, ""), TOPICS_NONE);
	assert_int_equal(topics_next(&topics, TOPICS_NONE), TOPICS_NONE);
	for (int i = 0; i < TOPICS_MAX; i++) {
		snprintf(id, sizeof(id), "t-%d", 7 * i % TOPICS_MAX);
		assert_false(topics_has(&topics, (uint8_t)(i + 1)));
		assert_int_equal(topics_place(&topics, id), i + 1);
		assert_int_equal(topics_place(&topics, id), i + 1);
		assert_true(topics_has(&topics, (uint8_t)(i + 1)));
	}
	assert_int_equal(topics_place(&topics, "one-more"), TOPICS_OTHER);
	assert_int_equal(topics_place(&topics, "t-0"), 1);
	assert_true(topics_has(&topics, TOPICS_OTHER));
	while ((next = topics_next(&topics, place)) != TOPICS_NONE) {
		assert_true(place == TOPICS_NONE ||
		    strcmp(topics.id[place - 1], topics.id[next - 1]) < 0);
		place = next;
		seen++;
	}
	assert_int_equal(seen, TOPICS_MAX);
	topics_put(&topics, file);
	assert_true(topics_get(&again, file));
	assert_memory_equal(&again, &topics, sizeof(topics));
	file[BAG_ID_MAX] = 0x1b;
	assert_false(topics_get(&again, file));
}

#define WITH_FOLDER(f)                                                         \
	cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_FOLDER(a_topic_and_answers_have_places_of_their_own),
	    WITH_FOLDER(what_is_no_topic_or_answer_stays_a_field),
	    WITH_FOLDER(the_first_that_is_one_counts_and_others_are_fields),
	    WITH_FOLDER(a_hostile_answer_becomes_nothing_but_text),
	    WITH_FOLDER(the_most_and_longest_answers_still_fit),
	    WITH_FOLDER(the_list_shows_and_counts_topics),
	    WITH_FOLDER(cases_without_topics_are_listed_as_before),
	    WITH_FOLDER(a_damaged_memory_of_topics_is_read_anew),
	    cmocka_unit_test(there_is_room_for_so_many_topics),
	};

	if (crypto_room_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
