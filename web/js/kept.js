// kept.js - small things that this browser remembers under a key each: so many of
// them, the oldest are forgotten first. No DOM here.

export class Kept {
  /** `area()`: localStorage or sessionStorage; where there is none (a private
   *  window), they are kept as long as the page. */
  constructor(name, most, area = () => localStorage) {
    this.name = name;
    this.most = most;
    this.area = area;
    this.rows = [];
  }

  load() {
    try {
      const rows = JSON.parse(this.area().getItem(this.name) ?? "[]");
      return Array.isArray(rows) ? rows.filter((r) => Array.isArray(r) && r.length === 2) : [];
    } catch { return this.rows; }
  }

  get(key) { return this.load().find(([k]) => k === key)?.[1]; }

  /** Undefined: forget it. */
  put(key, value) {
    const others = this.load().filter(([k]) => k !== key);
    this.rows = value === undefined ? others : [...others, [key, value]].slice(-this.most);
    try { this.area().setItem(this.name, JSON.stringify(this.rows)); } catch { /* not here */ }
  }
}
