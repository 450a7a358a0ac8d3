/* What the log view holds: its cap, long and hostile lines, time, several logs, files. */
#include <glib/gstdio.h>
#include <sys/stat.h>

#include "unit/logs.h"

/* -- the cap ---------------------------------------------------------------------------------------- */

static void a_log_without_end_stays_within_its_cap_and_counts_what_it_drops(void)
{
    struct log_ring *ring = log_ring_new(1024 * 1024);
    struct log_key first;
    g_autofree char *filler = g_strnfill(100, 'x');
    guint64 added = 0;
    for (int i = 0; i < 100; i++) {
        struct snapshot *c = chunk_of("a/tasks/t");
        for (int n = 0; n < 500; n++, added++) {
            g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT " %s", added, filler);
            add_line(c, ROWS_NOW_MS + (int64_t)added, NULL, text);
        }
        const struct snapshot *sealed = snapshot_seal(c);
        log_ring_add(ring, sealed, &first);
        snapshot_unref(sealed);
        g_assert_cmpuint(ring->bytes, <=, ring->cap);
        g_assert_cmpuint(ring->order->len + ring->dropped, ==, added);
    }
    g_assert_cmpuint(ring->dropped, >, 0);
    for (guint i = 0; i < ring->order->len; i++) {
        const char *text = log_ring_text(ring, log_id(ring->order, i));
        g_assert_cmpuint(g_ascii_strtoull(text, NULL, 10), ==, ring->dropped + i);
    }
    log_ring_free(ring);
}

static void several_logs_share_one_cap_and_the_oldest_lines_go(void)
{
    AUTO(log_ring) ring = log_ring_new(512 * 1024);
    struct log_key first;
    guint64 added = 0;
    GRand *rand = g_rand_new_with_seed(11);
    for (int i = 0; i < 200; i++) {
        struct snapshot *c = chunk_of(i % 3 ? "a/tasks/t" : "a/tasks/u");
        for (int n = 0; n < 200; n++, added++)
            add_line(c, n % 5 ? ROWS_NOW_MS + i * 100 + g_rand_int_range(rand, 0, 300) : NONE, NULL,
                "a line of one of two logs");
        const struct snapshot *sealed = snapshot_seal(c);
        log_ring_add(ring, sealed, &first);
        snapshot_unref(sealed);
        g_assert_cmpuint(ring->bytes, <=, ring->cap);
        g_assert_cmpuint(ring->order->len + ring->dropped, ==, added);
        for (guint at = 0; at < ring->order->len; at++) {
            struct log_key key = log_ring_key(ring, log_id(ring->order, at));
            g_assert_cmpuint(log_ring_find(ring, ring->order, &key), ==, at);
        }
    }
    g_assert_cmpuint(ring->dropped, >, 20000);
    int64_t oldest_ms = log_ring_line(ring, log_id(ring->order, 0))->at_ms;
    g_assert_cmpint(oldest_ms, >, ROWS_NOW_MS + 10000);
    g_rand_free(rand);
}

static void fill(struct shown *s, int chunks)
{
    g_autofree char *filler = g_strnfill(30000, 'x');
    for (int i = 0; i < chunks; i++) {
        struct snapshot *c = chunk_of("a/tasks/t");
        add_line(c, NONE, NULL, "ERROR small");
        add_line(c, NONE, NULL, filler);
        take(s, c);
    }
}

static void lines_that_were_dropped_are_counted_on_the_screen(void)
{
    struct shown s = log_new();
    as_log(s.v)->lines->ring->cap = 2 * 1024 * 1024;
    fill(&s, 60);
    screen_lacks(&s, "dropped");
    fill(&s, 40);
    g_autofree char *wanted =
        g_strdup_printf("%" G_GUINT64_FORMAT " older lines dropped: weir holds 2 MiB",
            log_of(&s)->lines->ring->dropped);
    g_assert_cmpuint(log_of(&s)->lines->ring->dropped, >, 0);
    screen_has(&s, wanted);
    shown_clear(&s);
}

