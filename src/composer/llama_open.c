/* llama_open.c - opening a model, and saying what is wrong with one.
 *
 * libllama tells its reasons only to its log, which belongs to the process: one
 * opening at a time may listen, hence the lock, the one mutable global here. It
 * also keeps two openings from filling ggml's registry of back ends, which is
 * the process's, too. It does not hold up om_gguf_quantize(), om_ggml_probe()
 * and om_llama_system_info(), which use the registry and the log as well: a
 * program that opens a writer in one thread must not call them in another
 * meanwhile. */
#include "composer/llama_open.h"

#include <pthread.h>
#include <stdio.h>

#include "base/processors.h"

#ifndef OM_GGML_PLUGINS
#define OM_GGML_PLUGINS "" /* beside ggml itself */
#endif

enum { USUAL_CTX = 8192, LEAST_CTX = 512 };

static pthread_mutex_t one_opening = PTHREAD_MUTEX_INITIALIZER;

/* ---- the log ------------------------------------------------------------- */

/* The first error libllama tells: later ones only say that it failed. */
typedef struct log_ear {
    char said[160];
} log_ear;

static void hear(enum ggml_log_level level, const char *text, void *user)
{
    log_ear *ear = user;
    if (!ear || level != GGML_LOG_LEVEL_ERROR || ear->said[0]) return;
    /* "function: what": the function is of no use to a person. */
    const char *colon = strstr(text, ": ");
    if (colon) text = colon + 2;
    snprintf(ear->said, sizeof ear->said, "%s", text);
    ear->said[strcspn(ear->said, "\n")] = '\0';
}

static omost_status fail_said(const om_llama *w, const log_ear *ear,
                              const char *what, omost_error *err)
{
    if (strstr(ear->said, "alloc") || strstr(ear->said, "memory"))
        return om_fail(err, OMOST_NOMEM, "%s: not enough memory (%s)",
                       w->head.name, ear->said);
    return om_fail(err, OMOST_FORMAT, "%s: %s%s%s", w->head.name, what,
                   ear->said[0] ? ": " : "", ear->said);
}

/* ---- the model ----------------------------------------------------------- */

typedef struct loading {
    omost_load_fn *on_load;
    void *user;
    bool stopped;
} loading;

static bool on_progress(float done, void *user)
{
    loading *l = user;
    if (l->on_load && !l->on_load(l->user, (double)done)) l->stopped = true;
    return !l->stopped;
}

static bool load_backends(const char *folder)
{
    if (!folder) folder = OM_GGML_PLUGINS;
    if (ggml_backend_reg_count() == 0) {
        if (folder[0])
            ggml_backend_load_all_from_path(folder);
        else
            ggml_backend_load_all();
    }
    return ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU) != NULL;
}

static ggml_backend_dev_t graphics_card(void)
{
    ggml_backend_dev_t dev =
        ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_GPU);
    return dev ? dev : ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_IGPU);
}

/* All layers, or as many as fit in what the card has free, with a share left
 * for the context. */
static int layers_on_card(const om_llama *w)
{
    size_t free_bytes = 0, total = 0;
    ggml_backend_dev_t dev = graphics_card();
    if (!dev) return 0;
    ggml_backend_dev_memory(dev, &free_bytes, &total);
    const double room = 0.85 * (double)free_bytes;
    const double need = (double)w->facts.size * w->facts.n_parts;
    if (total == 0 || need <= room) return -1;
    return (int)(w->facts.n_layers * (room / need));
}

static omost_status fail_kind(const om_llama *w, omost_error *err)
{
    return om_fail(err, OMOST_FORMAT,
                   "%s: a model of the kind \"%s\", which is no language "
                   "model that writes text",
                   w->head.name, w->facts.architecture);
}

