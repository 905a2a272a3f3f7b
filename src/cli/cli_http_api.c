/* cli_http_api.c - docs/http-api.md, made from the server's table of routes. */
#include "cli/cli.h"
#include "server/http_daemon.h"
#include "server/schema.h"

static const char intro[] =
    "# The HTTP API of `omost serve`\n"
    "\n"
    "Made from the tables of the program (`omost --generate http_api`); the "
    "running server has\n"
    "the same as OpenAPI at `/openapi.json`.\n"
    "\n"
    "Bodies are JSON in UTF-8, times ISO 8601 in UTC, ids whole numbers. Whoever "
    "posts says\n"
    "`Content-Type: application/json`. A member of a request that is not known is "
    "an error that\n"
    "names it, and so is a parameter of the query (below `/v1` and `/sdapi` both "
    "are passed over).\n"
    "Errors have the shape\n"
    "\n"
    "    {\"error\": {\"status\": \"SYNTAX\", \"message\": \"one sentence\", "
    "\"line\": 3, \"col\": 7, \"len\": 4}}\n"
    "\n"
    "with a place where there is one, and the HTTP status that goes with it: 400 "
    "wrong use,\n"
    "401 no key, 403 a page of another site, 404 not there, 405 another method, "
    "409 not now,\n"
    "413 too large, 415 another type, 421 another host, 422 not a canvas or out of "
    "range,\n"
    "499 stopped, 500 reading, writing or computing failed, 503 too much at once, "
    "or the\n"
    "database locked by another program (with `Retry-After`), 507 no memory, or no "
    "room on\n"
    "the disk.\n"
    "\n"
    "Below `/v1` an error has `type`, `param` and `code` as well. A POST that says "
    "nothing (to\n"
    "`cancel`, `restart`, `interrupt`) may have no body, and then needs no "
    "`Content-Type`.\n"
    "\n"
    "Where a key is set (`OMOST_SERVE_KEY`, `--api-key`, `--api-key-file`), "
    "send\n"
    "`Authorization: Bearer KEY`. Pages, whose pictures and event streams cannot "
    "carry a header,\n"
    "post it to `/api/login` and get a cookie.\n"
    "\n"
    "Lists are newest first: `?limit=` (50, at most 500) and `?before=ID`, the last "
    "one of the page\n"
    "before. Sessions are listed by their last use.\n"
    "\n"
    "## Events\n"
    "\n"
    "`GET /api/events` is a `text/event-stream`. Ids grow by one; the header "
    "`Last-Event-ID` (or\n"
    "`?after=ID`) resumes, and `reset` says that too much was missed: load anew. "
    "A comment comes\n"
    "at least every 15 seconds.\n"
    "\n"
    "To come in the middle without a gap: `GET /api/sessions/{session}`, then listen "
    "with\n"
    "`?after=` its `event`. A reply that is being written is in its job's `written`, "
    "whole up to the\n"
    "event whose number that has: pass over `text`, `region`, `again` and `note` of "
    "this job up to it.\n"
    "\n"
    "| event | data |\n"
    "|---|---|\n"
    "| `job` | Job: every change of state, and progress ten times a second at "
    "most; `request` is only in `GET /api/jobs/{job}` |\n"
    "| `text` | `job`, `session`, `message` (what is answered), `text`: the next "
    "bytes of a reply |\n"
    "| `region` | `job`, `session`, `message`, `kind` (start, global, region, "
    "note), `index`, and what the kind names |\n"
    "| `again` | `job`, `session`, `message`, `why`: a broken reply is written "
    "anew; forget its text |\n"
    "| `note` | `job`, `session`, `why`: something was changed or left out |\n"
    "| `message` | Message, with `session` |\n"
    "| `canvas` | Canvas |\n"
    "| `image` | Image, without its record; or `id`, `deleted` |\n"
    "| `preview` | `job`, `session`, `url` |\n"
    "| `session` | `id`, `title`; `canvas` where the stage may have another; "
    "`deleted` where it is |\n"
    "| `reset` | nothing |\n";

static void put_schema(om_buf *out, const char *what, const char *name)
{
    if (!*name || strcmp(name, "Any") == 0 || strcmp(name, "Empty") == 0)
        return;
    om_buf_printf(out, " %s %s.", what, name);
}

static void put_query(om_buf *out, const char *query)
{
    om_schema_member m;
    const char *between = " Query: ";
    while (om_schema_next(&query, &m)) {
        om_buf_printf(out, "%s`%.*s` (%.*s%s)", between, OM_STR_ARG(m.name),
                      OM_STR_ARG(m.type), m.optional ? "" : ", needed");
        between = ", ";
    }
    if (*between == ',') om_buf_putc(out, '.');
}

static void put_routes(om_buf *out)
{
    const char *tag = "";
    for (const om_route *r = om_routes; r->pattern; r++) {
        if (strcmp(tag, r->tag) != 0)
            om_buf_printf(out, "\n## Routes: %s\n\n", r->tag);
        tag = r->tag;
        om_buf_printf(out, "- `%s %s` - %s.", om_method_word(r->method),
                      r->pattern, r->summary);
        put_query(out, r->query);
        put_schema(out, "Takes", r->request);
        put_schema(out, "Gives", r->response);
        if (r->status != 200) om_buf_printf(out, " %d.", r->status);
        if (r->open) om_buf_puts(out, " Needs no key.");
        om_buf_putc(out, '\n');
    }
}

static void put_members(om_buf *out, const char *members)
{
    om_schema_member m;
    while (om_schema_next(&members, &m))
        om_buf_printf(out, "| `%.*s`%s | %.*s%s |\n", OM_STR_ARG(m.name),
                      m.optional ? " (may be missing)" : "",
                      om_str_ends(m.type, OM_STR("|null")) ? (int)m.type.n - 5
                                                           : (int)m.type.n,
                      m.type.p,
                      om_str_ends(m.type, OM_STR("|null")) ? " or null" : "");
}

void om_generate_http_api(om_buf *out)
{
    const char *name, *members;
    om_buf_puts(out, intro);
    put_routes(out);
    om_buf_puts(out, "\n## Shapes\n\nA type in brackets is a list of it.\n");
    for (size_t i = 0; (name = om_schema_name(i, &members)) != NULL; i++) {
        if (!*members || *members == '=') continue;
        om_buf_printf(out, "\n### %s\n\n| member | type |\n|---|---|\n", name);
        put_members(out, members);
    }
    om_buf_printf(
        out,
        "\n## Limits\n\nJSON bodies %d MiB, pictures %d MiB, headers "
        "%d KiB, %d connections of which %d\nlisten to events; a "
        "request must be there within %d seconds (%d on a connection "
        "that was kept), its body\nwithin %d and one more for each %d "
        "KiB.\n",
        OM_MAX_JSON_BODY >> 20, OM_MAX_PNG_BODY >> 20,
        OM_MAX_HEADER_BYTES >> 10, OM_MAX_CONNECTIONS, OM_MAX_STREAMS,
        OM_HEADER_SECONDS, OM_IDLE_SECONDS, OM_BODY_SECONDS,
        OM_BODY_RATE >> 10);
}
