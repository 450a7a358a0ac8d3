/* The user's known_hosts files decide whom weir trusts: each row of the table is what OpenSSH does with
 * such a file when it is strict, or stricter. */
#include "known_hosts.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define ED_A "AAAAC3NzaC1lZDI1NTE5AAAAIA7HCtDLn63Ue39uNrVBZa7LepYJV2abe8pWEU+CWAgv"
#define ED_B "AAAAC3NzaC1lZDI1NTE5AAAAIPIvcxRf3eJEHuUNNS4JGAsb+SXDAOzh626kMmF8pAeG"
#define CA   "AAAAC3NzaC1lZDI1NTE5AAAAIJXTjpCIUJ4mrGcqhFVVNicPbTUfAaQsRHAv3uGvm8G5"
#define EC_A                                                                                       \
    "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBJAo5kZxRnsr5WadXWXRGwx64p3ZywJhna7gitwg" \
    "HZTTCCXmhTjYSRKk0mIajjSxE4zkSeM7RH1CGLFQgBgQu/0="
#define HASHED      "|1|xo6JPSP6KW+FNoDuxVW3QoMd8D8=|PaOx45YdOUuIs9vUmpt8en/2g+k=" /* db.example */
#define HASHED_2222 "|1|6JdgCQJjutkCX61RALQMngQHdJA=|BkKAWm0eRGIzG+qMB72V92E7tXU="
#define LINE(hosts) hosts " ssh-ed25519 " ED_A "\n"

struct row {
    const char *what;
    const char *file;
    const char *name;
    enum known_verdict verdict; /* for ED_A */
};

static const struct row rows[] = {
    {"the key stands there", LINE("db.example"), "db.example", KNOWN_MATCH},
    {"names are compared without case", LINE("DB.Example"), "db.example", KNOWN_MATCH},
    {"an empty file knows nobody", "", "db.example", KNOWN_NEW},
    {"another host's line says nothing", LINE("web.example"), "db.example", KNOWN_NEW},
    {"part of a name is no name", LINE("db"), "db.example", KNOWN_NEW},
    {"another key of the type is a changed key", "db.example ssh-ed25519 " ED_B "\n", "db.example",
        KNOWN_CHANGED},
    {"a key of another type is a new key", "db.example ecdsa-sha2-nistp256 " EC_A "\n",
        "db.example", KNOWN_NEW},
    {"one of two keys of the type suffices", "db.example ssh-ed25519 " ED_B "\n" LINE("db.example"),
        "db.example", KNOWN_MATCH},
    {"a list of names", LINE("web.example,db.example,10.0.0.7"), "db.example", KNOWN_MATCH},
    {"a pattern with *", LINE("*.example"), "db.example", KNOWN_MATCH},
    {"a pattern with ?", LINE("d?.example"), "db.example", KNOWN_MATCH},
    {"a star matches nothing as well", LINE("db*.example"), "db.example", KNOWN_MATCH},
    {"many stars end soon", LINE("*a*a*a*a*a*a*a*a*a*a*a*a*b"), "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac",
        KNOWN_NEW},
    {"a negated pattern forbids", LINE("*.example,!db.example"), "db.example", KNOWN_NEW},
    {"a negated pattern forbids wherever it stands", LINE("!db.example,*"), "db.example",
        KNOWN_NEW},
    {"a negation alone is no match", LINE("!web.example"), "db.example", KNOWN_NEW},
    {"a port that is not 22 is part of the name", LINE("[db.example]:2222"), "[db.example]:2222",
        KNOWN_MATCH},
    {"another port is another host", LINE("[db.example]:2222"), "[db.example]:2223", KNOWN_NEW},
    {"a plain name says nothing about another port", LINE("db.example"), "[db.example]:2222",
        KNOWN_NEW},
    {"a port says nothing about the plain name", LINE("[db.example]:2222"), "db.example",
        KNOWN_NEW},
    {"a pattern inside the brackets", LINE("[127.0.0.*]:2222"), "[127.0.0.1]:2222", KNOWN_MATCH},
    {"a hashed name", LINE(HASHED), "db.example", KNOWN_MATCH},
    {"a hashed name with its port", LINE(HASHED_2222), "[db.example]:2222", KNOWN_MATCH},
    {"another host's hashed name", LINE(HASHED), "web.example", KNOWN_NEW},
    {"a hash that is cut", LINE("|1|xo6JPSP6KW+FNoDuxVW3QoMd8D8=|PaOx"), "db.example", KNOWN_NEW},
    {"a hash of an unknown kind", LINE("|2|xo6J|PaOx"), "db.example", KNOWN_NEW},
    {"a revoked key is refused although it stands there too",
        LINE("db.example") "@revoked * ssh-ed25519 " ED_A "\n", "db.example", KNOWN_REVOKED},
    {"a key revoked before it stands there",
        "@revoked db.example ssh-ed25519 " ED_A "\n" LINE("db.example"), "db.example",
        KNOWN_REVOKED},
    {"a key revoked for another host", "@revoked web.example ssh-ed25519 " ED_A "\n" LINE("*"),
        "db.example", KNOWN_MATCH},
    {"another revoked key says nothing about this one",
        "@revoked * ssh-ed25519 " ED_B "\n" LINE("db.example"), "db.example", KNOWN_MATCH},
    {"a revoked key is no known one", "@revoked * ssh-ed25519 " ED_B "\n", "db.example", KNOWN_NEW},
    {"an authority alone", "@cert-authority *.example ssh-ed25519 " CA "\n", "db.example",
        KNOWN_AUTHORITY},
    {"the authority's own key is no host key", "@cert-authority *.example ssh-ed25519 " ED_A "\n",
        "db.example", KNOWN_AUTHORITY},
    {"an authority for others", "@cert-authority *.com ssh-ed25519 " CA "\n", "db.example",
        KNOWN_NEW},
    {"an unknown marker disables its line", "@trusted db.example ssh-ed25519 " ED_A "\n",
        "db.example", KNOWN_NEW},
    {"comments and blank lines", "# " LINE("db.example") "\n   \n" LINE("  db.example"),
        "db.example", KNOWN_MATCH},
    {"a comment is no line", "#db.example ssh-ed25519 " ED_A "\n", "db.example", KNOWN_NEW},
    {"a comment after the key", "db.example ssh-ed25519 " ED_A " root@db\n", "db.example",
        KNOWN_MATCH},
    {"tabs between the fields", "db.example\tssh-ed25519\t" ED_A "\n", "db.example", KNOWN_MATCH},
    {"lines that end as on Windows", "db.example ssh-ed25519 " ED_A "\r\n", "db.example",
        KNOWN_MATCH},
    {"no newline at the end", "db.example ssh-ed25519 " ED_A, "db.example", KNOWN_MATCH},
    {"garbage before it is skipped", "\001\002 not a line\nx\n@@ !! ??\n" LINE("db.example"),
        "db.example", KNOWN_MATCH},
    {"a key of an unknown type is skipped",
        "db.example ssh-dilithium AAAADXNzaC1kaWxpdGhpdW0AAAAB\n" LINE("db.example"), "db.example",
        KNOWN_MATCH},
    {"a type that is not the key's own disables the line", "db.example ssh-rsa " ED_A "\n",
        "db.example", KNOWN_NEW},
    {"a key of the first protocol is skipped", "db.example 1024 35 1234567\n" LINE("db.example"),
        "db.example", KNOWN_MATCH},
    {"a key that is cut is another key, or none",
        "db.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA7H\n", "db.example", KNOWN_CHANGED},
    {"a key with dirt in it does not count", "db.example ssh-ed25519 " ED_A "%%%%\n", "db.example",
        KNOWN_NEW},
    {"a key without padding does not count", "db.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI\n",
        "db.example", KNOWN_NEW},
};

