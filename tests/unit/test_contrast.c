/* Whether people can read the themes: contrast after WCAG 2.1, section 1.4.3, in xterm's palettes, and
 * how far apart states are for eyes that do not tell red from green. */
#include "theme.h"

#include <math.h>

#include "theme_data.h"
#include "unit/rows.h"

#define TEXT_RATIO  4.5 /* what WCAG asks of text */
#define LARGE_RATIO 3.0 /* and of large or less important text */
#define HIGH_RATIO  7.0 /* its highest level */

struct rgb {
    double red, green, blue; /* 0 to 255 */
};

static const struct rgb black = {0, 0, 0};
static const struct rgb white = {255, 255, 255};
/* Backgrounds that people have: xterm, VS Code, Solarized. */
static const struct rgb darks[] = {{0, 0, 0}, {0x1e, 0x1e, 0x1e}, {0, 0x2b, 0x36}};
static const struct rgb lights[] = {{255, 255, 255}, {0xee, 0xee, 0xee}, {0xfd, 0xf6, 0xe3}};

/* The palette of xterm. */
static struct rgb colour(short n)
{
    static const struct rgb first[] = {{0, 0, 0}, {205, 0, 0}, {0, 205, 0}, {205, 205, 0},
        {0, 0, 238}, {205, 0, 205}, {0, 205, 205}, {229, 229, 229}, {127, 127, 127}, {255, 0, 0},
        {0, 255, 0}, {255, 255, 0}, {92, 92, 255}, {255, 0, 255}, {0, 255, 255}, {255, 255, 255}};
    static const double steps[] = {0, 95, 135, 175, 215, 255};
    if (n < 16)
        return first[n];
    if (n >= 232)
        return (struct rgb){8 + 10 * (n - 232), 8 + 10 * (n - 232), 8 + 10 * (n - 232)};
    return (struct rgb){steps[(n - 16) / 36], steps[(n - 16) / 6 % 6], steps[(n - 16) % 6]};
}

static double linear(double channel)
{
    double share = channel / 255;
    return share <= 0.03928 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4);
}

static double luminance(struct rgb c)
{
    return 0.2126 * linear(c.red) + 0.7152 * linear(c.green) + 0.0722 * linear(c.blue);
}

static double contrast(struct rgb a, struct rgb b)
{
    double x = luminance(a), y = luminance(b);
    return (MAX(x, y) + 0.05) / (MIN(x, y) + 0.05);
}

/* What a role looks like on a terminal with this background. */
struct look {
    struct rgb fg, bg;
};

static struct look look(const struct style *s, struct rgb paper)
{
    struct rgb ink = luminance(paper) < 0.179 ? white : black;
    struct look l = {s->fg < 0 ? ink : colour(s->fg), s->bg < 0 ? paper : colour(s->bg)};
    return s->attributes & STYLE_REVERSE ? (struct look){l.bg, l.fg} : l;
}

/* A terminal's dim is its own affair; that of the 256 colours is ours. */
static bool is_quiet(enum role role)
{
    return role == ROLE_DIM || role == ROLE_OFF || role == ROLE_STALE || role == ROLE_RULE;
}

static void can_be_read(
    const char *theme, const struct style styles[ROLE_COUNT], struct rgb paper, double wanted)
{
    for (enum role role = 0; role < ROLE_COUNT; role++) {
        struct look l = look(&styles[role], paper);
        double ratio = contrast(l.fg, l.bg);
        double least = is_quiet(role) ? LARGE_RATIO : wanted;
        if (ratio < least)
            g_error("%s: %s has a contrast of %.2f on %.0f,%.0f,%.0f, wanted %.1f", theme,
                role_name(role), ratio, paper.red, paper.green, paper.blue, least);
    }
}

static struct theme *load(const char *name)
{
    struct theme *t = theme_builtin(name);
    g_assert_nonnull(t);
    return t;
}

static void dark_on_dark(void)
{
    struct theme *t = load("dark");
    can_be_read("dark", t->plain, black, TEXT_RATIO);
    for (unsigned i = 0; i < G_N_ELEMENTS(darks); i++)
        can_be_read("dark, 256", t->many, darks[i], TEXT_RATIO);
    theme_free(t);
}

static void light_on_light(void)
{
    struct theme *t = load("light");
    can_be_read("light", t->plain, white, TEXT_RATIO);
    for (unsigned i = 0; i < G_N_ELEMENTS(lights); i++)
        can_be_read("light, 256", t->many, lights[i], TEXT_RATIO);
    theme_free(t);
}

