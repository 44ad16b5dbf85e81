/** A character's round portrait: initials on the character's hue. */
import { h } from "../dom.js";
import { hueOf, initials } from "../portrait.js";

/**
 * @param {string} scenario @param {readonly {id: string, name: string}[]} cast @param {number} place
 * @returns {HTMLElement}
 */
export function portrait(scenario, cast, place) {
  return h("span.portrait", { "aria-hidden": "true", css: { hue: hueOf(scenario, place) } }, initials(cast[place].name));
}
