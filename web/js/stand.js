// stand.js - what stands on the stage: one canvas, the way back through its
// versions, and the chain that keeps them on the server.

import { api, ApiError, rowsOf } from "./api.js";
import { emptyCanvas, sameCanvas } from "./canvas.js";
import { whenQuiet } from "./dom.js";
import { History } from "./history.js";
import { waysFrom } from "./versions.js";

/** The page always has words for the whole picture; a canvas may have none. */
export function whole(doc) {
  if (!doc) return emptyCanvas();
  return doc.global ? doc : { ...doc, global: { ...emptyCanvas().global } };
}

/** Of one session at a time; who extends it opens them. */
export class Stand extends EventTarget {
  constructor() {
    super();
    this.session = null;        // {id, title, ...}
    this.history = new History(emptyCanvas());
    this.canvasId = null;       // of the version on the server, if it is one
    this.parentId = null;       // the newest version on the server before it
    this.canvasNotes = [];      // what was mended when it was read
    this.canvases = new Map();  // versions that were asked for, as promises
    this.ids = new WeakMap();   // document -> number of the version it is
    this.stood = new Set();     // versions that stood here: undo has them
    this.kept = { before: [], after: [] }; // versions around what the history has
    this.steps = Promise.resolve(); // through these, one after the other
    this.stepping = 0;
    this.pointed = null;        // what the server has as the session's canvas
    this.moved = false;         // undone or redone to another version than that
    this.dragged = null;        // what it will be when a box is let go
    this.showing = 0;           // versions asked for so far; the last one counts
    this.selected = -1;         // region; -1: the whole picture
    this.save = whenQuiet(600, () => this.saveCanvas());
    this.saving = Promise.resolve();
    this.readTyped = null;      // reads what is typed as code and not read yet
  }

  changed(what) {
    this.dispatchEvent(new CustomEvent("change", { detail: what }));
  }

