/*
 * tips_out: see tips_out.h.
 */
#include "operator/tips_out.h"

#include <inttypes.h>

#include "operator/progress.h"
#include "operator/tool.h"

/* store_sink: no more than was promised, and remember whose failure it is. */
static enum status
on_sealed(void *ctx, const uint8_t *p, size_t len)
{
	struct tips_out *out = ctx;

	if (len > out->left)
		return ST_MALFORMED;
	out->written = bundle_writer_data(out->writer, p, len);
	if (out->written == ST_OK) {
		out->left -= len;
		out->bytes += len;
	}
	progress_tip(out->doing, out->number, out->last, out->bytes);
	return out->written;
}

enum status
tips_out_put(struct tips_out *out, const struct store_tip *tip)
{
	enum status st, read;

	out->number = tip->number;
	out->left = tip->len;
	out->written = ST_OK;
	progress_tip(out->doing, out->number, out->last, out->bytes);
	if (tip->purged)
		return bundle_writer_purged(out->writer, tip->len, tip->digest);
	if ((st = bundle_writer_tip(out->writer, tip->len, tip->digest)) !=
	    ST_OK)
		return st;
	read = store_read(out->store, tip, on_sealed, out);
	if (out->written != ST_OK)
		return out->written;
	/* These pass; a sector that cannot be read does not, and must not keep
	 * the other tips here. */
	if (read == ST_NOMEM || read == ST_BUSY)
		return read;
	/* What the database no longer has is made up with zeros there. */
	st = bundle_writer_tip_end(out->writer);
	if (st == ST_FORGED || (st == ST_OK && read != ST_OK)) {
		progress_end();
		tool_say("tip %" PRIu64 " is damaged in the database; it goes"
			 " out as it is",
		    tip->number);
		out->damaged++;
		st = ST_OK;
	}
	return st;
}
