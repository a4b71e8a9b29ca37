/*
 * bag: see bag.h.
 */
#include "analyst/bag.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyst/bag_form.h"
#include "analyst/bag_parts.h"
#include "analyst/clean.h"
#include "analyst/extension.h"
#include "analyst/file_writer.h"
#include "base/durable.h"

#define MANIFEST_MAX (BAG_PARTS_MAX * 128)
#define TAGS 5

struct tag {
	const char *name;
	uint8_t digest[DIGEST_LEN];
};

struct bag {
	int cases; /* borrowed */
	int dir, data;
	bool finished;
	char name[BAG_NAME_LEN];
	uint64_t size;
	unsigned files, fields;
	bool has_message;
	struct bag_parts parts;
	struct sha256 *sha;
	size_t tags;
	struct tag tag[TAGS];
	struct file_writer *writer;      /* of the parts */
	uint8_t held[MAILBOX_FIELD_LEN]; /* what may be the mailbox */
};

void
bag_name(uint64_t number, char name[static BAG_NAME_LEN])
{
	(void)snprintf(name, BAG_NAME_LEN, "tip-%06" PRIu64, number);
}

void
bag_part_name(uint64_t number, char name[static BAG_NAME_LEN])
{
	(void)snprintf(name, BAG_NAME_LEN, ".tip-%06" PRIu64 ".part", number);
}

/* The status for errno after a failed write, open or mkdir. */
static enum status
status_of_errno(void)
{
	switch (errno) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return ST_FULL;
	case ENOMEM:
		return ST_NOMEM;
	default:
		return ST_IO;
	}
}

