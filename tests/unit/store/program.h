/*
 * program: tipline-keeper itself, confined as it will be.
 */
#ifndef TIPLINE_TESTS_UNIT_STORE_PROGRAM_H
#define TIPLINE_TESTS_UNIT_STORE_PROGRAM_H

#include "tests/unit/store/case.h"
#include "tests/unit/store/channel.h"

static inline void
start(struct channel *c, uint64_t quota, uint64_t reserve)
{
	char q[24], r[24];
	int fds[2];

	*c = (struct channel){.fd = -1};
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	(void)snprintf(q, sizeof(q), "%llu", (unsigned long long)quota);
	(void)snprintf(r, sizeof(r), "%llu", (unsigned long long)reserve);
	c->pid = fork();
	if (c->pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		if (getenv("TIPLINE_TEST_LOUD") == NULL)
			(void)dup2(null, 2);
		if (fds[1] == KEEPER_FD)
			(void)fcntl(fds[1], F_SETFD, 0);
		else
			(void)dup2(fds[1], KEEPER_FD);
		execl(KEEPER_PROGRAM, "tipline-keeper", "--data", folder,
		    "--quota", q, "--reserve", r, (char *)NULL);
		_exit(99);
	}
	assert_true(c->pid > 0);
	close(fds[1]);
	c->fd = fds[0];
}

/* How many tips there are; each is checked. */
static inline uint64_t
tips(void)
{
	struct store *store;
	uint64_t n;

	assert_int_equal(store_open(folder, STORE_READ, NULL, &store), ST_OK);
	n = check_tips(store, NULL, 0);
	store_close(store);
	return n;
}

static inline uint64_t
bytes_used(void)
{
	struct store *store;
	uint64_t n;

	assert_int_equal(store_open(folder, STORE_READ, NULL, &store), ST_OK);
	n = used(store);
	store_close(store);
	return n;
}

#define HEARD(c, want_type, want_upload)                                       \
	do {                                                                   \
		struct answer a_ = hear(c);                                    \
		assert_int_equal(a_.type, want_type);                          \
		assert_int_equal(a_.upload, want_upload);                      \
	} while (0)

#endif
