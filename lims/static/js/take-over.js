// Readings beside the entry: F2 in a cell of results takes over the latest reading of that item, a button beside a reading
// puts it into the first empty cell it fits. A reading fits where item and unit are the same, and the sample where several
// stand in one grid; nothing is saved by it.
//
//   data-takes="铅|Lead" data-unit="mg/kg"               a cell, by the names of its item
//   data-take="0.02" data-item="铅" data-unit="mg/kg"    a button beside a reading
//   data-sample="7K3M-1"                                 on both, in a grid of several samples
//   data-reading-field="id" data-reading="id"            the hidden field that keeps which reading was taken over

const KEY = "F2";

function isSame(one, other) {
  return one.trim().toLowerCase() === other.trim().toLowerCase();
}

function fits(cell, button) {
  const names = cell.dataset.takes.split("|");
  return (
    isSame(cell.dataset.unit, button.dataset.unit) &&
    isSame(cell.dataset.sample ?? "", button.dataset.sample ?? "") &&
    names.some((name) => name && isSame(name, button.dataset.item))
  );
}

function keep(cell, reading) {
  const field = document.getElementById(cell.dataset.readingField ?? "");
  if (field) field.value = reading;
}

function put(cell, button) {
  cell.value = button.dataset.take;
  cell.dispatchEvent(new Event("input", { bubbles: true }));
  keep(cell, button.dataset.reading ?? "");
  cell.focus();
  cell.select();
}

document.addEventListener("keydown", (event) => {
  const cell = event.target;
  if (event.key !== KEY || !cell.matches?.("[data-takes]")) return;
  const buttons = [...document.querySelectorAll("[data-take]")].filter((button) => fits(cell, button));
  if (!buttons.length) return;
  event.preventDefault();
  put(cell, buttons.at(-1));
});

// What is typed over it is the reading's figure no more.
document.addEventListener("input", (event) => {
  if (event.target.matches?.("[data-reading-field]")) keep(event.target, "");
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-take]");
  if (!button) return;
  const cells = [...document.querySelectorAll("[data-takes]")].filter((cell) => fits(cell, button));
  const cell = cells.find((one) => !one.value) ?? cells[0];
  if (cell) put(cell, button);
});
