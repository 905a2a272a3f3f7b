/* info_picture.c - omost info picture.png: its size, how it was drawn, and what
 * other programs wrote into it. */
#include <stdio.h>

#include "base/json.h"
#include "base/utf8.h"
#include "cli/render_cli.h"
#include "image/png.h"

enum { MAX_OUTPUT = 1 << 30, MAX_TEXT = 4 << 20, MAX_SHOWN = 70, AT = 12 };

/* Texts that programs put into pictures. */
static const char *const text_keys[] = {"parameters", "omost",   "prompt",
                                        "workflow",   "Title",   "Description",
                                        "Comment",    "Software"};

static uint32_t big_endian(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 |
           u[3];
}

/* ---- for a person -------------------------------------------------------- */

/* The first line of a text, or as much of it as fits. */
static void put_text(om_buf *b, const char *key, om_str text)
{
    size_t n = om_str_find(text, OM_STR("\n"));
    om_str line = {text.p, n == SIZE_MAX ? text.n : n};
    bool cut = line.n < text.n || line.n > MAX_SHOWN;
    if (line.n > MAX_SHOWN) line.n = om_utf8_floor(line.p, line.n, MAX_SHOWN);
    om_buf_printf(b, "  %s: ", key);
    om_put_clean(b, line);
    om_buf_puts(b, cut ? " ...\n" : "\n");
}

/* "  model       " */
static void put_label(om_buf *b, const char *label)
{
    size_t from = b->n;
    om_buf_printf(b, "  %s", label);
    size_t used = b->n - from;
    om_buf_fill(b, ' ', used < AT + 2 ? AT + 2 - used : 1);
}

static void put_file(om_buf *b, const char *label, const omost_record_file *f)
{
    if (!f->name) return;
    put_label(b, label);
    om_put_clean(b, om_str_of(f->name));
    if (f->weight != 1) om_buf_printf(b, ", weight %g", (double)f->weight);
    if (*f->sha256) om_buf_puts(b, ", SHA-256 ");
    om_put_clean(b, (om_str){f->sha256, strnlen(f->sha256, 10)});
    om_buf_putc(b, '\n');
}

static void put_start(om_buf *b, const omost_record *r)
{
    const omost_render_opts *o = &r->opts;
    if (r->init_image.name) {
        put_file(b, "begun from", &r->init_image);
        put_label(b, "strength");
        om_buf_printf(b, "%g\n", (double)o->strength);
    } else if (o->init_layout > 0) {
        put_label(b, "begun from");
        om_buf_printf(b, "the layout, strength %g\n", (double)o->init_layout);
    }
    if (o->hires_scale <= 1.05f) return;
    put_label(b, "then");
    om_buf_printf(b, "%g times as large, %d steps, denoise %g\n",
                  (double)o->hires_scale, o->hires_steps,
                  (double)o->hires_denoise);
}

static void put_settings(om_buf *b, const omost_record *r)
{
    const omost_render_opts *o = &r->opts;
    put_label(b, "seed");
    om_buf_printf(b, "%lld, noise of torch on %s%s", (long long)o->seed,
                  o->rng && strcmp(o->rng, "cpu") == 0 ? "the CPU" : "a card",
                  o->compat_omost ? ", as the original" : "");
    if (o->batch > 1)
        om_buf_printf(b, ", picture %d of %d", r->index + 1, o->batch);
    om_buf_putc(b, '\n');
    put_label(b, "steps");
    om_buf_printf(b, "%d, ", o->steps);
    om_put_clean(b, om_str_of(o->sampler ? o->sampler : ""));
    om_buf_puts(b, ", ");
    om_put_clean(b, om_str_of(o->schedule ? o->schedule : ""));
    om_buf_printf(b, ", cfg-scale %g\n", (double)o->cfg_scale);
    put_label(b, "regions");
    om_buf_printf(b, "%zu, %s\n", omost_canvas_count(r->canvas),
                  omost_region_method_name(o->region));
    put_label(b, "negative");
    om_put_clean(b, om_str_of(o->negative_prompt ? o->negative_prompt : ""));
    om_buf_putc(b, '\n');
}

