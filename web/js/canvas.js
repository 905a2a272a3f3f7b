// canvas.js - the canvas as the page holds it: our JSON document
// (docs/canvas.schema.json), never changed in place. No DOM here.

export const GRID = 90;

/** The tables of words, from /api/options: set once, read by everything. */
export class Words {
  constructor(tables) {
    this.location = tables.location;
    this.offset = tables.offset;
    this.area = tables.area;
    this.color = tables.color;
    this.rgb = new Map(tables.color.map((c) => [c.word, c.rgb]));
    this.boxes = [];
    for (const l of this.location)
      for (const o of this.offset)
        for (const a of this.area)
          this.boxes.push({
            location: l.word,
            offset: o.word,
            area: a.word,
            box: boxAround(l.x + o.x, l.y + o.y, a.width, a.height),
          });
    this.byWords = new Map(
      this.boxes.map((b) => [`${b.location}|${b.offset}|${b.area}`, b.box]));
  }

  /** [top, bottom, left, right] of a region, in ninetieths of the picture. */
  boxOf(region) {
    return this.byWords.get(`${region.location}|${region.offset}|${region.area}`);
  }

  /** The words whose box overlaps best; the first in word order on ties, as
   *  omost_box_nearest() in the library. */
  nearest(box) {
    let best = null, score = -1;
    for (const b of this.boxes) {
      const s = overlap(b.box, box);
      if (s > score) { score = s; best = b; }
    }
    return { ...best, iou: score };
  }

  css(color) {
    const [r, g, b] = this.rgb.get(color) ?? [128, 128, 128];
    return `rgb(${r} ${g} ${b})`;
  }
}

function boxAround(x, y, width, height) {
  const w = Math.floor(width / 2), h = Math.floor(height / 2);
  const clip = (v) => Math.min(GRID, Math.max(0, v));
  return [clip(y - h), clip(y + h), clip(x - w), clip(x + w)];
}

/** Intersection over union. */
export function overlap(a, b) {
  const h = Math.min(a[1], b[1]) - Math.max(a[0], b[0]);
  const w = Math.min(a[3], b[3]) - Math.max(a[2], b[2]);
  if (h <= 0 || w <= 0) return 0;
  const area = (r) => (r[1] - r[0]) * (r[3] - r[2]);
  return (h * w) / (area(a) + area(b) - h * w);
}

// ---- documents --------------------------------------------------------------

export function emptyCanvas() {
  return {
    format: "omost-canvas",
    version: 1,
    global: {
      description: "A picture.",
      detailed_descriptions: [],
      tags: "",
      HTML_web_color_name: "lightgray",
    },
    regions: [],
  };
}

export function newRegion(words, box, distance) {
  const { location, offset, area } = words.nearest(box);
  return {
    location, offset, area,
    distance_to_viewer: distance,
    description: "Something new.",
    detailed_descriptions: [],
    tags: "",
    atmosphere: "",
    style: "",
    quality_meta: "",
    HTML_web_color_name: "steelblue",
  };
}

export function withGlobal(doc, change) {
  return { ...doc, global: { ...doc.global, ...change } };
}

export function withRegion(doc, i, change) {
  const regions = doc.regions.slice();
  regions[i] = { ...regions[i], ...change };
  return { ...doc, regions };
}

export function withRegionAdded(doc, region) {
  return { ...doc, regions: [...doc.regions, region] };
}

export function withoutRegion(doc, i) {
  return { ...doc, regions: doc.regions.filter((_, k) => k !== i) };
}

/** Indices of regions as they lie on one another, farthest first; equal
 *  distances as written. */
export function depthOrder(doc) {
  return doc.regions
    .map((r, i) => i)
    .sort((a, b) =>
      doc.regions[b].distance_to_viewer - doc.regions[a].distance_to_viewer || a - b);
}

/** A region moved one place nearer (+1) or farther (-1): it gets a distance
 *  between its new neighbours, nobody else's changes. */
export function withDepthMoved(doc, i, step) {
  const order = depthOrder(doc);
  const from = order.indexOf(i), to = from + step;
  if (from < 0 || to < 0 || to >= order.length) return doc;
  const rest = order.filter((k) => k !== i);
  const dist = (k) => doc.regions[k].distance_to_viewer;
  const behind = to > 0 ? dist(rest[to - 1]) : null;
  const before = to < rest.length ? dist(rest[to]) : null;
  let d;
  if (behind === null) d = before + 1;
  else if (before === null) d = behind / 2;
  else d = (behind + before) / 2;
  const moved = withRegion(doc, i, { distance_to_viewer: tidy(d, behind, before) });
  if (depthOrder(moved).indexOf(i) === to) return moved;
  return spreadOut(doc, rest.slice(0, to).concat(i, rest.slice(to)));
}

/** The roundest number between two others. */
function tidy(d, behind, before) {
  for (const digits of [0, 1, 2, 3]) {
    const r = Number(d.toFixed(digits));
    if (r > 0 && (behind === null || r < behind) && (before === null || r > before))
      return r;
  }
  return d;
}

/** Where distances are equal there is nothing between them: number them all. */
function spreadOut(doc, order) {
  let out = doc;
  order.forEach((k, place) => {
    out = withRegion(out, k, { distance_to_viewer: order.length - place });
  });
  return out;
}

/** Where a region is, in its own words. */
export function wordsOf(r) {
  return [r.location, r.offset === "no offset" ? "" : r.offset, r.area].filter(Boolean).join(", ");
}

export function sameCanvas(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}
