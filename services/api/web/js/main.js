/** The page: which view is shown, and what the views share. */
import { ApiError, hears, keepPass, scenes, studio, ticket, transcript } from "./api.js";
import { language, negotiate, speak } from "./i18n.js";
import { wake } from "./meter.js";
import { SceneRoom } from "./room.js";
import { forgetSeat, keepSeat, lastSeat, ownSeat, standUp, watchSeats } from "./seat.js";
import { afterView } from "./views/after.js";
import { notice } from "./views/notice.js";
import { stageView } from "./views/stage.js";
import { loading, startView } from "./views/start.js";

/**
 * @typedef {{node: HTMLElement, close?: () => void}} View
 * @typedef {import("./api.js").Scene} Scene
 * @typedef {import("./seat.js").Seat} Seat
 * @typedef {{scene: Scene, seat: Seat, turns: readonly import("./api.js").Turn[]}} Back   a scene to come back to
 * @typedef {object} App
 * @property {import("./api.js").Studio | null} studio   null if it could not be asked
 * @property {readonly Scene[]} scenes
 * @property {string} chosen   scene id
 * @property {{microphone: boolean, deviceId: string}} device
 * @property {(scene: Scene) => Promise<void>} play   raises ApiError
 * @property {() => Promise<Back | null>} waiting   the last seat of this browser, while its scene is being played
 * @property {(seat: Seat) => Promise<boolean>} comeBack   false if there is no coming back; raises ApiError
 * @property {() => void} home
 */

const LANGUAGE = "repartee.language";
const THEME = "repartee.theme";
const PAST = /^#past\/([\w-]{1,128})$/;

const main = /** @type {HTMLElement} */ (document.getElementById("view"));
/** @type {View | null} */
let shown = null;
/** The room that this tab is in. @type {{name: string, room: SceneRoom} | null} */
let playing = null;

/** @type {App} */
const app = {
  studio: null,
  scenes: [],
  chosen: new URLSearchParams(location.search).get("scene") ?? "",
  device: { microphone: true, deviceId: "" },
  play,
  waiting: async () => standing(lastSeat()),
  comeBack,
  home,
};

/** @param {View} view */
function show(view) {
  shown?.close?.();
  shown = view;
  main.replaceChildren(view.node);
  document.documentElement.dataset.view = view.node.dataset.testid ?? "";
  window.scrollTo(0, 0);
}

/** Fetch what the first view needs, and show it or the reason why not. */
async function open() {
  show({ node: loading() });
  try {
    const [asked, list] = await Promise.all([studio().catch(() => null), scenes()]);
    app.studio = asked;
    app.scenes = [...list].sort((one, other) => rank(other) - rank(one));
  } catch (error) {
    return show({ node: notice(error, { retry: open }) });
  }
  const past = PAST.exec(location.hash);
  if (past) return past_(past[1]);
  const own = ownSeat();
  if (!own || !(await comeBack(own).catch(() => false))) home();
}

/** Back into a room whose scene is being played: at once after a reload of the page, else when it is asked for. @param {Seat} seat */
async function comeBack(seat) {
  const back = await standing(seat);
  if (!back) return false;
  app.device = { ...app.device, microphone: seat.voice };
  await play(back.scene, back);
  return true;
}

/** What a seat is in, while that is being played. A seat that is gone for good is forgotten. @param {Seat | null} seat @returns {Promise<Back | null>} */
async function standing(seat) {
  if (!seat) return null;
  try {
    const { live, scenario, turns } = await transcript(seat.room);
    if (!live) forgetSeat(seat.room);
    const scene = live && app.scenes.find((one) => one.id === scenario);
    return scene ? { scene, seat, turns } : null;
  } catch (error) {
    if (["error.missing", "error.refused"].includes(/** @type {ApiError} */ (error).sentence)) forgetSeat(seat.room);
    return null;
  }
}

/** The visitor's language first, and the studio's default scene first of all in it. @param {Scene} scene */
function rank(scene) {
  return Number(scene.language === language()) * 2 + Number(scene.default);
}

