"""What happens when the server is killed, full, alone or not, and stopped."""

import http.client
import json
import os
import signal
import threading
import time

from serve_client import *

CANVAS = open("first.txt").read()
HAVE_MODEL = os.path.isdir(MODEL)
SLOW = ["--script", "three.txt", "--script-rate", "60"]
draws = DRAW if HAVE_MODEL else []
LONG = {"width": 64, "height": 64, "steps": 1000, "seed": 7}


def killed_while_composing():
    s = Server(*SLOW, data="killed")
    n = s.post("/api/sessions", {"title": "Keep me"})[1]["id"]
    c = s.post("/api/sessions/%d/canvases" % n, {"text": CANVAS})[1]["id"]
    job = s.say(n, "two cats")[1]["job"]["id"]
    waits = s.say(n, "two dogs")[1]["job"]["id"]
    ev = Events(s)
    wait("text", lambda: "text" in ev.names())
    s.kill()
    s.start()
    one = s.get("/api/sessions/%d" % n)[1]
    check("acknowledged messages are there", [m["text"] for m in one["messages"]] ==
          ["two cats", "two dogs"], one)
    check("the canvas too", one["canvas"]["id"] == c)
    for j in (job, waits):
        check("job %d was interrupted" % j, s.get("/api/jobs/%d" % j)[1]["state"] == "interrupted")
    code, got = s.post("/api/jobs/%d/restart" % job)
    check("restarted", code == 202 and got["job"]["id"] > waits, got)
    twice = s.post("/api/jobs/%d/restart" % job)
    check("not twice", twice[0] == 200 and twice[1]["job"]["id"] == got["job"]["id"], twice)
    check("and done", s.job(got["job"]["id"])["state"] == "done")
    twice = s.post("/api/jobs/%d/restart" % job)
    check("nor when it is done", twice[0] == 200 and twice[1]["job"]["id"] == got["job"]["id"] and
          twice[1]["job"]["state"] == "done", twice)
    check("it tells whose it is", s.get("/api/jobs/%d" % got["job"]["id"])[1]["request"] ==
          {"restart_of": job})
    code, other = s.post("/api/jobs/%d/restart" % waits)
    s.post("/api/jobs/%d/cancel" % other["job"]["id"])
    s.job(other["job"]["id"])
    both = []
    many = [threading.Thread(target=lambda: both.append(s.post("/api/jobs/%d/restart" % waits)))
            for _ in range(8)]
    for t in many:
        t.start()
    for t in many:
        t.join()
    check("eight who ask at once get one job", sorted(x[0] for x in both) == [200] * 7 + [202] and
          len({x[1]["job"]["id"] for x in both}) == 1, both)
    last = both[0][1]
    check("what was stopped again is begun anew", last["job"]["id"] > other["job"]["id"], last)
    s.post("/api/jobs/%d/cancel" % last["job"]["id"])
    s.job(last["job"]["id"])
    one = s.get("/api/sessions/%d" % n)[1]
    check("the answer is below its question", one["messages"][2]["parent"] == 0, one)
    check("ends well", s.stop() == 0)


def killed_while_drawing():
    if not HAVE_MODEL:
        print("SKIPPED: drawing (set OMOST_GOLDEN)")
        return
    s = Server(*draws, data="drawing")
    n = s.post("/api/sessions")[1]["id"]
    c = s.post("/api/sessions/%d/canvases" % n, {"text": CANVAS})[1]["id"]
    first = s.post("/api/renders", {"canvas": c, "options": SMALL})[1]["job"]["id"]
    image = s.job(first)["images"][0]
    job = s.post("/api/renders", {"canvas": c, "options": LONG})[1]["job"]["id"]
    wait("a step", lambda: (s.get("/api/jobs/%d" % job)[1]["progress"] or {}).get("step"))
    s.kill()
    s.start()
    check("the picture is there", s.get("/api/images/%d.png" % image, raw=True)[0] == 200)
    check("interrupted", s.get("/api/jobs/%d" % job)[1]["state"] == "interrupted")
    job = s.post("/api/jobs/%d/restart" % job)[1]["job"]["id"]
    wait("a step", lambda: (s.get("/api/jobs/%d" % job)[1]["progress"] or {}).get("step"))
    check("health tells what runs", s.get("/api/health")[1]["queue"]["running"]["id"] == job)
    s.post("/api/jobs/%d/cancel" % job)
    check("cancelled", s.job(job)["state"] == "cancelled")
    job = s.post("/api/renders", {"canvas": c, "options": LONG})[1]["job"]["id"]
    wait("a step", lambda: (s.get("/api/jobs/%d" % job)[1]["progress"] or {}).get("step"))
    begin = time.monotonic()
    code = s.stop()
    check("stops in the middle of it", code == 0 and time.monotonic() - begin < 4, code)
    s.start()
    check("interrupted by the stop", s.get("/api/jobs/%d" % job)[1]["state"] == "interrupted")
    s.stop()


