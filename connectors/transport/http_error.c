/* What went wrong with a transfer: what was tried, what happened, and what to do about it. */
#include "http.h"
#include "http_private.h"

#include <errno.h>

#include "clock.h"
#include "error.h"
#include "request.h"
#include "text.h"

/* curl quotes names out of certificates and the like. */
static void clean_message(struct http_transfer *t)
{
    g_autoptr(GString) clean = g_string_new(NULL);
    text_clean(t->message, -1, clean);
    g_strlcpy(t->message, clean->str, sizeof t->message);
}

/* The proxy without its password; g_free. NULL: there is none. */
static char *proxy_name(const struct http_transfer *t)
{
    const char *proxy = http_option(t->h, "proxy");
    GString *name = g_string_new(NULL);
    request_append_masked(name, proxy ? proxy : "");
    return g_string_free(name, proxy == NULL);
}

static bool explain_connect(const struct http_transfer *t, GError **error)
{
    long number = 0;
    curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &number);
    const char *base = t->h->base;
    g_autofree char *proxy = proxy_name(t);
    if (proxy)
        return weir_fail(error, WEIR_ERROR_UNREACHABLE,
            "%s: no connection to the proxy %s: %s; is it running there?", base, proxy,
            number ? g_strerror((int)number) : t->message);
    if (number == ECONNREFUSED)
        return weir_fail(error, WEIR_ERROR_UNREACHABLE,
            "%s: connection refused; is the server running there?", base);
    return weir_fail(error, WEIR_ERROR_UNREACHABLE, "%s: no connection: %s; check host and network",
        base, number ? g_strerror((int)number) : t->message);
}

static bool explain_proxy(const struct http_transfer *t, GError **error)
{
    g_autofree char *proxy = proxy_name(t);
    return weir_fail(error, WEIR_ERROR_UNREACHABLE, "%s: the proxy %s does not let us through: %s",
        t->h->base, proxy, t->message);
}

bool http_explain_timeout(const struct http_transfer *t, GError **error)
{
    curl_off_t connected = 0;
    long sent = 0;
    curl_easy_getinfo(t->easy, CURLINFO_CONNECT_TIME_T, &connected);
    curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
    double waited = (double)((clock_mono_ms() - t->started_ms + 50) / 100) / 10;
    if (connected == 0 && sent == 0)
        return weir_fail(error, WEIR_ERROR_UNREACHABLE,
            "%s: no connection within %.3g s; is the host up%s, or a firewall in between?",
            t->h->base, waited,
            g_str_has_prefix(t->h->base, "https") ? ", does it speak https there" : "");
    g_autofree char *what = http_describe(t->h->base, t->q);
    if (t->body_bytes > 0)
        return weir_fail(error, WEIR_ERROR_TIMEOUT,
            "%s: the answer is not complete after %.3g s and %" G_GSIZE_FORMAT
            " bytes; is the server overloaded? timeout may be raised",
            what, waited, t->body_bytes);
    return weir_fail(error, WEIR_ERROR_TIMEOUT,
        "%s: no answer within %.3g s; is the server overloaded? timeout may be raised", what,
        waited);
}

static bool explain_stop(const struct http_transfer *t, GError **error)
{
    g_autofree char *what = http_describe(t->h->base, t->q);
    if (t->stop == HTTP_STOP_UNWANTED)
        return weir_fail(error, WEIR_ERROR_CANCELLED, "%s: cancelled", what);
    if (t->stop == HTTP_STOP_HEADERS)
        return weir_fail(error, WEIR_ERROR_TOO_LARGE,
            "%s: headers of more than %d KiB; is url that of the right server?", what,
            HTTP_HEADERS_MAX / 1024);
    return weir_fail(error, WEIR_ERROR_TOO_LARGE,
        "%s: an answer of more than %" G_GSIZE_FORMAT " MiB; ask for less", what,
        t->body_max / 1048576);
}

static bool explain_tls(const struct http_transfer *t, CURLcode code, GError **error)
{
    const char *base = t->h->base;
    if (code == CURLE_SSL_CACERT_BADFILE)
        return weir_fail(
            error, WEIR_ERROR_CONFIG, "%s: ca_file holds no certificates: %s", base, t->message);
    if (code == CURLE_SSL_CERTPROBLEM)
        return weir_fail(error, WEIR_ERROR_CONFIG, "%s: cert_file or key_file cannot be used: %s",
            base, t->message);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return weir_fail(error, WEIR_ERROR_UNREACHABLE,
            "%s: the certificate is not trusted: set ca_file (%s)", base, t->message);
    return weir_fail(error, WEIR_ERROR_UNREACHABLE,
        "%s: no TLS connection: %s; does the server speak https there?", base, t->message);
}

static bool explain_broken(const struct http_transfer *t, GError **error)
{
    g_autofree char *what = http_describe(t->h->base, t->q);
    return weir_fail(error, WEIR_ERROR_UNREACHABLE,
        "%s: the connection broke off after %" G_GSIZE_FORMAT " bytes of the answer (%s); "
        "does the server restart, or a proxy cut it off?",
        what, t->body_bytes, *t->message ? t->message : "closed");
}

bool http_explain(struct http_transfer *t, CURLcode code, GError **error)
{
    clean_message(t);
    g_autofree char *what = http_describe(t->h->base, t->q);
    if (t->stop != HTTP_STOP_NONE)
        return explain_stop(t, error);
    switch (code) {
    case CURLE_COULDNT_CONNECT: return explain_connect(t, error);
    case CURLE_OPERATION_TIMEDOUT: return http_explain_timeout(t, error);
    case CURLE_COULDNT_RESOLVE_HOST:
        return weir_fail(error, WEIR_ERROR_UNREACHABLE,
            "%s: the name of the host cannot be resolved; check url and DNS", t->h->base);
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY: return explain_proxy(t, error);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_PEER_FAILED_VERIFICATION: return explain_tls(t, code, error);
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return explain_broken(t, error);
    default:
        return weir_fail(error, WEIR_ERROR_PROTOCOL,
            "%s: the answer makes no sense (%s); is url that of the right server?", what,
            *t->message ? t->message : curl_easy_strerror(code));
    }
}
