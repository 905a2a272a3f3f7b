// sessions.js - the conversations that are kept, and their dialog.

import { api, rowsOf } from "./api.js";
import { confirmed, dialog } from "./dialog.js";
import { button, el, fill } from "./dom.js";

const LAST = "omost.session";

/** The session of the address (#s=3), or the last one here, or the newest, or a
 *  new one. */
export async function firstSession(studio) {
  const named = Number(new URLSearchParams(location.hash.slice(1)).get("s"));
  let kept = 0;
  try { kept = Number(localStorage.getItem(LAST)); } catch { /* private window */ }
  for (const id of [named, kept].filter(Boolean))
    try { await studio.open(id); return; } catch (e) { if (e.httpStatus !== 404) throw e; }
  await studio.openNewest();
}

export function rememberSession(id) {
  try { localStorage.setItem(LAST, id); } catch { /* private window */ }
  if (location.hash !== `#s=${id}`) history.replaceState(null, "", `#s=${id}`);
}

export function titleOf(s) { return s.title || `Session ${s.id}`; }

export function sessionsDialog(studio) {
  return dialog("Sessions", (close) => {
    const list = el("ul.rows");
    const more = button("More", "Older sessions", () => ask(true), { hidden: true });
    let rows = [];
    const ask = async (older = false) => {
      const got = await studio.attempt(() => api.sessions(older ? rows.at(-1).id : 0));
      if (!got) return;
      const page = rowsOf(got, "sessions");
      rows = older ? [...rows, ...page] : page;
      more.hidden = page.length < 50;
      fill(list, rows.map(row));
    };
    const row = (s) => el("li", {},
      el("button.entry", { type: "button", "aria-current": s.id === studio.session?.id,
        onclick: async () => { await studio.attempt(() => studio.open(s.id)); close(); } },
      el("span", {}, titleOf(s)),
      el("span.muted", {}, `${new Date(s.updated).toLocaleString()}` +
        (s.n_messages ? `, ${s.n_messages} messages` : "") +
        (s.n_images ? `, ${s.n_images} pictures` : ""))),
      button("Delete", `Delete ${titleOf(s)}`, () => remove(s), { className: "danger" }));
    const remove = async (s) => {
      if (!await confirmed("Delete the session?",
        `"${titleOf(s)}" goes with its messages and canvases; its pictures stay in the gallery.`,
        "Delete")) return;
      if (!await studio.attempt(() => api.deleteSession(s.id))) return;
      await studio.gone(s.id);
      ask();
    };
    ask();
    return el("div.body", {}, list, el("div.actions", {}, more,
      button("New chat", "", async () => { await studio.attempt(() => studio.openNew()); close(); },
        { className: "primary" })));
  });
}
