#include "tests/unit/intake/visit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "site/answer.h"

const struct tip_part visit_hello[] = {
    TIP_FIELD("message", "hello"), {"file", "", "", 0}, TIP_END};

int
visit_begin(struct stage *s, const char *method, const char *target)
{
	char request[256];
	int fd = stage_visitor(s);

	snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: x\r\n\r\n",
	    method, target);
	assert_true(stage_say(s, fd, request, strlen(request)));
	return fd;
}

void
visit_hear(struct stage *s, int fd, struct heard *heard)
{
	stage_hear(s, fd, heard);
	assert_int_equal(heard->text.len, PAGE_TOTAL_LEN);
	assert_false(heard->reset);
}

void
visit_get(struct stage *s, const char *target, struct heard *heard)
{
	visit_hear(s, visit_begin(s, "GET", target), heard);
}

void
visit_send(struct stage *s, const struct bytes *request, struct heard *heard)
{
	int fd = stage_visitor(s);

	(void)stage_say(s, fd, request->p, request->len);
	stage_hear(s, fd, heard);
}

void
visit_ask(struct stage *s, const char *path, const struct tip_part *parts,
    struct heard *heard)
{
	struct bytes request = form_request(path, "", parts);
	int fd = stage_visitor(s);

	assert_true(stage_say(s, fd, request.p, request.len));
	visit_hear(s, fd, heard);
	bytes_free(&request);
}

int
visit_post(struct stage *s, const struct tip_part *parts)
{
	struct bytes request = tip_request("", parts);
	int code = stage_ask(s, request.p, request.len);

	bytes_free(&request);
	return code;
}

void
visit_told(const struct stage *s, const char *want)
{
	assert_true(s->tip_ok);
	assert_int_equal(s->told.len, strlen(want));
	assert_memory_equal(s->told.p, want, s->told.len);
}

/* What is typed on the page "Read an answer", and more. */
void
visit_return(struct stage *s, const char *code, const char *field,
    const char *value, struct heard *heard)
{
	const struct tip_part parts[] = {{"code", NULL, code, strlen(code)},
	    {field, NULL, value, value == NULL ? 0 : strlen(value)}, TIP_END};

	visit_ask(s, "/return", parts, heard);
}

bool
visit_says(const struct heard *heard, const char *words)
{
	return strstr((const char *)heard->text.p, words) != NULL;
}

unsigned
visit_times(const struct heard *heard, const char *words)
{
	const char *p = (const char *)heard->text.p;
	unsigned n = 0;

	for (; (p = strstr(p, words)) != NULL; p++)
		n++;
	return n;
}

/* The twelve words of a receipt. */
void
visit_words(const struct heard *heard, char code[static CODE_TEXT_LEN + 1])
{
	const char *p = strstr((const char *)heard->text.p, "<ol");
	size_t at = 0;

	assert_non_null(p);
	for (int i = 0; i < RETURN_WORDS; i++) {
		const char *end;

		p = strstr(p, "<li>");
		assert_non_null(p);
		p += 4;
		end = strchr(p, '<');
		assert_in_range(end - p, 3, WORDS_LEN_MAX);
		if (i > 0)
			code[at++] = ' ';
		memcpy(code + at, p, (size_t)(end - p));
		at += (size_t)(end - p);
	}
	code[at] = '\0';
}

/* Send a tip; code is what the receipt shows. */
void
visit_tip(struct stage *s, char code[static CODE_TEXT_LEN + 1])
{
	struct heard heard;

	visit_ask(s, "/tip", visit_hello, &heard);
	assert_int_equal(heard.code, 200);
	visit_words(&heard, code);
	heard_free(&heard);
	assert_true(s->tip_ok);
	assert_int_equal(s->boxes, 1);
}

void
visit_mailbox(const char *words, struct mailbox *box)
{
	uint8_t code[RETURN_CODE_LEN];
	struct code_text_fault why;

	assert_int_equal(code_text_read((const uint8_t *)words, strlen(words),
			     WORDS_ENGLISH, code, &why),
	    ST_OK);
	return_code_mailbox(code, box, NULL);
}
