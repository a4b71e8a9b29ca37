/*
 * Somebody comes back with a return code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <unistd.h>

#include "intake/limits.h"
#include "site/answer.h"
#include "tests/unit/intake/stage_world.h"
#include "tests/unit/intake/staged.h"
#include "tests/unit/intake/visit.h"

static void
the_words_of_the_receipt_are_those_of_the_mailbox_in_the_tip(void **state)
{
	struct stage *s = *state;
	char code[CODE_TEXT_LEN + 1], other[CODE_TEXT_LEN + 1];
	struct mailbox box;

	visit_tip(s, code);
	visit_mailbox(code, &box);
	assert_memory_equal(&box, &s->box, sizeof(box));
	visit_tip(s, other);
	assert_string_not_equal(code, other);
	visit_mailbox(other, &box);
	assert_memory_equal(&box, &s->box, sizeof(box));
}

static void
no_words_are_shown_for_a_tip_that_was_not_kept(void **state)
{
	struct stage *s = *state;
	static const enum keeper_mood moods[] = {
	    KEEPER_REFUSES_COMMIT, KEEPER_REFUSES_DATA, KEEPER_DIES_AT_COMMIT};
	struct heard heard;

	for (size_t i = 0; i < sizeof(moods) / sizeof(moods[0]); i++) {
		s->mood = moods[i];
		visit_ask(s, "/tip", visit_hello, &heard);
		assert_true(heard.code >= 500);
		assert_false(visit_says(&heard, "<ol"));
		heard_free(&heard);
		s->mood = KEEPER_KEEPS;
		if (s->keeper == -1)
			stage_tell_keeper(s);
		stage_settle(s);
	}
}

static void
a_tip_with_an_earlier_code_goes_to_the_same_mailbox(void **state)
{
	struct stage *s = *state;
	char code[CODE_TEXT_LEN + 1];
	struct heard heard;
	struct mailbox box;

	visit_tip(s, code);
	box = s->box;
	const struct tip_part again[] = {{"code", NULL, code, strlen(code)},
	    {"message", NULL, "more", 4}, TIP_END};
	const struct tip_part behind[] = {
	    {"file", "f", "x", 1}, {"code", NULL, code, strlen(code)}, TIP_END};

	visit_ask(s, "/tip", again, &heard);
	assert_int_equal(heard.code, 200);
	/* The words are not shown again. */
	assert_true(visit_says(&heard, "Your words stay the same"));
	assert_false(visit_says(&heard, "<ol"));
	heard_free(&heard);
	assert_int_equal(s->boxes, 1);
	assert_memory_equal(&box, &s->box, sizeof(box));
	/* The code itself is nowhere in the tip. */
	assert_int_equal(s->told.len, strlen("<message>more;"));
	visit_ask(s, "/tip", behind, &heard);
	assert_true(visit_says(&heard, "Your words stay the same"));
	heard_free(&heard);
	assert_int_equal(s->told.len, strlen("<file|f>x;"));
	assert_memory_equal(&box, &s->box, sizeof(box));
}

static void
a_tip_with_a_wrong_code_is_refused_and_an_empty_one_is_none(void **state)
{
	struct stage *s = *state;
	static char longest[LIMIT_CODE_TEXT + 2];
	const char *const bad[] = {"abandon", "one two three",
	    "abandon abandon abandon abandon abandon abandon abandon abandon "
	    "abandon abandon abandon abandon",
	    longest};
	struct heard heard;

	memset(longest, 'x', sizeof(longest) - 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct tip_part parts[] = {{"message", NULL, "hello", 5},
		    {"code", NULL, bad[i], strlen(bad[i])}, TIP_END};

		visit_ask(s, "/tip", parts, &heard);
		assert_int_equal(heard.code, 400);
		assert_true(visit_says(&heard, "Nothing of your tip was kept"));
		assert_true(visit_says(&heard, "not the 12 words"));
		heard_free(&heard);
	}
	assert_int_equal(s->committed, 0);
	const struct tip_part empty[] = {
	    {"code", NULL, " \r\n", 3}, {"message", NULL, "hello", 5}, TIP_END};
	const struct tip_part twice[] = {{"code", NULL, "", 0},
	    {"code", NULL, "", 0}, {"message", NULL, "hello", 5}, TIP_END};
	const struct tip_part alone[] = {{"code", NULL, "", 0}, TIP_END};

	visit_ask(s, "/tip", empty, &heard);
	assert_true(visit_says(&heard, "<ol"));
	heard_free(&heard);
	visit_ask(s, "/tip", twice, &heard);
	assert_int_equal(heard.code, 400);
	heard_free(&heard);
	visit_ask(s, "/tip", alone, &heard);
	assert_true(visit_says(&heard, "There was nothing in it"));
	heard_free(&heard);
	assert_int_equal(s->committed, 1);
}

