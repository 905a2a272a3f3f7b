// code.test.mjs - the code editor against a server of a few lines; its elements
// are nodes that only keep what they are told. node --test tests/web
import assert from "node:assert/strict";
import test from "node:test";
import { withGlobal } from "../../web/js/canvas.js";
import { CodeEditor } from "../../web/js/code.js";
import { FakeNode, canvas, later, opened, session, settled } from "./support.mjs";


const written = (text) => canvas(0, { json: withGlobal(canvas(0).json, { description: text }), python: text });

/** parse() answers a JSON text with its description, as Python, and any other
 *  text with a canvas of this description; `slow` texts wait. */
async function editor(t, slow = {}) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const parsed = [];
  const got = await opened(session({ canvas: canvas(5) }), {
    "GET /api/sessions/2": () => [200, { ...session({ canvas: canvas(6) }), id: 2 }],
    "POST /api/sessions/1/canvases": (b) => [201, canvas(20, { json: b.json })],
    "POST /api/canvas/parse": async ({ text }) => {
      if (text.startsWith("{")) return [200, written(JSON.parse(text).global.description)];
      parsed.push(text);
      await slow[text];
      return text.startsWith("bad") ? [400, { error: { message: `no: ${text}`, line: 1, col: 1 } }]
        : [200, written(text)];
    } });
  const code = new CodeEditor(new FakeNode(), got.studio);
  await settled();
  const pass = async (ms) => { t.mock.timers.tick(ms); await settled(); };
  const type = (text) => { code.input.value = text; code.input.dispatchEvent(new Event("input")); };
  return { ...got, code, parsed, pass, type };
}

test("what is typed goes on the stage as soon as it stands still", async (t) => {
  const { studio, code, parsed, pass, type } = await editor(t);
  assert.equal(code.input.value, "canvas 5");
  type("min");
  await pass(100);
  type("mine");
  await pass(300);
  assert.deepEqual(parsed, ["mine"]);
  assert.equal(studio.doc.global.description, "mine");
  await pass(300);
  assert.equal(code.input.value, "mine");
});

const kept = (asked) => asked.filter(([, path]) => path.endsWith("/canvases"))
  .map(([, path, body]) => [path, body.json.global.description]);

test("what was typed is read and kept before another session is opened", async (t) => {
  const { studio, asked, code, parsed, pass, type } = await editor(t);
  type("mine");
  await pass(100);
  await studio.open(2);
  await pass(1000);
  await pass(1000);
  assert.deepEqual(parsed, ["mine"]);
  assert.deepEqual(kept(asked), [["/api/sessions/1/canvases", "mine"]]);
  assert.deepEqual([studio.doc.global.description, code.input.value], ["canvas 6", "canvas 6"]);
});

test("nothing of it is left there when the server takes its time to read it", async (t) => {
  const [answer, come] = later();
  const { studio, asked, code, parsed, pass, type } = await editor(t, { mine: answer });
  type("mine");
  await pass(300);
  assert.deepEqual(parsed, ["mine"]);
  const open = studio.open(2);
  await settled();
  come();
  await open;
  await pass(1000);
  assert.deepEqual(kept(asked), [["/api/sessions/1/canvases", "mine"]]);
  assert.deepEqual([studio.doc.global.description, code.input.value], ["canvas 6", "canvas 6"]);
});

test("what is drawn is what is typed, however quickly", async (t) => {
  const { studio, asked, type } = await editor(t);
  type("mine");
  await studio.render({});
  assert.deepEqual(kept(asked), [["/api/sessions/1/canvases", "mine"]]);
  assert.equal(asked.find(([, path]) => path === "/api/renders")[2].canvas, 20);
});

test("the same session loaded again leaves what is typed", async (t) => {
  const { studio, code, pass, type } = await editor(t);
  type("mine");
  await studio.reload();
  await pass(200);
  assert.equal(code.input.value, "mine");
  await pass(300);
  assert.equal(studio.doc.global.description, "mine");
});

test("a late error of what stood here before does not let anything be written over", async (t) => {
  const [answer, come] = later();
  const { studio, events, code, pass, type } = await editor(t, { "bad 1": answer });
  type("bad 1");
  await pass(300);
  type("mine");
  come();
  await settled();
  events.tell("canvas", canvas(8));
  await pass(200);
  assert.equal(code.input.value, "mine");
  assert.equal(code.error, null);
  await pass(300);
  assert.equal(studio.doc.global.description, "mine");
});

test("a late answer about what stood here before is none about what stands here", async (t) => {
  const [answer, come] = later();
  const { studio, code, pass, type } = await editor(t, { first: answer });
  type("first");
  await pass(300);
  type("second");
  come();
  await pass(100);
  assert.equal(studio.doc.global.description, "canvas 5");
  await pass(1000);
  assert.deepEqual([studio.doc.global.description, code.input.value], ["second", "second"]);
});

test("what was told of a text goes with it when a box is dragged", async (t) => {
  const { studio, code, pass, type } = await editor(t);
  const drag = async (description) => {
    studio.drag(description === null ? null : withGlobal(studio.doc, { description }));
    await pass(0);
  };
  type("bad");
  await pass(300);
  assert.equal(code.error.message, "no: bad");
  await drag("dragged");
  assert.deepEqual([code.input.value, code.error, code.says.text], ["dragged", null, "Sound."]);
  await drag(null);
  studio.canvasNotes = [{ line: 1, col: 1, message: "mended" }];
  await drag("again");
  assert.equal(code.notes.children.length, 0);
  await drag(null);
  assert.deepEqual([code.input.value, code.notes.children.length], ["canvas 5", 1]);
});

test("a text from elsewhere is read at once, and its error told", async (t) => {
  const { code, parsed, pass } = await editor(t);
  code.load("bad reply");
  await pass(0);
  assert.deepEqual(parsed, ["bad reply"]);
  assert.equal(code.error.message, "no: bad reply");
  await pass(1000);
  assert.equal(code.input.value, "bad reply");
});
