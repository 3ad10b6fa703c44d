// What tests look for on a page. A check puts what is wrong into found, in words; browser_test.go runs it.
const found = [];
const all = what => [...document.querySelectorAll(what)];
const isShown = e => e.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
const name = e => {
  const words = e.textContent || e.labels?.[0]?.textContent || e.getAttribute('href') || '';
  return e.tagName.toLowerCase() + ' "' + words.trim().replace(/\s+/g, ' ').slice(0, 40) + '"';
};
const texts = () => {
  const nodes = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    if (walk.currentNode.data.trim() && isShown(walk.currentNode.parentElement)) nodes.push(walk.currentNode);
  }
  return nodes;
};
const controls = () => all('a[href], button, summary, input, select, textarea, [tabindex]').filter(isShown);
const numbers = () => all('.emergency-numbers a').filter(a => a.checkVisibility());
// Not innerWidth, which grows with what is too wide for a phone.
const width = document.documentElement.clientWidth;
const size = e => parseFloat(getComputedStyle(e).fontSize);
const twoFrames = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))));

// https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
const light = color => {
  const scale = color.startsWith('color(') ? 1 : 255;
  const [r, g, b] = color.match(/[\d.]+/g).map(v => (v /= scale) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b + .05;
};
const contrast = (a, b) => Math.max(light(a), light(b)) / Math.min(light(a), light(b));
const behind = e => {
  for (; e; e = e.parentElement) {
    const color = getComputedStyle(e).backgroundColor;
    if ((color.match(/[\d.]+/g)[3] ?? 1) > .5) return color;
  }
  return 'rgb(255, 255, 255)';
};

// By the language of the page, what the caption of a figure starts with, and words of two emergency signs.
const captions = { en: { do: 'Do: ', dont: 'Do not: ' }, es: { do: 'Sí: ', dont: 'No: ' } };
const signs = { en: ['A drooping face', 'Loss of bladder'], es: ['Media cara caída', 'Se le salen la orina'] };

const checks = {
  // Body text is 18 px, and nothing is smaller.
  smallType() {
    for (const t of texts()) if (size(t.parentElement) < 18) found.push(size(t.parentElement) + ' px: ' + name(t.parentElement));
    for (const c of controls()) if (size(c) < 18 && c.matches('textarea, select, button')) found.push('small letters in ' + name(c));
  },

  // A finger finds everything; only a link inside a sentence is as high as its line. A box is as large as its label.
  smallTargets() {
    const isInSentence = a => {
      let block = a.parentElement;
      while (getComputedStyle(block).display === 'inline') block = block.parentElement;
      return getComputedStyle(a).display === 'inline' && block.innerText.trim().length > a.innerText.trim().length + 1;
    };
    for (const c of controls()) {
      if (c.matches('.skip-link') || c.matches('a') && isInSentence(c)) continue;
      const r = (c.matches('[type=checkbox]') ? c.labels[0] ?? c : c).getBoundingClientRect();
      if (r.width < 44 || r.height < 44) found.push(r.width.toFixed(1) + ' by ' + r.height.toFixed(1) + ': ' + name(c));
    }
  },

  // Through all controls and back: each shows that it has the focus, in a color that stands out, and nothing covers it.
  badFocus() {
    all('details').forEach(d => { d.open = false });
    scrollTo({ top: 0, behavior: 'instant' });
    const stops = controls();
    for (const c of [...stops, ...stops.toReversed()]) {
      c.focus({ focusVisible: true });
      if (document.activeElement !== c) { found.push('no focus: ' + name(c)); continue }
      const s = getComputedStyle(c);
      const ground = behind(c.matches('.skip-link') ? c : c.parentElement);
      const isMarked = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 && c.matches(':focus-visible');
      if (!isMarked) found.push('focus unseen: ' + name(c));
      else if (contrast(s.outlineColor, ground) < 3) found.push('focus hardly seen: ' + name(c));
      const r = c.getClientRects()[0], x = r.left + r.width / 2;
      if (r.top < -1 || r.bottom > innerHeight + 1 && r.height < innerHeight || r.left < 0 || r.right > width + 1) {
        found.push('focus out of sight: ' + name(c));
        continue;
      }
      for (const [px, py] of [[x, r.top + 3], [x, r.bottom - 3], [r.left + 3, r.top + r.height / 2]]) {
        const top = document.elementFromPoint(px, py);
        if (py > innerHeight || top && (c.contains(top) || top.contains(c) || c.labels?.[0]?.contains(top))) continue;
        found.push('focus covered by ' + (top ? name(top) : 'nothing') + ': ' + name(c));
        break;
      }
    }
  },

  // Nothing to read or use lies beside the screen, where it can be scrolled to or not at all.
  sideways() {
    const wide = document.documentElement.scrollWidth;
    if (wide > width) found.push('scrolls sideways: ' + wide + ' px wide');
    const range = document.createRange(), seen = new Set();
    const isOut = r => r.width > 0 && (r.left < -1 || r.right > width + 1);
    for (const t of texts()) {
      range.selectNodeContents(t);
      if ([...range.getClientRects()].some(isOut)) found.push('beside the screen: ' + name(t.parentElement));
      for (let e = t.parentElement; e !== document.body && !seen.has(e); e = e.parentElement) {
        seen.add(e);
        const { overflowY } = getComputedStyle(e);
        if (['visible', 'auto'].includes(overflowY) || e.scrollHeight <= e.clientHeight + 1) continue;
        found.push('cut off: ' + name(e));
        break;
      }
    }
    for (const c of controls()) if (isOut(c.getBoundingClientRect())) found.push('beside the screen: ' + name(c));
  },

  // Nothing is stored on the reader's device, no font and nothing of others is loaded.
  async keeps() {
    if (document.cookie) found.push('a cookie: ' + document.cookie);
    for (const s of [localStorage, sessionStorage]) for (const k of Object.keys(s)) found.push('stored: ' + k);
    for (const d of await indexedDB.databases()) found.push('a database: ' + d.name);
    for (const k of await caches.keys()) found.push('a cache: ' + k);
    for (const w of await navigator.serviceWorker.getRegistrations()) found.push('a service worker: ' + w.scope);
    for (const f of document.fonts) found.push('a web font: ' + f.family);
    for (const { name } of performance.getEntriesByType('resource')) {
      if (new URL(name).origin !== location.origin && !name.startsWith('data:')) found.push('a third party: ' + name);
    }
  },

  // Nothing moves while the page loads. (A busy browser may paint a line of the header or of the emergency box before its
  // last words: tag by tag, what they move is 0.024 at the most. From 0.1 on it would bother a reader: https://web.dev/cls)
  async shifts() {
    await twoFrames();
    const observer = new PerformanceObserver(() => {});
    observer.observe({ type: 'layout-shift', buffered: true });
    for (const s of observer.takeRecords()) {
      if (s.value > .025) found.push('moved by ' + s.value.toFixed(4) + ': ' + s.sources.map(x => x.node?.nodeName));
    }
  },

  // Wherever a reader has scrolled to, the emergency numbers are one tap away.
  lostNumbers() {
    for (const to of [document.body.scrollHeight, document.body.scrollHeight / 2, 0]) {
      scrollTo({ top: to, behavior: 'instant' });
      for (const a of numbers()) {
        const r = a.getBoundingClientRect(), top = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
        if (!a.contains(top) || r.height < 44 || r.width < 44) found.push('scrolled to ' + to + ': out of reach: ' + name(a));
      }
    }
    if (numbers().length === 0) found.push('no numbers');
  },

  // The open menu covers no emergency number.
  menu() {
    const menu = document.querySelector('header details');
    menu.open = true;
    for (const a of numbers()) {
      const r = a.getBoundingClientRect();
      const isCovered = !a.contains(document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2));
      if (r.bottom > innerHeight || isCovered) found.push('covered: ' + name(a));
    }
    menu.open = false;
  },

  // What a phone shows at first: what to do in an emergency and each number, in a row; and how far down the rest stands.
  firstScreen(isEmergencyPage, isChecklist) {
    scrollTo({ top: 0, behavior: 'instant' });
    const top = e => e?.getBoundingClientRect().top ?? 0;
    const isWhole = e => {
      const r = e.getBoundingClientRect();
      return r.height > 0 && r.top >= 0 && r.bottom <= innerHeight && r.left >= 0 && r.right <= width;
    };
    const sign = n => all('main li').find(e => e.textContent.includes(signs[document.documentElement.lang.slice(0, 2)][n]));
    const box = document.querySelector('.emergency-numbers').getBoundingClientRect().bottom, { scrollHeight } = document.documentElement;
    const [first, droop, bladder] = [document.querySelector('main .card.emergency li'), sign(0), sign(1)].map(top);
    window.measured = `header and emergency box ${box} px, first sign at ${first}, drooping face at ${droop}, bladder at ${bladder},
      end at ${scrollHeight}`;
    if (!isWhole(document.querySelector('.emergency-call'))) found.push('what to do is not whole');
    if (!numbers().every(isWhole) || new Set(numbers().map(top)).size !== 1) found.push('the numbers are not whole and in one row');
    if (box > 180) found.push('header and emergency box end at ' + box);
    const longest = { en: 6000, es: 6400 }[document.documentElement.lang.slice(0, 2)];
    if (isChecklist && scrollHeight > longest) found.push('the checklist ends at ' + scrollHeight);
    if (!isEmergencyPage) return;
    if (!isWhole(document.querySelector('main .emergency .card-head'))) found.push('no head of the first card');
    for (const [what, y, limit] of [['first sign', first, 400], ['drooping face', droop, 1600], ['bladder', bladder, 2000]]) {
      if (y <= 0 || y > limit) found.push(what + ' at ' + y);
    }
  },

  // On the page of emergency signs, what to do now, today and later is one tap away, wherever a reader is.
  jumpLinks() {
    const links = all('.jump-links a');
    if (links.length !== 3) found.push(links.length + ' links');
    for (const level of ['routine', 'today', 'emergency']) {
      const card = document.querySelector('.card.' + level), link = links.find(a => card.contains(document.querySelector(a.hash)));
      const r = link.getBoundingClientRect();
      if (!link.contains(document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2))) found.push('out of reach: ' + name(link));
      link.click();
      const { top } = card.getBoundingClientRect();
      if (top < 50 || top > innerHeight / 2) found.push(name(link) + ' leads to ' + top);
    }
  },

  // No word of a table is broken, and a wide one scrolls by itself.
  table() {
    const make = (name, parent) => parent.appendChild(document.createElement(name));
    const box = make('div', document.querySelector('article .text'));
    box.className = 'table';
    const table = make('table', box);
    for (const words of ['Acetaminophen Ibuprofen temporomandibular', 'spasmodic overstretched ligaments']) {
      const row = make('tr', table);
      for (const word of words.split(' ')) make('span', make('td', row)).textContent = word;
    }
    for (const word of all('td span')) if (word.getClientRects().length > 1) found.push('broken: ' + name(word));
    if (document.documentElement.scrollWidth > width) found.push('the page scrolls sideways');
    box.remove();
  },

  // On pages, lists are plain bullets with a link to the checklist below, but for emergency signs, for which readers call.
  lists() {
    for (const e of all('main input')) found.push('a box to tick: ' + name(e));
    for (const e of all('.card.emergency a')) found.push('a link in ' + name(e));
    for (const card of all('.card:has(.tasks):is(.today, .routine, .tell)')) {
      const a = card.querySelector('.tasks ~ .to-checklist a');
      if (!a?.checkVisibility() || !/\/checklist\/#list_/.test(a.getAttribute('href'))) found.push('no link below ' + name(card));
    }
  },

  // One button prints the page.
  printButton() {
    let times = 0;
    window.print = () => times++;
    const print = all('.print-page button').filter(b => b.checkVisibility());
    print.forEach(b => b.click());
    if (print.length !== 1 || times !== 1) found.push(print.length + ' buttons print ' + times + ' times');
  },

  // What only a script can work isn't shown without one.
  deadControls() {
    const dead = 'button, textarea, select, a[href^="javascript:"], a[href="#"], .my-notes *';
    for (const c of controls()) if (c.matches(dead)) found.push('does nothing: ' + name(c));
  },

  // With styles off, the page is a document still: in order, in no odd size, whichever way the browser's own words run.
  bare() {
    for (const s of document.styleSheets) s.disabled = true;
    for (const s of all('svg:not([role=img])')) {
      const r = s.getBoundingClientRect();
      if (r.width > 48 || r.height > 48) found.push(r.width + ' by ' + r.height + ': an icon beside ' + name(s.parentElement));
    }
    if (!document.documentElement.getAttribute('dir')) found.push('which way the text runs is left to the browser');
    if (all('body a[href]')[0] !== document.querySelector('.skip-link')) found.push('the skip link is not first');
    const order = document.querySelector('.emergency-box').compareDocumentPosition(document.querySelector('h1'));
    if (!(order & Node.DOCUMENT_POSITION_FOLLOWING)) found.push('the emergency box comes after the title');
  },

  // Nothing moves by itself, or smoothly, for those who asked for less.
  moving() {
    for (const a of document.getAnimations()) found.push('moves: ' + name(a.effect.target));
    for (const e of all('*')) {
      const s = getComputedStyle(e);
      if (s.scrollBehavior === 'smooth' || parseFloat(s.transitionDuration) > 0) found.push('moves: ' + name(e));
    }
  },

  // Who asked for less transparency or more contrast gets it, and who didn't sees the difference.
  preferences(isAsked) {
    const isTranslucent = e => {
      const s = getComputedStyle(e), colors = [s.color, s.backgroundColor, s.borderTopColor].join();
      return s.opacity !== '1' || s.backdropFilter !== 'none' || /(?<=[,/] ?)0?\.\d+(?=\))/.test(colors);
    };
    const isPale = e => getComputedStyle(e).borderTopColor !== getComputedStyle(e).color;
    const translucent = all('*').filter(e => e.checkVisibility() && isTranslucent(e));
    const pale = all('.about-page, .page-tiles li:not(.emergency)').filter(isPale);
    if (isAsked === translucent.length > 0) found.push('translucent: ' + translucent.map(name));
    if (isAsked === pale.length > 0) found.push('pale lines: ' + pale.map(name));
  },

  // What the page paints in each shape of a drawing is what its class says, and an outline is painted with nothing.
  // (A rule for icons once filled the outlines of all drawings.)
  fills() {
    for (const shape of all('figure > svg *')) {
      if (shape.matches('g')) continue;
      const { fill, stroke } = getComputedStyle(shape), kind = shape.getAttribute('class');
      const isOutline = [null, 'sign', 'spot'].includes(kind);
      if ((fill !== 'none') === isOutline) found.push(kind + ' is filled with ' + fill + ': ' + shape.outerHTML.slice(0, 60));
      if ((stroke !== 'none') === ['dot', 'hair'].includes(kind)) found.push(kind + ' has lines of ' + stroke);
    }
  },

  // Each figure has its words, and lines that can be told from their ground, in this ratio and, for what is colored, in that.
  // On screen each is large, and further down than the first screen; on paper it is between 26 and 38 mm wide.
  figures(line, accent, isPaper) {
    for (const f of all('figure')) {
      const svg = f.querySelector('svg[role=img]'), box = svg.getBoundingClientRect(), caption = f.querySelector('figcaption')?.innerText;
      const label = svg.getAttribute('aria-label'), ground = getComputedStyle(svg).stroke;
      const start = captions[document.documentElement.lang.slice(0, 2)][f.className] ?? '';
      if (!label || !caption?.startsWith(start)) found.push('no words: ' + label + ', ' + caption);
      const other = f.nextElementSibling; // what to do and what not to do stand side by side
      if (f.matches('.do') && other?.matches('figure.dont') && other.getBoundingClientRect().top !== f.getBoundingClientRect().top) {
        found.push(label + ' does not stand beside ' + name(other));
      }
      const colored = [...f.querySelectorAll('.accent')].map(e => contrast(ground, getComputedStyle(e).fill));
      const ratio = contrast(ground, getComputedStyle(svg).backgroundColor);
      if (ratio < line || Math.min(ratio, ...colored) < accent) found.push(label + ' has lines of contrast ' + [ratio, ...colored]);
      const mm = box.width * 25.4 / 96;
      if (isPaper ? mm < 25.9 || mm > 38 : box.width < 120) found.push(label + ' is ' + mm + ' mm wide');
      if (!isPaper && box.top + scrollY < innerHeight) found.push(label + ' stands on the first screen');
    }
  },

  // On paper there is room between lines and clearly more between items, and only what says where the text comes from is under 12 pt.
  paper() {
    const isSmallPrint = e => e.closest('.about-page, .chapter-state');
    const px = (s, key) => parseFloat(s[key]);
    for (const t of texts()) {
      const e = t.parentElement, points = size(e) * .75;
      if (points < (isSmallPrint(e) ? 10 : 12) - .01) found.push(points + ' pt: ' + name(e));
    }
    for (const e of all('main :is(p, li, h1, h2, h3, figcaption)')) {
      if (!e.checkVisibility() || isSmallPrint(e) || e.closest('.emergency-box')) continue;
      const s = getComputedStyle(e), lines = px(s, 'lineHeight') / px(s, 'fontSize');
      const gap = px(s, 'marginBlockEnd') / (px(s, 'lineHeight') - px(s, 'fontSize'));
      if (lines < (e.matches('h1, h2, h3') ? 1.15 : 1.245)) found.push('lines too tight, ' + lines + ': ' + name(e));
      if (e.matches('li + li:not(:last-child)') && gap < .9) found.push('items too close, ' + gap + ': ' + name(e));
    }
  },
};
