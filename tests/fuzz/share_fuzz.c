/*
 * Any bytes as the file of a share; besides, the same with a right check
 * behind it, so that the fuzzer gets past that.  And any bytes as shares that
 * were read: joining them ends, whatever numbers they have.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guarded.h"
#include "crypto/digest.h"
#include "crypto/recipients.h"
#include "crypto/shares.h"
#include "tests/fuzz/fuzz.h"

FUZZ_CRYPTO

static void
try(const void *p, size_t len)
{
	struct bytes again = BYTES_INIT(SHARE_FILE_MAX);
	struct share share;

	if (share_parse(p, len, &share) != ST_OK) {
		must(sodium_is_zero((const uint8_t *)&share, sizeof(share)));
		return;
	}
	must(share.x > 0 && share.need >= 2 && share.need <= SHARES_MAX);
	must(share_write(&share, &again) == ST_OK);
	must(again.len == len && memcmp(again.p, p, len) == 0);
	bytes_free(&again);
}

static void
join(const uint8_t *p, size_t len)
{
	uint8_t key[SHARE_KEY_LEN];
	struct share all[SHARES_MAX];
	size_t n = len / sizeof(all[0]);
	enum status st;

	if (n > SHARES_MAX)
		n = SHARES_MAX;
	if (n > 0)
		memcpy(all, p, n * sizeof(all[0]));
	st = shares_join(all, n, key);
	must(st == ST_OK || sodium_is_zero(key, sizeof(key)));
	must(guarded_live() == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	char text[SHARE_FILE_MAX + 32], hex[17];
	uint8_t digest[DIGEST_LEN];

	try(p, len);
	join(p, len);
	if (len > SHARE_FILE_MAX)
		return 0;
	blake2b("tipline-share-01", NULL, 0, p, len, digest);
	(void)sodium_bin2hex(hex, sizeof(hex), digest, 8);
	if (len > 0)
		memcpy(text, p, len);
	(void)snprintf(text + len, sizeof(text) - len, "check %s\n", hex);
	try(text, len + 23);
	return 0;
}
