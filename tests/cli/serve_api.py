"""Every route of `omost serve` once, and its stories."""

import base64
import json
import os
import shutil
import struct
import threading

from serve_client import *

CANVAS = open("first.txt").read()


def sessions(s):
    code, one = s.post("/api/sessions", {"title": "First"})
    check("a session", code == 201 and one["title"] == "First", one)
    n = one["id"]
    code, two = s.post("/api/sessions")
    check("without a title", code == 201 and two["title"] == "", two)
    code, got = s.get("/api/sessions?limit=1")
    check("the last made is first", [x["id"] for x in got["sessions"]] == [two["id"]], got)
    code, got = s.get("/api/sessions?before=%d" % two["id"])
    check("before", [x["id"] for x in got["sessions"]] == [n], got)
    code, got = s.ask("PATCH", "/api/sessions/%d" % n, {"title": "Other"})
    check("renamed", got["title"] == "Other" and got["replaced"] is None, got)
    order = [x["id"] for x in s.get("/api/sessions")[1]["sessions"]]
    check("the last used is first now", order[:2] == [n, two["id"]], order)
    code, got = s.get("/api/sessions?before=%d" % n)
    check("and pages follow that", [x["id"] for x in got["sessions"]][:1] == [two["id"]], got)
    check("found by its title", [x["id"] for x in s.get("/api/sessions?q=OTH")[1]["sessions"]] ==
          [n] and s.get("/api/sessions?q=zebra")[1]["sessions"] == [])
    check("no such session", s.get("/api/sessions/999")[0] == 404)
    check("no number", s.get("/api/sessions/x")[0] == 404)
    check("deleted", s.ask("DELETE", "/api/sessions/%d" % two["id"])[0] == 204)
    check("is gone", s.get("/api/sessions/%d" % two["id"])[0] == 404)
    check("no page after what is gone", s.get("/api/sessions?before=%d" % two["id"])[0] == 404)
    return n


def talk(s, n):
    ev = Events(s)
    code, got = s.say(n, "two cats")
    check("a message is taken", code == 202, got)
    job, m = got["job"], got["message"]
    check("it is the first", m["id"] == 0 and m["parent"] is None, m)
    check("the job is queued", job["kind"] == "compose", job)
    done = s.job(job["id"])
    check("it is answered", done["state"] == "done", done)
    check("one job tells what was asked", "request" in done, done)
    listed = s.get("/api/jobs?session=%d" % n)[1]["jobs"]
    check("lists and cancelling do not", "request" not in listed[0] and "request" not in
          job and "request" not in s.post("/api/jobs/%d/cancel" % job["id"])[1], listed)
    one = s.get("/api/sessions/%d" % n)[1]
    check("two messages", [x["role"] for x in one["messages"]] ==
          ["user", "assistant"], one)
    check("a canvas is on the stage", one["canvas"]["id"] ==
          one["messages"][1]["canvas"], one)
    wait("its last event", lambda: ev.all and ev.all[-1][1] == "job" and
         ev.all[-1][2]["state"] == "done")
    ids = [e[0] for e in ev.all]
    check("events count by one", ids == list(range(ids[0], ids[0] + len(ids))))
    check("nor do events", not [e for e in ev.all if e[1] == "job" and "request" in e[2]])
    text = "".join(e[2]["text"] for e in ev.all if e[1] == "text")
    check("the text came whole", text == one["messages"][1]["text"], text)
    regions = [e[2]["kind"] for e in ev.all if e[1] == "region"]
    check("regions came", regions == ["start", "global", "region", "region"],
          regions)
    names = ev.names()
    check("kept before it is done", names.index("canvas") < names.index("message", 1)
          and names[-1] == "job", names)
    again = Events(s, last=ids[1])
    wait("the rest", lambda: len(again.all) >= len(ids) - 2)
    check("resume gives what was missed", again.all == ev.all[2:],
          again.names())
    old = Events(s, last=10 ** 9)
    wait("a reset", lambda: old.all)
    check("an event of another life is a reset", old.names() == ["reset"])
    other = Events(s, path="/api/events?session=%d&after=%d" % (n + 50, ids[0] - 1))
    code, got = s.post("/api/sessions/%d/messages/0/retry" % n)
    check("retry", code == 202 and s.job(got["job"]["id"])["state"] == "done")
    check("another session hears nothing of it", "text" not in other.names())
    one = s.get("/api/sessions/%d" % n)[1]
    check("a second answer to the same", one["messages"][2]["parent"] == 0, one)
    code, got = s.say(n, "edited", parent=2)
    check("goes on below an answer", s.job(got["job"]["id"])["state"] == "done")
    c = one["canvas"]["id"]
    for more in ({"parent": 1, "canvas": c}, {"canvas": c}, {"parent": 1, "canvas": None}):
        code, got = s.say(n, "with a canvas edited by hand", **more)
        check("about %r" % more, code == 202 and s.job(got["job"]["id"])["state"] == "done", got)
    check("about none", s.say(n, "x", canvas=999)[0] == 404)
    check("not below a user's", s.say(n, "x", parent=0)[0] == 400)
    check("not below nothing", s.say(n, "x", parent=99)[0] == 404)
    check("not without words", s.say(n, "  ")[0] == 400)
    check("no retry of an answer",
          s.post("/api/sessions/%d/messages/1/retry" % n)[0] == 404)
    code, got = s.say(n, "x", colour="red")
    check("what is not known is named", code == 400 and
          "colour" in got["error"]["message"], got)
    code, got = s.say(n, "x", compose={"temp": "hot"})
    check("an option of the wrong kind", code == 400, got)
    code, got = s.say(n, "x", compose={"temp": 1000})
    check("an option out of range", code == 422 and
          got["error"]["status"] == "RANGE", got)
    for e in (ev, again, old, other):
        e.close()
    return one["canvas"]["id"]


