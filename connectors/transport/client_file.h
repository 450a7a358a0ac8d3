/* What other clients on this machine already know: their files of "name = value" lines and the
 * variables they read, for discovery. Nothing here asks a server, and no secret is kept: a secret of a
 * file is named by a command that prints it, one of a variable by the variable's name. A credential
 * goes to the address that the same file or the same variables name, and nowhere else. */
#ifndef CONNECTORS_TRANSPORT_CLIENT_FILE_H
#define CONNECTORS_TRANSPORT_CLIENT_FILE_H

#include "lane.h"

#define CLIENT_FILE_MAX (64 * 1024) /* bytes; a longer file is not read */

/* Names and values (both g_free'd with the table) of lines as Java's properties have them: "=" or ":"
 * between them, # or ! before a remark, a \ at the end joins the next line. The last of equal names
 * wins. Values that are not clean text, or hold a \ elsewhere, are left out. Never NULL. */
GHashTable *client_parse(const char *text, gsize length);

/* The same of a file. NULL unless it is a plain file of the user or root that nobody else may write. */
GHashTable *client_read(const char *path);
/* Its bytes, under the same conditions; NUL-terminated. */
char *client_read_text(const char *path, gsize *length);

/* "HOST:PORT,HOST:PORT" whose characters can be no more than that. */
bool client_is_brokers(const char *text);
/* http:// or https:// with a host, without user and password; no query. */
bool client_is_url(const char *text);
/* The port of HOST:PORT or a URL on this machine's loopback, else 0. */
unsigned client_local_port(const char *address);

/* A secret as option of a source that is found: a command that prints what stands behind key in the
 * file; quoted: only what is in quotes behind "quoted=" in that value (JAAS). */
char *client_secret_command(const char *path, const char *key, const char *quoted);

/* Options of a source: name, value, name, ...; NULL and "" are left out. client_pairs_report adds the
 * source and frees pairs; origin says where it was found. */
GPtrArray *client_pairs_new(void);
void client_pairs_add(GPtrArray *pairs, const char *name, const char *value);
void client_pairs_report(
    GPtrArray *take_pairs, struct found *out, const char *name, const char *origin);

#endif
