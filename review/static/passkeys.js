// Passkeys: asks the browser for what a form with data-passkey needs, and sends the form with the answer.
"use strict";
(() => {
  const bytesOf = (text) => {
    const padded = text.replace(/-/g, "+").replace(/_/g, "/");
    return Uint8Array.from(atob(padded), (letter) => letter.charCodeAt(0));
  };
  const textOf = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const described = (entries) => (entries || []).map((entry) => ({ ...entry, id: bytesOf(entry.id) }));

  const create = (options) =>
    navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: bytesOf(options.challenge),
        user: { ...options.user, id: bytesOf(options.user.id) },
        excludeCredentials: described(options.excludeCredentials),
      },
    });
  const get = (options) =>
    navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: bytesOf(options.challenge),
        allowCredentials: described(options.allowCredentials),
      },
    });

  // Written by hand, because not every browser that has passkeys has toJSON().
  const answerOf = (credential) => {
    const given = credential.response;
    const response = { clientDataJSON: textOf(given.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (given[name]) response[name] = textOf(given[name]);
    }
    const id = textOf(credential.rawId);
    return JSON.stringify({ id, rawId: id, type: credential.type, response });
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const problem = form.querySelector("[data-failed]");
    const tell = (sentence) => {
      problem.hidden = !sentence;
      problem.textContent = sentence;
    };
    form.querySelector("[data-without]").hidden = true;
    if (!window.PublicKeyCredential || !navigator.credentials) {
      tell(problem.dataset.missing);
      continue;
    }
    form.querySelector("[data-with]").hidden = false;
    let asking = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (asking) return;
      asking = true;
      tell("");
      try {
        const ask = form.dataset.passkey === "create" ? create : get;
        form.elements.answer.value = answerOf(await ask(JSON.parse(form.dataset.options)));
        form.submit();
      } catch {
        tell(problem.dataset.failed);
        asking = false;
      }
    });
  }
})();