static void filters_searches_and_folds_survive_dropped_lines(void)
{
    struct shown s = log_new();
    as_log(s.v)->lines->ring->cap = 2 * 1024 * 1024;
    fill(&s, 60);
    shown_filter(&s, "small");
    only(&s, "error");
    shown_run(&s, "first");
    fill(&s, 60);
    const struct log_lines *l = log_of(&s)->lines;
    guint errors = 0;
    for (guint i = 0; i < l->ring->order->len; i++)
        errors += log_ring_line(l->ring, log_id(l->ring->order, i))->length < 100;
    g_assert_cmpuint(l->ring->dropped, >, 0);
    g_assert_cmpuint(log_lines_rows(l)->len, ==, errors);
    g_assert_cmpuint(l->hits.ids->len, ==, errors);
    g_assert_cmpstr(at_cursor(&s), ==, "ERROR small");
    shown_clear(&s);
}

static void stacks_stay_folded_when_their_first_lines_are_dropped(void)
{
    struct shown s = log_new();
    struct log_lines *l = as_log(s.v)->lines;
    l->ring->cap = 256 * 1024;
    shown_run(&s, "fold-all");
    unsigned dropped_within = 0;
    for (int i = 0; i < 100; i++) {
        guint64 before = l->ring->dropped;
        struct snapshot *c = chunk_of("a/tasks/t");
        for (int n = 0; n < 301; n++) /* stacks of seven lines lie across the blocks of 1,024 */
            add_line(c, NONE, NULL, n % 7 ? "    at a.B(C.java:1)" : "java.lang.E: x");
        take(&s, c);
        const struct log_line *first = log_ring_line(l->ring, log_id(l->ring->order, 0));
        dropped_within += l->ring->dropped > before && first->flags & LINE_FRAME;
        g_autoptr(GArray) rows = g_array_copy((GArray *)log_lines_rows(l));
        log_lines_fold_all(l, true); /* begins anew */
        shown_finish(&s);
        g_assert_cmpuint(rows->len, ==, log_lines_rows(l)->len);
        for (guint at = 0; at < rows->len; at++)
            g_assert_cmpuint(log_id(rows, at), ==, log_id(log_lines_rows(l), at));
    }
    g_assert_cmpuint(dropped_within, >, 2);
    shown_clear(&s);
}

/* -- long and hostile lines ------------------------------------------------------------------------- */

/* A surface that counts what is put on it. */
struct counter {
    struct surface surface;
    size_t puts, bytes;
};

static void count_put(struct surface *s, int x, int y, int max, enum role role, const char *utf8)
{
    (void)x, (void)y, (void)max, (void)role;
    struct counter *c = (struct counter *)(void *)s;
    c->puts++;
    c->bytes += strlen(utf8);
}

static struct counter counted(struct shown *s)
{
    struct counter c = {.surface = {.width = 80, .height = 24, .put = count_put}};
    s->v->class->draw(s->v, &c.surface, ROWS_NOW_MS);
    return c;
}

static void a_line_of_90000_characters_costs_what_the_screen_holds(void)
{
    struct shown s = log_new();
    g_autoptr(GString) line = g_string_new(NULL);
    while (line->len < 90000)
        g_string_append(line, "größer 0123456789 ");
    take_texts(&s, (const char *const[]){"before", line->str, "after", NULL});
    shown_filter(&s, "größer");
    g_assert_cmpuint(counted(&s).bytes, <, 6000);
    shown_run(&s, "wrap");
    g_assert_cmpuint(counted(&s).bytes, <, 12000);
    shown_run(&s, "last");
    screen_has(&s, "after");
    shown_run(&s, "up");
    screen_has(&s, "größer");
    for (int i = 0; i < 200; i++) /* what does not fit is reached to the side */
        shown_run(&s, "right");
    g_assert_cmpuint(counted(&s).bytes, <, 12000);
    shown_clear(&s);
}

static void a_frame_costs_the_same_however_long_the_log_is(void)
{
    struct shown s = log_new();
    take_numbered(&s, 100000, 100);
    size_t few = counted(&s).puts;
    for (int i = 0; i < 20; i++)
        take_numbered(&s, 100100 + i * 5000, 5000);
    g_assert_cmpuint(counted(&s).puts, ==, few);
    shown_run(&s, "first");
    g_assert_cmpuint(counted(&s).puts, ==, few);
    shown_clear(&s);
}

