"""A client of `omost serve` for the tests: starts it, asks it, listens to it.

    with Server("--script", "two.txt") as s:
        status, body = s.post("/api/sessions", {"title": "x"})

What is wrong is collected by check() and ends the script with status 1.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

OMOST = os.environ["OMOST_BIN"]
GOLDEN = os.environ.get("OMOST_GOLDEN", "")
MODEL = os.path.join(GOLDEN, "model")
DRAW = ["-m", MODEL, "--backend", "ref", "-t", "1"]
SMALL = {"width": 64, "height": 64, "steps": 2, "seed": 7}
failures = []


def check(what, fine, *more):
    if not fine:
        failures.append(what)
        print("FAIL:", what, *more, flush=True)
    return fine


def finish():
    if failures:
        print(len(failures), "failed")
        sys.exit(1)
    print("ok")
    sys.exit(0)


def wait(what, ready, seconds=30):
    """What ready() gives, as soon as it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = ready()
        if value:
            return value
        time.sleep(0.02)
    check("waited for: " + what, False)
    return None


class Server:
    def __init__(self, *args, data="data", env=None, port=0):
        self.args = [OMOST, "serve", "--port", str(port), "--data", data]
        self.args += [str(a) for a in args]
        self.env = dict(os.environ, **(env or {}))
        self.key = (env or {}).get("OMOST_SERVE_KEY")
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.args, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.env, text=True,
        )
        line = self.process.stdout.readline()
        self.line = line
        if not line:
            self.error = self.process.stderr.read()
            self.process.wait()
            self.port = None
            return
        self.port = int(line.rstrip("/\n").rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, how=signal.SIGTERM):
        """The exit code; standard error must not have a sanitizer's word."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            _, err = self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            check("the server ends when it is told to", False)
            self.process.kill()
            _, err = self.process.communicate()
        if err and "Sanitizer" in err:
            check("no sanitizer complains", False, err)
        return self.process.returncode

    def kill(self):
        self.stop(signal.SIGKILL)

    def ask(self, method, path, body=None, headers=None, raw=False):
        h = {}
        if self.key:
            h["Authorization"] = "Bearer " + self.key
        if method in ("POST", "PATCH", "PUT"):
            h["Content-Type"] = "application/json"
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        h.update(headers or {})
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        c.request(method, path, body, h)
        r = c.getresponse()
        data = r.read()
        self.headers = dict(r.getheaders())
        c.close()
        if raw:
            return r.status, data
        try:
            return r.status, json.loads(data) if data else None
        except ValueError:
            return r.status, data

    def get(self, path, **k):
        return self.ask("GET", path, **k)

    def post(self, path, body=None, **k):
        return self.ask("POST", path, {} if body is None else body, **k)

    def job(self, j, *states, seconds=60):
        """Job j as soon as it is in one of the states."""
        states = states or ("done", "failed", "cancelled", "interrupted")

        def ready():
            one = self.get("/api/jobs/%d" % j)[1]
            return one if one["state"] in states else None

        return wait("job %d to be %s" % (j, "/".join(states)), ready, seconds)

    def say(self, session, text, **more):
        return self.post("/api/sessions/%d/messages" % session,
                         dict({"text": text}, **more))

    def raw(self, data, seconds=5):
        """All that comes back for these bytes."""
        out = b""
        with socket.create_connection(("127.0.0.1", self.port), 5) as s:
            s.settimeout(seconds)
            try:
                s.sendall(data)
                while True:
                    got = s.recv(65536)
                    if not got:
                        break
                    out += got
            except OSError:
                pass
        return out


class Events(threading.Thread):
    """Listens; .all is [(id, name, data)]."""

    def __init__(self, server, path="/api/events", last=None):
        super().__init__(daemon=True)
        headers = {"Last-Event-ID": str(last)} if last is not None else {}
        if server.key:
            headers["Authorization"] = "Bearer " + server.key
        self.c = http.client.HTTPConnection("127.0.0.1", server.port,
                                            timeout=120)
        self.c.request("GET", path, headers=headers)
        self.r = self.c.getresponse()
        self.all = []
        self.over = False
        self.start()

    def run(self):
        one = {}
        try:
            for line in iter(self.r.readline, b""):
                line = line.decode().rstrip("\n")
                if line == "" and "event" in one:
                    self.all.append((int(one["id"]), one["event"],
                                     json.loads(one["data"])))
                    one = {}
                elif ": " in line and not line.startswith(":"):
                    key, value = line.split(": ", 1)
                    one[key] = value
        except (OSError, ValueError, http.client.HTTPException,
                AttributeError):
            pass
        self.over = True

    def names(self):
        return [e[1] for e in self.all]

    def close(self):
        try:
            self.c.sock.shutdown(socket.SHUT_RDWR)
        except (OSError, AttributeError):
            pass
