// peer_tokenize.mjs - our tokenizer beside a JavaScript one, clip-bpe-js, on the
// same texts in the same run, on one core.
//
//     npm pack clip-bpe-js@0.0.6 && tar -xzf clip-bpe-js-0.0.6.tgz
//     node bench/peer_tokenize.mjs package build/release/bench/bench_tokenize
//
// Texts are the prompts of the golden canvases (OMOST_GOLDEN, or else
// ../shared/golden). Then its ids are compared with those the original gives
// (tokenizer/tokens.json of the golden data).

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const [, , packageDir, bench] = process.argv;
if (!packageDir) {
    console.error("usage: node bench/peer_tokenize.mjs PACKAGE_FOLDER [BENCH_PROGRAM]");
    process.exit(2);
}
const golden = process.env.OMOST_GOLDEN || "../shared/golden";
const Tokenizer = createRequire(import.meta.url)(resolve(packageDir, "script/mod.js")).default;
const peer = new Tokenizer();

function canvasTexts() {
    const texts = [];
    for (const name of readdirSync(join(golden, "canvas")).sort()) {
        if (!/^\d+.*\.json$/.test(name)) continue;
        const canvas = JSON.parse(readFileSync(join(golden, "canvas", name), "utf8"));
        if (canvas.error) continue;
        for (const c of [canvas.global, ...canvas.components])
            for (const t of [...c.prefixes, ...c.suffixes])
                if (/^[ -~]+$/.test(t)) texts.push(t);
    }
    return texts;
}

// The best of five runs of about half a second, as bench_tokenize.c does it.
function bytesPerSecond(texts) {
    const bytes = texts.reduce((n, t) => n + Buffer.byteLength(t), 0);
    const once = () => {
        const start = performance.now();
        for (const t of texts) peer.encode(t);
        return (performance.now() - start) / 1e3;
    };
    once(); // fills its cache of words
    const times = Math.ceil(0.5 / once());
    let best = Infinity;
    for (let run = 0; run < 5; run++) {
        let s = 0;
        for (let i = 0; i < times; i++) s += once();
        best = Math.min(best, s / times);
    }
    return bytes / best;
}

function compareIds() {
    const rows = JSON.parse(readFileSync(join(golden, "tokenizer/tokens.json"), "utf8"));
    const count = { plain: 0, plainDiffer: 0, other: 0, otherDiffer: 0 };
    const examples = [];
    for (const { text, ids } of rows) {
        const plain = /^[\x20-\x7e]*$/.test(text);
        let got;
        try { got = peer.encode(text); } catch (e) { got = [String(e)]; }
        const differ = JSON.stringify(got) !== JSON.stringify(ids);
        count[plain ? "plain" : "other"]++;
        if (differ) count[plain ? "plainDiffer" : "otherDiffer"]++;
        if (differ && plain) examples.push({ text: text.slice(0, 100), ids: ids.slice(0, 12),
                                             peer: got.slice(0, 12) });
    }
    return { ...count, examples };
}

const texts = canvasTexts();
const rate = bytesPerSecond(texts);
const result = { bench: "tokenize", peer: "clip-bpe-js 0.0.6", node: process.version,
                 peer_mb_per_s: +(rate / 1e6).toFixed(2) };
if (bench) {
    const dir = mkdtempSync(join(tmpdir(), "omost-bench-"));
    const file = join(dir, "texts");
    writeFileSync(file, texts.join("\n") + "\n");
    const ours = JSON.parse(execFileSync(bench, [file], { encoding: "utf8" }));
    rmSync(dir, { recursive: true });
    result.omost_mb_per_s = ours.mb_per_s;
    result.load_ms = ours.load_ms;
    result.bytes = ours.bytes;
    result.ratio = +(ours.mb_per_s / (rate / 1e6)).toFixed(1);
}
const { examples, ...counts } = compareIds();
console.log(JSON.stringify({ ...result, ids: counts }));
for (const e of examples) console.log(JSON.stringify(e));
