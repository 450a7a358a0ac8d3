/* What is recorded, and that it comes back. */
#include "unit/histories.h"

#include <sys/stat.h>

#include "history_grid.h"

/* -- as it was ----------------------------------------------------------------------------------- */

static void assert_same_cell(struct cell a, struct cell b)
{
    g_assert_cmpint(a.type, ==, b.type);
    if (a.type == CELL_NONE) {
        g_assert_cmpint(a.absent, ==, b.absent);
        return;
    }
    g_assert_cmpint(a.quality, ==, b.quality);
    switch (a.type) {
    case CELL_BOOL: g_assert_true(a.b == b.b); break;
    case CELL_REAL:
    case CELL_PERCENT: g_assert_true(memcmp(&a.r, &b.r, sizeof a.r) == 0); break;
    case CELL_TEXT:
    case CELL_STATE:
    case CELL_LINK: g_assert_cmpstr(a.text, ==, b.text); break;
    case CELL_STATES:
        g_assert_cmpuint(a.states->count, ==, b.states->count);
        for (uint32_t i = 0; i < a.states->count; i++) {
            g_assert_cmpstr(a.states->mark[i].state, ==, b.states->mark[i].state);
            g_assert_cmpint(a.states->mark[i].health, ==, b.states->mark[i].health);
            g_assert_cmpint(a.states->mark[i].at_ms, ==, b.states->mark[i].at_ms);
            g_assert_cmpint(a.states->mark[i].ms, ==, b.states->mark[i].ms);
        }
        break;
    default: g_assert_cmpint(a.i, ==, b.i); break;
    }
}

static void assert_same(const struct snapshot *a, const struct snapshot *b)
{
    g_assert_nonnull(b);
    g_assert_cmpint(snapshot_at(a), ==, snapshot_at(b));
    g_assert_cmpstr(snapshot_incomplete(a), ==, snapshot_incomplete(b));
    g_assert_cmpuint(snapshot_count(a), ==, snapshot_count(b));
    for (size_t i = 0; i < snapshot_count(a); i++) {
        const struct row *x = snapshot_row(a, i), *y = snapshot_row(b, i);
        g_assert_cmpstr(x->key, ==, y->key);
        g_assert_cmpstr(x->name, ==, y->name);
        g_assert_cmpstr(x->address, ==, y->address);
        g_assert_cmpstr(x->error, ==, y->error);
        g_assert_cmpstr(x->why, ==, y->why);
        g_assert_cmpint(x->at_ms, ==, y->at_ms);
        g_assert_cmpuint(x->parent, ==, y->parent);
        g_assert_cmpuint(x->health, ==, y->health);
        g_assert_cmpuint(x->phase, ==, y->phase);
        for (int c = 0; snapshot_column_table(a)[c].name; c++)
            assert_same_cell(snapshot_cell(a, i, c), snapshot_cell(b, i, c));
    }
}

static void fill(struct snapshot *s, const struct past *p)
{
    size_t a = snapshot_add(s, "a");
    snapshot_set_text(s, a, R_STATE, "failed");
    snapshot_set_int(s, a, R_LAG, G_MININT64);
    snapshot_set_real(s, a, R_RATE, -1.0 / 3);
    snapshot_set_int(s, a, R_SEEN, p->now_ms - 77);
    snapshot_set_int(s, a, R_WAIT, G_MAXINT64);
    snapshot_set_int(s, a, R_SIZE, 1LL << 52);
    snapshot_set_real(s, a, R_SHARE, 12.5);
    snapshot_set_bool(s, a, R_ON, true);
    snapshot_set_text(s, a, R_NOTE, "züge \033[31m");
    snapshot_set_text(s, a, R_LINK, "s/rows/b");
    const struct state_mark marks[] = {
        {"ok", HEALTH_OK, p->now_ms - 5, 3}, {"run away", HEALTH_FAIL, p->now_ms - 2, -1}};
    snapshot_set_states(s, a, R_STRIP, marks, 2);
    snapshot_set_quality(s, a, R_LAG, BOUND);
    snapshot_set_quality(s, a, R_RATE, SAMPLED);
    snapshot_set_quality(s, a, R_SHARE, ESTIMATE);
    snapshot_set_health(s, a, HEALTH_FAIL, "it failed");
    size_t b = snapshot_add(s, "b\033\tc");
    for (int c = 0; c < 4; c++)
        snapshot_set_absent(s, b, c, (enum absent)c);
    snapshot_set_bool(s, b, R_ON, false);
    snapshot_set_states(s, b, R_STRIP, NULL, 0);
    snapshot_set_parent(s, b, 0);
    snapshot_set_phase(s, b, PHASE_WAIT);
    snapshot_set_at(s, b, p->now_ms - 60000);
    snapshot_set_error(s, b, "could not be read");
    snapshot_set_address(s, b, "s/other/b%09c");
    snapshot_set_incomplete(s, "cut at 2 rows");
}

