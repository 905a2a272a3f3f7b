/* svg.c - see svg.h. */
#include "image/svg.h"

#include "base/utf8.h"

static bool is_xml_char(uint32_t r)
{
    if (r < 0x20) return r == '\t' || r == '\n' || r == '\r';
    return r != OM_RUNE_BAD && r != 0xfffe && r != 0xffff;
}

static const char *escape_of(uint32_t r)
{
    switch (r) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    case '\t': return "&#9;"; /* attribute values would turn these to spaces */
    case '\n': return "&#10;";
    case '\r': return "&#13;";
    default: return NULL;
    }
}

void om_xml_escape(om_buf *b, om_str s)
{
    for (size_t i = 0, len; i < s.n; i += len) {
        uint32_t r = om_utf8_decode(s.p + i, s.p + s.n, &len);
        const char *escape = escape_of(r);
        if (escape)
            om_buf_puts(b, escape);
        else if (is_xml_char(r))
            om_buf_put(b, s.p + i, len);
        else
            om_buf_rune(b, 0xfffd);
    }
}

void om_svg_open(om_buf *b, const char *name)
{
    om_buf_printf(b, "<%s", name);
}

void om_svg_int(om_buf *b, const char *name, int v)
{
    om_buf_printf(b, " %s=\"%d\"", name, v);
}

void om_svg_half(om_buf *b, const char *name, int halves)
{
    const char *sign = halves < 0 ? "-" : "";
    unsigned u = halves < 0 ? 0U - (unsigned)halves : (unsigned)halves;
    om_buf_printf(b, " %s=\"%s%u%s\"", name, sign, u / 2, u % 2 ? ".5" : "");
}

void om_svg_attr(om_buf *b, const char *name, om_str v)
{
    om_buf_printf(b, " %s=\"", name);
    om_xml_escape(b, v);
    om_buf_putc(b, '"');
}

void om_svg_color(om_buf *b, const char *name, om_rgba c)
{
    om_buf_printf(b, " %s=\"#%02x%02x%02x\"", name, c.r, c.g, c.b);
    if (c.a != 255)
        om_buf_printf(b, " %s-opacity=\"0.%03u\"", name,
                      (c.a * 1000U + 127) / 255);
}

void om_svg_close_empty(om_buf *b)
{
    om_buf_puts(b, "/>\n");
}

void om_svg_close(om_buf *b)
{
    om_buf_puts(b, ">\n");
}

void om_svg_text(om_buf *b, om_str text)
{
    om_buf_putc(b, '>');
    om_xml_escape(b, text);
}

void om_svg_end(om_buf *b, const char *name)
{
    om_buf_printf(b, "</%s>\n", name);
}
