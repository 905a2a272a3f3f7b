// studio.js - the state of the page and what may be done with it: sessions, the
// conversation, jobs and pictures; the canvas is in stand.js. Views listen to
// "change" and look at what they show; nothing else holds state.

import { api, ApiError, rowsOf } from "./api.js";
import { canvasOfRecord, recordOf, wholeImage } from "./image.js";
import { InTurn } from "./inturn.js";
import { ended, isOutdone, isUnfinished, nameOfJob, stageOf, unfinished } from "./jobs.js";
import { Kept } from "./kept.js";
import { Replies } from "./replies.js";
import { Stand, whole } from "./stand.js";

const ENDED_KEPT = 100;
const DISMISSED_KEPT = 500;

export class Studio extends Stand {
  constructor(options, words, events) {
    super();
    this.options = options;
    this.words = words;
    this.events = events;
    this.messages = new Map();  // by id
    this.at = null;             // the last message of the branch shown
    this.jobs = new Map();      // not ended, by id; and those that ended here
    this.writing = new Replies();
    this.stopped = new Map();   // message id -> what was written of it here until then
    this.dismissed = new Kept("omost.dismissed", DISMISSED_KEPT);
    this.health = null;         // who writes and who draws
    this.image = null;          // on the stage, over the layout
    this.newestImage = 0;       // of this session, by number
    this.images = [];           // of the gallery
    this.query = "";            // what it is searched for
    this.opening = 0;
    this.leaving = null;        // a session that was deleted
    this.turns = new InTurn();  // by session
    this.listen();
  }

  // ---- sessions ---------------------------------------------------------------

  /** A session as the server has it now. */
  ask(id, take) { return this.turns.ask(id, api.session, take); }

  async open(id, { fresh = false } = {}) {
    if (this.session) await this.saveNow();
    const turn = ++this.opening;
    const opened = await this.ask(id, (s) => {
      if (turn !== this.opening) return false; // another one was asked for meanwhile
      this.saveCanvas(); // what was changed meanwhile
      if (!this.here(id)) { this.canvases.clear(); this.stopped.clear(); }
      this.take(s, newest(s));
      this.image = s.images.find((i) => s.canvas && i.canvas === s.canvas.id) ?? null;
      this.selected = -1;
      this.setCanvas(s.canvas);
      this.changed("session");
      this.changed("jobs");
      return true;
    });
    if (opened && !fresh)
      await Promise.all([this.findUnfinished(), this.findVersions().catch(quietly)]);
  }

  take(session, at) {
    this.session = session;
    this.messages = new Map(session.messages.map((m) => [m.id, m]));
    this.at = at;
    this.writing.clear();
    this.newestImage = newestOf(session.images);
    const before = new Map(this.jobs);
    this.jobs.clear();
    for (const { written, ...job } of session.jobs) {
      const preview = before.get(job.id)?.preview;
      this.jobs.set(job.id, { ...job, ...(preview ? { preview } : {}) });
      if (written) this.writing.take(job.id, written);
    }
  }

  /** What was running or waiting when the server stopped, and answers that
   *  failed, unless they were asked for again or put out of sight. */
  async findUnfinished() {
    const id = this.session?.id;
    if (id === undefined) return;
    const rows = rowsOf(await api.jobs(id), "jobs").filter((j) => j.session === id);
    if (!this.here(id)) return;
    for (const j of unfinished(rows))
      if (!this.jobs.has(j.id) && !this.dismissed.get(nameOfJob(j))) this.takeJob(j);
  }

  /** After events were missed: what the server has, but for what was not yet
   *  saved here and where one is looking. */
  async reload() {
    const id = this.session?.id;
    if (id === undefined) return;
    const loaded = await this.ask(id, (s) => {
      if (!this.here(id)) return false;
      const { at, newestImage } = this;
      const below = s.messages.filter((m) => m.parent === at);
      this.take(s, below.length ? below[below.length - 1].id
        : s.messages.some((m) => m.id === at) ? at : newest(s));
      this.image = s.images.filter((i) => i.id > newestImage)
        .sort((a, b) => b.id - a.id)[0] ?? this.image;
      if (this.canvasId !== null && !this.moved && s.canvas && s.canvas.id !== this.canvasId)
        this.takeCanvas(s.canvas);
      this.pointed = s.canvas?.id ?? null;
      this.changed("session");
      this.changed("jobs");
      return true;
    });
    if (loaded) await this.findUnfinished();
  }

