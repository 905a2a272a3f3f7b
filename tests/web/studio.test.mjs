// studio.test.mjs - the page's state against a server of a few lines, without a
// page. node --test tests/web
import assert from "node:assert/strict";
import test from "node:test";
import { emptyCanvas, withGlobal } from "../../web/js/canvas.js";
import { canvas, fake, later, message, opened, region, session, settled } from "./support.mjs";

test("message 0 is a message", async () => {
  const { studio } = await opened(session({ messages: [message(0, null, "user"), message(1, 0, "assistant")] }));
  assert.deepEqual(studio.path().map((m) => m.id), [0, 1]);
  assert.equal(studio.lastAnswer(), 1);
  studio.at = 0;
  assert.equal(studio.lastAnswer(), null);
});

test("a branch is shown to its newest end", async () => {
  const { studio } = await opened(session({ messages: [
    message(0, null, "user"), message(1, 0, "assistant"), message(2, 0, "assistant"),
    message(3, 2, "user"), message(4, 3, "assistant"), message(5, null, "user")] }));
  assert.equal(studio.at, 5);
  studio.goThrough(0);
  assert.deepEqual(studio.path().map((m) => m.id), [0, 2, 3, 4]);
  studio.goThrough(1);
  assert.deepEqual(studio.path().map((m) => m.id), [0, 1]);
  assert.deepEqual(studio.children(0).map((m) => m.id), [1, 2]);
});

test("what is written streams, starts anew, and ends as a canvas", async () => {
  const { studio, events } = await opened(session());
  const job = { id: 9, kind: "compose", state: "running", session: 1, message: 0 };
  events.tell("job", job);
  assert.equal(studio.composing().id, 9);
  events.tell("text", { job: 9, session: 1, text: "abc" });
  events.tell("region", { job: 9, session: 1, kind: "global", global: region("all") });
  events.tell("region", { job: 9, session: 1, kind: "region", index: 0, region: region("one") });
  events.tell("region", { job: 9, session: 2, kind: "region", index: 1, region: region("another session's") });
  assert.equal(studio.writing.get(9).regions.length, 1);
  events.tell("again", { job: 9, session: 1, why: "broken" });
  assert.deepEqual([studio.writing.get(9).text, studio.writing.get(9).regions.length], ["", 0]);
  events.tell("canvas", canvas(5));
  events.tell("job", { ...job, state: "done" });
  assert.equal(studio.composing(), null);
  assert.equal(studio.canvasId, 5);
  assert.equal(studio.doc.global.description, "canvas 5");
  studio.undo();
  assert.equal(studio.doc.global.description, "A picture.");
  await studio.saveNow();
});

test("an edit is saved as a child of the version before, and said to the model", async () => {
  let next = 20;
  const { studio, asked } = await opened(
    session({ canvas: canvas(5), messages: [message(0, null, "user"), message(1, 0, "assistant", { canvas: 5 })] }), {
      "POST /api/sessions/1/canvases": (b) => [201, canvas(next++, { json: b.json, origin: "edit", parent: b.parent })],
      "POST /api/sessions/1/messages": (b) => [202, { message: message(2, b.parent, "user"),
        job: { id: 30, kind: "compose", state: "queued", session: 1, message: 2 } }],
    });
  studio.edit(withGlobal(studio.doc, { description: "mine" }));
  assert.equal(studio.canvasId, null);
  await studio.send("go on");
  assert.deepEqual(asked[0][2].parent, 5);
  assert.equal(asked[0][2].json.global.description, "mine");
  assert.deepEqual(asked[1], ["POST", "/api/sessions/1/messages", { parent: 1, text: "go on", canvas: 20 }]);
  assert.equal(studio.at, 2);
});

test("what stands on the stage untouched is not said again", async () => {
  const { studio, asked } = await opened(
    session({ canvas: canvas(5), messages: [message(0, null, "user"), message(1, 0, "assistant", { canvas: 5 })] }), {
      "POST /api/sessions/1/messages": (b) => [202, { message: message(2, b.parent, "user"),
        job: { id: 30, kind: "compose", state: "queued", session: 1, message: 2 } }] });
  await studio.send("go on");
  assert.deepEqual(asked, [["POST", "/api/sessions/1/messages", { parent: 1, text: "go on" }]]);
});

