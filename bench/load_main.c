/*
 * load: put a measured load on tipline-intake.  Results as JSON.
 *
 *	load SOCKET HOST upload BYTES           one upload of one file
 *	load SOCKET HOST text CLIENTS TIPS      so many text tips
 *	load SOCKET HOST crowd IDLE SLOW TIPS   text tips while others idle and
 *	                                        dribble; waits for a line on
 *	                                        standard input before it ends
 *
 * With "proxy" behind the command's words each connection begins with a PROXY
 * line and has a circuit of its own.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load.h"

#define MESSAGE_LEN 1000
#define BLOCK 262144
#define SLOW_LEN (UINT64_C(3) << 20) /* sealed: 4 MiB */

void
load_die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Print what n waits (nanoseconds) say. */
static void
print_waits(uint64_t *waits, size_t n, uint64_t whole)
{
	qsort(waits, n, sizeof(*waits), by_size);
	printf("{\"tips\": %zu, \"seconds\": %.6f, \"rate\": %.1f, "
	       "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
	    n, (double)whole / 1e9, (double)n * 1e9 / (double)whole,
	    (double)waits[n / 2] / 1e6, (double)waits[n * 99 / 100] / 1e6,
	    (double)waits[n - 1] / 1e6);
	fflush(stdout);
}

static void
send_all(int fd, const char *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		if ((n = send(fd, p, len, MSG_NOSIGNAL)) < 0)
			load_die("send");
		p += n;
		len -= (size_t)n;
	}
}

static void
run_upload(struct load *load, uint64_t len)
{
	struct load_conn *conn = calloc(1, sizeof(*conn));
	char *block = malloc(BLOCK), tail[128];
	size_t tail_len, n;
	uint64_t start;

	if (conn == NULL || block == NULL)
		load_die("memory");
	for (size_t i = 0; i < BLOCK; i++)
		block[i] = (char)(i * 2654435761U >> 13);
	load_connect(load, conn, true);
	load_upload(load, conn, len, tail, &tail_len);
	start = load_now();
	send_all(conn->fd, conn->out, conn->len);
	for (uint64_t left = len; left > 0; left -= n) {
		n = left < BLOCK ? (size_t)left : BLOCK;
		send_all(conn->fd, block, n);
	}
	send_all(conn->fd, tail, tail_len);
	conn->sent = conn->len;
	if (load_go_on(conn) != LOAD_KEPT)
		load_die("the upload was not kept");
	printf("{\"bytes\": %" PRIu64 ", \"seconds\": %.6f}\n", len,
	    (double)(load_now() - start) / 1e9);
	free(block);
	free(conn);
}

static void
begin_text(struct load *load, int epoll, struct load_conn *conn)
{
	struct epoll_event ev = {.data.ptr = conn};

	load_connect(load, conn, false);
	load_text(load, conn, MESSAGE_LEN);
	ev.events = EPOLLIN;
	if (load_go_on(conn) == LOAD_SENDING)
		ev.events |= EPOLLOUT;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, conn->fd, &ev) != 0)
		load_die("epoll_ctl");
}

/* Keep clients going until tips were answered. */
static void
run_text(struct load *load, size_t clients, size_t tips)
{
	struct load_conn *conns = calloc(clients, sizeof(*conns));
	uint64_t *waits = calloc(tips, sizeof(*waits));
	struct epoll_event ready[64];
	int epoll = epoll_create1(EPOLL_CLOEXEC), n;
	size_t begun = 0, done = 0;
	uint64_t start = load_now();

	if (conns == NULL || waits == NULL || epoll < 0)
		load_die("memory");
	for (; begun < clients && begun < tips; begun++)
		begin_text(load, epoll, &conns[begun]);
	while (done < tips) {
		if ((n = epoll_wait(epoll, ready, 64, 30000)) <= 0)
			load_die("no answer for 30 seconds");
		for (int i = 0; i < n; i++) {
			struct load_conn *conn = ready[i].data.ptr;

			if (load_go_on(conn) == LOAD_FAILED)
				load_die("a text tip was not kept");
			if (conn->state != LOAD_KEPT)
				continue;
			waits[done++] = load_now() - conn->started;
			if (begun < tips) {
				begun++;
				begin_text(load, epoll, conn);
			}
		}
	}
	print_waits(waits, tips, load_now() - start);
	close(epoll);
	free(waits);
	free(conns);
}

