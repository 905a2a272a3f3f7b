"""JSON in all its shapes through the API: what RFC 8259 allows is taken, what it forbids is
refused with 400 or 422 and a sentence, and never anything else. The kinds of cases are those of
parser test suites: structure, numbers, strings, depth, encodings. And bodies of other kinds."""

import json
import random
import socket

from serve_client import *

# Values. Each is sent as {"x": VALUE} to a route that passes over members it does not know.
FINE = rb"""
[] {} [[]] [{}] {"a":{}} [null] [true,false] "" "x" 0 -0 1 -1 10 123456789 1.5 -1.5 0.1e1 1e5 1E5 1e+5
1E-5 123.456e78 0e0 0e+1 -0.0 1e-400 9223372036854775807 -9223372036854775808 [1,2,[3,[4]]]
{"":0} {"a":[],"b":{"c":null}} {"a":1,"b":1} "\"\\\/\b\f\n\r\t" "\u0041" "\u00e9" "\u20ac"
"\ud834\udd1e" "\uffff" "\u0022" "\u005c" "a\u002fb" "/" "'" "\u0060" "\u0012" "\\u0000" "\\n"
[1e1,1E1,1e+1,1e-1] [""] ["a","a"] {"a":"b"} "\uD800\uDC00" "\uDBFF\uDFFF" [[[[[[[[[[]]]]]]]]]]
""".split() + [
    b" [ ] ", b"\t{\n}\r", b'{ "a" : 1 , "b" : [ 1 , 2 ] }', b'"a b"', b'"\x7f"', b"[1\n,2\r\n]",
    "\"\u00e9\u20ac\U0001d11e\"".encode(), "\"\u2028\u2029\"".encode(), "\"\ufeff\"".encode(),
    "{\"\u00e9\":1}".encode(), b'"' + b"a" * 100000 + b'"', b"[" + b"0," * 5000 + b"0]",
    b"[" * 100 + b"]" * 100, b'{"a":' * 100 + b"1" + b"}" * 100,
]

BAD = rb"""
[1,] [,1] [,] [1,,2] [1 {"a":1,} {,} {"a"} {"a":} {"a",1} {:1} {1:1} {a:1} {'a':1} {"a":1,,"b":2}
{"a":1"b":2} {"a" ["a" [1}{ [1}] {"a":[} ] } , : tru trueish True TRUE nul Null nil NaN nan Infinity
-Infinity inf -inf undefined 01 -01 00 1. .5 -.5 +1 ++1 1e 1e+ 1.e5 1e5.5 0x10 0b1 1_000 -- - 1-1 1,5
1ee5 1e1e1 0.e1 2.e+3 - -a 1a 1.a 0e 0e+ 0E+ "\x" "\u" "\u12" "\u123" "\u12G4" "\U0041" "\'" "\a" "\0"
"\ud800" "\udc00" "\ud800\u0041" "\ud800\ud800" "\udc00\ud800" "\ud800x" "\ " "abc abc" 'a' 'a "a' \u0041
"a"b" [1:2] ["a":1] {"a":1]} [} {] [[1] {{}} {"a"::1} {"a":"b":"c"} {[]:1} {null:1} {"a":1}} []]
/*x*/1 1//x #1 <!--1--> "\\\" a" {"a":1;"b":2} [1;2] (1) `1` $1 @ ! ? * & \ ~ ^ % \n""".split(b" ")
BAD = [b for line in BAD for b in line.split(b"\n") if b] + [
    b"", b" ", b'"a\nb"', b'"a\tb"', b'"\x00"', b'"\x1f"', b"[1\x00]", b"\x00", b"1 2", b"[] []", b"{} x",
    b"[1 2]", b"1\x0b", b"1\x0c", b"\xa01", b'"\xff"', b'"\x80"', b'"\xc0\xaf"', b'"\xc3"', b'"\xc3\x28"',
    b'"\xe2\x82"', b'"\xed\xa0\x80"', b'"\xf0\x82\x82\xac"', b'"\xf4\x90\x80\x80"', b'"\xfe"', b"\xff", b"true\x00", b"{\x00}", b'{"\xff":1}', b"\xe2\x80\xa81", b'{"a":1,"a":2}', b'{"a":1,"\\u0061":2}', b'{"a":{"b":1,"b":1}}',
    b"[" * 100000, b'{"a":' * 100000, b"[" * 20000 + b"]" * 20000, b'{"a":' * 20000 + b"1" + b"}" * 20000,
    b"[{" * 50000, b'"' + b"a" * 1000, b"-" * 10000, b"[" + b"1" * 1000 + b"e",
]
# Some readers take these, others do not: any answer that is one.
EITHER = [b"1e999", b"-1e999", b"99999999999999999999", b"-99999999999999999999", b"1" * 1000,
          b"0." + b"1" * 5000, b'"\\u0000"', b'{"\\u0000":1}', b"[" * 1500 + b"]" * 1500, b"1e-999",
          b'"\xef\xbf\xbf"', b"1" + b"0" * 400 + b".0"]
