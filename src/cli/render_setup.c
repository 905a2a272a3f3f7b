/* render_setup.c - from the command line, and with --from from a picture's
 * record, to what is to be drawn. What the command line says goes before what
 * the record says. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/models_cli.h"
#include "cli/render_cli.h"

#define OPT(id) (&args->opt[OM_RENDER_##id])

/* ---- files, named or remembered ------------------------------------------ */

/* Where the file of a record is now: the option's word, else where it was last
 * used here. *out stays NULL when the record has none. `say`: what to type. */
static int find_file(om_cli *cli, om_setup *s, const om_opt_value *given,
                     const omost_record_file *was, const char *say,
                     const char **out)
{
    if (given->set) return om_find_named(cli, &s->texts, given->text, out);
    if (!was || !was->name) return 0;
    char *path =
        omost_path_by_hash(NULL, s->engine.cache_dir, was->sha256, NULL);
    if (!path)
        return om_usage(cli,
                        "the picture was drawn with %s, and it is not known "
                        "here where that is; say it: %s",
                        *was->name ? was->name : "another picture", say);
    size_t at = s->texts.n;
    om_buf_put(&s->texts, path, strlen(path) + 1);
    omost_text_free(NULL, path);
    *out = s->texts.status == OMOST_OK ? s->texts.p + at : NULL;
    return 0;
}

/* All the LoRAs of a record, as options: one --lora replaces them all. */
static void list_loras(om_buf *out, const omost_record *r)
{
    for (size_t i = 0; i < r->n_loras; i++)
        om_buf_printf(out, "%s--lora %s:%g", i ? " " : "",
                      r->n_loras > 1 ? r->lora[i].name : "FILE",
                      (double)r->lora[i].weight);
}

static int find_recorded_loras(om_cli *cli, om_setup *s)
{
    const om_opt_value none = {0};
    const omost_record *r = s->record;
    om_buf all;
    int code = 0;
    om_buf_init(&all, NULL, 2000);
    list_loras(&all, r);
    const char *say = all.status == OMOST_OK && all.n ? all.p : "--lora FILE";
    for (size_t i = 0; i < r->n_loras && code == 0; i++) {
        omost_lora *l = &s->lora[s->engine.n_loras++];
        l->weight = r->lora[i].weight;
        code = find_file(cli, s, &none, &r->lora[i], say, &l->path);
    }
    om_buf_free(&all);
    return code;
}

static int find_loras(om_cli *cli, om_setup *s, const om_args *args)
{
    omost_engine_opts *e = &s->engine;
    e->loras = s->lora;
    int code = om_find_loras(cli, &s->texts, args, OM_RENDER_LORA, s->lora,
                             &e->n_loras);
    if (code) return code;
    return e->n_loras || !s->record ? 0 : find_recorded_loras(cli, s);
}

static int find_files(om_cli *cli, om_setup *s, const om_args *args)
{
    const omost_record *r = s->record;
    omost_engine_opts *e = &s->engine;
    int code = find_file(cli, s, OPT(MODEL), r ? &r->model : NULL,
                         "--model FILE", &e->model);
    if (code == 0)
        code = find_file(cli, s, OPT(VAE), r ? &r->vae : NULL, "--vae FILE",
                         &e->vae);
    if (code == 0)
        code = find_file(cli, s, OPT(CONFIG), r ? &r->config : NULL,
                         "--config FILE", &e->config);
    if (code == 0 && OPT(TAESD)->set)
        code = om_find_named(cli, &s->texts, OPT(TAESD)->text, &e->taesd);
    if (code == 0) code = find_loras(cli, s, args);
    if (code == 0 && !e->model)
        code = om_usage(cli, "which model? Name a .safetensors file or a "
                             "folder as diffusers writes it: -m MODEL");
    return code;
}

/* Folders of words are not remembered by their hash. */
static void note_tokenizer(om_cli *cli, const om_setup *s)
{
    char text[300];
    const char *was = s->record ? s->record->tokenizer : "model";
    if (cli->quiet || s->engine.tokenizer || strcmp(was, "model") == 0) return;
    snprintf(text, sizeof text,
             "the picture was drawn with the vocabulary in the folder %.100s, "
             "and the model's is taken now; say where it is: --tokenizer "
             "FOLDER",
             was);
    om_say(cli, text);
}

static void set_engine(om_setup *s, const om_args *args)
{
    const omost_record *r = s->record;
    omost_engine_opts *e = &s->engine;
    e->tokenizer = OPT(TOKENIZER)->set ? OPT(TOKENIZER)->text : NULL;
    if (!e->tokenizer && r && strcmp(r->tokenizer, "builtin") == 0)
        e->tokenizer = r->tokenizer;
    e->backend = OPT(BACKEND)->text;
    e->precision = omost_choice_name(OMOST_CHOICE_PRECISION,
                                     (size_t)OPT(PRECISION)->choice);
    s->backend_recorded = r && *r->backend && !OPT(BACKEND)->set;
    s->precision_recorded = r && *r->precision && !OPT(PRECISION)->set;
    if (s->backend_recorded) e->backend = r->backend;
    if (s->precision_recorded) e->precision = r->precision;
    e->n_threads = (int)OPT(THREADS)->integer;
}