  async askHealth() {
    await this.attempt(async () => {
      this.health = await api.health();
      this.changed("health");
    });
  }

  /** The newest session but one, or a new one. */
  async openNewest(but = null) {
    const newest = rowsOf(await api.sessions(), "sessions").find((o) => o.id !== but);
    await (newest ? this.open(newest.id) : this.openNew());
  }

  /** A session was deleted, here or by somebody else: resolves when the page
   *  shows another one. */
  gone(id) {
    if (this.here(id)) {
      this.session = null; // there is nothing to save any more
      this.leaving = this.attempt(() => this.openNewest(id));
    }
    return this.leaving;
  }

  async openNew() {
    const s = await api.newSession();
    await this.open(s.id, { fresh: true });
  }

  async rename(title) {
    const id = this.session?.id;
    if (id !== undefined) await this.attempt(() => api.changeSession(id, { title }));
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
    const session = this.session?.id, { at } = this;
    this.at = message;
    const got = await this.attempt(() => api.retry(session, message));
    if (!this.here(session)) return;
    if (got) this.takeJob(got.job);
    else if (this.at === message) this.at = at; // the answer there was
    this.changed("chat");
  }

  /** Why a message of ours has no answer, where the last try failed. */
  failure(message) {
    const last = this.lastTry(message);
    if (last?.state === "interrupted") return { message: "the server stopped meanwhile." };
    return last?.state === "failed" ? last.error : null;
  }

  lastTry(message) {
    let last = null;
    for (const j of this.jobs.values())
      if (j.kind === "compose" && j.message === message && !(last?.id > j.id)) last = j;
    return last;
  }

  /** An answer that somebody has stopped, all that there was of it or not. */
  wasStopped(m) {
    return !!m.stopped || m.error?.status === "CANCELLED" || this.jobs.get(m.job)?.state === "cancelled";
  }

  /** The job that writes in this session, under any of its messages, or null. */
  composing() {
    for (const j of this.jobs.values())
      if (j.kind === "compose" && !ended(j) && j.session === this.session?.id) return j;
    return null;
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
    const session = this.session?.id, old = this.jobs.get(id);
    return this.attempt(async () => {
      const { job } = await api.restart(id);
      this.dismiss(old);
      if (!this.here(session)) return;
      this.takeJob(job);
    });
  }

  /** What did not come to its end is put out of sight, for good. */
  forget(id) {
    this.dismiss(this.jobs.get(id));
    this.changed("jobs");
  }

  dismiss(job) {
    if (!job) return;
    if (isUnfinished(job)) this.dismissed.put(nameOfJob(job), 1);
    this.jobs.delete(job.id);
  }

  /** Of this session, or a model being loaded for all of them. */
  takeJob(job) {
    if (!this.mine(job) && job.kind !== "load") return;
    const before = this.jobs.get(job.id);
    // An answer may come after an event that happened later.
    if (before && stageOf(job) < stageOf(before)) return;
    const { written, ...now } = job;
    this.jobs.set(job.id, { ...before, ...now });
    if (job.kind === "compose" && job.state === "running") this.writing.of(job.id);
    this.forgetOutdone(job);
    if (ended(job)) {
      this.writing.end(job.id);
      this.forgetOld();
    }
    this.changed("jobs");
  }

  forgetOutdone(job) {
    for (const j of this.jobs.values()) if (isOutdone(j, job)) this.jobs.delete(j.id);
  }

  /** What is done long since is not heard of again. */
  forgetOld() {
    const done = [...this.jobs.values()].filter((j) => j.state === "done");
    for (const j of done.slice(0, -ENDED_KEPT)) this.jobs.delete(j.id);
  }

  showImage(image) {
    this.image = image;
    this.changed("image");
  }

  /** The canvas that a picture was drawn of, as a document, or null. */
  async canvasOfImage(image) {
    return await canvasOfRecord(recordOf(image)) ??
      (image.canvas ? (await this.canvasOf(image.canvas)).json : null);
  }

