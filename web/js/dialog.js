// dialog.js - windows over the page: the browser's own <dialog>, which keeps
// the focus inside, closes on Escape and gives the focus back.

import { button, el } from "./dom.js";

/** Opens at once; `build(close)` gives the content. Resolves when closed, with
 *  what close() was called with. */
export function dialog(title, build, { wide = false } = {}) {
  return new Promise((resolve) => {
    let answer;
    const id = `dialog-${title.replace(/\W+/g, "-").toLowerCase()}`;
    const node = el(wide ? "dialog.wide" : "dialog", { "aria-labelledby": id });
    const close = (value) => { answer = value; node.close(); };
    node.addEventListener("close", () => {
      node.remove();
      takeToasts();
      resolve(answer);
    });
    node.addEventListener("click", (e) => { if (e.target === node) close(); });
    node.append(el("div.sheet", {},
      el("header", {}, el("h2", { id }, title), button("×", "Close", () => close())),
      build(close)));
    document.body.append(node);
    node.showModal();
    takeToasts();
  });
}

/** What is outside of an open window can be neither read out nor pressed: what
 *  is said to the reader goes into the one in front. */
function takeToasts() {
  const front = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  front.append(toasts ??= document.getElementById("toasts"));
}
let toasts = null;

/** True when the answer is yes. */
export async function confirmed(title, text, yes) {
  return await dialog(title, (close) => el("div.body", {},
    el("p", {}, text),
    el("div.actions", {},
      button("Keep", "", () => close(false), { autofocus: true }),
      button(yes, "", () => close(true), { className: "danger" })))) === true;
}

const KEYS = [
  ["Enter, Shift+Enter", "in the chat: send, new line"],
  ["↑", "in the empty chat: edit what was said last"],
  ["Ctrl+Enter", "draw"],
  ["Tab, Shift+Tab", "from region to region"],
  ["Arrows", "move the region to the next place"],
  ["Shift+Arrows", "make the region larger or smaller"],
  ["Page Up, Page Down", "bring the region nearer, send it farther"],
  ["N", "on the canvas: a new region"],
  ["Delete", "delete the region"],
  ["Escape", "let go of a region that is being dragged"],
  ["Ctrl+Z, Ctrl+Shift+Z", "undo, redo"],
  ["Ctrl+wheel, +, −, 0", "on the canvas: zoom, and back"],
  ["Alt+1 … Alt+6", "to chat, canvas, region, code, settings, gallery"],
  ["?", "this list"],
];

export function helpDialog() {
  return dialog("Help and keys", () => el("div.body", {},
    el("p", {}, "Say what the picture should show. The answer is a canvas: regions ",
      "with their places, colours and descriptions. Change it by talking, by dragging ",
      "the boxes, by editing texts or the code; then draw it. Every version is kept."),
    el("p", {}, "Pictures of ours, canvases and their code can be dropped on the page."),
    el("dl.keys", {}, KEYS.map(([k, what]) => [
      el("dt", {}, k.split(", ").map((one, i) => [i ? " " : "", el("kbd", {}, one)])),
      el("dd", {}, what)]))));
}
