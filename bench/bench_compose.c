/* bench_compose.c - how fast replies are written: a fresh canvas and an edit of
 * it, beside llama.cpp's own llama-completion on the same file and beside the
 * plain way (one token at a time, libllama's sampler) in this process.
 *
 *     bench_compose MODEL.gguf [PEER]
 *
 * MODEL: tools/make-random-gguf MODEL. It knows nothing, so the replies are the
 * two of the original's transcript (golden data): what the sampler picks is
 * replaced by what the transcript says. Every token still costs a pick from the
 * model's logits; drafts are accepted, and syntax is forced, as with a model that
 * would have said this. PEER runs llama.cpp's programs (tools/peer).
 * Environment: THREADS (all), ROUNDS (1, the best counts), OMOST_GOLDEN.
 *
 * Rates are tokens of the reply, as the model's tokenizer cuts it, in a second
 * of the clock. The ratios to the plain way are told for the processor's time as
 * well: with THREADS=1 that is what a busy machine does not disturb. */
#include <fcntl.h>
#include <llama.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "composer/llama_local.h"

enum {
    MOST_TOKENS = 1 << 15,
    PLAIN = 48,
    PEER_TOKENS = 96,
    CHUNK = OM_LLAMA_CHUNK
};

typedef struct moment {
    double wall, cpu;
} moment;

