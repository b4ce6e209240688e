// What the reports are about: real repositories with keys that are made here and now, names that try everything, and a
// server on loopback that plays the API. Nothing ever goes to a real address.

import { execFile, execFileSync } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Every key that was made, none of whose secrets may be seen. */
export const made = [];

export function key(kind = "live") {
  const id = Array.from({ length: 12 }, () => LETTERS[randomInt(LETTERS.length)]).join("");
  const secret = randomBytes(32).toString("base64url");
  made.push({ id, secret });
  return { id, shown: `hopx_${kind}_${id}.****`, text: `hopx_${kind}_${id}.${secret}` };
}

/** Writes a file, whose name may be bytes, with the folders it needs. */
export function write(folder, name, content) {
  const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name)]);
  mkdirSync(path.subarray(0, path.lastIndexOf("/")), { recursive: true });
  writeFileSync(path, content);
}

/** git with nobody's configuration, and a clock. */
function gitIn(folder) {
  return (date, ...words) => {
    const time = `${date}T10:30:00+01:00`;
    const settings = ["init.defaultBranch=main", "gc.auto=0", "maintenance.auto=false", "protocol.file.allow=always"];
    const person = (role) => ({
      [`GIT_${role}_NAME`]: "A Person",
      [`GIT_${role}_EMAIL`]: "person@example.invalid",
      [`GIT_${role}_DATE`]: time,
    });
    execFileSync("git", [...settings.flatMap((setting) => ["-c", setting]), ...words], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        PATH: process.env.PATH,
        HOME: "/nonexistent",
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_CONFIG_NOSYSTEM: "1",
        ...person("AUTHOR"),
        ...person("COMMITTER"),
      },
    });
  };
}

/** Names that would run as a script, break out of an attribute, or reorder text, were they not escaped. */
export const HOSTILE = [
  "<img src=x onerror=window.pwned=1>.env",
  "</script><script>window.pwned=2</script>.env",
  "\"><svg onload=window.pwned=3>.env",
  "' onmouseover='window.pwned=4.env",
  "</title><style>*{display:none}<.env",
  "<!--.env",
  "&lt;script&gt;.env",
  "${window.pwned=5}{{7*7}}.env",
  "javascript:window.pwned=6.env",
  "\u202etxt.env",
  "\u05d0\u05d1\u05d2/\u0645\u0641\u062a\u0627\u062d.env",
  "new\nline\u001b[31mred.env",
  "\u952e\u{1f600}.env",
  Buffer.from([0x63, 0x61, 0x66, 0xe9, 0xff, 0x2e, 0x65, 0x6e, 0x76]),
];

/** A repository with a life behind it. */
export function repository(folder) {
  const keys = {
    live: key(), limited: key(), rejected: key("test"), lost: key(), untracked: key(), ignored: key(), hostile: key(),
  };
  mkdirSync(folder, { recursive: true });
  const git = gitIn(folder);
  const commit = (date, subject) => {
    git(date, "add", "-A");
    git(date, "commit", "-q", "-m", subject);
  };
  git("2026-01-01", "init", "-q");
  write(folder, ".gitignore", "/.env\n");
  write(folder, "README.md", "A service.\n");
  commit("2026-01-01", "Begin");
  write(folder, "src/config.py", `API_KEY = "${keys.live.text}"\n`);
  commit("2026-01-12", "Call the sandbox API from the worker");
  const encoded = Buffer.from(keys.live.text).toString("base64");
  write(folder, "deploy/chart/templates/secret.yaml", `apiVersion: v1\nkind: Secret\ndata:\n  key: ${encoded}\n`);
  write(folder, "tests/fixtures/recorded/session.json", `{"headers": {"x-api-key": "${keys.rejected.text}"}}\n`);
  commit("2026-02-03", "Deploy by Helm");
  git("2026-02-03", "tag", "-a", "v1.0", "-m", "The first release");
  git("2026-02-20", "rm", "-q", "src/config.py");
  commit("2026-02-20", "Read the key from the environment");
  git("2026-02-25", "checkout", "-q", "-b", "feature/<b>bold'&amp;</b>");
  write(folder, "scripts/smoke.sh", `#!/bin/sh\ncurl -H "Authorization: Bearer ${keys.limited.text}" "$URL"\n`);
  commit("2026-02-25", "</title><script>window.pwned=7</script> \"quoted\" 'subject'");
  git("2026-02-26", "checkout", "-q", "main");
  write(folder, "notes.txt", `${keys.lost.text}\n`);
  commit("2026-03-01", "Notes, taken back at once");
  git("2026-03-02", "reset", "-q", "--hard", "HEAD~1");
  for (const [number, name] of HOSTILE.entries()) {
    write(folder, name, `n=${number}\nkey=${keys.hostile.text}\n`);
  }
  commit("2026-03-09", "Names from everywhere");
  git("2026-03-10", "init", "-q", "--bare", "../origin.git");
  git("2026-03-10", "remote", "add", "origin", "../origin.git");
  git("2026-03-10", "push", "-q", "origin", "main~1:refs/heads/main");
  git("2026-03-10", "fetch", "-q", "origin");
  write(folder, ".env", `HOPX_API_KEY=${keys.ignored.text}\n`);
  write(folder, "scratch/try.ps1", Buffer.from(`\ufeff$k = '${keys.untracked.text}'\r\n`, "utf16le"));
  write(folder, "backup/dump.sql.gz", gzipSync(`INSERT INTO settings VALUES ('${keys.live.text}');\n`));
  write(folder, "backup/broken.gz", gzipSync(randomBytes(4096)).subarray(0, 2000));
  write(folder, "backup/<b onclick=window.pwned=8>.gz", gzipSync(randomBytes(4096)).subarray(0, 2000));
  return keys;
}

/** As many findings as GitHub keeps, in one key with many places and many keys with one. */
export function many(folder) {
  const most = key("test");
  write(folder, "one/everywhere.env", Array.from({ length: 2600 }, (_, line) => `K${line}=${most.text}\n`).join(""));
  write(folder, "many/keys.env", Array.from({ length: 2400 }, (_, line) => `K${line}=${key("test").text}\n`).join(""));
  return most;
}

/** Plays the API. Answers as it is told for a key id. */
export async function api(answers) {
  const server = createServer((request, response) => {
    const id = /hopx_(?:live|test)_([0-9A-Za-z]{12})/.exec(request.headers.authorization ?? "")?.[1];
    const [status, body] = answers[id] ?? [404, { error: "Not found", code: "NOT_FOUND" }];
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** Runs the program. It must end with `status`. */
export function run(program, folder, url, words, status) {
  const env = { PATH: process.env.PATH, HOME: "/nonexistent", HOPX_LEAKS_API_URL: url, GIT_CONFIG_GLOBAL: "/dev/null" };
  return new Promise((resolve, reject) => {
    execFile(program, words, { cwd: folder, env, maxBuffer: 1 << 26 }, (error, _stdout, stderr) => {
      const ended = error === null ? 0 : error.code;
      if (ended === status) resolve();
      else reject(new Error(`${words.join(" ")}: status ${ended}, not ${status}: ${stderr}`));
    });
  });
}
