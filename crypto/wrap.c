#include "crypto/wrap.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "base/guarded.h"
#include "base/num.h"
#include "crypto/opener.h"
#include "crypto/sign.h"

#define MAGIC_LEN 16
#define MASTER_MAGIC "tipline-master-1"
#define SECRET_MAGIC "tipline-secret-1"
#define NONCE_LEN crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define SEALED_LEN (32 + crypto_aead_xchacha20poly1305_ietf_ABYTES)
#define SALT_LEN crypto_pwhash_argon2id_SALTBYTES
#define ROLE_LEN 8

#define MASTER_OPEN_LEN 40
#define SECRET_OPEN_LEN 56

#define OPS_MAX 16
#define MEM_KIB_MIN (8 * 1024)
#define MEM_KIB_MAX (4 * 1024 * 1024)

_Static_assert(MASTER_FILE_LEN == MASTER_OPEN_LEN + NONCE_LEN + SEALED_LEN,
    "master.key as FORMATS.md has it");
_Static_assert(SECRET_FILE_LEN == SECRET_OPEN_LEN + NONCE_LEN + SEALED_LEN,
    "a secret file as FORMATS.md has it");
_Static_assert(SALT_LEN == 16, "the salt as FORMATS.md has it");

const struct wrap_cost wrap_cost_default = {
    crypto_pwhash_argon2id_OPSLIMIT_MODERATE,
    crypto_pwhash_argon2id_MEMLIMIT_MODERATE / 1024};

static const char *const role_name[] = {
    [SECRET_ROOT] = "root",
    [SECRET_SIGNER] = "signer",
    [SECRET_EPOCH] = "epoch",
};

/* Seal secret behind the open part: nonce, then the box. */
static void
seal(const uint8_t *key, uint8_t *file, size_t open_len, const uint8_t *secret)
{
	uint8_t *const nonce = file + open_len;

	randombytes_buf(nonce, NONCE_LEN);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_LEN,
	    NULL, secret, 32, file, open_len, NULL, nonce, key);
}

static bool
unseal(
    const uint8_t *key, const uint8_t *file, size_t open_len, uint8_t *secret)
{
	const uint8_t *const nonce = file + open_len;

	if (crypto_aead_xchacha20poly1305_ietf_decrypt(secret, NULL, NULL,
		nonce + NONCE_LEN, SEALED_LEN, file, open_len, nonce, key) == 0)
		return true;
	wipe(secret, 32);
	return false;
}

static bool
cost_ok(uint64_t ops, uint64_t mem_kib)
{
	return ops >= 1 && ops <= OPS_MAX && mem_kib >= MEM_KIB_MIN &&
	    mem_kib <= MEM_KIB_MAX;
}

/* Stretch the passphrase with what the file's open part says. */
static enum status
stretch(const void *passphrase, size_t len, const uint8_t *file, uint8_t *key)
{
	const uint32_t ops = le32_get(file + MAGIC_LEN);
	const uint32_t mem_kib = le32_get(file + MAGIC_LEN + 4);

	if (crypto_pwhash(key, 32, passphrase, len, file + MAGIC_LEN + 8, ops,
		(size_t)mem_kib * 1024, crypto_pwhash_ALG_ARGON2ID13) != 0)
		return ST_NOMEM;
	return ST_OK;
}

enum status
master_new(const void *passphrase, size_t len, const struct wrap_cost *cost,
    uint8_t master[static MASTER_KEY_LEN], uint8_t file[static MASTER_FILE_LEN])
{
	uint8_t *key = NULL;
	enum status st;

	memset(master, 0, MASTER_KEY_LEN);
	memset(file, 0, MASTER_FILE_LEN);
	if (!cost_ok(cost->ops, cost->mem_kib))
		return ST_BUG;
	if ((key = guarded_new(32)) == NULL)
		return ST_NOMEM;
	memcpy(file, MASTER_MAGIC, MAGIC_LEN);
	le32_put(file + MAGIC_LEN, cost->ops);
	le32_put(file + MAGIC_LEN + 4, cost->mem_kib);
	randombytes_buf(file + MAGIC_LEN + 8, SALT_LEN);
	if ((st = stretch(passphrase, len, file, key)) != ST_OK)
		goto out;
	randombytes_buf(master, MASTER_KEY_LEN);
	seal(key, file, MASTER_OPEN_LEN, master);
out:
	guarded_free(key);
	return st;
}

