/**
 * The scene as the page knows it, as one frozen value, and the pure step from one to the next.
 * `statusOf` turns it into the one sentence that a person needs to read now.
 *
 * @typedef {import("./captions.js").Line} Line
 * @typedef {import("./captions.js").CaptionEvent} CaptionEvent
 * @typedef {{id: string, name: string, title: string}} Member
 * @typedef {{id: string, title: string, text: string}} Page   a document on the table
 *
 * @typedef {object} SceneState
 * @property {"joining"|"live"|"reconnecting"|"lost"|"taken"|"over"} connection   taken: by another tab of the person
 * @property {string} agent        identity of the leading agent; empty while none is there
 * @property {string} agentState   `lk.agent.state`
 * @property {string} speaker      character id, or empty
 * @property {string} phase
 * @property {readonly Member[]} roster
 * @property {string} trouble      agent_lost | agent_back | no_agent | failed, or empty
 * @property {boolean} sound       the browser lets audio play
 * @property {"on"|"off"|"refused"|"absent"|"insecure"|"typing"} mic
 * @property {boolean} unheard     the microphone is on but nothing comes from it
 * @property {boolean} paused
 * @property {boolean} met         the agent has said who is there
 * @property {boolean} greeted     somebody has said something
 * @property {boolean} ending      the person asked for the end
 * @property {{elapsed_s: number, at_ms: number}} clock   scene seconds, as of a page time
 * @property {readonly Line[]} lines
 * @property {readonly Page[]} pages   in the order they were shown
 * @property {{kind: "arrived" | "document", name: string} | null} latest   what the room did last, besides talk
 *
 * @typedef {{type: "patch", patch: Partial<SceneState>}
 *   | {type: "agent", identity: string, attributes: Record<string, string>}
 *   | {type: "agent_gone", identity: string}
 *   | {type: "metadata", metadata: string}
 *   | {type: "document", text: string}
 *   | {type: "told", now_ms: number, answer: Record<string, unknown>}
 *   | CaptionEvent} SceneEvent
 */
import { reduceCaptions } from "./captions.js";

const TROUBLES = ["agent_lost", "agent_back", "no_agent", "failed"];

/** @param {readonly Member[]} roster @param {number} now_ms @returns {SceneState} */
export function opening(roster, now_ms) {
  return Object.freeze({
    connection: "joining", agent: "", agentState: "", speaker: "", phase: "", roster, trouble: "",
    sound: true, mic: "off", unheard: false, paused: false, met: false, greeted: false, ending: false,
    clock: { elapsed_s: 0, at_ms: now_ms }, lines: [], pages: [], latest: null,
  });
}

/** @param {SceneState} state @param {SceneEvent} event @returns {SceneState} */
export function reduce(state, event) {
  const next = step(state, event);
  return next === state ? state : Object.freeze(next);
}

/** @param {SceneState} state @param {SceneEvent} event @returns {SceneState} */
function step(state, event) {
  switch (event.type) {
    case "patch":
      return { ...state, ...event.patch };
    case "agent":
      return { ...state, ...fromAttributes(state, event) };
    case "agent_gone":
      return state.agent === event.identity ? { ...state, agent: "", agentState: "", speaker: "" } : state;
    case "document":
      return withPage(state, pageIn(event.text));
    case "metadata":
      return { ...state, trouble: troubleIn(event.metadata) };
    case "told":
      return { ...state, ...fromAnswer(state, event) };
    default: {
      const lines = reduceCaptions(state.lines, event);
      if (lines === state.lines) return state;
      // The room's metadata says so for good; whoever has taken up the thread knows it.
      const trouble = state.trouble === "agent_back" && event.type !== "piece" && event.type !== "done" ? "" : state.trouble;
      return { ...state, lines, greeted: true, trouble };
    }
  }
}

