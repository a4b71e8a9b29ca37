/* load_conn: one visitor.  See load.h. */
#include "bench/load.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "site/answer.h"

#define BOUNDARY "----geckoformboundary79e612fc18949fc58ff03eaf56423d1a"
#define PART "--" BOUNDARY "\r\nContent-Disposition: form-data; "

uint64_t
load_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

void
load_connect(struct load *load, struct load_conn *conn, bool blocking)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int n;

	*conn = (struct load_conn){.state = LOAD_SENDING};
	if (strlen(load->path) >= sizeof(to.sun_path))
		load_die("the socket's path is too long");
	memcpy(to.sun_path, load->path, strlen(load->path) + 1);
	conn->started = load_now();
	if ((conn->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0 ||
	    connect(conn->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		load_die("connect");
	if (!blocking && fcntl(conn->fd, F_SETFL, O_NONBLOCK) != 0)
		load_die("fcntl");
	if (load->proxy) {
		load->circuit++;
		n = snprintf(conn->out, sizeof(conn->out),
		    "PROXY TCP6 fc00:dead:beef:4dad::%" PRIx32 ":%" PRIx32
		    " ::1 %" PRIu32 " 80\r\n",
		    load->circuit >> 16, load->circuit & 0xffff,
		    load->circuit & 0xffff);
		conn->len = (size_t)n;
	}
}

/* Append the request's head for a body of len bytes. */
static void
add_head(const struct load *load, struct load_conn *conn, uint64_t len)
{
	int n;

	n = snprintf(conn->out + conn->len, sizeof(conn->out) - conn->len,
	    "POST /tip HTTP/1.1\r\nHost: %s\r\n"
	    "User-Agent: Mozilla/5.0 (Windows NT 10.0; rv:128.0)"
	    " Gecko/20100101 Firefox/128.0\r\n"
	    "Accept: text/html,application/xhtml+xml\r\n"
	    "Accept-Language: en-US,en;q=0.5\r\n"
	    "Accept-Encoding: gzip, deflate\r\n"
	    "Content-Type: multipart/form-data; boundary=" BOUNDARY "\r\n"
	    "Content-Length: %" PRIu64 "\r\n"
	    "Origin: null\r\nConnection: keep-alive\r\n"
	    "Sec-Fetch-Site: same-origin\r\n\r\n",
	    load->host, len);
	conn->len += (size_t)n;
}

static void
add(struct load_conn *conn, const char *text, size_t len)
{
	if (len > sizeof(conn->out) - conn->len)
		load_die("the request is too long");
	memcpy(conn->out + conn->len, text, len);
	conn->len += len;
}

void
load_text(const struct load *load, struct load_conn *conn, size_t message_len)
{
	static const char before[] = PART "name=\"message\"\r\n\r\n";
	static const char after[] =
	    "\r\n" PART "name=\"file\"; filename=\"\"\r\n"
	    "Content-Type: application/octet-stream\r\n\r\n\r\n--" BOUNDARY
	    "--\r\n";
	char message[1400];

	if (message_len > sizeof(message))
		load_die("the message is too long");
	memset(message, 'w', message_len);
	add_head(
	    load, conn, sizeof(before) - 1 + message_len + sizeof(after) - 1);
	add(conn, before, sizeof(before) - 1);
	add(conn, message, message_len);
	add(conn, after, sizeof(after) - 1);
}

void
load_upload(const struct load *load, struct load_conn *conn, uint64_t file_len,
    char *tail, size_t *tail_len)
{
	static const char before[] =
	    PART "name=\"message\"\r\n\r\nsee the file\r\n" PART
		 "name=\"file\"; filename=\"records.bin\"\r\n"
		 "Content-Type: application/octet-stream\r\n\r\n";
	static const char after[] = "\r\n--" BOUNDARY "--\r\n";

	*tail_len = sizeof(after) - 1;
	memcpy(tail, after, *tail_len);
	add_head(load, conn, sizeof(before) - 1 + file_len + *tail_len);
	add(conn, before, sizeof(before) - 1);
}

/* Read the answer, which is as long as every other, keeping its first bytes. */
static enum load_state
read_on(struct load_conn *conn)
{
	static char dump[65536];
	ssize_t n = 1;

	while (conn->got < PAGE_TOTAL_LEN &&
	    (n = read(conn->fd, dump, sizeof(dump))) > 0) {
		for (ssize_t i = 0; i < n; i++, conn->got++) {
			if (conn->got < sizeof(conn->first))
				conn->first[conn->got] = dump[i];
		}
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return LOAD_READING;
	close(conn->fd);
	conn->fd = -1;
	if (conn->got != PAGE_TOTAL_LEN ||
	    memcmp(conn->first, "HTTP/1.1 200", 12) != 0)
		return LOAD_FAILED;
	return LOAD_KEPT;
}

enum load_state
load_go_on(struct load_conn *conn)
{
	ssize_t n;

	while (conn->state == LOAD_SENDING && conn->sent < conn->len) {
		n = send(conn->fd, conn->out + conn->sent,
		    conn->len - conn->sent, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return conn->state;
		if (n < 0)
			break; /* an answer may stand there nevertheless */
		conn->sent += (size_t)n;
	}
	conn->state = read_on(conn);
	return conn->state;
}
