import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { hears, retryAfter, sceneFrom } from "../../../services/api/web/js/api.js";
import { WORDS, negotiate, sentence } from "../../../services/api/web/js/i18n.js";
import { loudness } from "../../../services/api/web/js/meter.js";
import { clockText, hueOf, initials, readable } from "../../../services/api/web/js/portrait.js";
import { tail } from "../../../services/api/web/js/views/stage.js";

const WEB = new URL("../../../services/api/web/", import.meta.url);
const sources = ["", "views/"].flatMap((folder) => readdirSync(new URL(`js/${folder}`, WEB))
  .filter((name) => name.endsWith(".js")).map((name) => [name, readFileSync(new URL(`js/${folder}${name}`, WEB), "utf8")]));
const holes = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();

test("both languages have the same keys, and the same holes in each sentence", () => {
  assert.deepEqual(Object.keys(WORDS.fr).sort(), Object.keys(WORDS.en).sort());
  for (const [key, text] of Object.entries(WORDS.en)) assert.deepEqual(holes(WORDS.fr[key]), holes(text), key);
});

test("French puts a no-break space before its double signs", () => {
  for (const [key, text] of Object.entries(WORDS.fr)) assert.doesNotMatch(text, /[^\u202f\s][?!;](?=\s|$)| [?!;:]/u, key);
});

test("every key that the page names exists", () => {
  const html = readFileSync(new URL("index.html", WEB), "utf8");
  const named = [...sources.map(([, text]) => text), html].join("\n").matchAll(/"((?:page|start|studio|scenes|scene|brief|device|room|status|after|error)\.[a-z_.]*[a-z])"/g);
  for (const [, key] of named) assert.ok(key in WORDS.en, key);
});

test("p9: no source inserts markup or runs text", () => {
  for (const [name, text] of sources) assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser/, name);
});

test("the language is the first wish that the page speaks", () => {
  assert.equal(negotiate([null, "de-DE", "fr-CA", "en"]), "fr");
  assert.equal(negotiate(["en-GB", "fr"]), "en");
  assert.equal(negotiate(["ja"]), "en");
});

test("a hole is filled by its name, and a value is not read as a pattern", () => {
  assert.equal(sentence("en", "status.speaking", { name: "$& {x}" }), "$& {x} is speaking. Cut in whenever you like.");
});

for (const [name, expected] of [["Claire Morel", "CM"], ["Hugues d'Arvigny", "HA"], ["Dr. Ada Lovelace", "AL"], ["Émile de la Tour", "ÉT"], ["Zoé", "Z"], ["", "?"]]) {
  test(`initials of "${name}" are ${expected}`, () => assert.equal(initials(name), expected));
}

test("six members of a cast have six hues, the same each time", () => {
  const hues = [0, 1, 2, 3, 4, 5].map((place) => hueOf("debat-tv", place));
  assert.equal(new Set(hues).size, 6);
  assert.deepEqual(hues, [0, 1, 2, 3, 4, 5].map((place) => hueOf("debat-tv", place)));
});

test("clock and ids are written for people", () => {
  assert.deepEqual([0, 75.9, 3723].map(clockText), ["0:00", "1:15", "1:02:03"]);
  assert.equal(readable("beau_frere-2"), "Beau frere 2");
});

test("loudness runs from silence to full scale", () => {
  assert.equal(loudness(new Float32Array(8)), 0);
  assert.equal(loudness(new Float32Array(8).fill(1)), 1);
  const soft = loudness(new Float32Array(8).fill(0.01));
  assert.ok(soft > 0.2 && soft < 0.6);
});

test("Retry-After is read as seconds or as a date, and bounded", () => {
  assert.equal(retryAfter("12"), 12);
  assert.equal(retryAfter("Sat, 21 Nov 2026 10:00:30 GMT", Date.parse("2026-11-21T10:00:00Z")), 30);
  assert.equal(retryAfter("soon"), 0);
  assert.equal(retryAfter(null), 0);
  assert.equal(retryAfter("999999"), 3600);
});

test("a studio hears a language if its engine lists it", () => {
  const studio = (hearing) => ({ cast: "model", model: "m", hearing, voices: {} });
  assert.equal(hears(studio(null), "fr"), false);
  assert.equal(hears(studio({ name: "x", languages: ["en"] }), "fr"), false);
  assert.equal(hears(studio({ name: "x", languages: ["en"] }), "en"), true);
  assert.equal(hears(null, "fr"), true);
});

test("a scene is read with the fields it has", () => {
  const scene = sceneFrom({ id: "x", title: "X", language: "fr", cast: [{ id: "a", name: "A", title: null }] });
  assert.deepEqual([scene.duration_s, scene.phases, scene.cast[0].title, scene.learner.goals], [0, [], "", []]);
});

test("a long line keeps its last sentence on the stage", () => {
  assert.equal(tail("court"), "court");
  const long = `${"mot ".repeat(60)}fin. Et voici la dernière phrase, qui est assez longue pour rester seule en scène.`;
  assert.ok(tail(long).endsWith("seule en scène."));
  assert.ok(tail(long).length <= 152);
});
