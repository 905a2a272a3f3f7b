"""A full disk, a database that another program has locked, too little memory: an error
that says what to do, nothing of what was acknowledged is lost, nothing half is left, and
afterwards all goes on."""

import http.client
import os
import re
import resource
import sqlite3
import subprocess
import threading
import time

from serve_client import *

CANVAS = open("first.txt").read()
HAVE_MODEL = os.path.isdir(MODEL)
draws = DRAW if HAVE_MODEL else []
SLOW = ["--script", "three.txt", "--script-rate", "400"]


def limit(s, what, value):
    hard = resource.prlimit(s.process.pid, what)[1]
    resource.prlimit(s.process.pid, what, (value, hard))


def shown(s, n):
    """All that is acknowledged of session n."""
    one = s.get("/api/sessions/%d" % n)[1]
    return (one["title"], one["messages"], one["canvas"], one["images"])


def files(folder):
    return sorted(os.path.join(at, f) for at, _, names in os.walk(folder) for f in names
                  if not f.startswith("omost.db"))


# ---- a full disk -------------------------------------------------------------------------


class Limited(Server):
    """No file may grow."""

    def folder(self):
        return "limited"

    def fill(self):
        limit(self, resource.RLIMIT_FSIZE, 0)

    def make_room(self):
        limit(self, resource.RLIMIT_FSIZE, resource.RLIM_INFINITY)


class Small(Server):
    """A disk of its own, of 4 MiB."""

    def __init__(self, *args, data):
        os.mkdir(data)
        self.where = os.path.abspath(data)
        super().__init__(*args, data=self.where)

    def start(self):
        mount = 'mount -t tmpfs -o size=4m none "$0" && exec "$@"'
        if self.args[0] != "unshare":
            self.args = ["unshare", "-rm", "sh", "-c", mount, self.where] + self.args
        super().start()

    def folder(self):
        return "/proc/%d/root%s" % (self.process.pid, self.where)

    def fill(self):
        size = 1 << 20
        with open(self.folder() + "/ballast", "wb", buffering=0) as f:
            while size:
                try:
                    f.write(b"x" * size)
                except OSError:
                    size //= 2

    def make_room(self):
        os.remove(self.folder() + "/ballast")


def is_full(what, code, got):
    error = got["error"]
    check(what + ": no room", code == 507 and error["status"] == "FULL" and
          "room" in error["message"] and ("omost.db" in error["message"] or
                                          "upload" in error["message"]), code, got)


def requests_without_room(s, n, c, png):
    is_full("a session", *s.post("/api/sessions", {"title": "x"}))
    is_full("a title", *s.ask("PATCH", "/api/sessions/%d" % n, {"title": "x"}))
    is_full("a canvas", *s.post("/api/sessions/%d/canvases" % n, {"text": CANVAS}))
    is_full("a message", *s.say(n, "more"))
    is_full("a large message", *s.say(n, "more " * 100000))
    is_full("a render", *s.post("/api/renders", {"canvas": c}))
    is_full("an upload", *s.post("/api/uploads", png, headers={"Content-Type": "image/png"}))
    is_full("a picture of the API", *s.post("/sdapi/v1/txt2img", {"prompt": "x"}))
    check("nothing waits", s.get("/api/health")[1]["queue"]["length"] == 0)
    check("reading goes on", s.get("/api/canvases/%d/preview.png" % c, raw=True)[0] == 200)


def failed_full(s, job, what):
    one = s.job(job)
    check(what + " has failed for lack of room", one["state"] == "failed" and
          one["error"]["status"] == "FULL" and "room" in one["error"]["message"] and
          one["ended"], one)
    is_full("doing it again", *s.post("/api/jobs/%d/restart" % job))


