import { Unsupported } from "./request.js";

/** Stands where nothing is yet. */
export class NotWritten extends Unsupported {
  constructor(name) {
    super(`${name} is not written yet`);
  }
}
