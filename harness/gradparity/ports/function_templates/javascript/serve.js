/* Answers gradparity's requests with functions.js. You need not open this file, nor those in protocol/. */

import { OPERATIONS, Port } from "./protocol/operations.js";
import { serve } from "./protocol/server.js";
import { trace } from "./protocol/trace.js";

Error.stackTraceLimit = 50; // from here on: see port.toml
serve(OPERATIONS, new Port(), trace);
