// A button that prints the page; hidden where scripts are off, because it could do nothing there.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
