/**
 * Reads `lk.transcription` text streams into caption events: pieces of a character's line, or the
 * person's own line again and again in full.
 */

/** @typedef {import("./captions.js").CaptionEvent} CaptionEvent */

export class CaptionReader {
  /**
   * @param {(identity: string) => "own" | "cast" | "none"} sourceOf
   * @param {(event: CaptionEvent) => void} dispatch
   */
  constructor(sourceOf, dispatch) {
    this.sourceOf = sourceOf;
    this.dispatch = dispatch;
    /** Segment -> the newest of its streams: an older one must not overwrite it. @type {Map<string, number>} */
    this.newest = new Map();
    this.streams = 0;
  }

  /** One stream to its end. What a stream brought before it broke off stays. @param {any} reader @param {string} identity */
  async read(reader, identity) {
    const source = this.sourceOf(identity);
    if (source === "none") return;
    const attributes = reader.info.attributes ?? {};
    const key = attributes["lk.segment_id"] ?? reader.info.id;
    try {
      if (source === "own") await this.own(reader, key);
      else await this.cast(reader, key, attributes);
    } catch {
      // The sender left in mid-sentence.
    }
    if (source === "cast") this.dispatch({ type: "done", key });
  }

  /** @param {any} reader @param {string} key @param {Record<string, string>} attributes */
  async cast(reader, key, attributes) {
    const persona = attributes["repartee.persona"] ?? "";
    const name = attributes["repartee.persona_name"] ?? "";
    const source = attributes["repartee.source"] ?? "";
    for await (const text of reader) this.dispatch({ type: "piece", key, persona, name, source, text });
  }

  /** @param {any} reader @param {string} key */
  async own(reader, key) {
    const stream = ++this.streams;
    this.newest.set(key, stream);
    let text = "";
    for await (const piece of reader) {
      text += piece;
      if (this.newest.get(key) === stream) this.dispatch({ type: "own", key, text, final: false });
    }
    const final = reader.info.attributes?.["lk.transcription_final"] === "true";
    if (this.newest.get(key) === stream) this.dispatch({ type: "own", key, text, final });
  }
}
