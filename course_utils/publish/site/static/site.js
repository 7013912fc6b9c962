"use strict";

// A page opened from the disk may not read other pages, from which the search would quote. It still finds them.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

/** Unfold whatever hides the place that the address names. */
function unfold() {
  const place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let fold = place?.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  place?.scrollIntoView();
}

addEventListener("hashchange", unfold);
addEventListener("DOMContentLoaded", () => location.hash && unfold());
