// inturn.js - what happens to something while it is being asked for may be newer
// than the answer: it is heard after the answer was taken.

export class InTurn {
  constructor() { this.held = new Map(); } // id -> {asked, events}

  /** Ask, take the answer, and hear what came meanwhile. */
  async ask(id, fetch, take) {
    const held = this.held.get(id) ?? { asked: 0, events: [] };
    this.held.set(id, held);
    held.asked++;
    try {
      return take(await fetch(id));
    } finally {
      if (--held.asked === 0) {
        this.held.delete(id);
        for (const hear of held.events) hear();
      }
    }
  }

  /** Hear of it now, or in its turn. */
  hear(id, fn) {
    const held = this.held.get(id);
    if (held) held.events.push(fn); else fn();
  }
}
