/*
 * channel: the receiver's end, for tests that drive a keeper.
 */
#ifndef TIPLINE_TESTS_UNIT_STORE_CHANNEL_H
#define TIPLINE_TESTS_UNIT_STORE_CHANNEL_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/num.h"
#include "store/keeper_msg.h"
#include "tests/unit/store/bench.h"

struct channel {
	int fd;
	pid_t pid;
	uint64_t files_room, text_room; /* of the last ROOM */
	unsigned rooms;                 /* how many ROOM came */
	uint8_t slot[KEEPER_SLOT_LEN];  /* of the last SLOT */
};

/* What came back: the upload, and how it went. */
struct answer {
	enum keeper_type type; /* 0: the channel ended, or silence */
	uint32_t upload;
	uint8_t reason;
};

static inline void
say(const struct channel *c, const void *p, size_t len)
{
	const uint8_t *at = p;

	while (len > 0) {
		ssize_t n = send(c->fd, at, len, MSG_NOSIGNAL);

		if (n < 0)
			return; /* it hung up: the test sees that reading */
		at += n;
		len -= (size_t)n;
	}
}

static inline size_t
frame(uint8_t *out, enum keeper_type type, uint32_t upload, const void *p,
    uint32_t len)
{
	struct keeper_head head = {type, upload, len};

	keeper_head_write(&head, out);
	if (len > 0)
		memcpy(out + KEEPER_HEAD_LEN, p, len);
	return KEEPER_HEAD_LEN + len;
}

static inline void
say_frame(const struct channel *c, enum keeper_type type, uint32_t upload,
    const void *p, uint32_t len)
{
	static uint8_t out[KEEPER_HEAD_LEN + KEEPER_DATA_MAX];

	say(c, out, frame(out, type, upload, p, len));
}

/* Bytes from at of the tip with this seed. */
static inline void
say_data(const struct channel *c, uint32_t upload, uint32_t seed, uint64_t at,
    size_t len)
{
	uint8_t buf[KEEPER_DATA_MAX];

	while (len > 0) {
		size_t n = len < sizeof(buf) ? len : sizeof(buf);

		tip_fill(seed, at, buf, n);
		say_frame(c, KEEPER_DATA, upload, buf, (uint32_t)n);
		at += n;
		len -= n;
	}
}

static inline void
say_commit(
    const struct channel *c, uint32_t upload, uint32_t seed, uint64_t len)
{
	uint8_t body[KEEPER_COMMIT_LEN];

	le64_put(body, len);
	tip_digest(seed, body + 8);
	say_frame(c, KEEPER_COMMIT, upload, body, sizeof(body));
}

static inline bool
hear_all(const struct channel *c, uint8_t *p, size_t len)
{
	while (len > 0) {
		struct pollfd fd = {.fd = c->fd, .events = POLLIN};
		ssize_t n;

		if (poll(&fd, 1, 60000) != 1)
			return false;
		n = recv(c->fd, p, len, 0);
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* The next answer that is not ROOM. */
static inline struct answer
hear(struct channel *c)
{
	for (;;) {
		uint8_t in[KEEPER_HEAD_LEN], body[KEEPER_SLOT_LEN];
		struct keeper_head head;

		if (!hear_all(c, in, sizeof(in)))
			return (struct answer){0};
		assert_int_equal(keeper_head_parse(in, &head), ST_OK);
		assert_true(head.len <= sizeof(body));
		if (!hear_all(c, body, head.len))
			return (struct answer){0};
		if (head.type == KEEPER_SLOT)
			memcpy(c->slot, body, sizeof(c->slot));
		if (head.type != KEEPER_ROOM)
			return (struct answer){head.type, head.upload, body[0]};
		c->files_room = le64_get(body);
		c->text_room = le64_get(body + 8);
		c->rooms++;
	}
}

/* Wait for the keeper's end; its exit code, or -1 if a signal ended it. */
static inline int
ended(struct channel *c)
{
	int status = 0;

	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
