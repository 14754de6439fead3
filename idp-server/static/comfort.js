// Comfort only: every page works without this. It shows what was typed, copies keys and codes, asks for codes to be
// kept before that is confirmed, and sends a form once. What it says stands in the page.
"use strict";

for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  const label = document.querySelector(`label[for="${input.id}"]`).textContent.toLowerCase();
  const show = button.textContent;
  const name = () => button.setAttribute("aria-label", `${button.textContent} ${label}`);
  button.hidden = false;
  name();
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.textContent = shown ? button.dataset.hide : show;
    name();
    input.focus();
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue; // only where the connection is secure
  const before = button.textContent;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    const codes = Array.from(source.querySelectorAll("code"), (code) => code.textContent);
    const text = "codes" in button.dataset ? codes.join("\n") : source.textContent.replaceAll(" ", "");
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = button.dataset.copied;
      if ("codes" in button.dataset) document.dispatchEvent(new Event("kept"));
    } catch {
      button.textContent = button.dataset.notCopied;
    }
    setTimeout(() => { button.textContent = before; }, 2500);
  });
}

for (const button of document.querySelectorAll("[data-after-keeping]")) {
  const tick = button.form.querySelector("[type=checkbox]");
  const follow = () => { button.disabled = !tick.checked; };
  tick.addEventListener("change", follow);
  document.addEventListener("kept", () => {
    tick.checked = true;
    follow();
  });
  addEventListener("pageshow", follow); // a browser may have kept the tick
  follow();
}

for (const form of document.forms) {
  if ("keeps" in form.dataset) {
    // A file leaves the page where it is, and may be wanted twice.
    form.addEventListener("submit", () => document.dispatchEvent(new Event("kept")));
    continue;
  }
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  addEventListener("pageshow", () => { sent = false; }); // back again
}
