#include "crypto/backup_box.h"

#include <sodium.h>
#include <string.h>

#define MAGIC "tipline-backup-1"
#define MAGIC_LEN 16
#define NAME_LEN 15 /* of the magic, without the version */
#define OPEN_LEN (MAGIC_LEN + SHARE_BACKUP_LEN)
#define NONCE_LEN crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_LEN crypto_aead_xchacha20poly1305_ietf_ABYTES

_Static_assert(BACKUP_BOX_MORE == OPEN_LEN + NONCE_LEN + TAG_LEN,
    "a backup as FORMATS.md has it");

void
backup_box_new(
    uint8_t key[static SHARE_KEY_LEN], uint8_t backup[static SHARE_BACKUP_LEN])
{
	randombytes_buf(key, SHARE_KEY_LEN);
	randombytes_buf(backup, SHARE_BACKUP_LEN);
}

enum status
backup_box_seal(const uint8_t key[static SHARE_KEY_LEN],
    const uint8_t backup[static SHARE_BACKUP_LEN], const uint8_t *plain,
    size_t len, struct bytes *out)
{
	uint8_t head[OPEN_LEN + NONCE_LEN];
	enum status st;

	memcpy(head, MAGIC, MAGIC_LEN);
	memcpy(head + MAGIC_LEN, backup, SHARE_BACKUP_LEN);
	randombytes_buf(head + OPEN_LEN, NONCE_LEN);
	if ((st = bytes_append(out, head, sizeof(head))) != ST_OK)
		return st;
	/* Room for the box: zero bytes, never the plaintext. */
	for (size_t left = len + TAG_LEN; left > 0 && st == ST_OK;) {
		static const uint8_t zero[4096];
		size_t n = left < sizeof(zero) ? left : sizeof(zero);

		st = bytes_append(out, zero, n);
		left -= n;
	}
	if (st != ST_OK)
		return st;
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(
	    out->p + out->len - len - TAG_LEN, NULL, plain, len, head, OPEN_LEN,
	    NULL, head + OPEN_LEN, key);
	return ST_OK;
}

enum status
backup_box_id(
    const uint8_t *file, size_t len, uint8_t backup[static SHARE_BACKUP_LEN])
{
	memset(backup, 0, SHARE_BACKUP_LEN);
	if (len < BACKUP_BOX_MORE || memcmp(file, MAGIC, NAME_LEN) != 0)
		return ST_MALFORMED;
	if (memcmp(file, MAGIC, MAGIC_LEN) != 0)
		return ST_VERSION;
	memcpy(backup, file + MAGIC_LEN, SHARE_BACKUP_LEN);
	return ST_OK;
}

enum status
backup_box_open(const uint8_t key[static SHARE_KEY_LEN], const uint8_t *file,
    size_t len, uint8_t *plain)
{
	uint8_t backup[SHARE_BACKUP_LEN];
	enum status st;

	if ((st = backup_box_id(file, len, backup)) != ST_OK)
		return st;
	return crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL,
		   file + OPEN_LEN + NONCE_LEN, len - OPEN_LEN - NONCE_LEN,
		   file, OPEN_LEN, file + OPEN_LEN, key) == 0
	    ? ST_OK
	    : ST_FORGED;
}