static void put_record(om_buf *b, const omost_record *r, const char *path)
{
    om_buf_puts(b, "  drawn by omost ");
    om_put_clean(b, om_str_of(r->version));
    om_buf_puts(b, " (");
    om_put_clean(b, om_str_of(r->backend));
    om_buf_puts(b, ", ");
    om_put_clean(b, om_str_of(r->precision));
    om_buf_puts(b, ")\n");
    put_file(b, "model", &r->model);
    put_file(b, "VAE", &r->vae);
    for (size_t i = 0; i < r->n_loras; i++) put_file(b, "LoRA", &r->lora[i]);
    put_settings(b, r);
    put_start(b, r);
    const omost_global *g = omost_canvas_global(r->canvas);
    if (g) {
        put_label(b, "canvas");
        om_str s = g->description;
        bool cut = s.n > MAX_SHOWN - AT;
        if (cut) s.n = om_utf8_floor(s.p, s.n, MAX_SHOWN - AT);
        om_put_clean(b, s);
        om_buf_puts(b, cut ? " ...\n" : "\n");
    }
    om_buf_puts(b, "  omost render --from ");
    om_put_clean(b, om_str_of(path));
    om_buf_puts(b, " draws it again\n");
}

/* ---- both ---------------------------------------------------------------- */

typedef struct picture {
    om_buf *out;   /* lines for a person, or */
    json_t *texts; /* texts by their keys */
    json_t *record;
    const char *path;
} picture;

static void take_text(picture *p, const char *key, om_str text)
{
    bool ours = strcmp(key, OMOST_PNG_RECORD) == 0;
    omost_record *r =
        ours ? omost_record_read(NULL, text.p, text.n, NULL) : NULL;
    if (r && p->out)
        put_record(p->out, r, p->path);
    else if (p->out)
        put_text(p->out, key, text);
    if (r && !p->out) p->record = om_json_parse(text, "the record", NULL);
    if (!p->out) json_object_set_new(p->texts, key, om_json_new_str(text));
    omost_record_free(r);
}

static void take_texts(picture *p, om_str bytes)
{
    for (size_t i = 0; i < sizeof text_keys / sizeof *text_keys; i++) {
        om_buf text;
        om_buf_init(&text, NULL, MAX_TEXT * 2);
        if (om_png_find_text(&text, bytes, text_keys[i], NULL) == OMOST_OK)
            take_text(p, text_keys[i], om_buf_view(&text));
        om_buf_free(&text);
    }
}

int om_info_picture(om_cli *cli, bool json, const char *path, om_str bytes)
{
    om_buf b;
    uint32_t w = bytes.n >= 24 ? big_endian(bytes.p + 16) : 0;
    uint32_t h = bytes.n >= 24 ? big_endian(bytes.p + 20) : 0;
    om_buf_init(&b, NULL, MAX_OUTPUT);
    picture p = {.out = json ? NULL : &b, .path = path};
    if (!json) {
        om_put_clean(&b, om_str_of(path));
        om_buf_printf(&b, ": a PNG picture of %ux%u pixels\n", w, h);
        take_texts(&p, bytes);
        return om_write_buf(cli, "-", &b);
    }
    json_t *name = json_string(path); /* NULL when it is not UTF-8 */
    p.texts = json_object();
    take_texts(&p, bytes);
    json_t *v =
        json_pack("{s:o, s:s, s:I, s:I, s:o}", "file",
                  name ? name : json_null(), "kind", "png", "width",
                  (json_int_t)w, "height", (json_int_t)h, "texts", p.texts);
    if (v && p.record) json_object_set_new(v, "record", p.record);
    if (v) om_json_write(&b, v, false), om_buf_putc(&b, '\n');
    if (!v) b.status = OMOST_NOMEM;
    json_decref(v);
    return om_write_buf(cli, "-", &b);
}
