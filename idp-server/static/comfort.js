// Comfort only: every page works without this. It shows what was typed, copies keys and codes, asks for codes to be
// kept before that is confirmed, counts the time that is left, and sends a form once. What it says stands in the page.
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
    const lines = source.textContent.split("\n").map((line) => line.trim()).filter(Boolean);
    const text = "lines" in button.dataset ? lines.join("\n") : source.textContent.replaceAll(" ", "");
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = button.dataset.copied;
      if ("kept" in button.dataset) document.dispatchEvent(new Event("kept"));
    } catch {
      button.textContent = button.dataset.notCopied;
    }
    setTimeout(() => { button.textContent = before; }, 2500);
  });
}

// Codes that must not be lost: going on is open to whoever has copied or downloaded them.
document.addEventListener("kept", () => {
  for (const form of document.querySelectorAll("[data-confirm]")) {
    form.querySelector("[type=checkbox]").checked = true;
    form.querySelector("[type=submit]").disabled = false;
    form.querySelector(".hint").hidden = true;
  }
});

for (const form of document.querySelectorAll("[data-confirm]")) {
  const submit = form.querySelector("[type=submit]");
  form.querySelector(".tick").hidden = true;
  form.querySelector(".hint").hidden = false;
  submit.disabled = true;
  submit.setAttribute("aria-describedby", form.querySelector(".hint").id);
}

// By a clock that nobody sets: what the page was told are seconds from now.
function countDown(seconds, show) {
  const end = performance.now() + seconds * 1000;
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    show(left, `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`);
    if (left === 0) clearInterval(timer);
  };
  const timer = setInterval(tick, 500);
  tick();
}

for (const text of document.querySelectorAll("[data-left]")) {
  countDown(Number(text.dataset.left), (left, time) => {
    text.textContent = left > 0 ? text.dataset.counting.replace("%", time) : text.dataset.over;
  });
}

for (const button of document.querySelectorAll("[data-after]")) {
  const name = button.textContent;
  for (const plain of document.querySelectorAll("[data-plain]")) plain.hidden = true;
  countDown(Number(button.dataset.after), (left, time) => {
    button.disabled = left > 0;
    button.textContent = left > 0 ? button.dataset.counting.replace("%", time) : name;
  });
}

for (const form of document.forms) {
  if ("file" in form.dataset) {
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

// An answer to an app, which the button would send.
for (const form of document.querySelectorAll("[data-send]")) form.requestSubmit();
