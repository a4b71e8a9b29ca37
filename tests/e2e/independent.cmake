# Sealed by the server, opened by two implementations.
e2e_test(independent)
