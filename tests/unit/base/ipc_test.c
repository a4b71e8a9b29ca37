#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/ipc.h"
#include "tests/unit/fault.h"

static uint8_t big[IPC_MAX + 1], in[IPC_MAX];

static int
open_pair(void **state)
{
	static int fds[2];

	*state = fds;
	return ipc_pair(fds) == ST_OK ? 0 : -1;
}

static int
close_pair(void **state)
{
	int *fds = *state;

	close(fds[0]);
	close(fds[1]);
	return 0;
}

static int
open_fds(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

static void
messages_of_all_sizes_arrive_whole(void **state)
{
	static const size_t lens[] = {0, 1, 2, 4095, 4096, 65535, IPC_MAX};
	int *fds = *state, passed;
	uint8_t type;
	size_t got;

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		assert_int_equal(
		    ipc_send(fds[0], (uint8_t)(i + 1), big, lens[i], -1),
		    ST_OK);
		assert_int_equal(
		    ipc_recv(fds[1], &type, in, sizeof(in), &got, &passed),
		    ST_OK);
		assert_int_equal(type, i + 1);
		assert_int_equal(got, lens[i]);
		assert_memory_equal(in, big, got);
		assert_int_equal(passed, -1);
	}
	assert_int_equal(ipc_send(fds[0], 1, big, IPC_MAX + 1, -1), ST_LIMIT);
}

static void
messages_do_not_run_together(void **state)
{
	int *fds = *state, passed;
	uint8_t type;
	size_t got;

	assert_int_equal(ipc_send(fds[0], 1, "one", 3, -1), ST_OK);
	assert_int_equal(ipc_send(fds[0], 2, "two!", 4, -1), ST_OK);
	assert_int_equal(
	    ipc_recv(fds[1], &type, in, sizeof(in), &got, &passed), ST_OK);
	assert_int_equal(got, 3);
	assert_int_equal(
	    ipc_recv(fds[1], &type, in, sizeof(in), &got, &passed), ST_OK);
	assert_int_equal(got, 4);
	assert_memory_equal(in, "two!", 4);
}

static void
a_descriptor_comes_along_closed_on_exec(void **state)
{
	int *fds = *state, passed, ends[2], before;
	uint8_t type;
	size_t got;
	char c = 0;

	assert_int_equal(pipe(ends), 0);
	before = open_fds();
	assert_int_equal(ipc_send(fds[0], 9, "x", 1, ends[0]), ST_OK);
	assert_int_equal(open_fds(), before); /* it stays the sender's */
	assert_int_equal(
	    ipc_recv(fds[1], &type, in, sizeof(in), &got, &passed), ST_OK);
	assert_int_not_equal(passed, -1);
	assert_int_equal(fcntl(passed, F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(ends[1], "k", 1), 1);
	assert_int_equal(read(passed, &c, 1), 1);
	assert_int_equal(c, 'k');
	close(passed);
	close(ends[0]);
	close(ends[1]);
}

/* Send what no ipc_send() would: any bytes and any number of descriptors. */
static void
send_raw(int fd, void *p, size_t len, int count, int pass)
{
	struct iovec iov = {p, len};
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(8 * sizeof(int))];
	} control;
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	memset(&control, 0, sizeof(control));
	if (count > 0) {
		struct cmsghdr *c;

		msg.msg_control = control.room;
		msg.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
		for (int i = 0; i < count; i++)
			memcpy(CMSG_DATA(c) + (size_t)i * sizeof(int), &pass,
			    sizeof(int));
	}
	assert_int_equal(sendmsg(fd, &msg, 0), len);
}

static void
malformed_messages_leave_no_descriptor_behind(void **state)
{
	int *fds = *state, passed, before = open_fds();
	uint8_t type;
	size_t got;

	for (int count = 0; count <= 8; count++) {
		/* longer than the room for it */
		send_raw(fds[0], big, 12, count, 0);
		assert_int_equal(ipc_recv(fds[1], &type, in, 10, &got, &passed),
		    ST_MALFORMED);
		assert_int_equal(passed, -1);
		assert_int_equal(got, 0);
		assert_int_equal(open_fds(), before);
		/* of the right length, with too many descriptors */
		send_raw(fds[0], big, 11, count, 0);
		assert_int_equal(ipc_recv(fds[1], &type, in, 10, &got, &passed),
		    count <= 1 ? ST_OK : ST_MALFORMED);
		if (passed != -1)
			close(passed);
		assert_int_equal(open_fds(), before);
		/* without a type byte */
		send_raw(fds[0], big, 0, count, 0);
		assert_int_equal(ipc_recv(fds[1], &type, in, 10, &got, &passed),
		    count == 0 ? ST_EOF : ST_MALFORMED);
		assert_int_equal(open_fds(), before);
	}
}

