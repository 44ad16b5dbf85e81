/**
 * The page's two languages. `say` ties a node to a key, so that a switch of language changes every
 * sentence in place, also in the middle of a scene.
 */
import { words as en } from "./words/en.js";
import { words as fr } from "./words/fr.js";

/** @typedef {"en" | "fr"} Language */
/** @type {Record<Language, Record<string, string>>} */
export const WORDS = { en, fr };
const TIED = "[data-say], [data-say-label], [data-say-placeholder]";

/** @type {Language} */
let current = "en";
/** @type {WeakMap<Element, Record<string, string | number>>} */
const named = new WeakMap();

/** The first of the wishes that the page speaks; English if none. */
export function negotiate(/** @type {readonly (string | null | undefined)[]} */ wishes) {
  for (const wish of wishes) {
    const short = String(wish ?? "").slice(0, 2).toLowerCase();
    if (short === "en" || short === "fr") return /** @type {Language} */ (short);
  }
  return "en";
}

/** The sentence of a key; `{name}` is filled from `vars`. A missing key shows as itself. */
export function sentence(/** @type {Language} */ language, /** @type {string} */ key, vars = {}) {
  const text = WORDS[language][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(/** @type {any} */ (vars)[name] ?? whole));
}

/** @returns {Language} */
export function language() {
  return current;
}

/** The sentence in the language of the page. */
export function t(/** @type {string} */ key, vars = {}) {
  return sentence(current, key, vars);
}

/** Tie a node's text to a key. @param {Element} node @param {string} key */
export function say(node, key, vars = {}) {
  node.setAttribute("data-say", key);
  named.set(node, vars);
  draw(node);
}

/** Tie a node's accessible name to a key. @param {Element} node @param {string} key */
export function label(node, key, vars = {}) {
  node.setAttribute("data-say-label", key);
  named.set(node, { ...named.get(node), ...vars });
  draw(node);
}

/** Cut a node loose: its text is no longer the page's own. */
export function untie(/** @type {Element} */ node) {
  node.removeAttribute("data-say");
}

/** Change the language of everything on the page. @param {Language} wanted */
export function speak(wanted, /** @type {Document} */ page = document) {
  current = wanted;
  page.documentElement.lang = wanted;
  page.title = t("page.title");
  for (const node of page.querySelectorAll(TIED)) draw(node);
}

function draw(/** @type {Element} */ node) {
  const vars = named.get(node) ?? {};
  const { say: text, sayLabel, sayPlaceholder } = /** @type {HTMLElement} */ (node).dataset;
  if (text !== undefined) node.textContent = t(text, vars);
  if (sayLabel !== undefined) {
    node.setAttribute("aria-label", t(sayLabel, vars));
    if (node.tagName === "BUTTON") node.setAttribute("title", t(sayLabel, vars));
  }
  if (sayPlaceholder !== undefined) node.setAttribute("placeholder", t(sayPlaceholder, vars));
}
