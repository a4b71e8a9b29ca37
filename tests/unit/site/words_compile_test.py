#!/usr/bin/env python3
"""A list of words that could be misread does not get into the program.

    words_compile_test.py TOOL FOLDER
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

TOOL, FOLDER = sys.argv[1:3]


class Lists(unittest.TestCase):
    def compiled(self, name=None, change=None):
        """What the tool says when change() was at one list; "" if it is
        content."""
        with tempfile.TemporaryDirectory() as tmp:
            folder = os.path.join(tmp, "words")
            made = os.path.join(tmp, "made.c")
            shutil.copytree(FOLDER, folder)
            if name is not None:
                path = os.path.join(folder, name + ".txt")
                with open(path, encoding="utf-8") as f:
                    words = f.read().split("\n")[:-1]
                with open(path, "w", encoding="utf-8") as f:
                    f.write("".join(w + "\n" for w in change(words)))
            done = subprocess.run([TOOL, folder, made], check=False,
                                  stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode == 0, os.path.exists(made))
            self.assertEqual(done.returncode == 0, done.stderr == "")
            return done.stderr

    def exchanged(self, name, word):
        """The same with another word in the 100th line."""
        return self.compiled(name, lambda w: w[:99] + [word] + w[100:])

    def test_the_lists_as_they_are_become_a_part_of_the_program(self):
        self.assertEqual(self.compiled(), "")

    def test_a_list_has_2048_words(self):
        self.assertIn("fewer than 2048",
                      self.compiled("czech", lambda w: w[:-1]))
        self.assertIn("more than 2048",
                      self.compiled("czech", lambda w: w + ["zzz"]))
        self.assertIn("no word", self.compiled(
            "czech", lambda w: w[:99] + [""] + w[100:]))

    def test_a_list_that_is_missing_is_named(self):
        with tempfile.TemporaryDirectory() as tmp:
            done = subprocess.run([TOOL, tmp, os.path.join(tmp, "made.c")],
                                  check=False, stderr=subprocess.PIPE,
                                  text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn("english.txt", done.stderr)

    def test_no_word_stands_twice_however_it_is_written(self):
        for name, word in (("english", "zoo"), ("english", "ZOO"),
                           ("spanish", "nino"), ("korean", "힘껏"),
                           ("japanese", "アイコクシン"),
                           ("chinese_simplified", "的")):
            self.assertIn("another word is compared as one",
                          self.exchanged(name, word), word)

    def test_a_word_is_one_word_composed_of_known_letters(self):
        for word, why in (("zoo zoo", "more than a word"),
                          ("---", "no word"),
                          ("e\u0301tude", "not composed"),
                          ("жук", "a letter that no list has"),
                          ("bøuf", "a letter that no list has"),
                          ("x" * 22, "longer than")):
            said = self.exchanged("french", word)
            self.assertIn(why, said, word)
            self.assertIn("french.txt:100:", said)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
