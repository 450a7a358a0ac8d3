/* weir: the command line, then either one command that prints, or the console. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli.h"
#include "completion.h"
#include "console.h"

#define LARGE_BLOCK (256 * 1024)

/* Text is UTF-8 inside; where the user's locale is not, widths still come from a UTF-8 one and the
 * terminal surface draws ASCII. Numbers always have a point. */
static bool set_locale(void)
{
    bool utf8 = setlocale(LC_CTYPE, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    if (!utf8)
        setlocale(LC_CTYPE, "C.UTF-8");
    setlocale(LC_NUMERIC, "C");
    return utf8;
}

/* A crash must not write passwords to a disk. */
static void forbid_core_dump(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
}

/* An answer of 32 MB goes back to the system when it is freed. Left alone, glibc would raise its limits
 * after the first such block and keep the next ones, one heap per lane. */
static void give_memory_back(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
    mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK);
#endif
}

static bool can_draw(void)
{
    const char *term = g_getenv("TERM");
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && *term &&
           strcmp(term, "dumb") != 0;
}

static int run(const struct cli *cli)
{
    const char *word = cli->words ? cli->words[0] : NULL;
    if (!word && cli->plain)
        return plain_run(cli);
    if (!word)
        return can_draw() ? console_run(cli) : cmd_get(cli);
    for (const struct command *c = cli_commands; c->name; c++)
        if (strcmp(c->name, word) == 0)
            return c->run(cli);
    cli_complain("there is no command \"%s\"; `weir help` lists them", word);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    forbid_core_dump();
    give_memory_back();
    signal(SIGPIPE, SIG_IGN);
    bool utf8 = set_locale();
    if (argc > 1 && strcmp(argv[1], "complete") == 0) /* its words are not weir's own options */
        return complete_run(argv + 2);
    struct cli cli;
    bool parsed = cli_parse(&cli, argc, argv);
    cli.utf8 = utf8;
    int status = parsed ? run(&cli) : EXIT_USAGE;
    cli_clear(&cli);
    return status;
}
