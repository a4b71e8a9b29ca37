/*
 * control: epochs as bytes.  See control.h.
 */
#include "intake/control.h"

#include <string.h>

#include "base/num.h"

#define HEAD_LEN 16       /* u32 floor, u64 opens, u32 count */
#define EPOCH_HEAD_LEN 21 /* u32 epoch, u64 from, u64 until, u8 count */
#define KEY_LEN (KEY_ID_LEN + PUBLIC_KEY_LEN)

static uint8_t *
write_epoch(const struct recipients *e, uint8_t *p)
{
	le32_put(p, e->epoch);
	le64_put(p + 4, e->from);
	le64_put(p + 12, e->until);
	p[20] = (uint8_t)e->count;
	p += EPOCH_HEAD_LEN;
	for (size_t k = 0; k < e->count; k++, p += KEY_LEN) {
		memcpy(p, e->r[k].id, KEY_ID_LEN);
		memcpy(p + KEY_ID_LEN, e->r[k].key, PUBLIC_KEY_LEN);
	}
	return p;
}

enum status
control_epochs_write(
    const struct control_epochs *epochs, uint8_t *out, size_t size, size_t *len)
{
	size_t need = HEAD_LEN;
	uint8_t *p = out;

	*len = 0;
	if (epochs->count > CONTROL_EPOCHS_MAX)
		return ST_LIMIT;
	for (size_t i = 0; i < epochs->count; i++)
		need += EPOCH_HEAD_LEN + epochs->epoch[i].count * KEY_LEN;
	if (need > size)
		return ST_LIMIT;
	le32_put(p, epochs->floor);
	le64_put(p + 4, epochs->opens);
	le32_put(p + 12, (uint32_t)epochs->count);
	p += HEAD_LEN;
	for (size_t i = 0; i < epochs->count; i++)
		p = write_epoch(&epochs->epoch[i], p);
	*len = need;
	return ST_OK;
}

/* Read one epoch off the front.  Returns its length, or 0 if it is wrong. */
static size_t
parse_epoch(const uint8_t *p, size_t len, struct recipients *e)
{
	size_t need;

	*e = (struct recipients){0};
	if (len < EPOCH_HEAD_LEN)
		return 0;
	e->epoch = le32_get(p);
	e->from = le64_get(p + 4);
	e->until = le64_get(p + 12);
	e->count = p[20];
	need = EPOCH_HEAD_LEN + e->count * KEY_LEN;
	if (e->count < 1 || e->count > RECIPIENTS_MAX || need > len ||
	    e->from >= e->until)
		return 0;
	p += EPOCH_HEAD_LEN;
	for (size_t k = 0; k < e->count; k++, p += KEY_LEN) {
		memcpy(e->r[k].id, p, KEY_ID_LEN);
		memcpy(e->r[k].key, p + KEY_ID_LEN, PUBLIC_KEY_LEN);
	}
	return need;
}

enum status
control_epochs_parse(const uint8_t *p, size_t len, struct control_epochs *out)
{
	uint32_t before = 0;
	size_t used;

	*out = (struct control_epochs){0};
	if (len < HEAD_LEN || le32_get(p + 12) > CONTROL_EPOCHS_MAX)
		return ST_MALFORMED;
	out->floor = le32_get(p);
	out->opens = le64_get(p + 4);
	out->count = le32_get(p + 12);
	p += HEAD_LEN;
	len -= HEAD_LEN;
	for (size_t i = 0; i < out->count; i++) {
		used = parse_epoch(p, len, &out->epoch[i]);
		if (used == 0 || out->epoch[i].epoch <= before)
			return ST_MALFORMED;
		before = out->epoch[i].epoch;
		p += used;
		len -= used;
	}
	return len == 0 ? ST_OK : ST_MALFORMED;
}
