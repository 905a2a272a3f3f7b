/* cmd_info.c - omost info: what is this file? A model, a picture, a canvas. */
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/models_cli.h"
#include "omost/model.h"
#include "omost/render.h"

enum { OPT_JSON, OPT_TENSORS };
enum { MAX_OUTPUT = 1 << 30, MAX_PICTURE = 256 << 20 };

/* ---- words --------------------------------------------------------------- */

/* 2567463684 as "2,567,463,684" */
static const char *grouped(char out[32], uint64_t v)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)v);
    size_t k = 0;
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) out[k++] = ',';
        out[k++] = digits[i];
    }
    out[k] = '\0';
    return out;
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* ---- models -------------------------------------------------------------- */

/* "F16", or "F16, F32" when it is mixed */
static void put_precisions(om_buf *b, const omost_model_size *s)
{
    for (size_t i = 0; i < s->n_precisions; i++)
        om_buf_printf(b, "%s%s", i ? ", " : "", s->precision[i].name);
}

/* Sizes that nobody could tell are not missing. */
static bool is_whole(const omost_error *why)
{
    return why->status == OMOST_OK || why->status == OMOST_USAGE;
}

static void put_row(om_buf *b, const char *name, const omost_model_size *s)
{
    char params[32];
    om_buf_printf(b, "  %-16s %7zu  %17s  ", name, s->n_tensors,
                  grouped(params, s->n_params));
    put_precisions(b, s);
    om_buf_putc(b, '\n');
}

static void put_head(om_buf *b, const char *path, const omost_model_info *info)
{
    om_put_clean(b, om_str_of(path));
    om_buf_printf(b, ": %s", omost_model_kind_text(info->kind));
    if (info->family != OMOST_FAMILY_UNKNOWN)
        om_buf_printf(b, ", %s", omost_model_family_text(info->family));
    if (info->v_prediction) om_buf_puts(b, ", v-prediction");
    om_buf_putc(b, '\n');
    if (info->kind != OMOST_MODEL_LORA) return;
    om_buf_printf(b, "  %s", info->adapter);
    if (info->rank_max > info->rank_min)
        om_buf_printf(b, ", ranks %d to %d", info->rank_min, info->rank_max);
    else if (info->rank_max > 0)
        om_buf_printf(b, ", rank %d", info->rank_max);
    om_buf_putc(b, '\n');
}

static void put_table(om_buf *b, const omost_model_info *info)
{
    size_t rows = 0;
    om_buf_printf(b, "\n  %-16s %7s  %17s  %s\n", "", "tensors", "parameters",
                  "precision");
    for (int i = 0; i < OMOST_MODEL_N_PARTS; i++) {
        if (info->part[i].n_tensors == 0) continue;
        put_row(b, omost_model_part_name(i), &info->part[i]);
        rows++;
    }
    if (rows != 1 || info->n_unknown) put_row(b, "in all", &info->total);
}

/* Whether all of it is there. */
static void put_state(om_buf *b, const omost_model_info *info,
                      const omost_error *why)
{
    const bool all_parts = info->kind == OMOST_MODEL_FOLDER ||
                           info->kind == OMOST_MODEL_CHECKPOINT;
    for (int i = 0; all_parts && i < OMOST_MODEL_N_PARTS; i++)
        if (info->part[i].n_tensors == 0)
            om_buf_printf(b, "  it has no %s%s\n", omost_model_part_name(i),
                          i == OMOST_MODEL_VAE
                              ? "; to draw, name one: --vae FILE"
                              : ", which drawing needs");
    if (why->status == OMOST_OK) return;
    om_buf_puts(b, why->status == OMOST_USAGE ? "  not checked: "
                                              : "  not whole: ");
    om_put_clean(b, om_str_of(why->msg));
    om_buf_putc(b, '\n');
}

