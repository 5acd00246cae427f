// An error in Streamlit's own scripts takes everything off the page. It comes back by itself: the address has what is
// shown, and what was changed is stored. Once a minute at most, so that an error that stays is not met without an end.

const EVERY_MS = 1000;
const AGAIN_MS = 60_000;
const CAME_BACK = "clientnest_came_back";
let timer = null;

export default function () {
  timer ??= setInterval(comeBackIfEmpty, EVERY_MS);
}

function comeBackIfEmpty() {
  const root = document.getElementById("root");
  if (!root || root.childElementCount) return;
  if (Date.now() - Number(sessionStorage.getItem(CAME_BACK)) < AGAIN_MS) return;
  sessionStorage.setItem(CAME_BACK, String(Date.now()));
  location.reload();
}
