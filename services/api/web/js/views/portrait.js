/** A character's round portrait: initials on the character's hue. */
import { h } from "../dom.js";
import { hueOf, initials } from "../portrait.js";

/**
 * @param {string} scenario @param {string} name @param {number} place   in the cast
 * @returns {HTMLElement}
 */
export function portrait(scenario, name, place) {
  return h("span.portrait", { "aria-hidden": "true", css: { hue: hueOf(scenario, place) } }, initials(name));
}
