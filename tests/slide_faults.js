// What is wrong with the slides of an open deck: a list of sentences. Walks through all of them, as a lecturer would.
() => {
  const SMALLEST = 18; // px at 1280 x 720
  const faults = [];
  Reveal.getSlides().forEach((section, i) => {
    const { h, v } = Reveal.getIndices(section);
    Reveal.slide(h, v, Infinity); // with all fragments
    const slide = section.querySelector(".slide");
    const say = (fault) => faults.push(`slide ${i + 1} (${slide.innerText.split("\n")[0]}): ${fault}`);

    if (slide.scrollHeight > slide.clientHeight) say(`${slide.scrollHeight} px high`);
    if (slide.scrollWidth > slide.clientWidth) say(`${slide.scrollWidth} px wide`);
    const wide = [...slide.querySelectorAll("pre")].filter((pre) => pre.scrollWidth > pre.clientWidth);
    if (wide.length) say(`code is ${wide[0].scrollWidth} px wide`);
    const box = slide.getBoundingClientRect();
    if (box.width !== innerWidth || box.height !== innerHeight) say(`drawn ${box.width} x ${box.height}`);
    for (const part of slide.querySelectorAll("p, li, td, pre, img, h1, h2, h3")) {
      if (part.closest("aside")) continue;
      const { left, top, right, bottom } = part.getBoundingClientRect();
      const inside = left >= box.left && top >= box.top && right <= box.right + 0.5 && bottom <= box.bottom + 0.5;
      if (!inside) say(`a <${part.tagName.toLowerCase()}> lies partly outside`);
    }

    const texts = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode, holder = text.parentElement;
      if (!text.data.trim() || holder.closest("aside, mjx-container, style")) continue;
      const size = parseFloat(getComputedStyle(holder).fontSize);
      if (size < SMALLEST) say(`'${text.data.trim().slice(0, 40)}' is ${size} px`);
      if (/\$/.test(text.data) && !holder.closest("pre, code")) say(`a formula is not typeset: ${text.data.trim()}`);
    }
    if (slide.innerText.includes("|--")) say("a table that nbconvert does not understand");
    if (slide.querySelector("mjx-merror, [data-mml-node=merror]")) say("a formula that MathJax does not understand");

    for (const img of slide.querySelectorAll("img")) {
      if (!img.complete || !img.naturalWidth) say("a figure is not loaded");
      if (!img.alt) say("a figure without alt text");
      const scale = Math.min(img.clientWidth / img.naturalWidth, img.clientHeight / img.naturalHeight);
      if (scale < 0.5) say(`a figure at ${Math.round(100 * scale)} % of its size`);
    }
    if (!slide.querySelector("h1, h2, h3")) say("no heading");
    if (!slide.querySelector("img") && slide.innerText.trim().split("\n").length < 2) say("nothing but a heading");
  });
  return faults;
};
