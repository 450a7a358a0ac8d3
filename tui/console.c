#include "console.h"

#include "cli.h"

int console_run(const struct cli *cli)
{
    return cmd_get(cli);
}
