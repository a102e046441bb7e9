// Native dialogs: opened by `data-dialog-open="id"`, closed by `data-dialog-close`, and one that asks before a form with
// `data-confirm` is sent. Without this module links lead to pages and forms are sent at once.

const question = document.getElementById("confirm-dialog");
let asked = null;

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog-open]");
  const dialog = opener && document.getElementById(opener.dataset.dialogOpen);
  if (dialog?.showModal) {
    event.preventDefault();
    dialog.showModal();
    return;
  }
  if (event.target.closest("[data-dialog-close]")) {
    event.target.closest("dialog")?.close();
    return;
  }
  // A press on the backdrop arrives as a press on the dialog itself, outside its box.
  if (event.target instanceof HTMLDialogElement) {
    const box = event.target.getBoundingClientRect();
    const inside =
      event.clientX >= box.left &&
      event.clientX <= box.right &&
      event.clientY >= box.top &&
      event.clientY <= box.bottom;
    if (!inside) event.target.close();
  }
});

// Capturing, so that the question comes before forms.js counts the form as sent.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!form.dataset.confirm || !question?.showModal) return;
    if (asked?.form === form && asked.yes) {
      asked = null;
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    asked = { form, submitter: event.submitter, yes: false };
    question.querySelector("h2").textContent = form.dataset.confirm;
    question.querySelector("[data-confirm-yes]").textContent =
      form.dataset.confirmAction ?? event.submitter?.textContent ?? "OK";
    question.showModal();
  },
  true,
);

question?.querySelector("[data-confirm-yes]").addEventListener("click", () => {
  question.close();
  if (!asked) return;
  asked.yes = true;
  asked.form.requestSubmit(asked.submitter ?? undefined);
});
