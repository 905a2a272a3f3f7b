// region.js - the layers, and every text of the region that is selected or of
// the whole picture.

import { depthOrder, withDepthMoved, withGlobal, withRegion } from "./canvas.js";
import { button, chip, el, field, fill, perFrame } from "./dom.js";
import { fromLines, toLines } from "./text.js";

const TEXTS = [
  ["description", "Description", 2, "one sentence"],
  ["detailed_descriptions", "Details", 5, "one sentence a line"],
  ["tags", "Tags", 2, "words with commas between"],
];
const MORE = [
  ["atmosphere", "Atmosphere", 2, ""],
  ["style", "Style", 2, ""],
  ["quality_meta", "Quality", 2, ""],
];
const PLACES = [["location", "Location"], ["offset", "Offset"], ["area", "Area"]];

export class RegionForm {
  constructor(root, studio) {
    this.studio = studio;
    this.inputs = {};
    this.shape = "";
    this.layers = el("ul.layers", { "aria-label": "Layers, nearest first" });
    this.form = el("div.form");
    fill(root, el("h3", {}, "Layers"), this.layers, this.form);
    this.draw = perFrame(() => this.render());
    studio.addEventListener("change", (e) => {
      if (["canvas", "drag", "selection", "session", "jobs"].includes(e.detail)) this.draw();
    });
    this.render();
  }

  render() {
    const s = this.studio;
    this.drawLayers();
    const shape = s.selected < 0 ? "global" : "region";
    if (shape !== this.shape) this.build(shape);
    this.values();
  }

  // ---- layers ----------------------------------------------------------------------

  drawLayers() {
    const s = this.studio, order = depthOrder(s.doc).reverse();
    // Nodes that are the same stay: what is pressed on one must end on it.
    const sign = JSON.stringify([s.selected, !!s.composing(),
      [s.doc.global, ...order.map((i) => s.doc.regions[i])]
        .map((r) => [r.description, r.HTML_web_color_name]), order]);
    if (sign === this.layersSign) return;
    this.layersSign = sign;
    const focus = document.activeElement?.dataset?.layer;
    fill(this.layers,
      order.map((i, place) => this.layer(i, place, order.length)),
      el("li", {}, this.pick(-1, s.doc.global, "Whole picture")));
    if (focus === undefined) return;
    // At the end of its way a button is off: the focus stays with its layer.
    const same = this.layers.querySelector(`[data-layer="${focus}"]`);
    (same?.disabled ? same.closest("li").firstChild : same)?.focus({ preventScroll: true });
  }

  pick(i, r, extra) {
    const s = this.studio;
    return el("button.entry", { type: "button", "aria-pressed": s.selected === i,
      "data-layer": `pick${i}`, onclick: () => s.select(i) },
      chip(s.words.css(r.HTML_web_color_name)),
      el("span", { dir: "auto" }, extra ? `${extra}: ${r.description}` : r.description));
  }

  layer(i, place, n) {
    const s = this.studio, r = s.doc.regions[i], locked = !!s.composing();
    const move = (step) => () => s.edit(withDepthMoved(s.doc, i, step));
    const item = el("li", { draggable: !locked,
      ondragstart: (e) => { e.dataTransfer.setData("text/x-omost-layer", String(i)); },
      ondragover: (e) => {
        if (e.dataTransfer.types.includes("text/x-omost-layer")) e.preventDefault();
      },
      ondrop: (e) => this.dropped(e, place) },
      this.pick(i, r, ""),
      button("▴", `Nearer: ${r.description}`, move(1),
        { disabled: locked || place === 0, "data-layer": `near${i}` }),
      button("▾", `Farther: ${r.description}`, move(-1),
        { disabled: locked || place === n - 1, "data-layer": `far${i}` }));
    return item;
  }

  dropped(e, place) {
    const text = e.dataTransfer.getData("text/x-omost-layer");
    if (!text) return;
    e.preventDefault();
    e.stopPropagation();
    const s = this.studio, i = Number(text);
    if (s.composing()) return;
    let doc = s.doc;
    for (let k = 0; k < doc.regions.length; k++) {
      const at = depthOrder(doc).reverse().indexOf(i);
      if (at < 0 || at === place) break;
      doc = withDepthMoved(doc, i, at > place ? 1 : -1);
    }
    s.edit(doc);
  }

