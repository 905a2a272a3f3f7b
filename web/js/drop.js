// drop.js - files that come from outside: pictures of ours, canvases in any
// form, other pictures to begin from.

import { api } from "./api.js";
import { el } from "./dom.js";
import { recordOf } from "./image.js";
import { whole } from "./stand.js";

const MOST = 64 << 20;

export class Files {
  constructor(studio, ui) {
    this.studio = studio;
    this.ui = ui;
    this.input = el("input", { type: "file", hidden: true, accept: ".png,.json,.py,.txt,.md",
      onchange: () => { const [f] = this.input.files; this.input.value = ""; if (f) this.take(f); } });
    this.veil = el("div.veil", { hidden: true }, el("p", {}, "Let go to open it"));
    document.body.append(this.input, this.veil);
    const files = (e) => e.dataTransfer?.types.includes("Files");
    addEventListener("dragover", (e) => {
      if (!files(e)) return;
      e.preventDefault();
      this.veil.hidden = false;
    });
    addEventListener("dragleave", (e) => { if (!e.relatedTarget) this.veil.hidden = true; });
    addEventListener("drop", (e) => {
      this.veil.hidden = true;
      if (!files(e)) return;
      e.preventDefault();
      if (e.dataTransfer.files[0]) this.take(e.dataTransfer.files[0]);
    });
  }

  choose() { this.input.click(); }

  async take(file) {
    if (file.size > MOST) {
      this.studio.say(`${file.name} is larger than 64 MiB.`, "error");
      return;
    }
    const head = new Uint8Array(await file.slice(0, 4096).arrayBuffer());
    const png = head[0] === 0x89 && head[1] === 0x50;
    if (!png && head.includes(0)) {
      this.studio.say(`${file.name} is neither a PNG nor a canvas; save it as a PNG to begin from it.`,
        "error");
      return;
    }
    if (png ? await this.picture(file) : await this.text(file)) this.ui.show("stage");
  }

  async text(file) {
    if (!await this.studio.importText(await file.text())) return false;
    this.studio.say(`Canvas of ${file.name}.`);
    return true;
  }

  /** With its canvas and settings when it has them; else to begin from. */
  async picture(file) {
    const s = this.studio, session = s.session?.id;
    const got = await s.attempt(() => api.upload(file));
    if (!got || !s.here(session)) return false;
    if (!got.canvas) {
      this.ui.settings.beginFrom({ value: got.upload, label: file.name });
      s.say(`${file.name} has no canvas; pictures now begin from it.`);
      return true;
    }
    s.edit(whole(got.canvas));
    const record = recordOf(got);
    if (record) this.ui.settings.take(record);
    s.say(`Canvas and settings of ${file.name}.`);
    return true;
  }
}
