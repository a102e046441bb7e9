// Menus are <details>: they open without us. This only closes them again, by a press elsewhere or by Escape.

function openMenus() {
  return document.querySelectorAll("details[data-menu][open]");
}

document.addEventListener("pointerdown", (event) => {
  for (const menu of openMenus()) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
