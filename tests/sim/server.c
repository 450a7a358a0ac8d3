#include <arpa/inet.h>
#include <glib-unix.h>
#include <microhttpd.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "sim.h"

#define BODY_MAX (8 * 1024 * 1024)
#define DAY_S    86400

/* One daemon per kind of connection: plain, and one per certificate. None has a socket of its own:
 * connections are handed over, and the port they belong to stands where the address would. */
struct daemon {
    const char *name; /* of the certificate; "plain" */
    struct MHD_Daemon *mhd;
    guint watch;
    struct server *server;
    char *key, *certificate;
};

struct server {
    struct sim *sim;
    struct daemon daemon[6];
};

struct call {
    GString *body;
};

/* -- one request ----------------------------------------------------------------------------------- */

static struct port *port_of(struct server *v, struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr_in *address = (const struct sockaddr_in *)(const void *)info->client_addr;
    return g_ptr_array_index(v->sim->ports, ntohs(address->sin_port));
}

static char *decode(const char *text)
{
    char *plain = g_strdelimit(g_strdup(text), "+", ' ');
    MHD_http_unescape(plain);
    return plain;
}

static enum MHD_Result add_value(
    void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    GHashTable *query = data;
    char *key = decode(name);
    GPtrArray *values = g_hash_table_lookup(query, key);
    if (!values) {
        values = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(query, g_strdup(key), values);
    }
    g_ptr_array_add(values, decode(value ? value : ""));
    g_free(key);
    return MHD_YES;
}

/* Segments of the raw path, each decoded by itself: an escaped slash is part of a name. */
static char **split_path(const char *path)
{
    char **parts = g_strsplit(*path == '/' ? path + 1 : path, "/", -1);
    for (char **p = parts; *p; p++)
        MHD_http_unescape(*p);
    return parts;
}

static void add_headers(struct MHD_Response *response, const char *lines)
{
    g_auto(GStrv) all = g_strsplit(lines ? lines : "", "\n", -1);
    for (char **line = all; *line; line++) {
        char *colon = strchr(*line, ':');
        if (!colon)
            continue;
        *colon = '\0';
        MHD_add_response_header(response, *line, g_strstrip(colon + 1));
    }
}

static void add_date(struct port *p, const char *path, struct MHD_Response *response)
{
    const struct fault *f = fault_take(&p->fault, FAULT_CLOCK, path);
    gint64 at = p->sim->world->now_ms / 1000 + (f ? f->how * DAY_S : 0);
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(at);
    g_autofree char *text = g_date_time_format(date, "%a, %d %b %Y %H:%M:%S GMT");
    MHD_add_response_header(response, "Date", text);
}

static enum MHD_Result send_reply(
    struct port *p, struct MHD_Connection *c, const char *path, const struct reply *r)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(r->body->len, r->body->str, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, "Content-Type", r->content_type);
    add_headers(response, r->headers);
    add_date(p, path, response);
    enum MHD_Result done = MHD_queue_response(c, (unsigned)r->status, response);
    MHD_destroy_response(response);
    return done;
}

static void free_bytes(void *data)
{
    g_bytes_unref(data);
}

static enum MHD_Result send_fault(
    struct port *p, struct MHD_Connection *c, const char *path, const struct fault *f)
{
    struct fault_reply bad;
    fault_answer(f, &bad);
    gsize n;
    void *bytes = (void *)g_bytes_get_data(bad.body, &n);
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback_cls(n, bytes, free_bytes, bad.body);
    MHD_add_response_header(response, "Content-Type", bad.content_type);
    add_headers(response, bad.header);
    add_date(p, path, response);
    enum MHD_Result done = MHD_queue_response(c, (unsigned)bad.status, response);
    MHD_destroy_response(response);
    return done;
}

