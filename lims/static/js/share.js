// `data-share` (an address) opens the phone's own sharing sheet; where there is none, and for `data-copy` (a text),
// the clipboard. The button says for two seconds that it has happened (`data-done`).

for (const button of document.querySelectorAll("[data-share], [data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const { share, copy, done } = button.dataset;
    const url = share && new URL(share, location.href).href;
    try {
      if (url && navigator.share) {
        await navigator.share({ title: document.title, url });
        return;
      }
      await navigator.clipboard.writeText(url ?? copy);
    } catch {
      return; // the person closed the sheet, or the browser forbids it
    }
    const words = button.querySelector("span");
    if (!words || !done || words.dataset.was) return;
    words.dataset.was = words.textContent;
    words.textContent = done;
    setTimeout(() => {
      words.textContent = words.dataset.was;
      delete words.dataset.was;
    }, 2000);
  });
}
