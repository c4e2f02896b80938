// What came since the page was drawn is told in a line; no row moves.
"use strict";
(() => {
  const line = document.querySelector("[data-news]");
  const look = async () => {
    try {
      const signal = AbortSignal.timeout(15000);
      const answer = document.hidden ? {} : await fetch(line.dataset.news, { signal });
      if (answer.status === 401) return;
      const { text } = answer.ok ? await answer.json() : {};
      if (text && text !== line.textContent) line.textContent = text;
      if (text) line.nextElementSibling.hidden = false;
    } catch {}
    setTimeout(look, 60000);
  };
  setTimeout(look, 60000);
})();
