/* One multi handle per struct http keeps the connections; an easy handle lives for one transfer. All
 * waiting happens in run(), in slices, so that a cancelled lane is seen soon. curl's own low-speed
 * limit is not used: it counts from the request on, and a server that thinks for 20 s before its first
 * byte is slow, not stalled. */
#include "http.h"
#include "http_private.h"

#include <arpa/inet.h>
#include <string.h>

#include "action.h"
#include "clock.h"
#include "error.h"
#include "tape.h"

#define LIMIT_MS 10000 /* of one request, where neither source nor connector says */
#define SKEW_MS  2000  /* a Date of whole seconds tells of no less */

void http_init(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

void http_versions(GString *out)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    g_string_append_printf(out, "libcurl %s", info->version);
    if (info->ssl_version)
        g_string_append_printf(out, " (%s)", info->ssl_version);
}

/* -- the handle ---------------------------------------------------------------------------------- */

static bool is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (!host)
        return false;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    return g_ascii_strcasecmp(host, "localhost") == 0;
}

const char *http_option(const struct http *h, const char *name)
{
    return h->source ? source_text(h->source, name) : NULL;
}

static gboolean check_file(const struct http *h, const char *name, GError **error)
{
    const char *path = http_option(h, name);
    if (!path || g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return TRUE;
    return weir_fail(error, WEIR_ERROR_CONFIG, "%s: %s names no file", name, path);
}

static bool read_headers(struct http *h, GError **error)
{
    const char *const *keys = h->source ? source_map_keys(h->source, "headers") : NULL;
    for (; keys && *keys; keys++) {
        const struct secret_spec *spec = source_map_secret(h->source, "headers", *keys);
        AUTO(secret) secret = spec ? secret_fetch(spec, error) : NULL;
        if (spec && !secret)
            return false;
        const char *value =
            secret ? secret_text(secret) : source_map_text(h->source, "headers", *keys);
        g_autofree char *line = g_strdup_printf("%s: %s", *keys, value ? value : "");
        http_set_header(h, line);
        secret_wipe(line);
        h->secret_line |= spec != NULL;
        if (spec)
            g_ptr_array_add(h->hidden, g_ascii_strdown(*keys, -1));
    }
    return true;
}

static int64_t limit_of(const struct source *s)
{
    if (!s)
        return HTTP_PROBE_MS;
    int64_t ms = source_int(s, "timeout");
    const struct connector *c = source_connector(s);
    return ms > 0 ? ms : c && c->timeout_ms ? c->timeout_ms : LIMIT_MS;
}

static void free_line(gpointer line)
{
    secret_wipe(line);
    g_free(line);
}

struct http *http_new(struct lane *l, const char *base, GError **error)
{
    struct http *h = g_new0(struct http, 1);
    h->lane = l;
    h->source = lane_source(l);
    h->base = g_strdup(base);
    for (gsize n = strlen(h->base); n > 0 && h->base[n - 1] == '/'; n--)
        h->base[n - 1] = '\0';
    h->lines = g_ptr_array_new_with_free_func(free_line);
    h->hidden = g_ptr_array_new_with_free_func(g_free);
    h->wanted = g_ptr_array_new_with_free_func(g_free);
    h->limit_ms = limit_of(h->source);
    g_autoptr(GUri) uri = g_uri_parse(h->base, G_URI_FLAGS_NONE, NULL);
    bool https = g_ascii_strncasecmp(h->base, "https:", 6) == 0;
    h->credentials_safe =
        https || (uri && is_loopback(g_uri_get_host(uri)) && !http_option(h, "proxy"));
    h->multi = curl_multi_init();
    g_autoptr(GError) failed = NULL;
    h->tape = tape_open(h->source ? source_name(h->source) : NULL, &failed);
    if (failed)
        g_propagate_error(error, g_steal_pointer(&failed));
    else if (!uri)
        weir_fail(error, WEIR_ERROR_CONFIG, "url: %s is no URL", base);
    else if (check_file(h, "ca_file", error) && check_file(h, "cert_file", error) &&
             check_file(h, "key_file", error) && read_headers(h, error))
        return h;
    http_free(h);
    return NULL;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    http_set_basic(h, NULL, NULL);
    http_set_bearer(h, NULL);
    curl_multi_cleanup(h->multi);
    tape_close(h->tape);
    g_ptr_array_unref(h->lines);
    g_ptr_array_unref(h->hidden);
    g_free(h->shown);
    g_ptr_array_unref(h->wanted);
    g_free(h->who);
    g_free(h->base);
    g_free(h);
}

static void replace_secret(char **place, const char *text)
{
    char *old = *place;
    *place = g_strdup(text);
    secret_wipe(old);
    g_free(old);
}

void http_set_basic(struct http *h, const char *user, const char *password)
{
    replace_secret(&h->user, user);
    replace_secret(&h->password, user ? password : NULL);
}

void http_set_bearer(struct http *h, const char *token)
{
    replace_secret(&h->bearer, token);
}

bool http_sign_in(struct http *h, GError **error)
{
    const char *user = source_text(h->source, "username");
    const struct secret_spec *password = source_secret(h->source, "password");
    const struct secret_spec *token = source_secret(h->source, "token");
    if (password && token)
        return weir_fail(error, WEIR_ERROR_CONFIG,
            "%s: password and token exclude each other: keep one of them", h->base);
    if (password && !user)
        return weir_fail(error, WEIR_ERROR_CONFIG, "%s: a password without username", h->base);
    if (!password && !token)
        return true;
    AUTO(secret) secret = secret_fetch(password ? password : token, error);
    if (!secret)
        return false;
    if (password)
        http_set_basic(h, user, secret_text(secret));
    else
        http_set_bearer(h, secret_text(secret));
    return true;
}

void http_set_user(struct http *h, const char *user)
{
    g_free(h->who);
    h->who = g_strdup(user);
}

static bool has_controls(const char *text)
{
    for (; text && *text; text++)
        if (g_ascii_iscntrl(*text))
            return true;
    return false;
}

static bool names(const char *line, const char *name)
{
    gsize n = strlen(name);
    return g_ascii_strncasecmp(line, name, n) == 0 && line[n] == ':';
}

void http_set_header(struct http *h, const char *line)
{
    g_autofree char *name = g_strndup(line, strcspn(line, ":"));
    for (guint i = h->lines->len; i-- > 0;)
        if (names(g_ptr_array_index(h->lines, i), name))
            g_ptr_array_remove_index(h->lines, i);
    g_clear_pointer(&h->shown, g_free);
    h->bad_line |= has_controls(line) || !strchr(line, ':');
    h->secret_line |= names(line, "Cookie") || names(line, "Authorization");
    g_ptr_array_add(h->lines, g_strdup(line));
}

void http_want_header(struct http *h, const char *name)
{
    g_ptr_array_add(h->wanted, g_ascii_strdown(name, -1));
}

bool http_reply_time(const struct http_reply *r, int64_t *at_ms)
{
    time_t at = r->date ? curl_getdate(r->date, NULL) : -1;
    if (at < 0)
        return false;
    *at_ms = (int64_t)at * 1000;
    return true;
}

int64_t http_reply_skew_ms(const struct http_reply *r, int64_t now_ms)
{
    int64_t at_ms, skew_ms;
    bool told = http_reply_time(r, &at_ms) && !__builtin_sub_overflow(at_ms, now_ms, &skew_ms);
    return told && (skew_ms > SKEW_MS || skew_ms < -SKEW_MS) ? skew_ms : 0;
}

/* -- one transfer -------------------------------------------------------------------------------- */

static long response_code(const struct http_transfer *t)
{
    long status = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static int64_t deadline_of(const struct http_transfer *t, int64_t now)
{
    int64_t ms = t->h->limit_ms * MAX(t->q->patience, 1);
    if (t->q->limit_ms > 0)
        ms = MIN(ms, t->q->limit_ms);
    return now + MIN(ms, lane_left_ms(t->h->lane));
}

static size_t on_body(char *bytes, size_t one, size_t n, void *data)
{
    struct http_transfer *t = data;
    (void)one; /* always 1 */
    gsize room = t->body_max - t->body_bytes;
    t->body_bytes += n;
    if (n > room) {
        t->stop = t->q->cut_body ? HTTP_STOP_CUT : HTTP_STOP_BODY;
        if (t->q->cut_body)
            g_string_append_len(t->reply->body, bytes, (gssize)room);
        t->reply->cut = t->q->cut_body;
        return CURL_WRITEFUNC_ERROR;
    }
    if (!t->q->sink || response_code(t) / 100 != 2) {
        g_string_append_len(t->reply->body, bytes, (gssize)n);
        return n;
    }
    if (t->copy)
        g_string_append_len(t->copy, bytes, (gssize)n);
    if (!t->q->sink(bytes, n, t->q->sink_data)) {
        t->stop = HTTP_STOP_UNWANTED;
        return CURL_WRITEFUNC_ERROR;
    }
    int64_t now = clock_mono_ms(); /* the sink may have waited for its reader */
    t->deadline_ms = deadline_of(t, now);
    t->stall_ms = now;
    return n;
}

static void keep_header(struct http_transfer *t, const char *name, const char *value)
{
    if (strcmp(name, "date") == 0) {
        g_free(t->reply->date);
        t->reply->date = g_strdup(value);
    }
    if (!g_ptr_array_find_with_equal_func(t->h->wanted, name, g_str_equal, NULL))
        return;
    const char *before = g_hash_table_lookup(t->reply->headers, name);
    g_hash_table_insert(t->reply->headers, g_strdup(name),
        before ? g_strconcat(before, "\n", value, NULL) : g_strdup(value));
}

static size_t on_header(char *bytes, size_t one, size_t n, void *data)
{
    struct http_transfer *t = data;
    (void)one;
    t->header_bytes += n;
    if (t->header_bytes > HTTP_HEADERS_MAX) {
        t->stop = HTTP_STOP_HEADERS;
        return CURL_WRITEFUNC_ERROR;
    }
    g_autofree char *line = g_strndup(bytes, n);
    if (g_str_has_prefix(line, "HTTP/")) /* a 1xx before it does not count */
        g_hash_table_remove_all(t->reply->headers);
    char *colon = strchr(line, ':');
    if (!colon)
        return n;
    *colon = '\0';
    g_autofree char *name = g_ascii_strdown(line, -1);
    keep_header(t, name, g_strstrip(colon + 1));
    return n;
}

static void add_line(struct http_transfer *t, const char *name, const char *value)
{
    g_autofree char *line = g_strdup_printf("%s: %s", name, value);
    t->lines = curl_slist_append(t->lines, line);
}

static void set_headers(struct http_transfer *t)
{
    const struct http_request *q = t->q;
    add_line(t, "Accept", q->accept ? q->accept : "application/json");
    if (q->body)
        add_line(t, "Content-Type", q->content_type ? q->content_type : "application/json");
    t->lines = curl_slist_append(t->lines, "Expect:");
    for (guint i = 0; i < t->h->lines->len; i++)
        t->lines = curl_slist_append(t->lines, g_ptr_array_index(t->h->lines, i));
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->lines);
}

static void set_method(struct http_transfer *t)
{
    const char *method = http_method(t->q);
    if (strcmp(method, "HEAD") == 0)
        curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
    if (t->q->body || strcmp(method, "POST") == 0) {
        const char *body = t->q->body ? t->q->body : "";
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, body);
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, method);
}

