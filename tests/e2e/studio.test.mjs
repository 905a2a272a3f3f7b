// studio.test.mjs - the whole story of the studio, in a browser: run.sh runs it.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test, { after, afterEach, before } from "node:test";
import {
  BROKEN, DINOSAUR, DRAGON, Server, answered, boxes, drop, eventually, findings, launch, middle, newChat,
  openPage, quiet, ready, say, setNumber, shot, small, tab, thumbs, words,
} from "./support.mjs";

const LIMIT = { timeout: 180000 };
let browser, server, page;

before(async () => {
  server = await new Server({
    // Reply k answers a conversation with k answers; the fourth mends the third.
    replies: [DRAGON, DINOSAUR, BROKEN, BROKEN],
    rate: 600, // slow enough to be seen growing by a browser that has little time
  }).start();
  browser = await launch();
  page = await openPage(browser, server);
});

after(async () => {
  await browser?.close();
  await server?.remove();
});

// What one would like to see when a test has failed.
let count = 0;
afterEach(() => shot(page, `after-${++count}`));

const clean = (p) => assert.deepEqual(p.faults, []);
const visible = (p, text) => p.getByText(text).first().waitFor({ timeout: 15000 });

test("a wish is typed and regions stream in", LIMIT, async () => {
  await page.evaluate(() => {
    globalThis.counts = new Set();
    new MutationObserver(() => {
      const live = document.querySelectorAll(".live .regions li").length;
      if (live) globalThis.counts.add(live);
    }).observe(document.body, { childList: true, subtree: true });
  });
  const change = page.locator(".ideas").getByText("change the dragon to a dinosaur");
  await page.locator(".ideas").getByText("generate an image of a cat").waitFor();
  assert.ok(!await change.isVisible(), "there is nothing to change yet");
  await say(page, "generate an image of the fierce battle of warriors and the dragon");
  await page.waitForSelector(".live .regions li");
  assert.ok(await page.getByRole("button", { name: "Stop" }).isVisible());
  await quiet(page);
  const counts = await page.evaluate(() => [...globalThis.counts]);
  assert.ok(counts.length >= 3, `the list grew by and by: ${counts}`);
  await eventually(() => boxes(page).count(), 4);
  await change.waitFor();
  assert.deepEqual(await page.locator(".message.reply .regions li").allTextContents(), [
    "A fierce battle between warriors and a dragon.", "A group of fierce warriors.",
    "A mighty dragon.", "A stormy sky with flashes of lightning.",
    "A debris-covered battlefield."]);
  await page.getByRole("button", { name: "Code", exact: true }).click();
  await eventually(() => page.locator(".message pre.code").textContent(), /canvas = Canvas\(\)/);
  clean(page);
});

test("a box is dragged, its words change, and undo brings them back", LIMIT, async () => {
  await page.locator(".layers").getByText("A mighty dragon.").click();
  const box = page.locator(".box.selected");
  await box.waitFor();
  const start = "in the center, a large square area, distance 7";
  await eventually(() => words(page), start);
  const frame = await page.locator(".frame").boundingBox();
  const [x, y] = await middle(box);
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + frame.width * 0.2, y + 4, { steps: 6 });
  // The words follow the box while it is dragged, in the form and the code too.
  await eventually(() => words(page), /^on the right, slightly to the left, a large square area/);
  const code = () => page.locator(".editor").inputValue();
  await eventually(() => page.getByLabel("Offset").inputValue(), "slightly to the left");
  await eventually(code, /location='on the right',\s+offset='slightly to the left'/);
  await page.mouse.move(x + frame.width / 3, y, { steps: 4 });
  await page.mouse.up();
  await eventually(() => words(page), "on the right, a large square area, distance 7");
  // In the form and in the code as well.
  await eventually(() => page.getByLabel("Location").inputValue(), "on the right");
  await tab(page, "code");
  await page.waitForFunction(() =>
    /on the right/.test(document.querySelector(".editor").value));
  await page.locator("#stage").focus();
  await page.keyboard.press("Control+z");
  await eventually(() => words(page), start);
  await page.keyboard.press("Control+Shift+z");
  await eventually(() => words(page), "on the right, a large square area, distance 7");
  await page.keyboard.press("Control+z");
  await eventually(() => words(page), start);
  // A corner makes it smaller; the box snaps to one of the 729.
  const [hx, hy] = await middle(page.locator(".box.selected .handle.se"));
  await page.mouse.move(hx, hy);
  await page.mouse.down();
  await page.mouse.move(hx - frame.width * 0.25, hy - frame.height * 0.25, { steps: 6 });
  // What is let go with Escape is as it was, everywhere.
  await eventually(code, /'a small square area'/);
  await page.keyboard.press("Escape");
  await page.mouse.up();
  await eventually(() => words(page), start);
  await page.waitForFunction(() => !document.querySelector(".editor").value.includes("'a small square area'"));
  await page.mouse.move(hx, hy);
  await page.mouse.down();
  await page.mouse.move(hx - frame.width * 0.25, hy - frame.height * 0.25, { steps: 6 });
  await page.mouse.up();
  await eventually(() => words(page), /a small square area/);
  await page.getByTitle("Undo (Ctrl+Z)").click();
  await eventually(() => words(page), start);
  clean(page);
});

