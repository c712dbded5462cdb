/* What the reader did to the lines of the heart size, until the server has taken it over. */

class Corrections {
  constructor() {
    /** @type {Map<string, {lines: object|null, stamp: number}>} by the image's token */
    this.edits = new Map();
  }

  /**
   * Forget what the server knows by now; what was done since stays.
   * @param {(name: string, value: object) => void} tell how the server is told of a correction
   */
  settle(images, tell) {
    this.tell = tell;
    for (const { heart } of images) {
      if (heart && heart.stamp >= (this.edits.get(heart.token)?.stamp ?? Infinity)) {
        this.edits.delete(heart.token);
      }
    }
  }

  /** @returns {object|null} the image's heart size with the lines that hold now */
  of(image) {
    const heart = image?.heart;
    if (!heart) return null;
    const edit = this.edits.get(heart.token);
    const corrected = edit ? edit.lines : heart.corrected;
    return { ...heart, corrected, lines: corrected ?? heart.measured };
  }

  /** Move a line end; nothing is sent before `send`. */
  move(image, id, point) {
    this.keep(image, moveEnd(image, this.of(image).lines, id, point));
  }

  /** Back to the lines as measured. */
  reset(image) {
    this.keep(image, null);
    this.send(image);
  }

  keep(image, lines) {
    const { token } = image.heart;
    const before = this.edits.get(token)?.stamp ?? image.heart.stamp;
    this.edits.set(token, { lines, stamp: Math.max(Date.now(), before + 1) });
  }

  /** The hand let go: the card and the exports follow on the server. */
  send(image) {
    const { token } = image.heart;
    const edit = this.edits.get(token);
    if (edit) this.tell("heart", { token, stamp: edit.stamp, lines: edit.lines });
  }
}
