#include "site/answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "crypto/digest.h"
#include "site/answer.h"
#include "site/page_text.h"

#define HASH_TEXT_LEN 44 /* 32 bytes in base64 */
#define WORDS_LEN 32     /* "1023 MiB" and the like */
#define HEAD_MAX 2048
#define DEPTH_MAX 3 /* the layout holds a page, a page holds values */
#define OPENS_LEN 128

/* What stands for a blank in a page that was made: this and a letter. */
#define BLANK_MARK 0x01
#define BLANK_FIRST 'A'
_Static_assert(BLANKS <= 26, "a letter for each");

struct answers {
	struct answer_limits limits;
	char hash[HASH_TEXT_LEN + 1];
	char opens[OPENS_LEN];
	size_t head_len[ANSWER_COUNT];
	size_t len[ANSWER_COUNT]; /* without the line ends behind it */
	uint8_t page[ANSWER_COUNT][PAGE_TOTAL_LEN];
};

static const char *const blank_name[BLANKS] = {
#define X(name, text) [name] = text,
    ANSWER_BLANKS(X)
#undef X
};

static const struct {
	int code;
	const char *reason;
	enum site_page page;
} table[ANSWER_COUNT] = {
#define X(name, number, words, which) [name] = {number, words, which},
    ANSWERS(X)
#undef X
};

/*
 * Nothing may be loaded, run, framed, kept or told to others.  The form may
 * be sent to us alone; the style is known by its hash.
 */
static const char fixed_head[] =
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
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

/* What a {{name}} stands for. */
struct value {
	const char *name;
	struct site_text text;
};

/* "512 MiB"; the largest unit that leaves no fraction. */
static void
size_words(uint64_t bytes, char words[static WORDS_LEN])
{
	static const char *const unit[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	size_t i = 0;

	while (i < 4 && bytes >= 1024 && bytes % 1024 == 0) {
		bytes /= 1024;
		i++;
	}
	snprintf(words, WORDS_LEN, "%" PRIu64 " %s", bytes, unit[i]);
}

static void
base64_32(
    const uint8_t in[static DIGEST_LEN], char out[static HASH_TEXT_LEN + 1])
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
	out[HASH_TEXT_LEN - 1] = '=';
	out[HASH_TEXT_LEN] = '\0';
}

static enum status
style_hash(char out[static HASH_TEXT_LEN + 1])
{
	struct site_text style = site_style();
	uint8_t digest[DIGEST_LEN];
	struct sha256 *h = NULL;
	enum status st;

	if ((st = sha256_new(&h)) == ST_OK &&
	    (st = sha256_update(h, style.p, style.len)) == ST_OK &&
	    (st = sha256_final(h, digest)) == ST_OK)
		base64_32(digest, out);
	sha256_free(h);
	return st;
}

/* Append the mark of a blank.  ST_MALFORMED: there is none of that name. */
static enum status
mark_blank(struct bytes *out, const unsigned char *name, size_t len)
{
	uint8_t mark[2] = {BLANK_MARK, BLANK_FIRST};

	for (size_t i = 0; i < BLANKS; i++, mark[1]++)
		if (strlen(blank_name[i]) == len &&
		    memcmp(blank_name[i], name, len) == 0)
			return bytes_append(out, mark, sizeof(mark));
	return ST_MALFORMED;
}

/* Append text, each {{name}} replaced; what replaces it may hold more. */
static enum status
fill_in(struct bytes *out, struct site_text text, const struct value *values,
    int depth)
{
	const unsigned char *p = text.p, *end = p + text.len, *open, *close;
	const struct value *v;
	enum status st;

	while ((open = memmem(p, (size_t)(end - p), "{{", 2)) != NULL) {
		close = memmem(open, (size_t)(end - open), "}}", 2);
		if (close == NULL || depth == 0)
			return ST_MALFORMED;
		if ((st = bytes_append(out, p, (size_t)(open - p))) != ST_OK)
			return st;
		open += 2;
		for (v = values; v->name != NULL; v++)
			if (strlen(v->name) == (size_t)(close - open) &&
			    memcmp(v->name, open, strlen(v->name)) == 0)
				break;
		st = v->name != NULL
		    ? fill_in(out, v->text, values, depth - 1)
		    : mark_blank(out, open, (size_t)(close - open));
		if (st != ST_OK)
			return st;
		p = close + 2;
	}
	return bytes_append(out, p, (size_t)(end - p));
}

static enum status
make_body(const struct answers *a, enum site_page page, struct bytes *out)
{
	const struct answer_limits *limits = &a->limits;
	struct site_text all = site_page(page), title;
	char upload[WORDS_LEN], message[WORDS_LEN], files[WORDS_LEN];
	const unsigned char *line = memchr(all.p, '\n', all.len);

	if (line == NULL)
		return ST_MALFORMED;
	title = (struct site_text){all.p, (size_t)(line - all.p)};
	all = (struct site_text){line + 1, all.len - title.len - 1};
	size_words(limits->upload_max, upload);
	size_words(limits->message_max, message);
	snprintf(files, sizeof(files), "%" PRIu32, limits->files_max);

	const struct value values[] = {{"title", title}, {"page", all},
	    {"style", site_style()}, {"upload_max", site_text_of(upload)},
	    {"message_max", site_text_of(message)},
	    {"files_max", site_text_of(files)},
	    {"opens", site_text_of(a->opens)}, {NULL, {NULL, 0}}};

	return fill_in(out, site_layout(), values, DEPTH_MAX);
}

