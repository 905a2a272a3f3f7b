/* reply_reader.h - a reply as it comes: bytes become whole characters, are
 * kept, and are read as a canvas. */
#ifndef OM_COMPOSER_REPLY_READER_H
#define OM_COMPOSER_REPLY_READER_H

#include "base/buf.h"
#include "omost/compose.h"

typedef struct om_reply_reader {
    om_buf text;
    char part[4]; /* the beginning of a character */
    size_t n_part;
    omost_reader *reader;
    bool no_canvas; /* the reader has given up; the text is kept all the same */
    bool (*on_text)(void *user, omost_str text);
    void *user;
    omost_error failed; /* of feeding: out of memory, too long */
} om_reply_reader;

omost_status om_reply_begin(om_reply_reader *r, const omost_env *env,
                            bool (*on_text)(void *user, omost_str text),
                            omost_read_event_fn *on_read, void *user,
                            omost_error *err);
/* Bytes that are no UTF-8 become U+FFFD, as in every other program that shows
 * such text. False to stop: a callback said so, or `failed` says why. */
bool om_reply_feed(om_reply_reader *r, omost_str bytes);
/* Fills text, len, canvas and why. */
omost_status om_reply_end(om_reply_reader *r, omost_reply *reply,
                          omost_error *err);
/* Safe after om_reply_end(). */
void om_reply_abandon(om_reply_reader *r);

/* Append the line of that number, quoted, as a sentence; nothing when there is
 * none. */
void om_reply_quote_line(om_buf *out, omost_str text, int line);

#endif
