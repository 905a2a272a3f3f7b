// stand.js - what stands on the stage: one canvas, the way back through its
// versions, and the chain that keeps them on the server.

import { api, ApiError } from "./api.js";
import { emptyCanvas, sameCanvas } from "./canvas.js";
import { whenQuiet } from "./dom.js";
import { History } from "./history.js";

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
    this.selected = -1;         // region; -1: the whole picture
    this.save = whenQuiet(600, () => this.saveCanvas());
    this.saving = Promise.resolve();
    this.readTyped = null;      // reads what is typed as code and not read yet
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

  /** True while the page shows the session that something was begun in. */
  here(id) { return id !== undefined && this.session?.id === id; }

  get doc() { return this.history.doc; }

  // ---- versions of the server ---------------------------------------------------

  /** Put a canvas of the server (or null) on the stage. */
  setCanvas(canvas) {
    this.history.reset(whole(canvas?.json));
    this.stands(canvas);
  }

  /** The same, as a step that can be undone. */
  takeCanvas(canvas) {
    this.canvases.set(canvas.id, Promise.resolve(canvas));
    this.history.push(whole(canvas.json));
    this.stands(canvas);
  }

  stands(canvas) {
    this.canvasId = this.parentId = canvas?.id ?? null;
    this.canvasNotes = canvas?.notes ?? [];
    if (this.selected >= this.doc.regions.length) this.selected = -1;
    this.changed("canvas");
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

  // ---- changes by hand ------------------------------------------------------------

  /** `kind` joins what is typed or dragged into one step. */
  edit(doc, kind = null) {
    if (!this.history.push(doc, kind)) return;
    if (this.selected >= doc.regions.length) this.selected = doc.regions.length - 1;
    this.touched();
  }

  undo() { if (this.history.undo()) this.afterUndo(); }
  redo() { if (this.history.redo()) this.afterUndo(); }
  afterUndo() {
    if (this.selected >= this.doc.regions.length) this.selected = -1;
    this.touched();
  }

  touched() {
    this.canvasId = null;
    this.canvasNotes = []; // they are of the version before
    this.changed("canvas");
    this.save();
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

  /** Everything that was changed here until now, what is typed as code as well. */
  async saveNow() {
    await this.readTyped?.();
    if (this.unsaved) this.saveCanvas();
    await this.saving;
  }
}
