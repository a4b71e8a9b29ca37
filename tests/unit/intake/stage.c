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
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef TIPLINE_SANITIZE
#include <sanitizer/lsan_interface.h>
#endif

#include "base/guarded.h"
#include "base/ipc.h"
#include "base/num.h"
#include "crypto/digest.h"
#include "crypto/opener.h"
#include "intake/limits.h"
#include "intake/receiver.h"

#define PATIENCE_MS 10000
#define MOMENT_MS 60
#define SEALED_MAX (16 << 20)

/* What the test may change in the receiver's process, shared. */
static volatile struct {
	long seconds; /* by which its monotonic clock is ahead */
	size_t sends; /* bytes that a socket takes at once, 0: all */
} * world;
static bool is_receiver;

/* Stands before libc's for libevent and for us. */
int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, id, ts);

	if (world != NULL && id != CLOCK_REALTIME)
		ts->tv_sec += world->seconds;
	return rc;
}

/* Stands before libc's: in the receiver, what a slow visitor makes of it.
 * Every other call finds the socket full. */
ssize_t
send(int fd, const void *p, size_t len, int flags)
{
	static unsigned calls;

	if (is_receiver && world->sends != 0) {
		if (calls++ % 2 == 1) {
			errno = EAGAIN;
			return -1;
		}
		if (len > world->sends)
			len = world->sends;
	}
	return syscall(SYS_sendto, fd, p, len, flags, NULL, 0);
}

void
stage_sends(size_t len)
{
	world->sends = len;
}

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

	is_receiver = true;
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
	int pair[2], listener;

	*stage = (struct stage){.keeper = -1,
	    .in = BYTES_INIT(1 << 20),
	    .sealed = BYTES_INIT(SEALED_MAX),
	    .told = BYTES_INIT(SEALED_MAX),
	    .box_bytes = BYTES_INIT(4096),
	    .reason = KEEPER_FULL};
	if (world == NULL) {
		/* as the program does; once, before libevent's first call */
		event_set_mem_functions(
		    wiping_malloc, wiping_realloc, wiping_free);
		world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	}
	assert_true(world != MAP_FAILED);
	world->sends = 0;
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
	stage_tell_keeper(stage);
	stage_ready(stage);
}

static void
keeper_dies(struct stage *stage)
{
	close(stage->keeper);
	stage->keeper = -1;
}

static void
keeper_says(struct stage *stage, enum keeper_type type, uint32_t upload,
    const void *p, size_t len)
{
	const struct keeper_head head = {type, upload, (uint32_t)len};
	uint8_t frame[KEEPER_HEAD_LEN + KEEPER_SLOT_LEN];
	ssize_t n;

	keeper_head_write(&head, frame);
	if (len > 0)
		memcpy(frame + KEEPER_HEAD_LEN, p, len);
	len += KEEPER_HEAD_LEN;
	if (stage->keeper == -1)
		return;
	n = send(stage->keeper, frame, len, MSG_NOSIGNAL);
	/* The receiver may have closed its end meanwhile. */
	if (n == -1 && errno == EPIPE)
		keeper_dies(stage);
	else
		assert_int_equal(n, (ssize_t)len);
}

void
stage_room(struct stage *stage, uint64_t files, uint64_t text)
{
	uint8_t room[KEEPER_ROOM_LEN];

	le64_put(room, files);
	le64_put(room + 8, text);
	keeper_says(stage, KEEPER_ROOM, 0, room, sizeof(room));
}

void
stage_leave(struct stage *stage, const struct mailbox *box, uint64_t id,
    uint32_t day, const char *text)
{
	struct stage_reply *r = stage->reply;
	uint8_t seed[SECRET_KEY_LEN] = {1};
	struct reply reply = {.day = day, .len = strlen(text)};

	while (r->id != 0)
		r++;
	assert_true(r < stage->reply + STAGE_REPLIES);
	memcpy(reply.text, text, reply.len);
	r->id = id;
	memcpy(r->box, box->id, MAILBOX_ID_LEN);
	assert_int_equal(reply_seal(box, &reply, seed, r->sealed), ST_OK);
}

static const struct opener_key *
lookup(void *ctx, const uint8_t id[static KEY_ID_LEN], uint32_t epoch)
{
	static struct opener_key key;
	struct stage *stage = ctx;

	if (epoch < stage->to.epoch ||
	    memcmp(id, stage->to.r[0].id, KEY_ID_LEN) != 0)
		return NULL;
	memcpy(key.id, id, KEY_ID_LEN);
	key.public_key = stage->to.r[0].key;
	key.secret_key = stage->secret;
	return &key;
}

