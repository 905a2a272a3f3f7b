// chat.js - the conversation. It is a tree: every message may have been asked
// otherwise or answered again, and nothing that was said is lost.

import { button, el, entry, fill, perFrame, typing, whenQuiet } from "./dom.js";
import { Kept } from "./kept.js";
import { excerpt, parts } from "./text.js";
import { duration } from "./options.js";

const DRAFTS = 30, LONGEST_DRAFT = 20000;
/** What asks for a change of something that is there. */
const CHANGES = /^(change|make|turn|replace|remove|add|move)\b/i;

export class Chat {
  constructor(root, studio, ui) {
    this.studio = studio;
    this.ui = ui;
    this.nodes = new Map(); // message id -> {node, sign}
    this.open = new Set();  // messages whose code is shown
    this.editing = null;    // the message that is being asked otherwise
    this.draft = "";        // what stood in the field before that
    this.sending = false;   // a message is on its way
    this.writer = null;     // what shows the reply that is being written
    // What was typed and not sent, by session; a reload keeps it.
    this.drafts = new Kept("omost.drafts", DRAFTS, () => sessionStorage);
    this.keepSoon = whenQuiet(200, () => this.keepDraft());
    this.of = null;         // the session shown
    this.drawSoon = perFrame(() => this.draw());
    this.build(root);
    studio.addEventListener("change", (e) => {
      if (e.detail === "session") this.enter(studio.session.id);
      if (["chat", "session", "jobs", "health"].includes(e.detail)) this.draw();
      if (e.detail === "writing") this.drawSoon();
      if (e.detail === "canvas") this.controls();
    });
    addEventListener("pagehide", () => this.keepDraft());
  }

  build(root) {
    const s = this.studio;
    this.log = el("div.log", { tabIndex: 0, role: "group", "aria-label": "Conversation" });
    this.heard = el("p.unseen", { role: "status" });
    this.ideas = el("div.ideas", { role: "group", "aria-label": "Ideas" },
      (s.options.quick_prompts ?? []).map((t) => button(t, t, () => this.suggest(t))));
    this.input = el("textarea", { id: "say", rows: 3, "aria-label": "Message", dir: "auto",
      placeholder: "What should the picture show?",
      onkeydown: (e) => this.key(e), oninput: () => { this.keepSoon(); this.controls(); } });
    this.sendButton = button("Send", "", () => this.send(), { className: "primary" });
    this.stopButton = button("Stop", "Stop writing", () => this.stop());
    this.banner = el("p.banner", { hidden: true },
      "Asking this otherwise; the old way stays. ", button("Cancel", "", () => this.stopEditing()));
    this.missing = el("div.notice", { hidden: true });
    fill(root, el("h2.unseen", {}, "Chat"), this.log, this.heard,
      el("form.say", { onsubmit: (e) => { e.preventDefault(); this.send(); } },
        this.missing, this.ideas, this.banner, this.input,
        el("div.actions", {}, this.stopButton, this.sendButton)));
    this.draw();
  }

  /** Another session: messages are numbered anew, and it has its own draft. */
  enter(session) {
    if (this.of === session) return;
    this.stopEditing();
    this.keepDraft();
    this.input.value = this.drafts.get(session) ?? "";
    this.of = session;
    this.writer = null;
    this.nodes.clear();
    this.open.clear();
  }

  keepDraft() {
    if (this.of === null) return;
    const text = this.editing === null ? this.input.value : this.draft;
    const kept = text && text.length <= LONGEST_DRAFT;
    this.drafts.put(this.of, kept ? text : undefined); // better none than an old one
  }

  // ---- what is shown --------------------------------------------------------------