static void put_model(om_buf *b, const char *path, const omost_model_info *info,
                      const omost_error *why)
{
    put_head(b, path, info);
    put_table(b, info);
    om_buf_puts(b, "\n  on disk    ");
    om_put_bytes(b, info->file_bytes);
    om_buf_printf(b, " in %zu file%s\n  in memory  ", info->n_files,
                  plural(info->n_files));
    om_put_bytes(b, info->memory_f32);
    om_buf_puts(b, " of weights as f32, ");
    om_put_bytes(b, info->memory_bf16);
    om_buf_puts(b, " as bf16\n");
    if (info->render_f32 && is_whole(why)) {
        om_buf_puts(b, "  to draw    up to ");
        om_put_bytes(b, info->render_f32);
        om_buf_puts(b, " in f32, ");
        om_put_bytes(b, info->render_bf16);
        om_buf_puts(b, " in bf16, at 1024x1024\n");
    }
    put_state(b, info, why);
    if (info->n_ignored)
        om_buf_printf(b, "  %zu tensor%s that no renderer needs\n",
                      info->n_ignored, plural(info->n_ignored));
    if (!info->n_unknown) return;
    om_buf_printf(b, "  %zu tensor%s of no known name, such as ",
                  info->n_unknown, plural(info->n_unknown));
    om_put_clean(b, om_str_of(info->unknown));
    om_buf_putc(b, '\n');
}

static json_t *shape_json(const omost_model_tensor *t)
{
    json_t *shape = json_array();
    for (int i = 0; i < t->n_dims; i++)
        json_array_append_new(shape, json_integer((json_int_t)t->dim[i]));
    return shape;
}

static json_t *size_json(const omost_model_size *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->n_precisions; i++) {
        const omost_model_precision *p = &s->precision[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:I, s:I}", "name", p->name,
                                        "tensors", (json_int_t)p->n_tensors,
                                        "parameters", (json_int_t)p->n_params));
    }
    return json_pack("{s:I, s:I, s:I, s:o}", "tensors",
                     (json_int_t)s->n_tensors, "parameters",
                     (json_int_t)s->n_params, "bytes", (json_int_t)s->bytes,
                     "precisions", list);
}

/* A file's name need not be UTF-8; JSON must be: then it is null. */
static json_t *name_json(const char *path)
{
    json_t *v = json_string(path);
    return v ? v : json_null();
}

static json_t *model_json(const char *path, const omost_model_info *info,
                          const omost_error *why)
{
    json_t *parts = json_object();
    for (int i = 0; i < OMOST_MODEL_N_PARTS; i++)
        if (info->part[i].n_tensors)
            json_object_set_new(parts, omost_model_part_name(i),
                                size_json(&info->part[i]));
    json_t *v = json_pack(
        "{s:o, s:s, s:s, s:o, s:o, s:I, s:I, s:{s:I, s:I}, s:I, s:I, s:b}",
        "file", name_json(path), "kind", omost_model_kind_name(info->kind),
        "family", omost_model_family_name(info->family), "parts", parts,
        "total", size_json(&info->total), "files", (json_int_t)info->n_files,
        "file_bytes", (json_int_t)info->file_bytes, "memory", "f32",
        (json_int_t)info->memory_f32, "bf16", (json_int_t)info->memory_bf16,
        "ignored", (json_int_t)info->n_ignored, "unknown",
        (json_int_t)info->n_unknown, "v_prediction", info->v_prediction);
    json_object_set_new(v, "problem",
                        why->status ? name_json(why->msg) : json_null());
    if (info->render_f32 && is_whole(why))
        json_object_set_new(v, "render",
                            json_pack("{s:I, s:I}", "f32",
                                      (json_int_t)info->render_f32, "bf16",
                                      (json_int_t)info->render_bf16));
    if (info->kind == OMOST_MODEL_LORA)
        json_object_update_new(v, json_pack("{s:s, s:[i, i]}", "adapter",
                                            info->adapter, "ranks",
                                            info->rank_min, info->rank_max));
    return v;
}

typedef struct listing {
    om_buf *text;   /* lines, or */
    json_t *tensor; /* an array */
} listing;

