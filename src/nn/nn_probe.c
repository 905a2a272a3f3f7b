/* nn_probe.c - telling what a probe has found. */
#include "nn/nn_probe.h"

#include <stdarg.h>
#include <stdio.h>

void om_probe_tell(const om_probe_sink *to, om_finding f, const char *fmt, ...)
{
    char detail[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(detail, sizeof detail, fmt, args);
    va_end(args);
    f.detail = detail;
    if (!f.version) f.version = "";
    if (!f.remedy) f.remedy = "";
    to->found(to->user, &f);
}