static enum status
open_part(void *ctx, enum envelope_part kind, const uint8_t *name, size_t len)
{
	struct stage *stage = ctx;
	enum status st;

	stage->in_box = kind == ENVELOPE_FIELD && len == 7 &&
	    memcmp(name, MAILBOX_FIELD, 7) == 0;
	if (stage->in_box) {
		stage->boxes++;
		bytes_clear(&stage->box_bytes);
		return ST_OK;
	}
	st = bytes_append_text(
	    &stage->told, kind == ENVELOPE_FILE ? "<file|" : "<");
	if (st == ST_OK && len > 0)
		st = bytes_append(&stage->told, name, len);
	return st == ST_OK ? bytes_append_text(&stage->told, ">") : st;
}

static enum status
open_data(void *ctx, const uint8_t *p, size_t len)
{
	struct stage *stage = ctx;

	return bytes_append(
	    stage->in_box ? &stage->box_bytes : &stage->told, p, len);
}

static enum status
open_part_end(void *ctx, uint64_t size)
{
	struct stage *stage = ctx;

	(void)size;
	if (stage->in_box)
		return mailbox_field_parse(
		    stage->box_bytes.p, stage->box_bytes.len, &stage->box);
	return bytes_append_text(&stage->told, ";");
}

/* What an analyst would find in it. */
static void
open_tip(struct stage *stage, const uint8_t *commit)
{
	const struct opener_events events = {.lookup = lookup,
	    .part = open_part,
	    .data = open_data,
	    .part_end = open_part_end,
	    .ctx = stage};
	uint8_t digest[DIGEST_LEN];
	struct sha256 *hash = NULL;
	struct opener *op = NULL;

	bytes_clear(&stage->told);
	stage->boxes = 0;
	assert_true(stage->sealed.len > 20);
	stage->epoch = le32_get(stage->sealed.p + 16);
	assert_int_equal(sha256_new(&hash), ST_OK);
	assert_int_equal(
	    sha256_update(hash, stage->sealed.p, stage->sealed.len), ST_OK);
	assert_int_equal(sha256_final(hash, digest), ST_OK);
	sha256_free(hash);
	assert_int_equal(opener_new(&events, &op), ST_OK);
	stage->tip_ok =
	    opener_feed(op, stage->sealed.p, stage->sealed.len) == ST_OK &&
	    opener_finish(op) == ST_OK &&
	    le64_get(commit) == stage->sealed.len &&
	    memcmp(commit + 8, digest, DIGEST_LEN) == 0;
	opener_free(op);
}

static void
on_commit(struct stage *stage, uint32_t upload, const uint8_t *body)
{
	uint8_t reason = (uint8_t)stage->reason, nonsense[12] = {99};

	stage->committed++;
	if (!stage->refused)
		open_tip(stage, body);
	bytes_clear(&stage->sealed);
	stage->upload = 0;
	switch (stage->mood) {
	case KEEPER_KEEPS:
		keeper_says(stage, KEEPER_KEPT, upload, NULL, 0);
		break;
	case KEEPER_REFUSES_DATA:
	case KEEPER_REFUSES_COMMIT:
		keeper_says(stage, KEEPER_REFUSED, upload, &reason, 1);
		break;
	case KEEPER_SPEAKS_NONSENSE:
		assert_int_equal(send(stage->keeper, nonsense, sizeof(nonsense),
				     MSG_NOSIGNAL),
		    sizeof(nonsense));
		break;
	case KEEPER_DIES_AT_COMMIT:
		keeper_dies(stage);
		break;
	default:
		break;
	}
}

/* KEEPER_SLOTS of them, those without a reply all zero. */
static void
on_mail(struct stage *stage, uint32_t number, const uint8_t *box)
{
	uint8_t slot[KEEPER_SLOT_LEN];
	unsigned sent = 0;

	for (size_t i = 0; i < STAGE_REPLIES && sent < KEEPER_SLOTS; i++) {
		const struct stage_reply *r = &stage->reply[i];

		if (r->id == 0 || memcmp(r->box, box, MAILBOX_ID_LEN) != 0)
			continue;
		le64_put(slot, r->id);
		memcpy(slot + 8, r->sealed, REPLY_LEN);
		keeper_says(stage, KEEPER_SLOT, number, slot, sizeof(slot));
		sent++;
	}
	memset(slot, 0, sizeof(slot));
	for (; sent < KEEPER_SLOTS; sent++)
		keeper_says(stage, KEEPER_SLOT, number, slot, sizeof(slot));
}

static void
on_forget(struct stage *stage, const uint8_t *p)
{
	stage->forgot++;
	for (size_t i = 0; i < STAGE_REPLIES; i++) {
		struct stage_reply *r = &stage->reply[i];

		if (r->id == le64_get(p + MAILBOX_ID_LEN) &&
		    memcmp(r->box, p, MAILBOX_ID_LEN) == 0)
			*r = (struct stage_reply){0};
	}
}

/* A question.  False: it is none. */
static bool
on_question(
    struct stage *stage, const struct keeper_head *head, const uint8_t *body)
{
	uint8_t reason = KEEPER_TROUBLE, nonsense[12] = {99};

