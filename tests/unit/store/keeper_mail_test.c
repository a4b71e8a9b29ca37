/* Replies through the keeper: asked for, deleted, past their last day. */
#include "tests/unit/store/program.h"
#include "tests/unit/store/replies.h"

#include <time.h>

static void
say_mail(const struct channel *c, uint32_t id, uint32_t mailbox)
{
	uint8_t box[KEEPER_MAILBOX_LEN];

	mailbox_of(mailbox, box);
	say_frame(c, KEEPER_MAIL, id, box, sizeof(box));
}

static void
say_forget(
    const struct channel *c, uint32_t id, uint32_t mailbox, uint64_t reply)
{
	uint8_t body[KEEPER_FORGET_LEN];

	mailbox_of(mailbox, body);
	le64_put(body + KEEPER_MAILBOX_LEN, reply);
	say_frame(c, KEEPER_FORGET, id, body, sizeof(body));
}

struct mail {
	size_t count;
	uint64_t ids[KEEPER_SLOTS];
	uint8_t sealed[KEEPER_SLOTS][KEEPER_REPLY_LEN];
};

/* Exactly KEEPER_SLOTS answers, those without a reply all zero. */
static void
hear_mail(struct channel *c, uint32_t id, struct mail *mail)
{
	static const uint8_t zero[KEEPER_SLOT_LEN];

	memset(mail, 0, sizeof(*mail));
	for (size_t i = 0; i < KEEPER_SLOTS; i++) {
		HEARD(c, KEEPER_SLOT, id);
		if (memcmp(c->slot, zero, sizeof(zero)) == 0)
			continue;
		assert_int_equal(mail->count, i);
		mail->ids[i] = le64_get(c->slot);
		assert_int_not_equal(mail->ids[i], 0);
		memcpy(mail->sealed[i], c->slot + 8, KEEPER_REPLY_LEN);
		mail->count++;
	}
}

static void
ask(struct channel *c, uint32_t mailbox, struct mail *mail)
{
	say_mail(c, 77, mailbox);
	hear_mail(c, 77, mail);
}

static void
each_mailbox_gets_as_many_slots(void **state)
{
	struct store *tender = open_tender();
	struct channel c;
	struct mail mail;
	unsigned seen = 0;

	(void)state;
	start(&c, 64 * MIB, 0);
	ask(&c, 1, &mail);
	assert_int_equal(mail.count, 0);
	for (uint32_t i = 0; i < 3; i++) /* beside the running keeper */
		assert_int_equal(put_reply(tender, 1, i, FAR_DAY), ST_OK);
	for (uint32_t i = 0; i < 9; i++)
		assert_int_equal(
		    put_reply(tender, 2, 10 + i, FAR_DAY + i), ST_OK);
	ask(&c, 1, &mail);
	assert_int_equal(mail.count, 3);
	for (uint32_t i = 0; i < 3; i++)
		for (uint32_t j = 0; j < 3; j++)
			seen += is_reply(mail.sealed[i], j) ? 1U << j : 0;
	assert_int_equal(seen, 7);
	ask(&c, 2, &mail);
	assert_int_equal(mail.count, KEEPER_SLOTS);
	ask(&c, 3, &mail);
	assert_int_equal(mail.count, 0);
	assert_int_equal(ended(&c), 0);
	store_close(tender);
}

static void
what_is_forgotten_is_gone_and_nothing_else(void **state)
{
	struct store *tender = open_tender();
	struct channel c;
	struct mail mail;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(put_reply(tender, 1, i, FAR_DAY), ST_OK);
	start(&c, 64 * MIB, 0);
	ask(&c, 1, &mail);
	say_forget(&c, 5, 2, mail.ids[0]); /* another's mailbox */
	HEARD(&c, KEEPER_FORGOTTEN, 5);
	say_forget(&c, 5, 1, mail.ids[0] + 1);
	HEARD(&c, KEEPER_FORGOTTEN, 5);
	say_forget(&c, 5, 1, 0);
	HEARD(&c, KEEPER_FORGOTTEN, 5);
	say_forget(&c, 5, 1, UINT64_MAX);
	HEARD(&c, KEEPER_FORGOTTEN, 5);
	ask(&c, 1, &mail);
	assert_int_equal(mail.count, 3);
	say_forget(&c, 5, 1, mail.ids[1]);
	say_mail(&c, 6, 1); /* at once: the answer knows */
	HEARD(&c, KEEPER_FORGOTTEN, 5);
	hear_mail(&c, 6, &mail);
	assert_int_equal(mail.count, 2);
	say_forget(&c, 5, 1, mail.ids[0]);
	HEARD(&c, KEEPER_FORGOTTEN, 5);
	assert_int_equal(kill(c.pid, SIGKILL), 0);
	assert_int_equal(ended(&c), -1);
	assert_int_equal(count_replies(tender, 1), 1);
	store_close(tender);
}

