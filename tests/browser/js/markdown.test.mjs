import assert from "node:assert/strict";
import { test } from "node:test";
import { blocksOf } from "../../../services/api/web/js/markdown.js";
import { placeOf } from "../../../services/api/web/js/portrait.js";

const plain = (text) => ({ text, tone: "plain" });

test("headings, paragraphs and lists are told apart, lines of a paragraph joined", () => {
  assert.deepEqual(blocksOf("# Objet\r\nUn\ndeux\n\n1. a\n2) b\n* c"), [
    { kind: "heading", spans: [plain("Objet")] },
    { kind: "paragraph", spans: [plain("Un deux")] },
    { kind: "list", ordered: true, items: [[plain("a")], [plain("b")]] },
    { kind: "list", ordered: false, items: [[plain("c")]] },
  ]);
});

test("a table has a head and rows as wide as it, and columns of figures", () => {
  const text = "Avant\n| | prévu |\n|---|---:|\n| **ouverts** | 14 | trop |\n| financés |\nAprès";
  assert.deepEqual(blocksOf(text), [
    { kind: "paragraph", spans: [plain("Avant")] },
    {
      kind: "table", head: [[], [plain("prévu")]], right: [false, true],
      rows: [[[{ text: "ouverts", tone: "strong" }], [plain("14")]], [[plain("financés")], []]],
    },
    { kind: "paragraph", spans: [plain("Après")] },
  ]);
});

test("bars without a rule below them are no table", () => {
  assert.deepEqual(blocksOf("| a | b |\n| c | d |"), [{ kind: "paragraph", spans: [plain("| a | b | | c | d |")] }]);
  assert.equal(blocksOf("| a |\n|---|").length, 1);
});

test("strong and stressed words keep the text around them", () => {
  const [{ spans }] = blocksOf("a **b** c *d* e __f__ _g_ snake_case_name 2 * 3 * 4");
  assert.deepEqual(spans.filter((one) => one.tone !== "plain"), [
    { text: "b", tone: "strong" }, { text: "d", tone: "em" }, { text: "f", tone: "strong" }, { text: "g", tone: "em" },
  ]);
  assert.equal(spans.map((one) => one.text).join(""), "a b c d e f g snake_case_name 2 * 3 * 4");
});

test("p9: markup and links stay the text that they are", () => {
  const text = "<img src=x onerror=alert(1)> [a](javascript:alert(1)) <b>x</b>";
  assert.deepEqual(blocksOf(text), [{ kind: "paragraph", spans: [plain(text)] }]);
});

test("a page of nothing but marks loses none that stands for nothing", () => {
  for (const mark of ["*", "_", "*a", "__a"]) {
    const [{ spans }] = blocksOf(`x${mark.repeat(20_000)}`);
    assert.ok(spans.length > 0);
  }
});

test("who comes in late has a place behind the scene's cast", () => {
  const cast = [{ id: "a" }, { id: "b" }];
  const roster = [{ id: "a" }, { id: "z" }, { id: "b" }, { id: "y" }];
  assert.deepEqual(["a", "b", "z", "y", "x"].map((id) => placeOf(cast, roster, id)), [0, 1, 2, 3, -1]);
});
