// stage.js - the picture with its regions as boxes over it. Boxes are buttons:
// Tab goes through them, arrows move, Shift+arrows resize, Delete removes,
// PageUp and PageDown bring nearer and farther.

import {
  GRID, depthOrder, newRegion, withDepthMoved, withRegion, withRegionAdded, withoutRegion,
  wordsOf,
} from "./canvas.js";
import { button, el, fill, perFrame } from "./dom.js";

const HANDLES = ["n", "s", "e", "w", "ne", "nw", "se", "sw"];
const STEP = 10; // the grid of words has centres 10 apart

export class Stage {
  constructor(root, studio, ui) {
    this.root = root;
    this.studio = studio;
    this.ui = ui;
    this.drag = null;
    this.tapped = -1; // by a finger that may go on to move the view
    this.broken = null; // a picture that could not be loaded
    this.nodes = []; // of the boxes, by region
    this.live = false;
    this.size = [896, 1152];
    this.zoom = 1;
    this.showPicture = true;
    this.showBoxes = true;
    this.draw = perFrame(() => this.render());
    this.build();
    studio.addEventListener("change", (e) => {
      // A box that is held belongs to the canvas before.
      if (e.detail === "canvas") this.drag = null;
      if (["canvas", "selection", "image", "preview", "jobs", "session", "writing", "versions"]
        .includes(e.detail))
        this.draw();
    });
  }

  build() {
    const s = this.studio;
    this.undoButton = button("↶", "Undo (Ctrl+Z)", () => this.step(-1));
    this.redoButton = button("↷", "Redo (Ctrl+Shift+Z)", () => this.step(1));
    this.addButton = button("+ Region", "Add a region (N)", () => this.addRegion());
    this.openButton = button("Open …", "Open a canvas file or a picture of ours",
      () => this.ui.openFile());
    this.deleteButton = button("Delete", "Delete the selected region (Delete)", () => this.remove());
    this.nearerButton = button("Nearer", "Bring the region nearer (Page Up)", () => this.depth(1));
    this.fartherButton = button("Farther", "Send the region farther (Page Down)", () => this.depth(-1));
    this.pictureToggle = button("Picture", "Show the picture under the boxes", () => {
      this.showPicture = !this.showPicture; this.draw();
    });
    this.boxesToggle = button("Boxes", "Show the boxes", () => {
      this.showBoxes = !this.showBoxes; this.draw();
    });
    this.compareButton = button("Compare", "Compare two pictures", () => this.ui.compare());
    this.picture = el("img.picture", { alt: "", draggable: false, hidden: true });
    this.boxes = el("div.boxes", { role: "group", "aria-label": "Regions" });
    this.empty = el("div.empty", {}, el("strong", {}, "An empty canvas"),
      el("p", {}, "Ask for a picture in the chat, press + Region, or drop a file here."));
    this.frame = el("div.frame", {}, this.empty, this.picture, this.boxes);
    this.view = el("div.view", {}, this.frame);
    this.view.addEventListener("wheel", (e) => this.wheel(e), { passive: false });
    this.words = el("p.words", { role: "status" });
    this.bar = el("div.bar-below");
    this.picture.addEventListener("load", () => this.draw());
    this.picture.addEventListener("error", () => {
      this.broken = this.picture.getAttribute("src");
      this.draw();
    });
    this.frame.addEventListener("pointerdown", (e) => this.down(e));
    this.frame.addEventListener("pointermove", (e) => this.move(e));
    this.frame.addEventListener("pointerup", (e) => this.up(e));
    this.frame.addEventListener("pointercancel", () => this.cancelDrag());
    this.root.addEventListener("keydown", (e) => {
      if (e.target === this.root || this.view.contains(e.target)) this.key(e);
    });
    fill(this.root, el("h2.unseen", {}, "Canvas"),
      el("div.tools", { role: "toolbar", "aria-label": "Edit the canvas" },
        el("span.set", {}, this.undoButton, this.redoButton),
        el("span.set", {}, this.addButton, this.deleteButton, this.fartherButton, this.nearerButton),
        el("span.set", {}, this.openButton),
        el("span.gap"),
        el("span.set", {}, this.boxesToggle, this.pictureToggle, this.compareButton)),
      this.view,
      el("div.below", {}, this.words,
        el("span.set", {}, button("−", "Zoom out", () => this.setZoom(this.zoom / 1.25)),
          button("+", "Zoom in", () => this.setZoom(this.zoom * 1.25)),
          button("Fit", "Zoom to fit (0)", () => this.setZoom(1)))),
      this.bar);
    this.draw();
  }