test("another tab's edit is followed where nothing was changed here", async () => {
  const { studio, events } = await opened(session({ canvas: canvas(5) }), {
    "POST /api/sessions/1/canvases": (b) => [201, canvas(50, { json: b.json })] });
  events.tell("canvas", canvas(6, { origin: "edit", parent: 5 }));
  assert.equal(studio.canvasId, 6);
  events.tell("canvas", canvas(8, { origin: "edit", parent: 7 }));
  assert.equal(studio.canvasId, 6, "of another branch");
  studio.edit(withGlobal(studio.doc, { description: "mine" }));
  events.tell("canvas", canvas(9, { origin: "edit", parent: 6 }));
  assert.equal(studio.doc.global.description, "mine", "changes of both are kept apart");
  await studio.saveNow();
});

test("failures are told once, with the server's sentence", async () => {
  const { studio, toasts } = await opened(session({ canvas: canvas(5) }), {
    "POST /api/renders": () => [503, { error: { status: "BUSY", message: "the queue is full" } }] });
  assert.equal(await studio.render({}), null);
  assert.deepEqual(toasts, ["the queue is full"]);
  globalThis.fetch = async () => { throw new TypeError("failed"); };
  await studio.render({});
  assert.match(toasts[1], /does not answer/);
});

test("a page that is opened while a message is answered again shows that", async () => {
  const { studio } = await opened(session({
    messages: [message(0, null, "user"), message(1, 0, "assistant")],
    jobs: [{ id: 9, kind: "compose", state: "running", session: 1, message: 0 }] }));
  assert.equal(studio.at, 0);
});

test("an answer that comes late does not bring a job back", async () => {
  const { studio, events } = await opened(session(), {
    "POST /api/jobs/9/cancel": () => [200, { id: 9, kind: "compose", state: "running", session: 1 }] });
  events.tell("job", { id: 9, kind: "compose", state: "running", session: 1 });
  const asked = studio.cancel(9);
  events.tell("job", { id: 9, kind: "compose", state: "cancelled", session: 1 });
  await asked;
  assert.equal(studio.composing(), null);
});

const unfinished = (id, extra = {}) => ({ id, kind: "render", state: "interrupted", session: 1,
  created: `day ${id}`, ...extra });

test("everything that was interrupted is offered again, until it was asked for again", async () => {
  const asks = (message, extra) => ({ kind: "compose", message, ...extra });
  const now = async (jobs) => [...(await opened(session(), {
    "GET /api/jobs": () => [200, { jobs }] })).studio.jobs.keys()];
  assert.deepEqual(await now([unfinished(4, { state: "done" }), unfinished(3), unfinished(2)]), [2, 3]);
  assert.deepEqual(await now([unfinished(5, { state: "cancelled" }), unfinished(4, { state: "failed" })]), []);
  assert.deepEqual(await now([unfinished(3, asks(0)), unfinished(2, asks(0)),
    unfinished(1, asks(4, { state: "failed" }))]), [1, 3], "of the tries of an answer the last");
  assert.deepEqual(await now([unfinished(3, asks(0, { state: "done" })), unfinished(2, asks(0))]), []);
});

test("what was put out of sight or begun again does not come back", async () => {
  const kept = new Map();
  globalThis.localStorage = { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v) };
  try {
    const answers = { "GET /api/jobs": () => [200, { jobs: [1, 2, 3].map((id) => unfinished(id)) }],
      "POST /api/jobs/2/restart": () => [202, { job: unfinished(9, { state: "queued" }) }] };
    const { studio } = await opened(session(), answers);
    assert.deepEqual([...studio.jobs.keys()], [1, 2, 3]);
    studio.forget(1);
    await studio.restart(2);
    assert.deepEqual([...studio.jobs.keys()], [3, 9]);
    assert.deepEqual([...(await opened(session(), answers)).studio.jobs.keys()], [3]);
    // Numbers begin anew in another folder.
    const others = { "GET /api/jobs": () => [200, { jobs: [unfinished(1, { created: "later" })] }] };
    assert.deepEqual([...(await opened(session(), others)).studio.jobs.keys()], [1]);
  } finally { delete globalThis.localStorage; }
});