static void set_credentials(struct http_transfer *t)
{
    const struct http *h = t->h;
    if (h->bearer) {
        curl_easy_setopt(t->easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        curl_easy_setopt(t->easy, CURLOPT_XOAUTH2_BEARER, h->bearer);
    } else if (h->user) {
        curl_easy_setopt(t->easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(t->easy, CURLOPT_USERNAME, h->user);
        curl_easy_setopt(t->easy, CURLOPT_PASSWORD, h->password ? h->password : "");
    }
}

static void set_trust(struct http_transfer *t)
{
    const struct http *h = t->h;
    bool insecure = h->source && source_bool(h->source, "insecure");
    curl_easy_setopt(t->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, insecure ? 0L : 1L);
    curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, insecure ? 0L : 2L);
    if (http_option(h, "ca_file"))
        curl_easy_setopt(t->easy, CURLOPT_CAINFO, http_option(h, "ca_file"));
    if (http_option(h, "cert_file"))
        curl_easy_setopt(t->easy, CURLOPT_SSLCERT, http_option(h, "cert_file"));
    if (http_option(h, "key_file"))
        curl_easy_setopt(t->easy, CURLOPT_SSLKEY, http_option(h, "key_file"));
    /* An empty proxy and an empty list keep curl from reading the environment's. */
    curl_easy_setopt(
        t->easy, CURLOPT_PROXY, http_option(h, "proxy") ? http_option(h, "proxy") : "");
    curl_easy_setopt(t->easy, CURLOPT_NOPROXY, "");
    curl_easy_setopt(t->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static void set_limits(struct http_transfer *t)
{
    CURL *easy = t->easy;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* do not wait for a resolver that hangs */
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "weir/" WEIR_VERSION);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->message);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
}

/* The requests before this one may have used up what the call has. */
static gboolean check_left(const struct http *h, const struct http_request *q, GError **error)
{
    if (lane_left_ms(h->lane) > 0)
        return TRUE;
    g_autofree char *what = http_describe(h->base, q);
    return weir_fail(error, WEIR_ERROR_TIMEOUT,
        "%s: not asked: the requests before it took all the time there was; is the server "
        "overloaded? timeout may be raised",
        what);
}

static gboolean check_credentials(const struct http *h, GError **error)
{
    if (h->bad_line || has_controls(h->bearer))
        return weir_fail(error, WEIR_ERROR_CONFIG,
            "%s: a header or token holds a line break or another control character", h->base);
    if (h->credentials_safe || !(h->bearer || h->user || h->secret_line))
        return TRUE;
    return weir_fail(error, WEIR_ERROR_DENIED,
        "%s: credentials are not sent over plain http to another machine; use https", h->base);
}

static bool permit(const struct http *h, const struct http_request *q, GError **error)
{
    const char *method = http_method(q);
    g_autofree char *path = g_strndup(q->path, strcspn(q->path, "?"));
    static const struct connector reads_only = {.name = "discovery"};
    return gate_permit(h->source ? source_connector(h->source) : &reads_only, method, path,
        lane_token(h->lane), error);
}

static void start(struct http_transfer *t)
{
    t->easy = curl_easy_init();
    t->started_ms = clock_mono_ms();
    t->stall_ms = t->started_ms;
    t->deadline_ms = deadline_of(t, t->started_ms);
    t->body_max = t->q->body_max ? t->q->body_max : t->q->sink ? HTTP_STREAM_MAX : HTTP_BODY_MAX;
    g_autofree char *url = g_strconcat(t->h->base, t->q->path, NULL);
    curl_easy_setopt(t->easy, CURLOPT_URL, url);
    set_limits(t);
    set_trust(t);
    set_method(t);
    set_headers(t);
    set_credentials(t);
    curl_multi_add_handle(t->h->multi, t->easy);
}

/* error: why no answer came, or NULL. */
static void account(const struct http_transfer *t, const GError *error)
{
    long request = 0;
    curl_off_t up = 0, down = 0, us = 0;
    curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &request);
    curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &up);
    curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
    curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &us);
    int64_t in = down + (int64_t)t->header_bytes;
    bool latency = !error && !t->q->long_poll && !t->q->sink;
    lane_count(t->h->lane, 1, request + up + in, latency ? us / 1000 : -1);
    const struct http_end end = {.status = response_code(t),
        .error = error,
        .took_ms = error ? clock_mono_ms() - t->started_ms : us / 1000,
        .bytes_in = in};
    http_note(t->h, t->q, &end);
}

