// Comfort only; every page works the same without it.
"use strict";

// A page that answers a POST becomes one that was got: Back and reload then ask the server for its address, and do
// not show the browser's own error.
history.replaceState(history.state, "", location.href);

// A button that shows what is typed in a password field. It hides it again before the form is sent,
// so that the browser still knows it for a password.
for (const button of document.querySelectorAll("button[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  const text = button.textContent;
  const show = (shown) => {
    input.type = shown ? "text" : "password";
    button.textContent = shown ? button.dataset.hide : text; // what a press does; so it has no aria-pressed
  };
  button.addEventListener("click", () => show(input.type === "password"));
  input.form?.addEventListener("submit", () => show(false));
  button.hidden = false;
}

// The fields of the choice that was not made are not sent.
const either = document.querySelector(".either");
function decide() {
  const choice = either?.querySelector(".either > :first-child input:checked");
  if (!choice) {
    return;
  }
  either.classList.remove("either-both");
  for (const [group, value] of [[".either-first", "yes"], [".either-second", "no"]]) {
    for (const field of either.querySelectorAll(group + " :is(input, textarea)")) {
      field.disabled = choice.value !== value;
    }
  }
}
either?.addEventListener("change", decide);
window.addEventListener("pageshow", decide); // the browser may bring the choice back

// A second click on a slow connection sends nothing twice. Buttons stay enabled: a disabled one drops its
// name and value, and stays grey when the browser brings the page back. A form that hands over a file leaves
// its page where it is, and may be sent again (data-again).
for (const form of document.querySelectorAll('form[method="post"]:not([data-again])')) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "true";
    setTimeout(() => delete form.dataset.sent, 10000);
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
  }
});
