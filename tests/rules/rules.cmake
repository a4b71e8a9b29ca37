# What the source and the built programs are held to: house.py.
function(rule name)
	add_test(NAME rules.${name} COMMAND ${PYTHON_RULES} -B ${ARGN}
		WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/tests/rules)
	set_tests_properties(rules.${name} PROPERTIES LABELS rules)
endfunction()
rule(source source_rules.py ${CMAKE_SOURCE_DIR})
rule(limits limits_rules.py ${CMAKE_SOURCE_DIR})
rule(can_fail rules_test.py)
# A sanitizer brings a library and imports of its own.
if(NOT TIPLINE_SANITIZE AND NOT TIPLINE_FUZZ)
	if(CMAKE_BUILD_TYPE STREQUAL Debug)
		set(fortify --no-fortify)
	endif()
	rule(threats threats_rules.py ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
	rule(binaries binary_rules.py ${CMAKE_BINARY_DIR} ${fortify})
endif()