test("texts, colours and layers are edited", LIMIT, async () => {
  await tab(page, "region");
  await page.getByLabel("Description", { exact: true }).fill("A mighty old dragon.");
  await page.locator(".box.selected .label").getByText("A mighty old dragon.").waitFor();
  await page.locator("button.color").click();
  await page.getByLabel("Find a colour").fill("seagreen");
  await page.getByRole("button", { name: "seagreen", exact: true }).click();
  await eventually(() => page.locator(".box.selected").evaluate((n) =>
    getComputedStyle(n).getPropertyValue("--color")), /46 139 87/);
  await page.getByRole("button", { name: "Nearer: A mighty old dragon." }).click();
  await eventually(() => page.locator(".layers .entry").nth(1).textContent(), "A mighty old dragon.");
  for (let i = 0; i < 3; i++) await page.getByTitle("Undo (Ctrl+Z)").click();
  await eventually(() => page.getByLabel("Description", { exact: true }).inputValue(), "A mighty dragon.");
  clean(page);
});

test("code is read as it is typed, and errors are shown at their place", LIMIT, async () => {
  await tab(page, "code");
  const editor = page.getByLabel("Code of the canvas", { exact: true });
  await page.waitForFunction(() => document.querySelector(".editor").value.includes("A mighty dragon."));
  const text = await editor.inputValue();
  await editor.fill(text.replace("description='A mighty dragon.'", "description='A tiny dragon.'"));
  await page.locator(".box .label").getByText("A tiny dragon.").waitFor();
  await editor.fill(text.replace("canvas.set_global_description(", "canvas.set_globe("));
  await page.locator(".says.bad").waitFor();
  await eventually(() => page.locator(".says.bad").textContent(), /Line 5, column \d+:.*set_globe/);
  await eventually(() => page.locator(".back mark").textContent(), "set_globe");
  await eventually(() => boxes(page).count(), 4);
  await page.getByRole("button", { name: "Go there" }).click();
  assert.equal(await editor.evaluate((n) => n.value.slice(n.selectionStart, n.selectionEnd)), "set_globe");
  await shot(page, "code-error");
  await editor.fill(text);
  await page.locator(".says:not(.bad)").waitFor();
  // The other form of the same.
  await page.getByLabel("Form of the code").selectOption("json");
  await page.waitForFunction(() => document.querySelector(".editor").value.startsWith("{"));
  assert.equal(JSON.parse(await editor.inputValue()).regions.length, 4);
  await page.getByLabel("Form of the code").selectOption("python");
  clean(page);
});

test("a picture is drawn, with progress and a preview; one is cancelled", LIMIT, async () => {
  await small(page, 60);
  await page.evaluate(() => {
    globalThis.steps = new Set();
    globalThis.previews = new Set();
    new MutationObserver(() => {
      const t = document.querySelector(".job .text")?.textContent ?? "";
      if (/Step \d+ of 60, \d+ s left$/.test(t)) globalThis.steps.add(t);
      const src = document.querySelector(".frame .picture")?.getAttribute("src") ?? "";
      if (/preview/.test(src)) globalThis.previews.add(src);
    }).observe(document.body, { childList: true, subtree: true, characterData: true,
      attributes: true, attributeFilter: ["src"] });
  });
  await page.getByRole("button", { name: "Draw", exact: true }).click();
  // What is soon over may not be seen running: its picture stays.
  await thumbs(page, 1);
  await quiet(page);
  const [steps, previews] = await page.evaluate(() =>
    [globalThis.steps.size, globalThis.previews.size]);
  assert.ok(steps >= 2, `progress was told ${steps} times`);
  assert.ok(previews >= 1, "a preview was shown");
  await page.waitForFunction(() =>
    /^\/api\/images\/\d+\.png$/.test(document.querySelector(".frame .picture").getAttribute("src")));
  await small(page, 1000);
  await page.keyboard.press("Control+Enter").catch(() => {});
  await page.waitForSelector(".job[data-state=running]", { timeout: 10000 });
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.waitForSelector(".job[data-state=cancelled]");
  // A good picture ends the talk of it.
  await small(page, 5);
  await page.getByRole("button", { name: "Draw", exact: true }).click();
  await thumbs(page, 2);
  await eventually(() => page.locator(".job").count(), 0);
  clean(page);
});

