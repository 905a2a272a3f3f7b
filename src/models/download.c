/* download.c - see download.h. */
#include "models/download.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "models/disk.h"

static const char remedy[] =
    "set HF_TOKEN to a token of yours, and accept the model's terms on its "
    "page if it has any";

typedef struct transfer {
    const om_download *d;
    om_path part; /* PLACE.incomplete */
    om_path mark; /* PLACE.incomplete.etag: whose first bytes these are */
    int fd;
    uint64_t have; /* bytes in the file */
    int64_t size;  /* in all; -1: not known yet */
    om_sha256 sum; /* of the bytes in the file */
    bool summing;
    char sha256[65];  /* wanted; "": none */
    omost_status st;  /* what stopped it from within */
    omost_error *err; /* never NULL */
} transfer;

static uint64_t total(const transfer *t)
{
    return t->size > 0 ? (uint64_t)t->size : 0;
}

static bool tell(transfer *t, omost_pull_what what, const char *text)
{
    if (t->d->tell(t->d->user, what, t->have, total(t), text)) return true;
    if (t->st == OMOST_OK) t->st = om_fail(t->err, OMOST_CANCELLED, "stopped");
    return false;
}

static omost_status failed(transfer *t, const char *doing)
{
    return t->st = om_fail(t->err, om_write_status(errno), "cannot %s %s: %s",
                           doing, t->part, strerror(errno));
}

static void no_room(transfer *t)
{
    t->st = om_fail(t->err, om_write_status(errno),
                    "%s cannot be written: %s; what came is kept, and the same "
                    "command goes on from there",
                    t->d->name, strerror(errno));
}

/* ---- the sum of what is there -------------------------------------------- */

static void sum_begin(transfer *t)
{
    char unused[65];
    if (t->summing) om_sha256_end(&t->sum, unused);
    om_sha256_begin(&t->sum);
    t->summing = true;
}

/* Forget all that is there. */
static omost_status start_over(transfer *t)
{
    if (ftruncate(t->fd, 0) != 0 || lseek(t->fd, 0, SEEK_SET) != 0)
        return failed(t, "empty");
    t->have = 0;
    sum_begin(t);
    return OMOST_OK;
}

/* Read what an earlier call left. */
static omost_status sum_part(transfer *t, uint64_t n)
{
    char block[1 << 16];
    sum_begin(t);
    for (t->have = 0; t->have < n;) {
        ssize_t got = read(t->fd, block, sizeof block);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed(t, "read");
        if (got == 0) break; /* somebody cut it: what is there counts */
        om_sha256_add(&t->sum, (om_str){block, (size_t)got});
        t->have += (uint64_t)got;
        if (!tell(t, OMOST_PULL_CHECK, NULL)) return t->st;
    }
    return OMOST_OK;
}

