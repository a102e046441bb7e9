// Scans into a list: a code that stands on the page ticks its line, any other goes into the first empty field that takes
// codes (`data-scan-fill`) or is written under what was not expected (`data-scan-rest`).
//
//   data-scan-pattern="L\\d{9}"     a field that takes only codes of this form, and those before any other field does
//   data-scan-code="26-0412-1"     around the box or the choices of one line; `data-scan-value` says which choice

function lineOf(code) {
  return document.querySelector(`[data-scan-code="${CSS.escape(code)}"]`);
}

function tick(line) {
  const value = line.dataset.scanValue;
  const box = value ? line.querySelector(`input[value="${CSS.escape(value)}"]`) : line.querySelector("input");
  box.checked = true;
  box.dispatchEvent(new Event("change", { bubbles: true }));
  line.scrollIntoView({ block: "center" });
  box.focus({ preventScroll: true });
}

function put(field, text) {
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function emptyFieldFor(code) {
  const empty = [...document.querySelectorAll("[data-scan-fill]")].filter((field) => !field.value);
  const isMeant = (field) => new RegExp(`^(?:${field.dataset.scanPattern})$`).test(code);
  return empty.find((field) => field.dataset.scanPattern && isMeant(field)) ?? empty.find((field) => !field.dataset.scanPattern);
}

document.addEventListener("scan", (event) => {
  const code = event.detail.code.trim().toUpperCase();
  const line = lineOf(code);
  const empty = emptyFieldFor(code);
  const rest = document.querySelector("[data-scan-rest]");
  if (line) tick(line);
  else if (empty) {
    put(empty, code);
    empty.focus();
  } else if (rest) put(rest, `${rest.value.trimEnd()}\n${code}`.trimStart());
  else return;
  event.preventDefault();
});
