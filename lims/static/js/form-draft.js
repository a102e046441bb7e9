// What is typed into a form with `data-draft` outlives a dead battery, a closed tab and a lost network. It stays on this
// machine, apart for each person, and goes when the form has been taken: when a sent form's next page is neither the form
// itself nor a sign-in or error page (`data-draft-keep`).

const KEEP_DAYS = 7;
const SENT = "fenjian-draft-sent";
const person = document.body.dataset.person ?? "anyone";
const left = "draftKeep" in document.body.dataset;

function nameOf(form) {
  return `fenjian-draft:${person}:${form.dataset.draft}`;
}

function keyOf(field) {
  return field.id || field.name;
}

function fieldsOf(form) {
  return Array.from(form.elements).filter(
    (field) =>
      field.name &&
      field.name !== "csrf_token" &&
      !["hidden", "password", "file", "submit", "button"].includes(field.type),
  );
}

function isChanged(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.options) {
    const options = Array.from(field.options);
    const isFirst = !field.multiple && !options.some((option) => option.defaultSelected);
    return options.some((option, place) => option.selected !== (isFirst ? place === 0 : option.defaultSelected));
  }
  return field.value !== field.defaultValue;
}

/** Keep what was changed here, now or in the draft before: another field may be filled by another person meanwhile. */
function save(form) {
  const kept = new Set(stored(form).map(([key]) => key));
  const fields = fieldsOf(form);
  for (const field of fields) if (isChanged(field)) kept.add(keyOf(field));
  const values = fields.filter((field) => kept.has(keyOf(field))).map((field) => {
    if (field.type === "checkbox" || field.type === "radio") return [keyOf(field), field.checked];
    if (field.multiple) return [keyOf(field), Array.from(field.selectedOptions, (o) => o.value)];
    return [keyOf(field), field.value];
  });
  try {
    localStorage.setItem(nameOf(form), JSON.stringify({ at: Date.now(), values }));
  } catch {
    // A full or forbidden store: the form works on, without a draft.
  }
}

function stored(form) {
  try {
    return JSON.parse(localStorage.getItem(nameOf(form)))?.values ?? [];
  } catch {
    return [];
  }
}

function restore(form) {
  const draft = localStorage.getItem(nameOf(form));
  if (!draft) return;
  const { at, values } = JSON.parse(draft);
  if (Date.now() - at > KEEP_DAYS * 86400000) {
    localStorage.removeItem(nameOf(form));
    return;
  }
  const known = new Map(values);
  let changed = false;
  for (const field of fieldsOf(form)) {
    if (!known.has(keyOf(field))) continue;
    const value = known.get(keyOf(field));
    if (field.type === "checkbox" || field.type === "radio") {
      changed ||= field.checked !== value;
      field.checked = value;
    } else if (field.multiple) {
      for (const option of field.options) option.selected = value.includes(option.value);
    } else {
      changed ||= field.value !== value;
      field.value = value;
    }
  }
  if (!changed) return;
  tell(form);
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

function tell(form) {
  const note = document.createElement("div");
  note.className = "alert alert--info";
  note.setAttribute("role", "status");
  const drop = document.createElement("button");
  drop.type = "button";
  drop.className = "button button--quiet button--s";
  drop.textContent = form.dataset.draftDrop;
  drop.addEventListener("click", () => {
    localStorage.removeItem(nameOf(form));
    form.reset();
    note.remove();
  });
  const text = document.createElement("div");
  text.className = "alert__body row row--spread";
  text.append(form.dataset.draftText, drop);
  note.append(text);
  form.prepend(note);
}

const forms = Array.from(document.querySelectorAll("form[data-draft]"));
const sent = sessionStorage.getItem(SENT);
if (sent && !left) {
  sessionStorage.removeItem(SENT);
  if (!forms.some((form) => nameOf(form) === sent)) localStorage.removeItem(sent);
}
for (const form of forms) {
  // After a refusal the server shows what was typed, and knows better than the draft.
  if (!("invalid" in form.dataset)) restore(form);
  form.addEventListener("input", () => save(form));
  form.addEventListener("submit", () => sessionStorage.setItem(SENT, nameOf(form)));
}
