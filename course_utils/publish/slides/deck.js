// Typesets the formulas, fits each slide's type to its contents, then hands over to reveal.js.
"use strict";

// px on a slide of 1280 x 720, as in deck.css
const SMALLEST = 18, LARGEST = 32, LARGEST_BESIDE_FIGURES = 24;
const LOW = 440; // a figure that could be as high as this must not become lower for the sake of larger type

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

// Does a slide hold more than it can show, or does its text squeeze a figure?
function isCramped(slide) {
  const squeezed = (img) =>
    img.clientHeight < Math.min(LOW, (0.95 * img.clientWidth * img.naturalHeight) / img.naturalWidth);
  const tooWide = (part) => part.scrollWidth > part.clientWidth;
  return (
    slide.scrollHeight > slide.clientHeight ||
    [slide, ...slide.querySelectorAll("pre")].some(tooWide) ||
    [...slide.querySelectorAll("img")].some(squeezed)
  );
}

function fit(slide) {
  const largest = slide.querySelector("img") ? LARGEST_BESIDE_FIGURES : LARGEST;
  for (let size = largest; size >= SMALLEST; size -= 1) {
    slide.style.fontSize = `${size}px`;
    if (!isCramped(slide)) return;
  }
  slide.classList.add("full");
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
