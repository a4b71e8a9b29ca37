/*
 * ipc: messages between our own processes, with a descriptor if wanted.
 *
 * One message is one packet of a unix SOCK_SEQPACKET pair: a type byte, then
 * up to IPC_MAX bytes.  The peer is another process of ours, but may have
 * been taken over by a visitor: whoever receives checks type and length and
 * treats anything else as the end of that peer, never of itself.
 */
#ifndef TIPLINE_BASE_IPC_H
#define TIPLINE_BASE_IPC_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define IPC_MAX 65536

/* Make a connected pair, close-on-exec, blocking.  ST_OK or ST_IO. */
MUST_CHECK enum status ipc_pair(int fds[static 2]);

/*
 * Send one message; pass_fd is sent along unless it is -1, and stays the
 * caller's.  ST_OK, ST_LIMIT, ST_AGAIN (non-blocking and full), ST_EOF (the
 * peer is gone), ST_IO.
 */
MUST_CHECK enum status ipc_send(
    int fd, uint8_t type, const void *p, size_t len, int pass_fd);

/*
 * Receive one message into p[0..size).  *got is its length, *passed_fd the
 * descriptor that came along (close-on-exec, now the caller's) or -1.
 * ST_OK, ST_AGAIN, ST_EOF, ST_MALFORMED (longer than size, or with several
 * descriptors, which are closed), ST_IO.  A packet without a type byte counts
 * as ST_EOF: the kernel shows both alike.
 */
MUST_CHECK enum status ipc_recv(
    int fd, uint8_t *type, void *p, size_t size, size_t *got, int *passed_fd);

#endif
