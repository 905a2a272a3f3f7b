/* llm_folder.h - a language model as it lies on the Hugging Face hub: a folder
 * of JSON files and of one or several .safetensors files, all mapped.
 *
 *     config.json                       what it is
 *     model.safetensors                 the weights, or:
 *     model.safetensors.index.json      which file each weight is in
 *     tokenizer.json, tokenizer_config.json, generation_config.json,
 *     chat_template.jinja               see llm_vocab.h */
#ifndef OM_MODELS_LLM_FOLDER_H
#define OM_MODELS_LLM_FOLDER_H

#include "base/json.h"
#include "base/mem.h"
#include "weights/safetensors.h"

typedef struct om_llm_folder {
    const omost_env *env;
    const char *path; /* borrowed */
    om_safetensors **file;
    size_t n_files, cap_files;
} om_llm_folder;

/* Opens and checks every file of weights. Close it also after a failure. */
omost_status om_llm_folder_open(om_llm_folder *f, const omost_env *env,
                                const char *path, omost_error *err);
void om_llm_folder_close(om_llm_folder *f);

/* The tensor of this name and the file it is in (may be NULL); or NULL. */
const om_st_tensor *om_llm_folder_find(const om_llm_folder *f, const char *name,
                                       const char **file);

/* One of the folder's JSON files, an object; NULL when it fails. When it is
 * not there and that is no mistake (`optional`), NULL and err is OK. */
json_t *om_llm_folder_json(const om_llm_folder *f, const char *name,
                           bool optional, omost_error *err);
/* One of its text files, appended; MISSING when it is not there. */
omost_status om_llm_folder_text(const om_llm_folder *f, const char *name,
                                om_buf *out, omost_error *err);

#endif
