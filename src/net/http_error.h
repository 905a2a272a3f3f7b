/* http_error.h - what a server says of its own failure, in a form that can be
 * shown: one line, valid UTF-8, nothing that talks to a terminal, no secret. */
#ifndef OM_NET_HTTP_ERROR_H
#define OM_NET_HTTP_ERROR_H

#include "base/buf.h"

enum { OM_HTTP_EXCERPT = 160 }; /* bytes, the NUL included */

/* Text from a server as an excerpt: runs of white space and of what no terminal
 * should see (controls, ill-formed UTF-8, format characters) become one blank
 * each; every occurrence of `secret` (NULL: none) becomes "***"; what is too
 * long ends in "...". */
void om_http_excerpt(char out[OM_HTTP_EXCERPT], om_str text,
                     const char *secret);

/* The message in the body of a failed answer:
 *
 *     {"error": {"message": "..."}}      OpenAI, llama.cpp
 *     {"error": "..."}                   Ollama, Hugging Face
 *     {"message": "..."}, {"detail": "..."}, {"error_description": "..."}
 *     plain text
 *
 * as an excerpt; empty when there is none to be found (web pages). */
void om_http_error_excerpt(char out[OM_HTTP_EXCERPT], om_str body,
                           const char *secret);

#endif
