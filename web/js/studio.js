// studio.js - the state of the page and what may be done with it. Views listen
// to "change" and look at what they show; nothing else holds state.

import { api, ApiError, rowsOf } from "./api.js";
import { History, emptyCanvas, sameCanvas } from "./canvas.js";
import { whenQuiet } from "./dom.js";

export class Studio extends EventTarget {
  constructor(options, words, events) {
    super();
    this.options = options;
    this.words = words;
    this.events = events;
    this.session = null;        // {id, title, ...}
    this.messages = new Map();  // by id
    this.at = null;             // the last message of the branch shown
    this.jobs = new Map();      // not ended, by id; and those that ended here
    this.writing = new Map();   // job id -> {text, regions, why} of a reply
    this.history = new History(emptyCanvas());
    this.canvasId = null;       // of the version on the server, if it is one
    this.parentId = null;       // the newest version on the server before it
    this.canvases = new Map();  // versions that were asked for, as promises
    this.health = null;         // who writes and who draws
    this.canvasNotes = [];
    this.selected = -1;         // region; -1: the whole picture
    this.image = null;          // on the stage, over the layout
    this.images = [];           // of the gallery
    this.save = whenQuiet(600, () => this.saveCanvas());
    this.saving = Promise.resolve();
    this.opening = 0;
    this.held = new Map();      // session id -> what is heard when its answer is there
    this.listen();
  }

  changed(what) {
    this.dispatchEvent(new CustomEvent("change", { detail: what }));
  }

  say(text, kind = "info") {
    this.dispatchEvent(new CustomEvent("toast", { detail: { text, kind } }));
  }

  /** Do it; what fails is told. */
  async attempt(fn) {
    try {
      return await fn();
    } catch (e) {
      if (!(e instanceof ApiError)) throw e;
      this.say(e.message, "error");
      return null;
    }
  }

  // ---- sessions ---------------------------------------------------------------

  /** True while the page shows the session that something was begun in. */
  here(id) { return id !== undefined && this.session?.id === id; }

  /** A session as the server has it now. What happens in it until the answer
   *  is there may be newer than the answer: it is heard after take(). */
  async ask(id, take) {
    const held = this.held.get(id) ?? { asked: 0, events: [] };
    this.held.set(id, held);
    held.asked++;
    try {
      return take(await api.session(id));
    } finally {
      if (--held.asked === 0) {
        this.held.delete(id);
        for (const hear of held.events) hear();
      }
    }
  }

  async open(id) {
    if (this.session) await this.saveNow();
    const turn = ++this.opening;
    const opened = await this.ask(id, (s) => {
      if (turn !== this.opening) return false; // another one was asked for meanwhile
      this.saveCanvas(); // what was changed meanwhile
      this.take(s, newest(s));
      this.image = s.images.find((i) => s.canvas && i.canvas === s.canvas.id) ?? null;
      this.selected = -1;
      this.setCanvas(s.canvas);
      this.changed("session");
      this.changed("jobs");
      return true;
    });
    if (opened) await this.findInterrupted();
  }

  take(session, at) {
    this.session = session;
    this.messages = new Map(session.messages.map((m) => [m.id, m]));
    this.at = at;
    this.jobs = new Map(session.jobs.map((j) => [j.id, j]));
    this.writing.clear();
  }

  /** What was running when the server stopped, unless something was asked for
   *  since. */
  async findInterrupted() {
    const id = this.session?.id;
    if (id === undefined) return;
    const [last] = rowsOf(await api.jobs(id), "jobs").filter((j) => j.session === id)
      .sort((a, b) => b.id - a.id);
    if (last?.state === "interrupted" && this.here(id)) this.takeJob(last);
  }

  /** After events were missed: what the server has, but for what was not yet
   *  saved here and where one is looking. */
  async reload() {
    const id = this.session?.id;
    if (id === undefined) return;
    const loaded = await this.ask(id, (s) => {
      if (!this.here(id)) return false;
      const { at, image } = this;
      const below = s.messages.filter((m) => m.parent === at);
      this.take(s, below.length ? below[below.length - 1].id
        : s.messages.some((m) => m.id === at) ? at : newest(s));
      this.image = s.images.find((i) => !image || i.id > image.id) ?? image;
      if (this.canvasId !== null && s.canvas && s.canvas.id !== this.canvasId)
        this.takeCanvas(s.canvas);
      this.changed("session");
      this.changed("jobs");
      return true;
    });
    if (loaded) await this.findInterrupted();
  }

