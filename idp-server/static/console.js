
// The console: moments in the zone of who reads them; the exact one stays in the text that is shown on pointing.
for (const moment of document.querySelectorAll("main.console time[datetime]")) {
  const at = new Date(moment.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  const zone = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  moment.title = moment.textContent;
  moment.textContent = zone.format(at);
}

// A list to choose from: with Shift all rows from the last tick to this one, with Ctrl a click anywhere in a row, and one
// tick for the whole page.
for (const list of document.querySelectorAll("[data-picks]")) {
  const ticks = [...list.querySelectorAll("input[name^='pick-']")];
  const page = list.querySelector("[data-pick-all]");
  const whole = page.querySelector("input");
  let last = 0;
  const show = () => {
    const count = ticks.filter((tick) => tick.checked).length;
    whole.checked = count > 0 && count === ticks.length;
    whole.indeterminate = count > 0 && count < ticks.length;
  };
  const choose = (index, range) => {
    const [from, to] = range ? [Math.min(last, index), Math.max(last, index)] : [index, index];
    for (const tick of ticks.slice(from, to + 1)) tick.checked = ticks[index].checked;
    last = index;
    show();
  };
  page.hidden = ticks.length === 0;
  whole.addEventListener("change", () => {
    for (const tick of ticks) tick.checked = whole.checked;
    show();
  });
  ticks.forEach((tick, index) => {
    tick.addEventListener("click", (event) => choose(index, event.shiftKey));
    tick.closest("tr").addEventListener("click", (event) => {
      if (!(event.ctrlKey || event.metaKey || event.shiftKey) || event.target.closest("a, input, label")) return;
      event.preventDefault();
      tick.checked = event.shiftKey ? true : !tick.checked;
      choose(index, event.shiftKey);
    });
  });
  show();
}

// What must not happen by the way is asked in a dialog over the page; Escape leads back.
for (const asked of document.querySelectorAll("[data-dialog]")) {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", asked.querySelector("h1").textContent);
  asked.before(dialog);
  dialog.append(asked);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    asked.querySelector("[data-back]").click();
  });
  dialog.showModal();
}