test("a good picture ends the talk of those that were not", async () => {
  const { studio, events } = await opened(session());
  for (const [id, state] of [[1, "cancelled"], [2, "failed"], [3, "interrupted"], [5, "cancelled"]])
    events.tell("job", unfinished(id, { state }));
  events.tell("job", unfinished(4, { state: "running" }));
  assert.deepEqual([...studio.jobs.keys()].sort(), [1, 2, 3, 4, 5]);
  events.tell("job", unfinished(4, { state: "done" }));
  assert.deepEqual([...studio.jobs.keys()].sort(), [3, 4, 5]);
});

test("an answer that was interrupted says so, until it is asked for again", async () => {
  const { studio, events } = await opened(session({ messages: [message(0, null, "user")] }), {
    "GET /api/jobs": () => [200, { jobs: [unfinished(3, { kind: "compose", message: 0 })] }] });
  assert.match(studio.failure(0).message, /the server stopped/);
  events.tell("job", unfinished(4, { kind: "compose", message: 0, state: "running" }));
  assert.deepEqual([studio.failure(0), [...studio.jobs.keys()]], [null, [4]]);
});

test("of an answer that is stopped stays what there was", async () => {
  const { studio, events } = await opened(session({ messages: [message(0, null, "user")] }));
  const job = { id: 9, kind: "compose", state: "running", session: 1, message: 0 };
  events.tell("job", job);
  events.tell("region", { job: 9, session: 1, kind: "region", index: 0, region: region("one") });
  events.tell("message", message(1, 0, "assistant", { job: 9, error: { status: "CANCELLED" } }));
  events.tell("job", { ...job, state: "cancelled" });
  assert.equal(studio.stopped.get(1).regions[0].description, "one");
  assert.ok(studio.wasStopped(studio.messages.get(1)));
  events.tell("message", message(2, 0, "assistant", { job: 9, canvas: 4 }));
  assert.ok(studio.wasStopped(studio.messages.get(2)), "a canvas by then");
  assert.ok(!studio.wasStopped(message(3, 0, "assistant")));
});

test("a picture's record is asked for when it is wanted", async () => {
  const { studio, asked } = await opened(session(), {
    "GET /api/images/7": () => [200, { id: 7, record: { canvas: "code", options: { steps: 3 } } }],
    "POST /api/canvas/parse": () => [200, { json: withGlobal(emptyCanvas(), { description: "drawn" }) }] });
  let settings = null;
  studio.addEventListener("settings", (e) => { settings = e.detail.options; });
  await studio.restore({ id: 7, file: "/7" });
  assert.deepEqual(asked.map(([, path]) => path), ["/api/images/7", "/api/canvas/parse"]);
  assert.deepEqual([studio.doc.global.description, settings, studio.image.file], ["drawn", { steps: 3 }, "/7"]);
  await studio.saveNow();
  asked.length = 0;
  await studio.restore({ id: 8, file: "/8", record: null, canvas: null });
  assert.deepEqual(asked, []);
});

test("what comes while the gallery is searched is not shown unasked", async () => {
  const { studio, events } = await opened(session());
  events.tell("image", { id: 7, session: 2 });
  studio.query = "dragon";
  events.tell("image", { id: 8, session: 2 });
  assert.deepEqual(studio.images.map((i) => i.id), [7]);
  events.tell("image", { id: 7, session: 2, deleted: true });
  assert.deepEqual(studio.images, []);
});