function home() {
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  show(startView(app));
}

/** @param {Scene} scene @param {Back} [back] */
async function play(scene, back) {
  const client = /** @type {any} */ (globalThis).LivekitClient;
  if (!client) throw new ApiError("library");
  client.setLogLevel?.("warn");
  wake();
  const pass = await seated(scene, back?.seat);
  const own = { room: pass.room_name, scenario: scene.id, identity: pass.participant_identity, at_ms: back?.seat.at_ms ?? Date.now() };
  const keep = keeper(own);
  /** @type {ReturnType<typeof stageView> | undefined} */
  let view;
  const device = { ...app.device, microphone: app.device.microphone && hears(app.studio, scene.language) };
  const room = new SceneRoom(client, scene.cast, (state) => {
    keep(state, state.mic === "on" || (app.device.microphone && !room.silenced));
    view?.update(state);
  });
  if (back) room.remember(back.turns);
  const past = () => {
    // Whoever lost the seat to another tab ends nothing for that one.
    if (room.state.connection === "over" && ownSeat()?.room === own.room) forgetSeat(own.room);
    standUp();
    after(scene, own.room, room.state.lines);
  };
  const rejoin = async () => room.join(await seated(scene, own), device);
  view = stageView({ app, scene, room, past, rejoin });
  show(view);
  playing = { name: own.room, room };
  main.focus({ preventScroll: true });
  try {
    await room.join(pass, device);
  } catch {
    standUp();
    home();
    throw new ApiError("room");
  }
}

/** A seat in a fresh room, or that seat again. Raises ApiError, also when its scene has ended. @param {Scene} scene @param {{room: string, identity: string}} [seat] */
async function seated(scene, seat) {
  const pass = await ticket(scene, seat);
  if (seat && pass.room_name !== seat.room) {
    forgetSeat(seat.room);
    throw new ApiError("missing");
  }
  return pass;
}

/** Remembers a seat from joining until another tab takes it. @param {Omit<Seat, "voice">} own */
function keeper(own) {
  /** @type {boolean | null} */
  let kept = null;
  return (/** @type {import("./state.js").SceneState} */ { connection }, /** @type {boolean} */ voice) => {
    if (connection === "taken") standUp();
    if (connection === "taken" || connection === "lost") kept = null;
    if (connection !== "live" || kept === voice) return;
    kept = voice;
    keepSeat({ ...own, voice });
  };
}

/** @param {Scene} scene @param {string} room @param {readonly import("./captions.js").Line[]} heard */
function after(scene, room, heard) {
  history.replaceState(null, "", `#past/${room}`);
  show(afterView({ app, scene, room, heard }));
  main.focus({ preventScroll: true });
}

/** A transcript opened by its address. @param {string} room */
async function past_(room) {
  const told = await transcript(room).catch(() => null);
  const scene = app.scenes.find((one) => one.id === told?.scenario);
  show(afterView({ app, scene: scene ?? null, room, heard: [] }));
}

function chooseLanguage(/** @type {import("./i18n.js").Language} */ wanted) {
  speak(wanted);
  for (const node of document.querySelectorAll("[data-language]")) {
    node.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (node).dataset.language === wanted));
  }
}

function wireMasthead() {
  document.querySelector("[data-testid=home]")?.addEventListener("click", standUp);
  for (const node of document.querySelectorAll("[data-language]")) {
    node.addEventListener("click", () => {
      const wanted = negotiate([/** @type {HTMLElement} */ (node).dataset.language]);
      localStorage.setItem(LANGUAGE, wanted);
      chooseLanguage(wanted);
    });
  }
  document.querySelector("[data-testid=theme]")?.addEventListener("click", () => {
    const root = document.documentElement;
    const dark = (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem(THEME, root.dataset.theme);
  });
}

keepPass();
// A tab that slept would join again by itself, and put out the tab that has its seat.
watchSeats((seat) => { if (playing?.name === seat.room) playing.room.giveWay(); });
wireMasthead();
chooseLanguage(negotiate([localStorage.getItem(LANGUAGE), ...navigator.languages]));
open();
