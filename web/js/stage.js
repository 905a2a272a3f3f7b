// stage.js - the picture with its regions as boxes over it. Boxes are buttons:
// Tab goes through them, arrows move, Shift+arrows resize, Delete removes,
// PageUp and PageDown bring nearer and farther.

import {
  GRID, depthOrder, newRegion, withDepthMoved, withRegion, withRegionAdded, withoutRegion,
} from "./canvas.js";
import { el, fill, perFrame } from "./dom.js";

const HANDLES = ["n", "s", "e", "w", "ne", "nw", "se", "sw"];
const STEP = 10; // the grid of words has centres 10 apart

export class Stage {
  constructor(root, studio) {
    this.root = root;
    this.studio = studio;
    this.drag = null;
    this.zoom = 1;
    this.showPicture = true;
    this.showBoxes = true;
    this.draw = perFrame(() => this.render());
    this.build();
    studio.addEventListener("change", (e) => {
      if (["canvas", "selection", "image", "preview", "jobs", "session", "writing"].includes(e.detail))
        this.draw();
    });
  }

  build() {
    const s = this.studio;
    const button = (label, title, fn, props = {}) =>
      el("button", { title, "aria-label": title, onclick: fn, ...props }, label);
    this.undoButton = button("↶", "Undo (Ctrl+Z)", () => s.undo());
    this.redoButton = button("↷", "Redo (Ctrl+Shift+Z)", () => s.redo());
    this.deleteButton = button("Delete", "Delete the selected region (Delete)", () => this.remove());
    this.nearerButton = button("Nearer", "Bring the region nearer (Page Up)", () => this.depth(1));
    this.fartherButton = button("Farther", "Send the region farther (Page Down)", () => this.depth(-1));
    this.pictureToggle = button("Picture", "Show the picture under the boxes", () => {
      this.showPicture = !this.showPicture; this.draw();
    });
    this.boxesToggle = button("Boxes", "Show the boxes", () => {
      this.showBoxes = !this.showBoxes; this.draw();
    });
    this.compareButton = button("Compare", "Compare with another picture of this session",
      () => this.root.dispatchEvent(new CustomEvent("compare", { bubbles: true })));
    this.frame = el("div.frame", { role: "group", "aria-label": "Regions of the picture" });
    this.view = el("div.view", { onwheel: (e) => this.wheel(e) }, this.frame);
    this.words = el("p.words", { role: "status", "aria-live": "polite" });
    this.frame.addEventListener("pointerdown", (e) => this.down(e));
    this.frame.addEventListener("pointermove", (e) => this.move(e));
    this.frame.addEventListener("pointerup", (e) => this.up(e));
    this.frame.addEventListener("pointercancel", () => this.cancelDrag());
    this.frame.addEventListener("keydown", (e) => this.key(e));
    fill(this.root,
      el("div.tools", { role: "toolbar", "aria-label": "Edit the canvas" },
        button("+ Region", "Add a region", () => this.addRegion()),
        this.deleteButton, this.fartherButton, this.nearerButton, this.undoButton, this.redoButton,
        el("span.gap"), this.boxesToggle, this.pictureToggle, this.compareButton,
        button("−", "Zoom out", () => this.setZoom(this.zoom / 1.25)),
        button("+", "Zoom in", () => this.setZoom(this.zoom * 1.25)),
        button("Fit", "Zoom to fit", () => this.setZoom(1))),
      this.view, this.words);
    this.draw();
  }

  // ---- what is shown --------------------------------------------------------------

  get aspect() {
    const [w, h] = this.size ?? [896, 1152];
    return w / h;
  }

  setSize(width, height) {
    this.size = [width, height];
    this.draw();
  }

  setZoom(z) {
    this.zoom = Math.min(6, Math.max(1, z));
    this.draw();
  }

  wheel(e) {
    if (!e.ctrlKey && !e.metaKey) return;
    e.preventDefault();
    this.setZoom(this.zoom * (e.deltaY < 0 ? 1.1 : 1 / 1.1));
  }

  /** The document shown: while a reply is written, what there is of it. */
  shown() {
    const job = this.studio.composing();
    const w = job && this.studio.writing.get(job.id);
    if (!w || (!w.global && !w.regions.length)) return this.drag?.doc ?? this.studio.doc;
    return {
      global: w.global ?? this.studio.doc.global,
      regions: w.regions.filter(Boolean),
    };
  }

