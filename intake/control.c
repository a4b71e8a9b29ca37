/*
 * control: epochs as bytes.  See control.h.
 */
#include "intake/control.h"

#include <string.h>

#include "base/num.h"

#define COUNT_LEN 4
#define EPOCH_HEAD_LEN 21 /* u32 epoch, u64 from, u64 until, u8 count */
#define KEY_LEN (KEY_ID_LEN + PUBLIC_KEY_LEN)

enum status
control_epochs_write(const struct recipients *epochs, size_t count,
    uint8_t *out, size_t size, size_t *len)
{
	size_t need = COUNT_LEN;
	uint8_t *p = out;

	*len = 0;
	for (size_t i = 0; i < count; i++)
		need += EPOCH_HEAD_LEN + epochs[i].count * KEY_LEN;
	if (count > CONTROL_EPOCHS_MAX || need > size)
		return ST_LIMIT;
	le32_put(p, (uint32_t)count);
	p += COUNT_LEN;
	for (size_t i = 0; i < count; i++) {
		const struct recipients *e = &epochs[i];

		le32_put(p, e->epoch);
		le64_put(p + 4, e->from);
		le64_put(p + 12, e->until);
		p[20] = (uint8_t)e->count;
		p += EPOCH_HEAD_LEN;
		for (size_t k = 0; k < e->count; k++, p += KEY_LEN) {
			memcpy(p, e->r[k].id, KEY_ID_LEN);
			memcpy(p + KEY_ID_LEN, e->r[k].key, PUBLIC_KEY_LEN);
		}
	}
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
control_epochs_parse(const uint8_t *p, size_t len, struct recipients *epochs,
    size_t max, size_t *count)
{
	size_t told, used;

	*count = 0;
	if (len < COUNT_LEN)
		return ST_MALFORMED;
	told = le32_get(p);
	if (told > max)
		return ST_LIMIT;
	p += COUNT_LEN;
	len -= COUNT_LEN;
	for (size_t i = 0; i < told; i++) {
		used = parse_epoch(p, len, &epochs[i]);
		/* Numbers rise, so that the highest in force is the last. */
		if (used == 0 ||
		    (i > 0 && epochs[i].epoch <= epochs[i - 1].epoch))
			return ST_MALFORMED;
		p += used;
		len -= used;
	}
	if (len != 0)
		return ST_MALFORMED;
	*count = told;
	return ST_OK;
}