static void
replies_are_shown_one_by_one_the_newest_first(void **state)
{
	struct stage *s = *state;
	char code[CODE_TEXT_LEN + 1], want[CODE_TEXT_LEN + 32];
	struct heard heard;
	struct mailbox other = {{9}, {9}};

	visit_tip(s, code);
	stage_leave(s, &s->box, 7, VISIT_DAY, "the second");
	stage_leave(s, &s->box, 9, VISIT_DAY - 3, "the oldest");
	stage_leave(s, &s->box, 8, VISIT_DAY, "the newest <b>&amp;</b> \"'");
	/* Another's, that the keeper gives us by mistake. */
	memset(other.key, 9, sizeof(other.key));
	stage_leave(s, &other, 10, VISIT_DAY + 1, "not yours");
	memcpy(s->reply[3].box, s->box.id, MAILBOX_ID_LEN);
	visit_return(s, code, NULL, NULL, &heard);
	assert_int_equal(heard.code, 200);
	assert_true(visit_says(&heard,
	    "the newest &lt;b&gt;&amp;amp;&lt;/b&gt; &quot;&#39;</div>"));
	assert_true(visit_says(
	    &heard, "Answer 1 of 3, written on <bdi dir=\"ltr\">2026-11-23<"));
	assert_true(visit_says(&heard, "value=\"0\" hidden>Newer"));
	assert_true(visit_says(&heard, "value=\"1\">Older"));
	assert_true(
	    visit_says(&heard, "name=\"reply\" value=\"0000000000000008\""));
	assert_true(visit_says(&heard, "<p class=\"bad\" hidden>"));
	/* The code is in both forms, and nowhere else. */
	snprintf(want, sizeof(want), "name=\"code\" value=\"%s\"", code);
	assert_true(visit_says(&heard, want));
	assert_int_equal(visit_times(&heard, code), 2);
	heard_free(&heard);
	visit_return(s, code, "place", "1", &heard);
	assert_true(visit_says(&heard, "the second"));
	assert_true(visit_says(&heard, "value=\"0\">Newer"));
	assert_true(visit_says(&heard, "value=\"2\">Older"));
	heard_free(&heard);
	/* Beyond the last is the last. */
	visit_return(s, code, "place", "7", &heard);
	assert_true(visit_says(&heard, "the oldest"));
	assert_true(visit_says(&heard, "2026-11-20"));
	assert_true(visit_says(&heard, "value=\"2\" hidden>Older"));
	assert_false(visit_says(&heard, "not yours"));
	heard_free(&heard);
}

static void
the_longest_reply_is_shown_whole_or_cut_with_a_word(void **state)
{
	struct stage *s = *state;
	char code[CODE_TEXT_LEN + 1], text[REPLY_TEXT_MAX + 1];
	struct heard heard;

	visit_tip(s, code);
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text + sizeof(text) - 5, "last", 5);
	stage_leave(s, &s->box, 1, VISIT_DAY, text);
	visit_return(s, code, NULL, NULL, &heard);
	assert_true(visit_says(&heard, "xxxlast</div>"));
	assert_true(visit_says(&heard, "<p class=\"bad\" hidden>"));
	heard_free(&heard);
	memset(text, '"', sizeof(text) - 5);
	stage_leave(s, &s->box, 2, VISIT_DAY, text);
	visit_return(s, code, NULL, NULL, &heard);
	assert_true(visit_says(&heard, "&quot;&quot;</div>"));
	assert_false(visit_says(&heard, "last</div>"));
	assert_true(
	    visit_says(&heard, "<p class=\"bad\">The end of this answer"));
	assert_true(visit_says(&heard, "</html>"));
	heard_free(&heard);
}

