/*
 * Somebody comes back with a return code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>
#include <unistd.h>

#include "intake/code_text.h"
#include "intake/limits.h"
#include "tests/unit/intake/stage.h"
#include "tests/unit/intake/tip_form.h"

#define DAY 20780 /* some day of 2026 */

static const struct tip_part hello[] = {
    {"message", NULL, "hello", 5}, {"file", "", "", 0}, {NULL, NULL, NULL, 0}};

static void
ask_for(struct stage *s, const char *path, const struct tip_part *parts,
    struct heard *heard)
{
	struct bytes request = form_request(path, "", parts);
	int fd = stage_visitor(s);

	assert_true(stage_say(s, fd, request.p, request.len));
	stage_hear(s, fd, heard);
	assert_int_equal(heard->text.len, PAGE_TOTAL_LEN);
	bytes_free(&request);
}

/* What is typed on the page "Read an answer", and more. */
static void
come_back(struct stage *s, const char *code, const char *field,
    const char *value, struct heard *heard)
{
	const struct tip_part parts[] = {{"code", NULL, code, strlen(code)},
	    {field, NULL, value, value == NULL ? 0 : strlen(value)},
	    {NULL, NULL, NULL, 0}};

	ask_for(s, "/return", parts, heard);
}

static bool
says(const struct heard *heard, const char *words)
{
	return strstr((const char *)heard->text.p, words) != NULL;
}

/* The twelve words of a receipt. */
static void
words_of(const struct heard *heard, char code[static CODE_TEXT_LEN + 1])
{
	const char *p = strstr((const char *)heard->text.p, "<ol");
	size_t at = 0;

	assert_non_null(p);
	for (int i = 0; i < RETURN_WORDS; i++) {
		const char *end;

		p = strstr(p, "<li>");
		assert_non_null(p);
		p += 4;
		end = strchr(p, '<');
		assert_in_range(end - p, 3, 8);
		if (i > 0)
			code[at++] = ' ';
		memcpy(code + at, p, (size_t)(end - p));
		at += (size_t)(end - p);
	}
	code[at] = '\0';
}

/* Send a tip; code is what the receipt shows. */
static void
tip(struct stage *s, char code[static CODE_TEXT_LEN + 1])
{
	struct heard heard;

	ask_for(s, "/tip", hello, &heard);
	assert_int_equal(heard.code, 200);
	words_of(&heard, code);
	heard_free(&heard);
	assert_true(s->tip_ok);
	assert_int_equal(s->boxes, 1);
}

static void
mailbox_of(const char *words, struct mailbox *box)
{
	uint8_t code[RETURN_CODE_LEN];

	assert_int_equal(
	    code_text_read((const uint8_t *)words, strlen(words), code), ST_OK);
	return_code_mailbox(code, box, NULL);
}

static void
the_words_of_the_receipt_are_those_of_the_mailbox_in_the_tip(void **state)
{
	struct control_config config = stage_config();
	char code[CODE_TEXT_LEN + 1], other[CODE_TEXT_LEN + 1];
	struct mailbox box;
	struct stage s;

	(void)state;
	stage_open(&s, &config);
	tip(&s, code);
	mailbox_of(code, &box);
	assert_memory_equal(&box, &s.box, sizeof(box));
	tip(&s, other);
	assert_string_not_equal(code, other);
	mailbox_of(other, &box);
	assert_memory_equal(&box, &s.box, sizeof(box));
	stage_close(&s);
}

static void
no_words_are_shown_for_a_tip_that_was_not_kept(void **state)
{
	static const enum keeper_mood moods[] = {
	    KEEPER_REFUSES_COMMIT, KEEPER_REFUSES_DATA, KEEPER_DIES_AT_COMMIT};
	struct control_config config = stage_config();
	struct heard heard;
	struct stage s;

	(void)state;
	stage_open(&s, &config);
	for (size_t i = 0; i < sizeof(moods) / sizeof(moods[0]); i++) {
		s.mood = moods[i];
		ask_for(&s, "/tip", hello, &heard);
		assert_true(heard.code >= 500);
		assert_false(says(&heard, "<ol"));
		heard_free(&heard);
		s.mood = KEEPER_KEEPS;
		if (s.keeper == -1)
			stage_tell_keeper(&s);
		stage_settle(&s);
	}
	stage_close(&s);
}