/* No colour has 4.5 on both black and white and differs from the next; 4 is what there is. */
static void some_on_both(void)
{
    static const char *const names[] = {"neutral", "deutan", "mono"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        struct theme *t = load(names[i]);
        can_be_read(names[i], t->plain, black, 4);
        can_be_read(names[i], t->plain, white, 3.9);
        can_be_read(names[i], t->many, black, 4);
        can_be_read(names[i], t->many, white, 4);
        theme_free(t);
    }
}

static void contrast_is_high_everywhere(void)
{
    struct theme *t = load("contrast");
    for (enum role role = 0; role < ROLE_COUNT; role++) {
        g_assert_true(t->many[role].bg >= 0 && t->plain[role].bg >= 0);
        struct look fine = look(&t->many[role], white);
        struct look coarse = look(&t->plain[role], white);
        g_assert_cmpfloat(contrast(fine.fg, fine.bg), >=, HIGH_RATIO);
        g_assert_cmpfloat(contrast(coarse.fg, coarse.bg), >=, TEXT_RATIO);
    }
    theme_free(t);
}

/* -- eyes ---------------------------------------------------------------------------------------- */

struct lab {
    double l, a, b;
};

static double lab_curve(double t)
{
    return t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116;
}

/* CIE L*a*b* (D65) of a colour in linear light. */
static struct lab lab_of(double red, double green, double blue)
{
    double x = lab_curve((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505);
    double y = lab_curve(0.2126 * red + 0.7152 * green + 0.0722 * blue);
    double z = lab_curve((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089);
    return (struct lab){116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

/* What a deuteranope sees: Vienot, Brettel and Mollon 1999, as one matrix in linear light. */
static struct lab deutan(struct rgb c)
{
    double red = linear(c.red), green = linear(c.green), blue = linear(c.blue);
    double yellow = 0.29275 * red + 0.70725 * green;
    return lab_of(yellow, yellow, MAX(0, -0.02234 * red + 0.02234 * green + blue));
}

static double distance(struct rgb a, struct rgb b)
{
    struct lab x = deutan(a), y = deutan(b);
    return sqrt((x.l - y.l) * (x.l - y.l) + (x.a - y.a) * (x.a - y.a) + (x.b - y.b) * (x.b - y.b));
}

/* 2 is what one just sees side by side; this is plain to see apart. */
#define APART 20

static bool are_apart(const struct style *a, const struct style *b, struct rgb paper)
{
    unsigned shape = STYLE_BOLD | STYLE_UNDERLINE;
    struct look x = look(a, paper), y = look(b, paper);
    return distance(x.fg, y.fg) >= APART || distance(x.bg, y.bg) >= APART ||
           (a->attributes & shape) != (b->attributes & shape);
}

static void states_are_apart(
    const char *theme, const struct style styles[ROLE_COUNT], struct rgb paper)
{
    static const enum role roles[] = {ROLE_OK, ROLE_UNKNOWN, ROLE_WARN, ROLE_FAIL};
    for (unsigned i = 0; i < G_N_ELEMENTS(roles); i++)
        for (unsigned j = 0; j < i; j++)
            if (!are_apart(&styles[roles[i]], &styles[roles[j]], paper))
                g_error("%s: %s looks like %s", theme, role_name(roles[i]), role_name(roles[j]));
}

static void states_without_red_and_green(void)
{
    struct theme *t = load("deutan");
    states_are_apart("deutan", t->plain, black);
    states_are_apart("deutan", t->plain, white);
    states_are_apart("deutan, 256", t->many, black);
    states_are_apart("deutan, 256", t->many, white);
    theme_free(t);
}

/* Red and green that are equally bright are one colour to such eyes: the yardstick sees it. */
static void the_yardstick_sees_what_they_see(void)
{
    struct rgb red = {215, 80, 80}, green = {120, 140, 80};
    g_assert_cmpfloat(distance(red, green), <, APART);
    g_assert_cmpfloat(distance(colour(214), colour(63)), >, APART);
    g_assert_cmpfloat(contrast(black, white), >, 20.9);
    g_assert_cmpfloat_with_epsilon(contrast(colour(243), white), 4.54, 0.01);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/contrast/dark-can-be-read-on-dark-backgrounds", dark_on_dark);
    g_test_add_func("/contrast/light-can-be-read-on-light-backgrounds", light_on_light);
    g_test_add_func("/contrast/neutral-deutan-and-mono-can-be-read-on-both", some_on_both);
    g_test_add_func(
        "/contrast/contrast-has-seven-to-one-on-any-terminal", contrast_is_high_everywhere);
    g_test_add_func("/contrast/in-deutan-states-differ-for-eyes-that-do-not-tell-red-from-green",
        states_without_red_and_green);
    g_test_add_func(
        "/contrast/the-yardstick-sees-what-such-eyes-see", the_yardstick_sees_what_they_see);
    return g_test_run();
}