	if (head->type != KEEPER_MAIL && head->type != KEEPER_FORGET)
		return false;
	stage->asked++;
	memcpy(stage->asked_box, body, MAILBOX_ID_LEN);
	switch (stage->mood) {
	case KEEPER_REFUSES_COMMIT:
		keeper_says(stage, KEEPER_REFUSED, head->upload, &reason, 1);
		return true;
	case KEEPER_DIES_AT_COMMIT:
		keeper_dies(stage);
		return true;
	case KEEPER_SPEAKS_NONSENSE:
		assert_int_equal(send(stage->keeper, nonsense, sizeof(nonsense),
				     MSG_NOSIGNAL),
		    sizeof(nonsense));
		return true;
	case KEEPER_SILENT:
		return true;
	default:
		break;
	}
	if (head->type == KEEPER_MAIL) {
		on_mail(stage, head->upload, body);
		return true;
	}
	on_forget(stage, body);
	keeper_says(stage, KEEPER_FORGOTTEN, head->upload, NULL, 0);
	return true;
}

static void
on_frame(
    struct stage *stage, const struct keeper_head *head, const uint8_t *body)
{
	uint8_t reason = (uint8_t)stage->reason;

	assert_int_not_equal(head->upload, 0);
	if (on_question(stage, head, body))
		return;
	if (head->type == KEEPER_DATA && stage->upload != head->upload) {
		/* the tests send one tip at a time to a keeper that opens */
		stage->upload = head->upload;
		stage->opened++;
		stage->refused = stage->mood == KEEPER_REFUSES_DATA;
		bytes_clear(&stage->sealed);
		if (stage->refused)
			keeper_says(
			    stage, KEEPER_REFUSED, head->upload, &reason, 1);
	}
	if (head->type == KEEPER_DATA) {
		assert_int_equal(
		    bytes_append(&stage->sealed, body, head->len), ST_OK);
		if (stage->mood == KEEPER_DIES_AT_DATA)
			keeper_dies(stage);
	} else if (head->type == KEEPER_COMMIT) {
		on_commit(stage, head->upload, body);
	} else {
		assert_int_equal(head->type, KEEPER_ABORT);
		stage->aborted++;
		stage->upload = 0;
	}
}

/* Read what is there; the receiver's frames must all be well formed. */
static void
play_keeper(struct stage *stage)
{
	uint8_t buf[65536];
	struct keeper_head head;
	ssize_t n = recv(stage->keeper, buf, sizeof(buf), MSG_DONTWAIT);

	if (n == 0)
		keeper_dies(stage); /* the receiver closed its end */
	if (n <= 0)
		return;
	assert_int_equal(bytes_append(&stage->in, buf, (size_t)n), ST_OK);
	while (stage->keeper != -1 && stage->in.len >= KEEPER_HEAD_LEN) {
		assert_int_equal(keeper_head_parse(stage->in.p, &head), ST_OK);
		if (stage->in.len < KEEPER_HEAD_LEN + head.len)
			return;
		on_frame(stage, &head, stage->in.p + KEEPER_HEAD_LEN);
		bytes_consume(&stage->in, KEEPER_HEAD_LEN + head.len);
	}
}

/* Wait until fd is ready for events; false after ms without anything. */
static bool
wait_for(struct stage *stage, int fd, short events, int ms)
{
	struct pollfd p[2] = {{fd, events, 0}, {-1, POLLIN, 0}};
	int rc;

	for (;;) {
		p[1].fd = stage->mood == KEEPER_DEAF ? -1 : stage->keeper;
		rc = poll(p, 2, ms);
		if (rc == 0)
			return false;
		assert_true(rc > 0 || errno == EINTR);
		if (p[1].fd != -1 && p[1].revents != 0)
			play_keeper(stage);
		if (p[0].revents != 0)
			return true;
	}
}

void
stage_settle(struct stage *stage)
{
	(void)wait_for(stage, -1, 0, MOMENT_MS);
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
		if (!wait_for(stage, fd, POLLOUT, PATIENCE_MS / 5))
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
	ssize_t n;

	*heard = (struct heard){.text = BYTES_INIT(1 << 20)};
	for (;;) {
		assert_true(wait_for(stage, fd, POLLIN, PATIENCE_MS));
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
	world->seconds += (long)seconds;
	/* Its loop looks at the clock when something happens. */
	close(stage_visitor(stage));
	usleep(MOMENT_MS * 1000);
	close(stage_visitor(stage));
	stage_settle(stage);
}

int
stage_wait(struct stage *stage)
{
	int how, code = -1;

	for (int i = 0; i < PATIENCE_MS / 10; i++) {
		if (waitpid(stage->pid, &how, WNOHANG) == stage->pid) {
			code = WIFEXITED(how) ? WEXITSTATUS(how) : -1;
			break;
		}
		if (stage->keeper != -1)
			play_keeper(stage);
		usleep(10000);
	}
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
