/** The pages that the scene puts on the table: the newest lies open, the others under their titles. */
import { h, icon } from "../dom.js";
import { blocksOf } from "../markdown.js";

/** @typedef {import("../state.js").Page} Page @typedef {import("../markdown.js").Span} Span */

/** @param {import("../api.js").Scene} scene */
export function papers(scene) {
  const node = h("section.papers", { hidden: true, label: "room.documents", testid: "documents", tabindex: "0" });
  /** @type {readonly Page[]} */
  let before = [];

  /** @param {readonly Page[]} pages */
  function update(pages) {
    if (pages === before) return;
    before = pages;
    node.hidden = pages.length === 0;
    node.replaceChildren(...pages.map((page, at) => sheet(scene, page, at === pages.length - 1)).reverse());
  }

  return { node, update };
}

/** @param {import("../api.js").Scene} scene @param {Page} page @param {boolean} open */
function sheet(scene, page, open) {
  return h("details.paper", { testid: `document-${page.id}`, open, lang: scene.language },
    h("summary", {}, icon("info"), h("span", {}, page.title)),
    h("div.paper-body", {}, ...blocksOf(page.text).map(block)));
}

/** @param {import("../markdown.js").Block} block */
function block(block) {
  if (block.kind === "list") return h(block.ordered ? "ol" : "ul", {}, ...block.items.map((item) => h("li", {}, ...item.map(span))));
  if (block.kind === "table") return tableOf(block);
  return h(block.kind === "heading" ? "h3" : "p", {}, ...block.spans.map(span));
}

/** @param {import("../markdown.js").Table} table */
function tableOf({ head, rows, right }) {
  const row = (/** @type {string} */ tag, /** @type {import("../markdown.js").Row} */ cells) => h("tr", {},
    ...cells.map((cell, at) => h(tag, { scope: tag === "th" && "col", "data-right": right[at] }, ...cell.map(span))));
  return h("div.paper-table", {}, h("table", {}, h("thead", {}, row("th", head)), h("tbody", {}, ...rows.map((cells) => row("td", cells)))));
}

/** @param {Span} span */
function span({ text, tone }) {
  return tone === "plain" ? text : h(tone, {}, text);
}
