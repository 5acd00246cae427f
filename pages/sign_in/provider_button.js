// The provider's button stands in a frame of its own, on our origin, with a look of its own: this gives it ours.

export default function ({ data }) {
  const paint = (frame) => {
    const page = frame.contentDocument;
    if (!page || !page.head || page.getElementById("clientnest")) return;
    const style = page.createElement("style");
    style.id = "clientnest";
    style.textContent = data.css;
    page.head.append(style);
  };
  const paintAll = () => {
    for (const frame of document.querySelectorAll(".st-key-provider iframe")) {
      paint(frame);
      frame.onload = () => paint(frame);
    }
  };
  const observer = new MutationObserver(paintAll);
  observer.observe(document.body, { childList: true, subtree: true });
  paintAll();
  return () => observer.disconnect();
}
