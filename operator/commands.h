/*
 * commands: one function for each command of tipline-operator, in the file
 * of its name.  Each gets argv[0] of its own name and returns the exit code.
 */
#ifndef TIPLINE_OPERATOR_COMMANDS_H
#define TIPLINE_OPERATOR_COMMANDS_H

int init_command(int argc, char **argv);
int keyset_install_command(int argc, char **argv);
int texts_install_command(int argc, char **argv);
int preview_command(int argc, char **argv);
int root_change_command(int argc, char **argv);
int root_replace_command(int argc, char **argv);
int root_show_command(int argc, char **argv);
int check_command(int argc, char **argv);
int status_command(int argc, char **argv);
int export_command(int argc, char **argv);
int import_command(int argc, char **argv);
int purge_command(int argc, char **argv);
int backup_command(int argc, char **argv);

#endif