static omost_status check_facts(const om_llama *w, omost_error *err)
{
    if (!w->facts.architecture[0])
        return om_fail(err, OMOST_FORMAT,
                       "%s: the file does not say what kind of model it is",
                       w->head.name);
    if (!w->facts.has_words)
        return om_fail(err, OMOST_FORMAT,
                       "%s: a model of the kind \"%s\" without a vocabulary: "
                       "it cannot write text",
                       w->head.name, w->facts.architecture);
    if (w->facts.is_embedder) return fail_kind(w, err);
    return OMOST_OK;
}

static omost_status check_model(const om_llama *w, omost_error *err)
{
    const struct llama_model *m = w->model;
    if (!llama_model_has_decoder(m) || llama_model_has_encoder(m) ||
        llama_model_is_diffusion(m) ||
        llama_vocab_type(llama_model_get_vocab(m)) == LLAMA_VOCAB_TYPE_NONE)
        return fail_kind(w, err);
    if (llama_model_is_recurrent(m) || llama_model_is_hybrid(m))
        return om_fail(err, OMOST_FORMAT,
                       "%s: a model of the kind \"%s\" cannot go back in what "
                       "it has read, which this program needs",
                       w->head.name, w->facts.architecture);
    return OMOST_OK;
}

static int layers_wanted(const om_llama *w, int asked)
{
    if (asked < 0) return 0;
    return asked ? asked : layers_on_card(w);
}

static omost_status load_model(om_llama *w, const omost_composer_opts *o,
                               loading *l, log_ear *ear, omost_error *err)
{
    struct llama_model_params p = llama_model_default_params();
    p.n_gpu_layers = layers_wanted(w, o->n_gpu_layers);
    p.progress_callback = on_progress;
    p.progress_callback_user_data = l;
    w->n_gpu_layers = p.n_gpu_layers;
    if (o->mlock) p.load_mode = LLAMA_LOAD_MODE_MMAP_MLOCK;
    w->model = llama_model_load_from_file(w->path, p);
    if (l->stopped) return om_fail(err, OMOST_CANCELLED, "stopped");
    if (!w->model)
        return fail_said(w, ear, "libllama cannot read this model", err);
    return check_model(w, err);
}

/* ---- the context --------------------------------------------------------- */

static omost_status choose_ctx(om_llama *w, int asked, omost_error *err)
{
    const int trained = llama_model_n_ctx_train(w->model);
    w->head.n_ctx = asked;
    if (asked == 0)
        w->head.n_ctx =
            trained > 0 && trained < USUAL_CTX ? trained : USUAL_CTX;
    if (trained > 0 && w->head.n_ctx > trained)
        return om_fail(err, OMOST_RANGE,
                       "%s was made for a context of %d tokens; %d is more",
                       w->head.name, trained, w->head.n_ctx);
    /* check_room() will say how much more it must be. */
    if (w->head.n_ctx < LEAST_CTX) w->head.n_ctx = LEAST_CTX;
    return OMOST_OK;
}

/* What the numbers of a state depend on besides the model. */
static void note_how(om_llama *w, const struct llama_context_params *p)
{
    ggml_backend_dev_t dev = graphics_card();
    snprintf(w->how, sizeof w->how, "|%s|%d|%d|%d|%d|",
             dev ? ggml_backend_dev_description(dev) : "", w->n_gpu_layers,
             (int)p->flash_attn_type, (int)p->type_k, (int)p->type_v);
}

static bool make_context(om_llama *w, int n_threads)
{
    struct llama_context_params p = llama_context_default_params();
    p.n_ctx = (uint32_t)w->head.n_ctx;
    p.n_batch = p.n_ubatch = OM_LLAMA_CHUNK;
    p.n_seq_max = 1;
    p.n_threads = p.n_threads_batch =
        n_threads > 0 ? n_threads : om_processors();
    /* On a processor it gains nothing at a canvas's lengths, and splits a
     * single row's attention between the threads, so that a pass of one row
     * has other numbers than one of more. */
    p.flash_attn_type = graphics_card() ? LLAMA_FLASH_ATTN_TYPE_AUTO
                                        : LLAMA_FLASH_ATTN_TYPE_DISABLED;
    p.abort_callback = om_llama_abort;
    p.abort_callback_data = w;
    p.no_perf = true;
    note_how(w, &p);
    w->ctx = llama_init_from_model(w->model, p);
    return w->ctx != NULL;
}

