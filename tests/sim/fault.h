/* Faults on purpose: one table of what can go wrong between weir and a service, and which of it is
 * switched on where. A fault belongs to a stage: who has to act it out. */
#ifndef TESTS_SIM_FAULT_H
#define TESTS_SIM_FAULT_H

#include <glib.h>
#include <stdbool.h>

enum fault_stage {
    FAULT_LISTEN, /* nobody is there: server.c */
    FAULT_WIRE,   /* bytes go astray: wire.c */
    FAULT_TLS,    /* the wrong certificate or version: server.c; services with TLS only */
    FAULT_HTTP,   /* an answer that is no good: fault_answer */
    FAULT_CLOCK,  /* the server's Date is wrong: server.c */
    FAULT_SHELL,  /* hosts only: shells.c */
};

enum wire_manner {
    WIRE_STALL,         /* takes requests, never answers */
    WIRE_RESET,         /* RST instead of an answer */
    WIRE_RESET_HEADERS, /* RST in the middle of the headers */
    WIRE_FIN_BODY,      /* ends in the middle of the body */
    WIRE_DRIP,          /* one byte a second, from the first */
    WIRE_DRIP_BODY,     /* the headers at once, then one byte a second */
    WIRE_SLOW,          /* every answer comes two seconds late */
    WIRE_RAW,           /* fixed bytes instead of the answer, then the end */
};

enum shell_manner {
    SHELL_EXITS,      /* ends at once, with words on standard error */
    SHELL_DIES,       /* ends in the middle of an answer */
    SHELL_HANGS,      /* takes everything, answers nothing */
    SHELL_DRIPS,      /* one byte a second */
    SHELL_GARBAGE,    /* answers with bytes that mean nothing */
    SHELL_BANNER,     /* greets, and says nothing more */
    SHELL_HUGE,       /* an answer without an end */
    SHELL_OTHER_WORD, /* the answer to another question */
    SHELL_SLOW,       /* two seconds late */
};

struct fault {
    const char *name;
    enum fault_stage stage;
    int how;          /* wire_manner, shell_manner; HTTP: the status */
    const char *text; /* HTTP: type, and then body or a word in < >; wire: raw bytes; TLS: which */
    const char *help;
};

/* The table, ends with a NULL name. */
extern const struct fault faults[];
const struct fault *fault_find(const char *name); /* or NULL */
/* All names, of those that the service can show: "drip, drip-body, ...". Newly allocated. */
char *fault_names(bool hosts);

/* What is switched on for one service. Zeroed is nothing. */
struct fault_switch {
    const struct fault *fault; /* NULL: none */
    char *path;                /* only requests below this path (hosts: this host); NULL: all */
    int left;                  /* so many requests; -1: until it is switched off */
};
void fault_switch_set(struct fault_switch *s, const struct fault *f, const char *path, int count);
/* The fault of a stage that holds for this request, and counts it; NULL: none does. */
const struct fault *fault_take(struct fault_switch *s, enum fault_stage stage, const char *path);
/* The same without counting. */
const struct fault *fault_look(
    const struct fault_switch *s, enum fault_stage stage, const char *path);

/* A bad answer: its body (new), type and further header ("Name: value", or NULL). */
struct fault_reply {
    int status;
    const char *content_type, *header;
    GBytes *body;
};
void fault_answer(const struct fault *f, struct fault_reply *out);

#endif
