// page.test.mjs - the parts of the studio's page one by one, in a browser: run.sh
// runs it after the story of studio.test.mjs.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after, afterEach, before } from "node:test";
import {
  DINOSAUR, MISSPELLED, Server, answered, boxes, drop, eventually, findings, golden, launch, middle, newChat,
  openGroup, openPage, quiet, ready, say, setNumber, shot, small, tab, thumbs, words,
} from "./support.mjs";

const LIMIT = { timeout: 180000 };
const { OMOST_BIN, OMOST_SOURCE } = process.env;
let browser, server, page, folder, composer;

/** A LoRA of one layer of the golden model, as cli/_render.sh makes it. */
function lora() {
  const key = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q";
  const header = Buffer.from(JSON.stringify({
    [`${key}.lora_down.weight`]: { dtype: "F32", shape: [1, 64], data_offsets: [0, 256] },
    [`${key}.lora_up.weight`]: { dtype: "F32", shape: [64, 1], data_offsets: [256, 512] },
  }));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([size, header, Buffer.from(new Float32Array(128).fill(0.125).buffer)]);
}

/** Models to choose from: two that draw, one that cannot, two LoRAs, and one that writes where
 *  the program that makes it was built. */
function models() {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "omost-models-"));
  for (const name of ["first", "second"]) fs.symlinkSync(golden("model"), path.join(folder, name));
  fs.mkdirSync(path.join(folder, "broken"));
  for (const part of fs.readdirSync(golden("model")).filter((p) => p !== "vae"))
    fs.symlinkSync(path.join(golden("model"), part), path.join(folder, "broken", part));
  fs.mkdirSync(path.join(folder, "loras"));
  for (const name of ["tint", "other"])
    fs.writeFileSync(path.join(folder, "loras", `${name}.safetensors`), lora());
  const make = path.join(path.dirname(OMOST_BIN), "tests", "make_tiny_gguf");
  composer = fs.existsSync(make) ? "tiny.gguf" : null;
  if (composer) execFileSync(make, [path.join(folder, composer)]);
}

before(async () => {
  models();
  server = await new Server({ replies: [MISSPELLED, DINOSAUR], rate: 20000,
    args: ["--models", folder] }).start();
  browser = await launch();
  page = await openPage(browser, server);
});

after(async () => {
  await browser?.close();
  await server?.remove();
  fs.rmSync(folder, { recursive: true, force: true });
});

let count = 0;
afterEach(() => shot(page, `after-page-${++count}`));

const clean = (p) => assert.deepEqual(p.faults, []);
const number = (name) => page.getByRole("spinbutton", { name, exact: true });
const drawButton = (p) => p.getByRole("button", { name: "Draw", exact: true });

/** What the page asks for when it draws. */
async function drawn(act) {
  const [request] = await Promise.all([
    page.waitForRequest((r) => r.url().endsWith("/api/renders")), act()]);
  return request.postDataJSON().options;
}

test("what was mended in a reply is told at its place, after a reload as well", LIMIT, async () => {
  await say(page, "a harbour");
  await answered(page);
  const told = async () => {
    await page.locator(".mended summary").getByText("Mended in 13 places").click();
    await page.getByText('"steel blue" is not a colour name; taken as "steelblue"').first().waitFor();
    await eventually(() => page.locator(".mended pre").first().textContent(),
      /^ +HTML_web_color_name='steel blue',\n +\^{12}$/);
    await tab(page, "code");
    await eventually(() => page.locator(".says").textContent(), /^13 things were mended/);
    // They are places of the reply, not of the code that stands here now.
    assert.equal(await page.locator(".notes button").count(), 0);
    assert.equal(await page.locator(".notes li").count(), 13);
  };
  await told();
  await page.reload();
  await ready(page);
  await told();
  clean(page);
});

test("notes about what is typed lead to their places", LIMIT, async () => {
  const editor = page.getByLabel("Code of the canvas", { exact: true });
  const text = await editor.inputValue();
  await editor.fill(text.replace("'lightcyan'", "'lite cyan'"));
  await page.locator(".notes button").click();
  assert.equal(await editor.evaluate((n) => n.value.slice(n.selectionStart, n.selectionEnd)), "'lite cyan'");
  clean(page);
});

