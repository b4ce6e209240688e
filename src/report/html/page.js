
"use strict";
// All of the page is there without this. It hides what a filter leaves out and what is far down, copies, and changes
// the theme. It reads the page and nothing else.
(() => {
  const KEYS_AT_FIRST = 50;
  const PLACES_AT_FIRST = 25;
  const PLACES_MORE = 100;
  const FILTERS = ["exposure", "level", "suppressed"];

  const byId = (id) => document.getElementById(id);
  const all = (selector, node) => Array.from(node.querySelectorAll(selector));
  const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
  const say = (text) => { byId("said").textContent = text; };
  document.documentElement.classList.add("script");

  // What is searched is read once, when somebody first searches.
  const searched = (part, selector) => {
    part.text ??= all(selector, part.node).map((node) => node.textContent).join("\n").toLowerCase();
    return part.text;
  };
  const keys = all("article.key", document).map((node) => ({
    node,
    list: node.querySelector(".places"),
    fits: node.querySelector(".fits"),
    places: all(".place", node).map((place) => ({ node: place, data: place.dataset, text: null })),
    data: node.dataset,
    text: null,
    fitting: [],
    room: PLACES_AT_FIRST,
    more: null,
  }));
  let room = KEYS_AT_FIRST;

  const wanted = () => {
    const values = Object.fromEntries(["verdict", ...FILTERS].map((id) => [id, byId(id).value]));
    return { ...values, words: byId("words").value.toLowerCase().split(/\s+/).filter(Boolean) };
  };

  const fits = (key, place, want) => {
    const chosen = FILTERS.every((name) => want[name] === "" || place.data[name] === want[name]);
    if (!chosen || (want.verdict !== "" && key.data.verdict !== want.verdict)) return false;
    return want.words.every((word) =>
      searched(key, "h3, .facts").includes(word) || searched(place, ".path, .how, .badge").includes(word));
  };

  // What is beyond the room is not shown on a screen, but printed.
  const showPlaces = (key) => {
    const room = key.room;
    key.fitting.forEach((place, number) => place.node.classList.toggle("beyond", number >= room));
    const rest = key.fitting.length - room;
    if (rest > 0 && key.more === null) {
      key.more = document.createElement("button");
      key.more.type = "button";
      key.more.className = "scripted";
      key.more.addEventListener("click", () => {
        const next = key.fitting[key.room].node;
        key.room += PLACES_MORE;
        showPlaces(key);
        next.tabIndex = -1;
        next.focus();
      });
      key.list.after(key.more);
    }
    if (key.more !== null) {
      key.more.hidden = rest <= 0;
      key.more.textContent = `Show ${Math.min(rest, PLACES_MORE)} more of ${count(key.fitting.length, "place")}`;
    }
  };

  const showKeys = () => {
    const shown = keys.filter((key) => key.fitting.length > 0);
    shown.forEach((key, number) => key.node.classList.toggle("beyond", number >= room));
    const rest = shown.length - room;
    const more = byId("more");
    more.hidden = rest <= 0;
    more.textContent = `Show ${Math.min(rest, KEYS_AT_FIRST)} more of ${count(shown.length, "key")}`;
    const places = shown.reduce((sum, key) => sum + key.fitting.length, 0);
    const total = keys.reduce((sum, key) => sum + key.places.length, 0);
    const listed = rest > 0 ? `; the first ${room} are listed` : "";
    byId("shown").textContent =
      `${shown.length} of ${count(keys.length, "key")}, ${places} of ${count(total, "place")}${listed}`;
    byId("nothing").hidden = shown.length > 0;
    return shown;
  };

  const filter = () => {
    const want = wanted();
    room = KEYS_AT_FIRST;
    for (const key of keys) {
      key.fitting = key.places.filter((place) => {
        const fit = fits(key, place, want);
        place.node.hidden = !fit;
        return fit;
      });
      key.room = PLACES_AT_FIRST;
      key.node.hidden = key.fitting.length === 0;
      const some = key.fitting.length < key.places.length;
      key.fits.textContent = some ? `, ${key.fitting.length} of them by these filters` : "";
      showPlaces(key);
    }
    showKeys();
  };

  const form = byId("filters");
  if (form !== null) {
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", filter);
    byId("all").addEventListener("click", () => {
      form.reset();
      filter();
    });
    byId("more").addEventListener("click", () => {
      const first = room;
      room += KEYS_AT_FIRST;
      showKeys()[first].node.querySelector("h3").focus();
    });
    filter();
  }

  // Without the permission to write to the clipboard, the old way: a selection and a command.
  const copyBySelection = (node) => {
    const selection = getSelection();
    selection.selectAllChildren(node);
    const done = document.execCommand("copy");
    if (done) selection.removeAllRanges();
    return done;
  };
  const copy = async (node) => {
    try {
      await navigator.clipboard.writeText(node.textContent);
      return true;
    } catch {
      return copyBySelection(node);
    }
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (button === null) return;
    const node = button.previousElementSibling;
    const done = await copy(node);
    button.textContent = done ? "Copied" : "Selected";
    say(done ? `Copied ${node.textContent}` : `Selected ${node.textContent}: copy it by keyboard`);
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });

  const themes = ["system", "light", "dark"];
  let theme = 0;
  byId("theme").addEventListener("click", (event) => {
    theme = (theme + 1) % themes.length;
    document.documentElement.dataset.theme = themes[theme];
    event.target.textContent = `Theme: ${themes[theme]}`;
  });
})();
