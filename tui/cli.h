/* The command line: what was typed, and the commands that end after printing. */
#ifndef TUI_CLI_H
#define TUI_CLI_H

#include <glib.h>
#include <stdbool.h>

/* What scripts rely on. */
enum {
    EXIT_FINE = 0,
    EXIT_PROBLEMS = 1, /* only with --fail-on */
    EXIT_USAGE = 2,    /* or configuration */
    EXIT_SOURCE = 3,   /* a source failed, or --fail-on could not see everything */
    EXIT_REFUSED = 4,
};

struct cli {
    /* everywhere */
    char *config, *env, *color, *theme, *log, *timeout;
    gboolean ascii, plain, verbose;
    /* get, show, logs */
    char *output, *filter, *sort, *columns, *scope, *source, *wait, *fail_on, *watch_span, *since;
    gint64 limit, tail, try;
    gboolean watch, raw, follow;
    char **words; /* the command and its arguments */
    bool utf8;    /* the user's locale speaks it */
};

struct command {
    const char *name;
    const char *arguments;
    const char *help;
    int (*run)(const struct cli *cli);
};
/* Ends with a NULL name. */
extern const struct command cli_commands[];

/* Parses argv; on failure prints what is wrong and what to type, and returns false. */
bool cli_parse(struct cli *cli, int argc, char **argv);
void cli_clear(struct cli *cli);
/* The nth argument after the command, or NULL. */
const char *cli_argument(const struct cli *cli, unsigned n);

/* One line on stderr: "weir: ...". */
void cli_complain(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* A span option in milliseconds, fallback when it was not given, -1 (and a complaint) when wrong. */
gint64 cli_span(const char *name, const char *text, gint64 fallback);
/* Writes all of out to stdout; false when that failed (a closed pipe ends quietly). */
bool cli_print(const GString *out);
/* Whether headings on stdout may be bold. */
bool cli_bold(const struct cli *cli);
/* A copy of the table of options, for completion and the manual: g_free. Values go to *cli. */
GOptionEntry *cli_options(struct cli *cli);

/* weir --plain: the console as lines. */
int plain_run(const struct cli *cli);
int cmd_get(const struct cli *cli);
int cmd_show(const struct cli *cli);
int cmd_logs(const struct cli *cli);
int cmd_explain(const struct cli *cli);
int cmd_completion(const struct cli *cli);
int cmd_doctor(const struct cli *cli);
/* `weir config VERB`; NULL-terminated. */
extern const char *const config_verbs[];
int cmd_config(const struct cli *cli);
int cmd_version(const struct cli *cli);
int cmd_help(const struct cli *cli);

#endif