def full(s):
    n = s.post("/api/sessions", {"title": "Keep me"})[1]["id"]
    c = s.post("/api/sessions/%d/canvases" % n, {"text": CANVAS})[1]["id"]
    s.job(s.say(n, "first")[1]["job"]["id"])
    png = s.get("/api/canvases/%d/preview.png?size=300" % c, raw=True)[1]
    image = {"canvas": c, "options": dict(SMALL, steps=30)}
    if HAVE_MODEL:
        s.job(s.post("/api/renders", {"canvas": c, "options": SMALL})[1]["job"]["id"])
    before, kept = shown(s, n), files(s.folder())
    s.fill()
    requests_without_room(s, n, c, png)
    check("all is as it was", shown(s, n) == before)
    s.make_room()
    # in the middle of a reply, and of a picture
    jobs = [s.say(n, "second", parent=1)[1]["job"]["id"]]
    wait("text", lambda: (s.get("/api/jobs/%d" % jobs[0])[1]["written"] or {}).get("text"))
    before = shown(s, n)
    s.fill()
    failed_full(s, jobs[0], "a reply")
    check("a failed reply has changed nothing", shown(s, n) == before)
    s.make_room()
    wait("the worker", lambda: s.post("/api/sessions/%d/messages/0/retry" % n)[0] == 202)
    s.job(s.get("/api/jobs")[1]["jobs"][0]["id"])
    before = shown(s, n)
    if HAVE_MODEL:
        jobs.append(s.post("/api/renders", image)[1]["job"]["id"])
        wait("a step", lambda: (s.get("/api/jobs/%d" % jobs[1])[1]["progress"] or {}).get("step"))
        s.fill()
        failed_full(s, jobs[1], "a picture")
        check("told as it is in lists", s.get("/api/jobs")[1]["jobs"][0]["state"] == "failed")
        check("nothing half", [f for f in files(s.folder()) if not f.endswith("/ballast")] ==
              kept, files(s.folder()))
        s.make_room()
    else:
        print("SKIPPED: pictures on a full disk (set OMOST_GOLDEN)")
    check("nothing was lost", shown(s, n) == before)
    for job in jobs:
        code, got = s.post("/api/jobs/%d/restart" % job)
        check("with room it works", code == 202 and
              s.job(got["job"]["id"])["state"] == "done", got)
    check("also uploads", s.post("/api/uploads", png, headers={"Content-Type": "image/png"})[0]
          == 201)
    return n, jobs


def disk_full():
    s = Limited(*SLOW, *draws, data="limited")
    n, jobs = full(s)
    after = shown(s, n)
    s.kill()
    s.start()
    check("kept over a kill", shown(s, n) == after)
    for job in jobs:
        check("as failed, not as interrupted", s.get("/api/jobs/%d" % job)[1]["state"] == "failed")
    # stopped while the disk is full
    job = s.say(n, "third", parent=1)[1]["job"]["id"]
    wait("text", lambda: (s.get("/api/jobs/%d" % job)[1]["written"] or {}).get("text"))
    s.fill()
    failed_full(s, job, "the last reply")
    check("ends well on a full disk", s.stop() == 0)
    s.start()
    check("what could not be told is interrupted", s.get("/api/jobs/%d" % job)[1]["state"] ==
          "interrupted")
    check("ends well", s.stop() == 0)


def small_disk():
    try:
        mount = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
        can = subprocess.run(mount, capture_output=True).returncode == 0
    except OSError:
        can = False
    if not can:
        print("SKIPPED: a disk of its own (no user namespaces here)")
        return
    with Small(*SLOW, *draws, data="small") as s:
        full(s)
        check("ends well", s.stop() == 0)


# ---- locked ------------------------------------------------------------------------------


class Lock:
    """Another program that writes in the file."""

    def __init__(self, data, seconds=None):
        self.db = sqlite3.connect(data + "/omost.db", isolation_level=None,
                                  check_same_thread=False)
        self.db.execute("BEGIN EXCLUSIVE")
        if seconds:
            threading.Timer(seconds, self.release).start()

    def release(self):
        self.db.execute("ROLLBACK")
        self.db.close()


def locked():
    with Server(*SLOW, data="locked") as s:
        n = s.post("/api/sessions")[1]["id"]
        begin = time.monotonic()
        Lock("locked", 1)
        check("waits for a second", s.post("/api/sessions")[0] == 201)
        check("and did wait", time.monotonic() - begin > 0.5)
        job = s.say(n, "two cats")[1]["job"]["id"]
        wait("text", lambda: (s.get("/api/jobs/%d" % job)[1]["written"] or {}).get("text"))
        lock = Lock("locked")
        code, got = s.post("/api/sessions")
        check("not for long", code == 503 and got["error"]["status"] == "LOCKED" and
              "another program" in got["error"]["message"] and
              int(s.headers["Retry-After"]) > 0, code, got, s.headers)
        code, got = s.say(n, "more")
        check("nor for messages", code == 503 and got["error"]["status"] == "LOCKED", got)
        check("reading goes on", len(s.get("/api/sessions/%d" % n)[1]["messages"]) == 1)
        time.sleep(1)
        check("the reply waits for its place", s.get("/api/jobs/%d" % job)[1]["state"] ==
              "running")
        lock.release()
        check("and gets it", s.job(job)["state"] == "done")
        one = s.get("/api/sessions/%d" % n)[1]
        check("well again", len(one["messages"]) == 2 and s.say(n, "more", parent=1)[0] == 202,
              one)
        s.stop()
        lock = Lock("locked")
        s.start()
        check("no start with a locked file", s.port is None and s.process.returncode == 3 and
              "another program has locked" in s.error and s.error.count("\n") == 1, s.error)
        lock.release()
        s.start()
        check("a start afterwards", s.get("/api/sessions/%d" % n)[0] == 200)


