/* test_models.c - references, names that become paths, the catalog, what of a
 * repository is wanted, what is found in a cache. (Downloads: cli/pull.sh.) */
#include "unit/support.h"

#include <sys/stat.h>
#include <unistd.h>

#include "models/find.h"
#include "models/hub_wanted.h"

static void test_references(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        om_ref_kind kind;
        const char *owner, *repo, *file, *rev;
    } good[] = {
        {"models/x.gguf", OM_REF_PATH, "", "", "", ""},
        {"x.safetensors", OM_REF_PATH, "", "", "", ""},
        {"hf:a/b", OM_REF_REPO, "a", "b", "", "main"},
        {"hf:a/b@v1.0", OM_REF_REPO, "a", "b", "", "v1.0"},
        {"hf:a/b@refs/pr/7", OM_REF_REPO, "a", "b", "", "refs/pr/7"},
        {"hf:A-1/b.c_d/e/f g.json", OM_REF_FILE, "A-1", "b.c_d", "e/f g.json",
         "main"},
        {"hf:a/b/c.gguf@0123", OM_REF_FILE, "a", "b", "c.gguf", "0123"},
        {"sdxl-base", OM_REF_REPO, "stabilityai",
         "stable-diffusion-xl-base-1.0", "", "main"},
        {"SDXL-Base", OM_REF_REPO, "stabilityai",
         "stable-diffusion-xl-base-1.0", "", "main"},
        {"https://example.org/x", OM_REF_URL, "", "", "", ""},
    };
    static const char *const bad[] = {
        "hf:",         "hf:a",        "hf:a/",       "hf:/b",
        "hf:../b",     "hf:a/..",     "hf:.a/b",     "hf:-a/b",
        "hf:a--b/c",   "hf:a/b..c",   "hf:a/b/",     "hf:a/b//c",
        "hf:a/b/../c", "hf:a/b/c/..", "hf:a/b/./c",  "hf:a/b/c\\d",
        "hf:a/b/c\nd", "hf:a/b@",     "hf:a/b@../x", "hf:a/b@/x",
        "hf:a/b@x//y", "hf:a/b@-x",   "hf:a b/c",    "hf:\xc3\xa4/b"};
    omost_error err;
    om_hub_ref r;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (om_hub_ref_parse(&r, good[i].text, &err) != OMOST_OK)
            fail_msg("%s: %s", good[i].text, err.msg);
        assert_int_equal(r.kind, good[i].kind);
        assert_true(om_str_eqz(r.owner, good[i].owner));
        assert_true(om_str_eqz(r.repo, good[i].repo));
        assert_true(om_str_eqz(r.file, good[i].file));
        assert_true(om_str_eqz(r.rev, good[i].rev));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (om_hub_ref_parse(&r, bad[i], &err) != OMOST_USAGE)
            fail_msg("\"%s\" was taken", bad[i]);
    char many[700] = "hf:a/b/";
    memset(many + 7, 'x', 600);
    assert_int_equal(om_hub_ref_parse(&r, many, &err), OMOST_USAGE);
}

static void test_safe_names(void **state)
{
    (void)state;
    static const char *const fine[] = {"a",
                                       "a/b/c.json",
                                       "...",
                                       "a..b",
                                       "-x",
                                       ".gitattributes",
                                       "\xe2\x98\x83.bin"};
    static const char *const odd[] = {"",      "/a",   "a/",   "..",
                                      "../a",  "a/..", ".",    "a//b",
                                      "a/./b", "a\\b", "a\tb", "a\x7f"};
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        assert_true(om_is_safe_file(om_str_of(fine[i])));
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        if (om_is_safe_file(om_str_of(odd[i]))) fail_msg("\"%s\"", odd[i]);
    assert_false(om_is_safe_file(OM_STR("a\0b")));
}

/* Every entry can be fetched by its name, and no two have one. */
static void test_catalog(void **state)
{
    (void)state;
    omost_error err;
    om_hub_ref r;
    size_t n = 0, of_kind[OMOST_KNOWN_N_KINDS] = {0};
    const omost_known *k;
    for (; (k = omost_known_at(n)) != NULL; n++) {
        if (om_hub_ref_parse(&r, k->ref, &err) != OMOST_OK)
            fail_msg("%s: %s", k->name, err.msg);
        assert_true(r.kind == OM_REF_REPO || r.kind == OM_REF_FILE);
        assert_ptr_equal(omost_known_find(k->name), k);
        assert_true(strlen(k->license) > 2 && strlen(k->text) > 5);
        assert_true(k->kind < OMOST_KNOWN_N_KINDS);
        of_kind[k->kind]++;
    }
    assert_true(n >= 10);
    for (int i = 0; i < OMOST_KNOWN_N_KINDS; i++) assert_true(of_kind[i] > 0);
    assert_null(omost_known_at(n));
    assert_null(omost_known_find("nobody"));
}

