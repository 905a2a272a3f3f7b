// kept.test.mjs - what the browser remembers, and the ways through versions.
import assert from "node:assert/strict";
import test from "node:test";
import { Kept } from "../../web/js/kept.js";
import { waysFrom } from "../../web/js/versions.js";

test("so much is remembered, the oldest goes first", () => {
  const area = new Map();
  const storage = { getItem: (k) => area.get(k) ?? null, setItem: (k, v) => area.set(k, v) };
  const kept = new Kept("k", 3, () => storage);
  for (const i of [1, 2, 3]) kept.put(i, `v${i}`);
  kept.put(1, "again");
  kept.put(4, "v4");
  assert.deepEqual([1, 2, 3, 4].map((i) => kept.get(i)), ["again", undefined, "v3", "v4"]);
  kept.put(3, undefined);
  assert.equal(new Kept("k", 3, () => storage).get(3), undefined);
  for (const bad of ["{", "7", "[1, [2]]"]) {
    area.set("k", bad);
    assert.equal(new Kept("k", 3, () => storage).get(1), undefined, bad);
  }
});

test("without a place to keep it, it is kept as long as the page", () => {
  const kept = new Kept("k", 2, () => { throw new Error("not here"); });
  kept.put("a", 1);
  assert.deepEqual([kept.get("a"), kept.get("b")], [1, undefined]);
});

test("the ways from a version", () => {
  const rows = [{ id: 9, parent: 5 }, { id: 6, parent: 4 }, { id: 5, parent: null },
    { id: 4, parent: 2 }, { id: 2, parent: null }];
  assert.deepEqual(waysFrom(rows, 9), { before: [2, 4, 5], after: [] });
  assert.deepEqual(waysFrom(rows, 4), { before: [2], after: [5, 9] });
  assert.deepEqual(waysFrom(rows, 6), { before: [2, 4], after: [] });
  // What was kept longer ago than the list goes.
  assert.deepEqual(waysFrom([{ id: 8, parent: 7 }], 8), { before: [], after: [] });
  assert.deepEqual(waysFrom([], 3), { before: [], after: [] });
});
