#!/usr/bin/env python3
"""The rule of docs/METADATA.md is able to fail, on both sides."""

import os
import sqlite3
import tempfile
import unittest

import metadata_rules

PAGE = """# Title

## 1. Database
| name | why |
|---|---|
| `tip` | a `word` that is no name |
| `tip.number` | - |

## 2. Files in LINE/data
| `tips.sqlite` | - |

## 6. Bundle
| `not compared` | - |

## 7. Log
| `E100` `E101` | - |
"""


class Metadata(unittest.TestCase):
    def there(self, sql, files=("tips.sqlite",), log=("E100", "E101")):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x")
            db = sqlite3.connect(path)
            db.executescript(sql)
            db.close()
            names = metadata_rules.columns(path)
        return {1: names, 2: set(files), 3: set(), 4: set(), 5: set(),
                7: set(log)}

    def complaints(self, *args, **kw):
        return list(metadata_rules.complaints(PAGE, self.there(*args, **kw)))

    OURS = "CREATE TABLE tip (number INTEGER PRIMARY KEY);"

    def test_what_is_listed_and_there_is_right(self):
        self.assertEqual(self.complaints(self.OURS), [])

    def test_a_new_column_is_told(self):
        sql = "CREATE TABLE tip (number INTEGER PRIMARY KEY, time INTEGER);"
        self.assertIn("tip.time", self.complaints(sql)[0])

    def test_a_new_table_index_or_trigger_is_told(self):
        for more in ("CREATE TABLE visit (a);", "CREATE INDEX i ON tip(1);",
                     "CREATE VIEW v AS SELECT 1;",
                     "CREATE TRIGGER t AFTER DELETE ON tip BEGIN SELECT 1;"
                     " END;",
                     "CREATE TABLE h (a, b AS (a) VIRTUAL);"):
            self.assertTrue(self.complaints(self.OURS + more), more)

    def test_a_column_that_went_is_told(self):
        sql = "CREATE TABLE tip (other INTEGER);"
        self.assertEqual(len(self.complaints(sql)), 2)

    def test_files_and_log_lines_are_told_both_ways(self):
        self.assertTrue(self.complaints(self.OURS, files=("tips.sqlite",
                                                          "notes")))
        self.assertTrue(self.complaints(self.OURS, files=()))
        self.assertTrue(self.complaints(self.OURS, log=("E100",)))
        self.assertTrue(self.complaints(self.OURS,
                                        log=("E100", "E101", "E102")))


if __name__ == "__main__":
    unittest.main()
