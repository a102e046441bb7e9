// What nobody touches (a television's <main>, a list of what is connected) is renewed every `data-live-seconds`, and a
// clock shows that it is alive. It has an id. When the server cannot be reached the last picture stays.

const main = document.querySelector("[data-live]");
const clock = document.querySelector("[data-clock]");

async function renew() {
  try {
    const answer = await fetch(main.dataset.live || location.href, { cache: "no-store" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById(main.id);
    if (next && next.innerHTML !== main.innerHTML) main.replaceChildren(...next.childNodes);
  } catch {
    // Offline: try again at the next turn.
  }
}

function tick() {
  clock.textContent = new Date().toLocaleTimeString(document.documentElement.lang, {
    hour: "2-digit",
    minute: "2-digit",
    timeZone: "Asia/Shanghai",
  });
}

if (main) setInterval(renew, 1000 * Number(main.dataset.liveSeconds || 60));
if (clock) {
  tick();
  setInterval(tick, 1000);
}
