/** The cast in a row: the one who speaks stands in the light, ringed by the level of the voice. */
import { h } from "../dom.js";
import { hueOf } from "../portrait.js";
import { portrait } from "./portrait.js";

/** @typedef {import("../state.js").SceneState} SceneState */

/** @param {import("../api.js").Scene} scene */
export function castRow(scene) {
  const node = h("ul.cast", { label: "room.cast", testid: "cast" });
  /** @type {readonly import("../state.js").Member[]} */
  let roster = [];
  /** @type {HTMLElement[]} */
  let cards = [];

  /** @param {readonly import("../state.js").Member[]} members */
  function seat(members) {
    roster = members;
    cards = members.map((one, place) => h("li.player", { testid: `player-${one.id}`, "data-persona": one.id, css: { hue: hueOf(scene.id, place) } },
      h("span.halo", {}, portrait(scene.id, members, place)),
      h("strong", {}, one.name), one.title && h("small", { lang: scene.language }, one.title),
      h("span.speaks", { say: "room.speaking" })));
    node.replaceChildren(...cards);
    node.style.setProperty("--count", String(members.length));
  }

  /** @param {SceneState} state */
  function update(state) {
    if (state.roster !== roster) seat(state.roster);
    node.dataset.speaking = String(state.speaker !== "");
    for (const card of cards) card.dataset.state = stateOf(state, card.dataset.persona ?? "");
  }

  /** @param {(persona: string) => number} levelOf */
  function levels(levelOf) {
    for (const card of cards) card.style.setProperty("--level", levelOf(card.dataset.persona ?? "").toFixed(3));
  }

  /** @param {string} persona */
  function hue(persona) {
    return String(hueOf(scene.id, Math.max(0, roster.findIndex((one) => one.id === persona))));
  }

  return { node, update, levels, hueOf: hue };
}

/** @param {SceneState} state @param {string} persona */
function stateOf(state, persona) {
  if (!state.agent) return "away";
  if (state.speaker === persona) return "speaking";
  return state.agentState === "thinking" ? "thinking" : "listening";
}
