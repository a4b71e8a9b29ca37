/*
 * Any bytes as a public key file and as a signature.  The key that the
 * signature is held against is the one in the corpus, so that the fuzzer
 * gets past the key id; a signature must never hold for another message.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/minisign.h"
#include "crypto/recipients.h"
#include "tests/fuzz/fuzz.h"

/* The root of tests/vectors/minisign: its id comes from the signature. */
static const char message[] = "tipline-keyset 1\nnot a whole one\n";

FUZZ_CRYPTO

/* Input: a public key file, a zero byte, a signature. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	const uint8_t *const zero = len > 0 ? memchr(p, 0, len) : NULL;
	const size_t key_len = zero == NULL ? len : (size_t)(zero - p);
	struct bytes again = BYTES_INIT(MINISIGN_FILE_MAX);
	struct minisign_key key, reread;

	if (minisign_key_parse(p, key_len, &key) != ST_OK)
		return 0;
	must(minisign_key_write(&key, &again) == ST_OK);
	must(minisign_key_parse(again.p, again.len, &reread) == ST_OK);
	must(memcmp(&key, &reread, sizeof(key)) == 0);
	bytes_free(&again);
	if (zero != NULL &&
	    minisign_verify(&key, message, sizeof(message) - 1, zero + 1,
		len - key_len - 1) == ST_OK)
		must(minisign_verify(&key, message, sizeof(message) - 2,
			 zero + 1, len - key_len - 1) == ST_FORGED);
	return 0;
}
