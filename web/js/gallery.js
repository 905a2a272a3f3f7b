// gallery.js - every picture that was drawn here: search, open, restore.

import { api, rowsOf } from "./api.js";
import { depthOrder, wordsOf } from "./canvas.js";
import { confirmed, dialog } from "./dialog.js";
import { button, el, entry, fill, whenQuiet } from "./dom.js";
import { compareDialog } from "./compare.js";
import { recordOf, wholeImage } from "./image.js";
import { nameOf } from "./options.js";

const PAGE = 60;
/** Of what is said of a picture, first of all. */
const FACTS = ["steps", "sampling-method", "scheduler", "cfg-scale", "seed"];

export class Gallery {
  constructor(root, studio, ui) {
    this.studio = studio;
    this.ui = ui;
    this.nodes = new Map();
    this.asked = 0;    // questions so far; the answer to the last one counts
    this.came = null;  // image events while it is awaited
    this.askSoon = whenQuiet(250, () => this.ask());
    this.search = el("input", { type: "search", placeholder: "Search prompts and settings",
      "aria-label": "Search the gallery", dir: "auto", oninput: () => this.askSoon() });
    this.grid = el("ul.pictures", { "aria-label": "Pictures" });
    this.state = el("p.muted", { role: "status" });
    this.more = button("More", "Older pictures", () => this.ask(true), { hidden: true });
    fill(root, this.search, this.grid, this.state, this.more);
    studio.addEventListener("change", (e) => { if (e.detail === "gallery") this.draw(); });
    studio.events.on("reset", () => this.ask());
    studio.events.on("image", (i) => {
      this.came?.push(i);
      if (!i.deleted && this.search.value.trim()) this.askSoon();
    });
    this.ask();
  }

  async ask(older = false) {
    if (older && this.came) return; // one answer after the other
    const s = this.studio, q = this.search.value.trim(), turn = ++this.asked;
    const before = older ? s.images.at(-1)?.id ?? 0 : 0;
    const came = this.came = [];
    const got = await s.attempt(() => api.images(q, before));
    if (turn !== this.asked) return;
    this.came = null;
    if (!got) return;
    const rows = rowsOf(got, "images");
    // Older pages that were loaded stay, where the same is searched for.
    const loaded = !older && q === s.query && rows.length >= PAGE
      ? s.images.filter((i) => i.id < rows.at(-1).id) : [];
    s.query = q;
    s.images = older ? [...s.images, ...rows] : [...rows, ...loaded];
    for (const i of came) s.listImage(i);
    if (!loaded.length) this.more.hidden = rows.length < PAGE;
    this.draw();
  }

  draw() {
    const s = this.studio;
    const before = this.nodes, focus = document.activeElement;
    this.nodes = new Map(s.images.map((i) => [i.id, before.get(i.id) ?? this.thumb(i)]));
    const nodes = [...this.nodes.values()];
    this.grid.replaceChildren(...nodes);
    if (this.grid.contains(focus)) focus.focus({ preventScroll: true });
    this.state.textContent = nodes.length ? ""
      : this.search.value ? "No picture has all these words." : "What is drawn is kept here.";
  }

  thumb(i) {
    const img = el("img", { loading: "lazy", alt: altOf(i), src: i.thumb });
    img.style.aspectRatio = `${i.width} / ${i.height}`;
    return el("li", {}, el("button.thumb", { type: "button", onclick: () => this.open(i) }, img));
  }

  open(i) {
    const s = this.studio;
    return dialog(`Picture ${i.id}`, (close) => {
      const act = (label, fn, props = {}) => button(label, "", async () => {
        if (await fn() !== false) close();
      }, props);
      const facts = el("dl.facts"), canvas = el("div.its-canvas", { hidden: true });
      fillFacts(facts, i, null, s.options.render);
      s.attempt(async () => {
        const all = await wholeImage(i);
        fillFacts(facts, i, recordOf(all), s.options.render);
        const doc = await s.canvasOfImage(all);
        if (doc) fillCanvas(canvas, doc, s.words);
      });
      return el("div.picture-view", {},
        el("img", { src: i.file, alt: altOf(i), width: i.width, height: i.height }),
        el("div.body", {},
          facts,
          el("div.told", { tabIndex: 0, role: "group", "aria-label": "Its canvas, and how it was drawn" },
            canvas,
            el("details", {}, el("summary", {}, "Everything that was told to the model"),
              el("p.parameters", { dir: "auto" }, i.parameters))),
          el("div.actions", {},
            act("Restore canvas and settings", async () => {
              await s.restore(i);
              this.ui.show("stage");
            }, { className: "primary" }),
            act("On the stage", () => { s.showImage(i); this.ui.show("stage"); }),
            act("Compare", () => { setTimeout(() => compareDialog(s, i)); }),
            act("Begin from it", () => {
              this.ui.settings.beginFrom({ value: i.id, label: `picture ${i.id}` });
              this.ui.show("settings");
            }),
            el("a.button", { href: `${i.file}?download=1`, download: `omost-${i.id}.png` }, "Download"),
            act("Copy", () => this.copy(i)),
            act("Delete", () => this.remove(i), { className: "danger" }))));
    }, { wide: true });
  }

  async copy(i) {
    try {
      const blob = await (await fetch(i.file)).blob();
      await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
      this.studio.say("Copied.");
    } catch {
      this.studio.say("The browser does not let the page copy; download it instead.", "error");
    }
    return false;
  }

  async remove(i) {
    const s = this.studio;
    const yes = await confirmed("Delete the picture?",
      "Its file goes for good; the canvas stays in its session.", "Delete");
    if (!yes || !await s.attempt(() => api.deleteImage(i.id))) return false;
    return true; // the server tells everybody
  }
}

/** What one looks for first, at once; most of it comes with the record. */
function fillFacts(list, i, record, table) {
  const o = { ...record?.options, seed: i.seed };
  const rows = FACTS.filter((k) => o[k] !== undefined && o[k] !== null)
    .map((k) => [nameOf(table.find((r) => r.name === k) ?? { name: k }), o[k]]);
  if (record?.model?.name) rows.push(["Model", record.model.name]);
  for (const l of record?.loras ?? []) rows.push(["LoRA", `${l.name}, ${l.weight}`]);
  rows.push(["Size", `${i.width} × ${i.height}`], ["Drawn", new Date(i.created).toLocaleString()]);
  fill(list, rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

/** The whole picture, and the regions, nearest first. */
function fillCanvas(node, doc, words) {
  const row = (r, where) => entry(r, words, { where });
  fill(node, el("h3", {}, "Canvas"), el("ol.regions", {}, row(doc.global, ""),
    depthOrder(doc).reverse().map((k) => row(doc.regions[k], wordsOf(doc.regions[k])))));
  node.hidden = false;
}

export function altOf(i) {
  const first = (i.parameters ?? "").split(/[.\n]/)[0];
  return first || `Picture ${i.id}`;
}
