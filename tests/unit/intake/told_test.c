/*
 * Texts longer than a message, and what the receiver has of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/guarded.h"
#include "base/ipc.h"
#include "crypto/keyset.h"
#include "crypto/minisign.h"
#include "intake/pieces.h"
#include "intake/receiver.h"
#include "intake/receiver_setup.h"
#include "tests/unit/intake/staged.h"
#include "tests/unit/intake/visit.h"

#define GET "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
#define LONG ((size_t)PIECES_LEN * 8 + 1)

/* Three texts, as they go out and as they come in. */
struct both {
	int out_fd, in_fd;
	struct bytes text[PIECES_TEXTS];
	struct pieces_out out;
	struct pieces_in in;
};

static void
open_both(struct both *b, size_t first, size_t second, size_t third)
{
	const size_t len[PIECES_TEXTS] = {first, second, third};
	static uint8_t filler[LONG];
	int pair[2];

	*b = (struct both){
	    .out = {.type = CONTROL_KEYS_PAGE, .count = 3}, .in = {.count = 3}};
	assert_int_equal(ipc_pair(pair), ST_OK);
	b->out_fd = pair[0];
	b->in_fd = pair[1];
	assert_int_equal(fcntl(b->out_fd, F_SETFL, O_NONBLOCK), 0);
	for (size_t i = 0; i < PIECES_TEXTS; i++) {
		memset(filler, (int)('a' + i), sizeof(filler));
		b->text[i] = BYTES_INIT(LONG);
		assert_int_equal(
		    bytes_append(&b->text[i], filler, len[i]), ST_OK);
		b->out.text[i] = &b->text[i];
		b->in.text[i] = BYTES_INIT(LONG);
	}
}

static void
close_both(struct both *b)
{
	close(b->out_fd);
	close(b->in_fd);
	pieces_free(&b->in);
	for (size_t i = 0; i < PIECES_TEXTS; i++)
		bytes_free(&b->text[i]);
}

static enum status
take_one(struct both *b, bool *whole)
{
	static uint8_t message[IPC_MAX];
	uint8_t type;
	size_t len;
	int passed;

	assert_int_equal(
	    ipc_recv(b->in_fd, &type, message, sizeof(message), &len, &passed),
	    ST_OK);
	assert_int_equal(type, CONTROL_KEYS_PAGE);
	return pieces_take(&b->in, message, len, whole);
}

static void
assert_came(const struct both *b)
{
	for (size_t i = 0; i < PIECES_TEXTS; i++) {
		assert_int_equal(b->in.text[i].len, b->text[i].len);
		if (b->text[i].len > 0)
			assert_memory_equal(
			    b->in.text[i].p, b->text[i].p, b->text[i].len);
	}
}

/* Send all, reading when no more goes in.  How many messages it took; the
 * texts are whole with the last one and not before. */
static unsigned
carry(struct both *b)
{
	unsigned sent = 0;
	bool whole = false;
	enum status st;

	pieces_begin(&b->out);
	while ((st = pieces_send(&b->out, b->out_fd)) == ST_AGAIN) {
		assert_true(b->out.due);
		assert_int_equal(take_one(b, &whole), ST_OK);
		assert_false(whole);
		sent++;
	}
	assert_int_equal(st, ST_OK);
	assert_false(b->out.due);
	while (!whole) {
		assert_int_equal(take_one(b, &whole), ST_OK);
		sent++;
	}
	/* Nothing is due any more, and nothing came behind. */
	assert_int_equal(pieces_send(&b->out, -1), ST_OK);
	assert_int_equal(recv(b->in_fd, &whole, 1, MSG_DONTWAIT), -1);
	assert_came(b);
	return sent;
}

static void
texts_of_any_length_come_whole_with_their_last_byte(void **state)
{
	static const struct {
		size_t len[PIECES_TEXTS];
		unsigned messages;
	} table[] = {{{0, 0, 0}, 3}, {{1, 0, 2}, 3},
	    {{PIECES_LEN, PIECES_LEN - 1, PIECES_LEN + 1}, 4},
	    {{LONG, 0, LONG}, 19}};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct both b;

		open_both(
		    &b, table[i].len[0], table[i].len[1], table[i].len[2]);
		/* Twice: the second takes the place of the first. */
		assert_int_equal(carry(&b), table[i].messages);
		assert_int_equal(carry(&b), table[i].messages);
		close_both(&b);
	}
}

