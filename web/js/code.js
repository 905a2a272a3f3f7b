// code.js - the canvas as code, beside the stage: what is typed is read by the
// server as soon as it stands still, and changes of the stage are written here.

import { api, ApiError } from "./api.js";
import { button, el, fill, perFrame, whenQuiet } from "./dom.js";
import { sameCanvas } from "./canvas.js";
import { placeOf } from "./text.js";

export class CodeEditor {
  constructor(root, studio) {
    this.studio = studio;
    this.form = "python";
    this.shown = null;   // the document the text stands for
    this.error = null;
    this.asked = null;   // AbortController of the newest question
    this.typed = false;  // what stands here has not been read yet: never write over it
    this.of = studio.session?.id; // the session it belongs to
    this.build(root);
    studio.readTyped = () => this.parse();
    this.read = whenQuiet(250, () => this.parse());
    this.write = whenQuiet(150, () => this.print());
    this.paint = perFrame(() => this.marks());
    studio.addEventListener("change", (e) => {
      if (e.detail === "session") this.enter(studio.session.id);
      if (e.detail === "drag") this.follow();
      if (["canvas", "session"].includes(e.detail)) this.write();
      if (e.detail === "jobs") this.input.readOnly = !!studio.composing();
    });
    this.print();
  }

  build(root) {
    this.choice = el("select", { "aria-label": "Form of the code",
      onchange: () => { this.form = this.choice.value; this.shown = null; this.print(); } },
      el("option", { value: "python" }, "Python"), el("option", { value: "json" }, "JSON"));
    this.numbers = el("pre.numbers", { "aria-hidden": "true" });
    this.back = el("pre.back", { "aria-hidden": "true" });
    this.input = el("textarea.editor", { spellcheck: false, autocapitalize: "off",
      autocomplete: "off", wrap: "off", "aria-label": "Code of the canvas",
      "aria-describedby": "code-says",
      oninput: () => { this.asked?.abort(); this.typed = true; this.paint(); this.read(); },
      onscroll: () => this.scroll(),
      onkeydown: (e) => this.key(e) });
    this.says = el("p.says", { id: "code-says", role: "status" });
    this.notes = el("ul.notes", { "aria-label": "Notes" });
    fill(root,
      el("div.tools", { role: "group", "aria-label": "Code" }, this.choice, el("span.gap"),
        button("Copy", "Copy the code", () => this.copy()),
        button("Save", "Save the code as a file", () => this.save()),
        button("ComfyUI", "Save it for ComfyUI_omost", () => this.saveComfy())),
      el("div.code-box", {}, this.numbers, el("div.code-text", {}, this.back, this.input)),
      this.says, this.notes);
  }

  /** What was typed in another session is none of this one's. */
  enter(session) {
    if (this.of === session) return;
    this.of = session;
    this.asked?.abort();
    this.typed = false;
    this.shown = null;
  }

  // ---- from the stage -----------------------------------------------------------------

  /** While a box is dragged: one question at a time, then the newest. */
  async follow() {
    this.behind = true;
    if (this.following) return;
    this.following = true;
    try {
      while (this.behind) { this.behind = false; await this.print(); }
    } finally { this.following = false; }
  }

  async print() {
    const s = this.studio, doc = s.shown;
    if (this.typed || (this.shown && sameCanvas(this.shown, doc))) return;
    let text;
    if (this.form === "json") {
      text = JSON.stringify(doc, null, 2) + "\n";
    } else {
      const got = await s.attempt(() => api.parse(JSON.stringify(doc)));
      const old = s.shown !== doc && !s.dragged; // while dragged, the next one follows
      if (!got || old || this.typed || this.form !== "python") return;
      text = got.python;
    }
    this.shown = doc;
    this.put(text);
    this.tell(null, s.dragged ? [] : s.canvasNotes, false);
  }

  put(text) {
    const { selectionStart, scrollTop } = this.input;
    this.input.value = text;
    this.input.setSelectionRange(selectionStart, selectionStart);
    this.input.scrollTop = scrollTop;
    this.paint();
  }

