/*
 * libvterm sees the program's output piece by piece, most of it untouched. Three things are done on
 * the way. Dim text, which libvterm 0.1 drops, is turned into its alternative font 1 (SGR 11),
 * which it keeps per cell and which no program uses; 22 and 0 end both. Lists of modes are taken
 * apart. And questions that it does not know, or answers otherwise than today's terminals do, are
 * answered here.
 */
#include "emulator.h"

#include "escape.h"

#include <glib.h>
#include <string.h>
#include <vterm.h>

enum { FONT_DIM = 1, MODE_SYNC = 2026 };

struct emulator {
    VTerm *vt;
    VTermScreen *screen;
    struct emulator_manner manner;
    emulator_send *send;
    void *data;
    GByteArray *pending; /* output that ends inside an escape sequence */
    GHashTable *modes;   /* set of int */
    bool feeding;        /* what libvterm sends now is an answer and no key */
    bool cursor_visible, alt_screen;
};

static void send_from_vterm(const char *bytes, size_t length, void *data)
{
    struct emulator *e = data;
    if (!(e->feeding && e->manner.mute))
        e->send(bytes, length, e->data);
}

static void answer(struct emulator *e, const char *text)
{
    send_from_vterm(text, strlen(text), e);
}

static int note_property(VTermProp property, VTermValue *value, void *data)
{
    struct emulator *e = data;
    if (property == VTERM_PROP_CURSORVISIBLE)
        e->cursor_visible = value->boolean;
    if (property == VTERM_PROP_ALTSCREEN)
        e->alt_screen = value->boolean;
    return 1;
}

static const VTermScreenCallbacks callbacks = {.settermprop = note_property};

struct emulator *emulator_new(
    int width, int height, const struct emulator_manner *manner, emulator_send *send, void *data)
{
    struct emulator *e = g_new0(struct emulator, 1);
    e->manner = *manner;
    e->send = send;
    e->data = data;
    e->pending = g_byte_array_new();
    e->modes = g_hash_table_new(g_direct_hash, g_direct_equal);
    e->cursor_visible = true;
    e->vt = vterm_new(height, width);
    vterm_set_utf8(e->vt, 1);
    vterm_output_set_callback(e->vt, send_from_vterm, e);
    e->screen = vterm_obtain_screen(e->vt);
    vterm_screen_set_callbacks(e->screen, &callbacks, e);
    vterm_screen_enable_altscreen(e->screen, 1);
    vterm_screen_reset(e->screen, 1);
    return e;
}

void emulator_free(struct emulator *e)
{
    if (!e)
        return;
    vterm_free(e->vt);
    g_byte_array_unref(e->pending);
    g_hash_table_unref(e->modes);
    g_free(e);
}

static void pass(struct emulator *e, const struct escape_token *t)
{
    vterm_input_write(e->vt, t->bytes, t->length);
}

/* How many of the parameters behind this one belong to it: 38;5;N and 38;2;R;G;B. */
static size_t color_operands(const char *const *params)
{
    if (!params[1] || (strcmp(params[0], "38") != 0 && strcmp(params[0], "48") != 0))
        return 0;
    return strcmp(params[1], "5") == 0 ? 2 : strcmp(params[1], "2") == 0 ? 4 : 0;
}

static void pass_rendition(struct emulator *e, const struct escape_token *t)
{
    if (!memchr(t->bytes, '2', t->length)) {
        pass(e, t);
        return;
    }
    g_autofree char *list = g_strndup(t->bytes + 2, t->length - 3);
    g_auto(GStrv) params = g_strsplit(list, ";", -1);
    g_autoptr(GString) out = g_string_new("\033[");
    size_t operands = 0;
    for (size_t i = 0; params[i]; i++) {
        const char *param = params[i];
        if (operands > 0)
            operands--;
        else if (strcmp(param, "2") == 0)
            param = "11";
        else if (strcmp(param, "22") == 0)
            param = "22;10";
        else
            operands = color_operands((const char *const *)&params[i]);
        g_string_append_printf(out, "%s%s", i ? ";" : "", param);
    }
    g_string_append_c(out, 'm');
    vterm_input_write(e->vt, out->str, out->len);
}

/* libvterm 0.1 looks at the first mode of a list only, and cvvis sets two. */
static void pass_modes(struct emulator *e, const struct escape_token *t)
{
    size_t at = 0;
    long mode = 0;
    while (escape_param(t, &at, &mode)) {
        g_autofree char *single = g_strdup_printf("\033[?%ld%c", mode, t->final);
        vterm_input_write(e->vt, single, strlen(single));
        if (t->final == 'h')
            g_hash_table_add(e->modes, GINT_TO_POINTER((int)mode));
        else
            g_hash_table_remove(e->modes, GINT_TO_POINTER((int)mode));
    }
}

