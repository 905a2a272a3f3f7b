"""A web server that misbehaves on request, for the tests of net and composer.

Prints two port numbers of 127.0.0.1 (the same server twice: two origins) and
serves until its standard input ends. The path says how to behave:

    /hello /echo /file                good answers (/file knows Range)
    /status/N[/SECONDS]               that status, maybe with Retry-After
    /busy/K/NAME[/SECONDS]            503 K times, then good
    /silent /stall /drip              no answer; one that stops; a slow one
    /early /early-chunk /nothing      closed before the end; at once
    /longer /endless /headers         more than was announced; without end
    /garbage                          no HTTP
    /to/WHERE/STATUS                  a redirect: other, same, loop, file, none
    /page /evil                       errors: a web page, control characters
    /chat/NAME/...                    chat completions in the dialect NAME

What was asked is kept: /log gives it as JSON and forgets it.
"""

import json
import socket
import sys
import threading
import time

FILE = bytes(i * 7 % 251 for i in range(100000))
CANVAS = (
    "```python\ncanvas = Canvas()\n\ncanvas.set_global_description(\n"
    "    description='Two cats.',\n    detailed_descriptions=['One is black.'],\n"
    "    tags='cats',\n    HTML_web_color_name='gray',\n)\n```\n"
)
lock = threading.Lock()
log = []
counts = {}
ports = []


def head(status, *lines):
    text = "HTTP/1.1 %d %s\r\n" % (status, "Words")
    return (text + "".join(l + "\r\n" for l in lines) + "\r\n").encode()


def whole(status, body, *lines, kind="application/json"):
    if not isinstance(body, bytes):
        body = body.encode()
    return head(
        status, "Content-Type: " + kind, "Content-Length: %d" % len(body), *lines
    ) + body


def error(status, message, *lines):
    return whole(status, json.dumps({"error": {"message": message}}), *lines)


def chunk(data):
    if not isinstance(data, bytes):
        data = data.encode()
    return b"%x\r\n%s\r\n" % (len(data), data)


def until_closed(sock):
    """Wait for the client to go away."""
    sock.settimeout(30)
    try:
        while sock.recv(4096):
            pass
    except OSError:
        pass


class Request:
    def __init__(self, sock):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = sock.recv(65536)
            if not piece:
                raise EOFError
            data += piece
            if data[0] == 0x16:  # somebody wants to talk TLS
                sock.sendall(head(400))
                raise EOFError
        self.raw, _, body = data.partition(b"\r\n\r\n")
        lines = self.raw.decode("latin-1").split("\r\n")
        self.method, self.path, _ = lines[0].split(" ", 2)
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        left = int(self.headers.get("content-length", 0)) - len(body)
        while left > 0:
            piece = sock.recv(65536)
            if not piece:
                raise EOFError
            body += piece
            left -= len(piece)
        self.body = body
        with lock:
            log.append(
                {
                    "method": self.method,
                    "path": self.path,
                    "headers": self.headers,
                    "body": body.decode("utf-8", "replace"),
                }
            )

    def json(self):
        return json.loads(self.body)


def count(name):
    with lock:
        counts[name] = counts.get(name, 0) + 1
        return counts[name]


# ---- plain web ----------------------------------------------------------------


def send_file(sock, rq):
    if rq.path == "/file" and rq.headers.get("range", "").startswith("bytes="):
        start = int(rq.headers["range"][6:].split("-")[0])
        if start >= len(FILE):
            sock.sendall(
                whole(416, "", "Content-Range: bytes */%d" % len(FILE))
            )
            return
        part = FILE[start:]
        where = "Content-Range: bytes %d-%d/%d" % (start, len(FILE) - 1, len(FILE))
        sock.sendall(whole(206, part, where, 'ETag: "abc"', kind="x/y"))
        return
    answer = whole(
        200,
        FILE,
        'ETag: "abc"',
        "Accept-Ranges: bytes",
        "Server: mock",
        kind="Application/Octet-Stream; charset=none",
    )
    if rq.method == "HEAD":
        answer = answer[: -len(FILE)]
    sock.sendall(answer)


def redirect(sock, rq, own):
    _, _, where, status = rq.path.split("/")
    other = ports[0] if own == ports[1] else ports[1]
    to = {
        "other": "http://127.0.0.1:%d/echo?key=secret-query" % other,
        "name": "http://localhost:%d/echo" % own,
        "same": "/echo",
        "loop": "/to/loop/302",
        "file": "file:///etc/passwd",
        "none": None,
    }[where]
    lines = ["X-Repo-Commit: c0ffee", 'X-Linked-Etag: "5ha"', "X-Linked-Size: 7"]
    if to:
        lines.append("Location: " + to)
    sock.sendall(whole(int(status), "moved", *lines))


