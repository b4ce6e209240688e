// Opens HTML reports in a real browser and uses them as a person does: with and without a mouse, without scripts, in the
// dark, on a phone, on paper, with a screen reader's view of the page.
//
// Usage: node page.mjs PROGRAM CHROMIUM FOLDER-WITH-NODE_MODULES SCRATCH-FOLDER [FOLDER-FOR-SCREENSHOTS]

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import * as material from "./material.mjs";

const [program, chromium, tools, scratch, screenshots] = process.argv.slice(2);
const require = createRequire(pathToFileURL(join(tools, "x.js")));
const playwright = require("playwright-core");
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

let checks = 0;
const said = (what) => { checks += 1; console.log(`html: ${what}`); };

// Reports by the real program.
const repository = join(scratch, "repository");
const keys = material.repository(repository);
const api = await material.api({
  [keys.live.id]: [200, { object: "list", data: [] }],
  [keys.limited.id]: [402, { error: { code: "PAYMENT_REQUIRED" }, request_id: "req_1" }],
  [keys.rejected.id]: [401, { error: "Unauthorized", code: "UNAUTHORIZED", request_id: "req_2" }],
});
const report = (name) => join(scratch, `${name}.html`);
const write = (name, folder, words, status) =>
  material.run(program, folder, api.url, [...words, "-o", report(name)], status);
const manyFolder = join(scratch, "many");
const most = material.many(manyFolder);
const clean = join(scratch, "clean");
material.write(clean, "readme.txt", "nothing to see\n");
const broken = join(scratch, "broken");
material.write(broken, "readme.txt", "nothing to see\n");
material.write(broken, "broken.gz", Buffer.from("1f8b0800000000000003ffff", "hex"));
await Promise.all([
  write("audit", repository, ["audit", "--verify"], 1),
  write("many", manyFolder, ["scan"], 1),
  write("clean", clean, ["scan"], 0),
  write("broken", broken, ["scan"], 3),
]);
api.close();
for (const name of ["audit", "many", "clean", "broken"]) {
  const bytes = readFileSync(report(name), "utf8");
  for (const { secret } of material.made) {
    assert(!bytes.includes(secret.slice(0, 12)) && !bytes.includes(secret.slice(-12)), `${name} holds a part of a secret`);
  }
}
said("reports written; no secret in them");

const browser = await playwright.chromium.launch({
  executablePath: chromium,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});

/** A page on which nothing may go wrong. */
async function open(name, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  const url = pathToFileURL(report(name)).href;
  const trouble = [];
  page.on("console", (message) => trouble.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => trouble.push(`error: ${error}`));
  page.on("dialog", (dialog) => { trouble.push("a dialog"); dialog.dismiss(); });
  page.on("request", (request) => { if (request.url() !== url) trouble.push(`request: ${request.url()}`); });
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
      window.violations.push(`${event.violatedDirective} ${event.sample}`));
  });
  await page.goto(url);
  const close = async () => {
    assert.deepEqual(trouble, [], `${name}: the browser complains`);
    if (options.javaScriptEnabled !== false) {
      assert.deepEqual(await page.evaluate(() => window.violations), [], `${name}: the policy was violated`);
      assert.equal(await page.evaluate(() => typeof window.pwned), "undefined", `${name}: a name ran as a script`);
    }
    await context.close();
  };
  const bottom = async () => {
    const box = await page.locator("footer").boundingBox();
    return box.y + box.height + 24;
  };
  const picture = async (title, fullPage = true) => {
    if (!screenshots) return;
    const { width, height } = page.viewportSize();
    // What is not near the screen is not laid out until it is.
    if (fullPage) await page.setViewportSize({ width, height: 12_000 });
    const path = join(screenshots, `${title}.png`);
    await page.screenshot({ path, fullPage: false, clip: { x: 0, y: 0, width, height: fullPage ? await bottom() : height } });
    await page.setViewportSize({ width, height });
  };
  const shownIds = async () =>
    (await page.locator("article.key:visible h3 code").allTextContents()).map((text) => text.slice(10, 22));
  return { page, close, picture, shownIds };
}

