#include "tests/unit/intake/stage.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef TIPLINE_SANITIZE
#include <sanitizer/lsan_interface.h>
#endif

#include "base/guarded.h"
#include "base/ipc.h"
#include "crypto/opener.h"
#include "intake/limits.h"
#include "intake/pieces.h"
#include "intake/receiver.h"
#include "site/answer.h"
#include "tests/unit/intake/stage_world.h"

#define PATIENCE_MS 60000 /* a loaded machine, and valgrind */
/* Of the receiver's own time: no answer, and no end, may take longer. */
#define LONGEST_MS 10000
#define STEP_MS 25
#define SEALED_MAX (16 << 20)

struct control_config
stage_config(void)
{
	return (struct control_config){.unix_on = 1,
	    .proxy = PROXY_OFF,
	    .files_max = 4,
	    .connections_max = 64,
	    .circuit_connections_max = 3,
	    .circuit_uploads_max = 2,
	    .upload_max = 4 << 20};
}

struct stage_hooks stage_hooks;

static int
receive(int control, int listener)
{
	const int doors[DOORS] = {listener, listener};
	struct receiver *rx;
	int code = 1;

	if (receiver_new(control, doors, &rx) != ST_OK)
		return 90;
	switch (receiver_configure(rx)) {
	case ST_OK:
		if (stage_hooks.before != NULL)
			stage_hooks.before();
		code = receiver_run(rx);
		if (code == 0 && stage_hooks.after != NULL)
			code = stage_hooks.after();
		break;
	case ST_EOF:
		code = 0;
		break;
	default:
		break;
	}
	receiver_free(rx);
	return code;
}

/* In a child: nothing may be left when it ends. */
static _Noreturn void
be_receiver(int control, int listener)
{
	int code;

	world_enter();
	signal(SIGPIPE, SIG_IGN);
	guarded_close(); /* the test's own, empty here */
	code = receive(control, listener);
	if (guarded_live() != 0)
		code = 91;
	guarded_close();
#ifdef TIPLINE_SANITIZE
	if (__lsan_do_recoverable_leak_check() != 0)
		code = 92;
#endif
	_exit(code);
}

void
stage_open_bare(struct stage *stage)
{
	struct sockaddr_un any = {.sun_family = AF_UNIX};
	static bool wiping;
	int pair[2], listener;

	*stage = (struct stage){.keeper = -1,
	    .in = BYTES_INIT(1 << 20),
	    .sealed = BYTES_INIT(SEALED_MAX),
	    .told = BYTES_INIT(SEALED_MAX),
	    .box_bytes = BYTES_INIT(4096),
	    .reason = KEEPER_FULL};
	if (!wiping) /* as the program does, before libevent's first call */
		event_set_mem_functions(
		    wiping_malloc, wiping_realloc, wiping_free);
	wiping = true;
	world_begin();
	assert_int_equal(crypto_room_init(), ST_OK);
	epoch_key_new(stage->to.r[0].key, stage->secret);
	key_id(KEY_ROLE_EPOCH, stage->to.r[0].key, stage->to.r[0].id);
	stage->to.count = 1;
	stage->to.epoch = 5;
	stage->to.until = UINT64_C(1) << 40;
	assert_int_equal(ipc_pair(pair), ST_OK);
	/* An address of the kernel's choosing, in no folder. */
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
	    bind(listener, (struct sockaddr *)&any, sizeof(any.sun_family)), 0);
	assert_int_equal(listen(listener, 128), 0);
	stage->address_len = sizeof(stage->address);
	assert_int_equal(
	    getsockname(listener, (struct sockaddr *)&stage->address,
		&stage->address_len),
	    0);
	stage->control = pair[0];
	stage->pid = fork();
	assert_true(stage->pid >= 0);
	if (stage->pid == 0) {
		close(pair[0]);
		be_receiver(pair[1], listener);
	}
	close(pair[1]);
	close(listener);
}

void
stage_tell_config(struct stage *stage, const struct control_config *config)
{
	assert_int_equal(ipc_send(stage->control, CONTROL_CONFIG, config,
			     sizeof(*config), -1),
	    ST_OK);
}

void
stage_tell_all(struct stage *stage, const struct control_epochs *epochs)
{
	uint8_t message[4096];
	size_t len;

	assert_int_equal(
	    control_epochs_write(epochs, message, sizeof(message), &len),
	    ST_OK);
	assert_int_equal(
	    ipc_send(stage->control, CONTROL_EPOCHS, message, len, -1), ST_OK);
}

