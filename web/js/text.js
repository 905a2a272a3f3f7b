// text.js - places in texts: the code within a reply, the line of an error. No
// DOM here.

/** A reply as what was said and the code in its first fence. */
export function parts(text) {
  const begin = /^```[^\n]*\n/m.exec(text);
  if (!begin) return { before: text.trim(), code: null, after: "" };
  const from = begin.index + begin[0].length;
  const end = text.slice(from).search(/^```/m);
  return {
    before: text.slice(0, begin.index).trim(),
    code: end < 0 ? text.slice(from) : text.slice(from, from + end),
    after: end < 0 ? "" : text.slice(from + end).replace(/^```[^\n]*\n?/, "").trim(),
  };
}

/** Offset of a 1-based line and column; columns count characters, as people
 *  and the server do, not UTF-16 units. */
export function offsetOf(text, line, col) {
  let at = 0;
  for (let n = 1; n < line; n++) {
    const next = text.indexOf("\n", at);
    if (next < 0) return text.length;
    at = next + 1;
  }
  for (let n = 1; n < col && at < text.length && text[at] !== "\n"; n++)
    at += text.codePointAt(at) > 0xffff ? 2 : 1;
  return at;
}

/** [from, to] of an error's place, at least one character where there is one,
 *  and never beyond its line. */
export function placeOf(text, { line, col, len }) {
  if (!line) return null;
  let from = offsetOf(text, line, col || 1);
  const stop = text.indexOf("\n", from);
  const lineEnd = stop < 0 ? text.length : stop;
  let to = from;
  for (let n = 0; n < Math.max(1, len || 0) && to < lineEnd; n++)
    to += text.codePointAt(to) > 0xffff ? 2 : 1;
  if (to === from && from > 0 && text[from - 1] !== "\n") from--;
  return [from, to];
}

/** The line of an error and marks below it, to show in a fixed font. */
export function excerpt(text, error) {
  const place = placeOf(text, error);
  if (!place) return null;
  const start = text.lastIndexOf("\n", place[0] - 1) + 1;
  const stop = text.indexOf("\n", start);
  const line = text.slice(start, stop < 0 ? undefined : stop);
  const before = line.slice(0, place[0] - start).replace(/[^\t]/gu, " ");
  const marks = "^".repeat(Math.max(1, [...line.slice(place[0] - start, place[1] - start)].length));
  return `${line}\n${before}${marks}`;
}

/** Lists of sentences as lines, and back. */
export const toLines = (list) => list.map((t) => t.replace(/\s*\n\s*/g, " ")).join("\n");
export const fromLines = (text) => text.split("\n").map((t) => t.trim()).filter(Boolean);
