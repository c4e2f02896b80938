// Drafts, times that go on, warnings, copying. No page needs it. keys.js uses `desk`.
"use strict";
const desk = (() => {
  const page = document.currentScript.dataset;
  const words = JSON.parse(page.words);
  const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_whole, name) => values[name]);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const clock = () => performance.now();

  // A page that is being left sends nothing a second time.
  let leavingUntil = 0, submitted = null, asking = new AbortController();
  addEventListener("pageshow", ({ persisted }) => { if (persisted) [leavingUntil, submitted, asking] = [0, null, new AbortController()]; });
  const leaving = () => clock() < leavingUntil;
  const sent = () => leaving() && submitted;

  const drafts = [];
  addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.getAttribute("method") === "dialog") return;
    if (sent()) {
      event.preventDefault();
      return;
    }
    submitted = event.target;
    asking.abort(); // a draft on its way would come too late
    leavingUntil = clock() + 30000;
    for (const flush of drafts) flush();
  });
  addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.matches("[target], [download], [href^='#']")) return;
    leavingUntil = Math.max(leavingUntil, clock() + 3000);
    for (const flush of drafts) flush();
  });

  // What is said aloud, and only that.
  const announce = (text) => { document.querySelector("[data-live]").textContent = text; };
  // A part that goes does not take the focus along.
  const leaveFocus = (part) => {
    if (part.contains(document.activeElement)) document.getElementById("content").focus({ preventScroll: true });
  };

  const load = (address, then) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.responseType = "document";
    request.onloadend = () => then(request.response);
    request.send();
  };

  const written = (form) => new URLSearchParams(new FormData(form)).toString();
  const bodyOf = (typed) => new URLSearchParams(`${typed}&autosave=1`);
  const ask = async (address, typed) => {
    try {
      const signal = AbortSignal.any([asking.signal, AbortSignal.timeout(15000)]);
      const answer = await fetch(address, { method: "POST", body: bodyOf(typed), redirect: "error", signal });
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

  // Drafts: a second after the last letter, or when left.
  const active = new Set();
  for (const form of all("form[data-autosave]")) {
    const line = document.querySelector("[data-saved]");
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "window", value: `${Date.now()}${Math.random()}` }));
    let stored = form.hasAttribute("data-unsaved") ? "" : written(form);
    let timer = 0, failures = 0, busy = false;
    const say = (text, failed) => {
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
      const isNew = sent() !== form && typed !== stored;
      if (isNew && navigator.sendBeacon(form.dataset.autosave, bodyOf(typed))) stored = typed;
      return isNew ? `${location.pathname}?${typed}` : "";
    };
    drafts.push(flush);
    // A reload asks for its page before the draft goes out: what is typed comes along.
    const [path, kept] = (sessionStorage.typed || "").split("?");
    sessionStorage.typed = "";
    if (path === location.pathname && performance.getEntriesByType("navigation")[0].type === "reload") {
      const typed = new URLSearchParams(kept);
      for (const field of form.elements) {
        const values = typed.getAll(field.name);
        if (/radio|checkbox/.test(field.type)) field.checked = values.includes(field.value);
        else if (values.length && (/^(draft|window)$/.test(field.name) || !/file|hidden/.test(field.type))) [field.value] = values;
      }
    }
    // the note stands outside of the form
    addEventListener("input", ({ target }) => { if (target.form === form) later(1000); });
    addEventListener("focusout", ({ target, relatedTarget: to }) => { if (target.form === form && to?.type !== "submit") save(); });
    addEventListener("pagehide", () => { sessionStorage.typed = flush(); });
    addEventListener("visibilitychange", () => { if (document.hidden) save(); });
    if (written(form) !== stored) later(1000);
  }

  // Times: the server's words, said again when they change.
  const offset = Date.parse(page.now) - Date.now();
  const secondsTo = (moment) => (Date.parse(moment) - Date.now() - offset) / 1000;
  const plural = new Intl.PluralRules(document.documentElement.lang);
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
      if (!time.classList.contains(nearness)) time.className = `deadline ${nearness}`;
      const crossed = [3600, 900, 300].filter((mark) => seconds <= mark).length;
      if (time.closest(".case-strip") && crossed > (time.crossed ?? crossed)) announce(`${words.due} ${text}`);
      time.crossed = crossed;
    }
  };

  // Ends of claim and sign-in: a warning two minutes before, or more time where there was work.
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
        leaveFocus(note);
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
      if (left > 0) setTimeout(expire, left * 1000);
      else {
        leaveFocus(line);
        line.replaceChildren(line.dataset.over);
      }
    }
  };
  expire();
  const tick = () => {
    watch();
    refresh();
  };
  setInterval(tick, 10000);
  addEventListener("visibilitychange", tick);
  tick();

  // Copying: of no use without a script.
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
  return { words, all, clock, leaving, sent, load };
})();