  // ---- what is shown --------------------------------------------------------------

  /** Of the picture that is shown, else of the next one. */
  get aspect() {
    const { naturalWidth: w, naturalHeight: h } = this.picture;
    if (!this.picture.hidden && w && h) return w / h;
    return this.size[0] / this.size[1];
  }

  setSize(width, height) {
    this.size = [width, height];
    this.draw();
  }

  /** About a point of the window that stays where it is, or the middle. */
  setZoom(z, at = null) {
    const view = this.view.getBoundingClientRect(), before = this.frame.getBoundingClientRect();
    const x = at?.clientX ?? view.left + view.width / 2;
    const y = at?.clientY ?? view.top + view.height / 2;
    this.zoom = Math.min(6, Math.max(1, z));
    this.frame.style.setProperty("--zoom", this.zoom);
    this.frame.classList.toggle("zoomed", this.zoom > 1);
    const after = this.frame.getBoundingClientRect(), grown = after.width / before.width;
    this.view.scrollLeft += after.left + (x - before.left) * grown - x;
    this.view.scrollTop += after.top + (y - before.top) * grown - y;
    this.draw();
  }

  wheel(e) {
    if (!e.ctrlKey && !e.metaKey) return;
    e.preventDefault();
    this.setZoom(this.zoom * (e.deltaY < 0 ? 1.1 : 1 / 1.1), e);
  }

  /** The document shown: while a reply is written, what there is of it. */
  shown() {
    const job = this.studio.composing();
    const w = job && this.studio.writing.get(job.id);
    if (!w || (!w.global && !w.regions.length)) return this.studio.shown;
    return {
      global: w.global ?? this.studio.doc.global,
      regions: w.regions.filter(Boolean),
    };
  }

  render() {
    const s = this.studio, doc = this.shown();
    const live = doc !== s.shown;
    // What is being written has no picture yet.
    const image = this.showPicture && !live ? this.pictureUrl() : null;
    const focused = document.activeElement?.dataset?.region;
    this.picture.hidden = !image;
    this.picture.alt = doc.global.description;
    if (image && this.picture.getAttribute("src") !== image) this.picture.src = image;
    this.frame.style.setProperty("--aspect", this.aspect);
    this.frame.style.backgroundColor = s.words.css(doc.global.HTML_web_color_name);
    this.live = live;
    this.empty.hidden = !!image || doc.regions.length > 0 || s.history.past.length > 0 ||
      s.canvasId !== null;
    const nodes = this.showBoxes ? depthOrder(doc).map((i) => this.box(doc, i, !!image)) : [];
    const now = this.boxes.children;
    if (nodes.length !== now.length || nodes.some((n, k) => n !== now[k])) {
      this.boxes.replaceChildren(...nodes);
      if (focused !== undefined && !live)
        this.boxes.querySelector(`[data-region="${focused}"]`)?.focus({ preventScroll: true });
    }
    const has = s.selected >= 0 && s.selected < doc.regions.length, busy = !!s.composing();
    for (const b of [this.deleteButton, this.nearerButton, this.fartherButton])
      b.disabled = busy || !has;
    this.addButton.disabled = this.openButton.disabled = busy;
    this.undoButton.disabled = busy || !s.canUndo;
    this.redoButton.disabled = busy || !s.canRedo;
    this.pictureToggle.disabled = !this.pictureUrl();
    this.pictureToggle.setAttribute("aria-pressed", this.showPicture);
    this.boxesToggle.setAttribute("aria-pressed", this.showBoxes);
    const words = has && !live ? described(doc.regions[s.selected]) :
      `${doc.regions.length} region${doc.regions.length === 1 ? "" : "s"}`;
    // It is read out when it changes, and only then.
    if (this.words.textContent !== words) this.words.textContent = words;
  }