static void colours_and_titles_are_taken_out_and_controls_are_seen(void)
{
    struct shown s = log_new();
    struct snapshot *c = chunk_of("a/tasks/t");
    add_line(
        c, NONE, NULL, "\033[1;31mERROR\033[0m disk \033]8;;http://x\033\\link\033]8;;\033\\ full");
    add_line(c, NONE, NULL, "\033]0;owned\atitle \033(B\033[Kok");
    add_line(c, NONE, NULL, "bell\a \xff\xfe \033 [31");
    add_line(c, NONE, NULL, "a\tb");
    take(&s, c);
    screen_has(&s, "E ERROR disk link full\n");
    screen_has(&s, "title ok\n");
    screen_has(&s, "bell␇ ⟨FF⟩⟨FE⟩ ␛ [31");
    screen_has(&s, "a    b");
    shown_clear(&s);
}

static void a_line_of_10_megabytes_is_cut_and_says_so(void)
{
    struct shown s = log_new();
    g_autofree char *line = g_strnfill(10 * 1000 * 1000, 'x');
    take_texts(&s, (const char *const[]){line, "next", NULL});
    const struct log_ring *r = log_of(&s)->lines->ring;
    const struct log_line *first = log_ring_line(r, log_id(r->order, 0));
    g_assert_cmpuint(first->length, <, LOG_LINE_MAX + 64);
    g_assert_true(g_str_has_suffix(log_ring_text(r, log_id(r->order, 0)), " more bytes"));
    screen_has(&s, "next");
    shown_clear(&s);
}

/* -- time ------------------------------------------------------------------------------------------- */

static void a_pause_in_the_log_is_seen(void)
{
    struct shown s = log_new();
    struct snapshot *c = chunk_of("a/tasks/t");
    int64_t at = ROWS_NOW_MS - 3600000;
    for (int i = 0; i < 5; i++)
        add_line(c, at + i * 100, NULL, "quick");
    add_line(c, at + 400 + 12 * 60000, NULL, "slow");
    add_line(c, at + 800 + 12 * 60000, NULL, "quick again");
    add_line(c, NONE, NULL, "no time");
    take(&s, c);
    AUTO(cells) cells = shown_draw(&s, 80, 24, false);
    int y = line_of(cells, "later");
    g_assert_cmpint(y, ==, 5);
    g_assert_cmpint(role_at(cells, 2, y), ==, ROLE_RULE);
    g_assert_cmpint(line_of(cells, "slow"), ==, 6);
    screen_has(&s, "12m00s later");
    shown_run(&s, "interval");
    screen_has(&s, "+400ms");
    shown_clear(&s);
}

static void several_logs_are_merged_by_time_and_lines_stay_with_their_own(void)
{
    struct shown s = log_new();
    int64_t at = ROWS_NOW_MS - 60000;
    struct snapshot *a = chunk_of("a/tasks/load");
    add_line(a, NONE, NULL, "A heading");
    add_line(a, at + 100, NULL, "A1");
    add_line(a, NONE, NULL, "A1 more");
    add_line(a, at + 300, NULL, "A2");
    add_line(a, at + 250, NULL, "A3 by a slower clock");
    take(&s, a);
    struct snapshot *b = chunk_of("a/tasks/check");
    add_line(b, at + 50, NULL, "B1");
    add_line(b, at + 100, NULL, "B2");
    add_line(b, at + 200, NULL, "B3");
    add_line(b, at + 900, NULL, "B4");
    take(&s, b);
    a = chunk_of("a/tasks/load");
    add_line(a, at + 400, NULL, "A4");
    take(&s, a);
    const GArray *rows = log_lines_rows(log_of(&s)->lines);
    g_autoptr(GString) seen = g_string_new(NULL);
    for (guint i = 0; i < rows->len; i++)
        g_string_append_printf(
            seen, "%s,", log_ring_text(log_of(&s)->lines->ring, log_id(rows, i)));
    g_assert_cmpstr(seen->str, ==, "A heading,B1,A1,A1 more,B2,B3,A2,A3 by a slower clock,A4,B4,");
    screen_has(&s, "load  A1 more");
    screen_has(&s, "check B3");
    int64_t own;
    g_assert_true(log_ring_time(log_of(&s)->lines->ring, log_id(rows, 7), &own));
    g_assert_cmpint(own, ==, at + 250);
    shown_clear(&s);
}

