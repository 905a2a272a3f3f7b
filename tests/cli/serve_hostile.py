"""Hostile and broken clients. After each the server must still be well."""

import os
import resource
import socket
import time

from serve_client import *

HOME = b"Host: 127.0.0.1:%d\r\n"


def status(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else None


def head(s, line, *more):
    host = HOME % s.port
    return line + b" HTTP/1.1\r\n" + host + b"".join(m + b"\r\n" for m in more) + \
        b"Connection: close\r\n\r\n"


def guard(s):
    p = s.port
    for host, want in (("127.0.0.1:%d" % p, 200), ("localhost:%d" % p, 200),
                       ("LOCALHOST:%d" % p, 200), ("[::1]:%d" % p, 200),
                       ("studio.example", 200), ("studio.example:443", 200),
                       ("evil.example:%d" % p, 421), ("127.0.0.1", 421),
                       ("127.0.0.1:1", 421), ("localhost.evil.example:%d" % p, 421),
                       ("127.0.0.1.evil.example:%d" % p, 421), ("", 421),
                       ("192.168.1.5:%d" % p, 421), ("localhost:%dx" % p, 421),
                       ("a@localhost:%d" % p, 421)):
        got = s.get("/api/health", headers={"Host": host})
        check("Host %r: %d" % (host, want), got[0] == want, got)
    two = b"GET /api/health HTTP/1.1\r\n" + HOME % p + b"Host: evil.example\r\n\r\n"
    check("two hosts", status(s.raw(two)) in (400, 421))
    check("no host", status(s.raw(b"GET /api/health HTTP/1.1\r\n\r\n")) in (400, 421))
    own = "http://127.0.0.1:%d" % p
    for headers, want in (
        ({"Origin": own}, 201), ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:%d" % (p - 1)}, 403),
        ({"Origin": "http://127.0.0.1:%d.evil.example" % p}, 403),
        ({"Origin": ""}, 403), ({"Origin": own + "/"}, 403),
        ({"Origin": "file://"}, 403), ({"Origin": "https://friend.example"}, 201),
        ({"Origin": own, "Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 201),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate",
          "Sec-Fetch-Dest": "document"}, 403),
        ({"Content-Type": "text/plain"}, 415), ({"Content-Type": ""}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "application/jsonx"}, 415),
        ({"Content-Type": "Application/JSON; charset=utf-8"}, 201),
    ):
        got = s.post("/api/sessions", {}, headers=headers)
        check("post with %r: %d" % (headers, want), got[0] == want, got)
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document"}
    check("a link to the page", s.get("/", headers=link, raw=True)[0] == 200)
    check("no link to the API", s.get("/api/health", headers=link)[0] == 403)
    check("in no frame", s.get("/", headers=dict(link, **{"Sec-Fetch-Dest": "iframe"}))[0] == 403)
    got = s.ask("OPTIONS", "/api/sessions", headers={"Origin": "https://friend.example"})
    check("a friend may ask", got[0] == 204 and
          s.headers.get("Access-Control-Allow-Origin") == "https://friend.example", s.headers)
    got = s.ask("OPTIONS", "/api/sessions", headers={"Origin": "https://evil.example"})
    check("others may not", got[0] in (403, 405) and
          "Access-Control-Allow-Origin" not in s.headers)
    s.get("/api/health")
    check("no CORS by itself", "Access-Control-Allow-Origin" not in s.headers)


def paths(s):
    for path in ("/web/../server.c", "/web/%2e%2e/x.js", "/web/..%2fx.js", "//api/health",
                 "/web/%00.js", "/web/a%5c..%5cb.js", "/web/./x.js", "/api/health%0d%0aX: y",
                 "/web/%c0%ae%c0%ae/x.js", "/web/%zz.js", "/%", "/api/images/1%2f..%2f2.png"):
        code = status(s.raw(head(s, b"GET " + path.encode())))
        check("path %s refused" % path, code in (400, 404, None), code)
    for path in ("/web/etc/passwd", "/web/link.txt", "/web/folder.js", "/web//etc/passwd"):
        code = status(s.raw(head(s, b"GET " + path.encode())))
        check("path %s refused" % path, code in (400, 404), code)
    check("a file of the folder", s.get("/web/fine.js", raw=True) == (200, b"fine"))
    for path in ("/api/sessions/0", "/api/sessions/-1", "/api/sessions/1e3",
                 "/api/sessions/99999999999999999999", "/api/sessions/ 1"):
        code = status(s.raw(head(s, b"GET " + path.encode())))
        check("id %s" % path, code in (400, 404, None), code)
    check("limit", s.get("/api/sessions?limit=0")[0] == 422)
    check("limit", s.get("/api/sessions?limit=abc")[0] == 422)
    check("another method", s.ask("PUT", "/api/health", {})[0] == 405 and
          s.headers["Allow"] == "GET, HEAD", s.headers)
    check("no method", s.ask("BREW", "/api/health")[0] == 405 and
          s.headers["Allow"] == "GET, HEAD", s.headers)
    check("several would do", s.ask("PUT", "/api/sessions/1", {})[0] == 405 and
          s.headers["Allow"] == "GET, HEAD, PATCH, DELETE", s.headers)


