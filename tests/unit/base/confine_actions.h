/*
 * confine_actions: what confine_test asks a role to do.  Each returns 0 or
 * more if it could, -1 if it was refused; some end the process.
 */
#ifndef TIPLINE_TESTS_UNIT_BASE_CONFINE_ACTIONS_H
#define TIPLINE_TESTS_UNIT_BASE_CONFINE_ACTIONS_H

/* A folder the roles may use, a file in it, one outside it, a listening
 * socket with visitors waiting, and a pair of base/ipc. */
extern char folder[], inside[100], secret[100];
extern int listener, pair[2];

int open_a_file_of_the_folder(void);
int open_a_file_elsewhere(void);
int write_a_file_of_the_folder(void);
int lock_and_measure_a_file(void);
int make_an_internet_socket(void);
int make_an_internet_socket_with_odd_bits(void);
int make_a_netlink_socket(void);
int make_a_unix_socket(void);
int start_a_program(void);
int fork_a_process(void);
int start_a_thread(void);
int trace_a_process(void);
int set_up_io_uring(void);
int enter_a_new_namespace(void);
int map_memory_to_run(void);
int make_memory_run(void);
int signal_the_parent(void);
int accept_a_visitor(void);
int turn_an_event_loop(void);
int call_abort(void);

#endif