/** Every rule of axe for WCAG 2.2 A and AA, and its advice. */
async function accessible(page, name) {
  await page.evaluate(axeSource);
  const { violations, passes } = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  const found = violations.map((rule) => `${rule.id}: ${rule.nodes.slice(0, 3).map((node) => node.html).join(" | ")}`);
  assert.deepEqual(found, [], `${name}: not accessible`);
  assert(passes.some((rule) => rule.id === "color-contrast"), `${name}: contrast was not looked at`);
}

const sorted = (list) => [...list].sort();
const ids = (...names) => sorted(names.map((name) => keys[name].id));

{ // What is there, and what a mouse finds.
  const { page, close, picture, shownIds } = await open("audit");
  assert.match(await page.title(), /^\d+ keys leaked in \d+ places, and incomplete - hopx-leaks$/);
  assert.equal(await page.locator("h1").count(), 1);
  assert.match(await page.locator(".alert").first().textContent(), /^This scan is incomplete\. 2 problems kept/);
  assert.equal((await shownIds())[0], keys.live.id, "the live key is not the first");
  assert.equal(await page.locator("article.key").first().locator(".badge").first().textContent(), "LIVE");
  assert.deepEqual(sorted(await shownIds()), ids(...Object.keys(keys)));
  await picture("audit-light");
  said("the live key stands first, an incomplete scan is said at the top");

  const choose = async (id, value, expected) => {
    await page.locator(`#${id}`).selectOption(value);
    assert.deepEqual(sorted(await shownIds()), expected, `${id}=${value}`);
    const number = Number((await page.locator("#shown").textContent()).split(" ")[0]);
    assert.equal(number, expected.length);
    await page.locator("#all").click();
    assert.equal((await shownIds()).length, Object.keys(keys).length);
  };
  await choose("exposure", "pushed", ids("live", "rejected"));
  await choose("exposure", "committed", ids("limited", "hostile"));
  await choose("exposure", "untracked", ids("live", "untracked"));
  await choose("exposure", "ignored", ids("ignored"));
  await choose("exposure", "unreachable", ids("lost"));
  await choose("verdict", "live", ids("live"));
  await choose("verdict", "limited", ids("limited"));
  await choose("verdict", "rejected", ids("rejected"));
  await choose("verdict", "unknown", ids("lost", "untracked", "ignored", "hostile"));
  await choose("level", "warning", ids("rejected"));
  await choose("level", "note", ids("ignored"));
  await choose("suppressed", "no", ids(...Object.keys(keys)));

  const search = async (words, expected) => {
    await page.locator("#words").fill(words);
    assert.deepEqual(sorted(await shownIds()), expected, words);
  };
  await search(keys.lost.id, ids("lost"));
  await search("SMOKE.sh", ids("limited"));
  await search("helm", ids("live", "rejected"));
  await search("utf-16le try.ps1", ids("untracked"));
  await search("<script>window.pwned=2", ids("hostile"));
  await search("no such thing", []);
  assert(await page.locator("#nothing").isVisible());
  await search("secret.yaml", ids("live"));
  const first = page.locator("article.key:visible");
  await first.locator("details.where").evaluate((node) => { node.open = true; });
  assert.equal(await first.locator(".place:visible").count(), 1);
  assert.match(await first.locator(".fits").textContent(), /1 of them by these filters/);
  await page.locator("#all").click();
  await page.locator("#words").press("Enter");
  assert.equal((await shownIds()).length, Object.keys(keys).length, "the form was sent");
  said("search and every filter show the right keys and places");

  const paths = (await page.locator(`article.key:has-text("${keys.hostile.id}") .place .path`).allTextContents()).join("\n");
  for (const part of ["<img src=x onerror=window.pwned=1>.env", "</script><script>window.pwned=2</script>.env",
    "\"><svg onload=window.pwned=3>.env", "' onmouseover='window.pwned=4.env", "&lt;script&gt;.env", "\\u{202e}txt.env",
    "new\\u{a}line\\u{1b}[31mred.env", "caf\ufffd\ufffd.env"]) {
    assert(paths.includes(part), `${part} is not shown as it is:\n${paths}`);
  }
  said("hostile names are shown as they are and run nothing");

  const copied = page.locator("article.key").first().locator(".facts button.copy").first();
  await copied.click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), keys.live.id);
  assert.match(await page.locator("#said").textContent(), new RegExp(`Copied ${keys.live.id}`));
  const command = page.locator(`article.key:has-text("${keys.lost.id}") .remedy button.copy`).nth(1);
  await command.click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()),
    "git reflog expire --expire=now --expire-unreachable=now --all");
  await page.evaluate(() => { navigator.clipboard.writeText = () => Promise.reject(new Error("no")); });
  await copied.click();
  await page.waitForFunction((id) => document.getElementById("said").textContent === `Copied ${id}`, keys.live.id);
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), keys.live.id, "the old way of copying fails");
  said("buttons copy the key id and the commands");

  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const button = page.locator("#theme");
  const seen = [[await button.textContent(), await paper()]];
  for (let press = 0; press < 3; press += 1) {
    await button.click();
    seen.push([await button.textContent(), await paper()]);
  }
  assert.deepEqual(seen, [["Theme: system", "rgb(255, 255, 255)"], ["Theme: light", "rgb(255, 255, 255)"],
    ["Theme: dark", "rgb(22, 24, 27)"], ["Theme: system", "rgb(255, 255, 255)"]]);
  said("the theme can be chosen");
  await accessible(page, "audit, light");
  await close();
}