static void
a_tip_with_an_earlier_code_goes_to_the_same_mailbox(void **state)
{
	struct control_config config = stage_config();
	char code[CODE_TEXT_LEN + 1];
	struct heard heard;
	struct mailbox box;
	struct stage s;

	(void)state;
	stage_open(&s, &config);
	tip(&s, code);
	box = s.box;
	const struct tip_part again[] = {{"code", NULL, code, strlen(code)},
	    {"message", NULL, "more", 4}, {NULL, NULL, NULL, 0}};
	const struct tip_part behind[] = {{"file", "f", "x", 1},
	    {"code", NULL, code, strlen(code)}, {NULL, NULL, NULL, 0}};

	ask_for(&s, "/tip", again, &heard);
	assert_int_equal(heard.code, 200);
	/* The words are not shown again. */
	assert_true(says(&heard, "Your words stay the same"));
	assert_false(says(&heard, "<ol"));
	heard_free(&heard);
	assert_int_equal(s.boxes, 1);
	assert_memory_equal(&box, &s.box, sizeof(box));
	/* The code itself is nowhere in the tip. */
	assert_int_equal(s.told.len, strlen("<message>more;"));
	ask_for(&s, "/tip", behind, &heard);
	assert_true(says(&heard, "Your words stay the same"));
	heard_free(&heard);
	assert_int_equal(s.told.len, strlen("<file|f>x;"));
	assert_memory_equal(&box, &s.box, sizeof(box));
	stage_close(&s);
}

static void
a_tip_with_a_wrong_code_is_refused_and_an_empty_one_is_none(void **state)
{
	static char longest[LIMIT_CODE_TEXT + 2];
	const char *const bad[] = {"abandon", "one two three",
	    "abandon abandon abandon abandon abandon abandon abandon abandon "
	    "abandon abandon abandon abandon",
	    longest};
	struct control_config config = stage_config();
	struct heard heard;
	struct stage s;

	(void)state;
	memset(longest, ' ', sizeof(longest) - 1);
	stage_open(&s, &config);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct tip_part parts[] = {{"message", NULL, "hello", 5},
		    {"code", NULL, bad[i], strlen(bad[i])},
		    {NULL, NULL, NULL, 0}};

		ask_for(&s, "/tip", parts, &heard);
		assert_int_equal(heard.code, 400);
		assert_true(says(&heard, "Nothing of it was kept"));
		assert_true(says(&heard, "not the 12 words"));
		heard_free(&heard);
	}
	assert_int_equal(s.committed, 0);
	const struct tip_part empty[] = {{"code", NULL, " \r\n", 3},
	    {"message", NULL, "hello", 5}, {NULL, NULL, NULL, 0}};
	const struct tip_part twice[] = {{"code", NULL, "", 0},
	    {"code", NULL, "", 0}, {"message", NULL, "hello", 5},
	    {NULL, NULL, NULL, 0}};
	const struct tip_part alone[] = {
	    {"code", NULL, "", 0}, {NULL, NULL, NULL, 0}};

	ask_for(&s, "/tip", empty, &heard);
	assert_true(says(&heard, "<ol"));
	heard_free(&heard);
	ask_for(&s, "/tip", twice, &heard);
	assert_int_equal(heard.code, 400);
	heard_free(&heard);
	ask_for(&s, "/tip", alone, &heard);
	assert_true(says(&heard, "There was nothing in it"));
	heard_free(&heard);
	assert_int_equal(s.committed, 1);
	stage_close(&s);
}

