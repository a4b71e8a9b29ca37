/*
 * backup_record: see backup_record.h.
 */
#include "analyst/backup_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyst/keyring_files.h"
#include "base/num.h"

#define FOLDER "backups"
#define SHORT_ID 8 /* digits that are said of an id */

void
backup_record_id(const uint8_t id[static SHARE_BACKUP_LEN],
    char text[static BACKUP_ID_TEXT_LEN + 1])
{
	for (size_t i = 0; i < SHARE_BACKUP_LEN; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", id[i]);
}

enum status
backup_record_write(const struct backup_record *record, struct bytes *out)
{
	char day[TIME_TEXT_LEN + 1];
	enum status st;

	time_format(record->day, day);
	st = bytes_printf(out,
	    "tipline-backup-record 1\nday %.10s\nneed %zu\nshares %zu\n", day,
	    record->need, record->shares);
	for (size_t i = 0; i < record->epochs && st == ST_OK; i++)
		st = bytes_printf(out, "epoch %" PRIu32 "\n", record->epoch[i]);
	return st;
}

static bool
has(const struct bytes *text, const char *line)
{
	return text->len > 0 &&
	    memmem(text->p, text->len, line, strlen(line)) != NULL;
}

struct look {
	const struct keyring *kr;
	char line[32];
	struct bytes *out;
	size_t count;
	char day[11];
};

static enum status
read_record(
    const struct keyring *kr, const char *name, struct bytes *text, char *day)
{
	static const char word[] = "\nday ";
	char path[KEYRING_NAME_MAX];
	const uint8_t *at;
	enum status st;

	day[0] = '\0';
	if ((size_t)snprintf(path, sizeof(path), FOLDER "/%s", name) >=
	    sizeof(path))
		return ST_ABSENT;
	if ((st = keyring_get(kr, path, text)) != ST_OK || text->len == 0)
		return st;
	at = memmem(text->p, text->len, word, strlen(word));
	if (at != NULL && (size_t)(text->p + text->len - at) > 15)
		(void)snprintf(
		    day, 11, "%.10s", (const char *)at + strlen(word));
	return ST_OK;
}

static enum status
look_at(void *ctx, const char *name)
{
	struct look *look = ctx;
	struct bytes text = BYTES_INIT(BACKUP_RECORD_MAX);
	char day[11];
	enum status st = read_record(look->kr, name, &text, day);

	if (st != ST_OK) {
		st = st == ST_NOMEM ? st : ST_OK; /* said */
	} else {
		look->count++;
		if (strcmp(day, look->day) > 0)
			memcpy(look->day, day, sizeof(look->day));
		if (look->out != NULL && has(&text, look->line))
			st = bytes_printf(look->out, "%s%.*s of %s",
			    look->out->len == 0 ? "" : ", ", SHORT_ID, name,
			    day);
	}
	bytes_free(&text);
	return st;
}

enum status
backup_record_holding(
    const struct keyring *kr, uint32_t epoch, struct bytes *out)
{
	struct look look = {.kr = kr, .out = out};

	(void)snprintf(
	    look.line, sizeof(look.line), "\nepoch %" PRIu32 "\n", epoch);
	return keyring_names(kr, FOLDER, look_at, &look);
}

enum status
backup_record_count(
    const struct keyring *kr, size_t *count, char day[static 11])
{
	struct look look = {.kr = kr};
	enum status st = keyring_names(kr, FOLDER, look_at, &look);

	*count = look.count;
	memcpy(day, look.day, sizeof(look.day));
	return st;
}
