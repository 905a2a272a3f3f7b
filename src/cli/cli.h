/* cli.h - what the program's commands share: tables of options, reading,
 * writing and complaining.
 *
 * A command is one file with one const om_command; cli_main.c lists them. The
 * parser, --help, the man page, the completions and docs/options.md are all
 * read from these tables, so an option is written down once.
 *
 * Results go to standard output, everything about them to standard error.
 * Functions that return `int` return an exit code, 0 when all is well; they
 * have already said what is wrong when it is not 0. */
#ifndef OM_CLI_CLI_H
#define OM_CLI_CLI_H

#include "base/buf.h"
#include "omost/canvas.h"

/* ---- exit codes -------------------------------------------------------- */

/* code, name, when; the other statuses map to these (omost/status.h) */
#define OM_EXIT_LIST(X)                                      \
    X(0, FINE, "all is well")                                \
    X(1, REFUSED, "an input was read and refused")           \
    X(2, USAGE, "wrong options or arguments")                \
    X(3, MISSING,                                            \
      "a file, folder or model is missing, or reading or "   \
      "writing failed")                                      \
    X(4, LIMIT, "out of memory, or an input over a limit")   \
    X(5, DIFFERS,                                            \
      "the answer is \"they differ\": diff --exit-code and " \
      "fmt --check only")                                    \
    X(130, STOPPED, "stopped by Ctrl-C (143: by a request to end)")

enum om_exit {
#define X(code, name, text) OM_EXIT_##name = code,
    OM_EXIT_LIST(X)
#undef X
};

/* ---- tables ------------------------------------------------------------ */

typedef enum om_arg_kind {
    OM_ARG_NONE, /* a flag */
    OM_ARG_FILE,
    OM_ARG_FOLDER,
    OM_ARG_CHOICE, /* one of `choices` */
    OM_ARG_SIZE,   /* WxH, or N for a square; each within min..max */
    OM_ARG_INT,    /* within min..max; both 0: any */
    OM_ARG_NUMBER, /* the same with a fraction */
    OM_ARG_TEXT
} om_arg_kind;

enum { OM_HINT_MAX = 100 };

typedef struct om_option {
    const char *name; /* without the "--" */
    char letter;      /* its short form; 0: none */
    const char *also; /* one of several letters after one dash ("ngl" is -ngl,
                       * as in llama.cpp); or NULL */
    om_arg_kind kind;
    const char *arg;                      /* what help calls its value */
    const char *const *choices;           /* ends with NULL; or: */
    const char *(*choice_at)(size_t i);   /* the i-th, NULL beyond */
    int (*choice_find)(const char *name); /* its index, or -1 */
    /* What to write instead of a word that is no choice; false: no idea. */
    bool (*choice_hint)(char out[OM_HINT_MAX], const char *word);
    double min, max; /* both 0: any */
    bool many; /* every one given counts (om_args.many), not the last alone */
    const char *fallback; /* the default, as text; NULL: none to speak of */
    const char *help;     /* a phrase, without a capital or a full stop */
} om_option;

/* What one option got. */
typedef struct om_opt_value {
    bool set;         /* it was given */
    const char *text; /* its value as typed, else the default, else NULL */
    int choice;       /* index into choices, of the default as well; or -1 */
    int width, height;
    int64_t integer; /* of the default as well */
    double number;
} om_opt_value;

enum { OM_MAX_OPTIONS = 80, OM_MAX_MANY = 64 };

/* One value of an option that may be given often. */
typedef struct om_many_value {
    int option;
    const char *text;
} om_many_value;

typedef struct om_args {
    om_opt_value opt[OM_MAX_OPTIONS]; /* by index in the command's table */
    char **operand;                   /* borrowed from argv */
    int n_operands;
    om_many_value many[OM_MAX_MANY]; /* in the order given */
    int n_many;
    bool help;
} om_args;

