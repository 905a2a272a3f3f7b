// main.js - the page comes together here.

import { api, ApiError, setKey } from "./api.js";
import { Words } from "./canvas.js";
import { Chat } from "./chat.js";
import { CodeEditor } from "./code.js";
import { compareDialog, diffDialog } from "./compare.js";
import { dialog, helpDialog } from "./dialog.js";
import { $, button, el, fill, typing } from "./dom.js";
import { Files } from "./drop.js";
import { Events } from "./events.js";
import { Gallery } from "./gallery.js";
import { RegionForm } from "./region.js";
import { DrawBar } from "./render.js";
import { firstSession, rememberSession, sessionsDialog, titleOf } from "./sessions.js";
import { Settings } from "./settings.js";
import { Stage } from "./stage.js";
import { Studio } from "./studio.js";

const TABS = [["region", "Region"], ["code", "Code"], ["settings", "Settings"], ["gallery", "Gallery"]];

/** Stays as long as it takes to read, and while one points at it. */
function toast(text, kind = "info", action = null) {
  const node = el(`div.toast.${kind}`, {}, el("p", { dir: "auto" }, text),
    action && button(action.label, "", () => { node.remove(); action.act(); }, { className: "act" }),
    button("×", "Close", () => node.remove()));
  const list = $("#toasts");
  list.append(node);
  while (list.children.length > 4) list.firstChild.remove();
  const go = () => {
    if (node.matches(":hover, :focus-within")) setTimeout(go, 1000); else node.remove();
  };
  setTimeout(go, (action ? 20000 : kind === "error" ? 12000 : 3000) + 50 * text.length);
}

/** A server with a key answers 401 until it has been told. */
async function withKey(fn) {
  for (;;)
    try {
      return await fn();
    } catch (e) {
      if (!(e instanceof ApiError) || e.httpStatus !== 401) throw e;
      await askKey();
    }
}

function askKey() {
  return dialog("Key", (close) => {
    const input = el("input", { type: "password", autocomplete: "current-password", "aria-label": "Key" });
    return el("form.body", { onsubmit: async (e) => {
      e.preventDefault();
      setKey(input.value);
      try { await api.login(input.value); close(); } catch (e2) { toast(e2.message, "error"); }
    } }, el("p", {}, "This server wants the key that OMOST_SERVE_KEY was when it was started."), input,
    el("div.actions", {}, el("button.primary", { type: "submit" }, "Open the studio")));
  });
}

/** The tabs of the right side. On very wide windows there are two panels, and
 *  one tab of each is open. */
class Tabs {
  constructor(root) {
    this.wide = matchMedia("(min-width: 2400px)");
    this.panels = {};
    this.tabs = {};
    this.groups = [["region", "code"], ["settings", "gallery"]];
    this.open = ["region", "settings"];
    this.front = "region";
    this.lists = this.groups.map((names, g) => el("div.tablist", { role: "tablist",
      "aria-label": g ? "Settings and gallery" : "Region and code",
      onkeydown: (e) => this.key(e) }, names.map((n) => this.tab(n))));
    fill(root, el("h2.unseen", {}, "Tools"), el("div.tablists", {}, this.lists),
      el("div.panels", {}, this.groups.map((names) => el("div.panel-group", {},
        names.map((n) => this.panels[n])))));
    this.wide.addEventListener("change", () => this.draw());
    this.draw();
  }

  tab(name) {
    const title = TABS.find(([n]) => n === name)[1];
    this.panels[name] = el(`div.panel.${name}`, { role: "tabpanel", id: `panel-${name}`,
      "aria-labelledby": `tab-${name}`, tabIndex: -1 });
    return this.tabs[name] = el("button", { type: "button", role: "tab", id: `tab-${name}`,
      "aria-controls": `panel-${name}`, onclick: () => this.select(name) }, title);
  }

  select(name) {
    this.open[this.groups.findIndex((g) => g.includes(name))] = name;
    this.front = name;
    this.draw();
  }

  draw() {
    for (const [name, panel] of Object.entries(this.panels)) {
      const on = this.wide.matches ? this.open.includes(name) : this.front === name;
      panel.hidden = !on;
      this.tabs[name].setAttribute("aria-selected", on);
      this.tabs[name].tabIndex = on || (!this.wide.matches && this.first(name)) ? 0 : -1;
    }
  }

  /** With one panel only, a list without the open tab is entered at its first. */
  first(name) {
    const group = this.groups.find((g) => g.includes(name));
    return group[0] === name && !group.includes(this.front);
  }

  key(e) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (!step) return;
    const names = this.wide.matches ? this.groups.find((g) => g.some((n) => this.tabs[n] === e.target))
      : this.groups.flat();
    const at = names.findIndex((n) => this.tabs[n] === e.target);
    const to = names[(at + step + names.length) % names.length];
    this.select(to);
    this.tabs[to].focus();
    e.preventDefault();
  }
}

