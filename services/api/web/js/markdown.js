/**
 * The little Markdown that a page of a scene is written in, as data: headings, lists, tables,
 * paragraphs, and words that stand out. Pure. Everything else, markup above all, stays the text
 * that it is.
 *
 * @typedef {{text: string, tone: "plain" | "strong" | "em"}} Span
 * @typedef {readonly (readonly Span[])[]} Row   one cell a column of the head
 * @typedef {{kind: "table", head: Row, rows: readonly Row[], right: readonly boolean[]}} Table   `right`: columns of figures
 * @typedef {{kind: "heading" | "paragraph", spans: readonly Span[]}
 *   | {kind: "list", ordered: boolean, items: readonly (readonly Span[])[]} | Table} Block
 */

const HEADING = /^#{1,6}\s+(.+?)\s*#*$/;
const BULLET = /^\s*[-*+•]\s+(.+)$/;
const NUMBER = /^\s*\d{1,3}[.)]\s+(.+)$/;
const ROW = /^\s*\|.*\|\s*$/;
const RULE = /^\s*\|(?:\s*:?-+:?\s*\|)+\s*$/;
const SPANS = /\*\*([^*]+)\*\*|__([^_]+)__|\*([^*\s][^*]*)\*|(?<![\p{L}\d_])_([^_\s][^_]*)_(?![\p{L}\d_])/gu;

/** @param {string} text @returns {readonly Block[]} */
export function blocksOf(text) {
  /** @type {Block[]} */
  const blocks = [];
  /** @type {string[]} */
  let lines = [];
  const close = () => {
    if (lines.length) blocks.push({ kind: "paragraph", spans: spansOf(lines.join(" ")) });
    lines = [];
  };
  const all = text.split(/\r?\n/);
  for (let at = 0; at < all.length; at += 1) {
    const line = all[at];
    const table = tableAt(all, at);
    const heading = HEADING.exec(line);
    const item = BULLET.exec(line) ?? NUMBER.exec(line);
    if (table || heading || item || !line.trim()) close();
    if (table) {
      blocks.push(table);
      at += table.rows.length + 1;
    } else if (heading) blocks.push({ kind: "heading", spans: spansOf(heading[1]) });
    else if (item) addItem(blocks, item[1], NUMBER.test(line));
    else if (line.trim()) lines.push(line.trim());
  }
  close();
  return blocks;
}

/** The table whose head stands on that line, or none. @param {readonly string[]} lines @param {number} at @returns {Table | null} */
function tableAt(lines, at) {
  if (!ROW.test(lines[at]) || !RULE.test(lines[at + 1] ?? "")) return null;
  const head = cellsOf(lines[at]);
  const last = lines.findIndex((line, place) => place > at + 1 && !ROW.test(line));
  const rows = lines.slice(at + 2, last < 0 ? undefined : last).map(cellsOf);
  return {
    kind: "table", head: head.map(spansOf), right: head.map((_, column) => cellsOf(lines[at + 1])[column]?.endsWith(":") ?? false),
    rows: rows.map((row) => head.map((_, column) => spansOf(row[column] ?? ""))),
  };
}

/** @param {string} line */
function cellsOf(line) {
  return line.trim().slice(1, -1).split("|").map((cell) => cell.trim());
}

/** @param {Block[]} blocks @param {string} text @param {boolean} ordered */
function addItem(blocks, text, ordered) {
  const last = blocks.at(-1);
  if (last?.kind === "list" && last.ordered === ordered) blocks[blocks.length - 1] = { ...last, items: [...last.items, spansOf(text)] };
  else blocks.push({ kind: "list", ordered, items: [spansOf(text)] });
}

/** @param {string} text @returns {readonly Span[]} */
function spansOf(text) {
  /** @type {Span[]} */
  const spans = [];
  let at = 0;
  for (const found of text.matchAll(SPANS)) {
    if (found.index > at) spans.push({ text: text.slice(at, found.index), tone: "plain" });
    const strong = found[1] ?? found[2];
    spans.push({ text: strong ?? found[3] ?? found[4], tone: strong ? "strong" : "em" });
    at = found.index + found[0].length;
  }
  if (at < text.length) spans.push({ text: text.slice(at), tone: "plain" });
  return spans;
}
