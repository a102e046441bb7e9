// A scan leads to another page; what is typed into `form[data-unsaved="dialog id"]` and not saved comes first. The dialog
// offers to save it and go on (`[data-unsaved-save]`), to go on and find it again as a draft (`[data-unsaved-leave]`), or
// to stay. The scan itself comes from scan.js.

function isDirty(form) {
  return [...form.elements].some(
    (field) => field instanceof HTMLInputElement && field.type !== "hidden" && field.value !== field.defaultValue,
  );
}

for (const form of document.querySelectorAll("form[data-unsaved]")) {
  const dialog = document.getElementById(form.dataset.unsaved);
  const save = dialog.querySelector("[data-unsaved-save]");
  const leave = dialog.querySelector("[data-unsaved-leave]");
  const leads = leave.href;
  document.addEventListener("scan", (event) => {
    if (!isDirty(form)) return;
    event.preventDefault();
    const { code } = event.detail;
    dialog.querySelector("[data-unsaved-code]").textContent = code;
    save.value = code;
    const address = new URL(leads);
    address.searchParams.set("code", code);
    leave.href = address.href;
    if (!dialog.open) dialog.showModal();
    save.focus();
  });
}