def bodies(s):
    bad = [b"{", b"[]", b"null", b"1", b'"x"', b"{]", b'{"a":1,}', b"{'a':1}", b"{a:1}",
           b'{"title":"\xff"}', b'{"title":"\\ud800"}', b'{"title":"a\\u0000b"}',
           b'{"title":1}', b'{"title":[]}', b'{"title":{}}', b'{"title":"x","title":"y"}',
           b'{"title":"x"} x', b"\xef\xbb\xbf{}", b'{"title":"\n"}', b"nan", b"\x00", b"{} {}",
           b'{"x":1e999}', b'{"title":"' + b"a" * 1000 + b'"}',
           b"[" * 100000, b'{"a":' * 5000 + b"1" + b"}" * 5000, b'{"a":' * 60000]
    for b in bad:
        code, got = s.post("/api/sessions", b)
        check("body %r" % b[:40], code in (400, 413, 422) and "message" in got["error"],
              code, got)
    check("no body is an empty object", s.ask("POST", "/api/sessions", b"")[0] == 201)
    code, got = s.post("/api/sessions", b" " * (5 << 20))
    check("5 MiB of nothing", code == 413, code, got)
    early = head(s, b"POST /api/sessions", b"Content-Type: application/json",
                 b"Content-Length: 999999999999")
    begin = time.monotonic()
    check("a huge length is refused at once", status(s.raw(early)) == 413 and
          time.monotonic() - begin < 3)
    for length in (b"-1", b"1x", b"99999999999999999999999", b"0x10"):
        line = head(s, b"POST /api/sessions", b"Content-Type: application/json",
                    b"Content-Length: " + length)
        check("length %r" % length, status(s.raw(line + b"{}", 2)) in (400, 413, None))
    chunked = head(s, b"POST /api/sessions", b"Content-Type: application/json",
                   b"Transfer-Encoding: chunked")
    check("chunks", status(s.raw(chunked + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n")) == 201)
    for bad in (b"zz\r\n", b"-1\r\n{}\r\n", b"ffffffffffffffffff\r\n{}", b"2\r\n{}x\r\n0\r\n\r\n"):
        check("bad chunks %r" % bad, status(s.raw(chunked + bad, 2)) in (400, 413, None))
    both = head(s, b"POST /api/sessions", b"Content-Type: application/json",
                b"Content-Length: 2", b"Transfer-Encoding: chunked").replace(
                    b"Connection: close\r\n", b"")
    after = b"GET /api/health HTTP/1.1\r\n" + HOME % s.port + b"\r\n"
    for tail in (b"{}", b"0\r\n\r\n", b"2\r\n{}\r\n0\r\n\r\n"):
        got = s.raw(both + tail + after, 2)
        check("a length and chunks", status(got) == 400 and got.count(b"HTTP/1.1 ") == 1, got)
    piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
    check("chunks without end", status(s.raw(chunked + piece * 70 + b"0\r\n\r\n")) in (413, None))
    big = head(s, b"GET /api/health", b"X: " + b"a" * 100000)
    check("huge headers", status(s.raw(big)) in (400, 413, 414, 431, None))
    check("a huge line", status(s.raw(head(s, b"GET /" + b"a" * 100000))) in (400, 414, 431, None))
    for junk in (b"\x00" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 1000,
                 b"\x16\x03\x01\x02\x00\x01", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                 b"GET http://evil.example/ HTTP/1.1\r\n" + HOME % s.port + b"\r\n"):
        check("junk %r" % junk[:20], status(s.raw(junk, 1)) in (400, 403, 404, 405, 421, 501, 505, None))
    for bad in (b"", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, b"<svg/>"):
        check("upload %r" % bad[:10],
              s.post("/api/uploads", bad, headers={"Content-Type": "image/png"})[0] == 422)
    check("an upload as JSON", s.post("/api/uploads", b"{}")[0] == 415)


def slow(s):
    """Clients that drip are cut off; meanwhile others are answered."""
    drips = []
    for i in range(40):
        c = socket.create_connection(("127.0.0.1", s.port), 5)
        c.sendall(b"GET /api/health HTTP/1.1\r\nX: ")
        drips.append(c)
    begin, cut = time.monotonic(), None
    while time.monotonic() - begin < 40 and cut is None:
        time.sleep(1)
        try:
            drips[0].sendall(b"a")
            drips[0].settimeout(0.01)
            if drips[0].recv(1) == b"":
                cut = time.monotonic() - begin
        except (socket.timeout, TimeoutError):
            pass
        except OSError:
            cut = time.monotonic() - begin
        check("others are answered", s.get("/api/health")[0] == 200)
    check("who drips is cut off", cut is not None and cut > 10, cut)
    for c in drips:
        c.close()


def listeners(s):
    """Too many pages are turned away; who leaves makes room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 1000 <= hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1000, hard))
    ask, most, some = head(s, b"GET /api/events"), 400, []
    for i in range(most + 1):
        c = socket.create_connection(("127.0.0.1", s.port), 5)
        c.settimeout(10)
        c.sendall(ask)
        got = c.recv(4096)
        if i < most and not check("page %d may listen" % i, status(got) == 200, got):
            break
        some.append(c)
    check("one too many", len(some) == most + 1 and status(got) == 503 and
          b"Retry-After: 10\r\n" in got, got)
    check("others are answered", s.post("/api/sessions", {"title": "to all"})[0] == 201)
    heard = 0
    for c in some[:most]:
        got = b""
        while b"to all" not in got:
            more = c.recv(4096)
            if not more:
                break
            got += more
        heard += b"to all" in got
    check("all of them hear it", heard == most, heard)
    some[0].close()
    check("who leaves makes room", wait("room", lambda: status(s.raw(ask, 1)) == 200))
    for c in some:
        c.close()


os.mkdir("web")
os.mkdir("web/folder.js")
open("web/index.html", "w").write("<html>")
open("web/fine.js", "w").write("fine")
os.symlink("/etc/passwd", "web/link.txt")
with Server("--script", "two.txt", "--web", "web", "--allow-host", "studio.example",
            "--allow-origin", "https://friend.example") as s:
    for story in (guard, paths, bodies, listeners, slow):
        story(s)
        check("well after " + story.__name__, s.get("/api/health")[0] == 200)
    check("ends well", s.stop() == 0)
finish()