  // ---- to the stage --------------------------------------------------------------------

  /** Text from elsewhere, a broken reply for example, to be mended here. */
  load(text) {
    this.form = this.choice.value = "python";
    this.shown = this.studio.doc;
    this.put(text);
    this.typed = true;
    this.parse();
    this.input.focus();
  }

  async parse() {
    if (!this.typed) return;
    this.asked?.abort();
    const asked = this.asked = new AbortController();
    try {
      const got = await api.parse(this.input.value, { signal: asked.signal });
      if (asked.signal.aborted) return;
      this.typed = false;
      const doc = got.json.global ? got.json
        : { ...got.json, global: this.studio.doc.global };
      this.shown = doc;
      this.studio.edit(doc, "code");
      this.tell(null, got.notes, true);
    } catch (e) {
      if (asked.signal.aborted) return;
      this.typed = false;
      if (!(e instanceof ApiError)) throw e;
      this.tell(e, [], true);
    }
  }

  /** `places`: they are places of the text that stands here. Notes of a canvas
   *  that was written or read elsewhere are of that text, not of this one. */
  tell(error, notes, places) {
    this.error = error;
    this.input.setAttribute("aria-invalid", !!error);
    this.says.classList.toggle("bad", !!error);
    fill(this.says, error
      ? [el("strong", {}, error.line ? `Line ${error.line}, column ${error.col}: ` : ""),
         error.message, " ",
         error.line ? button("Go there", "Go to the place of the error", () => this.goTo(error)) : null,
         el("span.muted", {}, " The stage keeps the last sound canvas.")]
      : notes.length ? `${things(notes.length)} mended when it was read` +
        (places ? ":" : "; the lines are those of the text that was read:") : "Sound.");
    fill(this.notes, notes.slice(0, 50).map((n) => el("li", {},
      places ? button(`${n.line}:${n.col}`, "Go to the place", () => this.goTo(n))
        : el("code", {}, `${n.line}:${n.col}`), " ", n.message)));
    this.paint();
  }

  goTo(at) {
    const place = placeOf(this.input.value, at);
    if (!place) return;
    this.input.focus();
    this.input.setSelectionRange(place[0], place[1]);
    const line = this.input.value.slice(0, place[0]).split("\n").length;
    const height = parseFloat(getComputedStyle(this.input).lineHeight);
    this.input.scrollTop = Math.max(0, (line - 4) * height);
  }

  // ---- numbers and marks -----------------------------------------------------------------

  marks() {
    const text = this.input.value, n = text.split("\n").length;
    if (this.counted !== n) {
      this.counted = n;
      this.numbers.textContent = Array.from({ length: n }, (_, i) => i + 1).join("\n");
    }
    const place = this.error && placeOf(text, this.error);
    fill(this.back, place
      ? [text.slice(0, place[0]), el("mark", {}, text.slice(...place)), text.slice(place[1])]
      : text, "\n");
    this.scroll();
  }

  scroll() {
    this.numbers.scrollTop = this.back.scrollTop = this.input.scrollTop;
    this.back.scrollLeft = this.input.scrollLeft;
  }

  // ---- keys and files -----------------------------------------------------------------------

  /** Tab stays a way out of the editor, for who has no mouse. */
  key(e) {
    if (e.key === "Escape") this.input.blur();
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.input.value);
      this.studio.say("Copied.");
    } catch {
      this.studio.say("The browser does not let the page copy; select the text instead.", "error");
    }
  }

  save() {
    const json = this.form === "json";
    download(json ? "canvas.json" : "canvas.py", this.input.value,
      json ? "application/json" : "text/x-python");
  }

  async saveComfy() {
    const got = await this.studio.attempt(() =>
      api.convert(JSON.stringify(this.studio.doc), "comfy"));
    if (got) download("canvas.comfy.json", got.text, "application/json");
  }
}

function things(n) { return n === 1 ? "One thing was" : `${n} things were`; }

export function download(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const a = el("a", { href: url, download: name });
  document.body.append(a);
  a.click();
  a.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