/* Where nobody asked for a size, a smaller one will do. */
static omost_status open_context(om_llama *w, const omost_composer_opts *o,
                                 log_ear *ear, omost_error *err)
{
    omost_status st = choose_ctx(w, o->n_ctx, err);
    if (st != OMOST_OK) return st;
    while (!make_context(w, o->n_threads)) {
        if (o->n_ctx > 0 || w->head.n_ctx < 4096)
            return fail_said(w, ear, "no context could be made", err);
        w->head.n_ctx /= 2;
    }
    w->head.n_ctx = (int)llama_n_ctx(w->ctx);
    return OMOST_OK;
}

/* ---- the template -------------------------------------------------------- */

/* Phi-3 by its words, else Llama 3: what the known models are made from. */
static const char *usual_template(const om_llama *w)
{
    om_tokens t = {.env = w->head.env};
    const bool phi = om_words_parse(&w->words, OM_STR("<|assistant|>"), &t,
                                    NULL) == OMOST_OK &&
                     t.n == 1;
    om_tokens_free(&t);
    return phi || strncmp(w->facts.architecture, "phi3", 4) == 0 ? "phi3"
                                                                 : "llama3";
}

/* One of the names llama.cpp knows, in its own memory; NULL: none of them. */
static const char *known_template(const char *name)
{
    enum { MOST = 256 };
    const char *names[MOST];
    const int32_t n = llama_chat_builtin_templates(names, MOST);
    for (int32_t i = 0; i < n && i < MOST; i++)
        if (strcmp(names[i], name) == 0) return names[i];
    return NULL;
}

static omost_status choose_template(om_llama *w, const char *asked,
                                    omost_error *err)
{
    const char *own = llama_model_chat_template(w->model, NULL);
    if (asked) {
        w->template = known_template(asked);
        if (!w->template)
            return om_fail(err, OMOST_USAGE,
                           "there is no chat template \"%.80s\": llama3, phi3, "
                           "chatml and the other names of llama.cpp are known",
                           asked);
        if (!om_llama_can_follow(w, w->template))
            return om_fail(err, OMOST_USAGE,
                           "the chat template \"%s\" has no place for a system "
                           "prompt and a conversation: take llama3, phi3 or "
                           "chatml",
                           w->template);
    } else if (om_llama_can_follow(w, own)) {
        w->template = own;
    } else {
        w->template = usual_template(w);
        snprintf(
            w->note, sizeof w->note, "the model has %s; that of %s is used",
            own ? "a chat template that is not known here" : "no chat template",
            strcmp(w->template, "phi3") == 0 ? "Phi 3" : "Llama 3");
    }
    return OMOST_OK;
}

static omost_status no_room(const om_llama *w, int has, int need,
                            size_t n_prompt, omost_error *err)
{
    const int trained = llama_model_n_ctx_train(w->model);
    if (trained > 0 && trained < need)
        return om_fail(err, OMOST_RANGE,
                       "%s was made for a context of %d tokens, which is too "
                       "small: the system prompt alone has %zu",
                       w->head.name, trained, n_prompt);
    return om_fail(err, OMOST_RANGE,
                   "a context of %d tokens is too small: the system prompt "
                   "alone has %zu; ask for %d or more with -c",
                   has, n_prompt, need);
}

/* A conversation must begin somewhere: the system prompt, a word, a canvas.
 * What was asked for counts, not what libllama rounds it up to. */
static omost_status check_room(om_llama *w, int asked, omost_error *err)
{
    enum { CANVAS = 256 };
    const om_turn turn[] = {{OM_TURN_SYSTEM, omost_system_prompt()},
                            {OM_TURN_USER, OM_STR("a cat")}};
    om_prompt p;
    omost_status st = om_llama_prompt(w, turn, 2, &p, err);
    const int need = (int)p.tokens.n + CANVAS + OM_LLAMA_MOST;
    const int has = asked ? asked : w->head.n_ctx;
    if (st == OMOST_OK && need > has)
        st = no_room(w, has, need, p.tokens.n, err);
    om_tokens_free(&p.tokens);
    return st;
}

