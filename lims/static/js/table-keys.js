// Tables that are typed into (`data-grid`): arrows and Enter move, Ctrl+Enter sends the form, a block copied from a
// spreadsheet fills the cells, Ctrl+Z takes back what was typed or pasted, cell by cell, and Ctrl+Y does it again.

const FIELD = "input:not([type=hidden]):not([disabled]):not([readonly]), select:not([disabled])";

function gridOf(table) {
  return Array.from(table.tBodies[0].rows, (row) => Array.from(row.querySelectorAll(FIELD))).filter(
    (fields) => fields.length > 0,
  );
}

function find(grid, field) {
  for (const [row, fields] of grid.entries()) {
    const column = fields.indexOf(field);
    if (column >= 0) return { row, column };
  }
  return null;
}

function go(field) {
  if (!field) return false;
  field.focus();
  field.select?.();
  return true;
}

/** Whether the caret stands at that end of the field, so that an arrow means the next cell and not the next letter. */
function isAtEnd(field, forward) {
  if (field.selectionStart === null || field.selectionStart === undefined) return true;
  if (field.selectionStart === 0 && field.selectionEnd === field.value.length) return true;
  return forward
    ? field.selectionStart === field.value.length
    : field.selectionStart === 0 && field.selectionEnd === 0;
}

/** What was done to a table: steps of [field, before, after], of which those before `at` are in force. */
const histories = new WeakMap();

function historyOf(table) {
  if (!histories.has(table)) histories.set(table, { steps: [], at: 0, known: new Map() });
  return histories.get(table);
}

/** Remember that these cells have changed, as one step. */
function note(table, fields) {
  const history = historyOf(table);
  const step = [];
  for (const field of fields) {
    const before = history.known.get(field) ?? field.defaultValue ?? "";
    if (before !== field.value) step.push([field, before, field.value]);
    history.known.set(field, field.value);
  }
  if (step.length === 0) return;
  history.steps.splice(history.at, Infinity, step);
  history.at = history.steps.length;
}

function put(table, field, value) {
  field.value = value;
  historyOf(table).known.set(field, value);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Take the last step back, or do it again; false when there is none. */
function move(table, back) {
  const history = historyOf(table);
  const step = history.steps[back ? history.at - 1 : history.at];
  if (!step) return false;
  history.at += back ? -1 : 1;
  for (const [field, before, after] of step) put(table, field, back ? before : after);
  return go(step[0][0]);
}

function onKey(event) {
  if (event.isComposing || event.altKey || !event.target.matches(FIELD)) return;
  if (event.ctrlKey || event.metaKey) {
    const key = event.key.toLowerCase();
    if (key === "z" || key === "y") {
      note(event.currentTarget, [event.target]); // what is still being typed is a step as well
      move(event.currentTarget, key === "z" && !event.shiftKey);
      event.preventDefault();
      return;
    }
    if (event.key !== "Enter" || !event.target.form) return;
    event.preventDefault();
    event.target.form.requestSubmit();
    return;
  }
  const grid = gridOf(event.currentTarget);
  const at = find(grid, event.target);
  if (!at) return;
  const isSelect = event.target instanceof HTMLSelectElement;
  let next = null;
  if (event.key === "Enter") next = grid[at.row + (event.shiftKey ? -1 : 1)]?.[at.column];
  else if (event.key === "ArrowDown" && !isSelect) next = grid[at.row + 1]?.[at.column];
  else if (event.key === "ArrowUp" && !isSelect) next = grid[at.row - 1]?.[at.column];
  else if (event.key === "ArrowRight" && (isSelect || isAtEnd(event.target, true)))
    next = grid[at.row][at.column + 1];
  else if (event.key === "ArrowLeft" && (isSelect || isAtEnd(event.target, false)))
    next = grid[at.row][at.column - 1];
  else return;
  // Enter never sends a half-filled grid, not even from its last row.
  if (go(next) || event.key === "Enter") event.preventDefault();
}

function onPaste(event) {
  const text = event.clipboardData.getData("text/plain").replace(/\r\n?/g, "\n").replace(/\n$/, "");
  if (!/[\t\n]/.test(text)) return;
  const table = event.currentTarget;
  const grid = gridOf(table);
  const at = find(grid, event.target);
  if (!at) return;
  event.preventDefault();
  note(table, [event.target]);
  const filled = [];
  const lost = [];
  for (const [down, line] of text.split("\n").entries()) {
    for (const [right, value] of line.split("\t").entries()) {
      const field = grid[at.row + down]?.[at.column + right];
      if (!field) {
        if (value.trim()) lost.push(value.trim());
        continue;
      }
      remember(table, field);
      field.value = value.trim();
      filled.push(field);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
  note(table, filled);
  tell(table, lost);
}

/** Say which values of a block found no cell: what is cut off silently is missed when the day is over. */
function tell(table, lost) {
  const place = table.closest(".table-wrap") ?? table;
  const old = place.nextElementSibling;
  if (old?.dataset.gridNote !== undefined) old.remove();
  if (lost.length === 0 || !table.dataset.pasteLost) return;
  const said = document.createElement("div");
  said.dataset.gridNote = "";
  said.className = "alert alert--warn";
  said.setAttribute("role", "alert");
  const text = document.createElement("div");
  text.className = "alert__body";
  text.textContent = `${table.dataset.pasteLost} ${lost.slice(0, 5).join(" · ")}${lost.length > 5 ? " …" : ""}`;
  said.append(text);
  place.after(said);
}

function remember(table, field) {
  const { known } = historyOf(table);
  if (!known.has(field)) known.set(field, field.value);
}

for (const table of document.querySelectorAll("table[data-grid]")) {
  table.addEventListener("keydown", onKey);
  table.addEventListener("paste", onPaste);
  table.addEventListener("focusin", (event) => event.target.matches(FIELD) && remember(table, event.target));
  table.addEventListener("change", (event) => event.target.matches(FIELD) && note(table, [event.target]));
  if (table.contains(document.activeElement)) remember(table, document.activeElement);
}
