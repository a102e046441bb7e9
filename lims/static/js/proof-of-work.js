/**
 * Solves the proof of work of a ballot (citizen_votes/rules/proof_of_work.py says what it is) while the voter reads.
 *
 * A page marks its form with data-proof-of-work="<challenge>" and holds an input named "proof"; `attach` starts at once,
 * fills the input and lets the form wait for it. The module is its own worker: loaded as one, it answers a challenge with
 * a solution. Where module workers are missing (old chat-app browsers) it works in slices on the page.
 */

const PUZZLES = 8;
const SLICE = 4096; // attempts between two looks at the clock
const SLICE_MS = 24; // on the page: short enough that a tap is answered

// The cube roots of the first 64 primes, FIPS 180-4 section 4.2.2.
const K = new Uint32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
  0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
  0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
  0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
  0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
const START = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/** One block of SHA-256: adds it to `state`; the first 16 of the 64 words `w` are the block. */
function compress(state, w) {
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15];
    const y = w[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
  }
  let a = state[0], b = state[1], c = state[2], d = state[3];
  let e = state[4], f = state[5], g = state[6], h = state[7];
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0;
    d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d;
  state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

/** SHA-256 of a text of ASCII characters, as eight words. Not WebCrypto: a page without TLS in a market hall has none. */
export function sha256(text) {
  const bytes = Array.from(text, (character) => character.charCodeAt(0));
  const bits = bytes.length * 8;
  bytes.push(0x80);
  while (bytes.length % 64 !== 56) bytes.push(0);
  for (let shift = 56; shift >= 0; shift -= 8) bytes.push(shift > 31 ? 0 : (bits >>> shift) & 255);
  const state = new Uint32Array(START);
  const w = new Int32Array(64);
  for (let block = 0; block < bytes.length; block += 64) {
    for (let i = 0; i < 16; i++) {
      const at = block + 4 * i;
      w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    }
    compress(state, w);
  }
  return state;
}

/** A search that can be continued: every call of the returned function makes `attempts` more, and answers when done. */
function search(puzzle, difficulty) {
  const w = new Int32Array(64);
  const state = new Uint32Array(8);
  const zeroBits = 32 - difficulty;
  let counter = 0;
  return (attempts) => {
    for (const last = counter + attempts; counter < last; counter++) {
      w.set(puzzle);
      w[8] = (counter / 0x100000000) | 0;
      w[9] = counter | 0;
      w[10] = 0x80000000 | 0;
      w.fill(0, 11, 15);
      w[15] = 320; // bits of the message: 32 + 8 bytes
      state.set(START);
      compress(state, w);
      if (zeroBits === 0 ? state[0] === 0 : state[0] >>> zeroBits === 0) return counter;
    }
    return null;
  };
}

/** The steps of solving a challenge: yields between slices the share of puzzles done, returns the solution. */
function* steps(challenge) {
  const difficulty = Number(challenge.split(".")[3]);
  if (!(difficulty >= 1 && difficulty <= 32)) throw new RangeError(`no challenge: ${challenge}`);
  const counters = [];
  for (let index = 0; index < PUZZLES; index++) {
    const attempt = search(sha256(`${challenge}|${index}`), difficulty);
    let found = attempt(SLICE);
    while (found === null) {
      yield index / PUZZLES;
      found = attempt(SLICE);
    }
    counters.push(found.toString(16));
  }
  return counters.join("-");
}

/** Solves in one go; for the worker. */
export function solveNow(challenge) {
  const work = steps(challenge);
  let step = work.next();
  while (!step.done) step = work.next();
  return step.value;
}

/** Solves on the page in short slices. */
async function solveInSlices(challenge) {
  const work = steps(challenge);
  for (;;) {
    const until = performance.now() + SLICE_MS;
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (performance.now() < until);
    await new Promise((resume) => setTimeout(resume));
  }
}

/** Solves a challenge beside the page where the browser can, on it where it cannot. */
export function solve(challenge) {
  return new Promise((resolve, reject) => {
    const onPage = () => solveInSlices(challenge).then(resolve, reject);
    let worker;
    try {
      worker = new Worker(import.meta.url, { type: "module" });
    } catch {
      onPage();
      return;
    }
    worker.onmessage = (event) => {
      worker.terminate();
      resolve(event.data);
    };
    worker.onerror = () => {
      worker.terminate();
      onPage();
    };
    worker.postMessage(challenge);
  });
}

/** Starts solving for a form and keeps it from being sent before the proof is there. */
export function attach(form) {
  const input = form.elements.namedItem("proof");
  let submitter;
  let isWaiting = false;
  let isSettled = false;
  const settle = (solution) => {
    isSettled = true;
    input.value = solution;
    form.removeAttribute("aria-busy");
    form.dispatchEvent(new CustomEvent("proof-ready", { bubbles: true }));
    if (!isWaiting) return;
    if (form.requestSubmit) form.requestSubmit(submitter);
    else form.submit();
  };
  // A challenge that cannot be solved is sent unsolved: the server's answer says what to do, a dead button would not.
  solve(form.dataset.proofOfWork).then(settle, () => settle(""));
  form.addEventListener("submit", (event) => {
    if (isSettled) return;
    event.preventDefault();
    isWaiting = true;
    submitter = event.submitter ?? undefined;
    form.setAttribute("aria-busy", "true");
  });
}

if (typeof document === "undefined") {
  globalThis.onmessage = (event) => globalThis.postMessage(solveNow(event.data));
} else {
  document.querySelectorAll("form[data-proof-of-work]").forEach(attach);
}