static guint8 *blob_of(const char *base64, gsize *length)
{
    return g_base64_decode(base64, length);
}

static enum known_verdict judge(
    const char *file, gsize size, const char *name, char **where, char **other)
{
    AUTO(known_hosts) k = known_hosts_new();
    known_hosts_add_text(k, "known_hosts", file, size);
    AUTO(known_host) h = known_hosts_find(k, name);
    gsize length;
    g_autofree guint8 *blob = blob_of(ED_A, &length);
    return known_host_check(h, blob, length, where, other);
}

static void every_row_of_the_table_is_decided_as_openssh_does(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        enum known_verdict verdict =
            judge(rows[i].file, strlen(rows[i].file), rows[i].name, NULL, NULL);
        if (verdict != rows[i].verdict)
            g_test_message("%s: %d", rows[i].what, verdict);
        g_assert_cmpint(verdict, ==, rows[i].verdict);
    }
}

static void a_line_that_is_too_long_is_skipped_and_the_rest_is_read(void)
{
    g_autoptr(GString) file = g_string_new("db.example,");
    for (unsigned i = 0; i < KNOWN_HOSTS_LINE_MAX; i++)
        g_string_append_c(file, 'x');
    g_string_append(file, " ssh-ed25519 " ED_B "\n" LINE("db.example"));
    g_assert_cmpint(judge(file->str, file->len, "db.example", NULL, NULL), ==, KNOWN_MATCH);
}

static void a_zero_byte_disables_its_line_alone(void)
{
    static const char file[] = "db.example\0 ssh-ed25519 " ED_B "\n" LINE("db.example");
    g_assert_cmpint(judge(file, sizeof file - 1, "db.example", NULL, NULL), ==, KNOWN_MATCH);
}

