/**
 * The LiveKit side of the page: one room, from joining to leaving. It owns the connection, the
 * microphone, the tracks and the calls to the agent; what it learns goes into `state`, and `onState`
 * hears of every change.
 */
import { linesOf } from "./captions.js";
import { Ear } from "./ear.js";
import { Meter, wake } from "./meter.js";
import { elapsedAt, opening, parsed, reduce } from "./state.js";
import { CaptionReader } from "./streams.js";

/** @typedef {import("./state.js").SceneState} SceneState */
/** @typedef {"pause" | "resume" | "skip" | "end" | "state"} Call */

const ASK_EVERY_MS = 10_000;
const FIRST_ASK_MS = 1_500;
const CALL_TIMEOUT_MS = 6_000;
/** How long the cast may take to say goodbye before the page leaves by itself. */
const CLOSING_MS = 30_000;

export class SceneRoom {
  /**
   * @param {any} client  the livekit-client library
   * @param {readonly import("./state.js").Member[]} roster
   * @param {(state: SceneState) => void} onState
   */
  constructor(client, roster, onState) {
    this.client = client;
    this.onState = onState;
    this.state = opening(roster, performance.now());
    this.room = new client.Room({ audioCaptureDefaults: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
    /** @type {Map<string, Meter>} */
    this.meters = new Map();
    /** @type {Ear | null} */
    this.ear = null;
    /** Whether the person has closed the microphone: coming back must not open it. */
    this.silenced = false;
    /** @type {number[]} */
    this.timers = [];
    this.wire();
  }

  /** What was said before this page came. @param {readonly import("./api.js").Turn[]} turns */
  remember(turns) {
    if (turns.length) this.patch({ lines: linesOf(turns), greeted: true });
  }

  /**
   * Enter the room. Raises what the library raises when it cannot be reached.
   * @param {import("./api.js").Ticket} ticket @param {{microphone: boolean, deviceId: string}} device
   */
  async join(ticket, device) {
    this.patch({ connection: "joining" });
    this.joining = true;
    try {
      await this.room.connect(ticket.server_url, ticket.participant_token);
    } finally {
      this.joining = false;
    }
    this.patch({ connection: "live", sound: this.room.canPlaybackAudio });
    this.dispatch({ type: "metadata", metadata: this.room.metadata ?? "" });
    this.meet();
    this.timers.push(setInterval(() => this.ask(), ASK_EVERY_MS), setTimeout(() => this.ask(), FIRST_ASK_MS));
    if (!device.microphone) this.patch({ mic: "typing" });
    else if (!this.silenced) await this.openMicrophone(device.deviceId);
  }

  /** @param {string} deviceId  empty for the default one */
  async openMicrophone(deviceId = "") {
    try {
      await this.room.localParticipant.setMicrophoneEnabled(true, deviceId ? { deviceId } : undefined);
      this.silenced = false;
      this.patch({ mic: "on", unheard: false });
    } catch (error) {
      const refused = /** @type {Error} */ (error).name === "NotAllowedError";
      const reason = refused ? "refused" : "absent";
      this.patch({ mic: navigator.mediaDevices ? reason : "insecure" });
    }
  }

  async toggleMicrophone() {
    if (this.state.mic !== "on") return this.openMicrophone();
    await this.room.localParticipant.setMicrophoneEnabled(false);
    this.silenced = true;
    return this.patch({ mic: "off", unheard: false });
  }

  /** A typed line of the person. Raises if it could not be sent. @param {string} text */
  async say(text) {
    await this.room.localParticipant.sendText(text, { topic: "lk.chat" });
    this.dispatch({ type: "typed", key: `typed-${Date.now()}`, text });
  }

  /** Ask the leading agent for something. Raises if it does not answer. @param {Call} what */
  async call(what) {
    if (!this.state.agent) throw new Error("no agent");
    const answer = await this.room.localParticipant.performRpc({
      destinationIdentity: this.state.agent,
      method: `repartee.${what}`,
      payload: "{}",
      responseTimeout: CALL_TIMEOUT_MS,
    });
    this.dispatch({ type: "told", now_ms: performance.now(), answer: parsed(answer) ?? {} });
  }

  async pause() {
    await this.call("pause");
    this.freeze(true);
  }

  async resume() {
    await this.call("resume");
    this.freeze(false);
  }

  /** Ask for the end: the cast says goodbye and the room closes. Asked twice, the page just leaves. */
  async end() {
    if (this.state.ending || !this.state.agent || this.state.connection === "taken") return this.leave();
    this.patch({ ending: true });
    this.timers.push(setTimeout(() => this.leave(), CLOSING_MS));
    try {
      await this.call("end");
    } catch {
      await this.leave();
    }
  }

  async leave() {
    await this.room.disconnect();
    this.close("over");
  }

  /** The browser plays sound only after a gesture: call it in one. */
  async startAudio() {
    wake();
    await this.room.startAudio().catch(() => undefined);
    this.patch({ sound: this.room.canPlaybackAudio });
  }

  /** Level of a character's voice, 0 to 1; with one shared track, that of whoever speaks. */
  levelOf(/** @type {string} */ persona) {
    const own = this.meters.get(persona);
    if (own) return own.level();
    return persona === this.state.speaker ? Math.max(0, ...[...this.meters.values()].map((one) => one.level())) : 0;
  }

  /** Level of the person's microphone; notices one that gives nothing. */
  ownLevel(/** @type {number} */ now_ms) {
    const open = this.state.mic === "on";
    const level = open && this.ear ? this.ear.level() : 0;
    const unheard = this.ear?.gaveUp(now_ms, !open || this.state.speaker !== "") ?? false;
    if (unheard !== this.state.unheard) this.patch({ unheard });
    return level;
  }

  wire() {
    const { RoomEvent: on } = this.client;
    const room = this.room;
    const captions = new CaptionReader((identity) => this.sourceOf(identity), (event) => this.dispatch(event));
    room.registerTextStreamHandler("lk.transcription", (/** @type {any} */ reader, /** @type {any} */ from) =>
      captions.read(reader, from.identity));
    room.registerTextStreamHandler("repartee.document", (/** @type {any} */ reader, /** @type {any} */ from) =>
      this.read(reader, from.identity));
    room
      .on(on.ParticipantConnected, () => this.meet())
      .on(on.ParticipantAttributesChanged, () => this.meet())
      .on(on.ParticipantDisconnected, (/** @type {any} */ one) => this.part(one))
      .on(on.RoomMetadataChanged, (/** @type {string} */ metadata) => this.dispatch({ type: "metadata", metadata }))
      .on(on.Reconnecting, () => this.connection("reconnecting"))
      .on(on.SignalReconnecting, () => this.connection("reconnecting"))
      .on(on.Reconnected, () => { this.connection("live"); this.meet(); this.ask(); })
      .on(on.Disconnected, (/** @type {number} */ reason) => this.dropped(reason))
      .on(on.AudioPlaybackStatusChanged, () => this.patch({ sound: room.canPlaybackAudio }))
      .on(on.TrackSubscribed, (/** @type {any} */ track, /** @type {any} */ publication) => this.hear(track, publication))
      .on(on.TrackUnsubscribed, (/** @type {any} */ track, /** @type {any} */ publication) => this.unhear(track, publication))
      .on(on.LocalTrackPublished, (/** @type {any} */ publication) => this.listen(publication));
  }

  /** Whose captions these are; those of anybody else are not shown. @returns {"own" | "cast" | "none"} */
  sourceOf(/** @type {string} */ identity) {
    if (identity === this.room.localParticipant.identity) return "own";
    return this.room.remoteParticipants.get(identity)?.isAgent ? "cast" : "none";
  }

  /** A page of the scene; those of anybody but the cast are not shown. @param {any} reader @param {string} identity */
  async read(reader, identity) {
    if (this.sourceOf(identity) !== "cast") return;
    const text = await reader.readAll().catch(() => "");
    this.dispatch({ type: "document", text });
  }

  /** The leading agent: the last one that came, since a ghost may stand beside its successor. */
  meet() {
    const agents = [...this.room.remoteParticipants.values()]
      .filter((one) => one.isAgent && !one.attributes["lk.publish_on_behalf"])
      .sort((one, other) => Number(one.joinedAt ?? 0) - Number(other.joinedAt ?? 0));
    const lead = agents.at(-1);
    if (!lead) return;
    if (lead.identity !== this.state.agent) {
      this.standStill();
      this.timers.push(setTimeout(() => this.ask(), FIRST_ASK_MS));
    }
    this.dispatch({ type: "agent", identity: lead.identity, attributes: lead.attributes });
  }

  /** @param {any} participant */
  part(participant) {
    if (participant.identity === this.state.agent) this.standStill();
    this.dispatch({ type: "agent_gone", identity: participant.identity });
    this.meet();
    if (this.state.ending && !this.state.agent) this.timers.push(setTimeout(() => this.leave(), 2_000));
  }

  /** @param {any} track @param {any} publication */
  hear(track, publication) {
    if (track.kind !== "audio") return;
    const player = track.attach();
    player.hidden = true;
    document.body.append(player);
    this.meters.get(publication.trackName)?.close();
    this.meters.set(publication.trackName, new Meter(track.mediaStreamTrack));
  }

  /** @param {any} track @param {any} publication */
  unhear(track, publication) {
    for (const player of track.detach()) player.remove();
    this.meters.get(publication.trackName)?.close();
    this.meters.delete(publication.trackName);
  }

  /** @param {any} publication */
  listen(publication) {
    const track = publication.track?.mediaStreamTrack;
    if (!track || publication.kind !== "audio") return;
    this.ear?.close();
    this.ear = new Ear(track, this.ear?.works);
  }

  /** The agent's own account; when it is not ready yet, the next asking will do. */
  ask() {
    this.call("state").catch(() => undefined);
  }

  /** @param {SceneState["connection"]} connection */
  connection(connection) {
    this.standStill();
    this.patch({ connection });
  }

  /** Stop or start the clock where it stands. @param {boolean} paused */
  freeze(paused) {
    this.standStill();
    this.patch({ paused });
  }

  /** Write the running seconds down before something changes whether they run. */
  standStill() {
    const now_ms = performance.now();
    this.patch({ clock: { elapsed_s: elapsedAt(this.state, now_ms), at_ms: now_ms } });
  }

  /** Another tab has this seat: leave it to that one. */
  async giveWay() {
    if (this.joining || !["live", "reconnecting", "lost"].includes(this.state.connection)) return;
    this.close("taken");
    await this.room.disconnect();
  }

  /** @param {number} reason */
  dropped(reason) {
    if (this.joining || ["over", "taken"].includes(this.state.connection)) return;
    const { CLIENT_INITIATED, DUPLICATE_IDENTITY, PARTICIPANT_REMOVED, ROOM_DELETED, ROOM_CLOSED } = this.client.DisconnectReason;
    const meant = [CLIENT_INITIATED, PARTICIPANT_REMOVED, ROOM_DELETED, ROOM_CLOSED].includes(reason);
    if (reason === DUPLICATE_IDENTITY) this.close("taken");
    else this.close(meant || this.state.ending ? "over" : "lost");
  }

  /** @param {"over" | "lost" | "taken"} connection */
  close(connection) {
    if (this.state.connection === "over") return;
    for (const timer of this.timers.splice(0)) clearTimeout(timer);
    this.ear?.close();
    this.ear = null;
    this.connection(connection);
  }

  /** @param {Partial<SceneState>} patch */
  patch(patch) {
    this.dispatch({ type: "patch", patch });
  }

  /** @param {import("./state.js").SceneEvent} event */
  dispatch(event) {
    const next = reduce(this.state, event);
    if (next === this.state) return;
    this.state = next;
    this.onState(next);
  }
}
