/*
 * make_vectors FOLDER: write all vectors into FOLDER, the same on every
 * machine.  The folder of the sources holds what it wrote last, and a test
 * compares the two byte for byte.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "crypto/opener.h"
#include "tests/vectors/seeded.h"
#include "tests/vectors/vectors.h"

struct vector_key vector_keys[WHO_COUNT] = {
    [ALICE] = {.name = "alice"}, [BOB] = {.name = "bob"}};

static const char *folder;

void
vectors_must(bool ok, const char *why)
{
	if (ok)
		return;
	fprintf(stderr, "make_vectors: %s: %s\n", why, strerror(errno));
	exit(1);
}

static FILE *
create(const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "wb");
	vectors_must(f != NULL, path);
	return f;
}

void
vectors_file(const char *name, const void *p, size_t len)
{
	FILE *f = create(name);

	vectors_must(len == 0 || fwrite(p, 1, len, f) == len, name);
	vectors_must(fclose(f) == 0, name);
}

/* Whether the next object is the first of its list. */
static bool list_empty;

FILE *
vectors_list(const char *name)
{
	char path[4096], file[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	vectors_must(mkdir(path, 0777) == 0 || errno == EEXIST, path);
	snprintf(file, sizeof(file), "%s.json", name);
	f = create(file);
	fprintf(f, "[");
	list_empty = true;
	return f;
}

void
vectors_next(FILE *f, const char *file)
{
	fprintf(f, "%s\n  {\"file\": \"%s\"", list_empty ? "" : ",", file);
	list_empty = false;
}

void
vectors_text(FILE *f, const char *name, const char *value)
{
	fprintf(f, ", \"%s\": \"", name);
	for (; *value != '\0'; value++)
		fprintf(f, *value == '"' ? "\\%c" : "%c", *value);
	fprintf(f, "\"");
}

void
vectors_hex(FILE *f, const char *name, const void *p, size_t len)
{
	const uint8_t *const b = p;

	fprintf(f, ", \"%s\": \"", name);
	for (size_t i = 0; i < len; i++)
		fprintf(f, "%02x", b[i]);
	fprintf(f, "\"");
}

void
vectors_end(FILE *f)
{
	fprintf(f, "\n]\n");
	vectors_must(fclose(f) == 0, "a list");
}

static void
make_keys(void)
{
	FILE *f = create("keys.json");

	fprintf(f, "[");
	for (size_t i = 0; i < WHO_COUNT; i++) {
		struct vector_key *const k = &vector_keys[i];

		seeded_start(k->name);
		epoch_key_new(k->public_key, k->secret_key);
		key_id(KEY_ROLE_EPOCH, k->public_key, k->id);
		fprintf(
		    f, "%s\n  {\"name\": \"%s\"", i > 0 ? "," : "", k->name);
		vectors_hex(f, "id", k->id, sizeof(k->id));
		vectors_hex(f, "public", k->public_key, sizeof(k->public_key));
		vectors_hex(f, "secret", k->secret_key, sizeof(k->secret_key));
		fprintf(f, "}");
	}
	vectors_end(f);
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: make_vectors FOLDER\n");
		return 2;
	}
	folder = argv[1];
	seeded_install();
	vectors_must(crypto_room_init() == ST_OK, "libsodium");
	vectors_must(mkdir(folder, 0777) == 0 || errno == EEXIST, folder);
	make_keys();
	vectors_tips();
	vectors_keysets();
	vectors_minisign();
	vectors_secrets();
	vectors_codes();
	vectors_replies();
	vectors_analyst_keys();
	vectors_root_changes();
	vectors_shares();
	return 0;
}