/* Let each slow upload send a little more. */
static void
dribble(struct load_conn *slow, size_t n)
{
	static const char little[256];

	for (size_t i = 0; i < n; i++) {
		if (send(slow[i].fd, little, sizeof(little),
			MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
		    errno != EAGAIN)
			load_die("a slow upload was cut off");
	}
}

/* One text tip; how long it took. */
static uint64_t
one_text(struct load *load)
{
	struct load_conn conn;

	load_connect(load, &conn, true);
	load_text(load, &conn, MESSAGE_LEN);
	if (load_go_on(&conn) != LOAD_KEPT)
		load_die("a text tip was not kept");
	return load_now() - conn.started;
}

/* How many of the idle connections the server has closed. */
static size_t
count_closed(const struct load_conn *conns, size_t n)
{
	size_t closed = 0;

	for (size_t i = 0; i < n; i++) {
		struct pollfd p = {conns[i].fd, POLLIN, 0};

		if (poll(&p, 1, 0) != 0)
			closed++;
	}
	return closed;
}

static void
run_crowd(struct load *load, size_t idle, size_t slow, size_t tips)
{
	struct load_conn *conns = calloc(idle + slow, sizeof(*conns));
	uint64_t *waits = calloc(tips, sizeof(*waits)), start;
	char tail[128], line[8];
	size_t tail_len;

	if (conns == NULL || waits == NULL)
		load_die("memory");
	for (size_t i = 0; i < idle + slow; i++) {
		load_connect(load, &conns[i], true);
		if (i >= idle)
			load_upload(load, &conns[i], SLOW_LEN, tail, &tail_len);
		/* The idle ones say who they are, and then nothing. */
		send_all(conns[i].fd, conns[i].out, conns[i].len);
	}
	/* More than one record each, so that all are really being sealed. */
	for (int i = 0; i < 80; i++)
		dribble(conns + idle, slow);
	sleep(1); /* that burst is not what is measured */
	start = load_now();
	for (size_t i = 0; i < tips; i++) {
		dribble(conns + idle, slow);
		waits[i] = one_text(load);
	}
	print_waits(waits, tips, load_now() - start);
	printf("{\"idle_closed\": %zu, \"slow_closed\": %zu}\n",
	    count_closed(conns, idle), count_closed(conns + idle, slow));
	fflush(stdout);
	if (read(STDIN_FILENO, line, sizeof(line)) < 0)
		load_die("standard input");
	free(waits);
	free(conns);
}

static uint64_t
number(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n == 0) {
		fprintf(stderr, "load: '%s' is not a number\n", text);
		exit(2);
	}
	return n;
}

int
main(int argc, char **argv)
{
	struct rlimit files;
	struct load load = {0};

	if (argc > 4 && strcmp(argv[argc - 1], "proxy") == 0) {
		load.proxy = true;
		argc--;
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	if (argc > 4) {
		load.path = argv[1];
		load.host = argv[2];
	}
	if (argc == 5 && strcmp(argv[3], "upload") == 0)
		run_upload(&load, number(argv[4]));
	else if (argc == 6 && strcmp(argv[3], "text") == 0)
		run_text(&load, number(argv[4]), number(argv[5]));
	else if (argc == 7 && strcmp(argv[3], "crowd") == 0)
		run_crowd(
		    &load, number(argv[4]), number(argv[5]), number(argv[6]));
	else {
		fprintf(stderr,
		    "usage: load SOCKET HOST upload BYTES |"
		    " text CLIENTS TIPS | crowd IDLE SLOW TIPS [proxy]\n");
		return 2;
	}
	return 0;
}
