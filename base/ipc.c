#include "base/ipc.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Room for one descriptor; through alignment the kernel may fit in two. */
union control {
	struct cmsghdr align;
	char room[CMSG_SPACE(sizeof(int))];
};

enum status
ipc_pair(int fds[static 2])
{
	fds[0] = fds[1] = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
		fds[0] = fds[1] = -1;
		return ST_IO;
	}
	return ST_OK;
}

static enum status
status_of_errno(void)
{
	switch (errno) {
	case EAGAIN:
	case ENOBUFS:
		return ST_AGAIN;
	case EPIPE:
	case ECONNRESET:
	case ENOTCONN:
		return ST_EOF;
	case EMSGSIZE:
		return ST_LIMIT;
	default:
		return ST_IO;
	}
}

enum status
ipc_send(int fd, uint8_t type, const void *p, size_t len, int pass_fd)
{
	union {
		const void *in;
		void *out; /* sendmsg() reads it, its type says otherwise */
	} payload = {.in = p};
	struct iovec iov[2] = {{&type, 1}, {payload.out, len}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = len > 0 ? 2 : 1};
	union control control;
	ssize_t n;

	if (len > IPC_MAX)
		return ST_LIMIT;
	if (pass_fd != -1) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof(control));
		msg.msg_control = control.room;
		msg.msg_controllen = sizeof(control.room);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &pass_fd, sizeof(int));
	}
	do
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return status_of_errno();
	/* A packet goes whole or not at all. */
	return (size_t)n == len + 1 ? ST_OK : ST_IO;
}

/* Keep the first descriptor in *kept, close all others; return how many. */
static size_t
collect_fds(struct msghdr *msg, int *kept)
{
	size_t count = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL;
	     c = CMSG_NXTHDR(msg, c)) {
		size_t fds;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < fds; i++, count++) {
			int fd;

			memcpy(
			    &fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (count == 0)
				*kept = fd;
			else
				close(fd);
		}
	}
	return count;
}

enum status
ipc_recv(
    int fd, uint8_t *type, void *p, size_t size, size_t *got, int *passed_fd)
{
	struct iovec iov[2] = {{type, 1}, {p, size}};
	union control control;
	struct msghdr msg = {.msg_iov = iov,
	    .msg_iovlen = 2,
	    .msg_control = control.room,
	    .msg_controllen = sizeof(control.room)};
	size_t fds;
	ssize_t n;

	*type = 0;
	*got = 0;
	*passed_fd = -1;
	do
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return status_of_errno();
	fds = collect_fds(&msg, passed_fd);
	if (n == 0 && fds == 0)
		return ST_EOF;
	if (n == 0 || fds > 1 || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		if (*passed_fd != -1)
			close(*passed_fd);
		*passed_fd = -1;
		*type = 0;
		return ST_MALFORMED;
	}
	*got = (size_t)n - 1;
	return ST_OK;
}
