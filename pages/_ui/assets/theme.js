// Streamlit does not rerun the script when the reader switches between light and dark, so that the charts and the
// logo would keep the colours of the other theme; and it remembers the choice for one page only. This mends both.

let asked = null;

export default function ({ data, setTriggerValue }) {
  const app = document.querySelector(".stApp");
  const follow = () => {
    const shown = getComputedStyle(app).colorScheme;
    if (shown === data.theme) {
      asked = null;
    } else if (shown !== asked) {
      asked = shown; // Once: a server that cannot follow is not asked again and again.
      rememberChoiceOnEveryPage();
      setTriggerValue("theme", shown);
    }
  };
  const observer = new MutationObserver(follow);
  observer.observe(app, { attributes: true });
  follow();
  return () => observer.disconnect();
}

function rememberChoiceOnEveryPage() {
  const keyOf = (path) => `stActiveTheme-${path}-v2`;
  const choice = localStorage.getItem(keyOf(location.pathname));
  if (choice === null) return;
  for (const link of document.querySelectorAll('[data-testid="stSidebarNavLink"]')) {
    localStorage.setItem(keyOf(link.pathname), choice);
  }
}
