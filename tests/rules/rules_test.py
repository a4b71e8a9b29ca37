#!/usr/bin/env python3
"""Each rule is able to fail: it is shown a breach, and what is right."""

import os
import shutil
import subprocess
import tempfile
import unittest

import binary_rules
import house
import limits_rules
import source_rules
import threats_rules

GUARDED = """/*
 * x: for this test.
 */
#ifndef TIPLINE_STORE_X_H
#define TIPLINE_STORE_X_H
int x_size(void);
#endif
"""
# What one file says, and a word of the complaint; None: no complaint.
SOURCE = [
    ("base/x.c", "#include <sodium.h>\n", "may not use"),
    ("crypto/x.c", "#include <sodium.h>\n", None),
    ("store/x.c", "#include <openssl/evp.h>\n", "may not use"),
    ("store/x.c", "#include <sqlite3.h>\n", None),
    ("intake/x.c", "#include <sqlite3.h>\n", "may not use"),
    ("intake/x.c", "#include <event2/event.h>\n", None),
    ("store/x.c", "#include <event2/event.h>\n", "may not use"),
    ("intake/x.c", "#include <evhttp.h>\n", "may not use"),
    ("operator/x.c", "#include <ini.h>\n", "may not use"),
    ("line/x.c", "#include <ini.h>\n", None),
    ("intake/x.c", "#include <cjson/cJSON.h>\n", "may not use"),
    ("analyst/x.c", "#include <cjson/cJSON.h>\n", None),
    ("analyst/x.c", "#include <netdb.h>\n", "may not use"),
    ("intake/x.c", "#include <pthread.h>\n", "may not use"),
    ("base/x.c", "#  include <curl/curl.h>\n", "in no table"),
    ("base/x.c", "#include \"crypto/sign.h\"\n", "may not include"),
    ("crypto/x.c", "#include \"base/status.h\"\n", None),
    ("store/x.c", "#include \"crypto/sign.h\"\n", "may not include"),
    ("line/x.c", "#include \"crypto/keyset.h\"\n", None),
    ("line/x.c", "#include \"crypto/wrap.h\"\n", "may not open"),
    ("intake/x.c", "#include \"crypto/opener.h\"\n", "may not open"),
    ("operator/x.c", "#include \"crypto/minisign_sign.h\"\n", "may not open"),
    ("analyst/x.c", "#include \"crypto/opener.h\"\n", None),
    ("operator/backup_x.c", "#include \"crypto/opener.h\"\n", "may not open"),
    ("operator/restore_x.c", "#include \"crypto/opener.h\"\n", None),
    ("analyst/x.c", "#include \"line/line.h\"\n", "may not include"),
    ("analyst/x.c", "#include \"store/store.h\"\n", "may not include"),
    ("intake/x.c", "#include \"store/store.h\"\n", "may not include"),
    ("intake/x.c", "#include \"store/keeper_msg.h\"\n", None),
    ("operator/x.c", "#include \"intake/limits.h\"\n", "may not include"),
    ("handoff/x.c", "#include \"analyst/open.h\"\n", "may not include"),
    ("base/x.c", "#include \"status.h\"\n", "is not written"),
    ("base/x.c", "#include \"base/../x.h\"\n", "is not written"),
    ("cellar/x.c", "int x;\n", "does not know"),
    ("store/x.h", GUARDED, None),
    ("store/y.h", GUARDED, "guard"),
    ("store/x.h", "int x_size(void);\n", "guard"),
    ("store/x.h", GUARDED + "int late;\n", "guard"),
    ("base/x.c", "strcpy(a, b);\n", "strcpy()"),
    ("base/x.c", "x = sprintf (a, b);\n", "sprintf()"),
    ("base/x.c", "strcat(a, b); gets(c);\n", "gets()"),
    ("base/x.c", "snprintf(a, 1, \"gets(\"); /* strcpy(a) */\n", None),
    ("base/x.c", "sscanf(a, b);\n", "sscanf()"),
    ("tests/x.c", "sscanf(a, b);\n", None),
    ("tests/x.c", "sprintf(a, b);\n", "sprintf()"),
    ("tests/x.c", "exit(1);\n", "exit()"),
    ("tests/x.c", "int\nmain(void)\n{\n\texit(1);\n}\n", None),
    ("tests/x.c", "int a;\n" * 800, "800 lines"),
    ("base/x.c", "int\nmain(void)\n{\n\texit(1);\n}\n", "exit()"),
    ("base/x.c", "exit(1);\n", "exit()"),
    ("base/x.c", "_exit(1); x_exit(1);\n", None),
    ("analyst/main.c", "exit(1);\n", None),
    ("base/x.c", "typedef struct x x_t;\n", "is called x_t"),
    ("base/x.c", "typedef int x_t(void *p);\n", "is called x_t"),
    ("base/x.c", "typedef struct {\n\tint a;\n} x_t;\n", "is called x_t"),
    ("base/x.c", "typedef int x_fn(size_t n);\n", None),
    ("base/x.c", "int a;\n" * 500, "500 lines"),
    ("base/x.c", "int a;\n" * 499, None),
    ("base/x.c", "\t" * 9 + "int a = 1;\n", "80 columns"),
    ("base/x.c", "/* " + "\u00e9" * 70 + " */\n", None),
    ("base/x.c", "int\nx(void)\n{\n" + "\ta();\n" * 60 + "}\n", "60 lines"),
    ("base/x.c", "int\nx(void)\n{\n" + "\ta();\n" * 59 + "}\n", None),
    ("base/x.c", "int\nx(int a, int b, int c, int d, int e, int f,\n"
     "    int g)\n{\n}\n", "7 parameters"),
    ("base/x.c", "int\nx(int a, int b, int c, int d, int e,\n"
     "    int (*f)(int, int))\n{\n}\n", None),
    ("docs/x.md", "see /" + "home/anna/notes\n", "one machine"),
    ("docs/x.md", "see https://example.org/" + "home/x and ./home/x\n", None),
]


