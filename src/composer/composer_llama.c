/* composer_llama.c - the one home of llama.h. So far: who it is. */
#include "composer/composer_probe.h"

#include <llama.h>
#include <stdio.h>
#include <string.h>

static void log_nothing(enum ggml_log_level level, const char *text, void *user)
{
    (void)level, (void)text, (void)user;
}

const char *om_llama_version(void)
{
    return llama_version();
}

void om_llama_system_info(char *out, size_t cap)
{
    llama_log_set(log_nothing, NULL);
    snprintf(out, cap, "%s", llama_print_system_info());
    /* It ends in a separator. */
    size_t n = strlen(out);
    while (n > 0 && strchr(" |", out[n - 1])) out[--n] = '\0';
}