def misbehave(sock, rq):
    p = rq.path.split("/")
    what = p[1]
    if what == "status":
        lines = ["Retry-After: " + p[3]] if len(p) > 3 else []
        sock.sendall(error(int(p[2]), "this is status %s" % p[2], *lines))
    elif what == "busy":
        lines = ["Retry-After: " + p[4]] if len(p) > 4 else []
        if count(rq.path) <= int(p[2]):
            sock.sendall(error(503, "Loading model", *lines))
        else:
            sock.sendall(whole(200, "ready"))
    elif what == "silent":
        until_closed(sock)
    elif what == "stall":
        sock.sendall(head(200, "Content-Length: 100") + b"0123456789")
        until_closed(sock)
    elif what == "drip":
        sock.sendall(head(200, "Transfer-Encoding: chunked"))
        for _ in range(20):
            sock.sendall(chunk("x"))
            time.sleep(0.05)
        sock.sendall(b"0\r\n\r\n")
    elif what == "early":
        sock.sendall(head(200, "Content-Length: 100") + b"0123456789")
    elif what == "early-chunk":
        sock.sendall(head(200, "Transfer-Encoding: chunked") + chunk("abc"))
    elif what == "longer":
        sock.sendall(head(200, "Content-Length: 5") + b"hello, and so on " * 100)
    elif what == "endless":
        sock.sendall(head(200, "Transfer-Encoding: chunked"))
        while True:
            sock.sendall(chunk(b"x" * 10000))
    elif what == "headers":
        sock.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            sock.sendall(b"X-More: " + b"y" * 1000 + b"\r\n")
    elif what == "garbage":
        sock.sendall(b"\x00\x01SSH-2.0-nothing\r\n\r\n" * 4)
    elif what == "page":
        sock.sendall(
            whole(500, "<html><body>oops</body></html>", kind="text/html")
        )
    elif what == "evil":
        key = rq.headers.get("authorization", "").replace("Bearer ", "")
        sock.sendall(
            error(401, "\x1b[31mred\x07 \u202e key %s\r\n\u009b is bad" % key)
        )
    else:
        sock.sendall(error(404, "no " + what))
        return
    return


# ---- chat completions -----------------------------------------------------------


def event(value):
    return "data: %s\n\n" % (value if isinstance(value, str) else json.dumps(value))


def delta(text=None, finish=None, **more):
    d = dict(more)
    if text is not None:
        d["content"] = text
    return event(
        {
            "object": "chat.completion.chunk",
            "model": "mock",
            "choices": [{"index": 0, "delta": d, "finish_reason": finish}],
        }
    )


def pieces(text, n=7):
    return [text[i : i + n] for i in range(0, len(text), n)]


USAGE = {"prompt_tokens": 900, "completion_tokens": 42, "total_tokens": 942}


def stream(name, rq):
    """The events of a dialect, one after another."""
    if name in ("openai", "plain", "cr"):
        yield delta("", role="assistant")
        for piece in pieces(CANVAS):
            yield delta(piece)
        yield delta(finish="stop")
        yield event({"choices": [], "usage": USAGE})
        yield event("[DONE]")
    elif name == "ollama":  # no usage of its own, content in the last chunk
        for piece in pieces(CANVAS):
            yield delta(piece, role="assistant")
        yield delta("", finish="stop", role="assistant")
        yield event("[DONE]")
    elif name == "llama":
        yield delta(role="assistant", content=None)
        yield event(
            {
                "choices": [],
                "prompt_progress": {"total": 900, "cache": 100, "processed": 500},
            }
        )
        for piece in pieces(CANVAS):
            yield delta(piece)
        yield delta(finish="stop")
        usage = dict(USAGE, prompt_tokens_details={"cached_tokens": 880})
        yield event({"choices": [], "usage": usage})
        yield event("[DONE]")
    elif name == "thinking":
        yield delta(role="assistant", reasoning_content="hm")
        yield ": keep-alive\n\n"
        yield delta(reasoning="cats, I suppose")
        for piece in pieces(CANVAS):
            yield delta(piece)
        yield delta(finish="stop")
        yield event("[DONE]")
    elif name == "length":
        yield delta(CANVAS[:60])
        yield delta(finish="length")
        yield event("[DONE]")
    elif name == "inside":
        yield delta("```python\n")
        yield event({"error": {"message": "the GPU has gone", "code": 500}})
    elif name == "open":  # ends without a finish
        yield delta(CANVAS)
    elif name == "json-garbage":
        yield delta("```python\n")
        yield event('{"choices": [')
    elif name == "not-json":
        yield event("ceci n'est pas du JSON")
    elif name == "flood":
        while True:
            yield delta("spam " * 1000)
    elif name == "hang":
        yield delta("```python\n")
        time.sleep(30)
    elif name == "alive":  # and no more than that
        yield delta("", role="assistant")
        for i in range(200):
            yield delta("") if i % 2 else ": keep-alive\n\n"
            time.sleep(0.1)
    elif name == "after":  # never closes after the end
        yield delta(CANVAS)
        yield delta(finish="stop")
        yield event("[DONE]")
        time.sleep(30)