test("what is typed is drawn, however quickly one asks for it", LIMIT, async () => {
  await small(page, 3);
  await tab(page, "code");
  const editor = page.getByLabel("Code of the canvas", { exact: true });
  await editor.fill((await editor.inputValue()).replaceAll("A sleeping grey cat.", "A purple horse."));
  await editor.press("Control+Enter");
  await thumbs(page, 1);
  const get = async (what) => (await fetch(`${server.url}api/${what}`)).json();
  const [image] = (await get("images")).images;
  assert.match((await get(`canvases/${image.canvas}`)).python, /A purple horse\./);
  // A number is told when its field is left.
  await tab(page, "settings");
  await number("Steps").fill("4");
  const options = await drawn(() => number("Steps").press("Control+Enter"));
  assert.equal(options.steps, 4);
  assert.ok(await number("Steps").evaluate((n) => n === document.activeElement));
  await thumbs(page, 2);
  await quiet(page);
  clean(page);
});

test("sizes, the seed, pictures at once and presets", LIMIT, async () => {
  await tab(page, "settings");
  const size = page.getByLabel("Size", { exact: true });
  await size.hover();
  await page.getByText("The models were made for the sizes of this list").waitFor();
  await page.getByLabel("Add a LoRA").hover();
  await page.getByText("laid over the model that draws").waitFor();
  await openGroup(page, "Writing canvases");
  await number("Seed of the canvas").waitFor();
  await size.selectOption("1344x768");
  assert.deepEqual([await number("Width").inputValue(), await number("Height").inputValue()], ["1344", "768"]);
  await page.getByRole("button", { name: "Swap width and height" }).click();
  await eventually(() => size.inputValue(), "768x1344");
  await small(page, 3);
  await eventually(() => size.inputValue(), "");

  await page.getByRole("button", { name: "Roll another seed" }).click();
  const seed = await number("Seed").inputValue();
  assert.notEqual(seed, "12345");
  assert.equal((await drawn(() => drawButton(page).click())).seed, Number(seed), "kept");
  await thumbs(page, 3);
  await page.getByRole("button", { name: "Kept", exact: true }).click();
  await page.getByRole("button", { name: "New each time" }).waitFor();
  await setNumber(page, "Pictures", 2);
  await eventually(() => page.locator(".bar-below .muted").textContent(), /2 pictures/);
  await quiet(page);
  const options = await drawn(() => drawButton(page).click());
  assert.notEqual(options.seed, Number(seed), "rolled");
  assert.equal(options["batch-count"], 2);
  await thumbs(page, 5);
  await quiet(page);
  await page.getByRole("button", { name: "New each time" }).click();
  await setNumber(page, "Pictures", 1);

  const preset = page.getByLabel("Preset", { exact: true });
  await preset.selectOption("LCM, 6 steps");
  await eventually(() => number("Steps").inputValue(), "6");
  await eventually(() => page.getByLabel("Sampler", { exact: true }).inputValue(), "lcm");
  await setNumber(page, "Steps", 5);
  await eventually(() => preset.inputValue(), "");
  await page.getByLabel("Name of a new preset").fill("Mine");
  await page.getByRole("button", { name: "Keep as preset" }).click();
  await eventually(() => preset.inputValue(), "Mine");
  await preset.selectOption("Usual");
  await eventually(() => number("Steps").inputValue(), "25");
  await page.reload();
  await ready(page);
  await tab(page, "settings");
  await preset.selectOption("Mine");
  await eventually(() => number("Steps").inputValue(), "5");
  await page.getByTitle("Delete this preset of yours").click();
  await eventually(() => preset.locator("option", { hasText: "Mine" }).count(), 0);
  clean(page);
});

