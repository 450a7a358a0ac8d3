/* `weir complete SHELL WORD...`: what may stand where the last word is being typed (it may be empty), a
 * line each, with its help behind a tab where the shell shows it. ":files" stands for names of files.
 * Reads the configuration and the tables; asks no server, so that Tab answers at once. */
#ifndef TUI_COMPLETION_H
#define TUI_COMPLETION_H

/* argv: SHELL and the words; NULL-terminated. Returns the exit code. */
int complete_run(char **argv);

#endif
