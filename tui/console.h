/* The console: the full-screen program. */
#ifndef TUI_CONSOLE_H
#define TUI_CONSOLE_H

struct cli;

/* Runs until the user quits; returns the exit code. Ends the process itself where lanes may hang. */
int console_run(const struct cli *cli);

#endif
