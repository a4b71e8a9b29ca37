# The site's pages as documents, in browsers, in other clients, on the wire.
e2e_test(site_html)
e2e_test(site_policy)
e2e_test(odd_clients)
e2e_test(site_wire)
# It measures times.
set_tests_properties(e2e.site_wire PROPERTIES RUN_SERIAL TRUE)