/* Who reads slowly gets the same page, made anew for each piece. */
static void
pages_that_leave_in_pieces_are_whole(void **state)
{
	struct stage *s = *state;
	char code[CODE_TEXT_LEN + 1];
	struct mailbox box;
	struct heard heard;

	for (size_t len = 997; len < PAGE_TOTAL_LEN; len += 5000) {
		world_sends(len);
		visit_tip(s, code);
		visit_mailbox(code, &box);
		assert_memory_equal(&box, &s->box, sizeof(box));
		stage_leave(s, &s->box, 1 + len, VISIT_DAY, "in pieces");
		visit_return(s, code, NULL, NULL, &heard);
		assert_true(visit_says(&heard, "in pieces</div>"));
		assert_true(visit_says(&heard, "</html>\n"));
		heard_free(&heard);
	}
	world_sends(0);
}

/* A visitor who goes in the middle of it leaves nothing behind, as
 * stage_close() finds. */
static void
who_leaves_before_the_end_of_a_page_leaves_nothing(void **state)
{
	struct stage *s = *state;
	struct bytes request = form_request("/tip", "", visit_hello);
	char piece[500];
	int fd;

	world_sends(sizeof(piece));
	for (int i = 0; i < 3; i++) {
		fd = stage_visitor(s);
		assert_true(stage_say(s, fd, request.p, request.len));
		/* The keeper is played here alone, so nobody may wait. */
		for (int n = 0; n < 500 &&
		     poll(&(struct pollfd){fd, POLLIN, 0}, 1, 0) == 0;
		     n++)
			stage_settle(s);
		assert_true(read(fd, piece, sizeof(piece)) > 0);
		close(fd);
		stage_settle(s);
	}
	assert_int_equal(s->committed, 3);
	bytes_free(&request);
}

static void
deleted_is_deleted_and_says_the_same_for_all(void **state)
{
	struct stage *s = *state;
	char code[CODE_TEXT_LEN + 1];
	struct heard first, heard;

	visit_tip(s, code);
	stage_leave(s, &s->box, 0xab, VISIT_DAY, "to be deleted");
	stage_leave(s, &s->box, 0xac, VISIT_DAY - 1, "to be left");
	const struct {
		const char *code, *id;
	} tries[] = {{code, "00000000000000ab"}, {code, "00000000000000ab"},
	    {code, "1"}, {code, ""}, {VISIT_NOBODYS, "00000000000000ac"}};

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		const struct tip_part parts[] = {
		    {"code", NULL, tries[i].code, strlen(tries[i].code)},
		    {"reply", NULL, tries[i].id, strlen(tries[i].id)},
		    {"action", NULL, "delete", 6}, TIP_END};

		visit_ask(s, "/return", parts, i == 0 ? &first : &heard);
		assert_int_equal(s->forgot, i + 1);
		if (i == 0)
			continue;
		assert_memory_equal(first.text.p, heard.text.p, PAGE_TOTAL_LEN);
		heard_free(&heard);
	}
	assert_true(visit_says(&first, "The answer was deleted"));
	heard_free(&first);
	visit_return(s, code, "action", "read", &heard);
	assert_true(visit_says(&heard, "to be left"));
	assert_true(visit_says(&heard, "Answer 1 of 1"));
	heard_free(&heard);
}

/* Unknown, and without a reply: the same bytes, after the same question to
 * the keeper. */
static void
nobody_learns_whether_a_code_is_one(void **state)
{
	struct stage *s = *state;
	char code[CODE_TEXT_LEN + 1];
	struct heard first, heard;

	visit_tip(s, code);
	visit_return(s, code, NULL, NULL, &first);
	assert_int_equal(s->asked, 1);
	assert_memory_equal(s->box.id, s->asked_box, MAILBOX_ID_LEN);
	visit_return(s, VISIT_NOBODYS, NULL, NULL, &heard);
	assert_int_equal(s->asked, 2);
	assert_memory_not_equal(s->box.id, s->asked_box, MAILBOX_ID_LEN);
	assert_memory_equal(first.text.p, heard.text.p, PAGE_TOTAL_LEN);
	heard_free(&heard);
	heard_free(&first);
}