test("the dragon becomes a dinosaur, and what changed is shown", LIMIT, async () => {
  await say(page, "change the dragon to a dinosaur");
  await answered(page);
  await page.locator(".box .label").getByText("A mighty dinosaur.").waitFor();
  await page.getByRole("button", { name: "Changes" }).last().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("A mighty dragon. -> A mighty dinosaur.").waitFor();
  assert.equal(await dialog.locator("img").count(), 2);
  await page.waitForFunction(() => [...document.querySelectorAll("dialog img")]
    .every((i) => i.complete && i.naturalWidth > 0));
  await shot(page, "changes");
  assert.deepEqual(await findings(page, "dialog"), []);
  await page.keyboard.press("Escape");
  clean(page);
});

test("answers branch: edit what was said last, and go back", LIMIT, async () => {
  await page.getByLabel("Message", { exact: true }).focus();
  await page.keyboard.press("ArrowUp");
  await eventually(() => page.getByLabel("Message", { exact: true }).inputValue(), "change the dragon to a dinosaur");
  await say(page, "make the dragon a lizard");
  await answered(page);
  await page.locator(".ways").getByText("2 of 2").waitFor();
  await page.locator(".ways").getByRole("button", { name: "The one before" }).click();
  await visible(page, "change the dragon to a dinosaur");
  await page.locator(".box .label").getByText("A mighty dinosaur.").waitFor();
  clean(page);
});

test("a broken reply shows its place and the remedy", LIMIT, async () => {
  await say(page, "add a moon");
  await page.locator(".problem").waitFor({ timeout: 60000 });
  await answered(page);
  await eventually(() => page.locator(".problem").textContent(), /Line 3: .*draw_region/);
  await eventually(() => page.locator(".problem pre").textContent(), /\^+/);
  await page.getByRole("button", { name: "Open in the code editor" }).click();
  await page.locator(".says.bad").waitFor();
  await eventually(() => page.locator(".back mark").textContent(), "draw_region");
  await page.locator(".message.reply").last().getByRole("button", { name: "Retry" }).click();
  await page.locator(".ways").getByText("2 of 2").waitFor({ timeout: 60000 });
  await quiet(page);
  // A script says the same again.
  await eventually(() => page.locator(".problem").count(), 1);
  clean(page);
});

test("a picture of the gallery gives its canvas and settings back", LIMIT, async () => {
  await setNumber(page, "Steps", 33);
  await tab(page, "gallery");
  await page.getByLabel("Search the gallery").fill("nothing like this");
  await visible(page, "No picture has all these words.");
  await page.getByLabel("Search the gallery").fill("warriors DRAGON");
  await page.waitForSelector(".thumb");
  await page.locator(".thumb").last().click();
  const dialog = page.getByRole("dialog");
  await dialog.locator(".facts").getByText("60", { exact: true }).waitFor();
  await dialog.locator(".its-canvas").getByText("A mighty dragon.").waitFor();
  // All that one looks for is in sight, without scrolling.
  await page.setViewportSize({ width: 1280, height: 800 });
  for (const name of ["Steps", "Sampler", "CFG scale", "Seed", "Model", "Size"]) {
    const b = await dialog.locator(".facts dt").getByText(name, { exact: true }).boundingBox();
    assert.ok(b.y > 0 && b.y + 40 < 800, `${name} at ${b.y}`);
  }
  assert.ok((await dialog.locator(".its-canvas h3").boundingBox()).y < 700);
  assert.equal(await dialog.locator(".its-canvas .chip").count(), 5);
  await shot(page, "picture");
  await page.setViewportSize({ width: 1440, height: 900 });
  await dialog.getByText("Everything that was told to the model").click();
  await dialog.getByText("Negative prompt").waitFor();
  assert.deepEqual(await findings(page, "dialog"), []);
  await page.getByRole("button", { name: "Restore canvas and settings" }).click();
  await page.locator(".box .label").getByText("A mighty dragon.").waitFor();
  await tab(page, "settings");
  await eventually(() => page.getByRole("spinbutton", { name: "Steps", exact: true }).inputValue(), "60");
  clean(page);
});

