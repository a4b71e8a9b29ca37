/*
 * Secret files: a master key under a passphrase, secrets under the master
 * key, and files that must be refused though their boxes are authentic.
 */
#include <string.h>

#include "base/num.h"
#include "crypto/minisign_sign.h"
#include "crypto/opener.h"
#include "crypto/sign.h"
#include "crypto/wrap.h"
#include "tests/vectors/seeded.h"
#include "tests/vectors/vectors.h"

#define PASSPHRASE "correct horse battery staple"

static uint8_t master[MASTER_KEY_LEN];

static void
write_master(FILE *f, const char *name, const char *passphrase,
    const char *status, const uint8_t *p, size_t len)
{
	char file[64];

	snprintf(file, sizeof(file), "secret/%s", name);
	vectors_file(file, p, len);
	vectors_next(f, file);
	vectors_text(f, "kind", "master");
	vectors_text(f, "passphrase", passphrase);
	vectors_text(f, "status", status);
	if (strcmp(status, "ok") == 0)
		vectors_hex(f, "master", master, sizeof(master));
	fprintf(f, "}");
}

static void
masters(FILE *f)
{
	static const struct wrap_cost cheap = {1, 8 * 1024};
	uint8_t p[MASTER_FILE_LEN + 1] = {0};

	seeded_start("master");
	vectors_must(master_new(PASSPHRASE, strlen(PASSPHRASE), &cheap, master,
			 p) == ST_OK,
	    "master");
	write_master(f, "master.key", PASSPHRASE, "ok", p, MASTER_FILE_LEN);
	write_master(f, "master-passphrase.key", PASSPHRASE " ", "wrong-key", p,
	    MASTER_FILE_LEN);
	write_master(f, "master-cut.key", PASSPHRASE, "malformed", p,
	    MASTER_FILE_LEN - 1);
	write_master(f, "master-longer.key", PASSPHRASE, "malformed", p,
	    MASTER_FILE_LEN + 1);
	p[MASTER_FILE_LEN - 1] ^= 1;
	write_master(f, "master-flipped.key", PASSPHRASE, "wrong-key", p,
	    MASTER_FILE_LEN);
	p[MASTER_FILE_LEN - 1] ^= 1;
	le32_put(p + 16, 17);
	write_master(f, "master-ops-17.key", PASSPHRASE, "malformed", p,
	    MASTER_FILE_LEN);
	le32_put(p + 16, 0);
	write_master(
	    f, "master-ops-0.key", PASSPHRASE, "malformed", p, MASTER_FILE_LEN);
	le32_put(p + 16, 1);
	le32_put(p + 20, 8 * 1024 - 1);
	write_master(f, "master-memory-small.key", PASSPHRASE, "malformed", p,
	    MASTER_FILE_LEN);
	le32_put(p + 20, 4 * 1024 * 1024 + 1);
	write_master(f, "master-memory-large.key", PASSPHRASE, "malformed", p,
	    MASTER_FILE_LEN);
	le32_put(p + 20, 8 * 1024);
	p[15] = '2';
	write_master(
	    f, "master-magic.key", PASSPHRASE, "malformed", p, MASTER_FILE_LEN);
}

static void
write_secret(FILE *f, const char *name, const char *status, const uint8_t *p,
    size_t len, const uint8_t *secret)
{
	char file[64], role[9] = {0};

	snprintf(file, sizeof(file), "secret/%s", name);
	vectors_file(file, p, len);
	vectors_next(f, file);
	vectors_text(f, "kind", "secret");
	vectors_hex(f, "master", master, sizeof(master));
	vectors_text(f, "status", status);
	if (strcmp(status, "ok") == 0) {
		memcpy(role, p + 16, 8);
		vectors_text(f, "role", role);
		vectors_hex(f, "id", p + 24, 8);
		fprintf(f, ", \"epoch\": %u, \"from\": %llu, \"until\": %llu",
		    (unsigned)le32_get(p + 32),
		    (unsigned long long)le64_get(p + 40),
		    (unsigned long long)le64_get(p + 48));
		vectors_hex(f, "secret", secret, 32);
	}
	fprintf(f, "}");
}

/* Close the box anew over an open part that was changed. */
static void
again(uint8_t *p, const uint8_t *secret)
{
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(
	    p + 80, NULL, secret, 32, p, 56, NULL, p + 56, master);
}

static void
epoch_secrets(FILE *f)
{
	const struct vector_key *const k = &vector_keys[ALICE];
	struct secret_info info = {.role = SECRET_EPOCH,
	    .epoch = 1,
	    .from = 1795392000,
	    .until = 1795996800};
	const uint8_t *s = k->secret_key;
	uint8_t p[SECRET_FILE_LEN + 1] = {0};

	memcpy(info.id, k->id, sizeof(info.id));
	secret_wrap(master, &info, s, p);
	write_secret(f, "epoch", "ok", p, SECRET_FILE_LEN, s);
	write_secret(f, "epoch-cut", "malformed", p, SECRET_FILE_LEN - 1, s);
	write_secret(f, "epoch-longer", "malformed", p, SECRET_FILE_LEN + 1, s);
	p[SECRET_FILE_LEN - 1] ^= 1;
	write_secret(f, "epoch-flipped", "forged", p, SECRET_FILE_LEN, s);
	p[SECRET_FILE_LEN - 1] ^= 1;
	p[40] ^= 1;
	write_secret(f, "epoch-from-changed", "forged", p, SECRET_FILE_LEN, s);
	p[40] ^= 1;
	p[36] = 1;
	again(p, s);
	write_secret(f, "epoch-reserved", "malformed", p, SECRET_FILE_LEN, s);
	p[36] = 0;
	p[21] = '2'; /* "epoch2" */
	again(p, s);
	write_secret(f, "epoch-role", "malformed", p, SECRET_FILE_LEN, s);
	p[21] = 0;
	le32_put(p + 32, 0);
	again(p, s);
	write_secret(f, "epoch-zero", "malformed", p, SECRET_FILE_LEN, s);
	le32_put(p + 32, 1);
	le64_put(p + 48, info.from);
	again(p, s);
	write_secret(f, "epoch-ends", "malformed", p, SECRET_FILE_LEN, s);
	le64_put(p + 48, info.until);
	p[24] ^= 1;
	again(p, s);
	write_secret(f, "epoch-id", "forged", p, SECRET_FILE_LEN, s);
}

static void
other_secrets(FILE *f)
{
	struct secret_info info = {.role = SECRET_SIGNER};
	struct minisign_key root;
	uint8_t key[32], seed[32], p[SECRET_FILE_LEN];

	sign_key_new(key, seed);
	key_id(KEY_ROLE_SIGNER, key, info.id);
	secret_wrap(master, &info, seed, p);
	write_secret(f, "signer", "ok", p, sizeof(p), seed);
	le32_put(p + 32, 1);
	again(p, seed);
	write_secret(f, "signer-epoch", "malformed", p, sizeof(p), seed);
	minisign_key_new(&root, seed);
	info.role = SECRET_ROOT;
	memcpy(info.id, root.id, sizeof(info.id));
	secret_wrap(master, &info, seed, p);
	write_secret(f, "root", "ok", p, sizeof(p), seed);
	seeded_start("another master");
	randombytes_buf(master, sizeof(master));
	write_secret(f, "root-another-master", "forged", p, sizeof(p), seed);
}

void
vectors_secrets(void)
{
	FILE *f = vectors_list("secret");

	masters(f);
	seeded_start("secrets");
	epoch_secrets(f);
	other_secrets(f);
	vectors_end(f);
}