typedef struct om_example {
    const char *line, *text;
} om_example;

typedef struct om_command om_command;

typedef struct om_cli {
    const om_command *cmd; /* the one that runs; NULL before there is one */
    bool color;            /* diagnostics may be coloured */
    bool quiet;            /* no notes */
} om_cli;

struct om_command {
    const char *name;
    const char *operands; /* as the usage line has them: "FILE..." */
    int min_operands, max_operands;
    const char *summary; /* a phrase */
    /* Paragraphs, ends with NULL. "WORD\tmeaning" is an entry of a list. */
    const char *const *text;
    const om_option *options;   /* ends with a NULL name */
    const om_example *examples; /* ends with a NULL line */
    int (*run)(om_cli *cli, const om_args *args);
};

enum { OM_MANY = 1 << 20 }; /* max_operands of "FILE..." */

extern const om_command om_cmd_check, om_cmd_fmt, om_cmd_preview, om_cmd_plan,
    om_cmd_diff, om_cmd_convert, om_cmd_compose, om_cmd_chat, om_cmd_draw,
    om_cmd_render, om_cmd_serve, om_cmd_models, om_cmd_pull, om_cmd_gguf,
    om_cmd_info, om_cmd_doctor, om_cmd_help;

/* All commands, in the order help shows them; ends with NULL. */
extern const om_command *const om_commands[];
const om_command *om_command_find(const char *name);
/* Say that there is none of this name; returns 2. */
int om_unknown_command(const om_cli *cli, const char *name);

/* A row of omost/options.h as one of a command. */
#define OM_SHARED_OPTION(id, name_, letter_, arg_, kind_, min_, max_, \
                         fallback_, group_, help_)                    \
    {                                                                 \
        .name = name_, .letter = letter_, .arg = arg_, .min = min_,   \
        .max = max_, .fallback = fallback_, .help = help_,            \
        OM_SHARED_##kind_(id)                                         \
    }
#define OM_SHARED_INT(id) .kind = OM_ARG_INT
#define OM_SHARED_NUMBER(id) .kind = OM_ARG_NUMBER
#define OM_SHARED_TEXT(id) .kind = OM_ARG_TEXT
#define OM_SHARED_FLAG(id) .kind = OM_ARG_NONE
#define OM_SHARED_CHOICE(id) OM_CHOICE_##id

/* Options that several commands have, worded once. */
#define OM_OPTION_STRICT                                                       \
    {                                                                          \
        .name = "strict",                                                      \
        .help = "take only what the original takes: one ```python fence, and " \
                "no repair but of misspelt names"                              \
    }
#define OM_OPTION_QUIET                                 \
    {                                                   \
        .name = "quiet", .letter = 'q',                 \
        .help = "leave out the notes on standard error" \
    }
#define OM_OPTION_OUTPUT                                                    \
    {                                                                       \
        .name = "output", .letter = 'o', .kind = OM_ARG_FILE, .arg = "OUT", \
        .fallback = "-", .help = "write to OUT; - is standard output"       \
    }

/* Options of the program itself, and of every command. */
extern const om_option om_program_options[]; /* ends with a NULL name */
extern const om_option om_help_option;

/* ---- arguments (cli_args.c) -------------------------------------------- */

/* argv[0..argc) are what follows the command's name. */
int om_args_parse(om_cli *cli, int argc, char **argv, om_args *out);

/* The i-th word a choice may be, NULL beyond. */
const char *om_option_choice(const om_option *o, size_t i);

/* The one of `words` (ends with NULL) a misspelt `word` probably meant, or
 * NULL. (cli_suggest.c) */
const char *om_suggest(const char *word, const char *const *words);

/* ---- help and generated documents -------------------------------------- */

void om_help_program(om_buf *out);
void om_help_command(om_buf *out, const om_command *cmd);
/* What --version prints. */
void om_help_version(om_buf *out);