def models(name):
    if name == "nomodels":
        return error(404, "what is a model")
    if name == "locked":
        return error(401, "give a key")
    owner = "llamacpp" if name == "llama" else "mock"
    ids = ["first-model"] if name != "ollama" else ["newest:8b", "older:3b"]
    data = [{"id": i, "object": "model", "owned_by": owner} for i in ids]
    return whole(200, json.dumps({"object": "list", "data": data}))


def chat(sock, rq):
    _, _, name, rest = rq.path.split("/", 3)
    if rest == "v1/models":
        sock.sendall(models(name))
        return
    if rest == "props" and name == "llama":
        props = {"default_generation_settings": {"n_ctx": 8192}}
        sock.sendall(whole(200, json.dumps(props)))
        return
    if rest != "v1/chat/completions" or rq.method != "POST":
        sock.sendall(error(404, "File Not Found"))
        return
    body = rq.json()
    if name == "whole":  # no stream, though one was asked for
        choice = {
            "message": {"role": "assistant", "content": CANVAS},
            "finish_reason": "stop",
        }
        answer = json.dumps({"choices": [choice], "usage": USAGE})
        sock.sendall(whole(200, answer))
    elif name == "web":
        sock.sendall(whole(200, "<html>hello</html>", kind="text/html"))
    elif name == "picky":  # as OpenAI's newer models
        for word in ("max_tokens", "temperature", "top_p"):
            if word in body:
                text = "Unsupported parameter: '%s' is not supported" % word
                if word == "max_tokens":
                    text += ". Use 'max_completion_tokens' instead."
                sock.sendall(error(400, text))
                return
        sock.sendall(whole(200, "".join(stream("openai", rq)), kind="text/event-stream"))
    elif name == "full":
        answer = {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size",
                "type": "exceed_context_size_error",
            }
        }
        if len(body["messages"]) > 2:
            sock.sendall(whole(400, json.dumps(answer)))
        else:
            sock.sendall(
                whole(200, "".join(stream("openai", rq)), kind="text/event-stream")
            )
    elif name == "loading" and count(rq.path) <= 2:
        sock.sendall(error(503, "Loading model", "Retry-After: 0"))
    elif name == "quota":
        sock.sendall(error(429, "slow down", "Retry-After: 3600"))
    elif name == "gone":
        sock.sendall(error(404, "model 'x' not found"))
    elif name == "dead":
        pass
    elif name == "cutoff":
        sock.sendall(
            head(200, "Content-Type: text/event-stream", "Transfer-Encoding: chunked")
            + chunk(delta(CANVAS[:50]))
        )
    else:
        kind = "openai" if name in ("loading", "nomodels") else name
        sock.sendall(
            head(200, "Content-Type: text/event-stream", "Transfer-Encoding: chunked")
        )
        for text in stream(kind, rq):
            if name == "cr":
                text = text.replace("\n", "\r\n")
            sock.sendall(chunk(text))
        sock.sendall(b"0\r\n\r\n")


# ---- serving --------------------------------------------------------------------


def answer(sock, rq, port):
    path = rq.path
    if path == "/log":
        with lock:
            text = json.dumps(log[:-1])
            log.clear()
        sock.sendall(whole(200, text))
    elif path == "/hello":
        sock.sendall(whole(200, "hello", kind="text/plain"))
    elif path.startswith("/echo"):
        sock.sendall(whole(200, rq.raw + b"\r\n\r\n" + rq.body, kind="text/plain"))
    elif path in ("/file", "/file-whole"):
        send_file(sock, rq)
    elif path.startswith("/to/"):
        redirect(sock, rq, port)
    elif path.startswith("/chat/"):
        chat(sock, rq)
    else:
        misbehave(sock, rq)
    with lock:
        good = path in ("/log", "/hello", "/file", "/drip")
    return good or path.startswith(("/echo", "/to/", "/status/", "/busy/"))


def serve(sock, port):
    try:
        with sock:
            while answer(sock, Request(sock), port):
                pass
            sock.shutdown(socket.SHUT_WR)
            until_closed(sock)
    except (OSError, EOFError, ValueError):
        pass


def listen(server, port):
    while True:
        sock, _ = server.accept()
        threading.Thread(target=serve, args=(sock, port), daemon=True).start()


def main():
    for _ in range(2):
        server = socket.socket()
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        ports.append(server.getsockname()[1])
        threading.Thread(
            target=listen, args=(server, ports[-1]), daemon=True
        ).start()
    print(*ports, flush=True)
    sys.stdin.read()


main()
