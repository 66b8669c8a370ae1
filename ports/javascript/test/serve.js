import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

/** What the port says when this comes on its stdin. @param {string} input */
function serve(input) {
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const command = ["-c", "exec node serve.js 3>&1 1>&2"];
  const { status, stdout, stderr } = spawnSync("sh", command, { cwd, input: Buffer.from(input, "latin1") });
  return { status, stdout: String(stdout), stderr: String(stderr) };
}

test("it answers and ends with its input", () => {
  const { status, stdout, stderr } = serve("sing loudly=1\nlayer kind=affine\ngradient\nhello protocol=1\n");
  const lines = stdout.split("\n");
  assert.deepEqual([status, stderr, lines.length], [0, "", 5]);
  assert.equal(lines[0], "unsupported message=no%20operation%20sing");
  assert.equal(lines[1], "error message=expected%20an%20array%20x,%20came%20none");
  assert.equal(lines[2], "error message=nothing%20is%20loaded%20yet:%20send%20load%20first");
  assert.match(lines[3], /^ok name=javascript language=JavaScript version=Node.js%20/);
});

test("a broken stream is one line on stderr", () => {
  for (const [input, message] of [
    ["hello protocol=1", 'expected a line of at most 65536 bytes and a newline, came "hello protocol=1"'],
    ["load arrays=x\n\x93NUM", "array x: expected 4 more bytes, the stream ended before"],
  ]) {
    assert.deepEqual(serve(input), { status: 1, stdout: "", stderr: `serve.js: ${message}\n` });
  }
});

test("answers to long words stay short", () => {
  const { status, stdout } = serve(`${"a".repeat(65_000)}\n`);
  assert.ok(status === 0 && stdout.length < 4000);
});
