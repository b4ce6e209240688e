#!/usr/bin/env node
"use strict";

// Runs the program of the platform's package: same input and output, same arguments, same end.
const { spawn } = require("node:child_process");
const { isatty } = require("node:tty");

const name = `hopx-leaks-${process.platform}-${process.arch}`;
const file = process.platform === "win32" ? "hopx-leaks.exe" : "hopx-leaks";

function fail(why) {
  console.error(`hopx-leaks: ${why}`);
  // Wrong usage, never "clean".
  process.exit(2);
}

function find() {
  try {
    return require.resolve(`${name}/bin/${file}`);
  } catch {
    return fail(
      `the package ${name} is not installed; install hopx-leaks with optional dependencies (no --omit=optional), ` +
        "or build it with cargo if there is no package for this platform",
    );
  }
}

// A terminal sends Ctrl-C to both. The program takes a second one as an order to die at once, so it is not sent on.
// To ask process.stdin instead would make it non-blocking, for the program as well.
const hasTerminal = [0, 1, 2].some((stream) => isatty(stream));
const signals = ["SIGHUP", "SIGINT", "SIGTERM"];
for (const signal of signals) {
  process.on(signal, () => {
    if (signal !== "SIGINT" || !hasTerminal) {
      child.kill(signal);
    }
  });
}

const child = spawn(find(), process.argv.slice(2), { stdio: "inherit" });
child.on("error", (error) => fail(`cannot run the program: ${error.message}`));
child.on("exit", (status, signal) => {
  if (signal === null) {
    process.exitCode = status;
    return;
  }
  signals.forEach((one) => process.removeAllListeners(one));
  process.kill(process.pid, signal);
});
