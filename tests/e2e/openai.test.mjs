// openai.test.mjs - a client that nobody here wrote: OpenAI's own package for
// JavaScript, as one would use it, with `omost serve` as its base URL. run.sh
// runs it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";
import test, { after, before } from "node:test";
import { DINOSAUR, DRAGON, Server } from "./support.mjs";

const LIMIT = { timeout: 120000 };
const require = createRequire(path.join(process.env.OMOST_MODULES, "/"));
const { OpenAI, APIUserAbortError, AuthenticationError, BadRequestError } = require("openai");

const KEY = "a-key-for-the-test";
const ask = [{ role: "user", content: "a dragon" }];
let server, client;

before(async () => {
  process.env.OMOST_SERVE_KEY = KEY; // the server inherits it
  server = await new Server({ replies: [DRAGON, DINOSAUR], rate: 4000 }).start();
  client = connect(KEY);
});

after(() => server?.remove());

const connect = (apiKey) =>
  new OpenAI({ apiKey, baseURL: `${server.url.replace(/\/$/, "")}/v1`, maxRetries: 0 });

async function rejected(promise, kind, words) {
  await assert.rejects(promise, (e) => {
    assert.ok(e instanceof kind, `${e.constructor.name}: ${e.message}`);
    assert.match(e.message, words);
    return true;
  });
}

test("models.list", LIMIT, async () => {
  const found = [];
  for await (const model of client.models.list()) found.push(model);
  assert.equal(found.length, 1);
  assert.equal(found[0].object, "model");
  assert.ok(found[0].id);
});

test("another key is refused as the package expects", LIMIT, () =>
  rejected(connect("wrong").models.list(), AuthenticationError, /401/));

test("chat.completions.create, whole", LIMIT, async () => {
  const [{ id: model }] = (await client.models.list()).data;
  const answer = await client.chat.completions.create({ model, messages: ask, temperature: 0.5,
    top_p: 0.9, seed: 7, max_completion_tokens: 4000 });
  assert.match(answer.id, /^chatcmpl-\d+$/);
  assert.equal(answer.object, "chat.completion");
  assert.equal(answer.model, model);
  assert.equal(answer.choices.length, 1);
  assert.deepEqual(answer.choices[0].message, { role: "assistant", content: DRAGON });
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.ok(Math.abs(answer.created - Date.now() / 1000) < 60);
  const { usage } = answer;
  assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
});

test("a second turn, with a system message and parts of text", LIMIT, async () => {
  const answer = await client.chat.completions.create({ model: "any", messages: [
    { role: "system", content: "Be brief." },
    { role: "user", content: [{ type: "text", text: "a " }, { type: "text", text: "dragon" }] },
    { role: "assistant", content: DRAGON },
    { role: "user", content: "make it a dinosaur" },
  ] });
  assert.equal(answer.choices[0].message.content, DINOSAUR);
});

test("chat.completions.create, as a stream", LIMIT, async () => {
  const stream = await client.chat.completions.create({ model: "any", messages: ask, stream: true });
  let text = "", pieces = 0, role, reason;
  for await (const chunk of stream) {
    assert.equal(chunk.object, "chat.completion.chunk");
    const [choice] = chunk.choices;
    role ??= choice.delta.role;
    if (choice.delta.content) pieces++, (text += choice.delta.content);
    reason = choice.finish_reason ?? reason;
  }
  assert.equal(role, "assistant");
  assert.equal(text, DRAGON);
  assert.equal(reason, "stop");
  assert.ok(pieces > 3, `it came in ${pieces} pieces`);
});

test("the package's own collector of streams", LIMIT, async () => {
  const runner = client.chat.completions.stream({ model: "any", messages: ask });
  let grown = "";
  runner.on("content", (_, snapshot) => { grown = snapshot; });
  const whole = await runner.finalChatCompletion();
  assert.equal(whole.choices[0].message.content, DRAGON);
  assert.equal(grown, DRAGON);
});

test("a stream that is left ends its job", LIMIT, async () => {
  const stream = await client.chat.completions.create({ model: "any", messages: ask, stream: true });
  for await (const chunk of stream) {
    if (chunk.choices[0].delta.content) break; // the package aborts the request
  }
  const headers = { Authorization: `Bearer ${KEY}` };
  let job;
  for (const end = Date.now() + 20000; Date.now() < end;) {
    ({ jobs: [job] } = await (await fetch(`${server.url}api/jobs?limit=1`, { headers })).json());
    if (!["queued", "running"].includes(job.state)) break;
    await new Promise((r) => setTimeout(r, 50));
  }
  assert.equal(job.state, "cancelled");
  await assert.rejects(client.chat.completions.create({ model: "any", messages: ask },
    { signal: AbortSignal.abort() }), APIUserAbortError);
});

test("what is asked wrongly is told", LIMIT, () => rejected(
  client.chat.completions.create({ model: "any", messages: [{ role: "assistant", content: "no" }] }),
  BadRequestError, /messages must be a list that ends with a user's/));

// Width and height of a PNG picture, from its header.
function sizeOf(b64) {
  const png = Buffer.from(b64, "base64");
  assert.equal(png.subarray(0, 8).toString("latin1"), "\x89PNG\r\n\x1a\n");
  assert.equal(png.subarray(12, 16).toString("latin1"), "IHDR");
  return `${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`;
}

test("images.generate: composed and drawn", LIMIT, async () => {
  const { data, created } = await client.images.generate({ model: "any", prompt: "a dragon",
    n: 2, size: "128x192", response_format: "b64_json" });
  assert.ok(Math.abs(created - Date.now() / 1000) < 120);
  assert.deepEqual(data.map((d) => sizeOf(d.b64_json)), ["128x192", "128x192"]);
  assert.notEqual(data[0].b64_json, data[1].b64_json);
});

test("images.generate: a canvas of one's own, by a member of ours", LIMIT, async () => {
  const { data } = await client.images.generate({ prompt: "passed over", canvas: DINOSAUR,
    size: "128x128" });
  assert.deepEqual(data.map((d) => sizeOf(d.b64_json)), ["128x128"]);
});

test("images.generate: what cannot be done is told", LIMIT, async () => {
  await rejected(client.images.generate({ prompt: "a dragon", response_format: "url" }),
    BadRequestError, /b64_json/);
  await rejected(client.images.generate({ prompt: " " }), BadRequestError, /prompt/);
});
