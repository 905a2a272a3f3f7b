// events.js - what happens on the server. The browser's EventSource comes back
// by itself after a lost connection and says where it was. "reset": something
// was missed (the server says so, or the connection was lost); what is shown is
// loaded anew.
//
// A browser has six connections to a server for all of its tabs, and each that
// listens holds one: a tab that nobody looks at lets go of it after a while.

const OUT_OF_SIGHT = 60000;
const NAMES = ["job", "text", "region", "again", "message", "canvas", "image",
               "preview", "session", "note", "reset"];

export class Events extends EventTarget {
  /** `onState("open" | "lost")` hears about the connection. */
  constructor(onState) {
    super();
    this.onState = onState;
    this.source = null;
    this.lost = false;
    document.addEventListener("visibilitychange", () => this.seen(!document.hidden));
  }

  seen(now) {
    clearTimeout(this.away);
    if (now && !this.source) this.connect();
    if (!now) this.away = setTimeout(() => { this.close(); this.lost = true; }, OUT_OF_SIGHT);
  }

  /** Resolves when it listens, or cannot for now. */
  connect() {
    this.close();
    const opened = new Promise((resolve) => { this.settled = resolve; });
    const source = this.source = new EventSource("/api/events");
    source.onopen = () => {
      this.onState("open");
      // The server may be another one by now, which counts events anew.
      if (this.lost) this.dispatchEvent(new CustomEvent("reset", { detail: {} }));
      this.lost = false;
      this.settled();
    };
    source.onerror = () => {
      this.onState("lost");
      this.lost = true;
      this.settled();
      // A refused connection is given up by the browser; we are more patient.
      if (source.readyState === EventSource.CLOSED)
        this.timer = setTimeout(() => this.connect(), 2000);
    };
    for (const name of NAMES)
      source.addEventListener(name, (e) => {
        let data = {};
        try { data = JSON.parse(e.data || "{}"); } catch { return; }
        const told = new CustomEvent(name, { detail: data });
        told.number = Number(e.lastEventId);
        this.dispatchEvent(told);
      });
    return opened;
  }

  /** `fn(data, number)`: numbers grow while a server lives. */
  on(name, fn) {
    this.addEventListener(name, (e) => fn(e.detail, e.number ?? 0));
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }
}
