// versions.js - the ways back and on from a version of a canvas, among those that
// the server has of a session. No DOM here.

/** `rows` are {id, parent}, in any order. Before a version stands its parent;
 *  before one that came from elsewhere (a reply, a file) what was kept last
 *  before it. Forward it goes towards the newest that came of it. Both lists
 *  have the older one first. */
export function waysFrom(rows, id) {
  const sorted = [...rows].sort((a, b) => a.id - b.id);
  const back = new Map(); // a version's number -> that before it
  sorted.forEach((v, i) => back.set(v.id, v.parent ?? sorted[i - 1]?.id ?? null));
  const after = new Set([id]);
  let newest = id;
  for (const v of sorted)
    if (after.has(back.get(v.id))) { after.add(v.id); newest = v.id; }
  const chain = (from, to) => {
    const out = [];
    for (let at = from; at !== to && back.has(at); at = back.get(at)) out.unshift(at);
    return out;
  };
  return { before: chain(back.get(id) ?? null, null), after: chain(newest, id) };
}