/* ---- what of a repository ------------------------------------------------ */

static void want(const char *const *names, const char *expected)
{
    om_hub_file file[16] = {0};
    om_hub_list l = {.file = file};
    om_hub_ref r;
    omost_error err;
    om_buf got;
    for (; names[l.n]; l.n++) file[l.n].name = om_str_of(names[l.n]);
    assert_int_equal(om_hub_ref_parse(&r, "hf:a/b", &err), OMOST_OK);
    omost_status st = om_hub_keep_wanted(&l, &r, &err);
    om_buf_init(&got, NULL, 4096);
    if (st != OMOST_OK) om_buf_puts(&got, err.msg);
    for (size_t i = 0; i < l.n && st == OMOST_OK; i++)
        om_buf_printf(&got, "%s%.*s", i ? " " : "", OM_STR_ARG(file[i].name));
    assert_string_equal(got.p, expected);
    om_buf_free(&got);
}

static void test_wanted(void **state)
{
    (void)state;
    /* half precision where there is a choice, part by part */
    want((const char *const[]){"model_index.json", "unet/config.json",
                               "unet/diffusion_pytorch_model.safetensors",
                               "unet/diffusion_pytorch_model.fp16.safetensors",
                               "vae/diffusion_pytorch_model.safetensors",
                               "vae/diffusion_pytorch_model.bin",
                               "vae_1_0/diffusion_pytorch_model.safetensors",
                               "sd_xl_base_1.0.safetensors", NULL},
         "unet/config.json unet/diffusion_pytorch_model.fp16.safetensors "
         "vae/diffusion_pytorch_model.safetensors model_index.json");
    /* in pieces, of both precisions */
    want(
        (const char *const[]){
            "model_index.json",
            "unet/diffusion_pytorch_model.safetensors.index.json",
            "unet/diffusion_pytorch_model-00001-of-00002.safetensors",
            "unet/diffusion_pytorch_model.fp16-00001-of-00002.safetensors",
            "unet/diffusion_pytorch_model.safetensors.index.fp16.json", NULL},
        "unet/diffusion_pytorch_model.fp16-00001-of-00002.safetensors "
        "unet/diffusion_pytorch_model.safetensors.index.fp16.json "
        "model_index.json");
    /* one part alone, with copies under other names */
    want((const char *const[]){"config.json", "sdxl_vae.safetensors",
                               "diffusion_pytorch_model.safetensors",
                               "diffusion_pytorch_model.bin", "README.md",
                               NULL},
         "diffusion_pytorch_model.safetensors config.json");
    /* a language model */
    want((const char *const[]){"config.json", "tokenizer.json", "LICENSE",
                               "chat_template.jinja", "pytorch_model.bin",
                               "model.safetensors", "consolidated.safetensors",
                               "original/params.json", NULL},
         "tokenizer.json chat_template.jinja model.safetensors config.json");
    want((const char *const[]){"config.json", "pytorch_model.bin", NULL},
         "hf:a/b holds no weights that can be read (.safetensors or .gguf)");
    want((const char *const[]){"README.md", "x-Q4.gguf", "x-Q8.gguf", NULL},
         "hf:a/b is no folder of one model; name a file of it, such as "
         "hf:a/b/x-Q4.gguf");
}

/* ---- the cache ----------------------------------------------------------- */

static char root[128];
static const char commit[] = "0123456789abcdef0123456789abcdef01234567";