  draw() {
    const s = this.studio, path = s.path();
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60;
    const nodes = path.map((m) => this.message(m));
    const job = this.shownJob();
    if (job) nodes.push(this.writing(job));
    else if (this.writer) {
      if (path.at(-1)?.parent === this.writer.message) this.heard.textContent = "The answer is there.";
      this.writer = null;
    }
    this.ideas.classList.toggle("all", !nodes.length);
    if (!nodes.length) nodes.push(this.welcome());
    const now = [...this.log.children];
    if (nodes.length !== now.length || nodes.some((n, i) => n !== now[i]))
      this.log.replaceChildren(...nodes);
    if (atEnd) this.log.scrollTop = this.log.scrollHeight;
    this.controls();
  }

  /** The job that answers the message at the end of the branch shown. */
  shownJob() {
    const s = this.studio, job = s.composing();
    return job && job.message === s.at ? job : null;
  }

  controls() {
    const s = this.studio, busy = !!s.composing();
    const nobody = s.health !== null && !s.health.composer;
    this.stopButton.hidden = !busy;
    this.sendButton.hidden = busy;
    this.sendButton.disabled = this.sending || nobody || !this.input.value.trim();
    this.ideas.hidden = nobody || busy || this.editing !== null;
    const changeable = s.canvasId !== null || s.doc.regions.length > 0;
    for (const b of this.ideas.children) b.hidden = !changeable && CHANGES.test(b.textContent);
    this.missing.hidden = !nobody;
    if (nobody && !this.missing.firstChild)
      fill(this.missing, el("strong", {}, "Nobody is here to write canvases."),
        el("p", {}, "Start the server with ", el("code", {}, "--llm MODEL.gguf"), " or ",
          el("code", {}, "--server URL"), " (", el("code", {}, "omost models"),
          " lists what can be fetched), or choose one under Settings. Until then, make the " +
          "canvas by hand: add regions, write the code, or open a file."));
  }

  welcome() {
    return el("div.welcome", {},
      el("p.large", {}, "What should the picture show?"),
      el("p", {}, "Say it in a sentence. A language model places everything as regions of a " +
        "canvas, which you can move, change and draw."));
  }

  message(m) {
    const s = this.studio;
    const siblings = s.children(m.parent);
    const before = s.path().slice(0, -1).filter((o) => o.canvas && o.id < m.id).pop();
    const last = m.id === s.at;
    const busy = !!s.composing();
    const waits = last && m.role === "user" && !busy;
    const failed = waits ? s.failure(m.id) : null;
    const stopped = m.role === "user" ? waits && s.lastTry(m.id)?.state === "cancelled" : s.wasStopped(m);
    const sign = JSON.stringify([siblings.map((o) => o.id), m.canvas, before?.canvas, waits, failed,
      stopped, this.open.has(m.id)]);
    let known = this.nodes.get(m.id);
    if (known?.sign !== sign || known.of !== m) {
      const retry = m.role === "assistant" && m.parent !== null &&
        button("Retry", "Answer again", () => s.retry(m.parent));
      const node = m.role === "user" ? this.ours(m, siblings, waits, failed, stopped)
        : this.theirs(m, siblings, before, retry, stopped);
      this.nodes.set(m.id, known = { node, retry, sign, of: m });
    }
    if (known.retry) known.retry.disabled = busy;
    return known.node;
  }

  ours(m, siblings, waits, failed, stopped) {
    return el("article.message.user", { "aria-label": "You" },
      el("p.text", { dir: "auto" }, m.text),
      el("div.foot", {}, this.ways(m, siblings),
        button("Edit", "Ask this otherwise", () => this.edit(m)),
        waits && button("Retry", "Ask for an answer again", () => this.studio.retry(m.id))),
      failed && el("div.problem", {}, el("div", {}, el("strong", {}, "No answer: "), failed.message),
        el("p", {}, "Retry asks again.")),
      stopped && el("p.stopped", {}, "Stopped before anything was written."));
  }