test("a deleted picture leaves the gallery and the stage", async () => {
  const { studio, events } = await opened(session());
  events.tell("image", { id: 7, session: 1, file: "/api/images/7.png" });
  assert.equal(studio.image.id, 7);
  events.tell("image", { id: 7, session: 1, deleted: true });
  assert.equal(studio.image, null);
  assert.equal(studio.images.length, 0);
});

// ---- what is saved ------------------------------------------------------------

const mine = (s, description) => s.edit(withGlobal(s.doc, { description }));
const saves = { "POST /api/sessions/1/canvases": (b) => [201, canvas(20, { json: b.json, origin: "edit" })] };
const SECOND = { "GET /api/sessions/2": () => [200, { ...session(), id: 2 }] };

test("a new chat right after an edit saves the edit, and nothing else", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { studio, asked } = await opened(session(), { ...saves, ...SECOND,
    "POST /api/sessions": () => [201, { id: 2 }] });
  mine(studio, "mine");
  await studio.openNew();
  t.mock.timers.tick(1000);
  await studio.saving;
  assert.deepEqual(asked.filter(([method]) => method === "POST").map(([, path]) => path).sort(),
    ["/api/sessions", "/api/sessions/1/canvases"]);
  assert.equal(studio.unsaved, false);
});

test("what was undone to is drawn like any other canvas", async () => {
  const { studio, asked, toasts } = await opened(session(), { ...saves,
    "POST /api/renders": () => [202, { job: { id: 7, kind: "render", state: "queued", session: 1 } }] });
  assert.equal(await studio.render({}), null);
  assert.match(toasts[0], /There is no canvas yet/);
  mine(studio, "mine");
  studio.undo();
  assert.equal((await studio.render({})).id, 7);
  assert.deepEqual(asked.map(([, path]) => path), ["/api/sessions/1/canvases", "/api/renders"]);
  assert.equal(toasts.length, 1);
});

test("a session that is deleted while its canvas is saved does not end saving", async () => {
  const [answer, come] = later();
  let n = 0;
  const { studio, asked } = await opened(session(), { ...SECOND,
    "POST /api/sessions/1/canvases": async (b) => { if (!n++) await answer; return [201, canvas(20, { json: b.json })]; },
    "POST /api/sessions/2/canvases": (b) => [201, { ...canvas(30, { json: b.json }), session: 2 }] });
  mine(studio, "mine");
  const saved = studio.saveCanvas();
  studio.session = null;
  come();
  await saved;
  await studio.open(2);
  mine(studio, "another");
  await studio.saveNow();
  assert.equal(studio.canvasId, 30);
  assert.equal(asked.at(-1)[1], "/api/sessions/2/canvases");
});

test("one failure, of whatever kind, does not end saving", async () => {
  const { studio } = await opened(session(), saves);
  studio.saving = Promise.reject(new TypeError("a fault of ours"));
  mine(studio, "mine");
  await studio.saveNow();
  assert.equal(studio.canvasId, 20);
});

test("an edit made while another session comes is saved in its own", async () => {
  const [answer, come] = later();
  const { studio, asked } = await opened(session({ canvas: canvas(5) }), { ...saves,
    "GET /api/sessions/2": async () => { await answer; return [200, { ...session(), id: 2 }]; } });
  const open = studio.open(2);
  await settled();
  mine(studio, "mine");
  come();
  await open;
  await studio.saving;
  const [, path, body] = asked.find(([method]) => method === "POST");
  assert.deepEqual([path, body.parent, body.json.global.description], ["/api/sessions/1/canvases", 5, "mine"]);
  assert.equal(studio.session.id, 2);
  assert.equal(studio.doc.global.description, "A picture.");
});

test("a reply that comes while an edit is saved is what the next edit begins from", async () => {
  const [answer, come] = later();
  const { studio, events } = await opened(session({ canvas: canvas(5) }), {
    "POST /api/sessions/1/canvases": async (b) => { await answer; return [201, canvas(20, { json: b.json })]; } });
  mine(studio, "mine");
  const saved = studio.saveCanvas();
  events.tell("canvas", canvas(21));
  come();
  await saved;
  assert.deepEqual([studio.canvasId, studio.parentId], [21, 21]);
});

