// The ballot of the public pick: the device makes the nonce of its ballot, and no more than five foods can be chosen.

for (const form of document.querySelectorAll("form[data-most]")) {
  const nonce = form.elements.namedItem("nonce");
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  nonce.value = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const boxes = [...form.querySelectorAll("input[name=choices]")];
  const none = form.elements.namedItem("no_opinion");
  const most = Number(form.dataset.most);
  const count = form.querySelector("[data-chosen] b");
  const settle = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    for (const box of boxes) box.disabled = !box.checked && (chosen >= most || none.checked);
    none.disabled = chosen > 0;
    count.textContent = chosen;
  };
  form.addEventListener("change", settle);
  settle();
}
