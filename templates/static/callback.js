// Keeps the code for the helpdesk the one of now, as long as the login lasts. Without this script a button shows it.
"use strict";

const card = document.querySelector(".desk-code");
const live = card?.querySelector("[aria-live]");
const form = card?.querySelector("form");

async function renew() {
  try {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector(".desk-code [aria-live]");
    if (!fresh && answer.status >= 500) {
      return; // tried again later
    }
    if (!fresh) {
      live.textContent = card.dataset.gone;
      form.hidden = false; // leads to the login
      clearInterval(timer);
    } else if (fresh.textContent !== live.textContent) {
      live.replaceChildren(...fresh.childNodes);
    }
  } catch {
    // No connection: tried again later.
  }
}

let timer = 0;
if (card) {
  form.hidden = true;
  timer = setInterval(renew, 60000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) {
      renew();
    }
  });
}
