// Takes the QR code and its key off a page that is left, so that a page the browser keeps in memory
// has nothing to show when someone goes back. The server shows them once with or without this script.
"use strict";

function forget() {
  for (const shown of document.querySelectorAll("[data-once]")) {
    const gone = document.createElement("p");
    gone.textContent = shown.dataset.gone;
    shown.replaceChildren(gone);
  }
}

window.addEventListener("pagehide", forget);
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    forget();
  }
});
