// A form is sent once, however often the button is pressed; its errors get the focus; the bottom bar's current place is
// brought into view.

document.addEventListener("submit", (event) => {
  const form = event.target;
  // A form that answers with a file leaves its page standing: it can be sent again.
  if (event.defaultPrevented || form.method === "get" || "answersFile" in form.dataset) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const button = event.submitter ?? form.querySelector("button[type=submit]");
  // Not `disabled`: a disabled button's name and value would not be sent.
  button?.setAttribute("aria-busy", "true");
});

// Coming back through the browser's history shows the page as it was left: make it usable again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
});

document.querySelector("form[data-invalid] [role=alert]")?.focus();
document
  .querySelector(".nav__link[aria-current], .public-nav [aria-current]")
  ?.scrollIntoView({ block: "nearest", inline: "center" });