WHOLE_BAD = [b"[]", b"null", b"true", b"1", b'"x"', b"\xef\xbb\xbf{}", "{}".encode("utf-16"),
             "{}".encode("utf-16-be"), "{}".encode("utf-32"), b"{}{}", b"{} // x", b"{", b"}", b"{}\x00",
             b"\x1f\x8b\x08\x00", b"<xml/>", b"a=b&c=d", b"--x\r\n\r\n{}\r\n--x--"]


def alive(s, what):
    return check("well after " + what, s.get("/api/health")[0] == 200)


def values(s):
    where = "/sdapi/v1/interrupt"
    for v in FINE:
        code, got = s.post(where, b'{"x":' + v + b"}")
        check("taken: %r" % v[:60], code == 200, code, got)
    for v in BAD:
        code, got = s.post(where, b'{"x":' + v + b"}")
        check("refused: %r" % v[:60], code in (400, 413, 422) and got["error"]["message"] and
              got["error"]["status"] in ("FORMAT", "SYNTAX", "USAGE", "LIMIT"), code, got)
    for v in EITHER:
        code, got = s.post(where, b'{"x":' + v + b"}")
        check("an answer to %r" % v[:60], code in (200, 400, 422), code, got)
    for b in WHOLE_BAD:
        code, got = s.post(where, b)
        check("no object: %r" % b[:60], code in (400, 422) and got["error"]["message"], code, got)


def places(s):
    """Every kind of parser that a request reaches: the body, a canvas in it, options."""
    n = s.post("/api/sessions")[1]["id"]
    deep = "[" * 3000 + "]" * 3000
    for path, body in (
        ("/api/canvas/parse", {"text": "{" * 50000}), ("/api/canvas/parse", {"text": deep}),
        ("/api/canvas/parse", {"json": json.loads("[" * 200 + "]" * 200)}),
        ("/api/canvas/parse", {"json": {"omost": 1, "regions": [[]] * 2000}}),
        ("/api/canvas/parse", {"text": '{"omost":1e999}'}),
        ("/api/sessions/%d/canvases" % n, {"json": {"regions": {}}}),
        ("/api/canvas/nearest", {"box": [1e308, -1e308, 0, 90]}),
        ("/api/canvas/nearest", {"box": [[]]}), ("/api/canvas/nearest", {"box": "x" * 10000}),
        ("/api/canvas/preview", {"text": "x", "size": 1e18}),
        ("/api/renders", {"canvas": 2 ** 63 - 1}), ("/api/renders", {"canvas": -1}),
        ("/api/renders", {"canvas": 1.0}), ("/api/renders", {"canvas": [1]}),
        ("/api/sessions/%d/messages" % n, {"text": ["x"]}),
        ("/api/sessions/%d/messages" % n, {"text": "x", "compose": {"seed": [1]}}),
        ("/api/sessions/%d/messages" % n, {"text": "x", "compose": deep}),
        ("/v1/chat/completions", {"messages": [[]] * 1000}),
        ("/v1/images/generations", {"prompt": {"a": 1}}), ("/sdapi/v1/txt2img", {"canvas": deep}),
    ):
        code, got = s.post(path, body)
        check("%s %r" % (path, str(body)[:60]), 400 <= code < 500 and got["error"]["message"],
              code, got)


def strings(s):
    """What is kept comes back as it was sent, however it was written."""
    n = s.post("/api/sessions")[1]["id"]
    where = "/api/sessions/%d" % n
    for text in ("", "\"\\/\b\f\n\r\t", "\u00e9\u20ac\U0001d11e", "\ufeffx", "\u2028\u2029\u0085",
                 "<script>", "\u202eabc", "e\u0301", "\U0010ffff\ufffe", "'; DROP TABLE sessions;--"):
        for sent in (json.dumps(text), json.dumps(text, ensure_ascii=False)):
            code, got = s.ask("PATCH", where, ('{"title":%s}' % sent).encode())
            check("kept: %r" % sent, code == 200 and got["title"] == text and
                  s.get(where)[1]["title"] == text, code, got)