test("the page is loaded again in the middle of drawing, and it goes on", LIMIT, async () => {
  await small(page, 1000);
  const draw = page.getByRole("button", { name: "Draw", exact: true });
  await draw.click();
  const running = page.locator(".job[data-state=running]");
  await running.getByText(/^Step \d+ of 1000, \d+ s left$/).waitFor();
  const step = async () => Number(/\d+/.exec(await running.locator(".text").textContent())[0]);
  const before = await step();
  await page.reload();
  await ready(page);
  await running.getByText(/^Step \d+ of 1000, \d+ s left$/).waitFor();
  const now = await step();
  assert.ok(now >= before, `${now} after ${before}`);
  await page.waitForFunction((n) =>
    Number(/Step (\d+)/.exec(document.querySelector(".job .text").textContent)?.[1]) > n, now);
  await eventually(() => boxes(page).count(), 4);
  // The next one waits, until this one makes room.
  await small(page, 5);
  await draw.click();
  await page.locator(".job[data-state=queued]").getByText("Drawing: waiting").waitFor();
  await running.getByRole("button", { name: "Cancel" }).click();
  await page.waitForSelector(".job[data-state=cancelled]");
  await page.getByRole("button", { name: "Put this out of sight" }).click();
  await thumbs(page, 3);
  await quiet(page);
  clean(page);
});

test("two pictures are compared under a slider", LIMIT, async () => {
  await page.getByRole("button", { name: "Compare" }).click();
  const slider = page.getByRole("slider");
  await slider.focus();
  for (let i = 0; i < 10; i++) await page.keyboard.press("ArrowLeft");
  assert.equal(await page.locator(".compare").evaluate((n) => n.style.getPropertyValue("--at")), "40%");
  assert.deepEqual(await findings(page, "dialog"), []);
  await page.keyboard.press("Escape");
  clean(page);
});

test("two tabs at once see the same", LIMIT, async () => {
  await newChat(page);
  const other = await openPage(browser, server, { context: page.context(),
    hash: new URL(page.url()).hash });
  await say(page, "a battle, once more");
  await other.waitForSelector(".live .regions li", { timeout: 20000 });
  await Promise.all([answered(page), answered(other)]);
  await eventually(() => boxes(other).count(), 4);
  // What is changed here is soon there, where nothing else was changed.
  await tab(page, "region");
  await page.locator(".layers").getByText("A mighty dragon.").click();
  await page.getByLabel("Description", { exact: true }).fill("A shy dragon.");
  await other.locator(".box .label").getByText("A shy dragon.").waitFor({ timeout: 10000 });
  await page.getByTitle("Undo (Ctrl+Z)").click();
  await other.locator(".box .label").getByText("A mighty dragon.").waitFor({ timeout: 10000 });
  clean(page);
  clean(other);
  await other.close();
});

test("files are dropped on the page", LIMIT, async () => {
  await newChat(page);
  await drop(page, "d.txt", DINOSAUR, "text/plain");
  await page.locator(".box .label").getByText("A mighty dinosaur.").waitFor();
  const file = (await (await fetch(`${server.url}api/images`)).json()).images.at(-1).file;
  const png = Buffer.from(await (await fetch(new URL(file, server.url))).arrayBuffer());
  await small(page, 7);
  await drop(page, "p.png", png, "image/png");
  await page.locator(".box .label").getByText("A mighty dragon.").waitFor();
  await tab(page, "settings");
  await eventually(() => page.getByRole("spinbutton", { name: "Steps", exact: true }).inputValue(), "60");
  await drop(page, "x.txt", "no canvas here", "text/plain");
  await page.locator(".toast.error").waitFor();
  await drop(page, "x.jpg", [0xff, 0xd8, 0xff, 0xe0, 0, 16], "image/jpeg");
  await visible(page, "x.jpg is neither a PNG nor a canvas");
  // Other forms of a canvas: as the page saves them.
  for (const [to, name] of [["json", "c.json"], ["comfy", "c.comfy.json"], ["python", "c.py"]]) {
    const answer = await fetch(`${server.url}api/canvas/convert`, { method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ text: to === "comfy" ? DINOSAUR : DRAGON, to }) });
    await drop(page, name, (await answer.json()).text, "application/octet-stream");
    await visible(page, `Canvas of ${name}.`);
    await page.locator(".box .label").getByText(to === "comfy" ? "A mighty dinosaur." : "A mighty dragon.")
      .waitFor();
  }
  clean(page);
});