  async askHealth() {
    await this.attempt(async () => {
      this.health = await api.health();
      this.changed("health");
    });
  }

  /** A version of a canvas, asked for once. */
  canvasOf(id) {
    if (!this.canvases.has(id)) {
      const asked = api.canvas(id);
      asked.catch(() => this.canvases.delete(id));
      this.canvases.set(id, asked);
    }
    return this.canvases.get(id);
  }

  async openNew() {
    const s = await api.newSession();
    await this.open(s.id);
  }

  async rename(title) {
    await this.attempt(() => api.changeSession(this.session.id, { title }));
  }

  // ---- the conversation ---------------------------------------------------------

  children(parent) {
    return [...this.messages.values()].filter((m) => m.parent === parent);
  }

  /** The messages from the first to the one shown. */
  path() {
    const out = [];
    for (let m = this.messages.get(this.at); m; m = this.messages.get(m.parent)) out.unshift(m);
    return out;
  }

  /** Show the branch that goes through a message, to its newest end. */
  goThrough(id) {
    let at = id;
    for (;;) {
      const below = this.children(at);
      if (!below.length) break;
      at = below[below.length - 1].id;
    }
    this.at = at;
    const last = this.path().reverse().find((m) => m.canvas);
    if (last) this.showCanvas(last.canvas);
    this.changed("chat");
  }

  /** Show the branch that ends with a message, whatever stands on the stage. */
  follow(id) {
    this.at = id;
    this.changed("chat");
  }

  /** The answer that a new message would be said after. */
  lastAnswer() {
    const m = this.messages.get(this.at);
    if (!m) return null;
    return m.role === "assistant" ? m.id : m.parent;
  }

  async send(text, parent = this.lastAnswer()) {
    const session = this.session?.id;
    await this.saveNow();
    if (!this.here(session)) return null;
    // The model is told what stands on the stage, where that is another canvas
    // than it wrote.
    const stage = parent === this.lastAnswer() &&
      this.canvasId !== (this.messages.get(parent)?.canvas ?? null) ? this.canvasId : null;
    return this.attempt(async () => {
      const { message, job } = await api.say(session, {
        parent, text,
        ...(this.composeOptions?.() ?? {}),
        ...(stage ? { canvas: stage } : {}),
      });
      if (!this.here(session)) return job;
      this.messages.set(message.id, message);
      this.at = message.id;
      // A quick answer may have come before this one did.
      const [answer] = this.children(message.id).slice(-1);
      if (answer) this.follow(answer.id);
      this.takeJob(job);
      this.changed("chat");
      return job;
    });
  }

  async retry(message) {
    const session = this.session?.id;
    return this.attempt(async () => {
      this.at = message;
      const { job } = await api.retry(session, message);
      if (!this.here(session)) return;
      this.takeJob(job);
      this.changed("chat");
    });
  }

  /** The job that writes in this session, under any of its messages, or null. */
  composing() {
    for (const j of this.jobs.values())
      if (j.kind === "compose" && !ended(j) && j.session === this.session?.id) return j;
    return null;
  }

  // ---- the canvas -----------------------------------------------------------------

  get doc() { return this.history.doc; }

  /** Put a canvas of the server (or null) on the stage. */
  setCanvas(canvas) {
    this.canvasId = this.parentId = canvas?.id ?? null;
    this.canvasNotes = canvas?.notes ?? [];
    this.history.reset(whole(canvas?.json));
    if (this.selected >= this.doc.regions.length) this.selected = -1;
    this.changed("canvas");
  }

  /** The same, as a step that can be undone. */
  takeCanvas(canvas) {
    this.canvasId = this.parentId = canvas.id;
    this.canvasNotes = canvas.notes;
    this.canvases.set(canvas.id, Promise.resolve(canvas));
    this.history.push(whole(canvas.json));
    if (this.selected >= this.doc.regions.length) this.selected = -1;
    this.changed("canvas");
  }

  async showCanvas(id) {
    if (id === this.canvasId) return;
    const session = this.session?.id;
    await this.attempt(async () => {
      await this.saveNow();
      const canvas = await this.canvasOf(id);
      if (!this.here(session)) return;
      this.takeCanvas(canvas);
      await api.changeSession(session, { canvas: id });
    });
  }

