// The page on which the columns of a file are mapped: whatever is changed, the server reads the file again and shows
// what comes of it. Without this script the button beside "save" does the same.

const form = document.querySelector("[data-profile-editor]");
const PAUSE_MS = 250; // after the last change; a text is typed in several
const RENEWED = ["profile-columns", "profile-preview"];

let timer = 0;
let latest = 0;

function place(next, id) {
  const here = document.getElementById(id);
  const there = next.getElementById(id);
  // What is being chosen stays under the hand that chooses it.
  if (!here || !there || here.contains(document.activeElement)) return;
  here.replaceChildren(...there.childNodes);
}

async function renew() {
  const mine = ++latest;
  const data = new FormData(form);
  data.set("act", "preview");
  try {
    const answer = await fetch(form.action, { method: "POST", body: data });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== latest) return;
    for (const id of RENEWED) place(page, id);
  } catch {
    // Offline: the next change tries again.
  }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(renew, PAUSE_MS);
}

form?.addEventListener("input", soon);