static void a_late_line_of_another_log_moves_neither_cursor_nor_search(void)
{
    struct shown s = log_new();
    take_numbered(&s, 0, 100);
    shown_filter(&s, "line 50$");
    only(&s, "5|late");
    struct snapshot *b = chunk_of("a/tasks/other");
    for (int i = 0; i < 40; i += 2) {
        g_autofree char *text = g_strdup_printf("late %d", i);
        add_line(b, ROWS_NOW_MS - 3600000 + i * 100 + 1, NULL, text);
    }
    take(&s, b);
    g_assert_cmpstr(at_cursor(&s), ==, "line 50");
    screen_has(&s, "1/1");
    screen_has(&s, "39 of 120 lines");
    const struct log_lines *l = log_of(&s)->lines;
    const GArray *rows = log_lines_rows(l);
    for (guint i = 1; i < rows->len; i++)
        g_assert_cmpint(log_ring_line(l->ring, log_id(rows, i - 1))->at_ms, <=,
            log_ring_line(l->ring, log_id(rows, i))->at_ms);
    shown_clear(&s);
}

/* -- files ------------------------------------------------------------------------------------------ */

static void what_is_shown_can_be_saved_and_nothing_is_written_over(void)
{
    g_autofree char *folder = g_dir_make_tmp("weir-log-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "saved.txt", NULL);
    struct shown s = log_new();
    take_numbered(&s, 0, 3);
    struct snapshot *c = chunk_of("a/tasks/t");
    add_line(c, NONE, "error", "no time");
    take(&s, c);
    only(&s, "!line 1");
    g_autoptr(GError) error = NULL;
    g_assert_true(save_to(&s, path, &error));
    g_autofree char *note = g_strdup_printf("3 lines in %s", path);
    g_assert_cmpstr(s.v->note, ==, note);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 4);
    g_assert_true(g_str_has_suffix(lines[0], "Z line 0"));
    g_assert_true(g_str_has_suffix(lines[1], "Z line 2"));
    g_assert_cmpstr(lines[2], ==, "no time");
    GStatBuf about;
    g_assert_cmpint(g_stat(path, &about), ==, 0);
    g_assert_cmpuint(about.st_mode & 0777, ==, 0600);
    g_assert_false(save_to(&s, path, &error));
    ASSERT_CONTAINS(error->message, "never writes over a file");
    g_autoptr(GString) pager = g_string_new(NULL);
    s.v->class->text(s.v, pager, ROWS_NOW_MS);
    g_assert_cmpstr(pager->str, ==, text);
    g_unlink(path);
    g_rmdir(folder);
    shown_clear(&s);
}

#define TEST(name, function) g_test_add_func("/log/" name, function)

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    TEST("a log without end stays within its cap and counts what it drops (complaint 3)",
        a_log_without_end_stays_within_its_cap_and_counts_what_it_drops);
    TEST("several logs share one cap, and the oldest lines go",
        several_logs_share_one_cap_and_the_oldest_lines_go);
    TEST("lines that were dropped are counted on the screen (complaint 4)",
        lines_that_were_dropped_are_counted_on_the_screen);
    TEST("filters, searches and folds survive dropped lines",
        filters_searches_and_folds_survive_dropped_lines);
    TEST("stacks stay folded when their first lines are dropped",
        stacks_stay_folded_when_their_first_lines_are_dropped);
    TEST("a line of 90,000 characters costs what the screen holds (complaint 6)",
        a_line_of_90000_characters_costs_what_the_screen_holds);
    TEST("a frame costs the same however long the log is (complaint 2)",
        a_frame_costs_the_same_however_long_the_log_is);
    TEST("colours and titles are taken out, and controls are seen",
        colours_and_titles_are_taken_out_and_controls_are_seen);
    TEST("a line of 10 megabytes is cut and says so", a_line_of_10_megabytes_is_cut_and_says_so);
    TEST("a pause in the log is seen", a_pause_in_the_log_is_seen);
    TEST("several logs are merged by time, and lines stay with their own",
        several_logs_are_merged_by_time_and_lines_stay_with_their_own);
    TEST("a late line of another log moves neither cursor nor search",
        a_late_line_of_another_log_moves_neither_cursor_nor_search);
    TEST("what is shown can be saved, and nothing is written over",
        what_is_shown_can_be_saved_and_nothing_is_written_over);
    return g_test_run();
}
