// text.test.mjs - places in texts. node --test tests/web
import assert from "node:assert/strict";
import test from "node:test";
import { excerpt, fromLines, offsetOf, parts, placeOf, toLines } from "../../web/js/text.js";

test("a reply is what is said and the code", () => {
  assert.deepEqual(parts("Sure.\n```python\na\nb\n```\nDone."),
    { before: "Sure.", code: "a\nb\n", after: "Done." });
  assert.deepEqual(parts("```python\na"),
    { before: "", code: "a", after: "" });
  assert.equal(parts("No code.").code, null);
  assert.equal(parts("").before, "");
});

test("columns count characters, not UTF-16 units", () => {
  const text = "ab\n'🐉x'\nend";
  assert.equal(offsetOf(text, 1, 1), 0);
  assert.equal(offsetOf(text, 2, 1), 3);
  assert.equal(text.slice(offsetOf(text, 2, 3)), "x'\nend");
  assert.equal(offsetOf(text, 9, 1), text.length);
  assert.equal(offsetOf(text, 1, 99), 2);
});

test("the place of an error stays on its line and is never empty", () => {
  const text = "one two\nthree\n";
  assert.deepEqual(placeOf(text, { line: 1, col: 5, len: 3 }), [4, 7]);
  assert.deepEqual(placeOf(text, { line: 1, col: 5, len: 99 }), [4, 7]);
  assert.deepEqual(placeOf(text, { line: 1, col: 5 }), [4, 5]);
  assert.deepEqual(placeOf(text, { line: 1, col: 8, len: 1 }), [6, 7]);
  assert.equal(placeOf(text, { line: 0 }), null);
});

test("an excerpt marks the place below its line", () => {
  assert.equal(excerpt("a = 1\n\tcanvas.foo(x)", { line: 2, col: 9, len: 3 }),
    "\tcanvas.foo(x)\n\t       ^^^");
  assert.equal(excerpt("x", { line: 0 }), null);
});

test("sentences are lines", () => {
  assert.equal(toLines(["One.", "Two\nlines."]), "One.\nTwo lines.");
  assert.deepEqual(fromLines(" One. \n\n Two.\n"), ["One.", "Two."]);
});
