/* reader.c - finding the code in a reply as it comes, and the public reader.
 *
 * The text is looked at line by line. Strict, as the original's regular
 * expression ```python\n(.*?)\n```: code begins after the first line that ends
 * in ```python and ends before the first line that begins with ```. Otherwise
 * code may also stand in a fence marked another way, or in none; but a block
 * marked exactly ```python wins over what came before it, so that whatever
 * strict mode accepts reads the same in both modes. */
#include "base/utf8.h"
#include "canvas/code.h"

typedef enum where {
    IN_PROSE,
    IN_OTHER,   /* a fence that is not ours */
    IN_UNNAMED, /* a fence without a language, nothing telling seen yet */
    IN_CODE,
    IN_TAIL, /* after the code */
} where;

/* How the code was marked, weakest first. */
typedef enum source { NO_SOURCE, BARE, VARIANT, EXACT } source;

struct omost_reader {
    const omost_env *env;
    bool strict, finished;
    char *text;
    uint32_t n, cap;
    uint32_t valid;     /* bytes known to be whole UTF-8 characters */
    uint32_t line_pos;  /* where the line looked at begins */
    uint32_t line_scan; /* how far its end was looked for */
    uint32_t blank;     /* how far it is known to be blank */
    uint32_t line;      /* its number */
    bool has_prose;     /* something stood before the code: it is a reply, not
                         * a file of code alone, as fmt writes it */
    uint32_t statement; /* the first line before it that would be executed */
    bool line_begun;    /* part of it was read as code: it is code */
    uint32_t ready;     /* code up to here may be read, and has not been */
    where at;
    source src;
    uint32_t code_pos, code_line; /* where code began, or may have */
    uint32_t code_end;
    omost_canvas *cv;
    om_code code;
    omost_status st; /* of the text as a whole, beside code.st */
    omost_error error;
};

static const om_str FENCE = {"```", 3};
static const om_str EXACT_FENCE = {"```python", 9};

/* ---- what a line looks like -------------------------------------------- */

/* The language of the last fence in a trimmed line; false without a fence. */
static bool fence_language(om_str t, om_str *language, bool *at_start)
{
    size_t at = SIZE_MAX;
    for (size_t i = 0; i + 3 <= t.n; i++)
        if (memcmp(t.p + i, "```", 3) == 0) at = i;
    if (at == SIZE_MAX) return false;
    *language = om_str_strip(om_str_skip(t, at + 3), " \t");
    *at_start = at == 0;
    return true;
}

static bool is_python(om_str language)
{
    return om_str_eq_nocase(language, "python") ||
           om_str_eq_nocase(language, "py") ||
           om_str_eq_nocase(language, "python3");
}

/* Take `word` off the front of s, and the space after it. */
static bool take(om_str *s, const char *word)
{
    om_str w = om_str_of(word);
    if (!om_str_starts(*s, w)) return false;
    *s = om_str_skip(*s, w.n);
    while (s->n && (s->p[0] == ' ' || s->p[0] == '\t')) *s = om_str_skip(*s, 1);
    return true;
}

