// settings.js - how pictures are drawn and canvases written: a form made from
// the server's tables of options. What differs from the defaults is kept by
// this browser and sent with a request.

import { api } from "./api.js";
import { button, el, field, fill } from "./dom.js";
import { Models } from "./models.js";
import {
  PRESETS, changed, cleaned, grouped, known, lorasOf, nameOf, presetOf, randomSeed, withPreset,
} from "./options.js";

const KEEP = "omost.settings";
const OPEN = ["picture", "sampling"];
const TITLES = { picture: "Picture", sampling: "Steps", text: "Words", regions: "Regions",
  start: "Begin from a picture", "second pass": "Second pass (hires fix)",
  exactness: "Exactness", memory: "Memory", preview: "Preview", writing: "Writing canvases" };

export class Settings extends EventTarget {
  constructor(root, studio) {
    super();
    this.studio = studio;
    this.tables = { render: studio.options.render, compose: studio.options.compose };
    this.state = this.load();
    this.init = null; // {value, label}: the picture to begin from
    this.shows = [];  // functions that show the values again
    this.root = root;
    this.models = new Models(studio, this);
    this.shows.push(() => this.models.showLoras());
    this.build();
    studio.addEventListener("settings", (e) => this.take(e.detail));
    studio.composeOptions = () => {
      const o = changed(this.tables.compose, this.state.compose);
      return Object.keys(o).length ? { compose: o } : {};
    };
  }

  // ---- values --------------------------------------------------------------------------

  load() {
    let kept = {};
    try { kept = JSON.parse(localStorage.getItem(KEEP) ?? "{}") ?? {}; } catch { /* as new */ }
    return {
      render: known(this.tables.render, kept.render),
      compose: known(this.tables.compose, kept.compose),
      lora: Array.isArray(kept.lora) ? kept.lora.filter((l, i, all) =>
        typeof l?.name === "string" && all.findIndex((k) => k?.name === l.name) === i) : [],
      locked: kept.locked !== false,
      presets: Array.isArray(kept.presets) ? kept.presets.filter((p) => p?.name && p?.values) : [],
    };
  }

  keep() {
    try { localStorage.setItem(KEEP, JSON.stringify(this.state)); } catch { /* private window */ }
    this.show();
    this.dispatchEvent(new Event("change"));
  }

  show() { for (const fn of this.shows) fn(); }

  value(name, table = "render") {
    const option = this.tables[table].find((o) => o.name === name);
    return this.state[table][name] ?? option?.default ?? null;
  }

  set(name, value, table = "render") {
    const option = this.tables[table].find((o) => o.name === name);
    const v = option && cleaned(option, value);
    if (v === undefined || v === option.default) delete this.state[table][name];
    else this.state[table][name] = v;
    this.keep();
  }

  size() { return [this.value("width") ?? 896, this.value("height") ?? 1152]; }

  /** What a render is asked for with; an unlocked seed is rolled first. */
  request() {
    if (!this.state.locked) this.set("seed", randomSeed());
    const out = changed(this.tables.render, this.state.render);
    if (this.state.lora.length) out.lora = this.state.lora;
    if (this.init) out.init_image = this.init.value;
    return out;
  }

  /** The settings of a picture, from its record. */
  take(record) {
    this.state.render = known(this.tables.render, record.options);
    for (const o of this.tables.render)
      if (this.state.render[o.name] === o.default) delete this.state.render[o.name];
    this.state.lora = lorasOf(record, this.models.list.lora);
    this.state.locked = true;
    this.keep();
  }

  beginFrom(init) {
    this.init = init;
    this.show();
    this.dispatchEvent(new Event("change"));
  }

  // ---- the form ------------------------------------------------------------------------

