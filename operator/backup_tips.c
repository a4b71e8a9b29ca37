/*
 * backup_tips: segments of tips, each a bundle, sealed, and durable before
 * the next is begun.  See backup_parts.h.
 */
#include <inttypes.h>
#include <stdio.h>

#include "handoff/bundle.h"
#include "operator/backup_parts.h"
#include "operator/backup_seal.h"
#include "operator/progress.h"
#include "operator/tips_out.h"
#include "operator/tool.h"

/* What a segment holds, but for one tip that is larger: with its entries it
 * stays below the class of 64 MiB. */
#define SEGMENT_LEN (UINT64_C(60) << 20)
#define ENTRY_LEN 128 /* more than a tip takes beside its bytes */

/* How far a segment goes that begins behind rows and ends at most at end. */
static enum status
choose_last(const struct rows *rows, uint64_t end, uint64_t *last)
{
	struct rows ahead = *rows;
	struct store_tip tip;
	uint64_t len = 0;
	enum status st;

	*last = ahead.chain.number;
	while (ahead.chain.number < end) {
		if ((st = rows_next(&ahead, &tip)) != ST_OK) {
			rows_say(&ahead, st, "what was saved stays");
			return st;
		}
		len += ENTRY_LEN + (tip.purged ? 0 : tip.len);
		if (len > SEGMENT_LEN && tip.number > rows->chain.number + 1)
			break;
		*last = tip.number;
	}
	return ST_OK;
}

/* bundle_sink into the sealed file. */
static enum status
put(void *ctx, const void *p, size_t len)
{
	return backup_seal_data(ctx, p, len);
}

static enum status
write_tips(struct backup *b, struct bundle_writer *writer, uint64_t last)
{
	struct tips_out out = {.store = b->store,
	    .writer = writer,
	    .doing = "saving",
	    .last = b->last};
	struct store_tip tip;
	enum status st = ST_OK;

	while (st == ST_OK && b->rows.chain.number < last)
		if ((st = rows_next(&b->rows, &tip)) == ST_OK)
			st = tips_out_put(&out, &tip);
	b->damaged += out.damaged;
	return st;
}

static enum status
write_segment(
    struct backup *b, const struct backup_segment *s, const char *name)
{
	const struct bundle_start start = {0, b->last, 0, b->rows.chain};
	struct bundle_writer *writer = NULL;
	struct backup_seal seal;
	enum status st;

	st = backup_seal_begin(b->folder.fd, name, &b->keys, &seal);
	if (st == ST_OK)
		st = backup_seal_file(&seal, BACKUP_BUNDLE);
	if (st == ST_OK)
		st = bundle_writer_begin(
		    &start, b->signing.seed, put, &seal, &writer);
	if (st == ST_OK)
		st = write_tips(b, writer, s->last);
	if (st == ST_OK)
		st = bundle_writer_finish(writer, NULL);
	if (st == ST_OK)
		st = backup_seal_file_end(&seal);
	if (st == ST_OK)
		st = backup_seal_finish(&seal);
	b->bytes += seal.bytes;
	bundle_writer_free(writer);
	backup_seal_drop(&seal);
	return st;
}

/* The tips from behind rows up to end. */
static bool
fill_gap(struct backup *b, uint64_t end)
{
	char name[BACKUP_NAME_MAX];
	enum status st;

	while (b->rows.chain.number < end) {
		struct backup_segment s = {b->rows.chain.number + 1, 0};

		if (choose_last(&b->rows, end, &s.last) != ST_OK)
			return false;
		backup_segment_name(&s, name);
		if ((st = write_segment(b, &s, name)) != ST_OK) {
			progress_end();
			tool_say("%s/%s cannot be written: %s; what was saved"
				 " before stays: mend the cause and run the"
				 " same command again, which goes on",
			    b->path, name, tool_words(st));
			return false;
		}
		b->segments++;
		b->tips += s.last - s.first + 1;
	}
	return true;
}

bool
backup_tips(struct backup *b)
{
	uint64_t next = 1, first, last;
	enum status st;

	rows_begin(&b->rows, b->store, b->signing.server.key);
	while (next <= b->last) {
		if (!backup_folder_gap(&b->folder, next, &first, &last)) {
			tool_say("%s: two files hold tip %" PRIu64
				 "; nothing was added: take the folder apart,"
				 " or save into a new one",
			    b->path, first);
			return false;
		}
		if (first > b->last)
			break;
		if ((st = rows_to(&b->rows, first - 1)) != ST_OK) {
			rows_say(&b->rows, st, "what was saved stays");
			return false;
		}
		if (!fill_gap(b, last < b->last ? last : b->last))
			return false;
		if (last >= b->last)
			break;
		next = last + 1;
	}
	progress_end();
	return true;
}
