// Scans from anywhere on the page. A keyboard-wedge scanner types a code as a burst of keys ended by Enter, much faster
// than a person; such a burst becomes one `scan` event on the document, `event.detail.code`. If nobody calls
// preventDefault() on it, the code goes into the page's `[data-scan-target]` (and its form is sent with
// `data-scan-submit`), else to the address in `<body data-scan-url>`, as `?code=`.

const FASTEST_TYPIST_MS = 45; // between two keys; scanners need 2 to 30, people above 60
const LONGEST_PAUSE_MS = 250; // a wireless scanner or a busy tablet may hesitate once or twice within a code
const SHORTEST_CODE = 5;

let keys = "";
let gaps = [];
let lastKeyAt = -Infinity;
let field = null;
let before = "";

/** The character of a key, also while a Chinese input method swallows it and reports only the position. */
function characterOf(event) {
  if (event.key.length === 1) return event.key;
  if (event.key !== "Process" && event.keyCode !== 229) return "";
  const letter = /^Key([A-Z])$/.exec(event.code);
  if (letter) return event.shiftKey ? letter[1] : letter[1].toLowerCase();
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  if (digit && !event.shiftKey) return digit[1];
  return { Minus: "-", Period: ".", Slash: "/", Equal: "=" }[event.code] ?? "";
}

/** Whether most keys came faster than a person types; single pauses do not count. */
function isScanned() {
  if (keys.length < SHORTEST_CODE) return false;
  const ordered = [...gaps].sort((a, b) => a - b);
  return ordered[Math.floor(ordered.length / 2)] <= FASTEST_TYPIST_MS;
}

function isTyped(element) {
  return element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement;
}

function deliver(code) {
  const event = new CustomEvent("scan", { detail: { code }, cancelable: true });
  if (!document.dispatchEvent(event)) return;
  const target = document.querySelector("[data-scan-target]");
  if (target) {
    target.value = code;
    target.dispatchEvent(new Event("input", { bubbles: true }));
    const box = target.closest("[data-scan-box]");
    box?.classList.remove("scan--read");
    void box?.offsetWidth; // restarts the flash for the second of two quick scans
    box?.classList.add("scan--read");
    if ("scanSubmit" in target.dataset) target.form?.requestSubmit();
    else target.focus();
    return;
  }
  const address = document.body.dataset.scanUrl;
  if (address) {
    const url = new URL(address, location.href);
    url.searchParams.set("code", code);
    location.assign(url);
  }
}

document.addEventListener(
  "keydown",
  (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const gap = event.timeStamp - lastKeyAt;
    const goesOn = gap <= LONGEST_PAUSE_MS;
    if (event.key === "Enter" || event.code === "NumpadEnter") {
      const code = goesOn && isScanned() ? keys : "";
      keys = "";
      gaps = [];
      lastKeyAt = -Infinity;
      if (!code) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      // What the scanner typed into somebody's half-filled field is taken out again.
      const typedInto = field;
      const value = before;
      if (typedInto && !typedInto.matches("[data-scan-target]")) {
        typedInto.value = value;
        typedInto.dispatchEvent(new Event("input", { bubbles: true }));
      }
      deliver(code);
      return;
    }
    const character = characterOf(event);
    if (!character) return;
    if (goesOn) {
      gaps.push(gap);
    } else {
      keys = "";
      gaps = [];
      field = isTyped(document.activeElement) ? document.activeElement : null;
      before = field?.value ?? "";
    }
    keys += character;
    lastKeyAt = event.timeStamp;
  },
  true,
);

document.addEventListener("camera-scan", (event) => deliver(event.detail.code));
