// sessions.js - the conversations that are kept, and their dialog.

import { api, rowsOf } from "./api.js";
import { confirmed, dialog } from "./dialog.js";
import { button, el, fill, whenQuiet } from "./dom.js";

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
    const list = el("ul.rows.long");
    const state = el("p.muted", { role: "status" });
    const more = button("More", "Older sessions", () => ask(true), { hidden: true });
    const search = el("input", { type: "search", placeholder: "Search titles", dir: "auto",
      "aria-label": "Search the sessions", oninput: whenQuiet(200, () => ask()) });
    let rows = [], asked = 0;
    const ask = async (older = false) => {
      const turn = ++asked, query = search.value.trim();
      const got = await studio.attempt(async () => {
        try {
          return await api.sessions(older ? rows.at(-1).id : 0, query);
        } catch (e) { // the one it goes on after may be gone
          if (!older || e.httpStatus !== 404) throw e;
          older = false;
          return api.sessions(0, query);
        }
      });
      if (!got || turn !== asked) return;
      const page = rowsOf(got, "sessions");
      const known = new Set(older ? rows.map((s) => s.id) : []);
      rows = older ? [...rows, ...page.filter((s) => !known.has(s.id))] : page;
      more.hidden = page.length < 50;
      state.textContent = rows.length ? "" : "No title has all these words.";
      fill(list, rows.map(row), !more.hidden && el("li", {}, more));
    };
    const row = (s) => el("li", {},
      el("button.entry", { type: "button", "aria-current": s.id === studio.session?.id,
        onclick: async () => { await studio.attempt(() => studio.open(s.id)); close(); } },
      el("span", { dir: "auto" }, titleOf(s)),
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
    return el("div.body", {}, el("div.row", {}, search,
      button("New chat", "", async () => { await studio.attempt(() => studio.openNew()); close(); },
        { className: "primary" })), list, state);
  });
}
