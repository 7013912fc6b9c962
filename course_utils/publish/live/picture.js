"use strict";

Live.SIDE = 28; // pixels of an image, across and down

/** Ten classes, as in the figures of the course: colours that colour-blind eyes tell apart. Digits say it, too. */
Live.COLORS = [
  ..."#0173b2 #de8f05 #029e73 #d55e00 #cc78bc".split(" "),
  ..."#ca9161 #fbafe4 #949494 #ece133 #56b4e9".split(" "),
];
Live.PAPER = [14, 23, 38]; // behind the ink, in light and in dark mode
Live.INK = [255, 255, 255];

/** "#0173b2" as [1, 115, 178]. */
Live.rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

/** The mean of two colours, the second with this weight. */
Live.mixed = (a, b, weight) => a.map((value, i) => value + weight * (b[i] - value));

/** An image (pixels in [0, 1]) in ink of this colour, to be put on a canvas. */
Live.image = (pixels, ink = Live.INK) => {
  const image = new ImageData(Live.SIDE, Live.SIDE);
  for (let i = 0; i < pixels.length; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = Live.PAPER[c] + pixels[i] * (ink[c] - Live.PAPER[c]);
    image.data[4 * i + 3] = 255; // not transparent
  }
  return image;
};

/** Make a canvas that holds exactly one image; the style sheet enlarges it. */
Live.fit = (canvas) => {
  canvas.width = canvas.height = Live.SIDE;
  return canvas;
};

/** Show an image on a canvas of `Live.fit`. */
Live.show = (canvas, pixels, ink) => canvas.getContext("2d").putImageData(Live.image(pixels, ink), 0, 0);

/** n independent numbers from N(0, 1) (Box and Muller). */
Live.gaussian = (n) =>
  Array.from({ length: n }, () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()));

/** Do `work(i)` for i = 0 .. n - 1 without keeping the page waiting: some of it in each frame. */
Live.gradually = (n, work, i = 0) => {
  const until = performance.now() + 12;
  while (i < n && performance.now() < until) work(i++);
  if (i < n) requestAnimationFrame(() => Live.gradually(n, work, i));
};

/** Let a pointer that is pressed on an element, and moves, call act(x, y): the place in it, each from 0 to 1. */
Live.onDrag = (element, act) => {
  const at = (event) => {
    const box = element.getBoundingClientRect();
    const inside = (value) => Math.min(1, Math.max(0, value));
    act(inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height));
  };
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    at(event);
  });
  element.addEventListener("pointermove", (event) => element.hasPointerCapture(event.pointerId) && at(event));
};

/** Let the arrow keys on an element call act(right, up), each -1, 0 or 1, times `far` while Shift is held. */
Live.onArrows = (element, far, act) => {
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
  element.addEventListener("keydown", (event) => {
    if (!(event.key in arrows) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    act(...arrows[event.key].map((direction) => direction * (event.shiftKey ? far : 1)));
  });
};

/** "a 3", but "an 8". */
Live.article = (digit) => `${Number(digit) === 8 ? "an" : "a"} ${digit}`;

/** A number with its sign, as the course prints it: "+0.50", "−1.20". */
Live.signed = (value, digits = 2) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;
