
// The console: moments in the zone of who reads them; the exact one stays in the text that is shown on pointing.
for (const moment of document.querySelectorAll("main.console time[datetime]")) {
  const at = new Date(moment.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  const zone = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  moment.title = moment.textContent;
  moment.textContent = zone.format(at);
}
