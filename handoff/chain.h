/*
 * chain: number tips and link each to the one before, so that losing one
 * shows (docs/FORMATS.md section 2).
 */
#ifndef TIPLINE_HANDOFF_CHAIN_H
#define TIPLINE_HANDOFF_CHAIN_H

#include <stdint.h>

#include "crypto/digest.h"
#include "crypto/recipients.h"

struct chain {
	uint64_t number; /* of the last tip linked in, 0 for none */
	uint8_t head[DIGEST_LEN];
};

/* The chain of a server before its first tip. */
void chain_genesis(
    struct chain *chain, const uint8_t server_key[static PUBLIC_KEY_LEN]);

/* Link in the next tip: number becomes number + 1. */
void chain_add(
    struct chain *chain, uint64_t len, const uint8_t digest[static DIGEST_LEN]);

#endif