{ // By keyboard alone.
  const { page, close } = await open("audit");
  const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Skip to the report");
  assert((await page.locator(".skip").boundingBox()).x >= 0, "the skip link can't be seen");
  const summary = page.locator(`article.key:has-text("${keys.hostile.id}") .where > summary`);
  let presses = 0;
  while (!(await summary.evaluate((node) => node === document.activeElement))) {
    await page.keyboard.press("Tab");
    presses += 1;
    assert(presses < 300, "Tab never gets to the places of a key");
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.notEqual(outline, "none", `no focus can be seen on ${await focused()}`);
  }
  const place = page.locator(`article.key:has-text("${keys.hostile.id}") .place`).first();
  assert.equal(await place.isVisible(), false);
  await page.keyboard.press("Enter");
  assert.equal(await place.isVisible(), true);
  said("everything is reached, seen and opened by keyboard");
  await close();
}

{ // What a screen reader is told.
  const { page, close } = await open("audit");
  const tree = await page.locator("body").ariaSnapshot();
  for (const part of ["- banner", "- main", "- contentinfo", "- navigation \"Parts of the report\"",
    "- search \"Filter the keys\"", "- searchbox \"Search\"", "- combobox \"Exposure\"", "- combobox \"Suppressed\"",
    "- heading \"Summary\" [level=2]", `- article "LIVE ${keys.live.shown}"`, "- heading \"What to do\" [level=4]",
    `- button "Copy the key id ${keys.live.id}"`, "- img \"Timeline\"", "First brought in on"]) {
    assert(tree.includes(part), `a screen reader is not told of ${part}:\n${tree.slice(0, 6000)}`);
  }
  said("landmarks, headings, controls and pictures have names");
  await close();
}

{ // In the dark, with motion reduced.
  const { page, close, picture } = await open("audit", { colorScheme: "dark", reducedMotion: "reduce" });
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(22, 24, 27)");
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior), "auto");
  for (const details of await page.locator("details").all()) await details.evaluate((node) => { node.open = true; });
  await picture("audit-dark-open");
  await accessible(page, "audit, dark, all open");
  said("dark by preference; no accessibility violation in either theme");
  await close();
}