static void finish(struct http_transfer *t)
{
    char *text = NULL;
    t->reply->status = response_code(t);
    curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &text);
    t->reply->content_type = g_strdup(text ? text : "");
    text = NULL;
    curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &text);
    t->reply->location = g_strdup(text);
}

static void drop(struct http_transfer *t)
{
    if (!t->easy)
        return;
    curl_multi_remove_handle(t->h->multi, t->easy);
    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->lines);
    t->easy = NULL;
    t->lines = NULL;
}

/* -- running ------------------------------------------------------------------------------------- */

static bool stalled(struct http_transfer *t, int64_t now)
{
    if (t->body_bytes == 0 || now - t->stall_ms < HTTP_STALL_MS)
        return false;
    bool slow = t->body_bytes - t->stall_bytes < HTTP_STALL_BYTES;
    t->stall_ms = now;
    t->stall_bytes = t->body_bytes;
    return slow;
}

/* Whether a running transfer may go on. */
static bool check_time(struct http_transfer *t, GError **error)
{
    int64_t now = clock_mono_ms();
    return (now < t->deadline_ms && !stalled(t, now)) || http_explain_timeout(t, error);
}

/* Takes what has ended out of curl. Gives how many did, -1 when one of them failed. */
static int reap(struct http *h, GError **error)
{
    int ended = 0, left;
    for (CURLMsg *m; (m = curl_multi_info_read(h->multi, &left));) {
        struct http_transfer *t;
        CURLcode code = m->data.result;
        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
        if (code != CURLE_OK && t->stop != HTTP_STOP_CUT) {
            t->broke = true;
            http_explain(t, code, error);
            return -1;
        }
        account(t, NULL);
        finish(t);
        drop(t);
        ended++;
    }
    return ended;
}