test("LoRAs, the region method and a second pass go with the picture", LIMIT, async () => {
  await tab(page, "settings");
  await page.getByRole("button", { name: "All back to defaults" }).click();
  await small(page, 3);
  await page.getByLabel("Add a LoRA").selectOption("loras/other.safetensors");
  await page.getByLabel("Add a LoRA").selectOption("loras/tint.safetensors");
  // The field of what was added has the focus, and keeps it while it is changed.
  const weight = page.getByLabel("Weight of loras/tint.safetensors");
  assert.ok(await weight.evaluate((n) => n === document.activeElement));
  for (let i = 0; i < 4; i++) await page.keyboard.press("ArrowDown");
  await eventually(() => weight.inputValue(), "0.8");
  assert.ok(await weight.evaluate((n) => n === document.activeElement));
  await page.getByRole("button", { name: "Remove loras/other.safetensors" }).click();
  await openGroup(page, "Regions");
  await page.getByLabel("Region method", { exact: true }).selectOption("couple");
  await openGroup(page, "Second pass (hires fix)");
  await setNumber(page, "Size of the second pass", 2);
  await setNumber(page, "Steps of the second pass", 2);
  await eventually(() => page.locator("details.group", { hasText: "Second pass" }).locator(".count")
    .textContent(), "2 changed");
  const options = await drawn(() => drawButton(page).click());
  assert.deepEqual(options, { width: 128, height: 128, steps: 3, region: "couple", hires: 2,
    "hires-steps": 2, lora: [{ name: "loras/tint.safetensors", weight: 0.8 }] });
  await thumbs(page, 6);
  await quiet(page);
  const [image] = (await (await fetch(`${server.url}api/images`)).json()).images;
  assert.deepEqual([image.width, image.height], [256, 256]);
  // Given back with the picture, after a reload too.
  await page.getByRole("button", { name: "All back to defaults" }).click();
  await eventually(() => page.locator(".loras .row").count(), 0);
  await page.reload();
  await ready(page);
  await tab(page, "gallery");
  await page.locator(".thumb").first().click();
  await page.getByRole("button", { name: "Restore canvas and settings" }).click();
  await tab(page, "settings");
  await eventually(() => weight.inputValue(), "0.8");
  await eventually(() => page.getByLabel("Region method", { exact: true }).inputValue(), "couple");
  await page.getByRole("button", { name: "All back to defaults" }).click();
  clean(page);
});

test("models are chosen in the page", LIMIT, async () => {
  await tab(page, "settings");
  const draws = page.getByLabel("Draws", { exact: true });
  assert.equal(await draws.inputValue(), "model");
  await draws.selectOption("second");
  await eventually(() => page.locator("#models-line").textContent(), /second/);
  await quiet(page);
  await small(page, 3);
  await drawButton(page).click();
  await thumbs(page, 7);
  await quiet(page);
  await page.reload();
  await ready(page);
  await tab(page, "settings");
  await eventually(() => draws.inputValue(), "second");
  // What cannot be loaded is told, and the one before stays.
  fs.writeFileSync(path.join(folder, "broken.gguf"), "no model");
  await page.locator("summary", { hasText: "Models" }).click();
  await page.locator("summary", { hasText: "Models" }).click();
  const writes = page.getByLabel("Writes", { exact: true }), writer = await writes.inputValue();
  await page.waitForFunction(() => [...document.querySelectorAll("option")].some((o) => o.value === "broken.gguf"));
  for (const [picker, file, old] of [[writes, "broken.gguf", writer], [draws, "broken", "second"]]) {
    await picker.selectOption(file);
    await page.locator(".job[data-state=failed]").getByText(/^Loading a model failed: .*still in use/).waitFor();
    await eventually(() => picker.inputValue(), old);
    await page.getByRole("button", { name: "Put this out of sight" }).click();
  }
  await drawButton(page).click();
  await thumbs(page, 8);
  await quiet(page);
  clean(page);
});

test("a model that writes is chosen in the page", LIMIT, async (t) => {
  if (!composer) { t.skip("make_tiny_gguf was not built"); return; }
  await tab(page, "settings");
  const writes = page.getByLabel("Writes", { exact: true });
  await writes.selectOption(composer);
  await eventually(() => page.locator("#models-line").textContent(), /tiny\.gguf/);
  await quiet(page);
  await page.reload();
  await ready(page);
  await tab(page, "settings");
  await eventually(() => writes.inputValue(), composer);
  clean(page);
});

