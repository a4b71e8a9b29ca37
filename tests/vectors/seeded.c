#include "tests/vectors/seeded.h"

#include <sodium.h>
#include <stdint.h>
#include <string.h>

static uint8_t seed[randombytes_SEEDBYTES];
static uint64_t drawn;

static const char *
seeded_name(void)
{
	return "seeded";
}

static void
seeded_buf(void *const p, const size_t len)
{
	uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];

	/* Each draw has a nonce of its own, so draws of any length differ. */
	for (size_t i = 0; i < sizeof(nonce); i++)
		nonce[i] = (uint8_t)(drawn >> 8 * i);
	drawn++;
	(void)crypto_stream_chacha20(p, len, nonce, seed);
}

static uint32_t
seeded_random(void)
{
	uint32_t v;

	seeded_buf(&v, sizeof(v));
	return v;
}

static struct randombytes_implementation seeded = {
    .implementation_name = seeded_name,
    .random = seeded_random,
    .buf = seeded_buf,
};

void
seeded_install(void)
{
	(void)randombytes_set_implementation(&seeded);
}

void
seeded_start(const char *name)
{
	(void)crypto_generichash(
	    seed, sizeof(seed), (const uint8_t *)name, strlen(name), NULL, 0);
	drawn = 0;
}
