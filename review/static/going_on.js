// What goes on by itself is read anew, and nobody loses their place: a part with data-going-on takes what the
// server says of it every few seconds. At its end the page is loaded anew, or offers it to whoever is elsewhere in it.
"use strict";
for (const part of document.querySelectorAll("[data-going-on]")) {
  const wait = 1000 * Number(part.dataset.goingOn);
  const later = () => { setTimeout(read, wait); };
  const read = () => {
    if (document.hidden) return later();
    const request = new XMLHttpRequest();
    request.open("GET", location.href);
    request.setRequestHeader("X-Unattended", "1"); // keeps nobody signed in
    request.responseType = "document";
    request.timeout = 15000;
    request.onloadend = () => show(request);
    request.send();
  };
  const show = ({ status, response: page, responseURL: found }) => {
    const elsewhere = found && new URL(found).pathname !== location.pathname;
    if (status === 401 || elsewhere) return location.reload(); // whoever comes back has to sign in
    if (!page || status === 429 || status >= 500) return later(); // the line is down, or the server busy
    const fresh = page.querySelector("[data-going-on]");
    if (fresh) {
      part.replaceChildren(...fresh.childNodes);
      return later();
    }
    const focused = document.activeElement;
    if (!focused || focused === document.body || focused.id === "content") return location.reload();
    const over = document.querySelector("[data-over-now]");
    part.hidden = true;
    over.hidden = false;
    document.querySelector("[data-live]").textContent = over.textContent.trim();
  };
  later();
}