static void
replies_are_shown_one_by_one_the_newest_first(void **state)
{
	struct control_config config = stage_config();
	char code[CODE_TEXT_LEN + 1], want[256];
	struct heard heard;
	struct mailbox other = {{9}, {9}};
	struct stage s;

	(void)state;
	stage_open(&s, &config);
	tip(&s, code);
	stage_leave(&s, &s.box, 7, DAY, "the second");
	stage_leave(&s, &s.box, 9, DAY - 3, "the oldest");
	stage_leave(&s, &s.box, 8, DAY, "the newest <b>&amp;</b> \"'");
	/* Another's, that the keeper gives us by mistake. */
	memset(other.key, 9, sizeof(other.key));
	stage_leave(&s, &other, 10, DAY + 1, "not yours");
	memcpy(s.reply[3].box, s.box.id, MAILBOX_ID_LEN);
	come_back(&s, code, NULL, NULL, &heard);
	assert_int_equal(heard.code, 200);
	assert_true(says(&heard,
	    "the newest &lt;b&gt;&amp;amp;&lt;/b&gt; &quot;&#39;</div>"));
	assert_true(says(&heard, "Answer 1 of 3, written on 23 November 2026"));
	assert_true(says(&heard, "value=\"0\" hidden>Newer"));
	assert_true(says(&heard, "value=\"1\">Older"));
	assert_true(says(&heard, "name=\"reply\" value=\"0000000000000008\""));
	assert_true(says(&heard, "<p class=\"bad\" hidden>"));
	/* The code is in both forms, and nowhere else. */
	snprintf(want, sizeof(want), "name=\"code\" value=\"%s\"", code);
	assert_true(says(&heard, want));
	heard_free(&heard);
	come_back(&s, code, "place", "1", &heard);
	assert_true(says(&heard, "the second"));
	assert_true(says(&heard, "value=\"0\">Newer"));
	assert_true(says(&heard, "value=\"2\">Older"));
	heard_free(&heard);
	/* Beyond the last is the last. */
	come_back(&s, code, "place", "7", &heard);
	assert_true(says(&heard, "the oldest"));
	assert_true(says(&heard, "20 November 2026"));
	assert_true(says(&heard, "value=\"2\" hidden>Older"));
	assert_false(says(&heard, "not yours"));
	heard_free(&heard);
	stage_close(&s);
}

static void
the_longest_reply_is_shown_whole_or_cut_with_a_word(void **state)
{
	struct control_config config = stage_config();
	char code[CODE_TEXT_LEN + 1], text[REPLY_TEXT_MAX + 1];
	struct heard heard;
	struct stage s;

	(void)state;
	stage_open(&s, &config);
	tip(&s, code);
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text + sizeof(text) - 5, "last", 5);
	stage_leave(&s, &s.box, 1, DAY, text);
	come_back(&s, code, NULL, NULL, &heard);
	assert_true(says(&heard, "xxxlast</div>"));
	assert_true(says(&heard, "<p class=\"bad\" hidden>"));
	heard_free(&heard);
	memset(text, '"', sizeof(text) - 5);
	stage_leave(&s, &s.box, 2, DAY, text);
	come_back(&s, code, NULL, NULL, &heard);
	assert_true(says(&heard, "&quot;&quot;</div>"));
	assert_false(says(&heard, "last</div>"));
	assert_true(says(&heard, "<p class=\"bad\">The end of this answer"));
	assert_true(says(&heard, "</html>"));
	heard_free(&heard);
	stage_close(&s);
}

static void
deleted_is_deleted_and_says_the_same_for_all(void **state)
{
	struct control_config config = stage_config();
	char code[CODE_TEXT_LEN + 1];
	struct heard first, heard;
	struct stage s;

	(void)state;
	stage_open(&s, &config);
	tip(&s, code);
	stage_leave(&s, &s.box, 0xab, DAY, "to be deleted");
	stage_leave(&s, &s.box, 0xac, DAY - 1, "to be left");
	const struct {
		const char *code, *id;
	} tries[] = {{code, "00000000000000ab"}, {code, "00000000000000ab"},
	    {code, "1"}, {code, ""}, {"no code at all", "00000000000000ac"}};

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		const struct tip_part parts[] = {
		    {"code", NULL, tries[i].code, strlen(tries[i].code)},
		    {"reply", NULL, tries[i].id, strlen(tries[i].id)},
		    {"action", NULL, "delete", 6}, {NULL, NULL, NULL, 0}};

		ask_for(&s, "/return", parts, i == 0 ? &first : &heard);
		assert_int_equal(s.forgot, i + 1);
		if (i == 0)
			continue;
		assert_memory_equal(first.text.p, heard.text.p, PAGE_TOTAL_LEN);
		heard_free(&heard);
	}
	assert_true(says(&first, "The answer was deleted"));
	heard_free(&first);
	come_back(&s, code, "action", "read", &heard);
	assert_true(says(&heard, "to be left"));
	assert_true(says(&heard, "Answer 1 of 1"));
	heard_free(&heard);
	stage_close(&s);
}

