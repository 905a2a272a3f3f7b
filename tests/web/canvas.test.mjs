// canvas.test.mjs - the page's document, without a page. node --test tests/web
import assert from "node:assert/strict";
import test from "node:test";
import {
  Words, depthOrder, emptyCanvas, newRegion, overlap, withDepthMoved,
  withGlobal, withRegion, withRegionAdded, withoutRegion,
} from "../../web/js/canvas.js";
import { History } from "../../web/js/history.js";

const places = [["in the center", 45, 45], ["on the left", 15, 45], ["on the right", 75, 45],
  ["on the top", 45, 15], ["on the bottom", 45, 75], ["on the top-left", 15, 15],
  ["on the top-right", 75, 15], ["on the bottom-left", 15, 75], ["on the bottom-right", 75, 75]];
const offsets = [["no offset", 0, 0], ["slightly to the left", -10, 0],
  ["slightly to the right", 10, 0], ["slightly to the upper", 0, -10],
  ["slightly to the lower", 0, 10], ["slightly to the upper-left", -10, -10],
  ["slightly to the upper-right", 10, -10], ["slightly to the lower-left", -10, 10],
  ["slightly to the lower-right", 10, 10]];
const areas = [["a small square area", 50, 50], ["a small vertical area", 40, 60],
  ["a small horizontal area", 60, 40], ["a medium-sized square area", 60, 60],
  ["a medium-sized vertical area", 50, 80], ["a medium-sized horizontal area", 80, 50],
  ["a large square area", 70, 70], ["a large vertical area", 60, 90],
  ["a large horizontal area", 90, 60]];
const words = new Words({
  location: places.map(([word, x, y]) => ({ word, x, y })),
  offset: offsets.map(([word, x, y]) => ({ word, x, y })),
  area: areas.map(([word, width, height]) => ({ word, width, height })),
  color: [{ word: "red", rgb: [255, 0, 0] }, { word: "gray", rgb: [128, 128, 128] }],
});

const three = (d) => d.reduce(
  (doc, distance, i) => withRegionAdded(doc, {
    ...newRegion(words, [0, 50, 0, 50], distance), description: `r${i}` }),
  emptyCanvas());

test("there are 729 boxes and each is nearest to itself", () => {
  assert.equal(words.boxes.length, 729);
  for (const b of words.boxes) {
    const n = words.nearest(b.box);
    assert.equal(n.iou, 1);
    assert.deepEqual(n.box, b.box);
  }
});

test("boxes are clipped to the grid", () => {
  assert.deepEqual(words.boxOf({ location: "on the top-left", offset: "slightly to the upper-left",
    area: "a large square area" }), [0, 40, 0, 40]);
  assert.deepEqual(words.boxOf({ location: "in the center", offset: "no offset",
    area: "a large horizontal area" }), [15, 75, 0, 90]);
});

test("overlap is intersection over union", () => {
  assert.equal(overlap([0, 10, 0, 10], [0, 10, 0, 10]), 1);
  assert.equal(overlap([0, 10, 0, 10], [10, 20, 0, 10]), 0);
  assert.equal(overlap([0, 10, 0, 10], [0, 10, 5, 15]), 1 / 3);
});

test("documents are never changed in place", () => {
  const doc = Object.freeze(three([3, 2, 1]));
  Object.freeze(doc.regions);
  doc.regions.forEach(Object.freeze);
  assert.equal(withRegion(doc, 1, { tags: "x" }).regions[1].tags, "x");
  assert.equal(doc.regions[1].tags, "");
  assert.equal(withoutRegion(doc, 0).regions.length, 2);
  assert.equal(withGlobal(doc, { tags: "y" }).global.tags, "y");
  assert.equal(doc.regions.length, 3);
});

test("the farthest lies below", () => {
  assert.deepEqual(depthOrder(three([1, 3, 2])), [1, 2, 0]);
  assert.deepEqual(depthOrder(three([2, 2, 2])), [0, 1, 2]);
});

test("a region goes one place nearer or farther, and keeps a place in between", () => {
  for (const start of [[3, 2, 1], [5, 5, 5], [1, 1.001, 1.002], [1e-9, 2e-9, 3e-9], [10, 1, 1]])
    for (let i = 0; i < 3; i++)
      for (const step of [-1, 1]) {
        const doc = three(start), order = depthOrder(doc), from = order.indexOf(i);
        const moved = withDepthMoved(doc, i, step);
        const want = order.slice();
        if (from + step >= 0 && from + step < 3)
          [want[from], want[from + step]] = [want[from + step], want[from]];
        assert.deepEqual(depthOrder(moved), want, `${start} ${i} ${step}`);
        for (const r of moved.regions) assert.ok(r.distance_to_viewer > 0);
      }
});

test("moving within well spread distances changes one region only", () => {
  const doc = three([30, 20, 10]), moved = withDepthMoved(doc, 2, -1);
  assert.equal(moved.regions[0].distance_to_viewer, 30);
  assert.equal(moved.regions[1].distance_to_viewer, 20);
  assert.equal(moved.regions[2].distance_to_viewer, 25);
});

test("undo and redo, with typing as one step", () => {
  const h = new History(emptyCanvas());
  const type = (t, at) => h.push(withGlobal(h.doc, { description: t }), "text", at);
  type("a", 0); type("ab", 300); type("abc", 600);
  type("abcd", 5000);
  h.push(three([1]), null, 5100);
  assert.equal(h.undo(), true);
  assert.equal(h.doc.global.description, "abcd");
  h.undo();
  assert.equal(h.doc.global.description, "abc");
  h.undo();
  assert.equal(h.doc.global.description, "A picture.");
  assert.equal(h.undo(), false);
  h.redo(); h.redo(); h.redo();
  assert.equal(h.doc.regions.length, 1);
  assert.equal(h.redo(), false);
  assert.equal(h.push(h.doc), false);
});
