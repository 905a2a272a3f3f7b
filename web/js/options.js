// options.js - the settings as values: what was changed from the defaults of
// the server's tables, presets, seeds. No DOM here.

/** For models made for few steps: docs/render.md. */
export const PRESETS = [
  { name: "Usual", values: {} },
  { name: "Draft", values: { steps: 12 } },
  { name: "Careful", values: { steps: 40 } },
  { name: "Turbo, 4 steps",
    values: { steps: 4, "cfg-scale": 1, "sampling-method": "euler_a", scheduler: "trailing" } },
  { name: "Lightning, 8 steps",
    values: { steps: 8, "cfg-scale": 1, "sampling-method": "euler", scheduler: "sgm_uniform" } },
  { name: "Lightning, 4 steps",
    values: { steps: 4, "cfg-scale": 1, "sampling-method": "euler", scheduler: "sgm_uniform" } },
  { name: "Hyper-SD, 8 steps",
    values: { steps: 8, "cfg-scale": 1, "sampling-method": "ddim", scheduler: "trailing" } },
  { name: "LCM, 6 steps",
    values: { steps: 6, "cfg-scale": 1.5, "sampling-method": "lcm", scheduler: "trailing" } },
  { name: "DMD2, 4 steps",
    values: { steps: 4, "cfg-scale": 1, "sampling-method": "lcm", scheduler: "trailing" } },
];
/** What a preset says something about; the rest stays as it is. */
export const PRESET_KEYS = ["steps", "cfg-scale", "sampling-method", "scheduler"];

/** A value as the option's kind wants it, inside its range; undefined when it
 *  is none. */
export function cleaned(option, value) {
  if (value === undefined || value === null || value === "") return undefined;
  switch (option.kind) {
    case "flag": return value === true || value === "true";
    case "choice": return option.choices.includes(value) ? value : undefined;
    case "int":
    case "number": {
      let v = Number(value);
      if (!Number.isFinite(v)) return undefined;
      if (option.kind === "int") v = Math.round(v);
      if (option.min !== null && option.min !== undefined) v = Math.max(option.min, v);
      if (option.max !== null && option.max !== undefined) v = Math.min(option.max, v);
      return v;
    }
    default: return String(value);
  }
}

/** Values of a table that may stand elsewhere (a picture's record, what this
 *  browser kept from an older server): unknown names and odd values are left
 *  out. */
export function known(table, values) {
  const out = {};
  for (const option of table) {
    const v = cleaned(option, values?.[option.name]);
    if (v !== undefined) out[option.name] = v;
  }
  return out;
}

/** The LoRAs of a picture's record, by the names of the list. A record only has
 *  the last part of a path. What is not in the list cannot be asked for: the
 *  server draws with those it was started with anyway. */
export function lorasOf(record, list) {
  const last = (name) => name.slice(name.lastIndexOf("/") + 1);
  return (Array.isArray(record.loras) ? record.loras : []).flatMap((l) => {
    const here = list.find((k) => k.name === l?.name) ?? list.find((k) => last(k.name) === l?.name);
    return here ? [{ name: here.name, weight: Number(l.weight ?? 1) }] : [];
  });
}

/** Only what differs from the defaults: the server knows those better. */
export function changed(table, values) {
  const out = {};
  for (const option of table) {
    const v = cleaned(option, values[option.name]);
    if (v !== undefined && v !== option.default) out[option.name] = v;
  }
  return out;
}

/** In their groups, which come in the order of the table. */
export function grouped(table) {
  const groups = new Map();
  for (const option of table) {
    const g = option.group || "other";
    if (!groups.has(g)) groups.set(g, []);
    groups.get(g).push(option);
  }
  return groups;
}

export function withPreset(values, preset) {
  const out = { ...values };
  for (const key of PRESET_KEYS) delete out[key];
  return { ...out, ...preset.values };
}

/** The name of the first preset that stands in the values, or "". */
export function presetOf(table, values, presets) {
  const now = changed(table, values);
  const same = (p) => {
    const its = changed(table, p.values);
    return [...PRESET_KEYS, ...Object.keys(its)].every((k) => now[k] === its[k]);
  };
  return presets.find(same)?.name ?? "";
}

export const SEED_MAX = 0xffffffff;
export function randomSeed(random = Math.random) {
  return Math.floor(random() * (SEED_MAX + 1));
}

/** "cfg-scale" is "CFG scale": names for people. */
const NAMES = {
  "batch-count": "Pictures", "cfg-scale": "CFG scale", "sampling-method": "Sampler",
  "negative-prompt": "Negative prompt", "fit-prefix": "Fit long descriptions",
  "region": "Region method", "init-layout": "Begin from the layout",
  "strength": "How much anew", "hires": "Size of the second pass",
  "hires-steps": "Steps of the second pass", "hires-denoise": "How much anew, second pass",
  "rng": "Noise as on", "vae-tiling": "Decode in tiles", "top-p": "Top p",
  "temp": "Temperature", "predict": "Tokens at most", "no-grammar": "No grammar",
  "no-draft": "No drafts", "no-mend": "Do not mend", "projected-pooled": "Projected pooled text",
  "preview-every": "Preview every", "prompt-style": "Prompt made of",
};
/** Beside a setting of drawing that is called the same. */
const WRITING = { "seed": "Seed of the canvas" };
export function nameOf(option, table = "render") {
  return (table === "compose" ? WRITING[option.name] : null) ?? NAMES[option.name] ??
    (option.name[0].toUpperCase() + option.name.slice(1)).replaceAll("-", " ");
}

/** "4 s", "3 min", "1 h 5 min" */
export function duration(seconds) {
  if (!Number.isFinite(seconds) || seconds < 0) return "";
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const min = Math.round(seconds / 60);
  return min < 90 ? `${min} min` : `${Math.floor(min / 60)} h ${min % 60} min`;
}

export function bytes(n) {
  if (!n) return "";
  const units = ["B", "KB", "MB", "GB", "TB"];
  let i = 0;
  while (n >= 1000 && i < units.length - 1) { n /= 1000; i++; }
  return `${n < 10 && i ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
}
