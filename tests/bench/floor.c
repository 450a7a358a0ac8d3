/*
 * The floor under every figure of the terminal benchmark: the least that a full-screen ncurses
 * program can do. It paints one screen of text once, moves one marker by one row per key (j, k,
 * arrows), and quits on q. What a program costs beyond this, it costs for what it does.
 */
#include <ncurses.h>
#include <locale.h>

static void paint_text(void)
{
    static const char words[] = "orders payments stock returns clicks sessions ";
    const int period = (int)sizeof words - 1;
    for (int y = 0; y < LINES - 1; y++)
        for (int x = 2; x < COLS; x++)
            mvaddch(y, x, (chtype)words[(x + 7 * y) % period]);
    mvaddstr(LINES - 1, 2, "floor ready");
}

int main(void)
{
    setlocale(LC_ALL, "");
    if (!newterm(NULL, stdout, stdin))
        return 1;
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    curs_set(0);
    /* Until endwin has run once, ncurses writes at every cursor move instead of once per frame. */
    refresh();
    endwin();
    refresh();
    paint_text();
    int row = 0;
    for (int key = 0; key != 'q' && key != ERR; key = getch()) {
        mvaddch(row, 0, ' ');
        row += key == 'j' || key == KEY_DOWN ? row < LINES - 2 : 0;
        row -= key == 'k' || key == KEY_UP ? row > 0 : 0;
        mvaddch(row, 0, '>');
    }
    endwin();
    return 0;
}
