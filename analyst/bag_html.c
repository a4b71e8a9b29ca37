/*
 * bag: index.html of one tip; see bag.h.
 */
#include <inttypes.h>
#include <stdio.h>

#include "analyst/bag_form.h"
#include "analyst/bag_parts.h"
#include "analyst/clean.h"
#include "analyst/page.h"

#define NAME_TEXT_MAX (ENVELOPE_NAME_MAX * 3)
#define TITLE_LEN 32

static enum status
put_message(const struct bag_parts *parts, struct bytes *out)
{
	enum status st;

	st = bytes_append_text(out, "<pre dir=\"auto\">");
	if (st == ST_OK)
		st = clean_html(parts->shown.p, parts->shown.len, out);
	if (st == ST_OK)
		st = bytes_append_text(out, "</pre>\n");
	if (st == ST_OK && parts->shown_cut)
		st = bytes_append_text(out,
		    "<p>The message goes on: all of it is in"
		    " data/message.txt.</p>\n");
	return st;
}

/* A row: our name as a link, the cleaned original, the size, the digest. */
static enum status
put_row(const struct bag_part *part, struct bytes *out)
{
	struct bytes name = BYTES_INIT(NAME_TEXT_MAX);
	enum status st;

	st = bytes_printf(out,
	    "<tr><td class=\"n\"><a href=\"data/%s\" download>%s</a></td>"
	    "<td dir=\"auto\">",
	    part->file, part->file);
	if (st == ST_OK)
		st = clean_name(part->name, part->name_len, &name);
	if (st == ST_OK)
		st = clean_html(name.p, name.len, out);
	if (st == ST_OK)
		st = bytes_append_text(out, "</td><td class=\"n\">");
	if (st == ST_OK)
		st = page_size(out, part->size);
	if (st == ST_OK)
		st = bytes_append_text(out, "</td><td class=\"d\">");
	if (st == ST_OK)
		st = clean_hex(part->digest, DIGEST_LEN, out);
	if (st == ST_OK)
		st = bytes_append_text(out, "</td></tr>\n");
	bytes_free(&name);
	return st;
}

static enum status
put_table(const char *heading, enum bag_kind kind,
    const struct bag_parts *parts, struct bytes *out)
{
	size_t rows = 0;
	enum status st = ST_OK;

	for (size_t i = 0; i < parts->count && st == ST_OK; i++) {
		if (parts->part[i].kind != kind)
			continue;
		if (rows++ == 0)
			st = bytes_printf(out,
			    "<h2>%s</h2>\n<table>\n"
			    "<tr><th>here</th><th>was called</th>"
			    "<th>size</th><th>SHA-256</th></tr>\n",
			    heading);
		if (st == ST_OK)
			st = put_row(&parts->part[i], out);
	}
	if (rows > 0 && st == ST_OK)
		st = bytes_append_text(out, "</table>\n");
	return st;
}

static enum status
put_topic(const struct bag_parts *parts, struct bytes *out)
{
	const struct bag_part *topic = bag_form_topic(parts);
	enum status st;

	if (topic == NULL)
		return ST_OK;
	st = bytes_append_text(out, "<p>Topic: ");
	if (st == ST_OK)
		st = clean_html(topic->text.p, topic->text.len, out);
	return st != ST_OK ? st : bytes_append_text(out, "</p>\n");
}

/* A row: the question's id as a link to the answer's bytes, and the answer. */
static enum status
put_answer(const struct bag_part *part, struct bytes *out)
{
	size_t len;
	const char *id = bag_form_question(part, &len);
	enum status st;

	st = bytes_printf(out,
	    "<tr><td class=\"n\"><a href=\"data/%s\" download>%.*s</a></td>"
	    "<td><pre dir=\"auto\">",
	    part->file, (int)len, id);
	if (st == ST_OK)
		st = clean_html(part->text.p, part->text.len, out);
	return st != ST_OK ? st : bytes_append_text(out, "</pre></td></tr>\n");
}

static enum status
put_answers(const struct bag_parts *parts, struct bytes *out)
{
	size_t rows = 0;
	enum status st = ST_OK;

	for (size_t i = 0; i < parts->count && st == ST_OK; i++) {
		if (parts->part[i].kind != BAG_ANSWER)
			continue;
		if (rows++ == 0)
			st = bytes_append_text(out,
			    "<h2>Answers</h2>\n<table>\n"
			    "<tr><th>question</th><th>answer</th></tr>\n");
		if (st == ST_OK)
			st = put_answer(&parts->part[i], out);
	}
	if (rows > 0 && st == ST_OK)
		st = bytes_append_text(out, "</table>\n");
	return st;
}

/* How it stands to others, and whether it can be answered. */
static enum status
put_thread(const struct bag_about *about, const struct bag_parts *parts,
    struct bytes *out)
{
	enum status st = ST_OK;

	if (about->sentinel)
		st = bytes_append_text(
		    out, "<p><b>Sentinel:</b> a test tip of our own.</p>\n");
	if (st != ST_OK || !about->proved)
		return st;
	if (!parts->has_mailbox)
		return bytes_append_text(out,
		    "<p class=\"d\">It cannot be answered: it came without"
		    " a return code.</p>\n");
	st = bytes_append_text(out, "<p class=\"d\">Thread ");
	if (st == ST_OK)
		st = clean_hex(parts->mailbox.id, BAG_THREAD_LEN, out);
	return st != ST_OK ? st
			   : bytes_printf(out,
				 "; the list of all tips names its others."
				 " Answer with: tipline-analyst reply KEYS"
				 " CASES %" PRIu64 "</p>\n",
				 about->number);
}

enum status
bag_html(const struct bag_about *about, const struct bag_parts *parts,
    struct bytes *out)
{
	char title[TITLE_LEN], server[KEY_ID_TEXT_LEN + 1];
	enum status st;

	(void)snprintf(title, sizeof(title), "Tip %" PRIu64, about->number);
	key_id_text(about->server, server);
	if ((st = page_begin(out, title)) != ST_OK)
		return st;
	st = bytes_printf(out,
	    "<p><a href=\"../index.html\">All tips</a></p>\n%s"
	    "<p class=\"d\">Server %s, epoch %" PRIu32
	    ". Hidden characters are shown as <b>U+200B</b>."
	    " Open files only in a safe viewer.</p>\n",
	    about->proved ? ""
			  : "<p><b>Nothing proves this tip:</b> the server did"
			    " not sign it, or not as the only one of its"
			    " number.</p>\n",
	    server, about->epoch);
	if (st == ST_OK)
		st = put_thread(about, parts, out);
	if (st == ST_OK)
		st = put_topic(parts, out);
	if (st == ST_OK)
		st = bytes_append_text(out, "<h2>Message</h2>\n");
	if (st == ST_OK)
		st = put_message(parts, out);
	if (st == ST_OK)
		st = put_answers(parts, out);
	if (st == ST_OK)
		st = put_table("Files", BAG_FILE, parts, out);
	if (st == ST_OK)
		st = put_table("Other fields", BAG_FIELD, parts, out);
	return st != ST_OK ? st : page_end(out);
}
