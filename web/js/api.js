// api.js - the server, as functions. What it refuses is an ApiError with the
// sentence to show and, where there is one, the place in the text.

export class ApiError extends Error {
  constructor(status, error) {
    super(error?.message ?? `the server answered ${status}`);
    this.httpStatus = status;
    this.status = error?.status ?? "IO";
    this.line = error?.line ?? 0;
    this.col = error?.col ?? 0;
    this.len = error?.len ?? 0;
  }
}

let key = "";
export function setKey(k) { key = k; }

async function call(method, path, body, options = {}) {
  const headers = { ...(options.headers ?? {}) };
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body !== undefined && !options.raw) headers["Content-Type"] = "application/json";
  let answer, data;
  try {
    answer = await fetch(path, {
      method, headers, signal: options.signal, keepalive: !!options.keepalive,
      body: body === undefined ? undefined : options.raw ? body : JSON.stringify(body),
    });
    // The body comes after the head, and may be cut off as well.
    const type = answer.headers.get("Content-Type") ?? "";
    data = type.startsWith("application/json") ? await answer.json() : await answer.blob();
  } catch (e) {
    if (e.name === "AbortError") throw e;
    throw new ApiError(0, { message: "the server does not answer; is omost serve still running?" });
  }
  if (!answer.ok) throw new ApiError(answer.status, data.error);
  return data;
}

/** A list of the API is an object with the rows under their name. */
export const rowsOf = (answer, name) => answer[name] ?? [];

export const get = (path, options) => call("GET", path, undefined, options);
export const post = (path, body = {}, options) => call("POST", path, body, options);
export const patch = (path, body, options) => call("PATCH", path, body, options);
export const del = (path) => call("DELETE", path);

export const api = {
  login: (k) => post("/api/login", { key: k }),
  options: () => get("/api/options"),
  health: () => get("/api/health"),
  models: () => get("/api/models"),
  chooseModels: (choice) => post("/api/models", choice),

  sessions: (before = 0, query = "") => get("/api/sessions?limit=50" +
    (query ? `&q=${encodeURIComponent(query)}` : "") + (before ? `&before=${before}` : "")),
  session: (s) => get(`/api/sessions/${s}`),
  newSession: (title) => post("/api/sessions", title ? { title } : {}),
  changeSession: (s, change) => patch(`/api/sessions/${s}`, change, { keepalive: true }),
  deleteSession: (s) => del(`/api/sessions/${s}`),

  say: (s, message) => post(`/api/sessions/${s}/messages`, message),
  retry: (s, message) => post(`/api/sessions/${s}/messages/${message}/retry`),

  // Goes out even while the page is left; browsers allow 64 KiB for that.
  addCanvas: (s, body) => post(`/api/sessions/${s}/canvases`, body,
    { keepalive: JSON.stringify(body).length < 20000 }),
  versions: (s) => get(`/api/sessions/${s}/canvases?limit=500`),
  canvas: (c) => get(`/api/canvases/${c}`),
  canvasDiff: (before, after) => get(`/api/canvases/${before}/diff?to=${after}`),
  parse: (text, options) => post("/api/canvas/parse", { text }, options),
  convert: (text, to) => post("/api/canvas/convert", { text, to }),

  render: (s, canvas, options) => post("/api/renders", { session: s, canvas, options }),
  jobs: (s) => get(`/api/jobs?session=${s}&limit=200`),
  cancel: (j) => post(`/api/jobs/${j}/cancel`),
  restart: (j) => post(`/api/jobs/${j}/restart`),

  images: (query = "", before = 0) =>
    get(`/api/images?limit=60&q=${encodeURIComponent(query)}${before ? `&before=${before}` : ""}`),
  image: (i) => get(`/api/images/${i}`),
  deleteImage: (i) => del(`/api/images/${i}`),
  upload: (bytes) => call("POST", "/api/uploads", bytes,
    { raw: true, headers: { "Content-Type": "image/png" } }),
};
