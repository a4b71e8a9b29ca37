/*
 * recipients: the public keys that one epoch's tips are sealed to.
 *
 * Made from a verified key set by the supervisor and handed to the receiver.
 * Plain data: public, copied freely.
 */
#ifndef TIPLINE_CRYPTO_RECIPIENTS_H
#define TIPLINE_CRYPTO_RECIPIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define KEY_ID_LEN 8
#define KEY_ID_TEXT_LEN 16 /* hex digits */
#define PUBLIC_KEY_LEN 32
#define SECRET_KEY_LEN 32
#define RECIPIENTS_MAX 16

enum key_role {
	KEY_ROLE_EPOCH = 1,
	KEY_ROLE_SERVER = 2,
	KEY_ROLE_SIGNER = 3,
	KEY_ROLE_BACKUP = 4
};

struct recipient {
	uint8_t id[KEY_ID_LEN];
	uint8_t key[PUBLIC_KEY_LEN]; /* X25519 */
};

struct recipients {
	uint32_t epoch;
	uint64_t from,
	    until; /* seconds since 1970; valid while from <= t < until */
	size_t count;
	struct recipient r[RECIPIENTS_MAX];
};

/* Which epoch tips are sealed to, and why (docs/FORMATS.md section 3). */
enum epoch_state {
	EPOCH_BY_CLOCK, /* the newest that is valid now */
	EPOCH_AHEAD,    /* the floor's: the clock went back behind it */
	EPOCH_EARLY,    /* none yet; *opens is when the first begins */
	EPOCH_ENDED,    /* none any more */
};

/*
 * Find the epoch in force among count of them, in rising order.  floor is the
 * highest number ever in force, 0 for none.  NULL if there is none.  *opens
 * is when the next epoch not in force yet begins, 0 if none will.
 */
const struct recipients *epoch_in_force(const struct recipients *epochs,
    size_t count, uint64_t now, uint32_t floor, enum epoch_state *state,
    uint64_t *opens);

/* Make libsodium ready; call once before anything of crypto/.  ST_OK, ST_IO. */
MUST_CHECK enum status crypto_room_init(void);

/* The id of a public key in its role (docs/FORMATS.md, Conventions). */
void key_id(enum key_role role, const uint8_t key[static PUBLIC_KEY_LEN],
    uint8_t id[static KEY_ID_LEN]);

/* Is key one that can be sealed to, or whose signatures mean something?
 * docs/FORMATS.md section 3 says which are not. */
bool key_usable(enum key_role role, const uint8_t key[static PUBLIC_KEY_LEN]);

/* Write id as 16 hex digits and a NUL. */
void key_id_text(
    const uint8_t id[static KEY_ID_LEN], char text[static KEY_ID_TEXT_LEN + 1]);

#endif
