#include "view.h"

extern const struct view_class *const __start_weir_views[];
extern const struct view_class *const __stop_weir_views[];

const struct view_class *view_class_of(enum shape shape)
{
    for (const struct view_class *const *c = __start_weir_views; c < __stop_weir_views; c++)
        if ((*c)->shape == shape)
            return *c;
    g_assert_not_reached();
}

struct view *view_new_as(
    enum shape shape, const struct kind *k, const struct view_settings *settings)
{
    struct view *v = view_class_of(shape)->create(k);
    v->settings = settings;
    return v;
}

struct view *view_new(const struct kind *k, const struct view_settings *settings)
{
    return view_new_as(k->shape, k, settings);
}

void view_free(struct view *v)
{
    if (!v)
        return;
    g_free(v->note);
    v->class->free(v);
}

static void note(struct view *v, bool error, const char *format, va_list args) G_GNUC_PRINTF(3, 0);

static void note(struct view *v, bool error, const char *format, va_list args)
{
    g_free(v->note);
    v->note = g_strdup_vprintf(format, args);
    v->note_is_error = error;
}

void view_say(struct view *v, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(v, false, format, args);
    va_end(args);
}

void view_complain(struct view *v, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(v, true, format, args);
    va_end(args);
}

bool view_is_filtered(const struct view *v)
{
    const char *text = v->class->filter_text ? v->class->filter_text(v) : NULL;
    return text && *text;
}