static bool run(struct http *h, struct http_transfer *t, guint n, guint parallel, GError **error)
{
    for (guint started = 0, ended = 0; ended < n;) {
        while (started < n && started - ended < parallel)
            start(&t[started++]);
        int running;
        curl_multi_perform(h->multi, &running);
        int reaped = reap(h, error);
        if (reaped < 0)
            return false;
        ended += (guint)reaped;
        if (lane_cancelled(h->lane))
            return weir_fail(error, WEIR_ERROR_CANCELLED, "%s: cancelled", h->base);
        for (guint i = 0; i < started; i++)
            if (t[i].easy && !check_time(&t[i], error)) {
                t[i].broke = true;
                return false;
            }
        if (reaped == 0)
            curl_multi_poll(
                h->multi, NULL, 0, (int)CLAMP(lane_left_ms(h->lane), 1, HTTP_SLICE_MS), NULL);
    }
    return true;
}

/* -- tapes --------------------------------------------------------------------------------------- */

static struct tape_request tape_request_of(const struct http_request *q)
{
    return (struct tape_request){http_method(q), q->path, q->body, q->secret};
}

static void record(const struct http_transfer *t, GError *error)
{
    struct tape_request q = tape_request_of(t->q);
    const struct http_reply *r = t->reply;
    struct tape_answer a = {
        .status = r->status,
        .content_type = r->content_type,
        .date = r->date,
        .headers = r->headers,
        .text = t->copy && t->copy->len > 0 ? t->copy : r->body,
        .error = error,
    };
    tape_record(t->h->tape, &q, &a);
}