/* Whether synchronised updates are on or off, for a terminal that knows them. */
static void answer_sync(struct emulator *e, const struct escape_token *t)
{
    size_t at = 0;
    long mode = 0;
    if (!e->manner.no_sync && escape_param(t, &at, &mode) && mode == MODE_SYNC)
        answer(e, emulator_mode(e, MODE_SYNC) ? "\033[?2026;1$y" : "\033[?2026;2$y");
    else
        pass(e, t);
}

static void feed_csi(struct emulator *e, const struct escape_token *t)
{
    bool of_mode = t->leader == '?' && !t->intermediate;
    if (of_mode && (t->final == 'h' || t->final == 'l'))
        pass_modes(e, t);
    else if (t->leader == '?' && t->intermediate == '$' && t->final == 'p')
        answer_sync(e, t);
    else if (!t->leader && !t->intermediate && t->final == 'm')
        pass_rendition(e, t);
    else
        pass(e, t);
}

static void feed_string(struct emulator *e, const struct escape_token *t)
{
    g_autofree char *payload = escape_payload(t);
    const char *white = "rgb:ffff/ffff/ffff", *black = "rgb:0000/0000/0000";
    bool of_text = strcmp(payload, "10;?") == 0;
    if (t->final != ']' || (!of_text && strcmp(payload, "11;?") != 0)) {
        pass(e, t);
        return;
    }
    bool is_black = of_text == e->manner.light;
    g_autofree char *reply =
        g_strdup_printf("\033]%s;%s\033\\", of_text ? "10" : "11", is_black ? black : white);
    answer(e, reply);
}

static void feed_token(struct emulator *e, const struct escape_token *t)
{
    bool resets = (t->kind == ESCAPE_SHORT && t->final == 'c' && !t->intermediate) ||
                  (t->kind == ESCAPE_CSI && t->final == 'p' && t->intermediate == '!');
    if (resets)
        g_hash_table_remove_all(e->modes);
    if (t->kind == ESCAPE_CSI)
        feed_csi(e, t);
    else if (t->kind == ESCAPE_STRING)
        feed_string(e, t);
    else
        pass(e, t);
}

void emulator_feed(struct emulator *e, const char *bytes, size_t length)
{
    g_byte_array_append(e->pending, (const guint8 *)bytes, (guint)length);
    const char *all = (const char *)e->pending->data;
    size_t at = 0, n;
    struct escape_token t;
    e->feeding = true;
    while ((n = escape_next(all + at, e->pending->len - at, &t)) > 0) {
        feed_token(e, &t);
        at += n;
    }
    e->feeding = false;
    g_byte_array_remove_range(e->pending, 0, (guint)at);
}

void emulator_resize(struct emulator *e, int width, int height)
{
    vterm_set_size(e->vt, height, width);
}

void emulator_size(const struct emulator *e, int *width, int *height)
{
    vterm_get_size(e->vt, height, width);
}

void emulator_cursor(const struct emulator *e, int *x, int *y)
{
    VTermPos at = {0};
    vterm_state_get_cursorpos(vterm_obtain_state(e->vt), &at);
    *x = at.col;
    *y = at.row;
}

bool emulator_cursor_visible(const struct emulator *e)
{
    return e->cursor_visible;
}

bool emulator_alt_screen(const struct emulator *e)
{
    return e->alt_screen;
}

bool emulator_mode(const struct emulator *e, int mode)
{
    return g_hash_table_contains(e->modes, GINT_TO_POINTER(mode));
}

static struct pty_color color_of(const VTermColor *c)
{
    if (VTERM_COLOR_IS_DEFAULT_FG(c) || VTERM_COLOR_IS_DEFAULT_BG(c))
        return (struct pty_color){.kind = PTY_COLOR_DEFAULT};
    if (VTERM_COLOR_IS_INDEXED(c))
        return (struct pty_color){.kind = PTY_COLOR_INDEXED, .index = c->indexed.idx};
    return (struct pty_color){
        .kind = PTY_COLOR_RGB, .red = c->rgb.red, .green = c->rgb.green, .blue = c->rgb.blue};
}

static void write_text(const uint32_t *chars, char *text)
{
    size_t length = 0;
    for (size_t i = 0; i < VTERM_MAX_CHARS_PER_CELL && chars[i]; i++)
        length += (size_t)g_unichar_to_utf8(chars[i], text + length);
    text[length] = '\0';
}