static void
a_peer_that_is_gone_is_the_end(void **state)
{
	int *fds = *state, passed;
	uint8_t type;
	size_t got;

	assert_int_equal(ipc_send(fds[0], 5, "last", 4, -1), ST_OK);
	close(fds[0]);
	fds[0] = -1;
	assert_int_equal(
	    ipc_recv(fds[1], &type, in, sizeof(in), &got, &passed), ST_OK);
	assert_int_equal(got, 4);
	assert_int_equal(
	    ipc_recv(fds[1], &type, in, sizeof(in), &got, &passed), ST_EOF);
	/* And no SIGPIPE. */
	assert_int_equal(ipc_send(fds[1], 5, "x", 1, -1), ST_EOF);
}

static void
a_full_or_empty_socket_says_again(void **state)
{
	int *fds = *state, passed, sent = 0, received = 0;
	uint8_t type;
	size_t got;
	enum status st;

	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(
	    ipc_recv(fds[1], &type, in, sizeof(in), &got, &passed), ST_AGAIN);
	while ((st = ipc_send(fds[0], 1, big, 30000, -1)) == ST_OK)
		sent++;
	assert_int_equal(st, ST_AGAIN);
	assert_true(sent > 0);
	while ((st = ipc_recv(fds[1], &type, in, sizeof(in), &got, &passed)) ==
	    ST_OK) {
		assert_int_equal(got, 30000);
		received++;
	}
	assert_int_equal(st, ST_AGAIN);
	assert_int_equal(received, sent);
}

static void
failing_calls_are_reported(void **state)
{
	static const struct {
		int err;
		enum status st;
	} known[] = {{EIO, ST_IO}, {EPIPE, ST_EOF}, {ECONNRESET, ST_EOF},
	    {EAGAIN, ST_AGAIN}, {ENOBUFS, ST_AGAIN}, {EMSGSIZE, ST_LIMIT}};
	int *fds = *state, passed, pair[2], before = open_fds();
	uint8_t type;
	size_t got;
	enum status st;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		fault_errno(known[i].err);
		fault_at(FAULT_MESSAGE, 1);
		st = ipc_send(fds[0], 1, "x", 1, -1);
		assert_int_equal(st, known[i].st);
		fault_at(FAULT_MESSAGE, 1);
		st = ipc_recv(fds[1], &type, in, 10, &got, &passed);
		assert_int_equal(st, known[i].st);
		assert_int_equal(passed, -1);
	}
	/* A signal is no failure: the call is made again. */
	fault_errno(EINTR);
	fault_at(FAULT_MESSAGE, 1);
	assert_int_equal(ipc_send(fds[0], 7, "x", 1, -1), ST_OK);
	fault_at(FAULT_MESSAGE, 1);
	assert_int_equal(ipc_recv(fds[1], &type, in, 10, &got, &passed), ST_OK);
	assert_int_equal(type, 7);
	fault_errno(EIO);
	fault_at(FAULT_MESSAGE, 1);
	assert_int_equal(ipc_pair(pair), ST_IO);
	fault_off();
	assert_int_equal(pair[0], -1);
	assert_int_equal(open_fds(), before);
}

#define WITH_PAIR(f) cmocka_unit_test_setup_teardown(f, open_pair, close_pair)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PAIR(messages_of_all_sizes_arrive_whole),
	    WITH_PAIR(messages_do_not_run_together),
	    WITH_PAIR(a_descriptor_comes_along_closed_on_exec),
	    WITH_PAIR(malformed_messages_leave_no_descriptor_behind),
	    WITH_PAIR(a_peer_that_is_gone_is_the_end),
	    WITH_PAIR(a_full_or_empty_socket_says_again),
	    WITH_PAIR(failing_calls_are_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
