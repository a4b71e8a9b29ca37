/*
 * Any bytes as a change of the root.  Input: the text, a zero byte, the old
 * root's signature, a zero byte, the new one's.  Besides, the text alone with
 * right signatures by two fixed roots, which are what it names if it came
 * from the corpus.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/minisign_sign.h"
#include "crypto/recipients.h"
#include "crypto/root_change.h"
#include "crypto/sign.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t seeds[2][32] = {{1}, {2}};
static struct minisign_key root[2] = {{.id = {1}}, {.id = {2}}};

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (crypto_room_init() != ST_OK)
		return -1;
	for (int i = 0; i < 2; i++)
		sign_key_public(seeds[i], root[i].key);
	return 0;
}

/* The bytes up to the next zero, which is taken off too. */
static struct bytes
take(const uint8_t **p, size_t *len)
{
	const uint8_t *const zero = *len > 0 ? memchr(*p, 0, *len) : NULL;
	const size_t n = zero == NULL ? *len : (size_t)(zero - *p);
	struct bytes b = BYTES_INIT(1 << 20);

	must(bytes_append(&b, *p, n) == ST_OK);
	*p += n;
	*len -= n;
	if (zero != NULL) {
		(*p)++;
		(*len)--;
	}
	return b;
}

static void
try(const struct bytes *text, const struct bytes *sig, const struct bytes *next)
{
	const struct root_change_files files = {text, sig, next};
	struct bytes again = BYTES_INIT(MINISIGN_FILE_MAX);
	struct root_change change;
	const char *why;
	enum status st;

	st = root_change_read(&files, &root[0], 0, &change, &why);
	must(st != ST_MALFORMED || why[0] != '\0');
	if (st != ST_OK)
		return;
	must(change.number == 1);
	must(memcmp(&change.old, &root[0], sizeof(root[0])) == 0);
	must(root_change_write(&change, &again) == ST_OK);
	must(
	    again.len == text->len && memcmp(again.p, text->p, again.len) == 0);
	bytes_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct bytes b[3],
	    sig[2] = {
		BYTES_INIT(MINISIGN_FILE_MAX), BYTES_INIT(MINISIGN_FILE_MAX)};

	for (int i = 0; i < 3; i++)
		b[i] = take(&p, &len);
	try(&b[0], &b[1], &b[2]);
	for (int i = 0; i < 2; i++)
		must(minisign_sign(&root[i], seeds[i], b[0].p, b[0].len, "",
			 &sig[i]) == ST_OK);
	try(&b[0], &sig[0], &sig[1]);
	for (int i = 0; i < 3; i++)
		bytes_free(&b[i]);
	for (int i = 0; i < 2; i++)
		bytes_free(&sig[i]);
	return 0;
}