static void every_cell_comes_back_as_it_was(void)
{
    struct past p;
    past_open(&p);
    struct snapshot *s = past_snapshot(&p, &rows_kind);
    fill(s, &p);
    const struct snapshot *before = snapshot_ref(s);
    past_record(&p, s);
    past_again(&p);
    const struct snapshot *after = past_last(&p, &rows_kind);
    assert_same(before, after);
    snapshot_unref(before);
    snapshot_unref(after);
    past_close(&p);
}

/* Rows come, go, change places and change, and some names are there twice. */
static struct snapshot *made_up(const struct past *p, GRand *rand, unsigned rows)
{
    static const char *const states[] = {"ok", "late", "failed"};
    struct snapshot *s = past_snapshot(p, &rows_kind);
    for (unsigned i = 0; i < rows; i++) {
        g_autofree char *name = g_strdup_printf("row %d", g_rand_int_range(rand, 0, 60));
        size_t row = snapshot_add(s, name);
        snapshot_set_text(s, row, R_STATE, states[g_rand_int_range(rand, 0, 3)]);
        if (g_rand_int_range(rand, 0, 3))
            snapshot_set_int(s, row, R_LAG, g_rand_int(rand));
        else
            snapshot_set_absent(s, row, R_LAG, (enum absent)g_rand_int_range(rand, 0, 4));
        snapshot_set_real(s, row, R_RATE, g_rand_double(rand) * (g_rand_int_range(rand, 0, 2)));
        snapshot_set_health(s, row, (enum health)g_rand_int_range(rand, 0, 4), "why");
    }
    return s;
}

static void deltas_are_as_good_as_keys(void)
{
    struct past p;
    past_open(&p);
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    for (unsigned i = 0; i < 150; i++, p.now_ms += 5000) {
        struct snapshot *s = made_up(&p, rand, i % 10 ? 40 + i % 3 : i % 4);
        const struct snapshot *before = snapshot_ref(s);
        past_record(&p, s);
        const struct snapshot *after = past_last(&p, &rows_kind);
        assert_same(before, after);
        snapshot_unref(before);
        snapshot_unref(after);
    }
    past_close(&p);
}

/* A grid and what it is after some rows were shuffled and cells changed, without a file around it. */
static void a_frame_against_the_one_before_it_decodes_to_itself(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(11);
    for (unsigned round = 0; round < 300; round++) {
        struct grid *g[2];
        for (unsigned i = 0; i < 2; i++) {
            g[i] = grid_new(GRID_COLUMNS + 3, (guint32)g_rand_int_range(rand, 0, 30));
            g[i]->columns = 5;
            for (guint32 row = 0; row < g[i]->rows; row++) {
                g[i]->key[row] = (guint32)g_rand_int_range(rand, 1, 25);
                for (guint32 f = 0; f < g[i]->fields; f++) {
                    bool set = g_rand_int_range(rand, 0, 4) > 0;
                    g[i]->tag[f][row] = set ? (f % 2 ? CELL_REAL : CELL_INT) : CELL_NONE;
                    g[i]->value[f][row] =
                        set ? (int64_t)((guint64)g_rand_int(rand) << round % 33) : 0;
                }
            }
        }
        g_autoptr(GByteArray) key = grid_encode_key(g[0]);
        g_autoptr(GByteArray) delta = grid_encode_delta(g[0], g[1]);
        g_autoptr(GError) error = NULL;
        struct grid *back = grid_decode_key(key->data, key->len, NULL, NULL, &error);
        g_assert_no_error(error);
        g_assert_true(grid_apply_delta(back, delta->data, delta->len, NULL, &error));
        g_assert_cmpuint(back->rows, ==, g[1]->rows);
        g_assert_true(memcmp(back->key, g[1]->key, back->rows * 4) == 0);
        for (guint32 f = 0; f < back->fields; f++) {
            g_assert_true(memcmp(back->tag[f], g[1]->tag[f], back->rows) == 0);
            g_assert_true(memcmp(back->value[f], g[1]->value[f], back->rows * 8) == 0);
        }
        grid_free(g[0]);
        grid_free(g[1]);
        grid_free(back);
    }
}

static void a_key_frame_comes_every_ten_minutes(void)
{
    struct past p;
    past_open(&p);
    for (unsigned i = 0; i < 241; i++, p.now_ms += 5000)
        past_record(&p, past_row(&p, "ok", i));
    unsigned keys;
    g_assert_cmpuint(past_frames(&p, "2026-06-12", &keys), ==, 241);
    g_assert_cmpuint(keys, ==, 3);
    past_close(&p);
}

/* -- what is kept and what is not ---------------------------------------------------------------- */

