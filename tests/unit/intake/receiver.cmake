# What is measured of browsers lies in tests/vectors/http.
set(HTTP_SAMPLES ${CMAKE_SOURCE_DIR}/tests/vectors/http)
add_library(tipline_samples STATIC samples.c)
target_include_directories(tipline_samples PUBLIC ${CMAKE_SOURCE_DIR})
target_compile_definitions(tipline_samples PRIVATE
	HTTP_SAMPLES="${HTTP_SAMPLES}")
target_link_libraries(tipline_samples PUBLIC tipline_intake_parsers
	PRIVATE PkgConfig::CMOCKA)

unit_test(http_parse_test tipline_samples)
unit_test(multipart_test tipline_samples)
unit_test(proxy_line_test tipline_intake_parsers)
unit_test(route_test tipline_intake_parsers)
unit_test_with_faults(text_back_test tipline_intake_parsers)
unit_test_with_faults(progress_test tipline_intake_parsers)
unit_test(code_text_test tipline_intake_parsers)
unit_test_with_faults(admission_test tipline_intake_parsers)

# A receiver in a process of its own, between parts that the test plays.
add_library(tipline_stage STATIC stage.c stage_keeper.c stage_world.c
	staged.c tip_form.c visit.c)
target_link_libraries(tipline_stage PUBLIC tipline_receiver
	tipline_crypto_open PRIVATE PkgConfig::CMOCKA PkgConfig::EVENT)
unit_test(receiver_test tipline_stage)
unit_test(receiver_body_test tipline_stage)
unit_test(form_fields_test tipline_stage)
unit_test(text_given_back_test tipline_stage)
unit_test(text_limits_test tipline_stage)
unit_test(pages_test tipline_stage)
unit_test(large_test tipline_stage)
unit_test(visitors_test tipline_stage)
unit_test(return_test tipline_stage)
unit_test(return_limits_test tipline_stage)
unit_test(told_test tipline_stage PkgConfig::EVENT)
foreach(name faults_test faults_texts_test)
	unit_test_with_faults(${name} tipline_stage)
	target_sources(${name} PRIVATE stage_fault.c)
endforeach()