test("layers are put in order by keyboard", LIMIT, async () => {
  await newChat(page);
  await drop(page, "d.txt", DINOSAUR, "text/plain");
  await eventually(() => boxes(page).count(), 4);
  await tab(page, "region");
  const order = () => page.locator(".layers .entry").allTextContents();
  const before = (await order()).join();
  await page.getByRole("button", { name: "Nearer: A mighty dinosaur." }).focus();
  const focus = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") ??
    document.activeElement.textContent);
  await page.keyboard.press("Enter");
  await eventually(async () => (await order()).indexOf("A mighty dinosaur."), 1);
  assert.equal(await focus(), "Nearer: A mighty dinosaur.");
  await page.keyboard.press("Enter");
  await eventually(async () => (await order()).indexOf("A mighty dinosaur."), 0);
  // There is nothing nearer: the focus is not lost.
  await eventually(focus, "A mighty dinosaur.");
  const after = (await order()).join();
  for (const key of ["Control+z", "Control+z"]) await page.keyboard.press(key);
  await eventually(async () => (await order()).join(), before);
  for (const key of ["Control+y", "Control+Shift+z"]) await page.keyboard.press(key);
  await eventually(async () => (await order()).join(), after);
  clean(page);
});

test("undo and redo go on after the page was loaded again", LIMIT, async () => {
  const kept = () => page.waitForResponse((r) => r.request().method() === "POST" && /canvases$/.test(r.url()));
  const last = () => page.locator(".layers .entry").last().textContent();
  await page.locator(".layers .entry").last().click();
  const before = await last();
  for (const text of ["A first one.", "A second one."]) {
    await Promise.all([kept(), page.getByLabel("Description", { exact: true }).fill(text)]);
    await page.waitForTimeout(1000); // what is typed within a second is one step
  }
  await page.reload();
  await ready(page);
  await tab(page, "region");
  const undo = page.getByTitle("Undo (Ctrl+Z)"), redo = page.getByTitle("Redo (Ctrl+Shift+Z)");
  await undo.click();
  await eventually(last, "Whole picture: A first one.");
  await Promise.all([page.waitForResponse((r) => r.request().method() === "PATCH"), undo.click()]);
  await eventually(last, before);
  await page.reload();
  await ready(page);
  await eventually(last, before);
  for (const text of ["A first one.", "A second one."]) {
    await redo.click();
    await eventually(last, `Whole picture: ${text}`);
  }
  assert.ok(await redo.isDisabled());
  clean(page);
});

