/* plan_json.c - a plan as JSON; the format is in omost/plan.h. */
#include <math.h>

#include "base/json.h"
#include "canvas/print.h"
#include "prompt/plan_impl.h"

static void put_comma(om_buf *b, size_t i)
{
    if (i > 0) om_buf_putc(b, ',');
}

static void put_texts(om_buf *b, const char *key, omost_texts t)
{
    om_buf_printf(b, "\"%s\":[", key);
    for (size_t i = 0; i < t.n; i++) {
        put_comma(b, i);
        om_json_write_str(b, t.p[i]);
    }
    om_buf_putc(b, ']');
}

static void put_color(om_buf *b, omost_rgb c)
{
    om_buf_printf(b, "\"color\":[%d,%d,%d]", c.r, c.g, c.b);
}

/* Whether an integer's digits are within 64 bits (signed). */
static bool fits(om_str digits)
{
    const om_str most = OM_STR("9223372036854775807");
    return digits.n < most.n ||
           (digits.n == most.n && om_str_cmp(digits, most) <= 0);
}

static void put_distance(om_buf *b, const omost_condition *c)
{
    const omost_number *x = &c->distance;
    om_buf_puts(b, "\"distance\":");
    if (c->is_global) {
        om_buf_puts(b, "null");
    } else if (x->kind == OMOST_NUMBER_BOOL) {
        om_buf_puts(b, "1");
    } else if (x->digits.n && !fits(x->digits)) {
        om_json_write_str(b, x->digits);
    } else if (!x->digits.n && isinf(x->value)) {
        om_buf_puts(b, "\"inf\"");
    } else {
        om_print_number(b, x);
    }
}

static void put_ids(om_buf *b, const char *key,
                    const uint32_t ids[OMOST_ROW_IDS])
{
    om_buf_printf(b, "\"%s\":[", key);
    for (size_t i = 0; i < OMOST_ROW_IDS; i++)
        om_buf_printf(b, i ? ",%u" : "%u", ids[i]);
    om_buf_putc(b, ']');
}

static void put_rows(om_buf *b, const om_plan_item *item)
{
    om_buf_puts(b, ",\"bags\":[");
    for (size_t i = 0; i < item->n_rows; i++) {
        put_comma(b, i);
        om_buf_putc(b, '{');
        put_ids(b, "ids", item->rows[i].ids);
        om_buf_putc(b, ',');
        put_ids(b, "ids_2", item->rows[i].ids_2);
        om_buf_putc(b, '}');
    }
    om_buf_putc(b, ']');
}

static void put_condition(om_buf *b, const omost_plan *plan,
                          const om_plan_item *item)
{
    const omost_condition *c = &item->condition;
    om_buf_printf(b, "{\"rect\":[%d,%d,%d,%d],", c->box.top, c->box.bottom,
                  c->box.left, c->box.right);
    put_distance(b, c);
    om_buf_putc(b, ',');
    put_color(b, c->color);
    om_buf_putc(b, ',');
    put_texts(b, "prefixes", c->prefixes);
    om_buf_putc(b, ',');
    put_texts(b, "suffixes", c->suffixes);
    if (plan->has_rows) put_rows(b, item);
    om_buf_putc(b, '}');
}

static void put_note(om_buf *b, const omost_note *n)
{
    om_buf_printf(b, "{\"line\":%d,\"col\":%d,\"message\":", n->line, n->col);
    om_json_write_str(b, om_str_of(n->msg));
    om_buf_putc(b, '}');
}

static void put_notes(om_buf *b, const omost_plan *plan)
{
    size_t n = omost_canvas_note_count(plan->canvas);
    om_buf_puts(b, "\"notes\":[");
    for (size_t i = 0; i < n; i++) {
        put_comma(b, i);
        put_note(b, omost_canvas_note(plan->canvas, i));
    }
    for (size_t i = 0; i < plan->n_notes; i++) {
        put_comma(b, n + i);
        put_note(b, &plan->notes[i]);
    }
    om_buf_putc(b, ']');
}

char *omost_plan_to_json(const omost_plan *plan, size_t *len, omost_error *err)
{
    om_buf b;
    om_error_clear(err);
    om_buf_init(&b, plan->env, OMOST_MAX_PLAN_JSON);
    om_buf_putc(&b, '{');
    put_color(&b, plan->items[0].condition.color);
    om_buf_puts(&b, ",\"conditions\":[");
    for (size_t i = 0; i < plan->n; i++) {
        put_comma(&b, i);
        put_condition(&b, plan, &plan->items[i]);
    }
    om_buf_puts(&b, "],");
    put_notes(&b, plan);
    om_buf_putc(&b, '}');
    if (om_buf_check(&b, "the plan's JSON", err) != OMOST_OK) {
        om_buf_free(&b);
        return NULL;
    }
    return om_buf_steal(&b, len);
}