/* Malformed, unknown, and without a reply: the same bytes, after the same
 * question to the keeper. */
static void
nobody_learns_whether_a_code_is_one(void **state)
{
	static char longest[LIMIT_CODE_TEXT + 100];
	struct control_config config = stage_config();
	char code[CODE_TEXT_LEN + 1];
	struct heard first, heard;
	uint8_t before[MAILBOX_ID_LEN] = {0};
	struct stage s;

	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	stage_open(&s, &config);
	tip(&s, code);
	const char *const codes[] = {code,
	    "abandon abandon abandon abandon abandon abandon "
	    "abandon abandon abandon abandon abandon about",
	    "abandon", "", "\xff\xfe", longest, "what is this?"};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		come_back(&s, codes[i], NULL, NULL, i == 0 ? &first : &heard);
		assert_int_equal(s.asked, i + 1);
		assert_memory_not_equal(before, s.asked_box, MAILBOX_ID_LEN);
		memcpy(before, s.asked_box, MAILBOX_ID_LEN);
		if (i == 0) {
			assert_memory_equal(
			    s.box.id, s.asked_box, MAILBOX_ID_LEN);
			continue;
		}
		assert_memory_equal(first.text.p, heard.text.p, PAGE_TOTAL_LEN);
		heard_free(&heard);
	}
	/* Nor is a form without a code something else. */
	const struct tip_part none[] = {
	    {"action", NULL, "read", 4}, {NULL, NULL, NULL, 0}};

	ask_for(&s, "/return", none, &heard);
	assert_memory_equal(first.text.p, heard.text.p, PAGE_TOTAL_LEN);
	heard_free(&heard);
	heard_free(&first);
	stage_close(&s);
}

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* What every answer has in common: it does not come before the first tick. */
static void
no_answer_comes_before_its_tick(void **state)
{
	static const struct tip_part malformed[] = {
	    {"tip", NULL, "x", 1}, {NULL, NULL, NULL, 0}};
	static const struct tip_part code[] = {
	    {"code", NULL, "x", 1}, {NULL, NULL, NULL, 0}};
	struct control_config config = stage_config();
	struct heard heard;
	struct stage s;
	uint64_t start;

	(void)state;
	stage_open(&s, &config);
	for (int i = 0; i < 3; i++) {
		start = now_ms();
		ask_for(&s, "/return", i == 0 ? malformed : code, &heard);
		/* libevent's clock may be a little behind. */
		assert_true(now_ms() - start >= LIMIT_TICK_MS - 20);
		assert_int_equal(heard.code, i == 0 ? 400 : i == 1 ? 200 : 500);
		heard_free(&heard);
		s.mood = i == 0 ? KEEPER_KEEPS : KEEPER_REFUSES_COMMIT;
	}
	stage_close(&s);
}