static double clock_of(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static moment now(void)
{
    return (moment){clock_of(CLOCK_MONOTONIC),
                    clock_of(CLOCK_PROCESS_CPUTIME_ID)};
}

static moment since(moment start)
{
    const moment m = now();
    return (moment){m.wall - start.wall, m.cpu - start.cpu};
}

static void keep_best(moment *best, moment m)
{
    if (best->wall == 0 || m.wall < best->wall) best->wall = m.wall;
    if (best->cpu == 0 || m.cpu < best->cpu) best->cpu = m.cpu;
}

static void stop(const char *why)
{
    fprintf(stderr, "bench_compose: %s\n", why);
    exit(1);
}

static void must(omost_status st, const omost_error *err)
{
    if (st != OMOST_OK) stop(err->msg);
}

/* ---- the transcript -------------------------------------------------------- */

typedef struct script {
    const struct llama_vocab *vocab;
    const char *text;
    size_t len;
    int n;
    int32_t token[MOST_TOKENS];
    size_t start[MOST_TOKENS]; /* byte where it begins */
} script;

static int cut(const struct llama_vocab *vocab, const char *text, size_t len,
               int32_t *out, int most)
{
    const int n =
        llama_tokenize(vocab, text, (int32_t)len, out, most, false, false);
    if (n < 0) stop("the transcript is too long");
    return n;
}

static void script_set(script *s, const struct llama_vocab *vocab,
                       const char *text, size_t len)
{
    size_t at = 0;
    char piece[256];
    while (len > 0 && strchr(" \n", text[len - 1])) len--;
    s->vocab = vocab;
    s->text = text;
    s->len = len;
    s->n = cut(vocab, text, len, s->token, MOST_TOKENS);
    for (int i = 0; i < s->n; i++) {
        s->start[i] = at;
        const int32_t n = llama_token_to_piece(vocab, s->token[i], piece,
                                               sizeof piece, 0, false);
        if (n > 0) at += (size_t)n;
    }
    if (at != len) stop("the tokens do not give the transcript back");
}

/* om_llama_instead_fn: the transcript's next token. Where what was forced ended
 * inside one of its tokens, what is left is cut anew. */
static int32_t recite(void *user, size_t said, int32_t picked)
{
    const script *s = user;
    int32_t some[64];
    int low = 0, high = s->n;
    (void)picked;
    if (said >= s->len) return llama_vocab_eot(s->vocab);
    while (low < high) {
        const int mid = (low + high) / 2;
        if (s->start[mid] < said)
            low = mid + 1;
        else
            high = mid;
    }
    if (low < s->n && s->start[low] == said) return s->token[low];
    size_t rest = s->len - said;
    if (rest > 60) rest = 60;
    while (rest < s->len - said && (s->text[said + rest] & 0xc0) == 0x80)
        rest++;
    return cut(s->vocab, s->text + said, rest, some, 64) > 0 ? some[0] : -1;
}

/* ---- one turn -------------------------------------------------------------- */

typedef struct turn {
    const char *name;
    script script;
    omost_compose_stats stats;
    moment reply;  /* from the last token of the prompt to the end */
    double first;  /* seconds from the call to the first text */
    moment plain;  /* of PLAIN tokens */
    moment prompt; /* evaluating just the new tokens of the prompt */
    double peer;   /* tokens a second; 0: not measured */
} turn;

typedef struct watch {
    moment start, first;
} watch;

static bool on_event(void *user, const omost_compose_event *ev)
{
    watch *w = user;
    if (ev->kind == OMOST_COMPOSE_TEXT && w->first.wall == 0) w->first = now();
    if (ev->kind == OMOST_COMPOSE_NOTE)
        fprintf(stderr, "note: %.*s\n", (int)ev->text.n, ev->text.p);
    return true;
}

/* The first text comes when the prompt's last token is evaluated. */
static int take_turn(turn *t, omost_composer *who, om_llama *llama,
                     omost_chat *chat, int parent, const char *wish)
{
    omost_compose_opts o = OMOST_COMPOSE_DEFAULTS;
    omost_reply reply;
    omost_error err;
    o.seed = 123456;
    o.no_mend = true;
    om_llama_say_instead(&llama->head, recite, &t->script);
    int id = omost_chat_add(chat, parent, OMOST_ROLE_USER,
                            (omost_str){wish, strlen(wish)}, &err);
    if (id < 0) stop(err.msg);
    watch w = {.start = now()};
    must(omost_compose(who, chat, id, &o, on_event, &w, &reply, &err), &err);
    const moment rest = since(w.first);
    if (reply.len != t->script.len ||
        memcmp(reply.text, t->script.text, reply.len) != 0) {
        fprintf(stderr, "%s\n", reply.text);
        stop("the reply is not the transcript's");
    }
    if (t->reply.wall == 0) {
        t->stats = reply.stats;
        t->first = w.first.wall - w.start.wall;
    }
    keep_best(&t->reply, rest);
    id = reply.id;
    omost_reply_free(&reply);
    return id;
}

/* ---- the plain way --------------------------------------------------------- */

static struct llama_sampler *plain_sampler(void)
{
    struct llama_sampler *s =
        llama_sampler_chain_init(llama_sampler_chain_default_params());
    llama_sampler_chain_add(s, llama_sampler_init_top_k(40));
    llama_sampler_chain_add(s, llama_sampler_init_top_p(0.9F, 1));
    llama_sampler_chain_add(s, llama_sampler_init_min_p(0.05F, 1));
    llama_sampler_chain_add(s, llama_sampler_init_temp(0.6F));
    llama_sampler_chain_add(s, llama_sampler_init_dist(1));
    return s;
}

/* tokens[n] at `at`, in calls of `width`. */
static void decode(om_llama *l, const int32_t *tokens, size_t n, size_t at,
                   size_t width, struct llama_sampler *sampler)
{
    struct llama_batch b = llama_batch_init(CHUNK, 0, 1);
    llama_memory_seq_rm(llama_get_memory(l->ctx), 0, (llama_pos)at, -1);
    for (size_t i = 0; i < n; i += (size_t)b.n_tokens) {
        b.n_tokens = (int32_t)(n - i < width ? n - i : width);
        for (int32_t k = 0; k < b.n_tokens; k++) {
            b.token[k] = tokens[i + (size_t)k];
            b.pos[k] = (llama_pos)(at + i) + k;
            b.n_seq_id[k] = 1;
            b.seq_id[k][0] = 0;
            b.logits[k] = k + 1 == b.n_tokens;
        }
        if (llama_decode(l->ctx, b) != 0) stop("the model cannot be evaluated");
        if (sampler)
            (void)llama_sampler_sample(sampler, l->ctx, -1);
        else
            llama_synchronize(l->ctx);
    }
    llama_batch_free(b);
}

/* What the context holds, to be given back after it was played with. */
typedef struct held {
    uint8_t *p;
    size_t n;
} held;

static held hold(om_llama *l)
{
    held h = {NULL, llama_state_seq_get_size(l->ctx, 0)};
    h.p = malloc(h.n);
    if (!h.p || llama_state_seq_get_data(l->ctx, h.p, h.n, 0) != h.n)
        stop("the context cannot be saved");
    return h;
}

static void give_back(om_llama *l, held h)
{
    llama_memory_seq_rm(llama_get_memory(l->ctx), 0, -1, -1);
    if (llama_state_seq_set_data(l->ctx, h.p, h.n, 0) != h.n)
        stop("the context cannot be restored");
    free(h.p);
}

/* Tokens from the middle of the reply once more. */
static void plain_turn(turn *t, om_llama *l)
{
    const held h = hold(l);
    struct llama_sampler *sampler = plain_sampler();
    const size_t from = l->kept.n - (size_t)t->script.n / 2;
    const moment start = now();
    decode(l, l->kept.p + from, PLAIN, from, 1, sampler);
    keep_best(&t->plain, since(start));
    llama_sampler_free(sampler);
    give_back(l, h);
}

/* What a turn that knows all before evaluates before its first token. */
static void plain_prompt(turn *t, om_llama *l)
{
    const held h = hold(l);
    const size_t from = (size_t)t->stats.reused_tokens;
    const size_t to = (size_t)t->stats.prompt_tokens;
    for (int i = 0; i < (to - from > CHUNK ? 1 : 5); i++) {
        const moment start = now();
        decode(l, l->kept.p + from, to - from, from, CHUNK, NULL);
        keep_best(&t->prompt, since(start));
    }
    give_back(l, h);
}

/* ---- the peer -------------------------------------------------------------- */

extern char **environ;

/* The conversation up to the middle of the reply, as text. */
static void write_prompt(const char *path, const turn *t, const om_llama *l)
{
    FILE *f = fopen(path, "wb");
    if (!f) stop("the peer's prompt cannot be written");
    const size_t to = l->kept.n - (size_t)t->script.n / 2;
    for (size_t i = 1; i < to; i++) { /* it writes the first itself */
        char piece[256];
        int32_t n = llama_token_to_piece(l->words.vocab, l->kept.p[i], piece,
                                         sizeof piece, 0, true);
        if (n > 0) fwrite(piece, 1, (size_t)n, f);
    }
    fclose(f);
}

/* The tokens a second from its report, the best of several. */
static double read_report(const char *path, double best)
{
    char line[1024];
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) {
        const char *at = strstr(line, " eval time =");
        if (!at || strstr(line, "prompt eval")) continue;
        char *end = NULL; /* "=  1234.56 ms /   255 runs" */
        const double ms = strtod(at + strlen(" eval time ="), &end);
        const char *slash = strchr(end, '/');
        const long runs = slash ? strtol(slash + 1, NULL, 10) : 0;
        if (ms > 0 && (double)runs / ms * 1e3 > best)
            best = (double)runs / ms * 1e3;
    }
    if (f) fclose(f);
    return best;
}