static omost_status open_part(transfer *t)
{
    struct stat sb;
    omost_status st = om_make_folders(t->part, 0777, t->err);
    if (st != OMOST_OK) return st;
    t->fd = open(t->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (t->fd < 0 || fstat(t->fd, &sb) != 0) return failed(t, "write");
    if (t->size >= 0 && sb.st_size > t->size) return start_over(t);
    return sum_part(t, (uint64_t)sb.st_size);
}

/* ---- one request --------------------------------------------------------- */

static omost_status odd_size(transfer *t, int64_t is)
{
    return t->st = om_fail(t->err, OMOST_FORMAT,
                           "%s: the server announces %lld bytes, and %lld "
                           "were expected",
                           t->d->name, (long long)is, (long long)t->size);
}

static void keep_mark(transfer *t, const om_http_response *rs)
{
    /* A weak one does not promise the same bytes. */
    const bool strong = rs->etag[0] == '"';
    if (t->d->may_change && strong)
        om_file_write(t->d->env, t->mark, om_str_of(rs->etag), NULL);
    else
        unlink(t->mark);
}

/* A hash the server offers where none was asked for. */
static void take_sum(transfer *t, const om_http_response *rs)
{
    om_str e = om_str_strip(om_str_of(rs->linked_etag), "\"");
    if (!t->sha256[0] && om_is_hex(e, 64))
        memcpy(t->sha256, e.p, 64), t->sha256[64] = '\0';
}

static bool on_answer(void *user, const om_http_response *rs)
{
    transfer *t = user;
    int64_t all = rs->content_length;
    take_sum(t, rs);
    if (rs->status == 206 && rs->range_start >= 0) {
        if ((uint64_t)rs->range_start != t->have) {
            t->st = om_fail(t->err, OMOST_FORMAT,
                            "%s: the server sends other bytes than were asked "
                            "for",
                            t->d->name);
            return false;
        }
        all = rs->range_total;
        if (all < 0 && rs->content_length >= 0)
            all = rs->range_start + rs->content_length;
    } else if (t->have > 0 && start_over(t) != OMOST_OK) {
        return false;
    }
    if (t->have == 0) keep_mark(t, rs);
    if (all < 0) return true;
    if (t->size >= 0 && all != t->size) return odd_size(t, all), false;
    t->size = all;
    if ((uint64_t)all <= t->have) return true;
    t->st =
        om_disk_check(t->d->place, t->d->name, (uint64_t)all - t->have, t->err);
    return t->st == OMOST_OK;
}

static bool on_data(void *user, const void *p, size_t n)
{
    transfer *t = user;
    if (t->size >= 0 && t->have + n > (uint64_t)t->size)
        return odd_size(t, (int64_t)(t->have + n)), false;
    for (size_t done = 0; done < n;) {
        ssize_t put = write(t->fd, (const char *)p + done, n - done);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return no_room(t), false;
        om_sha256_add(&t->sum, (om_str){(const char *)p + done, (size_t)put});
        done += (size_t)put;
        t->have += (uint64_t)put;
    }
    return tell(t, OMOST_PULL_BYTES, NULL);
}

static bool is_cancelled(void *user)
{
    transfer *t = user;
    return !tell(t, OMOST_PULL_BYTES, NULL);
}

/* Whether bytes that are there may be continued; the etag they are of. */
static bool may_go_on(const transfer *t, om_buf *etag)
{
    if (t->have == 0) return false;
    if (!t->d->may_change) return true;
    return om_file_read(t->mark, etag, NULL) == OMOST_OK && etag->n > 0;
}

static omost_status ask(transfer *t, om_http_response *rs)
{
    om_buf etag;
    om_http_request rq = OM_HTTP_REQUEST_DEFAULTS;
    om_buf_init(&etag, t->d->env, 200);
    rq.url = t->d->url;
    rq.bearer = t->d->bearer;
    rq.auth_remedy = remedy;
    rq.max_body = 0;
    if (may_go_on(t, &etag)) rq.offset = t->have;
    const om_http_header if_range = {"If-Range", etag.p};
    if (rq.offset && etag.n > 0) rq.headers = &if_range, rq.n_headers = 1;
    rq.on_answer = on_answer;
    rq.on_data = on_data;
    rq.cancelled = is_cancelled;
    rq.user = t;
    omost_error why;
    omost_status st = om_http_send(t->d->http, &rq, rs, &why);
    om_buf_free(&etag);
    if (t->st != OMOST_OK) return t->st; /* it was us */
    if (st != OMOST_OK) *t->err = why;
    return st;
}

/* 416: there is nothing after the bytes that are there. */
static bool is_all(const transfer *t, const om_http_response *rs)
{
    return rs->status == 416 && rs->range_total >= 0 &&
           (uint64_t)rs->range_total == t->have;
}

/* Again and again, as long as bytes come. */
static omost_status fetch(transfer *t)
{
    const om_http_retry policy = OM_HTTP_RETRY_DEFAULTS;
    om_http_response rs;
    for (int tries = 1;; tries++) {
        const uint64_t before = t->have;
        omost_status st = ask(t, &rs);
        if (st == OMOST_OK && t->size >= 0 && t->have < (uint64_t)t->size) {
            st = om_fail(t->err, OMOST_IO, "%s: the connection closed early",
                         t->d->name);
            rs.transient = true;
        }
        if (st == OMOST_OK || is_all(t, &rs)) return OMOST_OK;
        if (t->st != OMOST_OK) return t->st;
        if (rs.status == 416 && t->have > 0) {
            if (start_over(t) != OMOST_OK) return t->st;
            continue;
        }
        if (!rs.transient) return st;
        if (t->have > before) tries = 1;
        double pause = om_http_retry_pause(&policy, tries, &rs);
        if (pause < 0) return st;
        omost_error lost = *t->err;
        if (!tell(t, OMOST_PULL_RETRY, lost.msg)) return t->st;
        st = om_http_wait(pause, is_cancelled, t, t->err);
        if (st != OMOST_OK) return st;
    }
}

/* ---- all of it ----------------------------------------------------------- */

static omost_status check(transfer *t)
{
    char is[65];
    if (t->size >= 0 && t->have != (uint64_t)t->size)
        return om_fail(t->err, OMOST_IO,
                       "%s: %llu of %lld bytes came; call again to go on",
                       t->d->name, (unsigned long long)t->have,
                       (long long)t->size);
    bool summed = om_sha256_end(&t->sum, is);
    t->summing = false;
    if (!t->sha256[0]) return OMOST_OK;
    if (!summed) return om_fail(t->err, OMOST_BACKEND, "libcrypto failed");
    if (strcmp(is, t->sha256) == 0) return OMOST_OK;
    unlink(t->part);
    return om_fail(t->err, OMOST_FORMAT,
                   "%s: its SHA-256 is %.12s... and should be %.12s...; what "
                   "came was thrown away, try again",
                   t->d->name, is, t->sha256);
}

static omost_status put_in_place(transfer *t)
{
    if (fsync(t->fd) != 0) return failed(t, "write");
    unlink(t->mark);
    if (rename(t->part, t->d->place) != 0) return failed(t, "rename");
    return OMOST_OK;
}

static omost_status transfer_run(transfer *t)
{
    omost_status st = open_part(t);
    if (st == OMOST_OK && !(t->size >= 0 && t->have == (uint64_t)t->size))
        st = fetch(t);
    if (st == OMOST_OK) st = check(t);
    if (st == OMOST_OK) st = put_in_place(t);
    if (st == OMOST_FORMAT) unlink(t->part), unlink(t->mark);
    return st;
}

static bool wait_for_other(void *user)
{
    return tell(user, OMOST_PULL_WAIT, "another program fetches it");
}

static bool is_there(const om_download *d)
{
    struct stat sb;
    return stat(d->place, &sb) == 0 && (d->size < 0 || sb.st_size == d->size);
}

omost_status om_download_run(const om_download *d, bool *had, omost_error *err)
{
    char unused[65];
    int lock = -1;
    transfer t = {.d = d, .fd = -1, .size = d->size, .err = err};
    if (d->sha256) snprintf(t.sha256, sizeof t.sha256, "%s", d->sha256);
    *had = is_there(d);
    if (*had) return OMOST_OK;
    omost_status st = om_path_printf(t.part, err, "%s.incomplete", d->place);
    if (st == OMOST_OK)
        st = om_path_printf(t.mark, err, "%s.incomplete.etag", d->place);
    if (st == OMOST_OK)
        st = om_lock_take(&lock, d->lock, wait_for_other, &t, err);
    if (st != OMOST_OK) return st;
    *had = is_there(d); /* the other one has done it */
    if (!*had) st = transfer_run(&t);
    if (t.summing) om_sha256_end(&t.sum, unused);
    if (t.fd >= 0) close(t.fd);
    om_lock_give(&lock);
    return st;
}
