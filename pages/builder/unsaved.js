// Asks before the browser tab is closed or loaded anew while the board has changes that nobody saved.

let isUnsaved = false;

function warn(event) {
  if (isUnsaved) event.preventDefault();
}

export default function ({ data }) {
  isUnsaved = data.unsaved;
  window.addEventListener("beforeunload", warn);
  return () => {
    isUnsaved = false;
  };
}