struct pty_cell emulator_cell(const struct emulator *e, int x, int y)
{
    VTermScreenCell from;
    struct pty_cell cell = {.text = " ", .width = 1};
    if (!vterm_screen_get_cell(e->screen, (VTermPos){.row = y, .col = x}, &from))
        return cell;
    bool right_half = from.chars[0] == (uint32_t)-1;
    if (right_half)
        cell.text[0] = '\0';
    else if (from.chars[0])
        write_text(from.chars, cell.text);
    cell.width = right_half ? 0 : from.width;
    cell.fg = color_of(&from.fg);
    cell.bg = color_of(&from.bg);
    cell.bold = from.attrs.bold;
    cell.dim = from.attrs.font == FONT_DIM;
    cell.italic = from.attrs.italic;
    cell.underline = from.attrs.underline != VTERM_UNDERLINE_OFF;
    cell.blink = from.attrs.blink;
    cell.reverse = from.attrs.reverse;
    return cell;
}

/* Not through emulator_cell: a wait reads the whole screen after every piece of output. */
char *emulator_row(const struct emulator *e, int y)
{
    int width = 0, height = 0;
    emulator_size(e, &width, &height);
    size_t size = (size_t)width * PTY_CELL_TEXT;
    g_autofree char *text = g_malloc(size + 1);
    VTermRect row = {.start_row = y, .end_row = y + 1, .start_col = 0, .end_col = width};
    text[vterm_screen_get_text(e->screen, text, size, row)] = '\0';
    return g_strdup(g_strchomp(text));
}

static const struct {
    const char *name;
    VTermKey key;
} keys[] = {
    {"enter", VTERM_KEY_ENTER},
    {"tab", VTERM_KEY_TAB},
    {"backspace", VTERM_KEY_BACKSPACE},
    {"esc", VTERM_KEY_ESCAPE},
    {"up", VTERM_KEY_UP},
    {"down", VTERM_KEY_DOWN},
    {"left", VTERM_KEY_LEFT},
    {"right", VTERM_KEY_RIGHT},
    {"insert", VTERM_KEY_INS},
    {"delete", VTERM_KEY_DEL},
    {"home", VTERM_KEY_HOME},
    {"end", VTERM_KEY_END},
    {"pgup", VTERM_KEY_PAGEUP},
    {"pgdn", VTERM_KEY_PAGEDOWN},
};

static const struct {
    const char *prefix;
    VTermModifier modifier;
} modifiers[] = {
    {"shift-", VTERM_MOD_SHIFT},
    {"alt-", VTERM_MOD_ALT},
    {"ctrl-", VTERM_MOD_CTRL},
};

static VTermKey key_of(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (strcmp(keys[i].name, name) == 0)
            return keys[i].key;
    }
    guint64 number = 0;
    if (name[0] == 'f' && g_ascii_string_to_unsigned(name + 1, 10, 1, 12, &number, NULL))
        return (VTermKey)VTERM_KEY_FUNCTION((int)number);
    return VTERM_KEY_NONE;
}

/* One character as terminals have always sent it; libvterm sends some as CSI u. */
static bool press_character(struct emulator *e, const char *name, VTermModifier modifier)
{
    g_autoptr(GString) bytes = g_string_new(modifier & VTERM_MOD_ALT ? "\033" : "");
    const char *character = strcmp(name, "space") == 0 ? " " : name;
    gunichar c = g_utf8_get_char_validated(character, -1);
    if (c == 0 || c >= (gunichar)-2 || *g_utf8_next_char(character))
        return false;
    if (modifier & VTERM_MOD_CTRL)
        g_string_append_c(bytes, (char)(c & 0x1f));
    else
        g_string_append_unichar(bytes, modifier & VTERM_MOD_SHIFT ? g_unichar_toupper(c) : c);
    e->send(bytes->str, bytes->len, e->data);
    return true;
}

bool emulator_press(struct emulator *e, const char *name)
{
    VTermModifier modifier = VTERM_MOD_NONE;
    for (size_t i = 0; i < G_N_ELEMENTS(modifiers);) {
        bool has = g_str_has_prefix(name, modifiers[i].prefix);
        if (has) {
            modifier |= modifiers[i].modifier;
            name += strlen(modifiers[i].prefix);
        }
        i = has ? 0 : i + 1;
    }
    VTermKey key = key_of(name);
    if (key == VTERM_KEY_NONE)
        return press_character(e, name, modifier);
    vterm_keyboard_key(e->vt, key, modifier);
    return true;
}

void emulator_paste(struct emulator *e, const char *text)
{
    vterm_keyboard_start_paste(e->vt);
    e->send(text, strlen(text), e->data);
    vterm_keyboard_end_paste(e->vt);
}

void emulator_focus(struct emulator *e, bool gained)
{
    VTermState *state = vterm_obtain_state(e->vt);
    if (gained)
        vterm_state_focus_in(state);
    else
        vterm_state_focus_out(state);
}
