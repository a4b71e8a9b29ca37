/*
 * extension: see extension.h.
 *
 * Left out on purpose: html, xhtml, svg, xml, js, exe, msi, scr, bat, cmd,
 * lnk, url, desktop, appimage, jar, sh, py, docm, xlsm, chm, hta, iso.
 */
#include "analyst/extension.h"

#include <string.h>

#define EXTENSION_MAX 5

static const char *const allowed[] = {"7z", "aac", "avi", "bmp", "csv", "doc",
    "docx", "eml", "flac", "gif", "gz", "heic", "hwp", "hwpx", "jpeg", "jpg",
    "json", "m4a", "mkv", "mov", "mp3", "mp4", "mpg", "msg", "odp", "ods",
    "odt", "ogg", "pcap", "pdf", "png", "ppt", "pptx", "rar", "rtf", "tar",
    "tif", "tiff", "txt", "wav", "webm", "webp", "xls", "xlsx", "zip"};

const char *
extension_of(const uint8_t *name, size_t len)
{
	char end[EXTENSION_MAX + 1] = "";
	size_t n = 0;

	while (n < len && name[len - 1 - n] != '.')
		n++;
	if (n == len || n == 0 || n > EXTENSION_MAX)
		return "bin";
	memcpy(end, name + len - n, n);
	for (size_t i = 0; i < n; i++) {
		if (end[i] >= 'A' && end[i] <= 'Z')
			end[i] = (char)(end[i] - 'A' + 'a');
	}
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (strlen(allowed[i]) == n && memcmp(allowed[i], end, n) == 0)
			return allowed[i];
	}
	return "bin";
}
