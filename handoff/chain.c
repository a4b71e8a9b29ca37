/*
 * chain: see chain.h.
 */
#include "handoff/chain.h"

#include <string.h>

#include "base/num.h"

void
chain_genesis(
    struct chain *chain, const uint8_t server_key[static PUBLIC_KEY_LEN])
{
	chain->number = 0;
	blake2b("tipline-chain-0", NULL, 0, server_key, PUBLIC_KEY_LEN,
	    chain->head);
}

void
chain_add(
    struct chain *chain, uint64_t len, const uint8_t digest[static DIGEST_LEN])
{
	uint8_t link[DIGEST_LEN + 8 + 8 + DIGEST_LEN];
	uint8_t *p = link;

	chain->number++;
	memcpy(p, chain->head, DIGEST_LEN);
	p += DIGEST_LEN;
	le64_put(p, chain->number);
	p += 8;
	le64_put(p, len);
	p += 8;
	memcpy(p, digest, DIGEST_LEN);
	blake2b("tipline-chain-1", NULL, 0, link, sizeof(link), chain->head);
}