def write(folder, path, text):
    path = os.path.join(folder, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


class Source(unittest.TestCase):
    def test_every_line_of_the_table_is_judged_as_it_says(self):
        for path, text, word in SOURCE:
            with tempfile.TemporaryDirectory() as tree:
                write(tree, path, text)
                found = "\n".join(source_rules.check_tree(tree))
            with self.subTest(path=path, text=text[:60]):
                self.assertEqual(bool(found), word is not None, found)
                self.assertIn(word or "", found)


class Threats(unittest.TestCase):
    def check(self, cell, rows=11):
        page = "| **1. A promise.** | %s | `unit.none` |\n" % cell * rows
        return "\n".join(threats_rules.check_threats(
            page, ["unit.a_test", "fuzz.b"]))

    def test_a_promise_without_its_test_is_told(self):
        self.assertEqual(self.check("`unit.a_*` and `fuzz.b` try it"), "")
        self.assertIn("no test unit.c", self.check("`unit.a_test` `unit.c`"))
        self.assertIn("no test for", self.check("a reader sees it"))
        self.assertIn("10 promises", self.check("`fuzz.b`", 10))


class Limits(unittest.TestCase):
    def check(self, page, limits="#define LIMIT_A 8192\n", config=""):
        with tempfile.TemporaryDirectory() as tree:
            write(tree, "docs/LIMITS.md", page)
            write(tree, "intake/limits.h", limits)
            for path, _ in limits_rules.HEADERS[1:]:
                write(tree, path, "")
            write(tree, "line/config.h", config)
            return "\n".join(limits_rules.check_limits(tree))

    def test_equal_limits_pass_and_any_difference_fails(self):
        row = "| a | 8 KiB | `LIMIT_A` |\n"
        self.assertEqual(self.check(row), "")
        self.assertIn("is 8192", self.check(row.replace("8", "9")))
        self.assertIn("is missing", self.check("text\n"))
        self.assertIn("not in the code", self.check(row.replace(
            "_A", "_B") + row))
        self.assertIn("is missing", self.check(
            row, config="#define CONFIG_FILES_DEFAULT 32\n"))
        self.assertEqual(self.check(
            row + "| q | 8 GiB | `CONFIG_QUOTA_DEFAULT` |\n",
            config="#define CONFIG_QUOTA_DEFAULT (UINT64_C(8) << 30)\n"), "")
        self.assertIn("not a number", self.check(
            row, limits="#define LIMIT_A f(x)\n"))


class Binaries(unittest.TestCase):
    """Programs built badly on purpose."""

    GOOD = ["-O2", "-D_FORTIFY_SOURCE=2", "-fstack-protector-strong", "-fPIE",
            "-pie", "-Wl,-z,relro,-z,now,-z,noexecstack"]
    CODE = ("#include <stdio.h>\n#include <string.h>\n"
            "int main(int c, char **v) { char b[64];"
            "snprintf(b, sizeof(b), v[0]); return b[c]; }\n")

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.folder.cleanup()

    def build(self, code, flags):
        source = write(self.folder.name, "x.c", code)
        program = os.path.join(self.folder.name, "x")
        compiler = shutil.which("cc") or shutil.which("gcc") or "clang"
        subprocess.run([compiler, "-w", source, "-o", program, *flags],
                       check=True)
        return program

    def hardening(self, *change):
        program = self.build(self.CODE, self.GOOD + list(change))
        return "\n".join(binary_rules.check_hardening("x", program, True))

    def test_each_missing_protection_is_told(self):
        self.assertEqual(self.hardening(), "")
        for change, word in (
                (["-no-pie", "-fno-pie"], "position"),
                (["-Wl,-z,lazy"], "not full"),
                (["-Wl,-z,norelro"], "no RELRO"),
                (["-Wl,-z,execstack"], "executed"),
                (["-fno-stack-protector"], "no stack protector"),
                (["-U_FORTIFY_SOURCE"], "not fortified")):
            with self.subTest(change=change):
                self.assertIn(word, self.hardening(*change))

    def links(self, name, code, *flags):
        program = self.build(code, ["-O0", "-Wl,--no-as-needed", *flags])
        return "\n".join(binary_rules.check_links(name, program,
                                                  {"opener_new"}))

    def test_what_may_not_be_linked_or_imported_is_told(self):
        good = "int main(void) { return 0; }\n"
        opens = "void opener_new(void) {}\n" + good
        calls = ("int socket(int, int, int);\n"
                 "int main(void) { return socket(1, 1, 0); }\n")
        pull = ("int crypto_secretstream_xchacha20poly1305_pull(void);\n"
                "int main(void) { return "
                "crypto_secretstream_xchacha20poly1305_pull(); }\n")
        reply = ("int crypto_box_open_easy_afternm(void);\n"
                 "int main(void) { return crypto_box_open_easy_afternm(); }\n")
        box = reply.replace("open_easy_afternm", "seal_open")
        self.assertEqual(self.links("tipline-receiver", good), "")
        for name in house.SERVER:
            self.assertIn("can open", self.links(name, opens))
            self.assertIn("can open", self.links(name, pull, "-lsodium"))
            self.assertIn("can open", self.links(name, box, "-lsodium"))
            self.assertEqual("can open" in self.links(name, reply,
                                                      "-lsodium"),
                             name != "tipline-receiver")
        self.assertEqual(self.links("tipline-analyst", opens), "")
        self.assertIn("links libsqlite3", self.links(
            "tipline-receiver", good, "-lsqlite3"))
        self.assertIn("links libsqlite3", self.links(
            "tipline-analyst", good, "-lsqlite3"))
        self.assertIn("links libevent", self.links(
            "tipline-analyst", good, "-levent_core"))
        for library in ("-lsodium", "-lcrypto", "-levent_core"):
            self.assertIn("links lib", self.links("tipline-keeper", good,
                                                  library))
        for name in ("tipline-analyst", "tipline-keeper"):
            self.assertIn("imports socket", self.links(name, calls))
        with self.assertRaises(ValueError):
            self.links("tipline-intake", good, "-s")

    def test_exported_names_are_judged(self):
        def judge(*symbols):
            return "\n".join(binary_rules.check_names("base", symbols))
        self.assertEqual(judge(("bytes", "bytes_append"), ("bytes", "wipe"),
                               ("conn_body", "conn_body_read"),
                               ("conn_body", "conn_read"),
                               ("num", "le32_put")), "")
        self.assertIn("exports", judge(("bytes", "append_bytes")))
        self.assertIn("exports", judge(("bytes", "wipe_all")))
        self.assertIn("exports", judge(("bytes", "bytesize")))
        self.assertIn("belongs", judge(("crypto", "crypto_hash")))

    def test_a_build_without_programs_fails(self):
        self.assertIn("no libraries", "\n".join(
            binary_rules.check_build(self.folder.name)))


if __name__ == "__main__":
    unittest.main()
