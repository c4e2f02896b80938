// Finds clauses, inserts their ready-made texts, counts near a limit. The form does without it.
"use strict";
(() => {
  for (const area of document.querySelectorAll("textarea[data-most]")) {
    const most = Number(area.dataset.most);
    const count = Object.assign(document.createElement("p"), { className: "hint", dir: "ltr", hidden: true });
    const follow = () => {
      count.hidden = area.value.length < most * 0.9;
      if (count.hidden) return;
      const length = [...area.value].length;
      count.textContent = `${length} / ${most}`;
      count.classList.toggle("overdue", length > most);
    };
    area.after(count);
    area.addEventListener("input", follow);
    follow();
  }
  const group = document.getElementById("clauses");
  const list = document.getElementById("clause-list");
  const search = document.getElementById("clause-search");
  if (!group || !list || !search) return;
  const form = search.form;
  const boxes = [...list.querySelectorAll("input[name=clauses]")];
  const choiceOf = (box) => box.closest(".choice");

  // Digits belong to the first nine shown.
  const number = () => {
    let digit = 0;
    for (const box of boxes) {
      const key = choiceOf(box).hidden || ++digit > 9 ? "" : String(digit);
      choiceOf(box).querySelector("label > kbd")?.remove();
      delete box.dataset.key;
      if (!key) continue;
      box.dataset.key = key;
      box.parentElement.append(Object.assign(document.createElement("kbd"), { textContent: key }));
    }
  };
  const find = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const box of boxes) {
      const choice = choiceOf(box);
      const where = `${choice.closest("details").querySelector("summary").textContent} ${choice.textContent}`.toLowerCase();
      choice.hidden = !box.checked && !words.every((word) => where.includes(word));
      if (!choice.hidden) found += 1;
      if (words.length && !choice.hidden) choice.closest("details").open = true;
    }
    group.querySelector("[data-none]").hidden = found > 0;
    number();
  };
  search.addEventListener("input", find);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    const first = boxes.find((box) => !choiceOf(box).hidden);
    if (first) first.focus();
  });

  // Texts of a clause: appended when it is ticked, taken out, if untouched, when it is not or not asked for.
  const inserted = form.querySelector("[data-inserted]");
  const named = (id) => [...inserted.children].find((field) => field.value === id);
  const plain = (text) => text.replace(/\s+/g, " ").trim();
  const put = (field, text) => {
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const insert = (field, id, text) => {
    if (!plain(field.value).includes(plain(text))) put(field, `${field.value.trim() && `${field.value.trimEnd()}\n\n`}${text} `);
    if (named(id)) return;
    inserted.append(Object.assign(document.createElement("input"), { type: "hidden", name: "snippets", value: id }));
  };
  const remove = (field, id, text) => {
    const hidden = named(id);
    const start = field.value.indexOf(text);
    if (!hidden || start < 0) return;
    const parts = [field.value.slice(0, start).trimEnd(), field.value.slice(start + text.length).trim()];
    put(field, parts.filter(Boolean).join("\n\n"));
    hidden.remove();
  };
  const follow = (box) => {
    const asked = group.checkVisibility();
    for (const kind of ["rationale", "statement"]) {
      const text = box.dataset[kind];
      if (text && (box.dataset.ticked || !asked)) (box.checked && asked ? insert : remove)(form.elements[kind], box.dataset[`${kind}Id`], text);
    }
  };

  const see = (box) => {
    if (box.matches(":focus-visible")) choiceOf(box).scrollIntoView({ block: "nearest" });
  };

  // Where the page has few texts, those of a clause come when it is looked at.
  const load = (box) => {
    if (!("more" in box.dataset)) return;
    delete box.dataset.more;
    desk.load(choiceOf(box).querySelector("details a").href, (page) => {
      const text = page?.querySelector("[data-clause] > *");
      if (!text) return;
      choiceOf(box).querySelector("details > div").prepend(document.importNode(text, true));
      see(box);
      for (const { dataset } of page.querySelectorAll("[data-snippet]")) {
        box.dataset[dataset.kind] = dataset.text;
        box.dataset[`${dataset.kind}Id`] = dataset.snippet;
      }
      if (box.checked && box.dataset.ticked) follow(box);
    });
  };
  const boxIn = (part) => part.closest(".choice")?.querySelector("[name=clauses]");
  list.addEventListener("focusin", ({ target }) => {
    const box = boxIn(target);
    if (!box) return;
    load(box);
    see(box);
  });
  list.addEventListener("change", ({ target }) => {
    target.dataset.ticked = "1";
    load(target);
    follow(target);
  });
  form.addEventListener("change", ({ target }) => {
    if (/^(outcome|ground)$/.test(target.name)) for (const box of boxes) if (box.checked) follow(box);
  });
})();
