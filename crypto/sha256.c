#include <openssl/evp.h>
#include <stdlib.h>

#include "crypto/digest.h"

struct sha256 {
	EVP_MD_CTX *ctx;
};

/* Looking an algorithm up by name takes locks and memory: done once. */
static EVP_MD *algorithm;

enum status
sha256_prepare(void)
{
	if (algorithm == NULL)
		algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	return algorithm == NULL ? ST_NOMEM : ST_OK;
}

enum status
sha256_new(struct sha256 **out)
{
	struct sha256 *h = NULL;

	*out = NULL;
	if (sha256_prepare() != ST_OK)
		return ST_NOMEM;
	if ((h = calloc(1, sizeof(*h))) == NULL)
		return ST_NOMEM;
	if ((h->ctx = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(h->ctx, algorithm, NULL) != 1) {
		sha256_free(h);
		return ST_NOMEM;
	}
	*out = h;
	return ST_OK;
}

enum status
sha256_update(struct sha256 *h, const void *p, size_t len)
{
	return EVP_DigestUpdate(h->ctx, p, len) == 1 ? ST_OK : ST_NOMEM;
}

enum status
sha256_final(struct sha256 *h, uint8_t out[static DIGEST_LEN])
{
	if (EVP_DigestFinal_ex(h->ctx, out, NULL) != 1)
		return ST_NOMEM;
	/* The same context begins anew without being allocated again. */
	if (EVP_DigestInit_ex(h->ctx, NULL, NULL) != 1)
		return ST_NOMEM;
	return ST_OK;
}

void
sha256_free(struct sha256 *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}