/* A text that changes while it is on its way is sent from its beginning. */
static void
what_begins_anew_makes_what_came_before_void(void **state)
{
	struct both b;
	bool whole;

	(void)state;
	open_both(&b, 2 * PIECES_LEN + 20, 7, 2 * PIECES_LEN);
	for (unsigned sent = 1; sent < 6; sent++) {
		/* So many of six messages; the others are never sent. */
		pieces_begin(&b.out);
		assert_int_equal(pieces_send(&b.out, b.out_fd), ST_OK);
		for (unsigned i = 0; i < 6; i++) {
			uint8_t rest[16];

			if (i < sent)
				assert_int_equal(take_one(&b, &whole), ST_OK);
			else
				(void)recv(b.in_fd, rest, sizeof(rest), 0);
			assert_false(whole);
		}
		b.text[0].len -= 3;
		b.text[1].len--;
		(void)carry(&b);
	}
	close_both(&b);
}

static void
pieces_out_of_order_or_too_long_are_refused(void **state)
{
	/* Which text, flags, bytes; ended by none; the last one is wrong. */
	static const struct {
		const char *what;
		uint8_t piece[4][3];
		size_t pieces;
	} table[] = {
	    {"the first piece is missing", {{0, 0, 1}}, 1},
	    {"and ends the text", {{0, PIECES_LAST, 1}}, 1},
	    {"the second text first", {{1, 3, 1}}, 1},
	    {"a text left out", {{0, 3, 1}, {2, 3, 1}}, 2},
	    {"the second begins in the first", {{0, 1, 1}, {1, 3, 1}}, 2},
	    {"a text twice begun", {{0, 3, 1}, {1, 1, 1}, {1, 1, 1}}, 3},
	    {"a text twice", {{0, 3, 1}, {1, 3, 1}, {1, 3, 1}}, 3},
	    {"one more than there are",
		{{0, 3, 1}, {1, 3, 1}, {2, 3, 1}, {3, 3, 1}}, 4},
	    {"more of the last", {{0, 3, 1}, {1, 3, 1}, {2, 3, 1}, {2, 2, 1}},
		4},
	    {"a flag nobody knows", {{0, 7, 1}}, 1},
	    {"too long", {{0, 1, 9}, {0, 2, 1}}, 2},
	};
	static const uint8_t short_one[1] = {0};
	struct pieces_in in;
	bool whole;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		in = (struct pieces_in){.count = 3,
		    .text = {BYTES_INIT(9), BYTES_INIT(9), BYTES_INIT(9)}};
		for (size_t k = 0; k < table[i].pieces; k++) {
			const uint8_t *piece = table[i].piece[k];
			uint8_t message[2 + 9] = {piece[0], piece[1]};
			enum status st =
			    pieces_take(&in, message, 2U + piece[2], &whole);

			if (st !=
			    (k + 1 == table[i].pieces ? ST_MALFORMED : ST_OK))
				fail_msg("%s: %d", table[i].what, (int)st);
		}
		assert_false(whole);
		assert_int_equal(
		    pieces_take(&in, short_one, 1, &whole), ST_MALFORMED);
		pieces_free(&in);
	}
}

static void
sending_to_nobody_ends(void **state)
{
	struct both b;

	(void)state;
	open_both(&b, 1, 1, 1);
	pieces_begin(&b.out);
	shutdown(b.in_fd, SHUT_RDWR);
	assert_int_equal(pieces_send(&b.out, b.out_fd), ST_EOF);
	assert_true(b.out.due);
	close_both(&b);
}

/* A receiver in this process, which the test tells what it likes. */
struct told {
	struct stage played; /* its control and keeper only */
	struct receiver *rx;
};

static void
open_told(struct told *t)
{
	static const int doors[DOORS] = {-1, -1};
	const struct control_config config = stage_config();
	const uint8_t no_epochs[16] = {0};
	int control[2], keeper[2];

	*t = (struct told){.rx = NULL};
	assert_int_equal(crypto_room_init(), ST_OK);
	assert_int_equal(ipc_pair(control), ST_OK);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, keeper), 0);
	t->played.control = control[0];
	t->played.keeper = keeper[0];
	assert_int_equal(receiver_new(control[1], doors, &t->rx), ST_OK);
	stage_tell_config(&t->played, &config);
	assert_int_equal(ipc_send(control[0], CONTROL_EPOCHS, no_epochs,
			     sizeof(no_epochs), -1),
	    ST_OK);
	assert_int_equal(
	    ipc_send(control[0], CONTROL_KEEPER, NULL, 0, keeper[1]), ST_OK);
	close(keeper[1]);
}

static void
close_told(struct told *t)
{
	receiver_free(t->rx);
	assert_int_equal(guarded_live(), 0);
	guarded_close();
	close(t->played.control);
	close(t->played.keeper);
}

static void
assert_bytes(const struct bytes *b, const char *text)
{
	assert_int_equal(b->len, strlen(text));
	if (b->len > 0)
		assert_memory_equal(b->p, text, b->len);
}

static enum status
take_all(struct told *t, unsigned messages)
{
	enum status st = ST_OK;

	for (unsigned i = 0; i < messages && st == ST_OK; i++)
		st = receiver_setup_message(t->rx);
	return st;
}

