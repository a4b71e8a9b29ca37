#include "crypto/shares.h"

#include <libgfshare.h>
#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/guarded.h"
#include "crypto/digest.h"
#include "crypto/lines.h"

#define NEED_MIN 2
#define CHECK_LEN 8

/*
 * libgfshare keeps the secret and its coefficients (or the shares that were
 * given) in plain heap memory while a context lives, and looks their bytes
 * up in tables: for that time they are outside of guarded memory, and a
 * program beside ours might learn of them by the processor's caches.
 * gfshare_ctx_free() overwrites all it kept, by gfshare_fill_rand; nothing
 * stays behind on the heap.  It runs on the analysts' offline machine only.
 */
static void
fill(unsigned char *p, unsigned int len)
{
	randombytes_buf(p, len);
}

enum status
shares_split(const uint8_t key[static SHARE_KEY_LEN],
    const uint8_t backup[static SHARE_BACKUP_LEN], size_t need, size_t count,
    struct share *out)
{
	uint8_t x[SHARES_MAX];
	gfshare_ctx *ctx = NULL;
	uint8_t *secret = NULL;
	enum status st = ST_NOMEM;

	if (need < NEED_MIN || need > count || count > SHARES_MAX)
		return ST_BUG;
	for (size_t i = 0; i < count; i++)
		x[i] = (uint8_t)(i + 1);
	gfshare_fill_rand = fill;
	if ((secret = guarded_new(SHARE_KEY_LEN)) == NULL ||
	    (ctx = gfshare_ctx_init_enc(
		 x, (unsigned)count, (uint8_t)need, SHARE_KEY_LEN)) == NULL)
		goto out;
	memcpy(secret, key, SHARE_KEY_LEN); /* it wants no const */
	gfshare_ctx_enc_setsecret(ctx, secret);
	for (size_t i = 0; i < count; i++) {
		memcpy(out[i].backup, backup, SHARE_BACKUP_LEN);
		out[i].need = (uint8_t)need;
		out[i].x = x[i];
		gfshare_ctx_enc_getshare(ctx, (uint8_t)i, out[i].value);
	}
	st = ST_OK;
out:
	if (ctx != NULL)
		gfshare_ctx_free(ctx);
	guarded_free(secret);
	return st;
}

/* Are the shares of one backup, no two the same, and enough? */
static enum status
check(const struct share *share, size_t count)
{
	if (count == 0)
		return ST_SHORT;
	for (size_t i = 0; i < count; i++) {
		if (memcmp(share[i].backup, share[0].backup,
			SHARE_BACKUP_LEN) != 0 ||
		    share[i].need != share[0].need)
			return ST_WRONG_KEY;
		for (size_t k = 0; k < i; k++) {
			if (share[i].x == share[k].x)
				return ST_EXISTS;
		}
	}
	return count < share[0].need ? ST_SHORT : ST_OK;
}

enum status
shares_join(
    const struct share *share, size_t count, uint8_t key[static SHARE_KEY_LEN])
{
	uint8_t x[SHARES_MAX];
	gfshare_ctx *ctx = NULL;
	uint8_t *value = NULL;
	size_t need;
	enum status st;

	memset(key, 0, SHARE_KEY_LEN);
	if ((st = check(share, count)) != ST_OK)
		return st;
	need = share[0].need;
	if (need < NEED_MIN || need > SHARES_MAX)
		return ST_MALFORMED;
	for (size_t i = 0; i < need; i++) {
		if ((x[i] = share[i].x) == 0)
			return ST_MALFORMED;
	}
	gfshare_fill_rand = fill;
	st = ST_NOMEM;
	if ((value = guarded_new(SHARE_KEY_LEN)) == NULL ||
	    (ctx = gfshare_ctx_init_dec(x, (unsigned)need, SHARE_KEY_LEN)) ==
		NULL)
		goto out;
	for (size_t i = 0; i < need; i++) {
		memcpy(value, share[i].value, SHARE_KEY_LEN);
		gfshare_ctx_dec_giveshare(ctx, (uint8_t)i, value);
	}
	gfshare_ctx_dec_extract(ctx, key);
	st = ST_OK;
out:
	if (ctx != NULL)
		gfshare_ctx_free(ctx);
	guarded_free(value);
	return st;
}

