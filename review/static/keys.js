// Keys: when a page takes them, what each presses. No page needs it; domain/shortcuts.py is the table.
"use strict";
(() => {
  const { words, all, clock, leaving, sent, load } = desk;
  const table = document.currentScript.dataset.keys;
  const root = document.documentElement;

  // Awake: from 300 ms after the page was painted until it is left. A key before is dropped, and with it all
  // that follow without a pause, on the next page too: of a burst of keys none acts.
  const DEAD = 300, QUIET = 700, TOLD = 3000;
  const dropped = document.querySelector("[data-dropped]");
  let painted = false, waking = 0;
  const sinceDropped = () => Math.max(0, Date.now() - Number(sessionStorage.getItem("dropped")));
  const tellDropped = () => {
    dropped.hidden = sinceDropped() >= TOLD;
    if (!dropped.hidden) setTimeout(tellDropped, TOLD - sinceDropped());
  };
  const sleep = () => {
    root.removeAttribute("data-awake");
    clearTimeout(waking);
  };
  const wakeIn = (wait) => {
    sleep();
    waking = setTimeout(() => root.setAttribute("data-awake", ""), wait);
  };
  const drop = () => {
    sessionStorage.setItem("dropped", Date.now());
    if (painted) wakeIn(QUIET);
    tellDropped();
  };
  const appear = () => {
    painted = false;
    sleep();
    requestAnimationFrame(() => requestAnimationFrame(() => {
      painted = true;
      wakeIn(Math.max(DEAD, QUIET - sinceDropped()));
    }));
    tellDropped();
  };
  appear();
  addEventListener("pageshow", (event) => { if (event.persisted) appear(); });
  const awake = () => root.hasAttribute("data-awake") && !leaving();

  const tell = (text) => {
    const said = document.querySelector(".told") || document.querySelector(".status-line").appendChild(document.createElement("p"));
    said.className = "flash warning told";
    said.textContent = text;
  };

  const moves = new Map(table.split("|").map((row) => {
    const end = row.indexOf("=", 1);
    return end < 0 ? [row, ""] : [row.slice(0, end), row.slice(end + 1)];
  }));
  const firsts = new Set([...moves.keys()].filter((key) => key[1] === " ").map((key) => key[0]));
  const FIELDS = "textarea, select, input:not([type=radio], [type=checkbox], [type=button], [type=submit], [type=reset], [type=file])";
  const STOPS = "input, select, textarea, a, button, summary";

  // The key as the table writes it: by what it types where that is ours, else by its place.
  let otherLetters = false;
  const nameOf = ({ key, code, ctrlKey, shiftKey }) => {
    if (key === "Escape") return "Esc";
    if (key === "Enter") return `${ctrlKey ? "Ctrl+" : ""}${shiftKey ? "Shift+" : ""}Enter`;
    if (ctrlKey || !key) return "";
    if (/^\d$/.test(key)) return key;
    if (/^[a-z]$/i.test(key)) return shiftKey ? "" : key.toLowerCase();
    const digit = /^Digit(\d)$/.exec(code);
    if (digit && !shiftKey) return digit[1];
    const letter = /^Key([A-Z])$/.exec(code);
    const other = key.charCodeAt(0) > 127;
    if (letter && other) otherLetters = true;
    if (letter && (other || otherLetters)) return shiftKey || key.length > 2 ? "" : letter[1].toLowerCase();
    if (key === "?" || key === "/") return key;
    if (other && code === "Slash") return shiftKey ? "?" : "/";
    return "";
  };

  // Letters of a group act where the focus is inside, or right after a key chose an outcome.
  let pressed = null, before = null;
  const isMeant = (part) => {
    const group = part.closest("[data-own-letters]");
    return !group || group.contains(document.activeElement) || Boolean(before?.matches("[name=outcome]"));
  };
  const isVisible = (part) => !part.matches(":disabled") && part.checkVisibility({ visibilityProperty: true });
  const nearest = (name) => {
    const wanted = `[data-key="${CSS.escape(name)}"]`;
    for (let around = document.activeElement || document.body; around; around = around.parentElement) {
      const found = [around, ...all(wanted, around)].find((part) => part.matches(wanted) && isVisible(part) && isMeant(part));
      if (found) return found;
      if (around.hasAttribute("data-own-digits") && /^\d$/.test(name)) return null;
    }
    return null;
  };
  const reach = (part) => {
    part.focus();
    part.scrollIntoView({ block: "nearest" });
    if (part.matches("textarea")) part.selectionStart = part.textLength;
  };
  const press = (part) => {
    pressed = part;
    const { then } = part.dataset;
    if (part.matches("details")) {
      if (then) part.open = true;
      else part = part.querySelector("summary");
    }
    if (part.matches(`${FIELDS}, summary, [type=radio], [type=checkbox]`)) reach(part);
    if (!part.matches(`${FIELDS}, details`)) part.click();
    const next = (part.checked || part.open) && document.getElementById(then || "");
    if (next) reach(next.matches(STOPS) ? next : next.querySelector(STOPS) || part);
  };
  // Rows of a list, items of a case: on from the focus, the last stop, or what the address names.
  let stop = null;
  const step = (by) => {
    const stops = all("main :is(.facts tbody th a, .item-head)").filter(isVisible);
    if (!stops.length) return false;
    const at = (part) => stops.findIndex((one) => one.closest("tr, .item").contains(part));
    const here = [document.activeElement, stop, document.querySelector(":target")].map(at).find((place) => place >= 0) ?? -1;
    const there = here < 0 && by < 0 ? stops.length - 1 : here + by;
    stop = stops[Math.min(Math.max(there, 0), stops.length - 1)];
    stop.focus();
    stop.closest(".item")?.scrollIntoView();
    return true;
  };
  const pressIf = (part) => {
    if (part) press(part);
    return Boolean(part);
  };
  const MOVES = {
    down: () => step(1),
    up: () => step(-1),
    leave: () => {
      const open = document.activeElement.closest("details[open][data-key]") || document.querySelector(".display-menu[open]");
      return pressIf(open?.querySelector("summary"));
    },
    tick: () => pressIf(document.activeElement.closest("tr")?.querySelector("[type=checkbox]")),
    open: () => pressIf(document.activeElement.closest("tr:has(input:focus)")?.querySelector("th a")),
  };
  const act = (name) => {
    const move = moves.get(name), go = MOVES[move];
    return (move === "leave" && go()) || pressIf(nearest(name)) || (go ? go() : Boolean(move) && act(move));
  };

  let first = "", firstAt = 0, firstDid = false;
  const onKey = (event) => {
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
    if (event.altKey || event.metaKey || event.getModifierState("AltGraph")) return;
    if (/^(Shift|Control|CapsLock)$/.test(event.key)) return;
    const name = nameOf(event);
    const chord = name.startsWith("Ctrl+");
    const focus = event.target.matches ? event.target : document.body;
    const prefix = clock() - firstAt < 3000 ? first : "";
    [first, before, pressed] = ["", pressed, null];
    if (chord ? !moves.has(name) : event.ctrlKey || !(name || event.key.length === 1)) return;
    // these never send by themselves: a key too many would record something
    if (chord || (name === "Enter" && focus.matches("form[data-autosave] input, tr input"))) event.preventDefault();
    if (event.repeat || document.querySelector("dialog[open]")) return;
    const typing = focus.matches(FIELDS);
    if (!awake()) {
      if (chord || (root.dataset.singles !== "off" && (!typing || sent()) && (moves.has(name) || firsts.has(name) || sinceDropped() < QUIET))) drop();
      return;
    }
    if (!name) return;
    if (name === "Esc" && (typing || focus.closest("[data-own-digits]"))) {
      focus.blur();
      return;
    }
    if (name !== "Esc" && !chord && (typing || root.dataset.singles === "off")) return;
    const both = `${prefix} ${name}`;
    const follows = prefix && moves.has(both);
    if (prefix && !follows && !firstDid) return;
    const wanted = follows ? both : name;
    const did = moves.has(wanted) && act(wanted);
    if (!did && moves.has(wanted) && words.idle[wanted]) tell(document.querySelector("[data-undo]") && wanted === "z" ? words.over : words.idle[wanted]);
    if (!follows && firsts.has(name)) [first, firstAt, firstDid] = [name, clock(), did];
    if (did || follows || first) event.preventDefault();
  };
  addEventListener("keydown", onKey);

  // The help over the page.
  const help = document.querySelector("a[data-help]");
  const over = document.querySelector("dialog[data-help]");
  const openHelp = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    load(help.href, (page) => {
      const text = page?.querySelector("main [data-help]");
      if (!text) return location.assign(help.href);
      for (const old of all("[data-help]", over)) old.remove();
      over.append(document.importNode(text, true));
      if (!over.open) over.showModal();
    });
  };
  help?.addEventListener("click", openHelp);
})();
