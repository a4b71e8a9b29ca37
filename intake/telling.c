/*
 * telling: see telling.h.
 */
#include "intake/telling.h"

#include <string.h>

#include "base/ipc.h"
#include "intake/control.h"

void
telling_begin(struct telling *t, const struct setup *s)
{
	*t = (struct telling){
	    .texts = {CONTROL_TEXTS, 1, {&s->texts}, false, 0, 0},
	    .keys = {CONTROL_KEYS_PAGE, CONTROL_KEYS_TEXTS,
		{&s->shown.keyset, &s->shown.sig, &s->shown.root}, false, 0,
		0}};
}

void
telling_all(struct telling *t)
{
	t->config = t->epochs = true;
	pieces_begin(&t->texts);
	pieces_begin(&t->keys);
}

bool
telling_waits(const struct telling *t)
{
	return t->config || t->epochs || t->texts.due || t->keys.due;
}

static enum status
send_config(const struct setup *s, int control)
{
	const struct config *c = &s->line.config;
	struct control_config told;

	memset(&told, 0, sizeof(told)); /* the padding, too */
	memcpy(told.onion, c->onion, sizeof(told.onion));
	told.unix_on = s->listening.unix_fd >= 0;
	told.proxy = (uint8_t)c->proxy;
	told.loopback = s->listening.loopback_fd >= 0;
	told.port = s->listening.port;
	told.files_max = c->files_max;
	told.connections_max = c->connections_max;
	told.circuit_connections_max = c->circuit_connections_max;
	told.circuit_uploads_max = c->circuit_uploads_max;
	told.upload_max = c->upload_max;
	return ipc_send(control, CONTROL_CONFIG, &told, sizeof(told), -1);
}

enum status
telling_go_on(struct telling *t, const struct setup *s,
    const struct in_force *keys, int control)
{
	enum status st = ST_OK;

	if (t->config && (st = send_config(s, control)) == ST_OK)
		t->config = false;
	if (st == ST_OK && t->epochs &&
	    (st = ipc_send(control, CONTROL_EPOCHS, keys->message, keys->len,
		 -1)) == ST_OK)
		t->epochs = false;
	if (st == ST_OK)
		st = pieces_send(&t->texts, control);
	return st == ST_OK ? pieces_send(&t->keys, control) : st;
}
