// Typesets the formulas, fits each slide's type to its contents, then hands over to reveal.js.
"use strict";

const LARGEST = 26, SMALLEST = 18; // type in px on a slide of 1280 x 720, as in deck.css
const LOW = 300; // px: a figure that could be higher than this must not become lower for the sake of the text

window.MathJax = {
  tex: {
    inlineMath: [["$", "$"]],
    displayMath: [["$$", "$$"]],
    processEscapes: true,
    packages: { "[-]": ["autoload", "require"] }, // both would fetch further files
  },
  svg: { fontCache: "local" }, // each formula whole in itself: speaker notes are copied into another window
  options: { enableMenu: false },
};

// Does a slide hold more than it can show, or has its text squeezed a figure?
function isCramped(slide) {
  const squeezed = (img) =>
    img.clientHeight < Math.min(LOW, (0.95 * img.clientWidth * img.naturalHeight) / img.naturalWidth);
  return slide.scrollHeight > slide.clientHeight || [...slide.querySelectorAll("img")].some(squeezed);
}

function fit(slide) {
  for (let size = LARGEST; size >= SMALLEST; size -= 1) {
    slide.style.fontSize = `${size}px`;
    if (!isCramped(slide)) return;
  }
}

window.addEventListener("load", async () => {
  await MathJax.startup.promise;
  document.body.classList.add("fitting"); // reveal.js hides slides, and what is hidden has no size
  document.querySelectorAll(".slide").forEach(fit);
  document.body.classList.remove("fitting");
  Reveal.initialize({
    width: 1280,
    height: 720,
    margin: 0,
    center: false,
    hash: true, // the address says which slide is shown: a reload comes back to it
    navigationMode: "linear", // the arrow keys go through all slides, also those that lie below others
    slideNumber: "c/t",
    transition: "none",
    plugins: [RevealNotes],
  });
});
