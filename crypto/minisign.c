#include "crypto/minisign.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "base/num.h"
#include "crypto/sign.h"

#define UNTRUSTED "untrusted comment: "
#define TRUSTED "trusted comment: "
#define PREHASH_LEN 64
#define KEY_BLOB_LEN (2 + MINISIGN_ID_LEN + PUBLIC_KEY_LEN)
#define SIG_BLOB_LEN (2 + MINISIGN_ID_LEN + SIGNATURE_LEN)
#define BASE64_MAX                                                             \
	sodium_base64_ENCODED_LEN(SIG_BLOB_LEN, sodium_base64_VARIANT_ORIGINAL)

/* A stretch of the file that was handed in, borrowed. */
struct stretch {
	const char *p;
	size_t len;
};

/* Take one line, without its LF, off the front of rest. */
static bool
take_line(struct stretch *rest, struct stretch *line)
{
	const char *lf =
	    rest->len > 0 ? memchr(rest->p, '\n', rest->len) : NULL;

	if (lf == NULL)
		return false;
	line->p = rest->p;
	line->len = (size_t)(lf - rest->p);
	rest->p = lf + 1;
	rest->len -= line->len + 1;
	return true;
}

/* Take a line that begins with prefix; line is what follows the prefix. */
static bool
take_after(struct stretch *rest, const char *prefix, struct stretch *line)
{
	const size_t n = strlen(prefix);

	if (!take_line(rest, line) || line->len < n ||
	    memcmp(line->p, prefix, n) != 0)
		return false;
	line->p += n;
	line->len -= n;
	return true;
}

/*
 * Take a line that is exactly len bytes in base64.  It is written again and
 * compared: libsodium 1.0.18 takes some bytes above 0x7f for digits.
 */
static bool
take_base64(struct stretch *rest, uint8_t *out, size_t len)
{
	char again[BASE64_MAX];
	struct stretch line;
	size_t got;

	if (!take_line(rest, &line))
		return false;
	if (sodium_base642bin(out, len, line.p, line.len, NULL, &got, NULL,
		sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    got != len)
		return false;
	(void)sodium_bin2base64(
	    again, sizeof(again), out, len, sodium_base64_VARIANT_ORIGINAL);
	return line.len == strlen(again) &&
	    memcmp(again, line.p, line.len) == 0;
}

enum status
minisign_key_parse(const void *text, size_t len, struct minisign_key *key)
{
	struct stretch rest = {text, len};
	struct stretch comment;
	uint8_t blob[KEY_BLOB_LEN];

	memset(key, 0, sizeof(*key));
	if (len > MINISIGN_FILE_MAX ||
	    !take_after(&rest, UNTRUSTED, &comment) ||
	    !take_base64(&rest, blob, sizeof(blob)) || rest.len != 0 ||
	    memcmp(blob, "Ed", 2) != 0)
		return ST_MALFORMED;
	/* A key of small order would let anybody sign. */
	if (crypto_core_ed25519_is_valid_point(blob + 2 + MINISIGN_ID_LEN) != 1)
		return ST_MALFORMED;
	memcpy(key->id, blob + 2, MINISIGN_ID_LEN);
	memcpy(key->key, blob + 2 + MINISIGN_ID_LEN, PUBLIC_KEY_LEN);
	return ST_OK;
}

enum status
minisign_key_write(const struct minisign_key *key, struct bytes *out)
{
	uint8_t blob[KEY_BLOB_LEN] = {'E', 'd'};
	char text[sodium_base64_ENCODED_LEN(
	    sizeof(blob), sodium_base64_VARIANT_ORIGINAL)];

	memcpy(blob + 2, key->id, MINISIGN_ID_LEN);
	memcpy(blob + 2 + MINISIGN_ID_LEN, key->key, PUBLIC_KEY_LEN);
	(void)sodium_bin2base64(text, sizeof(text), blob, sizeof(blob),
	    sodium_base64_VARIANT_ORIGINAL);
	/* minisign shows an id as one little endian number. */
	return bytes_printf(out, UNTRUSTED "tipline root key %" PRIX64 "\n%s\n",
	    le64_get(key->id), text);
}

/* The global signature covers the signature and the trusted comment. */
static enum status
check_comment(const struct minisign_key *key, const uint8_t *sig,
    const struct stretch *comment, const uint8_t global[static SIGNATURE_LEN])
{
	uint8_t both[SIGNATURE_LEN + MINISIGN_FILE_MAX];

	if (comment->len > MINISIGN_FILE_MAX)
		return ST_MALFORMED;
	memcpy(both, sig, SIGNATURE_LEN);
	memcpy(both + SIGNATURE_LEN, comment->p, comment->len);
	return sign_check(key->key, both, SIGNATURE_LEN + comment->len, global);
}

enum status
minisign_verify(const struct minisign_key *key, const void *message, size_t len,
    const void *sig, size_t sig_len)
{
	struct stretch rest = {sig, sig_len};
	struct stretch ignored, comment;
	uint8_t blob[SIG_BLOB_LEN], global[SIGNATURE_LEN];
	uint8_t prehash[PREHASH_LEN];
	const uint8_t *const made = blob + 2 + MINISIGN_ID_LEN;
	enum status st;

	if (sig_len > MINISIGN_FILE_MAX ||
	    !take_after(&rest, UNTRUSTED, &ignored) ||
	    !take_base64(&rest, blob, sizeof(blob)) ||
	    !take_after(&rest, TRUSTED, &comment) ||
	    !take_base64(&rest, global, sizeof(global)) || rest.len != 0)
		return ST_MALFORMED;
	if (blob[0] != 'E' || (blob[1] != 'D' && blob[1] != 'd'))
		return ST_MALFORMED;
	if (memcmp(blob + 2, key->id, MINISIGN_ID_LEN) != 0)
		return ST_WRONG_KEY;
	if (blob[1] == 'D') {
		(void)crypto_generichash(
		    prehash, sizeof(prehash), message, len, NULL, 0);
		message = prehash;
		len = sizeof(prehash);
	}
	if ((st = sign_check(key->key, message, len, made)) != ST_OK)
		return st;
	return check_comment(key, made, &comment, global);
}

void
minisign_fingerprint(
    const struct minisign_key *key, char text[static FINGERPRINT_TEXT_LEN + 1])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t digest[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(digest, key->key, sizeof(key->key));
	for (size_t i = 0; i < 16; i++) {
		*text++ = hex[digest[i] >> 4];
		*text++ = hex[digest[i] & 15];
		if (i % 2 == 1 && i < 15)
			*text++ = ' ';
	}
	*text = '\0';
}
