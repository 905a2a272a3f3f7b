// events.test.mjs - listening to the server through an EventSource that does as
// it is told. node --test tests/web
import assert from "node:assert/strict";
import test from "node:test";

const sources = [];
class FakeSource extends EventTarget {
  static CLOSED = 2;
  readyState = 0;
  constructor(url) { super(); this.url = url; sources.push(this); }
  close() { this.readyState = 2; }
  opens() { this.readyState = 1; this.onopen(); }
  fails(state) { this.readyState = state; this.onerror(); }
  tells(name, data, id) {
    const e = new Event(name);
    e.data = data;
    e.lastEventId = String(id);
    this.dispatchEvent(e);
  }
}
globalThis.EventSource = FakeSource;
const { Events } = await import("../../web/js/events.js");

function listening(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  sources.length = 0;
  globalThis.document = Object.assign(new EventTarget(), { hidden: false });
  const states = [], heard = [];
  const events = new Events((s) => states.push(s));
  const opened = events.connect();
  events.on("text", (data, number) => heard.push([data.text, number]));
  events.on("reset", () => heard.push("reset"));
  const look = (hidden) => {
    document.hidden = hidden;
    document.dispatchEvent(new Event("visibilitychange"));
  };
  return { events, opened, states, heard, look };
}

test("events come with their numbers; what is no JSON is left out", async (t) => {
  const { opened, heard } = listening(t);
  sources[0].opens();
  await opened;
  sources[0].tells("text", '{"text":"a"}', 7);
  sources[0].tells("text", "{", 8);
  assert.deepEqual(heard, [["a", 7]]);
});

test("a lost connection is told, and everything loaded anew when it is back", async (t) => {
  const { opened, states, heard } = listening(t);
  sources[0].fails(0);
  await opened; // the page opens all the same
  sources[0].opens();
  sources[0].fails(FakeSource.CLOSED); // the browser gives up
  t.mock.timers.tick(2000);
  assert.equal(sources.length, 2);
  sources[1].opens();
  assert.deepEqual(states, ["lost", "open", "lost", "open"]);
  assert.deepEqual(heard, ["reset", "reset"]);
});

test("a tab out of sight lets go of its connection after a while", (t) => {
  const { heard, look } = listening(t);
  sources[0].opens();
  look(true);
  t.mock.timers.tick(30000);
  look(false);
  t.mock.timers.tick(60000);
  assert.equal(sources[0].readyState, 1, "one that is looked at again keeps it");
  look(true);
  t.mock.timers.tick(60000);
  assert.equal(sources[0].readyState, FakeSource.CLOSED);
  look(false);
  assert.equal(sources.length, 2);
  sources[1].opens();
  assert.deepEqual(heard, ["reset"]);
});
