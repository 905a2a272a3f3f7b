// events.js - what happens on the server. The browser's EventSource comes back
// by itself after a lost connection and says where it was. "reset": something
// was missed (the server says so, or the connection was lost); what is shown is
// loaded anew.

const NAMES = ["job", "text", "region", "again", "message", "canvas", "image",
               "preview", "session", "note", "reset"];

export class Events extends EventTarget {
  /** `onState("open" | "lost")` hears about the connection. */
  constructor(onState) {
    super();
    this.onState = onState;
    this.source = null;
    this.lost = false;
  }

  connect() {
    this.close();
    const source = this.source = new EventSource("/api/events");
    source.onopen = () => {
      this.onState("open");
      // The server may be another one by now, which counts events anew.
      if (this.lost) this.dispatchEvent(new CustomEvent("reset", { detail: {} }));
      this.lost = false;
    };
    source.onerror = () => {
      this.onState("lost");
      this.lost = true;
      // A refused connection is given up by the browser; we are more patient.
      if (source.readyState === EventSource.CLOSED)
        this.timer = setTimeout(() => this.connect(), 2000);
    };
    for (const name of NAMES)
      source.addEventListener(name, (e) => {
        let data = {};
        try { data = JSON.parse(e.data || "{}"); } catch { return; }
        this.dispatchEvent(new CustomEvent(name, { detail: data }));
      });
  }

  on(name, fn) {
    this.addEventListener(name, (e) => fn(e.detail));
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }
}
