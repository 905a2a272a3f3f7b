// replies.js - the replies that are being written, by their jobs: the text and
// the regions so far. No DOM here.

export class Replies {
  constructor() { this.all = new Map(); }

  get(job) { return this.all.get(job); }

  /** Its reply, which begins where there is none. */
  of(job) {
    if (!this.all.has(job)) this.all.set(job, begun());
    return this.all.get(job);
  }

  /** What the server has of it by now (`written` of a job): everything that was
   *  told until the event of that number is in it. */
  take(job, written) {
    const r = begun();
    for (const e of written.regions) put(r, e);
    r.text = written.text + (written.cut ? "\n…\n" : "");
    r.until = written.event;
    this.all.set(job, r);
  }

  /** What is told while it is written; `number` is the event's. True: it is
   *  new. */
  hear(name, e, number) {
    const r = this.of(e.job);
    if (number > 0 && number <= r.until) return false;
    if (name === "text") r.text += e.text;
    if (name === "region") put(r, e);
    if (name === "again") Object.assign(r, begun(), { why: e.why, until: r.until });
    return true;
  }

  end(job) { this.all.delete(job); }
  clear() { this.all.clear(); }
}

function begun() {
  return { text: "", global: null, regions: [], why: null, until: 0 };
}

function put(r, e) {
  if (e.kind === "start") { r.global = null; r.regions = []; }
  if (e.kind === "global") r.global = e.global;
  if (e.kind === "region") r.regions[e.index] = e.region;
}