static void ask_peer(turn *t, const om_llama *l, const char *peer,
                     const char *model, const char *threads)
{
    char prompt[] = "/tmp/omost-bench-XXXXXX",
         report[] = "/tmp/omost-bench-XXXXXX";
    char n[16], context[16];
    int fd[2] = {mkstemp(prompt), mkstemp(report)}, status = 0;
    pid_t child;
    posix_spawn_file_actions_t to;
    if (fd[0] < 0 || fd[1] < 0) stop("no temporary files");
    write_prompt(prompt, t, l);
    snprintf(n, sizeof n, "%d", PEER_TOKENS);
    snprintf(context, sizeof context, "%d", l->head.n_ctx);
    const char *const args[] = {peer,          "llama-completion",
                                "-m",          model,
                                "-f",          prompt,
                                "-n",          n,
                                "-c",          context,
                                "-t",          threads,
                                "--temp",      "0.6",
                                "--top-p",     "0.9",
                                "--seed",      "1",
                                "-no-cnv",     "--ignore-eos",
                                "--no-warmup", NULL};
    char *argv[sizeof args / sizeof *args];
    memcpy(argv, args, sizeof args);
    posix_spawn_file_actions_init(&to);
    posix_spawn_file_actions_adddup2(&to, fd[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&to, fd[1], STDERR_FILENO);
    if (posix_spawn(&child, peer, &to, NULL, argv, environ) == 0) {
        waitpid(child, &status, 0);
        t->peer = read_report(report, t->peer);
        if (status != 0 || t->peer == 0)
            fprintf(stderr, "the peer was not measured: %s\n", peer);
    }
    posix_spawn_file_actions_destroy(&to);
    close(fd[0]);
    close(fd[1]);
    unlink(prompt);
    unlink(report);
}

/* ---- what came of it ------------------------------------------------------- */

static void report(const turn *t)
{
    const omost_compose_stats *s = &t->stats;
    const double rate = t->script.n / t->reply.wall;
    const double plain = PLAIN / t->plain.wall;
    const double cpu = t->script.n / t->reply.cpu / (PLAIN / t->plain.cpu);
    printf("%s: %zu bytes, %d tokens (written as %d: %d forced; %d guessed, %d "
           "of them right) in %d passes\n",
           t->name, t->script.len, t->script.n, s->reply_tokens,
           s->forced_tokens, s->drafted_tokens, s->accepted_tokens, s->passes);
    printf("  omost             %8.2f tokens/s\n", rate);
    printf("  plain             %8.2f tokens/s  ratio %.2f (%.2f in "
           "processor time)\n",
           plain, rate / plain, cpu);
    if (t->peer > 0)
        printf("  llama-completion  %8.2f tokens/s  ratio %.2f\n", t->peer,
               rate / t->peer);
    printf("  first token after %.2f s: %d tokens of the prompt, %d known; "
           "evaluating just the %d new ones takes %.2f s\n",
           t->first, s->prompt_tokens, s->reused_tokens,
           s->prompt_tokens - s->reused_tokens, t->prompt.wall);
    fflush(stdout);
}

static const char *read_transcript(const char *name, size_t *len)
{
    char path[4096];
    omost_error err;
    const char *golden = getenv("OMOST_GOLDEN");
    snprintf(path, sizeof path, "%s/canvas/%s",
             golden && *golden ? golden : "../shared/golden", name);
    om_buf b;
    om_buf_init(&b, NULL, 1 << 20);
    if (om_file_read(path, &b, &err) != OMOST_OK) stop(err.msg);
    *len = b.n;
    return b.p;
}

int main(int argc, char **argv)
{
    static turn fresh = {.name = "fresh"}, edit = {.name = "edit"};
    if (argc < 2) stop("bench_compose MODEL.gguf [PEER]");
    const char *peer = argc > 2 ? argv[2] : NULL;
    const char *threads = getenv("THREADS"), *rounds = getenv("ROUNDS");
    char all[16];
    snprintf(all, sizeof all, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    if (!threads) threads = all;
    omost_error err;
    omost_composer_opts o = {.model = argv[1],
                             .n_threads = (int)strtol(threads, NULL, 10),
                             .n_gpu_layers = -1};
    om_writer *writer = om_llama_writer_open(&o, NULL, NULL, &err);
    if (!writer) stop(err.msg);
    om_llama *llama = (om_llama *)writer; /* the head is its first member */
    omost_composer *who = om_composer_of(writer, &err);
    omost_chat *chat = omost_chat_new(NULL, &err);
    if (!who || !chat) stop(err.msg);

    size_t n;
    const char *text = read_transcript("001-readme-warriors-dragon.txt", &n);
    script_set(&fresh.script, llama->words.vocab, text, n);
    text = read_transcript("002-readme-warriors-dinosaur.txt", &n);
    script_set(&edit.script, llama->words.vocab, text, n);

    for (int i = rounds ? (int)strtol(rounds, NULL, 10) : 1; i > 0; i--) {
        const int id =
            take_turn(&fresh, who, llama, chat, OMOST_CHAT_ROOT,
                      "generate an image of the fierce battle of warriors and "
                      "the dragon");
        plain_turn(&fresh, llama);
        if (i == 1 && peer) ask_peer(&fresh, llama, peer, argv[1], threads);
        if (fresh.prompt.wall == 0) plain_prompt(&fresh, llama);
        if (i == 1) report(&fresh);
        take_turn(&edit, who, llama, chat, id,
                  "change the dragon to a dinosaur");
        plain_turn(&edit, llama);
        if (i == 1 && peer) ask_peer(&edit, llama, peer, argv[1], threads);
        if (edit.prompt.wall == 0) plain_prompt(&edit, llama);
        if (i == 1) report(&edit);
    }
    omost_chat_free(chat);
    omost_composer_close(who);
    return 0;
}
