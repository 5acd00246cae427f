// What says how long ago something was goes on counting while nobody draws it again. Streamlit has no place for a moment
// in its texts, so each is taken as true when it appeared, and told anew from there. A text that the server changes
// counts from then.

const UNITS = { second: 1, minute: 60, hour: 3600, day: 86400, week: 604800 };
const RELATIVE = /\bjust now\b|\b(?:in )?(\d+) (second|minute|hour|day|week)s?(?: ago)?\b/;
const SHORT = { s: "second", min: "minute", h: "hour" };
const SHORT_RELATIVE = /^(?:in )?(\d+) (s|min|h)(?: ago)?$/;
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
  const short = SHORT_RELATIVE.exec(said);
  const found = short ?? RELATIVE.exec(said);
  if (!found || (found[1] && !found[0].startsWith("in ") && !found[0].endsWith(" ago"))) return null;
  const unit = short ? SHORT[found[2]] : found[2];
  const sign = found[0].startsWith("in ") ? 1 : -1;
  const distance = found[1] ? sign * Number(found[1]) * UNITS[unit] : 0;
  const [before, after] = [said.slice(0, found.index), said.slice(found.index + found[0].length)];
  const phrase = (passed) => (passed ? relative(distance - passed, Boolean(short)) : found[0]);
  return { at: Date.now(), shown: said, words: (passed) => `${before}${phrase(unit === undefined || passed >= UNITS[unit] / 2 ? passed : 0)}${after}` };
}

function relative(distance, isShort) {
  const length = Math.abs(distance);
  if (length < 2) return "just now";
  const names = Object.keys(UNITS).filter((name) => length >= UNITS[name] - 0.5 && !(isShort && UNITS[name] > UNITS.hour));
  const name = names.at(-1) ?? "second";
  const count = Math.round(length / UNITS[name]);
  const brief = Object.keys(SHORT).find((key) => SHORT[key] === name);
  const words = isShort ? `${count} ${brief}` : `${count} ${name}${count === 1 ? "" : "s"}`;
  return distance > 0 ? `in ${words}` : `${words} ago`;
}
