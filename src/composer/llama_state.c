/* llama_state.c - the state behind the system prompt, kept from one process to
 * the next.
 *
 *     magic[8] = "OMOSTKV1"
 *     key[64]      SHA-256, hexadecimal, of all that the state depends on
 *     digest[64]   SHA-256 of what follows
 *     width[3]     om_width as bytes: rows, outputs, exact
 *     libllama's state of one sequence
 *
 * The key covers the model file (path, size, time of change), libllama's
 * version and processor, the threads, where the layers are and how attention is
 * computed and kept (om_llama.how), and the tokens; libllama itself checks how
 * the cache is laid out. A file that does not fit or is damaged counts as
 * absent and is written anew. */
#include "composer/llama_local.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"

#define MAGIC "OMOSTKV1"
#define PREFIX "omost-state-"

enum { HEX = 64, HEAD = 8 + 2 * HEX, WIDTH = 3, MAX_FILES = 4 };

static const size_t max_state = (size_t)4 << 30;

static bool make_key(const om_llama *w, const int32_t *tokens, size_t n,
                     char key[65])
{
    char text[512];
    om_sha256 h = {0};
    om_sha256_begin(&h);
    om_sha256_add(&h, om_str_of(w->path));
    const int len = snprintf(text, sizeof text, "|%llu|%lld|%s|%d|%zu|",
                             (unsigned long long)w->facts.size,
                             (long long)w->facts.modified, llama_version(),
                             (int)llama_n_threads(w->ctx), n);
    om_sha256_add(&h, (om_str){text, (size_t)len});
    om_sha256_add(&h, om_str_of(llama_print_system_info()));
    om_sha256_add(&h, om_str_of(w->how));
    om_sha256_add(&h, (om_str){(const char *)tokens, n * sizeof *tokens});
    return om_sha256_end(&h, key);
}

static omost_status state_path(const om_llama *w, const char *key, om_buf *out)
{
    om_buf_init(out, w->head.env, 4096);
    om_buf_printf(out, "%s/" PREFIX "%.16s.bin", w->cache_dir, key);
    return om_buf_check(out, "the cache folder's name", NULL);
}

static void tell(om_llama *w, const char *text)
{
    if (w->sink && !w->sink->note(w->sink->user, text)) w->stopped = true;
}

/* ---- loading ------------------------------------------------------------- */

static bool is_whole(om_str file, const char *key)
{
    char digest[65];
    return file.n > HEAD + WIDTH && memcmp(file.p, MAGIC, 8) == 0 &&
           memcmp(file.p + 8, key, HEX) == 0 &&
           om_sha256_hex(om_str_skip(file, HEAD), digest) &&
           memcmp(file.p + 8 + HEX, digest, HEX) == 0;
}

static bool take_state(om_llama *w, om_str file, const int32_t *tokens,
                       size_t n)
{
    llama_memory_t memory = llama_get_memory(w->ctx);
    const unsigned char *width = (const unsigned char *)file.p + HEAD;
    const om_str state = om_str_skip(file, HEAD + WIDTH);
    const om_width found = {width[0], width[1], width[2]};
    if (found.rows < 1 || found.rows > OM_LLAMA_WIDE || found.outputs < 1 ||
        found.outputs > found.rows)
        return false;
    const size_t used =
        llama_state_seq_set_data(w->ctx, (const uint8_t *)state.p, state.n, 0);
    if (used > 0 && llama_memory_seq_pos_max(memory, 0) == (llama_pos)n - 1 &&
        om_tokens_put(&w->kept, tokens, n, NULL) == OMOST_OK) {
        w->width = found;
        w->width_known = true;
        return true;
    }
    w->kept.n = 0;
    llama_memory_clear(memory, false);
    return false;
}

