/* A room without a server: the part of livekit-client that the page uses, and strings to pull. */
(() => {
  const RoomEvent = Object.fromEntries([
    "ParticipantConnected", "ParticipantAttributesChanged", "ParticipantDisconnected", "RoomMetadataChanged", "Reconnecting",
    "SignalReconnecting", "Reconnected", "Disconnected", "AudioPlaybackStatusChanged", "TrackSubscribed", "TrackUnsubscribed",
    "LocalTrackPublished",
  ].map((name) => [name, name]));
  const DisconnectReason = { CLIENT_INITIATED: 1, DUPLICATE_IDENTITY: 2, SERVER_SHUTDOWN: 3, PARTICIPANT_REMOVED: 4, ROOM_DELETED: 5, ROOM_CLOSED: 10 };

  class Room {
    constructor() {
      this.handlers = {};
      this.texts = {};
      this.remoteParticipants = new Map();
      this.metadata = "";
      this.canPlaybackAudio = true;
      this.sent = [];
      this.calls = [];
      this.localParticipant = {
        identity: "me",
        sendText: async (text, options) => { if (this.deaf) throw new Error("closed"); this.sent.push({ text, ...options }); },
        setMicrophoneEnabled: async (on, options) => this.microphone(on, options),
        performRpc: async ({ method }) => this.answer(method),
      };
      globalThis.fake = this;
    }
    on(event, handler) { (this.handlers[event] ??= []).push(handler); return this; }
    emit(event, ...args) { for (const handler of this.handlers[event] ?? []) handler(...args); }
    registerTextStreamHandler(topic, handler) { if (this.connected) throw new Error("too late"); this.texts[topic] = handler; }
    async connect(url, token) {
      if (globalThis.fakeUnreachable) throw new Error("unreachable");
      this.joined = { url, token };
      this.connected = true;
    }
    async disconnect() { if (this.connected) { this.connected = false; this.emit(RoomEvent.Disconnected, DisconnectReason.CLIENT_INITIATED); } }
    async startAudio() { this.canPlaybackAudio = true; this.emit(RoomEvent.AudioPlaybackStatusChanged); }
    async microphone(on, options) {
      this.micOptions = options;
      if (!on) return;
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      this.emit(RoomEvent.LocalTrackPublished, { kind: "audio", track: { mediaStreamTrack: stream.getAudioTracks()[0] } });
    }
    answer(method) {
      this.calls.push(method);
      if (this.mute) throw new Error("no answer");
      return JSON.stringify({ phase: this.phase, elapsed_s: this.elapsed_s ?? 0, ended: method === "repartee.end" });
    }
    /* Strings to pull */
    agentJoins(attributes, identity = "agent-1") {
      this.remoteParticipants.set(identity, { identity, isAgent: true, attributes, joinedAt: new Date() });
      this.emit(RoomEvent.ParticipantConnected);
    }
    agentSays(attributes, identity = "agent-1") {
      Object.assign(this.remoteParticipants.get(identity).attributes, attributes);
      this.emit(RoomEvent.ParticipantAttributesChanged);
    }
    agentLeaves(identity = "agent-1") {
      const one = this.remoteParticipants.get(identity);
      this.remoteParticipants.delete(identity);
      this.emit(RoomEvent.ParticipantDisconnected, one);
    }
    stranger(identity) { this.remoteParticipants.set(identity, { identity, isAgent: false, attributes: {} }); }
    text(identity, attributes, pieces, final = true) {
      const reader = { info: { id: `${Math.random()}`, attributes }, async *[Symbol.asyncIterator]() { yield* pieces; if (final) attributes["lk.transcription_final"] = "true"; } };
      return this.texts["lk.transcription"](reader, { identity });
    }
    page(identity, document) {
      const reader = { info: { id: `${Math.random()}`, attributes: {} }, readAll: async () => typeof document === "string" ? document : JSON.stringify(document) };
      return this.texts["repartee.document"](reader, { identity });
    }
    line(persona, name, text, segment, source = "understudy") {
      return this.text("agent-1", { "lk.segment_id": segment, "repartee.persona": persona, "repartee.persona_name": name, "repartee.source": source }, text.split(/(?<= )/));
    }
    voice(name, gain = 0.2) {
      const audio = new AudioContext();
      const tone = new OscillatorNode(audio, { frequency: 220 });
      const out = audio.createMediaStreamDestination();
      tone.connect(new GainNode(audio, { gain })).connect(out);
      tone.start();
      const track = { kind: "audio", mediaStreamTrack: out.stream.getAudioTracks()[0], players: [], attach() { const player = document.createElement("audio"); this.players.push(player); return player; }, detach() { return this.players.splice(0); } };
      this.emit(RoomEvent.TrackSubscribed, track, { trackName: name });
    }
    told(status) { this.metadata = JSON.stringify({ repartee: { status } }); this.emit(RoomEvent.RoomMetadataChanged, this.metadata); }
    drop(reason) { this.connected = false; this.emit(RoomEvent.Disconnected, DisconnectReason[reason]); }
  }
  globalThis.LivekitClient = { Room, RoomEvent, DisconnectReason };
})();