// ---- versions that were kept before ------------------------------------------------

/** 1 <- 2 <- 3, and 4 from 2; 5 is a reply. */
const versions = { "GET /api/sessions/1/canvases": () => [200, { canvases: [
  { id: 5, parent: null }, { id: 4, parent: 2 }, { id: 3, parent: 2 }, { id: 2, parent: 1 },
  { id: 1, parent: null }] }] };
for (const id of [1, 2, 3, 4, 5])
  versions[`GET /api/canvases/${id}`] = () => [200, canvas(id)];
versions["PATCH /api/sessions/1"] = (b) => [200, session(b)];
const seen = (studio) => studio.doc.global.description;
const patched = (asked) => asked.filter(([m]) => m === "PATCH").map(([, , b]) => b.canvas);

test("undo and redo go on through what was kept before the page was loaded", async () => {
  const { studio, asked } = await opened(session({ canvas: canvas(4) }), versions);
  assert.ok(studio.canUndo && studio.canRedo);
  await studio.undo();
  assert.equal(seen(studio), "canvas 2");
  studio.undo();
  await studio.undo(); // there is nothing before the first
  assert.deepEqual([seen(studio), studio.canUndo], ["canvas 1", false]);
  await studio.saveNow();
  assert.deepEqual(patched(asked), [1], "the version itself is the session's again");
  assert.ok(!asked.some(([m]) => m === "POST"), "and no other was kept");
  for (const want of [2, 4, 5, 5]) {
    await studio.redo();
    assert.equal(seen(studio), `canvas ${want}`);
  }
  assert.equal(studio.canRedo, false);
  await studio.saveNow();
  assert.deepEqual(patched(asked), [1, 5]);
});

test("an edit after undo begins from what was undone to, and ends redo", async () => {
  const { studio, asked } = await opened(session({ canvas: canvas(4) }), { ...versions,
    "POST /api/sessions/1/canvases": (b) => [201, canvas(20, { json: b.json, origin: "edit" })] });
  await studio.undo();
  mine(studio, "mine");
  assert.equal(studio.canRedo, false);
  await studio.saveNow();
  const [, , body] = asked.find(([m]) => m === "POST");
  assert.equal(body.parent, 2);
  assert.deepEqual(patched(asked), []);
  studio.undo();
  await studio.undo();
  assert.equal(seen(studio), "canvas 1");
});

test("another tab's undo is followed where nothing was changed here", async () => {
  const { studio, events } = await opened(session({ canvas: canvas(4) }), { ...versions, ...saves });
  events.tell("session", { id: 1, title: "new", canvas: 4 });
  events.tell("session", { id: 1, title: "new", canvas: 2 });
  await settled();
  assert.deepEqual([studio.canvasId, seen(studio)], [2, "canvas 2"]);
  mine(studio, "mine");
  events.tell("session", { id: 1, title: "new", canvas: 3 });
  await settled();
  assert.equal(seen(studio), "mine");
  await studio.saveNow();
});

test("who takes another's place is told, and can bring it back", async () => {
  const { studio, asked } = await opened(session({ canvas: canvas(1) }), { ...versions,
    "POST /api/sessions/1/canvases": (b) => [201, canvas(20, { json: b.json, replaced: 3 })] });
  let action = null;
  studio.addEventListener("toast", (e) => { action = e.detail.action; });
  mine(studio, "mine");
  await studio.saveNow();
  assert.match(action.label, /back/);
  await action.act();
  assert.deepEqual([seen(studio), patched(asked)], ["canvas 3", [3]]);
  await studio.undo();
  assert.equal(seen(studio), "mine");
});