/* Append words, broken at spaces before `width`; lines but the first begin
 * with `indent` spaces, and the first already has `column` characters. */
void om_wrap(om_buf *out, const char *text, int column, int indent, int width);
/* "  -o, --output OUT" */
void om_option_usage(om_buf *out, const om_option *o);
/* Whether min..max mean something. */
bool om_option_has_range(const om_option *o);
/* The help of an option with its choices, range and default. */
void om_option_help(om_buf *out, const om_option *o);

/* The documents made from the tables; the words of `omost --generate`. */
#define OM_DOCUMENT_LIST(X) X(man) X(bash) X(zsh) X(fish) X(options) X(http_api)
#define X(name) void om_generate_##name(om_buf *out);
OM_DOCUMENT_LIST(X)
#undef X

/* ---- reading, writing (cli_io.c) --------------------------------------- */

/* A canvas and the text it was read from. All zero is empty. */
typedef struct om_input {
    const char *path, *name; /* name: the path, or "<stdin>" */
    om_buf text;
    omost_canvas *canvas;
    omost_error err; /* why there is no canvas */
} om_input;

#define OM_PNG_MAGIC OM_STR("\x89PNG\r\n\x1a\n")
/* A file that begins so. (cli_picture.c) */
bool om_is_png(const char *path);

/* Read the file and the canvas in it, or the canvas a picture of `omost render`
 * was drawn from; notes and errors are shown. */
int om_input_read(om_cli *cli, om_input *in, const char *path, bool strict);
void om_input_free(om_input *in);
/* How much `text` looks like: our JSON or ComfyUI's, a fenced reply, code. */
bool om_input_is_json(const om_input *in);
bool om_input_is_reply(const om_input *in);

/* 0, or 2 and a complaint, when "-" is named more than once. */
int om_stdin_once(om_cli *cli, const om_args *args);

/* Whether that file could be written; nothing is left of the attempt. */
int om_try_target(om_cli *cli, const char *path);
/* Write it all to a file or, for "-", to standard output. */
int om_write(om_cli *cli, const char *path, om_str bytes);
/* The same for a buffer, whose own failure counts too; frees it. */
int om_write_buf(om_cli *cli, const char *path, om_buf *b);
/* The same for a text of the library (NULL: `err` says why); frees it. */
int om_write_text(om_cli *cli, const char *path, char *text, size_t n,
                  const omost_error *err);

/* Append one-line JSON, laid out over lines. (cli_reflow.c) */
void om_json_reflow(om_buf *out, om_str json);

/* The larger of two exit codes; OM_EXIT_DIFFERS is the least trouble. */
int om_worst(int a, int b);

/* What `omost info` says about a PNG file of these bytes. (info_picture.c) */
int om_info_picture(om_cli *cli, bool json, const char *path, om_str bytes);

/* ---- complaining (cli_report.c) ---------------------------------------- */

/* "omost CMD: ..." and where help is to be found; returns 2. */
int om_usage(const om_cli *cli, const char *fmt, ...) OMOST_PRINTF(2, 3);
/* "omost CMD: error's sentence"; returns its exit code. */
int om_complain(const om_cli *cli, const omost_error *err);
/* The same for want of memory. */
int om_complain_nomem(const om_cli *cli);
/* Text from files and command lines on standard error: control characters would
 * talk to the terminal, so they become question marks. */
void om_put_safe(const char *p, size_t n);
/* "omost CMD: note: what" */
void om_say(const om_cli *cli, const char *what);
/* Append text from a file: the same marks where a terminal would act on it. */
void om_put_clean(om_buf *b, om_str s);
/* "FILE: what" */
void om_tell(const om_input *in, const char *what);
/* A note or error at its place in the text, with carets. */
void om_show_note(const om_cli *cli, const om_input *in,
                  const omost_note *note);
void om_show_error(const om_cli *cli, const om_input *in,
                   const omost_error *err);

#endif