static void test_cache(void **state)
{
    (void)state;
    om_path repo, blob, out;
    omost_error err;
    om_hub_ref r, file;
    char was[41];
    assert_int_equal(om_hub_ref_parse(&r, "hf:a/b", &err), OMOST_OK);
    assert_int_equal(om_hub_ref_parse(&file, "hf:a/b/c/d/config.json", &err),
                     OMOST_OK);
    assert_int_equal(om_cache_repo(repo, root, &r, &err), OMOST_OK);
    assert_false(om_find_cached(out, root, &r));
    assert_false(om_cache_commit(was, repo, OM_STR("main")));
    assert_true(om_cache_commit(was, repo, om_str_of(commit)));

    snprintf(blob, sizeof blob, "%.3000s/blobs/tag", repo);
    assert_int_equal(om_make_folders(blob, 0777, &err), OMOST_OK);
    assert_int_equal(om_file_write(NULL, blob, OM_STR("{}"), &err), OMOST_OK);
    /* twice: the second time it is there */
    for (int i = 0; i < 2; i++)
        assert_int_equal(om_cache_link(repo, commit, file.file, "tag", &err),
                         OMOST_OK);
    assert_false(om_find_cached(out, root, &file)); /* no reference yet */
    assert_int_equal(om_cache_set_commit(repo, OM_STR("main"), commit, &err),
                     OMOST_OK);
    assert_true(om_cache_commit(was, repo, OM_STR("main")));
    assert_string_equal(was, commit);
    assert_true(om_find_cached(out, root, &file));
    om_buf b;
    om_buf_init(&b, NULL, 100);
    assert_int_equal(om_file_read(out, &b, &err), OMOST_OK);
    assert_true(om_str_eqz(om_buf_view(&b), "{}"));
    om_buf_free(&b);

    /* a folder is a model when its config.json is there, and weights are */
    assert_false(om_find_cached(out, root, &r));
    assert_int_equal(om_cache_link(repo, commit, OM_STR("config.json"), "tag",
                                   &err),
                     OMOST_OK);
    assert_false(om_find_cached(out, root, &r));
    assert_int_equal(om_cache_link(repo, commit,
                                   OM_STR("x.safetensors.index.json"), "tag",
                                   &err),
                     OMOST_OK);
    assert_false(om_find_cached(out, root, &r));
    assert_int_equal(om_cache_link(repo, commit, OM_STR("x.safetensors"), "tag",
                                   &err),
                     OMOST_OK);
    assert_true(om_find_cached(out, root, &r));
    /* a link to nothing is nothing */
    assert_int_equal(unlink(blob), 0);
    assert_false(om_find_cached(out, root, &r));
    /* a reference that is none */
    snprintf(blob, sizeof blob, "%.3000s/refs/main", repo);
    assert_int_equal(om_file_write(NULL, blob, OM_STR("../../../../etc"), &err),
                     OMOST_OK);
    assert_false(om_cache_commit(was, repo, OM_STR("main")));
}

static void test_find(void **state)
{
    (void)state;
    const omost_hub_opts o = {.cache = root};
    omost_error err;
    char *path = NULL;
    assert_int_equal(omost_model_find(&o, "some/file.gguf", &path, &err),
                     OMOST_OK);
    assert_string_equal(path, "some/file.gguf");
    omost_models_text_free(NULL, path);
    assert_int_equal(omost_model_find(&o, "sdxl-base", &path, &err),
                     OMOST_MISSING);
    assert_null(path);
    assert_non_null(strstr(err.msg, "omost pull sdxl-base"));
    assert_int_equal(omost_model_find(&o, "https://example.org/a/../x?y=/z",
                                      &path, &err),
                     OMOST_MISSING);
    meter mem = {.fail_at = 1};
    const omost_env env = {metered, &mem};
    const omost_hub_opts poor = {.env = &env, .cache = root};
    assert_int_equal(omost_model_find(&poor, "x", &path, &err), OMOST_NOMEM);
    assert_int_equal(mem.live, 0);
}

/* Whatever the address, its file lies two levels below the folder. */
static void test_places(void **state)
{
    (void)state;
    static const struct {
        const char *url, *name;
    } cases[] = {
        {"https://e.org/a/b.bin", "b.bin"},
        {"https://e.org/a/b.bin?x=/../y", "b.bin"},
        {"https://e.org/..", "_."},
        {"https://e.org/%2e%2e%2f", "_2e_2e_2f"},
        {"https://e.org/", "file"},
        {"https://e.org/.bashrc", "_bashrc"},
    };
    const omost_hub_opts o = {.cache = "/c", .downloads = "/d"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        om_path p;
        assert_int_equal(
            om_find_url_place(p, &o, om_str_of(cases[i].url), NULL), OMOST_OK);
        assert_memory_equal(p, "/d/", 3);
        assert_int_equal(p[19], '/');
        assert_string_equal(p + 20, cases[i].name);
    }
}

static int begin(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/omost-models-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    static const char *const left[] = {
        "models--a--b/snapshots/%s/c/d/config.json",
        "models--a--b/snapshots/%s/c/d",
        "models--a--b/snapshots/%s/c",
        "models--a--b/snapshots/%s/config.json",
        "models--a--b/snapshots/%s/x.safetensors.index.json",
        "models--a--b/snapshots/%s/x.safetensors",
        "models--a--b/snapshots/%s",
        "models--a--b/snapshots",
        "models--a--b/refs/main",
        "models--a--b/refs",
        "models--a--b/blobs",
        "models--a--b"};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        char path[512];
        const char *mark = strstr(left[i], "%s");
        const int n = mark ? (int)(mark - left[i]) : (int)strlen(left[i]);
        snprintf(path, sizeof path, "%s/%.*s%s%s", root, n, left[i],
                 mark ? commit : "", mark ? mark + 2 : "");
        remove(path);
    }
    return rmdir(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_references), cmocka_unit_test(test_safe_names),
        cmocka_unit_test(test_catalog),    cmocka_unit_test(test_wanted),
        cmocka_unit_test(test_cache),      cmocka_unit_test(test_find),
        cmocka_unit_test(test_places),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