  /** Canvas and settings of a picture, back on the stage. */
  async restore(image) {
    const session = this.session?.id;
    await this.attempt(async () => {
      const record = recordOf(image = await wholeImage(image));
      const json = record?.canvas ? await this.canvasOfImage(image) : null;
      if (!this.here(session)) return;
      if (record?.canvas) this.edit(whole(json));
      else if (image.canvas) await this.showCanvas(image.canvas);
      if (!this.here(session)) return;
      if (record) this.dispatchEvent(new CustomEvent("settings", { detail: record }));
      this.showImage(image);
    });
  }

  // ---- what the server tells ------------------------------------------------------------

  mine(e) { return this.session && e.session === this.session.id; }

  listen() {
    const on = (name, fn) => this.events.on(name, fn);
    const inTurn = (name, fn) => on(name, (e, number) =>
      this.turns.hear(e.session, () => fn(e, number)));
    inTurn("job", (j) => {
      this.takeJob(j);
      if (ended(j)) this.afterJob(j);
    });
    for (const name of ["text", "region", "again"])
      inTurn(name, (e, number) => {
        if (this.mine(e) && this.writing.hear(name, e, number)) this.changed("writing");
      });
    inTurn("message", (m) => {
      if (!this.mine(m)) return;
      this.messages.set(m.id, m);
      if (m.error?.status === "CANCELLED" && this.writing.get(m.job))
        this.stopped.set(m.id, this.writing.get(m.job));
      // Another tab may have asked: follow only where we were looking.
      if (m.parent === this.at) this.follow(m.id);
      this.changed("chat");
    });
    inTurn("canvas", (c) => {
      if (!this.mine(c)) return;
      this.pointed = c.id;
      if (c.id === this.canvasId) return;
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
      if (!i.deleted && this.mine(i)) {
        this.newestImage = Math.max(this.newestImage, i.id);
        this.showImage(i);
      }
      if (i.deleted && this.image?.id === i.id) this.showImage(null);
    });
    on("image", (i) => this.listImage(i));
    on("preview", (e) => {
      const j = this.jobs.get(e.job);
      if (j) { j.preview = e.url; this.changed("preview"); }
    });
    on("session", (s) => {
      if (!this.here(s.id)) return;
      if (s.deleted) { this.gone(s.id); return; }
      this.session.title = s.title;
      this.changed("title");
      if (s.canvas !== undefined) this.followUndo(s.canvas);
    });
    on("note", (e) => { if (this.jobs.has(e.job)) this.say(e.why); });
    on("reset", () => { if (this.session) this.attempt(() => this.reload()); });
  }

  /** Another tab went back to a version: so does this one, where nothing else
   *  was done. */
  followUndo(id) {
    if (id === null || id === this.pointed) return;
    this.pointed = id;
    if (this.canvasId === null || this.moved || id === this.canvasId) return;
    const { canvasId } = this;
    this.attempt(async () => {
      const canvas = await this.canvasOf(id);
      if (this.mine(canvas) && this.canvasId === canvasId && this.pointed === id) this.takeCanvas(canvas);
    });
  }

  /** A picture that has come or gone, in the list of the gallery. Whether one
   *  belongs into what is searched for, the server knows. */
  listImage(i) {
    const others = this.images.filter((o) => o.id !== i.id);
    this.images = i.deleted || this.query ? others : [i, ...others];
    this.changed("gallery");
  }

  /** What ended badly says so; a model that was loaded is in use from now on. */
  afterJob(j) {
    if (j.kind === "load") this.askHealth();
    if (j.state === "failed" && (this.mine(j) || j.kind === "load"))
      this.say(j.error?.message ?? "That did not work.", "error");
  }
}

const newestOf = (rows) => Math.max(0, ...rows.map((r) => r.id));

/** What is only nice to have may be missing. */
function quietly(e) {
  if (!(e instanceof ApiError)) throw e;
}

/** Where a session is gone on with: what is being answered, or what was said
 *  last. */
function newest(session) {
  const job = session.jobs.find((j) => j.kind === "compose" && !ended(j));
  return job?.message ?? session.messages.at(-1)?.id ?? null;
}
