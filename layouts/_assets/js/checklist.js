// The reader's checklist: what a tick calls for, and notes to take along. The page is whole without it.
// It holds no words: they stand in the page. It sends nothing, and keeps nothing unless the reader asks.
{
  const all = (what, within = document) => [...within.querySelectorAll(what)];
  const one = (what, within = document) => within.querySelector(what);
  const notes = one('.my-notes'), sum = one('.my-notes-text'), status = one('[role=status]', notes);
  const remember = one('input', notes), fields = all('textarea'), boxes = all('.tasks input');
  const button = action => one(`[data-action=${action}]`, notes);
  const words = node => node.textContent.trim().replace(/\s+/g, ' ');
  const say = what => { status.textContent = what };
  const { copied, failed, cleared, unsaved } = status.dataset;

  // A box is known by its page and its words, so that ticks survive another order or a newer text.
  const key = box => box.closest('.card').dataset.page + ' ' + words(box.labels[0]);
  const state = () => ({ ticks: boxes.filter(b => b.checked).map(key), texts: fields.map(f => f.value) });
  const restore = kept => {
    if (!Array.isArray(kept?.ticks) || !Array.isArray(kept.texts)) return;
    for (const b of boxes) b.checked = kept.ticks.includes(key(b));
    fields.forEach((f, i) => { f.value = String(kept.texts[i] ?? '') });
  };

  // Each access may throw: storage can be full, blocked, or hold anything.
  const place = 'checklist ' + location.pathname;
  const kept = () => { try { return JSON.parse(localStorage.getItem(place)) } catch { return null } };
  const save = () => {
    try {
      if (remember.checked) localStorage.setItem(place, JSON.stringify(state()));
      else localStorage.removeItem(place);
    } catch { if (remember.checked) { remember.checked = false; say(unsaved) } }
  };

  // The most urgent of what is ticked: the emergency box with its numbers, or the card's head with its section's. Nothing
  // but unticking takes it away. Made of what the page shows anyway, so that it says the same.
  const region = one('[role=alert]');
  let shown;
  const alarm = () => {
    const ticked = level => boxes.find(b => b.checked && b.closest('.card').matches(level));
    const box = ticked('.emergency') ?? ticked('.today');
    const card = box?.closest('.card');
    if (card === shown) return;
    shown = card;
    region.replaceChildren();
    if (!card) return;
    const head = one('.card-head', card).cloneNode(true);
    let message;
    if (card.matches('.emergency')) {
      message = one('.emergency-box').cloneNode(true);
      one('strong', message).textContent = words(one('.level', head)) + ':';
      one('p a', message)?.remove(); // it would lead away from the numbers
    } else {
      message = document.createElement('div');
      message.className = card.className;
      const title = one('strong', head) ?? head.appendChild(document.createElement('strong'));
      title.prepend(one('h2', card.closest('section')).textContent + '. ');
      message.append(head);
    }
    for (const node of [message, ...all('[id]', message)]) { node.removeAttribute('id'); node.removeAttribute('aria-labelledby') }
    region.append(message);
  };

  const summary = () => {
    const lines = [document.title];
    for (const section of all('.lists')) {
      const ticked = all('.tasks input:checked', section);
      if (ticked.length) lines.push('', one('h2', section).textContent, ...ticked.map(b => '- ' + words(b.labels[0])));
    }
    if (lines.length === 1) lines.push('', sum.dataset.none);
    for (const f of fields) if (f.value.trim()) lines.push('', words(f.labels[0].firstChild), f.value.trim());
    lines.push('', sum.dataset.end, one('link[rel=canonical]').href);
    sum.textContent = lines.join('\n');
  };

  const show = () => { alarm(); summary() };
  // The history entry keeps the state for back, forward and reload, as browsers keep forms, but by words and not by place.
  const changed = () => { history.replaceState(state(), ''); save(); show() };

  document.addEventListener('input', event => {
    if (event.target === remember) { say(''); save() } else changed();
  });
  button('print').onclick = () => {
    document.documentElement.classList.add('only-my-notes');
    print();
  };
  addEventListener('afterprint', () => document.documentElement.classList.remove('only-my-notes'));
  button('copy').onclick = () => Promise.resolve().then(() => navigator.clipboard.writeText(sum.textContent)).then(() => say(copied), () => say(failed));
  button('share').hidden = !navigator.share;
  button('share').onclick = () => navigator.share({ title: document.title, text: sum.textContent }).catch(() => {}); // a reader who closes the sheet meant to
  button('clear').onclick = () => {
    for (const b of [...boxes, remember]) b.checked = false;
    for (const f of fields) f.value = '';
    changed();
    say(cleared);
  };
  // Another tab may have forgotten what this one would go on keeping.
  addEventListener('storage', () => { if (!kept()) remember.checked = false });
  // Browsers fill in forms before this event, when a page comes back.
  addEventListener('pageshow', () => {
    const stored = kept();
    remember.checked = !!stored;
    restore(history.state ?? stored);
    show();
  });
  for (const f of fields) f.style.fieldSizing = 'content'; // by script, because checkers of style sheets don't know it yet
  show();
  notes.hidden = one('.to-notes').hidden = false; // last, so that nothing moves once it is seen

  // A newer wording of the lists: the published file and the page carry one version, a digest. Nothing else of the file is looked at,
  // and nothing of it is shown. A saved page asks the site that it came from.
  const newer = async () => {
    const file = new URL(notes.dataset.file);
    const answer = await fetch(location.protocol === 'file:' ? file : file.pathname, { cache: 'no-cache', credentials: 'omit', referrerPolicy: 'no-referrer' });
    if (!answer.ok) return;
    const reader = answer.body.getReader(), decoder = new TextDecoder();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
      if (text.length > 1e6) return reader.cancel(); // no list is as long as this
    }
    const { resourceType, version } = JSON.parse(text);
    if (resourceType !== 'Questionnaire' || typeof version !== 'string' || !/^[0-9a-f]{16}$/.test(version) || version === notes.dataset.digest) return;
    const notice = one('template');
    notice.after(notice.content.cloneNode(true));
    one('.newer a').onclick = event => {
      if (location.protocol !== 'file:') { event.preventDefault(); location.reload() }
    };
  };
  if (notes.dataset.digest) newer().catch(() => {}); // without the file, the page is as whole as before
}