  theirs(m, siblings, before, retry, stopped) {
    const { before: prose, code, after } = parts(m.text);
    // Of what was stopped and is no canvas yet: as it was seen, or its code.
    const part = !m.canvas && stopped ? this.studio.stopped.get(m.id) : null;
    const node = el("article.message.reply", { "aria-label": "Answer" },
      prose && m.canvas && el("p.text", { dir: "auto" }, prose),
      !m.canvas && el("p.text", { dir: "auto" }, code === null ? m.text : prose),
      m.canvas && this.regionsOf(m),
      part && el("ol.regions", {}, [part.global, ...part.regions].map((r) => this.entry(r))),
      m.canvas && this.mended(m),
      after && el("p.text", { dir: "auto" }, after),
      stopped ? el("p.stopped", {}, "Stopped") : m.error && this.error(m, code));
    const shown = this.open.has(m.id) !== (stopped && !m.canvas && !part);
    node.append(el("div.foot", {}, this.ways(m, siblings), retry,
      code !== null && button("Code", "The code of this answer", () => {
        if (!this.open.delete(m.id)) this.open.add(m.id);
        this.draw();
      }, { "aria-expanded": shown }),
      m.canvas && button("On the stage", "Put this canvas on the stage",
        () => this.toStage(m.canvas)),
      m.canvas && before && button("Changes", "What changed since the canvas before",
        () => this.ui.showDiff(before.canvas, m.canvas))));
    if (shown && code !== null)
      node.append(el("pre.code", { tabIndex: 0, "aria-label": "Code" }, code));
    return node;
  }

  /** What was no word of the language and was taken as one. */
  mended(m) {
    const node = el("details.mended", { hidden: true });
    this.studio.canvasOf(m.canvas).then(({ notes }) => {
      if (!notes?.length) return;
      node.hidden = false;
      fill(node, el("summary", {}, `Mended in ${notes.length === 1 ? "one place" : `${notes.length} places`}`),
        el("ul", {}, notes.slice(0, 50).map((n) => {
          const lines = excerpt(m.text, n);
          return el("li", {}, n.line ? `Line ${n.line}: ` : "", n.message,
            lines && el("pre", {}, lines));
        })));
    }, () => {});
    return node;
  }

  /** ‹ 2 of 3 › between the ways a message was put. */
  ways(m, siblings) {
    if (siblings.length < 2) return null;
    const i = siblings.indexOf(m);
    const to = (k) => () => this.studio.goThrough(siblings[k].id);
    return el("span.ways", { role: "group", "aria-label": "Other ways" },
      button("‹", "The one before", to(i - 1), { disabled: i === 0 }),
      el("span", {}, `${i + 1} of ${siblings.length}`),
      button("›", "The next one", to(i + 1), { disabled: i === siblings.length - 1 }));
  }

  error(m, code) {
    const e = m.error, lines = excerpt(m.text, e);
    return el("div.problem", {},
      el("div", {}, el("strong", {}, e.line ? `Line ${e.line}: ` : "This is no canvas: "), e.message),
      lines && el("pre", { tabIndex: 0, "aria-label": "The place" }, lines),
      el("p", {}, code === null
        ? "Retry asks again; or say it another way."
        : "Retry asks again; or mend it by hand: ",
        code !== null && button("Open in the code editor", "", () => this.ui.openCode(code))));
  }

  regionsOf(m) {
    const list = el("ol.regions");
    this.studio.canvasOf(m.canvas).then((c) => {
      fill(list, this.entry(c.json.global, () => this.pick(m.canvas, -1)),
        c.json.regions.map((r, i) => this.entry(r, () => this.pick(m.canvas, i))));
    }, () => fill(list, el("li", {}, "This canvas could not be loaded.")));
    return list;
  }

  entry(r, onclick = null) { return entry(r, this.studio.words, { onclick }); }

  async toStage(id) {
    await this.studio.showCanvas(id);
    this.ui.show("stage");
  }

  async pick(id, i) {
    if (this.studio.parentId !== id) await this.studio.showCanvas(id);
    this.studio.select(i);
  }