  build() {
    const groups = [...grouped(this.tables.render)];
    fill(this.root, this.presets(), this.models.node,
      groups.map(([name, options]) => this.group(name, options, "render")),
      [...grouped(this.tables.compose)].map(([name, options]) =>
        this.group(name, options, "compose")),
      el("div.actions", {}, button("All back to defaults", "", () => {
        Object.assign(this.state, { render: {}, compose: {}, lora: [] });
        this.keep();
      })));
    this.show();
  }

  presets() {
    const select = el("select", { onchange: () => {
      const p = all().find((q) => q.name === select.value);
      if (!p) return;
      this.state.render = withPreset(this.state.render, p);
      this.keep();
    } });
    // One's own come first: two may mean the same.
    const all = () => [...this.state.presets, ...PRESETS];
    const remove = button("Delete", "Delete this preset of yours", () => {
      this.state.presets = this.state.presets.filter((p) => p.name !== select.value);
      this.keep();
    });
    const name = el("input", { type: "text", maxLength: 40, placeholder: "Name", "aria-label": "Name of a new preset" });
    const keep = button("Keep as preset", "", () => {
      const { seed, ...values } = changed(this.tables.render, this.state.render);
      const called = name.value.trim();
      if (!called || PRESETS.some((p) => p.name === called)) { name.focus(); return; }
      this.state.presets = [...this.state.presets.filter((p) => p.name !== called),
        { name: called, values }];
      name.value = "";
      this.keep();
    });
    this.shows.push(() => {
      const at = presetOf(this.tables.render, this.state.render, all());
      fill(select, !at && el("option", { value: "" }, "As set below"),
        [...PRESETS, ...this.state.presets].map((p) => el("option", { value: p.name }, p.name)));
      select.value = at;
      remove.hidden = !this.state.presets.some((p) => p.name === at);
    });
    return el("div.group", {},
      field("Preset", select, "Models made for few steps want their own settings."),
      el("div.row", {}, name, keep, remove));
  }

  group(name, options, table) {
    const special = { width: () => this.sizes(), height: () => null, seed: () => this.seed() };
    const inside = options.map((o) =>
      table === "render" && special[o.name] ? special[o.name]() : this.option(o, table));
    if (name === "start") inside.unshift(this.starter());
    const count = el("span.count");
    this.shows.push(() => {
      const names = options.map((o) => o.name);
      let n = Object.keys(this.state[table]).filter((k) => names.includes(k)).length;
      if (name === "start" && this.init) n++;
      count.textContent = n ? `${n} changed` : "";
    });
    return el("details.group", { open: OPEN.includes(name) },
      el("summary", {}, TITLES[name] ?? name, count), el("div.fields", {}, inside));
  }

  option(o, table) {
    const input = this.input(o, table);
    const back = button("↺", `${nameOf(o, table)}: back to the default`, () => this.set(o.name, undefined, table),
      { className: "back" });
    this.shows.push(() => { back.hidden = this.state[table][o.name] === undefined; });
    const node = field(nameOf(o, table), input, helpOf(o));
    node.insertBefore(back, node.children[1]);
    if (o.kind === "flag") node.classList.add("flag");
    return node;
  }

  input(o, table) {
    const set = (v) => this.set(o.name, v, table);
    const value = () => this.value(o.name, table);
    let input;
    if (o.kind === "flag") {
      input = el("input", { type: "checkbox", onchange: () => set(input.checked) });
      this.shows.push(() => { input.checked = !!value(); });
    } else if (o.kind === "choice") {
      input = el("select", { onchange: () => set(input.value) },
        o.default === null && el("option", { value: "" }, "Automatic"),
        o.choices.map((c) => el("option", { value: c }, c)));
      this.shows.push(() => { input.value = value() ?? ""; });
    } else if (o.kind === "text") {
      input = el("textarea", { rows: 2, dir: "auto", onchange: () => set(input.value) });
      this.shows.push(() => { input.value = value() ?? ""; });
    } else {
      input = el("input", { type: "number", min: o.min ?? "", max: o.max ?? "",
        step: o.kind === "int" ? 1 : "any", onchange: () => set(input.value) });
      this.shows.push(() => { input.value = value() ?? ""; });
    }
    return input;
  }

