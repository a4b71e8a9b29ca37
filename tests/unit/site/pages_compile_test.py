#!/usr/bin/env python3
"""Pages that are wrong, or wrongly translated, do not get into the program.

    pages_compile_test.py TOOL SITE
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

TOOL, SITE = sys.argv[1:3]
PAGES = os.path.join(SITE, "pages")
PO = os.path.join(SITE, "po")
# It ends at once, and leaves its memory to the system.
os.environ["ASAN_OPTIONS"] = "detect_leaks=0"
CODES = sorted(f[:-3] for f in os.listdir(PO) if f.endswith(".po"))

HEADER = {"Language": "xx", "Content-Type": "text/plain; charset=UTF-8",
          "X-Name": "Xx", "X-Direction": "ltr", "X-Words": "english",
          "X-Complete": "no", "X-Review": "draft"}


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def messages(text):
    """{msgid: (msgstr, flags)} of a PO file, its header left out."""
    found = {}
    for block in re.split(r"\n\s*\n", text):
        lines = block.split("\n")
        flags = [l for l in lines if l.startswith("#,")]
        said, key = {}, None
        for line in lines:
            m = re.match(r'(msgid|msgstr) (".*")$', line)
            if m:
                key = m.group(1)
                said[key] = ast.literal_eval(m.group(2))
            elif line.startswith('"') and key:
                said[key] += ast.literal_eval(line)
        if said.get("msgid"):
            if said["msgid"] in found:
                raise ValueError("twice: " + said["msgid"])
            found[said["msgid"]] = (said["msgstr"], flags)
    return found


def strings_of_pages():
    found = []
    for name in os.listdir(PAGES):
        if name.endswith(".html"):
            found += re.findall(r"\[\[(.*?)\]\]",
                                read(os.path.join(PAGES, name)), re.S)
    return set(found)


def template():
    done = subprocess.run([TOOL, "--pot", PAGES], check=True,
                          stdout=subprocess.PIPE)
    return done.stdout.decode("utf-8")


def po(strings, **fields):
    """A PO file; a field that is None is left out."""
    header = dict(HEADER)
    header.update({k.replace("_", "-"): v for k, v in fields.items()})
    text = 'msgid ""\nmsgstr ""\n'
    for k, v in header.items():
        if v is not None:
            text += '"%s: %s\\n"\n' % (k, v)
    for string, (translation, flag) in strings.items():
        text += '\n%smsgid "%s"\nmsgstr "%s"\n' % (
            flag, string, translation)
    return text


class Compiled(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.addCleanup(self.tmp.cleanup)
        self.pages = os.path.join(self.tmp.name, "pages")
        self.out = os.path.join(self.tmp.name, "out")
        shutil.copytree(PAGES, self.pages)
        os.mkdir(self.out)

    def write(self, name, text):
        path = os.path.join(self.tmp.name, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def compiled(self, *catalogues):
        """(did it succeed, what it said)"""
        done = subprocess.run([TOOL, self.pages, self.out, *catalogues],
                              check=False, stderr=subprocess.PIPE)
        said = done.stderr.decode("utf-8", "replace")
        # Whoever is refused is told why, and there is no list of languages
        # to build with.
        self.assertIn(done.returncode, (0, 1))
        listed = os.path.exists(os.path.join(self.out, "languages.c"))
        self.assertEqual(done.returncode == 0, listed)
        if done.returncode != 0:
            self.assertNotEqual(said, "")
        return done.returncode == 0, said

    def refused(self, *catalogues):
        good, said = self.compiled(*catalogues)
        self.assertFalse(good)
        return said

    def text(self, code):
        """All the bytes of a language, blanks as they are in the program."""
        made = read(os.path.join(self.out, "language_%s.c" % code))
        array = made[made.index("{") + 1:made.index("};")]
        return bytes(int(n) for n in array.replace("\n", "").split(",")
                     if n.strip())


class Translations(Compiled):
    ONE = "Message"
    BLANK = "At most {{message_max}}."

    def one(self, string, translation, flag="", **fields):
        return self.write("xx.po", po({string: (translation, flag)},
                                      **fields))

    def all(self, **fields):
        return {s: (s.upper() if "{{" not in s else s, "")
                for s in strings_of_pages()}

    def test_pages_and_catalogues_as_they_are_become_the_program(self):
        good, said = self.compiled(
            *[os.path.join(PO, c + ".po") for c in CODES])
        self.assertTrue(good, said)
        self.assertEqual(said, "")
        listed = read(os.path.join(self.out, "languages.c"))
        for code in ["en"] + CODES:
            self.assertIn("&site_embedded_%s," % code, listed)
        self.assertLess(listed.index("&site_embedded_en,"),
                        listed.index("&site_embedded_" + CODES[0]))

    def test_in_a_complete_catalogue_nothing_may_be_missing(self):
        strings = self.all()
        good, said = self.compiled(
            self.write("xx.po", po(strings, X_Complete="yes")))
        self.assertTrue(good, said)
        os.remove(os.path.join(self.out, "languages.c"))
        for missing in ("", None):
            less = dict(strings)
            if missing is None:
                del less[self.ONE]
            else:
                less[self.ONE] = ("", "")
            said = self.refused(
                self.write("xx.po", po(less, X_Complete="yes")))
            self.assertIn("xx.po: is said to be complete and lacks: Message",
                          said)

    def test_in_an_incomplete_one_it_stays_english_and_is_counted(self):
        good, said = self.compiled(self.one(self.ONE, "Nachricht"))
        self.assertTrue(good, said)
        count = len(strings_of_pages())
        self.assertIn("xx.po: %d of %d strings stay English" %
                      (count - 1, count), said)
        self.assertIn(b"Nachricht</label>", self.text("xx"))
        self.assertIn(b">Files</label>", self.text("xx"))
        self.assertIn(b">Message</label>", self.text("en"))

    def test_what_is_fuzzy_or_obsolete_is_not_translated(self):
        good, said = self.compiled(
            self.one(self.ONE, "Nachricht", "#, fuzzy\n"))
        self.assertTrue(good, said)
        self.assertNotIn(b"Nachricht", self.text("xx"))
        path = self.write("xx.po", po({}) +
                          '\n#~ msgid "Message"\n#~ msgstr "Nachricht"\n')
        good, said = self.compiled(path)
        self.assertTrue(good, said)
        self.assertNotIn(b"Nachricht", self.text("xx"))
        strings = self.all()
        strings[self.ONE] = ("NACHRICHT", "#, fuzzy\n")
        os.remove(os.path.join(self.out, "languages.c"))
        self.assertIn("lacks: Message", self.refused(
            self.write("xx.po", po(strings, X_Complete="yes"))))

    def test_a_translation_has_the_blanks_of_its_string(self):
        good, said = self.compiled(
            self.one(self.BLANK, "{{message_max}} maximal."))
        self.assertTrue(good, said)
        os.remove(os.path.join(self.out, "languages.c"))
        for wrong in ("Maximal.", "{{message_max}} {{message_max}}",
                      "{{messagemax}}", "{{files_max}}",
                      "{{message_max}} {{files_max}}", "{message_max}",
                      "{{message_max", "{{message_max}} {{",
                      "{{message_max}} }}", "{{ message_max }}"):
            said = self.refused(self.one(self.BLANK, wrong))
            self.assertIn("xx.po: blanks differ from those of: " +
                          self.BLANK, said, wrong)
        said = self.refused(self.one(self.ONE, "{{message_max}}"))
        self.assertIn("blanks differ from those of: " + self.ONE, said)

    def test_no_translation_has_what_means_something_in_html(self):
        for bad in ("<b>", "a > b", "Tom & Jerry", "&lt;", '\\"x\\"', "[[x]]",
                    "a [b]", "line\\nline", "tab\\ttab"):
            said = self.refused(self.one(self.ONE, bad))
            self.assertIn("xx.po: a character that is not allowed", said, bad)
        for turn in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069":
            said = self.refused(self.one(self.ONE, "a" + turn + "b"))
            self.assertIn("xx.po: a mark of direction in", said)
        for fine in ("\u200f\u0627", "“x”", "it’s", "\u2065", "\u2029"):
            good, said = self.compiled(self.one(self.ONE, fine))
            self.assertTrue(good, said)
            self.assertIn(fine.encode(), self.text("xx"))
            os.remove(os.path.join(self.out, "languages.c"))


class Headers(Compiled):
    def test_a_field_that_is_missing_or_wrong_is_named(self):
        for field, wrong in (("X-Name", (None, "", "a<b", "a&b")),
                             ("X-Words", (None, "", "latin", "English")),
                             ("X-Direction", (None, "", "left", "LTR")),
                             ("X-Complete", (None, "", "Yes", "true")),
                             ("X-Review", (None, "", "no")),
                             ("Language", (None, "", "yy", "xx_XX"))):
            for value in wrong:
                said = self.refused(self.write("xx.po", po(
                    {}, **{field.replace("-", "_"): value})))
                self.assertIn("xx.po", said)
                if value in (None, ""):
                    self.assertIn(field, said, (field, value))

    def test_a_catalogue_without_a_header_or_of_no_grammar_is_refused(self):
        for text in ("", 'msgid "Message"\nmsgstr "Nachricht"\n',
                     po({}) + '\nmsgid "Message\n', po({}) + "\nnonsense\n"):
            self.assertIn("xx.po", self.refused(self.write("xx.po", text)))
        self.assertIn("none.po", self.refused(
            os.path.join(self.tmp.name, "none.po")))

    def test_a_catalogue_is_named_by_its_code(self):
        for name in ("x.po", ".po", "much-too-long.po", "x-y.po", "XX.po",
                     "x1.po", "xx.pot", "xx_po"):
            said = self.refused(self.write(name, po(
                {}, Language=name[:-3] or "x")))
            self.assertIn(name, said)

    def test_right_to_left_draft_and_words_are_taken_over(self):
        good, said = self.compiled(self.write("xx.po", po(
            {}, X_Direction="rtl", X_Words="czech", X_Review="reviewed")))
        self.assertTrue(good, said)
        self.assertIn('{"xx", "Xx", "czech", 1, 0, 0}',
                      read(os.path.join(self.out, "language_xx.c")))


class Pages(Compiled):
    def change(self, name, old, new):
        path = os.path.join(self.pages, name)
        text = read(path)
        self.assertIn(old, text)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace(old, new, 1))

    def test_a_blank_that_nobody_knows_is_named_with_its_file(self):
        for new in ("{{tokens}}", "{{TOKEN}}", "{{}}", "{{ token }}"):
            shutil.copy(os.path.join(PAGES, "large.html"), self.pages)
            self.change("large.html", "{{token}}", new)
            said = self.refused()
            self.assertIn("large: unknown blank", said, new)

    def test_what_is_not_closed_is_named_with_its_file(self):
        self.change("text_cut.html", "]]", "")
        self.assertIn("text_cut.html: [[ without ]]", self.refused())
        shutil.copy(os.path.join(PAGES, "text_cut.html"), self.pages)
        self.change("relay_field.html", "{{onion}}", "{{onion")
        self.assertIn("relay_field: {{ without }}", self.refused())
        shutil.copy(os.path.join(PAGES, "relay_field.html"), self.pages)
        self.change("text_cut.html", "[[", "[[]][[")
        self.assertIn("text_cut.html: nothing stands between",
                      self.refused())

    def test_a_page_that_is_missing_or_empty_is_named(self):
        path = os.path.join(self.pages, "relay.html")
        with open(path, "w", encoding="utf-8"):
            pass
        self.assertIn("relay.html: is empty", self.refused())
        os.remove(path)
        self.assertIn("relay.html: cannot be read", self.refused())

    def test_a_byte_that_stands_for_blanks_is_in_no_page(self):
        self.change("relay.html", "<p", "\x01<p")
        self.assertIn("relay.html: is empty, or has a byte", self.refused())


class Template(unittest.TestCase):
    def test_it_is_the_one_that_lies_beside_the_catalogues(self):
        self.assertEqual(template(), read(os.path.join(PO, "tipline.pot")),
                         "make it anew: pages_compile --pot site/pages >"
                         " site/po/tipline.pot")

    def test_it_has_every_string_once_and_its_pages(self):
        text = template()
        self.assertEqual(set(messages(text)), strings_of_pages())
        for name in re.findall(r"pages/\S+", text):
            self.assertTrue(os.path.exists(os.path.join(SITE, name)), name)

    def test_every_catalogue_has_exactly_these_strings(self):
        strings = set(messages(template()))
        self.assertGreater(len(CODES), 0)
        for code in CODES:
            own = messages(read(os.path.join(PO, code + ".po")))
            self.assertEqual(set(own) - strings, set(),
                             code + ": no page has these any more")
            self.assertEqual(strings - set(own), set(), code + ": lacks")

    def test_usage_is_told(self):
        for arguments in ([], ["--pot"], [PAGES], ["--pot", PAGES, "x"]):
            done = subprocess.run([TOOL, *arguments], check=False,
                                  stderr=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
            self.assertNotEqual(done.returncode, 0, arguments)
            self.assertNotEqual(done.stderr, "")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
