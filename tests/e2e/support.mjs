// support.mjs - a server, a browser, and what both may never do.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";

const env = process.env;
const require = createRequire(path.join(env.OMOST_MODULES, "/"));
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const golden = (name) => path.join(env.OMOST_GOLDEN, name);
const reply = (name) => fs.readFileSync(golden(`canvas/${name}.txt`), "utf8");
export const DRAGON = reply("001-readme-warriors-dragon");
export const DINOSAUR = reply("002-readme-warriors-dinosaur");
/** With words that are none, which are mended. */
export const MISSPELLED = `${reply("009-misspelled")}\n`;
export const BROKEN = "```python\ncanvas = Canvas()\ncanvas.draw_region('x')\n```\n";

/** `omost serve` on a port of its own, with replies to give. */
export class Server {
  constructor(options = {}) {
    this.options = options;
    this.data = fs.mkdtempSync(path.join(os.tmpdir(), "omost-e2e-"));
    this.script = path.join(this.data, "script.txt");
    fs.writeFileSync(this.script, (options.replies ?? []).join("---\n"));
  }

  async start(port = 0) {
    const o = this.options;
    const args = ["serve", "--port", String(port), "--data", path.join(this.data, "store"),
      ...(o.replies ? ["--script", this.script, "--script-rate", String(o.rate ?? 1200)] : []),
      ...(o.renderer === false ? [] : ["-m", golden("model"), "-t", "1"]),
      ...(o.web ?? env.OMOST_WEB ? ["--web", o.web ?? env.OMOST_WEB] : []), ...(o.args ?? [])];
    this.child = spawn(env.OMOST_BIN, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...env, ...(o.key ? { OMOST_SERVE_KEY: o.key } : {}) },
    });
    this.log = "";
    this.child.stderr.on("data", (d) => { this.log += d; });
    this.url = await new Promise((resolve, reject) => {
      let out = "";
      this.child.stdout.on("data", (d) => {
        out += d;
        const m = /http:\/\/[^\s]+/.exec(out);
        if (m) resolve(m[0]);
      });
      this.child.on("exit", (code) => reject(new Error(`omost serve ended (${code}): ${this.log}`)));
    });
    this.port = Number(new URL(this.url).port);
    return this;
  }

  async stop(signal = "SIGTERM") {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode) return;
    const gone = new Promise((r) => this.child.once("exit", r));
    this.child.removeAllListeners("exit");
    this.child.once("exit", () => {});
    const ended = new Promise((r) => this.child.once("close", r));
    this.child.kill(signal);
    await Promise.race([gone, ended]);
  }

  async remove() {
    await this.stop();
    fs.rmSync(this.data, { recursive: true, force: true });
  }
}

export function launch() {
  return chromium.launch({ executablePath: env.OMOST_CHROMIUM,
    args: ["--disable-gpu", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])] });
}

/** A page that notes whatever it must not do: errors, requests elsewhere,
 *  things its content security policy forbids. */
export async function openPage(browser, server, options = {}) {
  const context = options.context ?? await browser.newContext({
    viewport: { width: 1440, height: 900 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", (e) => page.faults.push(`error: ${e.stack}`));
  page.on("console", (m) => {
    // Chromium writes a line for each answer that is an error; those are asked for.
    if (m.type() === "error" && !/Failed to load resource|ERR_/.test(m.text()))
      page.faults.push(`console: ${m.text()}`);
  });
  page.on("request", (r) => {
    const u = new URL(r.url());
    if (["http:", "https:", "ws:", "wss:"].includes(u.protocol) && u.origin !== new URL(server.url).origin)
      page.faults.push(`a request to ${u.origin}`);
  });
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (e) =>
      console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
  });
  await page.goto(server.url + (options.hash ?? ""));
  if (!options.closed) await ready(page);
  return page;
}

export const ready = (page) => page.waitForSelector("html[data-ready]", { timeout: 20000 });

export const boxes = (page) => page.locator(".frame .box");
export const words = (page) => page.locator(".words").textContent();

export async function say(page, text) {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.keyboard.press("Enter");
  await page.waitForFunction((t) =>
    [...document.querySelectorAll(".message.user .text")].at(-1)?.textContent === t, text);
}

/** What is shown follows what is done a frame or a request later. */
export async function eventually(get, want) {
  let got;
  for (const end = Date.now() + 15000; Date.now() < end;) {
    got = await get();
    if (want instanceof RegExp ? want.test(got) : want === got) return;
    await new Promise((r) => setTimeout(r, 30));
  }
  if (want instanceof RegExp) assert.match(got, want);
  else assert.equal(got, want);
}

/** Until nothing is written or drawn any more. */
export async function quiet(page) {
  await page.waitForSelector(".message.live", { state: "detached", timeout: 60000 });
  await page.waitForSelector(".job[data-state=running], .job[data-state=queued]",
    { state: "detached", timeout: 120000 });
}

/** Until what was said last has its answer, whole. */
export async function answered(page) {
  await page.waitForFunction(() =>
    document.querySelector(".log").lastElementChild?.matches(".message.reply:not(.live)"),
  undefined, { timeout: 60000 });
  await quiet(page);
}

/** Until the gallery has so many pictures, be it in sight or not. */
export const thumbs = (page, n) => page.waitForFunction((want) =>
  document.querySelectorAll(".thumb").length === want, n, { timeout: 120000 });

/** The middle of an element, and where it is. */
export async function middle(locator) {
  const b = await locator.boundingBox();
  return [b.x + b.width / 2, b.y + b.height / 2, b];
}

/** A file comes from outside of the browser. */
export async function drop(page, name, bytes, type) {
  const dataTransfer = await page.evaluateHandle(([n, b, t]) => {
    const d = new DataTransfer();
    d.items.add(new File([new Uint8Array(b)], n, { type: t }));
    return d;
  }, [name, [...Buffer.from(bytes)], type]);
  await page.dispatchEvent("#stage", "dragover", { dataTransfer });
  await page.dispatchEvent("#stage", "drop", { dataTransfer });
}

export async function newChat(page) {
  const before = page.url();
  await page.locator("#session-new").click();
  await page.waitForFunction((u) => location.href !== u, before);
}

/** Groups of settings that are closed hide what is in them. */
export async function openGroup(page, name) {
  await tab(page, "settings");
  await page.locator("details.group", { has: page.getByText(name, { exact: true }) })
    .evaluate((n) => { n.open = true; });
}

export async function setNumber(page, name, value) {
  await tab(page, "settings");
  const input = page.getByRole("spinbutton", { name, exact: true });
  await input.fill(String(value));
  await input.press("Tab");
}

export async function tab(page, name) {
  await page.locator(`#tab-${name}`).click();
}

/** Small pictures, which the golden model draws in a moment. */
export async function small(page, steps) {
  await setNumber(page, "Width", 128);
  await setNumber(page, "Height", 128);
  await setNumber(page, "Steps", steps);
}

/** Serious and critical findings of axe in the page or a part of it, as lines. */
export async function findings(page, within = "html") {
  if (!await page.evaluate(() => !!globalThis.axe)) await page.evaluate(axe);
  const { violations } = await page.evaluate((w) => globalThis.axe.run(w), within);
  return violations.filter((v) => ["serious", "critical"].includes(v.impact))
    .map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(" | ")}`);
}

export async function shot(page, name) {
  if (!env.OMOST_SHOTS) return;
  fs.mkdirSync(env.OMOST_SHOTS, { recursive: true });
  await page.screenshot({ path: path.join(env.OMOST_SHOTS, `${name}.png`) });
}
