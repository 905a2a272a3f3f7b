// models.js - who draws, who writes, and the LoRAs that are laid over the model.

import { api } from "./api.js";
import { button, el, field, fill } from "./dom.js";
import { bytes } from "./options.js";

const NONE = { renderer: [], composer: [], lora: [] };

/** The LoRAs asked for are the settings' (`settings.state.lora`). */
export class Models {
  constructor(studio, settings) {
    this.studio = studio;
    this.settings = settings;
    this.list = NONE;      // what is on the server's machine
    this.rows = new Map(); // LoRA name -> its row and field
    this.pickers = {};
    this.used = el("div.loras");
    this.add = el("select", { "aria-label": "Add a LoRA", "aria-describedby": "loras-help", onchange: () => this.addLora() });
    this.node = el("details.group", { open: true },
      el("summary", { onclick: () => { if (!this.node.open) this.ask(); } }, "Models"),
      el("div.fields", {},
        this.picker("renderer", "Draws", "The model that draws; omost pull fetches more."),
        this.picker("composer", "Writes", "The language model that writes canvases."),
        el("div.field.lora-list", { role: "group", "aria-labelledby": "loras" },
          el("h3", { id: "loras" }, "LoRAs"), this.used, this.add,
          el("p.help", { id: "loras-help" }, "Small files that are laid over the model that draws " +
            "and teach it a style or a subject. The weight says how much: 1 is all of it, 0 nothing."))));
    studio.addEventListener("change", (e) => { if (e.detail === "health") this.show(); });
    studio.events.on("reset", () => this.ask());
    this.show();
    this.ask();
  }

  async ask() {
    this.list = await this.studio.attempt(() => api.models()) ?? this.list;
    this.show();
  }

  show() {
    const h = this.studio.health;
    this.showPicker("renderer", h?.renderer);
    this.showPicker("composer", h?.composer);
    this.showLoras();
  }

  // ---- who draws, who writes ------------------------------------------------------------

  picker(kind, name, help) {
    const select = this.pickers[kind] = el("select", { onchange: () => this.choose(kind, select.value) });
    return field(name, select, help);
  }

  showPicker(kind, now) {
    const list = this.list[kind], select = this.pickers[kind];
    const here = now && !list.some((m) => m.name === now.name);
    fill(select,
      !now && el("option", { value: "" }, list.length ? "None yet" : "None on this machine"),
      here && el("option", { value: now.name }, now.name),
      list.map((m) => el("option", { value: m.name }, `${m.name}${m.bytes ? ` (${bytes(m.bytes)})` : ""}`)));
    select.value = now?.name ?? "";
  }

  async choose(kind, name) {
    if (!name) return;
    const got = await this.studio.attempt(() => api.chooseModels({ [kind]: name }));
    if (got?.job) this.studio.takeJob(got.job);
    else this.show();
  }

  // ---- LoRAs ----------------------------------------------------------------------------

  addLora() {
    const name = this.add.value;
    if (!name) return;
    this.settings.state.lora.push({ name, weight: 1 });
    this.settings.keep();
    this.rows.get(name).weight.focus();
  }

  removeLora(name) {
    const { state } = this.settings;
    state.lora = state.lora.filter((l) => l.name !== name);
    this.settings.keep();
    this.add.focus();
  }

  showLoras() {
    const used = this.settings.state.lora, list = this.list.lora;
    for (const name of this.rows.keys())
      if (!used.some((l) => l.name === name)) this.rows.delete(name);
    const rows = used.map((l) => this.row(l, list));
    if (rows.length !== this.used.children.length || rows.some((n, i) => n !== this.used.children[i]))
      this.used.replaceChildren(...rows);
    const left = list.filter((l) => !used.some((u) => u.name === l.name));
    this.add.disabled = !left.length;
    fill(this.add, el("option", { value: "" }, left.length ? "Add a LoRA …"
      : list.length ? "All are in use" : "None on this machine"),
    left.map((l) => el("option", { value: l.name }, l.name)));
  }

  /** One node a LoRA, kept while it is used: its field keeps the focus. */
  row({ name, weight }, list) {
    let r = this.rows.get(name);
    if (!r) {
      r = { missing: el("span.muted", {}, "not on this machine") };
      r.weight = el("input", { type: "number", step: "0.05", min: -4, max: 4,
        "aria-label": `Weight of ${name}`, onchange: () => this.weigh(name, r.weight.valueAsNumber) });
      r.node = el("div.row", {}, el("span.name", { title: name }, name), r.missing, r.weight,
        button("×", `Remove ${name}`, () => this.removeLora(name)));
      this.rows.set(name, r);
    }
    r.missing.hidden = this.list === NONE || list.some((l) => l.name === name);
    if (r.weight.valueAsNumber !== weight) r.weight.value = weight;
    return r.node;
  }

  weigh(name, weight) {
    const lora = this.settings.state.lora.find((l) => l.name === name);
    lora.weight = Number.isFinite(weight) ? weight : 1;
    this.settings.keep();
  }
}