/* Head and body, and line ends up to the one size. */
static enum status
make_answer(struct answers *a, enum answer which, const struct bytes *body)
{
	struct bytes head = BYTES_INIT(HEAD_MAX);
	size_t have, body_len = PAGE_TOTAL_LEN;
	enum status st = ST_OK;

	/* The head names the body's length, and with it its own: twice is
	 * enough, since five digits stay five. */
	for (int pass = 0; pass < 2 && st == ST_OK; pass++) {
		bytes_clear(&head);
		st = bytes_printf(&head,
		    "HTTP/1.1 %d %s\r\n"
		    "Content-Type: text/html; charset=utf-8\r\n"
		    "Content-Length: %zu\r\n%s"
		    "Content-Security-Policy: default-src 'none';"
		    " style-src 'sha256-%s'; img-src data:;"
		    " form-action 'self'; base-uri 'none';"
		    " frame-ancestors 'none'\r\n%s",
		    table[which].code, table[which].reason, body_len,
		    table[which].code == 405 ? "Allow: GET, HEAD, POST\r\n"
					     : "",
		    a->hash, fixed_head);
		body_len = PAGE_TOTAL_LEN - head.len;
	}
	have = head.len + body->len;
	if (st == ST_OK && have > PAGE_TOTAL_LEN)
		st = ST_LIMIT;
	if (st == ST_OK) {
		memcpy(a->page[which], head.p, head.len);
		memcpy(a->page[which] + head.len, body->p, body->len);
		memset(a->page[which] + have, '\n', PAGE_TOTAL_LEN - have);
		a->head_len[which] = head.len;
		a->len[which] = have;
	}
	bytes_free(&head);
	return st;
}

static enum status
make(struct answers *a, enum answer which)
{
	struct bytes body = BYTES_INIT(PAGE_TOTAL_LEN);
	enum status st;

	if ((st = make_body(a, table[which].page, &body)) == ST_OK)
		st = make_answer(a, which, &body);
	bytes_free(&body);
	return st;
}

static void
say_opens(struct answers *a, uint64_t opens)
{
	char day[PAGE_DAY_LEN + 1];

	page_text_day(opens, day);
	if (opens == 0)
		snprintf(
		    a->opens, sizeof(a->opens), "Come back in a day or two.");
	else
		snprintf(a->opens, sizeof(a->opens),
		    "Come back on %s (UTC) or later.", day);
}

enum status
answers_new(const struct answer_limits *limits, struct answers **out)
{
	struct answers *a = malloc(sizeof(*a));
	enum status st;

	*out = NULL;
	if (a == NULL)
		return ST_NOMEM;
	a->limits = *limits;
	say_opens(a, 0);
	st = style_hash(a->hash);
	for (int i = 0; i < ANSWER_COUNT && st == ST_OK; i++)
		st = make(a, (enum answer)i);
	if (st == ST_OK) {
		*out = a;
		a = NULL; /* now the caller's */
	}
	answers_free(a);
	return st;
}

/* Somebody may have taken the first half of that page a moment ago; the
 * other half is of the same length, and no worse to read. */
enum status
answers_set_opens(struct answers *answers, uint64_t opens)
{
	say_opens(answers, opens);
	return make(answers, ANSWER_CLOSED);
}

void
answers_free(struct answers *answers)
{
	free(answers);
}

const uint8_t *
answers_get(const struct answers *answers, enum answer which, size_t *head_len)
{
	*head_len = answers->head_len[which];
	return answers->page[which];
}

/* Append to out, of which *at bytes are written.  False if it is too long. */
static bool
put(uint8_t *out, size_t *at, const void *p, size_t len)
{
	if (len > PAGE_TOTAL_LEN - *at)
		return false;
	if (len > 0)
		memcpy(out + *at, p, len);
	*at += len;
	return true;
}

enum status
answers_fill(const struct answers *answers, enum answer which,
    const struct site_text fill[static BLANKS], uint8_t *out)
{
	const uint8_t *p = answers->page[which];
	const uint8_t *end = p + answers->len[which], *mark;
	const struct site_text *text;
	size_t at = 0;

	while ((mark = memchr(p, BLANK_MARK, (size_t)(end - p))) != NULL) {
		text = &fill[mark[1] - BLANK_FIRST];
		if (!put(out, &at, p, (size_t)(mark - p)) ||
		    !put(out, &at, text->p, text->len))
			return ST_LIMIT;
		p = mark + 2;
	}
	if (!put(out, &at, p, (size_t)(end - p)))
		return ST_LIMIT;
	memset(out + at, '\n', PAGE_TOTAL_LEN - at);
	return ST_OK;
}