  /** `action`: {label, act} of a button beside it. */
  say(text, kind = "info", action = null) {
    this.dispatchEvent(new CustomEvent("toast", { detail: { text, kind, action } }));
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

  /** True while the page shows the session that something was begun in. */
  here(id) { return id !== undefined && this.session?.id === id; }

  get doc() { return this.history.doc; }
  get shown() { return this.dragged ?? this.doc; }

  // ---- versions of the server ---------------------------------------------------

  /** Put a canvas of the server (or null) on the stage. */
  setCanvas(canvas) {
    this.history.reset(whole(canvas?.json));
    this.kept = { before: [], after: [] };
    this.stood.clear();
    this.stands(canvas);
    this.pointed = this.canvasId;
  }

  /** The same, as a step that can be undone. */
  takeCanvas(canvas) {
    this.canvases.set(canvas.id, Promise.resolve(canvas));
    this.history.push(whole(canvas.json));
    this.kept.after = [];
    this.stands(canvas);
  }

  stands(canvas) {
    this.canvasId = this.parentId = canvas?.id ?? null;
    if (canvas) this.isVersion(this.doc, canvas.id);
    this.moved = false;
    this.dragged = null;
    this.canvasNotes = canvas?.notes ?? [];
    if (this.selected >= this.doc.regions.length) this.selected = -1;
    this.changed("canvas");
  }

  isVersion(doc, id) {
    this.ids.set(doc, id);
    this.stood.add(id);
  }

  /** The versions of the session that were kept before it was opened here. */
  async findVersions() {
    const { kept, canvasId } = this, session = this.session?.id;
    if (canvasId === null || session === undefined) return;
    const { before, after } = waysFrom(rowsOf(await api.versions(session), "canvases"), canvasId);
    kept.before = before;
    const { past, future } = this.history;
    if (!past.length && !future.length && this.canvasId === canvasId) kept.after = after;
    this.changed("versions");
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

  async showCanvas(id) {
    const turn = ++this.showing;
    if (id === this.canvasId) return;
    const session = this.session?.id;
    await this.attempt(async () => {
      await this.saveNow();
      const canvas = await this.canvasOf(id);
      if (!this.here(session) || turn !== this.showing) return;
      this.takeCanvas(canvas);
      await api.changeSession(session, { canvas: id });
      this.pointed = id;
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

  // ---- changes by hand ------------------------------------------------------------

  /** `kind` joins what is typed or dragged into one step. False: it is what
   *  stands there. */
  edit(doc, kind = null) {
    if (!this.history.push(doc, kind)) return false;
    this.kept.after = [];
    if (this.selected >= doc.regions.length) this.selected = doc.regions.length - 1;
    this.touched();
    return true;
  }

  get canUndo() { return this.history.past.length + this.kept.before.length > 0; }
  get canRedo() { return this.history.future.length + this.kept.after.length > 0; }

  undo() { return this.step("undo"); }
  redo() { return this.step("redo"); }

  /** Within what was done here at once, beyond that by versions of the server. */
  step(way) {
    if (!this.stepping && this.history[way]()) { this.afterUndo(); return this.steps; }
    if (!this.stepping && !this.keptOn(way).length) return this.steps;
    this.stepping++;
    this.steps = this.steps.catch(() => {})
      .then(() => (this.history[way]() ? this.afterUndo() : this.attempt(() => this.stepKept(way))))
      .finally(() => { this.stepping--; });
    return this.steps;
  }

  keptOn(way) { return way === "undo" ? this.kept.before : this.kept.after; }

  async stepKept(way) {
    const { kept, doc } = this, list = this.keptOn(way);
    while (list.length) {
      const id = way === "undo" ? list.at(-1) : list[0];
      const canvas = await this.canvasOf(id);
      // Something else was done meanwhile.
      if (kept !== this.kept || doc !== this.doc || list !== this.keptOn(way)) return;
      if (way === "undo") list.pop(); else list.shift();
      const json = whole(canvas.json);
      if (sameCanvas(json, doc)) continue; // a step that would not be seen
      this.history[way === "undo" ? "back" : "forth"](json);
      this.isVersion(json, id);
      this.afterUndo();
      return;
    }
    this.changed("versions");
  }

  /** What is a version already is the session's canvas again; no other is kept. */
  afterUndo() {
    if (this.selected >= this.doc.regions.length) this.selected = -1;
    this.touched(this.ids.get(this.doc) ?? null);
  }

  touched(id = null) {
    this.canvasId = id;
    if (id !== null) this.parentId = id;
    this.moved = id !== null;
    this.dragged = null;
    this.canvasNotes = []; // they are of the version before
    this.changed("canvas");
    this.save();
  }

  /** While a box is dragged; null when it is let go. */
  drag(doc) {
    this.dragged = doc;
    this.changed("drag");
  }

  select(i) {
    if (this.selected === i) return;
    this.selected = i;
    this.changed("selection");
  }

  // ---- keeping them -----------------------------------------------------------------

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
    if (session !== undefined && this.moved) return this.point(session, this.canvasId);
    if (!this.unsaved || session === undefined) return this.saving;
    this.saving = this.saving.catch(() => {}).then(() => this.attempt(async () => {
      const parent = this.here(session) ? this.parentId : known;
      const c = await api.addCanvas(session, { json: doc, ...(parent ? { parent } : {}) });
      if (!this.here(session)) return;
      this.pointed = c.id;
      this.isVersion(doc, c.id);
      if (c.replaced && !this.stood.has(c.replaced)) this.tellReplaced(c.replaced);
      // Nothing to note where another canvas has come on the stage meanwhile.
      if (this.canvasId !== null) return;
      this.parentId = c.id;
      if (!sameCanvas(doc, this.doc)) return;
      this.canvasId = c.id;
      this.isVersion(this.doc, c.id);
    }));
    return this.saving;
  }

  /** The version that was undone to is the session's canvas again. */
  point(session, id) {
    this.moved = false;
    this.saving = this.saving.catch(() => {}).then(() => this.attempt(async () => {
      if (this.here(session)) this.pointed = id; // the event comes before the answer
      await api.changeSession(session, { canvas: id });
    }));
    return this.saving;
  }

  tellReplaced(id) {
    this.say("The canvas was changed elsewhere at the same moment; yours has taken its place.",
      "info", { label: "Bring the other back", act: () => this.showCanvas(id) });
  }

  /** Everything that was changed here until now, what is typed as code as well. */
  async saveNow() {
    await this.readTyped?.();
    if (this.unsaved || this.moved) this.saveCanvas();
    await this.saving;
  }
}