static void trace(struct port *p, const char *method, const char *url)
{
    struct sim *s = p->sim;
    gint64 now = g_get_monotonic_time();
    if (!s->trace)
        return;
    s->traced_us = s->traced_us ? s->traced_us : now;
    g_print("%8.1f %s %s %s\n", (double)(now - s->traced_us) / 1000, p->name, method, url);
}

static enum MHD_Result answer(struct port *p, struct MHD_Connection *c, const char *url,
    const char *method, const struct call *call)
{
    sim_advance(p->sim);
    p->traffic.requests++;
    trace(p, method, url);
    const struct fault *f = fault_take(&p->fault, FAULT_HTTP, url);
    if (f)
        return send_fault(p, c, url, f);
    g_auto(GStrv) parts = split_path(url);
    g_autofree char *path = g_strdup(url);
    MHD_http_unescape(path);
    g_autoptr(GHashTable) query =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, add_value, query);
    const struct request q = {
        .method = method,
        .path = path,
        .part = parts,
        .parts = g_strv_length(parts),
        .query = query,
        .body = call->body->str,
        .authorization = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization"),
        .host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host"),
        .source = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "X-Trino-Source"),
        .accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Accept"),
        .user = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "X-Trino-User"),
    };
    struct reply r = {
        .status = 200, .content_type = "application/json", .body = g_string_new(NULL)};
    p->service->handle(p->sim->world, &q, &r);
    enum MHD_Result done = send_reply(p, c, url, &r);
    g_string_free(r.body, TRUE);
    g_free(r.headers);
    return done;
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *c, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_size, void **state)
{
    (void)version;
    struct server *v = data;
    struct call *call = *state;
    if (!call) {
        *state = call = g_new0(struct call, 1);
        call->body = g_string_new(NULL);
        return MHD_YES;
    }
    if (*upload_size > 0) {
        if (call->body->len + *upload_size <= BODY_MAX)
            g_string_append_len(call->body, upload, (gssize)*upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    return answer(port_of(v, c), c, url, method, call);
}

static void on_completed(
    void *data, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode how)
{
    (void)data;
    (void)c;
    (void)how;
    struct call *call = *state;
    if (call)
        g_string_free(call->body, TRUE);
    g_free(call);
    *state = NULL;
}

/* Paths and queries reach the handler as they came: they are decoded piece by piece. */
static size_t keep_escapes(void *data, struct MHD_Connection *c, char *text)
{
    (void)data;
    (void)c;
    return strlen(text);
}

/* -- daemons --------------------------------------------------------------------------------------- */

static gboolean on_ready(gint fd, GIOCondition condition, gpointer data)
{
    (void)fd;
    (void)condition;
    const struct daemon *d = data;
    MHD_run(d->mhd);
    return G_SOURCE_CONTINUE;
}

static bool daemon_start(struct server *v, struct daemon *d, GError **error)
{
    unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_SUPPRESS_DATE_NO_CLOCK;
    bool old = g_str_equal(d->name, "old");
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_KEY, 0, d->key},
        {MHD_OPTION_HTTPS_MEM_CERT, 0, d->certificate},
        {MHD_OPTION_HTTPS_PRIORITIES, 0,
            (void *)(old ? "NORMAL:-VERS-ALL:+VERS-TLS1.0:%UNSAFE_RENEGOTIATION" : "NORMAL")},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    d->mhd = MHD_start_daemon(d->key ? flags | MHD_USE_TLS : flags, 0, NULL, NULL, on_request, v,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes,
        NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)262144, MHD_OPTION_ARRAY,
        d->key ? tls : none, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        d->mhd ? MHD_get_daemon_info(d->mhd, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!info)
        return weir_fail(error, WEIR_ERROR_SERVER, "libmicrohttpd does not start (%s)", d->name);
    d->watch = g_unix_fd_add(info->epoll_fd, G_IO_IN, on_ready, d);
    return true;
}

static char *read_pem(const struct sim *s, const char *name, const char *suffix)
{
    g_autofree char *file = g_strconcat(name, suffix, NULL);
    g_autofree char *path = g_build_filename(s->folder, file, NULL);
    char *text = NULL;
    g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

struct server *server_new(struct sim *s, bool tls, GError **error)
{
    static const char *const names[] = {"plain", "good", "expired", "name", "self", "old"};
    struct server *v = g_new0(struct server, 1);
    v->sim = s;
    for (guint i = 0; i < (tls ? G_N_ELEMENTS(names) : 1); i++) {
        struct daemon *d = &v->daemon[i];
        d->name = names[i];
        d->server = v;
        if (i > 0) {
            const char *pair = g_str_equal(d->name, "old") ? "good" : d->name;
            d->key = read_pem(s, pair, ".key");
            d->certificate = read_pem(s, pair, ".pem");
        }
        if (!daemon_start(v, d, error)) {
            server_free(v);
            return NULL;
        }
    }
    return v;
}

void server_free(struct server *v)
{
    if (!v)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(v->daemon); i++) {
        struct daemon *d = &v->daemon[i];
        if (d->watch)
            g_source_remove(d->watch);
        if (d->mhd)
            MHD_stop_daemon(d->mhd);
        g_free(d->key);
        g_free(d->certificate);
    }
    g_free(v);
}

bool server_take(struct server *v, struct port *p, int take_fd, const struct fault *tls)
{
    const char *name = !p->tls                ? "plain"
                       : !tls                 ? "good"
                       : tls->how == WIRE_RAW ? "plain"
                                              : tls->text;
    struct daemon *d = v->daemon;
    for (guint i = 0; i < G_N_ELEMENTS(v->daemon); i++)
        if (v->daemon[i].name && g_str_equal(v->daemon[i].name, name))
            d = &v->daemon[i];
    guint index = 0;
    g_ptr_array_find(v->sim->ports, p, &index);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((guint16)index)};
    if (MHD_add_connection(d->mhd, take_fd, (struct sockaddr *)&address, sizeof address) != MHD_YES)
        return false; /* it has closed the socket */
    MHD_run(d->mhd);
    return true;
}

