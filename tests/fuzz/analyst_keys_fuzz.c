/*
 * Any bytes as an analyst's keys: what is taken is canonical, what is refused
 * has a line and a reason.  The signature over what is there is made anew, so
 * that the fuzzer gets past it: the signer's seed is a fixed one.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/analyst_keys.h"
#include "crypto/sign.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t seed[SECRET_KEY_LEN] = {1};

FUZZ_CRYPTO

static void
try(const uint8_t *p, size_t len)
{
	struct bytes again = BYTES_INIT(KEYSET_MAX);
	struct analyst_keys keys;
	unsigned line;
	const char *why;
	const enum status st = analyst_keys_parse(p, len, &keys, &line, &why);

	if (st != ST_OK) {
		must(keys.key == NULL);
		must(st == ST_FORGED ? line == 0 : why[0] != '\0');
		must(st == ST_FORGED || line > 0 || len > KEYSET_MAX);
		return;
	}
	must(keys.count >= 1 && keys.count <= KEYSET_EPOCHS_MAX);
	for (size_t i = 1; i < keys.count; i++)
		must(keys.key[i].epoch > keys.key[i - 1].epoch);
	if (analyst_keys_write(&keys, seed, &again) == ST_OK)
		must(again.len == len && memcmp(again.p, p, len) == 0);
	bytes_free(&again);
	analyst_keys_free(&keys);
}

/* The input itself, and the input with a right signature behind it. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static const char tag[] = "tipline-anakeys-1";
	struct bytes message = BYTES_INIT(2 * KEYSET_MAX);
	struct bytes text = BYTES_INIT(2 * KEYSET_MAX);
	uint8_t sig[SIGNATURE_LEN];
	char sig_text[89];

	try(p, len);
	if (len > KEYSET_MAX ||
	    bytes_append(&message, tag, sizeof(tag) - 1) != ST_OK ||
	    bytes_append(&message, p, len) != ST_OK)
		goto out;
	sign_make(seed, message.p, message.len, sig);
	(void)sodium_bin2base64(sig_text, sizeof(sig_text), sig, sizeof(sig),
	    sodium_base64_VARIANT_ORIGINAL);
	if (bytes_append(&text, p, len) == ST_OK &&
	    bytes_printf(&text, "signature %s\n", sig_text) == ST_OK)
		try(text.p, text.len);
out:
	bytes_free(&message);
	bytes_free(&text);
	return 0;
}