static bool is_name_char(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

/* "canvas = Canvas()", or one of its two calls begun. */
static bool begins_canvas(om_str t)
{
    om_str s = t;
    if (!take(&s, "canvas")) return false;
    if (take(&s, "="))
        return take(&s, "Canvas") && take(&s, "(") && take(&s, ")");
    return take(&s, ".") &&
           (take(&s, "set_global_description") ||
            take(&s, "add_local_description")) &&
           take(&s, "(");
}

static size_t first_word(om_str t)
{
    size_t n = 0;
    while (n < t.n && is_name_char(t.p[n])) n++;
    return n;
}

static bool is_keyword(om_str w)
{
    static const char *const keywords[] = {
        "import", "from",  "def",    "class",    "for",      "while",
        "if",     "try",   "with",   "async",    "await",    "lambda",
        "return", "yield", "global", "nonlocal", "del",      "assert",
        "raise",  "not",   "match",  "pass",     "continue", "break",
    };
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (om_str_eqz(w, keywords[i])) return true;
    return false;
}

/* A sentence after code that no fence ended: two words in a row, or a word and
 * a mark that no statement has there. What may be a statement is code. */
static bool looks_like_prose(om_str t)
{
    if (t.n == 0) return false;
    if (strchr("*->", t.p[0]) && t.p[0]) return true;
    size_t n = first_word(t);
    if (n == 0 || n == t.n || is_keyword((om_str){t.p, n})) return false;
    om_str rest = om_str_skip(t, n);
    if (rest.p[0] == '!' || rest.p[0] == '?' || rest.p[0] == '\'' ||
        om_str_starts(rest, OM_STR("\xE2\x80\x99")))
        return true;
    return rest.p[0] == ' ' && rest.n > 1 && is_name_char(rest.p[1]);
}

/* A line that would do something if it were run: an import, a block, an
 * assignment, a call. Words of prose with a bracket after a space are not. */
static bool looks_like_statement(om_str t)
{
    size_t n = first_word(t);
    om_str word = {t.p, n}, rest = om_str_skip(t, n);
    if (t.n && t.p[0] == '@') return true;
    if (n == 0) return false;
    if (is_keyword(word) && t.p[t.n - 1] == ':') return true;
    if (om_str_eqz(word, "import") || om_str_eqz(word, "del"))
        return rest.n > 1 && rest.p[0] == ' ' &&
               first_word(om_str_skip(rest, 1)) == rest.n - 1;
    if (om_str_eqz(word, "from"))
        return om_str_find(rest, OM_STR(" import ")) != SIZE_MAX;
    while (rest.n > 1 && rest.p[0] == '.' && is_name_char(rest.p[1])) {
        rest = om_str_skip(rest, 1);
        rest = om_str_skip(rest, first_word(rest));
    }
    if (rest.n && rest.p[0] == '(')
        return om_str_find(rest, OM_STR(")")) != SIZE_MAX;
    return take(&rest, " ") ? rest.n > 1 && rest.p[0] == '=' && rest.p[1] != '='
                            : rest.n > 1 && rest.p[0] == '=';
}

/* ---- code begins and ends ---------------------------------------------- */

static void note_at(omost_reader *rd, uint32_t line, const char *msg)
{
    omost_error err = {0};
    om_place at = {.line = (int)line, .col = 1, .len = 1};
    if (om_canvas_note(rd->cv, at, &err, "%s", msg) == OMOST_OK) return;
    rd->st = err.status;
    rd->error = err;
}

static void open_code(omost_reader *rd, source src, uint32_t pos, uint32_t line)
{
    rd->at = IN_CODE;
    rd->src = src;
    rd->code_pos = pos;
    rd->code_line = line;
    om_code_start(&rd->code, pos, line);
    if (src == BARE && rd->statement) {
        om_place at = {.line = (int)rd->statement, .col = 1, .len = 1};
        om_code_fail(&rd->code, at,
                     "this line before the canvas would have to be executed; "
                     "a canvas holds nothing but its own calls");
        return;
    }
    if (src == BARE && rd->has_prose)
        note_at(rd, line,
                "there is no ```python block; the canvas was read from here");
    if (src == VARIANT)
        note_at(
            rd, line > 1 ? line - 1 : 1,
            "the code block is not marked ```python exactly; it was read all the same");
}

static void close_code(omost_reader *rd, uint32_t end, bool closed)
{
    om_code_end(&rd->code, rd->text, end, closed);
    rd->ready = 0;
    rd->code_end = end;
    rd->at = IN_TAIL;
    if (rd->strict || rd->code.any || rd->code.st != OMOST_OK) return;
    rd->at = IN_PROSE; /* an empty block: the canvas may still come */
    rd->src = NO_SOURCE;
    om_code_forget(&rd->code);
}

/* ---- line by line ------------------------------------------------------ */

/* A ```python line that opens the code to be read, whatever was before. */
static bool is_exact_opening(const omost_reader *rd, om_str line)
{
    return rd->src != EXACT && om_str_ends(line, EXACT_FENCE);
}

static bool closes_code(const omost_reader *rd, om_str line)
{
    if (rd->line_pos == rd->code_pos && rd->strict)
        return false; /* no \n before it */
    if (om_str_starts(line, FENCE)) return true;
    return !rd->strict && om_code_is_idle(&rd->code) &&
           om_str_starts(om_str_strip(line, " \t"), FENCE);
}

static bool begins_with_tick(om_str line)
{
    size_t i = 0;
    while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t')) i++;
    return i < line.n && line.p[i] == '`';
}

static void read_ready(omost_reader *rd)
{
    if (rd->ready) om_code_read(&rd->code, rd->text, rd->ready);
    rd->ready = 0;
}

static void code_line(omost_reader *rd, om_str line, uint32_t end)
{
    /* Most lines are code whatever is in them: they are read many at a time. */
    if (rd->src == EXACT && !begins_with_tick(line)) {
        /* the line end before a fence is the fence's: strict waits with it */
        rd->ready = rd->strict ? (uint32_t)(line.p + line.n - rd->text) : end;
        return;
    }
    read_ready(rd);
    om_str t = om_str_strip(line, " \t\r");
    bool prose =
        rd->src == BARE && om_code_is_idle(&rd->code) && looks_like_prose(t);
    const uint32_t fence_end = rd->strict && rd->line_pos > rd->code_pos;
    if (!rd->line_begun && (prose || closes_code(rd, line)))
        close_code(rd, rd->line_pos - fence_end, true);
    else
        om_code_read(&rd->code, rd->text, end);
}

static void prose_line(omost_reader *rd, om_str line, uint32_t end)
{
    om_str t = om_str_strip(line, " \t\r"), language;
    bool at_start;
    if (rd->line == 1 && om_str_starts(t, OM_STR("\xEF\xBB\xBF")))
        t = om_str_skip(t, 3);
    bool fence = fence_language(t, &language, &at_start);
    bool bare = !fence && rd->at == IN_PROSE && begins_canvas(t);
    if (t.n && t.p[0] != '#' && !bare) rd->has_prose = true;
    if (!rd->statement && rd->at == IN_PROSE && !bare &&
        looks_like_statement(t))
        rd->statement = rd->line;
    if (fence && is_python(language)) {
        open_code(rd, VARIANT, end, rd->line + 1);
    } else if (fence && at_start) {
        if (rd->at != IN_PROSE)
            rd->at = IN_PROSE;
        else
            rd->at = language.n ? IN_OTHER : IN_UNNAMED;
        rd->code_pos = end;
        rd->code_line = rd->line + 1;
    } else if (rd->at == IN_UNNAMED && t.n && t.p[0] != '#') {
        if (begins_canvas(t)) {
            open_code(rd, VARIANT, rd->code_pos, rd->code_line);
            om_code_read(&rd->code, rd->text, end);
        } else {
            rd->at = IN_OTHER;
        }
    } else if (bare) {
        open_code(rd, BARE, (uint32_t)(t.p - rd->text), rd->line);
        om_code_read(&rd->code, rd->text, end);
    }
}

/* One whole line, without its "\n"; the next begins at `end`. */
static void on_line(omost_reader *rd, om_str line, uint32_t end,
                    bool has_newline)
{
    if (has_newline && is_exact_opening(rd, line))
        open_code(rd, EXACT, end, rd->line + 1);
    else if (rd->at == IN_CODE)
        code_line(rd, line, end);
    else if (rd->at != IN_TAIL && !rd->strict)
        prose_line(rd, line, end);
}

/* Whether the line that is coming cannot be a fence or prose any more. Blanks
 * before it are looked at once, however it comes. */
static bool is_surely_code(omost_reader *rd)
{
    enum { LONGEST_HEAD = 256 }; /* longer ones wait for the line's end */
    if (rd->blank < rd->line_pos) rd->blank = rd->line_pos;
    while (rd->blank < rd->valid && rd->text[rd->blank] &&
           strchr(" \t\r", rd->text[rd->blank]))
        rd->blank++;
    om_str t = {rd->text + rd->blank, rd->valid - rd->blank};
    if (t.n < 3 ? om_str_starts(FENCE, t) : om_str_starts(t, FENCE))
        return false;
    if (rd->src != BARE || !om_code_is_idle(&rd->code)) return true;
    return t.n <= LONGEST_HEAD && begins_canvas(t);
}

/* What there is of a line whose end is not there yet: code is read at once,
 * unless it may turn out to be a fence or prose. */
static void on_partial_line(omost_reader *rd)
{
    om_str line = {rd->text + rd->line_pos, rd->valid - rd->line_pos};
    if (rd->at != IN_CODE || line.n == 0) return;
    if (!rd->line_begun && !is_surely_code(rd)) return;
    rd->line_begun = true;
    om_code_read(&rd->code, rd->text, rd->valid);
}

static void read_lines(omost_reader *rd)
{
    while (rd->line_scan < rd->valid && !om_code_has_stopped(&rd->code)) {
        const char *nl =
            memchr(rd->text + rd->line_scan, '\n', rd->valid - rd->line_scan);
        if (!nl) break;
        uint32_t end = (uint32_t)(nl - rd->text) + 1;
        on_line(rd, (om_str){rd->text + rd->line_pos, end - 1 - rd->line_pos},
                end, true);
        rd->line_pos = rd->line_scan = end;
        rd->line_begun = false;
        rd->line++;
    }
    read_ready(rd);
    if (rd->line_scan == rd->valid || om_code_has_stopped(&rd->code)) return;
    rd->line_scan = rd->valid;
    on_partial_line(rd);
}

/* ---- bytes in ---------------------------------------------------------- */

static omost_status fail_text(omost_reader *rd, omost_status st, uint32_t at,
                              const char *msg)
{
    om_place place = {.line = (int)rd->line, .len = 1};
    uint32_t from = rd->line_pos;
    for (uint32_t i = from; i < at; i++) {
        if (rd->text[i] != '\n') continue;
        place.line++;
        from = i + 1;
    }
    place.col = 1 + (int)om_utf8_count(rd->text + from, at - from);
    return rd->st = om_fail_at(&rd->error, st, place, "%s", msg);
}

static omost_status append(omost_reader *rd, const char *bytes, size_t n)
{
    if (n > OMOST_MAX_INPUT - rd->n)
        return rd->st = om_fail(
                   &rd->error, OMOST_LIMIT,
                   "the text is longer than the %d bytes a canvas may have",
                   OMOST_MAX_INPUT);
    if (rd->n + n > rd->cap) {
        size_t cap = rd->cap ? rd->cap * 2u : 4096;
        if (cap < rd->n + n) cap = rd->n + n;
        char *grown = om_realloc(rd->env, rd->text, cap);
        if (!grown) return rd->st = om_fail_nomem(&rd->error);
        rd->text = grown;
        rd->cap = (uint32_t)cap;
    }
    if (n) memcpy(rd->text + rd->n, bytes, n);
    rd->n += (uint32_t)n;
    return OMOST_OK;
}

static omost_status check_utf8(omost_reader *rd)
{
    if (rd->n == 0) return OMOST_OK;
    rd->valid +=
        (uint32_t)om_utf8_valid_len(rd->text + rd->valid, rd->n - rd->valid);
    uint32_t left = rd->n - rd->valid;
    if (left == 0 || om_utf8_is_cut(rd->text + rd->valid, left))
        return OMOST_OK;
    return fail_text(
        rd, OMOST_FORMAT, rd->valid,
        "the text is not UTF-8 here; save it as UTF-8 and try again");
}

/* Whether an error in the code is the last word: a better block could follow
 * a weaker one. */
static bool code_is_final(const omost_reader *rd)
{
    return om_code_has_stopped(&rd->code) || rd->src == EXACT;
}

static omost_status current(const omost_reader *rd, omost_error *err)
{
    if (rd->st != OMOST_OK) {
        if (err) *err = rd->error;
        return rd->st;
    }
    if (rd->code.st == OMOST_OK || !code_is_final(rd)) return OMOST_OK;
    if (err) *err = rd->code.error;
    return rd->code.st;
}

omost_reader *omost_reader_new(const omost_read_opts *opts,
                               omost_read_event_fn *fn, void *user,
                               omost_error *err)
{
    const omost_env *env = opts ? opts->env : NULL;
    om_error_clear(err);
    omost_reader *rd = om_zalloc(env, sizeof *rd);
    if (!rd) {
        om_fail_nomem(err);
        return NULL;
    }
    rd->env = env;
    rd->strict = opts && opts->strict;
    rd->line = 1;
    rd->cv = om_canvas_alloc(env, err);
    om_code_init(&rd->code, env, rd->strict, rd->cv, fn, user);
    if (rd->cv) return rd;
    omost_reader_free(rd);
    return NULL;
}

void omost_reader_free(omost_reader *rd)
{
    if (!rd) return;
    om_code_free(&rd->code);
    omost_canvas_free(rd->cv);
    om_free(rd->env, rd->text);
    om_free(rd->env, rd);
}

omost_status omost_reader_feed(omost_reader *rd, const char *bytes, size_t n,
                               omost_error *err)
{
    om_error_clear(err);
    if (current(rd, err) != OMOST_OK) return current(rd, err);
    if (append(rd, bytes, n) == OMOST_OK) {
        /* what precedes a bad byte is read, so that cutting changes nothing */
        check_utf8(rd);
        omost_status utf8 = rd->st;
        rd->st = OMOST_OK;
        read_lines(rd);
        if (current(rd, NULL) == OMOST_OK) rd->st = utf8;
    }
    return current(rd, err);
}

/* ---- the verdict ------------------------------------------------------- */

static void end_text(omost_reader *rd)
{
    if (rd->n == 0) return;
    if (rd->valid < rd->n && rd->strict) {
        fail_text(rd, OMOST_FORMAT, rd->valid,
                  "the text ends in the middle of a character");
        return;
    }
    om_str rest = {rd->text + rd->line_pos, rd->valid - rd->line_pos};
    if (rest.n) on_line(rd, rest, rd->valid, false);
    if (rd->at != IN_CODE) return;
    bool bare = rd->src == BARE;
    close_code(rd, rd->valid, false);
    if (rd->at != IN_TAIL || rd->code.st != OMOST_OK) return;
    if (rd->strict)
        fail_text(rd, OMOST_SYNTAX, rd->line_pos,
                  "the ```python block is not closed by ```");
    else if (!bare)
        note_at(rd, rd->line,
                "the code block is not closed; taken to end with the reply");
}

static bool names_canvas_literally(const omost_reader *rd)
{
    om_str code = {rd->text + rd->code_pos, rd->code_end - rd->code_pos};
    return om_str_find(code, OM_STR("canvas = Canvas()")) != SIZE_MAX;
}

static omost_status judge(omost_reader *rd)
{
    omost_error *err = &rd->error;
    if (rd->st != OMOST_OK) return rd->st;
    if (rd->code.st != OMOST_OK && rd->src != NO_SOURCE) {
        *err = rd->code.error;
        return rd->code.st;
    }
    bool found = rd->src != NO_SOURCE;
    const om_place top = {
        .line = found ? (int)rd->code_line : 1, .col = 1, .len = 1};
    const omost_canvas *cv = rd->cv;
    if (!found && rd->strict)
        return om_fail_at(
            err, OMOST_SYNTAX, top,
            "there is no ```python code block; the canvas must stand in one");
    if (!found)
        return om_fail_at(
            err, OMOST_SYNTAX, top,
            "there is no canvas in the text; one begins with canvas = Canvas()");
    if (rd->strict && !names_canvas_literally(rd))
        return om_fail_at(
            err, OMOST_SYNTAX, top,
            "the code block lacks canvas = Canvas(), spelt so; begin with it");
    if (!cv->global && rd->strict)
        return om_fail_at(
            err, OMOST_SYNTAX, top,
            "the canvas lacks canvas.set_global_description(...)");
    if (!cv->global && cv->n == 0 && rd->code.left_out.line)
        return om_fail_at(err, OMOST_SYNTAX, rd->code.left_out,
                          "the reply was cut off here before any call was "
                          "whole; ask for it again");
    if (!cv->global && cv->n == 0)
        return om_fail_at(err, OMOST_SYNTAX, top,
                          "nothing is described: the canvas has neither a "
                          "whole global description nor a whole region");
    if (!cv->global)
        note_at(
            rd, rd->code_line,
            "there is no global description; the picture as a whole is taken as empty, in gray");
    return rd->st;
}

omost_canvas *omost_reader_finish(omost_reader *rd, omost_error *err)
{
    om_error_clear(err);
    if (rd->finished) {
        om_fail(err, OMOST_USAGE, "the reader has been finished before");
        return NULL;
    }
    rd->finished = true;
    if (current(rd, NULL) == OMOST_OK) {
        end_text(rd);
        rd->st = judge(rd);
        om_code_tell_notes(&rd->code);
    }
    if (rd->st == OMOST_OK && rd->code.st != OMOST_OK) {
        rd->st = rd->code.st;
        rd->error = rd->code.error;
    }
    if (rd->st != OMOST_OK) {
        if (err) *err = rd->error;
        return NULL;
    }
    omost_canvas *cv = rd->cv;
    rd->cv = NULL;
    return cv;
}

omost_canvas *omost_canvas_parse(const char *text, size_t len,
                                 const omost_read_opts *opts, omost_error *err)
{
    omost_error own;
    omost_canvas *cv = NULL;
    omost_reader *rd = omost_reader_new(opts, NULL, NULL, err);
    if (!rd) return NULL;
    if (omost_reader_feed(rd, text, len, &own) != OMOST_OK) {
        if (err) *err = own;
    } else {
        cv = omost_reader_finish(rd, err);
    }
    omost_reader_free(rd);
    return cv;
}
