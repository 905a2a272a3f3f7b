// dom.js - making elements. Text is always text: nothing that a model, a file
// or a server says is ever read as HTML.

/** el("button.primary", {onclick, "aria-label": "x", disabled: true}, "Send").
 *  Null and undefined leave a property alone, as false does but for aria-*. */
export function el(name, props = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(props)) set(node, key, value);
  add(node, children);
  return node;
}

function set(node, key, value) {
  if (value === undefined || value === null) return;
  if (key.startsWith("aria-")) node.setAttribute(key, value);
  else if (value === false) return;
  else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
  else if (key in node && !key.includes("-") && key !== "list" && key !== "form")
    node[key] = value;
  else node.setAttribute(key, value === true ? "" : value);
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

/** A button with a tip; a sign such as × is read out as its tip. */
export function button(label, title, onclick, props = {}) {
  const sign = !/\p{L}/u.test(label);
  return el("button", { type: "button", title: title || null, onclick,
    "aria-label": sign && title ? title : null, ...props }, label);
}

/** A field under its name; `help` is shown on hover and focus, and read out. */
let serial = 0;
export function field(name, input, help = "") {
  const id = input.id || (input.id = `f${++serial}`);
  const node = el("div.field", {}, el("label", { htmlFor: id }, name), input);
  if (help) {
    input.setAttribute("aria-describedby", `${id}-help`);
    node.append(el("p.help", { id: `${id}-help` }, help));
  }
  return node;
}

/** A small square of a colour. */
export function chip(css) {
  const node = el("span.chip", { "aria-hidden": "true" });
  node.style.backgroundColor = css;
  return node;
}

/** A region, or the whole picture, in a list: its colour and its description;
 *  `where` is told after it, `onclick` makes it a button. */
export function entry(r, words, { where = "", onclick = null } = {}) {
  if (!r) return null;
  const inside = [chip(words.css(r.HTML_web_color_name)),
    el("span", {}, el("span", { dir: "auto" }, r.description),
      where && el("span.muted", {}, ` ${where}`))];
  return el("li", {}, onclick ? el("button.entry", { type: "button", onclick }, inside)
    : el("span.entry", {}, inside));
}

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

/** What is typed into now, where keys are letters. */
export function typing(node = document.activeElement) {
  return !!node && (node.tagName === "TEXTAREA" || node.tagName === "SELECT" ||
    (node.tagName === "INPUT" && !["range", "checkbox", "button", "radio"].includes(node.type)));
}
