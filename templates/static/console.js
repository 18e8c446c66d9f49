// Warns two minutes before the session of an official ends, and makes it last longer at a click. Without this script the
// page says at what time the session ends.
"use strict";

const notice = document.querySelector("[data-ends]");
const words = notice?.querySelector("p");
const stay = notice?.querySelector("button");
// Other tabs share the session: what is done in one counts in all.
const tabs = new BroadcastChannel("olid-ends");

if (notice) {
  const state = { end: Date.now() + 1000 * notice.dataset.ends, text: words.textContent };
  const look = () => {
    const left = state.end - Date.now();
    const text = left > 0 ? state.text : notice.dataset.over;
    notice.toggleAttribute("data-near", left <= 1000 * notice.dataset.warn);
    words.hidden = left > 1000 * notice.dataset.warn; // a status that appears is read aloud
    if (stay) {
      stay.hidden = words.hidden || left <= 0;
    }
    if (words.textContent !== text) {
      words.textContent = text;
    }
  };
  const from = (left, text) => {
    state.end = Date.now() + 1000 * left;
    state.text = text;
    look();
  };
  tabs.onmessage = ({ data }) => {
    if (Date.now() + 1000 * data.left > state.end) {
      from(data.left, data.text);
    }
  };
  tabs.postMessage({ left: Number(notice.dataset.ends), text: state.text });
  stay?.addEventListener("click", async () => {
    try {
      const answer = await fetch(notice.dataset.stay, {
        method: "POST",
        body: new URLSearchParams({ csrf: notice.dataset.csrf }),
        redirect: "manual",
      });
      if (answer.type === "opaqueredirect") { // to the login
        from(0, state.text);
        return;
      }
      const now = await answer.json();
      from(now.left, now.text);
      tabs.postMessage(now);
    } catch {
      // No connection: the warning stays, and the button can be pressed again.
    }
  });
  look();
  setInterval(look, 1000);
  document.addEventListener("visibilitychange", look);
}