test("everything goes by keyboard", LIMIT, async () => {
  const p = await openPage(browser, server);
  await newChat(p);
  await p.keyboard.press("Alt+2");
  await p.keyboard.press("n");
  await p.waitForFunction(() => document.activeElement?.classList.contains("box"));
  await eventually(() => boxes(p).count(), 1);
  await eventually(() => words(p), /^in the center, a small square area/);
  await p.keyboard.press("ArrowRight");
  await eventually(() => words(p), /^in the center, slightly to the right, a small square area/);
  await p.keyboard.press("Shift+ArrowRight");
  await eventually(() => words(p), /, a (small horizontal|medium)/);
  await p.keyboard.press("n");
  await p.waitForFunction(() => document.querySelectorAll(".box").length === 2);
  await p.keyboard.press("PageDown");
  await p.keyboard.press("Delete");
  await p.waitForFunction(() => document.querySelectorAll(".box").length === 1);
  await p.keyboard.press("Control+z");
  await p.waitForFunction(() => document.querySelectorAll(".box").length === 2);
  await p.keyboard.press("Alt+3");
  await p.waitForFunction(() => document.activeElement?.id === "tab-region");
  await p.keyboard.press("ArrowRight");
  await p.waitForFunction(() => document.activeElement?.id === "tab-code");
  assert.ok(await p.locator("#panel-code").isVisible());
  await p.keyboard.press("?");
  await p.getByRole("dialog", { name: "Help and keys" }).waitFor();
  assert.deepEqual(await findings(p, "dialog"), []);
  await p.keyboard.press("Escape");
  await p.keyboard.press("Alt+1");
  await p.keyboard.type("a battle by keyboard");
  await p.keyboard.press("Enter");
  await answered(p);
  await eventually(() => boxes(p).count(), 4);
  await small(p, 20);
  const before = await p.locator(".thumb").count();
  await p.keyboard.press("Alt+2");
  await p.keyboard.press("Control+Enter");
  await thumbs(p, before + 1);
  await quiet(p);
  clean(p);
  await p.context().close();
});

test("Tab reaches every control of the page and gets out of the editor", LIMIT, async () => {
  await tab(page, "code");
  await page.locator(".skip").focus();
  const seen = new Set();
  for (let i = 0; i < 150; i++) {
    await page.keyboard.press("Tab");
    const id = await page.evaluate(() => {
      const n = document.activeElement;
      if (!n || n === document.body) return null;
      return n.id || n.getAttribute("aria-label") || n.textContent.slice(0, 40);
    });
    if (id === null) break;
    seen.add(id);
  }
  for (const want of ["sessions-open", "help-open", "say", "tab-code", "+ Region", "Draw",
    "Code of the canvas"])
    assert.ok(seen.has(want), `Tab reaches ${want}: ${[...seen].join(", ")}`);
});

test("nobody writes, nobody draws: the page says so and works by hand", LIMIT, async () => {
  const bare = await new Server({ renderer: false }).start();
  try {
    const p = await openPage(browser, bare);
    await visible(p, "Nobody is here to write canvases.");
    await visible(p, "No model that draws");
    await eventually(() => p.getByRole("button", { name: "Draw", exact: true }).isDisabled(), true);
    await p.getByRole("button", { name: "+ Region" }).click();
    await eventually(() => boxes(p).count(), 1);
    await tab(p, "code");
    await p.waitForFunction(() => document.querySelector(".editor").value.includes("add_local_description"));
    assert.deepEqual(await findings(p), []);
    await shot(p, "by-hand");
    clean(p);
    await p.context().close();
  } finally {
    await bare.remove();
  }
});

