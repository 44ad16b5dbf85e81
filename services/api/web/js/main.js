/** The page: which view is shown, and what the views share. */
import { ApiError, hears, keepPass, scenes, studio, ticket, transcript } from "./api.js";
import { language, negotiate, speak } from "./i18n.js";
import { wake } from "./meter.js";
import { SceneRoom } from "./room.js";
import { afterView } from "./views/after.js";
import { notice } from "./views/notice.js";
import { stageView } from "./views/stage.js";
import { loading, startView } from "./views/start.js";

/**
 * @typedef {{node: HTMLElement, close?: () => void}} View
 * @typedef {import("./api.js").Scene} Scene
 * @typedef {object} App
 * @property {import("./api.js").Studio | null} studio   null if it could not be asked
 * @property {readonly Scene[]} scenes
 * @property {string} chosen   scene id
 * @property {{microphone: boolean, deviceId: string}} device
 * @property {(scene: Scene) => Promise<void>} play   raises ApiError
 * @property {() => void} home
 */

const LANGUAGE = "repartee.language";
const THEME = "repartee.theme";
const PAST = /^#past\/([\w-]{1,128})$/;
/** The room that this tab is in, for when the page is loaded again in mid-scene. */
const SEAT = "repartee.room";

const main = /** @type {HTMLElement} */ (document.getElementById("view"));
/** @type {View | null} */
let shown = null;

/** @type {App} */
const app = {
  studio: null,
  scenes: [],
  chosen: new URLSearchParams(location.search).get("scene") ?? "",
  device: { microphone: true, deviceId: "" },
  play,
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
  return past ? past_(past[1]) : (await comeBack()) || home();
}

/** Back into the room that a reload of the page left, while its scene is being played. */
async function comeBack() {
  const [room, how] = (sessionStorage.getItem(SEAT) ?? "").split(" ");
  const told = room ? await transcript(room).catch(() => null) : null;
  const scene = told?.live && app.scenes.find((one) => one.id === told.scenario);
  if (!scene) return false;
  app.device = { ...app.device, microphone: how === "voice" };
  return play(scene, { room, turns: told.turns }).then(() => true, () => false);
}

/** The visitor's language first, and the studio's default scene first of all in it. @param {Scene} scene */
function rank(scene) {
  return Number(scene.language === language()) * 2 + Number(scene.default);
}

function home() {
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  show(startView(app));
}

/** @param {Scene} scene @param {{room: string, turns: readonly import("./api.js").Turn[]}} [back]  the room to come back to */
async function play(scene, back) {
  const client = /** @type {any} */ (globalThis).LivekitClient;
  if (!client) throw new ApiError("library");
  client.setLogLevel?.("warn");
  wake();
  const pass = await ticket(scene, back?.room);
  const keep = (/** @type {boolean} */ voice) => sessionStorage.setItem(SEAT, `${pass.room_name} ${voice ? "voice" : "text"}`);
  keep(app.device.microphone);
  /** @type {ReturnType<typeof stageView> | undefined} */
  let view;
  const device = { ...app.device, microphone: app.device.microphone && hears(app.studio, scene.language) };
  const room = new SceneRoom(client, scene.cast, (state) => {
    if (state.connection === "live") keep(state.mic === "on" || (app.device.microphone && !room.silenced));
    view?.update(state);
  });
  if (back) room.remember(back.turns);
  const past = () => { sessionStorage.removeItem(SEAT); after(scene, pass.room_name, room.state.lines); };
  view = stageView({ app, scene, room, past, rejoin: () => room.join(pass, device) });
  show(view);
  main.focus({ preventScroll: true });
  try {
    await room.join(pass, device);
  } catch {
    sessionStorage.removeItem(SEAT);
    home();
    throw new ApiError("room");
  }
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
  document.querySelector("[data-testid=home]")?.addEventListener("click", () => sessionStorage.removeItem(SEAT));
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
wireMasthead();
chooseLanguage(negotiate([localStorage.getItem(LANGUAGE), ...navigator.languages]));
open();
