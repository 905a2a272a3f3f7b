// chat.test.mjs - the conversation against a server of a few lines; its elements
// are nodes that only keep what they are told. node --test tests/web
import assert from "node:assert/strict";
import test from "node:test";
import { Chat } from "../../web/js/chat.js";
import { FakeNode, later, message, opened, session, settled } from "./support.mjs";

const compose = (state, extra = {}) =>
  ({ id: 30, kind: "compose", state, session: 1, message: 2, ...extra });

/** Two messages and, once `answer` is there, a third one. */
async function chat(t, answer = null, sends = null) {
  const kept = new Map();
  globalThis.sessionStorage = { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v) };
  t.after(() => { delete globalThis.sessionStorage; });
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const talk = session({ messages: [message(0, null, "user"), message(1, 0, "assistant")] });
  const got = await opened(talk, {
    "GET /api/sessions/2": () => [200, { ...session(), id: 2 }],
    "POST /api/sessions/1/messages": async (b) => {
      await answer;
      return sends ?? [202, { message: message(2, b.parent, "user", { text: b.text }), job: compose("running") }];
    } });
  const view = new Chat(new FakeNode(), got.studio, {});
  got.studio.changed("session");
  const type = (text) => { view.input.value = text; view.input.dispatchEvent(new Event("input")); };
  const said = () => got.asked.filter(([m]) => m === "POST").map(([, , b]) => b.text);
  return { ...got, view, type, said };
}

test("a message is sent once, whatever happens until it is", async (t) => {
  const [answer, come] = later();
  const { studio, view, type, said } = await chat(t, answer);
  type("a house");
  const sent = view.send();
  await settled();
  studio.changed("canvas");
  assert.equal(view.sendButton.disabled, true);
  await view.send();
  come();
  await sent;
  assert.deepEqual([said(), view.input.value], [["a house"], ""]);
});

test("what is typed while a message is sent stays", async (t) => {
  const [answer, come] = later();
  const { view, type, said } = await chat(t, answer);
  type("a house");
  const sent = view.send();
  type("a house, and a tree");
  come();
  await sent;
  assert.deepEqual([said(), view.input.value], [["a house"], "a house, and a tree"]);
});

test("a message that could not be sent stays, and can be sent again", async (t) => {
  const { view, type, said } = await chat(t, null, [503, { error: { message: "full" } }]);
  type("a house");
  await view.send();
  assert.deepEqual([view.input.value, view.sendButton.disabled], ["a house", false]);
  await view.send();
  assert.deepEqual(said(), ["a house", "a house"]);
});

test("a message that was asked otherwise leaves the draft of its session", async (t) => {
  const [answer, come] = later();
  const { studio, view, type } = await chat(t, answer);
  type("a draft");
  view.edit(studio.messages.get(0));
  type("otherwise");
  const sent = view.send();
  await settled();
  await studio.open(2);
  come();
  await sent;
  assert.equal(view.drafts.get(1), "a draft");
});

test("a draft that is too long to be kept leaves no older one", async (t) => {
  const { view, type } = await chat(t);
  type("short");
  view.keepDraft();
  assert.equal(view.drafts.get(1), "short");
  type("x".repeat(20001));
  view.keepDraft();
  assert.equal(view.drafts.get(1), undefined);
});

test("an answer is announced where it is shown, and nowhere else", async (t) => {
  const { studio, events, view, type } = await chat(t);
  type("a house");
  await view.send();
  assert.equal(view.log.children.at(-1)["aria-label"], "Answer, being written");
  await studio.open(2);
  assert.equal(view.heard.textContent, "");
  await studio.open(1);
  view.heard.textContent = "";
  events.tell("message", message(2, 1, "user"));
  events.tell("job", compose("running"));
  studio.follow(1);
  assert.equal(view.heard.textContent, "", "it is an answer, but an old one");
  studio.follow(2);
  events.tell("message", message(3, 2, "assistant"));
  events.tell("job", compose("done"));
  assert.equal(view.heard.textContent, "The answer is there.");
});

test("messages stay the nodes they are while another is written", async (t) => {
  const { studio, events, view } = await chat(t);
  const nodes = () => view.log.children.slice(0, 2);
  const retry = () => nodes()[1].all.find((n) => n.title === "Answer again");
  const before = nodes();
  assert.equal(retry().disabled, false);
  events.tell("message", message(2, 1, "user"));
  events.tell("job", compose("running"));
  assert.equal(studio.at, 2);
  assert.equal(retry().disabled, true);
  assert.deepEqual(nodes().map((n, i) => n === before[i]), [true, true]);
});
