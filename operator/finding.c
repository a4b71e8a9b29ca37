/*
 * finding: see finding.h.
 */
#include "operator/finding.h"

#include <stdarg.h>
#include <stdio.h>

static void __attribute__((format(printf, 2, 0)))
line_out(const char *word, const char *format, va_list ap)
{
	printf("%-5s ", word);
	vprintf(format, ap);
	putchar('\n');
}

void
finding_ok(struct findings *f, const char *format, ...)
{
	va_list ap;

	(void)f;
	va_start(ap, format);
	line_out("ok", format, ap);
	va_end(ap);
}

void
finding_warn(struct findings *f, const char *format, ...)
{
	va_list ap;

	f->warnings++;
	va_start(ap, format);
	line_out("warn", format, ap);
	va_end(ap);
}

void
finding_fail(struct findings *f, const char *format, ...)
{
	va_list ap;

	f->failures++;
	va_start(ap, format);
	line_out("FAIL", format, ap);
	va_end(ap);
}