test("of two versions that are put on the stage the last one stands", async () => {
  const [answer, come] = later();
  const slow = { "GET /api/canvases/3": async () => { await answer; return [200, canvas(3)]; } };
  const { studio, asked } = await opened(session({ canvas: canvas(5) }), { ...versions, ...slow });
  const first = studio.showCanvas(3);
  await studio.showCanvas(2);
  come();
  await first;
  assert.deepEqual([seen(studio), patched(asked)], ["canvas 2", [2]]);
  const again = await opened(session({ canvas: canvas(5) }), { ...versions, ...slow });
  const other = again.studio.showCanvas(3);
  await again.studio.showCanvas(5); // it stands there
  await other;
  assert.deepEqual([seen(again.studio), patched(again.asked)], ["canvas 5", []]);
});

test("what has stood here is no other's", async () => {
  const { studio, toasts } = await opened(session({ canvas: canvas(1) }), { ...versions,
    "POST /api/sessions/1/canvases": (b) => [201, canvas(20, { json: b.json, replaced: 1 })] });
  mine(studio, "mine");
  await studio.saveNow();
  assert.deepEqual(toasts, []);
});

// ---- what happens meanwhile -----------------------------------------------------

const compose = (state) => ({ id: 9, kind: "compose", state, session: 1, message: 0 });

test("what ends between the server's answer and its arrival has ended", async () => {
  const [answer, come] = later();
  const { studio, events } = await opened(session());
  const old = session({ messages: [message(0, null, "user")], jobs: [compose("running")] });
  const asked = { "GET /api/sessions/1": async () => { await answer; return [200, old]; },
    "GET /api/jobs": () => [200, { jobs: [] }] };
  fake(asked);
  const loaded = studio.reload();
  events.tell("canvas", canvas(6));
  events.tell("message", message(1, 0, "assistant", { canvas: 6 }));
  events.tell("job", compose("done"));
  events.tell("image", { id: 7, session: 1, file: "/api/images/7.png" });
  come();
  await loaded;
  assert.equal(studio.composing(), null);
  assert.deepEqual(studio.path().map((m) => m.id), [0, 1]);
  assert.deepEqual([studio.canvasId, studio.image.id], [6, 7]);
});

test("the same of a session that is being opened; others' events are heard at once", async () => {
  const [answer, come] = later();
  const { studio, events } = await opened(session(), {
    "GET /api/sessions/2": async () => {
      await answer;
      return [200, { ...session({ jobs: [{ ...compose("running"), session: 2 }] }), id: 2 }];
    } });
  const open = studio.open(2);
  await settled();
  events.tell("job", { ...compose("done"), session: 2 });
  events.tell("message", message(4, null, "user"));
  assert.equal(studio.messages.size, 1);
  come();
  await open;
  assert.equal(studio.composing(), null);
});

test("an answer that does not come holds nothing back for good", async () => {
  const { studio, events } = await opened(session());
  globalThis.fetch = async () => { throw new TypeError("failed"); };
  const loaded = studio.attempt(() => studio.reload());
  events.tell("canvas", canvas(6));
  await loaded;
  assert.equal(studio.canvasId, 6);
  events.tell("canvas", canvas(8));
  assert.equal(studio.canvasId, 8);
});

// ---- a reply in the middle -----------------------------------------------------------

const told = (events, name, detail, number) => {
  const e = new CustomEvent(name, { detail: { job: 9, session: 1, ...detail } });
  e.number = number;
  events.dispatchEvent(e);
};
const written = () => ({ event: 12, text: "abc", notes: [], regions: [
  { kind: "start" }, { kind: "global", global: region("all") },
  { kind: "region", index: 0, region: region("one") }] });
const names = (w) => [w.global?.description, ...w.regions.map((r) => r.description)];

test("a page that is opened in the middle of a reply has what there is of it", async () => {
  const { studio, events } = await opened(session({ messages: [message(0, null, "user")],
    jobs: [{ ...compose("running"), written: written() }] }));
  const w = () => studio.writing.get(9);
  assert.deepEqual([w().text, names(w())], ["abc", ["all", "one"]]);
  assert.equal(studio.composing().written, undefined);
  // What was told until then is in it; what comes after is not.
  told(events, "text", { text: "c" }, 11);
  told(events, "region", { kind: "region", index: 0, region: region("old") }, 12);
  told(events, "text", { text: "d" }, 13);
  told(events, "region", { kind: "region", index: 1, region: region("two") }, 14);
  assert.deepEqual([w().text, names(w())], ["abcd", ["all", "one", "two"]]);
  told(events, "again", { why: "broken" }, 15);
  told(events, "text", { text: "e" }, 16);
  assert.deepEqual([w().text, w().why, w().regions], ["e", "broken", []]);
});

