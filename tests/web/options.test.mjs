// options.test.mjs - settings as values. node --test tests/web
import assert from "node:assert/strict";
import test from "node:test";
import {
  PRESETS, PRESET_KEYS, bytes, changed, cleaned, duration, grouped, known, lorasOf, nameOf,
  presetOf, randomSeed, withPreset,
} from "../../web/js/options.js";

const table = [
  { name: "steps", kind: "int", min: 1, max: 1000, default: 25, choices: [], group: "sampling" },
  { name: "cfg-scale", kind: "number", min: 0, max: 100, default: 5, choices: [], group: "sampling" },
  { name: "seed", kind: "int", min: null, max: null, default: 12345, choices: [], group: "picture" },
  { name: "sampling-method", kind: "choice", default: "dpm++2m", group: "sampling",
    choices: ["dpm++2m", "euler", "euler_a", "ddim", "lcm"] },
  { name: "scheduler", kind: "choice", default: "karras", group: "sampling",
    choices: ["karras", "sgm_uniform", "trailing"] },
  { name: "vae-tiling", kind: "flag", default: false, choices: [], group: "memory" },
  { name: "negative-prompt", kind: "text", default: "bad", choices: [], group: "text" },
];
const option = (name) => table.find((o) => o.name === name);

test("values are brought into their ranges, nonsense is left out", () => {
  assert.equal(cleaned(option("steps"), "30"), 30);
  assert.equal(cleaned(option("steps"), 30.6), 31);
  assert.equal(cleaned(option("steps"), 0), 1);
  assert.equal(cleaned(option("steps"), 1e9), 1000);
  assert.equal(cleaned(option("steps"), "many"), undefined);
  assert.equal(cleaned(option("steps"), ""), undefined);
  assert.equal(cleaned(option("cfg-scale"), "1.5"), 1.5);
  assert.equal(cleaned(option("seed"), -1), -1);
  assert.equal(cleaned(option("sampling-method"), "euler"), "euler");
  assert.equal(cleaned(option("sampling-method"), "<b>"), undefined);
  assert.equal(cleaned(option("vae-tiling"), false), false);
  assert.equal(cleaned(option("vae-tiling"), "true"), true);
});

test("only what differs from the defaults is sent, only what is known is kept", () => {
  assert.deepEqual(changed(table, { steps: 25, seed: 7, "vae-tiling": false }), { seed: 7 });
  assert.deepEqual(known(table, { steps: 5, nonsense: 3, "sampling-method": 7 }), { steps: 5 });
  assert.deepEqual(known(table, undefined), {});
});

test("presets fit the tables, replace each other and are recognised", () => {
  for (const p of PRESETS)
    for (const [key, value] of Object.entries(p.values)) {
      assert.ok(PRESET_KEYS.includes(key), `${p.name}: ${key}`);
      assert.equal(cleaned(option(key), value), value, `${p.name}: ${key}`);
    }
  const named = (name) => PRESETS.find((p) => p.name === name);
  let values = { seed: 3, steps: 77 };
  assert.equal(presetOf(table, values, PRESETS), "");
  values = withPreset(values, named("LCM, 6 steps"));
  assert.deepEqual(values, { seed: 3, steps: 6, "cfg-scale": 1.5, "sampling-method": "lcm",
    scheduler: "trailing" });
  assert.equal(presetOf(table, values, PRESETS), "LCM, 6 steps");
  values = withPreset(values, named("Usual"));
  assert.deepEqual(values, { seed: 3 });
  for (const p of PRESETS) assert.equal(presetOf(table, withPreset({}, p), PRESETS), p.name);
});

test("a preset of one's own stands when all of it does, and comes before ours", () => {
  const mine = { name: "Mine", values: { steps: 25, "negative-prompt": "worse" } };
  const all = [mine, ...PRESETS];
  assert.equal(presetOf(table, {}, all), "Usual");
  assert.equal(presetOf(table, withPreset({ steps: 6 }, mine), all), "Mine");
  assert.equal(presetOf(table, { "negative-prompt": "worse", steps: 6 }, all), "");
});

test("groups keep the order of the table", () => {
  assert.deepEqual([...grouped(table).keys()], ["sampling", "picture", "memory", "text"]);
  assert.equal(grouped(table).get("sampling").length, 4);
});

test("seeds have 32 bits", () => {
  assert.equal(randomSeed(() => 0), 0);
  assert.equal(randomSeed(() => 1 - 2 ** -53), 0xffffffff);
});

test("names, times and sizes for people", () => {
  assert.equal(nameOf({ name: "cfg-scale" }), "CFG scale");
  assert.equal(nameOf({ name: "some-thing" }), "Some thing");
  assert.equal(duration(3.2), "4 s");
  assert.equal(duration(600), "10 min");
  assert.equal(duration(2 * 3600 + 60), "2 h 1 min");
  assert.equal(duration(NaN), "");
  assert.equal(bytes(0), "");
  assert.equal(bytes(999), "999 B");
  assert.equal(bytes(4.9e9), "4.9 GB");
});

test("LoRAs of a picture are those of the list by their file's name", () => {
  const list = [{ name: "styles/ink.safetensors" }, { name: "glow.safetensors" }];
  const record = { loras: [
    { name: "of-the-server.safetensors", weight: 1, sha256: null },
    { name: "ink.safetensors", weight: 0.4, sha256: null },
    { name: "glow.safetensors", sha256: null }, { name: null }] };
  assert.deepEqual(lorasOf(record, list), [
    { name: "styles/ink.safetensors", weight: 0.4 }, { name: "glow.safetensors", weight: 1 }]);
  assert.deepEqual(lorasOf({}, list), []);
});
