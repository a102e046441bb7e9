// A part of a form that does not always belong to it: `data-when="product_type=produce|packaging=bulk; source=purchased"`
// shows it while every group holds by one of its alternatives. What has something written in it, or was refused, is never
// hidden; without this script every part is in sight, and the server asks for what it needs either way.

const WRITTEN = "textarea, input:not([type=radio], [type=checkbox], [type=hidden], [type=file])";

function holds(form, when) {
  return when.split(";").every((group) =>
    group.split("|").some((alternative) => {
      const [name, value] = alternative.trim().split("=");
      return form.elements.namedItem(name)?.value === value;
    }),
  );
}

function isTouched(part) {
  return (
    part.querySelector(".field__error, [aria-invalid=true]") !== null ||
    [...part.querySelectorAll(WRITTEN)].some((field) => field.value.trim() !== "")
  );
}

for (const form of document.querySelectorAll("form")) {
  const parts = [...form.querySelectorAll("[data-when]")];
  const settle = () => {
    for (const part of parts) part.hidden = !holds(form, part.dataset.when) && !isTouched(part);
  };
  if (parts.length > 0) {
    form.addEventListener("change", settle);
    settle();
  }
}