  // ---- the form ----------------------------------------------------------------------

  build(shape) {
    this.shape = shape;
    this.inputs = {};
    const texts = shape === "global" ? TEXTS : [...TEXTS, ...MORE];
    fill(this.form,
      this.title = el("h3"),
      texts.slice(0, 3).map((t) => this.text(t)),
      this.colorField(),
      shape === "region" && el("div.pair", {}, PLACES.map(([key, name]) => this.place(key, name)),
        this.distance()),
      texts.slice(3).map((t) => this.text(t)));
  }

  text([key, name, rows, help]) {
    const input = el("textarea", { rows, spellcheck: true, dir: "auto", oninput: () => {
      const v = key === "detailed_descriptions" ? fromLines(input.value) : input.value;
      this.change({ [key]: v }, key);
    } });
    this.inputs[key] = input;
    return field(name, input, help);
  }

  place(key, name) {
    const input = el("select", { onchange: () => this.change({ [key]: input.value }) },
      this.studio.words[key].map((w) => el("option", { value: w.word }, w.word)));
    this.inputs[key] = input;
    return field(name, input);
  }

  distance() {
    const input = el("input", { type: "number", min: 0, step: "any", oninput: () => {
      const v = Number(input.value);
      if (Number.isFinite(v) && input.value !== "") this.change({ distance_to_viewer: v }, "distance");
    } });
    this.inputs.distance_to_viewer = input;
    return field("Distance", input, "far is large");
  }

  colorField() {
    const s = this.studio;
    const grid = el("div.swatches", { role: "group", "aria-label": "Colours", hidden: true });
    const find = el("input", { type: "search", placeholder: "Find a colour",
      "aria-label": "Find a colour", hidden: true, oninput: () => {
        for (const b of grid.children)
          b.hidden = !b.dataset.color.includes(find.value.toLowerCase().replaceAll(" ", ""));
      } });
    const open = el("button.color", { type: "button", "aria-expanded": false, onclick: () => {
      grid.hidden = find.hidden = !grid.hidden;
      open.setAttribute("aria-expanded", !grid.hidden);
      if (!grid.hidden && !grid.firstChild) this.swatches(grid);
      if (!grid.hidden) { this.values(); find.focus(); }
    } });
    this.inputs.color = { open, grid };
    const id = "color-open";
    open.id = id;
    return el("div.field", {}, el("label", { htmlFor: id }, "Colour"), open, find, grid);
  }

  swatches(grid) {
    const s = this.studio;
    fill(grid, s.words.color.map((c) => {
      const b = button("", c.word, () => this.change({ HTML_web_color_name: c.word }, "color"),
        { "data-color": c.word, "aria-label": c.word });
      b.style.backgroundColor = s.words.css(c.word);
      return b;
    }));
  }

  values() {
    const s = this.studio, r = s.selected < 0 ? s.shown.global : s.shown.regions[s.selected];
    if (!r) return;
    this.title.textContent = s.selected < 0 ? "Whole picture" : "Region";
    const locked = !!s.composing();
    for (const [key, input] of Object.entries(this.inputs)) {
      if (key === "color") continue;
      input.disabled = locked;
      const v = key === "detailed_descriptions" ? toLines(r[key]) : String(r[key]);
      const typed = document.activeElement === input && this.same(key, input.value, r[key]);
      if (!typed && input.value !== v) input.value = v;
    }
    const { open, grid } = this.inputs.color;
    open.disabled = locked;
    fill(open, chip(s.words.css(r.HTML_web_color_name)), r.HTML_web_color_name);
    for (const b of grid.children)
      b.setAttribute("aria-pressed", b.dataset.color === r.HTML_web_color_name);
  }

  /** Whether what is typed already means the value: then it is left alone. */
  same(key, typed, value) {
    if (key === "detailed_descriptions") return toLines(fromLines(typed)) === toLines(value);
    if (key === "distance_to_viewer") return Number(typed) === value;
    return typed === value;
  }

  change(change, kind = null) {
    const s = this.studio;
    const step = kind && `${kind}${s.selected}`;
    s.edit(s.selected < 0 ? withGlobal(s.doc, change) : withRegion(s.doc, s.selected, change), step);
  }
}
