/** Building nodes. Text only ever goes in as text: there is no way here to insert markup. */
import { label, say } from "./i18n.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {object} Props
 * @property {string} [say]     key of the words
 * @property {string} [label]   key of the accessible name
 * @property {Record<string, string | number>} [vars]
 * @property {string} [testid]
 * @property {Record<string, (event: any) => void>} [on]
 * @property {Record<string, string | number>} [css]   custom properties, without the dashes
 */

/**
 * @param {string} tag  "p", or "p.lead.small" with classes
 * @param {Props & Record<string, any>} [props]
 * @param {...(Node | string | null | false | undefined)} children
 * @returns {any}
 */
export function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name);
  if (classes.length) node.className = classes.join(" ");
  const { say: key, label: named, vars = {}, testid, on = {}, css = {}, ...rest } = props;
  if (testid) node.dataset.testid = testid;
  for (const [property, value] of Object.entries(css)) node.style.setProperty(`--${property}`, String(value));
  for (const [event, handler] of Object.entries(on)) node.addEventListener(event, handler);
  for (const [attribute, value] of Object.entries(rest)) {
    if (value === false || value === undefined || value === null) continue;
    node.setAttribute(attribute, value === true ? "" : String(value));
  }
  if (key) say(node, key, vars);
  if (named) label(node, named, vars);
  node.append(...children.filter((child) => child !== null && child !== false && child !== undefined));
  return node;
}

/** One drawing of icons/icons.svg, hidden from screen readers. */
export function icon(/** @type {string} */ name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `icons/icons.svg#${name}`);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** A button with a drawing and words. @param {string} tag @param {string | null} drawing @param {Props & Record<string, any>} props */
export function button(tag, drawing, props) {
  const { say: key, vars, ...rest } = props;
  const text = key ? h("span", { say: key, vars }) : null;
  return h(`button.${tag}`, { type: "button", ...rest }, drawing && icon(drawing), text);
}

/** Change a button's drawing. */
export function redraw(/** @type {Element} */ node, /** @type {string} */ name) {
  node.querySelector("use")?.setAttribute("href", `icons/icons.svg#${name}`);
}
