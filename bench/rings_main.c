/*
 * rings: make a key set of several analysts, for measuring only.
 *
 *	rings SERVER.pub ANALYSTS FOLDER
 *
 * writes FOLDER/keyset.txt, keyset.txt.minisig and root.pub.  The secret keys
 * are thrown away: what is sealed to them stays sealed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/durable.h"
#include "base/guarded.h"
#include "crypto/keyset.h"
#include "crypto/minisign_sign.h"
#include "crypto/opener.h"
#include "crypto/sign.h"

#define WEEK 604800U

static void
check(enum status st, const char *what)
{
	if (st == ST_OK)
		return;
	fprintf(stderr, "rings: %s: %s\n", what, status_text(st));
	exit(1);
}

static void
fill(struct keyset *set, size_t analysts, uint8_t *secret)
{
	struct keyset_epoch *epoch = set->epoch;

	set->sequence = 1;
	set->from = (uint64_t)time(NULL) - 3600;
	set->until = set->from + WEEK;
	set->signers = analysts;
	set->epochs = 1;
	epoch->to.epoch = 1;
	epoch->to.from = set->from;
	epoch->to.until = set->until;
	epoch->to.count = analysts;
	for (size_t i = 0; i < analysts; i++) {
		struct keyset_signer *signer = &set->signer[i];
		struct recipient *r = &epoch->to.r[i];

		sign_key_new(signer->key, secret);
		key_id(KEY_ROLE_SIGNER, signer->key, signer->id);
		epoch_key_new(r->key, secret);
		key_id(KEY_ROLE_EPOCH, r->key, r->id);
		snprintf(signer->name, sizeof(signer->name), "ring-%zu", i);
		snprintf(epoch->name[i], sizeof(epoch->name[i]), "ring-%zu", i);
	}
}

static void
write_in(int dir, const char *name, const struct bytes *b)
{
	check(durable_write(dir, name, b->p, b->len, 0644, DURABLE_REPLACE),
	    name);
}

int
main(int argc, char **argv)
{
	struct bytes in = BYTES_INIT(SERVER_FILE_MAX);
	struct bytes text = BYTES_INIT(KEYSET_MAX);
	struct bytes sig = BYTES_INIT(MINISIGN_FILE_MAX);
	struct bytes pub = BYTES_INIT(MINISIGN_FILE_MAX);
	struct keyset_epoch epoch = {0};
	struct keyset set = {.epoch = &epoch};
	struct minisign_key root;
	uint8_t *secret = NULL, *seed = NULL;
	size_t analysts = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	int dir;

	if (analysts < 1 || analysts > RECIPIENTS_MAX ||
	    (dir = open(argv[3], O_DIRECTORY | O_RDONLY | O_CLOEXEC)) < 0) {
		fprintf(stderr, "usage: rings SERVER.pub ANALYSTS FOLDER\n");
		return 2;
	}
	check(crypto_room_init(), "crypto");
	if ((secret = guarded_new(SECRET_KEY_LEN)) == NULL ||
	    (seed = guarded_new(SECRET_KEY_LEN)) == NULL)
		check(ST_NOMEM, "keys");
	check(durable_read(AT_FDCWD, argv[1], &in), argv[1]);
	check(server_identity_parse(in.p, in.len, &set.server), argv[1]);
	fill(&set, analysts, secret);
	minisign_key_new(&root, seed);
	check(keyset_write(&set, &text), "key set");
	check(minisign_key_write(&root, &pub), "root key");
	check(minisign_sign(&root, seed, text.p, text.len, "rings", &sig),
	    "signature");
	write_in(dir, "root.pub", &pub);
	write_in(dir, "keyset.txt", &text);
	write_in(dir, "keyset.txt.minisig", &sig);
	guarded_free(secret);
	guarded_free(seed);
	bytes_free(&in);
	bytes_free(&text);
	bytes_free(&sig);
	bytes_free(&pub);
	return 0;
}
