// compare.js - two pictures under one slider, and what an edit changed.

import { api } from "./api.js";
import { dialog } from "./dialog.js";
import { el, fill } from "./dom.js";

export function compareDialog(studio, one = studio.image) {
  // The picture of the stage need not be in the list: that may be a search's.
  const images = [...(one && !studio.images.some((i) => i.id === one.id) ? [one] : []),
    ...studio.images.slice(0, 200)];
  if (images.length < 2) {
    studio.say("There are not two pictures yet to compare.", "error");
    return Promise.resolve();
  }
  one ??= images[0];
  const other = images.find((i) => i.session === one.session && i.id !== one.id) ??
    images.find((i) => i.id !== one.id);
  return dialog("Compare", () => {
    const a = el("img", { alt: "" }), b = el("img.above", { alt: "" });
    const frame = el("div.compare", {}, a, b, el("span.line", { "aria-hidden": "true" }));
    const slider = el("input", { type: "range", min: 0, max: 100, step: 1, value: 50,
      "aria-label": "How much of the left picture is shown",
      oninput: () => frame.style.setProperty("--at", `${slider.value}%`) });
    frame.style.setProperty("--at", "50%");
    const pick = (name, chosen, put) => {
      const select = el("select", { "aria-label": name, onchange: () => put(Number(select.value)) },
        images.map((i) => el("option", { value: i.id }, `${i.id}: seed ${i.seed}, ${i.width} × ${i.height}`)));
      select.value = chosen.id;
      put(chosen.id);
      return select;
    };
    const show = (img, id) => {
      const i = images.find((o) => o.id === id);
      img.src = i.file;
      img.alt = `Picture ${i.id}`;
      if (img === a) frame.style.setProperty("--aspect", i.width / i.height);
    };
    frame.addEventListener("pointerdown", (e) => { frame.setPointerCapture(e.pointerId); slide(e); });
    frame.addEventListener("pointermove", (e) => { if (e.buttons) slide(e); });
    const slide = (e) => {
      const r = frame.getBoundingClientRect();
      slider.value = 100 * (e.clientX - r.left) / r.width;
      frame.style.setProperty("--at", `${slider.value}%`);
      e.preventDefault();
    };
    return el("div.body", {}, el("div.row.spread", {},
      pick("Left picture", other, (id) => show(b, id)),
      pick("Right picture", one, (id) => show(a, id))), frame, slider);
  }, { wide: true });
}

/** Canvases before and after, side by side, and the changes in words. */
export async function diffDialog(studio, before, after) {
  const got = await studio.attempt(() => api.canvasDiff(before, after));
  if (!got) return;
  const layout = (id, name) => el("figure", {},
    el("img", { src: `/api/canvases/${id}/preview.svg?labels=1&size=480`, alt: `Layout ${name}` }),
    el("figcaption", {}, name[0].toUpperCase() + name.slice(1)));
  await dialog("What changed", () => el("div.body", {},
    el("div.two", {}, layout(before, "before"), layout(after, "after")),
    changesOf(got)), { wide: true });
}

/** "+ ", "- ", "~ " begin a region; what is indented belongs to it. */
function changesOf(got) {
  const lines = (got.text ?? "").split("\n").filter(Boolean);
  if (!lines.length) return el("p", {}, "Nothing changed.");
  const list = el("ul.changes");
  let item = null;
  for (const line of lines) {
    if (/^\s/.test(line) && item) {
      item.append(el("p", {}, line.trim()));
      continue;
    }
    const kind = { "+": "added", "-": "removed", "~": "changed" }[line[0]];
    item = el(kind ? `li.${kind}` : "li", {},
      kind && el("span.kind", {}, kind), " ", kind ? line.slice(1).trim() : line);
    list.append(item);
  }
  return fill(el("div"), list);
}