/** @param {SceneState} state @param {{identity: string, attributes: Record<string, string>}} agent */
function fromAttributes(state, { identity, attributes }) {
  const roster = rosterIn(attributes["repartee.roster"]);
  const speaker = attributes["repartee.speaker"] ?? "";
  const came = state.met ? roster.find((one) => state.roster.every((other) => other.id !== one.id)) : undefined;
  return {
    met: state.met || roster.length > 0,
    latest: came ? /** @type {const} */ ({ kind: "arrived", name: came.name }) : state.latest,
    agent: identity,
    agentState: attributes["lk.agent.state"] ?? "",
    speaker,
    // The scene stands still while its person is away, and whoever comes back hears of it late.
    paused: state.paused && (speaker === "" || speaker === state.speaker),
    phase: attributes["repartee.phase"] ?? state.phase,
    greeted: state.greeted || speaker !== "",
    roster: roster.length && !sameRoster(roster, state.roster) ? roster : state.roster,
    trouble: state.trouble === "no_agent" || state.trouble === "agent_lost" ? "" : state.trouble,
  };
}

/** @param {SceneState} state @param {{now_ms: number, answer: Record<string, unknown>}} told */
function fromAnswer(state, { now_ms, answer }) {
  const elapsed_s = typeof answer.elapsed_s === "number" ? answer.elapsed_s : elapsedAt(state, now_ms);
  return {
    clock: { elapsed_s, at_ms: now_ms },
    phase: typeof answer.phase === "string" ? answer.phase : state.phase,
    paused: typeof answer.paused === "boolean" ? answer.paused : state.paused,
    ending: state.ending || answer.ended === true,
  };
}

/** Seconds of the scene at a page time; it stands still while paused or not live. */
export function elapsedAt(/** @type {SceneState} */ state, /** @type {number} */ now_ms) {
  const runs = state.connection === "live" && state.agent !== "" && !state.paused;
  return state.clock.elapsed_s + (runs ? Math.max(0, now_ms - state.clock.at_ms) / 1000 : 0);
}

/**
 * The one sentence of the moment: a key of the words, what it names, and its tone.
 * @param {SceneState} state
 * @returns {{key: string, vars: Record<string, string>, tone: "calm"|"good"|"warn"|"bad"}}
 */
export function statusOf(state) {
  const say = (/** @type {string} */ key, tone = "calm", vars = {}) =>
    /** @type {any} */ ({ key: `status.${key}`, vars, tone });
  if (state.connection === "over") return say("over");
  if (state.connection === "lost") return say("lost", "bad");
  if (state.connection === "taken") return say("taken", "warn");
  if (state.connection === "reconnecting") return say("reconnecting", "warn");
  if (state.connection === "joining") return say("joining");
  if (state.trouble === "failed") return say("failed", "bad");
  if (state.trouble === "agent_lost") return say("agent_lost", "warn");
  if (state.trouble === "no_agent" && !state.agent) return say("no_agent", "warn");
  if (!state.agent) return say("waiting");
  if (state.paused) return say("paused", "warn");
  const speaker = state.roster.find((one) => one.id === state.speaker);
  if (speaker) return say("speaking", "good", { name: speaker.name });
  if (state.ending) return say("ending");
  if (state.trouble === "agent_back") return say("agent_back", "good");
  if (state.agentState === "thinking") return say("thinking");
  if (state.agentState === "initializing" || !state.greeted) return say("waiting");
  return say(state.mic === "on" ? "listening" : "listening_typed", "good");
}

/** @param {string} metadata JSON of the room @returns {string} */
function troubleIn(metadata) {
  const status = parsed(metadata)?.repartee?.status;
  return TROUBLES.includes(status) ? status : "";
}

/** @param {string | undefined} json @returns {readonly Member[]} */
function rosterIn(json) {
  const list = parsed(json ?? "");
  if (!Array.isArray(list)) return [];
  return list
    .filter((one) => typeof one?.id === "string" && typeof one?.name === "string")
    .map(({ id, name, title }) => ({ id, name, title: typeof title === "string" ? title : "" }));
}

/** @param {readonly Member[]} one @param {readonly Member[]} other */
function sameRoster(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** A page that is there already is sent again to whoever comes back. @param {SceneState} state @param {Page | null} page */
function withPage(state, page) {
  if (!page || state.pages.some((one) => one.id === page.id)) return state;
  return { ...state, pages: [...state.pages, page], latest: /** @type {const} */ ({ kind: "document", name: page.title }) };
}

/** @param {string} json @returns {Page | null} */
function pageIn(json) {
  const { id, title, text } = parsed(json) ?? {};
  const whole = [id, title, text].every((one) => typeof one === "string");
  return whole && id ? { id, title, text } : null;
}

/** What the JSON says; null for what is none. @param {string} json */
export function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