/* ---- all of it ----------------------------------------------------------- */

static char *copy_text(const omost_env *env, const char *z)
{
    char *p = om_alloc(env, strlen(z) + 1);
    if (p) memcpy(p, z, strlen(z) + 1);
    return p;
}

static omost_status take_names(om_llama *w, const omost_composer_opts *o,
                               omost_error *err)
{
    const char *slash = strrchr(o->model, '/');
    w->path = copy_text(w->head.env, o->model);
    w->head.name = copy_text(w->head.env, slash ? slash + 1 : o->model);
    if (o->cache_dir) w->cache_dir = copy_text(w->head.env, o->cache_dir);
    return w->path && w->head.name && (w->cache_dir || !o->cache_dir)
               ? OMOST_OK
               : om_fail_nomem(err);
}

static om_str piece_of(void *llama, int32_t token)
{
    const om_llama *w = llama;
    return om_words_of(&w->words, token);
}

static omost_status open_rest(om_llama *w, const omost_composer_opts *o,
                              omost_error *err)
{
    const omost_env *env = w->head.env;
    w->kept.env = env;
    om_pace_init(&w->pace);
    w->batch = llama_batch_init(OM_LLAMA_CHUNK, 0, 1);
    omost_status st =
        om_words_init(&w->words, env, llama_model_get_vocab(w->model), err);
    if (st == OMOST_OK) st = om_pick_init(&w->pick, env, w->words.n, err);
    if (st == OMOST_OK) st = om_pick_index(&w->pick, piece_of, w, err);
    if (st == OMOST_OK) {
        w->draft = om_draft_new(env, err);
        st = w->draft ? choose_template(w, o->chat_template, err) : OMOST_NOMEM;
    }
    return st == OMOST_OK ? check_room(w, o->n_ctx, err) : st;
}

static omost_status open_heard(om_llama *w, const omost_composer_opts *o,
                               loading *l, omost_error *err)
{
    log_ear ear = {""};
    llama_log_set(hear, &ear);
    omost_status st = OMOST_OK;
    if (!load_backends(o->ggml_plugins))
        st = om_fail(err, OMOST_MISSING,
                     "ggml's back ends were not found in %s; run: tools/setup "
                     "build",
                     o->ggml_plugins ? o->ggml_plugins : OM_GGML_PLUGINS);
    if (st == OMOST_OK) st = load_model(w, o, l, &ear, err);
    if (st == OMOST_OK) st = open_context(w, o, &ear, err);
    llama_log_set(hear, NULL);
    return st;
}

omost_status om_llama_open(om_llama *w, const omost_composer_opts *opts,
                           omost_load_fn *on_load, void *user, omost_error *err)
{
    loading l = {.on_load = on_load, .user = user};
    omost_status st = take_names(w, opts, err);
    if (st == OMOST_OK) st = om_gguf_look(w->path, &w->facts, err);
    if (st == OMOST_OK) st = check_facts(w, err);
    if (st != OMOST_OK) return st;
    pthread_mutex_lock(&one_opening);
    st = open_heard(w, opts, &l, err);
    pthread_mutex_unlock(&one_opening);
    return st == OMOST_OK ? open_rest(w, opts, err) : st;
}

void om_llama_shut(om_llama *w)
{
    const omost_env *env = w->head.env;
    om_draft_free(w->draft);
    om_pick_free(&w->pick);
    om_words_free(&w->words);
    om_tokens_free(&w->kept);
    if (w->batch.token) llama_batch_free(w->batch);
    if (w->ctx) llama_free(w->ctx);
    if (w->model) llama_model_free(w->model);
    om_free(env, w->path);
    om_free(env, w->cache_dir);
    om_free(env, w->head.name);
}