static void
the_receiver_has_what_it_was_told_last(void **state)
{
	static const char *const keys[] = {"a key set", "its signature", "key"};
	static const char *const fewer[] = {"", "", "key"};
	struct texts *texts;
	struct told t;

	(void)state;
	assert_int_equal(texts_new(&texts), ST_OK);
	assert_int_equal(texts_set(&texts->about, 0, "about", 5), ST_OK);
	open_told(&t);
	stage_tell_texts(&t.played, texts);
	stage_tell_keys_page(&t.played, keys);
	assert_int_equal(receiver_configure(t.rx), ST_OK);
	assert_string_equal(t.rx->texts->about.in[0], "about");
	assert_bytes(&t.rx->keyset_text, "a key set");
	assert_bytes(&t.rx->keyset_sig, "its signature");
	assert_bytes(&t.rx->root_pub, "key");
	stage_tell_keys_page(&t.played, fewer);
	/* A signature never stands beside another set's text. */
	assert_int_equal(take_all(&t, 2), ST_OK);
	assert_bytes(&t.rx->keyset_text, "a key set");
	assert_bytes(&t.rx->keyset_sig, "its signature");
	assert_int_equal(take_all(&t, 1), ST_OK);
	assert_bytes(&t.rx->keyset_text, "");
	assert_bytes(&t.rx->keyset_sig, "");
	assert_bytes(&t.rx->root_pub, "key");
	stage_tell_texts(&t.played, NULL);
	assert_int_equal(take_all(&t, 1), ST_OK);
	assert_null(t.rx->texts->about.in[0]);
	close_told(&t);
	texts_free(texts);
}

static void
what_is_no_text_or_too_long_a_key_set_is_refused(void **state)
{
	static const uint8_t bad[] = "\0\3tipline-texts-000001 and more";
	static char longer[KEYSET_MAX + 2];
	const char *keys[] = {longer, "", ""};
	struct told t;

	(void)state;
	open_told(&t);
	stage_tell_nothing_shown(&t.played);
	assert_int_equal(receiver_configure(t.rx), ST_OK);
	assert_int_equal(
	    ipc_send(t.played.control, CONTROL_TEXTS, bad, sizeof(bad) - 1, -1),
	    ST_OK);
	assert_int_equal(take_all(&t, 1), ST_MALFORMED);
	assert_non_null(t.rx->texts);
	memset(longer, 'x', sizeof(longer) - 1);
	stage_tell_keys_page(&t.played, keys);
	assert_int_equal(take_all(&t, 3), ST_MALFORMED);
	longer[KEYSET_MAX] = '\0';
	stage_tell_keys_page(&t.played, keys);
	/* The two pieces of before that were not read make no difference. */
	while (take_all(&t, 1) == ST_MALFORMED)
		;
	assert_int_equal(take_all(&t, 3), ST_OK);
	assert_int_equal(t.rx->keyset_text.len, KEYSET_MAX);
	close_told(&t);
}

/* No visitor is heard before the pages can be right. */
static void
without_texts_or_keys_nobody_is_served(void **state)
{
	static const char *const none[] = {"", "", ""};
	struct control_config config = stage_config();
	struct pollfd p = {-1, POLLIN, 0};
	struct stage s;

	(void)state;
	for (int texts = 0; texts <= 1; texts++) {
		stage_open_bare(&s);
		stage_tell_config(&s, &config);
		stage_tell_epochs(&s, 1);
		stage_tell_keeper(&s);
		if (texts)
			stage_tell_texts(&s, NULL);
		else
			stage_tell_keys_page(&s, none);
		p.fd = s.control;
		assert_int_equal(poll(&p, 1, 100), 0);
		if (texts)
			stage_tell_keys_page(&s, none);
		else
			stage_tell_texts(&s, NULL);
		stage_ready(&s);
		stage_close(&s);
	}
}

static void
texts_and_keys_are_taken_up_while_serving(void **state)
{
	struct stage *s = *state;
	static const char *const keys[] = {"a key set", "its signature", "key"};

	for (int i = 0; i < 3; i++) {
		stage_tell_texts(s, NULL);
		stage_tell_keys_page(s, keys);
		stage_settle(s);
		assert_int_equal(stage_ask(s, GET, strlen(GET)), 200);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		texts_of_any_length_come_whole_with_their_last_byte),
	    cmocka_unit_test(what_begins_anew_makes_what_came_before_void),
	    cmocka_unit_test(pieces_out_of_order_or_too_long_are_refused),
	    cmocka_unit_test(sending_to_nobody_ends),
	    cmocka_unit_test(without_texts_or_keys_nobody_is_served),
	    STAGED(texts_and_keys_are_taken_up_while_serving),
	    cmocka_unit_test(the_receiver_has_what_it_was_told_last),
	    cmocka_unit_test(what_is_no_text_or_too_long_a_key_set_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