static void
tell(struct stage *stage, size_t count, uint64_t opens)
{
	static struct control_epochs epochs;

	epochs = (struct control_epochs){.opens = opens, .count = count};
	epochs.epoch[0] = stage->to;
	stage_tell_all(stage, &epochs);
}

void
stage_tell_epochs(struct stage *stage, size_t count)
{
	tell(stage, count, 0);
}

void
stage_tell_opens(struct stage *stage, uint64_t opens)
{
	tell(stage, 0, opens);
}

void
stage_tell_keeper(struct stage *stage)
{
	int pair[2];

	if (stage->keeper != -1)
		close(stage->keeper);
	bytes_clear(&stage->in);
	bytes_clear(&stage->sealed);
	stage->upload = 0;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	stage->keeper = pair[0];
	assert_int_equal(
	    ipc_send(stage->control, CONTROL_KEEPER, NULL, 0, pair[1]), ST_OK);
	close(pair[1]);
	stage_room(stage, UINT64_C(1) << 40, UINT64_C(1) << 40);
}

void
stage_tell_texts(struct stage *stage, const struct texts *texts)
{
	struct bytes text = BYTES_INIT(TEXTS_BYTES_MAX);
	struct pieces_out out = {
	    .type = CONTROL_TEXTS, .count = 1, .text = {&text}};
	struct texts *neutral = NULL;

	if (texts == NULL)
		assert_int_equal(texts_new(&neutral), ST_OK);
	assert_int_equal(
	    texts_write(texts != NULL ? texts : neutral, &text), ST_OK);
	pieces_begin(&out);
	assert_int_equal(pieces_send(&out, stage->control), ST_OK);
	texts_free(neutral);
	bytes_free(&text);
}

void
stage_tell_keys_page(
    struct stage *stage, const char *const text[static CONTROL_KEYS_TEXTS])
{
	struct bytes bytes[CONTROL_KEYS_TEXTS];
	struct pieces_out out = {
	    .type = CONTROL_KEYS_PAGE, .count = CONTROL_KEYS_TEXTS};
	enum status st;

	for (size_t i = 0; i < CONTROL_KEYS_TEXTS; i++) {
		bytes[i] = BYTES_INIT(1 << 20);
		assert_int_equal(bytes_append_text(&bytes[i], text[i]), ST_OK);
		out.text[i] = &bytes[i];
	}
	pieces_begin(&out);
	/* A long one goes out as the receiver takes it. */
	while ((st = pieces_send(&out, stage->control)) == ST_AGAIN)
		usleep(1000);
	assert_int_equal(st, ST_OK);
	for (size_t i = 0; i < CONTROL_KEYS_TEXTS; i++)
		bytes_free(&bytes[i]);
}

void
stage_tell_nothing_shown(struct stage *stage)
{
	static const char *const none[CONTROL_KEYS_TEXTS] = {"", "", ""};

	stage_tell_texts(stage, NULL);
	stage_tell_keys_page(stage, none);
}

void
stage_ready(struct stage *stage)
{
	struct pollfd p = {stage->control, POLLIN, 0};
	uint8_t type, none[1];
	size_t len;
	int fd;

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	assert_int_equal(
	    ipc_recv(stage->control, &type, none, sizeof(none), &len, &fd),
	    ST_OK);
	assert_int_equal(type, CONTROL_READY);
	assert_int_equal(len, 0);
}

void
stage_open(struct stage *stage, const struct control_config *config)
{
	stage_open_bare(stage);
	stage_tell_config(stage, config);
	stage_tell_epochs(stage, 1);
	stage_tell_nothing_shown(stage);
	stage_tell_keeper(stage);
	stage_ready(stage);
}

/* Has the receiver's process ended?  It can still be waited for. */
static bool
has_ended(const struct stage *stage)
{
	siginfo_t info = {.si_pid = 0};

	return waitid(P_PID, (id_t)stage->pid, &info,
		   WEXITED | WNOHANG | WNOWAIT) != 0 ||
	    info.si_pid != 0;
}

