// What says how long ago something was goes on counting while nobody draws it again. Streamlit has no place for a moment
// in its texts, so each is taken as true when it appeared, and told anew from there. A text that the server changes
// counts from then.

// By the joint between number and unit (formats.py) it knows what it may change: what people have written has none.

const UNITS = { second: 1, minute: 60, hour: 3600, day: 86400, week: 604800 };
const SHORT = { s: "second", min: "minute", h: "hour" };
const JOINT = "\u00a0";
const RELATIVE = /([Jj])ust\u00a0now|(?:in\u00a0)?(\d+)\u00a0(second|minute|hour|day|week|s|min|h)(?:s\b|\b)(?: ago)?/;
const EVERY_MS = 5000;
const seen = new WeakMap();
let timer = null;

export default function () {
  timer ??= setInterval(tell, EVERY_MS);
  tell();
}

function tell() {
  for (const text of texts(document.body)) {
    const known = seen.get(text);
    const begun = known && text.nodeValue === known.shown ? known : read(text.nodeValue);
    if (!begun) continue;
    begun.shown = begun.words(Math.floor((Date.now() - begun.at) / 1000));
    if (text.nodeValue !== begun.shown) text.nodeValue = begun.shown;
    seen.set(text, begun);
  }
}

function* texts(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) yield node;
    else if (node.shadowRoot) yield* texts(node.shadowRoot);
  }
}

// The moment that a text means, and the text for every later second; null for one that means none.
function read(said) {
  const found = RELATIVE.exec(said);
  if (!found) return null;
  const [phrase, , count, unit] = found;
  const isShort = unit in SHORT;
  const length = count ? Number(count) * UNITS[SHORT[unit] ?? unit] : 0;
  const distance = phrase.startsWith("in") ? length : -length;
  const rounding = count ? UNITS[SHORT[unit] ?? unit] / 2 : 2;
  const [before, after] = [said.slice(0, found.index), said.slice(found.index + phrase.length)];
  const words = (passed) => `${before}${passed < rounding ? phrase : relative(distance - passed, isShort)}${after}`;
  return { at: Date.now(), shown: said, words };
}

function relative(distance, isShort) {
  const length = Math.abs(distance);
  if (length < 2) return `just${JOINT}now`;
  const names = Object.keys(UNITS).filter((name) => length >= UNITS[name] && !(isShort && UNITS[name] > UNITS.hour));
  const name = names.at(-1) ?? "second";
  const count = Math.round(length / UNITS[name]);
  const unit = isShort ? Object.keys(SHORT).find((key) => SHORT[key] === name) : count === 1 ? name : `${name}s`;
  return distance > 0 ? `in${JOINT}${count}${JOINT}${unit}` : `${count}${JOINT}${unit} ago`;
}
