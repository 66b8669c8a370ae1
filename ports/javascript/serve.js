/**
 * The port: answers the protocol's requests on stdin until it closes.
 *
 *     node serve.js 3>&1 1>&2
 */

import { OPERATIONS, Port } from "./src/operations.js";
import { serve } from "./src/server.js";

serve(OPERATIONS, new Port());
