# tipline-intake and what both it and the receiver know of each other.
room(control control.c pieces.c)
target_link_libraries(tipline_control PUBLIC tipline_base)

# Where tipline-receiver and tipline-keeper are: beside tipline-intake, unless
# a packager puts them elsewhere.
set(TIPLINE_PROGRAMS "" CACHE STRING
	"Folder of tipline-receiver and tipline-keeper; empty: beside tipline-intake")

add_executable(tipline-intake intake_main.c supervisor.c setup.c spawn.c
	listening.c in_force.c telling.c)
target_compile_definitions(tipline-intake PRIVATE
	TIPLINE_VERSION="${PROJECT_VERSION}")
if(TIPLINE_PROGRAMS)
	target_compile_definitions(tipline-intake PRIVATE
		TIPLINE_PROGRAMS="${TIPLINE_PROGRAMS}")
endif()
target_link_libraries(tipline-intake PRIVATE tipline_control tipline_line
	tipline_crypto tipline_base)
