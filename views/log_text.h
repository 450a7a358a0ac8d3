/* What a log view reads out of a line's text: its level where nobody said it, and whether it is part of
 * a stack trace. The text has passed text_clean, so an escape is its picture. Pure functions. */
#ifndef VIEWS_LOG_TEXT_H
#define VIEWS_LOG_TEXT_H

#include <glib.h>
#include <stdbool.h>

enum log_level { LEVEL_NONE, LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARN, LEVEL_ERROR, LEVEL_FATAL };

/* What a line is; the flags from LINE_TIME on are the ring's. */
enum {
    LINE_FRAME = 1 << 0, /* a frame of a stack, or the source line below it */
    LINE_TRACE = 1 << 1, /* part of a trace: headline, frame, exception, cause */
    LINE_NAMES = 1 << 2, /* names the exception */
    LINE_CAUSE = 1 << 3, /* "Caused by:", which is printed after what it caused */
    LINE_TIME = 1 << 4,  /* has a time of its own */
    LINE_LATE = 1 << 5,  /* ... which is before that of the line above it */
    LINE_ASCII = 1 << 6, /* a byte is a column */
    LINE_START = 1 << 7, /* an error begins here */
    LINE_GROUP = 1 << 8, /* belongs under a heading */
};

/* What is remembered from one line of a log to the next. */
struct log_trace {
    bool inside;   /* a trace goes on */
    bool python;   /* ... of Python: the exception's name comes after the frames */
    bool stack;    /* the line before was a frame */
    bool headline; /* out: the line before is what this first frame belongs to */
};

/* Appends text (NUL-terminated) without terminal sequences (colours, titles, links), tabs as blanks; at
 * most max bytes, with a mark that says how much was cut. Returns whether anything was changed. */
bool log_text_append(GString *out, const char *text, gsize max);

/* The level a word stands for ("warning", "ERR", "critical"), LEVEL_NONE for none. */
enum log_level log_level_named(const char *word, gsize length);
/* The level that the beginning of a line names: "12:00 ERROR ...", "level=warn", "E0612 12:00". */
enum log_level log_level_detect(const char *text);
/* "debug", "info", "warn", "error", "fatal", or "". */
const char *log_level_name(enum log_level level);
/* "D", "I", "W", "E", "F", or " ". */
const char *log_level_letter(enum log_level level);

/* LINE_FRAME to LINE_CAUSE of the next line of a log. */
unsigned log_trace_next(struct log_trace *t, const char *text);

#endif
