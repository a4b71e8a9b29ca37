/*
 * pieces: see pieces.h.
 */
#include "intake/pieces.h"

#include <string.h>

#include "base/ipc.h"

_Static_assert(PIECES_HEAD_LEN + PIECES_LEN <= IPC_MAX, "a piece fits");

void
pieces_begin(struct pieces_out *out)
{
	out->due = true;
	out->which = out->at = 0;
}

static enum status
send_piece(struct pieces_out *out, int fd)
{
	uint8_t message[PIECES_HEAD_LEN + PIECES_LEN];
	const struct bytes *text = out->text[out->which];
	size_t len = text->len - out->at;
	enum status st;
	bool last;

	if (len > PIECES_LEN)
		len = PIECES_LEN;
	last = out->at + len == text->len;
	message[0] = (uint8_t)out->which;
	message[1] = (uint8_t)((out->at == 0 ? PIECES_FIRST : 0) |
	    (last ? PIECES_LAST : 0));
	if (len > 0)
		memcpy(message + PIECES_HEAD_LEN, text->p + out->at, len);
	st = ipc_send(fd, out->type, message, PIECES_HEAD_LEN + len, -1);
	if (st != ST_OK)
		return st;
	out->at += len;
	if (last) {
		out->which++;
		out->at = 0;
	}
	return ST_OK;
}

enum status
pieces_send(struct pieces_out *out, int fd)
{
	enum status st = ST_OK;

	while (out->due && (st = send_piece(out, fd)) == ST_OK)
		out->due = out->which < out->count;
	return st;
}

static void
begin_anew(struct pieces_in *in)
{
	for (size_t i = 0; i < in->count; i++)
		bytes_clear(&in->text[i]);
	in->which = 0;
	in->open = false;
}

enum status
pieces_take(struct pieces_in *in, const uint8_t *p, size_t len, bool *whole)
{
	enum status st;
	bool first;

	*whole = false;
	if (len < PIECES_HEAD_LEN || p[1] > (PIECES_FIRST | PIECES_LAST))
		return ST_MALFORMED;
	first = (p[1] & PIECES_FIRST) != 0;
	if (first && p[0] == 0)
		begin_anew(in);
	if (p[0] != in->which || in->which >= in->count || first == in->open)
		return ST_MALFORMED;
	in->open = true;
	st = bytes_append(
	    &in->text[in->which], p + PIECES_HEAD_LEN, len - PIECES_HEAD_LEN);
	if (st != ST_OK)
		return st == ST_LIMIT ? ST_MALFORMED : st;
	if ((p[1] & PIECES_LAST) != 0) {
		in->which++;
		in->open = false;
		*whole = in->which == in->count;
	}
	return ST_OK;
}

void
pieces_free(struct pieces_in *in)
{
	for (size_t i = 0; i < PIECES_TEXTS; i++)
		bytes_free(&in->text[i]);
}
