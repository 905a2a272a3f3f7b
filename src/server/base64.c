/* base64.c - see base64.h. */
#include "server/base64.h"

void om_base64_put(om_buf *out, om_str s)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.n; i += 3) {
        const size_t left = s.n - i;
        const unsigned a = (unsigned char)s.p[i],
                       b = left > 1 ? (unsigned char)s.p[i + 1] : 0,
                       c = left > 2 ? (unsigned char)s.p[i + 2] : 0;
        const unsigned v = a << 16 | b << 8 | c;
        const char four[4] = {digits[v >> 18], digits[v >> 12 & 63],
                              left > 1 ? digits[v >> 6 & 63] : '=',
                              left > 2 ? digits[v & 63] : '='};
        om_buf_put(out, four, sizeof four);
    }
}