/* Wait until nothing of these is in the database or its log. */
static bool
vanish(const bool *of, uint32_t seeds)
{
	for (int i = 0; i < 100; i++) {
		/* Twice: it may be at work while we look. */
		if (traces(folder, of, seeds) == 0)
			return traces(folder, of, seeds) == 0;
		(void)poll(NULL, 0, 50);
	}
	return false;
}

static void
of_a_forgotten_reply_no_byte_is_left_soon(void **state)
{
	struct store *tender = open_tender();
	bool dead[8] = {false}, alive[8] = {false};
	struct channel c;
	struct mail mail;

	(void)state;
	start(&c, 64 * MIB, 0);
	for (uint32_t i = 0; i < 8; i++) {
		assert_int_equal(put_reply(tender, 1, i, FAR_DAY), ST_OK);
		alive[i] = true;
	}
	assert_int_equal(traces(folder, alive, 8), 8);
	ask(&c, 1, &mail);
	for (uint32_t i = 0; i < 8; i += 2) {
		say_forget(&c, 5, 1, mail.ids[i]);
		HEARD(&c, KEEPER_FORGOTTEN, 5);
		for (uint32_t j = 0; j < 8; j++)
			if (is_reply(mail.sealed[i], j)) {
				dead[j] = true;
				alive[j] = false;
			}
	}
	assert_true(vanish(dead, 8));
	assert_int_equal(traces(folder, alive, 8), 4);
	/* Busy with uploads it finds the time as well. */
	say_forget(&c, 5, 1, mail.ids[1]);
	HEARD(&c, KEEPER_FORGOTTEN, 5);
	for (uint32_t j = 0; j < 8; j++)
		dead[j] = is_reply(mail.sealed[1], j);
	for (int i = 0; i < 1000 && traces(folder, dead, 8) > 0; i++) {
		say_data(&c, 9, 9, 0, 5000);
		say_commit(&c, 9, 9, 5000);
		HEARD(&c, KEEPER_KEPT, 9);
	}
	assert_int_equal(traces(folder, dead, 8), 0);
	assert_int_equal(ended(&c), 0);
	store_close(tender);
}

static void
replies_end_with_their_last_day(void **state)
{
	struct store *tender = open_tender();
	uint32_t today = (uint32_t)(time(NULL) / 86400);
	bool dead[90] = {false};
	struct channel c;

	(void)state;
	for (uint32_t i = 0; i < 80; i++) { /* more than one step */
		assert_int_equal(put_reply(tender, i, i, today - 1), ST_OK);
		dead[i] = true;
	}
	assert_int_equal(put_reply(tender, 80, 80, today), ST_OK);
	assert_int_equal(put_reply(tender, 81, 81, today + 1), ST_OK);
	assert_int_equal(put_reply(tender, 82, 82, UINT32_MAX), ST_OK);
	start(&c, 64 * MIB, 0);
	assert_true(vanish(dead, 80));
	assert_int_equal(count_replies(tender, 80), 1);
	assert_int_equal(count_replies(tender, 81), 1);
	assert_int_equal(count_replies(tender, 82), 1);
	assert_int_equal(ended(&c), 0);
	store_close(tender);
}

static void
as_many_questions_as_agreed_are_all_answered(void **state)
{
	static uint8_t out[(KEEPER_MAILS_MAX + 1) * 40];
	uint8_t box[KEEPER_MAILBOX_LEN];
	struct channel c;
	struct mail mail;
	size_t len = 0;

	(void)state;
	start(&c, 64 * MIB, 0);
	for (uint32_t i = 1; i <= KEEPER_MAILS_MAX + 1; i++) {
		mailbox_of(i, box);
		if (i <= KEEPER_MAILS_MAX)
			len +=
			    frame(out + len, KEEPER_MAIL, i, box, sizeof(box));
		else
			(void)frame(
			    out + len, KEEPER_MAIL, i, box, sizeof(box));
	}
	say(&c, out, len);
	for (uint32_t i = 1; i <= KEEPER_MAILS_MAX; i++)
		hear_mail(&c, i, &mail);
	/* And one more than that at once is one too many. */
	say(&c, out, len + KEEPER_HEAD_LEN + sizeof(box));
	assert_int_equal(hear(&c).type, 0);
	assert_int_equal(ended(&c), 1);
}