/* Play the keeper if it is told something within ms. */
static bool
play_for(struct stage *stage, int ms)
{
	struct pollfd p = {stage->keeper, POLLIN, 0};

	if (stage->mood == KEEPER_DEAF)
		p.fd = -1;
	if (poll(&p, 1, ms) <= 0)
		return false;
	stage_play_keeper(stage);
	return true;
}

/* What the keeper answers is one more thing that must be dealt with. */
void
stage_settle(struct stage *stage)
{
	unsigned long quiet = world_idle() + WORLD_ROUNDS;
	int ms = 0;

	for (;;) {
		bool done = world_idle() >= quiet || has_ended(stage);

		if (play_for(stage, done ? 0 : 1))
			quiet = world_idle() + WORLD_ROUNDS;
		else if (done)
			break;
		assert_in_range(ms++, 0, PATIENCE_MS);
	}
}

/* Is fd ready for events, when all that was sent has been dealt with? */
static bool
is_ready(struct stage *stage, int fd, short events)
{
	struct pollfd p = {fd, events, 0};

	if (poll(&p, 1, 0) == 1)
		return true;
	stage_settle(stage);
	return poll(&p, 1, 0) == 1;
}

int
stage_visitor(const struct stage *stage)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)&stage->address,
			     stage->address_len),
	    0);
	return fd;
}

bool
stage_say(struct stage *stage, int fd, const void *p, size_t len)
{
	const uint8_t *at = p;
	ssize_t n;

	while (len > 0) {
		if (!is_ready(stage, fd, POLLOUT))
			return false;
		n = send(fd, at, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && errno == EAGAIN)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

void
stage_hear(struct stage *stage, int fd, struct heard *heard)
{
	uint8_t buf[16384];
	unsigned waited = 0;
	ssize_t n;

	*heard = (struct heard){.text = BYTES_INIT(1 << 20)};
	for (;;) {
		while (!is_ready(stage, fd, POLLIN)) {
			/* It waits for a time to come. */
			world_later(STEP_MS);
			waited += STEP_MS;
			assert_in_range(waited, 0, LONGEST_MS);
		}
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n <= 0)
			break;
		assert_int_equal(
		    bytes_append(&heard->text, buf, (size_t)n), ST_OK);
	}
	heard->reset = n == -1;
	close(fd);
	assert_int_equal(bytes_append(&heard->text, "", 1), ST_OK);
	heard->text.len--;
	if (heard->text.len > 12)
		heard->code =
		    (int)strtol((const char *)heard->text.p + 9, NULL, 10);
}

void
heard_free(struct heard *heard)
{
	bytes_free(&heard->text);
}

int
stage_ask(struct stage *stage, const void *p, size_t len)
{
	int fd = stage_visitor(stage), code;
	struct heard heard;

	(void)stage_say(stage, fd, p, len);
	stage_hear(stage, fd, &heard);
	code = heard.code;
	if (code != 0)
		assert_int_equal(heard.text.len, PAGE_TOTAL_LEN);
	heard_free(&heard);
	stage_settle(stage);
	return code;
}

int
stage_hear_words(
    struct stage *stage, const struct bytes *request, const char *words)
{
	int fd = stage_visitor(stage);
	struct heard heard;
	bool said;

	(void)stage_say(stage, fd, request->p, request->len);
	stage_hear(stage, fd, &heard);
	said = strstr((const char *)heard.text.p, words) != NULL;
	heard_free(&heard);
	stage_settle(stage);
	return said ? STAGE_HEARD : 0;
}

void
stage_later(struct stage *stage, unsigned seconds)
{
	world_later(1000 * (long)seconds);
	stage_settle(stage);
}

int
stage_wait(struct stage *stage)
{
	int how, code = -1;

	stage_settle(stage);
	for (int i = 0; i < LONGEST_MS / STEP_MS && !has_ended(stage); i++) {
		world_later(STEP_MS);
		stage_settle(stage);
	}
	if (waitpid(stage->pid, &how, WNOHANG) == stage->pid && WIFEXITED(how))
		code = WEXITSTATUS(how);
	close(stage->control);
	if (stage->keeper != -1)
		close(stage->keeper);
	bytes_free(&stage->in);
	bytes_free(&stage->sealed);
	bytes_free(&stage->told);
	bytes_free(&stage->box_bytes);
	return code;
}

void
stage_close(struct stage *stage)
{
	assert_int_equal(kill(stage->pid, SIGTERM), 0);
	assert_int_equal(stage_wait(stage), 0);
}
