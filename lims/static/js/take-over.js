// Readings beside the entry: F2 in a cell of results takes over the latest reading of that item, a button beside a reading
// puts it into the first empty cell it fits. A reading fits where item and unit are the same; nothing is saved by it.
//
//   data-takes="铅|Lead" data-unit="mg/kg"               a cell, by the names of its item
//   data-take="0.02" data-item="铅" data-unit="mg/kg"    a button beside a reading

const KEY = "F2";

function isSame(one, other) {
  return one.trim().toLowerCase() === other.trim().toLowerCase();
}

function fits(cell, button) {
  const names = cell.dataset.takes.split("|");
  return isSame(cell.dataset.unit, button.dataset.unit) && names.some((name) => name && isSame(name, button.dataset.item));
}

function put(cell, button) {
  cell.value = button.dataset.take;
  cell.dispatchEvent(new Event("input", { bubbles: true }));
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

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-take]");
  if (!button) return;
  const cells = [...document.querySelectorAll("[data-takes]")].filter((cell) => fits(cell, button));
  const cell = cells.find((one) => !one.value) ?? cells[0];
  if (cell) put(cell, button);
});
