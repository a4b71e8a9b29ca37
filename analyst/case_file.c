/*
 * case_file: see case_file.h.
 */
#include "analyst/case_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "analyst/bag_form.h"
#include "analyst/bag_parts.h"
#include "base/bytes.h"
#include "base/durable.h"
#include "base/num.h"

/* Read a string of exactly len bytes in hex. */
static bool
read_hex(const cJSON *from, const char *key, uint8_t *out, size_t len)
{
	const char *hex =
	    cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(from, key));
	uint64_t v;

	if (hex == NULL || strlen(hex) != len * 2)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (num_parse_hex(hex + 2 * i, 2, 255, &v) != ST_OK)
			return false;
		out[i] = (uint8_t)v;
	}
	return true;
}

static bool
is_true(const struct case_file *file, const char *key)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(file->json, key));
}

static void
take_values(struct case_file *out)
{
	uint8_t thread[BAG_THREAD_LEN];
	const cJSON *file, *files;
	const char *text;

	out->has_digest = read_hex(
	    out->json, "sealed_digest", out->sealed_digest, DIGEST_LEN);
	out->has_server =
	    read_hex(out->json, "server", out->server, KEY_ID_LEN);
	out->proved = is_true(out, "proved");
	out->sentinel = is_true(out, "sentinel");
	if (read_hex(out->json, "thread", thread, sizeof(thread)))
		out->thread = le64_get(thread);
	text = cJSON_GetStringValue(
	    cJSON_GetObjectItemCaseSensitive(out->json, "first_line"));
	out->first_line = text == NULL ? "" : text;
	/* Absent in what an earlier release wrote; altered, it is none. */
	text = cJSON_GetStringValue(
	    cJSON_GetObjectItemCaseSensitive(out->json, BAG_FORM_TOPIC));
	if (text != NULL && bag_form_id_ok(text, strlen(text)))
		out->topic = text;
	files = cJSON_GetObjectItemCaseSensitive(out->json, "files");
	cJSON_ArrayForEach(file, files)
	{
		double size = cJSON_GetNumberValue(
		    cJSON_GetObjectItemCaseSensitive(file, "bytes"));

		out->files++;
		/* Not a number compares false. */
		if (size >= 0 && size < 1e15)
			out->bytes += (uint64_t)size;
	}
}

enum status
case_file_read(int cases, const char *folder, struct case_file *out)
{
	struct bytes text = BYTES_INIT(BAG_JSON_MAX);
	enum status st;
	int dir;

	*out = (struct case_file){.first_line = "", .topic = ""};
	dir = openat(
	    cases, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir == -1)
		return errno == ENOENT ? ST_ABSENT : ST_MALFORMED;
	st = durable_read(dir, "tip.json", &text);
	close(dir);
	if (st == ST_OK) {
		out->json = cJSON_ParseWithLength((char *)text.p, text.len);
		st = cJSON_IsObject(out->json) ? ST_OK : ST_MALFORMED;
	}
	bytes_free(&text);
	if (st == ST_OK)
		take_values(out);
	else
		case_file_free(out);
	return st;
}

bool
case_file_is_of(
    const struct case_file *file, const struct server_identity *server)
{
	return file->has_server &&
	    memcmp(file->server, server->id, KEY_ID_LEN) == 0;
}

/* The key is checked as if it came from outside: nothing but a key that
 * replies can be sealed to is taken. */
bool
case_file_mailbox(const struct case_file *file, struct mailbox *box)
{
	uint8_t field[MAILBOX_FIELD_LEN];
	const cJSON *o =
	    cJSON_GetObjectItemCaseSensitive(file->json, "mailbox");

	return read_hex(o, "id", field, MAILBOX_ID_LEN) &&
	    read_hex(o, "key", field + MAILBOX_ID_LEN, PUBLIC_KEY_LEN) &&
	    mailbox_field_parse(field, sizeof(field), box) == ST_OK;
}

void
case_file_free(struct case_file *file)
{
	cJSON_Delete(file->json);
	*file = (struct case_file){.first_line = "", .topic = ""};
}
