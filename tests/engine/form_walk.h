/* form_walk.h - replies to try the form with: the carried example, the original's
 * transcripts where they are, and random walks through the form itself. */
#ifndef OM_TESTS_FORM_WALK_H
#define OM_TESTS_FORM_WALK_H

#include "unit/support.h"

#include "composer/form.h"

enum { N_REPLIES = 4, LONGEST_REPLY = 1 << 20 };

/* ---- replies ----------------------------------------------------------- */

/* Those that are there; the caller frees them. The examples are cut out of the
 * sentences around them. */
static inline int load_replies(om_buf out[N_REPLIES])
{
    static const char *const examples[] = {"lighthouse", "lighthouse-edited"};
    static const char *const golden[] = {"001-readme-warriors-dragon",
                                         "002-readme-warriors-dinosaur"};
    int n = 0;
    char name[80];
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "../../examples/%s.txt", examples[i]);
        om_buf all = data_file(name);
        const om_str s = om_buf_view(&all);
        const size_t from = om_str_find(s, OM_STR("```python\n"));
        assert_true(from != SIZE_MAX);
        const size_t to = om_str_find(om_str_skip(s, from), OM_STR("\n```\n"));
        assert_true(to != SIZE_MAX);
        om_buf_init(&out[n], NULL, LONGEST_REPLY);
        om_buf_put(&out[n++], s.p + from, to + 5);
        om_buf_free(&all);
    }
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "canvas/%s.txt", golden[i]);
        n += golden_file(name, &out[n]);
    }
    return n;
}

static inline void free_replies(om_buf *replies, int n)
{
    for (int i = 0; i < n; i++) om_buf_free(&replies[i]);
}

/* Fails the test unless strict reading takes the text, without a repair. */
static inline omost_canvas *read_strictly(om_str text)
{
    omost_error err;
    omost_canvas *cv =
        omost_canvas_parse(text.p, text.n, &(omost_read_opts){.strict = true},
                           &err);
    if (!cv)
        fail_msg("%d:%d: %s\n%.*s", err.line, err.col, err.msg,
                 OM_STR_ARG(text));
    assert_int_equal(omost_canvas_note_count(cv), 0);
    return cv;
}

/* ---- chance ------------------------------------------------------------ */

static inline uint32_t dice(uint64_t *state, uint32_t sides)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)((*state >> 33) % sides);
}

static inline bool has_byte(const uint64_t set[4], int c)
{
    return set[c / 64] >> (c % 64) & 1;
}

static inline int count_bytes(const uint64_t set[4])
{
    int n = 0;
    for (int i = 0; i < 4; i++) n += __builtin_popcountll(set[i]);
    return n;
}

/* One byte that the form takes: any of them, but quotes and fences come often,
 * letters oftener than the rest, so that texts and the reply have an end. */
static inline int any_byte(const om_form *form, uint64_t *chance)
{
    static const char likely[] = "'\"`,\n]";
    uint64_t set[4];
    om_form_next(form, set);
    const int n = count_bytes(set);
    assert_true(n > 0);
    if (n > 8 && dice(chance, 40) == 0)
        for (const char *p = likely; *p; p++)
            if (has_byte(set, *p)) return *p;
    if (has_byte(set, 'e') && dice(chance, 2) == 0) return 'e';
    uint32_t k = dice(chance, (uint32_t)n);
    for (int c = 0;; c++)
        if (has_byte(set, c) && k-- == 0) return c;
}

/* A whole reply, or the first `most` bytes of one. */
static inline om_form walk_randomly(uint64_t seed, size_t most, om_buf *out)
{
    om_form form = {0};
    uint64_t chance = seed * 2654435761u + 1;
    while (!om_form_done(&form) && out->n < most) {
        const char c = (char)any_byte(&form, &chance);
        assert_true(om_form_take(&form, (om_str){&c, 1}));
        om_buf_putc(out, c);
    }
    return form;
}

#endif
