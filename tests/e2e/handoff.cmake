# Bundles out, return bundles in, purging; backups and what becomes of them.
e2e_test(handoff)
e2e_test(backup)
