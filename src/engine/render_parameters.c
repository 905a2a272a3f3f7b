/* render_parameters.c - the text "parameters" as A1111's web UI writes it,
 * which galleries and other programs read:
 *
 *     prompt
 *     Negative prompt: lowres, ...
 *     Steps: 25, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 5, ...
 *
 * A value with a comma, a colon, a quote or a line end in it is quoted as in
 * JSON. The prompt is that of the whole picture: this format knows no regions.
 * LoRAs follow it as there, "<lora:name:0.8>" each. Hashes: 10 digits of the
 * model's SHA-256, 12 of a LoRA's data. */
#include "engine/render_record.h"

#include <stdio.h>

#include "base/utf8.h"
#include "diffusion/settings.h"
#include "engine/render_opts.h"

enum { MAX_TEXT = 4 << 20 };

/* what we call it, what A1111 does */
static const struct {
    const char *ours, *theirs;
} words[] = {
    {"dpm++2m", "DPM++ 2M"},
    {"euler", "Euler"},
    {"euler_a", "Euler a"},
    {"ddim", "DDIM"},
    {"lcm", "LCM"},
    {"karras", "Karras"},
    {"normal", "Normal"},
    {"simple", "Simple"},
    {"exponential", "Exponential"},
    {"sgm_uniform", "SGM Uniform"},
    {"ddim_uniform", "DDIM Uniform"},
    {"trailing", "Trailing"},
    {"cpu", "CPU"},
    {"cuda", "NV"},
};

static const char *their_word(const char *ours)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].ours, ours) == 0) return words[i].theirs;
    return ours;
}

/* One line, whatever the text holds. */
static void put_line(om_buf *b, om_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool space = s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '\0';
        om_buf_putc(b, space ? ' ' : s.p[i]);
    }
}

/* The number with a point, whatever the locale. */
static void put_number(om_buf *b, double v)
{
    char text[32];
    snprintf(text, sizeof text, "%.6g", v);
    for (char *p = text; *p; p++)
        if (!strchr("0123456789+-einfa", *p)) *p = '.';
    om_buf_puts(b, text);
}

static void put_quoted(om_buf *b, om_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!strchr(",:\"\n", s.p[i])) continue;
        om_json_write_str(b, s);
        return;
    }
    om_buf_str(b, s);
}

static void put_pair(om_buf *b, const char *key, om_str value)
{
    om_buf_printf(b, ", %s: ", key);
    put_quoted(b, value);
}

/* "dreamy" of "dreamy.safetensors" */
static om_str stem(const char *name)
{
    om_str s = om_str_of(name), tail = OM_STR(".safetensors");
    if (om_str_ends(s, tail) && s.n > tail.n) s.n -= tail.n;
    return s;
}

/* Within a tag colons divide and a ">" ends: a name has neither. */
static void put_tag_name(om_buf *b, om_str name)
{
    for (size_t i = 0; i < name.n; i++)
        om_buf_putc(b, strchr(":<>", name.p[i]) ? '_' : name.p[i]);
}

static void put_prompt(om_buf *b, const om_drawn *d)
{
    put_line(b, d->prompt);
    for (size_t i = 0; i < d->n_loras; i++) {
        om_buf_puts(b, b->n ? " <lora:" : "<lora:");
        put_tag_name(b, stem(d->lora[i]->name));
        om_buf_putc(b, ':');
        put_number(b, (double)d->loras[i].weight);
        om_buf_putc(b, '>');
    }
}

static void put_sampling(om_buf *b, const om_drawn *d)
{
    const omost_render_opts *o = d->opts;
    om_buf_printf(b, "Steps: %d, Sampler: %s, Schedule type: %s, CFG scale: ",
                  o->steps, their_word(o->sampler), their_word(o->schedule));
    put_number(b, (double)o->cfg_scale);
    om_buf_printf(b, ", Seed: %lld, Size: %dx%d", (long long)om_drawn_seed(d),
                  o->width, o->height);
}

static void put_model(om_buf *b, const om_drawn *d)
{
    if (*d->model->sha256)
        om_buf_printf(b, ", Model hash: %.10s", d->model->sha256);
    put_pair(b, "Model", stem(d->model->name));
    if (!d->vae) return;
    if (*d->vae->sha256) om_buf_printf(b, ", VAE hash: %.10s", d->vae->sha256);
    put_pair(b, "VAE", om_str_of(d->vae->name));
}

static void put_start(om_buf *b, const om_drawn *d)
{
    const omost_render_opts *o = d->opts;
    float share = o->init_image.rgb                    ? o->strength
                  : om_has_second_pass(o->hires_scale) ? o->hires_denoise
                  : o->init_layout > 0                 ? o->init_layout
                                                       : 0;
    if (share > 0) {
        om_buf_puts(b, ", Denoising strength: ");
        put_number(b, (double)share);
    }
    if (o->compat_omost && o->batch > 1)
        om_buf_printf(b, ", Batch size: %d, Batch pos: %d", o->batch, d->index);
    if (!om_has_second_pass(o->hires_scale)) return;
    om_buf_puts(b, ", Hires upscale: ");
    put_number(b, (double)o->hires_scale);
    om_buf_printf(b, ", Hires steps: %d, Hires upscaler: Lanczos",
                  o->hires_steps);
}

/* Lora hashes: "one: 0123456789ab, two: ba9876543210" */
static void put_loras(om_buf *b, const om_drawn *d)
{
    om_buf list;
    om_buf_init(&list, b->env, MAX_TEXT);
    for (size_t i = 0; i < d->n_loras; i++) {
        const om_digest_item *l = d->lora[i];
        if (l->n_weights != 1 || !*l->file[0].data) continue;
        if (list.n) om_buf_puts(&list, ", ");
        om_buf_str(&list, stem(l->name));
        om_buf_printf(&list, ": %.12s", l->file[0].data);
    }
    if (list.n) put_pair(b, "Lora hashes", om_buf_view(&list));
    if (list.status != OMOST_OK) b->status = list.status;
    om_buf_free(&list);
}

/* File names need not be UTF-8, a picture's text must be. */
static void make_valid(om_buf *b)
{
    size_t at = 0;
    while (at < b->n) {
        at += om_utf8_valid_len(b->p + at, b->n - at);
        if (at < b->n) b->p[at++] = '?';
    }
}

char *om_parameters_write(const omost_env *env, const om_drawn *d,
                          omost_error *err)
{
    om_buf b;
    om_buf_init(&b, env, MAX_TEXT);
    put_prompt(&b, d);
    om_str negative = om_str_of(d->opts->negative_prompt);
    if (negative.n) om_buf_puts(&b, "\nNegative prompt: ");
    put_line(&b, negative);
    om_buf_putc(&b, '\n');
    put_sampling(&b, d);
    put_model(&b, d);
    put_start(&b, d);
    om_buf_printf(&b, ", RNG: %s", their_word(d->opts->rng));
    put_loras(&b, d);
    om_buf_printf(&b, ", Version: omost %s", omost_version());
    make_valid(&b);
    omost_status st = om_buf_check(&b, "the text of parameters", err);
    char *text = st == OMOST_OK ? om_buf_steal(&b, NULL) : NULL;
    om_buf_free(&b);
    return text;
}