  // ---- while a reply is written -----------------------------------------------------

  writing(job) {
    const s = this.studio, w = s.writing.get(job.id);
    if (this.writer?.job !== job.id) {
      const code = el("pre.code", { tabIndex: 0, "aria-label": "Code so far" });
      this.writer = { job: job.id, message: job.message, shown: 0, code,
        list: el("ol.regions"), state: el("p.state"), why: el("p.text") };
      this.writer.node = el("article.message.reply.live", { "aria-label": "Answer, being written" },
        this.writer.why, this.writer.list, this.writer.state,
        el("details", {}, el("summary", {}, "Code"), code));
      this.heard.textContent = "";
    }
    const u = this.writer;
    const entries = w ? [w.global, ...w.regions].filter(Boolean) : [];
    if (entries.length < u.shown) { u.shown = 0; u.list.replaceChildren(); }
    for (; u.shown < entries.length; u.shown++) {
      u.list.append(this.entry(entries[u.shown]));
      this.heard.textContent = entries[u.shown].description;
    }
    u.why.textContent = w?.why ? `${w.why} Asking once more.` : "";
    u.why.hidden = !w?.why;
    u.state.textContent = stateOf(job);
    if (w && u.code.textContent.length !== w.text.length) u.code.textContent = w.text;
    return u.node;
  }

  // ---- saying ------------------------------------------------------------------------

  key(e) {
    if (e.key === "Enter" && !e.shiftKey && !e.isComposing) {
      e.preventDefault();
      this.send();
    } else if (e.key === "ArrowUp" && !this.input.value) {
      const mine = this.studio.path().filter((m) => m.role === "user").pop();
      if (mine) { e.preventDefault(); this.edit(mine); }
    } else if (e.key === "Escape" && this.editing !== null) {
      this.stopEditing();
    }
  }

  suggest(text) {
    this.input.value = text;
    this.keepSoon();
    this.controls();
    this.input.focus();
  }

  edit(m) {
    if (this.editing === null) this.draft = this.input.value;
    this.editing = m;
    this.banner.hidden = false;
    this.suggest(m.text);
  }

  stopEditing() {
    if (this.editing === null) return;
    this.editing = null;
    this.banner.hidden = true;
    this.input.value = this.draft;
    this.draft = "";
    this.controls();
  }

  async send() {
    const typed = this.input.value, text = typed.trim(), s = this.studio;
    if (!text || this.sending || s.composing() || this.sendButton.disabled) return;
    const session = this.of, { editing } = this;
    this.sending = true;
    this.controls();
    try {
      const job = editing ? await s.send(text, editing.parent) : await s.send(text);
      if (job) this.sent(typed, session, editing);
    } finally {
      this.sending = false;
      this.draw();
    }
    this.log.scrollTop = this.log.scrollHeight;
  }

  /** What was typed meanwhile stays, here and in the session it was typed in. */
  sent(typed, session, editing) {
    if (this.of !== session) {
      if (!editing && this.drafts.get(session) === typed) this.drafts.put(session, undefined);
    } else if (this.input.value === typed) {
      this.input.value = "";
      this.stopEditing();
      this.keepDraft();
    }
  }

  stop() {
    const job = this.studio.composing();
    if (job) this.studio.cancel(job.id);
    if (!typing()) this.input.focus();
  }
}

function stateOf(job) {
  if (job.state === "queued")
    return job.position > 0 ? `Waiting; ${job.position} before it.` : "Waiting for its turn.";
  const p = job.progress;
  if (!p) return "Reading …";
  if (p.phase === "reading" && p.seconds_left) return `Reading, ${duration(p.seconds_left)} …`;
  const rate = p.tokens_per_second ? `, ${Math.round(p.tokens_per_second)} a second` : "";
  return p.tokens ? `Writing: ${Math.round(p.tokens)} tokens${rate}` : "Reading …";
}
