import assert from "node:assert/strict";
import { test } from "node:test";
import { LINES_KEPT, lastLineOf, linesOf, reduceCaptions } from "../../../services/api/web/js/captions.js";
import { CaptionReader } from "../../../services/api/web/js/streams.js";

const play = (...events) => events.reduce(reduceCaptions, []);
const piece = (key, text, persona = "morel") => ({ type: "piece", key, text, persona, name: "Claire Morel", source: "live" });
const own = (key, text, final = false) => ({ type: "own", key, text, final });
const texts = (lines) => lines.map((line) => line.text);

test("pieces of one segment are appended", () => {
  assert.deepEqual(texts(play(piece("a", "Bon"), piece("a", "soir."), piece("b", "Oui."))), ["Bonsoir.", "Oui."]);
});

test("the person's own segment is replaced, not appended", () => {
  assert.deepEqual(texts(play(own("u", "bon"), own("u", "bonsoir à"), own("u", "Bonsoir à tous.", true))), ["Bonsoir à tous."]);
});

test("a segment that ends up empty leaves no line: a mere mm-hm", () => {
  assert.deepEqual(play(own("u", "mm"), own("u", "", true)), []);
  assert.deepEqual(play(piece("a", " "), { type: "done", key: "a" }), []);
});

test("a typed line that comes back as a caption is shown once", () => {
  const lines = play({ type: "typed", key: "t1", text: "Bonsoir." }, own("u", "Bonsoir.", true));
  assert.equal(lines.length, 1);
  assert.ok(lines[0].typed);
});

test("two people's segments may be written at the same time", () => {
  assert.deepEqual(texts(play(piece("a", "Je "), own("u", "Non", true), piece("a", "crois."))), ["Je crois.", "Non"]);
});

test("the last line of a character is found across others", () => {
  const lines = play(piece("a", "un"), piece("b", "deux"), piece("c", "trois", "roche"));
  assert.equal(lastLineOf(lines, "morel")?.text, "deux");
  assert.equal(lastLineOf(lines, "castan"), undefined);
});

test("the oldest lines go when there are too many", () => {
  const lines = Array.from({ length: LINES_KEPT + 5 }, (_, at) => piece(`s${at}`, `${at}`)).reduce(reduceCaptions, []);
  assert.equal(lines.length, LINES_KEPT);
  assert.equal(lines[0].text, "5");
});

const reader = (attributes, pieces) => ({ info: { id: "x", attributes }, async *[Symbol.asyncIterator]() { yield* pieces; } });

test("m11: a stream of anybody but an agent or oneself is not read", async () => {
  const seen = [];
  await new CaptionReader(() => "none", (event) => seen.push(event)).read(reader({}, ["I am the cast"]), "stranger");
  assert.deepEqual(seen, []);
});

test("an older stream of the same segment does not overwrite a newer one", async () => {
  let lines = [];
  const captions = new CaptionReader(() => "own", (event) => { lines = reduceCaptions(lines, event); });
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  const slow = { info: { attributes: { "lk.segment_id": "u" } }, async *[Symbol.asyncIterator]() { yield "bon"; await held; yield "jour"; } };
  const older = captions.read(slow, "me");
  await captions.read(reader({ "lk.segment_id": "u", "lk.transcription_final": "true" }, ["Bonsoir."]), "me");
  release();
  await older;
  assert.deepEqual(texts(lines), ["Bonsoir."]);
  assert.ok(lines[0].final);
});

test("a stream that breaks off leaves what it had brought, closed", async () => {
  let lines = [];
  const captions = new CaptionReader(() => "cast", (event) => { lines = reduceCaptions(lines, event); });
  const broken = { info: { attributes: { "lk.segment_id": "a", "repartee.persona": "roche" } }, async *[Symbol.asyncIterator]() { yield "Je di"; throw new Error("gone"); } };
  await captions.read(broken, "agent");
  assert.deepEqual([lines[0].text, lines[0].final, lines[0].persona], ["Je di", true, "roche"]);
});

test("what was said before becomes final lines, the newest of a long scene", () => {
  const turn = (speaker, text) => ({ speaker, name: speaker === "learner" ? "Vous" : "Claire Morel", text, cut: false, at: "" });
  const [one, two] = linesOf([turn("morel", "Bonsoir."), turn("learner", "Merci.")]);
  assert.deepEqual([one.persona, one.name, one.text, one.own, one.final], ["morel", "Claire Morel", "Bonsoir.", false, true]);
  assert.deepEqual([two.persona, two.name, two.own], ["", "", true]);
  assert.equal(linesOf(Array.from({ length: LINES_KEPT + 1 }, (_, at) => turn("morel", `${at}`))).at(0).text, "1");
});