def stop_and_go():
    with Server(*SLOW, data="stop") as s:
        n = s.post("/api/sessions")[1]["id"]
        ev = Events(s)
        job = s.say(n, "two cats")[1]["job"]["id"]
        wait("a region", lambda: [e for e in ev.all if e[1] == "region" and
                                  e[2]["kind"] == "region"])
        check("cancel", s.post("/api/jobs/%d/cancel" % job)[0] == 200)
        check("cancelled", s.job(job)["state"] == "cancelled")
        one = s.get("/api/sessions/%d" % n)[1]
        check("what was written is kept", len(one["messages"]) == 2 and
              one["messages"][1]["canvas"], one)
        job = s.say(n, "only a little", parent=1)[1]["job"]["id"]
        wait("some text", lambda: (s.get("/api/jobs/%d" % job)[1]["written"] or {}).get("text"))
        s.post("/api/jobs/%d/cancel" % job)
        check("stopped", s.job(job)["state"] == "cancelled")
        one = s.get("/api/sessions/%d" % n)[1]
        m = one["messages"][-1]
        check("a little is kept as well", m["role"] == "assistant" and m["text"] and
              m["canvas"] is None and m["error"]["status"] == "CANCELLED", m)
        check("its page hears of it", wait("the message", lambda: [
            e for e in ev.all if e[1] == "message" and e[2]["id"] == m["id"] and
            e[2]["error"]]))
        check("cancel what is over", s.post("/api/jobs/%d/cancel" % job)[0] == 200)
        check("cancel nothing", s.post("/api/jobs/999/cancel")[0] == 404)
        a = s.say(n, "one", parent=1)[1]["job"]["id"]
        b = s.say(n, "two", parent=1)[1]["job"]
        check("waits", b["position"] is not None, b)
        s.post("/api/jobs/%d/cancel" % b["id"])
        check("cancelled before it ran", s.get("/api/jobs/%d" % b["id"])[1]["state"] == "cancelled")
        s.ask("DELETE", "/api/sessions/%d" % n)
        check("a session goes with its jobs", s.get("/api/jobs/%d" % a)[0] == 404)
        wait("nothing runs", lambda: s.get("/api/health")[1]["queue"]["running"] is None)
        check("well afterwards", s.post("/api/sessions")[0] == 201)
        gone = Events(s)
        gone.close()


def full_queue():
    with Server(*SLOW, "--queue", "2", data="full") as s:
        n = s.post("/api/sessions")[1]["id"]
        ids = []
        for i in range(6):
            code, got = s.say(n, "message %d" % i)
            if code == 202:
                ids.append(got["job"]["id"])
                continue
            check("full: 503 and when to come back", code == 503 and
                  int(s.headers["Retry-After"]) > 0, got)
            before = s.get("/api/sessions")[1]
            for path in ("/sdapi/v1/txt2img", "/v1/images/generations"):
                for more in ({}, {"canvas": CANVAS}):
                    code, got = s.post(path, dict(more, prompt="two cats"))
                    check("full for %s too" % path, code == 503 and
                          int(s.headers["Retry-After"]) > 0, got)
            check("and it leaves nothing behind", s.get("/api/sessions")[1] == before)
        check("some were taken", 2 <= len(ids) <= 4, ids)
        one = s.get("/api/sessions/%d" % n)[1]
        check("nothing of what was refused is there", len(one["messages"]) == len(ids), one)
        for j in ids:
            s.post("/api/jobs/%d/cancel" % j)
        check("room again", wait("room", lambda: s.say(n, "again")[0] == 202))


def two_servers():
    with Server(data="one") as s:
        t = Server(data="one")
        check("one folder, one server", t.port is None and t.error.count("\n") == 1 and
              t.process.returncode == 3, t.error)
        t = Server(data="two", port=s.port)
        check("a port that is taken", t.port is None and "is taken" in t.error and
              t.error.count("\n") == 1, t.error)
        open("file", "w").close()
        t = Server(data="file")
        check("a folder that is a file", t.port is None and t.error.count("\n") == 1, t.error)
        check("the first is well", s.get("/api/health")[0] == 200)


def ends(how):
    s = Server(*SLOW, data="ends")
    n = s.post("/api/sessions")[1]["id"]
    s.say(n, "two cats")
    ev = [Events(s) for _ in range(5)]
    time.sleep(0.2)
    begin = time.monotonic()
    code = s.stop(how)
    check("%s ends it well" % how.name, code == 0 and time.monotonic() - begin < 3,
          code, time.monotonic() - begin)
    wait("listeners are let go", lambda: all(e.over for e in ev))


def client_gone():
    """A client that leaves takes its job along."""
    with Server("--script", "three.txt", "--script-rate", "20", data="gone") as s:
        for stream in (False, True):
            c = http.client.HTTPConnection("127.0.0.1", s.port)
            c.request("POST", "/v1/chat/completions",
                      json.dumps({"stream": stream, "messages": [
                          {"role": "user", "content": "x"}]}),
                      {"Content-Type": "application/json"})
            wait("it runs", lambda: s.get("/api/health")[1]["queue"]["running"])
            c.sock.close()
            c.close()
            wait("its job is cancelled", lambda: s.get("/api/jobs")[1]["jobs"][0]["state"] ==
                 "cancelled", 10)


killed_while_composing()
killed_while_drawing()
stop_and_go()
full_queue()
two_servers()
ends(signal.SIGTERM)
ends(signal.SIGINT)
client_gone()
finish()