static void
what_is_no_form_of_ours_is_refused_and_asks_nothing(void **state)
{
	static char large[LIMIT_RETURN_LEN];
	const struct {
		int code;
		struct tip_part parts[3];
	} bad[] = {
	    {400, {{"code", "file", "x", 1}}},
	    {400, {{"code", NULL, "x", 1}, {"code", NULL, "x", 1}}},
	    {400, {{"message", NULL, "x", 1}}},
	    {400, {{"action", NULL, "burn", 4}}},
	    {400, {{"action", NULL, "delete everything", 17}}},
	    {400, {{"reply", NULL, "xyz", 3}}},
	    {400, {{"reply", NULL, "00000000000000000", 17}}},
	    {400, {{"place", NULL, "-1", 2}}},
	    {400, {{"place", NULL, "9", 1}}},
	    {413, {{"code", NULL, large, sizeof(large)}}},
	};
	static const char elsewhere[] =
	    "POST /return HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
	    "Content-Type: multipart/form-data; boundary=b\r\n"
	    "Sec-Fetch-Site: cross-site\r\n\r\n--b--";
	struct control_config config = stage_config();
	struct heard heard;
	struct stage s;

	(void)state;
	stage_open(&s, &config);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ask_for(&s, "/return", bad[i].parts, &heard);
		assert_int_equal(heard.code, bad[i].code);
		heard_free(&heard);
	}
	assert_int_equal(stage_ask(&s, elsewhere, strlen(elsewhere)), 403);
	assert_int_equal(s.asked, 0);
	stage_close(&s);
}

static void
every_cut_of_a_form_asks_nothing(void **state)
{
	static const struct tip_part code[] = {
	    {"code", NULL, "abandon", 7}, {NULL, NULL, NULL, 0}};
	struct control_config config = stage_config();
	struct bytes request = form_request("/return", "", code);
	struct heard heard;
	struct stage s;
	int fd;

	(void)state;
	stage_open(&s, &config);
	for (size_t len = 1; len < request.len; len += 7) {
		fd = stage_visitor(&s);
		assert_true(stage_say(&s, fd, request.p, len));
		close(fd);
	}
	/* With somebody there to hear it. */
	fd = stage_visitor(&s);
	assert_true(stage_say(&s, fd, request.p, request.len - 9));
	shutdown(fd, SHUT_WR);
	stage_hear(&s, fd, &heard);
	assert_int_equal(heard.code, 400);
	heard_free(&heard);
	assert_int_equal(s.asked, 0);
	/* In pieces it is the same form. */
	fd = stage_visitor(&s);
	for (size_t at = 0; at < request.len; at += 40) {
		size_t len = request.len - at < 40 ? request.len - at : 40;

		assert_true(stage_say(&s, fd, request.p + at, len));
		usleep(1000);
	}
	stage_hear(&s, fd, &heard);
	assert_int_equal(heard.code, 200);
	heard_free(&heard);
	assert_int_equal(s.asked, 1);
	bytes_free(&request);
	stage_close(&s);
}

static void
a_keeper_that_fails_is_told_and_the_next_one_answers(void **state)
{
	static const struct {
		enum keeper_mood mood;
		const char *action;
		int code;
	} cases[] = {
	    {KEEPER_REFUSES_COMMIT, "read", 500},
	    {KEEPER_REFUSES_COMMIT, "delete", 500},
	    {KEEPER_DIES_AT_COMMIT, "read", 503},
	    {KEEPER_DIES_AT_COMMIT, "delete", 500},
	    {KEEPER_SPEAKS_NONSENSE, "read", 503},
	};
	struct control_config config = stage_config();
	char code[CODE_TEXT_LEN + 1];
	struct heard heard;
	struct stage s;

	(void)state;
	stage_open(&s, &config);
	tip(&s, code);
	stage_leave(&s, &s.box, 3, DAY, "still here");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s.mood = cases[i].mood;
		come_back(&s, code, "action", cases[i].action, &heard);
		assert_int_equal(heard.code, cases[i].code);
		assert_false(says(&heard, "Your tip"));
		heard_free(&heard);
		s.mood = KEEPER_KEEPS;
		if (s.keeper == -1) {
			/* Nobody is there to be asked. */
			come_back(&s, code, NULL, NULL, &heard);
			assert_int_equal(heard.code, 503);
			heard_free(&heard);
			stage_tell_keeper(&s);
			stage_settle(&s);
		}
		come_back(&s, code, NULL, NULL, &heard);
		assert_true(says(&heard, "still here"));
		heard_free(&heard);
	}
	/* A keeper that says nothing at all. */
	struct bytes request = form_request("/return", "",
	    (const struct tip_part[]){
		{"code", NULL, "x", 1}, {NULL, NULL, NULL, 0}});
	int fd = stage_visitor(&s);

	s.mood = KEEPER_SILENT;
	assert_true(stage_say(&s, fd, request.p, request.len));
	stage_settle(&s);
	stage_later(&s, LIMIT_ANSWER_SECONDS);
	stage_hear(&s, fd, &heard);
	assert_int_equal(heard.code, 500);
	heard_free(&heard);
	bytes_free(&request);
	stage_close(&s);
}