/* -- certificates ---------------------------------------------------------------------------------- */

static bool openssl(const char *folder, const char *arguments, GError **error)
{
    g_auto(GStrv) words = NULL;
    g_autofree char *line = g_strconcat("openssl ", arguments, NULL);
    int status = 0;
    g_autofree char *said = NULL;
    if (!g_shell_parse_argv(line, NULL, &words, error) ||
        !g_spawn_sync(
            folder, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, &said, &status, error))
        return false;
    return status == 0 ||
           weir_fail(error, WEIR_ERROR_CONFIG, "openssl %s: %s", arguments, said ? said : "");
}

bool certificates_make(const char *folder, GError **error)
{
#define EC  "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
#define SAN "-addext subjectAltName=DNS:localhost,IP:127.0.0.1 "
#define CA  "-CA ca.pem -CAkey ca.key "
    static const char *const steps[] = {
        "req -x509 " EC "-subj /CN=weir-sim-ca -days 30 -keyout ca.key -out ca.pem",
        "req -x509 " EC SAN "-subj /CN=localhost -days 30 -keyout self.key -out self.pem",
        "req " EC SAN "-subj /CN=localhost -keyout good.key -out good.csr",
        "x509 -req -in good.csr " CA "-copy_extensions copy -days 30 -out good.pem",
        "req " EC "-addext subjectAltName=DNS:elsewhere.example -subj /CN=elsewhere.example "
        "-keyout name.key -out name.csr",
        "x509 -req -in name.csr " CA "-copy_extensions copy -days 30 -out name.pem",
        "req " EC SAN "-subj /CN=localhost -keyout expired.key -out expired.csr",
        "x509 -req -in expired.csr " CA "-copy_extensions copy -days -1 -out expired.pem",
    };
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++)
        if (!openssl(folder, steps[i], error))
            return false;
    return true;
}
