#!/usr/bin/env python3
"""A model hub for tests: what Hugging Face's answers look like, and every way
they can go wrong. Python's standard library alone.

    mock_hub.py FOLDER

writes FOLDER/hub (the address), FOLDER/cdn (of the server that files are
redirected to) and, line by line, FOLDER/log: "hub GET /path range=- auth=-".
Ends when its standard input does. What a file does is in its name:

    drop     the connection breaks after 40 % of it, the first two times
    norange  the same once, and ranges are not known
    short    announced bytes do not come, once (no Content-Length)
    slow     a quarter of a second for each of eight pieces
    liesize  the hub announces one byte more than there is
    liehash  the hub announces another hash
    huge     the hub announces a million gigabytes
    busy     503 twice
    oddtag   the hub announces an ETag that is a path
    changes  another content each time it is asked for from the start
"""
import hashlib
import http.server
import json
import os
import sys
import threading
import time
import urllib.parse

FOLDER = sys.argv[1]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
SIZE = 400_000
lock = threading.Lock()
seen = {}


def content(name):
    if name.endswith((".json", ".txt")):
        return json.dumps({"file": name}).encode()
    seed = hashlib.sha256(name.encode()).digest()
    return (seed * (SIZE // 32 + 1))[:SIZE]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def blob_id(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


REPOS = {
    "acme/files": [
        "a.bin", "config.json", "deep/er/x.json", "drop.bin", "norange.bin",
        "short.bin", "slow.bin", "slow2.bin", "slow3.bin", "liesize.bin", "liehash.bin",
        "huge.bin", "busy.bin", "oddtag.bin", "full.bin",
    ],
    "acme/sd": [
        ".gitattributes", "README.md", "model_index.json", "sd.safetensors",
        "unet/config.json", "unet/diffusion_pytorch_model.safetensors",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "unet/diffusion_pytorch_model.bin", "unet/onnx/model.onnx",
        "vae/config.json", "vae/diffusion_pytorch_model.safetensors",
        "text_encoder/config.json", "text_encoder/model.fp16.safetensors",
        "text_encoder/openvino_model.xml", "tokenizer/vocab.json",
        "tokenizer/merges.txt", "scheduler/scheduler_config.json",
        "safety_checker/model.safetensors",
    ],
    "acme/llm": [
        "config.json", "tokenizer.json", "tokenizer_config.json",
        "generation_config.json", "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors", "model.safetensors.index.json",
        "pytorch_model.bin", "original/consolidated.pth", "README.md",
    ],
    "acme/ggufs": ["README.md", "m-q8_0.gguf"],
    "acme/nothing": ["README.md", "model.ckpt"],
    "acme/evil": ["config.json", "../../../evil.safetensors"],
    "acme/gated": ["config.json", "model.safetensors"],
}


def is_lfs(name):
    return not name.endswith((".json", ".txt", ".md", ".gitattributes"))


def count(key):
    with lock:
        seen[key] = seen.get(key, 0) + 1
        return seen[key]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def note(self, who):
        line = "%s %s %s range=%s auth=%s if_range=%s\n" % (
            who, self.command, self.path, self.headers.get("Range", "-"),
            self.headers.get("Authorization", "-"),
            self.headers.get("If-Range", "-"))
        with lock, open(os.path.join(FOLDER, "log"), "a") as f:
            f.write(line)

    def answer(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def drop(self):
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(2)

    def send_file(self, name, data, etag):
        """All of it or a range, with the fault the name asks for."""
        start = 0
        wanted = self.headers.get("Range", "")
        mark = self.headers.get("If-Range")
        if wanted.startswith("bytes=") and "norange" not in name and (
                mark is None or mark == '"%s"' % etag):
            start = int(wanted[6:].split("-")[0])
        if start >= len(data) > 0:
            self.answer(416, [("Content-Range", "bytes */%d" % len(data))])
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", "bytes %d-%d/%d"
                             % (start, len(data) - 1, len(data)))
        rest = data[start:]
        short = "short" in name and count("short") == 1
        if not short:
            self.send_header("Content-Length", str(len(rest)))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.send_header("ETag", '"%s"' % etag)
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        if self.command == "HEAD":
            return
        breaks = ("drop" in name and count(name) <= 2) or (
            "norange" in name and count(name) == 1)
        if short:
            self.wfile.write(rest[:len(rest) // 2])
        elif breaks:
            self.wfile.write(rest[:len(data) * 4 // 10])
            self.drop()
        elif "slow" in name:
            step = len(data) // 8
            for i in range(0, len(rest), step):
                self.wfile.write(rest[i:i + step])
                self.wfile.flush()
                time.sleep(0.25)
        else:
            self.wfile.write(rest)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        try:
            self.serve()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True


class Hub(Handler):
    def serve(self):
        self.note("hub")
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        parts = path.strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            self.list("/".join(parts[2:4]), parts[5] if len(parts) > 5 else "")
        elif len(parts) > 4 and parts[2] == "resolve":
            self.resolve("/".join(parts[:2]), parts[3], "/".join(parts[4:]))
        else:
            self.answer(404)

    def may(self, repo):
        if repo == "acme/secret" or repo not in REPOS:
            self.answer(401, [("X-Error-Code", "RepoNotFound")],
                        b'{"error":"Invalid username or password."}')
            return False
        if repo == "acme/gated" and self.headers.get(
                "Authorization") != "Bearer hf_good":
            self.answer(403, [("X-Error-Code", "GatedRepo")],
                        b'{"error":"Access to model acme/gated is restricted"}')
            return False
        return True

    def list(self, repo, rev):
        if not self.may(repo):
            return
        if rev not in ("main", "v2", COMMIT):
            self.answer(404, [], b'{"error":"Invalid rev id"}')
            return
        files = []
        for name in REPOS[repo]:
            data = content(name)
            one = {"rfilename": name, "size": len(data),
                   "blobId": blob_id(data)}
            if is_lfs(name):
                one["lfs"] = {"sha256": sha256(data), "size": len(data),
                              "pointerSize": 134}
            files.append(one)
        self.answer(200, [("Content-Type", "application/json")],
                    json.dumps({"sha": COMMIT, "siblings": files}).encode())

    def resolve(self, repo, rev, name):
        if not self.may(repo):
            return
        if rev not in ("main", "v2", COMMIT) or name not in REPOS[repo]:
            self.answer(404, [("X-Error-Code", "EntryNotFound")],
                        b"Entry not found")
            return
        if "busy" in name and count("busy") <= 2:
            self.answer(503, [("Retry-After", "0")])
            return
        data = content(name)
        headers = [("X-Repo-Commit", COMMIT)]
        if not is_lfs(name):
            headers.append(("ETag", '"%s"' % blob_id(data)))
            self.answer(200, headers, data)
            return
        size = len(data) + ("liesize" in name)
        if "huge" in name:
            size = 10 ** 15
        tag = sha256(data if "liehash" not in name else b"another")
        if "oddtag" in name:
            tag = "../../../../evil"
        headers += [("X-Linked-Size", str(size)),
                    ("X-Linked-Etag", '"%s"' % tag),
                    ("Location", "%s/blob/%s?signature=s3cr3t"
                     % (CDN, urllib.parse.quote(name)))]
        self.answer(302, headers)


class Cdn(Handler):
    def serve(self):
        self.note("cdn")
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        name = path[len("/blob/"):]
        if not path.startswith("/blob/"):
            self.answer(404)
            return
        if self.command == "HEAD":  # signed for GET alone
            self.answer(403)
            return
        data = content(name)
        if "huge" in name:
            self.send_response(200)
            self.send_header("Content-Length", str(10 ** 15))
            self.end_headers()
            self.drop()
            return
        if "changes" in name:
            n = seen.get("changes", 0)
            if "Range" not in self.headers or n == 1:
                n = count("changes")
            data = content("%d" % n)
            if n == 1:
                seen.pop("drop-changes", None)
                name = "drop-changes"
        self.send_file(name, data, sha256(data)[:32])


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # clients that leave are what is tested


servers = []
for handler in (Hub, Cdn):
    server = Server(("127.0.0.1", 0), handler)
    servers.append(server)
CDN = "http://127.0.0.1:%d" % servers[1].server_port
open(os.path.join(FOLDER, "log"), "w").close()
for server, name in zip(servers, ("hub", "cdn")):
    threading.Thread(target=server.serve_forever, daemon=True).start()
    path = os.path.join(FOLDER, name)
    with open(path + ".new", "w") as f:
        f.write("http://127.0.0.1:%d" % server.server_port)
    os.rename(path + ".new", path)
sys.stdin.read()