test("who changes a canvas that another has changed meanwhile is told", LIMIT, async () => {
  const id = new URLSearchParams(new URL(page.url()).hash.slice(1)).get("s");
  const at = (path, body) => fetch(`${server.url}api/sessions/${id}${path}`, body && {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  let canvas; // what the test before went on to is kept by now
  await eventually(async () => {
    ({ canvas } = await (await at("")).json());
    return canvas.json.global.description;
  }, "A second one.");
  const theirs = { ...canvas.json, global: { ...canvas.json.global, description: "Theirs." } };
  // It happens while the page's own change is on its way.
  await page.route("**/canvases", async (route) => {
    if (route.request().method() === "POST") await at("/canvases", { json: theirs, parent: canvas.id });
    await route.continue();
  }, { times: 1 });
  const last = () => page.locator(".layers .entry").last().textContent();
  await page.locator(".layers .entry").last().click();
  await page.getByLabel("Description", { exact: true }).fill("Mine.");
  await page.locator(".toast").getByRole("button", { name: "Bring the other back" }).click();
  await eventually(last, "Whole picture: Theirs.");
  await page.getByTitle("Undo (Ctrl+Z)").click();
  await eventually(last, "Whole picture: Mine.");
  clean(page);
});

test("a search of the gallery shows what it is for, also of what comes", LIMIT, async () => {
  await tab(page, "gallery");
  const search = page.getByLabel("Search the gallery"), all = await page.locator(".thumb").count();
  const [answer] = await Promise.all([
    page.waitForResponse((r) => r.url().includes("q=purple")), search.fill("purple horse")]);
  const found = (await answer.json()).images.length;
  await thumbs(page, found);
  await drawButton(page).click();
  await quiet(page);
  const [image] = (await (await fetch(`${server.url}api/images`)).json()).images;
  assert.doesNotMatch(image.parameters, /purple/);
  await page.waitForTimeout(500);
  assert.equal(await page.locator(".thumb").count(), found);
  await search.fill("");
  await thumbs(page, all + 1);
  clean(page);
});

test("code and pictures are copied and saved", LIMIT, async () => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await tab(page, "code");
  await page.waitForFunction(() => document.querySelector(".editor").value.includes("dinosaur"));
  const text = await page.getByLabel("Code of the canvas", { exact: true }).inputValue();
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await page.locator(".toast").getByText("Copied.").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), text);
  const saved = async (act) => {
    const [file] = await Promise.all([page.waitForEvent("download"), act()]);
    return [file.suggestedFilename(), fs.readFileSync(await file.path())];
  };
  const save = (name) => saved(() => page.getByRole("button", { name, exact: true }).click());
  let [name, bytes] = await save("Save");
  assert.deepEqual([name, bytes.toString()], ["canvas.py", text]);
  [name, bytes] = await save("ComfyUI");
  assert.equal(name, "canvas.comfy.json");
  assert.equal(JSON.parse(bytes).length, 5);

  await tab(page, "gallery");
  await page.locator(".thumb").first().click();
  const dialog = page.getByRole("dialog");
  [name, bytes] = await saved(() => dialog.getByRole("link", { name: "Download" }).click());
  assert.match(name, /^omost-\d+\.png$/);
  assert.equal(bytes.toString("latin1", 1, 4), "PNG");
  // What is said while a window is open is in the window.
  while (await dialog.locator(".toast").count()) await dialog.locator(".toast button").first().click();
  await dialog.getByRole("button", { name: "Copy", exact: true }).click();
  await dialog.locator(".toast").getByText("Copied.").waitFor();
  assert.deepEqual(await page.evaluate(async () => (await navigator.clipboard.read())[0].types), ["image/png"]);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("body > #toasts").count(), 1);
  clean(page);
});

test("every session has its own draft, and one that is deleted elsewhere is left", LIMIT, async () => {
  const message = page.getByLabel("Message", { exact: true });
  const id = Number(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("s"));
  await message.fill("not sent yet");
  await newChat(page);
  await eventually(() => message.inputValue(), "");
  await page.evaluate((s) => { location.hash = `s=${s}`; }, id);
  await eventually(() => message.inputValue(), "not sent yet");
  await page.reload();
  await ready(page);
  await eventually(() => message.inputValue(), "not sent yet");
  await fetch(`${server.url}api/sessions/${id}`, { method: "DELETE" });
  await page.waitForFunction((s) => location.hash !== `#s=${s}`, id);
  await eventually(() => message.inputValue(), "");
  clean(page);
});