def canvases(s, n, c):
    code, one = s.get("/api/canvases/%d" % c)
    check("a canvas", code == 200 and one["json"]["format"] == "omost-canvas", one)
    check("layout, global first", one["layout"][0]["region"] is None)
    code, new = s.post("/api/sessions/%d/canvases" % n,
                       {"text": CANVAS, "parent": c})
    check("an edit", code == 201 and new["origin"] == "edit" and
          new["parent"] == c and "replaced" in new, new)
    code, same = s.post("/api/sessions/%d/canvases" % n, {"json": new["json"]})
    check("from JSON the same", same["python"] == new["python"] and
          same["origin"] == "import" and same["replaced"] is None, same)
    check("two canvases at once", s.post("/api/sessions/%d/canvases" % n, {
        "json": new["json"], "text": CANVAS})[0] == 400)
    check("also to look at", s.post("/api/canvas/parse", {"json": {}, "text": ""})[0] == 400)
    versions(s, n, c, new, same)
    code, bad = s.post("/api/sessions/%d/canvases" % n,
                       {"text": "canvas = Canvas()\ncanvas.draw(3)\n"})
    check("a place of what is wrong", code == 422 and
          (bad["error"]["line"], bad["error"]["col"]) == (2, 8), bad)
    code, png = s.get("/api/canvases/%d/preview.png?size=128" % c, raw=True)
    check("a PNG of its size", png[:4] == b"\x89PNG" and
          struct.unpack(">II", png[16:24]) == (128, 128))
    code, svg = s.get("/api/canvases/%d/preview.svg?labels=1" % c, raw=True)
    check("an SVG", b"<svg" in svg and
          s.headers["Content-Type"] == "image/svg+xml")
    check("size is checked",
          s.get("/api/canvases/%d/preview.png?size=9999" % c)[0] == 422)
    code, d = s.get("/api/canvases/%d/diff?to=%d" % (c, new["id"]))
    check("a diff", code == 200 and isinstance(d["changes"], list), d)
    check("diff with what?", s.get("/api/canvases/%d/diff" % c)[0] == 400)
    for to in ("python", "json", "comfy", "reply"):
        code, t = s.get("/api/canvases/%d/convert?to=%s" % (c, to))
        check("convert to " + to, code == 200 and t["text"], t)
    check("convert to what?", s.get("/api/canvases/%d/convert" % c)[0] == 400)
    return new