enum status
master_open(const void *passphrase, size_t len, const uint8_t *file,
    size_t file_len, uint8_t master[static MASTER_KEY_LEN])
{
	uint8_t *key = NULL;
	enum status st;

	memset(master, 0, MASTER_KEY_LEN);
	if (file_len != MASTER_FILE_LEN ||
	    memcmp(file, MASTER_MAGIC, MAGIC_LEN) != 0 ||
	    !cost_ok(
		le32_get(file + MAGIC_LEN), le32_get(file + MAGIC_LEN + 4)))
		return ST_MALFORMED;
	if ((key = guarded_new(32)) == NULL)
		return ST_NOMEM;
	if ((st = stretch(passphrase, len, file, key)) != ST_OK)
		goto out;
	if (!unseal(key, file, MASTER_OPEN_LEN, master))
		st = ST_WRONG_KEY;
out:
	guarded_free(key);
	return st;
}

void
secret_wrap(const uint8_t master[static MASTER_KEY_LEN],
    const struct secret_info *info, const uint8_t secret[static SECRET_KEY_LEN],
    uint8_t file[static SECRET_FILE_LEN])
{
	uint8_t *p = file;
	const char *name = role_name[info->role];

	memset(file, 0, SECRET_FILE_LEN);
	memcpy(p, SECRET_MAGIC, MAGIC_LEN);
	p += MAGIC_LEN;
	memcpy(p, name, strlen(name));
	p += ROLE_LEN;
	memcpy(p, info->id, KEY_ID_LEN);
	p += KEY_ID_LEN;
	le32_put(p, info->epoch);
	p += 4 + 4; /* and four reserved */
	le64_put(p, info->from);
	le64_put(p + 8, info->until);
	seal(master, file, SECRET_OPEN_LEN, secret);
}

static bool
role_parse(const uint8_t *p, enum secret_role *role)
{
	for (size_t i = SECRET_ROOT; i <= SECRET_EPOCH; i++) {
		char want[ROLE_LEN] = {0};

		memcpy(want, role_name[i], strlen(role_name[i]));
		if (memcmp(p, want, ROLE_LEN) == 0) {
			*role = (enum secret_role)i;
			return true;
		}
	}
	return false;
}

enum status
secret_info_parse(const uint8_t *file, size_t len, struct secret_info *info)
{
	const uint8_t *p = file + MAGIC_LEN;

	memset(info, 0, sizeof(*info));
	if (len != SECRET_FILE_LEN ||
	    memcmp(file, SECRET_MAGIC, MAGIC_LEN) != 0 ||
	    !role_parse(p, &info->role))
		return ST_MALFORMED;
	p += ROLE_LEN;
	memcpy(info->id, p, KEY_ID_LEN);
	p += KEY_ID_LEN;
	info->epoch = le32_get(p);
	if (le32_get(p + 4) != 0)
		return ST_MALFORMED;
	info->from = le64_get(p + 8);
	info->until = le64_get(p + 16);
	if (info->role == SECRET_EPOCH)
		return info->epoch > 0 && info->from < info->until
		    ? ST_OK
		    : ST_MALFORMED;
	return info->epoch == 0 && info->from == 0 && info->until == 0
	    ? ST_OK
	    : ST_MALFORMED;
}

/* Is the id that of the secret's public half?  The root's is minisign's. */
static bool
id_fits(const struct secret_info *info, const uint8_t *secret)
{
	uint8_t public_key[PUBLIC_KEY_LEN], id[KEY_ID_LEN];

	if (info->role == SECRET_ROOT)
		return true;
	if (info->role == SECRET_EPOCH) {
		epoch_key_public(secret, public_key);
		key_id(KEY_ROLE_EPOCH, public_key, id);
	} else {
		sign_key_public(secret, public_key);
		key_id(KEY_ROLE_SIGNER, public_key, id);
	}
	return memcmp(id, info->id, KEY_ID_LEN) == 0;
}

enum status
secret_open(const uint8_t master[static MASTER_KEY_LEN], const uint8_t *file,
    size_t len, struct secret_info *info, uint8_t secret[static SECRET_KEY_LEN])
{
	enum status st;

	memset(secret, 0, SECRET_KEY_LEN);
	if ((st = secret_info_parse(file, len, info)) != ST_OK)
		return st;
	if (!unseal(master, file, SECRET_OPEN_LEN, secret))
		return ST_FORGED;
	if (!id_fits(info, secret)) {
		wipe(secret, SECRET_KEY_LEN);
		return ST_FORGED;
	}
	return ST_OK;
}