static bool see_tensor(void *user, const omost_model_tensor *t)
{
    listing *l = user;
    if (l->tensor) {
        json_t *row =
            json_pack("{s:o, s:s, s:o, s:s, s:o}", "name",
                      om_json_new_str(t->name), "part", t->part, "part_name",
                      om_json_new_str(t->part_name), "precision", t->precision,
                      "shape", shape_json(t));
        return json_array_append_new(l->tensor, row) == 0;
    }
    om_buf *b = l->text;
    om_buf_printf(b, "  %s%s", t->part, *t->part ? " " : "");
    om_put_clean(b, t->part_name.n ? t->part_name : t->name);
    om_buf_printf(b, "  %s [", t->precision);
    for (int i = 0; i < t->n_dims; i++)
        om_buf_printf(b, "%s%zu", i ? ", " : "", t->dim[i]);
    om_buf_putc(b, ']');
    if (t->part_name.n && !om_str_eq(t->part_name, t->name)) {
        om_buf_puts(b, "  ");
        om_put_clean(b, t->name);
    }
    om_buf_putc(b, '\n');
    return b->status == OMOST_OK;
}

static int tell_model(om_cli *cli, const om_args *args, const char *path)
{
    omost_model_info info;
    omost_error err, why;
    om_buf b;
    bool wants_json = args->opt[OPT_JSON].set;
    if (omost_model_probe(NULL, path, &info, &err) != OMOST_OK)
        return om_complain(cli, &err);
    omost_status whole = omost_model_check(NULL, path, &why);
    om_buf_init(&b, NULL, MAX_OUTPUT);
    json_t *v = wants_json ? model_json(path, &info, &why) : NULL;
    if (!wants_json) put_model(&b, path, &info, &why);
    if (args->opt[OPT_TENSORS].set) {
        listing l = {&b, wants_json ? json_array() : NULL};
        if (!wants_json) om_buf_putc(&b, '\n');
        omost_status st = omost_model_list(NULL, path, see_tensor, &l, &err);
        if (l.tensor) json_object_set_new(v, "tensors", l.tensor);
        if (st != OMOST_OK && st != OMOST_CANCELLED) {
            json_decref(v);
            om_buf_free(&b);
            return om_complain(cli, &err);
        }
    }
    if (wants_json && !v) b.status = OMOST_NOMEM;
    if (v) om_json_write(&b, v, false);
    if (v) om_buf_putc(&b, '\n');
    json_decref(v);
    int code = om_write_buf(cli, "-", &b);
    return is_whole(&why) ? code
                          : om_worst(code, omost_status_exit_code(whole));
}

/* ---- canvases ------------------------------------------------------------ */

static int tell_canvas(om_cli *cli, bool json, const char *path,
                       const omost_canvas *cv)
{
    om_buf b;
    size_t n = omost_canvas_count(cv);
    om_buf_init(&b, NULL, MAX_OUTPUT);
    if (json) {
        json_t *v = json_pack("{s:o, s:s, s:I}", "file", name_json(path),
                              "kind", "canvas", "regions", (json_int_t)n);
        if (v) om_json_write(&b, v, false);
        om_buf_putc(&b, '\n');
        json_decref(v);
    } else {
        om_put_clean(&b, om_str_of(path));
        om_buf_printf(&b, ": a canvas of %zu region%s\n", n, plural(n));
        om_buf_puts(&b, "  omost check tells whether it is sound, omost "
                        "preview shows it\n");
    }
    return om_write_buf(cli, "-", &b);
}

/* ---- which of them ------------------------------------------------------- */

static const char *const model_endings[] = {
    ".safetensors", ".index.json", "model_index.json", ".gguf", ".ckpt", ".pt",
    ".pth",         ".bin"};

static bool is_model_path(const char *path)
{
    struct stat sb;
    if (stat(path, &sb) == 0 && S_ISDIR(sb.st_mode)) return true;
    for (size_t i = 0; i < sizeof model_endings / sizeof *model_endings; i++)
        if (om_str_ends(om_str_of(path), om_str_of(model_endings[i])))
            return true;
    return false;
}

