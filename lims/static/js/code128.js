// Reads a Code 128 out of a picture: lines of pixels are cut into bars and spaces, and those compared with the widths of
// the standard (ISO/IEC 15417). A code counts when two lines agree on it; its check symbol and quiet zones are asked for.

const SYMBOLS = (
  "212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231113222123122123221" +
  "223211221132221231213212223112312131311222321122321221312212322112322211212123212321232121111323131123131321" +
  "112313132113132311211313231113231311112133112331132131113123113321133121313121211331231131213113213311213131" +
  "311123311321331121312113312311332111314111221411431111111224111422121124121421141122141221112214112412122114" +
  "122411142112142211241211221114413111241112134111111242121142121241114212124112124211411212421112421211212141" +
  "214121412121111143111341131141114113114311411113411311113141114131311141411131211412211214211232"
).match(/.{6}/g);
const WIDTHS = SYMBOLS.map((widths) => [...widths].map(Number));
const STOP = [2, 3, 3, 1, 1, 1, 2];
const START_A = 103;
const START_C = 105;
const MODULES = 11; // of every symbol but the last
const WORST_SYMBOL = 2.4; // modules by which the six widths together may differ from the standard's
const QUIET_MODULES = 5; // of the ten the standard asks for; the edge of a hand-held picture takes some
const LINES = 36; // looked at in each direction
const LEAST_CONTRAST = 24; // of 255, between ink and paper around a pixel

/** Where ink begins and ends along a line of grey values, between the pixels; the first run is paper. */
function edgesOf(line) {
  const reach = Math.max(12, line.length >> 5);
  const edges = [];
  let isInk = false;
  let level = 0;
  for (let at = 1; at < line.length; at += 1) {
    if (at % 8 === 1) {
      const around = line.subarray(Math.max(0, at - reach), at + reach);
      let low = 255;
      let high = 0;
      for (const grey of around) {
        if (grey < low) low = grey;
        if (grey > high) high = grey;
      }
      level = high - low < LEAST_CONTRAST ? -1 : (low + high) / 2;
    }
    const ink = level >= 0 && line[at] < level;
    if (ink === isInk) continue;
    const step = line[at - 1] - line[at];
    const within = step && level >= 0 ? (line[at - 1] - level) / step : 0.5;
    edges.push(at - 1 + Math.min(1, Math.max(0, within)));
    isInk = ink;
  }
  return edges;
}

function distance(runs, from, wanted, modules) {
  let total = 0;
  for (let at = 0; at < wanted.length; at += 1) total += runs[from + at];
  const module = total / modules;
  let off = 0;
  for (let at = 0; at < wanted.length; at += 1) off += Math.abs(runs[from + at] / module - wanted[at]);
  return off;
}

/** The symbol whose widths begin at a run, or -1. */
function symbolAt(runs, from) {
  let best = WORST_SYMBOL;
  let found = -1;
  for (let symbol = 0; symbol < WIDTHS.length; symbol += 1) {
    const off = distance(runs, from, WIDTHS[symbol], MODULES);
    if (off < best) [best, found] = [off, symbol];
  }
  return found;
}

/** What symbols say, from the start symbol to the one before the check symbol; null where we do not write such codes. */
function textOf(symbols) {
  let set = "ABC"[symbols[0] - START_A];
  let text = "";
  let once = null;
  for (const symbol of symbols.slice(1)) {
    const now = once ?? set;
    once = null;
    if (now === "C") {
      if (symbol < 100) text += String(symbol).padStart(2, "0");
      else if (symbol === 100) set = "B";
      else if (symbol === 101) set = "A";
      else if (symbol !== 102) return null;
    } else if (symbol < 64 || (now === "B" && symbol < 96)) text += String.fromCharCode(symbol + 32);
    else if (symbol < 96) text += String.fromCharCode(symbol - 64);
    else if (symbol === 98) once = now === "A" ? "B" : "A";
    else if (symbol === 99) set = "C";
    else if (symbol === 100 && now === "A") set = "B";
    else if (symbol === 101 && now === "B") set = "A";
    else if (symbol !== 102) return null;
  }
  return text;
}

function decodeFrom(runs, from) {
  const symbols = [];
  for (let at = from; at + STOP.length <= runs.length; at += 6) {
    if (symbols.length > 2 && distance(runs, at, STOP, MODULES + 2) < WORST_SYMBOL) {
      const check = symbols.pop();
      const sum = symbols.reduce((total, symbol, place) => total + symbol * Math.max(1, place), 0);
      return sum % 103 === check ? textOf(symbols) : null;
    }
    const symbol = symbolAt(runs, at);
    if (symbol < 0 || symbol >= START_A !== (symbols.length === 0)) return null;
    symbols.push(symbol);
  }
  return null;
}

/** The code on one line of grey values from left to right, or null. */
export function readLine(line) {
  const edges = edgesOf(line);
  const runs = edges.slice(1).map((edge, at) => edge - edges[at]); // an even place holds a bar
  for (let from = 0; from + 6 + STOP.length <= runs.length; from += 2) {
    const symbol = symbolAt(runs, from);
    if (symbol < START_A || symbol > START_C) continue;
    const module = runs.slice(from, from + 6).reduce((sum, run) => sum + run, 0) / MODULES;
    const quiet = from ? runs[from - 1] : edges[0];
    const text = quiet >= QUIET_MODULES * module ? decodeFrom(runs, from) : null;
    if (text) return text;
  }
  return null;
}

/** Lines across a picture, along it and down it, each from both ends. */
function* linesOf({ data, width, height }) {
  const grey = (pixel) => (data[4 * pixel] * 77 + data[4 * pixel + 1] * 151 + data[4 * pixel + 2] * 28) >> 8;
  const cuts = [
    [height, width, (cut, at) => cut * width + at],
    [width, height, (cut, at) => at * width + cut],
  ];
  for (const [across, length, pixel] of cuts) {
    for (let number = 0; number < LINES; number += 1) {
      const cut = Math.floor(((number + 0.5) * across) / LINES);
      const line = Uint8Array.from({ length }, (_, at) => grey(pixel(cut, at)));
      yield line;
      yield line.slice().reverse();
    }
  }
}

/** The Code 128 in a picture (`ImageData`) on which two lines agree, or null. */
export function readCode128(picture) {
  const seen = new Set();
  for (const line of linesOf(picture)) {
    const text = readLine(line);
    if (text === null) continue;
    if (seen.has(text)) return text;
    seen.add(text);
  }
  return null;
}