test("the server is killed while it draws: the page waits, and draws again", LIMIT, async () => {
  const own = await new Server({ replies: [DRAGON] }).start();
  try {
    const p = await openPage(browser, own);
    await say(p, "a battle");
    await answered(p);
    await small(p, 900);
    for (let i = 0; i < 3; i++) await p.getByRole("button", { name: "Draw", exact: true }).click();
    await p.waitForSelector(".job[data-state=running] progress[value]");
    await eventually(() => p.locator(".job[data-state=queued]").count(), 2);
    await own.stop("SIGKILL");
    await p.locator("#connection[data-state=lost]").waitFor({ timeout: 15000 });
    await own.start(own.port);
    await p.locator("#connection[data-state=open]")
      .waitFor({ state: "attached", timeout: 20000 });
    // What was drawn and what waited: each is begun again or put out of sight.
    const left = p.locator(".job[data-state=interrupted]");
    await eventually(() => left.count(), 3);
    await eventually(() => boxes(p).count(), 4);
    await left.first().getByRole("button", { name: "Put this out of sight" }).click();
    await eventually(() => left.count(), 2);
    await left.first().getByRole("button", { name: "Draw again" }).click();
    await p.waitForSelector(".job[data-state=running]");
    await p.reload();
    await ready(p);
    await p.waitForSelector(".job[data-state=running]");
    await eventually(() => left.count(), 1);
    await p.getByRole("button", { name: "Cancel", exact: true }).click();
    await p.waitForSelector(".job[data-state=cancelled]");
    assert.deepEqual(p.faults, []);
    await p.context().close();
  } finally {
    await own.remove();
  }
});

test("writing is stopped, and asked for again", LIMIT, async () => {
  const own = await new Server({ replies: [DRAGON], rate: 250, renderer: false }).start();
  try {
    const p = await openPage(browser, own);
    await say(p, "a battle");
    await p.waitForSelector(".live .regions li");
    await p.getByRole("button", { name: "Stop" }).click();
    await quiet(p);
    await p.getByRole("button", { name: "Send" }).waitFor();
    // What there was stays, also for who comes later.
    const part = p.locator(".message.reply", { has: p.getByText("Stopped", { exact: true }) });
    await part.locator(".regions").getByText("A fierce battle between warriors and a dragon.").waitFor();
    await p.reload();
    await ready(p);
    await p.locator(".message.reply").getByText("A fierce battle between warriors and a dragon.").first().waitFor();
    assert.equal(await p.locator(".problem").count(), 0);
    await p.locator(".message.reply").getByRole("button", { name: "Retry" }).click();
    await p.waitForFunction(() => document.querySelectorAll(".live .regions li").length >= 2);
    // Loaded again in the middle of it, the page shows what there was and goes on
    // with it: nothing is missing, nothing comes twice.
    const before = await p.locator(".live pre.code").textContent();
    await p.addInitScript(() => {
      globalThis.texts = [];
      globalThis.lists = [];
      new MutationObserver(() => {
        const live = document.querySelector(".live");
        if (!live) return;
        globalThis.texts.push(live.querySelector("pre.code").textContent);
        globalThis.lists.push([...live.querySelectorAll(".regions li")].map((n) => n.textContent));
      }).observe(document, { childList: true, subtree: true, characterData: true });
    });
    await p.reload();
    await ready(p);
    await p.waitForFunction(() => globalThis.lists.length > 0);
    await answered(p);
    const [texts, lists] = await p.evaluate(() => [globalThis.texts, globalThis.lists]);
    const all = ["A fierce battle between warriors and a dragon.", "A group of fierce warriors.",
      "A mighty dragon.", "A stormy sky with flashes of lightning.", "A debris-covered battlefield."];
    assert.ok(texts[0].length >= before.length, "what was written is there at once");
    for (const t of texts) assert.ok(DRAGON.startsWith(t), `all of it and nothing else: ${t.slice(-80)}`);
    assert.ok(new Set(texts).size > 1, "and it goes on");
    assert.ok(lists[0].length >= 2, `${lists[0]}`);
    for (const l of lists) assert.deepEqual(l, all.slice(0, l.length));
    await eventually(() => boxes(p).count(), 4);
    clean(p);
    await p.context().close();
  } finally {
    await own.remove();
  }
});

test("a server with a key asks for it", LIMIT, async () => {
  const own = await new Server({ replies: [DRAGON], renderer: false, key: "open sesame" }).start();
  try {
    const p = await openPage(browser, own, { closed: true });
    const key = p.locator("dialog input");
    await key.fill("wrong");
    await p.keyboard.press("Enter");
    await p.getByText("that is not the key").waitFor();
    await key.fill("open sesame");
    await p.keyboard.press("Enter");
    await ready(p);
    await say(p, "a battle");
    await answered(p);
    await p.reload();
    await ready(p);
    await eventually(() => boxes(p).count(), 4);
    clean(p);
    await p.context().close();
  } finally {
    await own.remove();
  }
});

