/* fuzz_lora.c - any bytes as a LoRA for a model of four layers: refused, or
 * every weight can be read and nothing beyond the bytes is looked at. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "weights/lora.h"
#include "weights/weights.h"

/* name, shape: a bias, two convolutions and a matrix of the UNet, sorted */
typedef struct layer {
    const char *name;
    int n_dims;
    size_t dim[4];
} layer;

static const layer layers[] = {
    {"down_blocks.0.resnets.0.conv1.bias", 1, {4}},
    {"down_blocks.0.resnets.0.conv1.weight", 4, {4, 6, 3, 3}},
    {"down_blocks.1.resnets.0.conv_shortcut.weight", 4, {4, 8, 1, 1}},
    {"mid_block.attentions.0.proj_in.weight", 2, {8, 6}},
};
enum { N_LAYERS = sizeof layers / sizeof *layers, MOST = 4 * 6 * 9 };

/* Files of one file that is in memory. */
static om_model_files *files_of(omost_model_kind kind, om_str bytes)
{
    omost_error err;
    om_model_files *m = om_zalloc(NULL, sizeof *m);
    if (!m) abort();
    om_arena_init(&m->arena, NULL, 0);
    m->path = "x";
    m->kind = kind;
    m->file = om_zalloc(NULL, sizeof(om_safetensors *));
    if (!m->file) abort();
    m->file[0] = om_st_parse(NULL, "x", bytes, &err);
    m->n_files = m->file[0] != NULL;
    return m;
}

/* All zeroes. */
static om_model_files *make_model(void)
{
    static char bytes[4096];
    char header[2048] = "{";
    size_t n = 1, at = 0;
    for (size_t i = 0; i < N_LAYERS; i++) {
        const layer *l = &layers[i];
        char shape[OM_SHAPE_TEXT];
        size_t size = 4;
        for (int k = 0; k < l->n_dims; k++) size *= l->dim[k];
        n += (size_t)snprintf(
            header + n, sizeof header - n,
            "%s\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":"
            "[%zu,%zu]}",
            i ? "," : "", l->name, om_shape_text(shape, l->dim, l->n_dims), at,
            at + size);
        at += size;
    }
    header[n++] = '}';
    memset(bytes, 0, sizeof bytes);
    bytes[0] = (char)(n & 0xff), bytes[1] = (char)(n >> 8);
    memcpy(bytes + 8, header, n);
    om_model_files *m = files_of(OMOST_MODEL_PART, (om_str){bytes, 8 + n + at});
    if (m->n_files == 0) abort();
    m->entry = om_zalloc(NULL, N_LAYERS * sizeof *m->entry);
    if (!m->entry) abort();
    for (size_t i = 0; i < N_LAYERS; i++)
        m->entry[i] =
            (om_entry){.name = om_str_of(layers[i].name),
                       .t = om_st_find(m->file[0], om_str_of(layers[i].name)),
                       .file = m->file[0],
                       .part = OMOST_MODEL_UNET};
    m->n_entries = N_LAYERS;
    for (int part = 1; part <= OMOST_MODEL_N_PARTS + 1; part++)
        m->first[part] = N_LAYERS;
    return m;
}

static void read_all(om_model_files *m)
{
    om_weights w = {.files = m, .part = OMOST_MODEL_UNET};
    float v[MOST];
    uint16_t half[MOST];
    for (size_t i = 0; i < N_LAYERS; i++) {
        om_weight t;
        omost_error err;
        if (om_weights_get(&w, layers[i].name, layers[i].n_dims, layers[i].dim,
                           &t, &err) != OMOST_OK)
            abort();
        om_weight_to_f32(v, &t);
        om_weight_to_f16(half, &t);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    omost_error err = {0};
    om_lora_report r = {0};
    char note[OM_LORA_NOTE];
    om_model_files *m = make_model();
    om_model_files *lora =
        files_of(OMOST_MODEL_LORA, (om_str){(const char *)data, size});
    if (lora->n_files == 0) {
        om_model_close(lora);
    } else if (om_lora_add(m, lora, "x", 0.5F, &r, &err) == OMOST_OK) {
        if (r.n_used == 0 || m->n_loras != 1) abort();
        om_lora_note(&r, note);
        read_all(m);
    } else if (!err.msg[0] || m->n_loras != 0) {
        abort();
    }
    om_model_close(m);
    return 0;
}