static void a_changed_key_is_told_with_its_line_and_what_stands_there(void)
{
    g_autofree char *where = NULL, *other = NULL;
    static const char file[] = "# mine\ndb.example ssh-ed25519 " ED_B "\n";
    g_assert_cmpint(judge(file, strlen(file), "db.example", &where, &other), ==, KNOWN_CHANGED);
    g_assert_cmpstr(where, ==, "known_hosts:2");
    g_assert_cmpstr(other, ==, "SHA256:R6ASCGp7z9oRqPrQ5HkRcXez1DS1VH9jetN0yWtiiUo");
}

static void a_fingerprint_is_what_ssh_keygen_prints(void)
{
    gsize length;
    g_autofree guint8 *blob = blob_of(ED_A, &length);
    g_autofree char *print = known_hosts_fingerprint(blob, length);
    g_autofree char *type = known_hosts_key_type(blob, length);
    g_assert_cmpstr(print, ==, "SHA256:onL2YKUT1ke2mz1oKRB0k5hwBa/ntTj9qcFZYIQLFy4");
    g_assert_cmpstr(type, ==, "ssh-ed25519");
}

static void the_types_that_a_host_is_known_by_are_told(void)
{
    static const char file[] = "db.example ssh-ed25519 " ED_A "\n"
                               "db.example ecdsa-sha2-nistp256 " EC_A "\n"
                               "@cert-authority *.example ssh-ed25519 " CA "\n"
                               "@revoked web.example ssh-ed25519 " ED_A "\n";
    AUTO(known_hosts) k = known_hosts_new();
    known_hosts_add_text(k, "known_hosts", file, strlen(file));
    AUTO(known_host) db = known_hosts_find(k, "db.example");
    g_assert_true(known_host_has_type(db, "ssh-ed25519"));
    g_assert_true(known_host_has_type(db, "ecdsa-sha2-nistp256"));
    g_assert_false(known_host_has_type(db, "ssh-rsa"));
    g_assert_true(known_host_has_authority(db));
    AUTO(known_host) web = known_hosts_find(k, "web.example");
    g_assert_false(known_host_is_known(web)); /* an authority and a revoked key are no known key */
}

static void several_files_count_as_one(void)
{
    AUTO(known_hosts) k = known_hosts_new();
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("weir-known-XXXXXX", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_assert_true(g_file_set_contents(path, LINE("db.example"), -1, NULL));
    known_hosts_add_file(k, "/nonexistent/known_hosts");
    known_hosts_add_file(k, path);
    g_unlink(path);
    AUTO(known_host) h = known_hosts_find(k, "db.example");
    g_assert_true(known_host_is_known(h));
}

static void a_name_is_filed_with_its_port_unless_that_is_22(void)
{
    g_autofree char *plain = known_hosts_name("DB.Example", 22);
    g_autofree char *port = known_hosts_name("DB.Example", 2222);
    g_assert_cmpstr(plain, ==, "db.example");
    g_assert_cmpstr(port, ==, "[db.example]:2222");
}

/* ssh-keygen -F finds the lines that OpenSSH's own reader takes for a name. */
static void ssh_keygen_finds_the_same_lines(void)
{
    g_autofree char *program = g_find_program_in_path("ssh-keygen");
    if (!program) {
        g_test_skip("there is no ssh-keygen");
        return;
    }
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("weir-known-XXXXXX", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_true(g_file_set_contents(path, rows[i].file, -1, NULL));
        const char *argv[] = {"ssh-keygen", "-F", rows[i].name, "-f", path, NULL};
        g_autofree char *out = NULL;
        int status = 0;
        g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL,
            G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out, NULL, &status,
            NULL));
        AUTO(known_hosts) k = known_hosts_new();
        known_hosts_add_file(k, path);
        AUTO(known_host) h = known_hosts_find(k, rows[i].name);
        /* It prints nothing but "# Host ... found" and the line, for each. */
        bool theirs = strstr(out, "found: line") != NULL;
        bool ours = known_host_is_known(h) || known_host_has_authority(h) ||
                    rows[i].verdict == KNOWN_REVOKED;
        bool stricter = theirs && !ours;
        if (ours && !theirs)
            g_test_message("%s: ssh-keygen finds nothing", rows[i].what);
        g_assert_true(theirs || !ours);
        if (stricter)
            g_test_message("stricter than ssh-keygen -F: %s", rows[i].what);
    }
    g_unlink(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/known_hosts/" #name, name)
    TEST(every_row_of_the_table_is_decided_as_openssh_does);
    TEST(a_line_that_is_too_long_is_skipped_and_the_rest_is_read);
    TEST(a_zero_byte_disables_its_line_alone);
    TEST(a_changed_key_is_told_with_its_line_and_what_stands_there);
    TEST(a_fingerprint_is_what_ssh_keygen_prints);
    TEST(the_types_that_a_host_is_known_by_are_told);
    TEST(several_files_count_as_one);
    TEST(a_name_is_filed_with_its_port_unless_that_is_22);
    TEST(ssh_keygen_finds_the_same_lines);
    return g_test_run();
}