  /** A canvas from outside (any form of text), kept as a version of its own. */
  async importText(text) {
    const session = this.session?.id;
    await this.saveNow();
    if (!this.here(session)) return null;
    return this.attempt(async () => {
      const canvas = await api.addCanvas(session, { text });
      if (!this.here(session)) return null;
      this.takeCanvas(canvas);
      return true;
    });
  }

  /** A change by hand. `kind` joins what is typed or dragged into one step. */
  edit(doc, kind = null) {
    if (!this.history.push(doc, kind)) return;
    this.canvasId = null;
    if (this.selected >= doc.regions.length) this.selected = doc.regions.length - 1;
    this.changed("canvas");
    this.save();
  }

  undo() { if (this.history.undo()) this.afterUndo(); }
  redo() { if (this.history.redo()) this.afterUndo(); }
  afterUndo() {
    this.canvasId = null;
    if (this.selected >= this.doc.regions.length) this.selected = -1;
    this.changed("canvas");
    this.save();
  }

  select(i) {
    if (this.selected === i) return;
    this.selected = i;
    this.changed("selection");
  }

  /** What stands here was made here and is no version of the server yet. The
   *  empty canvas that a session begins with is none. */
  get unsaved() {
    const { past, future } = this.history;
    return this.canvasId === null && past.length + future.length > 0;
  }

  /** Every version that stood still for a moment is kept by the server, each
   *  as a child of the one before: one after the other. */
  saveCanvas() {
    const doc = this.doc, session = this.session?.id, known = this.parentId;
    if (!this.unsaved || session === undefined) return this.saving;
    this.saving = this.saving.catch(() => {}).then(() => this.attempt(async () => {
      const parent = this.here(session) ? this.parentId : known;
      const c = await api.addCanvas(session, { json: doc, ...(parent ? { parent } : {}) });
      // Nothing to note where another canvas has come on the stage meanwhile.
      if (!this.here(session) || this.canvasId !== null) return;
      this.parentId = c.id;
      if (sameCanvas(doc, this.doc)) this.canvasId = c.id;
    }));
    return this.saving;
  }

  async saveNow() {
    if (this.unsaved) this.saveCanvas();
    await this.saving;
  }

  // ---- drawing -----------------------------------------------------------------------

  async render(options) {
    const session = this.session?.id;
    await this.saveNow();
    if (!this.here(session)) return null;
    if (this.canvasId === null) {
      if (!this.unsaved)
        this.say("There is no canvas yet: ask for one, or add a region.", "error");
      return null;
    }
    return this.attempt(async () => {
      const { job } = await api.render(session, this.canvasId, options);
      this.takeJob(job);
      return job;
    });
  }

  cancel(id) {
    return this.attempt(async () => this.takeJob(await api.cancel(id)));
  }

  /** Once more what failed, was cancelled or interrupted. */
  restart(id) {
    const session = this.session?.id;
    return this.attempt(async () => {
      const { job } = await api.restart(id);
      if (!this.here(session)) return;
      this.jobs.delete(id);
      this.takeJob(job);
    });
  }

  /** What did not come to its end is put out of sight. */
  forget(id) {
    this.jobs.delete(id);
    this.changed("jobs");
  }

  /** Of this session, or a model being loaded for all of them. */
  takeJob(job) {
    if (!this.mine(job) && job.kind !== "load") return;
    const before = this.jobs.get(job.id);
    // An answer may come after an event that happened later.
    if (before && stage(job) < stage(before)) return;
    this.jobs.set(job.id, { ...before, ...job });
    if (job.kind === "compose" && job.state === "running") this.writingOf(job.id);
    if (ended(job)) this.writing.delete(job.id);
    this.changed("jobs");
  }

  showImage(image) {
    this.image = image;
    this.changed("image");
  }

  /** Canvas and settings of a picture, back on the stage. */
  async restore(image) {
    const record = recordOf(image), session = this.session?.id;
    await this.attempt(async () => {
      if (record?.canvas) {
        const text = typeof record.canvas === "string" ? record.canvas
          : JSON.stringify(record.canvas);
        const { json } = await api.parse(text);
        if (!this.here(session)) return;
        this.edit(whole(json));
      } else if (image.canvas) {
        await this.showCanvas(image.canvas);
      }
      if (record) this.dispatchEvent(new CustomEvent("settings", { detail: record }));
      this.showImage(image);
    });
  }