def versions(s, n, c, new, last):
    """Undo over a reload, and two who edit at once."""
    path = "/api/sessions/%d/canvases" % n
    code, got = s.get(path)
    ids = [x["id"] for x in got["canvases"]]
    check("versions, the newest first", ids[:2] == [last["id"], new["id"]] and
          ids == sorted(ids, reverse=True) and c in ids, got)
    check("light", set(got["canvases"][0]) == {"id", "session", "parent", "origin", "created"}, got)
    check("of each what it came from", got["canvases"][1]["parent"] == c)
    code, got = s.get(path + "?limit=1&before=%d" % last["id"])
    check("paged", [x["id"] for x in got["canvases"]] == [new["id"]], got)
    check("of no session", s.get("/api/sessions/999/canvases")[0] == 404)
    other = s.post("/api/sessions")[1]["id"]
    check("of a new one", s.get("/api/sessions/%d/canvases" % other)[1] == {"canvases": []})
    a = s.post(path, {"text": CANVAS, "parent": last["id"]})[1]
    check("an edit of what is there", a["replaced"] is None, a)
    b = s.post(path, {"text": CANVAS, "parent": last["id"]})[1]
    check("somebody else was quicker", b["replaced"] == a["id"], b)
    check("nothing is lost", s.get(path)[1]["canvases"][1]["id"] == a["id"])
    one = "/api/sessions/%d" % n
    got = s.ask("PATCH", one, {"canvas": a["id"]})[1]
    check("back", got["canvas"]["id"] == a["id"] and got["replaced"] is None, got)
    got = s.ask("PATCH", one, {"canvas": b["id"], "parent": last["id"]})[1]
    check("forward, but not from there", got["replaced"] == a["id"], got)
    got = s.ask("PATCH", one, {"canvas": a["id"], "parent": b["id"]})[1]
    check("from there", got["replaced"] is None, got)


def tools(s):
    code, p = s.post("/api/canvas/parse", {"text": CANVAS})
    check("parse", code == 200 and "id" not in p and p["layout"], p)
    code, f = s.post("/api/canvas/format", {"text": CANVAS})
    check("format", f["text"] == p["python"] and f["notes"] == [], f)
    code, strict = s.post("/api/canvas/parse", {"text": p["python"], "strict": True})
    check("strict wants a fence", code == 422, strict)
    code, comfy = s.post("/api/canvas/convert", {"text": CANVAS, "to": "comfy"})
    check("to comfy", isinstance(json.loads(comfy["text"]), list), comfy)
    code, back = s.post("/api/canvas/parse", {"text": comfy["text"]})
    check("and back", code == 200 and len(back["layout"]) == 3, back)
    code, svg = s.post("/api/canvas/preview", {"text": CANVAS, "format": "svg"},
                       raw=True)
    check("preview", code == 200 and b"<svg" in svg)
    check("no such format", s.post("/api/canvas/preview",
                                   {"text": CANVAS, "format": "gif"})[0] == 400)
    code, near = s.post("/api/canvas/nearest", {"box": [20, 70, 20, 70]})
    check("nearest", near["location"] == "in the center" and near["iou"] == 1.0, near)
    for box in ([1, 2, 3], [5, 5, 0, 9], [0, 9, 0, 10 ** 9], "x", None, [0.5, 1, 2, 3]):
        check("a bad box %r" % (box,),
              s.post("/api/canvas/nearest", {"box": box})[0] == 422)
    code, d = s.post("/api/canvas/diff", {"before": CANVAS, "after": CANVAS})
    check("no difference", d == {"changes": [], "text": ""}, d)


