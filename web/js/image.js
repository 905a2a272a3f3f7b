// image.js - what a picture was drawn of and how. No DOM here.

import { api } from "./api.js";

/** How a picture was drawn, as an object. */
export function recordOf(image) {
  if (typeof image.record !== "string") return image.record ?? null;
  try { return JSON.parse(image.record); } catch { return null; }
}

/** A picture with its record, which lists do not have. */
export async function wholeImage(image) {
  return "record" in image ? image : { ...image, ...await api.image(image.id) };
}

/** The canvas that is in a picture's record, as a document, or null. */
export async function canvasOfRecord(record) {
  const canvas = record?.canvas;
  if (!canvas) return null;
  return (await api.parse(typeof canvas === "string" ? canvas : JSON.stringify(canvas))).json;
}