static bool replay(
    struct http *h, const struct http_request *q, struct http_reply *out, GError **error)
{
    struct tape_request asked = tape_request_of(q);
    struct tape_answer a;
    if (!tape_replay(h->tape, &asked, &a, error))
        return false;
    int64_t bytes = a.text ? (int64_t)a.text->len : 0;
    const struct http_end end = {
        .status = a.status, .error = a.error, .took_ms = 0, .bytes_in = bytes};
    lane_count(h->lane, 1, bytes, -1);
    http_note(h, q, &end);
    bool ok = !a.error;
    if (a.error) {
        g_propagate_error(error, g_steal_pointer(&a.error));
    } else {
        out->status = a.status;
        out->content_type = g_strdup(a.content_type ? a.content_type : "");
        out->date = g_steal_pointer(&a.date);
        GHashTable *none = out->headers;
        out->headers = g_steal_pointer(&a.headers);
        g_hash_table_unref(none);
        if (q->sink && a.status / 100 == 2)
            ok = q->sink(a.text->str, a.text->len, q->sink_data) ||
                 weir_fail(error, WEIR_ERROR_CANCELLED, "%s: cancelled", h->base);
        else
            g_string_append_len(out->body, a.text->str, (gssize)a.text->len);
    }
    tape_answer_clear(&a);
    return ok;
}

