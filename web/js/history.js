// history.js - versions of a document, to undo and redo. No DOM here.

import { sameCanvas } from "./canvas.js";

/** Changes of one kind that follow each other within a moment (typing,
 *  dragging) are one step. */
export class History {
  constructor(doc, limit = 500) {
    this.limit = limit;
    this.reset(doc);
  }

  reset(doc) {
    this.past = [];
    this.future = [];
    this.doc = doc;
    this.kind = null;
    this.time = 0;
  }

  push(doc, kind = null, now = Date.now()) {
    if (sameCanvas(doc, this.doc)) return false;
    const joined = kind !== null && kind === this.kind && now - this.time < 1000;
    if (!joined) this.past.push(this.doc);
    if (this.past.length > this.limit) this.past.shift();
    this.future = [];
    this.doc = doc;
    this.kind = kind;
    this.time = now;
    return true;
  }

  /** To what stood before, or comes after; it may never have been here. */
  back(doc) {
    this.future.push(this.doc);
    this.at(doc);
  }

  forth(doc) {
    this.past.push(this.doc);
    this.at(doc);
  }

  at(doc) {
    this.doc = doc;
    this.kind = null;
  }

  undo() {
    if (!this.past.length) return false;
    this.back(this.past.pop());
    return true;
  }

  redo() {
    if (!this.future.length) return false;
    this.forth(this.future.pop());
    return true;
  }
}
