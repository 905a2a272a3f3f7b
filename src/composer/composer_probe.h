/* composer_probe.h - what the composer's library can do on this machine. */
#ifndef OM_COMPOSER_PROBE_H
#define OM_COMPOSER_PROBE_H

#include <stddef.h>

/* "0.7.0": of the library at run time. */
const char *om_llama_version(void);

/* libllama's line about the processor, into out[cap]. Complete only once ggml's
 * back ends are loaded. */
void om_llama_system_info(char *out, size_t cap);

#endif