def draw(s, n, c):
    for options, code in (({"steps": 0}, 422), ({"steps": 2.5}, 400),
                          ({"sampling-method": "magic"}, 422), ({"what": 1}, 400),
                          ({"width": 10 ** 30}, 422), ({"seed": "x"}, 400),
                          ({"init_image": 99}, 404), ({"init_image": "../x"}, 400),
                          ({"lora": [{"name": "../../etc/passwd"}]}, 404),
                          ({"profile": "nobody"}, 422), ({"hires": 8, "width": 8192}, 422)):
        got = s.post("/api/renders", {"session": n, "canvas": c, "options": options})
        check("options %r" % options, got[0] in (code, 422), got)
    check("no such canvas", s.post("/api/renders", {"canvas": 999})[0] == 404)
    if not os.path.isdir(MODEL):
        print("SKIPPED: drawing (set OMOST_GOLDEN)")
        return
    ev = Events(s, path="/api/events?session=%d" % n)
    options = dict(SMALL, **{"batch-count": 2})
    code, got = s.post("/api/renders", {"session": n, "canvas": c, "options": options})
    check("a render is taken", code == 202, got)
    done = s.job(got["job"]["id"])
    check("drawn", done["state"] == "done" and len(done["images"]) == 2, done)
    check("previews and images came", {"preview", "image"} <= set(ev.names()))
    phases = {e[2]["progress"]["phase"] for e in ev.all
              if e[1] == "job" and e[2]["progress"]}
    check("progress has phases", "drawing" in phases, phases)
    told = [e[2] for e in ev.all if e[1] == "image"]
    ev.close()
    i = done["images"][0]
    code, image = s.get("/api/images/%d" % i)
    check("about it", image["seed"] == 7 and image["width"] == 64 and
          image["record"]["canvas"], image)
    one = s.get("/api/sessions/%d" % n)[1]
    for where, rows in (("list", s.get("/api/images")[1]["images"]), ("session", one["images"]),
                        ("event", told)):
        light = [x for x in rows if x["id"] == i]
        check("light in a " + where, len(light) == 1 and light[0] ==
              {k: image[k] for k in image if k != "record"}, light)
    check("a session tells how many", one["n_images"] == 2, one["n_images"])
    check("paged", [x["id"] for x in s.get("/api/images?session=%d&before=%d" % (
        n, done["images"][1]))[1]["images"]] == [i])
    code, png = s.get(image["file"], raw=True)
    check("the file", png[:4] == b"\x89PNG" and b"parameters" in png)
    check("its type", s.headers["Content-Type"] == "image/png")
    tag = s.headers["ETag"]
    check("not twice", s.get(image["file"], headers={"If-None-Match": tag})[0] == 304)
    s.get(image["file"] + "?download=1", raw=True)
    check("to be kept", s.headers.get("Content-Disposition", "").startswith("attachment"))
    code, thumb = s.get(image["thumb"], raw=True)
    check("a thumb", thumb[:4] == b"\x89PNG")
    check("found by its words", [x["id"] for x in s.get("/api/images?q=SOFA+cat")[1]["images"]]
          == done["images"][::-1])
    check("not by others", s.get("/api/images?q=zebra")[1]["images"] == [])
    code, p = s.get("/api/jobs/%d/preview.png" % done["id"], raw=True)
    check("the preview stays", code == 200 and p[:4] == b"\x89PNG")

    code, up = s.post("/api/uploads", png, headers={"Content-Type": "image/png"})
    check("an upload has its record", code == 201 and up["record"] and up["canvas"], up)
    again = {"session": n, "canvas": c, "options": dict(SMALL, init_image=up["upload"])}
    check("begin from it", s.job(s.post("/api/renders", again)[1]["job"]["id"])["state"] == "done")
    again["options"]["init_image"] = i
    check("begin from the gallery",
          s.job(s.post("/api/renders", again)[1]["job"]["id"])["state"] == "done")
    check("no PNG", s.post("/api/uploads", b"GIF89a", headers={"Content-Type": "image/png"})[0] == 422)
    check("deleted", s.ask("DELETE", "/api/images/%d" % i)[0] == 204)
    check("is gone", s.get(image["file"])[0] == 404)
    lost = done["images"][1]
    for name in ("%d.png", "%d.thumb.png"):
        os.remove("data/images/%02d/" % (lost // 100 % 100) + name % lost)
    for path in ("/api/images/%d.png?download=1" % lost, "/api/images/%d/thumb.png" % lost):
        code, got = s.get(path)
        check("a picture without its file", code == 404 and "is gone" in
              got["error"]["message"], got)
        check("nobody keeps that answer", s.headers.get("Cache-Control") == "no-store" and
              "ETag" not in s.headers and "Content-Disposition" not in s.headers, s.headers)
    check("told of the job still", s.get("/api/jobs/%d" % done["id"])[1]["images"] == [lost])
    renderer = s.get("/api/health")[1]["renderer"]
    check("the model is open", renderer["backend"], renderer)
    check("a script writes", s.job(s.say(n, "two cats")[1]["job"]["id"])["state"] == "done")
    check("and the model stays open", s.get("/api/health")[1]["renderer"] == renderer)
    check("a restart of what is done is refused",
          s.post("/api/jobs/%d/restart" % done["id"])[0] == 409)


def about(s):
    code, h = s.get("/api/health")
    check("health", h["ok"] and h["queue"]["running"] is None, h)
    code, o = s.get("/api/options")
    check("options", {x["name"] for x in o["render"]} >= {"width", "region", "profile"})
    check("words", len(o["words"]["location"]) == 9 and len(o["words"]["color"]) > 140)
    code, m = s.get("/api/models")
    check("models", set(m) == {"composer", "renderer", "lora"}, m)
    given = [x for kind in m.values() for x in kind if x["given"]]
    names = {x["kind"]: x["name"] for x in given}
    check("what it was started with is among them", names.get("composer") ==
          h["composer"]["name"] and names.get("renderer") == (h["renderer"] or {}).get("name"), m)
    check("choose nothing", s.post("/api/models")[0] == 400)
    check("choose what is not there", s.post("/api/models", {"renderer": "x"})[0] == 404)
    code, api = s.get("/openapi.json")
    check("openapi", api["openapi"].startswith("3.") and "/api/jobs/{job}" in api["paths"])
    for path, what in api["paths"].items():
        names = ["{%s}" % p["name"] for op in what.values() for p in op["parameters"]
                 if p["in"] == "path"]
        check("parameters of " + path, all(x in path for x in names) and "..." not in path, names)
        for op in what.values():
            check("answers of " + path, not [c for c in op["responses"] if c != "default" and
                                             not c.isdigit()], op["responses"])
    query = {p["name"]: p["schema"] for p in api["paths"]["/api/images"]["get"]["parameters"]}
    check("the query is told", query["q"] == {"type": "string"} and query["limit"] == {
        "type": "integer"} and set(query) == {"limit", "before", "q", "session"}, query)
    fine = {c for c in api["paths"]["/api/renders"]["post"]["responses"] if c[0] == "2"}
    check("and the status", fine == {"202"}, fine)
    code, got = s.get("/api/sessions?limit=1&colour=red")
    check("what is not known in it is named", code == 400 and "colour" in
          got["error"]["message"], got)
    check("nor is what is not well-formed", s.get("/api/sessions?%zz=1")[0] == 400)
    check("not for others", s.get("/v1/models?colour=red")[0] == 200 and
          s.get("/?colour=red", raw=True)[0] == 200)
    check("an empty one is none", s.get("/api/health?")[0] == 200)
    refs = set(part.split('"')[0] for part in
               json.dumps(api).split("#/components/schemas/")[1:])
    check("every schema is there", refs <= set(api["components"]["schemas"]),
          refs - set(api["components"]["schemas"]))
    code, page = s.get("/", raw=True)
    check("the page", code == 200 and b"<html" in page.lower())
    check("its policy", "default-src 'self'" in s.headers["Content-Security-Policy"])
    tag = s.headers["ETag"]
    check("its tag", s.get("/", headers={"If-None-Match": tag})[0] == 304)
    check("HEAD", s.ask("HEAD", "/", raw=True) == (200, b""))
    check("no such file", s.get("/web/nothing.js")[0] == 404)


def openai(s):
    ask = {"model": "", "messages": [{"role": "system", "content": "x"},
                                     {"role": "user", "content": "two cats"}],
           "temperature": 0.6, "max_tokens": 4096, "seed": 4294967295}
    code, got = s.post("/v1/chat/completions", ask)
    check("a completion", code == 200 and "canvas.set_global_description" in
          got["choices"][0]["message"]["content"] and
          got["choices"][0]["finish_reason"] == "stop", got)
    code, data = s.post("/v1/chat/completions", dict(ask, stream=True), raw=True)
    lines = [x[6:] for x in data.decode().split("\n\n") if x.startswith("data: ")]
    check("a stream ends", lines[-1] == "[DONE]", lines[-2:])
    text = "".join(json.loads(x)["choices"][0]["delta"].get("content", "")
                   for x in lines[:-1])
    check("its text", "canvas.add_local_description" in text, text[:200])
    check("nothing is kept", not [x for x in s.get("/api/sessions")[1]["sessions"]
                                  if x["title"] == "two cats"])
    for bad in ({}, {"messages": []}, {"messages": "x"}, {"messages": [{}]},
                {"messages": [{"role": "assistant", "content": "x"}]},
                {"messages": [{"role": "user", "content": 3}]}):
        check("bad messages %r" % bad, s.post("/v1/chat/completions", bad)[0] == 400)
    code, got = s.post("/v1/chat/completions", dict(ask, n=2))
    check("one answer only", code == 422 and got["error"]["message"].startswith("n is 2"), got)
    check("errors as its clients read them", got["error"]["type"] == "invalid_request_error" and
          got["error"]["code"] == "RANGE" and got["error"]["param"] is None, got)
    check("for what is not there, too", s.get("/v1/nothing")[1]["error"]["type"] ==
          "invalid_request_error" and "type" not in s.get("/api/nothing")[1]["error"])
    check("models", s.get("/v1/models")[1]["object"] == "list")
    code, got = s.post("/v1/chat/completions", dict(ask, model="x" + "\u00e9" * 150))
    check("a long model is cut between characters", code == 200 and
          got["model"] == "x" + "\u00e9" * 99, got)
    if not os.path.isdir(MODEL):
        return
    ev = Events(s)
    code, got = s.post("/v1/images/generations",
                       {"prompt": "two cats", "n": 1, "size": "64x64", "quality": "low"})
    check("a picture", code == 200 and
          base64.b64decode(got["data"][0]["b64_json"])[:4] == b"\x89PNG", str(got)[:300])
    wait("it to be told", lambda: {"session", "message", "image"} <= set(ev.names()))
    check("in a session of its own", [e[2]["title"] for e in ev.all if e[1] == "session"] == ["API"])
    check("with its words", [e[2]["text"] for e in ev.all if e[1] == "message"][0] == "two cats")
    ev.close()
    check("a bad size", s.post("/v1/images/generations",
                               {"prompt": "x", "size": "big"})[0] == 400)


def a1111(s):
    for path in ("samplers", "schedulers", "sd-models", "loras", "upscalers", "options",
                 "progress"):
        check(path, s.get("/sdapi/v1/" + path)[0] == 200)
    for canvas in (None, CANVAS):
        check("a long sampler is cut between characters", s.post("/sdapi/v1/txt2img", {
            "prompt": "x", "canvas": canvas, "sampler_name": "\u00e9" * 60})[0] == 422)
    check("no such canvas", s.post("/sdapi/v1/txt2img", {"canvas": 3})[0] == 400)
    check("interrupt nothing", s.post("/sdapi/v1/interrupt")[0] == 200)
    bare = b"POST /sdapi/v1/interrupt HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n"
    for more, want in ((b"", b" 200 "), (b"Content-Length: 0\r\n", b" 200 "),
                       (b"Content-Type: text/plain\r\n", b" 415 "),
                       (b"Content-Type: application/x-www-form-urlencoded\r\n"
                        b"Content-Length: 0\r\n", b" 415 "),
                       (b"Content-Length: 2\r\n\r\n{}", b" 415 "),
                       (b"Transfer-Encoding: chunked\r\n", b" 415 "),
                       (b"Origin: http://evil.example\r\n", b" 403 "),
                       (b"Origin: null\r\n", b" 403 "),
                       (b"Sec-Fetch-Site: cross-site\r\n", b" 403 ")):
        end = b"" if b"{" in more else b"\r\n"
        got = s.raw(bare % s.port + more + end, 2)
        check("an empty request with %r" % more, want in got.split(b"\r\n")[0], got[:80])
    got = s.raw(bare.replace(b"interrupt", b"txt2img") % s.port + b"\r\n", 2)
    check("but not to draw", b" 415 " in got.split(b"\r\n")[0], got[:80])
    names = [x["title"] for x in s.get("/sdapi/v1/sd-models")[1]]
    check("the same models", names ==
          [x["name"] for x in s.get("/api/models")[1]["renderer"]], names)
    if not os.path.isdir(MODEL):
        return
    code, got = s.post("/sdapi/v1/txt2img", {
        "prompt": "two cats", "width": 64, "height": 64, "steps": 2, "cfg_scale": 5,
        "seed": 3, "sampler_name": "DPM++ 2M Karras", "batch_size": 2, "tiling": False,
        "alwayson_scripts": {}})
    check("txt2img", code == 200 and len(got["images"]) == 2 and
          json.loads(got["info"])["all_seeds"] == [3, 4], str(got)[:300])
    code, got = s.post("/sdapi/v1/txt2img", {
        "canvas": CANVAS, "width": 64, "height": 64, "steps": 2, "enable_hr": True,
        "hr_scale": 2, "denoising_strength": 0.5})
    check("with a canvas, twice as large", code == 200 and struct.unpack(
        ">II", base64.b64decode(got["images"][0])[16:24]) == (128, 128), str(got)[:300])


def interrupted(s):
    """What A1111's clients do to stop a picture."""
    if not os.path.isdir(MODEL):
        return
    got = []
    ask = {"prompt": "x", "width": 64, "height": 64, "steps": 150, "batch_size": 60}
    t = threading.Thread(target=lambda: got.append(s.post("/sdapi/v1/txt2img", ask)))
    t.start()
    progress = lambda: s.get("/sdapi/v1/progress?skip_current_image=true")[1]["state"]
    wait("a step", lambda: progress()["sampling_step"])
    check("one job", progress()["job_count"] == 1, progress())
    check("interrupt", s.post("/sdapi/v1/interrupt")[0] == 200)
    t.join(30)
    code, body = got[0]
    info = json.loads(body["info"]) if code == 200 else {}
    check("it is answered all the same", code == 200 and len(body["images"]) < 60 and
          info["interrupted"] and len(info["all_seeds"]) == len(body["images"]), str(got)[:300])
    check("nothing is drawn", progress()["job_count"] == 0)


def nobody():
    """Without any model."""
    with Server(data="empty") as s:
        n = s.post("/api/sessions")[1]["id"]
        job = s.job(s.say(n, "two cats")[1]["job"]["id"])
        check("says what to do", job["state"] == "failed" and
              "--llm" in job["error"]["message"], job)
        c = s.post("/api/sessions/%d/canvases" % n, {"text": CANVAS})[1]["id"]
        job = s.job(s.post("/api/renders", {"canvas": c})[1]["job"]["id"])
        check("and for drawing", job["state"] == "failed" and
              "-m MODEL" in job["error"]["message"], job)
        h = s.get("/api/health")[1]
        check("none of them", h["composer"] is None and h["renderer"] is None, h)
        check("no texts of models", s.get("/v1/models")[1]["data"] == [])


def names():
    """Files that are called anything."""
    os.makedirs("named/below")
    for name in (b"named/ok.gguf", b"named/\xff.gguf", b"named/below/\xc3.safetensors",
                 b"named/\xc3\xa9.gguf", b"named/-x\xff/y.gguf"):
        os.makedirs(os.path.dirname(name), exist_ok=True)
        open(name, "wb").close()
    with Server("--models", "named", "--llm", os.fsdecode(b"named/\xff.gguf"), data="named-data") as s:
        code, m = s.get("/api/models")
        check("what is no text is left out", code == 200 and sorted(
            x["name"] for x in m["composer"]) == ["?.gguf", "ok.gguf", "\u00e9.gguf"], m)
        check("loras", s.get("/sdapi/v1/loras") == (200, []))
        h = s.get("/api/health")[1]
        check("or told as well as can be", h["composer"]["name"] == "?.gguf", h)
        code, got = s.post("/api/models", {"composer": "\u00e9.gguf"})
        check("found by its name", code == 202 and
              s.job(got["job"]["id"])["state"] == "failed", got)
    lora = ["--lora", "first.txt"] * 32
    with Server(*lora, data="loras") as s:
        n = s.post("/api/sessions")[1]["id"]
        c = s.post("/api/sessions/%d/canvases" % n, {"text": CANVAS})[1]["id"]
        code, got = s.post("/api/renders", {"canvas": c, "options": {"lora": [{"name": "x"}]}})
        check("one LoRA too many", code == 422 and got["error"]["status"] == "RANGE" and
              "33 LoRAs" in got["error"]["message"], got)


def chosen():
    """Models by name."""
    if not os.path.isdir(MODEL):
        return
    with Server("--models", GOLDEN, "--backend", "ref", "-t", "1", data="chosen") as s:
        m = s.get("/api/models")[1]
        names = [x["name"] for x in m["renderer"]]
        check("found below the folder", "model" in names, m)
        check("no paths leave", not [x for x in names if x.startswith("/")], names)
        job = s.job(s.post("/api/models", {"renderer": "model"})[1]["job"]["id"])
        check("chosen", job["state"] == "done", job)
        check("and told", s.get("/api/health")[1]["renderer"]["name"] == "model")
        n = s.post("/api/sessions")[1]["id"]
        c = s.post("/api/sessions/%d/canvases" % n, {"text": CANVAS})[1]["id"]
        draw = {"canvas": c, "options": SMALL}
        check("draws", s.job(s.post("/api/renders", draw)[1]["job"]["id"])["state"] == "done")
        ev = Events(s)
        job = s.job(s.post("/api/models", {"renderer": "model"})[1]["job"]["id"])
        wait("the end", lambda: [e for e in ev.all if e[1] == "job" and e[2]["state"] == "done"])
        check("what is open is not opened anew", job["state"] == "done" and not
              [e for e in ev.all if e[1] == "job" and e[2]["progress"] and
               "loading" in e[2]["progress"]["phase"]], ev.all)
        check("and told as before", s.get("/api/health")[1]["renderer"]["name"] == "model")
        ev.close()
        for name in ("../golden/model", "model/../model", "/etc", "model/", ""):
            check("no such name %r" % name, s.post("/api/models", {"renderer": name})[0] == 404)
        s.job(s.post("/api/models", {"renderer": None})[1]["job"]["id"])
        check("none again", s.get("/api/health")[1]["renderer"] is None)
        job = s.job(s.post("/api/renders", draw)[1]["job"]["id"])
        check("draws no more", job["state"] == "failed", job)


def kept():
    """A model that cannot be loaded is not chosen; what the server has can be chosen again."""
    os.makedirs("broken/sub")
    open("broken/none.gguf", "w").write("this is no model")
    if os.path.isdir(MODEL):
        shutil.copytree(MODEL, "broken/bad", copy_function=shutil.copyfile)
        for part in ("tokenizer", "tokenizer_2"):
            open("broken/bad/%s/vocab.json" % part, "w").write("[")
    with Server("--script", "three.txt", "--models", "broken", *draws, data="kept") as s:
        n = s.post("/api/sessions")[1]["id"]
        choose = lambda **k: s.job(s.post("/api/models", k)[1]["job"]["id"])
        says = lambda: s.job(s.say(n, "two cats")[1]["job"]["id"])["state"]
        check("writes", says() == "done")
        job = choose(composer="none.gguf")
        check("no model", job["state"] == "failed" and job["error"]["message"].endswith(
            "; three.txt is still in use"), job)
        check("the old one stays", s.get("/api/health")[1]["composer"]["name"] == "three.txt" and
              says() == "done")
        check("none", choose(composer=None)["state"] == "done" and
              s.get("/api/health")[1]["composer"] is None and says() == "failed")
        job = choose(composer="none.gguf")
        check("none as before", job["state"] == "failed" and "in use" not in
              job["error"]["message"] and s.get("/api/health")[1]["composer"] is None, job)
        check("it can be chosen again", choose(composer="three.txt")["state"] == "done" and
              says() == "done" and s.get("/api/health")[1]["composer"]["name"] == "three.txt")
        if not draws:
            return
        c = s.post("/api/sessions/%d/canvases" % n, {"text": CANVAS})[1]["id"]
        draw = lambda: s.job(s.post("/api/renders", {"canvas": c, "options": SMALL})[1]["job"]
                             ["id"])["state"]
        found = s.get("/api/models")[1]["renderer"]
        check("given first", found[0]["name"] == "model" and found[0]["given"] and
              {"name": "bad", "given": False}.items() <= found[1].items(), found)
        check("draws", draw() == "done")
        job = choose(renderer="bad")
        check("cannot be loaded", job["state"] == "failed" and job["error"]["message"].endswith(
            "; model is still in use"), job)
        check("draws still", s.get("/api/health")[1]["renderer"]["name"] == "model" and
              draw() == "done")
        choose(renderer=None)
        check("no more", draw() == "failed")
        check("and again, as A1111's clients choose", s.post("/sdapi/v1/options", {
            "sd_model_checkpoint": "model"})[0] == 200 and draw() == "done")


def keyed():
    with Server("--script", "two.txt", data="keyed", env={"OMOST_SERVE_KEY": "s3cret"}) as s:
        check("with its key", s.get("/api/health")[0] == 200)
        check("the page needs none", s.get("/", headers={"Authorization": "x"})[0] == 200)
        for h in ("", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3cret2", "Basic s3cret"):
            code, got = s.get("/api/health", headers={"Authorization": h})
            check("not with %r" % h, code == 401 and got["error"]["status"] == "KEY", got)
        off = {"Authorization": ""}
        check("a wrong key", s.post("/api/login", {"key": "x"}, headers=off)[0] == 401)
        check("the right key", s.post("/api/login", {"key": "s3cret"}, headers=off)[0] == 204)
        cookie = s.headers["Set-Cookie"]
        check("a cookie for pages", "HttpOnly" in cookie and "SameSite=Strict" in cookie)
        off["Cookie"] = "a=b; " + cookie.split(";")[0]
        check("with the cookie", s.get("/api/health", headers=off)[0] == 200)
        off["Cookie"] = off["Cookie"][:-1]
        check("not with a part of it", s.get("/api/health", headers=off)[0] == 401)
    open("key.txt", "w").write("  from a file\n")
    for args in (("--api-key", "from a file"), ("--api-key-file", "key.txt")):
        with Server(*args, data="keyed", env={"OMOST_SERVE_KEY": "s3cret"}) as s:
            check("an option goes before the variable", s.get("/api/health")[0] == 401)
            s.key = "from a file"
            check("with " + args[0], s.get("/api/health")[0] == 200)


draws = DRAW if os.path.isdir(MODEL) else []
with Server("--script", "three.txt", *draws) as s:
    about(s)
    n = sessions(s)
    c = talk(s, n)
    canvases(s, n, c)
    tools(s)
    draw(s, n, c)
    openai(s)
    a1111(s)
    interrupted(s)
    check("ends well", s.stop() == 0)
nobody()
names()
chosen()
kept()
keyed()
finish()
