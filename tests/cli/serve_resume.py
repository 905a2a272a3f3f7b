"""Who comes in the middle of a reply gets all of it once; notes and thumbs are kept."""

import os
import sqlite3

from serve_client import *

CANVAS = open("first.txt").read()
WRONG = CANVAS.replace("'on the left'", "'on the lefft'")
HAVE_MODEL = os.path.isdir(MODEL)


def rest(events, job, after):
    """Text and regions of these events, of job, above that number."""
    text, regions = "", []
    for number, name, data in list(events):
        if number <= after or data.get("job") != job:
            continue
        if name == "again":
            text, regions = "", []
        elif name == "text":
            text += data["text"]
        elif name == "region":
            regions.append(data)
    return text, regions


def comes_in_the_middle(s, n, job, look, all_of):
    """What look() gives now, and what events after it give, is the whole. False where the
    reply has ended before anybody looked."""
    one = look()
    seen = one and one["written"]
    if not seen:
        return False
    ev = Events(s, path="/api/events?session=%d&after=%d" % (n, one["event"]))
    wait("the end", lambda: any(e[1] == "job" and e[2]["state"] == "done" for e in ev.all), 60)
    text, regions = rest(ev.all, job, seen["event"])
    want = rest(all_of(), job, 0)
    check("the text, without gap or double", seen["text"] + text == want[0],
          seen["text"], "+", text, "!=", want[0])
    check("the regions as well", seen["regions"] + regions == want[1], seen["regions"], regions)
    check("the number is of now", one["event"] <= seen["event"] and not seen["cut"], one)
    ev.close()
    return True


def in_job(s, n, job):
    return s.get("/api/jobs/%d" % job)[1]


def in_session(s, n, job):
    """The job as its session lists it, with the session's newest event; None once it is over."""
    got = s.get("/api/sessions/%d" % n)[1]
    return dict(got["jobs"][0], event=got["event"]) if got["jobs"] else None


def looks_while_it_is_written(s, n, text, wanted, look):
    """Comes to a reply that has so many regions; another one where it came too late."""
    for _ in range(5):
        first = Events(s)
        job = s.say(n, text)[1]["job"]["id"]
        wait("%d regions" % wanted, lambda: len(rest(first.all, job, 0)[1]) >= wanted)
        came = comes_in_the_middle(s, n, job, lambda: look(s, n, job), lambda: first.all)
        s.job(job)
        check("over: nothing is being written", in_job(s, n, job)["written"] is None)
        first.close()
        if came:
            return
    check("somebody came in time", False, text)


def in_the_middle():
    with Server("--script", "three.txt", "--script-rate", "150") as s:
        n = s.post("/api/sessions")[1]["id"]
        check("a session tells the newest event", s.get("/api/sessions/%d" % n)[1]["event"] >= 1)
        for k, wanted in enumerate((1, 2, 3)):
            looks_while_it_is_written(s, n, "number %d" % k, wanted,
                                      in_job if k == 1 else in_session)
        job = s.say(n, "another")[1]["job"]["id"]
        wait("some", lambda: (s.get("/api/jobs/%d" % job)[1]["written"] or {}).get("text"))
        waits = s.say(n, "one more")[1]["job"]["id"]
        check("what waits has written nothing", s.get("/api/jobs/%d" % waits)[1]["written"] is
              None)
        s.post("/api/jobs/%d/cancel" % waits)
        listed = s.get("/api/jobs?open=1")[1]["jobs"][0]
        check("lists do not have it", "written" not in listed, listed)
        s.post("/api/jobs/%d/cancel" % job)
        check("nor what was stopped", s.job(job)["written"] is None)
        s.post("/v1/chat/completions", {"messages": [{"role": "user", "content": "x"}],
                                        "max_tokens": 20})


def again():
    """A reply that is written anew: what was forgotten is not told."""
    with Server("--script", "mend.txt", "--script-rate", "100", data="again") as s:
        n = s.post("/api/sessions")[1]["id"]
        ev = Events(s)
        job = s.say(n, "a dog")[1]["job"]["id"]
        wait("another attempt", lambda: "again" in ev.names())
        one = wait("some of it", lambda: (lambda j: j if j["written"] and len(
            j["written"]["text"]) > 40 else None)(s.get("/api/jobs/%d" % job)[1]))
        check("only the new one", "canvas.draw(3)" not in one["written"]["text"], one["written"])


def many_comers():
    """At any moment of a quick reply."""
    with Server("--script", "three.txt", "--script-rate", "150", data="many") as s:
        n = s.post("/api/sessions")[1]["id"]
        first, looks = Events(s), []
        job = s.say(n, "quick")[1]["job"]["id"]
        while True:
            one = s.get("/api/jobs/%d" % job)[1]
            if one["state"] not in ("queued", "running"):
                break
            if one["written"]:
                looks.append(one["written"])
        check("it was done", one["state"] == "done", one)
        wait("its end", lambda: any(e[1] == "message" and e[2]["role"] == "assistant"
                                    for e in first.all))
        want = rest(first.all, job, 0)
        check("some looked", len(looks) > 5, len(looks))
        for w in looks:
            text, regions = rest(first.all, job, w["event"])
            if not check("each has its place", w["text"] + text == want[0] and
                         w["regions"] + regions == want[1], w["event"]):
                break


