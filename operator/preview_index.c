/*
 * preview_index: FOLDER/index.html, all languages and all pages by title.
 */
#include "operator/preview_parts.h"
#include "site/language.h"

static const char begin[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\" dir=\"ltr\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width,"
    " initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<title>Preview of the pages</title>\n"
    "<link rel=\"icon\" href=\"data:,\">\n"
    "<style>\n"
    "body{margin:1rem;font:1rem/1.5 system-ui,sans-serif}\n"
    ".all{display:grid;gap:1rem 2rem;"
    "grid-template-columns:repeat(auto-fill,minmax(18rem,1fr))}\n"
    "h1,h2{line-height:1.3}\n"
    "ul{padding-inline-start:1.2rem}\n"
    "code{font-size:.8rem;opacity:.8}\n"
    "</style>\n"
    "</head>\n"
    "<body>\n"
    "<h1>Preview of the pages</h1>\n"
    "<p>What visitors of this line read, in every language that is offered."
    " Links lead from page to page; buttons lead nowhere here. The words, the"
    " answer and the message on these pages are made up.</p>\n"
    "<p>A browser that runs scripts shows a warning about them on top of each"
    " page. In Tor Browser at level Safest it is not there.</p>\n";

static const char between[] = "<main class=\"all\">\n";

static enum status
list_languages(struct preview *p)
{
	enum status st = bytes_append_text(&p->index, "<ul>\n");

	for (size_t i = 0; st == ST_OK && i < language_count(); i++) {
		const struct language *l = language_get(i);

		if (p->shown.site.texts->language_on[i])
			st = bytes_printf(&p->index,
			    "<li><a href=\"#%s\"><bdi lang=\"%s\">%s</bdi></a>"
			    " (%s)%s</li>\n",
			    l->code, l->code, l->name, l->code,
			    l->draft ? ": a draft, to be reviewed by a native"
				       " speaker"
				     : "");
	}
	return st == ST_OK ? bytes_append_text(&p->index, "</ul>\n") : st;
}

enum status
preview_index_begin(struct preview *p)
{
	enum status st = bytes_append_text(&p->index, begin);

	if (st == ST_OK)
		st = list_languages(p);
	return st == ST_OK ? bytes_append_text(&p->index, between) : st;
}

enum status
preview_index_language(struct preview *p)
{
	const struct language *l = language_get(p->language);

	return bytes_printf(&p->index,
	    "<section id=\"%s\" lang=\"%s\" dir=\"%s\">\n"
	    "<h2>%s</h2>\n"
	    "%s"
	    "<ul>\n",
	    l->code, l->code, l->rtl ? "rtl" : "ltr", l->name,
	    l->draft ? "<p lang=\"en\" dir=\"ltr\">Draft: no native speaker has"
		       " reviewed this translation yet.</p>\n"
		     : "");
}

enum status
preview_index_page(struct preview *p, struct site_text title, const char *name)
{
	const char *code = language_get(p->language)->code;

	return bytes_printf(&p->index,
	    "<li><a href=\"%s/%s.html\">%.*s</a>"
	    " <code lang=\"en\" dir=\"ltr\">%s</code></li>\n",
	    code, name, (int)title.len, (const char *)title.p, name);
}

enum status
preview_index_language_end(struct preview *p)
{
	return bytes_append_text(&p->index, "</ul>\n</section>\n");
}

enum status
preview_index_end(struct preview *p)
{
	return bytes_append_text(&p->index, "</main>\n</body>\n</html>\n");
}