static void
say_half(struct stage *s, int *fd, const char *proxy, const struct bytes *form)
{
	*fd = stage_visitor(s);
	assert_true(stage_say(s, *fd, proxy, strlen(proxy)));
	assert_true(stage_say(s, *fd, form->p, form->len - 9));
}

/* Four of a circuit; of all, so many as the keeper takes, and then who sends
 * his form slowly gives way. */
static void
no_circuit_and_not_all_together_look_too_often(void **state)
{
	static const struct tip_part code[] = {
	    {"code", NULL, "abandon", 7}, {NULL, NULL, NULL, 0}};
	struct control_config config = stage_config();
	struct bytes form = form_request("/return", "", code);
	struct heard heard;
	int fd[LIMIT_MAILS], late;
	char proxy[128];
	struct stage s;

	(void)state;
	config.proxy = PROXY_REQUIRE;
	config.connections_max = 100;
	config.circuit_connections_max = 16;
	stage_open(&s, &config);
	for (int i = 0; i < LIMIT_MAILS; i++) {
		snprintf(proxy, sizeof(proxy),
		    "PROXY TCP6 fc00:dead:beef:4dad::0:%x ::1 1 80\r\n",
		    i / LIMIT_CIRCUIT_MAILS + 1);
		say_half(&s, &fd[i], proxy, &form);
	}
	stage_settle(&s);
	/* The first circuit has all it may have. */
	late = stage_visitor(&s);
	strcpy(proxy, "PROXY TCP6 fc00:dead:beef:4dad::0:1 ::1 1 80\r\n");
	assert_true(stage_say(&s, late, proxy, strlen(proxy)));
	assert_true(stage_say(&s, late, form.p, form.len));
	stage_hear(&s, late, &heard);
	assert_int_equal(heard.code, 429);
	heard_free(&heard);
	/* Another gets a place all the same; the oldest gave way. */
	late = stage_visitor(&s);
	strcpy(proxy, "PROXY TCP6 fc00:dead:beef:4dad::1:1 ::1 1 80\r\n");
	assert_true(stage_say(&s, late, proxy, strlen(proxy)));
	assert_true(stage_say(&s, late, form.p, form.len));
	stage_hear(&s, late, &heard);
	assert_int_equal(heard.code, 200);
	heard_free(&heard);
	shutdown(fd[0], SHUT_WR);
	stage_hear(&s, fd[0], &heard);
	assert_int_equal(heard.code, 408);
	heard_free(&heard);
	/* All others go on as if nothing had been. */
	for (int i = 1; i < LIMIT_MAILS; i++) {
		assert_true(stage_say(&s, fd[i], form.p + form.len - 9, 9));
		stage_hear(&s, fd[i], &heard);
		assert_int_equal(heard.code, 200);
		heard_free(&heard);
	}
	/* Half a form has its time. */
	say_half(&s, &fd[0], proxy, &form);
	stage_settle(&s);
	stage_later(&s, LIMIT_RETURN_SECONDS);
	shutdown(fd[0], SHUT_WR);
	stage_hear(&s, fd[0], &heard);
	assert_int_equal(heard.code, 408);
	heard_free(&heard);
	bytes_free(&form);
	stage_close(&s);
}

