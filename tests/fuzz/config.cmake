fuzz_target(config_fuzz tipline_line)
