// Passkeys and security keys (W3C Web Authentication). A form says by data-key what its key is to do, and by data-options what it is asked;
// what the key answers goes back in the form's field "answer". All checks are the server's.
(() => {
  "use strict";
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const toMake = (asked) => ({
    ...asked,
    challenge: bytes(asked.challenge),
    user: { ...asked.user, id: bytes(asked.user.id) },
    excludeCredentials: named(asked.excludeCredentials),
  });
  const toProve = (asked) => ({ ...asked, challenge: bytes(asked.challenge), allowCredentials: named(asked.allowCredentials) });

  const written = (credential) => {
    const said = credential.response;
    const response = { clientDataJSON: text(said.clientDataJSON) };
    if (said.attestationObject) {
      response.attestationObject = text(said.attestationObject);
      response.transports = said.getTransports ? said.getTransports() : [];
    } else {
      response.authenticatorData = text(said.authenticatorData);
      response.signature = text(said.signature);
      response.userHandle = said.userHandle ? text(said.userHandle) : null;
    }
    return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, extensions: {}, response });
  };

  const forms = document.querySelectorAll("form[data-key]");
  for (const form of forms) {
    const { publicKey } = JSON.parse(form.dataset.options);
    const problem = form.querySelector("[data-key-problem]");
    let waiting = null;

    const send = (credential) => {
      form.elements.answer.value = written(credential);
      form.submit();
    };
    const fail = (error) => {
      if (error.name === "AbortError") return;
      problem.hidden = false;
      problem.focus();
    };

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      problem.hidden = true;
      if (waiting) waiting.abort();
      const asking =
        form.dataset.key === "make"
          ? navigator.credentials.create({ publicKey: toMake(publicKey) })
          : navigator.credentials.get({ publicKey: toProve(publicKey) });
      asking.then(send, fail);
    });

    if (!window.PublicKeyCredential) continue;
    form.hidden = false;
    const conditional = window.PublicKeyCredential.isConditionalMediationAvailable;
    // Not beside a problem: what has just failed is not offered again without being asked for.
    if (form.dataset.key === "login" && conditional && !document.getElementById("problem")) {
      conditional.call(window.PublicKeyCredential).then((available) => {
        if (!available) return;
        waiting = new AbortController();
        navigator.credentials
          .get({ mediation: "conditional", publicKey: toProve(publicKey), signal: waiting.signal })
          .then(send, () => {});
      });
    }
  }
})();
