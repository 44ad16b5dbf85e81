/**
 * The little Markdown that a page of a scene is written in, as data: headings, lists, paragraphs,
 * and words that stand out. Pure. Everything else, markup above all, stays the text that it is.
 *
 * @typedef {{text: string, tone: "plain" | "strong" | "em"}} Span
 * @typedef {{kind: "heading" | "paragraph", spans: readonly Span[]}
 *   | {kind: "list", ordered: boolean, items: readonly (readonly Span[])[]}} Block
 */

const HEADING = /^#{1,6}\s+(.+?)\s*#*$/;
const BULLET = /^\s*[-*+•]\s+(.+)$/;
const NUMBER = /^\s*\d{1,3}[.)]\s+(.+)$/;
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
  for (const line of text.split(/\r?\n/)) {
    const heading = HEADING.exec(line);
    const item = BULLET.exec(line) ?? NUMBER.exec(line);
    if (heading || item || !line.trim()) close();
    if (heading) blocks.push({ kind: "heading", spans: spansOf(heading[1]) });
    else if (item) addItem(blocks, item[1], NUMBER.test(line));
    else if (line.trim()) lines.push(line.trim());
  }
  close();
  return blocks;
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