static void
a_number_under_way_is_not_asked_with_again(void **state)
{
	(void)state;
	for (int how = 0; how < 4; how++) {
		uint8_t out[300], body[40] = {0};
		struct channel c;
		size_t len;

		start(&c, 64 * MIB, 0);
		len = frame(out, KEEPER_MAIL, 3, body, KEEPER_MAILBOX_LEN);
		if (how == 0)
			len += frame(out + len, KEEPER_MAIL, 3, body,
			    KEEPER_MAILBOX_LEN);
		else if (how == 1)
			len += frame(out + len, KEEPER_FORGET, 3, body,
			    KEEPER_FORGET_LEN);
		else if (how == 2)
			len += frame(out + len, KEEPER_DATA, 3, body, 5);
		else
			len += frame(out + len, KEEPER_COMMIT, 3, body,
			    KEEPER_COMMIT_LEN);
		say(&c, out, len);
		assert_int_equal(hear(&c).type, 0);
		assert_int_equal(ended(&c), 1);
	}
}

/* An ABORT says nothing about a question: its answer may be under way. */
static void
questions_and_uploads_do_not_wait_for_each_other(void **state)
{
	struct store *tender = open_tender();
	struct channel c;
	struct mail mail;

	(void)state;
	assert_int_equal(put_reply(tender, 1, 1, FAR_DAY), ST_OK);
	store_close(tender);
	start(&c, 256 * MIB, 0);
	for (uint32_t i = 0; i < 20; i++) {
		say_data(&c, 1, 1, i * UINT64_C(100000), 100000);
		say_mail(&c, 2, i % 2);
		say_frame(&c, KEEPER_ABORT, 2, NULL, 0);
		hear_mail(&c, 2, &mail);
		assert_int_equal(mail.count, i % 2);
	}
	say_commit(&c, 1, 1, 2000000);
	HEARD(&c, KEEPER_KEPT, 1);
	/* The number of a question is free for an upload, and back. */
	say_data(&c, 2, 2, 0, 10);
	say_commit(&c, 2, 2, 10);
	HEARD(&c, KEEPER_KEPT, 2);
	say_mail(&c, 2, 1);
	hear_mail(&c, 2, &mail);
	/* What came before the end is answered. */
	for (uint32_t i = 10; i < 40; i++)
		say_mail(&c, i, 1);
	assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
	for (uint32_t i = 10; i < 40; i++)
		hear_mail(&c, i, &mail);
	assert_int_equal(ended(&c), 0);
	assert_int_equal(tips(), 2);
}

/* Whatever part of them the channel has room for when it ends. */
static void
answers_are_not_lost_when_nobody_reads_for_a_while(void **state)
{
	(void)state;
	for (uint32_t count = 2; count <= 14; count++) {
		struct channel c;
		struct mail mail;

		start(&c, 64 * MIB, 0);
		ask(&c, 1, &mail); /* it runs */
		for (uint32_t i = 1; i <= count; i++)
			say_mail(&c, i, i);
		assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
		(void)poll(NULL, 0, 100);
		for (uint32_t i = 1; i <= count; i++)
			hear_mail(&c, i, &mail);
		assert_int_equal(ended(&c), 0);
	}
}

static long
resident_kib(pid_t pid)
{
	char path[64], line[200];
	long kib = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	assert_non_null(f = fopen(path, "r"));
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	(void)fclose(f);
	return kib;
}

static void
many_questions_take_little_memory(void **state)
{
	struct store *tender = open_tender();
	struct channel c;
	struct mail mail;
	long before, after;

	(void)state;
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(put_reply(tender, 1, i, FAR_DAY), ST_OK);
	store_close(tender);
	start(&c, 64 * MIB, 0);
	say_data(&c, 1, 1, 0, 16649);
	say_commit(&c, 1, 1, 16649);
	HEARD(&c, KEEPER_KEPT, 1);
	before = resident_kib(c.pid);
#ifdef TIPLINE_SANITIZE
	before = 1 << 20; /* it keeps what was freed */
#endif
	for (int turn = 0; turn < 20; turn++) {
		for (uint32_t i = 1; i <= KEEPER_MAILS_MAX; i++)
			say_mail(&c, i, i % 2);
		for (uint32_t i = 1; i <= KEEPER_MAILS_MAX; i++)
			hear_mail(&c, i, &mail);
	}
	after = resident_kib(c.pid);
	/* Their answers together: 2 MiB. */
	if (after >= before + 1024)
		print_error("%ld KiB, then %ld\n", before, after);
	assert_true(before > 0 && after < before + 1024);
	assert_int_equal(ended(&c), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(each_mailbox_gets_as_many_slots),
	    T(what_is_forgotten_is_gone_and_nothing_else),
	    T(of_a_forgotten_reply_no_byte_is_left_soon),
	    T(replies_end_with_their_last_day),
	    T(as_many_questions_as_agreed_are_all_answered),
	    T(a_number_under_way_is_not_asked_with_again),
	    T(questions_and_uploads_do_not_wait_for_each_other),
	    T(answers_are_not_lost_when_nobody_reads_for_a_while),
	    T(many_questions_take_little_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