  render() {
    const s = this.studio, doc = this.shown();
    const live = doc !== s.doc && !this.drag;
    const image = this.showPicture ? this.pictureUrl() : null;
    const focused = document.activeElement?.dataset?.region;
    this.frame.style.setProperty("--aspect", this.aspect);
    this.frame.style.setProperty("--zoom", this.zoom);
    this.frame.style.backgroundColor = s.words.css(doc.global.HTML_web_color_name);
    const order = depthOrder(doc);
    fill(this.frame,
      image && el("img.picture", { src: image, alt: doc.global.description, draggable: false }),
      this.showBoxes && order.map((i) => this.box(doc, i, !!image, live)));
    if (focused !== undefined)
      this.frame.querySelector(`[data-region="${focused}"]`)?.focus({ preventScroll: true });
    const has = s.selected >= 0 && s.selected < doc.regions.length;
    this.deleteButton.disabled = this.nearerButton.disabled = this.fartherButton.disabled = !has;
    this.undoButton.disabled = !s.history.past.length;
    this.redoButton.disabled = !s.history.future.length;
    this.pictureToggle.disabled = !this.pictureUrl();
    this.pictureToggle.setAttribute("aria-pressed", this.showPicture);
    this.boxesToggle.setAttribute("aria-pressed", this.showBoxes);
    this.words.textContent = has ? describe(doc.regions[s.selected]) :
      `${doc.regions.length} region${doc.regions.length === 1 ? "" : "s"}`;
  }

  pictureUrl() {
    for (const j of this.studio.jobs.values())
      if (j.kind === "render" && j.state === "running" && j.preview) return j.preview;
    return this.studio.image?.file ?? null;
  }

  box(doc, i, over, live) {
    const s = this.studio, r = doc.regions[i];
    const [top, bottom, left, right] = this.drag?.region === i ? this.drag.box : s.words.boxOf(r);
    const pc = (v) => `${(100 * v) / GRID}%`;
    const selected = i === s.selected && !live;
    const node = el("div.box", {
      tabIndex: live ? -1 : 0, role: "button", "data-region": i,
      "aria-pressed": selected, "aria-label": `${r.description} ${describe(r)}`,
      onfocus: () => { if (!live) s.select(i); },
    }, el("span.label", {}, r.description));
    if (selected) {
      node.classList.add("selected");
      for (const h of HANDLES) node.append(el(`span.handle.${h}`, { "data-handle": h }));
    }
    if (over) node.classList.add("over");
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
    if (e.button !== 0 || this.studio.composing()) return;
    const handle = e.target.dataset.handle;
    const node = e.target.closest(".box");
    if (!node) { this.studio.select(-1); return; }
    const i = Number(node.dataset.region);
    this.studio.select(i);
    const region = this.studio.doc.regions[i];
    this.drag = {
      region: i, handle, from: this.cell(e), moved: false, doc: this.studio.doc,
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
    d.doc = withRegion(this.studio.doc, d.region, { location, offset, area });
    this.draw();
  }

  up() {
    const d = this.drag;
    this.drag = null;
    if (d?.moved) this.studio.edit(d.doc);
    this.draw();
  }

  cancelDrag() { this.drag = null; this.draw(); }

  // ---- keys and buttons ----------------------------------------------------------------

  key(e) {
    const s = this.studio, i = s.selected;
    const arrows = { ArrowUp: [-STEP, 0], ArrowDown: [STEP, 0], ArrowLeft: [0, -STEP],
                     ArrowRight: [0, STEP] };
    if (e.key === "Escape" && this.drag) { this.cancelDrag(); return; }
    if (i < 0 || s.composing()) return;
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

  addRegion() {
    const s = this.studio;
    const nearest = Math.min(10, ...s.doc.regions.map((r) => r.distance_to_viewer));
    const doc = withRegionAdded(s.doc, newRegion(s.words, [20, 70, 20, 70], nearest > 1 ? nearest - 1 : nearest / 2));
    s.selected = doc.regions.length - 1;
    s.edit(doc);
  }

  remove() {
    const s = this.studio;
    if (s.selected < 0) return;
    s.edit(withoutRegion(s.doc, s.selected));
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

function describe(r) {
  const offset = r.offset === "no offset" ? "" : `, ${r.offset}`;
  return `${r.location}${offset}, ${r.area}, distance ${r.distance_to_viewer}`;
}
