/* keeper_msg: see keeper_msg.h. */
#include "store/keeper_msg.h"

#include <stdbool.h>

#include "base/num.h"

void
keeper_head_write(
    const struct keeper_head *head, uint8_t out[static KEEPER_HEAD_LEN])
{
	le32_put(out, (uint32_t)head->type); /* and the three zero bytes */
	le32_put(out + 4, head->upload);
	le32_put(out + 8, head->len);
}

enum status
keeper_head_parse(
    const uint8_t in[static KEEPER_HEAD_LEN], struct keeper_head *head)
{
	uint32_t type = le32_get(in), least, most;
	bool none = false; /* no upload */

	*head = (struct keeper_head){0};
	switch (type) {
	case KEEPER_DATA:
		least = 1;
		most = KEEPER_DATA_MAX;
		break;
	case KEEPER_COMMIT:
		least = most = KEEPER_COMMIT_LEN;
		break;
	case KEEPER_MAIL:
		least = most = KEEPER_MAILBOX_LEN;
		break;
	case KEEPER_FORGET:
		least = most = KEEPER_FORGET_LEN;
		break;
	case KEEPER_SLOT:
		least = most = KEEPER_SLOT_LEN;
		break;
	case KEEPER_ABORT:
	case KEEPER_FORGOTTEN:
	case KEEPER_KEPT:
		least = most = 0;
		break;
	case KEEPER_REFUSED:
		least = most = KEEPER_REFUSED_LEN;
		break;
	case KEEPER_ROOM:
		least = most = KEEPER_ROOM_LEN;
		none = true;
		break;
	default: /* a reserved byte that is not zero ends here, too */
		return ST_MALFORMED;
	}
	head->type = (enum keeper_type)type;
	head->upload = le32_get(in + 4);
	head->len = le32_get(in + 8);
	if ((head->upload == 0) != none || head->len < least ||
	    head->len > most) {
		*head = (struct keeper_head){0};
		return ST_MALFORMED;
	}
	return ST_OK;
}
