// support.mjs - a server of a few lines for the page's state.
import { Words, emptyCanvas, withGlobal } from "../../web/js/canvas.js";
import { Studio } from "../../web/js/studio.js";

/** An element that only keeps what it is told. */
export class FakeNode extends EventTarget {
  children = [];
  style = {};
  classList = { add() {}, toggle() {} };
  value = "";
  textContent = "";
  get firstChild() { return this.children[0] ?? null; }
  append(...nodes) { this.children.push(...nodes); }
  replaceChildren(...nodes) { this.children = nodes; }
  setAttribute(name, value) { this[name] = value; }
  setSelectionRange() {}
  focus() {}
  get text() { return this.children.map((c) => c.text ?? c).join(""); }
  /** The node itself and all below it. */
  get all() { return [this, ...this.children.flatMap((c) => c.all ?? [])]; }
}
globalThis.Node = FakeNode;
globalThis.document = { createElement: () => new FakeNode() };
globalThis.requestAnimationFrame = (fn) => setImmediate(fn);
globalThis.addEventListener ??= () => {};

const words = new Words({ location: [], offset: [], area: [], color: [] });
export const region = (description) => ({ ...emptyCanvas().global, description, distance_to_viewer: 1 });

class FakeEvents extends EventTarget {
  on(name, fn) { this.addEventListener(name, (e) => fn(e.detail, e.number ?? 0)); }
  tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
}

/** fetch() answered by functions of [method, path, body]; what was asked is kept. */
export function fake(answers) {
  const asked = [];
  globalThis.fetch = async (path, { method, body, signal }) => {
    const sent = body ? JSON.parse(body) : undefined;
    asked.push([method, path, sent]);
    const answer = answers[`${method} ${path.split("?")[0]}`];
    const [status, data] = answer ? await answer(sent) : [404, { error: { message: `no ${path}` } }];
    signal?.throwIfAborted();
    return new Response(JSON.stringify(data), { status, headers: { "Content-Type": "application/json" } });
  };
  return asked;
}

export const session = (extra = {}) => ({ id: 1, title: "", messages: [], jobs: [], images: [], canvas: null, ...extra });
export const canvas = (id, extra = {}) => ({ id, session: 1, parent: null, origin: "reply", notes: [],
  json: withGlobal(emptyCanvas(), { description: `canvas ${id}` }), ...extra });
export const message = (id, parent, role, extra = {}) => ({ id, parent, role, text: `m${id}`, canvas: null, session: 1, ...extra });

export async function opened(data, answers = {}) {
  const asked = fake({ "GET /api/sessions/1": () => [200, data], "GET /api/jobs": () => [200, { jobs: [] }],
    "GET /api/sessions/1/canvases": () => [200, { canvases: [] }], ...answers });
  const events = new FakeEvents();
  const studio = new Studio({}, words, events);
  const toasts = [];
  studio.addEventListener("toast", (e) => toasts.push(e.detail.text));
  await studio.open(1);
  asked.length = 0;
  return { studio, events, asked, toasts };
}

/** A promise, and the function that keeps it: for an answer that takes its time. */
export function later() {
  let now;
  const promise = new Promise((resolve) => { now = resolve; });
  return [promise, now];
}

/** Once everything that can go on has gone on. */
export const settled = async () => { for (let i = 0; i < 20; i++) await new Promise(setImmediate); };
