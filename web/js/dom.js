// dom.js - making elements. Text is always text: nothing that a model, a file
// or a server says is ever read as HTML.

/** el("button.primary", {onclick, "aria-label": "x", disabled: true}, "Send") */
export function el(name, props = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key in node && !key.includes("-") && key !== "list" && key !== "form")
      node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  add(node, children);
  return node;
}

export function add(node, children) {
  for (const c of children.flat(Infinity))
    if (c !== null && c !== undefined && c !== false)
      node.append(c instanceof Node ? c : String(c));
  return node;
}

export function fill(node, ...children) {
  node.replaceChildren();
  return add(node, children);
}

export const $ = (selector, from = document) => from.querySelector(selector);

/** Call at most once a frame. */
export function perFrame(fn) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; fn(); });
  };
}

/** Call when nothing has come for `ms`. */
export function whenQuiet(ms, fn) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => fn(...args), ms);
  };
}