  firstBox() {
    return this.boxes.querySelector(".selected") ?? this.boxes.querySelector(".box") ?? this.root;
  }

  pictureUrl() {
    for (const j of this.studio.jobs.values())
      if (j.kind === "render" && j.state === "running" && j.preview && j.preview !== this.broken)
        return j.preview;
    const file = this.studio.image?.file ?? null;
    return file === this.broken ? null : file;
  }

  /** The i-th box; nodes stay, so that they keep the focus and the pointer. */
  box(doc, i, over) {
    const s = this.studio, r = doc.regions[i];
    const node = this.nodes[i] ??= el("div.box", { role: "button", "data-region": i,
      onfocus: () => { if (!this.live) s.select(i); } },
    el("span.label", { dir: "auto" }), HANDLES.map((h) => el(`span.handle.${h}`, { "data-handle": h })));
    const selected = i === s.selected && !this.live;
    const [top, bottom, left, right] = !this.live && this.drag?.region === i
      ? this.drag.box : s.words.boxOf(r);
    const pc = (v) => `${(100 * v) / GRID}%`;
    node.tabIndex = this.live ? -1 : 0;
    node.title = r.description;
    node.firstChild.textContent = r.description;
    node.setAttribute("aria-pressed", selected);
    node.setAttribute("aria-label", `${r.description} ${described(r)}`);
    node.classList.toggle("selected", selected);
    node.classList.toggle("over", over);
    Object.assign(node.style, { top: pc(top), left: pc(left), width: pc(right - left),
      height: pc(bottom - top) });
    node.style.setProperty("--color", s.words.css(r.HTML_web_color_name));
    return node;
  }

  // ---- dragging ----------------------------------------------------------------------

  cell(e) {
    const r = this.frame.getBoundingClientRect();
    return [((e.clientY - r.top) / r.height) * GRID, ((e.clientX - r.left) / r.width) * GRID];
  }

  down(e) {
    if (e.button !== 0 || !e.isPrimary || this.studio.composing()) return;
    const handle = e.target.dataset.handle;
    const node = e.target.closest(".box");
    if (!node) { this.studio.select(-1); return; }
    const i = Number(node.dataset.region);
    const again = this.studio.selected === i;
    // A finger moves the view where there is more to see; a box has to be
    // selected before it can be moved.
    if (e.pointerType === "touch" && this.zoom > 1 && !again) { this.tapped = i; return; }
    this.studio.select(i);
    const region = this.studio.doc.regions[i];
    this.drag = {
      region: i, handle, again, from: this.cell(e), moved: false,
      start: this.studio.words.boxOf(region), box: this.studio.words.boxOf(region),
    };
    this.frame.setPointerCapture(e.pointerId);
    e.preventDefault();
    node.focus({ preventScroll: true });
  }

  move(e) {
    const d = this.drag;
    if (!d) return;
    const [y, x] = this.cell(e), dy = y - d.from[0], dx = x - d.from[1];
    if (!d.moved && Math.hypot(dx, dy) < 1) return;
    d.moved = true;
    d.box = d.handle ? resized(d.start, d.handle, dy, dx) : movedBy(d.start, dy, dx);
    // The document shows the words the box will get when it is let go.
    const { location, offset, area } = this.studio.words.nearest(d.box);
    const s = this.studio, r = s.shown.regions[d.region];
    if (r.location !== location || r.offset !== offset || r.area !== area)
      s.drag(withRegion(s.doc, d.region, { location, offset, area }));
    this.draw();
  }

  up(e) {
    const d = this.drag;
    if (this.tapped >= 0) this.studio.select(this.tapped);
    this.tapped = -1;
    this.drag = null;
    if (d?.moved) {
      if (!this.studio.edit(this.studio.shown)) this.studio.drag(null);
    } else if (d?.again && !d.handle) {
      this.below(e, d.region);
    }
    this.draw();
  }

  /** A second click at a place goes to the region below. */
  below(e, region) {
    const here = document.elementsFromPoint(e.clientX, e.clientY)
      .map((n) => n.closest(".box")).filter((n, k, all) => n && all.indexOf(n) === k)
      .map((n) => Number(n.dataset.region));
    // The selected one lies on top while it is selected: go by depth.
    const order = depthOrder(this.studio.doc).reverse().filter((i) => here.includes(i));
    this.studio.select(order[(order.indexOf(region) + 1) % order.length] ?? region);
  }