/* ---- how it is drawn ----------------------------------------------------- */

static void set_int(const om_opt_value *v, int *out)
{
    if (v->set) *out = (int)v->integer;
}

static void set_float(const om_opt_value *v, float *out)
{
    if (v->set) *out = (float)v->number;
}

static void set_name(const om_opt_value *v, omost_choice which,
                     const char **out)
{
    if (v->set) *out = omost_choice_name(which, (size_t)v->choice);
}

static void set_opts(om_setup *s, const om_args *args)
{
    omost_render_opts *o = &s->opts;
    set_int(OPT(WIDTH), &o->width);
    set_int(OPT(HEIGHT), &o->height);
    set_int(OPT(STEPS), &o->steps);
    set_int(OPT(BATCH), &o->batch);
    set_int(OPT(HIRES_STEPS), &o->hires_steps);
    set_float(OPT(CFG), &o->cfg_scale);
    set_float(OPT(LAYOUT), &o->init_layout);
    set_float(OPT(STRENGTH), &o->strength);
    set_float(OPT(HIRES), &o->hires_scale);
    set_float(OPT(HIRES_DENOISE), &o->hires_denoise);
    set_name(OPT(SAMPLER), OMOST_CHOICE_SAMPLER, &o->sampler);
    set_name(OPT(SCHEDULE), OMOST_CHOICE_SCHEDULE, &o->schedule);
    set_name(OPT(RNG), OMOST_CHOICE_RNG, &o->rng);
    set_name(OPT(PREDICTION), OMOST_CHOICE_PREDICTION, &o->prediction);
    if (OPT(SEED)->set) o->seed = OPT(SEED)->integer;
    if (OPT(NEGATIVE)->set) o->negative_prompt = OPT(NEGATIVE)->text;
    if (OPT(REGION)->set) o->region = (omost_region_method)OPT(REGION)->choice;
    if (OPT(STYLE)->set)
        o->prompt_style = (omost_prompt_style)OPT(STYLE)->choice;
    if (OPT(COMPAT)->set && OPT(COMPAT)->choice == 0) o->compat_omost = false;
    if (OPT(COMPAT)->set && OPT(COMPAT)->choice == 1) {
        o->projected_pooled = o->projected_pooled && o->compat_omost;
        o->compat_omost = true;
    }
    o->projected_pooled |= OPT(POOLED)->set;
    o->vae_tiling |= OPT(VAE_TILING)->set;
    o->fit_prefix |= OPT(FIT)->set;
    s->preview = OPT(PREVIEW)->text;
    if (s->preview) o->preview_every = (int)OPT(PREVIEW_EVERY)->integer;
    if (s->record && s->record_text.n) o->record = s->record_text.p;
}

/* Options that would do nothing: better said than wondered about. */
static int check_company(om_cli *cli, const om_setup *s, const om_args *args)
{
    const omost_render_opts *o = &s->opts;
    if (OPT(STRENGTH)->set && !o->init_image.rgb)
        return om_usage(cli, "--strength goes with -i, the picture to begin "
                             "from");
    if ((OPT(HIRES_STEPS)->set || OPT(HIRES_DENOISE)->set) &&
        o->hires_scale <= 1.05f)
        return om_usage(cli, "--hires-steps and --hires-denoise go with "
                             "--hires SCALE, above 1.05");
    if (OPT(HIRES)->set && o->hires_scale > 1 && o->hires_scale <= 1.05f)
        return om_usage(cli,
                        "--hires %s is too little for a second pass; give "
                        "more than 1.05, or 1 for none",
                        OPT(HIRES)->text);
    if (OPT(POOLED)->set && !o->compat_omost)
        return om_usage(cli, "--projected-pooled goes with --compat omost; "
                             "without it the pooled text is projected anyway");
    if (OPT(PREVIEW_EVERY)->set && !s->preview)
        return om_usage(cli, "--preview-every goes with --preview FILE");
    if (OPT(TAESD)->set && !s->preview)
        return om_usage(cli, "--taesd goes with --preview FILE");
    if (OPT(LAYOUT)->set && OPT(INIT)->set)
        return om_usage(cli, "--init-layout and -i: a picture can begin from "
                             "one of them only");
    return 0;
}

/* Values that are wrong together, or that the tables of options cannot say:
 * before a model is looked for. */
static int check_values(om_cli *cli, const om_setup *s)
{
    omost_error err;
    if (omost_render_check(&s->opts, &err) == OMOST_OK) return 0;
    return om_usage(cli, "%s", err.msg);
}