/* When those who asked are waiting for the keeper, nobody gives way. */
static void
when_the_keeper_has_all_it_takes_more_are_sent_away(void **state)
{
	static const struct tip_part code[] = {
	    {"code", NULL, "abandon", 7}, {NULL, NULL, NULL, 0}};
	struct control_config config = stage_config();
	struct bytes form = form_request("/return", "", code);
	struct heard heard;
	int fd[LIMIT_MAILS];
	struct stage s;

	(void)state;
	config.connections_max = 100;
	stage_open(&s, &config);
	s.mood = KEEPER_SILENT;
	for (int i = 0; i < LIMIT_MAILS; i++) {
		fd[i] = stage_visitor(&s);
		assert_true(stage_say(&s, fd[i], form.p, form.len));
	}
	stage_settle(&s);
	assert_int_equal(s.asked, LIMIT_MAILS);
	ask_for(&s, "/return", code, &heard);
	assert_int_equal(heard.code, 503);
	assert_true(says(&heard, "too many people"));
	heard_free(&heard);
	/* Tips are taken meanwhile. */
	s.mood = KEEPER_KEEPS;
	ask_for(&s, "/tip", hello, &heard);
	assert_int_equal(heard.code, 200);
	heard_free(&heard);
	/* Those who leave leave nothing behind; the keeper still owes the
	 * answers. */
	for (int i = 0; i < LIMIT_MAILS; i++)
		close(fd[i]);
	stage_tell_keeper(&s);
	stage_settle(&s);
	stage_later(&s, 1);
	ask_for(&s, "/return", code, &heard);
	assert_int_equal(heard.code, 200);
	heard_free(&heard);
	bytes_free(&form);
	stage_close(&s);
}

static void
the_pages_of_a_closed_line_say_when_and_answers_can_be_read(void **state)
{
	static const char get[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	static const char page[] = "GET /return HTTP/1.1\r\nHost: x\r\n\r\n";
	struct control_config config = stage_config();
	char code[CODE_TEXT_LEN + 1];
	const struct {
		uint64_t opens;
		const char *words;
	} cases[] = {{0, "in a day or two"},
	    {UINT64_C(4102444800), "on 1 January 2100 (UTC) or later"},
	    {UINT64_C(4102444799), "on 31 December 2099 (UTC) or later"},
	    {1, "in a day or two"}};
	struct heard heard;
	struct stage s;
	int fd;

	(void)state;
	stage_open(&s, &config);
	tip(&s, code);
	stage_leave(&s, &s.box, 3, DAY, "still here");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stage_tell_opens(&s, cases[i].opens);
		stage_settle(&s);
		fd = stage_visitor(&s);
		assert_true(stage_say(&s, fd, get, strlen(get)));
		stage_hear(&s, fd, &heard);
		assert_int_equal(heard.code, 503);
		assert_int_equal(heard.text.len, PAGE_TOTAL_LEN);
		assert_true(says(&heard, cases[i].words));
		heard_free(&heard);
		assert_int_equal(stage_ask(&s, page, strlen(page)), 200);
		come_back(&s, code, NULL, NULL, &heard);
		assert_true(says(&heard, "still here"));
		heard_free(&heard);
	}
	stage_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		the_words_of_the_receipt_are_those_of_the_mailbox_in_the_tip),
	    cmocka_unit_test(no_words_are_shown_for_a_tip_that_was_not_kept),
	    cmocka_unit_test(
		a_tip_with_an_earlier_code_goes_to_the_same_mailbox),
	    cmocka_unit_test(
		a_tip_with_a_wrong_code_is_refused_and_an_empty_one_is_none),
	    cmocka_unit_test(replies_are_shown_one_by_one_the_newest_first),
	    cmocka_unit_test(
		the_longest_reply_is_shown_whole_or_cut_with_a_word),
	    cmocka_unit_test(deleted_is_deleted_and_says_the_same_for_all),
	    cmocka_unit_test(nobody_learns_whether_a_code_is_one),
	    cmocka_unit_test(no_answer_comes_before_its_tick),
	    cmocka_unit_test(
		what_is_no_form_of_ours_is_refused_and_asks_nothing),
	    cmocka_unit_test(every_cut_of_a_form_asks_nothing),
	    cmocka_unit_test(
		a_keeper_that_fails_is_told_and_the_next_one_answers),
	    cmocka_unit_test(no_circuit_and_not_all_together_look_too_often),
	    cmocka_unit_test(
		when_the_keeper_has_all_it_takes_more_are_sent_away),
	    cmocka_unit_test(
		the_pages_of_a_closed_line_say_when_and_answers_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