static void private_columns_and_logs_are_never_recorded(void)
{
    struct past p;
    past_open(&p);
    struct snapshot *s = past_snapshot(&p, &histories_secret);
    size_t row = snapshot_add(s, "a");
    snapshot_set_text(s, row, 0, "for all to see");
    snapshot_set_text(s, row, 1, "pa55word");
    snapshot_set_int(s, row, 2, 3);
    past_record(&p, s);
    past_again(&p);
    g_assert_false(history_wants(&histories_log));
    g_assert_false(history_wants(&kind_detail));
    const struct snapshot *last = past_last(&p, &histories_secret);
    g_assert_cmpstr(snapshot_cell(last, 0, 0).text, ==, "for all to see");
    g_assert_cmpint(snapshot_cell(last, 0, 1).type, ==, CELL_NONE);
    g_assert_cmpint(snapshot_cell(last, 0, 2).i, ==, 3);
    snapshot_unref(last);
    g_autofree char *path = g_build_filename(p.folder, "2026-06-12.db", NULL);
    g_autofree char *bytes = NULL;
    gsize length;
    g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    g_assert_nonnull(memmem(bytes, length, "for all to see", 14));
    g_assert_null(memmem(bytes, length, "pa55word", 8));
    past_close(&p);
}

static void long_texts_are_cut_between_two_characters(void)
{
    struct past p;
    past_open(&p);
    g_autoptr(GString) text = g_string_new("x");
    while (text->len < 20000)
        g_string_append(text, "ü");
    struct snapshot *s = past_snapshot(&p, &rows_kind);
    snapshot_set_text(s, snapshot_add(s, "a"), R_NOTE, text->str);
    past_record(&p, s);
    const struct snapshot *last = past_last(&p, &rows_kind);
    const char *kept = snapshot_cell(last, 0, R_NOTE).text;
    g_assert_cmpuint(strlen(kept), ==, HISTORY_TEXT_MAX - 1);
    g_assert_true(g_utf8_validate(kept, -1, NULL) && g_str_has_prefix(text->str, kept));
    snapshot_unref(last);
    past_close(&p);
}

static void what_the_program_no_longer_knows_is_left_out(void)
{
    struct past p;
    past_open(&p);
    static const struct column old_columns[] = {
        {"gone", "GONE", CELL_INT, 0, 6, 0, "was there once"},
        {"state", "STATE", CELL_INT, 0, 6, 0, "was a number once"},
        {"lag", "LAG", CELL_INT, 0, 6, 0, "is there still"}, {0}};
    static const struct kind old = {.name = "test.rows", .columns = old_columns};
    static const struct kind lost = {.name = "test.lost", .columns = old_columns};
    struct snapshot *s = past_snapshot(&p, &old);
    size_t row = snapshot_add(s, "a");
    for (int c = 0; c < 3; c++)
        snapshot_set_int(s, row, c, 10 + c);
    past_record(&p, s);
    s = past_snapshot(&p, &lost);
    snapshot_add(s, "b");
    past_record(&p, s);
    g_autoptr(GPtrArray) all = history_last(p.history, p.registry, p.now_ms);
    g_assert_cmpuint(all->len, ==, 1);
    g_assert_cmpint(snapshot_cell(all->pdata[0], 0, R_STATE).type, ==, CELL_NONE);
    g_assert_cmpint(snapshot_cell(all->pdata[0], 0, R_LAG).i, ==, 12);
    past_close(&p);
}

static void yesterday_is_remembered_until_today_is_known(void)
{
    struct past p;
    past_open(&p);
    past_record(&p, past_row(&p, "ok", 1));
    p.now_ms += DAY_MS;
    const struct snapshot *last = past_last(&p, &rows_kind);
    g_assert_cmpint(snapshot_cell(last, 0, R_LAG).i, ==, 1);
    g_assert_cmpint(snapshot_at(last), ==, p.now_ms - DAY_MS);
    snapshot_unref(last);
    past_record(&p, past_row(&p, "ok", 2));
    last = past_last(&p, &rows_kind);
    g_assert_cmpint(snapshot_cell(last, 0, R_LAG).i, ==, 2);
    snapshot_unref(last);
    p.now_ms += 9 * DAY_MS;
    g_assert_null(past_last(&p, &rows_kind));
    past_close(&p);
}

static void the_files_are_for_their_owner_alone(void)
{
    struct past p;
    past_open(&p);
    past_record(&p, past_row(&p, "ok", 1));
    g_autoptr(GDir) dir = g_dir_open(p.folder, 0, NULL);
    unsigned files = 0;
    struct stat st;
    for (const char *name; (name = g_dir_read_name(dir)); files++) {
        g_autofree char *path = g_build_filename(p.folder, name, NULL);
        g_assert_cmpint(stat(path, &st), ==, 0);
        g_assert_cmpint(st.st_mode & 0777, ==, 0600);
    }
    g_assert_cmpuint(files, >=, 3); /* database, log, lock */
    g_assert_cmpint(stat(p.folder, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0700);
    past_close(&p);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
#define TEST(f) g_test_add_func("/history/" #f, f)
    TEST(every_cell_comes_back_as_it_was);
    TEST(deltas_are_as_good_as_keys);
    TEST(a_frame_against_the_one_before_it_decodes_to_itself);
    TEST(a_key_frame_comes_every_ten_minutes);
    TEST(private_columns_and_logs_are_never_recorded);
    TEST(long_texts_are_cut_between_two_characters);
    TEST(what_the_program_no_longer_knows_is_left_out);
    TEST(yesterday_is_remembered_until_today_is_known);
    TEST(the_files_are_for_their_owner_alone);
    return g_test_run();
}
