/*
 * load: visitors that put a load on tipline-intake, over its unix socket.
 *
 * Shared by load.c (the commands) and load_conn.c (one visitor).  A visitor
 * sends what Firefox sends, at once or in pieces, and reads the answer to its
 * end.  Each has a Tor circuit of its own where a PROXY line is asked for.
 */
#ifndef TIPLINE_BENCH_LOAD_H
#define TIPLINE_BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_HEAD_MAX 2048

struct load {
	const char *path; /* of the unix socket */
	const char *host; /* what the Host line says */
	bool proxy;
	uint32_t circuit; /* of the next visitor */
};

enum load_state { LOAD_SENDING, LOAD_READING, LOAD_KEPT, LOAD_FAILED };

struct load_conn {
	int fd;
	enum load_state state;
	char out[LOAD_HEAD_MAX + 2048]; /* the whole request, if it is small */
	size_t len, sent;
	char first[16]; /* of the answer: "HTTP/1.1 200" */
	size_t got;
	uint64_t started; /* nanoseconds, load_now() */
};

/* Nanoseconds of the monotonic clock. */
uint64_t load_now(void);

/* Connect; ends the program if that fails, since then nothing can be
 * measured. */
void load_connect(struct load *load, struct load_conn *conn, bool blocking);

/* Put a whole text tip of message_len bytes (at most 1400) into conn. */
void load_text(
    const struct load *load, struct load_conn *conn, size_t message_len);

/* Put the head of an upload of one file into conn, up to the file's first
 * byte.  tail (at least 128) and *tail_len are what follows its last. */
void load_upload(const struct load *load, struct load_conn *conn,
    uint64_t file_len, char *tail, size_t *tail_len);

/* Send and read as far as conn's descriptor allows; returns its state. */
enum load_state load_go_on(struct load_conn *conn);

/* Print what went wrong, with errno if it is set, and end with 1. */
void load_die(const char *what);

#endif