  // ---- what the server tells ------------------------------------------------------------

  mine(e) { return this.session && e.session === this.session.id; }

  listen() {
    const on = (name, fn) => this.events.on(name, fn);
    const inTurn = (name, fn) => on(name, (e) => {
      const held = this.held.get(e.session);
      if (held) held.events.push(() => fn(e)); else fn(e);
    });
    inTurn("job", (j) => {
      this.takeJob(j);
      if (ended(j)) this.afterJob(j);
    });
    on("text", (e) => {
      if (!this.mine(e)) return;
      this.writingOf(e.job).text += e.text;
      this.changed("writing");
    });
    on("region", (e) => {
      if (!this.mine(e)) return;
      const w = this.writingOf(e.job);
      if (e.kind === "start") { w.global = null; w.regions = []; }
      if (e.kind === "global") w.global = e.global;
      if (e.kind === "region") w.regions[e.index] = e.region;
      this.changed("writing");
    });
    on("again", (e) => {
      if (!this.jobs.has(e.job)) return;
      Object.assign(this.writingOf(e.job), { text: "", global: null, regions: [], why: e.why });
      this.changed("writing");
    });
    inTurn("message", (m) => {
      if (!this.mine(m)) return;
      this.messages.set(m.id, m);
      // Another tab may have asked: follow only where we were looking.
      if (m.parent === this.at) this.follow(m.id);
      this.changed("chat");
    });
    inTurn("canvas", (c) => {
      if (!this.mine(c) || c.id === this.canvasId) return;
      // A reply goes on the stage in any case; undo brings back what stood here.
      // Another tab's edit is followed where nothing was changed here; where
      // something was, each tab keeps its own.
      const theirs = this.canvasId !== null && c.parent === this.canvasId;
      if (c.origin === "reply") {
        this.selected = -1;
        this.image = null; // the old picture is of another canvas
      }
      if (c.origin === "reply" || theirs) this.takeCanvas(c);
    });
    inTurn("image", (i) => {
      if (!i.deleted && this.mine(i)) this.showImage(i);
      if (i.deleted && this.image?.id === i.id) this.showImage(null);
    });
    on("image", (i) => this.listImage(i));
    on("preview", (e) => {
      const j = this.jobs.get(e.job);
      if (j) { j.preview = e.url; this.changed("preview"); }
    });
    on("session", (s) => {
      if (this.session?.id === s.id && !s.deleted) {
        this.session.title = s.title;
        this.changed("title");
      }
    });
    on("note", (e) => { if (this.jobs.has(e.job)) this.say(e.why); });
    on("reset", () => { if (this.session) this.attempt(() => this.reload()); });
  }

  /** A picture that has come or gone, in the list of the gallery. */
  listImage(i) {
    const others = this.images.filter((o) => o.id !== i.id);
    this.images = i.deleted ? others : [i, ...others];
    this.changed("gallery");
  }

  /** What ended badly says so; a model that was loaded is in use from now on. */
  afterJob(j) {
    if (j.kind === "load") this.askHealth();
    if (j.state === "failed" && (this.mine(j) || j.kind === "load"))
      this.say(j.error?.message ?? "That did not work.", "error");
  }

  writingOf(job) {
    if (!this.writing.has(job))
      this.writing.set(job, { text: "", global: null, regions: [], why: null });
    return this.writing.get(job);
  }
}

/** How a picture was drawn, as an object. */
export function recordOf(image) {
  if (typeof image.record !== "string") return image.record ?? null;
  try { return JSON.parse(image.record); } catch { return null; }
}

/** The page always has words for the whole picture; a canvas may have none. */
export function whole(doc) {
  if (!doc) return emptyCanvas();
  return doc.global ? doc : { ...doc, global: { ...emptyCanvas().global } };
}

/** Where a session is gone on with: what is being answered, or what was said
 *  last. */
function newest(session) {
  const job = session.jobs.find((j) => j.kind === "compose" && !ended(j));
  return job?.message ?? session.messages.at(-1)?.id ?? null;
}

const stage = (job) => (job.state === "queued" ? 0 : job.state === "running" ? 1 : 2);

export function ended(job) {
  return !["queued", "running"].includes(job.state);
}