{ // On a phone.
  const { page, close, picture } = await open("audit", { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
  for (const details of await page.locator("details").all()) await details.evaluate((node) => { node.open = true; });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert(wide <= 360, `${wide} pixels wide on a phone of 360`);
  await picture("audit-phone");
  await accessible(page, "audit, phone");
  said("fits a phone");
  await close();
}

{ // On paper.
  const { page, close, picture } = await open("audit", { colorScheme: "dark" });
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(255, 255, 255)");
  assert.equal(await page.locator("#filters").isVisible(), false);
  assert.equal(await page.locator("button:visible").count(), 0);
  const closed = page.locator("details.where:not([open]) .place").first();
  assert(await closed.evaluate((node) => node.checkVisibility({ contentVisibilityAuto: true })), "closed places are not printed");
  assert((await closed.boundingBox()).height > 10);
  await picture("audit-print");
  if (screenshots) await page.pdf({ path: join(screenshots, "audit.pdf") });
  said("printed in light, whole, without controls");
  await close();
}

{ // Without scripts.
  const { page, close, picture } = await open("audit", { javaScriptEnabled: false });
  assert.equal(await page.locator("article.key:visible").count(), Object.keys(keys).length);
  assert.equal(await page.locator("#filters").isVisible(), false);
  assert.equal(await page.locator("button:visible").count(), 0);
  await page.locator("details.where > summary").last().click();
  await picture("audit-without-script", false);
  said("whole without its script");
  await close();
}

{ // With 5,000 findings.
  const began = performance.now();
  const { page, close, picture, shownIds } = await open("many");
  const opened = performance.now() - began;
  assert.equal(await page.locator("article.key").count(), 2401);
  assert.equal((await shownIds()).length, 50);
  assert.match(await page.locator("#shown").textContent(),
    /^2401 of 2401 keys, 5000 of 5000 places; the first 50 are listed$/);
  assert.equal(await page.locator("#more").textContent(), "Show 50 more of 2401 keys");
  await page.locator("#more").press("Enter");
  assert.equal((await shownIds()).length, 100);
  const focus = await page.evaluate(() => document.activeElement.id);
  assert.equal(focus, await page.locator("article.key h3").nth(50).getAttribute("id"), "the focus is not on what is new");
  const searched = await page.evaluate((id) => {
    const began = performance.now();
    const words = document.getElementById("words");
    words.value = id;
    words.dispatchEvent(new Event("input", { bubbles: true }));
    document.body.getBoundingClientRect();
    return performance.now() - began;
  }, most.id);
  assert.deepEqual(await shownIds(), [most.id]);
  const key = page.locator("article.key:visible");
  assert.equal(await key.locator(".place:visible").count(), 0, "2600 places are not collapsed");
  await key.locator(".where > summary").click();
  assert.equal(await key.locator(".place:visible").count(), 25);
  await key.getByText("Show 100 more of 2600 places").click();
  assert.equal(await key.locator(".place:visible").count(), 125);
  await picture("many", false);
  assert(opened < 20_000 && searched < 3_000, `slow: opened in ${opened} ms, searched in ${searched} ms`);
  said(`5000 findings: opened in ${Math.round(opened)} ms, searched in ${Math.round(searched)} ms`);
  await close();
}

for (const [name, title, problems] of [
  ["clean", "No leaks", "None: everything that should have been read was."],
  ["broken", "No leaks found, but incomplete", "1 problem"],
]) {
  const { page, close, picture } = await open(name);
  assert.equal(await page.locator("h1").textContent(), title);
  assert.equal(await page.locator(".alert").count(), name === "broken" ? 1 : 0);
  assert((await page.locator("section:has(#problems)").textContent()).includes(problems));
  await accessible(page, name);
  await picture(name);
  said(`${name}: ${title}`);
  await close();
}

{ // A check that can't fail proves nothing: the policy really keeps things out.
  const { page } = await open("clean");
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.pwned = 9";
    document.body.append(script);
    document.body.insertAdjacentHTML("beforeend", "<img src='http://127.0.0.1:9/x' onerror='window.pwned = 10'>");
    document.body.setAttribute("style", "display: none");
  });
  await page.waitForFunction(() => window.violations.length >= 3);
  const violations = (await page.evaluate(() => window.violations)).join("\n");
  for (const directive of ["script-src-elem", "img-src", "style-src-attr"]) assert(violations.includes(directive), violations);
  assert.equal(await page.evaluate(() => typeof window.pwned), "undefined");
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).display), "none");
  said("what is put into the page later does not run, load or style");
}

await browser.close();
console.log(`html: ${checks} things hold in ${await browser.version()}`);
