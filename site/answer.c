#include "site/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "site/answer_parts.h"
#include "site/language.h"

#define HEAD_MAX 2048

static const struct {
	int code;
	const char *reason;
	enum site_page page;
} table[ANSWER_COUNT] = {
#define X(name, number, words, which, path) [name] = {number, words, which},
    ANSWERS(X)
#undef X
};

/*
 * Nothing may be loaded, run, kept or told to others; of frames, what
 * policy() says.
 */
static const char fixed_head[] =
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Embedder-Policy: require-corp\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: accelerometer=(), autoplay=(), camera=(),"
    " clipboard-read=(), clipboard-write=(), display-capture=(),"
    " encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(),"
    " magnetometer=(), microphone=(), midi=(), payment=(),"
    " picture-in-picture=(), publickey-credentials-get=(),"
    " screen-wake-lock=(), serial=(), usb=(), web-share=(),"
    " xr-spatial-tracking=()\r\n"
    "Connection: close\r\n"
    "\r\n";

static void
base64_32(
    const uint8_t in[static DIGEST_LEN], char out[static ANSWER_HASH_LEN + 1])
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0, o = 0; i < DIGEST_LEN; i += 3, o += 4) {
		uint32_t three = (uint32_t)in[i] << 16 |
		    (uint32_t)in[i + 1] << 8 |
		    (i + 2 < DIGEST_LEN ? in[i + 2] : 0);

		for (size_t k = 0; k < 4; k++)
			out[o + k] = digit[three >> (18 - 6 * k) & 63];
	}
	out[ANSWER_HASH_LEN - 1] = '=';
	out[ANSWER_HASH_LEN] = '\0';
}

static enum status
hash(struct site_text text, char out[static ANSWER_HASH_LEN + 1])
{
	uint8_t digest[DIGEST_LEN];
	struct sha256 *h = NULL;
	enum status st;

	if ((st = sha256_new(&h)) == ST_OK &&
	    (st = sha256_update(h, text.p, text.len)) == ST_OK &&
	    (st = sha256_final(h, digest)) == ST_OK)
		base64_32(digest, out);
	sha256_free(h);
	return st;
}

enum status
answers_new(const struct answer_site *site, struct answers **out)
{
	struct answers *a = calloc(1, sizeof(*a));
	enum status st = ST_NOMEM;

	*out = NULL;
	if (a != NULL) {
		a->site = *site;
		if ((st = hash(site_style(), a->style_hash)) == ST_OK)
			st = hash(site_noscript(), a->noscript_hash);
	}
	if (st == ST_OK) {
		*out = a;
		a = NULL; /* now the caller's */
	}
	answers_free(a);
	return st;
}

void
answers_set(struct answers *answers, const struct answer_site *site)
{
	answers->site = *site;
}

void
answers_free(struct answers *answers)
{
	free(answers);
}

/*
 * The style is known by its hash, and so is the one for browsers without
 * scripts.  The page for large files holds frames of ours; what stands in
 * them may send nothing.  A sandbox keeps it from more, and is not put on
 * other pages, since it would hide the banner about scripts.
 */
static int
policy(const struct answers *a, const struct answer_ask *ask, char *out,
    size_t len)
{
	bool progress =
	    ask->which == ANSWER_PROGRESS || ask->which == ANSWER_PROGRESS_KEPT;
	bool framed = ask->framed || progress;

	return snprintf(out, len,
	    "Content-Security-Policy: default-src 'none';"
	    " style-src 'sha256-%s' 'sha256-%s'; img-src data:;%s"
	    " form-action %s; base-uri 'none'; frame-ancestors %s%s\r\n"
	    "X-Frame-Options: %s\r\n",
	    a->style_hash, a->noscript_hash,
	    ask->which == ANSWER_LARGE ? " frame-src 'self';" : "",
	    framed ? "'none'" : "'self'", framed ? "'self'" : "'none'",
	    progress     ? "; sandbox"
		: framed ? "; sandbox allow-top-navigation-by-user-activation"
			 : "",
	    framed ? "SAMEORIGIN" : "DENY");
}

static size_t
write_head(const struct answers *a, const struct answer_ask *ask, char *out)
{
	char csp[HEAD_MAX / 2];
	size_t body_len = PAGE_TOTAL_LEN, len = 0;

	(void)policy(a, ask, csp, sizeof(csp));
	/* The head names the body's length, and with it its own: twice is
	 * enough, since five digits stay five. */
	for (int pass = 0; pass < 2; pass++) {
		len = (size_t)snprintf(out, HEAD_MAX,
		    "HTTP/1.1 %d %s\r\n"
		    "Content-Type: text/html; charset=utf-8\r\n"
		    "Content-Language: %s\r\n"
		    "Content-Length: %zu\r\n%s%s%s%s",
		    table[ask->which].code, table[ask->which].reason,
		    language_get(ask->language)->code, body_len,
		    table[ask->which].code == 405 ? "Allow: GET, HEAD, POST\r\n"
						  : "",
		    ask->again ? "Refresh: 1\r\n" : "", csp, fixed_head);
		body_len = PAGE_TOTAL_LEN - len;
	}
	return len;
}

enum status
answers_write(const struct answers *answers, const struct answer_ask *ask,
    uint8_t out[static PAGE_TOTAL_LEN], size_t *head_len, size_t *need)
{
	struct answer_writer w = {
	    .a = answers, .ask = ask, .out = out, .max = PAGE_TOTAL_LEN};

	*head_len = w.at = write_head(answers, ask, (char *)out);
	answer_put_file(&w, PIECE_LAYOUT);
	if (need != NULL)
		*need = w.at;
	if (w.at > PAGE_TOTAL_LEN)
		return ST_LIMIT;
	memset(out + w.at, '\n', PAGE_TOTAL_LEN - w.at);
	return ST_OK;
}

size_t
answers_piece(const struct answers *answers, const struct answer_ask *ask,
    enum site_page piece, uint8_t *out, size_t max)
{
	struct answer_writer w = {
	    .a = answers, .ask = ask, .out = out, .max = max};

	answer_put_file(&w, piece);
	return w.at > max ? 0 : w.at;
}

enum site_page
answers_page(enum answer which)
{
	return table[which].page;
}

bool
answers_refuses(enum answer which)
{
	/* Another site's text is not given to it; a go-between has read it. */
	return table[which].code >= 400 && which != ANSWER_FOREIGN &&
	    which != ANSWER_GATEWAY;
}