test("what is told of a reply while it is asked for is neither lost nor heard twice", async () => {
  const [answer, come] = later();
  const { studio, events } = await opened(session({ jobs: [compose("running")] }));
  told(events, "text", { text: "a" }, 10);
  fake({ "GET /api/jobs": () => [200, { jobs: [] }], "GET /api/sessions/1": async () => {
    await answer;
    return [200, session({ jobs: [{ ...compose("running"), written: written() }] })];
  } });
  const loaded = studio.reload();
  told(events, "text", { text: "bc" }, 12);
  told(events, "text", { text: "d" }, 13);
  assert.equal(studio.writing.get(9).text, "a");
  come();
  await loaded;
  assert.equal(studio.writing.get(9).text, "abcd");
});

test("a reload leaves the picture that was put on the stage, unless a newer one came", async () => {
  const rows = (...ids) => ids.map((id) => ({ id, session: 1, canvas: 5, file: `/${id}` }));
  const { studio } = await opened(session({ canvas: canvas(5), images: rows(4, 3) }));
  studio.showImage(rows(3)[0]);
  const again = async (...ids) => {
    fake({ "GET /api/jobs": () => [200, { jobs: [] }],
      "GET /api/sessions/1": () => [200, session({ canvas: canvas(5), images: rows(...ids) })] });
    await studio.reload();
    return studio.image?.id;
  };
  assert.equal(await again(4, 3), 3);
  assert.equal(await again(6, 5, 4, 3), 6);
  studio.showImage(null);
  assert.equal(await again(6, 5, 4, 3), undefined);
});

test("an answer that failed says why, until there is another", async () => {
  const { studio, events } = await opened(session({ messages: [message(0, null, "user")] }));
  events.tell("job", { ...compose("failed"), error: { message: "nobody is there" } });
  assert.equal(studio.failure(0).message, "nobody is there");
  events.tell("job", { ...compose("running"), id: 10 });
  assert.equal(studio.failure(0), null);
});

test("a session that is deleted elsewhere is left for the newest other one", async () => {
  const { studio, events, asked } = await opened(session(), { ...saves, ...SECOND,
    "GET /api/sessions": () => [200, { sessions: [{ id: 1 }, { id: 2 }] }] });
  mine(studio, "mine");
  events.tell("session", { id: 2, deleted: true });
  events.tell("session", { id: 1, deleted: true });
  await studio.gone(1);
  assert.equal(studio.session.id, 2);
  assert.ok(!asked.some(([method]) => method === "POST"), "there is nothing to save in it");
});

test("jobs that are done long since are forgotten; what was interrupted is not", async () => {
  const { studio, events } = await opened(session());
  events.tell("job", { id: 1, kind: "render", state: "interrupted", session: 1 });
  for (let id = 2; id < 300; id++) events.tell("job", { id, kind: "render", state: "done", session: 1 });
  assert.ok(studio.jobs.size <= 101 && studio.jobs.has(1) && studio.jobs.has(299), `${studio.jobs.size}`);
});

test("an answer that cannot be asked for again is shown still", async () => {
  const { studio, toasts } = await opened(session({
    messages: [message(0, null, "user"), message(1, 0, "assistant")] }), {
    "POST /api/sessions/1/messages/0/retry": () => [503, { error: { message: "the queue is full" } }] });
  await studio.retry(0);
  assert.deepEqual([studio.at, toasts], [1, ["the queue is full"]]);
});

