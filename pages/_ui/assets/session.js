// A page cannot set or remove a cookie: this asks the front door to, and comes back over a new connection, since a
// connection belongs to the browser as it was when it began. Says what went wrong when it did.

let asked = null;

// The app may be served below a path, as on Streamlit Community Cloud: where its own scripts are is its root.
const root = () => document.querySelector('script[src*="/static/js/"]').src.split("static/js/")[0];

export default function ({ data, parentElement }) {
  const question = `${data.path} ${data.body}`;
  if (question === asked) return;
  asked = question;
  const told = parentElement.querySelector("p");
  fetch(root() + data.path.slice(1), { method: "POST", body: data.body })
    .then(async (answer) => {
      if (answer.ok) location.reload();
      else told.textContent = await answer.text();
    })
    .catch(() => {
      told.textContent = "ClientNest does not answer. Reload the page to try again.";
    });
}