/* What cannot be a code: what is wrong is named, the words are given back,
 * and the keeper is not asked. */
static void
a_slip_in_typing_is_named_and_asks_nothing(void **state)
{
	struct stage *s = *state;
	static char longest[LIMIT_CODE_TEXT + 100];
	static const struct {
		const char *typed, *says, *back;
	} cases[] = {
	    {"", "You typed no words", NULL},
	    {"abandon", "You typed 1", ">abandon</textarea>"},
	    {"\xff\xfe", "You typed", NULL},
	    {"abandon abandon abandon abandon abbandon <b> abandon abandon"
	     " abandon abandon abandon abandon about",
		"Word 5 is on none", "abbandon &lt;b&gt; abandon"},
	    {"abandon abandon abandon abandon abandon abandon abandon abandon"
	     " abandon abandon abandon abandon",
		"do not fit together", NULL},
	    {longest, "You typed", NULL},
	};
	struct heard heard;

	memset(longest, 'a', sizeof(longest) - 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		visit_return(s, cases[i].typed, NULL, NULL, &heard);
		assert_int_equal(heard.code, 400);
		assert_true(visit_says(&heard, cases[i].says));
		if (cases[i].back != NULL)
			assert_true(visit_says(&heard, cases[i].back));
		heard_free(&heard);
	}
	/* A form without a code, too. */
	const struct tip_part none[] = {{"action", NULL, "delete", 6}, TIP_END};

	visit_ask(s, "/return", none, &heard);
	assert_true(visit_says(&heard, "You typed no words"));
	heard_free(&heard);
	assert_int_equal(s->asked + s->forgot, 0);
}

/* Shown in Korean, typed on the English page, and the other way round. */
static void
words_of_one_language_open_on_the_page_of_another(void **state)
{
	struct stage *s = *state;
	char code[CODE_TEXT_LEN + 1];
	struct heard heard;

	visit_ask(s, "/ko/tip", visit_hello, &heard);
	assert_int_equal(heard.code, 200);
	assert_true(visit_says(&heard, "<ol class=\"words\" lang=\"ko\""));
	visit_words(&heard, code);
	heard_free(&heard);
	assert_true((unsigned char)code[0] >= 0xea);
	stage_leave(s, &s->box, 7, VISIT_DAY, "an answer");
	visit_return(s, code, NULL, NULL, &heard);
	assert_true(visit_says(&heard, "an answer</div>"));
	heard_free(&heard);
	visit_tip(s, code);
	stage_leave(s, &s->box, 8, VISIT_DAY, "another");
	const struct tip_part parts[] = {
	    {"code", NULL, code, strlen(code)}, TIP_END};

	visit_ask(s, "/ar/return", parts, &heard);
	assert_true(visit_says(&heard, "another</div>"));
	assert_true(visit_says(&heard, "<html lang=\"ar\" dir=\"rtl\">"));
	heard_free(&heard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGED(
		the_words_of_the_receipt_are_those_of_the_mailbox_in_the_tip),
	    STAGED(no_words_are_shown_for_a_tip_that_was_not_kept),
	    STAGED(a_tip_with_an_earlier_code_goes_to_the_same_mailbox),
	    STAGED(a_tip_with_a_wrong_code_is_refused_and_an_empty_one_is_none),
	    STAGED(replies_are_shown_one_by_one_the_newest_first),
	    STAGED(the_longest_reply_is_shown_whole_or_cut_with_a_word),
	    STAGED(pages_that_leave_in_pieces_are_whole),
	    STAGED(who_leaves_before_the_end_of_a_page_leaves_nothing),
	    STAGED(deleted_is_deleted_and_says_the_same_for_all),
	    STAGED(nobody_learns_whether_a_code_is_one),
	    STAGED(a_slip_in_typing_is_named_and_asks_nothing),
	    STAGED(words_of_one_language_open_on_the_page_of_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
