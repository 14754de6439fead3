// Comfort only: every page works without this. It shows what was typed, copies a key, and sends a form once. What it
// says stands in the page.
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
    const text = document.getElementById(button.dataset.copy).textContent;
    try {
      await navigator.clipboard.writeText(text.replaceAll(" ", ""));
      button.textContent = button.dataset.copied;
    } catch {
      button.textContent = button.dataset.notCopied;
    }
    setTimeout(() => { button.textContent = before; }, 2500);
  });
}

for (const form of document.forms) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  addEventListener("pageshow", () => { sent = false; }); // back again
}
