/** The scene being played: the cast on its stage, what is said, the clock and the controls. */
import { ApiError } from "../api.js";
import { button, h, icon } from "../dom.js";
import { say, untie } from "../i18n.js";
import { everyFrame } from "../meter.js";
import { clockText, readable } from "../portrait.js";
import { elapsedAt, statusOf } from "../state.js";
import { lastLineOf } from "../captions.js";
import { castRow } from "./cast.js";
import { controls } from "./controls.js";
import { papers } from "./papers.js";
import { script } from "./script.js";

/** The person hears the end before the page turns. */
const TURN_PAGE_MS = 900;
/** How long news of the room stays: a guest has not "just come in" for the rest of the scene. */
const NEWS_MS = 12_000;

/**
 * @param {object} wiring
 * @param {import("../main.js").App} wiring.app
 * @param {import("../api.js").Scene} wiring.scene
 * @param {import("../room.js").SceneRoom} wiring.room
 * @param {() => void} wiring.past     show the transcript
 * @param {() => Promise<void>} wiring.rejoin
 * @returns {import("../main.js").View & {update: (state: import("../state.js").SceneState) => void}}
 */
export function stageView({ scene, room, past, rejoin }) {
  const row = castRow(scene);
  const log = script(scene);
  const board = controls(room);
  const table = papers(scene);
  const latest = h("p.heard-of", { role: "status", testid: "latest" });
  const clock = h("time.clock", { role: "timer", label: "room.clock", testid: "clock" }, "0:00");
  const progress = h("i.progress", { "aria-hidden": "true" });
  const phase = h("p.phase", { testid: "phase", hidden: true });
  const status = h("p.status", { role: "status", testid: "status" }, h("i", { "aria-hidden": "true" }), h("span"));
  const subtitle = h("p.subtitle", { "aria-hidden": "true", testid: "subtitle", lang: scene.language });
  const sound = button("primary", "sound", { say: "room.sound", testid: "sound", on: { click: () => room.startAudio() } });
  const unlock = h("div.unlock", { hidden: true }, h("p", { say: "room.sound.help" }), sound);
  const lost = lostPanel(rejoin, past);
  const node = h("div.play", { testid: "room", "data-state": "joining" },
    h("div.theatre", {},
      h("header.playbar", {}, h("div", {}, h("h1", { lang: scene.language }, scene.title), phase), clock, progress),
      row.node, latest, table.node, subtitle, status, unlock, lost.node),
    log.node, board.node);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let turning;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let fading;

  /** @param {import("../state.js").SceneState} state */
  function update(state) {
    node.dataset.state = state.connection;
    node.dataset.agentState = state.agentState;
    const { key, vars, tone } = statusOf(state);
    if (status.dataset.key !== key + (vars.name ?? "")) {
      status.dataset.key = key + (vars.name ?? "");
      status.dataset.tone = tone;
      say(status.querySelector("span"), key, vars);
    }
    drawPhase(phase, scene, state.phase);
    unlock.hidden = state.sound || state.connection !== "live";
    lost.update(state.connection);
    row.update(state);
    log.update(state.lines, state.roster);
    table.update(state.pages);
    if (drawLatest(latest, state.latest)) {
      clearTimeout(fading);
      fading = setTimeout(() => { untie(latest); latest.textContent = ""; }, NEWS_MS);
    }
    board.update(state);
    const line = state.speaker ? lastLineOf(state.lines, state.speaker) : undefined;
    subtitle.textContent = line ? tail(line.text) : "";
    subtitle.style.setProperty("--hue", row.hueOf(state.speaker));
    if (state.connection === "over") turning ??= setTimeout(past, TURN_PAGE_MS);
  }

  const still = everyFrame((now_ms) => {
    const elapsed_s = elapsedAt(room.state, now_ms);
    const text = clockText(elapsed_s);
    if (clock.textContent !== text) clock.textContent = text;
    if (scene.duration_s > 0) progress.style.setProperty("--done", String(Math.min(1, elapsed_s / scene.duration_s)));
    row.levels((persona) => room.levelOf(persona));
    board.level(room.ownLevel(now_ms));
  });
  const awake = stayAwake();
  update(room.state);
  return { node, update, close: () => { still(); awake(); log.close(); clearTimeout(turning); clearTimeout(fading); room.leave(); } };
}

/** @param {HTMLElement} node @param {import("../api.js").Scene} scene @param {string} id */
function drawPhase(node, scene, id) {
  if (node.dataset.phase === id || !id) return;
  node.dataset.phase = id;
  node.hidden = false;
  const place = scene.phases.findIndex((phase) => phase.id === id);
  node.replaceChildren(
    ...(place < 0 ? [] : [h("span.steps", { "aria-hidden": "true" }, ...scene.phases.map((_, at) => h("i", { "data-done": at <= place })))]),
    h("span", { lang: scene.language }, readable(id)),
    ...(place < 0 ? [] : [h("small", { say: "room.phase.of", vars: { place: place + 1, count: scene.phases.length } })]));
}

/** What the room did last: somebody came in, a page was shown. True if that is news. @param {HTMLElement} node @param {import("../state.js").SceneState["latest"]} latest */
function drawLatest(node, latest) {
  if (!latest || node.dataset.of === latest.kind + latest.name) return false;
  node.dataset.of = latest.kind + latest.name;
  say(node, `room.${latest.kind}`, { name: latest.name });
  return true;
}

/** The way back for who lost the connection, or the seat to another tab. @param {() => Promise<void>} rejoin @param {() => void} past */
function lostPanel(rejoin, past) {
  const why = h("p");
  const again = button("primary", "again", { say: "error.rejoin", testid: "rejoin", on: { click: come } });
  async function come() {
    again.disabled = true;
    await rejoin().catch((error) => {
      say(why, error instanceof ApiError ? error.sentence : "error.room");
      node.hidden = false;
    });
    again.disabled = false;
  }
  const node = h("div.unlock", { hidden: true, role: "alert", testid: "lost" }, why, again,
    button("plain", null, { say: "after.transcript", on: { click: past } }));

  /** @param {import("../state.js").SceneState["connection"]} connection */
  function update(connection) {
    node.hidden = connection !== "lost" && connection !== "taken";
    if (node.hidden || node.dataset.of === connection) return;
    node.dataset.of = connection;
    say(why, connection === "taken" ? "room.taken" : "error.room");
    say(again.querySelector("span"), connection === "taken" ? "room.take" : "error.rejoin");
  }

  return { node, update };
}

/** The last words of a long line, cut at a sentence, so that the subtitle stays two lines. @param {string} text */
export function tail(text) {
  if (text.length <= 150) return text;
  const from = text.slice(-150);
  const start = from.search(/[.!?…]\s/u);
  return start >= 0 && start < 90 ? from.slice(start + 2) : `…${from.slice(from.indexOf(" "))}`;
}

/** A phone on the table must not fall asleep in mid-scene. @returns {() => void} */
function stayAwake() {
  /** @type {any} */
  let lock = null;
  let wanted = true;
  const ask = async () => {
    if (!wanted || document.visibilityState !== "visible") return;
    lock = await /** @type {any} */ (navigator).wakeLock?.request("screen").catch(() => null);
    if (!wanted) lock?.release();
  };
  ask();
  document.addEventListener("visibilitychange", ask);
  return () => {
    wanted = false;
    document.removeEventListener("visibilitychange", ask);
    lock?.release();
  };
}