static int
open_dir(int at, const char *name)
{
	return openat(
	    at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static enum status
make_dirs(struct bag *bag)
{
	/* Cheaper than looking first: hardly ever did a cut run leave one. */
	if (mkdirat(bag->cases, bag->name, 0700) != 0 &&
	    (errno != EEXIST || bag_remove(bag->cases, bag->name) != ST_OK ||
		mkdirat(bag->cases, bag->name, 0700) != 0))
		return status_of_errno();
	bag->dir = open_dir(bag->cases, bag->name);
	if (bag->dir == -1 || mkdirat(bag->dir, "data", 0700) != 0)
		return status_of_errno();
	bag->data = open_dir(bag->dir, "data");
	return bag->data == -1 ? status_of_errno() : ST_OK;
}

enum status
bag_begin(int cases, uint64_t number, struct bag **out)
{
	struct bag *bag = NULL;
	enum status st = ST_NOMEM;

	*out = NULL;
	if ((bag = calloc(1, sizeof(*bag))) == NULL)
		return ST_NOMEM;
	bag->cases = cases;
	bag->dir = bag->data = -1;
	bag->parts.shown = BYTES_INIT(BAG_SHOWN_MAX);
	bag_part_name(number, bag->name);
	bag->parts.part = calloc(BAG_PARTS_MAX, sizeof(struct bag_part));
	if (bag->parts.part == NULL)
		goto out;
	if ((st = sha256_new(&bag->sha)) != ST_OK ||
	    (st = file_writer_new(&bag->writer)) != ST_OK)
		goto out;
	if ((st = make_dirs(bag)) != ST_OK)
		goto out;
	*out = bag;
	bag = NULL; /* now the caller's */
out:
	bag_free(bag);
	return st;
}

/* Choose the kind and the name inside data/ of a new part. */
static void
name_part(struct bag *bag, enum envelope_part kind, struct bag_part *part)
{
	const char *message = "message";

	if (kind == ENVELOPE_FILE) {
		part->kind = BAG_FILE;
		(void)snprintf(part->file, sizeof(part->file), "file-%02u.%s",
		    ++bag->files, extension_of(part->name, part->name_len));
	} else if (!bag->has_message && part->name_len == strlen(message) &&
	    memcmp(part->name, message, part->name_len) == 0) {
		part->kind = BAG_MESSAGE;
		bag->has_message = true;
		(void)snprintf(part->file, sizeof(part->file), "message.txt");
	} else {
		part->kind = bag_form_kind(&bag->parts, part);
		(void)snprintf(part->file, sizeof(part->file), "field-%02u.txt",
		    ++bag->fields);
	}
}

static int
open_new(int dir, const char *name)
{
	return openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static enum status
begin_file(struct bag *bag, enum envelope_part kind, struct bag_part *part)
{
	int fd;

	name_part(bag, kind, part);
	if ((fd = open_new(bag->data, part->file)) == -1)
		return status_of_errno();
	file_writer_begin(bag->writer, fd); /* now the writer's */
	return ST_OK;
}

/* It only looked like the mailbox: keep it as any other field. */
static enum status
begin_field(struct bag *bag, struct bag_part *part)
{
	enum status st = begin_file(bag, ENVELOPE_FIELD, part);

	return st != ST_OK
	    ? st
	    : file_writer_data(bag->writer, bag->held, (size_t)part->size);
}

static bool
is_mailbox(
    const struct bag *bag, enum envelope_part kind, const struct bag_part *part)
{
	return kind == ENVELOPE_FIELD && !bag->parts.has_mailbox &&
	    part->name_len == strlen(MAILBOX_FIELD) &&
	    memcmp(part->name, MAILBOX_FIELD, part->name_len) == 0;
}

enum status
bag_part(
    struct bag *bag, enum envelope_part kind, const uint8_t *name, size_t len)
{
	struct bag_part *part;

	if (bag->parts.count == BAG_PARTS_MAX || len > ENVELOPE_NAME_MAX)
		return ST_LIMIT;
	part = &bag->parts.part[bag->parts.count];
	/* One byte more, so that it is never of no bytes. */
	if ((part->name = malloc(len + 1)) == NULL)
		return ST_NOMEM;
	memcpy(part->name, name, len);
	part->name_len = len;
	bag->parts.count++;
	if (is_mailbox(bag, kind, part)) {
		part->kind = BAG_MAILBOX;
		return ST_OK;
	}
	return begin_file(bag, kind, part);
}

static enum status
keep_shown(struct bag_parts *parts, const uint8_t *p, size_t len)
{
	size_t room = BAG_SHOWN_MAX - parts->shown.len;

	parts->shown_cut = parts->shown_cut || len > room;
	return bytes_append(&parts->shown, p, len < room ? len : room);
}

enum status
bag_data(struct bag *bag, const uint8_t *p, size_t len)
{
	struct bag_part *part = &bag->parts.part[bag->parts.count - 1];
	enum status st = ST_OK;

	if (part->kind == BAG_MAILBOX) {
		if (len <= sizeof(bag->held) - part->size) {
			memcpy(bag->held + part->size, p, len);
			part->size += len;
			return ST_OK;
		}
		st = begin_field(bag, part);
	}
	if (part->kind == BAG_MESSAGE)
		st = keep_shown(&bag->parts, p, len);
	else if (st == ST_OK)
		st = bag_form_data(part, p, len);
	part->size += len;
	return st != ST_OK ? st : file_writer_data(bag->writer, p, len);
}

enum status
bag_part_end(struct bag *bag)
{
	struct bag_part *part = &bag->parts.part[bag->parts.count - 1];
	enum status st;

	if (part->kind == BAG_MAILBOX) {
		st = mailbox_field_parse(
		    bag->held, (size_t)part->size, &bag->parts.mailbox);
		if (st == ST_OK) {
			bag->parts.has_mailbox = true;
			free(part->name);
			*part = (struct bag_part){0};
			bag->parts.count--;
			return ST_OK;
		}
		if ((st = begin_field(bag, part)) != ST_OK)
			return st;
	}
	bag_form_end(part);
	bag->size += part->size;
	return file_writer_end(bag->writer, part->digest);
}

/* Write a file beside data/ and remember it for the tag manifest. */
static enum status
put_tag(struct bag *bag, const char *name, const struct bytes *content)
{
	int fd = open_new(bag->dir, name);
	enum status st;

	if (fd == -1)
		return status_of_errno();
	st = write_all(fd, content->p, content->len);
	if (close(fd) != 0 && st == ST_OK)
		st = status_of_errno();
	if (st == ST_OK && bag->tags < TAGS) {
		struct tag *tag = &bag->tag[bag->tags++];

		tag->name = name;
		st = sha256_update(bag->sha, content->p, content->len);
		if (st == ST_OK)
			st = sha256_final(bag->sha, tag->digest);
	}
	return st;
}

static enum status
manifest_line(struct bytes *out, const uint8_t digest[static DIGEST_LEN],
    const char *folder, const char *name)
{
	enum status st = clean_hex(digest, DIGEST_LEN, out);

	return st != ST_OK ? st : bytes_printf(out, "  %s%s\n", folder, name);
}

static enum status
put_manifest(struct bag *bag)
{
	struct bytes text = BYTES_INIT(MANIFEST_MAX);
	enum status st = ST_OK;

	for (size_t i = 0; i < bag->parts.count && st == ST_OK; i++)
		st = manifest_line(&text, bag->parts.part[i].digest, "data/",
		    bag->parts.part[i].file);
	if (st == ST_OK)
		st = put_tag(bag, "manifest-sha256.txt", &text);
	bytes_free(&text);
	return st;
}

static enum status
put_tagmanifest(struct bag *bag)
{
	struct bytes text = BYTES_INIT(MANIFEST_MAX);
	enum status st = ST_OK;

	for (size_t i = 0; i < bag->tags && st == ST_OK; i++)
		st = manifest_line(
		    &text, bag->tag[i].digest, "", bag->tag[i].name);
	if (st == ST_OK)
		st = put_tag(bag, "tagmanifest-sha256.txt", &text);
	bytes_free(&text);
	return st;
}

/* The files that say what a bag is; no date, which nobody needs to know. */
static enum status
put_info(struct bag *bag, const struct bag_about *about)
{
	struct bytes text = BYTES_INIT(4096);
	enum status st;

	st = bytes_append_text(
	    &text, "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
	if (st == ST_OK)
		st = put_tag(bag, "bagit.txt", &text);
	bytes_clear(&text);
	if (st == ST_OK)
		st = bytes_printf(&text,
		    "Bag-Software-Agent: tipline-analyst %s\n"
		    "External-Identifier: tip %" PRIu64 "\n"
		    "Payload-Oxum: %" PRIu64 ".%zu\n",
		    TIPLINE_VERSION, about->number, bag->size,
		    bag->parts.count);
	if (st == ST_OK)
		st = put_tag(bag, "bag-info.txt", &text);
	bytes_free(&text);
	return st;
}

enum status
bag_finish(struct bag *bag, const struct bag_about *about)
{
	struct bytes json = BYTES_INIT(BAG_JSON_MAX);
	struct bytes html = BYTES_INIT(BAG_HTML_MAX);
	enum status st;

	if ((st = put_info(bag, about)) != ST_OK)
		goto out;
	if ((st = put_manifest(bag)) != ST_OK)
		goto out;
	if ((st = bag_json(about, &bag->parts, &json)) != ST_OK ||
	    (st = put_tag(bag, "tip.json", &json)) != ST_OK)
		goto out;
	if ((st = bag_html(about, &bag->parts, &html)) != ST_OK ||
	    (st = put_tag(bag, "index.html", &html)) != ST_OK)
		goto out;
	st = put_tagmanifest(bag);
	bag->finished = st == ST_OK;
out:
	bytes_free(&json);
	bytes_free(&html);
	return st;
}

uint64_t
bag_size(const struct bag *bag)
{
	return bag->size;
}

const struct bytes *
bag_message(const struct bag *bag)
{
	return bag->has_message && !bag->parts.shown_cut ? &bag->parts.shown
							 : NULL;
}

void
bag_free(struct bag *bag)
{
	int kept = errno;

	if (bag == NULL)
		return;
	file_writer_free(bag->writer);
	if (bag->data != -1)
		close(bag->data);
	if (bag->dir != -1)
		close(bag->dir);
	/* What stays is hidden by its name, and the next run removes it. */
	if (!bag->finished && bag_remove(bag->cases, bag->name) != ST_OK)
		errno = kept;
	for (size_t i = 0; i < bag->parts.count; i++) {
		wipe(bag->parts.part[i].name, bag->parts.part[i].name_len);
		free(bag->parts.part[i].name);
		bytes_free(&bag->parts.part[i].text);
	}
	free(bag->parts.part);
	bytes_free(&bag->parts.shown);
	sha256_free(bag->sha);
	free(bag);
	errno = kept;
}
