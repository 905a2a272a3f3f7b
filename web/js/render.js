// render.js - the bar below the stage: Draw, and what is being drawn.

import { button, el, fill, perFrame } from "./dom.js";
import { ended } from "./jobs.js";
import { duration } from "./options.js";

const KINDS = { compose: "Writing", render: "Drawing", load: "Loading a model" };

export class DrawBar {
  constructor(root, studio, ui) {
    this.studio = studio;
    this.ui = ui;
    this.rows = new Map(); // job id -> nodes
    this.heard = el("p.unseen", { role: "status" });
    this.list = el("ul.jobs", { "aria-label": "Jobs" });
    this.drawButton = button("Draw", "Draw this canvas (Ctrl+Enter)", () => this.start(),
      { className: "primary large" });
    this.note = el("p.note");
    this.size = el("span.muted");
    fill(root, this.list, el("div.row", {}, this.size, el("span.gap"), this.note, this.drawButton), this.heard);
    this.draw = perFrame(() => this.render());
    studio.addEventListener("change", (e) => {
      if (["jobs", "session", "health"].includes(e.detail)) this.draw();
    });
    ui.settings.addEventListener("change", this.draw);
    this.render();
  }

  async start() {
    if (this.drawButton.disabled) return;
    this.drawButton.disabled = true;
    await this.studio.render(this.ui.settings.request());
    this.drawButton.disabled = false;
    this.render();
  }

  render() {
    const s = this.studio, h = s.health;
    const nobody = h !== null && !h.renderer;
    const busy = !!s.composing();
    this.drawButton.disabled = nobody || busy;
    this.note.textContent = nobody
      ? "No model that draws: start the server with -m MODEL, or choose one under Settings." : "";
    const [w, ht] = this.ui.settings.size();
    const n = this.ui.settings.value("batch-count") ?? 1;
    this.size.textContent = `${w} × ${ht}, ${this.ui.settings.value("steps")} steps` +
      (n > 1 ? `, ${n} pictures` : "") + (this.ui.settings.init ? ", from a picture" : "");
    const shown = [...s.jobs.values()].filter((j) => j.state === "interrupted" ||
      (j.kind !== "compose" && (!ended(j) || ["failed", "cancelled"].includes(j.state))));
    for (const id of this.rows.keys())
      if (!shown.some((j) => j.id === id)) this.rows.delete(id);
    const nodes = shown.map((j) => this.row(j));
    if (nodes.length !== this.list.children.length || nodes.some((n, i) => n !== this.list.children[i]))
      this.list.replaceChildren(...nodes);
    this.list.hidden = !nodes.length;
  }

  /** One node a job, kept while it lives: its buttons keep the focus. */
  row(j) {
    let r = this.rows.get(j.id);
    if (!r) {
      r = { text: el("span.text", { id: `job-${j.id}` }), actions: el("span.actions") };
      r.bar = el("progress", { max: 1, value: 0, "aria-labelledby": `job-${j.id}` });
      r.node = el("li.job", {}, r.text, r.bar, r.actions);
      this.rows.set(j.id, r);
    }
    r.text.textContent = textOf(j);
    const p = j.progress;
    r.bar.hidden = ended(j) || j.state === "queued";
    if (p && Number.isFinite(p.total_done)) r.bar.value = p.total_done;
    else r.bar.removeAttribute("value");
    if (r.state !== j.state) {
      r.state = j.state;
      fill(r.actions, this.actions(j));
      this.heard.textContent = textOf(j);
    }
    r.node.dataset.state = j.state;
    return r.node;
  }

  actions(j) {
    const s = this.studio;
    if (!ended(j)) return button("Cancel", "", () => s.cancel(j.id));
    return [
      button(j.state !== "interrupted" ? "Try again" : j.kind === "compose" ? "Write again"
        : "Draw again", "", () => s.restart(j.id)),
      button("×", "Put this out of sight", () => s.forget(j.id)),
    ];
  }
}

function textOf(j) {
  const what = KINDS[j.kind] ?? j.kind, p = j.progress;
  switch (j.state) {
    case "queued": return `${what}: waiting` + (j.position > 0 ? `, ${j.position} before it` : "");
    case "failed": return `${what} failed: ${j.error?.message ?? "no reason was given"}`;
    case "interrupted": return `${what}, asked for ${when(j.created)}, was interrupted when ` +
      "the server stopped.";
    case "cancelled": return `${what} was cancelled.`;
    case "done": return `${what} is done.`;
    default: {
      if (!p) return `${what} …`;
      const left = duration(p.seconds_left ?? NaN);
      return (p.batch > 1 ? `Picture ${p.index + 1} of ${p.batch}: ` : "") +
        (p.step > 0 && p.steps > 0 ? `Step ${p.step} of ${p.steps}` : capital(p.phase || what)) +
        (left ? `, ${left} left` : "");
    }
  }
}

/** "at 14:03", or "on" a day that is not today. */
function when(time) {
  const t = new Date(time), now = new Date();
  if (Number.isNaN(t.getTime())) return "before";
  return t.toDateString() === now.toDateString()
    ? `at ${t.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`
    : `on ${t.toLocaleDateString()}`;
}

const capital = (t) => t[0].toUpperCase() + t.slice(1);
