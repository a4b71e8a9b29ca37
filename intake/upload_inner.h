/*
 * upload_inner: an upload's state, for its two files.  upload_form.c takes the
 * form's parts in, upload.c all else.
 */
#ifndef TIPLINE_INTAKE_UPLOAD_INNER_H
#define TIPLINE_INTAKE_UPLOAD_INNER_H

#include "crypto/envelope.h"
#include "crypto/return_code.h"
#include "intake/multipart.h"
#include "intake/upload.h"
#include "line/config.h"
#include "site/texts.h"

/* Which part is open. */
enum open_part {
	PART_NONE,
	PART_MESSAGE,   /* begun in the envelope with its first byte */
	PART_CODE,      /* of an earlier tip; never in the envelope */
	PART_FILE,      /* begun */
	PART_FILE_BARE, /* no name and no byte so far: a field left empty */
	PART_QUESTION,  /* as PART_MESSAGE */
	PART_TOPIC,     /* short ones, looked at when they are whole */
	PART_NO_REPLY,
	PART_ADDRESS,
};

#define SHORT_LEN (ONION_MAX + 8) /* "http://" and an address */
#define QUESTION_PREFIX "q-"
#define QUESTION_NAME_MAX (sizeof(QUESTION_PREFIX) - 1 + TEXTS_ID_MAX)

struct upload {
	const struct upload_shop *shop;
	void *owner;
	struct claim claim; /* room at the keeper */
	uint64_t size;      /* bytes of message and files so far */
	uint64_t part_size;
	uint32_t parts, files, questions;
	uint32_t number;
	bool had_message, had_code;
	bool again;    /* the form carried a code */
	bool no_reply; /* no answer is wanted */
	size_t short_len;
	uint8_t short_text[SHORT_LEN];
	size_t name_len; /* of the question that is open */
	char name[QUESTION_NAME_MAX];
	size_t topic_len; /* 0: none was chosen */
	char topic[TEXTS_ID_MAX];
	struct text_back *text;
	enum words_list list;
	struct code_text_fault fault;
	uint8_t *code; /* guarded, RETURN_CODE_LEN */
	size_t code_text_len;
	uint8_t code_text[LIMIT_CODE_TEXT];
	bool committed;
	/* The tip is refused with this, once all is there that somebody wrote
	 * and the refusal gives back; ST_OK: it is not refused. */
	enum status put_off;
	enum open_part open;
	enum answer why;
	struct recipients to;
	struct envelope *env; /* NULL until there is something to keep */
	struct multipart parser;
};

/* The answer that tells why, and st. */
enum status upload_fail(struct upload *up, enum answer why, enum status st);

/* Nothing of it will be kept: let go of envelope, keeper and room. */
void upload_give_up(struct upload *up);

/* What the parser calls. */
extern const struct multipart_events upload_events;

#endif
