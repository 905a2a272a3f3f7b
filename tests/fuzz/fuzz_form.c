/* fuzz_form.c - any bytes as a reply: taken in pieces or whole, they come to the
 * same; what is refused leaves the form alone; and from wherever the accepted
 * bytes lead, what is forced is possible and the ending gives a canvas. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "composer/form.h"
#include "omost/canvas.h"

static void check(bool ok)
{
    if (!ok) abort();
}

/* How many bytes are taken, one at a time. */
static size_t take_bytes(om_form *form, om_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        const om_form before = *form;
        uint64_t next[4];
        const unsigned char c = (unsigned char)s.p[i];
        om_form_next(form, next);
        const bool ok = om_form_take(form, (om_str){s.p + i, 1});
        check(ok == (next[c / 64] >> (c % 64) & 1));
        if (ok) continue;
        check(memcmp(&before, form, sizeof before) == 0);
        return i;
    }
    return s.n;
}

static void check_ending(const om_form *form, om_str so_far)
{
    om_buf b;
    om_buf_init(&b, NULL, OMOST_MAX_INPUT);
    om_buf_str(&b, so_far);
    om_form_ending(form, &b);
    omost_canvas *cv =
        omost_canvas_parse(b.p, b.n, &(omost_read_opts){.strict = true}, NULL);
    check(cv && omost_canvas_global(cv) && omost_canvas_note_count(cv) == 0);
    omost_canvas_free(cv);
    om_buf_free(&b);
}

static void check_forced(const om_form *form)
{
    om_buf b;
    om_form copy = *form;
    om_buf_init(&b, NULL, 4096);
    om_form_forced(form, &b);
    check(om_form_take(&copy, om_buf_view(&b)));
    if (b.n) b.p[0] ^= 1;
    check(b.n == 0 || !om_form_would(form, om_buf_view(&b)));
    om_buf_free(&b);
}

/* The bytes themselves; or, to get far, first a good beginning. */
static void run(om_str head, om_str s)
{
    om_form start = {0};
    om_buf all;
    check(om_form_take(&start, head));
    om_form whole = start, bytes = start;
    const size_t n = take_bytes(&bytes, s);
    const om_str taken = {s.p, n};
    check(om_form_take(&whole, taken));
    check(memcmp(&whole, &bytes, sizeof whole) == 0);
    whole = start;
    check(om_form_would(&whole, s) == (n == s.n));
    check(om_form_take(&whole, s) == (n == s.n));
    om_buf_init(&all, NULL, OMOST_MAX_INPUT);
    om_buf_str(&all, head);
    om_buf_str(&all, taken);
    check_forced(&bytes);
    check_ending(&bytes, om_buf_view(&all));
    om_buf_free(&all);
}

/* The first byte says behind how much of this reply the rest comes. */
static const char good[] =
    "```python\n# Initialize the canvas\ncanvas = Canvas()\n\n"
    "# Set a global description for the canvas\n"
    "canvas.set_global_description(\n    description='A cat.',\n"
    "    detailed_descriptions=[\n        'It sleeps.',\n    ],\n"
    "    tags='cat',\n    HTML_web_color_name='gray',\n)\n"
    "\n# Add a cat.\ncanvas.add_local_description(\n"
    "    location='in the center',\n    offset='no offset',\n"
    "    area='a small square area',\n    distance_to_viewer=5.0,\n"
    "    description='A cat.',\n    detailed_descriptions=[\n"
    "        \"It's asleep.\",\n    ],\n    tags='cat, sleep',\n"
    "    atmosphere='Calm.',\n    style='Soft.',\n"
    "    quality_meta='Sharp.',\n    HTML_web_color_name='snow',\n)\n```";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const om_str s = {(const char *)data, size};
    if (size == 0) return 0;
    run((om_str){0}, s);
    const size_t head = data[0] * (sizeof good - 1) / 255;
    run((om_str){good, head}, om_str_skip(s, 1));
    return 0;
}
