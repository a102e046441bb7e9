// A long form in parts.
//
// `data-when="product_type=produce|packaging=bulk; source=purchased"` on a part shows it while every group holds by one of
// its alternatives. What has something written in it, or was refused, is never hidden.
//
// `[data-sections]` holds links to the parts: each tells how many answers its part still wants. An answer is wanted where a
// field is `required`, where `data-needed` holds (empty: always), and where none of one `data-one-of` has been given. The
// server decides; this only shows the way. Without this script every part is in sight and every link leads to its part.

const WRITTEN = "textarea, input:not([type=radio], [type=checkbox], [type=hidden], [type=file])";
const WANTED = "[required], [data-needed], [data-one-of]";

function valueOf(form, name) {
  const field = form.elements.namedItem(name);
  if (field instanceof HTMLInputElement && field.type === "checkbox") return field.checked ? field.value : "";
  return field?.value;
}

function holds(form, when) {
  return when.split(";").every((group) =>
    group.split("|").some((alternative) => {
      const [, name, not, value] = /^\s*([^!=\s]+)(!?)=(.*?)\s*$/.exec(alternative) ?? [];
      return name !== undefined && (valueOf(form, name) === value) === (not === "");
    }),
  );
}

function isTouched(part) {
  return (
    part.querySelector(".field__error, [aria-invalid=true]") !== null ||
    [...part.querySelectorAll(WRITTEN)].some((field) => field.value.trim() !== "")
  );
}

function isGiven(form, field) {
  if ("given" in field.dataset) return true;
  if (field.matches("[data-signature]")) return field.querySelector("[data-signature-image]").value !== "";
  if (field.type === "radio") return valueOf(form, field.name) !== "";
  if (field.type === "checkbox") return field.checked;
  if (field.type === "file") return field.files.length > 0;
  return field.value.trim() !== "";
}

/** The first field of each answer that a part still wants. */
function missingIn(form, part) {
  const asked = new Map();
  for (const field of part.querySelectorAll(WANTED)) {
    if (field.closest("[hidden]")) continue;
    const { needed, oneOf } = field.dataset;
    if (needed && !holds(form, needed)) continue;
    const key = oneOf ?? (field.type === "radio" ? field.name : field);
    const known = asked.get(key);
    asked.set(key, { field: known?.field ?? field, given: (known?.given ?? false) || isGiven(form, field) });
  }
  return [...asked.values()].filter((answer) => !answer.given).map((answer) => answer.field);
}

function goTo(field) {
  const target = field.matches("[data-signature]") ? field.querySelector("[data-signature-typed]") : field;
  field.closest(".field, .card")?.scrollIntoView({ block: "center" });
  target.focus({ preventScroll: true });
}

function attachSections(form, nav) {
  const links = [...nav.querySelectorAll("a[href^='#']")].map((link) => ({
    link,
    part: document.getElementById(link.hash.slice(1)),
  }));
  const next = form.querySelector("[data-next-missing]");
  let first = null;

  const count = () => {
    let total = 0;
    first = null;
    for (const { link, part } of links) {
      link.parentElement.hidden = part.closest("[hidden]") !== null;
      const missing = missingIn(form, part);
      const badge = link.querySelector("[data-section-count]");
      badge.textContent = missing.length > 0 ? String(missing.length) : "✓";
      badge.dataset.state = missing.length > 0 ? "missing" : "complete";
      badge.hidden = false;
      const words = missing.length > 0 ? nav.dataset.missing.replace("{n}", missing.length) : nav.dataset.complete;
      link.setAttribute("aria-label", `${link.dataset.name}: ${words}`);
      total += missing.length;
      first ??= missing[0] ?? null;
    }
    if (next) {
      next.hidden = total === 0;
      next.querySelector("[data-next-count]").textContent = nav.dataset.missing.replace("{n}", total);
    }
  };

  const seen = new Map();
  const watch = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) seen.set(entry.target, entry.isIntersecting);
      const current = links.find(({ part }) => seen.get(part));
      if (!current) return;
      for (const { link } of links) link.toggleAttribute("aria-current", link === current.link);
      const list = nav.querySelector("ol");
      list.scrollTo({ left: current.link.offsetLeft - (list.clientWidth - current.link.offsetWidth) / 2 });
    },
    { rootMargin: "-25% 0px -65% 0px" },
  );
  for (const { part } of links) watch.observe(part);
  next?.addEventListener("click", () => first && goTo(first));
  return count;
}

for (const form of document.querySelectorAll("form")) {
  const parts = [...form.querySelectorAll("[data-when]")];
  const nav = form.querySelector("[data-sections]");
  const count = nav ? attachSections(form, nav) : () => {};
  const settle = () => {
    for (const part of parts) part.hidden = !holds(form, part.dataset.when) && !isTouched(part);
    count();
  };
  if (parts.length === 0 && !nav) continue;
  form.addEventListener("change", settle);
  form.addEventListener("input", count);
  form.addEventListener("reset", () => setTimeout(settle));
  settle();
}
