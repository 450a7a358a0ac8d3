/* Fuzzes the probe's answers on their way into rows: the parser with the word that the corpus carries,
 * the disks that count, and the rates between two samples. The first half of the input is one sample,
 * the whole another, so that counters go back, lists differ and processes vanish. */
#include "hosts/rates.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sample(const struct sample *s)
{
    g_assert_cmpuint(s->tasks->len, <=, SAMPLE_TASKS_MAX);
    g_assert_cmpuint(s->disks->len, <=, SAMPLE_DISKS_MAX);
    g_assert_cmpuint(s->nics->len, <=, SAMPLE_NICS_MAX);
    g_assert_cmpuint(s->failed_units->len, <=, SAMPLE_UNITS_MAX);
    g_assert_cmpint(s->cpus, <=, SAMPLE_CPUS_MAX);
    g_autoptr(GPtrArray) disks = sample_real_disks(s);
    for (guint i = 0; i < disks->len; i++) {
        const struct sample_disk *d = g_ptr_array_index(disks, i);
        double used = sample_disk_percent(d), inodes = sample_inode_percent(d);
        g_assert_true(used == -1 || (used >= 0 && used <= 100));
        g_assert_true(inodes == -1 || (inodes >= 0 && inodes <= 100));
        g_assert_cmpint(d->available * 1024, >=, 0);
    }
    for (guint i = 0; i < s->tasks->len; i++) {
        const struct sample_task *t = g_ptr_array_index(s->tasks, i);
        g_assert_cmpint(t->pages * s->page_bytes, >=, 0);
    }
}

static void check_rates(const struct sample *before, const struct sample *now)
{
    struct rates r = rates_between(before, now);
    g_assert_true(r.cpu == -1 || (r.cpu >= 0 && r.cpu <= 100));
    g_assert_true(r.iowait == -1 || (r.iowait >= 0 && r.iowait <= 100));
    g_assert_true(r.net_in == -1 || r.net_in >= 0);
    g_assert_true(r.oom_kills >= -1);
    g_autofree double *cores = rates_of_tasks(before, now);
    for (guint i = 0; i < now->tasks->len; i++)
        g_assert_true(cores[i] == -1 || cores[i] >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* The corpus knows two words; the letter decides which. */
    bool full = memmem(data, size, "@@p.", 4) != NULL;
    const char *word =
        full ? "p.00112233445566778899aabbccddeeff" : "b.00112233445566778899aabbccddeeff";
    AUTO(sample) half = sample_parse((const char *)data, size / 2, word);
    AUTO(sample) whole = sample_parse((const char *)data, size, word);
    check_sample(half);
    check_sample(whole);
    check_rates(half, whole);
    check_rates(whole, half);
    return 0;
}
