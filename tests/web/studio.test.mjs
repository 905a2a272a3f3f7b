// studio.test.mjs - the page's state against a server of a few lines, without a
// page. node --test tests/web
import assert from "node:assert/strict";
import test from "node:test";
import { Words, emptyCanvas, withGlobal } from "../../web/js/canvas.js";
import { Studio } from "../../web/js/studio.js";

const words = new Words({ location: [], offset: [], area: [], color: [] });
const region = (description) => ({ ...emptyCanvas().global, description, distance_to_viewer: 1 });

class FakeEvents extends EventTarget {
  on(name, fn) { this.addEventListener(name, (e) => fn(e.detail)); }
  tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
}

/** fetch() answered by functions of [method, path, body]; what was asked is kept. */
function fake(answers) {
  const asked = [];
  globalThis.fetch = async (path, { method, body }) => {
    const sent = body ? JSON.parse(body) : undefined;
    asked.push([method, path, sent]);
    const answer = answers[`${method} ${path.split("?")[0]}`];
    const [status, data] = answer ? answer(sent) : [404, { error: { message: `no ${path}` } }];
    return new Response(JSON.stringify(data), { status, headers: { "Content-Type": "application/json" } });
  };
  return asked;
}

const session = (extra = {}) => ({ id: 1, title: "", messages: [], jobs: [], images: [], canvas: null, ...extra });
const canvas = (id, extra = {}) => ({ id, session: 1, parent: null, origin: "reply", notes: [],
  json: withGlobal(emptyCanvas(), { description: `canvas ${id}` }), ...extra });
const message = (id, parent, role, extra = {}) => ({ id, parent, role, text: `m${id}`, canvas: null, session: 1, ...extra });

async function opened(data, answers = {}) {
  const asked = fake({ "GET /api/sessions/1": () => [200, data], "GET /api/jobs": () => [200, { jobs: [] }], ...answers });
  const events = new FakeEvents();
  const studio = new Studio({}, words, events);
  const toasts = [];
  studio.addEventListener("toast", (e) => toasts.push(e.detail.text));
  await studio.open(1);
  asked.length = 0;
  return { studio, events, asked, toasts };
}

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

test("only the newest job, when it was interrupted, is offered again", async () => {
  const job = (id, state) => ({ id, kind: "render", state, session: 1 });
  const now = async (jobs) => [...(await opened(session(), {
    "GET /api/jobs": () => [200, { jobs }] })).studio.jobs.keys()];
  assert.deepEqual(await now([job(3, "interrupted"), job(2, "interrupted")]), [3]);
  assert.deepEqual(await now([job(4, "done"), job(3, "interrupted")]), []);
});

test("a deleted picture leaves the gallery and the stage", async () => {
  const { studio, events } = await opened(session());
  events.tell("image", { id: 7, session: 1, file: "/api/images/7.png" });
  assert.equal(studio.image.id, 7);
  events.tell("image", { id: 7, session: 1, deleted: true });
  assert.equal(studio.image, null);
  assert.equal(studio.images.length, 0);
});
