/**
 * The studio over HTTP. Every failure becomes one `ApiError` whose `sentence` is a key of the words;
 * answers are read forgivingly, since fields are only ever added to them.
 *
 * @typedef {{id: string, name: string, title: string}} Member
 * @typedef {object} Scene
 * @property {string} id
 * @property {string} title
 * @property {"fr" | "en"} language
 * @property {string} summary
 * @property {{role: string, brief: string, goals: readonly string[]}} learner
 * @property {readonly Member[]} cast
 * @property {readonly {id: string, goal: string}[]} phases   empty if the studio does not tell
 * @property {number} duration_s
 * @property {boolean} default   played when nothing is wished
 *
 * @typedef {object} Studio
 * @property {"model" | "understudy"} cast
 * @property {string} model
 * @property {{name: string, languages: readonly string[]} | null} hearing
 * @property {Record<string, readonly string[]>} voices   language -> engines
 *
 * @typedef {{server_url: string, participant_token: string, room_name: string, participant_identity: string}} Ticket
 * @typedef {{speaker: string, name: string, text: string, cut: boolean, at: string}} Turn
 */

const TIMEOUT_MS = 10_000;
const PASS = "repartee.access_token";

export class ApiError extends Error {
  /** @param {string} sentence @param {number} [retryAfter_s] */
  constructor(sentence, retryAfter_s = 0) {
    super(sentence);
    this.sentence = `error.${sentence}`;
    this.retryAfter_s = retryAfter_s;
  }
}

/** Keep the bearer token of `#access_token=…` for this tab, and take it out of the address. */
export function keepPass() {
  const given = new URLSearchParams(location.hash.slice(1)).get("access_token");
  if (!given) return;
  sessionStorage.setItem(PASS, given);
  history.replaceState(null, "", location.pathname + location.search);
}

/** @returns {Promise<Studio>} */
export async function studio() {
  const raw = await call("api/studio");
  return {
    cast: raw.cast === "model" ? "model" : "understudy",
    model: String(raw.model ?? ""),
    hearing: raw.hearing ? { name: String(raw.hearing.name), languages: raw.hearing.languages ?? [] } : null,
    voices: raw.voices ?? {},
  };
}

/** @returns {Promise<readonly Scene[]>} */
export async function scenes() {
  const raw = await call("api/scenarios");
  const list = Array.isArray(raw) ? raw : (raw.scenarios ?? raw.items ?? []);
  return list.map(sceneFrom);
}

/**
 * A fresh room for a scene, or the room of a seat while its scene is being played; asking has no side effect.
 * @param {Scene} scene
 * @param {{room: string, identity: string}} [seat]  to come back to
 * @returns {Promise<Ticket>}
 */
export function ticket(scene, seat) {
  const metadata = JSON.stringify({ scenario: scene.id, language: scene.language });
  const body = { room_config: { agents: [{ agent_name: "roleplay", metadata }] }, ...(seat && { room_name: seat.room, participant_identity: seat.identity }) };
  return call("api/livekit/token", { method: "POST", body: JSON.stringify(body) });
}

/**
 * Who said what, and whether the scene is still being written down.
 * @param {string} room
 * @returns {Promise<{turns: readonly Turn[], live: boolean, scenario: string}>}
 */
export async function transcript(room) {
  const raw = await call(`api/sessions/${encodeURIComponent(room)}/transcript`);
  const turns = (raw.turns ?? []).map((/** @type {any} */ turn) => ({
    speaker: String(turn.speaker),
    name: String(turn.speaker_name ?? turn.speaker),
    text: String(turn.text ?? ""),
    cut: turn.cut === true,
    at: String(turn.at ?? ""),
  }));
  return { turns, live: raw.status === "live", scenario: String(raw.scenario?.id ?? "") };
}

/** Whether an engine hears that language; a studio that could not be asked is given the benefit. */
export function hears(/** @type {Studio | null} */ asked, /** @type {string} */ language) {
  if (!asked) return true;
  const languages = asked.hearing?.languages ?? [];
  return asked.hearing !== null && (languages.length === 0 || languages.includes(language));
}

/** @param {string} path @param {RequestInit} [options] @returns {Promise<any>} */
async function call(path, options = {}) {
  const pass = sessionStorage.getItem(PASS);
  const headers = {
    Accept: "application/json",
    ...(options.body ? { "Content-Type": "application/json" } : {}),
    ...(pass ? { Authorization: `Bearer ${pass}` } : {}),
  };
  let answer;
  try {
    answer = await fetch(path, { ...options, headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (answer.ok) return await answer.json();
  } catch (error) {
    throw new ApiError(/** @type {Error} */ (error).name === "TimeoutError" ? "timeout" : "network");
  }
  throw new ApiError(kindOf(answer.status, path), retryAfter(answer.headers.get("Retry-After")));
}

/** @param {number} status @param {string} path */
function kindOf(status, path) {
  if (status === 429) return "limited";
  if (status === 402) return "budget";
  if (status === 401) return "signin";
  if (status === 404) return "missing";
  if (status === 503 && path.endsWith("token")) return "livekit";
  return status < 500 ? "refused" : "server";
}

/** Seconds of a Retry-After header, given as seconds or as a date. */
export function retryAfter(/** @type {string | null} */ value, now_ms = Date.now()) {
  if (!value) return 0;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - now_ms) / 1000;
  return Number.isFinite(seconds) ? Math.min(3600, Math.max(0, Math.ceil(seconds))) : 0;
}

/** @param {any} raw @returns {Scene} */
export function sceneFrom(raw) {
  const learner = raw.learner ?? {};
  return {
    id: String(raw.id),
    title: String(raw.title ?? raw.id),
    language: raw.language === "fr" ? "fr" : "en",
    summary: String(raw.summary ?? ""),
    learner: { role: learner.role ?? "", brief: learner.brief ?? "", goals: learner.goals ?? [] },
    cast: (raw.cast ?? []).map((/** @type {any} */ one) => ({ id: one.id, name: one.name, title: one.title ?? "" })),
    phases: (raw.phases ?? []).map((/** @type {any} */ one) => ({ id: one.id ?? one, goal: one.goal ?? "" })),
    duration_s: Number(raw.duration_s ?? raw.limits?.duration_s ?? 0),
    default: raw.default === true,
  };
}
