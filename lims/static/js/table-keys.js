// Tables that are typed into (`data-grid`): arrows and Enter move, Ctrl+Enter sends the form, a block copied from a
// spreadsheet fills the cells.

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

function onKey(event) {
  if (event.isComposing || event.altKey || !event.target.matches(FIELD)) return;
  if (event.ctrlKey || event.metaKey) {
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
  const grid = gridOf(event.currentTarget);
  const at = find(grid, event.target);
  if (!at) return;
  event.preventDefault();
  for (const [down, line] of text.split("\n").entries()) {
    for (const [right, value] of line.split("\t").entries()) {
      const field = grid[at.row + down]?.[at.column + right];
      if (!field) continue;
      field.value = value.trim();
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
}

for (const table of document.querySelectorAll("table[data-grid]")) {
  table.addEventListener("keydown", onKey);
  table.addEventListener("paste", onPaste);
}