def cancelled_meanwhile():
    """What waits can be cancelled, though it can be written down later only."""
    with Server(*SLOW, data="cancelled") as s:
        n = s.post("/api/sessions")[1]["id"]
        first = s.say(n, "two cats")[1]["job"]["id"]
        wait("text", lambda: (s.get("/api/jobs/%d" % first)[1]["written"] or {}).get("text"))
        behind = s.say(n, "two dogs")[1]["job"]["id"]
        ev = Events(s)
        lock = Lock("cancelled")
        check("cancel it", s.post("/api/jobs/%d/cancel" % behind)[0] == 200)
        lock.release()
        check("it was cancelled", s.job(behind)["state"] == "cancelled")
        check("the first is done", s.job(first)["state"] == "done")
        wait("all are told", lambda: [e for e in ev.all if e[1] == "job" and
                                      e[2]["id"] == behind and e[2]["state"] == "cancelled"])
        ev.close()
        check("its place is free", s.get("/api/health")[1]["queue"]["length"] == 0)


# ---- memory ------------------------------------------------------------------------------


def size(s):
    with open("/proc/%d/status" % s.process.pid) as f:
        return int(re.search(r"VmSize:\s+(\d+)", f.read()).group(1)) << 10


def lack_memory(s, more):
    """It may have so many bytes more than it has."""
    limit(s, resource.RLIMIT_AS, size(s) + more)


def insist(ask):
    """Without a byte to spare a connection cannot always be answered."""
    for _ in range(100):
        try:
            return ask()
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
    return ask()


def memory():
    s = Server(*SLOW, *draws, data="memory")
    if not os.path.exists("/proc/self/status") or size(s) > 1 << 40:
        print("SKIPPED: too little memory (a sanitizer's program, or no /proc)")
        s.stop()
        return
    n = s.post("/api/sessions")[1]["id"]
    c = s.post("/api/sessions/%d/canvases" % n, {"text": CANVAS})[1]["id"]

    def draw(**more):
        return s.post("/api/renders", {"canvas": c, "options": dict(SMALL, **more)})[1]["job"]["id"]

    def fails(job, *words):
        one = s.job(job)
        check("fails with a sentence", one["state"] == "failed" and
              one["error"]["status"] == "NOMEM" and len(one["error"]["message"]) > 20 and
              all(w in one["error"]["message"] for w in words), one["error"])

    if HAVE_MODEL:
        for more in (1, 10, 20):  # while the model is loaded
            lack_memory(s, more << 20)
            fails(draw())
        limit(s, resource.RLIMIT_AS, resource.RLIM_INFINITY)
        check("with memory it works", s.job(draw())["state"] == "done")
        lack_memory(s, 0)  # while it computes
        fails(draw(width=512, height=512, steps=1), "memory ran out while drawing")
        lack_memory(s, 100 << 20)
        fails(draw(width=8192, height=8192), "drawing 8192x8192 takes at least", "smaller")
        check("others are answered", s.get("/api/health")[0] == 200)
        check("a small one is drawn", s.job(draw())["state"] == "done")
        limit(s, resource.RLIMIT_AS, resource.RLIM_INFINITY)
        s.stop()
        s.start()
    else:
        print("SKIPPED: drawing with too little memory (set OMOST_GOLDEN)")
    # not a byte for a thread that has not asked for any: the job waits, or fails
    lack_memory(s, 0)
    code, got = insist(lambda: s.say(n, "two cats"))
    if code == 202:
        time.sleep(1)
        insist(lambda: s.post("/api/jobs/%d/cancel" % got["job"]["id"]))
        one = insist(lambda: s.job(got["job"]["id"]))
        check("a job without memory ends", one["state"] in ("cancelled", "failed", "done"), one)
    else:
        check("refused for lack of memory", code == 507, code, got)
    limit(s, resource.RLIMIT_AS, resource.RLIM_INFINITY)
    code, got = s.say(n, "two dogs")
    check("then all goes on", code == 202 and s.job(got["job"]["id"])["state"] == "done", got)
    check("ends well", s.stop() == 0)


disk_full()
small_disk()
locked()
cancelled_meanwhile()
memory()
finish()
