/** Where an error was thrown, by the lines of your file and of what it imports. */

import { fileURLToPath } from "node:url";

const PORT = new URL("..", import.meta.url);
const OURS = [new URL("protocol/", PORT).href, new URL("serve.js", PORT).href, "node:"];

/** Writes the error and your lines to stderr, the innermost last: only the end is shown. */
export function trace(error) {
  const frames = String(error?.stack).split("\n").filter((line) => /^ +at .*:\d+:\d+\)?$/.test(line));
  const yours = frames.filter((line) => !OURS.some((place) => line.includes(place)));
  const short = (line) => line.replace(PORT.href, "").replace(fileURLToPath(PORT), ""); // of CommonJS: a path
  console.error([String(error), ...yours.slice(0, 5).reverse().map(short)].join("\n"));
}
