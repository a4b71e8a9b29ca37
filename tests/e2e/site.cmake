# The site's pages as documents, in browsers, in other clients, on the wire.
# The checkers lie where deploy/packages.sh (install_npm) puts them.
e2e_test(site_html)
e2e_test(site_policy)
e2e_test(odd_clients)
e2e_test(site_wire)
set_property(TEST e2e.site_html APPEND PROPERTY ENVIRONMENT
	"TIPLINE_NPM=${CMAKE_SOURCE_DIR}/build/npm")
# It measures times.
set_tests_properties(e2e.site_wire PROPERTIES RUN_SERIAL TRUE)