  cancelDrag() {
    if (this.drag) this.studio.drag(null);
    this.drag = null;
    this.tapped = -1;
    this.draw();
  }

  // ---- keys and buttons ----------------------------------------------------------------

  key(e) {
    const s = this.studio, i = s.selected;
    const arrows = { ArrowUp: [-STEP, 0], ArrowDown: [STEP, 0], ArrowLeft: [0, -STEP],
                     ArrowRight: [0, STEP] };
    if (e.key === "Escape" && this.drag) { this.cancelDrag(); return; }
    if (e.ctrlKey || e.metaKey || e.altKey || s.composing()) return;
    const zoom = { "+": this.zoom * 1.25, "=": this.zoom * 1.25, "-": this.zoom / 1.25, 0: 1 };
    if (zoom[e.key]) this.setZoom(zoom[e.key]);
    if (e.key.toLowerCase() === "n") { this.addRegion(); e.preventDefault(); }
    if (i < 0) return;
    if (arrows[e.key]) this.nudge(i, arrows[e.key], e.shiftKey);
    else if (e.key === "Delete" || e.key === "Backspace") this.remove();
    else if (e.key === "PageUp") this.depth(1);
    else if (e.key === "PageDown") this.depth(-1);
    else return;
    e.preventDefault();
  }

  /** To the next box in a direction: a little farther until the words change. */
  nudge(i, [dy, dx], resize) {
    const s = this.studio, r = s.doc.regions[i], start = s.words.boxOf(r);
    for (let k = 1; k <= 4; k++) {
      const box = resize ? resized(start, "se", dy * k, dx * k) : movedBy(start, dy * k, dx * k);
      const { location, offset, area } = s.words.nearest(box);
      if (location === r.location && offset === r.offset && area === r.area) continue;
      s.edit(withRegion(s.doc, i, { location, offset, area }), `nudge${i}`);
      return;
    }
  }

  step(by) {
    const s = this.studio;
    if (s.composing()) return;
    if (by < 0) s.undo(); else s.redo();
  }

  addRegion() {
    const s = this.studio;
    const nearest = Math.min(10, ...s.doc.regions.map((r) => r.distance_to_viewer));
    const doc = withRegionAdded(s.doc, newRegion(s.words, [20, 70, 20, 70], nearest > 1 ? nearest - 1 : nearest / 2));
    s.selected = doc.regions.length - 1;
    s.edit(doc);
    this.focusAfter(s.selected);
  }

  /** The box is not there before the next drawing. */
  focusAfter(i) {
    requestAnimationFrame(() => requestAnimationFrame(() =>
      (this.boxes.querySelector(`[data-region="${i}"]`) ?? this.root).focus({ preventScroll: true })));
  }

  remove() {
    const s = this.studio;
    if (s.selected < 0) return;
    s.edit(withoutRegion(s.doc, s.selected));
    this.focusAfter(s.selected);
  }

  depth(step) {
    const s = this.studio;
    if (s.selected >= 0) s.edit(withDepthMoved(s.doc, s.selected, step));
  }
}

function movedBy([top, bottom, left, right], dy, dx) {
  const h = bottom - top, w = right - left;
  const y = Math.min(GRID - h / 2, Math.max(-h / 2, top + dy));
  const x = Math.min(GRID - w / 2, Math.max(-w / 2, left + dx));
  return clipped([y, y + h, x, x + w]);
}

function resized([top, bottom, left, right], handle, dy, dx) {
  const least = 5;
  const b = [top, bottom, left, right];
  if (handle.includes("n")) b[0] = Math.min(top + dy, bottom - least);
  if (handle.includes("s")) b[1] = Math.max(bottom + dy, top + least);
  if (handle.includes("w")) b[2] = Math.min(left + dx, right - least);
  if (handle.includes("e")) b[3] = Math.max(right + dx, left + least);
  return clipped(b);
}

function clipped(b) {
  return b.map((v) => Math.min(GRID, Math.max(0, v)));
}

const described = (r) => `${wordsOf(r)}, distance ${r.distance_to_viewer}`;