test("what is begun again stays out of sight, wherever its answer comes", async () => {
  const kept = new Map(), [answer, come] = later();
  globalThis.localStorage = { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v) };
  try {
    const answers = { ...SECOND, "GET /api/jobs": () => [200, { jobs: [unfinished(2)] }],
      "POST /api/jobs/2/restart": async () => { await answer; return [202, { job: unfinished(9, { state: "queued" }) }]; } };
    const { studio } = await opened(session(), answers);
    const done = studio.restart(2);
    await studio.open(2);
    come();
    await done;
    await studio.open(1);
    assert.deepEqual([...studio.jobs.keys()], []);
  } finally { delete globalThis.localStorage; }
});

test("a picture is restored in the session it was asked for in, or not at all", async () => {
  for (const [path, image] of [["GET /api/images/7", { id: 7 }],
    ["GET /api/canvases/3", { id: 7, record: { options: {} }, canvas: 3 }]]) {
    const [answer, come] = later();
    const { studio, asked } = await opened(session(), { ...SECOND,
      [path]: async () => { await answer; return [200, path.includes("images")
        ? { id: 7, record: { options: {} }, canvas: 3 } : canvas(3)]; } });
    let settings = null;
    studio.addEventListener("settings", (e) => { settings = e.detail; });
    const done = studio.restore(image);
    await settled();
    await studio.open(2);
    come();
    await done;
    assert.deepEqual([studio.canvasId, studio.image, settings], [null, null, null]);
    assert.ok(!asked.some(([m]) => m === "PATCH"));
  }
});

// ---- another session is opened before the answer is there --------------------------

const job = (kind) => ({ id: 30, kind, state: "queued", session: 1, message: 2 });
const SLOW = {
  send: ["POST /api/sessions/1/messages", { message: message(2, null, "user"), job: job("compose") }, (s) => s.send("go on")],
  retry: ["POST /api/sessions/1/messages/0/retry", { job: job("compose") }, (s) => s.retry(0)],
  render: ["POST /api/renders", { job: job("render") }, (s) => s.render({})],
  restart: ["POST /api/jobs/4/restart", { job: job("render") }, (s) => s.restart(4)],
  cancel: ["POST /api/jobs/4/cancel", { ...job("render"), state: "cancelled" }, (s) => s.cancel(4)],
  showCanvas: ["GET /api/canvases/3", canvas(3), (s) => s.showCanvas(3)],
  importText: ["POST /api/sessions/1/canvases", canvas(3), (s) => s.importText("text")],
  reload: ["GET /api/sessions/1", session({ messages: [message(2, null, "user")] }), (s) => s.reload()],
};
for (const [name, [path, data, act]] of Object.entries(SLOW))
  test(`${name}: its answer does nothing to another session`, async () => {
    const [answer, come] = later();
        const { studio } = await opened(session({ canvas: canvas(5), messages: [message(0, null, "user")] }));
    const asked = fake({ ...SECOND, "GET /api/jobs": () => [200, { jobs: [] }],
      [path]: async () => { await answer; return [200, data]; } });
    const done = act(studio);
    await settled();
    await studio.open(2);
    come();
    await done;
    assert.ok(asked.some(([m, p]) => `${m} ${p}` === path), "it was asked of the first session");
    assert.ok(!asked.some(([m]) => m === "PATCH"));
    assert.deepEqual([studio.session.id, studio.canvasId, studio.at, studio.messages.size, studio.jobs.size],
      [2, null, null, 0, 0]);
  });

for (const name of ["send", "render", "importText"])
  test(`${name}: what is asked for while the canvas is saved is not asked of another session`, async () => {
    const [answer, come] = later();
    const { studio, asked } = await opened(session(), { ...SECOND,
      "POST /api/sessions/1/canvases": async (b) => { await answer; return [201, canvas(20, { json: b.json })]; } });
    mine(studio, "mine");
    const done = SLOW[name][2](studio);
    await settled();
    studio.session = { id: 2 };
    asked.length = 0;
    come();
    assert.equal(await done, null);
    assert.deepEqual(asked, []);
  });