bool om_llama_load_state(om_llama *w, const int32_t *tokens, size_t n)
{
    char key[65];
    om_buf path, file;
    bool loaded = false;
    if (!w->cache_dir || w->kept.n > 0 || !make_key(w, tokens, n, key))
        return false;
    om_buf_init(&file, w->head.env, max_state);
    if (state_path(w, key, &path) == OMOST_OK) {
        omost_error why;
        omost_status st = om_file_read(path.p, &file, &why);
        if (st == OMOST_OK) {
            loaded = is_whole(om_buf_view(&file), key) &&
                     take_state(w, om_buf_view(&file), tokens, n);
            if (!loaded)
                tell(w, "the saved state of the system prompt is damaged; "
                        "it is read anew");
        } else if (st != OMOST_MISSING) {
            tell(w, why.msg);
        }
    }
    om_buf_free(&file);
    om_buf_free(&path);
    return loaded;
}

/* ---- saving -------------------------------------------------------------- */

static bool is_ours(const char *name)
{
    return om_str_starts(om_str_of(name), OM_STR(PREFIX)) &&
           om_str_ends(om_str_of(name), OM_STR(".bin"));
}

/* Delete the oldest of our files until fewer than MAX_FILES are left. */
static bool drop_oldest(const om_llama *w)
{
    DIR *dir = opendir(w->cache_dir);
    if (!dir) return false;
    char oldest[4096] = "", path[4096];
    struct timespec when = {0};
    int n = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        struct stat s;
        if (!is_ours(e->d_name)) continue;
        const int len =
            snprintf(path, sizeof path, "%s/%s", w->cache_dir, e->d_name);
        if (len < 0 || len >= (int)sizeof path || stat(path, &s) != 0) continue;
        const bool older = s.st_mtim.tv_sec < when.tv_sec ||
                           (s.st_mtim.tv_sec == when.tv_sec &&
                            s.st_mtim.tv_nsec < when.tv_nsec);
        if (n++ == 0 || older) {
            when = s.st_mtim;
            memcpy(oldest, path, (size_t)len + 1);
        }
    }
    closedir(dir);
    return n >= MAX_FILES && unlink(oldest) == 0;
}

static omost_status write_file(om_llama *w, const char *path, const char *key,
                               om_str state, omost_error *err)
{
    char digest[65];
    om_file_out out = {0};
    if (!om_sha256_hex(state, digest))
        return om_fail(err, OMOST_IO, "%s: SHA-256 failed", path);
    omost_status st = om_file_begin(&out, w->head.env, path, err);
    if (st != OMOST_OK) return st;
    fwrite(MAGIC, 1, 8, out.f);
    fwrite(key, 1, HEX, out.f);
    fwrite(digest, 1, HEX, out.f);
    fwrite(state.p, 1, state.n, out.f);
    return om_file_commit(&out, err);
}

void om_llama_save_state(om_llama *w)
{
    char key[65];
    om_buf path;
    omost_error err;
    if (!w->cache_dir || w->kept.n == 0) return;
    const size_t size = llama_state_seq_get_size(w->ctx, 0);
    if (size == 0 || size > max_state) return;
    if (!make_key(w, w->kept.p, w->kept.n, key)) return;
    char *state = om_alloc(w->head.env, size + WIDTH);
    if (state && state_path(w, key, &path) == OMOST_OK) {
        state[0] = (char)w->width.rows;
        state[1] = (char)w->width.outputs;
        state[2] = (char)w->width.exact;
        const size_t n =
            llama_state_seq_get_data(w->ctx, (uint8_t *)state + WIDTH, size, 0);
        struct stat s;
        omost_status st = om_make_folders(path.p, 0700, &err);
        for (int i = 0; stat(path.p, &s) != 0 && i < 1000; i++)
            if (!drop_oldest(w)) break;
        const om_str bytes = {state, n + WIDTH};
        if (st == OMOST_OK && n > 0)
            st = write_file(w, path.p, key, bytes, &err);
        if (st != OMOST_OK) tell(w, err.msg);
        om_buf_free(&path);
    }
    om_free(w->head.env, state);
}