/* The lines up to and without the check. */
static enum status
write_body(const struct share *share, struct bytes *out)
{
	char backup[2 * SHARE_BACKUP_LEN + 1], value[KEY_TEXT_LEN + 1];
	enum status st;

	(void)sodium_bin2hex(
	    backup, sizeof(backup), share->backup, SHARE_BACKUP_LEN);
	lines_key_text(share->value, value);
	st = bytes_printf(out,
	    "tipline-share 1\nbackup %s\nneed %u\nshare %u %s\n", backup,
	    (unsigned)share->need, (unsigned)share->x, value);
	wipe(value, sizeof(value));
	return st;
}

static void
check_text(const uint8_t *p, size_t len, char text[static 2 * CHECK_LEN + 1])
{
	uint8_t digest[DIGEST_LEN];

	blake2b("tipline-share-01", NULL, 0, p, len, digest);
	(void)sodium_bin2hex(text, 2 * CHECK_LEN + 1, digest, CHECK_LEN);
}

enum status
share_write(const struct share *share, struct bytes *out)
{
	struct bytes body = BYTES_INIT(SHARE_FILE_MAX);
	char text[2 * CHECK_LEN + 1];
	enum status st;

	if ((st = write_body(share, &body)) != ST_OK)
		goto out;
	check_text(body.p, body.len, text);
	if ((st = bytes_printf(&body, "check %s\n", text)) == ST_OK)
		st = bytes_append(out, body.p, body.len);
out:
	bytes_free(&body);
	return st;
}

static enum status
read_lines(struct lines *l, struct share *share, uint8_t *found)
{
	uint64_t need, x;
	enum status st;

	if ((st = lines_version(l, "tipline-share")) != ST_OK ||
	    (st = lines_next(l, "backup", 2)) != ST_OK ||
	    (st = lines_hex(l, 1, share->backup, SHARE_BACKUP_LEN)) != ST_OK ||
	    (st = lines_next(l, "need", 2)) != ST_OK ||
	    (st = lines_number(l, 1, SHARES_MAX, &need)) != ST_OK ||
	    (st = lines_next(l, "share", 3)) != ST_OK ||
	    (st = lines_number(l, 1, UINT8_MAX, &x)) != ST_OK ||
	    (st = lines_raw(l, 2, share->value, SHARE_KEY_LEN)) != ST_OK ||
	    (st = lines_next(l, "check", 2)) != ST_OK ||
	    (st = lines_hex(l, 1, found, CHECK_LEN)) != ST_OK ||
	    (st = lines_end(l)) != ST_OK)
		return st;
	if (need < NEED_MIN || x == 0)
		return lines_bad(l, "no share has such numbers");
	share->need = (uint8_t)need;
	share->x = (uint8_t)x;
	return ST_OK;
}

enum status
share_parse(const void *text, size_t len, struct share *share)
{
	struct bytes again = BYTES_INIT(SHARE_FILE_MAX);
	char found[2 * CHECK_LEN + 1], right[2 * CHECK_LEN + 1];
	uint8_t raw[CHECK_LEN] = {0};
	struct lines l;
	enum status st;

	memset(share, 0, sizeof(*share));
	if (len > SHARE_FILE_MAX)
		return ST_MALFORMED;
	if ((st = lines_begin(&l, text, len)) != ST_OK ||
	    (st = read_lines(&l, share, raw)) != ST_OK ||
	    (st = write_body(share, &again)) != ST_OK)
		goto out;
	check_text(again.p, again.len, right);
	(void)sodium_bin2hex(found, sizeof(found), raw, CHECK_LEN);
	if ((st = bytes_printf(&again, "check %s\n", found)) == ST_OK)
		st = lines_canonical(&l, text, len, &again);
	if (st == ST_OK && strcmp(found, right) != 0)
		st = ST_FORGED;
out:
	bytes_free(&again);
	if (st != ST_OK)
		wipe(share, sizeof(*share));
	return st;
}