static bool replay_many(
    struct http *h, const struct http_request *q, guint n, struct http_reply *out, GError **error)
{
    for (guint i = 0; i < n; i++)
        if (!replay(h, &q[i], &out[i], error))
            return false;
    return true;
}

/* -- what connectors call ------------------------------------------------------------------------ */

/* Those that did not break themselves were only given up with the one that did. */
static void end_all(struct http_transfer *t, guint n, GError *error)
{
    g_autoptr(GError) given_up = NULL;
    weir_fail(&given_up, WEIR_ERROR_CANCELLED, "given up");
    for (guint i = 0; i < n; i++) {
        bool failed = t[i].easy != NULL;
        if (failed)
            account(&t[i], t[i].broke ? error : given_up);
        drop(&t[i]);
        if (t[i].h->tape && (failed || t[i].reply->status > 0))
            record(&t[i], failed ? error : NULL);
        if (t[i].copy)
            g_string_free(t[i].copy, TRUE);
    }
}

bool http_send_many(struct http *h, const struct http_request *q, guint count, guint parallel,
    struct http_reply *out, GError **error)
{
    for (guint i = 0; i < count; i++)
        http_reply_init(&out[i]);
    for (guint i = 0; i < count; i++)
        if (!permit(h, &q[i], error))
            return false;
    if (tape_replays(h->tape))
        return replay_many(h, q, count, out, error);
    if (!check_credentials(h, error) || (count > 0 && !check_left(h, &q[0], error)))
        return false;
    g_autofree struct http_transfer *t = g_new0(struct http_transfer, count);
    for (guint i = 0; i < count; i++) {
        t[i].h = h;
        t[i].q = &q[i];
        t[i].reply = &out[i];
        t[i].copy = h->tape && q[i].sink ? g_string_new(NULL) : NULL;
    }
    g_autoptr(GError) failed = NULL;
    run(h, t, count, CLAMP(parallel, 1, HTTP_PARALLEL_MAX), &failed);
    end_all(t, count, failed);
    if (!failed)
        return true;
    g_propagate_error(error, g_steal_pointer(&failed));
    return false;
}

bool http_send(struct http *h, const struct http_request *q, struct http_reply *out, GError **error)
{
    return http_send_many(h, q, 1, 1, out, error);
}

cJSON *http_send_json(struct http *h, const struct http_request *q, GError **error)
{
    struct http_reply r;
    cJSON *json = http_send(h, q, &r, error) ? http_reply_json(h, q, &r, error) : NULL;
    http_reply_clear(&r);
    return json;
}

cJSON *http_get_json(struct http *h, const char *path, GError **error)
{
    const struct http_request q = {.path = path};
    return http_send_json(h, &q, error);
}