  sizes() {
    const sizes = this.studio.options.sizes ?? [];
    const select = el("select", { onchange: () => {
      const [w, h] = select.value.split("x").map(Number);
      if (!w) return;
      this.set("width", w);
      this.set("height", h);
    } });
    const number = (name) => {
      const o = this.tables.render.find((p) => p.name === name);
      const input = el("input", { type: "number", min: o.min, max: o.max, step: 64,
        "aria-label": nameOf(o), onchange: () => this.set(name, input.value) });
      this.shows.push(() => { input.value = this.value(name); });
      return input;
    };
    this.shows.push(() => {
      const now = this.size().join("x");
      const listed = sizes.some((s) => s.join("x") === now);
      fill(select, !listed && el("option", { value: "" }, "Own size"),
        sizes.map(([w, h]) => el("option", { value: `${w}x${h}` }, `${w} × ${h}${shapeOf(w, h)}`)));
      select.value = listed ? now : "";
    });
    const node = field("Size", select,
      "The models were made for the sizes of this list; others work, too. Larger takes longer.");
    node.insertBefore(el("div.row", {}, number("width"), "×", number("height"),
      button("⇄", "Swap width and height", () => {
        const [w, h] = this.size();
        this.set("width", h);
        this.set("height", w);
      })), node.lastChild);
    return node;
  }

  seed() {
    const o = this.tables.render.find((p) => p.name === "seed");
    const input = el("input", { type: "number", min: -1, step: 1,
      onchange: () => this.set("seed", input.value) });
    const lock = button("", "", () => { this.state.locked = !this.state.locked; this.keep(); });
    this.shows.push(() => {
      input.value = this.value("seed");
      lock.textContent = this.state.locked ? "Kept" : "New each time";
      lock.setAttribute("aria-pressed", this.state.locked);
      lock.title = this.state.locked ? "The seed stays; press to roll it for each picture"
        : "Each picture gets a new seed; press to keep this one";
    });
    const node = field("Seed", input, helpOf(o));
    const row = el("div.row", {}, input,
      button("⚄", "Roll another seed", () => this.set("seed", randomSeed()), { className: "dice" }), lock);
    node.insertBefore(row, node.children[1]);
    return node;
  }

  starter() {
    const shown = el("p.row");
    const file = el("input", { type: "file", accept: "image/png", hidden: true,
      onchange: () => { if (file.files[0]) this.upload(file.files[0]); file.value = ""; } });
    this.shows.push(() => fill(shown, this.init
      ? [`Begins from ${this.init.label}.`, button("From nothing", "", () => this.beginFrom(null))]
      : "Begins from noise."));
    return el("div.field", {}, shown, el("div.row", {},
      button("Picture on the stage", "Begin from the picture on the stage", () => {
        const i = this.studio.image;
        if (i) this.beginFrom({ value: i.id, label: `picture ${i.id}` });
        else this.studio.say("There is no picture on the stage.", "error");
      }),
      button("A PNG file …", "Begin from a PNG file", () => file.click()), file));
  }

  async upload(file) {
    const got = await this.studio.attempt(() => api.upload(file));
    if (got) this.beginFrom({ value: got.upload, label: file.name });
  }
}

function helpOf(o) {
  const range = o.kind === "int" || o.kind === "number"
    ? o.min !== null && o.max !== null && o.min !== undefined ? ` ${o.min} to ${o.max}.` : "" : "";
  const help = o.help ? o.help[0].toUpperCase() + o.help.slice(1) + "." : "";
  const def = o.default === null || o.default === "" || o.kind === "flag" ? ""
    : o.kind === "text" ? "" : ` Default ${o.default}.`;
  return help + range + def;
}

function shapeOf(w, h) {
  return w === h ? " square" : w < h ? " upright" : " wide";
}
