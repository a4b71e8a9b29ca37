/*
 * control: what the supervisor tells the receiver.
 *
 * Messages of base/ipc.h over descriptor CONTROL_FD.  The receiver opens no
 * file, so everything it knows comes this way: limits, public keys, texts and,
 * at start and after each restart of the keeper, the keeper's end of a channel.
 */
#ifndef TIPLINE_INTAKE_CONTROL_H
#define TIPLINE_INTAKE_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/recipients.h"
#include "line/config.h"

#define CONTROL_FD 3  /* in the receiver: to the supervisor */
#define LISTEN_FD 4   /* in the receiver: the listening unix socket, if any */
#define LOOPBACK_FD 5 /* in the receiver: listening on 127.0.0.1, if any */
#define CHANNEL_FD 3  /* in the keeper: to the receiver */

enum control_type {
	/* supervisor to receiver */
	CONTROL_CONFIG = 1, /* struct control_config, first of all */
	CONTROL_EPOCHS = 2, /* control_epochs_write(); replaces what was told
			     * before.  Those in force now or next, or none:
			     * then the form is closed.  Sent again each hour */
	CONTROL_KEEPER = 3, /* empty, with the channel's descriptor */
	/* In pieces (pieces.h), at start and when they have changed: */
	CONTROL_TEXTS = 4,     /* texts_write() of the operator's texts */
	CONTROL_KEYS_PAGE = 5, /* keyset.txt, keyset.txt.minisig, root.pub, for
				* visitors to see; empty: there is none */
	/* receiver to supervisor */
	CONTROL_READY = 17, /* empty: configured, keyed and serving */
};

#define CONTROL_EPOCHS_MAX 16
#define CONTROL_KEYS_TEXTS 3 /* of CONTROL_KEYS_PAGE */

struct control_config {
	char onion[ONION_MAX + 1];
	uint8_t unix_on; /* 1: LISTEN_FD is open */
	uint8_t proxy; /* enum proxy_mode of LISTEN_FD; LOOPBACK_FD has none */
	uint8_t loopback; /* 1: LOOPBACK_FD is open; there, and only there, the
			   * Host may be 127.0.0.1:port or localhost:port */
	uint16_t port;    /* of LOOPBACK_FD */
	uint32_t files_max, connections_max;
	uint32_t circuit_connections_max, circuit_uploads_max;
	uint64_t upload_max;
};

/* The epochs that tips may be sealed to now or next; numbers rise. */
struct control_epochs {
	uint32_t floor; /* the highest number ever in force here, 0: none */
	uint64_t opens; /* when the next epoch begins, seconds since 1970;
			 * 0: not known */
	size_t count;   /* 0: closed */
	struct recipients epoch[CONTROL_EPOCHS_MAX];
};

/*
 * Epochs as bytes: u32 floor, u64 opens, u32 count, then for each u32 epoch,
 * u64 from, u64 until, u8 count, then count times 8 key id | 32 key.  parse
 * checks all of it (1 to RECIPIENTS_MAX keys, numbers from 1 on that rise);
 * of a message that is refused, nothing of *epochs is to be used.
 * ST_OK, ST_LIMIT (out is too small, too many) / ST_OK, ST_MALFORMED.
 */
#define CONTROL_EPOCHS_LEN_MAX                                                 \
	(16 +                                                                  \
	    CONTROL_EPOCHS_MAX *                                               \
		(21 + RECIPIENTS_MAX * (KEY_ID_LEN + PUBLIC_KEY_LEN)))
MUST_CHECK enum status control_epochs_write(const struct control_epochs *epochs,
    uint8_t *out, size_t size, size_t *len);
MUST_CHECK enum status control_epochs_parse(
    const uint8_t *p, size_t len, struct control_epochs *epochs);

#endif