def notes():
    s = Server(data="notes")
    n = s.post("/api/sessions")[1]["id"]
    ev = Events(s)
    code, c = s.post("/api/sessions/%d/canvases" % n, {"text": WRONG})
    check("something was read otherwise", code == 201 and len(c["notes"]) == 1 and
          "lefft" in c["notes"][0]["message"], c)
    wait("its event", lambda: "canvas" in ev.names())
    check("the event has it", [e[2]["notes"] for e in ev.all if e[1] == "canvas"] == [c["notes"]])
    s.kill()
    s.start()
    check("of a first one nothing is replaced", c.pop("replaced", 0) is None)
    check("kept", s.get("/api/canvases/%d" % c["id"])[1] == c)
    check("with the session", s.get("/api/sessions/%d" % n)[1]["canvas"] == c)
    fine = s.post("/api/sessions/%d/canvases" % n, {"text": CANVAS})[1]
    del fine["replaced"]
    check("nothing to say", fine["notes"] == [] and
          s.get("/api/canvases/%d" % fine["id"])[1] == fine)
    s.stop()
    open("wrong.txt", "w").write(WRONG)
    with Server("--script", "wrong.txt", data="notes") as s:
        s.job(s.say(n, "a cat")[1]["job"]["id"])
        c = s.get("/api/sessions/%d" % n)[1]["canvas"]
        check("a reply's too", c["origin"] == "reply" and len(c["notes"]) == 1, c)


def older():
    """A data folder of an older program goes on."""
    os.makedirs("old/images/00")
    here = os.path.dirname(os.path.abspath(__file__))
    db = sqlite3.connect("old/omost.db")
    db.executescript(open(os.path.join(here, "../data/store/v1.sql"), encoding="utf-8").read())
    db.close()
    with Server("--script", "two.txt", data="old") as s:
        one = s.get("/api/sessions/1")[1]
        check("all is there", one["title"] == "Old talk" and len(one["messages"]) == 2 and
              one["canvas"]["origin"] == "edit" and len(one["images"]) == 1, one)
        check("without notes", one["canvas"]["notes"] == [], one["canvas"])
        check("it goes on", s.job(s.say(1, "more", parent=1)[1]["job"]["id"])["state"] == "done")


def thumbs():
    if not HAVE_MODEL:
        print("SKIPPED: thumbs (set OMOST_GOLDEN)")
        return
    s = Server(*DRAW, data="thumbs")
    n = s.post("/api/sessions")[1]["id"]
    c = s.post("/api/sessions/%d/canvases" % n, {"text": CANVAS})[1]["id"]
    i = s.job(s.post("/api/renders", {"canvas": c, "options": dict(SMALL, width=320, steps=1)})[1]
              ["job"]["id"])["images"][0]
    path, file = "/api/images/%d/thumb.png" % i, "thumbs/images/00/%d.thumb.png" % i
    check("made with the picture", os.path.exists(file))
    code, png = s.get(path, raw=True)
    check("it is the file", code == 200 and png == open(file, "rb").read())
    check("smaller", png[16:24] == b"\0\0\1\0\0\0\0\x33", png[16:24])
    check("kept by browsers", "immutable" in s.headers["Cache-Control"])
    tag = s.headers["ETag"]
    check("by its tag", s.get(path, headers={"If-None-Match": tag}, raw=True) == (304, b""))
    os.remove(file)
    check("made anew", s.get(path, raw=True) == (200, png) and open(file, "rb").read() == png)
    open(file, "w").close()
    check("also for an empty one", s.get(path, raw=True) == (200, png))
    os.remove(file)
    os.mkdir(file)
    check("shown where it cannot be kept", s.get(path, raw=True) == (200, png))
    os.rmdir(file)
    s.get(path)
    s.kill()
    open("thumbs/images/00/%d.thumb.9.part" % i, "w").close()
    s.start()
    check("after a kill", s.get(path, raw=True) == (200, png))
    check("nothing half is left", sorted(os.listdir("thumbs/images/00")) ==
          ["%d.png" % i, "%d.thumb.png" % i], os.listdir("thumbs/images/00"))
    check("deleted", s.ask("DELETE", "/api/images/%d" % i)[0] == 204)
    check("with its thumb", os.listdir("thumbs/images/00") == [] and s.get(path)[0] == 404)
    s.stop()


def live():
    """Streams tell proxies to let them through."""
    with Server("--script", "two.txt", data="live") as s:
        ev = Events(s)
        asked = s.post("/v1/chat/completions", {"stream": True, "messages": [
            {"role": "user", "content": "x"}]}, raw=True)
        check("a stream", asked[0] == 200)
        for name, h in (("events", dict(ev.r.getheaders())), ("chat", s.headers)):
            check(name + " are not held back", h.get("X-Accel-Buffering") == "no" and
                  "no-cache" in h.get("Cache-Control", "") and
                  h["Content-Type"] == "text/event-stream", h)
        ev.close()


in_the_middle()
again()
many_comers()
notes()
older()
thumbs()
live()
finish()