test("sessions are kept apart, opened and deleted", LIMIT, async () => {
  const own = await new Server({ renderer: false }).start();
  try {
    const p = await openPage(browser, own);
    await p.getByRole("button", { name: "+ Region" }).click();
    await p.locator("#session-title").fill("One");
    await p.keyboard.press("Tab");
    // What was not saved yet when another session is opened is saved then.
    await newChat(p);
    await eventually(() => boxes(p).count(), 0);
    await p.locator("#sessions-open").click();
    await p.getByRole("dialog").getByRole("button", { name: /^One/ }).click();
    await eventually(() => boxes(p).count(), 1);
    await p.locator("#sessions-open").click();
    await p.getByRole("dialog").locator("li", { hasText: /^One/ })
      .getByRole("button", { name: "Delete", exact: true }).click();
    await p.getByRole("dialog", { name: "Delete the session?" })
      .getByRole("button", { name: "Delete" }).click();
    await eventually(() => p.locator(".rows li").count(), 1);
    await p.keyboard.press("Escape");
    await eventually(() => boxes(p).count(), 0);
    clean(p);
    await p.context().close();
  } finally {
    await own.remove();
  }
});

test("what a model says is text, never part of the page", LIMIT, async () => {
  const evil = DRAGON.replaceAll("A mighty dragon.", "<img src=x onerror=globalThis.bad=1>");
  const own = await new Server({ replies: [evil], renderer: false }).start();
  try {
    const p = await openPage(browser, own);
    await say(p, "<script>globalThis.bad = 1</script>");
    await answered(p);
    await p.locator(".box .label").getByText("<img src=x").waitFor();
    for (const t of ["region", "code", "settings", "gallery"]) await tab(p, t);
    assert.equal(await p.evaluate(() => globalThis.bad), undefined);
    assert.equal(await p.locator("img[src=x]").count(), 0);
    clean(p);
    await p.context().close();
  } finally {
    await own.remove();
  }
});

for (const scheme of ["light", "dark"])
  test(`axe finds nothing serious: ${scheme}`, LIMIT, async () => {
    const p = await openPage(browser, server, { colorScheme: scheme });
    for (const name of ["region", "code", "settings", "gallery"]) {
      await tab(p, name);
      assert.deepEqual(await findings(p, name === "region" ? "html" : "#side"), [], name);
      await shot(p, `${scheme}-${name}`);
    }
    await p.locator("#sessions-open").click();
    await p.getByRole("dialog", { name: "Sessions" }).waitFor();
    assert.deepEqual(await findings(p, "dialog"), []);
    await p.context().close();
  });

for (const [width, height] of [[390, 844], [1440, 900], [3840, 2160]])
  test(`the page fits ${width}x${height}`, LIMIT, async () => {
    const phone = width < 500;
    const p = await openPage(browser, server, { viewport: { width, height },
      ...(phone ? { isMobile: true, hasTouch: true } : {}) });
    const parts = phone ? ["chat", "stage", "side"] : ["all"];
    for (const part of parts) {
      if (phone) await p.locator(`[data-part=${part}]`).click();
      const over = await p.evaluate(() => {
        const d = document.documentElement;
        return [d.scrollWidth - d.clientWidth, d.scrollHeight - d.clientHeight];
      });
      assert.deepEqual(over, [0, 0], `${part}: nothing is cut off or scrolls as a whole`);
      assert.deepEqual(await findings(p), [], part);
      await shot(p, `${width}-${part}`);
    }
    if (!phone)
      for (const id of ["#chat", "#stage", "#side"]) assert.ok(await p.locator(id).isVisible());
    clean(p);
    await p.context().close();
  });

test("no file of the page names another host", async () => {
  const web = path.join(process.env.OMOST_SOURCE, "web");
  for (const name of fs.readdirSync(web, { recursive: true })) {
    if (!/\.(html|js|css|svg)$/.test(name)) continue;
    const text = fs.readFileSync(path.join(web, name), "utf8")
      .replaceAll("http://www.w3.org/2000/svg", "");
    assert.doesNotMatch(text, /https?:\/\//, name);
  }
});