test("a finger moves a box, pulls at its corner, and moves the view", LIMIT, async () => {
  const p = await openPage(browser, server, { viewport: { width: 390, height: 844 }, isMobile: true,
    hasTouch: true });
  try {
    // With many sessions a new one is begun, and an old one is found, at once.
    for (let i = 0; i < 55; i++)
      await fetch(`${server.url}api/sessions`, { method: "POST",
        headers: { "Content-Type": "application/json" }, body: JSON.stringify({ title: `Talk ${i} of the sea` }) });
    await p.locator("#sessions-open").tap();
    const dialog = p.getByRole("dialog"), rows = dialog.locator(".rows .entry");
    await eventually(() => rows.count(), 50);
    await dialog.getByRole("button", { name: "More" }).tap();
    await eventually(async () => await rows.count() > 55, true);
    await shot(p, "sessions-phone");
    const inSight = async (l) => { const b = await l.boundingBox(); return b.y >= 0 && b.y + b.height <= 844; };
    assert.ok(await inSight(dialog.getByRole("button", { name: "New chat" })));
    await dialog.getByLabel("Search the sessions").fill("SEA 54");
    await eventually(() => rows.allTextContents().then((t) => t.map((x) => x.slice(0, 18)).join()), "Talk 54 of the sea");
    assert.deepEqual(await findings(p, "dialog"), []);
    await dialog.getByRole("button", { name: "New chat" }).tap();
    await p.getByRole("dialog").waitFor({ state: "detached" });
    await drop(p, "d.txt", DINOSAUR, "text/plain");
    await eventually(() => boxes(p).count(), 4);
    const cdp = await p.context().newCDPSession(p);
    const touch = (type, ...points) => cdp.send("Input.dispatchTouchEvent",
      { type, touchPoints: points.map(([x, y]) => ({ x, y })) });
    const swipe = async (x, y, dx, dy) => {
      await touch("touchStart", [x, y]);
      for (let i = 1; i <= 8; i++) await touch("touchMove", [x + dx * i / 8, y + dy * i / 8]);
      await touch("touchEnd");
    };
    const frame = await p.locator(".frame").boundingBox();
    const box = p.locator(".box", { hasText: "A mighty dinosaur." });
    const [, , b] = await middle(box);
    // Where nothing nearer lies over it.
    await swipe(b.x + b.width - 12, b.y + 20, -frame.width / 3, 0);
    await eventually(() => words(p), /^on the left, a large square area/);
    const [hx, hy] = await middle(p.locator(".box.selected .handle.se"));
    await swipe(hx, hy, -frame.width * 0.2, -frame.height * 0.25);
    await eventually(() => words(p), /, a (small|medium)/);
    await shot(p, "touch");
    // Larger than the screen, it is moved by the finger; no box is.
    for (let i = 0; i < 4; i++) await p.getByRole("button", { name: "Zoom in" }).tap();
    const before = await words(p);
    const scrolled = () => p.locator(".view").evaluate((n) => n.scrollTop);
    const top = await scrolled();
    const [vx, vy] = await middle(p.locator(".view"));
    await swipe(vx, vy, 0, -120);
    await p.waitForFunction((t) => document.querySelector(".view").scrollTop > t + 40, top);
    assert.equal(await words(p), before);
    await p.getByRole("button", { name: "Fit", exact: true }).tap();
    clean(p);
  } finally {
    await p.context().close();
  }
});

test("an answer that fails says why, where it was asked for", LIMIT, async () => {
  const own = await new Server({ renderer: false, args: ["--server", "http://127.0.0.1:9"] }).start();
  try {
    const p = await openPage(browser, own);
    await say(p, "a harbour");
    await eventually(() => p.locator(".problem").textContent(), /^No answer: .+Retry asks again\.$/);
    await p.reload();
    await ready(p);
    await eventually(() => p.locator(".problem").textContent(), /^No answer: /);
    await p.getByRole("button", { name: "Retry" }).click();
    await eventually(() => p.locator(".problem").count(), 1);
    clean(p);
    await p.context().close();
  } finally {
    await own.remove();
  }
});

test("--web DIR: the page comes from there, as it is now", LIMIT, async () => {
  const web = path.join(folder, "web"), index = path.join(web, "index.html");
  fs.cpSync(path.join(OMOST_SOURCE, "web"), web, { recursive: true });
  const change = (from, to) => fs.writeFileSync(index, fs.readFileSync(index, "utf8").replace(from, to));
  change(">New chat<", ">Another chat<");
  const own = await new Server({ renderer: false, web }).start();
  try {
    const p = await openPage(browser, own);
    await eventually(() => p.locator("#session-new").textContent(), "Another chat");
    change(">Another chat<", ">Begin anew<");
    await p.reload();
    await ready(p);
    await eventually(() => p.locator("#session-new").textContent(), "Begin anew");
    clean(p);
    await p.context().close();
  } finally {
    await own.remove();
  }
});