def broken_at_random(s):
    """Good requests with a few bytes changed, cut or doubled."""
    dice = random.Random(7)
    good = json.dumps({"text": open("first.txt").read(), "strict": True, "x": [1.5, None, "\u00e9"]})
    good = good.encode()
    for i in range(300):
        b = bytearray(good)
        for _ in range(dice.randint(1, 4)):
            at, what = dice.randrange(len(b)), dice.randrange(3)
            if what == 0:
                b[at] = dice.randrange(256)
            elif what == 1:
                del b[at:at + dice.randint(1, 50)]
            else:
                b[at:at] = b[at:at + dice.randint(1, 50)]
        code, got = s.post("/api/canvas/parse", bytes(b))
        if not check("change %d" % i, code in (200, 400, 422) and got, code, got, bytes(b)[:200]):
            break


def other_kinds(s):
    """No route takes a form: multipart is refused by its type, whatever is in it."""
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="../../x.png"\r\n\r\nx\r\n--b--\r\n'
    types = ("multipart/form-data; boundary=b", "multipart/form-data", "multipart/mixed; boundary=" +
             "b" * 5000, "multipart/form-data; boundary=\"", "application/x-www-form-urlencoded",
             "text/plain", "image/png; x", "application/json, text/plain", "application/", "/", ";", "a/b")
    for path in ("/api/uploads", "/api/sessions", "/v1/images/generations", "/api/jobs/1/cancel"):
        for kind in types:
            for body in (part, part[:-20], part * 50, b"--b", b""):
                if path == "/api/uploads" and kind.startswith("image/png"):
                    continue
                code, got = s.post(path, body, headers={"Content-Type": kind})
                check("%s as %s" % (path, kind[:40]), code == 415 and got["error"]["status"] ==
                      "TYPE", code, got)


def chunks(s):
    """A body in chunks that are none, and one that stops in the middle."""
    head = (b"POST /api/sessions HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
            b"Connection: close\r\n" % s.port)
    chunked = head + b"Transfer-Encoding: chunked\r\n"
    for more, want in (
        (b"\r\n2\r\n{}\r\n0\r\n\r\n", (201,)), (b"\r\n1;x=y\r\n{\r\n1\r\n}\r\n0\r\n\r\n", (201, 400)),
        (b"\r\n02\r\n{}\r\n000\r\nTrailer: x\r\n\r\n", (201, 400)),
        (b"\r\n2\n{}\n0\n\n", (201, 400, None)), (b"\r\n2 \r\n{}\r\n0\r\n\r\n", (201, 400, None)),
        (b"\r\n-2\r\n{}\r\n0\r\n\r\n", (400, 413, None)), (b"\r\n0x2\r\n{}\r\n0\r\n\r\n", (400, None)),
        (b"\r\n2\r\n{}0\r\n\r\n", (400, None)), (b"\r\n" + b"0" * 5000 + b"2\r\n{}\r\n0\r\n\r\n",
                                                 (201, 400, 413, 431, None)),
        (b"\r\n8000000000000000\r\n{}", (400, 413, None)), (b"\r\n\r\n{}\r\n", (400, None)),
        (b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", (201, 400, None)),
        (b"Content-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n", (201, 400, None)),
    ):
        got = s.raw(chunked + more, 3)
        code = int(got.split(b" ", 2)[1]) if got.startswith(b"HTTP/1.1 ") else None
        check("chunks %r" % more[:40], code in want, code, got[:200])
    for body in (chunked + b"\r\n5\r\n{}", head + b"Content-Length: 100\r\n\r\n{}", head[:40], head):
        with socket.create_connection(("127.0.0.1", s.port), 5) as c:
            c.sendall(body)
    two = head.replace(b"Connection: close\r\n", b"") + b"Content-Length: %d\r\n" * 2 + b"\r\n{}"
    after = b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % s.port
    for lengths in ((2, 3), (3, 2), (0, 2), (2, 2 + len(after))):
        got = s.raw(two % lengths + after, 2)
        check("two lengths %d and %d are not both believed" % lengths,
              got.startswith(b"HTTP/1.1 400 ") and got.count(b"HTTP/1.1 ") == 1, got[:200])


def long_names(s):
    """An error names a part of what was wrong, and stays a text."""
    for n in range(56, 64):
        code, got = s.get("/api/sessions?" + "a" * n + "%C3%A9%F0%9F%90%89=1")
        check("a name cut behind %d" % n, code == 400 and
              got["error"]["status"] == "USAGE" and "aaaa" in got["error"]["message"], code, got)


with Server("--script", "two.txt") as s:
    for story in (values, places, strings, broken_at_random, other_kinds, chunks, long_names):
        story(s)
        alive(s, story.__name__)
    check("ends well", s.stop() == 0)
finish()
