/* exchange_help.h - what the tests of writing, reading back and comparing
 * canvases share: canvases at random, and how two of them differ. */
#ifndef TEST_EXCHANGE_HELP_H
#define TEST_EXCHANGE_HELP_H

#include <math.h>

#include "support.h"

/* ---- canvases ---------------------------------------------------------- */

static inline omost_canvas *must_read(const char *text, size_t len)
{
    omost_error err = {0};
    omost_canvas *cv = omost_canvas_read(text, len, NULL, &err);
    if (!cv)
        fail_msg("not read: %d:%d: %s\n%.*s", err.line, err.col, err.msg,
                 (int)(len < 4000 ? len : 4000), text);
    return cv;
}

static inline omost_canvas *must_read_z(const char *text)
{
    return must_read(text, strlen(text));
}

typedef struct dice_cup {
    uint64_t state;
} dice_cup;

static inline uint32_t roll(dice_cup *d, uint32_t below)
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    uint64_t x = d->state ^ d->state >> 33;
    return (uint32_t)((x * 0xff51afd7ed558ccdu) >> 32) % below;
}

/* Bits of text that writers and readers trip over. */
static inline om_str random_text(dice_cup *d, om_arena *a)
{
    static const char *const bits[] = {
        "A mighty dragon.",
        "it's",
        "\"so\"",
        "'",
        "\"",
        "\\",
        "\\n",
        "\n",
        "\r",
        "\r\n",
        "\t",
        "```",
        "```python\n",
        "\n```\n",
        "#",
        "canvas = Canvas()",
        ")",
        "'''",
        "\x01",
        "\x7f",
        "\xc2\x85",
        "\xc2\xa0",
        "\xe2\x80\xa8",
        "\xe2\x80\x99",
        "\xf0\x9f\x90\x89",
        "\xef\xbb\xbf",
        "\xe9\xbe\x8d",
        "e\xcc\x81",
        ",",
        ".",
        " ",
        ", . ",
        "{x}",
        "%s",
        "\\N{DASH}",
        "\xef\xbf\xbe",
        "\xf3\xa0\x80\x81",
        "</script>",
        "0",
        "NULL",
        "[",
        "{",
        "a",
        "Z",
    };
    om_buf b;
    om_buf_init(&b, NULL, 4096);
    for (uint32_t n = roll(d, 5); n > 0; n--) {
        if (roll(d, 12) == 0) om_buf_putc(&b, '\0');
        om_buf_puts(&b, bits[roll(d, sizeof bits / sizeof *bits)]);
    }
    om_str s = om_arena_str(a, om_buf_view(&b));
    om_buf_free(&b);
    return s;
}

static inline omost_texts random_texts(dice_cup *d, om_arena *a)
{
    size_t n = roll(d, 4);
    om_str *p = om_arena_array(a, n, sizeof *p);
    for (size_t i = 0; i < n; i++) p[i] = random_text(d, a);
    return (omost_texts){p, n};
}

static inline omost_number random_number(dice_cup *d)
{
    static const double values[] = {5.0,
                                    16.8,
                                    0.1,
                                    1e22,
                                    1e16,
                                    1e-5,
                                    1e-4,
                                    5e-324,
                                    INFINITY,
                                    7.0,
                                    1e15,
                                    0.3,
                                    1.7976931348623157e308,
                                    2.5e-8,
                                    123456789.125,
                                    9007199254740993.0};
    static const char *const digits[] = {"9007199254740993",
                                         "100000000000000000000000000000",
                                         "18446744073709551615"};
    omost_number x = {.kind = OMOST_NUMBER_FLOAT};
    switch (roll(d, 6)) {
    case 0:
        x.kind = OMOST_NUMBER_INT;
        x.value = 1 + roll(d, 20);
        break;
    case 1:
        x.kind = OMOST_NUMBER_INT;
        x.digits = om_str_of(digits[roll(d, 3)]);
        x.value = strtod(x.digits.p, NULL);
        break;
    case 2:
        x.kind = OMOST_NUMBER_INT;
        x.value = 1e20; /* exact without its digits, too */
        if (roll(d, 2)) break;
        x.kind = OMOST_NUMBER_BOOL;
        x.value = 1;
        break;
    case 3: x.value = values[roll(d, sizeof values / sizeof *values)]; break;
    default: x.value = 0.1 * (1 + roll(d, 200)); break;
    }
    return x;
}

/* A canvas that parse() could have made: regions without a prefix first. */
static inline omost_canvas *random_canvas(dice_cup *d)
{
    om_arena a;
    om_arena_init(&a, NULL, 0);
    omost_global g = {
        .description = random_text(d, &a),
        .detailed_descriptions = random_texts(d, &a),
        .tags = random_text(d, &a),
        .color = (int)roll(d, (uint32_t)omost_word_count(OMOST_WORD_COLOR))};
    bool has_global = roll(d, 6) != 0;
    size_t n = has_global ? roll(d, 6) : 1 + roll(d, 5),
           bare = has_global ? roll(d, 3) : n;
    om_str prefixes[3] = {g.description, random_text(d, &a),
                          random_text(d, &a)};
    bool varied = roll(d, 3) == 0;
    omost_region *r = om_arena_array(&a, n, sizeof *r);
    if (roll(d, 3)) bare = has_global ? 0 : n;
    for (size_t i = 0; i < n; i++) {
        r[i] = (omost_region){
            .location = (int)roll(d, 9),
            .offset = (int)roll(d, 9),
            .area = (int)roll(d, 9),
            .distance = random_number(d),
            .description = random_text(d, &a),
            .detailed_descriptions = random_texts(d, &a),
            .tags = random_text(d, &a),
            .atmosphere = random_text(d, &a),
            .style = random_text(d, &a),
            .quality_meta = random_text(d, &a),
            .color = (int)roll(d, (uint32_t)omost_word_count(OMOST_WORD_COLOR)),
            .has_prefix = i >= bare,
        };
        if (r[i].has_prefix) r[i].prefix = prefixes[varied ? roll(d, 3) : 0];
    }
    omost_error err;
    omost_canvas *cv =
        omost_canvas_new(NULL, has_global ? &g : NULL, r, n, &err);
    if (!cv) fail_msg("%s", err.msg);
    om_arena_free(&a);
    return cv;
}

#endif
