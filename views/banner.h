/* What a view says above its rows when what it shows is not what is: since when, why, what to do. */
#ifndef VIEWS_BANNER_H
#define VIEWS_BANNER_H

#include "store.h"
#include "surface.h"

#define BANNERS_MAX 3

/* One per source (or scope) whose newest fetch failed. */
struct banners {
    unsigned count;
    char *text[BANNERS_MAX];
    int64_t since_ms[BANNERS_MAX];
    int64_t read_ms[BANNERS_MAX]; /* of the data that stays on the screen; 0: there is none */
};

void banners_set(struct banners *b, const GPtrArray *entries);
void banners_clear(struct banners *b);
/* Draws them from the top; returns how many lines they took. */
int banners_draw(const struct banners *b, struct surface *s, int64_t now_ms);

#endif
