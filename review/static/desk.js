// Keys, drafts that save themselves, times that go on, warnings before something ends, copying.
// No page needs it. Keys and words come with the page; review/domain/shortcuts.py is the table of keys.
"use strict";
(() => {
  const page = document.currentScript.dataset;
  const words = JSON.parse(page.words);
  const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_whole, name) => values[name]);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const clock = () => performance.now();

  // Awake: from 300 ms after the page was painted until it is left; tests look for data-awake. A key that comes
  // while it is not is dropped, and with it all that follow without a pause, on the next page too: of a burst
  // of keys, of which one meant what comes before or after another, none acts.
  const DEAD = 300, QUIET = 700, TOLD = 3000;
  const root = document.documentElement;
  const dropped = document.querySelector("[data-dropped]");
  let leavingUntil = 0, submitted = null, painted = false, waking = 0;
  const sinceDropped = () => Math.max(0, Date.now() - Number(sessionStorage.getItem("dropped")));
  const tellDropped = () => {
    if (dropped) dropped.hidden = sinceDropped() >= TOLD;
    if (dropped && !dropped.hidden) setTimeout(tellDropped, TOLD - sinceDropped());
  };
  const wakeIn = (wait) => {
    root.removeAttribute("data-awake");
    clearTimeout(waking);
    waking = setTimeout(() => root.setAttribute("data-awake", ""), wait);
  };
  const drop = () => {
    sessionStorage.setItem("dropped", Date.now());
    if (painted) wakeIn(QUIET);
    tellDropped();
  };
  const appear = () => {
    leavingUntil = 0;
    submitted = null;
    painted = false;
    clearTimeout(waking);
    root.removeAttribute("data-awake");
    requestAnimationFrame(() => requestAnimationFrame(() => {
      painted = true;
      wakeIn(Math.max(DEAD, QUIET - sinceDropped()));
    }));
    tellDropped();
  };
  appear();
  addEventListener("pageshow", (event) => { if (event.persisted) appear(); });
  const leaving = () => clock() < leavingUntil;
  const sent = () => leaving() && submitted;
  const awake = () => root.hasAttribute("data-awake") && !leaving();

  const drafts = [];
  addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.getAttribute("method") === "dialog") return;
    if (sent()) {
      event.preventDefault();
      return;
    }
    submitted = event.target;
    leavingUntil = clock() + 30000;
    for (const flush of drafts) flush();
  });
  addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.target || link.hasAttribute("download") || link.matches("[href^='#']")) return;
    leavingUntil = Math.max(leavingUntil, clock() + 3000);
    for (const flush of drafts) flush();
  });

  // What is said aloud, and only that.
  const live = document.querySelector("[data-live]");
  const announce = (text) => { if (live) live.textContent = text; };
  const tell = (text) => {
    const line = document.querySelector(".status-line");
    const said = line.querySelector("[data-told]") || line.appendChild(document.createElement("p"));
    said.className = "flash warning";
    said.dataset.told = "";
    said.textContent = text;
  };

  const written = (form) => new URLSearchParams(new FormData(form)).toString();
  const bodyOf = (typed) => new URLSearchParams(`${typed}&autosave=1`);
  const ask = async (address, typed) => {
    try {
      const answer = await fetch(address, {
        method: "POST", body: bodyOf(typed), redirect: "error", signal: AbortSignal.timeout(15000),
      });
      const json = (answer.headers.get("Content-Type") || "").includes("json");
      const told = json ? await answer.json() : {};
      const refused = answer.status === 401 || answer.status === 403 ? words.ended : words.silent;
      return { ...told, ok: answer.ok && json, text: told.text || told.detail || refused };
    } catch {
      return { ok: false, text: words.silent };
    }
  };

  // What opens over the page closes when the focus goes on.
  for (const menu of all(".display-menu, .drop-menu")) {
    menu.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !menu.contains(relatedTarget)) menu.open = false;
    });
  }

  // Drafts: a second after the last letter, when a field is left, and when the page is.
  const active = new Set();
  for (const form of all("form[data-autosave]")) {
    const line = document.querySelector("[data-saved]");
    const own = form.appendChild(document.createElement("input"));
    [own.type, own.name, own.value] = ["hidden", "window", `${Date.now()}${Math.random()}`];
    let stored = form.hasAttribute("data-unsaved") ? "" : written(form);
    let timer = 0, failures = 0, busy = false;
    const say = (text, failed) => {
      if (!line) return;
      line.textContent = text;
      line.classList.toggle("overdue", failed);
    };
    const later = (wait) => {
      clearTimeout(timer);
      timer = setTimeout(save, wait);
    };
    const save = async () => {
      clearTimeout(timer);
      const typed = written(form);
      if (busy || sent() || typed === stored) return;
      busy = true;
      const answer = await ask(form.dataset.autosave, typed);
      busy = false;
      if (sent()) return;
      if (answer.ok) {
        stored = typed;
        failures = 0;
        active.add("claim").add("session");
        say(answer.text, false);
        if (written(form) !== stored) later(1000);
        return;
      }
      const text = fill(words.unsaved, { reason: answer.text });
      if (!failures) announce(text);
      failures += 1;
      say(text, true);
      if (answer.type === "/errors/draft_changed") {
        form.querySelector("[data-changed]").hidden = false;
        return;
      }
      later(Math.min(60000, 1000 * 2 ** failures));
    };
    const flush = () => {
      const typed = written(form);
      if (sent() === form || typed === stored) return;
      if (navigator.sendBeacon(form.dataset.autosave, bodyOf(typed))) stored = typed;
    };
    drafts.push(flush);
    // fields that belong to the form stand outside of it too, such as that of a note
    document.addEventListener("input", ({ target }) => { if (target.form === form) later(1000); });
    document.addEventListener("focusout", ({ target }) => { if (target.form === form) save(); });
    addEventListener("pagehide", flush);
    document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
    if (!stored) later(1000);
  }

  // Keys.
  const moves = new Map((page.keys || "").split("|").map((row) => {
    const end = row.indexOf("=", 1);
    return end < 0 ? [row, ""] : [row.slice(0, end), row.slice(end + 1)];
  }));
  const firsts = new Set([...moves.keys()].filter((key) => key[1] === " ").map((key) => key[0]));
  const FIELDS = "textarea, select, input:not([type=radio], [type=checkbox], [type=button], [type=submit], [type=reset], [type=file])";
  const STOPS = "input, select, textarea, a, button, summary";

  // The key as the table writes it: by what it types where that is a letter or digit of ours, else by its place.
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

  // Letters of a group act where the focus is inside, or right after a key chose an outcome: a sentence that
  // is typed outside of its field changes nothing there.
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
  const press = (part) => {
    pressed = part;
    const { then } = part.dataset;
    if (part.matches("details")) {
      if (then) part.open = true;
      else part = part.querySelector("summary");
    }
    if (part.matches(`${FIELDS}, summary, [type=radio], [type=checkbox]`)) part.focus();
    if (!part.matches(`${FIELDS}, details`)) part.click();
    const next = (part.checked || part.open) && document.getElementById(then || "");
    if (next) (next.matches(STOPS) ? next : next.querySelector(STOPS) || part).focus();
  };
  const step = (by) => {
    const links = all("main .facts tbody tr").map((row) => row.querySelector("th a")).filter((link) => link && isVisible(link));
    if (!links.length) return false;
    const here = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
    const there = here < 0 && by < 0 ? links.length - 1 : here + by;
    links[Math.min(Math.max(there, 0), links.length - 1)].focus();
    return true;
  };
  const leave = () => {
    const open = document.activeElement.closest("details[open][data-key]") || document.querySelector(".display-menu[open]");
    if (open) press(open.querySelector("summary"));
    return Boolean(open);
  };
  const act = (name) => {
    const part = nearest(name);
    const move = moves.get(name);
    if (part) press(part);
    else if (move === "down" || move === "up") return step(move === "down" ? 1 : -1);
    else if (move === "leave") return leave();
    else return Boolean(move) && act(move);
    return true;
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
    // Ctrl+Enter and, of our forms, Enter never send by themselves: a key too many would record something
    if (chord || (name === "Enter" && focus.matches("form[data-autosave] input"))) event.preventDefault();
    if (event.repeat || document.querySelector("dialog[open]")) return;
    const typing = focus.matches(FIELDS);
    if (!awake()) {
      if (chord || (page.singles !== "off" && (!typing || sent()) && (moves.has(name) || firsts.has(name) || sinceDropped() < QUIET))) drop();
      return;
    }
    if (!name) return;
    if (name === "Esc" && (typing || focus.closest("[data-own-digits]"))) {
      focus.blur();
      return;
    }
    if (name !== "Esc" && !chord && (typing || page.singles === "off")) return;
    const both = `${prefix} ${name}`;
    const follows = prefix && moves.has(both);
    if (prefix && !follows && !firstDid) return;
    const wanted = follows ? both : name;
    const did = moves.has(wanted) && act(wanted);
    if (!did && moves.has(wanted) && words.idle[wanted]) tell(document.querySelector("[data-undo]") && wanted === "z" ? words.over : words.idle[wanted]);
    if (!follows && firsts.has(name)) [first, firstAt, firstDid] = [name, clock(), did];
    if (did || follows || first) event.preventDefault();
  };
  if (page.keys) addEventListener("keydown", onKey);

  // The help as a window over the page; the link leads to the same table.
  const help = document.querySelector("a[data-help]");
  const over = document.querySelector("dialog[data-help]");
  const openHelp = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const request = new XMLHttpRequest();
    request.open("GET", help.href);
    request.responseType = "document";
    request.onloadend = () => {
      const table = request.response && request.response.querySelector("main [data-help]");
      if (!table) return location.assign(help.href);
      for (const old of all("[data-help]", over)) old.remove();
      over.append(document.importNode(table, true));
      if (!over.open) over.showModal();
    };
    request.send();
  };
  if (help && over && over.showModal) help.addEventListener("click", openHelp);

  // Times: the server's words, said again when they change.
  const offset = Date.parse(page.now) - Date.now();
  const secondsTo = (moment) => (Date.parse(moment) - Date.now() - offset) / 1000;
  const plural = new Intl.PluralRules(root.lang);
  const spanOf = (seconds) => {
    const [days, hours, minutes] = [seconds / 86400, (seconds % 86400) / 3600, (seconds % 3600) / 60].map(Math.floor);
    const parts = [
      days && fill(words.days[plural.select(days)] || words.days.other, { num: days }),
      hours && fill(words.hours, { count: hours }),
      !days && minutes && fill(words.minutes, { count: minutes }),
    ];
    return parts.filter(Boolean).join(" ") || words.moment;
  };
  const SHAPES = { soon: "M6 1L11.6 11H.4z", overdue: "M2 2h8v8H2z" };
  const shapesOf = (nearness) => {
    if (!SHAPES[nearness]) return [];
    const [svg, path] = ["svg", "path"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
    svg.setAttribute("class", "shape");
    svg.setAttribute("viewBox", "0 0 12 12");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", SHAPES[nearness]);
    svg.append(path);
    return [svg];
  };
  const refresh = () => {
    for (const time of all("time:has(.relative)")) {
      const deadline = time.classList.contains("deadline");
      const seconds = secondsTo(time.dateTime);
      const part = time.querySelector(".relative");
      const text = fill(seconds >= 0 ? words.in : deadline ? words.overdue : words.ago, { span: spanOf(Math.abs(seconds)) });
      const nearness = !deadline ? "" : seconds < 0 ? "overdue" : seconds <= 3600 ? "soon" : "later";
      if (part.textContent !== text) part.replaceChildren(...shapesOf(nearness), text);
      if (!deadline) continue;
      time.classList.remove("overdue", "soon", "later");
      time.classList.add(nearness);
      const crossed = [3600, 900, 300].filter((mark) => seconds <= mark).length;
      if (time.closest(".case-strip") && crossed > (time.crossed ?? crossed)) announce(`${words.due} ${text}`);
      time.crossed = crossed;
    }
  };

  // Ends of a claim and of the sign-in: a warning two minutes before, or more time at once where there was work.
  const WARN = 120;
  const watch = () => {
    for (const note of all("[data-ends]")) {
      const left = secondsTo(note.dataset.ends);
      const kind = note.dataset.of;
      if (left <= 0) note.replaceChildren(note.dataset.over);
      if (left > WARN) note.hidden = true;
      else if (!note.hidden) continue;
      else if (left > 0 && active.delete(kind)) all("[data-quiet]", note)[0].click();
      else note.hidden = false;
    }
  };
  addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-quiet]");
    if (!button || !button.form || button.disabled) return;
    event.preventDefault();
    const kind = button.dataset.quiet;
    const notes = all(`[data-of="${kind}"]`);
    const answer = await ask(button.getAttribute("formaction") || button.form.getAttribute("action"), written(button.form));
    announce(answer.text);
    for (const note of notes) {
      if (answer.ok) {
        if (note.contains(document.activeElement)) document.getElementById("content").focus({ preventScroll: true });
        note.dataset.ends = answer.ends_at;
        note.hidden = true;
      } else {
        (note.querySelector("p") || note).textContent = answer.text;
        note.hidden = false;
      }
    }
    if (!answer.ok) return;
    for (const time of all(`[data-until="${kind}"] time`)) {
      time.dateTime = answer.ends_at;
      time.textContent = answer.clock;
    }
  });
  // What can be undone stands as possible only while it is.
  const expire = () => {
    for (const line of all("[data-undo]")) {
      const left = secondsTo(line.dataset.undo);
      if (left > 0) {
        setTimeout(expire, left * 1000);
        continue;
      }
      if (line.contains(document.activeElement)) document.getElementById("content").focus({ preventScroll: true });
      line.replaceChildren(line.dataset.over);
    }
  };
  expire();
  const tick = () => {
    watch();
    refresh();
  };
  setInterval(tick, 10000);
  document.addEventListener("visibilitychange", tick);
  tick();

  // Copying: buttons that are of no use without a script.
  for (const button of all("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const from = button.dataset.copy.startsWith("#") && document.querySelector(button.dataset.copy);
      let text = words.copied;
      try {
        await navigator.clipboard.writeText(from ? from.value ?? from.textContent : button.dataset.copy);
      } catch {
        text = words.uncopied;
      }
      announce(text);
      const own = (button.dataset.own ||= button.textContent);
      button.textContent = text;
      setTimeout(() => { button.textContent = own; }, 2000);
    });
  }
})();