class Page {
  constructor(studio) {
    this.studio = studio;
    this.tabs = new Tabs($("#side"));
    const p = this.tabs.panels;
    this.settings = new Settings(p.settings, studio);
    this.stage = new Stage($("#stage"), studio, this);
    this.drawBar = new DrawBar(this.stage.bar, studio, this);
    this.region = new RegionForm(p.region, studio);
    this.code = new CodeEditor(p.code, studio);
    this.gallery = new Gallery(p.gallery, studio, this);
    this.chat = new Chat($("#chat"), studio, this);
    this.files = new Files(studio, this);
    this.settings.addEventListener("change", () => this.stage.setSize(...this.settings.size()));
    this.stage.setSize(...this.settings.size());
    this.listen();
    this.showPart("chat");
  }

  listen() {
    const s = this.studio;
    s.addEventListener("toast", (e) => toast(e.detail.text, e.detail.kind, e.detail.action));
    s.addEventListener("change", (e) => {
      if (["session", "title"].includes(e.detail)) this.showTitle();
      if (e.detail === "health") this.showModels();
    });
    $("#sessions-open").onclick = () => sessionsDialog(s);
    $("#session-new").onclick = () => s.attempt(() => s.openNew())
      .then(() => { this.show("chat"); this.chat.input.focus(); });
    $("#help-open").onclick = () => helpDialog();
    $("#session-title").onchange = (e) => s.rename(e.target.value);
    for (const b of document.querySelectorAll("[data-part]"))
      b.onclick = () => this.showPart(b.dataset.part);
    addEventListener("keydown", (e) => this.key(e));
    addEventListener("beforeunload", () => { s.saveCanvas(); });
  }

  showTitle() {
    const s = this.studio.session, input = $("#session-title");
    if (document.activeElement !== input) input.value = s.title ?? "";
    document.title = `${titleOf(s)} - omost studio`;
    rememberSession(s.id);
  }

  showModels() {
    const h = this.studio.health;
    $("#models-line").textContent = [
      h.composer?.name, h.renderer && [h.renderer.name, h.renderer.precision].filter(Boolean).join(" "),
    ].filter(Boolean).join(" · ");
  }

  // ---- places ------------------------------------------------------------------------

  /** A part or a tab, wherever it is at this width. */
  show(name) {
    const tab = this.tabs.panels[name];
    if (tab) this.tabs.select(name);
    this.showPart(tab ? "side" : name);
  }

  showPart(part) {
    $("main").dataset.show = part;
    for (const b of document.querySelectorAll("[data-part]"))
      b.setAttribute("aria-current", b.dataset.part === part);
  }

  go(name) {
    this.show(name);
    const into = { chat: this.chat.input, stage: this.stage.firstBox(), code: this.code.input };
    (into[name] ?? this.tabs.tabs[name]).focus();
  }

  showDiff(before, after) { return diffDialog(this.studio, before, after); }
  compare() { return compareDialog(this.studio); }
  openFile() { this.files.choose(); }
  openCode(text) {
    this.show("code");
    this.code.load(text);
  }

  // ---- keys --------------------------------------------------------------------------

  key(e) {
    if (document.querySelector("dialog[open]")) return;
    const s = this.studio, mod = e.ctrlKey || e.metaKey;
    if (e.altKey && !mod && /^[1-6]$/.test(e.key)) {
      this.go(["chat", "stage", "region", "code", "settings", "gallery"][Number(e.key) - 1]);
    } else if (mod && e.key === "Enter" && e.target !== this.chat.input) {
      commit(e.target);
      this.drawBar.start();
    } else if (typing(e.target)) {
      return;
    } else if (mod && e.key.toLowerCase() === "z") {
      this.stage.step(e.shiftKey ? 1 : -1);
    } else if (mod && e.key.toLowerCase() === "y") {
      this.stage.step(1);
    } else if (e.key === "?" && !mod) {
      helpDialog();
    } else {
      return;
    }
    e.preventDefault();
  }
}

/** A field tells what was typed when it is left. */
function commit(node) {
  if (!typing(node)) return;
  node.blur();
  node.focus({ preventScroll: true });
}

function showConnection(state) {
  const p = $("#connection");
  p.textContent = state === "open" ? "" : "Not connected; trying again …";
  p.dataset.state = state;
}

async function start() {
  const options = await withKey(() => api.options());
  const events = new Events(showConnection);
  const studio = new Studio(options, new Words(options.words), events);
  const page = new Page(studio);
  // Listen first, load then: nothing falls between.
  await events.connect();
  events.on("reset", () => studio.askHealth());
  await studio.askHealth();
  await firstSession(studio);
  document.documentElement.dataset.ready = "yes";
  addEventListener("hashchange", () => {
    const id = Number(new URLSearchParams(location.hash.slice(1)).get("s"));
    if (id && id !== studio.session?.id) studio.attempt(() => studio.open(id));
  });
  return page;
}

start().catch((e) => toast(e.message, "error"));