static int check_output(om_cli *cli, om_setup *s, const om_args *args)
{
    s->out = OPT(OUTPUT)->set ? OPT(OUTPUT)->text : NULL;
    if (s->preview && strcmp(s->preview, "-") == 0)
        return om_usage(cli, "--preview takes a file, not standard output");
    const char *odd = s->out && om_is_other_kind(s->out)           ? s->out
                      : s->preview && om_is_other_kind(s->preview) ? s->preview
                                                                   : NULL;
    if (odd)
        return om_usage(cli,
                        "%s: pictures are written as PNG; give a name that "
                        "ends in .png",
                        odd);
    if (!s->out || strcmp(s->out, "-") != 0) return 0;
    if (s->only < 0 && s->opts.batch > 1)
        return om_usage(cli, "standard output takes one picture, not %d",
                        s->opts.batch);
    if (isatty(STDOUT_FILENO))
        return om_usage(cli, "a PNG picture would garble the terminal; name a "
                             "file: -o OUT.png");
    return 0;
}

static int open_init(om_cli *cli, om_setup *s, const om_args *args)
{
    const omost_record_file *was = s->record ? &s->record->init_image : NULL;
    omost_render_opts *o = &s->opts;
    omost_error err;
    o->init_image = (omost_image){0};
    o->init_path = NULL;
    if (OPT(LAYOUT)->set) was = NULL;
    int code =
        find_file(cli, s, OPT(INIT), was, "--init-img FILE", &o->init_path);
    if (code || !o->init_path) return code;
    if (OPT(INIT)->set && s->record) o->init_layout = 0;
    if (om_picture_load(o->init_path, &s->init, &err) != OMOST_OK)
        return om_complain(cli, &err);
    o->init_image = (omost_image){s->init.width, s->init.height, s->init.rgb};
    return 0;
}

/* ---- canvas and record --------------------------------------------------- */

static int read_record(om_cli *cli, om_setup *s, const char *path)
{
    omost_error err;
    om_buf_init(&s->record_text, NULL, OMOST_MAX_RECORD);
    if (om_picture_record(path, &s->record_text, &err) != OMOST_OK)
        return om_complain(cli, &err);
    s->record =
        omost_record_read(NULL, s->record_text.p, s->record_text.n, &err);
    if (!s->record) {
        omost_error named;
        om_fail(&named, err.status, "%s: %s", path, err.msg);
        return om_complain(cli, &named);
    }
    if (omost_render_check(&s->record->opts, &err) != OMOST_OK) {
        omost_error named;
        om_fail(&named, err.status, "%s: its record cannot be: %s", path,
                err.msg);
        return om_complain(cli, &named);
    }
    s->opts = s->record->opts;
    s->only = s->record->index > 0 || s->opts.batch > 1 ? s->record->index : -1;
    return 0;
}

int om_setup_take(om_cli *cli, om_setup *s, const char *name, om_str text,
                  omost_canvas *canvas)
{
    omost_error err;
    om_input_free(&s->in);
    om_buf_init(&s->in.text, NULL, OMOST_MAX_RECORD);
    om_buf_str(&s->in.text, text);
    s->in.path = s->in.name = name;
    s->in.canvas = canvas;
    if (om_buf_check(&s->in.text, "the canvas", &err) == OMOST_OK) return 0;
    return om_complain(cli, &err);
}

/* The record's canvas, as if it had been read from a file. */
static int take_canvas(om_cli *cli, om_setup *s, const char *path)
{
    omost_error err;
    size_t n = 0;
    char *text =
        omost_canvas_to_python(s->record->canvas, OMOST_PYTHON_PLAIN, &n, &err);
    if (!text) return om_complain(cli, &err);
    omost_canvas *canvas = s->record->canvas;
    s->record->canvas = NULL;
    int code = om_setup_take(cli, s, path, (om_str){text, n}, canvas);
    omost_text_free(NULL, text);
    return code;
}

/* ---- the whole ----------------------------------------------------------- */

int om_setup_make(om_cli *cli, const om_args *args, const char *from,
                  om_setup *s)
{
    *s = (om_setup){.opts = OMOST_RENDER_DEFAULTS, .only = -1};
    int code = om_texts_make(cli, &s->texts);
    if (code) return code;
    s->engine.cache_dir = om_cache_folder(&s->texts, "");
    if (from) code = read_record(cli, s, from);
    if (code == 0 && OPT(BATCH)->set) s->only = -1;
    if (code == 0) code = find_files(cli, s, args);
    if (code == 0 && s->record) code = take_canvas(cli, s, from);
    if (code) return code;
    set_engine(s, args);
    note_tokenizer(cli, s);
    set_opts(s, args);
    code = open_init(cli, s, args);
    if (code == 0) code = check_company(cli, s, args);
    if (code == 0) code = check_values(cli, s);
    if (code == 0) code = check_output(cli, s, args);
    if (code == 0 && OPT(PROFILE)->set) {
        code = om_open_profile(cli, OPT(PROFILE)->text, &s->profile);
        s->opts.profile = s->profile;
    }
    return code;
}

void om_setup_free(om_setup *s)
{
    omost_profile_free(s->profile);
    om_picture_free(&s->init);
    om_input_free(&s->in);
    omost_record_free(s->record);
    om_buf_free(&s->record_text);
    om_buf_free(&s->texts);
}
