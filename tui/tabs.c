/* Tabs, and going back and forth in one. A frame that one goes back from is kept with its filter and
 * cursor until one goes elsewhere. */
#include "app.h"

static struct tab *current(const struct app *a)
{
    return g_ptr_array_index(a->tabs, a->tab);
}

static void tab_free(gpointer data)
{
    struct tab *t = data;
    g_ptr_array_unref(t->frames);
    g_ptr_array_unref(t->forward);
    g_free(t);
}

static void add_tab(struct app *a, guint place)
{
    struct tab *t = g_new0(struct tab, 1);
    t->frames = g_ptr_array_new_with_free_func((GDestroyNotify)frame_free);
    t->forward = g_ptr_array_new_with_free_func((GDestroyNotify)frame_free);
    g_ptr_array_insert(a->tabs, (gint)place, t);
    a->tab = place;
    a->frames = t->frames;
}

void tabs_init(struct app *a)
{
    a->tabs = g_ptr_array_new_with_free_func(tab_free);
    add_tab(a, 0);
}

static void see(struct app *a, guint place)
{
    frame_cover(a, app_top(a));
    a->tab = place;
    a->frames = current(a)->frames;
    frame_show(a, app_top(a));
}

void tab_open(struct app *a)
{
    const struct frame *from = app_top(a);
    if (a->tabs->len == TABS_MAX) {
        app_complain(a, "%d tabs are open: close one with :tab-close", TABS_MAX);
        return;
    }
    frame_cover(a, app_top(a));
    add_tab(a, a->tab + 1);
    frame_open_home(a);
    frame_open_same(a, from);
    app_say(a, "tab %u; ( and ) go from tab to tab", a->tab + 1);
}

void tab_close(struct app *a)
{
    if (a->tabs->len == 1) {
        app_complain(a, "this is the only tab");
        return;
    }
    guint closed = a->tab;
    while (!app_is_home(a))
        frame_back(a);
    see(a, closed > 0 ? closed - 1 : 1);
    g_ptr_array_remove_index(a->tabs, closed);
    a->tab -= closed < a->tab;
    app_dirty(a);
}

void tab_next(struct app *a)
{
    see(a, (a->tab + 1) % a->tabs->len);
}

void tab_previous(struct app *a)
{
    see(a, (a->tab + a->tabs->len - 1) % a->tabs->len);
}

void tab_toggle_last(struct app *a)
{
    if (current(a)->came_back && current(a)->forward->len > 0)
        frame_forward(a);
    else
        frame_back(a);
}

void tab_forget_forward(struct app *a)
{
    g_ptr_array_set_size(current(a)->forward, 0);
    current(a)->came_back = false;
}

void tab_keep_forward(struct app *a, struct frame *take_f)
{
    g_ptr_array_add(current(a)->forward, take_f);
    current(a)->came_back = true;
}

struct frame *tab_take_forward(struct app *a)
{
    GPtrArray *forward = current(a)->forward;
    current(a)->came_back = false;
    return forward->len ? g_ptr_array_steal_index(forward, forward->len - 1) : NULL;
}

void tabs_append(const struct app *a, GString *out)
{
    for (guint i = 0; a->tabs->len > 1 && i < a->tabs->len; i++) {
        const struct tab *t = g_ptr_array_index(a->tabs, i);
        const struct frame *top = g_ptr_array_index(t->frames, t->frames->len - 1);
        g_string_append_printf(
            out, "%s%u:%s%s", i ? " " : "", i + 1, kind_segment(top->kind), i == a->tab ? "*" : "");
    }
}