static int tell_text(om_cli *cli, bool json, const char *path, om_str text)
{
    omost_error why, err;
    omost_canvas *cv =
        omost_canvas_read(text.n ? text.p : "", text.n, NULL, &why);
    if (!cv) {
        om_fail(&err, OMOST_FORMAT,
                "%s is no model, no PNG picture and no canvas that can be "
                "read; omost check tells what is wrong with a canvas",
                path);
        return om_complain(cli, &err);
    }
    int code = tell_canvas(cli, json, path, cv);
    omost_canvas_free(cv);
    return code;
}

static int tell_file(om_cli *cli, const om_args *args, const char *path)
{
    om_buf b;
    omost_error err;
    bool json = args->opt[OPT_JSON].set;
    if (is_model_path(path)) return tell_model(cli, args, path);
    bool png = om_is_png(path);
    om_buf_init(&b, NULL, png ? (size_t)MAX_PICTURE : OMOST_MAX_INPUT);
    omost_status st = om_file_read(path, &b, &err);
    int code = 0;
    if (st == OMOST_OK && om_str_starts(om_buf_view(&b), OM_PNG_MAGIC))
        code = om_info_picture(cli, json, path, om_buf_view(&b));
    else if (st == OMOST_LIMIT && !png)
        code = tell_model(cli, args, path); /* too large for a canvas */
    else if (st != OMOST_OK)
        code = om_complain(cli, &err);
    else if (b.n > 0 && memchr(b.p, '\0', b.n))
        code = tell_model(cli, args, path); /* no text */
    else
        code = tell_text(cli, json, path, om_buf_view(&b));
    om_buf_free(&b);
    return code;
}

static int tell_named(om_cli *cli, const om_args *args, const char *name)
{
    char *path = NULL;
    if (!omost_is_model_ref(name)) return tell_file(cli, args, name);
    int code = om_find_model(cli, name, &path);
    if (code == 0) code = tell_file(cli, args, path);
    omost_models_text_free(NULL, path);
    return code;
}

static int run_info(om_cli *cli, const om_args *args)
{
    int code = 0;
    for (int i = 0; i < args->n_operands; i++) {
        if (strcmp(args->operand[i], "-") == 0)
            return om_usage(cli, "info looks at files and folders, not at "
                                 "standard input (-)");
    }
    for (int i = 0; i < args->n_operands; i++)
        code = om_worst(code, tell_named(cli, args, args->operand[i]));
    return code;
}

/* clang-format off */
static const om_option options[] = {
    [OPT_JSON] = {.name = "json",
                  .help = "print one JSON object a file, each on its own line"},
    [OPT_TENSORS] = {.name = "tensors", .help = "list the tensors of a model as well"},
    {.name = NULL},
};

static const char *const text[] = {
    "Says what a FILE is. Of a model (a .safetensors file, the .index.json of one in pieces, "
    "or a folder as diffusers writes it): its family, its parts, how many parameters they have "
    "and in which precision, and how much memory the weights take; of a LoRA, its rank and "
    "what it is for; of a PNG picture, its size, how omost render drew it, and the texts in it; of a canvas, how many "
    "regions. A model that omost pull has fetched may be given by its name.",
    "The header of a .safetensors file is checked completely: one that is cut off or lies "
    "about its tensors is refused. Pickled files (.ckpt, .bin) are programs and never read.",
    "A model that lacks a tensor, or has one too many under a name of a part, is told as not "
    "whole, and the exit code is not 0.",
    "With --tensors each line has the part, the name diffusers gives the tensor, precision "
    "and shape, and the name in the file where it is another.",
    NULL,
};

static const om_example examples[] = {
    {"omost info sdxl.safetensors", "is it SDXL, and will it fit into memory?"},
    {"omost info --tensors --json models/sdxl", "every tensor, for a program to read"},
    {NULL, NULL},
};
/* clang-format on */

const om_command om_cmd_info = {
    .name = "info",
    .operands = "FILE...",
    .min_operands = 1,
    .max_operands = OM_MANY,
    .summary = "tell what a model, picture or canvas file is",
    .text = text,
    .options = options,
    .examples = examples,
    .run = run_info,
};
